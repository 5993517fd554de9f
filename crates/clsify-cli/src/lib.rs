//! The command line of clsify: turns labelled sentences into a trained and evaluated classifier.
//!
//! There is one file per subcommand in `src/commands/`. stdout is data, stderr is progress and messages. Exit codes: 0
//! for success, 1 for a failure, 2 for a wrong command line, 128 plus the number of the signal that ended the run
//! (130 for Ctrl-C).

mod commands;
mod console;
mod earlier_spellings;
mod environment;
mod guide_page;
mod headings;
mod loading;
mod options;
mod output;
mod records;
mod signals;
#[cfg(feature = "otel")]
mod traces;

use std::ffi::OsString;
use std::io::IsTerminal;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use console::{Console, Verbosity};

const EXAMPLES: &str = "\
Examples:
  clsify tutorial                                          the article's run, told step by step
  clsify train --encoder all-MiniLM-L6-v2 --data reviews.tsv --output model
  clsify predict model \"a visually stunning rumination on love\"
  clsify train --help                                      every command has an example";

/// The heading of the options that every command has; they come after the command's own options.
const GLOBAL: &str = "Options of every command";

/// Train, evaluate and use text classifiers on top of a frozen BERT-family encoder
#[derive(Parser)]
#[command(name = "clsify", version, after_help = EXAMPLES, arg_required_else_help = true, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// Compute with N threads; the default is that of the variable CLSIFY_NUM_THREADS, otherwise one per core
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// Print only results and errors
    #[arg(short, long, global = true, help_heading = GLOBAL, conflicts_with = "verbose")]
    quiet: bool,

    /// Print more details, such as the origin of files and the time of each step
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    verbose: bool,
}

#[derive(Subcommand)]
enum Command {
    Tutorial(commands::tutorial::Args),
    Advise(commands::advise::Args),
    Doctor(commands::doctor::Args),
    Curve(commands::curve::Args),
    Train(commands::train::Args),
    Evaluate(commands::evaluate::Args),
    Compare(commands::compare::Args),
    Predict(commands::predict::Args),
    Explain(commands::explain::Args),
    Guide(commands::guide::Args),
    Import(commands::import::Args),
    Export(commands::export::Args),
    #[cfg(feature = "serve")]
    Serve(commands::serve::Args),
    Embed(commands::embed::Args),
    Tokenize(commands::tokenize::Args),
    Bench(commands::bench::Args),
    Pull(commands::pull::Args),
    Push(commands::push::Args),
    List(commands::list::Args),
    Completions(commands::completions::Args),
}

/// The exit code of a successful run.
const SUCCESS: u8 = 0;

/// The exit code of a run that failed.
const FAILURE: u8 = 1;

/// Runs the command line `args`, whose first item is the name of the program, and returns the exit code. A wrong command
/// line and a signal end the process.
///
/// It is called once in a process, because it sets up the threads and handles the signals.
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    let matches = command().try_get_matches_from(earlier_spellings::translate(args));
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return print_parse_error(&error),
    };
    let console = Console::new(match (cli.quiet, cli.verbose) {
        (true, _) => Verbosity::Quiet,
        (_, true) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    });
    let result = prepare(cli.threads).and_then(|()| match cli.command {
        Command::Tutorial(args) => commands::tutorial::run(args, &console),
        Command::Advise(args) => commands::advise::run(&args, &console),
        Command::Doctor(args) => commands::doctor::run(args, &console),
        Command::Curve(args) => commands::curve::run(&args, &console),
        Command::Train(args) => commands::train::run(args, &console),
        Command::Evaluate(args) => commands::evaluate::run(&args, &console),
        Command::Compare(args) => commands::compare::run(&args, &console),
        Command::Predict(args) => commands::predict::run(args, &console),
        Command::Explain(args) => commands::explain::run(&args, &console),
        Command::Guide(args) => commands::guide::run(&args, &console),
        Command::Import(args) => commands::import::run(args, &console),
        Command::Export(args) => commands::export::run(&args, &console),
        #[cfg(feature = "serve")]
        Command::Serve(args) => commands::serve::run(args, &console),
        Command::Embed(args) => commands::embed::run(args, &console),
        Command::Tokenize(args) => commands::tokenize::run(&args, &console),
        Command::Bench(args) => commands::bench::run(&args, &console),
        Command::Pull(args) => commands::pull::run(&args, &console),
        Command::Push(args) => commands::push::run(args, &console),
        Command::List(args) => commands::list::run(&args),
        Command::Completions(args) => commands::completions::run(&args, &mut command()),
    });
    // The signal handler is removing what the command was writing, and will end the process.
    signals::wait_if_interrupted();
    match result {
        Ok(()) => SUCCESS,
        // The reader has closed stdout: `clsify predict ... | head` is not a failure.
        Err(error) if output::is_closed_pipe(&error) => SUCCESS,
        Err(error) => match error.downcast::<clap::Error>() {
            Ok(of_the_command_line) => of_the_command_line.exit(),
            Err(error) => {
                console.error(&error);
                FAILURE
            }
        },
    }
}

/// The complete command line.
fn command() -> clap::Command {
    environment::without_empty_variables(headings::with_headings(Cli::command()))
}

/// Prints help, the version, or an error of the command line. Help that cannot be printed is a failure.
fn print_parse_error(error: &clap::Error) -> u8 {
    if error.use_stderr() {
        error.exit();
    }
    let help = error.render();
    let has_colours = std::io::stdout().is_terminal();
    let text = if has_colours { help.ansi().to_string() } else { help.to_string() };
    match output::stdout(|out| out.write_all(text.as_bytes())) {
        Ok(()) => SUCCESS,
        Err(error) if output::is_closed_pipe(&error) => SUCCESS,
        Err(error) => {
            Console::new(Verbosity::Normal).error(&error);
            FAILURE
        }
    }
}

/// Sets up the threads and the handler for signals.
fn prepare(threads: Option<u16>) -> anyhow::Result<()> {
    signals::handle()?;
    let mut pool = rayon::ThreadPoolBuilder::new();
    let threads = match threads {
        Some(threads) => Some(threads),
        None => environment::threads()?,
    };
    if let Some(threads) = threads {
        pool = pool.num_threads(usize::from(threads));
    }
    Ok(pool.build_global()?)
}
