//! Two classifiers on the same labelled sentences: which is better, is that more than chance, and where do they differ?

use serde::Serialize;

use crate::dataset::{Dataset, DatasetSummary};
use crate::error::{Error, Result};
use crate::evaluation::{Metrics, MultiLabelEvaluation, PairedCounts, PairedScores, RatioScore};
use crate::model::encoder_report::EncoderReport;
use crate::model::evaluate::Evaluated;
use crate::model::label_ids::{sets, targets, union};
use crate::model::sentence_classifier::{Prediction, SentenceClassifier};
use crate::notes::cautions::{SeenRows, note_seen};
use crate::notes::label_notes::note_known_otherwise;
use crate::targets::LabelIndicator;

/// What [`compare`] finds.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ComparisonReport {
    /// The labelled sentences.
    pub dataset: DatasetSummary,
    /// The first classifier.
    pub a: ComparedModel,
    /// The second classifier.
    pub b: ComparedModel,
    /// Accuracy row by row; of label sets a row is right if its whole set is.
    #[serde(flatten)]
    pub rows: ComparedRows,
    /// What differs with the form of the labels.
    #[serde(flatten)]
    pub form: ComparisonForm,
    /// The sentences with two different predictions, in the order of the file.
    pub differences: Vec<Disagreement>,
}

/// Comparisons that only one form of labels has.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum ComparisonForm {
    /// Of one class a sentence.
    Classes {
        /// The accuracies with each row counted by its weight, where rows have weights.
        #[serde(skip_serializing_if = "Option::is_none")]
        weighted_accuracy: Option<PairedScores>,
    },
    /// Of label sets.
    LabelSets {
        /// F1 of all labels together.
        micro_f1: PairedScores,
        /// The subset accuracies with each row counted by its weight, where rows have weights.
        #[serde(skip_serializing_if = "Option::is_none")]
        weighted_subset_accuracy: Option<PairedScores>,
        /// The micro F1 with each row counted by its weight, where rows have weights.
        #[serde(skip_serializing_if = "Option::is_none")]
        weighted_micro_f1: Option<PairedScores>,
        /// Every label of the data and of both classifiers, sorted.
        per_label: Vec<ComparedLabel>,
    },
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
    pub(crate) fn of(a_is_right: &[bool], b_is_right: &[bool]) -> Result<Self> {
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
#[non_exhaustive]
pub struct ComparedModel {
    /// Its encoder and what it takes from it.
    pub encoder: EncoderReport,
    /// Its classes or labels.
    pub classes: Vec<String>,
    /// Labels of the data that it does not know: it never gives them.
    pub unknown_labels: Vec<String>,
    /// How many rows have one of those.
    pub n_unknown: usize,
    /// As in [`EvaluationReport::n_seen`](crate::model::EvaluationReport::n_seen).
    pub n_seen: Option<usize>,
    /// Its scores; of label sets over all labels of the data and of both classifiers.
    pub test: Metrics,
}

/// One label: do the two answer "has it" or "has it not" differently well?
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparedLabel {
    /// The label.
    pub label: String,
    /// Rows that have it.
    pub support: usize,
    /// F1 of the first.
    pub a: f64,
    /// F1 of the second.
    pub b: f64,
    /// Rows by who answers right, yes or no.
    pub counts: PairedCounts,
    /// [`PairedCounts::mcnemar_exact`]; one of twenty is below 0.05 by chance.
    pub mcnemar_p_value: f64,
}

/// A sentence of which the classifiers say different things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// The line of the data file, counted from 1.
    pub line: usize,
    /// The sentence.
    pub text: String,
    /// The truth, and what the two predict.
    #[serde(flatten)]
    pub answers: Answers,
}

/// What is right, and what two classifiers predict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answers {
    /// Of one class a sentence.
    Classes {
        /// The sentence's label.
        label: String,
        /// What the first predicts.
        a: String,
        /// What the second predicts.
        b: String,
    },
    /// Of label sets.
    LabelSets {
        /// The sentence's labels.
        labels: Vec<String>,
        /// What the first gives.
        a: Vec<String>,
        /// What the second gives.
        b: Vec<String>,
    },
}

/// Compares two classifiers row by row, and of label sets label by label. Their encoders may differ, and so may their classes: a
/// label that one of them does not know is never given by it, and counts as wrong. Weights of rows count in the scores that say so alone.
///
/// # Errors
/// As for [`SentenceClassifier::evaluate`]; also when one of them knows none of the labels.
///
/// ```no_run
/// use clsify::dataset::{Dataset, DatasetOptions};
/// use clsify::model::SentenceClassifier;
/// use clsify::studies::compare;
/// let (a, b) = (SentenceClassifier::load("old")?, SentenceClassifier::load("new")?);
/// let dataset = Dataset::load("test.tsv", &DatasetOptions::default())?;
/// let report = compare(&a, &b, &dataset)?;
/// println!("{:+.3}, p = {:.3}", report.rows.difference, report.rows.mcnemar_p_value);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn compare(
    a: &SentenceClassifier,
    b: &SentenceClassifier,
    dataset: &Dataset,
) -> Result<ComparisonReport> {
    for (model, name) in [(a, "A"), (b, "B")] {
        model.check_labels(dataset).map_err(|e| e.at(name))?;
    }
    let evaluate = |model: &SentenceClassifier, name: &str| {
        let Evaluated { report, predictions } = model.evaluate_rows(dataset)?;
        let observer = model.encoder().observer();
        let rows = SeenRows { n_seen: report.n_seen.unwrap_or(0), n_rows: dataset.len() };
        note_seen(observer, rows, &format!("the training rows of {name}"));
        note_known_otherwise(observer, &model.unknown_labels(dataset), model.classes());
        Ok::<_, Error>((report, names(model, &predictions)))
    };
    let ((report_a, said_a), (report_b, said_b)) = (evaluate(a, "A")?, evaluate(b, "B")?);
    let truths = dataset.label_sets();
    let right = |said: &[Vec<String>]| -> Vec<bool> {
        said.iter().zip(&truths).map(|(said, truth)| said == truth).collect()
    };
    let (right_a, right_b) = (right(&said_a), right(&said_b));
    let weighted_accuracy = dataset.weights().map(|weights| {
        let of = |is_right: &[bool]| RatioScore::accuracy(is_right, Some(weights));
        PairedScores::of(&of(&right_a)?, &of(&right_b)?)
    });
    let weighted_accuracy = weighted_accuracy.transpose()?;
    let (form, test_a, test_b) = match dataset.separator() {
        None => (ComparisonForm::Classes { weighted_accuracy }, report_a.test, report_b.test),
        Some(_) => compare_label_sets((a, &said_a), (b, &said_b), dataset, weighted_accuracy)?,
    };
    let model = |model: &SentenceClassifier, encoder, n_seen, test| {
        let unknown_labels = model.unknown_labels(dataset);
        let has_unknown = |set: &&Vec<String>| set.iter().any(|label| unknown_labels.contains(label));
        let n_unknown = truths.iter().filter(has_unknown).count();
        let classes = model.classes().to_vec();
        ComparedModel { encoder, classes, n_unknown, unknown_labels, n_seen, test }
    };
    let pairs = said_a.into_iter().zip(said_b).enumerate().filter(|(_, (a, b))| a != b);
    let differences = pairs.map(|(row, (a, b))| Disagreement {
        line: dataset.lines()[row],
        text: dataset.sentences()[row].clone(),
        answers: match dataset.separator() {
            None => Answers::Classes { label: truths[row].concat(), a: a.concat(), b: b.concat() },
            Some(_) => Answers::LabelSets { labels: truths[row].clone(), a, b },
        },
    });
    Ok(ComparisonReport {
        differences: differences.collect(),
        dataset: dataset.summary(),
        a: model(a, report_a.encoder, report_a.n_seen, test_a),
        b: model(b, report_b.encoder, report_b.n_seen, test_b),
        rows: ComparedRows::of(&right_a, &right_b)?,
        form,
    })
}

/// The names of what is predicted for each row.
fn names(model: &SentenceClassifier, predictions: &[Prediction]) -> Vec<Vec<String>> {
    let of_row = |p: &Prediction| model.labels(p).into_iter().map(str::to_string).collect();
    predictions.iter().map(of_row).collect()
}

/// Two classifiers of label sets by all labels that the data or one of the two knows, with the scores of both over these.
fn compare_label_sets(
    (a, said_a): (&SentenceClassifier, &[Vec<String>]),
    (b, said_b): (&SentenceClassifier, &[Vec<String>]),
    dataset: &Dataset,
    weighted_subset_accuracy: Option<PairedScores>,
) -> Result<(ComparisonForm, Metrics, Metrics)> {
    let labels = union(a.classes(), union(b.classes(), dataset.classes()));
    let all = targets(dataset, &labels)?;
    let y_true = sets(&all)?;
    let indicator = |said: &[Vec<String>]| {
        let ids = |set: &Vec<String>| set.iter().filter_map(|l| labels.binary_search(l).ok()).collect();
        LabelIndicator::from_sets(&said.iter().map(ids).collect::<Vec<Vec<usize>>>(), labels.len())
    };
    let (y_a, y_b) = (indicator(said_a)?, indicator(said_b)?);
    let micro_f1 = |weights: Option<&[f64]>| {
        let of = |y_pred: &LabelIndicator| RatioScore::micro_f1(y_true, y_pred, weights);
        PairedScores::of(&of(&y_a)?, &of(&y_b)?)
    };
    let test = |y_pred: &LabelIndicator| MultiLabelEvaluation::from_predictions(y_true, y_pred, &labels);
    let (test_a, test_b) = (test(&y_a)?, test(&y_b)?);
    let per_label = (0..labels.len()).map(|id| {
        let right = |y_pred: &LabelIndicator| -> Vec<bool> {
            y_true.rows().zip(y_pred.rows()).map(|(truth, given)| truth[id] == given[id]).collect()
        };
        let counts = PairedCounts::of(&right(&y_a), &right(&y_b))?;
        Ok(ComparedLabel {
            label: labels[id].clone(),
            support: y_true.count(id),
            a: test_a.per_label[id].1.f1,
            b: test_b.per_label[id].1.f1,
            mcnemar_p_value: counts.mcnemar_exact(),
            counts,
        })
    });
    let form = ComparisonForm::LabelSets {
        micro_f1: micro_f1(None)?,
        weighted_subset_accuracy,
        weighted_micro_f1: dataset.weights().map(|weights| micro_f1(Some(weights))).transpose()?,
        per_label: per_label.collect::<Result<_>>()?,
    };
    Ok((form, Metrics::LabelSets(test_a), Metrics::LabelSets(test_b)))
}
