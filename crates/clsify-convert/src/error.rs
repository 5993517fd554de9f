//! Errors about the content of a file.

use clsify_base::error::{Error, ErrorKind};

/// An error about the content of a file.
pub(crate) fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Model, message)
}
