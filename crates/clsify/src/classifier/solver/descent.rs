//! The state of one problem and its descent.
//!
//! L-BFGS (Nocedal and Wright, Numerical Optimization, 2nd edition, algorithm 7.4) with an initial matrix that the
//! caller applies. The step length is a root of the derivative along the direction: the logits of the direction are
//! known, so evaluating it costs no matrix product, and for a convex function the derivative is enough. Values of the
//! objective, which rounding may make equal, are never compared.

use std::collections::VecDeque;

use clsify_kernels::logistic::{sigmoid_residuals, softmax_residuals};
use clsify_kernels::vector::{add_scaled, dot};

use super::point::Point;
use super::problem::Problem;
use super::rows::Rows;

/// The number of pairs of steps and gradient changes that are stored.
const MEMORY: usize = 12;

/// A step length is accepted if the slope there is at most this part of the slope at the start.
const SLOPE_REDUCTION: f64 = 0.3;

/// The largest allowed distance of the objective from its minimum, relative to its value, per unit of `tol`. With the
/// default `tol` of 1e-8 that is one part in a million.
const GAP_PER_TOL: f64 = 100.0;

/// A fit gives up after this many steps with a small gradient if none of them has halved the bound of the gap.
const PATIENCE: usize = 100;

/// A step, the change of the gradient along it, and their product.
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    product: f64,
}

/// The reason why no further step follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    /// The objective is at its minimum within `tol`.
    AtOptimum,
    /// The last steps have brought it no closer.
    Stuck,
}

/// The state of one problem. Vectors of parameters are `[columns, width]`, with the intercept last in each column.
pub(super) struct Descent<'a> {
    rows: &'a Rows,
    columns: usize,
    l2: f64,
    /// `[n]`; their sum is 1.
    weights: Vec<f64>,
    /// `[n]`: the index of each row's class among the problem's classes.
    targets: Vec<u32>,
    logits: Vec<f64>,    // [columns, n]
    residuals: Vec<f64>, // [columns, n], of the logits
    params: Vec<f64>,
    gradient: Vec<f64>,
    gradient_norm: f64,
    last_step: Option<Vec<f64>>,
    memory: VecDeque<Pair>,
    /// The coefficients of the first half of the recursion, the newest pair first.
    alphas: Vec<f64>,
    n_iter: usize,
    is_done: bool,
    converged: bool,
    /// The smallest relative gap so far, and the step that reached it.
    least_gap: (f64, usize),
    row_set: usize,
    /// Rows whose logits are needed at the end, and these logits.
    asked: Vec<usize>,
    asked_logits: Vec<f64>,
}

impl<'a> Descent<'a> {
    /// The state at parameters `[columns, width]` whose logits are `logits [columns, n]`.
    pub(super) fn new(
        problem: &Problem,
        rows: &'a Rows,
        row_set: usize,
        params: Vec<f64>,
        mut logits: Vec<f64>,
    ) -> Self {
        logits.iter_mut().zip(&problem.offset).for_each(|(logit, offset)| *logit += offset);
        let total: f64 = problem.row_weights.iter().sum();
        // A class without rows here has no index either; its rows have no weight.
        let target = |id: &usize| problem.classes.binary_search(id).unwrap_or(0) as u32;
        let mut descent = Descent {
            rows,
            columns: problem.columns(),
            l2: 1.0 / (problem.c * total),
            weights: problem.row_weights.iter().map(|w| w / total).collect(),
            targets: problem.class_ids.iter().map(target).collect(),
            residuals: Vec::new(),
            gradient: vec![0.0; params.len()],
            logits,
            params,
            gradient_norm: f64::INFINITY,
            last_step: None,
            memory: VecDeque::with_capacity(MEMORY),
            alphas: Vec::with_capacity(MEMORY),
            n_iter: 0,
            is_done: false,
            converged: false,
            least_gap: (f64::INFINITY, 0),
            row_set,
            asked: problem.asked.clone(),
            asked_logits: Vec::new(),
        };
        let mut residuals = vec![0.0; descent.logits.len()];
        descent.residuals_at(0.0, &descent.logits, &mut residuals);
        descent.residuals = residuals;
        descent
    }

    /// Problems with the same rows have the same number.
    pub(super) fn row_set(&self) -> usize {
        self.row_set
    }

    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Ends the descent and frees the memory that only steps need.
    pub(super) fn finish(&mut self, converged: bool) {
        self.is_done = true;
        self.converged = converged;
        self.memory = VecDeque::new();
        let of_column = self.logits.chunks_exact(self.rows.n);
        self.asked_logits = of_column.flat_map(|logits| self.asked.iter().map(|&i| logits[i])).collect();
        self.logits = Vec::new();
        self.residuals = Vec::new();
    }

    /// Returns true if it ended at its optimum.
    pub(super) fn converged(&self) -> bool {
        self.converged
    }

    pub(super) fn params(&self) -> &[f64] {
        &self.params
    }

    /// `[columns, n_asked]`, after the descent has ended.
    pub(super) fn asked_logits(&self) -> &[f64] {
        &self.asked_logits
    }

    pub(super) fn n_iter(&self) -> usize {
        self.n_iter
    }

    /// An upper bound of the largest element of the gradient for the original features.
    pub(super) fn gradient_norm(&self) -> f64 {
        self.gradient_norm
    }

    /// Returns the end of the descent if no further step is needed, or none would help.
    ///
    /// A small gradient alone means little if the penalty is weak and the rows are separable: far out the gradient of
    /// the loss is small everywhere, so the optimum may still be far away. The penalty bounds the distance: the
    /// objective is `l2`-strongly convex in the weights, so it exceeds its minimum by at most `|gradient|² / (2 l2)`
    /// (Boyd and Vandenberghe, Convex Optimization, section 9.1.2). This gap must be small relative to the objective
    /// itself. The same criterion is applied to the intercept, which is not penalised.
    pub(super) fn settles(&mut self, tol: f64) -> Option<Settled> {
        if self.gradient_norm > tol {
            return None;
        }
        let gap = dot(&self.gradient, &self.gradient) / (2.0 * self.l2);
        let objective = self.objective();
        if gap <= GAP_PER_TOL * tol * objective {
            return Some(Settled::AtOptimum);
        }
        if gap / objective < 0.5 * self.least_gap.0 {
            self.least_gap = (gap / objective, self.n_iter);
        }
        // Beyond some C, rounding errors of the residuals dominate.
        (self.n_iter - self.least_gap.1 >= PATIENCE).then_some(Settled::Stuck)
    }

    /// The mean loss plus the penalty.
    fn objective(&self) -> f64 {
        let (n, width) = (self.rows.n, self.rows.width);
        let row_loss = |i: usize| -> f64 {
            let target = self.targets[i] as usize;
            if self.columns == 1 {
                let margin = if target == 1 { self.logits[i] } else { -self.logits[i] };
                return (-margin.abs()).exp().ln_1p() + (-margin).max(0.0);
            }
            let own = self.logits[target * n + i];
            let others = || (0..self.columns).filter(|&k| k != target).map(|k| self.logits[k * n + i] - own);
            let most = others().fold(0.0, f64::max);
            // This form is exact to the last digits if the row is certain and the loss tiny.
            match most > 0.0 {
                true => most + ((-most).exp() + others().map(|z| (z - most).exp()).sum::<f64>()).ln(),
                false => others().map(f64::exp).sum::<f64>().ln_1p(),
            }
        };
        let counting = self.weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
        let loss: f64 = counting.map(|(i, weight)| weight * row_loss(i)).sum();
        let squares = |column: &[f64]| dot(&column[..width - 1], &column[..width - 1]);
        loss + 0.5 * self.l2 * self.params.chunks_exact(width).map(squares).sum::<f64>()
    }

    /// `wᵢ (pᵢₖ - yᵢₖ)`, `[columns, n]`.
    pub(super) fn residuals(&self) -> &[f64] {
        &self.residuals
    }

    pub(super) fn point(&self) -> Point<'_> {
        Point { residuals: &self.residuals, weights: &self.weights, targets: &self.targets, l2: self.l2 }
    }

    /// The residuals at a point along a direction.
    fn residuals_at(&self, t: f64, slopes: &[f64], out: &mut [f64]) {
        let residuals = if self.columns == 1 { sigmoid_residuals } else { softmax_residuals };
        residuals(out, &self.logits, slopes, t, &self.weights, &self.targets);
    }

    /// Sets the gradient: that of the loss plus that of the penalty. Also stores its change since the last step.
    pub(super) fn set_gradient(&mut self, loss_gradient: &[f64]) {
        let width = self.rows.width;
        let mut gradient = loss_gradient.to_vec();
        self.gradient_norm = 0.0;
        for (gradient, params) in gradient.chunks_exact_mut(width).zip(self.params.chunks_exact(width)) {
            let (weights, intercept) = gradient.split_at_mut(width - 1);
            add_scaled(weights, self.l2, &params[..width - 1]);
            // For the original features the gradient is g + means * g_intercept; the components outside a row space
            // are zero.
            let length = dot(weights, weights).sqrt();
            let norm = length + self.rows.largest_mean * intercept[0].abs();
            self.gradient_norm = self.gradient_norm.max(norm);
        }
        if let Some(step) = self.last_step.take() {
            let change: Vec<f64> = gradient.iter().zip(&self.gradient).map(|(new, old)| new - old).collect();
            let product = dot(&step, &change);
            // Convexity makes it positive, but rounding near the optimum may not.
            if product > f64::EPSILON * dot(&step, &step) * self.l2 {
                if self.memory.len() == MEMORY {
                    self.memory.pop_front();
                }
                self.memory.push_back(Pair { step, change, product });
            }
        }
        self.gradient = gradient;
    }

    /// The first half of the recursion. The caller applies the initial matrix between the halves.
    pub(super) fn begin_direction(&mut self, direction: &mut [f64]) {
        direction.iter_mut().zip(&self.gradient).for_each(|(q, g)| *q = -g);
        self.alphas.clear();
        for pair in self.memory.iter().rev() {
            let alpha = dot(&pair.step, direction) / pair.product;
            add_scaled(direction, -alpha, &pair.change);
            self.alphas.push(alpha);
        }
    }

    /// The second half of the recursion.
    pub(super) fn end_direction(&mut self, direction: &mut [f64]) {
        for (pair, alpha) in self.memory.iter().zip(self.alphas.iter().rev()) {
            let beta = dot(&pair.change, direction) / pair.product;
            add_scaled(direction, alpha - beta, &pair.step);
        }
        let slope = dot(direction, &self.gradient);
        if slope.is_nan() || slope >= 0.0 {
            // Rounding has corrupted the stored pairs or the initial matrix: restart.
            self.memory.clear();
            direction.iter_mut().zip(&self.gradient).for_each(|(q, g)| *q = -g);
        }
    }

    /// Takes a step along the direction; `slopes [columns, n]` are its logits.
    pub(super) fn step(&mut self, direction: &[f64], slopes: &[f64]) {
        let width = self.rows.width;
        let mut penalty = (0.0, 0.0); // direction . params, direction . direction, without intercepts
        for (direction, params) in direction.chunks_exact(width).zip(self.params.chunks_exact(width)) {
            let direction = &direction[..width - 1];
            penalty.0 += dot(direction, &params[..width - 1]);
            penalty.1 += dot(direction, direction);
        }
        let mut residuals = std::mem::take(&mut self.residuals);
        let start = dot(direction, &self.gradient);
        let t = find_step(start, |t| {
            self.residuals_at(t, slopes, &mut residuals);
            dot(&residuals, slopes) + self.l2 * (penalty.0 + t * penalty.1)
        });
        // The residuals belong to the last evaluated length, which is the chosen one.
        self.residuals = residuals;

        add_scaled(&mut self.logits, t, slopes);
        add_scaled(&mut self.params, t, direction);
        self.last_step = Some(direction.iter().map(|x| t * x).collect());
        self.n_iter += 1;
    }
}

/// A step length at which the slope of a convex function along a line is at most [`SLOPE_REDUCTION`] of its slope at
/// the start, which is negative. `slope_at` has been evaluated for the result last.
fn find_step(start: f64, mut slope_at: impl FnMut(f64) -> f64) -> f64 {
    let (mut low, mut low_slope) = (0.0, start);
    let mut high: Option<(f64, f64)> = None;
    let mut t = 1.0;
    for _ in 0..40 {
        let slope = slope_at(t);
        if slope.abs() <= SLOPE_REDUCTION * start.abs() {
            return t;
        }
        if slope < 0.0 {
            (low, low_slope) = (t, slope);
        } else {
            high = Some((t, slope));
        }
        t = match high {
            // The zero of the line through both ends, kept away from the ends.
            Some((high, high_slope)) => {
                let part = low_slope / (low_slope - high_slope);
                low + (high - low) * part.clamp(0.1, 0.9)
            }
            None => t * 2.0,
        };
    }
    // After forty halvings without success, rounding dominates. The last length before the minimum does no harm.
    slope_at(low);
    low
}
