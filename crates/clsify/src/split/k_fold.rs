//! k folds that do not depend on the classes.
//!
//! Source: scikit-learn 1.9.1, `KFold`.

use super::Split;
use super::mt19937::Mt19937;
use crate::error::{Error, ErrorKind, Result};

/// scikit-learn's `KFold`: every row is tested in exactly one fold.
///
/// ```
/// use clsify::split::KFold;
/// let folds = KFold { n_splits: 2, shuffle: None }.split(5)?;
/// assert_eq!(folds[0].test, [0, 1, 2]);
/// assert_eq!(folds[1].test, [3, 4]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KFold {
    /// The number of folds, at least 2.
    pub n_splits: usize,
    /// The seed (scikit-learn's `random_state`) for shuffling the rows first; without one, folds are consecutive
    /// rows.
    pub shuffle: Option<u32>,
}

impl KFold {
    /// The folds, each with ascending rows; if the rows do not divide evenly, the first folds have one row more.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if there are fewer than 2 folds, or more folds than rows.
    pub fn split(&self, n_samples: usize) -> Result<Vec<Split>> {
        let n_splits = self.n_splits;
        if n_splits < 2 {
            return Err(invalid(format!("expected at least 2 folds, got {n_splits}")));
        }
        if n_splits > n_samples {
            return Err(invalid(format!(
                "expected at least {n_splits} rows for {n_splits} folds, got {n_samples}"
            )));
        }
        let mut rows: Vec<usize> = (0..n_samples).collect();
        if let Some(seed) = self.shuffle {
            Mt19937::new(seed).shuffle(&mut rows);
        }
        let mut rest = rows.as_slice();
        let fold = |fold: usize| {
            let size = n_samples / n_splits + usize::from(fold < n_samples % n_splits);
            let (own, after) = rest.split_at(size);
            rest = after;
            let mut is_test = vec![false; n_samples];
            own.iter().for_each(|&row| is_test[row] = true);
            let (test, train) = (0..n_samples).partition(|&row| is_test[row]);
            Split { train, test }
        };
        Ok((0..n_splits).map(fold).collect())
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("k-fold")
}
