//! Cross-validation for label sets: each row's probabilities come from a classifier that has not seen it.

use super::cross_validation::all_rows;
use super::grid_search::{GridPoint, GridSearch, mean_and_std};
use crate::classifier::logistic_regression::FitTask;
use crate::classifier::one_vs_rest::{MAX_ROW_WEIGHTS, fit_labels, held_out_label_logits, sigmoid};
use crate::classifier::solver::Precision;
use crate::classifier::{LogisticRegressionOptions, MultiLabelSamples, OneVsRest};
use crate::error::Result;
use crate::observer::Progress;
use crate::split::Split;
use crate::targets::LabelIndicator;

/// The logit of each label for every row, from the classifier of the fold that holds it out: `[n_samples, n_labels]`.
///
/// A label that every training row of a fold has, or none, has the logit `+inf` or `-inf` there. `progress` receives
/// the number of fitted labels of all folds.
///
/// # Errors
/// As for [`OneVsRest::fit`](crate::classifier::OneVsRest::fit).
///
/// ```
/// use clsify::classifier::{LogisticRegressionOptions, MultiLabelSamples};
/// use clsify::targets::LabelIndicator;
/// use clsify::{evaluation::out_of_fold_label_logits, matrix::Matrix, split::KFold};
/// let features = Matrix::from_vec(vec![-2.0, 1.0, -1.0, 2.0], 4, 1)?;
/// let labels = LabelIndicator::from_sets(&[vec![], vec![0], vec![], vec![0]], 1)?;
/// let folds = KFold { n_splits: 2, shuffle: None }.split(4)?;
/// let samples = MultiLabelSamples::new(&features, &labels);
/// let found = out_of_fold_label_logits(&samples, &LogisticRegressionOptions::default(), &folds, &|_| Ok(()))?;
/// assert!(found[0] < 0.0 && found[1] > 0.0 && found[2] < 0.0 && found[3] > 0.0);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn out_of_fold_label_logits(
    samples: &MultiLabelSamples,
    options: &LogisticRegressionOptions,
    folds: &[Split],
    progress: Progress,
) -> Result<Vec<f64>> {
    let tasks: Vec<FitTask> =
        folds.iter().map(|fold| FitTask { c: options.c, held_out: &fold.test }).collect();
    let fits = fit_labels(samples, &tasks, options, progress)?;
    let own: Vec<Vec<f64>> = fits
        .iter()
        .zip(folds)
        .map(|(fit, fold)| fit.decision_function(&samples.features.select_rows(&fold.test)))
        .collect();
    Ok(all_rows(folds, &own, (samples.labels.n_samples(), samples.labels.n_labels())))
}

/// The probabilities of [`out_of_fold_label_logits`].
///
/// # Errors
/// As for [`out_of_fold_label_logits`].
pub fn out_of_fold_probabilities(
    samples: &MultiLabelSamples,
    options: &LogisticRegressionOptions,
    folds: &[Split],
    progress: Progress,
) -> Result<Vec<f64>> {
    let logits = out_of_fold_label_logits(samples, options, folds, progress)?;
    Ok(logits.into_iter().map(sigmoid).collect())
}

/// As [`out_of_fold_label_logits`] for each C, `[n_c][n_samples, n_labels]`, but only accurate enough to compare
/// values of C and choices of features, like [`compare_logits`](super::compare_logits). For scaled features.
///
/// # Errors
/// As for [`OneVsRest::fit`].
///
/// ```
/// use clsify::classifier::{LogisticRegressionOptions, MultiLabelSamples};
/// use clsify::targets::LabelIndicator;
/// use clsify::{evaluation::compare_label_logits, matrix::Matrix, split::KFold};
/// let features = Matrix::from_vec(vec![-2.0, 1.0, -1.0, 2.0], 4, 1)?;
/// let labels = LabelIndicator::from_sets(&[vec![], vec![0], vec![], vec![0]], 1)?;
/// let folds = KFold { n_splits: 2, shuffle: None }.split(4)?;
/// let samples = MultiLabelSamples::new(&features, &labels);
/// let logits = compare_label_logits(&samples, &[0.1, 1.0], &LogisticRegressionOptions::default(), &folds, &|_| Ok(()))?;
/// assert!(logits.iter().all(|logits| logits[0] < 0.0 && logits[1] > 0.0));
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn compare_label_logits(
    samples: &MultiLabelSamples,
    c_values: &[f64],
    options: &LogisticRegressionOptions,
    folds: &[Split],
    progress: Progress,
) -> Result<Vec<Vec<f64>>> {
    let options = LogisticRegressionOptions { tol: options.tol.max(1e-4), ..*options };
    label_logits(samples, c_values, &options, folds, (Precision::Single, MAX_ROW_WEIGHTS), progress)
}

fn label_logits(
    samples: &MultiLabelSamples,
    c_values: &[f64],
    options: &LogisticRegressionOptions,
    folds: &[Split],
    (precision, max_row_weights): (Precision, usize),
    progress: Progress,
) -> Result<Vec<Vec<f64>>> {
    let of_c = |c| folds.iter().map(move |fold| FitTask { c, held_out: &fold.test });
    let tasks: Vec<FitTask> = c_values.iter().flat_map(|&c| of_c(c)).collect();
    let of_tasks = held_out_label_logits(samples, &tasks, options, (precision, max_row_weights), progress)?;
    let shape = (samples.labels.n_samples(), samples.labels.n_labels());
    Ok(of_tasks.chunks_exact(folds.len()).map(|of_folds| all_rows(folds, of_folds, shape)).collect())
}

/// Finds the C with the best mean micro F1 over the folds, with the threshold 0.5 for all labels; of equal ones the
/// first. Fits and scores are weighted by sample weight; a fold without a positive weight has no score.
///
/// It corresponds to scikit-learn's `GridSearchCV(OneVsRestClassifier(LogisticRegression()), scoring="f1_micro")`.
/// `progress` receives the number of fitted labels of all C and folds. The caller refits with the best C.
///
/// # Errors
/// As for [`OneVsRest::fit`]; also if `c_values` is empty.
///
/// ```
/// use clsify::classifier::{LogisticRegressionOptions, MultiLabelSamples};
/// use clsify::targets::LabelIndicator;
/// use clsify::{evaluation::multi_label_grid_search, matrix::Matrix, split::KFold};
/// let features = Matrix::from_vec(vec![-2.0, 1.0, -1.0, 2.0], 4, 1)?;
/// let labels = LabelIndicator::from_sets(&[vec![], vec![0], vec![], vec![0]], 1)?;
/// let folds = KFold { n_splits: 2, shuffle: None }.split(4)?;
/// let samples = MultiLabelSamples::new(&features, &labels);
/// let options = LogisticRegressionOptions::default();
/// let found = multi_label_grid_search(&samples, &[0.1, 1.0], &options, &folds, &|_| Ok(()))?;
/// assert_eq!((found.best_c, found.best_score), (0.1, 1.0));
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn multi_label_grid_search(
    samples: &MultiLabelSamples,
    c_values: &[f64],
    options: &LogisticRegressionOptions,
    folds: &[Split],
    progress: Progress,
) -> Result<GridSearch> {
    let of_c = |c| folds.iter().map(move |fold| FitTask { c, held_out: &fold.test });
    let tasks: Vec<FitTask> = c_values.iter().flat_map(|&c| of_c(c)).collect();
    let fits = fit_labels(samples, &tasks, options, progress)?;
    let held_out: Vec<_> = folds
        .iter()
        .map(|fold| {
            let weights = samples.sample_weight.map(|all| fold.test.iter().map(|&row| all[row]).collect());
            (samples.features.select_rows(&fold.test), samples.labels.select_rows(&fold.test), weights)
        })
        .collect();
    let half = vec![0.5; samples.labels.n_labels()];
    let scores: Vec<Option<f64>> = fits
        .iter()
        .zip(held_out.iter().cycle())
        .map(|(fit, (x, y, weights))| micro_f1(y, &OneVsRest::predict(fit, x, &half), weights.as_ref()))
        .collect();
    let points = c_values.iter().zip(scores.chunks_exact(folds.len())).map(|(&c, scores)| {
        let scores: Vec<f64> = scores.iter().flatten().copied().collect();
        let (mean_test_score, std_test_score) = mean_and_std(&scores);
        GridPoint { c, mean_test_score, std_test_score }
    });
    let n_not_converged = fits.iter().filter_map(OneVsRest::convergence).map(|fit| fit.n_not_converged).sum();
    GridSearch::of(points.collect(), n_not_converged)
}

/// Micro F1, weighted by sample weight; `None` if no weight is positive.
fn micro_f1(y_true: &LabelIndicator, y_pred: &LabelIndicator, weights: Option<&Vec<f64>>) -> Option<f64> {
    if weights.is_some_and(|weights| weights.iter().all(|weight| *weight == 0.0)) {
        return None;
    }
    let (mut right, mut total) = (0.0, 0.0);
    for (i, (truth, given)) in y_true.rows().zip(y_pred.rows()).enumerate() {
        let weight = weights.map_or(1.0, |weights| weights[i]);
        let count = |answers: &mut dyn Iterator<Item = bool>| answers.filter(|yes| *yes).count() as f64;
        right += weight * count(&mut truth.iter().zip(given).map(|(truth, given)| *truth && *given));
        total += weight * count(&mut truth.iter().chain(given).copied());
    }
    Some(if total > 0.0 { 2.0 * right / total } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::Matrix;
    use crate::split::KFold;

    /// Oracle: `out_of_fold_label_logits`, from classifiers at their optimum. The labels include one that all rows
    /// have, one that none has, and one that only rows of one fold have; they are fitted together and one by one.
    /// Tolerance: for fits at their optimum that of a gradient of 1e-8, for compared ones as for `compare_logits`.
    #[test]
    fn logits_of_labels_are_those_of_the_optimum() {
        let (n, d) = (150, 12);
        let number = |i: usize| ((i * 7919 % 10007) as f32 - 5000.0) / 5000.0;
        let features = Matrix::from_vec((0..n * d).map(number).collect(), n, d).unwrap();
        let set = |i: usize| {
            let own = [i.is_multiple_of(3), true, false, i < 3, (i * i + i / 3).is_multiple_of(2)];
            (0..5).filter(|&label| own[label]).collect()
        };
        let labels = LabelIndicator::from_sets(&(0..n).map(set).collect::<Vec<_>>(), 5).unwrap();
        let weights: Vec<f64> = (0..n).map(|i| 0.5 + (i % 4) as f64).collect();
        let folds = KFold { n_splits: 5, shuffle: None }.split(n).unwrap();
        for weights in [None, Some(&weights[..])] {
            let samples = MultiLabelSamples::new(&features, &labels).weighted(weights);
            let options = LogisticRegressionOptions::default();
            let c_values = [0.001, 0.01];
            let compared = compare_label_logits(&samples, &c_values, &options, &folds, &|_| Ok(())).unwrap();
            let one_by_one =
                label_logits(&samples, &c_values, &options, &folds, (Precision::Double, 1), &|_| Ok(()))
                    .unwrap();
            for ((&c, compared), one_by_one) in c_values.iter().zip(&compared).zip(&one_by_one) {
                let options = LogisticRegressionOptions { c, ..options };
                let exact = out_of_fold_label_logits(&samples, &options, &folds, &|_| Ok(())).unwrap();
                for (i, p) in exact.iter().copied().map(sigmoid).enumerate() {
                    assert!((sigmoid(one_by_one[i]) - p).abs() < 1e-6, "{i}: {} {p}", one_by_one[i]);
                    assert!((sigmoid(compared[i]) - p).abs() < 0.005, "{i}: {} {p}", compared[i]);
                    assert_eq!(compared[i].is_infinite(), exact[i].is_infinite(), "{i}");
                }
                assert_eq!((exact[1], exact[2]), (f64::INFINITY, f64::NEG_INFINITY));
            }
        }
    }
}
