//! A training run in words.

use clsify::dataset::{LabelCounts, LabelSeparator};
use clsify::training::{DescriptionsReport, Seconds, TrainingReport, TrainingScores};

use super::{class_scores, label_set_scores, selection, tuning};
use crate::text::six_digits;

/// Describes a training run: encoder, rows, search, scores and times. `classes` are the classifier's labels;
/// `separator` joins the labels of a label set.
pub fn training_summary(
    report: &TrainingReport,
    classes: &[String],
    separator: Option<&LabelSeparator>,
) -> String {
    let (encoder, features) = (&report.encoder, &report.features);
    let mut text = format!(
        "encoder      {} ({}, {} layers, hidden size {}), {}\nfeatures     {} x {}, {} tokens, longest {}\n",
        encoder.name,
        encoder.model_type,
        encoder.num_hidden_layers,
        encoder.hidden_size,
        encoder.pooled(),
        features.shape[0],
        features.shape[1],
        features.counts.n_tokens,
        features.counts.max_tokens,
    );
    text.push_str(&format!(
        "rows         {} to train, {} to test\n",
        report.split.n_train, report.split.n_test
    ));
    if let LabelCounts::LabelSets { label_cardinality, .. } = &report.dataset.labels {
        let n_labels = classes.len();
        let s = if n_labels == 1 { "" } else { "s" };
        text.push_str(&format!("labels       {n_labels} label{s}, {label_cardinality:.2} per sentence\n"));
    }
    if let Some(search) = &report.grid_search {
        let score = if search.scoring.is_some() { "micro F1 " } else { "" };
        text.push_str(&format!(
            "grid search  best C {} with {score}{:.4} over {} folds, from {} values\n",
            six_digits(search.best_c),
            search.best_score,
            search.n_splits,
            search.points.len()
        ));
    }
    if let Some(selection) = &report.selection {
        text.push_str(&selection::summary(selection));
    }
    if let Some(tuning) = &report.tuning {
        text.push_str(&tuning::summary(tuning));
    }
    if let Some(descriptions) = &report.descriptions {
        text.push_str(&described(descriptions));
    }
    text.push_str(&match &report.scores {
        TrainingScores::Classes(scores) => class_scores::summary(&report.classifier, scores, classes),
        TrainingScores::LabelSets(scores) => label_set_scores::summary(&report.classifier, scores, separator),
    });
    text.push_str(&seconds_text(&report.seconds));
    text
}

/// The part of descriptions in the classifier.
fn described(descriptions: &DescriptionsReport) -> String {
    let DescriptionsReport { n_texts, weight, agreement, .. } = descriptions;
    match weight.zip(*agreement) {
        Some((weight, agreement)) => format!(
            "described    {n_texts} texts with weight {weight}, by leave-one-out; for {:.0} % of the training rows the label's own is the most similar\n",
            100.0 * agreement
        ),
        None => format!("described    {n_texts} texts\n"),
    }
}

/// The time that each stage took; searches are left out if there were none.
fn seconds_text(seconds: &Seconds) -> String {
    let searches =
        [("choice of features", seconds.selection.unwrap_or(0.0)), ("grid search", seconds.grid_search)];
    let searches: String = searches
        .iter()
        .filter(|(_, time)| *time > 0.0)
        .map(|(name, time)| format!(", {name} {time:.2}"))
        .collect();
    format!(
        "\nseconds      load {:.2}, tokenize {:.2}, embed {:.2}{searches}, fit {:.2}, total {:.2}\n",
        seconds.load, seconds.tokenize, seconds.embed, seconds.fit, seconds.total
    )
}
