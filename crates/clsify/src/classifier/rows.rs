//! The rows of a feature matrix as the solver wants them: `f64`, centred, with a last column of ones for the intercept.
//!
//! Centring does not move the optimum of a model whose intercept is free; it keeps the intercept apart from the weights.
//! With fewer rows than columns the columns become coordinates in the span of the rows ([`RowSpace`]).
//! Memory: 8 bytes a number, for `n (d + 1)` numbers; where rows are fewer, for `n (n + d + 1)`.

use clsify_kernels::matmul::{MatMut, MatRef, Parallel, matmul};

use super::row_space::RowSpace;
use crate::matrix::Matrix;

/// Up to this many rows their span is worth finding: it costs `4 d n²` operations.
const MAX_SPANNING: usize = 4096;

/// Rows for the solver, `[n, width]`.
#[derive(Debug)]
pub(super) struct Rows {
    values: Vec<f64>,
    pub(super) n: usize,
    /// Coordinates of a row, and 1 for the intercept.
    pub(super) width: usize,
    /// The largest mean of a column of the features, and at least 1.
    pub(super) largest_mean: f64,
    means: Vec<f64>,
    row_space: Option<RowSpace>,
}

impl Rows {
    pub(super) fn new(features: &Matrix) -> Self {
        let [n, d] = features.shape();
        let mut means = vec![0.0; d];
        for i in 0..n {
            means.iter_mut().zip(features.row(i)).for_each(|(mean, &x)| *mean += f64::from(x));
        }
        means.iter_mut().for_each(|mean| *mean /= n as f64);
        let centred = |i: usize| features.row(i).iter().zip(&means).map(|(&x, mean)| f64::from(x) - mean);

        let is_wide = n < d && n <= MAX_SPANNING;
        let width = if is_wide { n } else { d } + 1;
        let mut values = Vec::with_capacity(n * width);
        let row_space = if is_wide {
            let (coordinates, row_space) = RowSpace::new((0..n).flat_map(centred).collect(), n, d);
            for row in coordinates.chunks_exact(n) {
                values.extend_from_slice(row);
                values.push(1.0);
            }
            Some(row_space)
        } else {
            for i in 0..n {
                values.extend(centred(i));
                values.push(1.0);
            }
            None
        };
        let largest_mean = means.iter().fold(1.0f64, |m, x| m.max(x.abs()));
        Rows { values, n, width, largest_mean, means, row_space }
    }

    /// Row-major `[n, width]`.
    pub(super) fn values(&self) -> &[f64] {
        &self.values
    }

    /// The logits of parameters `[columns, width]`: `[columns, n]`.
    pub(super) fn logits(&self, params: &[f64], out: &mut [f64]) {
        let columns = params.len() / self.width;
        let rows = MatRef::new(&self.values, self.n, self.width);
        let params = MatRef::new(params, columns, self.width);
        matmul(MatMut::new(out, columns, self.n), params, rows.t(), 1.0, 0.0, Parallel::Yes);
    }

    /// The sums of rows weighted with residuals `[columns, n]`: `[columns, width]`.
    pub(super) fn gradients(&self, residuals: &[f64], out: &mut [f64]) {
        let columns = residuals.len() / self.n;
        let rows = MatRef::new(&self.values, self.n, self.width);
        let residuals = MatRef::new(residuals, columns, self.n);
        matmul(MatMut::new(out, columns, self.width), residuals, rows, 1.0, 0.0, Parallel::Yes);
    }

    /// Weights `[columns, d]` and intercepts `[columns]` for the original features, from parameters `[columns, width]`.
    pub(super) fn to_features(&self, params: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (mut coordinates, mut intercepts) = (Vec::with_capacity(params.len()), Vec::new());
        for column in params.chunks_exact(self.width) {
            coordinates.extend_from_slice(&column[..self.width - 1]);
            intercepts.push(column[self.width - 1]);
        }
        let weights = match &self.row_space {
            Some(row_space) => row_space.to_features(&coordinates),
            None => coordinates,
        };
        // Undo the centring: w . (x - means) + b.
        for (intercept, weights) in intercepts.iter_mut().zip(weights.chunks_exact(self.means.len())) {
            *intercept -= weights.iter().zip(&self.means).map(|(w, mean)| w * mean).sum::<f64>();
        }
        (weights, intercepts)
    }
}
