//! Splits and folds that keep groups of rows together: no group has rows on both sides.
//!
//! Rows of one author, product or document are alike beyond their labels. If some of them are training rows and
//! others test rows, the score partly shows how well the group is recognised. The input is one group id per row; only
//! the order of the ids matters. Source: scikit-learn 1.9.1, `GroupShuffleSplit`, `GroupKFold`.

use super::mt19937::Mt19937;
use super::train_test_split::n_test_of;
use super::{Split, SplitOptions, StratifiedKFold, rows_by_class};
use crate::error::{Error, ErrorKind, Result};

/// The rows of scikit-learn's `GroupShuffleSplit(n_splits=1, test_size=..., random_state=seed)`, ascending.
///
/// The test size is a share or a number of groups, not of rows.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] if there are fewer than 2 groups, if the test size is out of range, or if the split
/// is to be stratified, which groups do not allow.
///
/// ```
/// use clsify::split::{SplitOptions, group_shuffle_split};
/// let split = group_shuffle_split(&[0, 0, 1, 1, 2, 2, 3, 3], &SplitOptions::default())?;
/// assert_eq!((split.train, split.test), (vec![0, 1, 2, 3, 6, 7], vec![4, 5]));
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn group_shuffle_split(groups: &[usize], options: &SplitOptions) -> Result<Split> {
    if options.stratify {
        let message = "expected a split by groups or one that keeps the shares of the labels, got both";
        return Err(invalid(message.to_string())
            .with_hint("leave out --stratify, or --group-column and --group-duplicates"));
    }
    let rows = rows_by_class(groups);
    if rows.len() < 2 {
        return Err(too_few(2, "a split", rows.len()));
    }
    let n_test = n_test_of(rows.len(), options.test_size, "groups")?;
    let order = Mt19937::new(options.seed).permutation(rows.len());
    let of_groups = |some: &[usize]| {
        let mut of_groups: Vec<usize> = some.iter().flat_map(|&group| rows[group].iter().copied()).collect();
        of_groups.sort_unstable();
        of_groups
    };
    Ok(Split { train: of_groups(&order[n_test..]), test: of_groups(&order[..n_test]) })
}

/// scikit-learn's `GroupKFold`: every row, and every group, is tested in exactly one fold. Groups are assigned from
/// the largest to the smallest, each to the fold with the fewest rows.
///
/// ```
/// use clsify::split::GroupKFold;
/// let folds = GroupKFold { n_splits: 2 }.split(&[0, 0, 0, 1, 2, 2])?;
/// assert_eq!((&folds[0].test[..], &folds[1].test[..]), (&[0, 1, 2][..], &[3, 4, 5][..]));
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupKFold {
    /// The number of folds, at least 2.
    pub n_splits: usize,
}

impl GroupKFold {
    /// The folds, each with ascending rows.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if there are fewer than 2 folds, or more folds than groups.
    pub fn split(&self, groups: &[usize]) -> Result<Vec<Split>> {
        let n_splits = self.n_splits;
        if n_splits < 2 {
            return Err(invalid(format!("expected at least 2 folds, got {n_splits}")));
        }
        let mut rows = rows_by_class(groups);
        if rows.len() < n_splits {
            return Err(too_few(n_splits, &format!("{n_splits} folds"), rows.len()));
        }
        // Of groups of equal size the last one comes first, as in scikit-learn.
        rows.reverse();
        rows.sort_by_key(|rows| std::cmp::Reverse(rows.len()));
        let mut sizes = vec![0; n_splits];
        let mut fold_of_row = vec![0; groups.len()];
        for rows in &rows {
            let lightest = (0..n_splits).min_by_key(|&fold| sizes[fold]).unwrap_or(0);
            sizes[lightest] += rows.len();
            rows.iter().for_each(|&row| fold_of_row[row] = lightest);
        }
        let split = |fold| {
            let (test, train) = (0..groups.len()).partition(|&row| fold_of_row[row] == fold);
            Split { train, test }
        };
        Ok((0..n_splits).map(split).collect())
    }
}

/// The folds of rows with one class each: by groups if there are any, otherwise stratified by class.
///
/// # Errors
/// As for [`GroupKFold::split`] and [`StratifiedKFold::split`].
pub fn class_folds(class_ids: &[usize], groups: Option<&[usize]>, n_splits: usize) -> Result<Vec<Split>> {
    match groups {
        Some(groups) => GroupKFold { n_splits }.split(groups),
        None => StratifiedKFold { n_splits, shuffle: None }.split(class_ids),
    }
}

/// The number of groups to which rows belong.
pub(crate) fn n_groups(groups: &[usize]) -> usize {
    rows_by_class(groups).len()
}

fn too_few(expected: usize, what: &str, got: usize) -> Error {
    let got = if got == 1 { "1: all rows are of one group".to_string() } else { got.to_string() };
    invalid(format!("expected at least {expected} groups for {what}, got {got}"))
        .with_hint("give rows of more groups, or a column with smaller groups")
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("groups")
}
