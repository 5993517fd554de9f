//! `clsify predict`: asks a saved classifier.

use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::path::PathBuf;

use anyhow::{bail, ensure};
use clap::ValueEnum;
use clsify::error::Error;
use clsify::pipeline::{Prediction, SentenceClassifier};
use serde_json::{Map, Value, json};

use crate::console::Console;
use crate::options::{DtypeArg, load_classifier};
use crate::output::stdout;

/// A line beyond this is no sentence.
const MAX_LINE_BYTES: u64 = 1 << 24;

/// Lines that are predicted together at most.
const MAX_LINES: usize = 1024;

/// Predict the labels of sentences
///
/// Sentences are read from stdin, one a line, when none is given; answers come in the same order, one a line.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  clsify predict model \"a visually stunning rumination on love\"
  clsify predict model -p --output-format json < sentences.txt")]
pub(crate) struct Args {
    /// The model's folder
    model: PathBuf,

    /// The sentences; from stdin, one a line, if none is given
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,

    /// text: label and sentence; json: an object a line; tsv: label, probabilities and sentence under a header
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
    let classifier = load_classifier(&args.model, args.encoder.as_deref(), args.dtype, None, console)?;
    let style = Style { format: args.output_format, probabilities: args.probabilities };
    // Not before the first sentences are read: where those are no good, nothing is printed.
    let mut header = (style.format == OutputFormat::Tsv).then(|| style.header(classifier.classes()));
    if !args.texts.is_empty() {
        answer(&classifier, &args.texts, style, header, console)?;
        console.hint_faster_dtype(classifier.encoder());
        return Ok(());
    }
    if std::io::stdin().is_terminal() {
        console.say("reading sentences from the terminal, one a line; Ctrl-D ends");
    }
    let mut lines = Lines { reader: BufReader::with_capacity(1 << 18, std::io::stdin()), number: 0 };
    loop {
        let sentences = lines.next_group()?;
        if sentences.is_empty() {
            console.hint_faster_dtype(classifier.encoder());
            return stdout(|out| header.iter().try_for_each(|header| writeln!(out, "{header}")));
        }
        answer(&classifier, &sentences, style, header.take(), console)?;
    }
}

fn answer(
    classifier: &SentenceClassifier,
    sentences: &[String],
    style: Style,
    header: Option<String>,
    console: &Console,
) -> anyhow::Result<()> {
    let predictions = classifier.predict(sentences, console)?;
    stdout(|out| {
        header.iter().try_for_each(|header| writeln!(out, "{header}"))?;
        sentences.iter().zip(&predictions).try_for_each(|(sentence, prediction)| {
            writeln!(out, "{}", style.line(classifier.classes(), sentence, prediction))
        })
    })
}

/// How an answer is written.
#[derive(Debug, Clone, Copy)]
struct Style {
    format: OutputFormat,
    probabilities: bool,
}

impl Style {
    fn header(self, classes: &[String]) -> String {
        let mut cells = vec!["label".to_string()];
        if self.probabilities {
            cells.extend(classes.iter().map(|class| format!("p_{}", one_field(class))));
        }
        cells.push("sentence".to_string());
        cells.join("\t")
    }

    fn line(self, classes: &[String], sentence: &str, prediction: &Prediction) -> String {
        let label = &classes[prediction.class_id];
        match self.format {
            OutputFormat::Json => {
                let mut line =
                    Map::from_iter([("text".into(), json!(sentence)), ("label".into(), json!(label))]);
                if self.probabilities {
                    let pairs =
                        classes.iter().cloned().zip(prediction.probabilities.iter().map(|p| json!(p)));
                    line.insert("probabilities".into(), Value::Object(pairs.collect()));
                }
                Value::Object(line).to_string()
            }
            OutputFormat::Tsv => {
                let mut cells = vec![one_field(label)];
                if self.probabilities {
                    cells.extend(prediction.probabilities.iter().map(|p| format!("{p:.6}")));
                }
                cells.push(one_field(sentence));
                cells.join("\t")
            }
            OutputFormat::Text => {
                let mut line = label.clone();
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
struct Lines<R> {
    reader: BufReader<R>,
    number: usize,
}

impl<R: Read> Lines<R> {
    fn next_group(&mut self) -> anyhow::Result<Vec<String>> {
        let mut group = Vec::new();
        while group.len() < MAX_LINES && (group.is_empty() || self.reader.buffer().contains(&b'\n')) {
            match self.next_line()? {
                Some(line) => group.push(line),
                None => break,
            }
        }
        Ok(group)
    }

    fn next_line(&mut self) -> anyhow::Result<Option<String>> {
        let mut bytes = Vec::new();
        let n = self.reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes);
        let n = n.map_err(|e| Error::io("stdin".as_ref(), &e))?;
        if n == 0 {
            return Ok(None);
        }
        self.number += 1;
        ensure!(
            (n as u64) < MAX_LINE_BYTES,
            "stdin: line {}: longer than {MAX_LINE_BYTES} bytes",
            self.number
        );
        if bytes.ends_with(b"\n") {
            bytes.pop();
        }
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
        let start = if self.number == 1 && bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let Ok(line) = std::str::from_utf8(&bytes[start..]) else {
            bail!("stdin: line {}: invalid UTF-8", self.number);
        };
        ensure!(!line.is_empty(), "stdin: line {}: the sentence is empty", self.number);
        Ok(Some(line.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> anyhow::Result<Vec<String>> {
        Lines { reader: BufReader::new(bytes), number: 0 }.next_group()
    }

    #[test]
    fn lines_lose_their_ends_and_the_byte_order_mark() {
        assert_eq!(read(b"\xef\xbb\xbfone\r\ntwo\nthree\n").unwrap(), ["one", "two", "three"]);
    }

    #[test]
    fn bad_lines_say_where() {
        assert_eq!(read(b"one\n\n").unwrap_err().to_string(), "stdin: line 2: the sentence is empty");
        assert_eq!(read(b"one\n\xff\n").unwrap_err().to_string(), "stdin: line 2: invalid UTF-8");
    }

    #[test]
    fn a_sentence_stays_in_its_line_and_column() {
        let style = Style { format: OutputFormat::Tsv, probabilities: true };
        let classes = ["0".to_string(), "1".to_string()];
        let prediction = Prediction { class_id: 1, probabilities: vec![0.25, 0.75] };
        assert_eq!(style.header(&classes), "label\tp_0\tp_1\tsentence");
        assert_eq!(style.line(&classes, "a\tb\nc", &prediction), "1\t0.250000\t0.750000\ta b c");
    }
}
