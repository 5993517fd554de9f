//! The scores of a model card.

use clsify::evaluation::{Evaluation, Metrics, MultiLabelEvaluation, Scores, wilson_ci95};
use clsify::model::SavedModel;

use super::markdown::{escaped, table};
use crate::text::{counted, n_shown};

/// The maximum number of labels in a table.
pub(super) const MOST_LABELS: usize = 200;

/// The scores on held-out rows, or why there are none.
pub(super) fn scores(saved: &SavedModel, repo: &str) -> String {
    let measure = format!(
        "Measure them on labelled sentences of your own:\n\n```sh\nclsify evaluate {repo} --data test.tsv\n```\n"
    );
    match (&saved.metrics, &saved.imported) {
        (Some(Metrics::Classes(found)), _) => classes(found, saved.decision.abstain_below.is_some()),
        (Some(Metrics::LabelSets(found)), _) => label_sets(found),
        (None, Some(imported)) => format!(
            "The scores are unknown, because the classifier was imported: {} of {}. {measure}",
            escaped(&imported.estimator),
            escaped(&imported.library)
        ),
        (None, None) => {
            format!("The scores are unknown, because no rows were held out of the training. {measure}")
        }
    }
}

fn classes(found: &Evaluation, abstains: bool) -> String {
    let n: usize = found.confusion_matrix.iter().flatten().sum();
    let summary = [
        vec!["accuracy".to_string(), number(found.accuracy), interval(found.accuracy_ci95)],
        vec!["macro F1".to_string(), number(found.macro_average.f1), "-".to_string()],
    ];
    let guesses = match abstains {
        true => " The model may abstain; these scores treat its best guesses as answers.",
        false => "",
    };
    let n_correct =
        found.confusion_matrix.iter().enumerate().map(|(i, row)| row.get(i).copied().unwrap_or(0));
    let labels = found.per_class.iter().zip(n_correct).map(|((label, scores), n)| (label, scores, n));
    of_rows(n, guesses, summary, labels.collect())
}

fn label_sets(found: &MultiLabelEvaluation) -> String {
    let summary = [
        vec![
            "subset accuracy".to_string(),
            number(found.subset_accuracy),
            interval(found.subset_accuracy_ci95),
        ],
        vec!["micro F1".to_string(), number(found.micro_average.f1), "-".to_string()],
        vec!["macro F1".to_string(), number(found.macro_average.f1), "-".to_string()],
        vec!["Hamming loss".to_string(), number(found.hamming_loss), "-".to_string()],
    ];
    let n_correct = |scores: &Scores| (scores.recall * scores.support as f64).round() as usize;
    let labels = found.per_label.iter().map(|(label, scores)| (label, scores, n_correct(scores)));
    of_rows(found.n_samples, "", summary, labels.collect())
}

fn of_rows(
    n: usize,
    remark: &str,
    summary: impl IntoIterator<Item = Vec<String>>,
    labels: Vec<(&String, &Scores, usize)>,
) -> String {
    let mut text = format!(
        "These are the scores on {} that the classifier was not trained on.{remark}\n\n",
        counted(n, "row", "rows")
    );
    text.push_str(&table(&["score", "value", "95 % interval"], summary));
    text.push_str("\nThe interval of a label is that of its recall.\n\n");
    let shown = n_shown(labels.len(), MOST_LABELS);
    let header = ["label", "precision", "recall", "95 % interval", "F1", "rows"];
    let rows = labels.iter().take(shown).map(|(label, scores, n_correct)| {
        let of_recall = wilson_ci95(*n_correct, scores.support).map_or("-".to_string(), interval);
        let Scores { precision, recall, f1, support } = scores;
        let cells = [
            escaped(label),
            number(*precision),
            number(*recall),
            of_recall,
            number(*f1),
            support.to_string(),
        ];
        cells.to_vec()
    });
    text.push_str(&table(&header, rows));
    if labels.len() > shown {
        text.push_str(&format!("\nThe other {} labels are in `clsify.json`.\n", labels.len() - shown));
    }
    text
}

fn number(score: f64) -> String {
    format!("{score:.4}")
}

fn interval([low, high]: [f64; 2]) -> String {
    format!("{low:.3} to {high:.3}")
}
