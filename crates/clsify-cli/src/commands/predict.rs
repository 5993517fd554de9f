//! `clsify predict`: asks a saved classifier.

mod multi_label;

use std::io::{IsTerminal, Read};
use std::path::PathBuf;

use anyhow::{bail, ensure};
use clap::ValueEnum;
use clsify::dataset::LineReader;
use clsify::matrix::Matrix;
use clsify::pipeline::{ABSTAINED, Group, Observer, Prediction, SavedMultiLabelModel, SentenceEncoder};
use serde_json::{Map, Value, json};

use crate::console::{Console, Notes};
use crate::loading::{Groups, load_classifier, stream_sentences};
use crate::options::{DataOptions, DtypeArg};
use crate::output::stdout;

/// Predict the labels of sentences
///
/// Sentences are read from stdin, one a line, when none is given; answers come in the same order, one a line. However
/// many they are, they take no more memory than a few thousand.
#[derive(clap::Args)]
#[command(mut_group("DataOptions", |group| group.requires("input")))]
#[command(after_help = "Examples:
  clsify predict model \"a visually stunning rumination on love\"
  clsify predict model -p --output-format json < sentences.txt
  clsify predict model --input reviews.csv --text-column review")]
pub(crate) struct Args {
    /// The model's folder
    model: PathBuf,

    /// The sentences; from stdin, one a line, if none is given
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,

    /// Read the sentences from this file: TSV, CSV, JSONL (labels are not looked at), or .txt with one a line; - is
    /// stdin, with --format
    #[arg(long, value_name = "FILE", conflicts_with = "texts")]
    input: Option<PathBuf>,

    /// text: label and sentence; json: an object a line; tsv: label, probabilities and sentence under a header. A model that
    /// may abstain says ?, with its best guess in brackets, in `best_guess` beside `abstained`, or in a column of its own. A
    /// multi-label model gives all labels, joined by its separator, in json as an array
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    output_format: OutputFormat,

    /// Show the probability of each label
    #[arg(short, long)]
    probabilities: bool,

    /// Where the model's encoder is, if it has moved: a folder, a name known to `list`, or a hub id
    #[arg(long)]
    encoder: Option<String>,

    /// Arithmetic of the encoder; that of the training if not given
    #[arg(long, value_enum)]
    dtype: Option<DtypeArg>,
    #[command(flatten)]
    data: DataOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    Text,
    Json,
    Tsv,
}

pub(crate) fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    if let Some(i) = args.texts.iter().position(String::is_empty) {
        bail!("text {}: the sentence is empty", i + 1);
    }
    let of_file = |input: &PathBuf| stream_sentences(input, &args.data.with_limit(None));
    let streamed = args.input.as_ref().map(of_file).transpose()?;
    if SavedMultiLabelModel::is_at(&args.model)? {
        return multi_label::run(args, streamed, console);
    }
    let classifier = load_classifier(&args.model, args.encoder.as_deref(), args.dtype, None, console)?;
    let style = Style {
        format: args.output_format,
        probabilities: args.probabilities,
        abstains: classifier.decision().abstain_below.is_some(),
    };
    // Not before the first sentences are read: where those are no good, nothing is printed.
    let mut header = (style.format == OutputFormat::Tsv).then(|| style.header(classifier.classes()));
    ask(&args, streamed, classifier.encoder(), console, |sentences, features| {
        let predictions = classifier.predict_features(features);
        stdout(|out| {
            header.take().iter().try_for_each(|header| writeln!(out, "{header}"))?;
            sentences.iter().zip(&predictions).try_for_each(|(sentence, prediction)| {
                writeln!(out, "{}", style.line(classifier.classes(), sentence, prediction))
            })
        })
    })
}

/// The sentences of a file and its length, if there is a file.
type Streamed = Option<(Groups, u64)>;

/// Gives all sentences with their features to `answer`, group by group; at the end none, for whoever has a header to write.
fn ask(
    args: &Args,
    streamed: Streamed,
    encoder: &SentenceEncoder,
    console: &Console,
    mut answer: impl FnMut(&[String], &Matrix) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if !args.texts.is_empty() {
        answer(&args.texts, &encoder.encode(&args.texts, console)?.features)?;
        console.hint_faster_dtype(encoder);
        return Ok(());
    }
    let (groups, total_bytes) = streamed.unwrap_or_else(|| {
        if std::io::stdin().is_terminal() {
            console.say("reading sentences from the terminal, one a line; Ctrl-D ends");
        }
        let mut lines = Lines::new(std::io::stdin());
        (Box::new(std::iter::from_fn(move || lines.next_group().transpose())), 0)
    });
    let is_typed = args.input.is_none() && std::io::stdin().is_terminal();
    let is_terminal = is_typed || std::io::stdout().is_terminal();
    let observer: &dyn Observer = if is_terminal { &Notes(console) } else { console };
    encoder
        .encode_stream(groups, total_bytes, observer, |group, features| answer(&group.sentences, features))?;
    answer(&[], &Matrix::zeros(0, encoder.n_features()))?;
    console.hint_faster_dtype(encoder);
    Ok(())
}

/// How an answer is written.
#[derive(Debug, Clone, Copy)]
struct Style {
    format: OutputFormat,
    probabilities: bool,
    /// Whether the classifier may leave sentences unanswered: then its best guess has a place of its own.
    abstains: bool,
}

impl Style {
    fn header(self, classes: &[String]) -> String {
        let mut cells = vec!["label".to_string()];
        if self.abstains {
            cells.push("best_guess".to_string());
        }
        if self.probabilities {
            cells.extend(classes.iter().map(|class| format!("p_{}", one_field(class))));
        }
        cells.push("sentence".to_string());
        cells.join("\t")
    }

    fn line(self, classes: &[String], sentence: &str, prediction: &Prediction) -> String {
        let best_guess = &classes[prediction.class_id];
        let label = if prediction.abstained { ABSTAINED } else { best_guess };
        match self.format {
            OutputFormat::Json => {
                let mut line =
                    Map::from_iter([("text".into(), json!(sentence)), ("label".into(), json!(label))]);
                if self.abstains {
                    line.insert("abstained".into(), json!(prediction.abstained));
                    line.insert("best_guess".into(), json!(best_guess));
                }
                if self.probabilities {
                    let pairs =
                        classes.iter().cloned().zip(prediction.probabilities.iter().map(|p| json!(p)));
                    line.insert("probabilities".into(), Value::Object(pairs.collect()));
                }
                Value::Object(line).to_string()
            }
            OutputFormat::Tsv => {
                let mut cells = vec![one_field(label)];
                if self.abstains {
                    cells.push(one_field(best_guess));
                }
                if self.probabilities {
                    cells.extend(prediction.probabilities.iter().map(|p| format!("{p:.6}")));
                }
                cells.push(one_field(sentence));
                cells.join("\t")
            }
            OutputFormat::Text => {
                let mut line = match prediction.abstained {
                    true => format!("{ABSTAINED} ({best_guess})"),
                    false => best_guess.clone(),
                };
                if self.probabilities {
                    let pairs = classes.iter().zip(&prediction.probabilities);
                    let pairs: Vec<String> = pairs.map(|(class, p)| format!("{class} {p:.4}")).collect();
                    line.push_str(&format!("\t{}", pairs.join(", ")));
                }
                format!("{line}\t{}", one_field(sentence))
            }
        }
    }
}

/// A text that cannot break a line or a column.
fn one_field(text: &str) -> String {
    text.chars().map(|c| if matches!(c, '\t' | '\n' | '\r') { ' ' } else { c }).collect()
}

/// Lines of stdin, in groups: what has arrived is answered before more is waited for.
struct Lines<R>(LineReader<R>);

impl<R: Read> Lines<R> {
    fn new(reader: R) -> Self {
        Lines(LineReader::with_capacity(Group::MAX_TEXT_BYTES, reader))
    }

    fn next_group(&mut self) -> anyhow::Result<Option<Group>> {
        let (mut group, start) = (Group::default(), self.0.n_bytes());
        while let Some(line) = self.0.next_line().map_err(|error| error.at("stdin"))? {
            ensure!(!line.text.is_empty(), "stdin: line {}: the sentence is empty", line.number);
            group.sentences.push(line.text.to_string());
            if group.is_full((self.0.n_bytes() - start) as usize) || !self.0.has_buffered_line() {
                break;
            }
        }
        group.n_bytes = self.0.n_bytes();
        Ok((!group.sentences.is_empty()).then_some(group))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> anyhow::Result<Vec<String>> {
        let group = Lines::new(bytes).next_group()?;
        Ok(group.map(|group| group.sentences).unwrap_or_default())
    }

    #[test]
    fn lines_lose_their_ends_and_the_byte_order_mark() {
        assert_eq!(read(b"\xef\xbb\xbfone\r\ntwo\rthree\n").unwrap(), ["one", "two", "three"]);
    }

    #[test]
    fn bad_lines_say_where() {
        assert_eq!(read(b"one\n\n").unwrap_err().to_string(), "stdin: line 2: the sentence is empty");
        let not_utf8 = "stdin: line 2: expected UTF-8, got the byte 0xff at byte 1";
        assert_eq!(read(b"one\n\xff\n").unwrap_err().to_string(), not_utf8);
    }

    #[test]
    fn a_sentence_stays_in_its_line_and_column() {
        let style = Style { format: OutputFormat::Tsv, probabilities: true, abstains: false };
        let classes = ["0".to_string(), "1".to_string()];
        let prediction = Prediction { class_id: 1, abstained: false, probabilities: vec![0.25, 0.75] };
        assert_eq!(style.header(&classes), "label\tp_0\tp_1\tsentence");
        assert_eq!(style.line(&classes, "a\tb\nc", &prediction), "1\t0.250000\t0.750000\ta b c");
    }
}
