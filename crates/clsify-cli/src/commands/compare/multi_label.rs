//! `clsify compare` with two models of several labels a sentence.

use std::collections::BTreeSet;

use clsify::dataset::LabelSeparator;
use clsify::pipeline::{
    ComparedLabel, MultiLabelComparisonReport, SavedMultiLabelModel, compare_multi_label,
};

use super::{Args, Different, different_rows, models, paired_table, unknown, verdict, write};
use crate::console::Console;
use crate::loading::{
    load_multi_label_classifier, load_multi_label_test_dataset, note_labels_without_column,
};
use crate::table::{Table, n_shown, shorten};

pub(super) fn run(args: &Args, console: &Console) -> anyhow::Result<()> {
    let separator_of = |model| SavedMultiLabelModel::read(model).map(|saved| saved.multi_label.separator);
    let (of_a, of_b) = (separator_of(&args.a)?, separator_of(&args.b)?);
    let separator = args.multi_label.as_ref().unwrap_or(&of_a);
    if args.multi_label.is_none() && of_a != of_b {
        console.say(&format!(
            "note: A was trained with the separator {:?}, B with {:?}: label cells are split at that of A; --multi-label chooses",
            of_a.to_string(),
            of_b.to_string()
        ));
    }
    let options = args.weight.of(args.options.with_limit(args.limit));
    let columns = options.label_columns.clone();
    let dataset = load_multi_label_test_dataset(&args.data, separator, options, console)?;
    let load = |model, encoder: &Option<String>| {
        load_multi_label_classifier(model, encoder.as_deref(), args.dtype, args.cache.open(), console)
    };
    let (a, b) = (load(&args.a, &args.encoder_a)?, load(&args.b, &args.encoder_b)?);
    let classes: BTreeSet<&String> = a.classes().iter().chain(b.classes()).collect();
    note_labels_without_column(&args.data, &columns, classes, console);
    let report = compare_multi_label(&a, &b, &dataset, console)?;
    write(args, &report, &report.differences, || summary(&report, separator, args))
}

/// A comparison in words.
fn summary(report: &MultiLabelComparisonReport, separator: &LabelSeparator, args: &Args) -> String {
    let (a, b) = (&report.a, &report.b);
    let mut text = models(args, [&a.encoder, &b.encoder]);
    for (name, model) in [("A", a), ("B", b)] {
        let what = "with it: it is never given, and counts as missed";
        text.push_str(&unknown(name, &model.unknown_labels, model.n_unknown, what));
    }
    let mut table = paired_table(&[("micro F1", &report.micro_f1)]);
    let [low, high] = report.rows.difference_ci95;
    table.row(row("subset accuracy", a.test.subset_accuracy, b.test.subset_accuracy, Some((low, high))));
    table.row(row("macro F1", a.test.macro_average.f1, b.test.macro_average.f1, None));
    table.row(row("Hamming loss", a.test.hamming_loss, b.test.hamming_loss, None));
    text.push_str(&format!("\n{table}"));
    if let (Some(f1), Some(subset)) = (&report.weighted_micro_f1, &report.weighted_subset_accuracy) {
        let by_weight = [("micro F1 by weight", f1), ("subset accuracy by weight", subset)];
        text.push_str(&format!("\n{}", paired_table(&by_weight)));
    }
    text.push_str(&format!("\n{}\n", verdict(&report.rows, "right about the whole set")));
    text.push_str(&labels(report));
    let rows = report.differences.iter().map(|d| Different {
        line: d.line,
        text: &d.text,
        label: separator.join(&d.labels),
        answers: [separator.join(&d.a), separator.join(&d.b)],
    });
    text + &different_rows(rows, "sets of labels", report.rows.counts.n(), args.show)
}

fn row(name: &str, a: f64, b: f64, interval: Option<(f64, f64)>) -> [String; 5] {
    let score = |x: f64| format!("{x:.4}");
    let interval = interval.map_or(String::new(), |(low, high)| format!("{low:+.4} to {high:+.4}"));
    [name.to_string(), score(a), score(b), format!("{:+.4}", b - a), interval]
}

/// The labels that the two answer most differently well.
fn labels(report: &MultiLabelComparisonReport) -> String {
    const MOST: usize = 10;
    let is_different = |label: &&ComparedLabel| label.counts.only_a + label.counts.only_b > 0;
    let mut labels: Vec<&ComparedLabel> = report.per_label.iter().filter(is_different).collect();
    labels.sort_by(|x, y| {
        let apart = |label: &ComparedLabel| (label.b - label.a).abs();
        x.mcnemar_p_value.total_cmp(&y.mcnemar_p_value).then(apart(y).total_cmp(&apart(x)))
    });
    let mut text = format!(
        "\n{} of {} labels are answered differently well somewhere\n",
        labels.len(),
        report.per_label.len()
    );
    if labels.is_empty() {
        return text;
    }
    let mut table =
        Table::new(["label", "support", "F1 A", "F1 B", "B - A", "only A", "only B", "by chance"]);
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
    text.push_str("  only A, only B: yes-or-no answers that one alone has right; by chance: McNemar's exact test of those\n");
    text
}
