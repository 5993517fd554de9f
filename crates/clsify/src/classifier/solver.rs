//! L2-penalised logistic regression, many problems at once.
//!
//! All problems share the rows; each has its own row weights (0 = held out), C and classes. Every step of every problem
//! that has not converged is part of the same two matrix products: directions to logits, residuals to gradients.
//!
//! Objective (scikit-learn's): `Σ wᵢ lossᵢ / Σ wᵢ + |coef|² / (2 C Σ wᵢ)`, the intercept not penalised. With two classes
//! there is one weight vector and `loss = log(1 + e^z) - y z`; with more there is one a class and
//! `loss = log Σ e^zₖ - z_y`.
//!
//! Method: L-BFGS (Nocedal and Wright, Numerical Optimization, 2nd edition, algorithm 7.4) in the coordinates of
//! [`PrincipalAxes`], preconditioned with what the Hessian would be if every row had the mean curvature of all rows (see
//! [`Curvature`]). The step length is a root of the derivative along the direction: the logits of the direction are at
//! hand, so looking costs no product, and a convex function needs no comparison of values that rounding has made equal.

use clsify_kernels::matmul::{MatMut, MatRef, Parallel, matmul};
use rayon::prelude::*;

use super::curvature::Curvature;
use super::principal_axes::{PrincipalAxes, dot};

/// Pairs of steps and gradient changes that L-BFGS remembers.
const MEMORY: usize = 12;

/// A step length is good when the slope there is at most this part of the slope at the start.
const SLOPE_REDUCTION: f64 = 0.3;

/// One problem over the shared rows.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) c: f64,
    /// `[n]`; 0 leaves a row out. Class weights are already in it.
    pub(crate) row_weights: Vec<f64>,
    /// The classes that have rows here, ascending, at least two.
    pub(crate) classes: Vec<usize>,
}

/// The optimum of one problem, for the original features.
#[derive(Debug, Clone)]
pub(crate) struct Solution {
    /// `[1 or n_classes, d]`.
    pub(crate) coef: Vec<f64>,
    pub(crate) intercept: Vec<f64>,
    pub(crate) n_iter: usize,
    pub(crate) converged: bool,
    /// A bound of the largest element of the objective's gradient.
    pub(crate) gradient_max_norm: f64,
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    pub(crate) tol: f64,
    pub(crate) max_iter: usize,
}

/// Solves all problems; `progress` hears how many are done.
pub(crate) fn solve(
    axes: &PrincipalAxes,
    class_ids: &[usize],
    problems: &[Problem],
    stop: Stop,
    progress: &(dyn Fn(usize) + Sync),
) -> Vec<Solution> {
    // Logits, directions and residuals of one group take at most some 400 MB each.
    const MAX_LOGITS: usize = 50_000_000;
    let most = problems.iter().map(|p| p.classes.len()).max().unwrap_or(1);
    let group = (MAX_LOGITS / (class_ids.len() * most).max(1)).max(1);
    let mut solutions = Vec::with_capacity(problems.len());
    for problems in problems.chunks(group) {
        let before = solutions.len();
        solutions.extend(solve_group(axes, class_ids, problems, stop, &|done| progress(before + done)));
    }
    solutions
}

fn solve_group(
    axes: &PrincipalAxes,
    class_ids: &[usize],
    problems: &[Problem],
    stop: Stop,
    progress: &dyn Fn(usize),
) -> Vec<Solution> {
    let (n, d) = (class_ids.len(), axes.n_features);
    let mut states: Vec<State> = problems.par_iter().map(|p| State::new(p, class_ids, axes)).collect();
    for iteration in 0..=stop.max_iter {
        // Gradients of all active problems: residuals [columns, n] times rows [n, d].
        let mut active: Vec<&mut State> = states.iter_mut().filter(|s| !s.is_done).collect();
        let columns: usize = active.iter().map(|s| s.columns).sum();
        let mut residuals = Vec::with_capacity(columns * n);
        active.iter().for_each(|state| residuals.extend_from_slice(&state.residuals));
        let mut gradients = vec![0.0; columns * d];
        matmul(
            MatMut::new(&mut gradients, columns, d),
            MatRef::new(&residuals, columns, n),
            MatRef::new(&axes.rows, n, d),
            1.0,
            0.0,
            Parallel::Yes,
        );
        split_by(&mut gradients, active.iter().map(|s| s.columns * d))
            .into_par_iter()
            .zip(active.par_iter_mut())
            .for_each(|(gradient, state)| {
                state.set_gradient(gradient, axes);
                state.is_done = state.gradient_norm <= stop.tol || iteration == stop.max_iter;
            });
        active.retain(|s| !s.is_done);
        progress(problems.len() - active.len());
        if active.is_empty() {
            break;
        }

        // Directions of the rest, and their logits: directions [columns, d] times rows transposed [d, n].
        active.par_iter_mut().for_each(|state| state.set_direction(axes));
        let columns: usize = active.iter().map(|s| s.columns).sum();
        let mut directions = Vec::with_capacity(columns * d);
        for state in &active {
            for column in state.direction.chunks_exact(d + 1) {
                directions.extend_from_slice(&column[..d]);
            }
        }
        let mut slopes = residuals;
        slopes.truncate(columns * n);
        matmul(
            MatMut::new(&mut slopes, columns, n),
            MatRef::new(&directions, columns, d),
            MatRef::new(&axes.rows, n, d).t(),
            1.0,
            0.0,
            Parallel::Yes,
        );
        split_by(&mut slopes, active.iter().map(|s| s.columns * n))
            .into_par_iter()
            .zip(active.par_iter_mut())
            .for_each(|(slopes, state)| state.step(slopes, d));
    }
    states.into_iter().map(|state| state.solution(axes, stop)).collect()
}

/// Splits a buffer into consecutive parts of the given lengths.
fn split_by(mut buffer: &mut [f64], lengths: impl Iterator<Item = usize>) -> Vec<&mut [f64]> {
    let mut parts = Vec::new();
    for length in lengths {
        let (part, rest) = buffer.split_at_mut(length);
        parts.push(part);
        buffer = rest;
    }
    parts
}

/// Where one problem stands. Vectors of parameters are `[columns, d + 1]`, the intercept last.
struct State<'a> {
    columns: usize,
    l2: f64,
    /// `[n]`, summing to 1; rows of weight 0 are skipped.
    weights: Vec<f64>,
    /// `[n]`: the place of each row's class among the problem's classes.
    targets: Vec<usize>,
    curvature: Curvature,
    logits: Vec<f64>,    // [columns, n]
    residuals: Vec<f64>, // [columns, n], of the logits
    params: Vec<f64>,
    gradient: Vec<f64>,
    gradient_norm: f64,
    direction: Vec<f64>,
    last_step: Option<Vec<f64>>,
    history: std::collections::VecDeque<(Vec<f64>, Vec<f64>, f64)>, // step, gradient change, their product
    n_iter: usize,
    is_done: bool,
    problem: &'a Problem,
}

impl<'a> State<'a> {
    fn new(problem: &'a Problem, class_ids: &[usize], axes: &PrincipalAxes) -> Self {
        let total: f64 = problem.row_weights.iter().sum();
        let weights: Vec<f64> = problem.row_weights.iter().map(|w| w / total).collect();
        let targets =
            class_ids.iter().map(|c| problem.classes.iter().position(|k| k == c).unwrap_or(0)).collect();
        let columns = if problem.classes.len() == 2 { 1 } else { problem.classes.len() };
        let l2 = 1.0 / (problem.c * total);
        let size = columns * (axes.n_features + 1);
        let mut state = State {
            columns,
            l2,
            weights,
            targets,
            curvature: Curvature::default(),
            logits: vec![0.0; columns * class_ids.len()],
            residuals: Vec::new(),
            params: vec![0.0; size],
            gradient: vec![0.0; size],
            gradient_norm: f64::INFINITY,
            direction: vec![0.0; size],
            last_step: None,
            history: std::collections::VecDeque::new(),
            n_iter: 0,
            is_done: false,
            problem,
        };
        let mut residuals = vec![0.0; state.logits.len()];
        state.residuals_at(0.0, &state.logits, &mut residuals);
        state.residuals = residuals;
        state
    }

    /// `wᵢ (pᵢₖ - yᵢₖ)`, `[columns, n]`, some way along a direction.
    fn residuals_at(&self, t: f64, slopes: &[f64], out: &mut [f64]) {
        let n = self.weights.len();
        let logit = |j: usize| self.logits[j] + t * slopes[j];
        if self.columns == 1 {
            for (i, out) in out.iter_mut().enumerate() {
                let p = 1.0 / (1.0 + (-logit(i)).exp());
                *out = self.weights[i] * (p - self.targets[i] as f64);
            }
            return;
        }
        for i in 0..n {
            if self.weights[i] == 0.0 {
                (0..self.columns).for_each(|k| out[k * n + i] = 0.0);
                continue;
            }
            let max = (0..self.columns).map(|k| logit(k * n + i)).fold(f64::NEG_INFINITY, f64::max);
            let mut total = 0.0;
            for k in 0..self.columns {
                let e = (logit(k * n + i) - max).exp();
                out[k * n + i] = e;
                total += e;
            }
            for k in 0..self.columns {
                let y = if self.targets[i] == k { 1.0 } else { 0.0 };
                out[k * n + i] = self.weights[i] * (out[k * n + i] / total - y);
            }
        }
    }

    /// Takes over the gradient of the loss, adds the penalty's, and remembers the change since the last step.
    fn set_gradient(&mut self, loss_gradient: &[f64], axes: &PrincipalAxes) {
        let (n, d) = (self.weights.len(), axes.n_features);
        let mut gradient = Vec::with_capacity(self.params.len());
        let mut norm: f64 = 0.0;
        for column in 0..self.columns {
            let params = &self.params[column * (d + 1)..][..d];
            let start = gradient.len();
            gradient.extend(
                loss_gradient[column * d..][..d]
                    .iter()
                    .zip(params)
                    .map(|(loss, param)| loss + self.l2 * param),
            );
            let intercept: f64 = self.residuals[column * n..][..n].iter().sum();
            // For the original features the gradient is V g + means * g_intercept; V keeps the Euclidean length.
            let length = dot(&gradient[start..], &gradient[start..]).sqrt();
            let largest_mean = axes.means.iter().fold(1.0f64, |m, x| m.max(x.abs()));
            norm = norm.max(length + largest_mean * intercept.abs());
            gradient.push(intercept);
        }
        if let Some(step) = self.last_step.take() {
            let change: Vec<f64> = gradient.iter().zip(&self.gradient).map(|(new, old)| new - old).collect();
            let product = dot(&step, &change);
            // Convexity makes it positive; rounding near the optimum may not.
            if product > f64::EPSILON * dot(&step, &step) * self.l2 {
                if self.history.len() == MEMORY {
                    self.history.pop_front();
                }
                self.history.push_back((step, change, product));
            }
        }
        self.gradient = gradient;
        self.gradient_norm = norm;
    }

    /// `direction = - H gradient`, H the L-BFGS inverse Hessian that starts from the mean curvature.
    fn set_direction(&mut self, axes: &PrincipalAxes) {
        // The mean curvature changes fast at first and hardly at the end.
        if self.n_iter.is_power_of_two() || self.n_iter == 0 {
            self.curvature = Curvature::of(&self.residuals, &self.weights, &self.targets, self.columns);
        }
        let mut q: Vec<f64> = self.gradient.iter().map(|g| -g).collect();
        let mut alphas = Vec::with_capacity(self.history.len());
        for (step, change, product) in self.history.iter().rev() {
            let alpha = dot(step, &q) / product;
            q.iter_mut().zip(change).for_each(|(q, y)| *q -= alpha * y);
            alphas.push(alpha);
        }
        let precondition = |q: &mut [f64]| self.curvature.solve(q, &axes.variances, self.l2);
        let scale = self.history.back().map_or(1.0, |(_, change, product)| {
            let mut scaled = change.clone();
            precondition(&mut scaled);
            product / dot(change, &scaled)
        });
        precondition(&mut q);
        q.iter_mut().for_each(|q| *q *= scale);
        for ((step, change, product), alpha) in self.history.iter().zip(alphas.iter().rev()) {
            let beta = dot(change, &q) / product;
            q.iter_mut().zip(step).for_each(|(q, s)| *q += (alpha - beta) * s);
        }
        if dot(&q, &self.gradient) >= 0.0 {
            // Rounding has spoilt the memory: start again from the mean curvature.
            self.history.clear();
            q = self.gradient.iter().map(|g| -g).collect();
            precondition(&mut q);
        }
        self.direction = q;
    }

    /// Goes along the direction; `slopes [columns, n]` are its logits without the intercept.
    fn step(&mut self, slopes: &mut [f64], d: usize) {
        let n = self.weights.len();
        let mut penalty = (0.0, 0.0); // direction . params, direction . direction, without intercepts
        for column in 0..self.columns {
            let direction = &self.direction[column * (d + 1)..][..d + 1];
            slopes[column * n..][..n].iter_mut().for_each(|s| *s += direction[d]);
            penalty.0 += dot(&direction[..d], &self.params[column * (d + 1)..][..d]);
            penalty.1 += dot(&direction[..d], &direction[..d]);
        }
        let mut residuals = std::mem::take(&mut self.residuals);
        let start = dot(&self.direction, &self.gradient);
        let t = find_step(start, |t| {
            self.residuals_at(t, slopes, &mut residuals);
            dot(&residuals, slopes) + self.l2 * (penalty.0 + t * penalty.1)
        });
        // Those of the last length that was looked at, which is the one taken.
        self.residuals = residuals;

        self.logits.iter_mut().zip(slopes.iter()).for_each(|(logit, slope)| *logit += t * slope);
        let step: Vec<f64> = self.direction.iter().map(|x| t * x).collect();
        self.params.iter_mut().zip(&step).for_each(|(param, s)| *param += s);
        self.last_step = Some(step);
        self.n_iter += 1;
    }

    fn solution(self, axes: &PrincipalAxes, stop: Stop) -> Solution {
        let d = axes.n_features;
        let mut coef = Vec::with_capacity(self.columns * d);
        let mut intercept = Vec::with_capacity(self.columns);
        for column in self.params.chunks_exact(d + 1) {
            let weights = axes.weights_from(&column[..d]);
            // Undo the centring: w . (x - means) + b.
            intercept.push(column[d] - dot(&weights, &axes.means));
            coef.extend(weights);
        }
        if self.columns > 1 {
            // Adding a number to all intercepts changes no probability; the sum is made 0.
            let mean = intercept.iter().sum::<f64>() / self.columns as f64;
            intercept.iter_mut().for_each(|b| *b -= mean);
        }
        debug_assert!(self.problem.classes.len() >= 2);
        Solution {
            coef,
            intercept,
            n_iter: self.n_iter,
            converged: self.gradient_norm <= stop.tol,
            gradient_max_norm: self.gradient_norm,
        }
    }
}

/// A step length at which the slope of a convex function along a line is at most [`SLOPE_REDUCTION`] of its slope at
/// the start, which is negative. `slope_at` has been asked for the result last.
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
            // The line through both ends, kept away from them.
            Some((high, high_slope)) => {
                let part = low_slope / (low_slope - high_slope);
                low + (high - low) * part.clamp(0.1, 0.9)
            }
            None => t * 2.0,
        };
    }
    // Forty halvings without success: rounding rules here. The nearest length before the minimum does no harm.
    slope_at(low);
    low
}
