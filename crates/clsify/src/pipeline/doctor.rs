//! A look at labelled sentences before anything is trained: repeats, contradictions, leaks, and labels that are
//! probably wrong.
//!
//! Sentences are the same when they are so in lower case with single spaces. They are nearly the same by the cosine of
//! their standardised features: raw features of one encoder all point much the same way.

use std::collections::{BTreeMap, HashMap};

use super::doctor_report::{
    ClassShare, Conflict, DoctorReport, Duplicate, LabelIssue, LabelLines, Leak, NearDuplicate, Truncated,
};
use super::near_duplicates::nearest;
use super::observer::{Observer, Stage};
use super::sentence_encoder::SentenceEncoder;
use super::train::class_ids;
use crate::classifier::{LogisticRegressionOptions, Samples, StandardScaler};
use crate::dataset::Dataset;
use crate::error::Result;
use crate::evaluation::{out_of_fold_logits, rank_labels, softmax};
use crate::matrix::Matrix;

/// Folds of the labels' ranking.
const N_SPLITS: usize = 5;

/// Rows of either file that are compared with each other: their pairs grow with the square.
const MOST_COMPARED: usize = 30_000;

/// What the caller chooses of [`diagnose`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DoctorOptions {
    /// C of the fits on standardised features. The default is 0.001.
    pub c: f64,
    /// Sentences of at least this cosine are nearly the same.
    pub threshold: f32,
    /// Whether `label_issues` ranks every row, not only those whose label is probably wrong.
    pub rank_all: bool,
}

impl Default for DoctorOptions {
    fn default() -> Self {
        DoctorOptions { c: 0.001, threshold: 0.9, rank_all: false }
    }
}

/// Looks for what is odd about a data set, and for what of it stands in a test file too.
///
/// Where labels cannot be ranked (no class with a row for each of five folds, or folds with one class only), the report
/// has a note that says why.
///
/// # Errors
/// As for [`SentenceEncoder::encode`].
///
/// ```no_run
/// use clsify::dataset::{Dataset, DatasetOptions};
/// use clsify::pipeline::{DoctorOptions, SentenceEncoder, SentenceEncoderOptions, diagnose};
/// let dataset = Dataset::load("train.tsv".as_ref(), &DatasetOptions::default())?;
/// let encoder = SentenceEncoder::load("all-MiniLM-L6-v2".as_ref(), SentenceEncoderOptions::default(), &())?;
/// let report = diagnose(&encoder, &dataset, None, &DoctorOptions::default(), &())?;
/// for issue in &report.label_issues {
///     println!("line {}: {} rather than {}?", issue.line, issue.suggested, issue.label);
/// }
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn diagnose(
    encoder: &SentenceEncoder,
    dataset: &Dataset,
    test: Option<&Dataset>,
    options: &DoctorOptions,
    observer: &dyn Observer,
) -> Result<DoctorReport> {
    let encoded = encoder.encode(dataset.sentences(), observer)?;
    let scaler = StandardScaler::fit(&encoded.features);
    let features = scaler.transform(&encoded.features);
    let mut notes = Vec::new();
    let texts: Vec<String> = dataset.sentences().iter().map(|text| normalised(text)).collect();
    let leakage = match test {
        Some(test) => {
            let encoded = encoder.encode(test.sentences(), observer)?;
            leaks(dataset, &texts, &features, test, &scaler.transform(&encoded.features), options, &mut notes)
        }
        None => Vec::new(),
    };
    let groups = repeated(&texts);
    let is_truncated = |&i: &usize| encoded.encodings[i].is_truncated;
    let truncated: Vec<usize> = (0..dataset.len()).filter(is_truncated).map(|i| dataset.lines()[i]).collect();
    Ok(DoctorReport {
        duplicates: groups.iter().map(|rows| duplicate(dataset, rows)).collect(),
        near_duplicates: near_duplicates(dataset, &texts, &features, options, &mut notes),
        conflicts: groups.iter().filter_map(|rows| conflict(dataset, rows)).collect(),
        leakage,
        truncated: Truncated {
            max_length: encoder.tokenizer().max_length(),
            n: truncated.len(),
            lines: truncated,
        },
        class_balance: class_balance(dataset),
        label_issues: label_issues(dataset, &features, options, observer, &mut notes),
        notes,
    })
}

/// Lower case, single spaces.
fn normalised(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The rows of each text that occurs more than once, in the order of the first.
fn repeated(texts: &[String]) -> Vec<Vec<usize>> {
    let mut rows_of: HashMap<&str, Vec<usize>> = HashMap::with_capacity(texts.len());
    for (row, text) in texts.iter().enumerate() {
        rows_of.entry(text).or_default().push(row);
    }
    let mut groups: Vec<Vec<usize>> = rows_of.into_values().filter(|rows| rows.len() > 1).collect();
    groups.sort();
    groups
}

fn duplicate(dataset: &Dataset, rows: &[usize]) -> Duplicate {
    let lines = rows.iter().map(|&row| dataset.lines()[row]).collect();
    Duplicate { text: dataset.sentences()[rows[0]].clone(), lines }
}

fn conflict(dataset: &Dataset, rows: &[usize]) -> Option<Conflict> {
    let mut lines_of: BTreeMap<&String, Vec<usize>> = BTreeMap::new();
    for &row in rows {
        lines_of.entry(&dataset.labels()[row]).or_default().push(dataset.lines()[row]);
    }
    let text = dataset.sentences()[rows[0]].clone();
    let labels = |(label, lines): (&String, Vec<usize>)| LabelLines { label: label.clone(), lines };
    (lines_of.len() > 1).then(|| Conflict { text, labels: lines_of.into_iter().map(labels).collect() })
}

fn class_balance(dataset: &Dataset) -> Vec<ClassShare> {
    let share = |n: usize| n as f64 / dataset.len() as f64;
    let counts = dataset.summary().class_counts.into_iter();
    counts.map(|(label, n)| ClassShare { label, n, share: share(n) }).collect()
}

/// The rows that are compared: the first ones, with a note if that is not all.
fn compared(features: &Matrix, what: &str, notes: &mut Vec<String>) -> Matrix {
    let n = features.rows();
    if n > MOST_COMPARED {
        notes.push(format!(
            "only the first {MOST_COMPARED} of {n} rows of {what} were compared for near duplicates; exact ones are all found"
        ));
    }
    features.select_rows(&(0..n.min(MOST_COMPARED)).collect::<Vec<_>>())
}

fn near_duplicates(
    dataset: &Dataset,
    texts: &[String],
    features: &Matrix,
    options: &DoctorOptions,
    notes: &mut Vec<String>,
) -> Vec<NearDuplicate> {
    let compared = compared(features, "the data", notes);
    let earlier = |row: usize, other: usize| other < row && texts[other] != texts[row];
    let found = nearest(&compared, &compared, options.threshold, &earlier);
    let near = |(row, found): (usize, Option<(usize, f32)>)| {
        let (other, cosine) = found?;
        Some(NearDuplicate {
            text: dataset.sentences()[row].clone(),
            line: dataset.lines()[row],
            other_text: dataset.sentences()[other].clone(),
            other_line: dataset.lines()[other],
            cosine: f64::from(cosine.min(1.0)),
            same_label: dataset.labels()[row] == dataset.labels()[other],
        })
    };
    let mut pairs: Vec<NearDuplicate> = found.into_iter().enumerate().filter_map(near).collect();
    pairs.sort_by(|a, b| b.cosine.total_cmp(&a.cosine));
    pairs
}

fn leaks(
    dataset: &Dataset,
    texts: &[String],
    features: &Matrix,
    test: &Dataset,
    test_features: &Matrix,
    options: &DoctorOptions,
    notes: &mut Vec<String>,
) -> Vec<Leak> {
    let mut first: HashMap<&str, usize> = HashMap::with_capacity(texts.len());
    for (row, text) in texts.iter().enumerate() {
        first.entry(text).or_insert(row);
    }
    let exact = |text: &String| first.get(normalised(text).as_str()).copied();
    let exact: Vec<Option<usize>> = test.sentences().iter().map(exact).collect();
    let queries = compared(test_features, "the test file", notes);
    let mut near =
        nearest(&queries, &compared(features, "the data", &mut Vec::new()), options.threshold, &|row, _| {
            exact[row].is_none()
        });
    near.resize(test.len(), None);
    let leak = |row: usize| {
        let exact = exact[row];
        let (other, cosine) = exact.map(|other| (other, 1.0)).or(near[row])?;
        Some(Leak {
            text: test.sentences()[row].clone(),
            test_line: test.lines()[row],
            data_text: dataset.sentences()[other].clone(),
            line: dataset.lines()[other],
            cosine: f64::from(cosine.min(1.0)),
            exact: exact.is_some(),
        })
    };
    let mut leaks: Vec<Leak> = (0..test.len()).filter_map(leak).collect();
    leaks.sort_by(|a, b| b.exact.cmp(&a.exact).then(b.cosine.total_cmp(&a.cosine)));
    leaks
}

fn label_issues(
    dataset: &Dataset,
    features: &Matrix,
    options: &DoctorOptions,
    observer: &dyn Observer,
    notes: &mut Vec<String>,
) -> Vec<LabelIssue> {
    let classes = dataset.classes();
    let class_ids = class_ids(dataset, &classes);
    let samples = Samples::new(features, &class_ids, classes.len());
    let classifier = LogisticRegressionOptions { c: options.c, ..LogisticRegressionOptions::default() };
    observer.start(Stage::Fit, 0);
    let ranking = out_of_fold_logits(&samples, &classifier, N_SPLITS)
        .and_then(|logits| rank_labels(&softmax(&logits, classes.len()), &class_ids, classes.len()));
    observer.finish(Stage::Fit);
    let ranking = match ranking {
        Ok(ranking) => ranking,
        Err(error) => {
            notes.push(format!("labels were not checked: {error}"));
            return Vec::new();
        }
    };
    // Of a class with one row the fold that holds it out has no example: its probability is 0 whatever it says.
    let n_of = |class: usize| class_ids.iter().filter(|&&id| id == class).count();
    let lonely: Vec<&str> =
        (0..classes.len()).filter(|&c| n_of(c) == 1).map(|c| classes[c].as_str()).collect();
    if !lonely.is_empty() {
        notes.push(format!("labels with one row were not checked: {}", super::list(&lonely)));
    }
    let checked = ranking.iter().filter(|ranked| options.rank_all || ranked.is_issue);
    let checked = checked.filter(|ranked| !lonely.contains(&dataset.labels()[ranked.row].as_str()));
    let issue = |ranked: &crate::evaluation::RankedLabel| LabelIssue {
        text: dataset.sentences()[ranked.row].clone(),
        label: dataset.labels()[ranked.row].clone(),
        suggested: classes[ranked.suggested].clone(),
        score: ranked.self_confidence,
        line: dataset.lines()[ranked.row],
    };
    checked.map(issue).collect()
}
