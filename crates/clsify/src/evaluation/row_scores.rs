//! Scores for comparing choices, row by row.
//!
//! A score is the mean of one number per row, so that two choices can be compared on the same rows and scored on any
//! resampling of them. Accuracy and log loss are such means. F1 is not: see [`f1_rows`](super::f1_rows).
//!
//! With weights `w`, the score is `Σ w x / Σ w`, and a row's number is given by the infinitesimal jackknife: the
//! score plus `n w / Σ w` times the difference between the row's own `x` and the score. The mean of these numbers is
//! the score, and their spread its error. With equal weights a row's number is its `x`. Source: Efron and Tibshirani
//! (1993), "An introduction to the bootstrap", chapters 11 and 21.

use super::f1_rows::{Answer, Average, f1};
use super::label_issues::softmax;
use super::scoring::Scoring;
use crate::targets::LabelIndicator;

/// A score, and the contribution of each row; higher is always better, so a log loss is negated.
#[derive(Debug, Clone, PartialEq)]
pub struct RowScores {
    /// The score over all rows.
    pub score: f64,
    /// One number per row; their mean is the score, for F1 approximately.
    pub rows: Vec<f64>,
}

impl RowScores {
    /// Scores logits `[n_samples, n_classes]` in the form of [`out_of_fold_logits`](super::out_of_fold_logits), for
    /// rows with one class each. Weights are at least 0, and one is positive; `None`: equal weights.
    ///
    /// ```
    /// use clsify::evaluation::{RowScores, Scoring};
    /// let of = |weights| RowScores::of_classes(Scoring::Accuracy, &[0.0, 1.0, 0.0, 1.0], &[1, 0], 2, weights);
    /// assert_eq!((of(None).score, &of(None).rows[..]), (0.5, &[1.0, 0.0][..]));
    /// assert_eq!(of(Some(&[3.0, 1.0])).score, 0.75);
    /// ```
    ///
    /// # Panics
    /// Panics if the number of logits is not that of rows times classes, or the number of weights not that of rows.
    pub fn of_classes(
        scoring: Scoring,
        logits: &[f64],
        y_true: &[usize],
        n_classes: usize,
        sample_weight: Option<&[f64]>,
    ) -> Self {
        assert_eq!(logits.len(), y_true.len() * n_classes, "expected {n_classes} logits per row");
        let rows = || logits.chunks_exact(n_classes).zip(y_true);
        let top = |row: &[f64]| (1..n_classes).fold(0, |top, k| if row[k] > row[top] { k } else { top });
        match scoring {
            // With one answer per row, micro F1 is the share of correct answers.
            Scoring::Accuracy | Scoring::F1Micro => {
                let right = rows().map(|(row, &y)| f64::from(u8::from(top(row) == y)));
                Self::mean(right.collect(), sample_weight)
            }
            Scoring::LogLoss => {
                let probabilities = softmax(logits, n_classes);
                let of_truth = probabilities.chunks_exact(n_classes).zip(y_true).map(|(row, &y)| row[y]);
                Self::mean(of_truth.map(ln_kept_away).collect(), sample_weight)
            }
            Scoring::F1Macro => {
                let y_pred: Vec<usize> = rows().map(|(row, _)| top(row)).collect();
                let answers = |row: usize| {
                    let (y, p) = (y_true[row], y_pred[row]);
                    let of_truth = Answer { label: y, is_true: true, is_given: y == p };
                    let of_prediction = Answer { label: p, is_true: false, is_given: true };
                    std::iter::once(of_truth).chain((y != p).then_some(of_prediction))
                };
                let shape = (y_true.len(), n_classes);
                let (score, rows) = f1(answers, shape, Average::MacroOfPresent, sample_weight);
                RowScores { score, rows }
            }
        }
    }

    /// Scores logits `[n_samples, n_labels]` for rows with any number of labels each; a label is predicted if its
    /// logit is above 0, which is a probability above 0.5. Weights as for [`of_classes`](Self::of_classes).
    ///
    /// Accuracy is subset accuracy; macro F1 is over all labels; log loss is the mean over rows of the mean over
    /// labels.
    ///
    /// ```
    /// use clsify::{targets::LabelIndicator, evaluation::{RowScores, Scoring}};
    /// let y_true = LabelIndicator::from_sets(&[vec![0, 1], vec![1]], 2)?;
    /// let of = |scoring| RowScores::of_label_sets(scoring, &[1.0, -1.0, -1.0, 1.0], &y_true, None).score;
    /// assert_eq!((of(Scoring::Accuracy), of(Scoring::F1Micro)), (0.5, 0.8));
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    ///
    /// # Panics
    /// As for [`of_classes`](Self::of_classes).
    pub fn of_label_sets(
        scoring: Scoring,
        logits: &[f64],
        y_true: &LabelIndicator,
        sample_weight: Option<&[f64]>,
    ) -> Self {
        let (n, n_labels) = (y_true.n_samples(), y_true.n_labels());
        assert_eq!(logits.len(), n * n_labels, "expected {n_labels} logits per row");
        let rows = || logits.chunks_exact(n_labels).zip(y_true.rows());
        let f1 = |average: Average| {
            let answers = |row: usize| {
                let cells = logits[row * n_labels..][..n_labels].iter().zip(y_true.row(row)).enumerate();
                let of_cell = |(label, (&z, &is_true)): (usize, (&f64, &bool))| Answer {
                    label,
                    is_true,
                    is_given: z > 0.0,
                };
                cells.map(of_cell).filter(|answer| answer.is_true || answer.is_given)
            };
            let (score, rows) = f1(answers, (n, n_labels), average, sample_weight);
            RowScores { score, rows }
        };
        match scoring {
            Scoring::Accuracy => {
                let is_right = |(row, truth): (&[f64], &[bool])| {
                    f64::from(u8::from(row.iter().zip(truth).all(|(&z, &is_true)| (z > 0.0) == is_true)))
                };
                Self::mean(rows().map(is_right).collect(), sample_weight)
            }
            Scoring::LogLoss => {
                let of_truth = |(&z, &is_true): (&f64, &bool)| {
                    ln_kept_away(1.0 / (1.0 + (if is_true { -z } else { z }).exp()))
                };
                let of_row = |(row, truth): (&[f64], &[bool])| {
                    row.iter().zip(truth).map(of_truth).sum::<f64>() / n_labels as f64
                };
                Self::mean(rows().map(of_row).collect(), sample_weight)
            }
            Scoring::F1Macro => f1(Average::Macro),
            Scoring::F1Micro => f1(Average::Micro),
        }
    }

    /// The mean of one number per row, weighted by sample weight.
    pub(crate) fn mean(mut rows: Vec<f64>, sample_weight: Option<&[f64]>) -> Self {
        let n = rows.len() as f64;
        let Some(weights) = sample_weight else {
            return RowScores { score: rows.iter().sum::<f64>() / n, rows };
        };
        assert_eq!(weights.len(), rows.len(), "expected a weight for every row");
        let total: f64 = weights.iter().sum();
        let score = rows.iter().zip(weights).map(|(x, weight)| weight * x).sum::<f64>() / total;
        rows.iter_mut().zip(weights).for_each(|(x, weight)| *x = score + n * weight / total * (*x - score));
        RowScores { score, rows }
    }

    /// The standard error of the score.
    pub fn standard_error(&self) -> f64 {
        standard_error(self.rows.iter().copied())
    }

    /// The difference from another score on the same rows, and the standard error of that difference, computed row by
    /// row: choices are correct and wrong on much the same rows, so their difference is known more precisely than
    /// either score.
    ///
    /// ```
    /// use clsify::evaluation::RowScores;
    /// let of = |rows: &[f64]| RowScores { score: rows.iter().sum::<f64>() / 4.0, rows: rows.to_vec() };
    /// let (above, error) = of(&[1.0, 1.0, 0.0, 1.0]).above(&of(&[1.0, 0.0, 0.0, 1.0]));
    /// assert_eq!((above, error), (0.25, 0.25));
    /// ```
    pub fn above(&self, other: &RowScores) -> (f64, f64) {
        let differences = self.rows.iter().zip(&other.rows).map(|(a, b)| a - b);
        (self.score - other.score, standard_error(differences))
    }
}

/// Clipped away from 0 and 1 as in [`log_loss`](super::log_loss).
fn ln_kept_away(probability: f64) -> f64 {
    probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
}

/// The standard error of a mean.
fn standard_error(numbers: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = numbers.clone().count() as f64;
    let mean = numbers.clone().sum::<f64>() / n;
    let variance = numbers.map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    (variance / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logits of which those of the predicted classes are the largest.
    fn logits(predicted: &[usize], n_classes: usize) -> Vec<f64> {
        predicted.iter().flat_map(|&p| (0..n_classes).map(move |k| if k == p { 2.0 } else { 0.5 })).collect()
    }

    /// Oracle: the definition, leaving out each row in turn. Tolerance: rounding times the number of rows.
    #[test]
    fn pseudo_values_leave_each_row_out() {
        let y = [0, 0, 1, 1, 1, 2, 0, 1, 3];
        let p = [0, 1, 1, 1, 2, 2, 0, 0, 1];
        let f1 = |y: &[usize], p: &[usize]| -> f64 {
            let classes: Vec<usize> = (0..4).filter(|k| y.contains(k) || p.contains(k)).collect();
            let of = |k: usize| {
                let both = y.iter().zip(p).filter(|&(&y, &p)| y == k && p == k).count() as f64;
                let either = y.iter().chain(p).filter(|&&id| id == k).count() as f64;
                2.0 * both / either
            };
            classes.iter().map(|&k| of(k)).sum::<f64>() / classes.len() as f64
        };
        let scores = RowScores::of_classes(Scoring::F1Macro, &logits(&p, 4), &y, 4, None);
        assert!((scores.score - f1(&y, &p)).abs() < 1e-15);
        for i in 0..y.len() {
            let rest = |ids: &[usize]| [&ids[..i], &ids[i + 1..]].concat();
            let expected = 9.0 * f1(&y, &p) - 8.0 * f1(&rest(&y), &rest(&p));
            assert!((scores.rows[i] - expected).abs() < 1e-13, "row {i}: {} {expected}", scores.rows[i]);
        }
    }

    /// Oracle: `log_loss`, with the opposite sign. Tolerance: rounding.
    #[test]
    fn log_loss_is_the_mean_of_its_rows() {
        let (logits, y) = ([0.3, -0.2, 5.0, f64::NEG_INFINITY, 1.0, 1.0], [0, 1, 1]);
        let scores = RowScores::of_classes(Scoring::LogLoss, &logits, &y, 2, None);
        let probabilities = softmax(&logits, 2);
        let expected = super::super::log_loss(&probabilities, &y, 2).unwrap();
        assert!((scores.score + expected).abs() < 1e-12, "{} {expected}", scores.score);
    }

    /// Oracle: by hand; of four rows one is correct for the first only.
    #[test]
    fn differences_are_of_the_same_rows() {
        let of = |predicted: &[usize]| {
            RowScores::of_classes(Scoring::Accuracy, &logits(predicted, 2), &[1, 1, 1, 1], 2, None)
        };
        assert_eq!(of(&[1, 1, 0, 1]).above(&of(&[1, 0, 0, 1])), (0.25, 0.25));
        assert_eq!(of(&[1, 0, 0, 1]).above(&of(&[1, 0, 0, 1])), (0.0, 0.0));
    }
}
