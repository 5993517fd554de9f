//! What a training run found where each sentence has one class.

use serde::Serialize;

use crate::decision::calibration::CalibrationReport;
use crate::decision::choice::DecisionReport;
use crate::evaluation::Evaluation;

/// Scores of a classifier of classes, and how its probabilities become answers.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ClassScores {
    /// The most frequent class, for comparison.
    pub baseline: BaselineReport,
    /// On the rows of the fit.
    pub train: TrainScore,
    /// On the held-out rows.
    pub test: Evaluation,
    /// The accuracy on the held-out rows, each counted by its weight, where rows have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_weighted_accuracy: Option<f64>,
    /// What was done to probabilities, if anything was.
    pub calibration: Option<CalibrationReport>,
    /// How probabilities become answers, if not by the most probable class.
    pub decision: Option<DecisionReport>,
}

/// The most frequent class of the training rows, by weight where they have weights, for comparison.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct BaselineReport {
    /// Mean accuracy over folds of the training rows; nothing when there are too few rows for folds. Rows count by their
    /// weights, if they have any: see [`cv_by_weight`](Self::cv_by_weight).
    pub cv_mean: Option<f64>,
    /// Its standard deviation over the folds.
    pub cv_std: Option<f64>,
    /// True if training rows have weights, by which they count in the folds.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cv_by_weight: bool,
    /// Accuracy on the held-out rows; every row counts once.
    pub test_accuracy: f64,
    /// Accuracy on the held-out rows, each counted by its weight, where they have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_weighted_accuracy: Option<f64>,
}

/// The score on the rows of the fit.
#[derive(Debug, Clone, Serialize)]
pub struct TrainScore {
    /// The share of rows that are predicted right.
    pub accuracy: f64,
}
