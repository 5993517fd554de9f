//! A data file, opened.

use std::fs::File;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

/// Opens a file that may be a pipe, and refuses what holds no data: a folder, or a pointer to a file elsewhere.
pub(super) fn open(path: &Path) -> Result<File> {
    // Opening a folder succeeds on some systems, and the error comes with the first read, without the path.
    if path.is_dir() {
        let error = Error::new(ErrorKind::Dataset, "expected a file, got a folder");
        return Err(error.at(path.display().to_string()));
    }
    // A pipe can be read once only.
    if path.is_file() {
        crate::checkpoint_folder::refuse_pointer(path)?;
    }
    File::open(path).map_err(|e| Error::io(path, e))
}
