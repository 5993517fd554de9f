//! Features seen along their principal axes: centred, and rotated so that no two columns are correlated.
//!
//! The optimum of an L2-penalised model whose intercept is free does not change under either; but in these coordinates
//! the Hessian is close to diagonal, and its diagonal is known before the first step.

use clsify_kernels::matmul::{MatMut, MatRef, Parallel, matmul};
use faer::{MatRef as FaerRef, Side};

use crate::matrix::Matrix;

/// Up to this many columns the rotation pays: its cost grows with the cube of their number.
const MAX_ROTATED: usize = 2048;

/// The rows of a feature matrix along their principal axes, in `f64`.
#[derive(Debug)]
pub(crate) struct PrincipalAxes {
    /// `[n, d]`, row-major.
    pub(crate) rows: Vec<f64>,
    /// The mean square of each column of `rows`, `[d]`.
    pub(crate) variances: Vec<f64>,
    pub(crate) n_features: usize,
    /// The column means of the original features, `[d]`.
    pub(crate) means: Vec<f64>,
    /// `[d, d]`, row-major; column j is the j-th axis. `None`: the original axes were kept.
    axes: Option<Vec<f64>>,
}

impl PrincipalAxes {
    pub(crate) fn new(features: &Matrix) -> Self {
        let [n, d] = features.shape();
        let mut means = vec![0.0; d];
        for i in 0..n {
            means.iter_mut().zip(features.row(i)).for_each(|(mean, &x)| *mean += f64::from(x));
        }
        means.iter_mut().for_each(|mean| *mean /= n as f64);
        let mut centred = Vec::with_capacity(n * d);
        for i in 0..n {
            centred.extend(features.row(i).iter().zip(&means).map(|(&x, mean)| f64::from(x) - mean));
        }

        let axes = if d <= MAX_ROTATED { axes_of(&centred, n, d) } else { None };
        let rows = match &axes {
            None => centred,
            Some(axes) => {
                let mut rotated = vec![0.0; n * d];
                let (x, v) = (MatRef::new(&centred, n, d), MatRef::new(axes, d, d));
                matmul(MatMut::new(&mut rotated, n, d), x, v, 1.0, 0.0, Parallel::Yes);
                rotated
            }
        };
        let mut variances = vec![0.0; d];
        for row in rows.chunks_exact(d.max(1)) {
            variances.iter_mut().zip(row).for_each(|(v, x)| *v += x * x);
        }
        variances.iter_mut().for_each(|v| *v /= n as f64);
        PrincipalAxes { rows, variances, n_features: d, means, axes }
    }

    /// Weights for the original features, from weights for the rotated ones: `w = V u`, `[d]`.
    pub(crate) fn weights_from(&self, rotated: &[f64]) -> Vec<f64> {
        match &self.axes {
            None => rotated.to_vec(),
            Some(axes) => axes.chunks_exact(self.n_features).map(|row| dot(row, rotated)).collect(),
        }
    }
}

/// The eigenvectors of the features' covariance, or `None` when the decomposition did not converge.
fn axes_of(centred: &[f64], n: usize, d: usize) -> Option<Vec<f64>> {
    let mut gram = vec![0.0; d * d];
    let x = MatRef::new(centred, n, d);
    matmul(MatMut::new(&mut gram, d, d), x.t(), x, 1.0 / n as f64, 0.0, Parallel::Yes);
    let eigen = FaerRef::from_row_major_slice(&gram, d, d).self_adjoint_eigen(Side::Lower).ok()?;
    let vectors = eigen.U();
    for i in 0..d {
        for j in 0..d {
            gram[i * d + j] = vectors[(i, j)];
        }
    }
    gram.iter().all(|x| x.is_finite()).then_some(gram)
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
