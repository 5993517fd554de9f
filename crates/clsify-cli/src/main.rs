//! The program `clsify`.

use std::process::ExitCode;

fn main() -> ExitCode {
    clsify_cli::run(std::env::args_os()).into()
}
