//! Scores of predicted probabilities: calibration error, Brier score, log loss, and the reliability diagram.
//!
//! Sources: Guo et al. (2017), "On calibration of modern neural networks"; scikit-learn 1.9.1, `brier_score_loss` and
//! `log_loss`. Probabilities are row-major `[n_samples, n_classes]`.

use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use crate::targets::LabelIndicator;

/// The usual number of bins of [`expected_calibration_error`].
pub const N_BINS: usize = 15;

/// The three scores of probabilities; lower is better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CalibrationScores {
    /// [`expected_calibration_error`] over [`N_BINS`] bins.
    pub ece: f64,
    /// [`brier_score`].
    pub brier: f64,
    /// [`log_loss`].
    pub log_loss: f64,
}

impl CalibrationScores {
    /// Computes all three.
    ///
    /// # Errors
    /// As for [`expected_calibration_error`].
    pub fn of(probabilities: &[f64], y_true: &[usize], n_classes: usize) -> Result<Self> {
        Ok(ProbabilityScores::of(probabilities, y_true, n_classes, None)?.scores)
    }
}

/// The scores of probabilities, and the reliability diagram behind the first of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProbabilityScores {
    /// The scores.
    #[serde(flatten)]
    pub scores: CalibrationScores,
    /// [`N_BINS`] bins.
    pub reliability: Vec<ReliabilityBin>,
}

impl ProbabilityScores {
    /// Scores rows with one class each, weighted by sample weight; `None`: equal weights.
    ///
    /// # Errors
    /// As for [`expected_calibration_error`]; also if there is not one weight per row, or none is positive.
    ///
    /// ```
    /// use clsify::evaluation::ProbabilityScores;
    /// let twice = ProbabilityScores::of(&[0.2, 0.8, 0.2, 0.8, 0.5, 0.5], &[1, 1, 0], 2, None)?.scores;
    /// let weighted = ProbabilityScores::of(&[0.2, 0.8, 0.5, 0.5], &[1, 0], 2, Some(&[2.0, 1.0]))?.scores;
    /// assert!((twice.ece - weighted.ece).abs() < 1e-12 && (twice.brier - weighted.brier).abs() < 1e-12);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn of(
        probabilities: &[f64],
        y_true: &[usize],
        n_classes: usize,
        sample_weight: Option<&[f64]>,
    ) -> Result<Self> {
        check(probabilities, y_true, n_classes)?;
        check_weights(sample_weight, y_true.len())?;
        let reliability = bins(top_classes(probabilities, y_true, n_classes), sample_weight, N_BINS);
        let scores = CalibrationScores {
            ece: mean_gap(&reliability),
            brier: mean(brier_scores(probabilities, y_true, n_classes), sample_weight),
            log_loss: mean(log_losses(probabilities, y_true, n_classes), sample_weight),
        };
        Ok(ProbabilityScores { scores, reliability })
    }

    /// Scores rows with any number of labels each: `probabilities` are `[n_samples, n_labels]`, like `labels`. A
    /// score is the mean of the labels' separate scores, with bins of the probability that a row has the label, and
    /// the squared distance and logarithm of that probability. The diagram has all answers, one per row and label,
    /// together.
    ///
    /// # Errors
    /// As for [`of`](Self::of).
    ///
    /// ```
    /// use clsify::{targets::LabelIndicator, evaluation::ProbabilityScores};
    /// let labels = LabelIndicator::from_sets(&[vec![0], vec![0, 1]], 2)?;
    /// let scores = ProbabilityScores::of_labels(&[0.9, 0.1, 0.9, 0.1], &labels, None)?.scores;
    /// // The first label is always there and said to be with 0.9, the second every other time and said to be with 0.1.
    /// assert!((scores.ece - (0.1 + 0.4) / 2.0).abs() < 1e-12);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn of_labels(
        probabilities: &[f64],
        labels: &LabelIndicator,
        sample_weight: Option<&[f64]>,
    ) -> Result<Self> {
        let n_labels = labels.n_labels();
        let mut sum = CalibrationScores { ece: 0.0, brier: 0.0, log_loss: 0.0 };
        // A row without labels is allowed, a probability out of range is not.
        check(probabilities, &vec![0; labels.n_samples()], n_labels)?;
        check_weights(sample_weight, labels.n_samples())?;
        for label in 0..n_labels {
            let said = || probabilities.iter().copied().skip(label).step_by(n_labels);
            let y_true: Vec<usize> = labels.column(label).into_iter().map(usize::from).collect();
            let pairs: Vec<f64> = said().flat_map(|p| [1.0 - p, p]).collect();
            let came_true = said().zip(y_true.iter().map(|&y| y == 1));
            sum.ece += mean_gap(&bins(came_true, sample_weight, N_BINS));
            sum.brier += mean(brier_scores(&pairs, &y_true, 2), sample_weight);
            sum.log_loss += mean(log_losses(&pairs, &y_true, 2), sample_weight);
        }
        let answers = probabilities.iter().copied().zip(labels.rows().flatten().copied());
        let weights: Option<Vec<f64>> = sample_weight
            .map(|weights| weights.iter().flat_map(|w| std::iter::repeat_n(*w, n_labels)).collect());
        let n = n_labels as f64;
        Ok(ProbabilityScores {
            scores: CalibrationScores { ece: sum.ece / n, brier: sum.brier / n, log_loss: sum.log_loss / n },
            reliability: bins(answers, weights.as_deref(), N_BINS),
        })
    }
}

/// The answers whose probability lies in one bin: a point of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// The number of answers.
    pub n_rows: usize,
    /// The sum of their weights; their number if rows have no weights.
    pub weight: f64,
    /// Their mean probability; `None` if the bin has no weight, like the next field.
    pub mean_probability: Option<f64>,
    /// The share of correct answers: rows whose most probable class is the true one, or that have the label.
    pub accuracy: Option<f64>,
}

/// The reliability diagram of the most probable class: for each of `n_bins` bins `(low, high]` of equal width, the
/// mean probability and the share of correct predictions. In a calibrated bin the two agree.
///
/// # Errors
/// As for [`expected_calibration_error`].
///
/// ```
/// let bins = clsify::evaluation::reliability_bins(&[0.2, 0.8, 0.2, 0.8], &[1, 0], 2, 2)?;
/// assert_eq!((bins[0].n_rows, bins[1].n_rows, bins[1].accuracy), (0, 2, Some(0.5)));
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn reliability_bins(
    probabilities: &[f64],
    y_true: &[usize],
    n_classes: usize,
    n_bins: usize,
) -> Result<Vec<ReliabilityBin>> {
    check(probabilities, y_true, n_classes)?;
    if n_bins == 0 {
        return Err(bad("expected at least one bin"));
    }
    Ok(bins(top_classes(probabilities, y_true, n_classes), None, n_bins))
}

/// The probability of each row's most probable class, and whether that is the true one.
fn top_classes(
    probabilities: &[f64],
    y_true: &[usize],
    n_classes: usize,
) -> impl Iterator<Item = (f64, bool)> {
    probabilities.chunks_exact(n_classes).zip(y_true).map(move |(row, &y)| {
        let top = (1..n_classes).fold(0, |top, k| if row[k] > row[top] { k } else { top });
        (row[top], top == y)
    })
}

/// Puts answers into bins by their probability: each has a predicted probability, and is correct or not.
fn bins(
    answers: impl Iterator<Item = (f64, bool)>,
    sample_weight: Option<&[f64]>,
    n_bins: usize,
) -> Vec<ReliabilityBin> {
    // For each bin: the rows, their weight, the weight of the correct ones, and the sum of the probabilities.
    let mut sums = vec![(0, 0.0, 0.0, 0.0); n_bins];
    for (i, (p, came_true)) in answers.enumerate() {
        let weight = sample_weight.map_or(1.0, |weights| weights[i]);
        let bin = ((p * n_bins as f64).ceil() as usize).clamp(1, n_bins) - 1;
        let (n_rows, total, right, sum) = &mut sums[bin];
        *n_rows += 1;
        *total += weight;
        *right += if came_true { weight } else { 0.0 };
        *sum += weight * p;
    }
    let bin = |(n_rows, weight, right, sum): (usize, f64, f64, f64)| {
        let mean = |x: f64| (weight > 0.0).then(|| x / weight);
        ReliabilityBin { n_rows, weight, mean_probability: mean(sum), accuracy: mean(right) }
    };
    sums.into_iter().map(bin).collect()
}

/// The mean over answers of the gap between the mean probability and the accuracy of their bin.
fn mean_gap(bins: &[ReliabilityBin]) -> f64 {
    let gap = |bin: &ReliabilityBin| {
        let gap = bin.accuracy.unwrap_or(0.0) - bin.mean_probability.unwrap_or(0.0);
        bin.weight * gap.abs()
    };
    bins.iter().map(gap).sum::<f64>() / bins.iter().map(|bin| bin.weight).sum::<f64>()
}

/// The mean of the scores of rows.
fn mean(scores: impl Iterator<Item = f64>, sample_weight: Option<&[f64]>) -> f64 {
    let weight = |i: usize| sample_weight.map_or(1.0, |weights| weights[i]);
    let (sum, total) = scores
        .enumerate()
        .fold((0.0, 0.0), |(sum, total), (i, score)| (sum + weight(i) * score, total + weight(i)));
    sum / total
}

/// The expected calibration error: the mean difference between the probability of the predicted class and the share
/// of such predictions that are correct.
///
/// Rows are put into `n_bins` bins `(low, high]` of equal width by their largest probability (of equal ones the first
/// class counts); the result is the mean over rows of `|accuracy - mean probability|` of the row's bin.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] if there are no rows, classes or bins, if probabilities and classes do not match,
/// or if a probability is not within 0 and 1.
///
/// ```
/// // Two rows at 0.8, of which one is right: 0.3 too sure.
/// let ece = clsify::evaluation::expected_calibration_error(&[0.2, 0.8, 0.2, 0.8], &[1, 0], 2, 15)?;
/// assert!((ece - 0.3).abs() < 1e-12);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn expected_calibration_error(
    probabilities: &[f64],
    y_true: &[usize],
    n_classes: usize,
    n_bins: usize,
) -> Result<f64> {
    Ok(mean_gap(&reliability_bins(probabilities, y_true, n_classes, n_bins)?))
}

/// The mean squared distance of probabilities from the truth.
///
/// scikit-learn's convention: with two classes `(1 - p_true)^2`, within 0 and 1; with more the sum over the classes
/// `sum_k (p_k - [k is true])^2`, within 0 and 2.
///
/// # Errors
/// As for [`expected_calibration_error`].
///
/// ```
/// let brier = clsify::evaluation::brier_score(&[0.2, 0.8, 0.5, 0.5], &[1, 0], 2)?;
/// assert!((brier - (0.04 + 0.25) / 2.0).abs() < 1e-12);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn brier_score(probabilities: &[f64], y_true: &[usize], n_classes: usize) -> Result<f64> {
    check(probabilities, y_true, n_classes)?;
    Ok(mean(brier_scores(probabilities, y_true, n_classes), None))
}

fn brier_scores(probabilities: &[f64], y_true: &[usize], n_classes: usize) -> impl Iterator<Item = f64> {
    let scale = if n_classes == 2 { 0.5 } else { 1.0 };
    probabilities.chunks_exact(n_classes).zip(y_true).map(move |(row, &y)| {
        let squares = row.iter().enumerate().map(|(k, p)| (p - f64::from(u8::from(k == y))).powi(2));
        scale * squares.sum::<f64>()
    })
}

/// The mean of `-ln` of the true class's probability, which is clipped to a rounding error (2.2e-16) away from 0 and
/// 1, as in scikit-learn.
///
/// # Errors
/// As for [`expected_calibration_error`].
///
/// ```
/// let loss = clsify::evaluation::log_loss(&[0.5, 0.5], &[1], 2)?;
/// assert!((loss - 2f64.ln()).abs() < 1e-12);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn log_loss(probabilities: &[f64], y_true: &[usize], n_classes: usize) -> Result<f64> {
    check(probabilities, y_true, n_classes)?;
    Ok(mean(log_losses(probabilities, y_true, n_classes), None))
}

fn log_losses(probabilities: &[f64], y_true: &[usize], n_classes: usize) -> impl Iterator<Item = f64> {
    let rows = probabilities.chunks_exact(n_classes).zip(y_true);
    rows.map(|(row, &y)| -row[y].clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln())
}

fn check(probabilities: &[f64], y_true: &[usize], n_classes: usize) -> Result<()> {
    let n = y_true.len();
    if n == 0 || n_classes == 0 || Some(probabilities.len()) != n.checked_mul(n_classes) {
        let got = probabilities.len();
        return Err(bad(format!("expected {n} x {n_classes} probabilities of at least one row, got {got}")));
    }
    if let Some(id) = y_true.iter().find(|&&id| id >= n_classes) {
        return Err(bad(format!("expected class ids below {n_classes}, got {id}")));
    }
    if let Some(p) = probabilities.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(bad(format!("expected probabilities within 0 and 1, got {p}")));
    }
    Ok(())
}

fn check_weights(sample_weight: Option<&[f64]>, n: usize) -> Result<()> {
    let Some(weights) = sample_weight else { return Ok(()) };
    if weights.len() != n {
        return Err(bad(format!("expected {n} sample weights, got {}", weights.len())));
    }
    if weights.iter().any(|w| !(*w >= 0.0 && w.is_finite())) || weights.iter().all(|w| *w == 0.0) {
        return Err(bad("expected finite weights of at least 0, and one above"));
    }
    Ok(())
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("calibration")
}
