//! A score of held-out rows that is a ratio of two sums, with its confidence interval.
//!
//! The input is each row's contribution to the numerator and to the denominator. For accuracy it is (correct, 1), or
//! with weights (w correct, w); for micro F1 it is (2 x correct labels, predicted + true labels). The results are the
//! score, its interval, and the difference of two scores on the same rows.
//!
//! A ratio is approximately a sum of one number per row, `r = (numerator - score x denominator) / sum of
//! denominators`, so its variance is `sum r^2` (linearisation; Cochran 1977, "Sampling techniques", chapter 6). The
//! variance of an accuracy is `p (1 - p) / n`; the `n` that gives the same variance is the effective number of rows
//! (Korn, Graubard 1998), with which Wilson's interval applies to any such score. Two such intervals give the
//! interval of a difference: Zou, Donner (2008), "Construction of confidence limits about effect measures".
//! Newcombe's method 10 is the case of two accuracies, except for its correction of the correlation.

use serde::Serialize;

use super::interval::wilson;
use crate::error::{Error, ErrorKind, Result};
use crate::targets::LabelIndicator;

/// The contribution of each row to a score.
///
/// ```
/// use clsify::{targets::LabelIndicator, evaluation::RatioScore};
/// let accuracy = RatioScore::accuracy(&[true, true, false, true], None)?;
/// assert_eq!((accuracy.score(), accuracy.effective_rows()), (0.75, 4.0));
/// let by_weight = RatioScore::accuracy(&[true, false], Some(&[3.0, 1.0]))?;
/// assert_eq!(by_weight.score(), 0.75);
/// let y_true = LabelIndicator::from_sets(&[vec![0, 1], vec![1], vec![]], 2)?;
/// let y_pred = LabelIndicator::from_sets(&[vec![0], vec![1], vec![]], 2)?;
/// assert_eq!(RatioScore::micro_f1(&y_true, &y_pred, None)?.score(), 0.8);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RatioScore {
    /// `[n_samples]`: from 0 to the row's denominator.
    numerators: Vec<f64>,
    /// `[n_samples]`.
    denominators: Vec<f64>,
}

impl RatioScore {
    /// The share of correct rows; with weights scikit-learn's `accuracy_score(sample_weight=...)`. A row is correct
    /// if its class, or its whole label set (subset accuracy), is correct.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if there is no row, if the lengths differ, or if weights are not finite and at
    /// least 0 with one above 0.
    pub fn accuracy(is_right: &[bool], sample_weight: Option<&[f64]>) -> Result<Self> {
        let right = is_right.iter().map(|&right| (f64::from(u8::from(right)), 1.0));
        RatioScore::weighted(right, sample_weight)
    }

    /// F1 of all labels of all rows together: scikit-learn's `f1_score(average="micro", sample_weight=...)`; 0 if no
    /// row has a label and none is predicted.
    ///
    /// # Errors
    /// As for [`accuracy`](Self::accuracy); also if the shapes differ.
    pub fn micro_f1(
        y_true: &LabelIndicator,
        y_pred: &LabelIndicator,
        sample_weight: Option<&[f64]>,
    ) -> Result<Self> {
        if (y_true.n_samples(), y_true.n_labels()) != (y_pred.n_samples(), y_pred.n_labels()) {
            let shape = |labels: &LabelIndicator| [labels.n_samples(), labels.n_labels()];
            return Err(bad(format!(
                "expected labels of shape {:?}, got {:?}",
                shape(y_true),
                shape(y_pred)
            )));
        }
        let rows = y_true.rows().zip(y_pred.rows()).map(|(truth, given)| {
            let count = |rows: &[bool]| rows.iter().filter(|&&has_it| has_it).count();
            let right = truth.iter().zip(given).filter(|(truth, given)| **truth && **given).count();
            (2.0 * right as f64, (count(truth) + count(given)) as f64)
        });
        RatioScore::weighted(rows, sample_weight)
    }

    fn weighted(
        rows: impl ExactSizeIterator<Item = (f64, f64)>,
        sample_weight: Option<&[f64]>,
    ) -> Result<Self> {
        let n = rows.len();
        if n == 0 {
            return Err(bad("expected at least 1 row, got 0".to_string()));
        }
        let Some(weights) = sample_weight else {
            let (numerators, denominators) = rows.unzip();
            return Ok(RatioScore { numerators, denominators });
        };
        let total: f64 = weights.iter().sum();
        if weights.len() != n || !weights.iter().all(|&w| w >= 0.0) || !total.is_finite() || total <= 0.0 {
            let message = format!("expected {n} weights of at least 0 and one above, got {}", weights.len());
            return Err(bad(message));
        }
        let (numerators, denominators) = rows.zip(weights).map(|((num, den), w)| (w * num, w * den)).unzip();
        Ok(RatioScore { numerators, denominators })
    }

    /// The number of rows.
    pub fn n_samples(&self) -> usize {
        self.numerators.len()
    }

    /// The score, from 0 to 1; 0 if all denominators are 0.
    pub fn score(&self) -> f64 {
        ratio(self.numerators.iter().sum(), self.denominators.iter().sum())
    }

    /// The score of a sample in which each row occurs as often as in `counts`, `[n_samples]`.
    pub(super) fn resampled(&self, counts: &[u32]) -> f64 {
        let sum = |numbers: &[f64]| numbers.iter().zip(counts).map(|(x, &n)| x * f64::from(n)).sum();
        ratio(sum(&self.numerators), sum(&self.denominators))
    }

    /// The standard error of the score.
    pub fn standard_error(&self) -> f64 {
        squares(&self.residuals()).sqrt()
    }

    /// The number of rows for which an accuracy of this size would have the same standard error. If that is 0,
    /// because all rows are correct or all are wrong, it is the number that follows from the unequal weights, `(sum
    /// d)^2 / sum d^2` for denominators `d` (Kish 1965); 0 if all are 0.
    pub fn effective_rows(&self) -> f64 {
        let (score, variance) = (self.score(), squares(&self.residuals()));
        let spread = score * (1.0 - score);
        if variance > 0.0 && spread > 0.0 {
            return spread / variance;
        }
        let total: f64 = self.denominators.iter().sum();
        ratio(total * total, squares(&self.denominators))
    }

    /// Wilson's 95 % interval of the score for its [effective number of rows](Self::effective_rows); `[0, 1]` if no
    /// row has a weight.
    pub fn ci95(&self) -> [f64; 2] {
        wilson(self.score(), self.effective_rows())
    }

    /// The interval of the mean of scores of the same rows: as for one score of that size, because the number of
    /// scores does not make it narrower.
    pub fn mean_ci95<'a>(scores: impl ExactSizeIterator<Item = &'a RatioScore>) -> [f64; 2] {
        let n = scores.len() as f64;
        let (score, rows) =
            scores.fold((0.0, 0.0), |(score, rows), one| (score + one.score(), rows + one.effective_rows()));
        wilson((score / n).clamp(0.0, 1.0), rows / n)
    }

    /// The contribution of each row to the deviation of the score, `[n_samples]`.
    fn residuals(&self) -> Vec<f64> {
        let (score, total) = (self.score(), self.denominators.iter().sum::<f64>());
        let rows = self.numerators.iter().zip(&self.denominators);
        rows.map(|(num, den)| ratio(num - score * den, total)).collect()
    }
}

/// Two scores on the same rows, and their difference.
///
/// ```
/// use clsify::evaluation::{PairedScores, RatioScore};
/// let of = |rows: [bool; 4]| RatioScore::accuracy(&rows, Some(&[1.0, 1.0, 2.0, 4.0]));
/// let paired = PairedScores::of(&of([true, true, false, false])?, &of([true, false, false, true])?)?;
/// assert_eq!((paired.a, paired.b, paired.difference), (0.25, 0.625, 0.375));
/// assert!(paired.difference_ci95[0] < 0.0);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PairedScores {
    /// The score of the first.
    pub a: f64,
    /// Its 95 % interval, [`RatioScore::ci95`].
    pub a_ci95: [f64; 2],
    /// The score of the second.
    pub b: f64,
    /// Its 95 % interval.
    pub b_ci95: [f64; 2],
    /// The second score minus the first.
    pub difference: f64,
    /// Its 95 % interval: the two intervals, combined with the correlation of the scores over the rows, which makes
    /// it narrower than the two separate intervals suggest.
    pub difference_ci95: [f64; 2],
}

impl PairedScores {
    /// `low = d - sqrt(s^2 - 2 phi s t + t^2)`, where `s` is the distance from the second score to its lower limit,
    /// `t` that from the first to its upper limit, and `phi` the correlation of the rows' contributions; `high`
    /// accordingly.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if the numbers of rows differ.
    pub fn of(a: &RatioScore, b: &RatioScore) -> Result<Self> {
        if a.n_samples() != b.n_samples() {
            return Err(bad(format!("expected rows of both, got {} and {}", a.n_samples(), b.n_samples())));
        }
        let (score_a, score_b) = (a.score(), b.score());
        let (ci_a, ci_b) = (a.ci95(), b.ci95());
        let (rows_a, rows_b) = (a.residuals(), b.residuals());
        let product: f64 = rows_a.iter().zip(&rows_b).map(|(a, b)| a * b).sum();
        let phi = ratio(product, (squares(&rows_a) * squares(&rows_b)).sqrt());
        let width = |s: f64, t: f64| (s * s - 2.0 * phi * s * t + t * t).max(0.0).sqrt();
        let difference = score_b - score_a;
        let low = difference - width(score_b - ci_b[0], ci_a[1] - score_a);
        let high = difference + width(ci_b[1] - score_b, score_a - ci_a[0]);
        Ok(PairedScores {
            a: score_a,
            a_ci95: ci_a,
            b: score_b,
            b_ci95: ci_b,
            difference,
            difference_ci95: [low.max(-1.0), high.min(1.0)],
        })
    }
}

/// `part / whole`, and 0 if `whole` is 0.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn squares(numbers: &[f64]) -> f64 {
    numbers.iter().map(|x| x * x).sum()
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("score")
}
