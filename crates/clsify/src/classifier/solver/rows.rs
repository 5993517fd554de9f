//! The rows of a feature matrix in the solver's form: `f64`, centred, with a last column of ones for the intercept.
//!
//! Centring does not change the optimum of a model with a free intercept; it separates the intercept from the
//! weights. With fewer rows than columns the columns become coordinates in the span of the rows ([`RowSpace`]).
//! Memory: 8 bytes per number, for `n (d + 1)` numbers; with fewer rows than columns, for `n (n + d + 1)`.

use clsify_kernels::matmul::{MatMut, MatRef, Parallel, matmul};
use rayon::prelude::*;

use super::row_space::RowSpace;
use super::single::SingleProducts;
use crate::matrix::Matrix;

/// Up to this many rows it is worth computing their span, which costs `4 d n²` operations.
const MAX_SPANNING: usize = 4096;

/// The number of columns of one block of a [`MeanGram`](super::mean_curvature::MeanGram): 134 MB, and 23 GFLOP for
/// its factor. More columns make more blocks, whose interactions are ignored.
const MAX_BLOCK: usize = 4096;
/// The block size if products are in `f32`: there, more steps are cheaper than large factors.
const MAX_BLOCK_SINGLE: usize = 1024;

/// The cost of a multiplication in `f32` relative to one in `f64`.
const SINGLE_PRICE: f64 = 0.2;

/// The precision of the solver's products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precision {
    /// `f64`: fits reach the optimum.
    Double,
    /// `f32`: fits are accurate enough to compare candidates.
    Single,
}

/// Rows in the solver's form, `[n, width]`.
#[derive(Debug)]
pub(super) struct Rows {
    values: Vec<f64>,
    pub(super) n: usize,
    /// The number of coordinates of a row, plus 1 for the intercept.
    pub(super) width: usize,
    /// The largest mean of a feature column, at least 1.
    pub(super) largest_mean: f64,
    means: Vec<f64>,
    row_space: Option<RowSpace>,
    single: Option<SingleProducts>,
}

impl Rows {
    pub(super) fn new(features: &Matrix, precision: Precision) -> Self {
        let [n, d] = features.shape();
        let mut means = vec![0.0; d];
        for i in 0..n {
            means.iter_mut().zip(features.row(i)).for_each(|(mean, &x)| *mean += f64::from(x));
        }
        means.iter_mut().for_each(|mean| *mean /= n as f64);
        let centred = |i: usize| features.row(i).iter().zip(&means).map(|(&x, mean)| f64::from(x) - mean);

        let is_wide = n < d && n <= MAX_SPANNING;
        let width = if is_wide { n } else { d } + 1;
        let mut values = vec![1.0; n * width];
        let row_space = if is_wide {
            let (coordinates, row_space) = RowSpace::new((0..n).flat_map(centred).collect(), n, d);
            for (to, row) in values.chunks_exact_mut(width).zip(coordinates.chunks_exact(n)) {
                to[..n].copy_from_slice(row);
            }
            Some(row_space)
        } else {
            let rows = values.par_chunks_exact_mut(width).enumerate();
            rows.for_each(|(i, row)| row.iter_mut().zip(centred(i)).for_each(|(to, x)| *to = x));
            None
        };
        let largest_mean = means.iter().fold(1.0f64, |m, x| m.max(x.abs()));
        let single = (precision == Precision::Single).then(|| SingleProducts::new(&values, n, width));
        Rows { values, n, width, largest_mean, means, row_space, single }
    }

    /// Row-major `[n, width]`.
    pub(super) fn values(&self) -> &[f64] {
        &self.values
    }

    /// The maximum number of columns whose interactions an approximation of the Hessian includes.
    pub(super) fn max_block(&self) -> usize {
        if self.single.is_some() { MAX_BLOCK_SINGLE } else { MAX_BLOCK }
    }

    /// The cost of a multiplication in a product relative to one in a factor, which is always `f64`.
    pub(super) fn price(&self) -> f64 {
        if self.single.is_some() { SINGLE_PRICE } else { 1.0 }
    }

    /// The logits of parameters `[columns, width]`: `[columns, n]`.
    pub(super) fn logits(&self, params: &[f64], out: &mut [f64]) {
        if let Some(single) = &self.single {
            return single.logits(params, out);
        }
        let columns = params.len() / self.width;
        let rows = MatRef::new(&self.values, self.n, self.width);
        let params = MatRef::new(params, columns, self.width);
        matmul(MatMut::new(out, columns, self.n), params, rows.t(), 1.0, 0.0, Parallel::Yes);
    }

    /// The sums of rows weighted by residuals `[columns, n]`: `[columns, width]`.
    pub(super) fn gradients(&self, residuals: &[f64], out: &mut [f64]) {
        if let Some(single) = &self.single {
            return single.gradients(residuals, out);
        }
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
