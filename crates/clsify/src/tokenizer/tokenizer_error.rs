//! An error about a tokenizer's files.

use crate::error::{Error, ErrorKind};

/// It does not contain the place.
pub(super) fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Tokenizer, message)
}
