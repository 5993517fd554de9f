//! Splits rows into training and test rows: the same rows, in the same order, as scikit-learn gives for the same
//! seed.
//!
//! The input is one class id, or one set of label ids, per row, and the output is row numbers. Source: scikit-learn
//! 1.9.1, `model_selection/_split.py`, and numpy's `RandomState`.

mod bootstrap;
mod groups;
mod k_fold;
mod label_set_split;
mod mt19937;
mod target_splits;
mod stratified_k_fold;
mod stratified_order;
mod train_test_split;

use std::collections::BTreeMap;

pub use bootstrap::Bootstrap;
pub(crate) use groups::n_groups;
pub use groups::{GroupKFold, class_folds, group_shuffle_split};
pub use k_fold::KFold;
pub use label_set_split::{label_set_order, label_set_split};
pub(crate) use mt19937::Mt19937;
pub use stratified_k_fold::StratifiedKFold;
pub use stratified_order::stratified_order;
pub use target_splits::{folds, split_rows};
pub(crate) use target_splits::{label_set_folds, nested_order};
pub use train_test_split::{SplitOptions, TestSize, train_test_split};

/// The row numbers of one division into training and test rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The rows to fit on.
    pub train: Vec<usize>,
    /// The rows to test on; none of them is in `train`.
    pub test: Vec<usize>,
}

/// The ascending rows of every class that occurs, in ascending order of the class ids.
fn rows_by_class(class_ids: &[usize]) -> Vec<Vec<usize>> {
    let mut rows: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, &class_id) in class_ids.iter().enumerate() {
        rows.entry(class_id).or_default().push(row);
    }
    rows.into_values().collect()
}

/// The values of some rows, if rows have values.
pub(crate) fn of_rows<T: Copy>(values: Option<&[T]>, rows: &[usize]) -> Option<Vec<T>> {
    values.map(|values| rows.iter().map(|&row| values[row]).collect())
}
