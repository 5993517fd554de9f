//! Sentences with any number of labels each: a label cell such as `politics;sport` is a set.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};

use super::SkippedRows;
use super::example::Example;
use super::examples::Examples;
use super::groups::Grouping;
use super::messages::quoted;
use super::options::DatasetOptions;
use super::summary::is_zero;

/// What stands between the labels of a cell.
///
/// ```
/// use clsify::dataset::LabelSeparator;
/// let separator: LabelSeparator = ";".parse()?;
/// assert_eq!(separator.split(" sport; politics;;sport "), ["politics", "sport"]);
/// assert_eq!(separator.join(&["politics", "sport"]), "politics;sport");
/// assert!("".parse::<LabelSeparator>().is_err());
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LabelSeparator(String);

impl LabelSeparator {
    /// The labels of a cell, sorted and each once; whitespace around them does not count, and nothing between two
    /// separators is no label.
    pub fn split(&self, cell: &str) -> Vec<String> {
        let labels: BTreeSet<&str> =
            cell.split(self.0.as_str()).map(str::trim).filter(|label| !label.is_empty()).collect();
        labels.into_iter().map(str::to_string).collect()
    }

    /// Labels as a cell, if none of them holds the separator.
    pub(super) fn cell<L: AsRef<str>>(&self, labels: &[L]) -> Result<String> {
        if let Some(label) = labels.iter().map(AsRef::as_ref).find(|label| label.contains(&self.0)) {
            let message =
                format!("expected labels without the separator {}, got {}", quoted(&self.0), quoted(label));
            let hint = "choose another separator with --multi-label";
            return Err(Error::new(ErrorKind::Dataset, message).with_hint(hint));
        }
        Ok(self.join(labels))
    }

    /// Labels as a cell.
    pub fn join<L: AsRef<str>>(&self, labels: &[L]) -> String {
        labels.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(&self.0)
    }
}

impl FromStr for LabelSeparator {
    type Err = Error;

    /// Any text of one line but an empty one.
    fn from_str(text: &str) -> Result<Self> {
        if text.is_empty() || text.contains(['\n', '\r']) {
            let message = "expected a separator of labels such as ; without a line break, got none";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        Ok(LabelSeparator(text.to_string()))
    }
}

impl TryFrom<String> for LabelSeparator {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<LabelSeparator> for String {
    fn from(separator: LabelSeparator) -> String {
        separator.0
    }
}

impl fmt::Display for LabelSeparator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Sentences with a set of labels each, perhaps an empty one, and the line where each was found.
///
/// A label cell is split at the separator; an empty cell is a sentence without a label. In JSONL a label may also be an
/// array of strings, numbers or booleans, none of which holds the separator. Columns of one label each are sets too
/// ([`DatasetOptions::label_columns`]). At least one label occurs.
///
/// ```
/// use clsify::dataset::{DatasetOptions, MultiLabelDataset};
/// let tsv = "the vote and the match\tsport;politics\nthe match\tsport\nthe weather\t\n";
/// let options = DatasetOptions::default();
/// let dataset = MultiLabelDataset::read(tsv.as_bytes(), "news.tsv", &";".parse()?, &options)?;
/// assert_eq!(dataset.classes(), ["politics", "sport"]);
/// assert_eq!(dataset.label_sets()[0], ["politics", "sport"]);
/// assert!(dataset.label_sets()[2].is_empty());
/// assert_eq!(dataset.summary().n_without_label, 1);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MultiLabelDataset {
    sentences: Vec<String>,
    label_sets: Vec<Vec<String>>,
    lines: Vec<usize>,
    weights: Option<Vec<f64>>,
    grouping: Grouping,
    skipped: SkippedRows,
}

impl MultiLabelDataset {
    /// Reads labelled sentences from a file.
    ///
    /// # Errors
    /// Those of [`Dataset::load`](super::Dataset::load), of which an empty label and a single class are none here; and
    /// where no row has a label.
    pub fn load(path: &Path, separator: &LabelSeparator, options: &DatasetOptions) -> Result<Self> {
        MultiLabelDataset::read(super::open(path)?, &path.display().to_string(), separator, options)
    }

    /// Reads labelled sentences from bytes; `name` stands in errors and, where no format is chosen, decides on it.
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    pub fn read(
        reader: impl Read,
        name: &str,
        separator: &LabelSeparator,
        options: &DatasetOptions,
    ) -> Result<Self> {
        let mut examples = Examples::multi_label(reader, name, options, separator)?;
        let mut dataset = MultiLabelDataset::collect(&mut examples, separator)?;
        dataset.skipped = examples.take_refused().into();
        dataset.grouping.settle(&dataset.sentences, examples.groups_duplicates);
        dataset.check_labels(options.allow_one_class).map_err(|error| error.at(name))?;
        super::check_weights(dataset.weights()).map_err(|error| error.at(name))?;
        Ok(dataset)
    }

    /// A data set from pairs of sentence and label cell in memory; [`lines`](Self::lines) counts them from 1.
    ///
    /// # Errors
    /// [`ErrorKind::Dataset`] with the pair's number when a sentence is empty; when there are no pairs, or no label.
    ///
    /// ```
    /// use clsify::dataset::MultiLabelDataset;
    /// let dataset = MultiLabelDataset::from_pairs([("a match", "sport"), ("rain", "")], &";".parse()?)?;
    /// assert_eq!(dataset.len(), 2);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn from_pairs<S, L>(
        pairs: impl IntoIterator<Item = (S, L)>,
        separator: &LabelSeparator,
    ) -> Result<Self>
    where
        S: AsRef<str>,
        L: AsRef<str>,
    {
        let examples = pairs.into_iter().zip(1..).map(|((sentence, cell), number)| {
            let example = Example::with_cell(number, sentence.as_ref(), cell.as_ref());
            example.check(true).map_err(|error| error.at(format!("pair {number}")))?;
            Ok(example)
        });
        let dataset = MultiLabelDataset::collect(examples, separator)?;
        dataset.check_labels(false)?;
        Ok(dataset)
    }

    fn collect(examples: impl Iterator<Item = Result<Example>>, separator: &LabelSeparator) -> Result<Self> {
        let mut dataset = MultiLabelDataset {
            sentences: Vec::new(),
            label_sets: Vec::new(),
            lines: Vec::new(),
            weights: None,
            grouping: Grouping::default(),
            skipped: SkippedRows::default(),
        };
        for example in examples {
            let Example { sentence, label, line, weight, group, .. } = example?;
            dataset.grouping.push(group);
            // All records have one, or none.
            if let Some(weight) = weight {
                dataset.weights.get_or_insert_default().push(weight);
            }
            dataset.sentences.push(sentence);
            dataset.label_sets.push(separator.split(&label));
            dataset.lines.push(line);
        }
        Ok(dataset)
    }

    fn check_labels(&self, allow_none: bool) -> Result<()> {
        let has_label = self.label_sets.iter().any(|labels| !labels.is_empty());
        if has_label || (allow_none && !self.is_empty()) {
            return Ok(());
        }
        let message = match self.len() {
            0 => "expected labelled sentences, got none".to_string(),
            n => format!("expected at least one label in {n} rows, got only empty cells"),
        };
        Err(Error::new(ErrorKind::Dataset, message))
    }

    /// The number of records.
    pub fn len(&self) -> usize {
        self.sentences.len()
    }

    /// Whether there are no records; never true.
    pub fn is_empty(&self) -> bool {
        self.sentences.is_empty()
    }

    /// The sentences, in the order of the file.
    pub fn sentences(&self) -> &[String] {
        &self.sentences
    }

    /// The labels of each sentence, sorted and each once.
    pub fn label_sets(&self) -> &[Vec<String>] {
        &self.label_sets
    }

    /// The line where each record starts, counted from 1.
    pub fn lines(&self) -> &[usize] {
        &self.lines
    }

    /// How much each record counts, as in [`Dataset::weights`](super::Dataset::weights).
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// The group of each record, as in [`Dataset::groups`](super::Dataset::groups).
    pub fn groups(&self) -> Option<&[usize]> {
        self.grouping.ids()
    }

    /// The rows that were left out, as in [`Dataset::skipped`](super::Dataset::skipped).
    pub fn skipped(&self) -> &SkippedRows {
        &self.skipped
    }

    /// The distinct labels, sorted by code point as Python's `sorted` does; a label id is an index into them.
    pub fn classes(&self) -> Vec<String> {
        let classes: BTreeSet<&String> = self.label_sets.iter().flatten().collect();
        classes.into_iter().cloned().collect()
    }

    /// What the data set holds, in numbers.
    pub fn summary(&self) -> MultiLabelSummary {
        let mut label_counts: BTreeMap<String, usize> = BTreeMap::new();
        for label in self.label_sets.iter().flatten() {
            *label_counts.entry(label.clone()).or_default() += 1;
        }
        let mut distinct: HashMap<&str, (&[String], bool)> = HashMap::with_capacity(self.len());
        for (sentence, labels) in self.sentences.iter().zip(&self.label_sets) {
            let (first, is_conflicting) = distinct.entry(sentence).or_insert((labels, false));
            *is_conflicting |= *first != labels.as_slice();
        }
        let n_labels: usize = label_counts.values().sum();
        MultiLabelSummary {
            n_samples: self.len(),
            label_counts,
            label_cardinality: n_labels as f64 / self.len() as f64,
            n_label_sets: self.label_sets.iter().collect::<BTreeSet<_>>().len(),
            n_without_label: self.label_sets.iter().filter(|labels| labels.is_empty()).count(),
            n_with_several: self.label_sets.iter().filter(|labels| labels.len() > 1).count(),
            n_duplicates: self.len() - distinct.len(),
            n_conflicting: distinct.values().filter(|(_, is_conflicting)| *is_conflicting).count(),
            n_skipped: self.skipped.n,
            n_groups: self.grouping.n(),
        }
    }
}

/// What a multi-label data set holds, in numbers: the `dataset` block of the JSON report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MultiLabelSummary {
    /// The number of records.
    pub n_samples: usize,
    /// The number of records that have each label, sorted by label.
    pub label_counts: BTreeMap<String, usize>,
    /// The mean number of labels a record.
    pub label_cardinality: f64,
    /// Distinct sets of labels, the empty one included where it occurs.
    pub n_label_sets: usize,
    /// Records without a label.
    pub n_without_label: usize,
    /// Records with more than one label.
    pub n_with_several: usize,
    /// Records less distinct sentences.
    pub n_duplicates: usize,
    /// Distinct sentences that occur with more than one set of labels.
    pub n_conflicting: usize,
    /// Records that were left out, as they could not be used.
    #[serde(skip_serializing_if = "is_zero")]
    pub n_skipped: usize,
    /// Groups of records that no split and no fold divides, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_groups: Option<usize>,
}
