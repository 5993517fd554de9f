//! What a multi-label run found, as plain structs: the JSON report.

use serde::Serialize;

use super::calibration::MultiLabelCalibrationReport;
use super::thresholds::Thresholds;
use crate::classifier::{ClassWeight, Scaling};
use crate::dataset::MultiLabelSummary;
use crate::evaluation::{GridSearch, MultiLabelEvaluation, ProbabilityScores, WeightedMultiLabelScores};
use crate::pipeline::{EncoderReport, FeaturesReport, Seconds, Selection, SplitReport};

/// The report of a multi-label training run. Keys are stable; more may be added.
#[derive(Debug, Clone, Serialize)]
pub struct MultiLabelReport {
    /// The labelled sentences.
    pub dataset: MultiLabelSummary,
    /// The encoder and what was taken from it.
    pub encoder: EncoderReport,
    /// The features of `dataset`.
    pub features: FeaturesReport,
    /// A test file of its own, if there was one.
    pub test_data: Option<MultiLabelTestData>,
    /// Which rows trained and which tested.
    pub split: SplitReport,
    /// What constant answers score on the held-out rows.
    pub baseline: MultiLabelBaseline,
    /// The classifier.
    pub classifier: MultiLabelClassifierReport,
    /// The search for C, if there was one.
    pub grid_search: Option<MultiLabelGridSearch>,
    /// What was done to the probabilities of the labels, if anything was.
    pub calibration: Option<MultiLabelCalibrationReport>,
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
    /// How the features were chosen, if they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<Selection>,
    /// How far the probabilities of the held-out rows can be trusted: means of the labels' scores. Rows count by their weights, if
    /// they have any.
    pub probabilities: ProbabilityScores,
    /// Where the time went.
    pub seconds: Seconds,
}

/// A test file of its own.
#[derive(Debug, Clone, Serialize)]
pub struct MultiLabelTestData {
    /// Its labelled sentences.
    pub dataset: MultiLabelSummary,
    /// Their features.
    pub features: FeaturesReport,
}

/// Constant answers, for comparison.
#[derive(Debug, Clone, Serialize)]
pub struct MultiLabelBaseline {
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
    pub(super) fn of(
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

/// The classifier: one logistic regression a label.
#[derive(Debug, Clone, Serialize)]
pub struct MultiLabelClassifierReport {
    /// Inverse of the regularisation's strength.
    #[serde(rename = "C")]
    pub c: f64,
    /// How much a row counted, for each label by itself.
    pub class_weight: ClassWeight,
    /// What was done to the features before the fit.
    pub scaling: Scaling,
    /// The most steps that a label took.
    pub n_iter: usize,
    /// Whether every label reached its optimum.
    pub converged: bool,
    /// Labels that did not.
    pub n_not_converged: usize,
    /// A bound of the largest element of any label's gradient at the end.
    pub gradient_max_norm: f64,
    /// Euclidean length of all weights together.
    pub coef_norm: f64,
    /// `[n_labels]`, sorted by label.
    pub intercept: Vec<f64>,
    /// Labels that the training rows leave nothing to learn about.
    pub constant_labels: ConstantLabels,
}

/// Labels with the same answer for every sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ConstantLabels {
    /// Every training row has them: always given.
    pub always: Vec<String>,
    /// No training row has them: never given.
    pub never: Vec<String>,
}

/// The search for C; the classifier is fitted with the best one.
#[derive(Debug, Clone, Serialize)]
pub struct MultiLabelGridSearch {
    /// `f1_micro`, with the threshold 0.5.
    pub scoring: &'static str,
    /// Folds a C.
    pub n_splits: usize,
    /// What was found.
    #[serde(flatten)]
    pub found: GridSearch,
}

/// The thresholds of the labels.
#[derive(Debug, Clone, Serialize)]
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

/// The threshold of one label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelThreshold {
    /// The label.
    pub label: String,
    /// It is given where its probability is above this.
    pub threshold: f64,
    /// Its F1 with this threshold on the training rows out of their folds, which chose it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f1: Option<f64>,
    /// Its F1 with 0.5 on the same rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f1_at_half: Option<f64>,
}

/// How a multi-label classifier does on labelled sentences.
#[derive(Debug, Clone, Serialize)]
pub struct MultiLabelEvaluationReport {
    /// The labelled sentences.
    pub dataset: MultiLabelSummary,
    /// The encoder and what was taken from it.
    pub encoder: EncoderReport,
    /// The features of the sentences.
    pub features: FeaturesReport,
    /// Rows whose sentence is that of a training row, but for case and spaces; `None` for a model that does not know its
    /// training rows, as it was saved by an earlier version.
    pub n_seen: Option<usize>,
    /// The scores.
    pub test: MultiLabelEvaluation,
    /// Scores with each row counted by its weight, where rows have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_weighted: Option<WeightedMultiLabelScores>,
    /// How far the probabilities of the rows can be trusted: means of the labels' scores. Rows count by their weights, if
    /// they have any.
    pub probabilities: ProbabilityScores,
}
