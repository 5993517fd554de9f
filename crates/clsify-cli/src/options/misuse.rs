//! Errors of the command line that clap itself cannot detect.

use clap::error::ErrorKind;

/// An error about arguments that do not fit together.
pub(crate) fn misused(message: &str) -> anyhow::Error {
    error(ErrorKind::ArgumentConflict, message)
}

/// An error about an argument that is required.
pub(crate) fn missing(argument: &str) -> anyhow::Error {
    let message = format!("the following required arguments were not provided:\n  {argument}");
    error(ErrorKind::MissingRequiredArgument, &message)
}

fn error(kind: ErrorKind, message: &str) -> anyhow::Error {
    clap::Error::raw(kind, format!("{message}\n\nFor more information, try '--help'.\n")).into()
}
