//! Folds of rows with several labels: each row's probabilities come from a classifier that has not seen it.

use super::f1_threshold::F1Threshold;
use crate::classifier::logistic_regression::FitTask;
use crate::classifier::one_vs_rest::fit_labels;
use crate::classifier::{LogisticRegressionOptions, MultiLabelSamples};
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
