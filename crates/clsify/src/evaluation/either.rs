//! Scores of one class a row, or of label sets, where a report may hold either.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::metrics::Evaluation;
use super::multi_label::MultiLabelEvaluation;

/// Scores of either form; as JSON those of the form alone.
///
/// ```
/// use clsify::evaluation::{Evaluation, Metrics};
/// let labels = ["no".to_string(), "yes".to_string()];
/// let metrics = Metrics::Classes(Evaluation::from_predictions(&[0, 1, 1], &[0, 1, 0], &labels)?);
/// assert_eq!(metrics.accuracy(), 2.0 / 3.0);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Metrics {
    /// Of one class a row.
    Classes(Evaluation),
    /// Of label sets.
    LabelSets(MultiLabelEvaluation),
}

impl Metrics {
    /// The share of rows that are predicted right; of label sets, right as a whole.
    pub fn accuracy(&self) -> f64 {
        match self {
            Metrics::Classes(evaluation) => evaluation.accuracy,
            Metrics::LabelSets(evaluation) => evaluation.subset_accuracy,
        }
    }

    /// The mean F1 of the classes or labels.
    pub fn f1_macro(&self) -> f64 {
        match self {
            Metrics::Classes(evaluation) => evaluation.macro_average.f1,
            Metrics::LabelSets(evaluation) => evaluation.macro_average.f1,
        }
    }

    /// The scores of one class a row; `None` for label sets.
    pub fn classes(&self) -> Option<&Evaluation> {
        match self {
            Metrics::Classes(evaluation) => Some(evaluation),
            Metrics::LabelSets(_) => None,
        }
    }

    /// The scores of label sets; `None` for one class a row.
    pub fn label_sets(&self) -> Option<&MultiLabelEvaluation> {
        match self {
            Metrics::Classes(_) => None,
            Metrics::LabelSets(evaluation) => Some(evaluation),
        }
    }
}

impl<'de> Deserialize<'de> for Metrics {
    /// By a key that only one of the two has, so that an error is about the form that is meant.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        let metrics = match json.get("subset_accuracy") {
            Some(_) => serde_json::from_value(json).map(Metrics::LabelSets),
            None => serde_json::from_value(json).map(Metrics::Classes),
        };
        metrics.map_err(D::Error::custom)
    }
}
