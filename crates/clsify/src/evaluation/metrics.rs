//! Scores of classes or of label sets, for reports that may contain either.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::class_metrics::Evaluation;
use super::label_set_metrics::MultiLabelEvaluation;

/// Scores of either form; in JSON there is no wrapper around them.
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
    /// The scores for one class per row.
    Classes(Evaluation),
    /// The scores for label sets.
    LabelSets(MultiLabelEvaluation),
}

impl Metrics {
    /// The share of rows that are predicted correctly; for label sets, the subset accuracy.
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

    /// The scores for one class per row; `None` for label sets.
    pub fn classes(&self) -> Option<&Evaluation> {
        match self {
            Metrics::Classes(evaluation) => Some(evaluation),
            Metrics::LabelSets(_) => None,
        }
    }

    /// The scores for label sets; `None` for one class per row.
    pub fn label_sets(&self) -> Option<&MultiLabelEvaluation> {
        match self {
            Metrics::Classes(_) => None,
            Metrics::LabelSets(evaluation) => Some(evaluation),
        }
    }
}

impl<'de> Deserialize<'de> for Metrics {
    /// A key that only one of the two has decides, so that an error is about the intended form.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        let metrics = match json.get("subset_accuracy") {
            Some(_) => serde_json::from_value(json).map(Metrics::LabelSets),
            None => serde_json::from_value(json).map(Metrics::Classes),
        };
        metrics.map_err(D::Error::custom)
    }
}
