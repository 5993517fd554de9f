//! Cross-validation of a linear classifier on targets of either form.
//!
//! In: features that are scaled already, if they are to be, and [`Targets`]. Out: a search for C, or the logits of every row by the
//! classifier that has not seen it.

use crate::classifier::{LogisticRegressionOptions, MultiLabelSamples, Samples};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{
    GridSearch, compare_label_logits, compare_logits, grid_search, multi_label_grid_search,
    out_of_fold_label_logits, out_of_fold_logits,
};
use crate::matrix::Matrix;
use crate::split::{Split, folds};
use crate::targets::{Labels, Targets};

/// Folds behind a chosen C and chosen features. There are more of them behind calibration and decisions.
pub(crate) const N_SPLITS: usize = 5;

/// Fits that a search or a cross-validation counts for each C and fold: one, or one for each label.
pub(crate) fn n_fits(targets: &Targets) -> usize {
    match targets.labels() {
        Labels::Classes { .. } => 1,
        Labels::Sets(labels) => labels.n_labels(),
    }
}

/// The folds, each of which leaves something to learn: of classes, at least two in the training rows of each.
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

/// The C with the best accuracy of classes, or micro F1 of label sets, over [`N_SPLITS`] folds; `progress` hears how many of the
/// fits are done.
pub(crate) fn search_c(
    features: &Matrix,
    targets: &Targets,
    c_values: &[f64],
    options: &LogisticRegressionOptions,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<GridSearch> {
    match targets.labels() {
        Labels::Classes { .. } => {
            let samples = Samples::of_classes(features, targets)?;
            grid_search(&samples, c_values, options, N_SPLITS, progress)
        }
        Labels::Sets(labels) => {
            let samples = MultiLabelSamples::new(features, labels).weighted(targets.sample_weight());
            multi_label_grid_search(&samples, c_values, options, &folds(targets, N_SPLITS)?, progress)
        }
    }
}

/// The logits of each row by the classifier of the fold that holds it out, `[n_rows, n_classes]` or `[n_rows, n_labels]`.
pub(crate) fn held_out_logits(
    features: &Matrix,
    targets: &Targets,
    options: &LogisticRegressionOptions,
    n_splits: usize,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Vec<f64>> {
    match targets.labels() {
        Labels::Classes { .. } => {
            out_of_fold_logits(&Samples::of_classes(features, targets)?, options, n_splits)
        }
        Labels::Sets(labels) => {
            let samples = MultiLabelSamples::new(features, labels).weighted(targets.sample_weight());
            out_of_fold_label_logits(&samples, options, &folds(targets, n_splits)?, progress)
        }
    }
}

/// The same for each C over [`N_SPLITS`] folds, close enough to compare.
pub(crate) fn compared_logits(
    features: &Matrix,
    targets: &Targets,
    c_values: &[f64],
    options: &LogisticRegressionOptions,
) -> Result<Vec<Vec<f64>>> {
    match targets.labels() {
        Labels::Classes { .. } => {
            compare_logits(&Samples::of_classes(features, targets)?, c_values, options, N_SPLITS)
        }
        Labels::Sets(labels) => {
            let samples = MultiLabelSamples::new(features, labels).weighted(targets.sample_weight());
            compare_label_logits(&samples, c_values, options, &folds(targets, N_SPLITS)?)
        }
    }
}
