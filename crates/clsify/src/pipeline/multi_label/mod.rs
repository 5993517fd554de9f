//! The whole job where a sentence may have several labels, or none: [`train_multi_label`] from sentences to scores,
//! [`MultiLabelClassifier`] for what comes out of it.

mod calibration;
mod classifier;
mod comparison;
mod label_costs;
mod learning_curve;
mod report;
mod saved;
mod thresholds;
mod train;

pub use calibration::{LabelCalibration, MultiLabelCalibrationReport};
pub use classifier::{MultiLabelClassifier, MultiLabelPrediction};
pub use comparison::{
    ComparedLabel, ComparedMultiLabelModel, MultiLabelComparisonReport, MultiLabelDisagreement,
    compare_multi_label,
};
pub use label_costs::{LabelCost, LabelCosts};
pub use learning_curve::multi_label_learning_curve;
pub use report::{
    ConstantLabels, ConstantScores, CostEffect, LabelThreshold, MultiLabelBaseline,
    MultiLabelClassifierReport, MultiLabelEvaluationReport, MultiLabelGridSearch, MultiLabelReport,
    MultiLabelTestData, ThresholdsReport,
};
pub use saved::{SavedLabels, SavedMultiLabelModel, SavedMultiLabelTraining};
pub use thresholds::Thresholds;
pub use train::{MultiLabelTestRows, MultiLabelTrainOptions, MultiLabelTrained, train_multi_label};

pub(super) use train::{FOLDS, label_set_folds, split, train_encoded};

use crate::classifier::LabelIndicator;
use crate::dataset::MultiLabelDataset;
use crate::error::Result;

/// The places of each row's labels among the sorted ones; a label that is not there is left out.
fn label_ids(dataset: &MultiLabelDataset, labels: &[String]) -> Vec<Vec<usize>> {
    let id = |label: &String| labels.binary_search(label).ok();
    dataset.label_sets().iter().map(|set| set.iter().filter_map(id).collect()).collect()
}

/// Which row has which of the sorted labels; a label that is not among them is left out.
pub(super) fn indicator(dataset: &MultiLabelDataset, labels: &[String]) -> Result<LabelIndicator> {
    LabelIndicator::from_sets(&label_ids(dataset, labels), labels.len())
}

/// The columns of `own` labels at their places among all `labels`, both sorted; the rest is no.
fn among(indicator: &LabelIndicator, own: &[String], labels: &[String]) -> Result<LabelIndicator> {
    let place = |label: &String| labels.binary_search(label).unwrap_or(usize::MAX);
    let places: Vec<usize> = own.iter().map(place).collect();
    let set =
        |row: &[bool]| places.iter().zip(row).filter(|(_, has_it)| **has_it).map(|(&id, _)| id).collect();
    let sets: Vec<Vec<usize>> = indicator.rows().map(set).collect();
    LabelIndicator::from_sets(&sets, labels.len())
}

/// The sorted labels of both.
fn union(own: &[String], other: Vec<String>) -> Vec<String> {
    let mut labels = other;
    labels.extend_from_slice(own);
    labels.sort();
    labels.dedup();
    labels
}
