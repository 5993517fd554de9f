//! Scores of predicted label sets.
//!
//! The input is `y_true` and `y_pred`, an indicator matrix each, and the names of the labels; the result is a
//! [`MultiLabelEvaluation`]. Source: scikit-learn 1.9.1, `precision_recall_fscore_support`, `hamming_loss` and
//! `accuracy_score` of indicator matrices, with `zero_division=0`.

use serde::{Deserialize, Serialize};

use super::class_metrics::{Scores, check_labels, ordered_map, ratio};
use super::interval::wilson_ci95;
use super::ratio_score::RatioScore;
use crate::error::{Error, ErrorKind, Result};
use crate::targets::LabelIndicator;

/// The agreement of predicted label sets with the true ones.
///
/// ```
/// use clsify::{targets::LabelIndicator, evaluation::MultiLabelEvaluation};
/// let labels = ["politics".to_string(), "sport".to_string()];
/// let y_true = LabelIndicator::from_sets(&[vec![0, 1], vec![1], vec![]], 2)?;
/// let y_pred = LabelIndicator::from_sets(&[vec![0], vec![1], vec![]], 2)?;
/// let evaluation = MultiLabelEvaluation::from_predictions(&y_true, &y_pred, &labels)?;
/// assert_eq!(evaluation.hamming_loss, 1.0 / 6.0);
/// assert_eq!(evaluation.micro_average.f1, 0.8);
/// assert_eq!(evaluation.subset_accuracy, 2.0 / 3.0);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MultiLabelEvaluation {
    /// The number of rows.
    pub n_samples: usize,
    /// The share of the rows whose label set is predicted exactly.
    pub subset_accuracy: f64,
    /// Wilson's 95 % interval of the subset accuracy, `[low, high]`.
    pub subset_accuracy_ci95: [f64; 2],
    /// The share of wrong answers among the `n_samples x n_labels` yes-or-no answers.
    pub hamming_loss: f64,
    /// Every label with its scores, in the order of the labels, including labels that no row has.
    #[serde(with = "ordered_map")]
    pub per_label: Vec<(String, Scores)>,
    /// The scores of all answers together: frequent labels have more influence.
    #[serde(rename = "micro")]
    pub micro_average: Scores,
    /// The mean over all labels, including those neither true nor predicted anywhere, whose scores are 0.
    #[serde(rename = "macro")]
    pub macro_average: Scores,
    /// The mean over the labels, weighted by their support.
    #[serde(rename = "weighted")]
    pub weighted_average: Scores,
    /// The mean over the rows; a row without a label scores 0, as in scikit-learn, even if none is predicted.
    #[serde(rename = "samples")]
    pub samples_average: Scores,
}

impl MultiLabelEvaluation {
    /// Compares predictions with the truth, row by row; `labels[i]` is the name of label id `i`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if there is no row, the shapes differ, or two labels are the same.
    pub fn from_predictions(
        y_true: &LabelIndicator,
        y_pred: &LabelIndicator,
        labels: &[String],
    ) -> Result<Self> {
        let (n_samples, n_labels) = (y_true.n_samples(), labels.len());
        for (name, indicator) in [("y_true", y_true), ("y_pred", y_pred)] {
            let shape = [indicator.n_samples(), indicator.n_labels()];
            if shape != [n_samples, n_labels] {
                let expected = [n_samples, n_labels];
                return Err(invalid(format!("expected shape {expected:?}, got {shape:?}")).at(name));
            }
        }
        if n_samples == 0 {
            return Err(invalid("expected at least 1 row, got 0".to_string()).at("y_true"));
        }
        check_labels(labels)?;

        let mut of_label = vec![Counts::default(); n_labels];
        let mut n_exact = 0;
        let mut samples_average = Scores { precision: 0.0, recall: 0.0, f1: 0.0, support: 0 };
        for (truth, prediction) in y_true.rows().zip(y_pred.rows()) {
            let mut of_row = Counts::default();
            for ((&truth, &prediction), of_label) in truth.iter().zip(prediction).zip(&mut of_label) {
                of_row.add(truth, prediction);
                of_label.add(truth, prediction);
            }
            n_exact += usize::from(truth == prediction);
            let scores = of_row.scores();
            samples_average.precision += scores.precision / n_samples as f64;
            samples_average.recall += scores.recall / n_samples as f64;
            samples_average.f1 += scores.f1 / n_samples as f64;
        }
        let all = of_label.iter().fold(Counts::default(), |all, counts| Counts {
            right: all.right + counts.right,
            predicted: all.predicted + counts.predicted,
            support: all.support + counts.support,
        });
        let scores: Vec<Scores> = of_label.iter().map(Counts::scores).collect();
        let support = all.support;
        let n_wrong = all.support + all.predicted - 2 * all.right;
        Ok(MultiLabelEvaluation {
            n_samples,
            subset_accuracy: ratio(n_exact, n_samples),
            subset_accuracy_ci95: wilson_ci95(n_exact, n_samples)?,
            hamming_loss: ratio(n_wrong, n_samples * n_labels),
            micro_average: all.scores(),
            macro_average: average(&scores, support, |_| 1.0),
            weighted_average: average(&scores, support, |scores| scores.support as f64),
            samples_average: Scores { support, ..samples_average },
            per_label: labels.iter().cloned().zip(scores).collect(),
        })
    }
}

/// Scores weighted by sample weight, as in scikit-learn with `sample_weight`.
///
/// ```
/// use clsify::{targets::LabelIndicator, evaluation::WeightedMultiLabelScores};
/// let y_true = LabelIndicator::from_sets(&[vec![0, 1], vec![1]], 2)?;
/// let y_pred = LabelIndicator::from_sets(&[vec![0], vec![1]], 2)?;
/// let scores = WeightedMultiLabelScores::of(&y_true, &y_pred, Some(&[1.0, 3.0]))?;
/// assert_eq!(scores, Some(WeightedMultiLabelScores { subset_accuracy: 0.75, micro_f1: 8.0 / 9.0 }));
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WeightedMultiLabelScores {
    /// The share of the rows whose label set is predicted exactly.
    pub subset_accuracy: f64,
    /// F1 of all answers together.
    pub micro_f1: f64,
}

impl WeightedMultiLabelScores {
    /// `None` if rows have no weights, or none is positive.
    ///
    /// # Errors
    /// As for [`RatioScore::micro_f1`].
    pub fn of(
        y_true: &LabelIndicator,
        y_pred: &LabelIndicator,
        sample_weight: Option<&[f64]>,
    ) -> Result<Option<Self>> {
        let Some(weights) = sample_weight.filter(|weights| weights.iter().any(|&w| w > 0.0)) else {
            return Ok(None);
        };
        Ok(Some(WeightedMultiLabelScores {
            subset_accuracy: RatioScore::accuracy(&exact_rows(y_true, y_pred), Some(weights))?.score(),
            micro_f1: RatioScore::micro_f1(y_true, y_pred, Some(weights))?.score(),
        }))
    }
}

/// True for each row whose label set is predicted exactly, `[n_samples]`.
pub fn exact_rows(y_true: &LabelIndicator, y_pred: &LabelIndicator) -> Vec<bool> {
    y_true.rows().zip(y_pred.rows()).map(|(truth, prediction)| truth == prediction).collect()
}

/// The counts of a label, of a row, or of all answers.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    right: usize,
    predicted: usize,
    support: usize,
}

impl Counts {
    fn add(&mut self, truth: bool, prediction: bool) {
        self.right += usize::from(truth && prediction);
        self.predicted += usize::from(prediction);
        self.support += usize::from(truth);
    }

    fn scores(&self) -> Scores {
        Scores {
            precision: ratio(self.right, self.predicted),
            recall: ratio(self.right, self.support),
            f1: ratio(2 * self.right, self.support + self.predicted),
            support: self.support,
        }
    }
}

/// The weighted mean; 0 if all weights are 0.
fn average(scores: &[Scores], support: usize, weight: impl Fn(&Scores) -> f64) -> Scores {
    let total: f64 = scores.iter().map(&weight).sum();
    let mean = |value: fn(&Scores) -> f64| match total > 0.0 {
        // Rounding may lift a mean of ones above 1.
        true => (scores.iter().map(|scores| weight(scores) * value(scores)).sum::<f64>() / total).min(1.0),
        false => 0.0,
    };
    let [precision, recall, f1] = [mean(|s| s.precision), mean(|s| s.recall), mean(|s| s.f1)];
    Scores { precision, recall, f1, support }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}
