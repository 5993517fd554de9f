//! Two multi-label classifiers on the same sentences: which is better, is that more than chance, and where do they differ?

use serde::Serialize;

use super::classifier::MultiLabelClassifier;
use super::{indicator, union};
use crate::classifier::LabelIndicator;
use crate::dataset::{MultiLabelDataset, MultiLabelSummary};
use crate::error::Result;
use crate::evaluation::{MultiLabelEvaluation, PairedCounts, PairedScores, RatioScore, exact_rows};
use crate::pipeline::cautions::note_seen;
use crate::pipeline::label_notes::note_known_otherwise;
use crate::pipeline::{ComparedRows, EncoderReport, Observer};

/// What [`compare_multi_label`] finds.
#[derive(Debug, Clone, Serialize)]
pub struct MultiLabelComparisonReport {
    /// The labelled sentences.
    pub dataset: MultiLabelSummary,
    /// The first classifier.
    pub a: ComparedMultiLabelModel,
    /// The second classifier.
    pub b: ComparedMultiLabelModel,
    /// Subset accuracy row by row: a row is right if its whole set of labels is.
    #[serde(flatten)]
    pub rows: ComparedRows,
    /// F1 of all labels together.
    pub micro_f1: PairedScores,
    /// The subset accuracies with each row counted by its weight, where rows have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weighted_subset_accuracy: Option<PairedScores>,
    /// The micro F1 with each row counted by its weight, where rows have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weighted_micro_f1: Option<PairedScores>,
    /// Every label of the data and of both classifiers, sorted.
    pub per_label: Vec<ComparedLabel>,
    /// The sentences with two different sets of labels, in the order of the file.
    pub differences: Vec<MultiLabelDisagreement>,
}

/// One of two multi-label classifiers.
#[derive(Debug, Clone, Serialize)]
pub struct ComparedMultiLabelModel {
    /// Its encoder and what it takes from it.
    pub encoder: EncoderReport,
    /// Its labels.
    pub classes: Vec<String>,
    /// Labels of the data that it does not know: it never gives them, and misses them.
    pub unknown_labels: Vec<String>,
    /// How many rows have one of those.
    pub n_unknown: usize,
    /// As in [`MultiLabelEvaluationReport::n_seen`](crate::pipeline::MultiLabelEvaluationReport::n_seen).
    pub n_seen: Option<usize>,
    /// Its scores over all labels of the data and of both classifiers.
    pub test: MultiLabelEvaluation,
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

/// A sentence to which the classifiers give different sets of labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MultiLabelDisagreement {
    /// The line of the data file, counted from 1.
    pub line: usize,
    /// The sentence.
    pub text: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// What the first gives.
    pub a: Vec<String>,
    /// What the second gives.
    pub b: Vec<String>,
}

/// Compares two classifiers row by row and label by label. Their encoders may differ, and so may their labels: all that the data or
/// one of the two knows are compared, and who does not know a label never gives it.
///
/// # Errors
/// As for [`MultiLabelClassifier::evaluate`]; also when rows have labels of which one of them knows none.
///
/// ```no_run
/// use clsify::dataset::{DatasetOptions, MultiLabelDataset};
/// use clsify::pipeline::{MultiLabelClassifier, compare_multi_label};
/// let a = MultiLabelClassifier::load("old".as_ref(), &())?;
/// let b = MultiLabelClassifier::load("new".as_ref(), &())?;
/// let dataset = MultiLabelDataset::load("test.tsv".as_ref(), a.separator(), &DatasetOptions::default())?;
/// let report = compare_multi_label(&a, &b, &dataset, &())?;
/// println!("{:+.3} {:?}", report.micro_f1.difference, report.micro_f1.difference_ci95);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn compare_multi_label(
    a: &MultiLabelClassifier,
    b: &MultiLabelClassifier,
    dataset: &MultiLabelDataset,
    observer: &dyn Observer,
) -> Result<MultiLabelComparisonReport> {
    let labels = union(a.classes(), union(b.classes(), dataset.classes()));
    let y_true = indicator(dataset, &labels)?;
    for (model, name) in [(a, "A"), (b, "B")] {
        model.check_labels(dataset).map_err(|e| e.at(name))?;
        let rows = (model.n_seen(dataset).unwrap_or(0), dataset.len());
        note_seen(observer, rows, &format!("the training rows of {name}"));
        note_known_otherwise(observer, &model.unknown_labels(dataset), model.classes());
    }
    let predict = |model: &MultiLabelClassifier| {
        let encoded = model.encoder().encode_lines(dataset.sentences(), dataset.lines(), observer)?;
        model.predict_among(&encoded.features, &labels)
    };
    let (y_a, y_b) = (predict(a)?, predict(b)?);
    let of_model = |model: &MultiLabelClassifier, y_pred: &LabelIndicator| {
        let unknown_labels = model.unknown_labels(dataset);
        let has_unknown = |set: &&Vec<String>| set.iter().any(|label| unknown_labels.contains(label));
        Ok::<_, crate::error::Error>(ComparedMultiLabelModel {
            encoder: EncoderReport::of(model.encoder()),
            classes: model.classes().to_vec(),
            n_unknown: dataset.label_sets().iter().filter(has_unknown).count(),
            n_seen: model.n_seen(dataset),
            test: MultiLabelEvaluation::from_predictions(&y_true, y_pred, &labels)?,
            unknown_labels,
        })
    };
    let (of_a, of_b) = (of_model(a, &y_a)?, of_model(b, &y_b)?);
    let (right_a, right_b) = (exact_rows(&y_true, &y_a), exact_rows(&y_true, &y_b));
    let micro_f1 = |weights: Option<&[f64]>| {
        let of = |y_pred: &LabelIndicator| RatioScore::micro_f1(&y_true, y_pred, weights);
        PairedScores::of(&of(&y_a)?, &of(&y_b)?)
    };
    let subset_accuracy = |weights: &[f64]| {
        let of = |is_right: &[bool]| RatioScore::accuracy(is_right, Some(weights));
        PairedScores::of(&of(&right_a)?, &of(&right_b)?)
    };
    let per_label = (0..labels.len()).map(|id| {
        let right = |y_pred: &LabelIndicator| -> Vec<bool> {
            y_true.rows().zip(y_pred.rows()).map(|(truth, given)| truth[id] == given[id]).collect()
        };
        let counts = PairedCounts::of(&right(&y_a), &right(&y_b))?;
        Ok(ComparedLabel {
            label: labels[id].clone(),
            support: y_true.count(id),
            a: of_a.test.per_label[id].1.f1,
            b: of_b.test.per_label[id].1.f1,
            mcnemar_p_value: counts.mcnemar_exact(),
            counts,
        })
    });
    let per_label = per_label.collect::<Result<Vec<_>>>()?;
    let names = |row: &[bool]| -> Vec<String> {
        labels.iter().zip(row).filter(|(_, given)| **given).map(|(label, _)| label.clone()).collect()
    };
    let pairs = y_a.rows().zip(y_b.rows()).enumerate().filter(|(_, (a, b))| a != b);
    let differences = pairs.map(|(row, (a, b))| MultiLabelDisagreement {
        line: dataset.lines()[row],
        text: dataset.sentences()[row].clone(),
        labels: dataset.label_sets()[row].clone(),
        a: names(a),
        b: names(b),
    });
    Ok(MultiLabelComparisonReport {
        dataset: dataset.summary(),
        differences: differences.collect(),
        rows: ComparedRows::of(&right_a, &right_b)?,
        micro_f1: micro_f1(None)?,
        weighted_subset_accuracy: dataset.weights().map(subset_accuracy).transpose()?,
        weighted_micro_f1: dataset.weights().map(|weights| micro_f1(Some(weights))).transpose()?,
        per_label,
        a: of_a,
        b: of_b,
    })
}
