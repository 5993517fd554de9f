//! Errors of the library as exceptions of `clsify.exceptions`, which are also built-in exceptions of Python.

use clsify::error::{Error, ErrorKind};
use pyo3::prelude::*;
use serde::de::DeserializeOwned;

/// The exception for an error: its class tells the kind, and it has the hint as an attribute.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let class = match error.kind() {
        ErrorKind::Io => "FileError",
        ErrorKind::Dataset => "DataError",
        ErrorKind::InvalidArgument => "ArgumentError",
        ErrorKind::Fetch => "FetchError",
        ErrorKind::Model => "ModelError",
        ErrorKind::Tokenizer | ErrorKind::Config | ErrorKind::Checkpoint => "EncoderError",
        ErrorKind::Diverged => "DivergedError",
        _ => "ClsifyError",
    };
    let made = || {
        py.import("clsify.exceptions")?.getattr(class)?.call1((
            error.to_string(),
            error.hint(),
            error.sentence(),
        ))
    };
    made().map_or_else(|failed| failed, PyErr::from_value)
}

/// Options that were passed as JSON.
pub(crate) fn parsed<T: DeserializeOwned>(py: Python<'_>, json: &str) -> PyResult<T> {
    serde_json::from_str(json)
        .map_err(|error| exception(py, &Error::new(ErrorKind::InvalidArgument, error.to_string())))
}
