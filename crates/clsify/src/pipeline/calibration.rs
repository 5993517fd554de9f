//! Probabilities that mean something: a temperature from the training rows, and what it does on the test rows.

use serde::Serialize;

use crate::classifier::{LogisticRegression, LogisticRegressionOptions, Samples, Temperature};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{CalibrationScores, out_of_fold_logits};
use crate::matrix::Matrix;
use crate::split::StratifiedKFold;

/// What is done to the classifier's probabilities after the fit. No choice changes a prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Calibration {
    /// Nothing: the article's choice.
    #[default]
    None,
    /// Logits are divided by the temperature that fits the training rows best, each scored by a classifier that has not
    /// seen it. It is divided into `coef` and `intercept`, so that a prediction costs what it did.
    Temperature,
}

/// The temperature, and the scores of probabilities on the held-out rows without it and with it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CalibrationReport {
    /// What logits were divided by.
    pub temperature: f64,
    /// Training rows that had no part in it, as their class was unknown to the classifier of their fold.
    pub n_left_out: usize,
    /// Without it.
    pub before: CalibrationScores,
    /// With it.
    pub after: CalibrationScores,
}

/// What does not depend on features, to be refused before they are made.
pub(super) fn check(calibration: Calibration, y_train: &[usize], n_splits: usize) -> Result<()> {
    if calibration == Calibration::None {
        return Ok(());
    }
    let place = |e: Error| e.at("calibration").with_hint("without calibration fewer rows will do");
    let folds = StratifiedKFold { n_splits, shuffle: None }.split(y_train).map_err(place)?;
    if folds.iter().any(|fold| fold.train.iter().all(|&i| y_train[i] == y_train[fold.train[0]])) {
        let message = "expected at least 2 classes in the training rows of every fold, got only one";
        return Err(place(Error::new(ErrorKind::InvalidArgument, message)));
    }
    Ok(())
}

/// The classifier with its temperature, of which `samples` and `options` are the fit's; the test rows are looked at for the
/// report only.
pub(super) fn calibrate(
    calibration: Calibration,
    classifier: LogisticRegression,
    (samples, options): (&Samples, &LogisticRegressionOptions),
    n_splits: usize,
    (x_test, y_test): (&Matrix, &[usize]),
) -> Result<(LogisticRegression, Option<CalibrationReport>)> {
    if calibration == Calibration::None {
        return Ok((classifier, None));
    }
    let n_classes = samples.n_classes;
    let logits = out_of_fold_logits(samples, options, n_splits)?;
    let fitted = Temperature::fit_weighted(&logits, samples.class_ids, n_classes, samples.sample_weight)?;
    let scores = |classifier: &LogisticRegression| {
        CalibrationScores::of(&probabilities(classifier, x_test, n_classes), y_test, n_classes)
    };
    let before = scores(&classifier)?;
    let classifier = fitted.folded(classifier);
    let Temperature { temperature, n_left_out } = fitted;
    let report = CalibrationReport { temperature, n_left_out, before, after: scores(&classifier)? };
    Ok((classifier, Some(report)))
}

/// `[n_samples, n_classes]`: 0 for the classes that the classifier does not know.
fn probabilities(classifier: &LogisticRegression, x: &Matrix, n_classes: usize) -> Vec<f64> {
    let own = classifier.predict_proba(x);
    let mut all = vec![0.0; x.rows() * n_classes];
    let rows = all.chunks_exact_mut(n_classes).zip(own.chunks_exact(classifier.classes().len()));
    rows.for_each(|(row, own)| classifier.classes().iter().zip(own).for_each(|(&id, &p)| row[id] = p));
    all
}
