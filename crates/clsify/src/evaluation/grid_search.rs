//! Grid search: finds the C with the best cross-validated accuracy.
//!
//! It corresponds to scikit-learn's `GridSearchCV`: mean and population standard deviation over the folds; of equally
//! good values of C the first is chosen.

use serde::Serialize;

use super::cross_validation::FoldFits;
use crate::classifier::{LogisticRegressionOptions, Samples};
use crate::error::{Error, ErrorKind, Result};
use crate::observer::Progress;

/// The scores of one C over the folds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct GridPoint {
    /// Inverse of the regularisation strength.
    #[serde(rename = "C")]
    pub c: f64,
    /// The mean score over the folds: accuracy, or the score of the search.
    pub mean_test_score: f64,
    /// The population standard deviation of the score over the folds.
    pub std_test_score: f64,
}

/// The result of a grid search.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GridSearch {
    /// The C with the best mean score; of equal ones the first.
    #[serde(rename = "best_C")]
    pub best_c: f64,
    /// Its mean score.
    pub best_score: f64,
    /// All C, in the order given.
    pub points: Vec<GridPoint>,
    /// The number of fits that did not reach their optimum.
    pub n_not_converged: usize,
}

/// `numpy.linspace`: `n` numbers from `start` to `stop`, both included.
///
/// ```
/// let article = clsify::evaluation::linspace(0.0001, 100.0, 20);
/// assert_eq!((article.len(), article[0], article[19]), (20, 0.0001, 100.0));
/// ```
pub fn linspace(start: f64, stop: f64, n: usize) -> Vec<f64> {
    let step = (stop - start) / n.saturating_sub(1).max(1) as f64;
    (0..n).map(|i| if i + 1 == n && n > 1 { stop } else { i as f64 * step + start }).collect()
}

/// Finds the C with the best cross-validated accuracy, weighted by sample weight in fits and scores.
///
/// `progress` receives the number of finished fits, of `c_values.len() * n_splits`. The caller refits with the best
/// C.
///
/// # Errors
/// As for [`cross_val_score`](super::cross_val_score); also if `c_values` is empty.
pub fn grid_search(
    samples: &Samples,
    c_values: &[f64],
    options: &LogisticRegressionOptions,
    n_splits: usize,
    progress: Progress,
) -> Result<GridSearch> {
    let fits = FoldFits::new(samples, c_values, options, n_splits, progress)?;
    let point = |(place, &c): (usize, &f64)| {
        let (mean_test_score, std_test_score) = mean_and_std(&fits.accuracies(place));
        GridPoint { c, mean_test_score, std_test_score }
    };
    let points: Vec<GridPoint> = c_values.iter().enumerate().map(point).collect();
    GridSearch::of(points, fits.n_not_converged())
}

impl GridSearch {
    /// The best of these points; of equal ones the first.
    pub(super) fn of(points: Vec<GridPoint>, n_not_converged: usize) -> Result<Self> {
        let best = points
            .iter()
            .copied()
            .reduce(|best, p| if p.mean_test_score > best.mean_test_score { p } else { best });
        let best = best.ok_or_else(|| Error::new(ErrorKind::InvalidArgument, "expected at least one C"))?;
        Ok(GridSearch { best_c: best.c, best_score: best.mean_test_score, points, n_not_converged })
    }
}

/// The mean and the population standard deviation; NaN for no numbers.
///
/// ```
/// assert_eq!(clsify::evaluation::mean_and_std(&[1.0, 3.0]), (2.0, 1.0));
/// ```
pub fn mean_and_std(scores: &[f64]) -> (f64, f64) {
    let n = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / n;
    let variance = scores.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>() / n;
    (mean, variance.sqrt())
}
