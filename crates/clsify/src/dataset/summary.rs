//! A data set in numbers.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

/// What a data set holds, in numbers: the `dataset` block of the JSON report.
///
/// ```
/// use clsify::dataset::Dataset;
/// let summary = Dataset::from_pairs([("fine", "1"), ("fine", "0"), ("fine", "1"), ("bad", "0")])?.summary();
/// assert_eq!(summary.n_samples, 4);
/// assert_eq!(summary.class_counts["1"], 2);
/// assert_eq!(summary.n_duplicates, 2);
/// assert_eq!(summary.n_conflicting, 1);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DatasetSummary {
    /// The number of records.
    pub n_samples: usize,
    /// The number of records of each class, sorted by class.
    pub class_counts: BTreeMap<String, usize>,
    /// Records less distinct sentences: how many would go if each sentence were kept once. Sentences are the same
    /// when every character is.
    pub n_duplicates: usize,
    /// Distinct sentences that occur with more than one label.
    pub n_conflicting: usize,
    /// Records that were left out, as they could not be used.
    #[serde(skip_serializing_if = "is_zero")]
    pub n_skipped: usize,
    /// Groups of records that no split and no fold divides, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_groups: Option<usize>,
}

pub(super) fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl DatasetSummary {
    pub(super) fn of(sentences: &[String], labels: &[String]) -> Self {
        let mut class_counts: BTreeMap<String, usize> = BTreeMap::new();
        // The first label of each distinct sentence, and whether another one followed.
        let mut distinct: HashMap<&str, (&str, bool)> = HashMap::with_capacity(sentences.len());
        for (sentence, label) in sentences.iter().zip(labels) {
            match class_counts.get_mut(label) {
                Some(count) => *count += 1,
                None => {
                    class_counts.insert(label.clone(), 1);
                }
            }
            let (first, conflicting) = distinct.entry(sentence).or_insert((label, false));
            *conflicting |= *first != label;
        }
        DatasetSummary {
            n_samples: sentences.len(),
            class_counts,
            n_duplicates: sentences.len() - distinct.len(),
            n_conflicting: distinct.values().filter(|(_, conflicting)| *conflicting).count(),
            n_skipped: 0,
            n_groups: None,
        }
    }
}
