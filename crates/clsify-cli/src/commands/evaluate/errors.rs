//! The misclassified rows, as CSV, TSV or JSONL, the most confident errors first.

use std::path::Path;

use clsify::dataset::Dataset;
use clsify::model::{Misclassified, SentenceClassifier};
use clsify_report::text::{escape, one_field};
use serde_json::{Map, Value, json};

use crate::console::Console;
use crate::output::{Output, csv_line, is_stdout};

/// The data and the classifier of the misclassified rows.
pub(super) struct Subject<'a> {
    pub(super) dataset: &'a Dataset,
    pub(super) classifier: &'a SentenceClassifier,
}

impl Subject<'_> {
    /// Writes the rows; the extension determines the format.
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
                self.dataset.len(),
                path.display()
            ));
        }
        Ok(())
    }

    /// The keys of label, prediction and confidence.
    fn names(&self) -> [&'static str; 3] {
        if self.dataset.separator().is_some() {
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
        header.extend(self.classifier.abstains().then(|| "abstained".to_string()));
        header.extend(self.classifier.classes().iter().map(|class| cell(format!("p_{class}"))));
        let predicted = |labels: &[String]| match self.dataset.separator() {
            Some(separator) => cell(separator.join(labels)),
            None => cell(labels.concat()),
        };
        let row = |error: &Misclassified| {
            let mut cells = vec![
                self.dataset.lines()[error.row].to_string(),
                sentence(&self.dataset.sentences()[error.row]),
                cell(self.dataset.labels()[error.row].clone()),
                predicted(&error.predicted),
                format!("{:.6}", error.confidence),
            ];
            cells.extend(self.classifier.abstains().then(|| error.abstained.to_string()));
            cells.extend(error.probabilities.iter().map(|p| format!("{p:.6}")));
            cells
        };
        std::iter::once(header).chain(errors.iter().map(row)).collect()
    }

    fn object(&self, error: &Misclassified) -> Value {
        let labels = |labels: &[String]| match self.dataset.separator() {
            Some(_) => json!(labels),
            None => json!(labels.concat()),
        };
        let truth = &self.dataset.labels()[error.row];
        let truth = match self.dataset.separator() {
            Some(separator) => json!(separator.split(truth)),
            None => json!(truth),
        };
        let [label, predicted, confidence] = self.names();
        let mut members = vec![
            ("line", json!(self.dataset.lines()[error.row])),
            ("text", json!(self.dataset.sentences()[error.row])),
            (label, truth),
            (predicted, labels(&error.predicted)),
            (confidence, json!(error.confidence)),
        ];
        members.extend(self.classifier.abstains().then(|| ("abstained", json!(error.abstained))));
        let probabilities =
            self.classifier.classes().iter().cloned().zip(error.probabilities.iter().map(|p| json!(p)));
        members.push(("probabilities", Value::Object(probabilities.collect())));
        Value::Object(members.into_iter().map(|(key, value)| (key.to_string(), value)).collect::<Map<_, _>>())
    }
}
