//! The rows that a model gets wrong, as CSV, TSV or JSON lines: the most confident errors first.

use std::path::Path;

use clsify::pipeline::Misclassified;
use serde_json::{Map, Value, json};

use crate::console::Console;
use crate::output::{Output, csv_line, is_stdout};
use crate::table::{escape, one_field};

/// What the rows are about.
pub(super) struct Subject<'a> {
    pub(super) lines: &'a [usize],
    pub(super) sentences: &'a [String],
    /// The labels of each row; one each where there is no separator.
    pub(super) labels: Vec<Vec<String>>,
    /// Of the model.
    pub(super) classes: &'a [String],
    /// What stands between the labels of a cell.
    pub(super) separator: Option<String>,
    /// Whether the model may abstain.
    pub(super) abstains: bool,
}

impl Subject<'_> {
    /// Writes them; the extension decides on the form.
    pub(super) fn write(
        &self,
        path: &Path,
        errors: &[Misclassified],
        console: &Console,
    ) -> anyhow::Result<()> {
        let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
        let mut output = Output::open(Some(path))?;
        output.write(|out| match extension.as_deref() {
            Some("jsonl" | "ndjson" | "json") => {
                errors.iter().try_for_each(|error| writeln!(out, "{}", self.object(error)))
            }
            Some("tsv") => {
                let lines = self.table(errors, |cell| escape(&cell), one_field);
                lines.into_iter().try_for_each(|cells| writeln!(out, "{}", cells.join("\t")))
            }
            _ => {
                let lines = self.table(errors, |cell| cell, str::to_string);
                lines.into_iter().try_for_each(|cells| writeln!(out, "{}", csv_line(cells)))
            }
        })?;
        output.finish()?;
        if !is_stdout(path) {
            console.say(&format!(
                "{} of {} rows are misclassified: {}",
                errors.len(),
                self.lines.len(),
                path.display()
            ));
        }
        Ok(())
    }

    /// The keys of label, prediction and confidence.
    fn names(&self) -> [&'static str; 3] {
        if self.separator.is_some() {
            ["labels", "predicted", "confidence"]
        } else {
            ["label", "predicted", "probability"]
        }
    }

    /// The header and the rows, as cells.
    fn table(
        &self,
        errors: &[Misclassified],
        cell: impl Fn(String) -> String,
        sentence: impl Fn(&str) -> String,
    ) -> Vec<Vec<String>> {
        let mut header: Vec<String> = ["line", "sentence"].into_iter().map(String::from).collect();
        header.extend(self.names().map(String::from));
        header.extend(self.abstains.then(|| "abstained".to_string()));
        header.extend(self.classes.iter().map(|class| cell(format!("p_{class}"))));
        let joined = |labels: &[String]| cell(labels.join(self.separator.as_deref().unwrap_or_default()));
        let row = |error: &Misclassified| {
            let mut cells = vec![
                self.lines[error.row].to_string(),
                sentence(&self.sentences[error.row]),
                joined(&self.labels[error.row]),
                joined(&error.predicted),
                format!("{:.6}", error.confidence),
            ];
            cells.extend(self.abstains.then(|| error.abstained.to_string()));
            cells.extend(error.probabilities.iter().map(|p| format!("{p:.6}")));
            cells
        };
        std::iter::once(header).chain(errors.iter().map(row)).collect()
    }

    fn object(&self, error: &Misclassified) -> Value {
        let labels = |labels: &[String]| match self.separator {
            Some(_) => json!(labels),
            None => json!(labels.concat()),
        };
        let [label, predicted, confidence] = self.names();
        let mut members = vec![
            ("line", json!(self.lines[error.row])),
            ("text", json!(self.sentences[error.row])),
            (label, labels(&self.labels[error.row])),
            (predicted, labels(&error.predicted)),
            (confidence, json!(error.confidence)),
        ];
        members.extend(self.abstains.then(|| ("abstained", json!(error.abstained))));
        let probabilities = self.classes.iter().cloned().zip(error.probabilities.iter().map(|p| json!(p)));
        members.push(("probabilities", Value::Object(probabilities.collect())));
        Value::Object(members.into_iter().map(|(key, value)| (key.to_string(), value)).collect::<Map<_, _>>())
    }
}
