//! Labelled sentences, read from a file or given in memory.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use super::example::Example;
use super::examples::Examples;
use super::groups::Grouping;
use super::label_separator::LabelSeparator;
use super::messages::quoted;
use super::options::DatasetOptions;
use super::refused::Refused;
use super::source_file::open;
use super::summary::DatasetSummary;
use crate::error::{Error, ErrorKind, Result};

/// Labelled sentences with the lines on which they were found.
///
/// By default each sentence has one label, and there are at least two classes, or one with
/// [`DatasetOptions::allow_one_class`]. With [`DatasetOptions::multi_label`] each sentence has a set of labels,
/// possibly empty, and at least one label occurs. No sentence is only whitespace. Sentences are kept as they are;
/// whitespace around a label is removed.
///
/// ```
/// use clsify::dataset::{Dataset, DatasetOptions};
/// let tsv = "a stirring , funny film\t1\nfar too long\t0\nfar too long\t0\n";
/// let dataset = Dataset::read(tsv.as_bytes(), "reviews.tsv", &DatasetOptions::default())?;
/// assert_eq!(dataset.len(), 3);
/// assert_eq!(dataset.sentences()[0], "a stirring , funny film");
/// assert_eq!(dataset.labels(), ["1", "0", "0"]);
/// assert_eq!(dataset.classes(), ["0", "1"]);
/// assert_eq!(dataset.summary().n_duplicates, 1);
///
/// let tsv = "the vote and the match\tsport;politics\nthe match\tsport\nthe weather\t\n";
/// let options = DatasetOptions { multi_label: Some(";".parse()?), ..DatasetOptions::default() };
/// let dataset = Dataset::read(tsv.as_bytes(), "news.tsv", &options)?;
/// assert_eq!(dataset.classes(), ["politics", "sport"]);
/// assert_eq!(dataset.label_sets()[0], ["politics", "sport"]);
/// assert!(dataset.label_sets()[2].is_empty());
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    sentences: Vec<String>,
    labels: Vec<String>,
    separator: Option<LabelSeparator>,
    lines: Vec<usize>,
    weights: Option<Vec<f64>>,
    grouping: Grouping,
    skipped: SkippedRows,
}

impl Dataset {
    /// Reads labelled sentences from a file.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] if the file cannot be read, [`ErrorKind::InvalidArgument`] if the options contradict each
    /// other, [`ErrorKind::Dataset`] with file and line for every error in the file.
    ///
    /// ```
    /// # let folder = std::env::temp_dir().join(format!("clsify-doc-dataset-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// use clsify::dataset::{Dataset, DatasetOptions};
    /// let path = folder.join("questions.csv");
    /// std::fs::write(&path, "text,label\n\"Who, if anyone ?\",HUM\nWhere is it ?,LOC\n").unwrap();
    /// let dataset = Dataset::load(&path, &DatasetOptions::default())?;
    /// assert_eq!(dataset.sentences(), ["Who, if anyone ?", "Where is it ?"]);
    /// assert_eq!(dataset.lines(), [2, 3]);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn load(path: impl AsRef<Path>, options: &DatasetOptions) -> Result<Self> {
        let path = path.as_ref();
        Dataset::read(open(path)?, &path.display().to_string(), options)
    }

    /// Reads labelled sentences from bytes; `name` appears in errors and, if no format is chosen, determines it.
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    ///
    /// ```
    /// use clsify::dataset::{Dataset, DatasetOptions};
    /// let tsv = "fine\t1\nbad\t0\tx\n";
    /// let error = Dataset::read(tsv.as_bytes(), "data.tsv", &DatasetOptions::default()).unwrap_err();
    /// assert_eq!(error.to_string(), "data.tsv: line 2: expected 2 columns, got 3");
    /// ```
    pub fn read(reader: impl Read, name: &str, options: &DatasetOptions) -> Result<Self> {
        let mut examples = Examples::new(reader, name, options, true)?;
        let mut dataset = Dataset::collect(&mut examples, options.multi_label.as_ref())?;
        dataset.skipped = examples.take_refused().into();
        dataset.settle_groups(examples.groups_duplicates);
        let place = |error: Error| match dataset.separator {
            None => error.at(dataset.place()).at(name),
            Some(_) => error.at(name),
        };
        check_weights(dataset.weights()).map_err(place)?;
        dataset.check_labels(options.allow_one_class).map_err(|error| {
            let error = place(error);
            match options.limit {
                Some(limit) if limit == dataset.len() => {
                    error.with_hint("the file may be sorted by label: raise --limit, or shuffle the file")
                }
                _ => error,
            }
        })?;
        Ok(dataset)
    }

    /// Creates a data set from pairs of sentence and label in memory; [`lines`](Self::lines) counts them from 1.
    ///
    /// # Errors
    /// [`ErrorKind::Dataset`] with the pair's number if a sentence or a label is empty, if there are no pairs, or if
    /// there is only one class.
    ///
    /// ```
    /// use clsify::dataset::Dataset;
    /// let dataset = Dataset::from_pairs([("a treat", "positive"), ("a chore", "negative")])?;
    /// assert_eq!(dataset.classes(), ["negative", "positive"]);
    ///
    /// let error = Dataset::from_pairs([("a treat", "positive"), (" ", "negative")]).unwrap_err();
    /// assert_eq!(error.to_string(), "pair 2: expected a sentence, got only whitespace");
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn from_pairs<S, L>(pairs: impl IntoIterator<Item = (S, L)>) -> Result<Self>
    where
        S: AsRef<str>,
        L: AsRef<str>,
    {
        let example =
            |number, (sentence, label): (S, L)| Example::new(number, sentence.as_ref(), Some(label.as_ref()));
        Dataset::from_examples(pairs.into_iter().zip(1..).map(|(pair, number)| example(number, pair)), None)
    }

    /// Creates a data set from pairs of sentence and label cell in memory, such as `politics;sport`; an empty cell
    /// means a sentence without a label. [`lines`](Self::lines) counts them from 1.
    ///
    /// # Errors
    /// [`ErrorKind::Dataset`] with the pair's number if a sentence is empty, if there are no pairs, or if there is no
    /// label.
    ///
    /// ```
    /// use clsify::dataset::Dataset;
    /// let dataset = Dataset::from_label_cells([("a match", "sport"), ("rain", "")], &";".parse()?)?;
    /// assert_eq!(dataset.label_sets(), [vec!["sport"], vec![]]);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn from_label_cells<S, L>(
        pairs: impl IntoIterator<Item = (S, L)>,
        separator: &LabelSeparator,
    ) -> Result<Self>
    where
        S: AsRef<str>,
        L: AsRef<str>,
    {
        let example =
            |number, (sentence, cell): (S, L)| Example::with_cell(number, sentence.as_ref(), cell.as_ref());
        let examples = pairs.into_iter().zip(1..).map(|(pair, number)| example(number, pair));
        Dataset::from_examples(examples, Some(separator))
    }

    fn from_examples(
        examples: impl Iterator<Item = Example>,
        separator: Option<&LabelSeparator>,
    ) -> Result<Self> {
        let checked = examples.map(|example| {
            example.check(true).map_err(|error| error.at(format!("pair {}", example.line)))?;
            Ok(example)
        });
        let dataset = Dataset::collect(checked, separator)?;
        dataset.check_labels(false)?;
        Ok(dataset)
    }

    fn collect(
        examples: impl Iterator<Item = Result<Example>>,
        separator: Option<&LabelSeparator>,
    ) -> Result<Self> {
        let mut dataset = Dataset::empty(separator);
        for example in examples {
            dataset.push(example?);
        }
        Ok(dataset)
    }

    pub(super) fn empty(separator: Option<&LabelSeparator>) -> Self {
        Dataset {
            sentences: Vec::new(),
            labels: Vec::new(),
            separator: separator.cloned(),
            lines: Vec::new(),
            weights: None,
            grouping: Grouping::default(),
            skipped: SkippedRows::default(),
        }
    }

    pub(super) fn push(&mut self, example: Example) {
        let Example { sentence, label, line, weight, group, .. } = example;
        self.grouping.push(group);
        // Either all records have a weight, or none.
        if let Some(weight) = weight {
            self.weights.get_or_insert_default().push(weight);
        }
        self.sentences.push(sentence);
        self.labels.push(match &self.separator {
            Some(separator) => separator.join(&separator.split(&label)),
            None => label,
        });
        self.lines.push(line);
    }

    /// Assigns the groups when all records are there.
    pub(super) fn settle_groups(&mut self, groups_duplicates: bool) {
        self.grouping.settle(&self.sentences, groups_duplicates);
    }

    /// The number of records.
    pub fn len(&self) -> usize {
        self.sentences.len()
    }

    /// Returns true if there are no records, which is never the case for a loaded data set.
    pub fn is_empty(&self) -> bool {
        self.sentences.is_empty()
    }

    /// The sentences, in the order of the file.
    pub fn sentences(&self) -> &[String] {
        &self.sentences
    }

    /// The label of each sentence; for a set, its sorted, distinct labels joined by the
    /// [`separator`](Self::separator).
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The sorted, distinct labels of each sentence: exactly one, unless there is a [`separator`](Self::separator).
    pub fn label_sets(&self) -> Vec<Vec<String>> {
        let set = |label: &String| match &self.separator {
            Some(separator) => separator.split(label),
            None => vec![label.clone()],
        };
        self.labels.iter().map(set).collect()
    }

    /// The separator of labels in a cell, if sentences may have several labels or none.
    pub fn separator(&self) -> Option<&LabelSeparator> {
        self.separator.as_ref()
    }

    /// The line where each record starts, counted from 1; in a JSON array the number of the record.
    pub fn lines(&self) -> &[usize] {
        &self.lines
    }

    /// The rows that were left out because of [`DatasetOptions::skip_bad_rows`].
    ///
    /// ```
    /// use clsify::dataset::{Dataset, DatasetOptions};
    /// let options = DatasetOptions { skip_bad_rows: true, ..DatasetOptions::default() };
    /// let dataset = Dataset::read("a treat\t1\n\t0\na chore\t0\n".as_bytes(), "reviews.tsv", &options)?;
    /// assert_eq!(dataset.lines(), [1, 3]);
    /// assert_eq!(dataset.skipped().n, 1);
    /// assert_eq!(dataset.skipped().first, ["line 2: expected a sentence, got an empty one"]);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn skipped(&self) -> &SkippedRows {
        &self.skipped
    }

    /// The sample weight of each record: finite numbers of at least 0, at least one of them positive. `None` without
    /// [`DatasetOptions::weight_column`].
    ///
    /// ```
    /// use clsify::dataset::{Column, Dataset, DatasetOptions};
    /// let options = DatasetOptions { weight_column: Some(Column::Index(2)), ..DatasetOptions::default() };
    /// let dataset = Dataset::read("fine\tgood\t2\nawful\tbad\t0.5\n".as_bytes(), "reviews.tsv", &options)?;
    /// assert_eq!(dataset.weights(), Some(&[2.0, 0.5][..]));
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// The group of each record, which no split and no fold divides: ids from 0. `None` without
    /// [`DatasetOptions::group_column`] and [`DatasetOptions::group_duplicates`].
    ///
    /// With only a column the ids have the order of `np.unique`: numerical if all values are numbers, otherwise by
    /// code point. With `group_duplicates` they have the order in which groups first appear.
    ///
    /// ```
    /// use clsify::dataset::{Column, Dataset, DatasetOptions};
    /// let options = DatasetOptions { group_column: Some(Column::Index(2)), ..DatasetOptions::default() };
    /// let tsv = "fine\tgood\tbert\nawful\tbad\tanna\nso so\tbad\tbert\n";
    /// let dataset = Dataset::read(tsv.as_bytes(), "reviews.tsv", &options)?;
    /// assert_eq!(dataset.groups(), Some(&[1, 0, 1][..]));
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn groups(&self) -> Option<&[usize]> {
        self.grouping.ids()
    }

    /// The distinct labels, sorted by code point as Python's `sorted` does; a class id is an index into them.
    pub fn classes(&self) -> Vec<String> {
        let classes: BTreeSet<String> = match &self.separator {
            Some(_) => self.label_sets().into_iter().flatten().collect(),
            None => self.labels.iter().cloned().collect(),
        };
        classes.into_iter().collect()
    }

    /// The counts of the data set.
    pub fn summary(&self) -> DatasetSummary {
        let sets = self.separator.is_some().then(|| self.label_sets());
        DatasetSummary {
            n_skipped: self.skipped.n,
            n_groups: self.grouping.n(),
            ..DatasetSummary::of(&self.sentences, &self.labels, sets.as_deref())
        }
    }

    /// The records at these indices, in this order, without their groups.
    ///
    /// # Panics
    /// Panics if there is no such record.
    pub(crate) fn select_rows(&self, rows: &[usize]) -> Self {
        Dataset {
            sentences: rows.iter().map(|&row| self.sentences[row].clone()).collect(),
            labels: rows.iter().map(|&row| self.labels[row].clone()).collect(),
            separator: self.separator.clone(),
            lines: rows.iter().map(|&row| self.lines[row]).collect(),
            weights: self.weights.as_ref().map(|weights| rows.iter().map(|&row| weights[row]).collect()),
            grouping: Grouping::default(),
            skipped: SkippedRows::default(),
        }
    }

    fn check_labels(&self, allow_one_class: bool) -> Result<()> {
        let has_label = |cells: &[String]| cells.iter().any(|cell| !cell.is_empty());
        let message = match (self.labels.first(), &self.separator) {
            (None, _) => "expected labelled sentences, got none".to_string(),
            (Some(_), _) if allow_one_class => return Ok(()),
            (Some(_), Some(_)) if has_label(&self.labels) => return Ok(()),
            (Some(_), Some(_)) => {
                format!("expected at least one label in {} rows, got only empty cells", self.len())
            }
            (Some(label), None) if self.labels.iter().all(|other| other == label) => {
                format!("expected at least 2 classes, got only {}", quoted(label))
            }
            (Some(_), None) => return Ok(()),
        };
        Err(Error::new(ErrorKind::Dataset, message))
    }

    /// The range of lines of the records, in words.
    fn place(&self) -> String {
        match self.lines.as_slice() {
            [] => "no lines".to_string(),
            [line] => format!("line {line}"),
            [first, .., last] => format!("lines {first} to {last}"),
        }
    }
}

/// Rows that were left out of a data set because they could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SkippedRows {
    /// The number of rows.
    pub n: usize,
    /// The errors of the first ten, each with its place, in the order of the file.
    pub first: Vec<String>,
}

impl From<Refused> for SkippedRows {
    fn from(refused: Refused) -> Self {
        SkippedRows { n: refused.n, first: refused.messages }
    }
}

/// Checks that a classifier can be trained with these weights.
fn check_weights(weights: Option<&[f64]>) -> Result<()> {
    let Some(weights) = weights else { return Ok(()) };
    let message = match weights.iter().sum::<f64>() {
        0.0 => "expected at least one weight above 0, got only 0",
        sum if sum.is_finite() => return Ok(()),
        _ => "expected weights with a finite sum",
    };
    Err(Error::new(ErrorKind::Dataset, message))
}
