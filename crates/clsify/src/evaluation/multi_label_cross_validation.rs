//! Folds of rows with several labels: each row's probabilities come from a classifier that has not seen it.

use super::f1_threshold::F1Threshold;
use super::grid_search::{GridPoint, GridSearch, mean_and_std};
use super::metrics::ratio;
use crate::classifier::logistic_regression::FitTask;
use crate::classifier::one_vs_rest::fit_labels;
use crate::classifier::{LabelIndicator, LogisticRegressionOptions, MultiLabelSamples, OneVsRest};
use crate::error::Result;
use crate::split::Split;

/// The probability of each label for every row, by the classifier of the fold that holds it out: `[n_samples, n_labels]`.
///
/// A label that every training row of a fold has, or none, has the probability 1 or 0 there. `progress` hears how many of the
/// labels of all folds are fitted.
///
/// # Errors
/// As for [`OneVsRest::fit`](crate::classifier::OneVsRest::fit).
///
/// ```
/// use clsify::classifier::{LabelIndicator, LogisticRegressionOptions, MultiLabelSamples};
/// use clsify::{evaluation::out_of_fold_probabilities, matrix::Matrix, split::KFold};
/// let features = Matrix::from_vec(vec![-2.0, 1.0, -1.0, 2.0], 4, 1)?;
/// let labels = LabelIndicator::from_sets(&[vec![], vec![0], vec![], vec![0]], 1)?;
/// let folds = KFold { n_splits: 2, shuffle: None }.split(4)?;
/// let samples = MultiLabelSamples::new(&features, &labels);
/// let found = out_of_fold_probabilities(&samples, &LogisticRegressionOptions::default(), &folds, &|_| {})?;
/// assert!(found[0] < 0.5 && found[1] > 0.5 && found[2] < 0.5 && found[3] > 0.5);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn out_of_fold_probabilities(
    samples: &MultiLabelSamples,
    options: &LogisticRegressionOptions,
    folds: &[Split],
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Vec<f64>> {
    let tasks: Vec<FitTask> =
        folds.iter().map(|fold| FitTask { c: options.c, held_out: &fold.test }).collect();
    let fits = fit_labels(samples, &tasks, options, progress)?;
    let n_labels = samples.labels.n_labels();
    let mut all = vec![0.0; samples.labels.n_samples() * n_labels];
    for (fit, fold) in fits.iter().zip(folds) {
        let own = fit.predict_proba(&samples.features.select_rows(&fold.test));
        for (&row, own) in fold.test.iter().zip(own.chunks_exact(n_labels)) {
            all[row * n_labels..][..n_labels].copy_from_slice(own);
        }
    }
    Ok(all)
}

/// The threshold of each label with the largest F1 on rows out of their folds.
///
/// # Errors
/// As for [`out_of_fold_probabilities`].
pub fn f1_thresholds(
    samples: &MultiLabelSamples,
    options: &LogisticRegressionOptions,
    folds: &[Split],
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Vec<F1Threshold>> {
    let probabilities = out_of_fold_probabilities(samples, options, folds, progress)?;
    let n_labels = samples.labels.n_labels();
    (0..n_labels)
        .map(|label| {
            let own: Vec<f64> = probabilities.iter().copied().skip(label).step_by(n_labels).collect();
            F1Threshold::choose(&samples.labels.column(label), &own)
        })
        .collect()
}

/// Searches the C with the best mean micro F1 over the folds, all labels with the threshold 0.5; of equals the first one.
///
/// As scikit-learn's `GridSearchCV(OneVsRestClassifier(LogisticRegression()), scoring="f1_micro")`. `progress` hears how many
/// of the labels of all C and folds are fitted. The caller refits with the best C.
///
/// # Errors
/// As for [`OneVsRest::fit`]; also when `c_values` is empty.
///
/// ```
/// use clsify::classifier::{LabelIndicator, LogisticRegressionOptions, MultiLabelSamples};
/// use clsify::{evaluation::multi_label_grid_search, matrix::Matrix, split::KFold};
/// let features = Matrix::from_vec(vec![-2.0, 1.0, -1.0, 2.0], 4, 1)?;
/// let labels = LabelIndicator::from_sets(&[vec![], vec![0], vec![], vec![0]], 1)?;
/// let folds = KFold { n_splits: 2, shuffle: None }.split(4)?;
/// let samples = MultiLabelSamples::new(&features, &labels);
/// let options = LogisticRegressionOptions::default();
/// let found = multi_label_grid_search(&samples, &[0.1, 1.0], &options, &folds, &|_| {})?;
/// assert_eq!((found.best_c, found.best_score), (0.1, 1.0));
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn multi_label_grid_search(
    samples: &MultiLabelSamples,
    c_values: &[f64],
    options: &LogisticRegressionOptions,
    folds: &[Split],
    progress: &(dyn Fn(usize) + Sync),
) -> Result<GridSearch> {
    let of_c = |c| folds.iter().map(move |fold| FitTask { c, held_out: &fold.test });
    let tasks: Vec<FitTask> = c_values.iter().flat_map(|&c| of_c(c)).collect();
    let fits = fit_labels(samples, &tasks, options, progress)?;
    let held_out: Vec<_> = folds
        .iter()
        .map(|fold| (samples.features.select_rows(&fold.test), samples.labels.select_rows(&fold.test)))
        .collect();
    let half = vec![0.5; samples.labels.n_labels()];
    let scores: Vec<f64> = fits
        .iter()
        .zip(held_out.iter().cycle())
        .map(|(fit, (x, y))| micro_f1(y, &OneVsRest::predict(fit, x, &half)))
        .collect();
    let points = c_values.iter().zip(scores.chunks_exact(folds.len())).map(|(&c, scores)| {
        let (mean_test_score, std_test_score) = mean_and_std(scores);
        GridPoint { c, mean_test_score, std_test_score }
    });
    GridSearch::of(points.collect(), fits.iter().map(OneVsRest::n_not_converged).sum())
}

fn micro_f1(y_true: &LabelIndicator, y_pred: &LabelIndicator) -> f64 {
    let cells = || y_true.rows().flatten().zip(y_pred.rows().flatten());
    let right = cells().filter(|&(truth, prediction)| *truth && *prediction).count();
    ratio(2 * right, cells().map(|(truth, prediction)| usize::from(*truth) + usize::from(*prediction)).sum())
}
