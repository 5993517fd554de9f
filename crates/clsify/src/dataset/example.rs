//! One record of a file: what every reader gives.

use super::damage_kind::DamageKind;
use super::messages::quoted;
use crate::error::{Error, ErrorKind, Result};

/// One record.
pub(super) struct Example {
    pub(super) sentence: String,
    /// Empty when labels are not wanted; the whole cell when it may hold several.
    pub(super) label: String,
    pub(super) line: usize,
    /// How much it counts, where a column says so.
    pub(super) weight: Option<f64>,
    /// What stands there instead of a weight.
    bad_weight: Option<String>,
    /// What it belongs together with, where a column says so; empty where nothing stands there.
    pub(super) group: Option<String>,
    /// What is wrong with its label columns.
    pub(super) bad_label: Option<String>,
    /// True if `label` is a cell of any number of labels.
    is_cell: bool,
}

impl Example {
    /// A record as it stands; `label` is `None` when labels are not wanted.
    pub(super) fn new(line: usize, sentence: &str, label: Option<&str>) -> Self {
        let label = label.map_or(String::new(), |label| label.trim().to_string());
        let sentence = sentence.to_string();
        Example {
            sentence,
            label,
            line,
            weight: None,
            bad_weight: None,
            group: None,
            bad_label: None,
            is_cell: false,
        }
    }

    /// What is wrong with the record, in a word and in an error that does not know the place.
    pub(super) fn fault(&self, labelled: bool) -> Option<(DamageKind, Error)> {
        let error = |message: &str| Error::new(ErrorKind::Dataset, message);
        Some(if self.sentence.is_empty() {
            (DamageKind::EmptySentence, error("expected a sentence, got an empty one"))
        } else if labelled && self.sentence.trim().is_empty() {
            (DamageKind::EmptySentence, error("expected a sentence, got only whitespace"))
        } else if let Some(text) = &self.bad_weight {
            let message = format!("expected a weight, a number of at least 0, got {}", quoted(text));
            (DamageKind::BadWeight, error(&message))
        } else if self.group.as_ref().is_some_and(String::is_empty) {
            (DamageKind::EmptyGroup, error("expected a group, got an empty cell in the group column"))
        } else if let Some(message) = &self.bad_label {
            (DamageKind::BadLabel, error(message))
        } else if labelled && self.label.is_empty() && !self.is_cell {
            let hint = "if a sentence may have several labels or none, add --multi-label";
            (DamageKind::EmptyLabel, error("expected a label, got an empty one").with_hint(hint))
        } else {
            return None;
        })
    }

    /// The same, where a word is not needed.
    pub(super) fn check(&self, labelled: bool) -> Result<()> {
        self.fault(labelled).map_or(Ok(()), |(_, error)| Err(error))
    }

    /// The same record with its weight, a finite number of at least 0; [`fault`](Self::fault) tells of another.
    pub(super) fn weighted(self, weight: Option<&str>) -> Self {
        let Some(text) = weight.map(str::trim) else { return self };
        match text.parse::<f64>() {
            Ok(weight) if weight.is_finite() && weight >= 0.0 => Example { weight: Some(weight), ..self },
            _ => Example { bad_weight: Some(text.to_string()), ..self },
        }
    }

    /// The same record with its group; [`fault`](Self::fault) tells of an empty one.
    pub(super) fn grouped(self, group: Option<&str>) -> Self {
        Example { group: group.map(|group| group.trim().to_string()), ..self }
    }

    /// A record whose label cell may be empty and is not taken apart.
    pub(super) fn with_cell(line: usize, sentence: &str, cell: &str) -> Self {
        Example { is_cell: true, ..Example::new(line, sentence, Some(cell)) }
    }
}

/// A record as it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fields {
    /// The cells of a row; one cell where a line is a sentence, none where the row could not be taken apart.
    Row(Vec<String>),
    /// The text of a JSON object, or of whatever stands in its place.
    Object(String),
}
