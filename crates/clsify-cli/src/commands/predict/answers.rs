//! The output of `predict`: one answer per sentence, in every format.

use clap::ValueEnum;
use clsify::decision::ABSTAINED;
use clsify::error::Error;
use clsify::model::{Fault, Prediction, SentenceClassifier};
use clsify::observer::Observer;
use clsify_report::text::{counted, escape, list_item, one_field};
use serde_json::{Map, Value, json};

use super::carried::{Columns, Keys};
use crate::console::Console;
use crate::output::{Output, csv_line};
use crate::records::{Records, Row};

/// The maximum number of sentences without an answer that are reported.
const MOST_NAMED: usize = 10;

/// The output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    Text,
    Json,
    Tsv,
    Csv,
    Jsonl,
}

/// The format and content of answers.
#[derive(Clone, Copy)]
pub(super) struct Style<'a> {
    pub(super) format: OutputFormat,
    pub(super) probabilities: bool,
    pub(super) model: &'a SentenceClassifier,
}

/// Writes answers in the order of the sentences.
pub(super) struct Answers<'a> {
    output: Output,
    style: Style<'a>,
    /// True if a sentence without an answer is not an error.
    tolerates: bool,
    console: &'a Console,
    /// The columns of CSV, determined by the first record.
    columns: Option<Columns>,
    /// The keys of JSONL, determined by the first record.
    keys: Option<Keys>,
    has_header: bool,
    /// True once a key without a column has been reported.
    has_named_key: bool,
    n_answers: usize,
    n_without: usize,
}

impl<'a> Answers<'a> {
    pub(super) fn new(output: Output, style: Style<'a>, tolerates: bool, console: &'a Console) -> Self {
        let (columns, keys, has_header, has_named_key) = (None, None, false, false);
        let (n_answers, n_without) = (0, 0);
        Answers {
            output,
            style,
            tolerates,
            console,
            columns,
            keys,
            has_header,
            has_named_key,
            n_answers,
            n_without,
        }
    }

    /// Writes the answers to a group; stops at the first sentence without one if that is an error.
    pub(super) fn write(
        &mut self,
        group: &Records,
        answers: &[Prediction],
        mut faults: Vec<Fault>,
    ) -> anyhow::Result<()> {
        for fault in &mut faults {
            let error = std::mem::replace(&mut fault.error, Error::new(clsify::error::ErrorKind::Io, ""));
            fault.error = error.at(group.place(fault.sentence));
        }
        let fatal = if self.tolerates { None } else { faults.first().map(|fault| fault.sentence) };
        let mut lines: Vec<String> = Vec::with_capacity(group.rows.len() + 1);
        if !self.has_header {
            let first = group.rows.first().and_then(|row| group.sentence(row));
            if first.is_some_and(|sentence| sentence.starts_with("__label__")) {
                self.console.note(
                    "the first sentence starts with __label__, as in fastText's format: --input - --format fasttext removes labels",
                );
            }
            lines.extend(self.header(Some(group)));
        }
        for row in &group.rows {
            if fatal.is_some() && row.sentence.as_ref().ok() == fatal.as_ref() {
                break;
            }
            let answer = match &row.sentence {
                Err(error) => Err(error),
                Ok(i) => match faults.binary_search_by_key(i, |fault| fault.sentence) {
                    Ok(fault) => Err(&faults[fault].error),
                    Err(_) => Ok(&answers[*i]),
                },
            };
            match answer {
                Ok(_) => self.n_answers += 1,
                Err(error) => {
                    self.n_without += 1;
                    if self.n_without <= MOST_NAMED {
                        self.console.note(&format!("no answer: {error}"));
                    }
                }
            }
            self.name_key(row);
            lines.push(self.line(group, row, answer));
        }
        self.output.write(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))?;
        match faults.into_iter().next() {
            Some(fault) if fatal.is_some() => Err(fault.error.into()),
            _ => Ok(()),
        }
    }

    /// Notes once that CSV leaves out a key which the first record does not have, or that JSONL renames it.
    fn name_key(&mut self, row: &Row) {
        let keys = self.keys.as_ref().filter(|_| !self.has_named_key);
        if let Some((key, moved)) = keys.and_then(|keys| keys.moved(&row.fields)) {
            self.has_named_key = true;
            self.console.note(&format!(
                "the key {key:?} of record {} is written as {moved:?} because the first record does not have it: answers stand under \
                 {key:?}",
                row.line
            ));
        }
        let Some(columns) = self.columns.as_ref().filter(|_| !self.has_named_key) else { return };
        if let Some(key) = columns.key_without_column(&row.fields) {
            self.has_named_key = true;
            self.console.note(&format!(
                "the key {key:?} of record {} is left out because the first record does not have it: --output-format jsonl \
                 keeps all keys",
                row.line
            ));
        }
    }

    /// Writes the header if there were no sentences, and completes the output.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        if !self.has_header {
            let header = self.header(None);
            self.output.write(|out| header.iter().try_for_each(|line| writeln!(out, "{line}")))?;
        }
        if self.n_without > 0 {
            let (n, of) = (self.n_without, self.n_without + self.n_answers);
            let have = if of == 1 { "sentence has" } else { "sentences have" };
            self.console.note(&format!("{n} of {of} {have} no answer"));
        }
        self.output.finish()
    }

    /// Adds to an error that ends the run what happened to the answers before it.
    pub(super) fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        if self.output.is_atomic() && self.n_answers > 0 {
            let were =
                counted(self.n_answers, "answer before the error was", "answers before the error were");
            self.console.note(&format!("{were} not written"));
        }
        error
    }

    /// The header of TSV and CSV. It is not written before the first sentences have been read, so that nothing is
    /// written if they cannot be read.
    fn header(&mut self, group: Option<&Records>) -> Option<String> {
        self.has_header = true;
        match self.style.format {
            OutputFormat::Tsv => {
                let mut names = self.style.names(escape);
                names.push("sentence".to_string());
                Some(names.join("\t"))
            }
            OutputFormat::Csv => {
                let columns = self.columns.insert(Columns::of(group));
                let own = columns.names().to_vec();
                let names = columns.free_names(self.style.names(str::to_string));
                Some(csv_line(own.into_iter().chain(names)))
            }
            OutputFormat::Jsonl => {
                self.keys = Some(Keys::of(group, self.style.members()));
                None
            }
            _ => None,
        }
    }

    fn line(&self, group: &Records, row: &Row, answer: Result<&Prediction, &Error>) -> String {
        let (style, sentence) = (self.style, group.sentence(row));
        let echo = one_field(sentence.unwrap_or_default());
        match style.format {
            OutputFormat::Text => style.text(&echo, answer.ok()),
            OutputFormat::Tsv => {
                let mut cells = style.cells(answer.ok(), escape);
                cells.push(echo);
                cells.join("\t")
            }
            OutputFormat::Csv => {
                let own = self.columns.as_ref().map(|columns| columns.cells(&row.fields, sentence));
                csv_line(own.into_iter().flatten().chain(style.cells(answer.ok(), str::to_string)))
            }
            OutputFormat::Json => {
                let mut line = Map::from_iter([("text".to_string(), json!(sentence))]);
                line.extend(style.object(answer));
                Value::Object(line).to_string()
            }
            OutputFormat::Jsonl => {
                let line = |keys: &Keys| {
                    keys.with_answer(&row.fields, group.header.as_deref(), style.object(answer))
                };
                self.keys.as_ref().map(line).unwrap_or_default()
            }
        }
    }
}

impl Style<'_> {
    /// The names of an answer's columns.
    fn names(self, name: impl Fn(&str) -> String) -> Vec<String> {
        let label = if self.model.separator().is_some() { "labels" } else { "label" };
        let mut names = vec![label.to_string()];
        if self.model.abstains() {
            names.push("best_guess".to_string());
        }
        if self.probabilities {
            names.extend(self.model.classes().iter().map(|class| format!("p_{}", name(class))));
        }
        names
    }

    /// The cells of an answer's columns; they are empty if there is no answer.
    fn cells(self, answer: Option<&Prediction>, cell: impl Fn(&str) -> String) -> Vec<String> {
        let Some(answer) = answer else {
            return vec![String::new(); self.names(str::to_string).len()];
        };
        let mut cells = vec![cell(&self.joined(answer))];
        cells.extend(self.best_guess(answer).map(|label| cell(&label)));
        if self.probabilities {
            cells.extend(answer.probabilities.iter().map(|p| format!("{p:.6}")));
        }
        cells
    }

    /// The labels in one cell, or [`ABSTAINED`].
    fn joined(self, answer: &Prediction) -> String {
        let labels = self.model.labels(answer);
        match self.model.separator() {
            Some(separator) => separator.join(&labels),
            None if answer.abstained => ABSTAINED.to_string(),
            None => labels.concat(),
        }
    }

    /// The most probable label, if the model may abstain.
    fn best_guess(self, answer: &Prediction) -> Option<String> {
        self.model.abstains().then(|| self.model.labels(answer).concat())
    }

    fn text(self, sentence: &str, answer: Option<&Prediction>) -> String {
        let Some(answer) = answer else {
            return format!("{}\t{sentence}", if self.probabilities { "\t" } else { "" });
        };
        let mut line = escape(&self.joined(answer));
        if let Some(best_guess) = self.best_guess(answer).filter(|_| answer.abstained) {
            line.push_str(&format!(" ({})", escape(&best_guess)));
        }
        if self.probabilities {
            let pairs = self.model.classes().iter().zip(&answer.probabilities);
            let pairs: Vec<String> =
                pairs.map(|(class, p)| format!("{} {p:.4}", list_item(&escape(class)))).collect();
            line.push_str(&format!("\t{}", pairs.join(", ")));
        }
        format!("{line}\t{sentence}")
    }

    /// The names of all members that an answer's JSON object may have.
    fn members(self) -> Vec<String> {
        let label = if self.model.separator().is_some() { "labels" } else { "label" };
        let mut names = vec![label];
        if self.model.abstains() {
            names.extend(["abstained", "best_guess"]);
        }
        if self.probabilities {
            names.push("probabilities");
        }
        names.push("error");
        names.into_iter().map(str::to_string).collect()
    }

    /// The members of an answer's JSON object; null and the reason if there is no answer.
    fn object(self, answer: Result<&Prediction, &Error>) -> Vec<(String, Value)> {
        let is_multi_label = self.model.separator().is_some();
        let found = answer.ok();
        let label = match found {
            Some(answer) if is_multi_label => json!(self.model.labels(answer)),
            found => json!(found.map(|answer| self.joined(answer))),
        };
        let mut members = vec![(if is_multi_label { "labels" } else { "label" }, label)];
        if self.model.abstains() {
            members.push(("abstained", json!(found.map(|answer| answer.abstained))));
            members.push(("best_guess", json!(found.and_then(|answer| self.best_guess(answer)))));
        }
        if self.probabilities {
            let pairs = |answer: &Prediction| -> Map<String, Value> {
                let classes = self.model.classes().iter().cloned();
                classes.zip(answer.probabilities.iter().map(|p| json!(p))).collect()
            };
            members.push(("probabilities", json!(found.map(pairs))));
        }
        if let Err(error) = answer {
            members.push(("error", json!(error.to_string())));
        }
        members.into_iter().map(|(key, value)| (key.to_string(), value)).collect()
    }
}
