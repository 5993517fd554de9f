//! Splits and folds of rows with any targets: one class each, or label sets.

use super::Split;
use super::groups::{GroupKFold, class_folds, group_shuffle_split};
use super::k_fold::KFold;
use super::label_set_split::{label_set_order, label_set_split};
use super::stratified_order::stratified_order;
use super::train_test_split::{SplitOptions, train_test_split};
use crate::error::Result;
use crate::targets::{Labels, Targets};

/// Training and test rows: of different groups if rows have groups; otherwise as [`train_test_split`] for classes,
/// and [`label_set_split`] for label sets.
///
/// # Errors
/// As for these functions.
///
/// ```
/// use clsify::{split::{SplitOptions, split_rows}, targets::Targets};
/// let targets = Targets::classes([0, 1].repeat(4), 2).grouped(Some(vec![0, 0, 0, 0, 1, 1, 1, 1]));
/// let split = split_rows(&targets, &SplitOptions::default())?;
/// assert_eq!(split.train.len(), 4);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn split_rows(targets: &Targets, options: &SplitOptions) -> Result<Split> {
    match (targets.groups(), targets.labels()) {
        (Some(groups), _) => group_shuffle_split(groups, options),
        (None, Labels::Classes { class_ids, .. }) => train_test_split(class_ids, options),
        (None, Labels::Sets(labels)) => label_set_split(&labels.to_sets(), options),
    }
}

/// The folds of cross-validation: whole groups if rows have groups; otherwise stratified by class, or for label sets
/// drawn at random with seed 0, because files are often sorted by label.
///
/// # Errors
/// As for [`class_folds`] and [`KFold::split`].
///
/// ```
/// use clsify::{split::folds, targets::Targets};
/// let folds = folds(&Targets::classes([0, 1].repeat(10), 2), 5)?;
/// assert_eq!((folds.len(), folds[0].test.len()), (5, 4));
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn folds(targets: &Targets, n_splits: usize) -> Result<Vec<Split>> {
    match (targets.labels(), targets.groups()) {
        (Labels::Classes { class_ids, .. }, groups) => class_folds(class_ids, groups, n_splits),
        (Labels::Sets(_), groups) => label_set_folds(targets.len(), groups, n_splits),
    }
}

/// The folds of this many rows with label sets.
pub(crate) fn label_set_folds(
    n_rows: usize,
    groups: Option<&[usize]>,
    n_splits: usize,
) -> Result<Vec<Split>> {
    match groups {
        Some(groups) => GroupKFold { n_splits }.split(groups),
        None => KFold { n_splits, shuffle: Some(0) }.split(n_rows),
    }
}

/// An order of the rows in which the first rows, up to each of `sizes`, keep the shares of the classes or labels.
///
/// # Panics
/// Panics if a size is above the number of rows.
pub(crate) fn nested_order(targets: &Targets, sizes: &[usize], seed: u32) -> Vec<usize> {
    match targets.labels() {
        Labels::Classes { class_ids, .. } => stratified_order(class_ids, seed),
        Labels::Sets(labels) => label_set_order(&labels.to_sets(), sizes, seed),
    }
}
