//! The state of one problem as seen by the approximations of its Hessian.
//!
//! The Hessian of the loss is `Σᵢ wᵢ Aᵢ ⊗ xᵢ xᵢᵀ`, where `Aᵢ = diag(pᵢ) - pᵢ pᵢᵀ` (with two classes the number
//! `p (1 - p)`), plus the penalty on the diagonal. There are two approximations:
//! [`MeanCurvature`](super::mean_curvature::MeanCurvature), which is cheap, and
//! [`MeanHessian`](super::mean_hessian::MeanHessian), which is accurate. They affect the direction of steps, not the
//! optimum.
//!
//! With more than two classes, adding a number to all columns changes no probability. Neither approximation returns
//! such a component, so parameters that start at zero keep a sum of zero over the columns.

/// The state of one problem.
pub(super) struct Point<'a> {
    /// `wᵢ (pᵢₖ - yᵢₖ)`, `[columns, n]`.
    pub(super) residuals: &'a [f64],
    /// `[n]`.
    pub(super) weights: &'a [f64],
    /// `[n]`.
    pub(super) targets: &'a [u32],
    pub(super) l2: f64,
}

impl Point<'_> {
    pub(super) fn columns(&self) -> usize {
        self.residuals.len() / self.weights.len()
    }

    /// The probability of column k; the row's weight is not zero.
    pub(super) fn probability(&self, k: usize, i: usize) -> f64 {
        let y = match self.columns() {
            1 => f64::from(self.targets[i]),
            _ => f64::from(u8::from(self.targets[i] as usize == k)),
        };
        self.residuals[k * self.weights.len() + i] / self.weights[i] + y
    }
}

/// The mean penalty of problems that share an approximation.
pub(super) fn mean_l2(points: &[Point]) -> f64 {
    points.iter().map(|point| point.l2).sum::<f64>() / points.len() as f64
}
