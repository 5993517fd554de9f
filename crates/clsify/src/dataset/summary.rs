//! The counts of a data set.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

/// The counts of a data set: the `dataset` block of the JSON report.
///
/// ```
/// use clsify::dataset::Dataset;
/// let summary = Dataset::from_pairs([("fine", "1"), ("fine", "0"), ("fine", "1"), ("bad", "0")])?.summary();
/// assert_eq!(summary.n_samples, 4);
/// assert_eq!(summary.labels.counts()["1"], 2);
/// assert_eq!(summary.n_duplicates, 2);
/// assert_eq!(summary.n_conflicting, 1);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DatasetSummary {
    /// The number of records.
    pub n_samples: usize,
    /// The number of records of each class or label.
    #[serde(flatten)]
    pub labels: LabelCounts,
    /// The number of records minus the number of distinct sentences: the records that would be removed if each
    /// sentence were kept once. Sentences are equal if all characters are.
    pub n_duplicates: usize,
    /// Distinct sentences that occur with more than one label, or set of labels.
    pub n_conflicting: usize,
    /// The number of records that were left out because they could not be used.
    #[serde(skip_serializing_if = "is_zero")]
    pub n_skipped: usize,
    /// The number of groups of records that no split and no fold divides, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_groups: Option<usize>,
}

/// The counts of the labels of a data set.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum LabelCounts {
    /// The counts for one class per sentence.
    Classes {
        /// The number of records of each class, sorted by class.
        class_counts: BTreeMap<String, usize>,
    },
    /// The counts for sets of labels.
    LabelSets {
        /// The number of records that have each label, sorted by label.
        label_counts: BTreeMap<String, usize>,
        /// The mean number of labels per record.
        label_cardinality: f64,
        /// The number of distinct sets of labels, including the empty set if it occurs.
        n_label_sets: usize,
        /// The number of records without a label.
        n_without_label: usize,
        /// The number of records with more than one label.
        n_with_several: usize,
    },
}

impl LabelCounts {
    /// The number of records of each class, or with each label, sorted.
    pub fn counts(&self) -> &BTreeMap<String, usize> {
        match self {
            LabelCounts::Classes { class_counts } => class_counts,
            LabelCounts::LabelSets { label_counts, .. } => label_counts,
        }
    }
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl DatasetSummary {
    /// Counts sentences with one label each; if sentences have `sets` of labels, a label is the cell of its set.
    /// Skipped records and groups are not included.
    pub(super) fn of(sentences: &[String], labels: &[String], sets: Option<&[Vec<String>]>) -> Self {
        let n_samples = sentences.len();
        let counts = match sets {
            None => LabelCounts::Classes { class_counts: counts(labels) },
            Some(sets) => {
                let label_counts = counts(sets.iter().flatten());
                LabelCounts::LabelSets {
                    label_cardinality: label_counts.values().sum::<usize>() as f64 / n_samples as f64,
                    label_counts,
                    n_label_sets: labels.iter().collect::<BTreeSet<_>>().len(),
                    n_without_label: sets.iter().filter(|labels| labels.is_empty()).count(),
                    n_with_several: sets.iter().filter(|labels| labels.len() > 1).count(),
                }
            }
        };
        // The first label of each distinct sentence, and whether another one followed.
        let mut distinct: HashMap<&str, (&str, bool)> = HashMap::with_capacity(n_samples);
        for (sentence, label) in sentences.iter().zip(labels) {
            let (first, conflicting) = distinct.entry(sentence).or_insert((label, false));
            *conflicting |= *first != label;
        }
        DatasetSummary {
            n_samples,
            labels: counts,
            n_duplicates: n_samples - distinct.len(),
            n_conflicting: distinct.values().filter(|(_, conflicting)| *conflicting).count(),
            n_skipped: 0,
            n_groups: None,
        }
    }
}

/// The number of occurrences of each label.
fn counts<'a>(labels: impl IntoIterator<Item = &'a String>) -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for label in labels {
        match counts.get_mut(label) {
            Some(count) => *count += 1,
            None => {
                counts.insert(label.clone(), 1);
            }
        }
    }
    counts
}
