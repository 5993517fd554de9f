//! Which encoder is this? The sha256 of its files, and a name for all that decides the features of given token ids.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

#[cfg(target_arch = "x86_64")]
use clsify_kernels::packed::Kernel;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::hash_memory::{HashMemory, hexadecimal};
use crate::encoder::{Dtype, encoder_files};
use crate::error::{Error, ErrorKind, Result};
use crate::features::FeatureOptions;

/// To be raised by whoever changes the arithmetic so that a vector gets other bits.
const ARITHMETIC: u32 = 2;

/// A file and its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileHash {
    /// The file's name in the encoder's folder.
    pub name: String,
    /// Its sha256, in hexadecimal.
    pub sha256: String,
}

/// The sha256 of each file.
pub(super) fn hash_files(files: &[PathBuf], memory: &HashMemory) -> Result<Vec<FileHash>> {
    let hash = |path: &PathBuf| {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(FileHash { name, sha256: memory.sha256(path)? })
    };
    files.par_iter().map(hash).collect()
}

/// What the features of given token ids depend on, as one name; and the files as they were when it was found out.
#[derive(Debug, Clone)]
pub(super) struct EncoderIdentity {
    /// Of 64 hexadecimal digits.
    pub(super) name: String,
    files: Vec<(PathBuf, u64, Option<SystemTime>)>,
}

impl EncoderIdentity {
    /// Hashes all files of the encoder, as far as their hashes are not known.
    pub(super) fn of(
        folder: &Path,
        features: &FeatureOptions,
        dtype: Dtype,
        memory: &HashMemory,
    ) -> Result<Self> {
        let paths = encoder_files(folder)?;
        let files = paths.iter().map(|path| stat(path)).collect::<Result<_>>()?;
        let mut sha256 = Sha256::new();
        // The version and the processor: another kernel adds in another order.
        let version = env!("CARGO_PKG_VERSION");
        sha256.update(format!("{version} {ARITHMETIC} {} {dtype} {features}\n", instruction_set()));
        for file in hash_files(&paths, memory)? {
            sha256.update(format!("{} {}\n", file.name, file.sha256));
        }
        Ok(EncoderIdentity { name: hexadecimal(sha256), files })
    }

    /// Checks that the files, which have been read again since, have not been replaced in between.
    pub(super) fn check_unchanged(&self) -> Result<()> {
        for file in &self.files {
            if stat(&file.0)? != *file {
                return Err(Error::new(ErrorKind::Checkpoint, "the file has changed while it was in use")
                    .at(file.0.display().to_string())
                    .with_hint("run the command again"));
            }
        }
        Ok(())
    }
}

fn stat(path: &Path) -> Result<(PathBuf, u64, Option<SystemTime>)> {
    let metadata = fs::metadata(path).map_err(|e| Error::io(path, &e))?;
    Ok((path.to_path_buf(), metadata.len(), metadata.modified().ok()))
}

/// What the products are computed with on this machine.
fn instruction_set() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if Kernel::AmxBf16.is_available() {
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
