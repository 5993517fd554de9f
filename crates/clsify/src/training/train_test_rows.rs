//! Training and test rows, and the checks of them before an encoder runs.
//!
//! Training runs and learning curves start here, for classes and label sets.

use crate::dataset::Dataset;
use crate::error::{Error, ErrorKind, Result};
use crate::matrix::Matrix;
use crate::model::encode::Encoded;
use crate::model::label_ids::{targets, union};
use crate::model::seen_sentences::SeenSentences;
use crate::model::sentence_encoder::SentenceEncoder;
use crate::notes::cautions::{check_some_known, counts, note_labels, note_single_rows};
use crate::notes::label_notes::note_label_spelling;
use crate::notes::list::list;
use crate::observer::Observer;
use crate::split::{Split, SplitOptions, TestSize, split_rows};
use crate::targets::{LabelIndicator, Labels, Targets};

/// The source of the held-out rows.
#[derive(Debug, Clone)]
pub enum TestRows {
    /// A part of the data file.
    Split(SplitOptions),
    /// A separate file, with labels of the same form.
    Dataset(Dataset),
    /// None: every row is learned from. The scores of the report are then those on the training rows, which are too good,
    /// and the model has none.
    None,
}

impl Default for TestRows {
    fn default() -> Self {
        TestRows::Split(SplitOptions::default())
    }
}

/// Training and test rows.
pub(crate) struct Rows<'a> {
    pub(crate) dataset: &'a Dataset,
    /// The separate file of the test rows, if there is one.
    pub(crate) test_dataset: Option<&'a Dataset>,
    /// The labels of all rows, sorted; the ids of `test` refer to them.
    pub(crate) labels: Vec<String>,
    /// The labels to which the ids of `train` refer: for classes all labels, for label sets those of the data.
    pub(crate) own: Vec<String>,
    pub(crate) split: Split,
    pub(crate) train: Targets,
    /// The targets of the rows that are scored: without test rows, those of the training rows.
    pub(crate) test: Targets,
    /// The sentences of the training rows with a positive weight.
    pub(crate) seen: SeenSentences,
    /// The number of test rows whose sentence is one of these.
    pub(crate) n_seen: usize,
}

/// Labels that are predicted the same for every sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ConstantLabels {
    /// Labels that every training row has; they are always assigned.
    pub always: Vec<String>,
    /// Labels that no training row has; they are never assigned.
    pub never: Vec<String>,
}

impl<'a> Rows<'a> {
    /// Splits the rows; with `counting`, training rows of weight 0 are left out.
    pub(crate) fn of(dataset: &'a Dataset, test: &'a TestRows, counting: bool) -> Result<Self> {
        let test_dataset = match test {
            TestRows::Dataset(test) => Some(test),
            TestRows::Split(_) | TestRows::None => None,
        };
        if let Some(test) =
            test_dataset.filter(|test| test.separator().is_some() != dataset.separator().is_some())
        {
            let form = |dataset: &Dataset| match dataset.separator() {
                Some(_) => "label sets",
                None => "one label per sentence",
            };
            let message = format!("expected {} as in the data, got {}", form(dataset), form(test));
            return Err(Error::new(ErrorKind::InvalidArgument, message).at("test data"));
        }
        // The labels of both files, so that those of the test file only count as missed.
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
            None => targets(dataset, &labels)?.select_rows(scored(&split)),
        };
        let sentence = |&row: &usize| &dataset.sentences()[row];
        let counts = |row: &&usize| dataset.weights().is_none_or(|weights| weights[**row] > 0.0);
        let seen = SeenSentences::of(split.train.iter().filter(counts).map(sentence));
        let n_seen = match test_dataset {
            Some(test) => seen.count(test.sentences()),
            None => seen.count(scored(&split).iter().map(sentence)),
        };
        Ok(Rows { dataset, test_dataset, labels, own, split, train, test, seen, n_seen })
    }

    /// Fails if nothing can be learned from the training rows, and passes notes about the labels to the observer.
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

    /// Adds the hint to stratify, if stratification can give training rows of all classes.
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

    /// The features of all rows; `known` are those of the data, if they were computed before.
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
            None => encoded.features.select_rows(scored(&self.split)),
        };
        Ok(EncodedRows { encoded, encoded_test, x_train, x_test })
    }
}

/// The features of all rows.
pub(crate) struct EncodedRows {
    /// The features of the data file.
    pub(crate) encoded: Encoded,
    /// The features of the test file, if there is one.
    pub(crate) encoded_test: Option<Encoded>,
    /// `[n_train, n_features]`.
    pub(crate) x_train: Matrix,
    /// `[n_test, n_features]`.
    pub(crate) x_test: Matrix,
}

/// The rows of the data file that are scored: its test rows, or if there are none its training rows.
pub(crate) fn scored(split: &Split) -> &[usize] {
    if split.test.is_empty() { &split.train } else { &split.test }
}

/// The rows of label sets with a positive weight; fails if there is none.
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

/// The training rows of a run with these test rows, determined before features are computed: a choice of features may
/// only use these.
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
        TestRows::Dataset(_) | TestRows::None => {
            Ok(Split { train: (0..targets.len()).collect(), test: Vec::new() })
        }
    }
}

/// [`split_rows`] knows only class ids, so its error about a class with one row is raised here, with the label.
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

/// Checks that rows with a positive weight have at least two classes.
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

/// The constant labels, about which the observer receives notes; an error if all labels are constant.
fn check_labels(y_train: &LabelIndicator, own: &[String], observer: &dyn Observer) -> Result<ConstantLabels> {
    let with_count = |n: usize| {
        let ids = (0..own.len()).filter(move |&id| y_train.count(id) == n);
        ids.map(|id| own[id].clone()).collect::<Vec<String>>()
    };
    let constant = ConstantLabels { always: with_count(y_train.n_samples()), never: with_count(0) };
    let names = |labels: &[String]| list(&labels.iter().map(String::as_str).collect::<Vec<&str>>());
    if constant.always.len() + constant.never.len() == own.len() {
        let message = format!(
            "expected a label that some rows have and others lack, got only {} for all or for none",
            names(own)
        );
        return Err(Error::new(ErrorKind::InvalidArgument, message)
            .at("training rows")
            .with_hint("give more rows; rows without a label have an empty label cell"));
    }
    if !constant.always.is_empty() {
        let labels = names(&constant.always);
        observer.warn(&format!("every training row has the label {labels}: it is always assigned"));
    }
    if !constant.never.is_empty() {
        let labels = names(&constant.never);
        observer.warn(&format!("no training row has the label {labels}: it is never assigned"));
    }
    let single = (0..own.len()).filter(|&id| y_train.count(id) == 1 && y_train.n_samples() > 1);
    note_single_rows(observer, &single.map(|id| own[id].as_str()).collect::<Vec<_>>());
    Ok(constant)
}

/// Notes labels that only a test file has.
fn note_unseen(y_test: &LabelIndicator, labels: &[String], own: &[String], observer: &dyn Observer) {
    let is_unseen = |id: &usize| y_test.count(*id) > 0 && own.binary_search(&labels[*id]).is_err();
    let unseen: Vec<&str> = (0..labels.len()).filter(is_unseen).map(|id| labels[id].as_str()).collect();
    if !unseen.is_empty() {
        let unseen = list(&unseen);
        observer.warn(&format!(
            "only test rows have the label {unseen}: it is never assigned, and counts as missed"
        ));
    }
}
