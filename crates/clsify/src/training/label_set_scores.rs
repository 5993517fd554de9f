//! The results of a training run with label sets.

use serde::Serialize;

use crate::decision::label_calibration::LabelSetCalibrationReport;
use crate::decision::thresholds::{LabelThreshold, Thresholds};
use crate::evaluation::{MultiLabelEvaluation, WeightedMultiLabelScores};

/// The scores of a classifier of label sets, with the thresholds of its labels.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct LabelSetScores {
    /// The scores of constant answers on the held-out rows.
    pub baseline: ConstantBaseline,
    /// The calibration of the labels, if there was one.
    pub calibration: Option<LabelSetCalibrationReport>,
    /// The thresholds of the labels.
    pub thresholds: ThresholdsReport,
    /// The scores on the rows of the fit.
    pub train: MultiLabelEvaluation,
    /// The scores on the held-out rows.
    pub test: MultiLabelEvaluation,
    /// The weighted scores on the held-out rows, if they have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_weighted: Option<WeightedMultiLabelScores>,
    /// The scores on the held-out rows with the threshold 0.5 for every label, if other thresholds were chosen.
    pub test_at_half: Option<MultiLabelEvaluation>,
}

/// Constant answers, for comparison.
#[derive(Debug, Clone, Serialize)]
pub struct ConstantBaseline {
    /// Always the most frequent label set of the training rows.
    pub most_frequent_set: ConstantScores,
    /// Always every label of the training rows, which is the result of a threshold of 0.
    pub every_label: ConstantScores,
}

/// The scores of a constant answer on the held-out rows.
#[derive(Debug, Clone, Serialize)]
pub struct ConstantScores {
    /// The answer.
    pub labels: Vec<String>,
    /// The share of the rows with exactly these labels.
    pub subset_accuracy: f64,
    /// The share of wrong yes-or-no answers.
    pub hamming_loss: f64,
    /// F1 of all answers together.
    pub micro_f1: f64,
    /// Mean F1 of the labels.
    pub macro_f1: f64,
    /// Mean F1 of the rows.
    pub samples_f1: f64,
    /// The weighted scores, if the held-out rows have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weighted: Option<WeightedMultiLabelScores>,
}

impl ConstantScores {
    pub(crate) fn of(
        labels: Vec<String>,
        evaluation: &MultiLabelEvaluation,
        weighted: Option<WeightedMultiLabelScores>,
    ) -> Self {
        ConstantScores {
            labels,
            subset_accuracy: evaluation.subset_accuracy,
            hamming_loss: evaluation.hamming_loss,
            micro_f1: evaluation.micro_average.f1,
            macro_f1: evaluation.macro_average.f1,
            samples_f1: evaluation.samples_average.f1,
            weighted,
        }
    }
}

/// The thresholds of the labels.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ThresholdsReport {
    /// The rule by which they were chosen.
    pub chosen_by: Thresholds,
    /// The number of folds of the training rows for the choice, if there was one.
    pub n_splits: Option<usize>,
    /// The thresholds of all labels, sorted by label.
    pub per_label: Vec<LabelThreshold>,
    /// Labels that are never assigned, because no threshold reaches the required precision.
    pub never_given: Vec<String>,
    /// With a rule: the scores on out-of-fold predictions of the training rows, on which it was chosen.
    pub out_of_fold: Option<MultiLabelEvaluation>,
    /// With costs: the costs of the answers.
    pub mean_cost: Option<CostEffect>,
}

/// The mean cost of a row's answers, on out-of-fold predictions of the training rows and on the held-out rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CostEffect {
    /// With the threshold 0.5 for every label, on out-of-fold predictions of the training rows.
    pub out_of_fold_at_half: f64,
    /// With the chosen thresholds, on the same rows.
    pub out_of_fold: f64,
    /// With 0.5, on the held-out rows.
    pub test_at_half: f64,
    /// With the chosen thresholds, on the held-out rows.
    pub test: f64,
}
