//! Probabilities that mean something: a temperature or a line from the training rows, and what it does on the test rows.

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
    /// Nothing: the article's choice.
    #[default]
    None,
    /// Logits are divided by the temperature that fits the training rows best, each scored by a classifier that has not
    /// seen it. It is divided into `coef` and `intercept`, so that a prediction costs what it did. Changes no prediction.
    Temperature,
    /// Platt scaling, for two classes: logits are multiplied and shifted, likewise. May change predictions.
    Platt,
}

/// What was done to logits, and the scores of probabilities on the held-out rows without it and with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CalibrationReport {
    /// What was fitted.
    pub method: Calibration,
    /// What logits were divided by; with a temperature.
    pub temperature: Option<f64>,
    /// What they were multiplied by, and what was added to them; with Platt scaling.
    pub platt: Option<Platt>,
    /// Training rows that had no part in it, as their class was unknown to the classifier of their fold.
    pub n_left_out: usize,
    /// Without it.
    pub before: CalibrationScores,
    /// With it.
    pub after: CalibrationScores,
    /// The reliability diagram without it and with it, 15 bins of equal width each.
    pub reliability: Reliability,
}

/// Two reliability diagrams.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reliability {
    /// Without calibration.
    pub before: Vec<ReliabilityBin>,
    /// With it.
    pub after: Vec<ReliabilityBin>,
}

/// What was fitted to logits of rows out of their folds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Calibrator {
    None,
    Temperature(Temperature),
    Platt(Platt),
}

/// What does not depend on features, to be refused before they are made.
pub(crate) fn check(calibration: Calibration, y_train: &[usize]) -> Result<()> {
    if calibration != Calibration::Platt {
        return Ok(());
    }
    let mut classes = y_train.to_vec();
    classes.sort_unstable();
    classes.dedup();
    check_n_classes(classes.len()).map_err(|e| e.at("calibration"))
}

/// Folds for these rows, twenty where that leaves something to fit: where classes keep their shares, the largest has a row for each;
/// where rows have groups, there is a group for each.
///
/// The classifiers of folds stand in for the saved one. With five folds they have a fifth fewer rows: where features are many
/// they fit those too closely, their logits are larger than the saved one's, and neither a temperature nor a threshold that
/// suits them suits it. With many rows five will do, and cost less.
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
    /// Fits to out-of-fold logits `[n_samples, n_classes]` of the samples that `classifier` was fitted on.
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

    /// Fits to the logits of rows that have one label or have it not, by classifiers that have not seen them.
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

    /// The logit of a label, `z`, with it.
    pub(crate) fn logit(&self, z: f64) -> f64 {
        match self {
            // Of a label that was constant in a fold nothing is known but that.
            _ if z.is_infinite() => z,
            Calibrator::None => z,
            Calibrator::Temperature(fitted) => z / fitted.temperature,
            Calibrator::Platt(Platt { scale, offset }) => scale * z + offset,
        }
    }

    /// The same for the weights and the intercept that make the logit.
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

    /// The probabilities of rows of logits `[n_samples, n_classes]`: row-major `[n_samples, classes.len()]`, of these classes
    /// only, by the logits with it.
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

    /// The classifier with it.
    pub(crate) fn folded(&self, classifier: LogisticRegression) -> Result<LogisticRegression> {
        match self {
            Calibrator::None => Ok(classifier),
            Calibrator::Temperature(temperature) => Ok(temperature.folded(classifier)),
            Calibrator::Platt(platt) => platt.folded(classifier),
        }
    }

    /// What it does on the test rows, which are looked at for this only: the scores of probabilities without it and with it.
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

/// The scores of a classifier's probabilities `[n_samples, classes.len()]`; `classes` are its own, and `y_true`, ids below
/// `n_classes`: a class that it does not know has the probability 0. Rows count by their weights, if any counts.
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
