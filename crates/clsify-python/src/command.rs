//! The program `clsify`, which the package installs.

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the program with these arguments, whose first is its name, and returns the exit code. A signal ends the process.
#[pyfunction]
#[pyo3(signature = (args: "list[str]") -> "int")]
pub(crate) fn run_command(py: Python<'_>, args: Vec<OsString>) -> u8 {
    py.detach(|| clsify_cli::run(args))
}
