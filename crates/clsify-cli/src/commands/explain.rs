//! `clsify explain`: shows which words carried a label.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clsify::explanation::{ExplainOptions, Explanation};
use clsify::model::{LoadOptions, SentenceClassifier};
use clsify_report::pages::explanation_page;
use clsify_report::summaries::explanation_summary;

use crate::console::Console;
use crate::loading::{load_options, locate_model};
use crate::options::{DtypeArg, JsonArgs};
use crate::output::{check_output, is_stdout, write_data};
use crate::records::note_files;

/// Show which words of a text carried its label
///
/// Each word is deleted, and the change of the label's logit is its contribution. Pairs of neighbouring words are
/// deleted too. Contributions are exact: nothing is sampled.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  clsify explain model \"not as bad as they say , but not good either\"
  clsify explain model --path \"a visually stunning rumination on love\"
  clsify explain model --label positive --html reasons.html \"a fine film\" \"a dull film\"
  clsify explain model --json \"a visually stunning rumination on love\" > reasons.json")]
pub(crate) struct Args {
    /// The model: a folder, or its id at the model hub
    model: PathBuf,

    /// The texts
    #[arg(value_name = "TEXT", required = true)]
    texts: Vec<String>,

    /// Explain this label instead of the predicted one
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,

    /// Delete words one after the other until the answer changes, and show them
    ///
    /// Each step deletes the word that changes the label's logit most. A text of n words takes up to n (n + 1) / 2
    /// encodings.
    #[arg(long)]
    path: bool,

    /// Also write the explanations to this HTML page, which needs no network
    #[arg(long, value_name = "FILE.html")]
    html: Option<PathBuf>,

    #[command(flatten)]
    json: JsonArgs,

    /// Write the output to this file instead of stdout; - is stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Use this encoder if the model's encoder has moved: a folder, a name shown by `clsify list`, or a model hub id
    #[arg(long)]
    encoder: Option<String>,

    /// Compute the encoder in this data type; the default is that of the training
    #[arg(long, value_enum)]
    dtype: Option<DtypeArg>,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<()> {
    let output = args.output.as_deref();
    check_output(output, &[args.json.file(), args.html.as_deref()], &[])?;
    let n_on_stdout = usize::from(args.json.is_on_stdout(output))
        + usize::from(args.html.as_deref().is_some_and(is_stdout));
    anyhow::ensure!(n_on_stdout < 2, "stdout: expected --json or --html -, got both");
    note_files(&args.texts, "its name is explained, not its lines", console);
    let options = ExplainOptions { label: args.label.clone(), path: args.path, ..ExplainOptions::default() };
    let model = locate_model(&args.model, console)?;
    let load = load_options(&model, args.encoder.as_deref(), args.dtype, console)?;
    let model = SentenceClassifier::load_with(&model, LoadOptions { neighbours: true, ..load })?;
    let explanations = model.explain(&args.texts, &options)?;
    if let Some(path) = &args.html {
        write_data(path, &explanation_page(&explanations))?;
        if is_stdout(path) && output.is_none_or(is_stdout) {
            return args.json.write_file(&explanations);
        }
    }
    if args.json.replaces_text(output) || output.is_some_and(|path| !is_stdout(path)) {
        return args.json.write(&explanations, output, || summaries(&explanations, false));
    }
    args.json.write_file(&explanations)?;
    // The summary has escaped what the texts hold, so that its colours may reach the terminal as they are.
    write_data(Path::new("-"), &summaries(&explanations, has_colour()))
}

fn summaries(explanations: &[Explanation], in_colour: bool) -> String {
    let texts: Vec<String> =
        explanations.iter().map(|explanation| explanation_summary(explanation, in_colour)).collect();
    texts.join("\n")
}

/// Returns true if stdout is a terminal whose user has not turned colours off; see no-color.org.
fn has_colour() -> bool {
    let is_off = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !is_off && std::env::var_os("TERM").is_none_or(|term| term != "dumb") && std::io::stdout().is_terminal()
}
