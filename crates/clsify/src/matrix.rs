//! The numeric container: row-major `f32`, `[rows, cols]`.
//!
//! It contains features and hidden states and has no arithmetic; products are in `clsify-kernels`.

use rayon::prelude::*;

use crate::error::{Error, ErrorKind, Result};

/// A dense row-major matrix of `f32`, `[rows, cols]`.
///
/// ```
/// use clsify::matrix::Matrix;
/// let m = Matrix::from_vec(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, 3)?;
/// assert_eq!(m.shape(), [2, 3]);
/// assert_eq!(m.row(1), [4.0, 5.0, 6.0]);
/// assert_eq!(m.select_rows(&[1, 0]).row(0), [4.0, 5.0, 6.0]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Matrix {
    data: Vec<f32>,
    rows: usize,
    cols: usize,
}

impl Matrix {
    /// A matrix of zeros.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Matrix { data: vec![0.0; rows * cols], rows, cols }
    }

    /// A matrix over existing row-major data.
    ///
    /// # Errors
    /// Fails if `data` does not hold `rows * cols` numbers.
    pub fn from_vec(data: Vec<f32>, rows: usize, cols: usize) -> Result<Self> {
        if rows.checked_mul(cols) != Some(data.len()) {
            let message = format!("expected {rows} x {cols} numbers, got {}", data.len());
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        Ok(Matrix { data, rows, cols })
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// `[rows, cols]`.
    pub fn shape(&self) -> [usize; 2] {
        [self.rows, self.cols]
    }

    /// All numbers, row by row, without a copy.
    pub fn into_vec(self) -> Vec<f32> {
        self.data
    }

    /// All numbers, row by row.
    pub fn as_slice(&self) -> &[f32] {
        &self.data
    }

    /// All numbers, row by row.
    pub fn as_mut_slice(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// Row `i`.
    ///
    /// # Panics
    /// Panics if `i` is not below [`rows`](Self::rows).
    pub fn row(&self, i: usize) -> &[f32] {
        &self.data[i * self.cols..(i + 1) * self.cols]
    }

    /// Row `i`.
    ///
    /// # Panics
    /// Panics if `i` is not below [`rows`](Self::rows).
    pub fn row_mut(&mut self, i: usize) -> &mut [f32] {
        &mut self.data[i * self.cols..(i + 1) * self.cols]
    }

    /// The given columns side by side, in the given order.
    ///
    /// # Panics
    /// Panics if a range lies outside.
    pub fn select_columns(&self, ranges: &[std::ops::Range<usize>]) -> Matrix {
        let cols: usize = ranges.iter().map(ExactSizeIterator::len).sum();
        let mut data = vec![0.0; self.rows() * cols];
        data.par_chunks_exact_mut(cols.max(1)).enumerate().for_each(|(i, row)| {
            let mut place = 0;
            for range in ranges {
                row[place..place + range.len()].copy_from_slice(&self.row(i)[range.clone()]);
                place += range.len();
            }
        });
        Matrix { data, rows: self.rows(), cols }
    }

    /// The given rows, in the given order, as a new matrix.
    ///
    /// # Panics
    /// Panics if an index is not below [`rows`](Self::rows).
    pub fn select_rows(&self, indices: &[usize]) -> Matrix {
        let mut data = Vec::with_capacity(indices.len() * self.cols);
        for &i in indices {
            data.extend_from_slice(self.row(i));
        }
        Matrix { data, rows: indices.len(), cols: self.cols }
    }
}
