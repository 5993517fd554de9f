//! 8. The stages put together: the only module that knows them all.
//!
//! [`train`] is the article's job from sentences to scores; [`SentenceClassifier`] is what comes out of it, and can be
//! saved, loaded, evaluated and asked.

mod calibration;
mod candidates;
mod cautions;
mod class_scores;
mod class_training;
mod comparison;
mod cost_matrix;
mod costs_csv;
mod decision;
mod doctor;
mod doctor_classes;
mod doctor_labels;
mod doctor_options;
mod doctor_report;
mod doctor_texts;
mod doctor_vectors;
mod encoder_identity;
mod evaluate;
mod fits;
mod hash_memory;
mod label_calibration;
mod label_costs;
mod label_notes;
mod label_set_scores;
mod label_set_training;
mod learning_curve;
mod misclassified;
mod nearest;
mod observer;
mod plan;
mod rows;
mod saved_model;
mod seen_sentences;
mod selection;
mod selection_rows;
mod selection_rule;
mod sentence_classifier;
mod sentence_encoder;
mod speed;
mod stream;
mod thresholds;
mod token_notes;
mod train;
mod train_options;
mod train_selected;
mod training_report;

pub use calibration::{Calibration, CalibrationReport, Reliability};
pub use candidates::selection_features;
pub use class_scores::{BaselineReport, ClassScores, TrainScore};
pub use comparison::{
    Answers, ComparedLabel, ComparedModel, ComparedRows, ComparisonForm, ComparisonReport, Disagreement,
    compare,
};
pub use cost_matrix::CostMatrix;
pub use decision::{
    ABSTAINED, Abstention, DecisionEffect, DecisionOptions, DecisionReport, DecisionScores, RuleOptions,
    WeightedScores,
};
pub use doctor::{EncoderOrReason, diagnose};
pub use doctor_options::DoctorOptions;
pub use doctor_report::{
    ClassShare, Conflict, DoctorReport, Duplicate, LabelIssue, LabelLines, LabelSets, Leak, LeftOut,
    MinorityScript, MixedScripts, NearDuplicate, Neighbour, ScriptShare, Scripts, Truncated,
};
pub use encoder_identity::FileHash;
pub use evaluate::{EvaluatedDecision, EvaluationForm, EvaluationReport};
pub use label_calibration::{LabelCalibration, LabelSetCalibrationReport};
pub use label_costs::{LabelCost, LabelCosts};
pub use label_set_scores::{ConstantBaseline, ConstantScores, CostEffect, LabelSetScores, ThresholdsReport};
pub use learning_curve::{
    CurveForecast, CurvePoint, CurveScores, CurveScoring, LearningCurve, LearningCurveOptions, learning_curve,
};
pub use misclassified::Misclassified;
pub use observer::{Observer, Stage};
pub use rows::{ConstantLabels, TestRows, training_rows};
pub use saved_model::{
    FORMAT_VERSION, SavedClassForm, SavedEncoder, SavedForm, SavedLabelSetForm, SavedLabels, SavedModel,
    SavedTraining, check_replaceable, is_part_of_a_model,
};
pub use selection::{Candidate, Optimism, Selection, SelectionOptions, select_features, selection_c_values};
pub use selection_rows::selection_rows;
pub use sentence_classifier::{LoadOptions, Prediction, SentenceClassifier};
pub use sentence_encoder::{Encoded, Features, SentenceEncoder, SentenceEncoderOptions};
pub use speed::{EncoderSpeed, Latency};
pub use stream::{Fault, Group, SentenceGroup, Streamed};
pub use thresholds::{LabelThreshold, Thresholds};
pub use train::{Trained, train};
pub use train_options::{GridSearchOptions, TrainOptions};
pub use train_selected::{FeatureChoice, default_scoring, train_selected};
pub use training_report::{
    ClassifierReport, EncoderReport, FeaturesReport, GridSearchReport, Seconds, SplitReport, TestDataReport,
    TrainingReport, TrainingScores,
};

/// Labels for a message: the first dozen, and a thirteenth rather than "and 1 more".
fn list(labels: &[&str]) -> String {
    const MOST: usize = 12;
    let n_shown = if labels.len() == MOST + 1 { labels.len() } else { labels.len().min(MOST) };
    let mut text = labels[..n_shown].join(", ");
    if labels.len() > n_shown {
        text.push_str(&format!(" and {} more", labels.len() - n_shown));
    }
    text
}
