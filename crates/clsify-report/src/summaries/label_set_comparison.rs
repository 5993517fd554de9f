//! A comparison of two models of label sets, in words.

use clsify::evaluation::MultiLabelEvaluation;
use clsify::studies::{ComparedLabel, ComparisonForm, ComparisonReport};

use super::paired_scores::paired_table;
use crate::table::Table;
use crate::text::{n_shown, shorten};

/// The scores of both models, and their differences.
pub(super) fn table(report: &ComparisonReport, a: &MultiLabelEvaluation, b: &MultiLabelEvaluation) -> String {
    let ComparisonForm::LabelSets { micro_f1, weighted_subset_accuracy, weighted_micro_f1, .. } =
        &report.form
    else {
        return String::new();
    };
    let mut table = paired_table(&[("micro F1", micro_f1)]);
    let [low, high] = report.rows.difference_ci95;
    table.row(row("subset accuracy", a.subset_accuracy, b.subset_accuracy, Some((low, high))));
    table.row(row("macro F1", a.macro_average.f1, b.macro_average.f1, None));
    table.row(row("Hamming loss", a.hamming_loss, b.hamming_loss, None));
    let mut text = format!("\n{table}");
    if let (Some(f1), Some(subset)) = (weighted_micro_f1, weighted_subset_accuracy) {
        let by_weight = [("weighted micro F1", f1), ("weighted subset accuracy", subset)];
        text.push_str(&format!("\n{}", paired_table(&by_weight)));
    }
    text
}

fn row(name: &str, a: f64, b: f64, interval: Option<(f64, f64)>) -> [String; 5] {
    let score = |x: f64| format!("{x:.4}");
    let interval = interval.map_or(String::new(), |(low, high)| format!("{low:+.4} to {high:+.4}"));
    [name.to_string(), score(a), score(b), format!("{:+.4}", b - a), interval]
}

/// The labels on which the models differ most clearly.
pub(super) fn labels(per_label: &[ComparedLabel]) -> String {
    const MOST: usize = 10;
    let is_different = |label: &&ComparedLabel| label.counts.only_a + label.counts.only_b > 0;
    let mut labels: Vec<&ComparedLabel> = per_label.iter().filter(is_different).collect();
    labels.sort_by(|x, y| {
        let apart = |label: &ComparedLabel| (label.b - label.a).abs();
        x.mcnemar_p_value.total_cmp(&y.mcnemar_p_value).then(apart(y).total_cmp(&apart(x)))
    });
    let mut text = format!(
        "\n{} of {} labels have rows on which only one model is right\n",
        labels.len(),
        per_label.len()
    );
    if labels.is_empty() {
        return text;
    }
    let mut table = Table::new(["label", "support", "F1 A", "F1 B", "B - A", "only A", "only B", "p value"]);
    let shown = n_shown(labels.len(), MOST);
    for label in labels.iter().take(shown) {
        table.row([
            shorten(&label.label, 40),
            label.support.to_string(),
            format!("{:.4}", label.a),
            format!("{:.4}", label.b),
            format!("{:+.4}", label.b - label.a),
            label.counts.only_a.to_string(),
            label.counts.only_b.to_string(),
            format!("{:.4}", label.mcnemar_p_value),
        ]);
    }
    text.push_str(&table.to_string());
    if labels.len() > shown {
        text.push_str(&format!("  ... and {} more (--json has them all)\n", labels.len() - shown));
    }
    text.push_str("  only A, only B: rows on which only this model is right about the label; p value: McNemar's exact test of these\n");
    text
}
