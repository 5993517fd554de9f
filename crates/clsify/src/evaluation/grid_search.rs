//! Cross-validated accuracy, and the search for the C that has the best.
//!
//! As scikit-learn's `cross_val_score` and `GridSearchCV`: stratified folds without shuffling, accuracy on each fold's
//! held-out rows, mean and population standard deviation over the folds, the first of equally good C wins. All fits, of
//! every C and every fold, run together.

use serde::Serialize;

use crate::classifier::logistic_regression::{FitTask, fit_many};
use crate::classifier::{LogisticRegressionOptions, MostFrequent};
use crate::error::{Error, ErrorKind, Result};
use crate::matrix::Matrix;
use crate::split::StratifiedKFold;

/// Scores of one C over the folds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct GridPoint {
    /// The inverse of the regularisation's strength.
    #[serde(rename = "C")]
    pub c: f64,
    /// Mean accuracy over the folds.
    pub mean_test_score: f64,
    /// Standard deviation of the accuracy over the folds (divided by their number).
    pub std_test_score: f64,
}

/// The result of a grid search.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GridSearch {
    /// The C with the best mean score, the first of equals.
    #[serde(rename = "best_C")]
    pub best_c: f64,
    /// Its mean score.
    pub best_score: f64,
    /// All C, in the order given.
    pub points: Vec<GridPoint>,
    /// Fits that did not reach their optimum.
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

/// The accuracy of a logistic regression on each of `n_splits` held-out folds.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`], as for [`StratifiedKFold::split`] and
/// [`LogisticRegression::fit`](crate::classifier::LogisticRegression::fit).
///
/// ```
/// use clsify::{classifier::LogisticRegressionOptions, evaluation::cross_val_score, matrix::Matrix};
/// let features = Matrix::from_vec(vec![-2.0, -1.0, 1.0, 2.0], 4, 1)?;
/// let scores = cross_val_score(&features, &[0, 0, 1, 1], 2, &LogisticRegressionOptions::default(), 2)?;
/// assert_eq!(scores, [1.0, 1.0]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn cross_val_score(
    features: &Matrix,
    class_ids: &[usize],
    n_classes: usize,
    options: &LogisticRegressionOptions,
    n_splits: usize,
) -> Result<Vec<f64>> {
    let (scores, _) = fold_scores(features, class_ids, n_classes, &[options.c], options, n_splits, &|_| {})?;
    Ok(scores.into_iter().flatten().collect())
}

/// The accuracy of the most frequent class on each of `n_splits` held-out folds.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`], as for [`StratifiedKFold::split`].
pub fn baseline_cross_val_score(class_ids: &[usize], n_classes: usize, n_splits: usize) -> Result<Vec<f64>> {
    let folds = StratifiedKFold { n_splits, shuffle: None }.split(class_ids)?;
    let score = |fold: &crate::split::Split| {
        let train: Vec<usize> = fold.train.iter().map(|&i| class_ids[i]).collect();
        let baseline = MostFrequent::fit(&train, n_classes)?;
        let n_correct = fold.test.iter().filter(|&&i| class_ids[i] == baseline.class_id()).count();
        Ok(n_correct as f64 / fold.test.len() as f64)
    };
    folds.iter().map(score).collect()
}

/// Searches the C with the best cross-validated accuracy.
///
/// `progress` hears how many of the `c_values.len() * n_splits` fits are done. The caller refits with the best C.
///
/// # Errors
/// As for [`cross_val_score`]; also when `c_values` is empty.
pub fn grid_search(
    features: &Matrix,
    class_ids: &[usize],
    n_classes: usize,
    c_values: &[f64],
    options: &LogisticRegressionOptions,
    n_splits: usize,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<GridSearch> {
    let (scores, n_not_converged) =
        fold_scores(features, class_ids, n_classes, c_values, options, n_splits, progress)?;
    let point = |(&c, scores): (&f64, &Vec<f64>)| {
        let (mean_test_score, std_test_score) = mean_and_std(scores);
        GridPoint { c, mean_test_score, std_test_score }
    };
    let points: Vec<GridPoint> = c_values.iter().zip(&scores).map(point).collect();
    let best = points
        .iter()
        .copied()
        .reduce(|best, p| if p.mean_test_score > best.mean_test_score { p } else { best });
    let best = best.ok_or_else(|| Error::new(ErrorKind::InvalidArgument, "expected at least one C"))?;
    Ok(GridSearch { best_c: best.c, best_score: best.mean_test_score, points, n_not_converged })
}

/// Mean and population standard deviation; of nothing, NaN.
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

/// The score of every C on every fold, and the number of fits that did not converge.
fn fold_scores(
    features: &Matrix,
    class_ids: &[usize],
    n_classes: usize,
    c_values: &[f64],
    options: &LogisticRegressionOptions,
    n_splits: usize,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<(Vec<Vec<f64>>, usize)> {
    let folds = StratifiedKFold { n_splits, shuffle: None }.split(class_ids)?;
    let tasks: Vec<FitTask> = c_values
        .iter()
        .flat_map(|&c| folds.iter().map(move |fold| FitTask { c, held_out: &fold.test }))
        .collect();
    let fits = fit_many(features, class_ids, n_classes, &tasks, options, progress)?;
    let n_not_converged = fits.iter().filter(|fit| !fit.converged()).count();
    let held_out: Vec<Matrix> = folds.iter().map(|fold| features.select_rows(&fold.test)).collect();
    let score = |i: usize| {
        let fold = &folds[i % folds.len()];
        let predicted = fits[i].predict(&held_out[i % folds.len()]);
        let n_correct = fold.test.iter().zip(&predicted).filter(|&(&i, &p)| class_ids[i] == p).count();
        n_correct as f64 / fold.test.len() as f64
    };
    let scores: Vec<f64> = (0..fits.len()).map(score).collect();
    Ok((scores.chunks_exact(folds.len()).map(<[f64]>::to_vec).collect(), n_not_converged))
}
