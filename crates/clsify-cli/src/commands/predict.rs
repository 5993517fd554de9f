//! `clsify predict`: predicts labels with a saved classifier.

mod answers;
mod carried;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;

use self::answers::{Answers, OutputFormat, Style};
use crate::console::{Console, Notes};
use crate::loading::{load_classifier, locate_model};
use crate::options::{DataOptions, DtypeArg};
use crate::output::{Output, check_written};
use crate::records::{RecordOptions, note_files, stream_records, stream_stdin, texts};

/// Predict the labels of sentences
///
/// If no sentences are given, they are read from stdin, one per line. There is one answer per sentence, in the same
/// order. Memory use does not grow with their number.
///
/// In the formats text and tsv each answer takes one line: in a label, a tab is written as \t, a line break as \n, a
/// carriage return as \r, a backslash as \\ and any other control character as \u and four hexadecimal digits. In the
/// sentence, which is only repeated, control characters become spaces.
#[derive(clap::Args)]
#[command(mut_group("DataOptions", |group| group.requires("input").conflicts_with("texts")))]
#[command(after_help = "Examples:
  clsify predict model \"a visually stunning rumination on love\"
  clsify predict model -p --output-format json < sentences.txt
  clsify predict model --input reviews.csv --text-column review
  clsify predict user/model \"a visually stunning rumination on love\"
  clsify predict model --input reviews.csv --output answers.csv --on-error null")]
pub(crate) struct Args {
    /// The model: a folder, or its id at the model hub
    model: PathBuf,

    /// The sentences; the default is to read them from stdin, one per line
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,

    /// Read sentences from this file: TSV, CSV, JSONL (labels are ignored), or .txt with one per line; - is stdin and
    /// needs --format
    #[arg(long, value_name = "FILE", conflicts_with = "texts")]
    input: Option<PathBuf>,

    /// Write the answers to this file; - is stdout
    ///
    /// The file appears when the last answer has been written, and not at all after an error.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write the answers in this format; the default follows the extension of --output, otherwise it is text
    ///
    /// `text` has the label and the sentence. `tsv` has label, probabilities and sentence under a header. `json` has
    /// one object per line with text and label. `csv` and `jsonl` have the record of the input with all of its
    /// columns or keys, followed by those of the answer. If the first record has a `label` of its own, the answer's
    /// is called `predicted_label` in the whole output. A model that abstains answers ?, with its best guess in
    /// brackets, in `best_guess` beside `abstained`, or in a column of its own. A multi-label model writes all
    /// labels, joined by its separator, in JSON as an array.
    #[arg(long, value_enum)]
    output_format: Option<OutputFormat>,

    /// Show the probability of each label
    #[arg(short, long)]
    probabilities: bool,

    /// Fail or write a null answer for a sentence that cannot be answered, such as an empty one
    ///
    /// A sentence cannot be answered if it is empty or only whitespace, if its line is not UTF-8 or too long, or if
    /// its record is malformed.
    ///
    /// `fail` answers the sentences before it and ends with an error that names its line. `null` leaves its answer
    /// empty, in JSON null with the reason in `error`, and continues, so that answers match the input one to one.
    #[arg(long, value_enum, value_name = "ACTION", default_value_t = OnError::Fail)]
    on_error: OnError,

    /// Use this encoder if the model's encoder has moved: a folder, a name shown by `clsify list`, or a model hub id
    #[arg(long)]
    encoder: Option<String>,

    /// Compute the encoder in this data type; the default is that of the training
    #[arg(long, value_enum)]
    dtype: Option<DtypeArg>,
    #[command(flatten)]
    data: DataOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnError {
    Fail,
    Null,
}

impl Args {
    fn output_format(&self) -> OutputFormat {
        let extension = self.output.as_ref().and_then(|path| path.extension()?.to_str());
        let of_extension = || match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("csv") => OutputFormat::Csv,
            Some("tsv") => OutputFormat::Tsv,
            Some("jsonl" | "ndjson") => OutputFormat::Jsonl,
            Some("json") => OutputFormat::Json,
            _ => OutputFormat::Text,
        };
        self.output_format.unwrap_or_else(of_extension)
    }
}

pub(crate) fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    let read: Vec<&std::path::Path> = args.input.iter().map(PathBuf::as_path).collect();
    check_written(&[args.output.as_deref()], &read)?;
    let format = args.output_format();
    let options = RecordOptions {
        tolerates: args.on_error == OnError::Null,
        refuses_whitespace: true,
        keeps_fields: matches!(format, OutputFormat::Csv | OutputFormat::Jsonl),
        is_prompt: true,
    };
    let output = Output::open(args.output.as_deref())?;
    note_files(&args.texts, "add --input to classify its lines", console);
    let is_stdin = args.input.is_none() && args.texts.is_empty();
    let (groups, total_bytes) = match &args.input {
        Some(input) => stream_records(input, &args.data.with_limit(None), options)?,
        None if is_stdin => (stream_stdin(options), 0),
        None => (texts(args.texts, options)?, 0),
    };
    let model = locate_model(&args.model, console)?;
    let model = load_classifier(&model, args.encoder.as_deref(), args.dtype, None, console)?;
    let is_typed = is_stdin && std::io::stdin().is_terminal();
    if is_typed {
        console.say("reading sentences from the terminal, one per line; Ctrl-D ends");
    }
    let is_on_terminal = matches!(output, Output::Stdout) && std::io::stdout().is_terminal();
    let encoder = model.encoder().clone();
    let encoder = match is_typed || is_on_terminal {
        true => encoder.with_observer(Arc::new(Notes(console.clone()))),
        false => encoder,
    };
    let style = Style { format, probabilities: args.probabilities, model: &model };
    let mut answers = Answers::new(output, style, options.tolerates, console);
    let streamed = encoder.encode_stream_with_faults(groups, total_bytes, |group, features, faults| {
        answers.write(group, &model.predict_features(features), faults)
    });
    match streamed {
        Ok(_) => answers.finish()?,
        Err(error) => return Err(answers.explain(error)),
    }
    console.hint_faster_dtype(model.encoder());
    Ok(())
}
