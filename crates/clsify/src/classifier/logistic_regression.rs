//! L2-penalised logistic regression with scikit-learn's objective, fitted to its optimum.
//!
//! The input is features `[n_samples, n_features]` and class ids; the result is `coef [1 or n_classes, n_features]`,
//! `intercept`, and whether the optimum was reached. Two classes share one weight vector, more classes have one each
//! (multinomial). There is no other penalty and no choice of solvers, because the optimum is unique.

use clsify_kernels::vector::dot_f32;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::convergence::Convergence;
use super::link::Link;
use super::samples::Samples;
use super::solver::{Precision, Problem, Solution, Stop, solve};
use crate::error::{Error, ErrorKind, Result};
use crate::matrix::Matrix;
use crate::observer::Progress;

/// The weighting of the classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassWeight {
    /// All rows have the same weight.
    #[default]
    None,
    /// All classes have the same total weight: a row is weighted by `n_samples / (n_classes * rows of its class)`
    /// times its sample weight, where rows are counted by their weights.
    Balanced,
}

/// The options of a fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogisticRegressionOptions {
    /// Inverse of the regularisation strength: larger values regularise less. The default is 1.
    pub c: f64,
    /// The weighting of the classes. The default is [`ClassWeight::None`].
    pub class_weight: ClassWeight,
    /// The tolerance: the optimum is reached if no element of the gradient of the mean loss exceeds it, and the
    /// objective is above its minimum by at most 100 `tol` of its value. The default is 1e-8. The second condition
    /// matters if C is large and the rows are separable: then the gradient is small long before the optimum.
    pub tol: f64,
    /// The maximum number of steps. The default is 10,000; 20 to 200 are typical.
    pub max_iter: usize,
}

impl Default for LogisticRegressionOptions {
    fn default() -> Self {
        LogisticRegressionOptions { c: 1.0, class_weight: ClassWeight::None, tol: 1e-8, max_iter: 10_000 }
    }
}

impl LogisticRegressionOptions {
    /// Checks the options.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if C or tol is not a positive number.
    ///
    /// ```
    /// use clsify::classifier::LogisticRegressionOptions;
    /// let error = LogisticRegressionOptions { c: -1.0, ..Default::default() }.check().unwrap_err();
    /// assert_eq!(error.to_string(), "logistic regression: expected C to be a positive number, got -1");
    /// ```
    pub fn check(&self) -> Result<()> {
        if !(self.c > 0.0 && self.c.is_finite()) {
            return Err(bad(format!("expected C to be a positive number, got {}", self.c)));
        }
        if self.tol.is_nan() || self.tol <= 0.0 {
            return Err(bad(format!("expected a positive tol, got {}", self.tol)));
        }
        Ok(())
    }
}

/// A fitted logistic regression.
///
/// ```
/// use clsify::classifier::{LogisticRegression, LogisticRegressionOptions, Samples};
/// use clsify::matrix::Matrix;
/// let features = Matrix::from_vec(vec![-2.0, -1.0, 1.0, 2.0], 4, 1)?;
/// let samples = Samples::new(&features, &[0, 0, 1, 1], 2);
/// let classifier = LogisticRegression::fit(&samples, &LogisticRegressionOptions::default())?;
/// assert!(classifier.convergence().is_some_and(|fit| fit.converged()));
/// assert_eq!(classifier.predict(&features), [0, 0, 1, 1]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticRegression {
    coef: Vec<f64>,
    intercept: Vec<f64>,
    n_features: usize,
    classes: Vec<usize>,
    link: Link,
    convergence: Option<Convergence>,
}

impl LogisticRegression {
    /// Fits a classifier to these rows.
    ///
    /// Classes below `n_classes` without a row are never predicted.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] as for [`Samples::check`], if fewer than two classes have rows with a positive
    /// weight, or if an option is out of range.
    pub fn fit(samples: &Samples, options: &LogisticRegressionOptions) -> Result<Self> {
        Self::fit_with(samples, options, &|_| Ok(()))
    }

    /// As [`fit`](Self::fit); `progress` is called after every step.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit), and that of `progress`.
    pub fn fit_with(
        samples: &Samples,
        options: &LogisticRegressionOptions,
        progress: Progress,
    ) -> Result<Self> {
        let task = FitTask { c: options.c, held_out: &[] };
        let mut fits = fit_many(samples, &[task], options, progress)?;
        Ok(fits.remove(0))
    }

    /// Creates a classifier from saved numbers: `coef [1 or n_classes, n_features]`, `intercept [1 or n_classes]`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if the lengths do not match, or if a number is not finite or its absolute value
    /// is above 1e250.
    pub fn from_parts(coef: Vec<f64>, intercept: Vec<f64>, n_classes: usize) -> Result<Self> {
        let columns = if n_classes == 2 { 1 } else { n_classes };
        if n_classes < 2
            || intercept.len() != columns
            || !coef.len().is_multiple_of(columns)
            || coef.is_empty()
        {
            return Err(bad(format!(
                "expected {columns} intercepts and rows of coefficients for {n_classes} classes, got {} and {} numbers",
                intercept.len(),
                coef.len()
            )));
        }
        check_weights(&coef, &intercept)?;
        let n_features = coef.len() / columns;
        let classes = (0..n_classes).collect();
        Ok(LogisticRegression {
            coef,
            intercept,
            n_features,
            classes,
            link: Link::Softmax,
            convergence: None,
        })
    }

    /// The same weights with this link. It matters for three or more classes.
    #[must_use]
    pub fn with_link(self, link: Link) -> Self {
        LogisticRegression { link, ..self }
    }

    /// The function from logits to probabilities, for three or more classes.
    pub fn link(&self) -> Link {
        self.link
    }

    /// Changes each row of weights and its intercept.
    pub(crate) fn with_coef(self, change: impl Fn(&mut [f64], &mut f64)) -> Self {
        self.with_rows(|_, coef, intercept| change(coef, intercept))
    }

    /// As [`with_coef`](Self::with_coef), with the number of the row.
    pub(crate) fn with_rows(mut self, change: impl Fn(usize, &mut [f64], &mut f64)) -> Self {
        let rows = self.coef.chunks_exact_mut(self.n_features).zip(&mut self.intercept);
        rows.enumerate().for_each(|(row, (coef, intercept))| change(row, coef, intercept));
        self
    }

    /// Creates a classifier from weights that no fit has found; the arguments are those of
    /// [`from_parts`](Self::from_parts).
    pub(crate) fn of_descriptions(coef: Vec<f64>, intercept: Vec<f64>, n_classes: usize) -> Result<Self> {
        let convergence = Some(Convergence::default());
        Ok(LogisticRegression { convergence, ..Self::from_parts(coef, intercept, n_classes)? })
    }

    /// Adds weights and intercepts of the same shapes.
    pub(crate) fn plus(mut self, coef: &[f64], intercept: &[f64]) -> Self {
        self.coef.iter_mut().zip(coef).for_each(|(w, more)| *w += more);
        self.intercept.iter_mut().zip(intercept).for_each(|(b, more)| *b += more);
        self
    }

    /// The weights, row-major `[1 or n_classes, n_features]`.
    pub fn coef(&self) -> &[f64] {
        &self.coef
    }

    /// The intercepts, `[1 or n_classes]`; after a fit to more than two classes their sum is 0.
    pub fn intercept(&self) -> &[f64] {
        &self.intercept
    }

    /// The number of features.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// The class ids that had rows, ascending; the columns of [`predict_proba`](Self::predict_proba).
    pub fn classes(&self) -> &[usize] {
        &self.classes
    }

    /// The end of the fit; `None` for a classifier from saved numbers, which do not tell.
    pub fn convergence(&self) -> Option<Convergence> {
        self.convergence
    }

    /// The Euclidean norm of all weights together.
    pub fn coef_norm(&self) -> f64 {
        self.coef.iter().map(|w| w * w).sum::<f64>().sqrt()
    }

    /// `coef . x + intercept` of every row, row-major `[n_samples, 1 or n_classes]`.
    ///
    /// # Panics
    /// Panics if the features have another number of columns than those of the fit.
    pub fn decision_function(&self, features: &Matrix) -> Vec<f64> {
        assert_eq!(
            features.cols(),
            self.n_features,
            "expected the features that the classifier was fitted on"
        );
        let logit = |row: &[f32], k: usize| {
            let coef = &self.coef[k * self.n_features..][..self.n_features];
            dot_f32(coef, row) + self.intercept[k]
        };
        let columns = self.intercept.len();
        (0..features.rows())
            .into_par_iter()
            .flat_map_iter(|i| (0..columns).map(move |k| logit(features.row(i), k)))
            .collect()
    }

    /// The probability of each class, row-major `[n_samples, n_classes]`; every row sums to 1.
    ///
    /// # Panics
    /// As for [`decision_function`](Self::decision_function).
    pub fn predict_proba(&self, features: &Matrix) -> Vec<f64> {
        let logits = self.decision_function(features);
        if self.intercept.len() == 1 {
            return logits.iter().flat_map(|z| [1.0 / (1.0 + z.exp()), 1.0 / (1.0 + (-z).exp())]).collect();
        }
        let mut probabilities = logits;
        for row in probabilities.chunks_exact_mut(self.intercept.len()) {
            self.link.to_probabilities(row);
        }
        probabilities
    }

    /// The class id of every row; of equally probable classes the first.
    ///
    /// # Panics
    /// As for [`decision_function`](Self::decision_function).
    pub fn predict(&self, features: &Matrix) -> Vec<usize> {
        let logits = self.decision_function(features);
        let columns = self.intercept.len();
        let best = |row: &[f64]| match columns {
            1 => usize::from(row[0] > 0.0),
            _ => (1..columns).fold(0, |best, k| if row[k] > row[best] { k } else { best }),
        };
        logits.chunks_exact(columns).map(|row| self.classes[best(row)]).collect()
    }
}

/// One of several fits over the same rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FitTask<'a> {
    pub(crate) c: f64,
    /// The rows that this fit does not use.
    pub(crate) held_out: &'a [usize],
}

/// Fits several classifiers over the same rows together; `c` of the options is ignored.
pub(crate) fn fit_many(
    samples: &Samples,
    tasks: &[FitTask],
    options: &LogisticRegressionOptions,
    progress: Progress,
) -> Result<Vec<LogisticRegression>> {
    let problems = problems(samples, tasks, options)?;
    let stop = Stop { tol: options.tol, max_iter: options.max_iter };
    let solutions = solve(samples.features, &problems, stop, Precision::Double, progress)?;
    let fits = problems.into_iter().zip(solutions).map(|(problem, solution)| {
        let mut convergence = Convergence::default();
        convergence.add(&solution);
        LogisticRegression {
            coef: solution.coef,
            intercept: solution.intercept,
            n_features: samples.features.cols(),
            classes: problem.classes,
            link: Link::Softmax,
            convergence: Some(convergence),
        }
    });
    Ok(fits.collect())
}

/// The logits of each fit's held-out rows for all classes, `[n_held_out, n_classes]`, from fits in `f32` that are
/// discarded; in the form of [`out_of_fold_logits`](crate::evaluation::out_of_fold_logits).
pub(crate) fn held_out_logits(
    samples: &Samples,
    tasks: &[FitTask],
    options: &LogisticRegressionOptions,
    progress: Progress,
) -> Result<Vec<Vec<f64>>> {
    let mut problems = problems(samples, tasks, options)?;
    problems.iter_mut().zip(tasks).for_each(|(problem, task)| problem.asked = task.held_out.to_vec());
    let stop = Stop { tol: options.tol, max_iter: options.max_iter };
    let solutions = solve(samples.features, &problems, stop, Precision::Single, progress)?;
    let by_rows = |(problem, solution): (&Problem, &Solution)| {
        let (own, n, classes) = (&solution.logits, problem.asked.len(), &problem.classes);
        let mut logits = vec![f64::NEG_INFINITY; n * samples.n_classes];
        for (i, row) in logits.chunks_exact_mut(samples.n_classes).enumerate() {
            match classes[..] {
                [no, yes] => (row[no], row[yes]) = (-0.5 * own[i], 0.5 * own[i]),
                _ => classes.iter().enumerate().for_each(|(k, &class_id)| row[class_id] = own[k * n + i]),
            }
        }
        logits
    };
    Ok(problems.iter().zip(&solutions).map(by_rows).collect())
}

/// The problem of each fit, with at least two classes.
fn problems<'a>(
    samples: &Samples<'a>,
    tasks: &[FitTask],
    options: &LogisticRegressionOptions,
) -> Result<Vec<Problem<'a>>> {
    samples.check()?;
    tasks.iter().try_for_each(|task| LogisticRegressionOptions { c: task.c, ..*options }.check())?;
    let problems: Vec<Problem> =
        tasks.iter().map(|task| problem(samples, task, options.class_weight)).collect();
    match problems.iter().map(|problem| problem.classes.len()).find(|&n_classes| n_classes < 2) {
        Some(n_classes) => Err(bad(format!("expected rows of at least 2 classes, got {n_classes}"))),
        None => Ok(problems),
    }
}

/// The weights of one fit's rows, and the classes with a positive weight.
pub(super) fn problem<'a>(samples: &Samples<'a>, task: &FitTask, class_weight: ClassWeight) -> Problem<'a> {
    let class_ids = samples.class_ids;
    let mut row_weights: Vec<f64> = (0..class_ids.len()).map(|row| samples.weight(row)).collect();
    task.held_out.iter().for_each(|&i| row_weights[i] = 0.0);
    let mut of_class = vec![0.0; samples.n_classes];
    class_ids.iter().zip(&row_weights).for_each(|(&id, &weight)| of_class[id] += weight);
    let classes: Vec<usize> = (0..samples.n_classes).filter(|&id| of_class[id] > 0.0).collect();
    if class_weight == ClassWeight::Balanced {
        let total: f64 = of_class.iter().sum();
        for (&id, weight) in class_ids.iter().zip(&mut row_weights).filter(|(_, weight)| **weight > 0.0) {
            *weight *= total / (classes.len() as f64 * of_class[id]);
        }
    }
    let offset = samples.offset.map_or(Vec::new(), |offset| columns_of(offset, samples.n_classes, &classes));
    Problem { c: task.c, class_ids, row_weights, classes, offset, asked: Vec::new() }
}

/// The columns of offsets `[n_rows, n_classes]` that belong to a fit of these classes: `[1 or n_classes, n_rows]`.
fn columns_of(offset: &[f64], n_classes: usize, classes: &[usize]) -> Vec<f64> {
    let rows = || offset.chunks_exact(n_classes);
    match *classes {
        [no, yes] => rows().map(|row| row[yes] - row[no]).collect(),
        _ => classes.iter().flat_map(|&id| rows().map(move |row| row[id])).collect(),
    }
}

/// The largest weight of a saved classifier. Features are at most 3.5e38, so logits and their differences stay
/// finite.
const MAX_WEIGHT: f64 = 1e250;

/// Checks that probabilities can be computed with these weights for any features.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] if one is not finite or too large.
pub(crate) fn check_weights(coef: &[f64], intercept: &[f64]) -> Result<()> {
    match coef.iter().chain(intercept).find(|weight| weight.is_nan() || weight.abs() > MAX_WEIGHT) {
        Some(weight) => {
            let expected = format!("expected finite weights of at most {MAX_WEIGHT:e} in size");
            Err(bad(format!("{expected}, got {weight:e}")))
        }
        None => Ok(()),
    }
}

pub(super) fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("logistic regression")
}
