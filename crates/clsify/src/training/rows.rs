//! Which rows train and which test, and what can be said of them before an encoder runs.
//!
//! A training run and a learning curve begin here, whatever form the labels have.

use crate::dataset::Dataset;
use crate::error::{Error, ErrorKind, Result};
use crate::matrix::Matrix;
use crate::model::label_ids::{targets, union};
use crate::model::seen_sentences::SeenSentences;
use crate::model::sentence_encoder::{Encoded, SentenceEncoder};
use crate::notes::cautions::{check_some_known, counts, note_labels, note_single_rows};
use crate::notes::label_notes::note_label_spelling;
use crate::notes::list::list;
use crate::observer::Observer;
use crate::split::{Split, SplitOptions, TestSize, split_rows};
use crate::targets::{LabelIndicator, Labels, Targets};

/// Where the held-out rows come from.
#[derive(Debug, Clone)]
pub enum TestRows {
    /// A part of the data file.
    Split(SplitOptions),
    /// A file of their own, with labels of the same form.
    Dataset(Dataset),
}

impl Default for TestRows {
    fn default() -> Self {
        TestRows::Split(SplitOptions::default())
    }
}

/// Training and test rows.
pub(crate) struct Rows<'a> {
    pub(crate) dataset: &'a Dataset,
    /// Where the test rows have a file of their own.
    pub(crate) test_dataset: Option<&'a Dataset>,
    /// The labels of all rows, sorted: the ids of `test`.
    pub(crate) labels: Vec<String>,
    /// The ids of `train`: of classes all labels, of label sets those of the data.
    pub(crate) own: Vec<String>,
    pub(crate) split: Split,
    pub(crate) train: Targets,
    pub(crate) test: Targets,
    /// The sentences of the training rows that count.
    pub(crate) seen: SeenSentences,
    /// Test rows whose sentence is one of these.
    pub(crate) n_seen: usize,
}

/// Labels with the same answer for every sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ConstantLabels {
    /// Every training row has them: always given.
    pub always: Vec<String>,
    /// No training row has them: never given.
    pub never: Vec<String>,
}

impl<'a> Rows<'a> {
    /// Divides the rows; `counting` leaves out training rows of weight 0.
    pub(crate) fn of(dataset: &'a Dataset, test: &'a TestRows, counting: bool) -> Result<Self> {
        let test_dataset = match test {
            TestRows::Dataset(test) => Some(test),
            TestRows::Split(_) => None,
        };
        if let Some(test) =
            test_dataset.filter(|test| test.separator().is_some() != dataset.separator().is_some())
        {
            let form = |dataset: &Dataset| match dataset.separator() {
                Some(_) => "label sets",
                None => "one label a sentence",
            };
            let message = format!("expected {} as in the data, got {}", form(dataset), form(test));
            return Err(Error::new(ErrorKind::InvalidArgument, message).at("test data"));
        }
        // The labels of both files, so that those which only the test file has count as missed.
        let mut own = dataset.classes();
        let labels = union(&own, test_dataset.map(Dataset::classes).unwrap_or_default());
        if dataset.separator().is_none() {
            own.clone_from(&labels);
        }
        let all = targets(dataset, &own)?;
        let mut split = split(&all, &own, test)?;
        if let Some(weights) = dataset.weights().filter(|_| counting) {
            split.train.retain(|&row| weights[row] > 0.0);
        }
        let train = all.select_rows(&split.train);
        let test = match test_dataset {
            Some(test) => targets(test, &labels)?,
            None => targets(dataset, &labels)?.select_rows(&split.test),
        };
        let sentence = |&row: &usize| &dataset.sentences()[row];
        let counts = |row: &&usize| dataset.weights().is_none_or(|weights| weights[**row] > 0.0);
        let seen = SeenSentences::of(split.train.iter().filter(counts).map(sentence));
        let n_seen = match test_dataset {
            Some(test) => seen.count(test.sentences()),
            None => seen.count(split.test.iter().map(sentence)),
        };
        Ok(Rows { dataset, test_dataset, labels, own, split, train, test, seen, n_seen })
    }

    /// Refuses training rows that there is nothing to learn from, and tells what the labels of all rows suggest.
    pub(crate) fn check(&self, observer: &dyn Observer) -> Result<ConstantLabels> {
        let constant = match (self.train.labels(), self.test.labels()) {
            (Labels::Classes { class_ids, .. }, Labels::Classes { class_ids: y_test, .. }) => {
                check_classes(class_ids, self.train.sample_weight(), &self.labels)
                    .map_err(|error| self.with_way_to_stratify(error))?;
                self.check_test_labels()?;
                note_labels(observer, &self.labels, (class_ids, self.train.sample_weight()), y_test);
                ConstantLabels::default()
            }
            (Labels::Sets(_), Labels::Sets(y_test)) => {
                let constant = check_labels(&counting_sets(&self.train)?, &self.own, observer)?;
                self.check_test_labels()?;
                note_unseen(y_test, &self.labels, &self.own, observer);
                constant
            }
            _ => return Err(Error::new(ErrorKind::InvalidArgument, "expected test rows of the same form")),
        };
        note_label_spelling(observer, &self.labels, self.dataset.separator());
        Ok(constant)
    }

    /// The advice to stratify, where that gives training rows of all classes: too few rows cannot be divided so.
    fn with_way_to_stratify(&self, error: Error) -> Error {
        let n_test = TestSize::Count(self.split.test.len());
        let options = SplitOptions { seed: 0, test_size: n_test, stratify: true };
        let all = targets(self.dataset, &self.labels);
        let can_be_divided = all.is_ok_and(|all| {
            all.groups().is_none() && self.test_dataset.is_none() && split_rows(&all, &options).is_ok()
        });
        let has_advice = error.hint().is_some();
        match (has_advice, can_be_divided) {
            (true, _) => error,
            (false, true) => {
                error.with_hint("give more rows, or let the split keep the shares of the classes: --stratify")
            }
            (false, false) => error.with_hint("give more rows of each class"),
        }
    }

    fn check_test_labels(&self) -> Result<()> {
        let Some(test) = self.test_dataset else { return Ok(()) };
        check_some_known(&test.classes(), &self.dataset.classes(), "the training rows")
            .map_err(|e| e.at("test rows"))
    }

    /// The features of all rows; `known` are those of the data, where they were computed before.
    pub(crate) fn encode(&self, encoder: &SentenceEncoder, known: Option<Encoded>) -> Result<EncodedRows> {
        let encode = |data: &Dataset| encoder.encode_lines(data.sentences(), data.lines());
        let encoded = match known {
            Some(encoded) => encoded,
            None => encode(self.dataset)?,
        };
        let of_test = |test| encode(test).map_err(|error: Error| error.at("test data"));
        let encoded_test = self.test_dataset.map(of_test).transpose()?;
        let x_train = encoded.features.select_rows(&self.split.train);
        let x_test = match &encoded_test {
            Some(encoded) => encoded.features.clone(),
            None => encoded.features.select_rows(&self.split.test),
        };
        Ok(EncodedRows { encoded, encoded_test, x_train, x_test })
    }
}

/// The features of all rows.
pub(crate) struct EncodedRows {
    /// Of the data file.
    pub(crate) encoded: Encoded,
    /// Of the test file, if there is one.
    pub(crate) encoded_test: Option<Encoded>,
    /// `[n_train, n_features]`.
    pub(crate) x_train: Matrix,
    /// `[n_test, n_features]`.
    pub(crate) x_test: Matrix,
}

/// The rows of label sets with a weight above 0, of which there must be one.
pub(crate) fn counting_sets(targets: &Targets) -> Result<LabelIndicator> {
    let rows = targets.counting_rows();
    match targets.labels() {
        Labels::Sets(labels) if !rows.is_empty() => Ok(labels.select_rows(&rows)),
        _ => {
            let message = "expected at least one weight above 0, got only 0";
            Err(Error::new(ErrorKind::InvalidArgument, message).at("training rows"))
        }
    }
}

/// The rows of the data file that a run with these test rows trains on, before it has looked at any: what a choice of
/// features may see.
///
/// # Errors
/// As for [`split_rows`].
pub fn training_rows(dataset: &Dataset, test: &TestRows) -> Result<Vec<usize>> {
    let labels = dataset.classes();
    Ok(split(&targets(dataset, &labels)?, &labels, test)?.train)
}

fn split(targets: &Targets, labels: &[String], test: &TestRows) -> Result<Split> {
    match test {
        TestRows::Split(options) => {
            if let (Labels::Classes { class_ids, .. }, None, true) =
                (targets.labels(), targets.groups(), options.stratify)
            {
                check_stratified(class_ids, labels)?;
            }
            split_rows(targets, options)
        }
        TestRows::Dataset(_) => Ok(Split { train: (0..targets.len()).collect(), test: Vec::new() }),
    }
}

/// [`split_rows`] has class ids only; its error about a class of one row is given here, by the label.
fn check_stratified(class_ids: &[usize], labels: &[String]) -> Result<()> {
    let counts = counts(class_ids, labels.len());
    let lone: Vec<&str> =
        labels.iter().zip(counts).filter(|(_, n)| *n == 1).map(|(l, _)| l.as_str()).collect();
    if lone.is_empty() {
        return Ok(());
    }
    let message = format!("expected at least 2 rows for each label, got 1 for {}", list(&lone));
    Err(Error::new(ErrorKind::InvalidArgument, message)
        .at("stratified split")
        .with_hint("give such a label more rows, merge it with another label, or leave out --stratify"))
}

/// Rows that count must be of two classes at least.
fn check_classes(y_train: &[usize], weights: Option<&[f64]>, labels: &[String]) -> Result<()> {
    let counts = |row: usize| weights.is_none_or(|weights| weights[row] > 0.0);
    let mut ids = (0..y_train.len()).filter(|&row| counts(row)).map(|row| y_train[row]);
    let has_other = |first: usize| y_train.iter().any(|&id| id != first);
    let (message, hint) = match ids.next() {
        Some(first) if ids.any(|id| id != first) => return Ok(()),
        Some(first) if has_other(first) => (
            format!("expected at least 2 classes, got only {:?}", labels[first]),
            Some("all rows of other labels have weight 0: give one of them a weight above 0"),
        ),
        Some(first) => (format!("expected at least 2 classes, got only {:?}", labels[first]), None),
        None => (
            "expected at least one weight above 0, got only 0".to_string(),
            Some("give the rows that should count a weight above 0"),
        ),
    };
    let error = Error::new(ErrorKind::InvalidArgument, message).at("training rows");
    Err(match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    })
}

/// The labels that there is nothing to learn about, which the observer hears of; an error when these are all.
fn check_labels(y_train: &LabelIndicator, own: &[String], observer: &dyn Observer) -> Result<ConstantLabels> {
    let with_count = |n: usize| {
        let ids = (0..own.len()).filter(move |&id| y_train.count(id) == n);
        ids.map(|id| own[id].clone()).collect::<Vec<String>>()
    };
    let constant = ConstantLabels { always: with_count(y_train.n_samples()), never: with_count(0) };
    let names = |labels: &[String]| list(&labels.iter().map(String::as_str).collect::<Vec<&str>>());
    if constant.always.len() + constant.never.len() == own.len() {
        let message = format!(
            "expected a label that some rows have and others have not, got only {} for all or for none",
            names(own)
        );
        return Err(Error::new(ErrorKind::InvalidArgument, message)
            .at("training rows")
            .with_hint("give more rows; rows without a label have an empty label cell"));
    }
    if !constant.always.is_empty() {
        let labels = names(&constant.always);
        observer.note(&format!("every training row has the label {labels}: it is always given"));
    }
    if !constant.never.is_empty() {
        let labels = names(&constant.never);
        observer.note(&format!("no training row has the label {labels}: it is never given"));
    }
    let single = (0..own.len()).filter(|&id| y_train.count(id) == 1 && y_train.n_samples() > 1);
    note_single_rows(observer, &single.map(|id| own[id].as_str()).collect::<Vec<_>>());
    Ok(constant)
}

/// Labels that only a test file has.
fn note_unseen(y_test: &LabelIndicator, labels: &[String], own: &[String], observer: &dyn Observer) {
    let is_unseen = |id: &usize| y_test.count(*id) > 0 && own.binary_search(&labels[*id]).is_err();
    let unseen: Vec<&str> = (0..labels.len()).filter(is_unseen).map(|id| labels[id].as_str()).collect();
    if !unseen.is_empty() {
        let unseen = list(&unseen);
        observer.note(&format!(
            "only test rows have the label {unseen}: it is never given, and counts as missed"
        ));
    }
}
