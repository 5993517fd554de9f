//! How far probabilities can be trusted.
//!
//! Sources: Guo et al. (2017), "On calibration of modern neural networks"; scikit-learn 1.9.1, `brier_score_loss` and
//! `log_loss`. Probabilities are row-major `[n_samples, n_classes]`.

use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};

/// The usual number of bins of [`expected_calibration_error`].
pub const N_BINS: usize = 15;

/// The three scores of probabilities; less is better.
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
    /// All three.
    ///
    /// # Errors
    /// As for [`expected_calibration_error`].
    pub fn of(probabilities: &[f64], y_true: &[usize], n_classes: usize) -> Result<Self> {
        Ok(CalibrationScores {
            ece: expected_calibration_error(probabilities, y_true, n_classes, N_BINS)?,
            brier: brier_score(probabilities, y_true, n_classes)?,
            log_loss: log_loss(probabilities, y_true, n_classes)?,
        })
    }
}

/// The rows whose largest probability lies in one bin: a point of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// How many they are.
    pub n_rows: usize,
    /// The mean of their largest probability; nothing where there are no rows, like the next.
    pub mean_probability: Option<f64>,
    /// The share of them whose most probable class is the true one.
    pub accuracy: Option<f64>,
}

/// The reliability diagram: of `n_bins` bins `(low, high]` of equal width, how sure the rows were and how many were right. In
/// an honest bin the two agree.
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
    // Rows, rows that are right, and the sum of probabilities of each bin.
    let mut sums = vec![(0, 0, 0.0); n_bins];
    for (row, &y) in probabilities.chunks_exact(n_classes).zip(y_true) {
        let top = (1..n_classes).fold(0, |top, k| if row[k] > row[top] { k } else { top });
        let bin = ((row[top] * n_bins as f64).ceil() as usize).clamp(1, n_bins) - 1;
        let (n_rows, n_right, sum) = &mut sums[bin];
        *n_rows += 1;
        *n_right += usize::from(top == y);
        *sum += row[top];
    }
    let bin = |(n_rows, n_right, sum): (usize, usize, f64)| {
        let mean = |x: f64| (n_rows > 0).then(|| x / n_rows as f64);
        ReliabilityBin { n_rows, mean_probability: mean(sum), accuracy: mean(n_right as f64) }
    };
    Ok(sums.into_iter().map(bin).collect())
}

/// How far the probability of the predicted class is from the share of such predictions that are right.
///
/// Rows are put into `n_bins` bins `(low, high]` of equal width by their largest probability (of equal ones the first class
/// counts); the result is the mean over rows of `|accuracy - mean probability|` of the row's bin.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] when there are no rows, classes or bins, probabilities and classes do not go together, or a
/// probability is not within 0 and 1.
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
    let bins = reliability_bins(probabilities, y_true, n_classes, n_bins)?;
    let gap = |bin: &ReliabilityBin| {
        let gap = bin.accuracy.unwrap_or(0.0) - bin.mean_probability.unwrap_or(0.0);
        bin.n_rows as f64 * gap.abs()
    };
    Ok(bins.iter().map(gap).sum::<f64>() / y_true.len() as f64)
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
    let row_score = |(row, &y): (&[f64], &usize)| -> f64 {
        row.iter().enumerate().map(|(k, p)| (p - f64::from(u8::from(k == y))).powi(2)).sum()
    };
    let sum: f64 = probabilities.chunks_exact(n_classes).zip(y_true).map(row_score).sum();
    let scale = if n_classes == 2 { 0.5 } else { 1.0 };
    Ok(scale * sum / y_true.len() as f64)
}

/// The mean of `-ln` of the true class's probability, which is kept a rounding error (2.2e-16) away from 0 and 1, as
/// scikit-learn does.
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
    let row_loss = |(row, &y): (&[f64], &usize)| -row[y].clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln();
    let sum: f64 = probabilities.chunks_exact(n_classes).zip(y_true).map(row_loss).sum();
    Ok(sum / y_true.len() as f64)
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

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("calibration")
}
