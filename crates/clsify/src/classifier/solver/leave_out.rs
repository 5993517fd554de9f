//! Predictions of ridge regression for rows, or groups of rows, that are left out, in closed form.
//!
//! With `K` the kernel matrix of the rows, `W` their weights, `G = W^½ K W^½ + λ I` and `s = diag(W^½)`, the matrix
//! `M = G⁻¹ - G⁻¹ s sᵀ G⁻¹ / (sᵀ G⁻¹ s)` accounts for an intercept without penalty. For targets `y` the weighted
//! residuals of the rows `g` of a fit without them are `(M_gg)⁻¹ (M W^½ y)_g`: one matrix gives all fits. Source:
//! Rifkin and Lippert (2007), "Notes on regularized least squares", section 3; for groups, the same identity in blocks.

use clsify_kernels::matmul::{MatMut, MatRef, Parallel, matmul};
use rayon::prelude::*;

use super::cholesky::Cholesky;
use crate::matrix::Matrix;

/// The rows of the regressions, and the parts of them that are left out together.
#[derive(Debug)]
pub(crate) struct LeaveOut {
    n: usize,
    /// `[n, n]`.
    kernel: Vec<f64>,
    /// The square root of each row's weight.
    roots: Vec<f64>,
    /// The rows of each part.
    parts: Vec<Vec<usize>>,
}

impl LeaveOut {
    /// Prepares rows of centred features with positive weights; `parts` are the rows that are left out together, and
    /// every row is in one of them.
    pub(crate) fn new(features: &Matrix, weights: &[f64], parts: Vec<Vec<usize>>) -> Self {
        let [n, d] = features.shape();
        let rows: Vec<f64> = features.as_slice().iter().map(|&x| f64::from(x)).collect();
        let mut kernel = vec![0.0; n * n];
        let rows = MatRef::new(&rows, n, d);
        matmul(MatMut::new(&mut kernel, n, n), rows, rows.t(), 1.0, 0.0, Parallel::Yes);
        LeaveOut { n, kernel, roots: weights.iter().map(|weight| weight.sqrt()).collect(), parts }
    }

    /// The prediction of each row by the regression with this penalty that leaves its part out, for targets
    /// `[n, n_targets]`: in the same shape.
    pub(crate) fn predictions(&self, targets: &[f64], penalty: f64) -> Vec<f64> {
        let (n, roots) = (self.n, &self.roots);
        let columns = targets.len() / n;
        let mut m = self.inverse(penalty);
        let along: Vec<f64> =
            m.chunks_exact(n).map(|row| row.iter().zip(roots).map(|(g, s)| g * s).sum()).collect();
        let total: f64 = along.iter().zip(roots).map(|(g, s)| g * s).sum();
        for (row, left) in m.chunks_exact_mut(n).zip(&along) {
            row.iter_mut().zip(&along).for_each(|(m, right)| *m -= left * right / total);
        }
        let weighted = targets.chunks_exact(columns).zip(roots);
        let weighted: Vec<f64> = weighted.flat_map(|(row, s)| row.iter().map(move |y| s * y)).collect();
        let mut products = vec![0.0; n * columns];
        let (left, right) = (MatRef::new(&m, n, n), MatRef::new(&weighted, n, columns));
        matmul(MatMut::new(&mut products, n, columns), left, right, 1.0, 0.0, Parallel::Yes);
        let mut predictions = targets.to_vec();
        for part in &self.parts {
            // `M_gg` is positive definite unless the part has all the rows, of which nothing can be predicted.
            let block = part.iter().flat_map(|&i| part.iter().map(move |&j| (i, j)));
            let block = Cholesky::new(block.map(|(i, j)| m[i * n + j]).collect(), part.len());
            let mut residuals: Vec<f64> = (0..columns)
                .flat_map(|k| part.iter().map(move |&i| (i, k)))
                .map(|(i, k)| products[i * columns + k])
                .collect();
            block.solve(&mut residuals);
            for (k, residuals) in residuals.chunks_exact(part.len()).enumerate() {
                part.iter().zip(residuals).for_each(|(&i, r)| predictions[i * columns + k] -= r / roots[i]);
            }
        }
        predictions
    }

    /// `G⁻¹`, `[n, n]`.
    fn inverse(&self, penalty: f64) -> Vec<f64> {
        let (n, roots) = (self.n, &self.roots);
        let mut g = self.kernel.clone();
        g.par_chunks_exact_mut(n).enumerate().for_each(|(i, row)| {
            row.iter_mut().zip(roots).for_each(|(g, root)| *g *= roots[i] * root);
            row[i] += penalty;
        });
        let mut inverse = vec![0.0; n * n];
        (0..n).for_each(|i| inverse[i * n + i] = 1.0);
        Cholesky::new(g, n).solve(&mut inverse);
        inverse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: the regressions themselves, by the normal equations over all features and the intercept, each without
    /// its part. Tolerance: rounding of systems with a condition below 1e4.
    #[test]
    fn predictions_are_those_of_fits_without_the_rows() {
        let number = |i: usize| ((i * 7919 % 1009) as f64 - 500.0) / 500.0;
        for (n, d, size) in [(9, 4, 1), (12, 30, 1), (12, 5, 3), (80, 3, 2)] {
            let features: Vec<f32> = (0..n * d).map(|i| number(i) as f32).collect();
            let weights: Vec<f64> = (0..n).map(|i| 0.5 + (i % 3) as f64).collect();
            let targets: Vec<f64> = (0..n * 2).map(|i| number(i * 31 + 7)).collect();
            let parts: Vec<Vec<usize>> =
                (0..n / size).map(|g| (0..n).filter(|i| i % (n / size) == g).collect()).collect();
            let features = Matrix::from_vec(features, n, d).unwrap();
            let all = LeaveOut::new(&features, &weights, parts.clone());
            for penalty in [0.5, 20.0] {
                let got = all.predictions(&targets, penalty);
                for part in &parts {
                    for k in 0..2 {
                        let size = d + 1;
                        let row = |i: usize| -> Vec<f64> {
                            features.row(i).iter().map(|&x| f64::from(x)).chain([1.0]).collect()
                        };
                        let (mut a, mut b) = (vec![0.0; size * size], vec![0.0; size]);
                        for i in (0..n).filter(|i| !part.contains(i)) {
                            let x = row(i);
                            for p in 0..size {
                                (0..size).for_each(|q| a[p * size + q] += weights[i] * x[p] * x[q]);
                                b[p] += weights[i] * x[p] * targets[i * 2 + k];
                            }
                        }
                        (0..d).for_each(|p| a[p * size + p] += penalty);
                        Cholesky::new(a, size).solve(&mut b);
                        for &i in part {
                            let expected: f64 = row(i).iter().zip(&b).map(|(x, w)| x * w).sum();
                            let got = got[i * 2 + k];
                            assert!((got - expected).abs() < 1e-9, "{n} {d} {i}: {got} {expected}");
                        }
                    }
                }
            }
        }
    }
}
