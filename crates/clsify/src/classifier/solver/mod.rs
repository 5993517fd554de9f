//! L2-penalised logistic regression, many problems at once.
//!
//! All problems share the features; each has its own class ids, row weights (0 = held out), C and classes. The steps
//! of all problems that have not converged share two matrix products: directions to logits, and residuals to
//! gradients.
//!
//! The objective is that of scikit-learn: `Σ wᵢ lossᵢ / Σ wᵢ + |coef|² / (2 C Σ wᵢ)`, where the intercept is not
//! penalised. With two classes there is one weight vector and `loss = log(1 + e^z) - y z`; with more there is one per
//! class and `loss = log Σ e^zₖ - z_y`.
//!
//! Method: L-BFGS ([`Descent`]) with a preconditioner that problems share (see [`Point`]). Problems with the same
//! classes and similar C form a group. Groups are solved from small C to large, and a problem starts from the optimum
//! of the previous one with the same rows.
//!
//! The preconditioner is at first a matrix that all fits have in common, scaled to each class's mean curvature;
//! later, for fits with the same rows, their mean Hessian. A Hessian is computed when the steps since the last one
//! have cost as much as it does, so easy fits never pay for one. The optimum is unique; the preconditioner changes
//! only the path to it.
//!
//! If there are fewer rows than columns, the rows are first expressed in an orthonormal basis of their own span, by
//! reflections. This is an exact change of coordinates, after which a problem has as many unknowns as rows.
//!
//! Memory: the rows in `f64` once (twice if they are transformed), and Hessians of at most 1 GB in total; none if
//! they would need more.

mod cholesky;
mod descent;
pub(crate) mod leave_out;
mod mean_curvature;
mod mean_hessian;
mod point;
mod problem;
mod row_space;
mod rows;
mod single;

use rayon::prelude::*;

use self::descent::{Descent, Settled};
use self::mean_curvature::{MeanCurvature, MeanGram};
use self::mean_hessian::MeanHessian;
use self::point::Point;
use self::rows::Rows;
use crate::error::Result;
use crate::matrix::Matrix;
use crate::observer::{GoOn, Progress};

pub(crate) use self::problem::{Problem, Solution, Stop};
pub(crate) use self::rows::Precision;

/// The largest C of a group divided by its smallest.
const MAX_RATIO: f64 = 10.0;

/// Logits, slopes and residuals of one group take at most about 400 MB each.
const MAX_LOGITS: usize = 50_000_000;

/// Reading all rows from memory for a product takes as long as multiplying them by this many columns.
const READING: usize = 8;

/// Solves all problems over the rows of `features`; `progress` receives the number of finished ones after every step.
///
/// # Errors
/// That of `progress`.
pub(crate) fn solve(
    features: &Matrix,
    problems: &[Problem],
    stop: Stop,
    precision: Precision,
    progress: Progress,
) -> Result<Vec<Solution>> {
    let rows = Rows::new(features, precision);
    let row_sets = row_sets(problems);
    let n_row_sets = row_sets.iter().max().map_or(0, |last| last + 1);
    let mut solver = Solver {
        rows: &rows,
        gram: MeanGram::new(&rows, &|| progress(0))?,
        stop,
        hessians: (0..n_row_sets).map(|_| None).collect(),
        spent: vec![0.0; n_row_sets],
    };
    let mut order: Vec<usize> = (0..problems.len()).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (&problems[a], &problems[b]);
        a.classes.cmp(&b.classes).then(a.c.total_cmp(&b.c))
    });
    let mut optima: Vec<Option<Vec<f64>>> = vec![None; n_row_sets]; // of the largest C so far
    let mut solutions: Vec<Option<Solution>> = vec![None; problems.len()];
    let mut n_done = 0;
    while n_done < order.len() {
        let rest = &order[n_done..];
        let first = &problems[rest[0]];
        let columns = first.columns();
        let most = (MAX_LOGITS / (rows.n * columns)).max(1);
        let is_alike =
            |i: &&usize| problems[**i].classes == first.classes && problems[**i].c <= MAX_RATIO * first.c;
        let mut group = rest[..rest.iter().take(most).take_while(is_alike).count()].to_vec();
        group.sort_by_key(|&i| row_sets[i]); // stable: C ascends within each
        let members: Vec<Member> = group
            .iter()
            .map(|&i| Member {
                problem: &problems[i],
                row_set: row_sets[i],
                start: optima[row_sets[i]].clone().unwrap_or_else(|| vec![0.0; columns * rows.width]),
            })
            .collect();
        let states = solver.solve_group(&members, &|done| progress(n_done + done))?;

        let params: Vec<f64> = states.iter().flat_map(Descent::params).copied().collect();
        let (weights, intercepts) = rows.to_features(&params);
        let parts = weights.chunks_exact(columns * features.cols()).zip(intercepts.chunks_exact(columns));
        for ((&i, state), (coef, intercept)) in group.iter().zip(&states).zip(parts) {
            optima[row_sets[i]] = Some(state.params().to_vec());
            solutions[i] = Some(Solution {
                coef: coef.to_vec(),
                intercept: with_sum_zero(intercept),
                n_iter: state.n_iter(),
                converged: state.converged(),
                gradient_max_norm: state.gradient_norm(),
                logits: state.asked_logits().to_vec(),
            });
        }
        n_done += group.len();
    }
    Ok(solutions.into_iter().flatten().collect())
}

/// A number for each problem, from 0 on; problems with the same rows have the same number.
fn row_sets(problems: &[Problem]) -> Vec<usize> {
    let mut first_of_set: Vec<&Problem> = Vec::new();
    let set_of = |problem| {
        let known = first_of_set.iter().position(|first| first.has_rows_of(problem));
        known.unwrap_or_else(|| {
            first_of_set.push(problem);
            first_of_set.len() - 1
        })
    };
    problems.iter().map(set_of).collect()
}

/// Adding a number to the intercepts of all classes changes no probability, so their sum is made 0.
fn with_sum_zero(intercepts: &[f64]) -> Vec<f64> {
    if intercepts.len() == 1 {
        return intercepts.to_vec();
    }
    let mean = intercepts.iter().sum::<f64>() / intercepts.len() as f64;
    intercepts.iter().map(|b| b - mean).collect()
}

/// A problem of a group.
struct Member<'a> {
    problem: &'a Problem<'a>,
    row_set: usize,
    /// `[columns, width]`.
    start: Vec<f64>,
}

/// The state that all groups share.
struct Solver<'a> {
    rows: &'a Rows,
    gram: MeanGram,
    stop: Stop,
    /// The Hessian of each row set, once it pays off.
    hessians: Vec<Option<MeanHessian>>,
    /// The cost of the steps of each row set since its last Hessian, in multiplications and additions.
    spent: Vec<f64>,
}

impl<'a> Solver<'a> {
    /// Solves problems with the same classes, ordered by row set, in lockstep.
    fn solve_group(&mut self, members: &[Member], progress: Progress) -> Result<Vec<Descent<'a>>> {
        let (rows, stop) = (self.rows, self.stop);
        let (n, columns) = (rows.n, members[0].problem.columns());
        let size = columns * rows.width; // parameters of one problem
        let starts: Vec<f64> = members.iter().flat_map(|member| &member.start).copied().collect();
        let mut along_rows = vec![0.0; members.len() * columns * n]; // logits, residuals or slopes
        rows.logits(&starts, &mut along_rows);
        let mut vectors = starts; // gradients or directions
        let mut states: Vec<Descent> = members
            .par_iter()
            .zip(along_rows.par_chunks_exact(columns * n))
            .map(|(m, logits)| Descent::new(m.problem, rows, m.row_set, m.start.clone(), logits.to_vec()))
            .collect();
        let mut curvature: Option<MeanCurvature> = None;
        for iteration in 0..=stop.max_iter {
            // Gradients of all active problems: residuals [columns, n] times rows [n, width].
            let mut active: Vec<&mut Descent> = states.iter_mut().filter(|s| !s.is_done()).collect();
            along_rows.clear();
            active.iter().for_each(|state| along_rows.extend_from_slice(state.residuals()));
            vectors.truncate(active.len() * size);
            rows.gradients(&along_rows, &mut vectors);
            active.par_iter_mut().zip(vectors.par_chunks_exact(size)).for_each(|(state, gradient)| {
                state.set_gradient(gradient);
                match state.settles(stop.tol) {
                    Some(settled) => state.finish(settled == Settled::AtOptimum),
                    None if iteration == stop.max_iter => state.finish(false),
                    None => {}
                }
            });
            active.retain(|s| !s.is_done());
            progress(members.len() - active.len())?;
            if active.is_empty() {
                break;
            }

            // The directions of the others, and their logits: directions [columns, width] times transposed rows
            // [width, n].
            self.update_hessians(&active, &|| progress(members.len() - active.len()))?;
            let needs_curvature = active.iter().any(|s| self.hessians[s.row_set()].is_none());
            // The mean curvature changes quickly at first and hardly at the end.
            if needs_curvature && (iteration == 0 || iteration.is_power_of_two()) {
                let points: Vec<Point> = active.iter().map(|state| state.point()).collect();
                curvature = Some(MeanCurvature::new(&self.gram, &points, curvature));
            }
            vectors.truncate(active.len() * size);
            let each = active.par_iter_mut().zip(vectors.par_chunks_exact_mut(size));
            each.for_each(|(state, direction)| state.begin_direction(direction));
            let mut rest = &mut vectors[..];
            let runs = active.chunk_by(|a, b| a.row_set() == b.row_set()).map(|run| {
                let (directions, after) = std::mem::take(&mut rest).split_at_mut(run.len() * size);
                rest = after;
                (&self.hessians[run[0].row_set()], directions)
            });
            let runs: Vec<_> = runs.collect();
            runs.into_par_iter().for_each(|(hessian, directions)| match (hessian, &curvature) {
                (Some(hessian), _) => hessian.solve(directions),
                (None, Some(curvature)) => curvature.solve(directions),
                (None, None) => {}
            });
            let each = active.par_iter_mut().zip(vectors.par_chunks_exact_mut(size));
            each.for_each(|(state, direction)| state.end_direction(direction));
            along_rows.truncate(active.len() * columns * n);
            rows.logits(&vectors, &mut along_rows);
            active
                .par_iter_mut()
                .zip(vectors.par_chunks_exact(size).zip(along_rows.par_chunks_exact(columns * n)))
                .for_each(|(state, (direction, slopes))| state.step(direction, slopes));
        }
        Ok(states)
    }

    /// Computes the Hessian of each row set whose steps since the last one have cost as much as it does. So neither
    /// it nor the steps that it would have saved can take much more than half of the time.
    fn update_hessians(&mut self, active: &[&mut Descent], go_on: GoOn) -> Result<()> {
        let (n, width, n_kept) = (self.rows.n, self.rows.width, self.hessians.len());
        let mut due = Vec::new();
        for run in active.chunk_by(|a, b| a.row_set() == b.row_set()) {
            let row_set = run[0].row_set();
            let points: Vec<Point> = run.iter().map(|state| state.point()).collect();
            let columns = points[0].columns();
            if MeanHessian::cost(n, width, columns, n_kept).is_some_and(|cost| self.spent[row_set] >= cost) {
                self.spent[row_set] = 0.0;
                self.hessians[row_set] = None; // never two of the same
                due.push((row_set, points));
            }
            let of_problem = columns as f64 + READING as f64 / active.len() as f64;
            self.spent[row_set] += 4.0 * self.rows.price() * (n * width * run.len()) as f64 * of_problem;
        }
        let form = |(row_set, points): (usize, Vec<Point>)| {
            Ok((row_set, MeanHessian::new(self.rows, &points, go_on)?))
        };
        let formed: Vec<_> = due.into_par_iter().map(form).collect::<Result<_>>()?;
        for (row_set, hessian) in formed {
            self.hessians[row_set] = Some(hessian);
        }
        Ok(())
    }
}
