//! Calibration of probabilities: a temperature or Platt scaling fitted on the training rows, and its effect on the
//! test rows.

use serde::{Deserialize, Serialize};

use crate::classifier::{LogisticRegression, Samples};
use crate::decision::platt::check_n_classes;
use crate::decision::{Platt, Temperature};
use crate::error::Result;
use crate::evaluation::{CalibrationScores, ProbabilityScores, ReliabilityBin, softmax};
use crate::notes::cautions::counts;
use crate::split::n_groups;
use crate::targets::{Labels, Targets};

const FEW_SPLITS: usize = 5;
const MANY_SPLITS: usize = 20;
const MANY_ROWS: usize = 100_000;

/// The calibration of probabilities after the fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Calibration {
    /// No calibration: the article's choice.
    #[default]
    None,
    /// Divides logits by the temperature with the lowest log loss on out-of-fold predictions of the training rows. It
    /// is folded into `coef` and `intercept`, so a prediction costs no more. Changes no prediction.
    Temperature,
    /// Platt scaling, for two classes: scales and shifts the logits, fitted in the same way. May change predictions.
    Platt,
}

/// The calibration, and the scores of probabilities on the held-out rows without it and with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CalibrationReport {
    /// The method.
    pub method: Calibration,
    /// The divisor of the logits, for temperature scaling.
    pub temperature: Option<f64>,
    /// The factor and the offset of the logits, for Platt scaling.
    pub platt: Option<Platt>,
    /// The number of training rows that were left out because the classifier of their fold did not know their class.
    pub n_left_out: usize,
    /// The scores without calibration.
    pub before: CalibrationScores,
    /// The scores with calibration.
    pub after: CalibrationScores,
    /// The reliability diagrams without and with calibration, 15 bins of equal width each.
    pub reliability: Reliability,
}

/// Two reliability diagrams.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reliability {
    /// Without calibration.
    pub before: Vec<ReliabilityBin>,
    /// With calibration.
    pub after: Vec<ReliabilityBin>,
}

/// A calibration fitted on out-of-fold logits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Calibrator {
    None,
    Temperature(Temperature),
    Platt(Platt),
}

/// Checks that need no features, so that they run before features are computed.
pub(crate) fn check(calibration: Calibration, y_train: &[usize]) -> Result<()> {
    if calibration != Calibration::Platt {
        return Ok(());
    }
    let mut classes = y_train.to_vec();
    classes.sort_unstable();
    classes.dedup();
    check_n_classes(classes.len()).map_err(|e| e.at("calibration"))
}

/// The number of folds for these rows: twenty if possible. With classes, the largest class has at least one row per
/// fold; with groups, there is at least one group per fold.
///
/// The classifiers of the folds represent the saved one. With five folds they are trained on a fifth fewer rows. With
/// many features they overfit these rows, and their logits are larger than those of the saved classifier, so a
/// temperature or threshold that suits them does not suit it. With many rows five folds are enough, and cost less.
pub(crate) fn n_splits(targets: &Targets) -> usize {
    if targets.len() > MANY_ROWS {
        return FEW_SPLITS;
    }
    let most = match (targets.groups(), targets.labels()) {
        (Some(groups), _) => n_groups(groups),
        (None, Labels::Classes { class_ids, n_classes }) => {
            counts(class_ids, *n_classes).into_iter().max().unwrap_or(0)
        }
        (None, Labels::Sets(labels)) => labels.n_samples(),
    };
    most.clamp(FEW_SPLITS, MANY_SPLITS)
}

impl Calibrator {
    /// Fits on out-of-fold logits `[n_samples, n_classes]` of the samples that `classifier` was fitted on.
    pub(crate) fn fit(
        calibration: Calibration,
        classifier: &LogisticRegression,
        logits: &[f64],
        samples: &Samples,
    ) -> Result<Self> {
        let &Samples { class_ids, n_classes, sample_weight, .. } = samples;
        Ok(match (calibration, classifier.classes()) {
            (Calibration::None, _) => Calibrator::None,
            (Calibration::Temperature, _) => Calibrator::Temperature(Temperature::fit_weighted(
                logits,
                class_ids,
                n_classes,
                sample_weight,
            )?),
            (Calibration::Platt, &[no, yes]) => {
                let rows = logits.chunks_exact(n_classes);
                let z: Vec<f64> = rows.map(|row| row[yes] - row[no]).collect();
                let is_second: Vec<bool> = class_ids.iter().map(|&id| id == yes).collect();
                Calibrator::Platt(Platt::fit_weighted(&z, &is_second, sample_weight)?)
            }
            (Calibration::Platt, classes) => {
                check_n_classes(classes.len())?;
                Calibrator::None
            }
        })
    }

    /// Fits on the out-of-fold logits of one label, for rows that have it or not.
    pub(crate) fn fit_label(
        calibration: Calibration,
        logits: &[f64],
        has_label: &[bool],
        sample_weight: Option<&[f64]>,
    ) -> Result<Self> {
        Ok(match calibration {
            Calibration::None => Calibrator::None,
            Calibration::Temperature => {
                let rows: Vec<f64> = logits.iter().flat_map(|z| [-0.5 * z, 0.5 * z]).collect();
                let class_ids: Vec<usize> = has_label.iter().map(|&has_it| usize::from(has_it)).collect();
                Calibrator::Temperature(Temperature::fit_weighted(&rows, &class_ids, 2, sample_weight)?)
            }
            Calibration::Platt => Calibrator::Platt(Platt::fit_weighted(logits, has_label, sample_weight)?),
        })
    }

    /// The calibrated logit of a label with logit `z`.
    pub(crate) fn logit(&self, z: f64) -> f64 {
        match self {
            // An infinite logit means that the label was constant in a fold.
            _ if z.is_infinite() => z,
            Calibrator::None => z,
            Calibrator::Temperature(fitted) => z / fitted.temperature,
            Calibrator::Platt(Platt { scale, offset }) => scale * z + offset,
        }
    }

    /// Applies the calibration to the weights and the intercept of the logit.
    pub(crate) fn fold(&self, coef: &mut [f64], intercept: &mut f64) {
        match self {
            Calibrator::None => {}
            Calibrator::Temperature(fitted) => {
                coef.iter_mut().for_each(|w| *w /= fitted.temperature);
                *intercept /= fitted.temperature;
            }
            Calibrator::Platt(Platt { scale, offset }) => {
                coef.iter_mut().for_each(|w| *w *= scale);
                *intercept = scale * *intercept + offset;
            }
        }
    }

    /// The calibrated probabilities of rows with logits `[n_samples, n_classes]`: row-major `[n_samples,
    /// classes.len()]`, for these classes only.
    pub(crate) fn probabilities(&self, logits: &[f64], n_classes: usize, classes: &[usize]) -> Vec<f64> {
        let mut own: Vec<f64> =
            logits.chunks_exact(n_classes).flat_map(|row| classes.iter().map(|&id| row[id])).collect();
        match self {
            Calibrator::None => {}
            Calibrator::Temperature(fitted) => own.iter_mut().for_each(|z| *z /= fitted.temperature),
            Calibrator::Platt(Platt { scale, offset }) => own.chunks_exact_mut(2).for_each(|row| {
                let z = scale * (row[1] - row[0]) + offset;
                row.copy_from_slice(&[-0.5 * z, 0.5 * z]);
            }),
        }
        softmax(&own, classes.len())
    }

    /// The classifier with the calibration applied.
    pub(crate) fn folded(&self, classifier: LogisticRegression) -> Result<LogisticRegression> {
        match self {
            Calibrator::None => Ok(classifier),
            Calibrator::Temperature(temperature) => Ok(temperature.folded(classifier)),
            Calibrator::Platt(platt) => platt.folded(classifier),
        }
    }

    /// The effect on the test rows, which are used for nothing else: the scores of probabilities without it and with
    /// it.
    pub(crate) fn report(
        &self,
        before: &ProbabilityScores,
        after: &ProbabilityScores,
    ) -> Option<CalibrationReport> {
        let (method, temperature, platt) = match self {
            Calibrator::None => return None,
            Calibrator::Temperature(fitted) => (Calibration::Temperature, Some(fitted), None),
            Calibrator::Platt(fitted) => (Calibration::Platt, None, Some(*fitted)),
        };
        Some(CalibrationReport {
            method,
            temperature: temperature.map(|fitted| fitted.temperature),
            platt,
            n_left_out: temperature.map_or(0, |fitted| fitted.n_left_out),
            before: before.scores,
            after: after.scores,
            reliability: Reliability { before: before.reliability.clone(), after: after.reliability.clone() },
        })
    }
}

/// The scores of a classifier's probabilities `[n_samples, classes.len()]`; `classes` are its own, and `y_true`, like
/// them, are ids below `n_classes`: a class that it does not know has the probability 0. Weighted by sample weight,
/// if one is positive.
pub(crate) fn scores(
    own: &[f64],
    classes: &[usize],
    (y_true, weights): (&[usize], Option<&[f64]>),
    n_classes: usize,
) -> Result<ProbabilityScores> {
    let mut all = vec![0.0; y_true.len() * n_classes];
    let rows = all.chunks_exact_mut(n_classes).zip(own.chunks_exact(classes.len()));
    rows.for_each(|(row, own)| classes.iter().zip(own).for_each(|(&id, &p)| row[id] = p));
    ProbabilityScores::of(&all, y_true, n_classes, that_count(weights))
}

/// Weights, unless all of them are 0.
pub(crate) fn that_count(weights: Option<&[f64]>) -> Option<&[f64]> {
    weights.filter(|weights| weights.iter().any(|w| *w > 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_twenty_where_a_class_has_the_rows_and_the_rows_are_not_many() {
        let n_splits_of = |counts: &[usize]| {
            let ids = counts.iter().enumerate().flat_map(|(id, &n)| vec![id; n]).collect();
            n_splits(&Targets::classes(ids, counts.len()))
        };
        assert_eq!(n_splits_of(&[30, 20]), 20);
        assert_eq!(n_splits_of(&[3, 12]), 12);
        assert_eq!(n_splits_of(&[2, 3]), 5, "too few, and refused with five");
        assert_eq!(n_splits_of(&[60_000, 40_000]), 20);
        assert_eq!(n_splits_of(&[60_000, 40_001]), 5);
    }
}
