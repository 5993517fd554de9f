//! The whole job where a sentence may have several labels, or none: [`train_multi_label`] from sentences to scores,
//! [`MultiLabelClassifier`] for what comes out of it.

mod classifier;
mod comparison;
mod learning_curve;
mod report;
mod saved;
mod train;

pub use classifier::{MultiLabelClassifier, MultiLabelPrediction};
pub use comparison::{
    ComparedLabel, ComparedMultiLabelModel, MultiLabelComparisonReport, MultiLabelDisagreement,
    compare_multi_label,
};
pub use learning_curve::multi_label_learning_curve;
pub use report::{
    ConstantLabels, ConstantScores, LabelThreshold, MultiLabelBaseline, MultiLabelClassifierReport,
    MultiLabelEvaluationReport, MultiLabelGridSearch, MultiLabelReport, MultiLabelTestData, ThresholdsReport,
};
pub use saved::{SavedLabels, SavedMultiLabelModel, SavedMultiLabelTraining};
pub use train::{
    MultiLabelTestRows, MultiLabelTrainOptions, MultiLabelTrained, Thresholds, train_multi_label,
};

use crate::classifier::LabelIndicator;
use crate::dataset::MultiLabelDataset;
use crate::error::Result;

/// Which row has which of the sorted labels; a label that is not among them is left out.
fn indicator(dataset: &MultiLabelDataset, labels: &[String]) -> Result<LabelIndicator> {
    let id = |label: &String| labels.binary_search(label).ok();
    let sets: Vec<Vec<usize>> =
        dataset.label_sets().iter().map(|set| set.iter().filter_map(id).collect()).collect();
    LabelIndicator::from_sets(&sets, labels.len())
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
