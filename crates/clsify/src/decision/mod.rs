//! 8. From probabilities to answers: calibration, thresholds, costs and abstention.
//!
//! The input is logits or probabilities of rows that a classifier has not seen, and their labels; the result is a
//! rule and its effect. This module knows no text and no transformers.

pub(crate) mod abstention;
pub(crate) mod calibration;
pub(crate) mod choose_rule;
pub(crate) mod class_thresholds;
pub(crate) mod cost_matrix;
pub(crate) mod costs_csv;
pub(crate) mod f1_threshold;
pub(crate) mod label_calibration;
pub(crate) mod label_costs;
pub(crate) mod label_cuts;
pub(crate) mod platt;
pub(crate) mod precision_threshold;
pub(crate) mod rule;
pub(crate) mod temperature;
pub(crate) mod thresholds;

pub(crate) use self::abstention::check_target;
pub use self::abstention::{
    CoveragePoint, coverage_curve, coverage_curve_weighted, least_answered, reach_accuracy,
};
pub use self::calibration::{Calibration, CalibrationReport, Reliability};
pub use self::choose_rule::{
    ABSTAINED, Abstention, DecisionEffect, DecisionOptions, DecisionReport, DecisionScores, RuleOptions,
    WeightedScores,
};
pub use self::class_thresholds::{f1_macro_thresholds, f1_macro_thresholds_weighted};
pub use self::cost_matrix::CostMatrix;
pub use self::f1_threshold::{F1Threshold, f1_thresholds};
pub use self::label_calibration::{LabelCalibration, LabelSetCalibrationReport};
pub use self::label_costs::{LabelCost, LabelCosts};
pub use self::platt::Platt;
pub use self::precision_threshold::PrecisionThreshold;
pub use self::rule::{Answer, Decision, Rule};
pub use self::temperature::Temperature;
pub use self::thresholds::{LabelThreshold, Thresholds};
