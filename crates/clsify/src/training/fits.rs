//! Cross-validation of a linear classifier on targets of either form.
//!
//! The input is features, already scaled if they are to be, and [`Targets`]; the result is a choice of C, or
//! out-of-fold logits.

use crate::classifier::{LogisticRegressionOptions, MultiLabelSamples, Samples};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{
    GridSearch, compare_label_logits, compare_logits, grid_search, multi_label_grid_search,
    out_of_fold_label_logits, out_of_fold_logits,
};
use crate::matrix::Matrix;
use crate::observer::Progress;
use crate::split::{Split, folds};
use crate::targets::{Labels, Targets};

/// The number of folds for choosing C and features. Calibration and decisions use more.
pub(crate) const N_SPLITS: usize = 5;

/// The number of fits per C and fold in a search or a cross-validation: one, or one per label.
pub(crate) fn n_fits(targets: &Targets) -> usize {
    match targets.labels() {
        Labels::Classes { .. } => 1,
        Labels::Sets(labels) => labels.n_labels(),
    }
}

/// The folds; fails unless something can be learned in each: for classes, at least two in the training rows of each
/// fold.
pub(crate) fn learnable_folds(targets: &Targets, n_splits: usize) -> Result<Vec<Split>> {
    let folds = folds(targets, n_splits)?;
    if let Labels::Classes { class_ids: y, .. } = targets.labels()
        && folds.iter().any(|fold| fold.train.iter().all(|&i| y[i] == y[fold.train[0]]))
    {
        let message = "expected at least 2 classes in the training rows of every fold, got only one";
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    Ok(folds)
}

/// The C with the best accuracy for classes, or micro F1 for label sets, over the folds; `progress` receives
/// the number of finished fits.
pub(crate) fn search_c(
    features: &Matrix,
    targets: &Targets,
    (c_values, n_splits): (&[f64], usize),
    options: &LogisticRegressionOptions,
    progress: Progress,
) -> Result<GridSearch> {
    match targets.labels() {
        Labels::Classes { .. } => {
            let samples = Samples::of_classes(features, targets)?;
            grid_search(&samples, c_values, options, n_splits, progress)
        }
        Labels::Sets(labels) => {
            let samples = MultiLabelSamples::new(features, labels).weighted(targets.sample_weight());
            multi_label_grid_search(&samples, c_values, options, &folds(targets, n_splits)?, progress)
        }
    }
}

/// The out-of-fold logits of each row, `[n_rows, n_classes]` or `[n_rows, n_labels]`.
pub(crate) fn held_out_logits(
    features: &Matrix,
    targets: &Targets,
    options: &LogisticRegressionOptions,
    n_splits: usize,
    progress: Progress,
) -> Result<Vec<f64>> {
    match targets.labels() {
        Labels::Classes { .. } => {
            out_of_fold_logits(&Samples::of_classes(features, targets)?, options, n_splits, progress)
        }
        Labels::Sets(labels) => {
            let samples = MultiLabelSamples::new(features, labels).weighted(targets.sample_weight());
            out_of_fold_label_logits(&samples, options, &folds(targets, n_splits)?, progress)
        }
    }
}

/// The out-of-fold logits for each C over [`N_SPLITS`] folds, accurate enough for comparisons.
pub(crate) fn compared_logits(
    features: &Matrix,
    targets: &Targets,
    c_values: &[f64],
    options: &LogisticRegressionOptions,
    progress: Progress,
) -> Result<Vec<Vec<f64>>> {
    match targets.labels() {
        Labels::Classes { .. } => {
            compare_logits(&Samples::of_classes(features, targets)?, c_values, options, N_SPLITS, progress)
        }
        Labels::Sets(labels) => {
            let samples = MultiLabelSamples::new(features, labels).weighted(targets.sample_weight());
            compare_label_logits(&samples, c_values, options, &folds(targets, N_SPLITS)?, progress)
        }
    }
}
