//! 7. Scores of predictions.
//!
//! `y_true` comes before `y_pred`; rows of a confusion matrix are the true classes, columns the predicted ones. This
//! module knows no text and no transformers.

pub mod calibration_error;
mod cross_validation;
mod metrics;
mod f1_rows;
mod forecast;
mod grid_search;
pub mod interval;
mod inverse_power_law;
mod label_issues;
pub mod class_metrics;
mod label_set_metrics;
mod label_set_cross_validation;
mod optimism;
mod paired;
mod precision_recall;
mod ratio_score;
mod row_scores;
mod scoring;

pub use calibration_error::{
    CalibrationScores, ProbabilityScores, ReliabilityBin, brier_score, expected_calibration_error, log_loss,
    reliability_bins,
};
pub use class_metrics::{Evaluation, Scores, weighted_accuracy};
pub use cross_validation::{
    baseline_cross_val_score, compare_logits, cross_val_predict, cross_val_score, out_of_fold_logits,
};
pub use forecast::{CurveRuns, Forecast, forecast};
pub use grid_search::{GridPoint, GridSearch, grid_search, linspace, mean_and_std};
pub use interval::wilson_ci95;
pub use inverse_power_law::InversePowerLaw;
pub use label_issues::{RankedLabel, rank_labels, softmax};
pub use label_set_cross_validation::{
    compare_label_logits, multi_label_grid_search, out_of_fold_label_logits, out_of_fold_probabilities,
};
pub use label_set_metrics::{MultiLabelEvaluation, WeightedMultiLabelScores, exact_rows};
pub use metrics::Metrics;
pub use optimism::{BiasCorrected, Resample, bias_corrected};
pub use paired::PairedCounts;
pub use precision_recall::{LabelPrecisionRecall, PrecisionRecallCurve};
pub use ratio_score::{PairedScores, RatioScore};
pub use row_scores::RowScores;
pub use scoring::Scoring;
