//! The mean curvature of the logistic loss, and the step that it suggests.
//!
//! The Hessian of the loss is `Σᵢ wᵢ Aᵢ ⊗ xᵢ xᵢᵀ`, where `Aᵢ = diag(pᵢ) - pᵢ pᵢᵀ` (with two classes the number `p (1 - p)`).
//! With every `Aᵢ` replaced by their mean it becomes `A ⊗ covariance`, and along the principal axes of the features and the
//! eigenvectors of `A` it is diagonal: solving with it costs next to nothing. It is a preconditioner, not an
//! approximation that the result depends on.

use faer::{MatRef, Side};

/// Above this many classes `A` is taken by its diagonal alone: filling it takes their square for every row.
const MAX_COUPLED: usize = 32;

/// The mean of `Aᵢ` as eigenvalues and eigenvectors.
#[derive(Debug, Clone, Default)]
pub(super) struct Curvature {
    /// `[columns]`, positive.
    values: Vec<f64>,
    /// `[columns, columns]`, row-major, a vector a column; empty: the unit vectors.
    vectors: Vec<f64>,
}

impl Curvature {
    /// From `wᵢ (pᵢₖ - yᵢₖ)`, `[columns, n]`.
    pub(super) fn of(residuals: &[f64], weights: &[f64], targets: &[usize], columns: usize) -> Self {
        let n = weights.len();
        let mut mean = vec![0.0; columns * columns];
        let mut p = vec![0.0; columns];
        for i in (0..n).filter(|&i| weights[i] > 0.0) {
            for (k, p) in p.iter_mut().enumerate() {
                let y = match columns {
                    1 => targets[i] as f64,
                    _ => f64::from(u8::from(targets[i] == k)),
                };
                *p = residuals[k * n + i] / weights[i] + y;
            }
            for k in 0..columns {
                mean[k * columns + k] += weights[i] * p[k] * (1.0 - p[k]);
                if columns <= MAX_COUPLED {
                    for l in 0..k {
                        mean[k * columns + l] -= weights[i] * p[k] * p[l];
                    }
                }
            }
        }
        let decomposition = (2..=MAX_COUPLED).contains(&columns).then(|| {
            MatRef::from_row_major_slice(&mean, columns, columns).self_adjoint_eigen(Side::Lower).ok()
        });
        let (mut values, vectors) = match decomposition.flatten() {
            Some(eigen) => {
                let at = |i: usize| eigen.U()[(i / columns, i % columns)];
                let values: Vec<f64> = (0..columns).map(|k| eigen.S()[k]).collect();
                (values, (0..columns * columns).map(at).collect())
            }
            None => ((0..columns).map(|k| mean[k * columns + k]).collect(), Vec::new()),
        };
        // Moving all classes alike changes nothing, so one eigenvalue is 0; and a class that is told apart with
        // certainty has nearly none. The floor keeps steps there within reason.
        let floor = values.iter().fold(0.0, |m: f64, v| m.max(*v)).max(1e-12) * 1e-4;
        values.iter_mut().for_each(|v| *v = v.max(floor));
        Curvature { values, vectors }
    }

    /// Divides `q [columns, d + 1]` by the mean curvature plus the penalty; the intercept, last, has no penalty.
    pub(super) fn solve(&self, q: &mut [f64], variances: &[f64], l2: f64) {
        let width = variances.len() + 1;
        let divisor = |k: usize, j: usize| match variances.get(j) {
            Some(variance) => self.values[k] * variance + l2,
            None => self.values[k],
        };
        if self.vectors.is_empty() {
            for (k, column) in q.chunks_exact_mut(width).enumerate() {
                column.iter_mut().enumerate().for_each(|(j, q)| *q /= divisor(k, j));
            }
            return;
        }
        let mut rotated = vec![0.0; q.len()];
        self.rotate(q, &mut rotated, width, true);
        for (k, column) in rotated.chunks_exact_mut(width).enumerate() {
            column.iter_mut().enumerate().for_each(|(j, q)| *q /= divisor(k, j));
        }
        q.fill(0.0);
        self.rotate(&rotated, q, width, false);
    }

    /// `to = Vᵀ from` or `to = V from`, over the columns; `to` is zero.
    fn rotate(&self, from: &[f64], to: &mut [f64], width: usize, transposed: bool) {
        let columns = self.values.len();
        for (a, to) in to.chunks_exact_mut(width).enumerate() {
            for (b, from) in from.chunks_exact(width).enumerate() {
                let factor =
                    if transposed { self.vectors[b * columns + a] } else { self.vectors[a * columns + b] };
                to.iter_mut().zip(from).for_each(|(t, f)| *t += factor * f);
            }
        }
    }
}
