//! k folds with about the same proportions of the classes in each.
//!
//! Source: scikit-learn 1.9.1, `StratifiedKFold`.

use super::mt19937::Mt19937;
use super::{Split, rows_by_class};
use crate::error::{Error, ErrorKind, Result};

/// scikit-learn's `StratifiedKFold`: every row is tested in exactly one fold.
///
/// The default is the one of scikit-learn's `cv=5`: five folds, not shuffled.
///
/// ```
/// use clsify::split::StratifiedKFold;
/// let folds = StratifiedKFold { n_splits: 2, shuffle: None }.split(&[1, 0, 1, 0, 1, 0])?;
/// assert_eq!(folds[0].test, [0, 1, 2]);
/// assert_eq!(folds[0].train, [3, 4, 5]);
/// assert_eq!(folds[1].test, folds[0].train);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StratifiedKFold {
    /// The number of folds, at least 2.
    pub n_splits: usize,
    /// The seed (scikit-learn's `random_state`) for spreading each class's rows over the folds; without one, the
    /// first rows of a class are tested in the first fold.
    pub shuffle: Option<u32>,
}

impl Default for StratifiedKFold {
    fn default() -> Self {
        StratifiedKFold { n_splits: 5, shuffle: None }
    }
}

impl StratifiedKFold {
    /// The folds, each with ascending rows.
    ///
    /// Two folds differ by at most one in the number of test rows of any class. A class with fewer rows than folds is
    /// missing in some test folds, which is not an error: see [`too_few_members`](Self::too_few_members).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if there are fewer than 2 folds, more folds than rows, or more folds than the
    /// largest class has rows.
    pub fn split(&self, class_ids: &[usize]) -> Result<Vec<Split>> {
        let n_splits = self.n_splits;
        if n_splits < 2 {
            return Err(invalid(format!("expected at least 2 folds, got {n_splits}")));
        }
        if n_splits > class_ids.len() {
            let message =
                format!("expected at least {n_splits} rows for {n_splits} folds, got {}", class_ids.len());
            return Err(invalid(message));
        }
        let mut rows = rows_by_class(class_ids);
        let largest = rows.iter().map(Vec::len).max().unwrap_or(0);
        if n_splits > largest {
            let message = format!(
                "expected a class with at least {n_splits} rows for {n_splits} folds, got at most {largest}"
            );
            return Err(invalid(message));
        }

        // Classes are ordered by first appearance, so that renaming them changes no fold.
        rows.sort_by_key(|rows| rows[0]);
        let mut random = self.shuffle.map(Mt19937::new);
        let mut fold_of_row = vec![0; class_ids.len()];
        let mut dealt = 0; // rows of the classes before, dealt to the folds in turn
        for rows in &rows {
            let mut counts = vec![0; n_splits];
            (dealt..dealt + rows.len()).for_each(|place| counts[place % n_splits] += 1);
            dealt += rows.len();
            let mut folds: Vec<usize> = counts
                .iter()
                .enumerate()
                .flat_map(|(fold, &count)| std::iter::repeat_n(fold, count))
                .collect();
            if let Some(random) = &mut random {
                random.shuffle(&mut folds);
            }
            for (&row, fold) in rows.iter().zip(folds) {
                fold_of_row[row] = fold;
            }
        }

        let split = |fold| {
            let (test, train) = (0..class_ids.len()).partition(|&row| fold_of_row[row] == fold);
            Split { train, test }
        };
        Ok((0..n_splits).map(split).collect())
    }

    /// The number of rows of the smallest class, if it is smaller than the number of folds.
    ///
    /// scikit-learn warns in this case: some folds test no row of that class.
    ///
    /// ```
    /// use clsify::split::StratifiedKFold;
    /// let folds = StratifiedKFold { n_splits: 3, shuffle: None };
    /// assert_eq!(folds.too_few_members(&[0, 0, 0, 1, 1]), Some(2));
    /// assert_eq!(folds.too_few_members(&[0, 0, 0, 1, 1, 1]), None);
    /// ```
    pub fn too_few_members(&self, class_ids: &[usize]) -> Option<usize> {
        let smallest = rows_by_class(class_ids).iter().map(Vec::len).min()?;
        (smallest < self.n_splits).then_some(smallest)
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("stratified k-fold")
}
