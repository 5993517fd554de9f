//! The files of a model folder as they are published: without paths of this machine, and without the training sentences
//! unless these are asked for.

use std::fs::File;
use std::path::{Path, PathBuf};

use clsify_base::model_files::{BUNDLED_ENCODER, CLASSIFIER, METADATA, NEIGHBOURS};

use super::encoder_identity::EncoderFiles;
use super::hash_memory::HashMemory;
use super::saved_model::SavedModel;
use crate::error::{Error, ErrorKind, Result};
use crate::files::{open_file, read_folder};

/// The oldest format version that [`SavedModel`] writes.
const LEAST_VERSION: u32 = 2;

/// A model that is ready to be copied to another machine.
#[derive(Debug)]
pub struct PublishedModel {
    /// The content of its `clsify.json`. The folder of an encoder that is not bundled is empty: loading finds that encoder by its name.
    pub saved: SavedModel,
    /// Its files: `clsify.json`, `classifier.safetensors`, the bundled encoder, and if they were asked for the training sentences.
    pub files: Vec<PublishedFile>,
    /// True if the folder has training sentences that are not among `files`.
    pub leaves_out_sentences: bool,
}

/// A file of a published model.
#[derive(Debug)]
pub struct PublishedFile {
    /// Its path in the model's folder, with `/`.
    pub name: String,
    /// Its content.
    pub content: PublishedContent,
}

/// The content of a published file.
#[derive(Debug)]
pub enum PublishedContent {
    /// Bytes that differ from those of the folder.
    Bytes(Vec<u8>),
    /// A file, opened while the folder was read: it stays the same if another model replaces the folder.
    File(PathBuf, File),
}

impl PublishedModel {
    /// Opens the files of a model folder. The hashes of a bundled encoder are compared with those of the training.
    ///
    /// # Errors
    /// As for [`SavedModel::read`] and [`SavedModel::check_encoder`]; I/O errors if a file is missing;
    /// [`ErrorKind::InvalidArgument`] if `with_sentences` asks for training sentences that the model has not kept.
    ///
    /// ```no_run
    /// let published = clsify::model::PublishedModel::open("model", false)?;
    /// for file in &published.files {
    ///     println!("{}", file.name);
    /// }
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn open(folder: impl AsRef<Path>, with_sentences: bool) -> Result<Self> {
        let folder = folder.as_ref();
        read_folder(folder, || Self::read(folder, with_sentences))
    }

    fn read(folder: &Path, with_sentences: bool) -> Result<Self> {
        let mut saved = SavedModel::read(folder)?;
        saved.format_version = saved.format_version.max(LEAST_VERSION);
        let open = |name: String| {
            let path = folder.join(&name);
            let file = open_file(&path)?;
            Ok::<_, Error>(PublishedFile { name, content: PublishedContent::File(path, file) })
        };
        let mut files = vec![open(CLASSIFIER.to_string())?];
        let has_sentences = folder.join(NEIGHBOURS).exists();
        match (with_sentences, has_sentences) {
            (true, true) => files.push(open(NEIGHBOURS.to_string())?),
            (true, false) => {
                let message =
                    format!("expected a model with its training sentences, got one without {NEIGHBOURS}");
                return Err(Error::new(ErrorKind::InvalidArgument, message)
                    .at(folder.display().to_string())
                    .with_hint("leave out --with-sentences, or train with --keep-neighbours"));
            }
            (false, _) => {}
        }
        if saved.encoder.bundled {
            let encoder = folder.join(BUNDLED_ENCODER);
            let listed = EncoderFiles::of(&encoder, &saved.features);
            saved.encoder.check(&encoder, &listed.hashes(&HashMemory::default())?)?;
            for name in listed.names() {
                files.push(open(format!("{BUNDLED_ENCODER}/{name}"))?);
            }
        }
        saved.encoder.folder = PathBuf::new();
        let json = serde_json::to_vec_pretty(&saved)
            .map_err(|e| Error::new(ErrorKind::Model, e.to_string()).caused_by(e))?;
        let content = PublishedContent::Bytes([&json[..], b"\n"].concat());
        files.insert(0, PublishedFile { name: METADATA.to_string(), content });
        Ok(PublishedModel { saved, files, leaves_out_sentences: has_sentences && !with_sentences })
    }
}
