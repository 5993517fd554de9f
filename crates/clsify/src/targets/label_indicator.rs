//! The labels of each row as scikit-learn's label indicator matrix.

use std::collections::HashMap;

use crate::error::{Error, ErrorKind, Result};

/// A boolean matrix, `[n_samples, n_labels]`, row-major.
///
/// ```
/// use clsify::targets::LabelIndicator;
/// let labels = LabelIndicator::from_sets(&[vec![0, 2], vec![]], 3)?;
/// assert_eq!(labels.row(0), [true, false, true]);
/// assert_eq!((labels.n_samples(), labels.n_labels(), labels.count(2)), (2, 3, 1));
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelIndicator {
    values: Vec<bool>,
    n_labels: usize,
}

impl LabelIndicator {
    /// Creates it from the values, row-major.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if there is no label, or the values are not whole rows.
    pub fn new(values: Vec<bool>, n_labels: usize) -> Result<Self> {
        if n_labels == 0 || !values.len().is_multiple_of(n_labels) {
            return Err(bad(format!(
                "expected rows of at least one label, got {} values of {n_labels}",
                values.len()
            )));
        }
        Ok(LabelIndicator { values, n_labels })
    }

    /// Creates it from the label ids of each row.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if there is no label, or an id is not below `n_labels`.
    pub fn from_sets(sets: &[Vec<usize>], n_labels: usize) -> Result<Self> {
        let mut values = vec![false; sets.len() * n_labels];
        for (row, set) in sets.iter().enumerate() {
            if let Some(id) = set.iter().find(|&&id| id >= n_labels) {
                return Err(bad(format!("row {row}: expected label ids below {n_labels}, got {id}")));
            }
            set.iter().for_each(|id| values[row * n_labels + id] = true);
        }
        LabelIndicator::new(values, n_labels)
    }

    /// The label ids of each row, ascending; the inverse of [`from_sets`](Self::from_sets).
    pub fn to_sets(&self) -> Vec<Vec<usize>> {
        self.rows().map(|row| (0..row.len()).filter(|&id| row[id]).collect()).collect()
    }

    /// The number of rows.
    pub fn n_samples(&self) -> usize {
        self.values.len() / self.n_labels
    }

    /// The number of columns, at least one.
    pub fn n_labels(&self) -> usize {
        self.n_labels
    }

    /// One boolean per label: true for the labels of this row.
    ///
    /// # Panics
    /// Panics if there is no such row.
    pub fn row(&self, row: usize) -> &[bool] {
        &self.values[row * self.n_labels..][..self.n_labels]
    }

    /// All rows, in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[bool]> {
        self.values.chunks_exact(self.n_labels)
    }

    /// One boolean per row: true for the rows that have this label, `[n_samples]`.
    ///
    /// # Panics
    /// Panics if there is no such label.
    pub fn column(&self, label: usize) -> Vec<bool> {
        self.rows().map(|row| row[label]).collect()
    }

    /// The number of rows that have a label.
    ///
    /// # Panics
    /// Panics if there is no such label.
    pub fn count(&self, label: usize) -> usize {
        self.rows().filter(|row| row[label]).count()
    }

    /// The most frequent set of labels, weighted by sample weight if there is one; of equally frequent ones the
    /// first.
    ///
    /// # Panics
    /// Panics if there is no row, or not one weight per row.
    pub fn most_frequent_row(&self, sample_weight: Option<&[f64]>) -> &[bool] {
        let mut counts: HashMap<&[bool], (f64, usize)> = HashMap::new();
        for (place, row) in self.rows().enumerate() {
            counts.entry(row).or_insert((0.0, place)).0 +=
                sample_weight.map_or(1.0, |weights| weights[place]);
        }
        let most = counts.into_iter().max_by(|(_, a), (_, b)| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        most.expect("there is a row").0
    }

    /// The rows with these indices, in this order.
    ///
    /// # Panics
    /// Panics if there is no such row.
    pub fn select_rows(&self, rows: &[usize]) -> Self {
        let values = rows.iter().flat_map(|&row| self.row(row)).copied().collect();
        LabelIndicator { values, n_labels: self.n_labels }
    }
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("label indicator")
}
