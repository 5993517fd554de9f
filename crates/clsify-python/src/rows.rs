//! Labelled rows from Python's memory.

use clsify::dataset::{Column, Dataset, DatasetOptions, Format, Inspected, LabelSeparator};
use clsify::error::Result;
use pyo3::prelude::*;
use serde_json::{Map, Value};

/// Labelled rows, the values of a `dict`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Rows {
    sentences: Vec<String>,
    /// The labels of each row: one, or any number if there is a separator.
    labels: Vec<Vec<String>>,
    /// For label sets, a text that no label contains.
    separator: Option<String>,
    weights: Option<Vec<f64>>,
    groups: Option<Vec<i64>>,
}

impl Rows {
    /// The rows as a data set; with `allow_one_class` they need not have two classes.
    pub(crate) fn dataset(&self, allow_one_class: bool) -> Result<Dataset> {
        let options = DatasetOptions { allow_one_class, ..self.options()? };
        Dataset::read(&self.lines()[..], NAME, &options)
    }

    /// The rows as they are read to find damage.
    pub(crate) fn inspected(&self) -> Result<Inspected> {
        Inspected::read(&self.lines()[..], NAME, &self.options()?)
    }

    fn options(&self) -> Result<DatasetOptions> {
        let column = |name: &str| Some(Column::Name(name.to_string()));
        Ok(DatasetOptions {
            format: Some(Format::Jsonl),
            text_column: column(TEXT),
            label_column: column(LABEL),
            multi_label: self.separator.as_deref().map(str::parse::<LabelSeparator>).transpose()?,
            weight_column: self.weights.as_ref().and_then(|_| column(WEIGHT)),
            group_column: self.groups.as_ref().and_then(|_| column(GROUP)),
            ..DatasetOptions::default()
        })
    }

    /// The rows as JSON lines, which the library reads with all its checks.
    fn lines(&self) -> Vec<u8> {
        let mut lines = Vec::new();
        for (row, (sentence, labels)) in self.sentences.iter().zip(&self.labels).enumerate() {
            let label = match (&self.separator, labels.first()) {
                (None, Some(label)) => Value::from(label.as_str()),
                _ => Value::from(labels.clone()),
            };
            let mut record = Map::new();
            record.insert(TEXT.to_string(), Value::from(sentence.as_str()));
            record.insert(LABEL.to_string(), label);
            if let Some(weights) = &self.weights {
                record.insert(WEIGHT.to_string(), Value::from(weights[row]));
            }
            if let Some(groups) = &self.groups {
                record.insert(GROUP.to_string(), Value::from(groups[row]));
            }
            lines.extend_from_slice(Value::Object(record).to_string().as_bytes());
            lines.push(b'\n');
        }
        lines
    }
}

/// The name of the rows in errors.
const NAME: &str = "rows";
const TEXT: &str = "text";
const LABEL: &str = "label";
const WEIGHT: &str = "weight";
const GROUP: &str = "group";
