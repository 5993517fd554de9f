//! Two classifiers on the same labelled sentences: which is better, is that more than chance, and where do they differ?

use serde::Serialize;

use super::cautions::note_seen;
use super::label_notes::note_known_otherwise;
use super::observer::Observer;
use super::sentence_classifier::{EvaluationReport, SentenceClassifier};
use super::training_report::EncoderReport;
use crate::dataset::{Dataset, DatasetSummary};
use crate::error::{Error, Result};
use crate::evaluation::{Evaluation, PairedCounts, PairedScores, RatioScore};

/// What [`compare`] finds.
#[derive(Debug, Clone, Serialize)]
pub struct ComparisonReport {
    /// The labelled sentences.
    pub dataset: DatasetSummary,
    /// The first classifier.
    pub a: ComparedModel,
    /// The second classifier.
    pub b: ComparedModel,
    /// Accuracy row by row.
    #[serde(flatten)]
    pub rows: ComparedRows,
    /// The accuracies with each row counted by its weight, where rows have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weighted_accuracy: Option<PairedScores>,
    /// The sentences with two different predictions, in the order of the file.
    pub differences: Vec<Disagreement>,
}

/// Two classifiers by the rows that each has right; every row counts once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ComparedRows {
    /// Accuracy of the second less that of the first.
    pub difference: f64,
    /// Its 95 % interval, [`PairedCounts::difference_ci95`].
    pub difference_ci95: [f64; 2],
    /// Rows by who has them right.
    pub counts: PairedCounts,
    /// [`PairedCounts::mcnemar_exact`].
    pub mcnemar_p_value: f64,
}

impl ComparedRows {
    pub(super) fn of(a_is_right: &[bool], b_is_right: &[bool]) -> Result<Self> {
        let counts = PairedCounts::of(a_is_right, b_is_right)?;
        Ok(ComparedRows {
            difference: counts.difference(),
            difference_ci95: counts.difference_ci95()?,
            mcnemar_p_value: counts.mcnemar_exact(),
            counts,
        })
    }
}

/// One of two classifiers.
#[derive(Debug, Clone, Serialize)]
pub struct ComparedModel {
    /// Its encoder and what it takes from it.
    pub encoder: EncoderReport,
    /// Its classes.
    pub classes: Vec<String>,
    /// Labels of the data that it does not know: their rows count as wrong.
    pub unknown_labels: Vec<String>,
    /// How many rows those are.
    pub n_unknown: usize,
    /// As in [`EvaluationReport::n_seen`].
    pub n_seen: Option<usize>,
    /// Its scores.
    pub test: Evaluation,
}

/// A sentence of which the classifiers say different things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// The line of the data file, counted from 1.
    pub line: usize,
    /// The sentence.
    pub text: String,
    /// Its label.
    pub label: String,
    /// What the first predicts.
    pub a: String,
    /// What the second predicts.
    pub b: String,
}

/// Compares two classifiers row by row. Their encoders may differ, and so may their classes: a label that one of them does not
/// know counts as wrong for it. Weights of rows count in [`ComparisonReport::weighted_accuracy`] alone.
///
/// # Errors
/// As for [`SentenceClassifier::evaluate`]; also when one of them knows none of the labels.
///
/// ```no_run
/// use clsify::dataset::{Dataset, DatasetOptions};
/// use clsify::pipeline::{SentenceClassifier, compare};
/// let (a, b) = (SentenceClassifier::load("old".as_ref(), &())?, SentenceClassifier::load("new".as_ref(), &())?);
/// let dataset = Dataset::load("test.tsv".as_ref(), &DatasetOptions::default())?;
/// let report = compare(&a, &b, &dataset, &())?;
/// println!("{:+.3}, p = {:.3}", report.rows.difference, report.rows.mcnemar_p_value);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn compare(
    a: &SentenceClassifier,
    b: &SentenceClassifier,
    dataset: &Dataset,
    observer: &dyn Observer,
) -> Result<ComparisonReport> {
    for (model, name) in [(a, "A"), (b, "B")] {
        model.check_labels(dataset).map_err(|e| e.at(name))?;
    }
    let evaluate = |model: &SentenceClassifier, name: &str| {
        let (report, predicted, _) = model.evaluate_rows(dataset, observer)?;
        let rows = (report.n_seen.unwrap_or(0), dataset.len());
        note_seen(observer, rows, &format!("the training rows of {name}"));
        note_known_otherwise(observer, &model.unknown_labels(dataset), model.classes());
        Ok::<_, Error>((report, predicted))
    };
    let ((report_a, predicted_a), (report_b, predicted_b)) = (evaluate(a, "A")?, evaluate(b, "B")?);
    let names = |model: &SentenceClassifier, predicted: Vec<usize>| -> Vec<String> {
        predicted.into_iter().map(|id| model.classes()[id].clone()).collect()
    };
    let (predicted_a, predicted_b) = (names(a, predicted_a), names(b, predicted_b));
    let right = |predicted: &[String]| -> Vec<bool> {
        predicted.iter().zip(dataset.labels()).map(|(predicted, label)| predicted == label).collect()
    };
    let (right_a, right_b) = (right(&predicted_a), right(&predicted_b));
    let weighted_accuracy = dataset.weights().map(|weights| {
        let of = |is_right: &[bool]| RatioScore::accuracy(is_right, Some(weights));
        PairedScores::of(&of(&right_a)?, &of(&right_b)?)
    });
    let pairs = predicted_a.into_iter().zip(predicted_b).enumerate();
    let differences = pairs.filter(|(_, (a, b))| a != b).map(|(row, (a, b))| Disagreement {
        line: dataset.lines()[row],
        text: dataset.sentences()[row].clone(),
        label: dataset.labels()[row].clone(),
        a,
        b,
    });
    Ok(ComparisonReport {
        differences: differences.collect(),
        dataset: dataset.summary(),
        a: ComparedModel::of(a, report_a, dataset),
        b: ComparedModel::of(b, report_b, dataset),
        rows: ComparedRows::of(&right_a, &right_b)?,
        weighted_accuracy: weighted_accuracy.transpose()?,
    })
}

impl ComparedModel {
    fn of(model: &SentenceClassifier, report: EvaluationReport, dataset: &Dataset) -> Self {
        let unknown_labels = model.unknown_labels(dataset);
        ComparedModel {
            encoder: report.encoder,
            classes: model.classes().to_vec(),
            n_unknown: dataset.labels().iter().filter(|label| unknown_labels.contains(label)).count(),
            unknown_labels,
            n_seen: report.n_seen,
            test: report.test,
        }
    }
}
