//! How a fit ended.

use super::solver::Solution;

/// How a fit ended; where there is one fit per label, how all of them did.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct Convergence {
    /// The number of steps; with one fit per label, the most that any took.
    pub n_iter: usize,
    /// The number of fits that stopped before their optimum.
    pub n_not_converged: usize,
    /// An upper bound of the largest element of the gradient of the mean loss where a fit stopped.
    pub gradient_max_norm: f64,
}

impl Convergence {
    /// Whether every fit reached its optimum.
    pub fn converged(&self) -> bool {
        self.n_not_converged == 0
    }

    /// Counts another fit.
    pub(super) fn add(&mut self, fit: &Solution) {
        self.n_iter = self.n_iter.max(fit.n_iter);
        self.n_not_converged += usize::from(!fit.converged);
        self.gradient_max_norm = self.gradient_max_norm.max(fit.gradient_max_norm);
    }
}
