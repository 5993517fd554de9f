//! A preconditioner: the Hessian itself, averaged over problems with the same rows and similar C.
//!
//! It costs as much as many steps, but saves more if the certainty of rows differs much.
//!
//! With more than two classes, adding a number to all columns changes no probability, so the Hessian is singular in
//! that direction. It is therefore computed in an orthonormal basis of the orthogonal complement, with one column
//! fewer, where the penalty has the same form.

use rayon::prelude::*;

use super::cholesky::{Cholesky, weighted_gram};
use super::point::{Point, mean_l2};
use super::rows::Rows;
use crate::error::Result;
use crate::observer::GoOn;

/// The maximum number of elements in all Hessians together: 1 GB.
const MAX_NUMBERS: usize = 1 << 27;

/// The factored mean Hessian.
#[derive(Debug)]
pub(super) struct MeanHessian {
    width: usize,
    columns: usize,
    /// The number of columns of the basis.
    free: usize,
    /// `[columns, free]`.
    basis: Vec<f64>,
    factor: Cholesky,
}

impl MeanHessian {
    /// The number of multiplications and additions of [`new`](Self::new), or `None` if this many Hessians would be
    /// too large.
    pub(super) fn cost(n: usize, width: usize, columns: usize, n_kept: usize) -> Option<f64> {
        let free = free_columns(columns);
        let pairs = (free * (free + 1) / 2) as f64;
        let size = (free * width) as f64;
        (n_kept * (free * width).pow(2) <= MAX_NUMBERS)
            .then(|| pairs * n as f64 * (width * width) as f64 + size * size * size / 3.0)
    }

    pub(super) fn new(rows: &Rows, points: &[Point], go_on: GoOn) -> Result<Self> {
        let columns = points[0].columns();
        let free = free_columns(columns);
        let (width, size) = (rows.width, free * rows.width);
        let basis = sum_zero_basis(columns);
        let curvatures = row_curvatures(points, &basis, columns, free);
        let n_pairs = free * (free + 1) / 2;

        let block = |k: usize, l: usize| {
            let weight = |i: usize| curvatures[i * n_pairs + k * (k + 1) / 2 + l];
            weighted_gram(rows.values(), width, 0, width, weight, go_on)
        };
        let mut hessian = if free == 1 { block(0, 0)? } else { vec![0.0; size * size] };
        for (k, l) in (0..free).filter(|_| free > 1).flat_map(|k| (0..=k).map(move |l| (k, l))) {
            let gram = block(k, l)?;
            for i in 0..width {
                for j in 0..=i {
                    hessian[(k * width + i) * size + l * width + j] = gram[i * width + j];
                    hessian[(k * width + j) * size + l * width + i] = gram[i * width + j];
                }
            }
        }
        let l2 = mean_l2(points);
        (0..size).filter(|i| (i + 1) % width != 0).for_each(|i| hessian[i * size + i] += l2);
        Ok(MeanHessian { width, columns, free, basis, factor: Cholesky::new(hessian, size) })
    }

    /// Applies the inverse of the operator to each of the vectors `[problems, columns, width]`.
    pub(super) fn solve(&self, vectors: &mut [f64]) {
        let (width, columns, free) = (self.width, self.columns, self.free);
        if columns == 1 {
            self.factor.solve(vectors);
            return;
        }
        let mut reduced = vec![0.0; vectors.len() / columns * free];
        let parts = reduced.par_chunks_exact_mut(free * width).zip(vectors.par_chunks_exact(columns * width));
        parts.for_each(|(to, from)| combine(to, from, width, |to, from| self.basis[from * free + to]));
        self.factor.solve(&mut reduced);
        let parts = vectors.par_chunks_exact_mut(columns * width).zip(reduced.par_chunks_exact(free * width));
        parts.for_each(|(to, from)| combine(to, from, width, |to, from| self.basis[to * free + from]));
    }
}

/// With more than two classes one column follows from the others.
fn free_columns(columns: usize) -> usize {
    (columns - 1).max(1)
}

/// Orthonormal vectors whose elements sum to zero, `[columns, columns - 1]` (Helmert's); for a single column the
/// number 1.
fn sum_zero_basis(columns: usize) -> Vec<f64> {
    if columns == 1 {
        return vec![1.0];
    }
    let free = columns - 1;
    let mut basis = vec![0.0; columns * free];
    for j in 0..free {
        let length = (((j + 1) * (j + 2)) as f64).sqrt();
        (0..=j).for_each(|k| basis[k * free + j] = 1.0 / length);
        basis[(j + 1) * free + j] = -((j + 1) as f64) / length;
    }
    basis
}

/// Computes each column of `to [.., width]` as a combination of those of `from`.
fn combine(to: &mut [f64], from: &[f64], width: usize, factor: impl Fn(usize, usize) -> f64) {
    for (a, to) in to.chunks_exact_mut(width).enumerate() {
        to.fill(0.0);
        for (b, from) in from.chunks_exact(width).enumerate() {
            let factor = factor(a, b);
            to.iter_mut().zip(from).for_each(|(t, f)| *t += factor * f);
        }
    }
}

/// The mean over points of `wᵢ Bᵀ Aᵢ B` for every row, the lower triangle row by row: `[n, free (free + 1) / 2]`.
fn row_curvatures(points: &[Point], basis: &[f64], columns: usize, free: usize) -> Vec<f64> {
    let n = points[0].weights.len();
    let n_pairs = free * (free + 1) / 2;
    let share = 1.0 / points.len() as f64;
    let mut curvatures = vec![0.0; n * n_pairs];
    curvatures.par_chunks_exact_mut(n_pairs).enumerate().for_each(|(i, curvature)| {
        let (mut p, mut in_basis) = (vec![0.0; columns], vec![0.0; free]);
        for point in points.iter().filter(|point| point.weights[i] > 0.0) {
            let weight = share * point.weights[i];
            p.iter_mut().enumerate().for_each(|(k, p)| *p = point.probability(k, i));
            if columns == 1 {
                curvature[0] += weight * p[0] * (1.0 - p[0]);
                continue;
            }
            in_basis.fill(0.0);
            for (k, p) in p.iter().enumerate() {
                in_basis.iter_mut().zip(&basis[k * free..]).for_each(|(sum, b)| *sum += b * p);
            }
            for a in 0..free {
                for b in 0..=a {
                    let diagonal: f64 =
                        (0..columns).map(|k| basis[k * free + a] * basis[k * free + b] * p[k]).sum();
                    curvature[a * (a + 1) / 2 + b] += weight * (diagonal - in_basis[a] * in_basis[b]);
                }
            }
        }
    });
    curvatures
}

#[cfg(test)]
mod tests {
    use super::super::rows::Precision;
    use super::*;
    use crate::matrix::Matrix;
    use clsify_kernels::logistic::{sigmoid_residuals, softmax_residuals};

    /// Oracle: the change of the gradient along a direction, by central differences; solving with the Hessian returns
    /// the direction. Tolerance: the third derivative times the square of the step, 1e-8, over the smallest
    /// curvature.
    #[test]
    fn it_undoes_the_change_of_the_gradient() {
        for columns in [1, 3, 6] {
            let (n, d) = (50, 4);
            let number = |i: usize| ((i * 7919 % 1009) as f64 - 500.0) / 500.0;
            let features = (0..n * d).map(|i| number(i) as f32).collect();
            let rows = Rows::new(&Matrix::from_vec(features, n, d).unwrap(), Precision::Double);
            let weights: Vec<f64> = (0..n).map(|i| (i % 3) as f64 / n as f64).collect();
            let targets: Vec<u32> = (0..n).map(|i| (i % columns.max(2)) as u32).collect();
            let l2 = 0.1;
            let size = columns * rows.width;
            let params: Vec<f64> = (0..size).map(|i| number(i + 3)).collect();
            let mut direction: Vec<f64> = (0..size).map(|i| number(i * i + 5)).collect();
            if columns > 1 {
                for j in 0..rows.width {
                    let of_others: f64 = (1..columns).map(|k| direction[k * rows.width + j]).sum();
                    direction[j] = -of_others;
                }
            }
            let residuals_at = |t: f64| {
                let at: Vec<f64> = params.iter().zip(&direction).map(|(p, s)| p + t * s).collect();
                let (mut logits, mut out) = (vec![0.0; columns * n], vec![0.0; columns * n]);
                rows.logits(&at, &mut logits);
                let residuals = if columns == 1 { sigmoid_residuals } else { softmax_residuals };
                residuals(&mut out, &logits, &logits, 0.0, &weights, &targets);
                out
            };
            let gradient_at = |t: f64| {
                let mut gradient = vec![0.0; size];
                rows.gradients(&residuals_at(t), &mut gradient);
                for i in (0..size).filter(|i| (i + 1) % rows.width != 0) {
                    gradient[i] += l2 * (params[i] + t * direction[i]);
                }
                gradient
            };
            let step = 1e-4;
            let (after, before) = (gradient_at(step), gradient_at(-step));
            let mut change: Vec<f64> =
                after.iter().zip(&before).map(|(a, b)| (a - b) / (2.0 * step)).collect();
            let residuals = residuals_at(0.0);
            let point = Point { residuals: &residuals, weights: &weights, targets: &targets, l2 };
            MeanHessian::new(&rows, &[point], &|| Ok(())).unwrap().solve(&mut change);
            for (got, expected) in change.iter().zip(&direction) {
                assert!((got - expected).abs() < 1e-6, "{columns} columns: {got} {expected}");
            }
        }
    }
}
