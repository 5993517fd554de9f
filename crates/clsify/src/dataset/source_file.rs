//! Opens data files.

use std::fs::File;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

/// Opens a file, possibly a pipe; fails for a folder or a Git LFS pointer.
pub(super) fn open(path: &Path) -> Result<File> {
    // On some systems opening a folder succeeds, and the first read fails without the path.
    if path.is_dir() {
        let error = Error::new(ErrorKind::Dataset, "expected a file, got a folder");
        return Err(error.at(path.display().to_string()));
    }
    // A pipe can be read only once.
    if path.is_file() {
        crate::checkpoint_folder::refuse_pointer(path)?;
    }
    File::open(path).map_err(|e| Error::io(path, e))
}
