//! What a training run found where sentences have label sets.

use serde::Serialize;

use crate::decision::label_calibration::LabelSetCalibrationReport;
use crate::decision::thresholds::{LabelThreshold, Thresholds};
use crate::evaluation::{MultiLabelEvaluation, WeightedMultiLabelScores};

/// Scores of a classifier of label sets, and the thresholds of its labels.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct LabelSetScores {
    /// What constant answers score on the held-out rows.
    pub baseline: ConstantBaseline,
    /// What was done to the probabilities of the labels, if anything was.
    pub calibration: Option<LabelSetCalibrationReport>,
    /// The thresholds of the labels.
    pub thresholds: ThresholdsReport,
    /// On the rows of the fit.
    pub train: MultiLabelEvaluation,
    /// On the held-out rows.
    pub test: MultiLabelEvaluation,
    /// On the held-out rows with each counted by its weight, where they have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_weighted: Option<WeightedMultiLabelScores>,
    /// On the held-out rows with the threshold 0.5 for every label, where others were chosen.
    pub test_at_half: Option<MultiLabelEvaluation>,
}

/// Constant answers, for comparison.
#[derive(Debug, Clone, Serialize)]
pub struct ConstantBaseline {
    /// Always the most frequent set of labels of the training rows.
    pub most_frequent_set: ConstantScores,
    /// Always every label that a training row has: what a threshold of 0 gives.
    pub every_label: ConstantScores,
}

/// What a constant answer scores on the held-out rows.
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
    /// With each row counted by its weight, where the held-out rows have weights.
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
    /// How they were chosen.
    pub chosen_by: Thresholds,
    /// Folds of the training rows behind the choice, if there was one.
    pub n_splits: Option<usize>,
    /// Each label, sorted.
    pub per_label: Vec<LabelThreshold>,
    /// Labels that are never given, as no threshold reaches the precision that was asked for.
    pub never_given: Vec<String>,
    /// With a rule: the scores of the training rows out of their folds, those that it was chosen on.
    pub out_of_fold: Option<MultiLabelEvaluation>,
    /// With costs: what the answers cost.
    pub mean_cost: Option<CostEffect>,
}

/// The mean cost of a row's answers, on training rows out of their folds and on the held-out rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CostEffect {
    /// With the threshold 0.5 for every label, on training rows out of their folds.
    pub out_of_fold_at_half: f64,
    /// With the chosen thresholds, on the same rows.
    pub out_of_fold: f64,
    /// With 0.5, on the held-out rows.
    pub test_at_half: f64,
    /// With the chosen thresholds, on the held-out rows.
    pub test: f64,
}
