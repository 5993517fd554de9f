//! What a choice is judged by, row by row.
//!
//! A score is the mean of a number of each row, so that two choices can be compared on the same rows and scored on any
//! resampling of them. Accuracy and log loss are such means. Macro F1 is not: its numbers are the jackknife's
//! pseudo-values `n f - (n - 1) f(without the row)`, whose mean is the score but for a bias of order 1 / n.
//! Source: Efron and Tibshirani (1993), "An introduction to the bootstrap", chapter 11.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::label_issues::softmax;
use crate::error::{Error, ErrorKind, Result};

/// What a choice is judged by; the names are scikit-learn's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scoring {
    /// The share of rows that are predicted right.
    #[default]
    Accuracy,
    /// The mean over classes of F1: every class counts the same, however few rows it has.
    F1Macro,
    /// The mean of `-ln` of the true class's probability; less is better.
    LogLoss,
}

impl Scoring {
    /// Whether more is better.
    pub fn is_more_better(self) -> bool {
        self != Scoring::LogLoss
    }
}

impl fmt::Display for Scoring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Scoring::Accuracy => "accuracy",
            Scoring::F1Macro => "f1_macro",
            Scoring::LogLoss => "log_loss",
        })
    }
}

impl FromStr for Scoring {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Scoring::Accuracy, Scoring::F1Macro, Scoring::LogLoss]
            .into_iter()
            .find(|scoring| scoring.to_string() == text)
            .ok_or_else(|| {
                let message = format!("expected accuracy, f1_macro or log_loss, got {text:?}");
                Error::new(ErrorKind::InvalidArgument, message)
            })
    }
}

/// A score, and what each row adds to it; more is better in all of them, so a log loss is negative.
#[derive(Debug, Clone, PartialEq)]
pub struct RowScores {
    /// The score over all rows.
    pub score: f64,
    /// One number a row; their mean is the score, of macro F1 nearly.
    pub rows: Vec<f64>,
}

impl RowScores {
    /// Of logits `[n_samples, n_classes]`, as [`out_of_fold_logits`](super::out_of_fold_logits) gives them.
    ///
    /// ```
    /// use clsify::evaluation::{RowScores, Scoring};
    /// let scores = RowScores::of(Scoring::Accuracy, &[0.0, 1.0, 0.0, 1.0], &[1, 0], 2);
    /// assert_eq!((scores.score, &scores.rows[..]), (0.5, &[1.0, 0.0][..]));
    /// ```
    ///
    /// # Panics
    /// When logits and classes do not go together.
    pub fn of(scoring: Scoring, logits: &[f64], y_true: &[usize], n_classes: usize) -> Self {
        assert_eq!(logits.len(), y_true.len() * n_classes, "expected {n_classes} logits a row");
        let rows = || logits.chunks_exact(n_classes).zip(y_true);
        let top = |row: &[f64]| (1..n_classes).fold(0, |top, k| if row[k] > row[top] { k } else { top });
        match scoring {
            Scoring::Accuracy => {
                Self::mean(rows().map(|(row, &y)| f64::from(u8::from(top(row) == y))).collect())
            }
            Scoring::LogLoss => {
                // Kept away from 0 and 1 as in `log_loss`.
                let probabilities = softmax(logits, n_classes);
                let of_truth = probabilities.chunks_exact(n_classes).zip(y_true).map(|(row, &y)| row[y]);
                Self::mean(of_truth.map(|p| p.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()).collect())
            }
            Scoring::F1Macro => {
                f1_macro(y_true, &rows().map(|(row, _)| top(row)).collect::<Vec<_>>(), n_classes)
            }
        }
    }

    fn mean(rows: Vec<f64>) -> Self {
        RowScores { score: rows.iter().sum::<f64>() / rows.len() as f64, rows }
    }

    /// The standard error of the score.
    pub fn standard_error(&self) -> f64 {
        standard_error(self.rows.iter().copied())
    }

    /// By how much this score is above another on the same rows, and the standard error of that, row by row: choices are right
    /// and wrong on much the same rows, so that their difference is known better than either score.
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

/// Of a mean.
fn standard_error(numbers: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = numbers.clone().count() as f64;
    let mean = numbers.clone().sum::<f64>() / n;
    let variance = numbers.map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    (variance / n).sqrt()
}

/// Macro F1 over the classes that occur among `y_true` and `y_pred`, as scikit-learn's.
fn f1_macro(y_true: &[usize], y_pred: &[usize], n_classes: usize) -> RowScores {
    // Of each class: rows that are both, and rows of either.
    let (mut hits, mut sizes) = (vec![0i64; n_classes], vec![0i64; n_classes]);
    for (&y, &p) in y_true.iter().zip(y_pred) {
        sizes[y] += 1;
        sizes[p] += 1;
        hits[y] += i64::from(y == p);
    }
    let f1 = |hits: i64, size: i64| if size > 0 { 2.0 * hits as f64 / size as f64 } else { 0.0 };
    let sum: f64 = (0..n_classes).map(|k| f1(hits[k], sizes[k])).sum();
    let n_present = sizes.iter().filter(|&&size| size > 0).count();
    let score = sum / n_present as f64;

    let without = |y: usize, p: usize| {
        let (mut sum, mut n_present) = (sum, n_present);
        let mut change = |k: usize, hit: i64, size: i64| {
            sum += f1(hits[k] - hit, sizes[k] - size) - f1(hits[k], sizes[k]);
            n_present -= usize::from(sizes[k] == size);
        };
        if y == p {
            change(y, 1, 2);
        } else {
            change(y, 0, 1);
            change(p, 0, 1);
        }
        sum / n_present.max(1) as f64
    };
    let n = y_true.len() as f64;
    let rows = y_true.iter().zip(y_pred).map(|(&y, &p)| n * score - (n - 1.0) * without(y, p)).collect();
    RowScores { score, rows }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logits whose largest is that of a class.
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
        let scores = RowScores::of(Scoring::F1Macro, &logits(&p, 4), &y, 4);
        assert!((scores.score - f1(&y, &p)).abs() < 1e-15);
        for i in 0..y.len() {
            let rest = |ids: &[usize]| [&ids[..i], &ids[i + 1..]].concat();
            let expected = 9.0 * f1(&y, &p) - 8.0 * f1(&rest(&y), &rest(&p));
            assert!((scores.rows[i] - expected).abs() < 1e-13, "row {i}: {} {expected}", scores.rows[i]);
        }
    }

    /// Oracle: `log_loss`, whose sign is the other one. Tolerance: rounding.
    #[test]
    fn log_loss_is_the_mean_of_its_rows() {
        let (logits, y) = ([0.3, -0.2, 5.0, f64::NEG_INFINITY, 1.0, 1.0], [0, 1, 1]);
        let scores = RowScores::of(Scoring::LogLoss, &logits, &y, 2);
        let probabilities = softmax(&logits, 2);
        let expected = super::super::log_loss(&probabilities, &y, 2).unwrap();
        assert!((scores.score + expected).abs() < 1e-12, "{} {expected}", scores.score);
    }

    /// Oracle: by hand: of four rows one is right for the first alone.
    #[test]
    fn differences_are_of_the_same_rows() {
        let of =
            |predicted: &[usize]| RowScores::of(Scoring::Accuracy, &logits(predicted, 2), &[1, 1, 1, 1], 2);
        assert_eq!(of(&[1, 1, 0, 1]).above(&of(&[1, 0, 0, 1])), (0.25, 0.25));
        assert_eq!(of(&[1, 0, 0, 1]).above(&of(&[1, 0, 0, 1])), (0.0, 0.0));
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for scoring in [Scoring::Accuracy, Scoring::F1Macro, Scoring::LogLoss] {
            assert_eq!(scoring.to_string().parse::<Scoring>().unwrap(), scoring);
        }
        assert!("f1".parse::<Scoring>().is_err());
    }
}
