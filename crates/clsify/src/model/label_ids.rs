//! Converts the labels of a data set to the ids of a classifier.

use crate::dataset::Dataset;
use crate::error::{Error, ErrorKind, Result};
use crate::targets::{LabelIndicator, Labels, Targets};

/// The labels of a data set as indices into sorted `labels`, with weights and groups. A class must be among them; an
/// unknown label of a set is left out.
pub(crate) fn targets(dataset: &Dataset, labels: &[String]) -> Result<Targets> {
    let targets = match dataset.separator() {
        None => Targets::classes(class_ids(dataset, labels), labels.len()),
        Some(_) => {
            let id = |label: &String| labels.binary_search(label).ok();
            let ids = |set: &Vec<String>| set.iter().filter_map(id).collect();
            let sets: Vec<Vec<usize>> = dataset.label_sets().iter().map(ids).collect();
            Targets::label_sets(LabelIndicator::from_sets(&sets, labels.len())?)
        }
    };
    let (weights, groups) = (dataset.weights(), dataset.groups());
    Ok(targets.weighted(weights.map(<[f64]>::to_vec)).grouped(groups.map(<[usize]>::to_vec)))
}

/// The index of each row's label among sorted labels, all of which occur there.
pub(crate) fn class_ids(dataset: &Dataset, labels: &[String]) -> Vec<usize> {
    dataset.labels().iter().map(|label| labels.binary_search(label).unwrap_or(usize::MAX)).collect()
}

/// The sorted union of both lists of labels.
pub(crate) fn union(own: &[String], other: Vec<String>) -> Vec<String> {
    let mut labels = other;
    labels.extend_from_slice(own);
    labels.sort();
    labels.dedup();
    labels
}

/// Moves the columns of `own` labels to their positions among all `labels`, both sorted; other columns are false.
pub(crate) fn among(indicator: &LabelIndicator, own: &[String], labels: &[String]) -> Result<LabelIndicator> {
    let place = |label: &String| labels.binary_search(label).unwrap_or(usize::MAX);
    let places: Vec<usize> = own.iter().map(place).collect();
    let set =
        |row: &[bool]| places.iter().zip(row).filter(|(_, has_it)| **has_it).map(|(&id, _)| id).collect();
    let sets: Vec<Vec<usize>> = indicator.rows().map(set).collect();
    LabelIndicator::from_sets(&sets, labels.len())
}

/// The label sets of targets that have them.
pub(crate) fn sets(targets: &Targets) -> Result<&LabelIndicator> {
    match targets.labels() {
        Labels::Sets(labels) => Ok(labels),
        Labels::Classes { .. } => {
            Err(Error::new(ErrorKind::InvalidArgument, "expected label sets, got one class a row"))
        }
    }
}
