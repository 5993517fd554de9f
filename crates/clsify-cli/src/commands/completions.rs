//! `clsify completions`: a script that completes commands and options in a shell.

use clap_complete::Shell;

/// Print a completion script for your shell
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  clsify completions bash > ~/.local/share/bash-completion/completions/clsify"
)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args, command: &mut clap::Command) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "clsify", &mut script);
    crate::output::stdout(|out| out.write_all(&script))
}
