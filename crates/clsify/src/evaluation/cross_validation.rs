//! Cross-validation: each row is scored by a classifier that has not seen it.
//!
//! It corresponds to scikit-learn's `cross_val_score` and `cross_val_predict(method="decision_function")`: stratified
//! folds without shuffling, or the folds of `GroupKFold` if rows have groups; accuracy on each fold's held-out rows.
//! All fits, of every C and every fold, run together.

use crate::classifier::logistic_regression::{FitTask, fit_many, held_out_logits};
use crate::classifier::{LogisticRegression, LogisticRegressionOptions, MostFrequent, Samples};
use crate::error::Result;
use crate::matrix::Matrix;
use crate::observer::Progress;
use crate::split::{Split, class_folds};

/// The accuracy of a logistic regression on each of `n_splits` held-out folds, weighted by sample weight if there is
/// one; a fold without a positive weight is left out.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`](crate::error::ErrorKind::InvalidArgument), as for [`class_folds`] and
/// [`LogisticRegression::fit`].
///
/// ```
/// use clsify::classifier::{LogisticRegressionOptions, Samples};
/// use clsify::{evaluation::cross_val_score, matrix::Matrix};
/// let features = Matrix::from_vec(vec![-2.0, -1.0, 1.0, 2.0], 4, 1)?;
/// let samples = Samples::new(&features, &[0, 0, 1, 1], 2);
/// let scores = cross_val_score(&samples, &LogisticRegressionOptions::default(), 2)?;
/// assert_eq!(scores, [1.0, 1.0]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn cross_val_score(
    samples: &Samples,
    options: &LogisticRegressionOptions,
    n_splits: usize,
) -> Result<Vec<f64>> {
    let fits = FoldFits::new(samples, &[options.c], options, n_splits, &|_| Ok(()))?;
    Ok(fits.accuracies(0))
}

/// The accuracy of the most frequent class on each of `n_splits` held-out folds, both weighted by sample weight if
/// there is one; a fold without a positive weight is left out.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`](crate::error::ErrorKind::InvalidArgument), as for [`class_folds`].
pub fn baseline_cross_val_score(samples: &Samples, n_splits: usize) -> Result<Vec<f64>> {
    let Samples { class_ids, n_classes, sample_weight, groups, .. } = *samples;
    let folds = class_folds(class_ids, groups, n_splits)?;
    let weights = |rows: &[usize]| -> Option<Vec<f64>> {
        sample_weight.map(|weights| rows.iter().map(|&row| weights[row]).collect())
    };
    let counts = |rows: &[usize]| weights(rows).is_none_or(|weights| weights.iter().any(|w| *w > 0.0));
    let score = |fold: &Split| {
        let train: Vec<usize> = fold.train.iter().map(|&i| class_ids[i]).collect();
        let baseline = MostFrequent::fit_weighted(&train, n_classes, weights(&fold.train).as_deref())?;
        let answers = fold.test.iter().map(|&row| (row, class_ids[row] == baseline.class_id()));
        Ok(weighted_share(answers, sample_weight).unwrap_or(0.0))
    };
    let folds = folds.iter().filter(|fold| counts(&fold.train) && counts(&fold.test));
    folds.map(score).collect()
}

/// The weighted share of correct rows; `None` if no weight is positive.
fn weighted_share(
    answers: impl Iterator<Item = (usize, bool)>,
    sample_weight: Option<&[f64]>,
) -> Option<f64> {
    let (mut right, mut total) = (0.0, 0.0);
    for (row, is_right) in answers {
        let weight = sample_weight.map_or(1.0, |weights| weights[row]);
        total += weight;
        right += if is_right { weight } else { 0.0 };
    }
    (total > 0.0).then(|| right / total)
}

/// The logits of every row from the classifier of the fold that holds it out: row-major `[n_samples, n_classes]`.
///
/// A class without training rows in a fold has the logit `-inf` there. With two classes a row is `[-z/2, z/2]` for
/// `z` of [`decision_function`](LogisticRegression::decision_function), so that its softmax is that of
/// [`predict_proba`](LogisticRegression::predict_proba).
///
/// # Errors
/// As for [`cross_val_score`].
///
/// ```
/// use clsify::classifier::{LogisticRegressionOptions, Samples};
/// use clsify::{evaluation::out_of_fold_logits, matrix::Matrix};
/// let features = Matrix::from_vec(vec![-2.0, -1.0, 1.0, 2.0], 4, 1)?;
/// let samples = Samples::new(&features, &[0, 0, 1, 1], 2);
/// let logits = out_of_fold_logits(&samples, &LogisticRegressionOptions::default(), 2, &|_| Ok(()))?;
/// assert!(logits[0] > logits[1] && logits[2 * 3] < logits[2 * 3 + 1]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn out_of_fold_logits(
    samples: &Samples,
    options: &LogisticRegressionOptions,
    n_splits: usize,
    progress: Progress,
) -> Result<Vec<f64>> {
    let fits = FoldFits::new(samples, &[options.c], options, n_splits, progress)?;
    Ok(fits.logits(0))
}

/// As [`out_of_fold_logits`] for each C, `[n_c][n_samples, n_classes]`, but only accurate enough to compare values of
/// C and choices of features: the products are in `f32`, and the fits, which are discarded, stop at `options.tol`, at
/// least 1e-4. For scaled features.
///
/// # Errors
/// As for [`cross_val_score`].
///
/// ```
/// use clsify::classifier::{LogisticRegressionOptions, Samples};
/// use clsify::{evaluation::compare_logits, matrix::Matrix};
/// let features = Matrix::from_vec(vec![-2.0, -1.0, 1.0, 2.0], 4, 1)?;
/// let samples = Samples::new(&features, &[0, 0, 1, 1], 2);
/// let logits = compare_logits(&samples, &[0.1, 1.0], &LogisticRegressionOptions::default(), 2, &|_| Ok(()))?;
/// assert!(logits.iter().all(|logits| logits[0] > logits[1] && logits[2 * 3] < logits[2 * 3 + 1]));
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn compare_logits(
    samples: &Samples,
    c_values: &[f64],
    options: &LogisticRegressionOptions,
    n_splits: usize,
    progress: Progress,
) -> Result<Vec<Vec<f64>>> {
    samples.check()?;
    let folds = class_folds(samples.class_ids, samples.groups, n_splits)?;
    let tasks: Vec<FitTask> = c_values
        .iter()
        .flat_map(|&c| folds.iter().map(move |fold| FitTask { c, held_out: &fold.test }))
        .collect();
    let options = LogisticRegressionOptions { tol: options.tol.max(1e-4), ..*options };
    let of_tasks = held_out_logits(samples, &tasks, &options, progress)?;
    let shape = (samples.class_ids.len(), samples.n_classes);
    Ok(of_tasks.chunks_exact(folds.len()).map(|of_folds| all_rows(&folds, of_folds, shape)).collect())
}

/// Rearranges numbers `[n_test, n_columns]` of each fold's held-out rows to `[n_samples, n_columns]`.
pub(super) fn all_rows(
    folds: &[Split],
    of_folds: &[Vec<f64>],
    (n_samples, n_columns): (usize, usize),
) -> Vec<f64> {
    let mut all = vec![0.0; n_samples * n_columns];
    for (fold, own) in folds.iter().zip(of_folds) {
        for (&row, own) in fold.test.iter().zip(own.chunks_exact(n_columns)) {
            all[row * n_columns..][..n_columns].copy_from_slice(own);
        }
    }
    all
}

/// The class of every row for each C, from the classifier of the fold that holds it out: `[n_c][n_samples]`.
///
/// # Errors
/// As for [`cross_val_score`].
///
/// ```
/// use clsify::classifier::{LogisticRegressionOptions, Samples};
/// use clsify::{evaluation::cross_val_predict, matrix::Matrix};
/// let features = Matrix::from_vec(vec![-2.0, -1.0, 1.0, 2.0], 4, 1)?;
/// let samples = Samples::new(&features, &[0, 0, 1, 1], 2);
/// let predicted = cross_val_predict(&samples, &[0.1, 1.0], &LogisticRegressionOptions::default(), 2)?;
/// assert_eq!(predicted, [[0, 0, 1, 1], [0, 0, 1, 1]]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn cross_val_predict(
    samples: &Samples,
    c_values: &[f64],
    options: &LogisticRegressionOptions,
    n_splits: usize,
) -> Result<Vec<Vec<usize>>> {
    let fits = FoldFits::new(samples, c_values, options, n_splits, &|_| Ok(()))?;
    Ok((0..c_values.len()).map(|c| fits.predictions(c)).collect())
}

/// The logits of these rows for all classes, `[n_rows, n_classes]`, in the form of [`out_of_fold_logits`].
pub(crate) fn class_logits(fit: &LogisticRegression, features: &Matrix, n_classes: usize) -> Vec<f64> {
    let own = fit.decision_function(features);
    let mut logits = vec![f64::NEG_INFINITY; features.rows() * n_classes];
    let columns = fit.intercept().len();
    for (row, own) in logits.chunks_exact_mut(n_classes).zip(own.chunks_exact(columns)) {
        match (fit.classes(), own) {
            (&[no, yes], &[z]) => (row[no], row[yes]) = (-0.5 * z, 0.5 * z),
            (classes, own) => classes.iter().zip(own).for_each(|(&class_id, &z)| row[class_id] = z),
        }
    }
    logits
}

/// One fit per C and fold.
pub(crate) struct FoldFits<'a> {
    samples: &'a Samples<'a>,
    folds: Vec<Split>,
    held_out: Vec<Matrix>,
    /// `[n_c][n_splits]`.
    fits: Vec<LogisticRegression>,
}

impl<'a> FoldFits<'a> {
    pub(crate) fn new(
        samples: &'a Samples,
        c_values: &[f64],
        options: &LogisticRegressionOptions,
        n_splits: usize,
        progress: Progress,
    ) -> Result<Self> {
        samples.check()?;
        let folds = class_folds(samples.class_ids, samples.groups, n_splits)?;
        let tasks: Vec<FitTask> = c_values
            .iter()
            .flat_map(|&c| folds.iter().map(move |fold| FitTask { c, held_out: &fold.test }))
            .collect();
        let fits = fit_many(samples, &tasks, options, progress)?;
        let held_out = folds.iter().map(|fold| samples.features.select_rows(&fold.test)).collect();
        Ok(FoldFits { samples, folds, held_out, fits })
    }

    pub(crate) fn n_not_converged(&self) -> usize {
        self.fits.iter().filter_map(LogisticRegression::convergence).map(|fit| fit.n_not_converged).sum()
    }

    /// The fits of the C with this index, each with the rows that it has not seen.
    fn of(&self, c: usize) -> impl Iterator<Item = (&LogisticRegression, &[usize], &Matrix)> {
        let fits = &self.fits[c * self.folds.len()..][..self.folds.len()];
        fits.iter().zip(&self.folds).zip(&self.held_out).map(|((fit, fold), x)| (fit, &fold.test[..], x))
    }

    /// The logits of held-out rows, with the offset of the rows.
    fn offset_logits(&self, fit: &LogisticRegression, rows: &[usize], x: &Matrix) -> Vec<f64> {
        let n_classes = self.samples.n_classes;
        let mut logits = class_logits(fit, x, n_classes);
        if let Some(offset) = self.samples.offset {
            for (logits, &row) in logits.chunks_exact_mut(n_classes).zip(rows) {
                logits.iter_mut().zip(&offset[row * n_classes..]).for_each(|(z, o)| *z += o);
            }
        }
        logits
    }

    /// The predicted classes of held-out rows.
    fn predicted(&self, fit: &LogisticRegression, rows: &[usize], x: &Matrix) -> Vec<usize> {
        if self.samples.offset.is_none() {
            return fit.predict(x);
        }
        let top = |row: &[f64]| (1..row.len()).fold(0, |top, k| if row[k] > row[top] { k } else { top });
        self.offset_logits(fit, rows, x).chunks_exact(self.samples.n_classes).map(top).collect()
    }

    /// The weighted accuracy on each fold's held-out rows for the C with this index.
    pub(crate) fn accuracies(&self, c: usize) -> Vec<f64> {
        let score = |(fit, rows, x): (&LogisticRegression, &[usize], &Matrix)| {
            let predicted = self.predicted(fit, rows, x);
            let answers = rows.iter().zip(predicted);
            let answers = answers.map(|(&row, class_id)| (row, self.samples.class_ids[row] == class_id));
            weighted_share(answers, self.samples.sample_weight)
        };
        self.of(c).filter_map(score).collect()
    }

    /// The out-of-fold predictions of all rows.
    fn predictions(&self, c: usize) -> Vec<usize> {
        let mut predictions = vec![0; self.samples.class_ids.len()];
        for (fit, rows, x) in self.of(c) {
            rows.iter()
                .zip(self.predicted(fit, rows, x))
                .for_each(|(&row, class_id)| predictions[row] = class_id);
        }
        predictions
    }

    /// The out-of-fold logits of all rows, `[n_samples, n_classes]`.
    pub(crate) fn logits(&self, c: usize) -> Vec<f64> {
        let n_classes = self.samples.n_classes;
        let mut logits = vec![0.0; self.samples.class_ids.len() * n_classes];
        for (fit, rows, x) in self.of(c) {
            let own = self.offset_logits(fit, rows, x);
            for (&row, own) in rows.iter().zip(own.chunks_exact(n_classes)) {
                logits[row * n_classes..][..n_classes].copy_from_slice(own);
            }
        }
        logits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: `out_of_fold_logits`, in `f64` to the optimum; two and three classes, more rows than columns and
    /// fewer. Tolerance: a gradient of 1e-4 divided by the penalty's curvature, at least 0.6, times the length of a
    /// row, 6.
    #[test]
    fn compared_logits_are_those_of_the_optimum() {
        for (n, d, n_classes) in [(200, 30, 2), (200, 30, 3), (40, 60, 2)] {
            let number = |i: usize| ((i * 7919 % 10007) as f32 - 5000.0) / 5000.0;
            let features = Matrix::from_vec((0..n * d).map(number).collect(), n, d).unwrap();
            let class_ids: Vec<usize> = (0..n).map(|i| (i * i + i / 3) % n_classes).collect();
            let samples = Samples::new(&features, &class_ids, n_classes);
            let options = LogisticRegressionOptions::default();
            let c_values = [0.001, 0.01];
            let compared = compare_logits(&samples, &c_values, &options, 5, &|_| Ok(())).unwrap();
            for (&c, compared) in c_values.iter().zip(&compared) {
                let options = LogisticRegressionOptions { c, ..options };
                let exact = out_of_fold_logits(&samples, &options, 5, &|_| Ok(())).unwrap();
                for (got, expected) in compared.iter().zip(&exact) {
                    assert!((got - expected).abs() < 0.005, "{n} x {d}, C {c}: {got} {expected}");
                }
            }
        }
    }
}
