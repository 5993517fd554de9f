//! Compares two classifiers on the same labelled sentences, and tests whether their difference is more than chance.

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

/// The result of [`compare`].
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ComparisonReport {
    /// The counts of the labelled sentences.
    pub dataset: DatasetSummary,
    /// The first classifier.
    pub a: ComparedModel,
    /// The second classifier.
    pub b: ComparedModel,
    /// The accuracy row by row; for label sets a row is correct if its whole set is.
    #[serde(flatten)]
    pub rows: ComparedRows,
    /// The comparisons that depend on the form of the labels.
    #[serde(flatten)]
    pub form: ComparisonForm,
    /// The sentences with two different predictions, in the order of the file.
    pub differences: Vec<Disagreement>,
}

/// Comparisons that only one form of labels has.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum ComparisonForm {
    /// For one class per sentence.
    Classes {
        /// The weighted accuracies, if rows have weights.
        #[serde(skip_serializing_if = "Option::is_none")]
        weighted_accuracy: Option<PairedScores>,
    },
    /// For label sets.
    LabelSets {
        /// F1 of all labels together.
        micro_f1: PairedScores,
        /// The weighted subset accuracies, if rows have weights.
        #[serde(skip_serializing_if = "Option::is_none")]
        weighted_subset_accuracy: Option<PairedScores>,
        /// The weighted micro F1, if rows have weights.
        #[serde(skip_serializing_if = "Option::is_none")]
        weighted_micro_f1: Option<PairedScores>,
        /// Every label of the data and of both classifiers, sorted.
        per_label: Vec<ComparedLabel>,
    },
}

/// Two classifiers compared by their correct rows; every row counts once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ComparedRows {
    /// The accuracy of the second minus that of the first.
    pub difference: f64,
    /// Its 95 % interval, [`PairedCounts::difference_ci95`].
    pub difference_ci95: [f64; 2],
    /// The numbers of rows by the classifiers that predict them correctly.
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
    /// Its encoder and features.
    pub encoder: EncoderReport,
    /// Its classes or labels.
    pub classes: Vec<String>,
    /// Labels of the data that it does not know and never assigns.
    pub unknown_labels: Vec<String>,
    /// The number of rows with one of these labels.
    pub n_unknown: usize,
    /// As in [`EvaluationReport::n_seen`](crate::model::EvaluationReport::n_seen).
    pub n_seen: Option<usize>,
    /// Its scores; for label sets over all labels of the data and of both classifiers.
    pub test: Metrics,
}

/// A label, and the comparison of the two classifiers' yes-or-no answers about it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparedLabel {
    /// The label.
    pub label: String,
    /// The number of rows that have it.
    pub support: usize,
    /// F1 of the first.
    pub a: f64,
    /// F1 of the second.
    pub b: f64,
    /// The numbers of rows by the classifiers whose yes-or-no answer is correct.
    pub counts: PairedCounts,
    /// [`PairedCounts::mcnemar_exact`]; by chance alone, one of twenty labels is below 0.05.
    pub mcnemar_p_value: f64,
}

/// A sentence on which the classifiers disagree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// The line of the data file, counted from 1.
    pub line: usize,
    /// The sentence.
    pub text: String,
    /// The truth, and the predictions of the two.
    #[serde(flatten)]
    pub answers: Answers,
}

/// The truth, and the predictions of two classifiers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answers {
    /// For one class per sentence.
    Classes {
        /// The sentence's label.
        label: String,
        /// The prediction of the first.
        a: String,
        /// The prediction of the second.
        b: String,
    },
    /// For label sets.
    LabelSets {
        /// The sentence's labels.
        labels: Vec<String>,
        /// The labels predicted by the first.
        a: Vec<String>,
        /// The labels predicted by the second.
        b: Vec<String>,
    },
}

/// Compares two classifiers row by row, and for label sets label by label. Their encoders may differ, and so may
/// their classes: a classifier never assigns a label that it does not know, which counts as wrong. Sample weights
/// apply only to scores that are called weighted.
///
/// # Errors
/// As for [`SentenceClassifier::evaluate`]; also if one of them knows none of the labels.
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

/// The names of the predicted labels for each row.
fn names(model: &SentenceClassifier, predictions: &[Prediction]) -> Vec<Vec<String>> {
    let of_row = |p: &Prediction| model.labels(p).into_iter().map(str::to_string).collect();
    predictions.iter().map(of_row).collect()
}

/// Compares two classifiers of label sets over all labels that the data or one of the two knows, with the scores of
/// both over these.
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
