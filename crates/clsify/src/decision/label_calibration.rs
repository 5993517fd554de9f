//! Temperature or Platt scaling for each label, fitted on its out-of-fold logits.

use serde::Serialize;

use super::calibration::{Calibration, Calibrator, Reliability};
use crate::classifier::OneVsRest;
use crate::classifier::one_vs_rest::sigmoid;
use crate::decision::Platt;
use crate::error::Result;
use crate::evaluation::{CalibrationScores, ProbabilityScores};
use crate::targets::LabelIndicator;

/// The minimum number of rows with a label, and of rows without it, for calibrating its probabilities.
const LEAST_ROWS: usize = 10;

/// The calibration of each label, and the scores of probabilities on the held-out rows without it and with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LabelSetCalibrationReport {
    /// The method.
    pub method: Calibration,
    /// The number of folds of the training rows.
    pub n_splits: usize,
    /// The labels that were calibrated, sorted.
    pub per_label: Vec<LabelCalibration>,
    /// Labels that were not calibrated: they are constant, or fewer than 10 out-of-fold rows have the label or lack
    /// it.
    pub as_they_are: Vec<String>,
    /// The scores without calibration; means over the labels.
    pub before: CalibrationScores,
    /// The scores with calibration.
    pub after: CalibrationScores,
    /// The reliability diagram of all answers without and with calibration.
    pub reliability: Reliability,
}

/// The calibration of one label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelCalibration {
    /// The label.
    pub label: String,
    /// The divisor of its logits, for temperature scaling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// The factor and the offset of its logits, for Platt scaling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platt: Option<Platt>,
    /// The number of training rows that were left out because the label was constant for the classifier of their
    /// fold.
    pub n_left_out: usize,
}

/// The calibrations of the labels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LabelCalibrators {
    method: Calibration,
    /// The calibration of each label, with the number of rows left out.
    of_labels: Vec<(Calibrator, usize)>,
}

impl LabelCalibrators {
    /// Fits on out-of-fold logits `[n_samples, n_labels]` of these rows; `constant` labels are not calibrated.
    pub(crate) fn fit(
        method: Calibration,
        logits: &[f64],
        labels: &LabelIndicator,
        sample_weight: Option<&[f64]>,
        constant: &[Option<bool>],
    ) -> Result<Self> {
        let n_labels = labels.n_labels();
        let of_label = |label: usize| {
            if method == Calibration::None || constant[label].is_some() {
                return Ok((Calibrator::None, 0));
            }
            let weight = |row: usize| sample_weight.map_or(1.0, |weights| weights[row]);
            let column = labels.column(label);
            let rows: Vec<usize> = (0..column.len())
                .filter(|&row| logits[row * n_labels + label].is_finite() && weight(row) > 0.0)
                .collect();
            let has_it: Vec<bool> = rows.iter().map(|&row| column[row]).collect();
            let n_with = has_it.iter().filter(|has_it| **has_it).count();
            if n_with.min(rows.len() - n_with) < LEAST_ROWS {
                return Ok((Calibrator::None, 0));
            }
            let z: Vec<f64> = rows.iter().map(|&row| logits[row * n_labels + label]).collect();
            let weights: Option<Vec<f64>> =
                sample_weight.map(|_| rows.iter().map(|&row| weight(row)).collect());
            let fitted = Calibrator::fit_label(method, &z, &has_it, weights.as_deref())?;
            let n_counting = (0..column.len()).filter(|&row| weight(row) > 0.0).count();
            Ok((fitted, n_counting - rows.len()))
        };
        let of_labels = (0..n_labels).map(of_label).collect::<Result<_>>()?;
        Ok(LabelCalibrators { method, of_labels })
    }

    /// The calibrated probabilities for logits `[n_samples, n_labels]`.
    pub(crate) fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        let row = |row: &[f64]| -> Vec<f64> {
            row.iter().zip(&self.of_labels).map(|(z, (fitted, _))| sigmoid(fitted.logit(*z))).collect()
        };
        logits.chunks_exact(self.of_labels.len()).flat_map(row).collect()
    }

    /// The classifier with the calibration applied.
    pub(crate) fn folded(&self, classifier: OneVsRest) -> OneVsRest {
        classifier.with_coef(|label, coef, intercept| self.of_labels[label].0.fold(coef, intercept))
    }

    /// The calibration of these `labels`, and its effect on the test rows.
    pub(crate) fn report(
        &self,
        labels: &[String],
        n_splits: usize,
        before: &ProbabilityScores,
        after: &ProbabilityScores,
    ) -> Option<LabelSetCalibrationReport> {
        if self.method == Calibration::None {
            return None;
        }
        let (mut per_label, mut as_they_are) = (Vec::new(), Vec::new());
        for (label, &(fitted, n_left_out)) in labels.iter().zip(&self.of_labels) {
            let (temperature, platt) = match fitted {
                Calibrator::None => {
                    as_they_are.push(label.clone());
                    continue;
                }
                Calibrator::Temperature(fitted) => (Some(fitted.temperature), None),
                Calibrator::Platt(fitted) => (None, Some(fitted)),
            };
            per_label.push(LabelCalibration { label: label.clone(), temperature, platt, n_left_out });
        }
        Some(LabelSetCalibrationReport {
            method: self.method,
            n_splits,
            per_label,
            as_they_are,
            before: before.scores,
            after: after.scores,
            reliability: Reliability { before: before.reliability.clone(), after: after.reliability.clone() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twenty rows with the first label and twenty without it, a few of which are wrong; nine with the second.
    fn rows() -> (Vec<f64>, LabelIndicator) {
        let row = |i: usize| {
            let z = if i < 20 { 1.0 } else { -2.0 };
            [z + 0.1 * (i % 7) as f64, if i < 9 { 3.0 } else { -3.0 }]
        };
        let sets: Vec<Vec<usize>> = (0..40)
            .map(|i| {
                [((i < 20) != (i % 6 == 0)).then_some(0), (i < 9).then_some(1)]
                    .into_iter()
                    .flatten()
                    .collect()
            })
            .collect();
        ((0..40).flat_map(row).collect(), LabelIndicator::from_sets(&sets, 2).unwrap())
    }

    /// Oracle: `Platt::fit` and `Temperature::fit` of a single label; the logits of the folded classifier are the
    /// calibrated ones.
    #[test]
    fn each_label_gets_its_own_line_and_rare_ones_none() {
        let (logits, labels) = rows();
        let z: Vec<f64> = logits.iter().step_by(2).copied().collect();
        let line = Platt::fit(&z, &labels.column(0)).unwrap();
        let fit = |method| LabelCalibrators::fit(method, &logits, &labels, None, &[None; 2]).unwrap();
        let fitted = fit(Calibration::Platt);
        assert_eq!(fitted.of_labels, [(Calibrator::Platt(line), 0), (Calibrator::None, 0)]);
        let p = fitted.probabilities(&logits);
        assert_eq!((p[0], p[1]), (sigmoid(line.scale * z[0] + line.offset), sigmoid(3.0)));
        let classifier = OneVsRest::from_parts(vec![2.0, 4.0], vec![0.5, 1.0], vec![None; 2]).unwrap();
        let folded = fitted.folded(classifier.clone());
        assert_eq!(folded.coef(), [2.0 * line.scale, 4.0]);
        assert_eq!(folded.intercept(), [0.5 * line.scale + line.offset, 1.0]);
        let Calibrator::Temperature(warm) = fit(Calibration::Temperature).of_labels[0].0 else { panic!() };
        let folded = fit(Calibration::Temperature).folded(classifier);
        assert_eq!(folded.coef(), [2.0 / warm.temperature, 4.0]);
    }

    #[test]
    fn folds_without_the_label_and_constant_labels_have_no_part_in_it() {
        let (mut logits, labels) = rows();
        let fit = |logits: &[f64], constant| {
            LabelCalibrators::fit(Calibration::Platt, logits, &labels, None, &[constant, None]).unwrap()
        };
        assert_eq!(fit(&logits, Some(true)).of_labels[0].0, Calibrator::None);
        logits[0] = f64::NEG_INFINITY;
        assert_eq!(fit(&logits, None).of_labels[0].1, 1, "left out");
        assert_eq!(fit(&logits, None).probabilities(&logits)[0], 0.0);
    }

    /// Oracle: rows repeated as often as their weight says.
    #[test]
    fn a_weight_is_so_many_rows() {
        let (logits, labels) = rows();
        let weights: Vec<f64> = (0..40).map(|i| f64::from(i % 3)).collect();
        let repeated: Vec<usize> = (0..40).flat_map(|i| std::iter::repeat_n(i, i % 3)).collect();
        let z: Vec<f64> = repeated.iter().map(|&i| logits[2 * i]).collect();
        let has_it: Vec<bool> = repeated.iter().map(|&i| labels.column(0)[i]).collect();
        let expected = Platt::fit(&z, &has_it).unwrap();
        let fit = LabelCalibrators::fit(Calibration::Platt, &logits, &labels, Some(&weights), &[None; 2]);
        let Calibrator::Platt(found) = fit.unwrap().of_labels[0].0 else { panic!() };
        assert!((found.scale - expected.scale).abs() < 1e-9 && (found.offset - expected.offset).abs() < 1e-9);
    }
}
