//! One record of a file, as returned by every reader.

use super::damage_kind::DamageKind;
use super::messages::quoted;
use crate::error::{Error, ErrorKind, Result};

/// One record.
pub(super) struct Example {
    pub(super) sentence: String,
    /// Empty if labels are not needed; the whole cell if it may contain several labels.
    pub(super) label: String,
    pub(super) line: usize,
    /// The weight, if there is a weight column.
    pub(super) weight: Option<f64>,
    /// The text of an invalid weight.
    bad_weight: Option<String>,
    /// The group, if there is a group column; empty if the cell is empty.
    pub(super) group: Option<String>,
    /// The error in its label columns.
    pub(super) bad_label: Option<String>,
    /// True if `label` is a cell with any number of labels.
    is_cell: bool,
}

impl Example {
    /// Creates a record; `label` is `None` if labels are not needed.
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

    /// The damage of the record: its kind, and an error without the place.
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

    /// Fails if the record is damaged.
    pub(super) fn check(&self, labelled: bool) -> Result<()> {
        self.fault(labelled).map_or(Ok(()), |(_, error)| Err(error))
    }

    /// Adds the weight, a finite number of at least 0; [`fault`](Self::fault) reports any other text.
    pub(super) fn weighted(self, weight: Option<&str>) -> Self {
        let Some(text) = weight.map(str::trim) else { return self };
        match text.parse::<f64>() {
            Ok(weight) if weight.is_finite() && weight >= 0.0 => Example { weight: Some(weight), ..self },
            _ => Example { bad_weight: Some(text.to_string()), ..self },
        }
    }

    /// Adds the group; [`fault`](Self::fault) reports an empty one.
    pub(super) fn grouped(self, group: Option<&str>) -> Self {
        Example { group: group.map(|group| group.trim().to_string()), ..self }
    }

    /// Creates a record whose label cell may be empty and is not split.
    pub(super) fn with_cell(line: usize, sentence: &str, cell: &str) -> Self {
        Example { is_cell: true, ..Example::new(line, sentence, Some(cell)) }
    }
}

/// The fields of a record as they are in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fields {
    /// The cells of a row; one cell if a line is a sentence, none if the row could not be split.
    Row(Vec<String>),
    /// The text of a JSON object, or of a malformed record in its place.
    Object(String),
}
