//! A model to upload, and how it is to appear at the hub.

use std::fs::File;
use std::path::PathBuf;

use clsify_base::error::{Error, Result};

/// A file to upload.
#[derive(Debug)]
pub struct UploadFile {
    name: String,
    content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    Bytes(Vec<u8>),
    /// The path is for messages.
    File(PathBuf, File),
}

impl UploadFile {
    /// A file with these bytes; `name` is its path in the repository, with `/`.
    pub fn of_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        UploadFile { name: name.into(), content: Content::Bytes(bytes) }
    }

    /// An open file, which is read from its start. `path` names it in errors.
    pub fn of_file(name: impl Into<String>, path: impl Into<PathBuf>, file: File) -> Self {
        UploadFile { name: name.into(), content: Content::File(path.into(), file) }
    }

    /// Its path in the repository.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its size in bytes.
    ///
    /// # Errors
    /// I/O errors with the path.
    ///
    /// ```
    /// use clsify_hub::UploadFile;
    /// assert_eq!(UploadFile::of_bytes("README.md", b"# Model".to_vec()).n_bytes()?, 7);
    /// # Ok::<(), clsify_base::error::Error>(())
    /// ```
    pub fn n_bytes(&self) -> Result<u64> {
        match &self.content {
            Content::Bytes(bytes) => Ok(bytes.len() as u64),
            Content::File(path, file) => Ok(file.metadata().map_err(|e| Error::io(path, e))?.len()),
        }
    }

    pub(crate) fn content(&self) -> &Content {
        &self.content
    }
}

/// Options for uploading a model.
#[derive(Debug, Clone)]
pub struct PushOptions {
    /// True if a new repository is to be private. A public one that exists is then an error.
    pub private: bool,
    /// The branch.
    pub revision: String,
    /// The first line of the commit's message.
    pub message: String,
    /// True if a `README.md` of the repository is kept.
    pub keep_card: bool,
}

impl Default for PushOptions {
    /// A public repository, the branch `main`, and a new `README.md`.
    fn default() -> Self {
        PushOptions {
            private: false,
            revision: "main".to_string(),
            message: "Upload a model of clsify".to_string(),
            keep_card: false,
        }
    }
}

/// An uploaded model.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pushed {
    /// The page of the repository.
    pub url: String,
    /// The commit, if the hub's answer names it.
    pub commit: Option<String>,
}
