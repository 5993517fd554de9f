//! 1. Labelled sentences: a TSV, CSV or JSONL file in, parallel vectors of sentences, labels and line numbers out.
//!
//! ```text
//! bytes -> records   what a file is, and how its records are written      formats/
//!          columns   which field is the sentence, which the label         columns.rs, order.rs
//!       -> examples  neither may be empty                                 example.rs, examples.rs
//!       -> data set  at least two classes                                 this file
//! ```
//!
//! A file is read once, record by record. What a file leaves open (its columns, its header) is settled by its first
//! row, by rules in [`DatasetOptions`], and where that row may be read in two ways the answer is an error that asks,
//! not a guess. An error names the file, the line, what was expected and what was found.
//!
//! - **TSV**: one record a line, fields separated by tabs; quotes and backslashes are ordinary characters, unless
//!   [`Quoting`] says otherwise.
//! - **CSV**: RFC 4180, with any [`Delimiter`]. A field in double quotes may hold delimiters, line breaks, and quotes written
//!   twice. Text after a closing quote is an error, as is a quote that is never closed: lenient readers lose rows there
//!   without a word.
//! - **JSONL**: one object a line, or an array of objects. A label may be a string, a number or a boolean; of a number its
//!   text is kept.
//! - **fastText**: one sentence a line, the words that start with `__label__` are its labels.
//! - **Lines**: one sentence a line, no labels: for [`Sentences`] only.
//!
//! Blank lines are skipped, except where a line is a sentence, in a file with one column: there an empty line between
//! sentences is an error, since results are matched to lines by position. Blank lines at the end are no records.
//!
//! With [`DatasetOptions::multi_label`] a sentence may have several labels or none: its label is a cell of labels, and
//! [`Dataset::label_sets`] has them one by one.
//!
//! A file may be compressed by gzip, whatever its name says. A file that holds no text, such as Parquet or a spreadsheet, is an
//! error that says how to convert it.
//!
//! This module knows no tokens and no class ids; labels are strings throughout, and `1` stays `"1"`.

mod class_limit;
mod columns;
mod damage;
mod damage_kind;
mod example;
mod examples;
mod formats;
mod groups;
mod inspected;
mod label_separator;
mod label_spelling;
mod messages;
mod options;
mod order;
mod records;
mod refused;
mod scripts;
mod summary;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

pub use self::class_limit::check_class_count;
pub use self::damage::text_damage;
pub use self::damage_kind::{Damage, DamageKind};
use self::example::Example;
pub use self::example::Fields;
use self::examples::Examples;
pub use self::formats::{Delimiter, Line, LineReader, Quoting};
use self::groups::Grouping;
pub(crate) use self::groups::normalised;
pub use self::inspected::Inspected;
pub use self::label_separator::LabelSeparator;
pub(crate) use self::label_spelling::{
    Spellings, is_part_of_a_list, odd_character, python_list, shown, spelled_otherwise, spellings,
};
pub use self::options::{Column, DatasetOptions, Format, Header};
pub use self::records::SentenceRecord;
pub use self::scripts::{mixed_word, script_of};
pub use self::summary::{DatasetSummary, LabelCounts};

/// Labelled sentences, and the line where each was found.
///
/// By default each sentence has one label, and there are at least two classes, or one with
/// [`DatasetOptions::allow_one_class`]. With [`DatasetOptions::multi_label`] each has a set of labels, perhaps an empty one, and
/// at least one label occurs. No sentence is only whitespace. Sentences are kept as they are; whitespace around a label is
/// removed.
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
    /// [`ErrorKind::Io`] when the file cannot be read, [`ErrorKind::InvalidArgument`] when the options contradict
    /// themselves, [`ErrorKind::Dataset`] with file and line for everything that is wrong in the file.
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

    /// Reads labelled sentences from bytes; `name` stands in errors and, where no format is chosen, decides on it.
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
        dataset.grouping.settle(&dataset.sentences, examples.groups_duplicates);
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

    /// A data set from pairs of sentence and label in memory; [`lines`](Self::lines) counts them from 1.
    ///
    /// # Errors
    /// [`ErrorKind::Dataset`] with the pair's number when a sentence or a label is empty; when there are no pairs, or
    /// one class only.
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

    /// A data set from pairs of sentence and label cell in memory, such as `politics;sport`; an empty cell is a sentence without a
    /// label. [`lines`](Self::lines) counts them from 1.
    ///
    /// # Errors
    /// [`ErrorKind::Dataset`] with the pair's number when a sentence is empty; when there are no pairs, or no label.
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

    fn empty(separator: Option<&LabelSeparator>) -> Self {
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

    fn push(&mut self, example: Example) {
        let Example { sentence, label, line, weight, group, .. } = example;
        self.grouping.push(group);
        // All records have one, or none.
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

    /// The number of records.
    pub fn len(&self) -> usize {
        self.sentences.len()
    }

    /// Whether there are no records; never true of a data set that was loaded.
    pub fn is_empty(&self) -> bool {
        self.sentences.is_empty()
    }

    /// The sentences, in the order of the file.
    pub fn sentences(&self) -> &[String] {
        &self.sentences
    }

    /// The label of each sentence; of a set its labels sorted, each once, with the [`separator`](Self::separator) between them.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The labels of each sentence, sorted and each once: one each, unless there is a [`separator`](Self::separator).
    pub fn label_sets(&self) -> Vec<Vec<String>> {
        let set = |label: &String| match &self.separator {
            Some(separator) => separator.split(label),
            None => vec![label.clone()],
        };
        self.labels.iter().map(set).collect()
    }

    /// What stands between the labels of a cell, where a sentence may have several labels or none.
    pub fn separator(&self) -> Option<&LabelSeparator> {
        self.separator.as_ref()
    }

    /// The line where each record starts, counted from 1; in a JSON array the number of the record.
    pub fn lines(&self) -> &[usize] {
        &self.lines
    }

    /// The rows that were left out, if [`DatasetOptions::skip_bad_rows`] says so.
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

    /// How much each record counts: finite numbers of at least 0, of which one at least is above it. `None` where
    /// [`DatasetOptions::weight_column`] was not given.
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

    /// The group of each record, which no split and no fold divides: ids from 0. `None` where neither
    /// [`DatasetOptions::group_column`] nor [`DatasetOptions::group_duplicates`] was given.
    ///
    /// Of a column alone the ids have the order of `np.unique`: by number where all values are numbers, else by code point.
    /// With equal sentences they have the order in which groups appear.
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

    /// What the data set holds, in numbers.
    pub fn summary(&self) -> DatasetSummary {
        DatasetSummary::of(self)
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
                format!("expected at least 2 classes, got only {}", messages::quoted(label))
            }
            (Some(_), None) => return Ok(()),
        };
        Err(Error::new(ErrorKind::Dataset, message))
    }

    /// The lines where the records start, in words.
    fn place(&self) -> String {
        match self.lines.as_slice() {
            [] => "no lines".to_string(),
            [line] => format!("line {line}"),
            [first, .., last] => format!("lines {first} to {last}"),
        }
    }
}

/// Rows that were left out of a data set because they cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SkippedRows {
    /// How many there are.
    pub n: usize,
    /// What is wrong with the first ten of them, each with its place, in the order of the file.
    pub first: Vec<String>,
}

impl From<refused::Refused> for SkippedRows {
    fn from(refused: refused::Refused) -> Self {
        SkippedRows { n: refused.n, first: refused.messages }
    }
}

/// Sentences without labels, and the line where each was found: what `embed` reads.
///
/// Any file that [`Dataset`] reads will do, and one sentence a line ([`Format::Lines`]) besides; the label column need
/// not be there. Whitespace is a sentence here, nothing at all is not.
///
/// ```
/// use clsify::dataset::{DatasetOptions, Sentences};
/// let options = DatasetOptions::default();
/// let sentences = Sentences::read("first\n \nthird\n".as_bytes(), "sentences.txt", &options)?;
/// assert_eq!(sentences.sentences(), ["first", " ", "third"]);
/// assert_eq!(sentences.lines(), [1, 2, 3]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentences {
    sentences: Vec<String>,
    lines: Vec<usize>,
}

impl Sentences {
    /// Reads sentences from a file.
    ///
    /// # Errors
    /// Those of [`Dataset::load`], where they are not about labels.
    ///
    /// ```
    /// # let folder = std::env::temp_dir().join(format!("clsify-doc-sentences-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// use clsify::dataset::{DatasetOptions, Sentences};
    /// let path = folder.join("reviews.tsv");
    /// std::fs::write(&path, "a treat\t1\na chore\t0\n").unwrap();
    /// let sentences = Sentences::load(&path, &DatasetOptions::default())?;
    /// assert_eq!(sentences.sentences(), ["a treat", "a chore"]);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn load(path: impl AsRef<Path>, options: &DatasetOptions) -> Result<Self> {
        let path = path.as_ref();
        Sentences::read(open(path)?, &path.display().to_string(), options)
    }

    /// Reads sentences from bytes; `name` stands in errors and, where no format is chosen, decides on it.
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    ///
    /// ```
    /// use clsify::dataset::{DatasetOptions, Sentences};
    /// let jsonl = r#"{"id": 7, "text": "a treat"}"#;
    /// let sentences = Sentences::read(jsonl.as_bytes(), "reviews.jsonl", &DatasetOptions::default())?;
    /// assert_eq!(sentences.sentences(), ["a treat"]);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn read(reader: impl Read, name: &str, options: &DatasetOptions) -> Result<Self> {
        let mut all = Sentences { sentences: Vec::new(), lines: Vec::new() };
        for example in Examples::new(reader, name, options, false)? {
            let Example { sentence, line, .. } = example?;
            all.sentences.push(sentence);
            all.lines.push(line);
        }
        Ok(all)
    }

    /// The number of sentences.
    pub fn len(&self) -> usize {
        self.sentences.len()
    }

    /// Whether there are no sentences; never true of what was loaded.
    pub fn is_empty(&self) -> bool {
        self.sentences.is_empty()
    }

    /// The sentences, in the order of the file.
    pub fn sentences(&self) -> &[String] {
        &self.sentences
    }

    /// The line where each sentence starts, counted from 1.
    pub fn lines(&self) -> &[usize] {
        &self.lines
    }
}

/// The sentences of a file one by one, for files that are larger than memory: the same as [`Sentences`], with the same
/// errors, none of which is found before it is reached. After an error nothing follows.
///
/// ```
/// use clsify::dataset::{DatasetOptions, SentenceReader};
/// let reader = SentenceReader::new("first\nsecond\n".as_bytes(), "sentences.txt", &DatasetOptions::default())?;
/// let sentences: Vec<String> = reader.collect::<Result<_, _>>()?;
/// assert_eq!(sentences, ["first", "second"]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub struct SentenceReader<R> {
    examples: Examples<R>,
    file_bytes: Option<u64>,
}

impl SentenceReader<File> {
    /// Opens a file.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be opened, [`ErrorKind::InvalidArgument`] and [`ErrorKind::Dataset`] when the
    /// options contradict themselves or the format is not known.
    pub fn open(path: impl AsRef<Path>, options: &DatasetOptions) -> Result<Self> {
        let path = path.as_ref();
        let file = open(path)?;
        let file_bytes = file.metadata().ok().filter(|metadata| metadata.is_file()).map(|m| m.len());
        Ok(SentenceReader { file_bytes, ..SentenceReader::new(file, &path.display().to_string(), options)? })
    }
}

impl<R: Read> SentenceReader<R> {
    /// Reads from bytes; `name` stands in errors and, where no format is chosen, decides on it.
    ///
    /// # Errors
    /// Those of [`open`](SentenceReader::open) about the options.
    pub fn new(reader: R, name: &str, options: &DatasetOptions) -> Result<Self> {
        Ok(SentenceReader { examples: Examples::new(reader, name, options, false)?, file_bytes: None })
    }

    /// The length of the file, where there is one.
    pub fn file_bytes(&self) -> Option<u64> {
        self.file_bytes
    }

    /// How many bytes the sentences so far have taken in the file.
    pub fn n_bytes(&self) -> u64 {
        self.examples.n_bytes()
    }
}

impl<R: Read> Iterator for SentenceReader<R> {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.examples.next()?.map(|example| example.sentence))
    }
}

/// Whether rows with these weights can be learned from.
fn check_weights(weights: Option<&[f64]>) -> Result<()> {
    let Some(weights) = weights else { return Ok(()) };
    let message = match weights.iter().sum::<f64>() {
        0.0 => "expected at least one weight above 0, got only 0",
        sum if sum.is_finite() => return Ok(()),
        _ => "expected weights with a finite sum",
    };
    Err(Error::new(ErrorKind::Dataset, message))
}

fn open(path: &Path) -> Result<File> {
    // Opening a folder succeeds on some systems, and the error comes with the first read, without the path.
    if path.is_dir() {
        let error = Error::new(ErrorKind::Dataset, "expected a file, got a folder");
        return Err(error.at(path.display().to_string()));
    }
    // A pipe can be read once only.
    if path.is_file() {
        crate::checkpoint_folder::refuse_pointer(path)?;
    }
    File::open(path).map_err(|e| Error::io(path, &e))
}
