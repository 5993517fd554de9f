//! The identity of an encoder: the sha256 of its files as they were loaded, and a name for everything that determines
//! the features of given token ids.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

#[cfg(target_arch = "x86_64")]
use clsify_kernels::packed::Kernel;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::hash_memory::{HashMemory, hexadecimal};
use crate::encoder::{Dtype, encoder_files};
use crate::error::{Error, ErrorKind, Result};
use crate::features::{FeatureOptions, feature_files, sentence_transformers_files};
use crate::files::copy_file;
use crate::tokenizer::tokenizer_files;

/// Increase this number with every change of the arithmetic that changes bits of a vector.
const ARITHMETIC: u32 = 4;

/// A file and its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileHash {
    /// The file's path in the encoder's folder.
    pub name: String,
    /// Its sha256, in hexadecimal.
    pub sha256: String,
}

/// The files of an encoder's folder, as they were when they were loaded.
///
/// They are listed before the first of them is read. Their hashes are computed once, on request, and are those of the
/// loaded content: a file that has changed in between is an error.
#[derive(Debug)]
pub(crate) struct EncoderFiles {
    /// The folder as given.
    given: PathBuf,
    /// The resolved folder.
    folder: PathBuf,
    files: Vec<File>,
    hashes: OnceLock<Vec<FileHash>>,
}

#[derive(Debug)]
struct File {
    /// The path below the folder, with `/`.
    name: String,
    path: PathBuf,
    part: Part,
    stamp: Option<Stamp>,
}

/// The property that a file determines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The vector of given token ids.
    Vectors,
    /// The token ids of a sentence.
    Tokens,
    /// The settings, which are known after reading: a saved classifier contains them itself.
    Settings,
}

/// A fingerprint of a file without its content: its length, the times of its last changes, and its inode.
type Stamp = (u64, Option<std::time::SystemTime>, (i64, i64), u64);

impl EncoderFiles {
    /// Lists the files that determine these features.
    pub(crate) fn of(folder: &Path, features: &FeatureOptions) -> Self {
        // Missing or malformed files are reported by their readers.
        let vectors = encoder_files(folder).unwrap_or_default().into_iter();
        let vectors = vectors.chain(feature_files(features).into_iter().map(|file| folder.join(file)));
        let tokens = tokenizer_files(folder).into_iter();
        let settings = sentence_transformers_files(folder).unwrap_or_default().into_iter();
        let parts = vectors.map(|path| (path, Part::Vectors));
        let parts = parts.chain(tokens.map(|path| (path, Part::Tokens)));
        let parts = parts.chain(settings.map(|path| (path, Part::Settings)));
        let mut files: Vec<File> = Vec::new();
        for (path, part) in parts {
            if files.iter().all(|file| file.path != path) {
                let below = path.strip_prefix(folder).unwrap_or(&path);
                let name = below.iter().map(|name| name.to_string_lossy()).collect::<Vec<_>>().join("/");
                files.push(File { name, stamp: stamp(&path).ok(), path, part });
            }
        }
        // A folder that cannot be resolved does not exist, which loading will report.
        let given = folder.to_path_buf();
        let folder = folder.canonicalize().unwrap_or_else(|_| given.clone());
        EncoderFiles { given, folder, files, hashes: OnceLock::new() }
    }

    /// The path of every file below the folder, with `/`.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.name.as_str())
    }

    /// Returns true if a file is one of these.
    pub(crate) fn contains(&self, path: &Path) -> bool {
        self.files.iter().any(|file| file.path == path)
    }

    /// The resolved folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The sha256 of each file that affects the result for a sentence.
    ///
    /// # Errors
    /// [`ErrorKind::Checkpoint`] if a file has changed since it was listed; I/O errors with the path.
    pub(crate) fn hashes(&self, memory: &HashMemory) -> Result<Vec<FileHash>> {
        let all = self.all_hashes(memory)?;
        let decide = self.files.iter().zip(all).filter(|(file, _)| file.part != Part::Settings);
        Ok(decide.map(|(_, hash)| hash.clone()).collect())
    }

    /// As [`hashes`](Self::hashes), with the files of settings.
    pub(crate) fn all_hashes(&self, memory: &HashMemory) -> Result<&[FileHash]> {
        if let Some(hashes) = self.hashes.get() {
            return Ok(hashes);
        }
        if self.files.iter().all(|file| file.part != Part::Vectors) {
            encoder_files(&self.given)?;
        }
        let hash = |file: &File| Ok(FileHash { name: file.name.clone(), sha256: memory.sha256(&file.path)? });
        let hashes = self.files.par_iter().map(hash).collect::<Result<Vec<FileHash>>>()?;
        self.check_unchanged()?;
        Ok(self.hashes.get_or_init(|| hashes))
    }

    /// Checks that no file has been replaced since it was listed.
    ///
    /// # Errors
    /// [`ErrorKind::Checkpoint`] with the file that has.
    pub(crate) fn check_unchanged(&self) -> Result<()> {
        match self.files.iter().find(|file| stamp(&file.path).ok() != file.stamp) {
            None => Ok(()),
            Some(file) => Err(changed(&file.path)),
        }
    }

    /// A name, of 64 hexadecimal digits, for everything that determines the features of given token ids.
    ///
    /// # Errors
    /// As for [`hashes`](Self::hashes).
    pub(crate) fn features_name(
        &self,
        features: &FeatureOptions,
        dtype: Dtype,
        memory: &HashMemory,
    ) -> Result<String> {
        let mut sha256 = Sha256::new();
        // The version and the processor are included, because another kernel adds in another order.
        let version = env!("CARGO_PKG_VERSION");
        sha256.update(format!("{version} {ARITHMETIC} {} {dtype} {features}\n", instruction_set()));
        for (file, hash) in self.files.iter().zip(self.all_hashes(memory)?) {
            if file.part == Part::Vectors {
                sha256.update(format!("{} {}\n", hash.name, hash.sha256));
            }
        }
        Ok(hexadecimal(sha256))
    }

    /// Copies all files to another folder, with the same relative paths.
    ///
    /// # Errors
    /// [`ErrorKind::Checkpoint`] if a file is no longer the one that was loaded; I/O errors with the path.
    pub(crate) fn copy_to(&self, target: &Path, memory: &HashMemory) -> Result<()> {
        for (file, hash) in self.files.iter().zip(self.all_hashes(memory)?) {
            let copy = target.join(&file.name);
            let folder = copy.parent().unwrap_or(target);
            fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
            copy_file(&file.path, &copy)?;
            if HashMemory::default().sha256(&copy)? != hash.sha256 {
                return Err(changed(&file.path));
            }
        }
        Ok(())
    }
}

fn changed(path: &Path) -> Error {
    Error::new(ErrorKind::Checkpoint, "the file has changed while it was in use")
        .at(path.display().to_string())
        .with_hint("run the command again")
}

fn stamp(path: &Path) -> std::io::Result<Stamp> {
    let metadata = fs::metadata(path)?;
    #[cfg(unix)]
    let (changed, number) = {
        use std::os::unix::fs::MetadataExt;
        ((metadata.ctime(), metadata.ctime_nsec()), metadata.ino())
    };
    #[cfg(not(unix))]
    let (changed, number) = ((0, 0), 0);
    Ok((metadata.len(), metadata.modified().ok(), changed, number))
}

/// The instruction set of the products on this machine.
pub(crate) fn instruction_set() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if Kernel::named("AmxBf16").is_some() {
            return "x86_64 avx512 amx";
        }
        if is_x86_feature_detected!("avx512f") {
            return "x86_64 avx512";
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return "x86_64 avx2";
        }
    }
    std::env::consts::ARCH
}
