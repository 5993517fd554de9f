//! Variables of the environment: those that are empty, and the number of threads.

use std::ffi::OsStr;

use anyhow::bail;
use clap::{Arg, Command};

/// The variable for the number of threads, which the Python package reads too.
const THREADS: &str = "CLSIFY_NUM_THREADS";

/// Empty variables of this beginning are errors: a server whose secret is missing must not run without a key.
const KEYS: &str = "CLSIFY_API_KEY";

/// Lets options ignore variables that are empty, which is how compose files and unit files write that they are not set.
pub(crate) fn without_empty_variables(command: Command) -> Command {
    command.mut_subcommands(|subcommand| {
        subcommand.mut_args(|arg| if is_empty(&arg) { arg.env(None::<&'static str>) } else { arg })
    })
}

fn is_empty(arg: &Arg) -> bool {
    let is_of_keys = |name: &OsStr| name.to_string_lossy().starts_with(KEYS);
    arg.get_env()
        .is_some_and(|name| !is_of_keys(name) && std::env::var_os(name).is_some_and(|value| value.is_empty()))
}

/// The number of threads that the environment asks for.
pub(crate) fn threads() -> anyhow::Result<Option<u16>> {
    let Some(value) = std::env::var_os(THREADS).filter(|value| !value.is_empty()) else { return Ok(None) };
    let value = value.to_string_lossy();
    match value.trim().parse() {
        Ok(threads @ 1..=1024) => Ok(Some(threads)),
        _ => bail!("{THREADS}: expected a number from 1 to 1024, got {value:?}"),
    }
}
