//! Errors of the command line that clap itself cannot detect.

use clap::error::ErrorKind;

/// An error about arguments that do not fit together.
pub(crate) fn misused(message: &str) -> anyhow::Error {
    clap::Error::raw(
        ErrorKind::ArgumentConflict,
        format!("{message}\n\nFor more information, try '--help'.\n"),
    )
    .into()
}
