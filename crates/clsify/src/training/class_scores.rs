//! The results of a training run with one class per sentence.

use serde::Serialize;

use crate::decision::calibration::CalibrationReport;
use crate::decision::choose_rule::DecisionReport;
use crate::evaluation::Evaluation;

/// The scores of a classifier of classes, with its calibration and decision rule.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ClassScores {
    /// The most frequent class, for comparison.
    pub baseline: BaselineReport,
    /// The score on the rows of the fit.
    pub train: TrainScore,
    /// The scores on the held-out rows.
    pub test: Evaluation,
    /// The weighted accuracy on the held-out rows, if rows have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_weighted_accuracy: Option<f64>,
    /// The calibration, if there was one.
    pub calibration: Option<CalibrationReport>,
    /// The decision rule, unless it is the most probable class.
    pub decision: Option<DecisionReport>,
}

/// The most frequent class of the training rows, weighted by sample weight if there is one, for comparison.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct BaselineReport {
    /// The mean accuracy over folds of the training rows; `None` if there are too few rows for folds. Weighted by
    /// sample weight if there is one: see [`cv_by_weight`](Self::cv_by_weight).
    pub cv_mean: Option<f64>,
    /// The standard deviation of the accuracy over the folds.
    pub cv_std: Option<f64>,
    /// True if the accuracy in the folds is weighted, because the training rows have weights.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cv_by_weight: bool,
    /// The accuracy on the held-out rows; every row counts once.
    pub test_accuracy: f64,
    /// The weighted accuracy on the held-out rows, if they have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_weighted_accuracy: Option<f64>,
}

/// The score on the rows of the fit.
#[derive(Debug, Clone, Serialize)]
pub struct TrainScore {
    /// The share of rows that are predicted correctly.
    pub accuracy: f64,
}
