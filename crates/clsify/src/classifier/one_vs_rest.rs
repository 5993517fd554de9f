//! Multi-label classification: one logistic regression per label (one-vs-rest), all fitted together.
//!
//! The input is features `[n_samples, n_features]` and the labels of each row; the result is `coef [n_labels,
//! n_features]` and `intercept [n_labels]`. Every label is a problem of two classes over the same rows, so that all
//! labels of all fits share the matrix products of each step. Source: scikit-learn 1.9.1,
//! `OneVsRestClassifier(LogisticRegression())`.

use clsify_kernels::vector::dot_f32;
use rayon::prelude::*;

use super::convergence::Convergence;
use super::logistic_regression::{FitTask, LogisticRegressionOptions, bad, check_weights, problem};
use super::samples::Samples;
use super::solver::{Precision, Problem, Solution, Stop, solve};
use super::standard_scaler::StandardScaler;
use crate::error::Result;
use crate::matrix::Matrix;
use crate::observer::Progress;
use crate::targets::LabelIndicator;

/// The maximum number of row weights in memory, one per row, label and fit: 128 MB. With more, labels are fitted in
/// batches.
pub(crate) const MAX_ROW_WEIGHTS: usize = 16_000_000;

/// Features with the labels and the weight of each row.
#[derive(Debug, Clone, Copy)]
pub struct MultiLabelSamples<'a> {
    /// `[n_samples, n_features]`.
    pub features: &'a Matrix,
    /// `[n_samples, n_labels]`.
    pub labels: &'a LabelIndicator,
    /// The sample weight of each row; `None` if all are equal.
    pub sample_weight: Option<&'a [f64]>,
}

impl<'a> MultiLabelSamples<'a> {
    /// Rows with equal weights.
    pub fn new(features: &'a Matrix, labels: &'a LabelIndicator) -> Self {
        MultiLabelSamples { features, labels, sample_weight: None }
    }

    /// The same rows with these weights.
    pub fn weighted(self, sample_weight: Option<&'a [f64]>) -> Self {
        MultiLabelSamples { sample_weight, ..self }
    }

    /// The rows as those of two classes: without the label and with it.
    fn of_label<'b>(&self, class_ids: &'b [usize]) -> Samples<'b>
    where
        'a: 'b,
    {
        Samples::new(self.features, class_ids, 2).weighted(self.sample_weight)
    }
}

/// Fitted logistic regressions, one per label.
///
/// ```
/// use clsify::classifier::{LogisticRegressionOptions, MultiLabelSamples, OneVsRest};
/// use clsify::targets::LabelIndicator;
/// use clsify::matrix::Matrix;
/// let features = Matrix::from_vec(vec![-2.0, -1.0, 1.0, 2.0], 4, 1)?;
/// let labels = LabelIndicator::from_sets(&[vec![0], vec![0], vec![1], vec![1]], 2)?;
/// let fit = OneVsRest::fit(&MultiLabelSamples::new(&features, &labels), &LogisticRegressionOptions::default())?;
/// assert_eq!(fit.predict(&features, &[0.5, 0.5]), labels);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct OneVsRest {
    coef: Vec<f64>,
    intercept: Vec<f64>,
    n_features: usize,
    constant: Vec<Option<bool>>,
    convergence: Option<Convergence>,
}

impl OneVsRest {
    /// Fits a classifier per label. A label that every row has, or none, is always predicted so: see
    /// [`constant`](Self::constant).
    ///
    /// [`ClassWeight::Balanced`](super::ClassWeight::Balanced) applies to each label separately: rows with it and
    /// rows without it have the same total weight.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::error::ErrorKind::InvalidArgument) if rows, labels and weights differ in
    /// number, if a feature or weight is not finite, if no row has a positive weight, or if an option is out of
    /// range.
    pub fn fit(samples: &MultiLabelSamples, options: &LogisticRegressionOptions) -> Result<Self> {
        Self::fit_with(samples, options, &|_| Ok(()))
    }

    /// As [`fit`](Self::fit); `progress` receives the number of finished labels after every step.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit), and that of `progress`.
    pub fn fit_with(
        samples: &MultiLabelSamples,
        options: &LogisticRegressionOptions,
        progress: Progress,
    ) -> Result<Self> {
        let task = FitTask { c: options.c, held_out: &[] };
        let mut fits = fit_labels(samples, &[task], options, progress)?;
        Ok(fits.remove(0))
    }

    /// Creates a classifier from saved numbers: `coef [n_labels, n_features]`, and `intercept` and `constant
    /// [n_labels]`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::error::ErrorKind::InvalidArgument) if the lengths do not match, or if a
    /// number is not finite or its absolute value is above 1e250.
    pub fn from_parts(coef: Vec<f64>, intercept: Vec<f64>, constant: Vec<Option<bool>>) -> Result<Self> {
        let n_labels = constant.len();
        if n_labels == 0
            || intercept.len() != n_labels
            || coef.is_empty()
            || !coef.len().is_multiple_of(n_labels)
        {
            return Err(bad(format!(
                "expected {n_labels} intercepts and rows of coefficients, got {} and {} numbers",
                intercept.len(),
                coef.len()
            )));
        }
        check_weights(&coef, &intercept)?;
        let n_features = coef.len() / n_labels;
        Ok(OneVsRest { coef, intercept, n_features, constant, convergence: None })
    }

    /// Converts a classifier that was fitted on scaled features to unscaled ones.
    ///
    /// # Panics
    /// Panics if the scaler has another number of columns.
    pub fn unscaled(mut self, scaler: &StandardScaler) -> Self {
        let rows = self.coef.chunks_exact_mut(self.n_features).zip(&mut self.intercept);
        rows.for_each(|(coef, intercept)| scaler.unscale(coef, intercept));
        self
    }

    /// The weights, row-major `[n_labels, n_features]`; zeros for a constant label.
    pub fn coef(&self) -> &[f64] {
        &self.coef
    }

    /// The intercepts, `[n_labels]`; zero for a constant label.
    pub fn intercept(&self) -> &[f64] {
        &self.intercept
    }

    /// For each label: `None` if it is not constant, otherwise whether every row has it; then its probability is 1 or
    /// 0.
    pub fn constant(&self) -> &[Option<bool>] {
        &self.constant
    }

    /// The number of features.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// The number of labels.
    pub fn n_labels(&self) -> usize {
        self.constant.len()
    }

    /// The end of the fits of all labels; `None` for a classifier from saved numbers, which do not tell.
    pub fn convergence(&self) -> Option<Convergence> {
        self.convergence
    }

    /// The Euclidean norm of all weights together.
    pub fn coef_norm(&self) -> f64 {
        self.coef.iter().map(|w| w * w).sum::<f64>().sqrt()
    }

    /// The probability of each label, row-major `[n_samples, n_labels]`; the labels are independent, so the
    /// probabilities of a row do not sum to 1.
    ///
    /// # Panics
    /// Panics if the features have another number of columns than those of the fit.
    pub fn predict_proba(&self, features: &Matrix) -> Vec<f64> {
        self.decision_function(features).into_iter().map(sigmoid).collect()
    }

    /// The logit of each label, row-major `[n_samples, n_labels]`; that of a constant label is `+inf` or `-inf`.
    ///
    /// # Panics
    /// As for [`predict_proba`](Self::predict_proba).
    pub fn decision_function(&self, features: &Matrix) -> Vec<f64> {
        assert_eq!(
            features.cols(),
            self.n_features,
            "expected the features that the classifier was fitted on"
        );
        let logit = |row: &[f32], label: usize| match self.constant[label] {
            Some(true) => f64::INFINITY,
            Some(false) => f64::NEG_INFINITY,
            None => {
                let coef = &self.coef[label * self.n_features..][..self.n_features];
                dot_f32(coef, row) + self.intercept[label]
            }
        };
        (0..features.rows())
            .into_par_iter()
            .flat_map_iter(|i| (0..self.n_labels()).map(move |label| logit(features.row(i), label)))
            .collect()
    }

    /// Changes the weights and intercept of each label: `change` receives the label, its weights `[n_features]` and
    /// its intercept. A constant label stays as it is.
    pub(crate) fn with_coef(mut self, change: impl Fn(usize, &mut [f64], &mut f64)) -> Self {
        let rows = self.coef.chunks_exact_mut(self.n_features).zip(&mut self.intercept);
        for (label, (coef, intercept)) in rows.enumerate() {
            if self.constant[label].is_none() {
                change(label, coef, intercept);
            }
        }
        self
    }

    /// The labels of every row: those whose probability is above their threshold, `[n_labels]`.
    ///
    /// # Panics
    /// As for [`predict_proba`](Self::predict_proba), and if the number of thresholds is not that of labels.
    pub fn predict(&self, features: &Matrix, thresholds: &[f64]) -> LabelIndicator {
        above(&self.predict_proba(features), thresholds)
    }
}

/// The probability for a logit.
pub(crate) fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// Marks the probabilities `[n_samples, n_labels]` that are above the threshold of their label.
///
/// # Panics
/// Panics if there is no threshold, or if the probabilities are not whole rows of as many.
pub fn above(probabilities: &[f64], thresholds: &[f64]) -> LabelIndicator {
    let rows = probabilities.chunks_exact(thresholds.len());
    assert!(rows.remainder().is_empty(), "expected a threshold for each label");
    let values =
        rows.flat_map(|row| row.iter().zip(thresholds).map(|(p, threshold)| p > threshold)).collect();
    LabelIndicator::new(values, thresholds.len()).expect("these are whole rows")
}

/// The logits of each fit's held-out rows, `[n_held_out, n_labels]`, from fits that are discarded; infinite for a
/// label that all rows of a fit have, or none. `c` of the options is ignored. Labels are fitted in batches with at
/// most `max_row_weights` numbers, one per row and fit.
pub(crate) fn held_out_label_logits(
    samples: &MultiLabelSamples,
    tasks: &[FitTask],
    options: &LogisticRegressionOptions,
    (precision, max_row_weights): (Precision, usize),
    progress: Progress,
) -> Result<Vec<Vec<f64>>> {
    let n_labels = samples.labels.n_labels();
    let of_task = |task: &FitTask| vec![0.0; task.held_out.len() * n_labels];
    let mut logits: Vec<Vec<f64>> = tasks.iter().map(of_task).collect();
    let stop = Stop { tol: options.tol, max_iter: options.max_iter };
    let together = together(samples, tasks, max_row_weights);
    for (batch, columns) in columns(samples.labels).chunks(together).enumerate() {
        let mut all = problems(samples, columns, tasks, options)?;
        let of_fits = all.chunks_exact_mut(columns.len()).zip(tasks);
        of_fits.for_each(|(own, task)| own.iter_mut().for_each(|p| p.asked = task.held_out.to_vec()));
        let constants: Vec<Option<bool>> = all.iter().map(constant).collect();
        let learned: Vec<Problem> = all.into_iter().filter(|problem| constant(problem).is_none()).collect();
        let mut solutions = solve(samples.features, &learned, stop, precision, progress)?.into_iter();
        for (place, constant) in constants.into_iter().enumerate() {
            let label = batch * together + place % columns.len();
            let column = logits[place / columns.len()].iter_mut().skip(label).step_by(n_labels);
            match (constant, constant.is_none().then(|| solutions.next()).flatten()) {
                (_, Some(solution)) => column.zip(&solution.logits).for_each(|(to, &z)| *to = z),
                (Some(true), None) => column.for_each(|to| *to = f64::INFINITY),
                (_, None) => column.for_each(|to| *to = f64::NEG_INFINITY),
            }
        }
    }
    Ok(logits)
}

/// The rows of each label, as class ids.
fn columns(labels: &LabelIndicator) -> Vec<Vec<usize>> {
    let column = |label| labels.column(label).into_iter().map(usize::from).collect();
    (0..labels.n_labels()).map(column).collect()
}

/// The problem of each fit and each of some labels, `[n_tasks, n_columns]`.
fn problems<'a, 's: 'a>(
    samples: &MultiLabelSamples<'s>,
    columns: &'a [Vec<usize>],
    tasks: &[FitTask],
    options: &LogisticRegressionOptions,
) -> Result<Vec<Problem<'a>>> {
    samples.of_label(&columns[0]).check()?;
    tasks.iter().try_for_each(|task| LogisticRegressionOptions { c: task.c, ..*options }.check())?;
    let all = tasks.iter().flat_map(|task| columns.iter().map(move |column| (task, column)));
    let all: Vec<Problem> =
        all.map(|(task, column)| problem(&samples.of_label(column), task, options.class_weight)).collect();
    match all.iter().any(|problem| problem.classes.is_empty()) {
        true => Err(bad("expected rows that count, got none")),
        false => Ok(all),
    }
}

/// Returns the answer for all rows if every row of a fit has the label, or none has it.
fn constant(problem: &Problem) -> Option<bool> {
    match problem.classes[..] {
        [class_id] => Some(class_id == 1),
        _ => None,
    }
}

/// Fits several classifiers over the same rows, with all their labels together; `c` of the options is ignored.
/// `progress` receives the number of finished labels of all fits.
pub(crate) fn fit_labels(
    samples: &MultiLabelSamples,
    tasks: &[FitTask],
    options: &LogisticRegressionOptions,
    progress: Progress,
) -> Result<Vec<OneVsRest>> {
    fit_labels_in_batches(samples, tasks, options, progress, MAX_ROW_WEIGHTS)
}

/// Fits in batches of labels, as [`held_out_label_logits`].
fn fit_labels_in_batches(
    samples: &MultiLabelSamples,
    tasks: &[FitTask],
    options: &LogisticRegressionOptions,
    progress: Progress,
    max_row_weights: usize,
) -> Result<Vec<OneVsRest>> {
    let n_features = samples.features.cols();
    let of_task = |_| OneVsRest {
        coef: Vec::new(),
        intercept: Vec::new(),
        n_features,
        constant: Vec::new(),
        convergence: Some(Convergence::default()),
    };
    let mut fits: Vec<OneVsRest> = tasks.iter().map(of_task).collect();
    let stop = Stop { tol: options.tol, max_iter: options.max_iter };
    let mut n_done = 0;
    for columns in columns(samples.labels).chunks(together(samples, tasks, max_row_weights)) {
        let all = problems(samples, columns, tasks, options)?;
        let constants: Vec<Option<bool>> = all.iter().map(constant).collect();
        let learned: Vec<Problem> = all.into_iter().filter(|problem| constant(problem).is_none()).collect();
        let done = |done| progress(n_done + done);
        let mut solutions = solve(samples.features, &learned, stop, Precision::Double, &done)?.into_iter();
        n_done += learned.len();
        for (fit, own) in fits.iter_mut().zip(constants.chunks_exact(columns.len())) {
            for &constant in own {
                fit.constant.push(constant);
                match constant.is_none().then(|| solutions.next()).flatten() {
                    Some(solution) => fit.push(&solution),
                    None => {
                        fit.coef.extend(std::iter::repeat_n(0.0, n_features));
                        fit.intercept.push(0.0);
                    }
                }
            }
        }
    }
    Ok(fits)
}

/// The largest number of labels, at least one, whose row weights in all fits stay within the limit.
fn together(samples: &MultiLabelSamples, tasks: &[FitTask], max_row_weights: usize) -> usize {
    (max_row_weights / (samples.labels.n_samples() * tasks.len()).max(1)).max(1)
}

impl OneVsRest {
    fn push(&mut self, solution: &Solution) {
        self.coef.extend_from_slice(&solution.coef);
        self.intercept.extend_from_slice(&solution.intercept);
        self.convergence.get_or_insert_default().add(solution);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: all labels at once. Tolerance: two optima with gradients of at most 1e-8.
    #[test]
    fn labels_in_turn_end_where_labels_together_end() {
        let (n, d) = (60, 4);
        let number = |i: usize| ((i * 7919 % 10007) as f32 - 5000.0) / 5000.0;
        let features = Matrix::from_vec((0..n * d).map(number).collect(), n, d).unwrap();
        let set = |i: usize| {
            let own = [i.is_multiple_of(3), true, i < 10, (i * i).is_multiple_of(5), false];
            (0..5).filter(|&label| own[label]).collect()
        };
        let labels = LabelIndicator::from_sets(&(0..n).map(set).collect::<Vec<_>>(), 5).unwrap();
        let samples = MultiLabelSamples::new(&features, &labels);
        let held_out: [Vec<usize>; 2] = [(0..10).collect(), (30..40).collect()];
        let tasks: Vec<FitTask> = held_out.iter().map(|held_out| FitTask { c: 1.0, held_out }).collect();
        let options = LogisticRegressionOptions { tol: 1e-8, ..Default::default() };
        let most = std::sync::atomic::AtomicUsize::new(0);
        let progress = |done| {
            assert!(most.fetch_max(done, std::sync::atomic::Ordering::Relaxed) <= done);
            Ok(())
        };
        // Batches of one label, of two labels, and of all.
        let [one, two, all] = [1, 2 * n * tasks.len(), usize::MAX].map(|most_weights| {
            most.store(0, std::sync::atomic::Ordering::Relaxed);
            fit_labels_in_batches(&samples, &tasks, &options, &progress, most_weights).unwrap()
        });
        for in_turn in [one, two] {
            for (in_turn, all) in in_turn.iter().zip(&all) {
                assert_eq!(in_turn.constant(), all.constant());
                assert_eq!((in_turn.coef().len(), in_turn.n_labels()), (5 * d, 5));
                let pairs = in_turn.coef().iter().zip(all.coef());
                let pairs = pairs.chain(in_turn.intercept().iter().zip(all.intercept()));
                pairs.for_each(|(a, b)| assert!((a - b).abs() < 1e-5, "{a} {b}"));
            }
        }
        // In the first fold no row with a positive weight has the third label.
        assert_eq!(all.iter().map(|fit| fit.constant()[2]).collect::<Vec<_>>(), [Some(false), None]);
    }
}
