//! Accuracy, confusion matrix, precision, recall and F1 of predictions.
//!
//! The input is `y_true` and `y_pred`, one class id per row, and the names of the labels; the result is an
//! [`Evaluation`]. Source: scikit-learn 1.9.1, `metrics/_classification.py`, with `zero_division=0`.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::interval::wilson_ci95;
use crate::error::{Error, ErrorKind, Result};

/// Precision, recall and F1 of a class, or their average over classes, with the support.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// The share of the rows predicted as the class that belong to it; 0 if none is predicted.
    pub precision: f64,
    /// The share of the rows of the class that are predicted as the class; 0 if there is none.
    pub recall: f64,
    /// The harmonic mean of precision and recall; 0 if the class is neither true nor predicted anywhere.
    pub f1: f64,
    /// The number of rows of the class; for an average, of all classes.
    pub support: usize,
}

/// The agreement of predictions with the truth.
///
/// As JSON: `accuracy`, `accuracy_ci95`, `confusion_matrix`, `per_class` (an object in the order of the labels), `macro`
/// and `weighted`.
///
/// ```
/// use clsify::evaluation::Evaluation;
/// let labels = ["negative".to_string(), "positive".to_string()];
/// let evaluation = Evaluation::from_predictions(&[0, 1, 1, 1], &[0, 1, 0, 1], &labels)?;
/// assert_eq!(evaluation.accuracy, 0.75);
/// assert_eq!(evaluation.confusion_matrix, [[1, 0], [1, 2]]);
/// let (label, scores) = &evaluation.per_class[1];
/// assert_eq!((label.as_str(), scores.precision, scores.support), ("positive", 1.0, 3));
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The share of the rows that are predicted correctly.
    pub accuracy: f64,
    /// Wilson's 95 % interval of the accuracy, `[low, high]`.
    pub accuracy_ci95: [f64; 2],
    /// `[n_labels][n_labels]` rows: true class, then predicted class, both in the order of the labels.
    pub confusion_matrix: Vec<Vec<usize>>,
    /// Every label with its scores, in the order of the labels, including labels that no row has.
    #[serde(with = "ordered_map")]
    pub per_class: Vec<(String, Scores)>,
    /// The mean over the classes.
    ///
    /// As in scikit-learn's `classification_report`, a class that is neither true nor predicted anywhere is left out.
    #[serde(rename = "macro")]
    pub macro_average: Scores,
    /// The mean over the classes, weighted by their support.
    #[serde(rename = "weighted")]
    pub weighted_average: Scores,
}

impl Evaluation {
    /// Compares predictions with the truth, row by row; `labels[i]` is the name of class id `i`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if there is no row, if the lengths differ, if a class id has no label, or if
    /// two labels are the same.
    pub fn from_predictions(y_true: &[usize], y_pred: &[usize], labels: &[String]) -> Result<Self> {
        let n_rows = y_true.len();
        if y_pred.len() != n_rows {
            return Err(
                invalid(format!("expected {n_rows} rows as in y_true, got {}", y_pred.len())).at("y_pred")
            );
        }
        if n_rows == 0 {
            return Err(invalid("expected at least 1 row, got 0".to_string()).at("y_true"));
        }
        check_labels(labels)?;
        for (class_ids, name) in [(y_true, "y_true"), (y_pred, "y_pred")] {
            if let Some(row) = class_ids.iter().position(|&class_id| class_id >= labels.len()) {
                let message = format!("expected a class id below {}, got {}", labels.len(), class_ids[row]);
                return Err(invalid(message).at(format!("{name}: row {row}")));
            }
        }

        let mut confusion_matrix = vec![vec![0; labels.len()]; labels.len()];
        for (&truth, &prediction) in y_true.iter().zip(y_pred) {
            confusion_matrix[truth][prediction] += 1;
        }
        let n_correct = (0..labels.len()).map(|i| confusion_matrix[i][i]).sum();

        let mut per_class = Vec::with_capacity(labels.len());
        let mut occurring = Vec::new();
        for (class_id, label) in labels.iter().enumerate() {
            let support: usize = confusion_matrix[class_id].iter().sum();
            let predicted: usize = confusion_matrix.iter().map(|row| row[class_id]).sum();
            let right = confusion_matrix[class_id][class_id];
            let scores = Scores {
                precision: ratio(right, predicted),
                recall: ratio(right, support),
                f1: ratio(2 * right, support + predicted),
                support,
            };
            if support + predicted > 0 {
                occurring.push(scores);
            }
            per_class.push((label.clone(), scores));
        }

        Ok(Evaluation {
            accuracy: ratio(n_correct, n_rows),
            accuracy_ci95: wilson_ci95(n_correct, n_rows)?,
            confusion_matrix,
            per_class,
            macro_average: average(&occurring, |_| 1.0),
            weighted_average: average(&occurring, |scores| scores.support as f64),
        })
    }
}

/// Checks that all labels are distinct.
pub(super) fn check_labels(labels: &[String]) -> Result<()> {
    let mut seen = HashSet::new();
    match labels.iter().find(|label| !seen.insert(label.as_str())) {
        Some(label) => Err(invalid(format!("expected every label once, got {label:?} twice")).at("labels")),
        None => Ok(()),
    }
}

/// The share of the rows that are predicted correctly, weighted by sample weight: scikit-learn's
/// `accuracy_score(y_true, y_pred, sample_weight=...)`. `None` if the lengths differ or no weight is positive.
///
/// ```
/// let accuracy = clsify::evaluation::weighted_accuracy(&[0, 1, 1], &[0, 1, 0], &[1.0, 2.0, 5.0]);
/// assert_eq!(accuracy, Some(0.375));
/// ```
pub fn weighted_accuracy(y_true: &[usize], y_pred: &[usize], sample_weight: &[f64]) -> Option<f64> {
    let total: f64 = sample_weight.iter().sum();
    if y_true.len() != y_pred.len() || y_true.len() != sample_weight.len() || total <= 0.0 {
        return None;
    }
    let rows = y_true.iter().zip(y_pred).zip(sample_weight);
    let right: f64 = rows.filter(|((y, p), _)| y == p).map(|(_, weight)| weight).sum();
    Some(right / total)
}

/// `part / whole`, and 0 if `whole` is 0.
pub(super) fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The weighted mean of scores, at least one of which has a positive weight.
fn average(scores: &[Scores], weight: impl Fn(&Scores) -> f64) -> Scores {
    let total: f64 = scores.iter().map(&weight).sum();
    let mean = |value: fn(&Scores) -> f64| {
        // Rounding may lift a mean of ones above 1.
        (scores.iter().map(|scores| weight(scores) * value(scores)).sum::<f64>() / total).min(1.0)
    };
    Scores {
        precision: mean(|scores| scores.precision),
        recall: mean(|scores| scores.recall),
        f1: mean(|scores| scores.f1),
        support: scores.iter().map(|scores| scores.support).sum(),
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

/// Pairs of a name and scores as a JSON object that keeps their order.
pub(super) mod ordered_map {
    use std::fmt;

    use serde::de::{Deserializer, MapAccess, Visitor};
    use serde::ser::Serializer;

    use super::Scores;

    pub(in super::super) fn serialize<S: Serializer>(
        pairs: &[(String, Scores)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(pairs.iter().map(|(label, scores)| (label, scores)))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<(String, Scores)>, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Vec<(String, Scores)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object from labels to scores")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(pairs)
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}
