//! 11. Training: from labelled sentences to a trained classifier and its scores.
//!
//! [`train`] is the article's run; [`train_selected`] chooses features first.

pub(crate) mod candidates;
pub(crate) mod class_scores;
pub(crate) mod class_training;
pub(crate) mod descriptions;
pub(crate) mod few_rows;
pub(crate) mod fits;
pub(crate) mod label_set_scores;
pub(crate) mod label_set_training;
pub(crate) mod plan;
pub(crate) mod train_test_rows;
pub(crate) mod selection;
pub(crate) mod selection_rows;
pub(crate) mod selection_rule;
pub(crate) mod train;
pub(crate) mod train_options;
pub(crate) mod train_selected;
pub(crate) mod train_tuned;
pub(crate) mod trained_model;
pub(crate) mod tuned_encoder;
pub(crate) mod tuner;
pub(crate) mod tuning_cost;
pub(crate) mod training_report;

pub use self::candidates::selection_features;
pub use self::class_scores::{BaselineReport, ClassScores, TrainScore};
pub use self::descriptions::{Describe, DescriptionsReport};
pub use self::label_set_scores::{
    ConstantBaseline, ConstantScores, CostEffect, LabelSetScores, ThresholdsReport,
};
pub use self::selection::{Candidate, Optimism, Selection, SelectionRule, selection_c_values};
pub use self::selection_rows::selection_rows;
pub use self::train::{Trained, train};
pub use self::train_options::{GridSearchOptions, TrainOptions};
pub use self::train_selected::{FeatureChoice, default_scoring, train_selected};
pub use self::train_test_rows::{ConstantLabels, TestRows, training_rows};
pub use self::train_tuned::train_tuned;
pub use self::training_report::{
    ClassifierReport, GridSearchReport, Seconds, SplitReport, TestDataReport, TrainingReport, TrainingScores,
};
