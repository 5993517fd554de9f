//! A comparison of two models, in words.

use clsify::dataset::LabelSeparator;
use clsify::evaluation::{Evaluation, Metrics};
use clsify::model::EncoderReport;
use clsify::studies::{Answers, ComparedRows, ComparisonForm, ComparisonReport, Disagreement};

use super::label_set_comparison;
use super::paired_scores::paired_table;
use crate::table::Table;
use crate::text::{label_list, n_shown, shorten};

/// Describes a comparison of the models A and B, with the first `n_shown` sentences on which they disagree. `names`
/// are the names of A and B; `separator` joins the labels of a label set.
pub fn comparison_summary(
    report: &ComparisonReport,
    names: [&str; 2],
    separator: Option<&LabelSeparator>,
    n_shown: usize,
) -> String {
    let (a, b) = (&report.a, &report.b);
    let mut text = models(names, [&a.encoder, &b.encoder]);
    let (what, right, different) = match &report.form {
        ComparisonForm::Classes { .. } => ("count as wrong for it", "right", "labels"),
        ComparisonForm::LabelSets { .. } => {
            ("with it: it is never assigned, and counts as missed", "right about the whole set", "label sets")
        }
    };
    text.push_str(&unknown("A", &a.unknown_labels, a.n_unknown, what));
    text.push_str(&unknown("B", &b.unknown_labels, b.n_unknown, what));
    text.push_str(&match (&a.test, &b.test) {
        (Metrics::Classes(a), Metrics::Classes(b)) => class_table(report, a, b),
        (Metrics::LabelSets(a), Metrics::LabelSets(b)) => label_set_comparison::table(report, a, b),
        // This does not occur: both reports have the same form.
        _ => String::new(),
    });
    text.push_str(&format!("\n{}\n", verdict(&report.rows, right)));
    if let ComparisonForm::LabelSets { per_label, .. } = &report.form {
        text.push_str(&label_set_comparison::labels(per_label));
    }
    text + &different_rows(&report.differences, separator, different, (report.rows.counts.n(), n_shown))
}

/// The scores of two models with one class per sentence, and their differences.
fn class_table(report: &ComparisonReport, a: &Evaluation, b: &Evaluation) -> String {
    let mut table = Table::new(["", "accuracy", "95 % interval", "macro F1"]);
    for (name, test) in [("A", a), ("B", b)] {
        let [low, high] = test.accuracy_ci95;
        table.row([
            name.to_string(),
            format!("{:.4}", test.accuracy),
            format!("{low:.4} to {high:.4}"),
            format!("{:.4}", test.macro_average.f1),
        ]);
    }
    let [low, high] = report.rows.difference_ci95;
    table.row([
        "B - A".to_string(),
        format!("{:+.4}", report.rows.difference),
        format!("{low:+.4} to {high:+.4}"),
        format!("{:+.4}", b.macro_average.f1 - a.macro_average.f1),
    ]);
    let mut text = format!("\n{table}");
    if let ComparisonForm::Classes { weighted_accuracy: Some(weighted) } = &report.form {
        text.push_str(&format!("\n{}", paired_table(&[("weighted accuracy", weighted)])));
    }
    text
}

/// The names and encoders of the two models.
fn models(names: [&str; 2], [a, b]: [&EncoderReport; 2]) -> String {
    let line = |letter: &str, name: &str, encoder: &EncoderReport| {
        format!("{letter}  {name}: {}, {}\n", encoder.name, encoder.pooled())
    };
    line("A", names[0], a) + &line("B", names[1], b)
}

/// The labels that a model does not know, and the effect on their rows; empty if it knows all labels.
fn unknown(name: &str, labels: &[String], n_rows: usize, what: &str) -> String {
    const MOST: usize = 8;
    if labels.is_empty() {
        return String::new();
    }
    let shown = n_shown(labels.len(), MOST);
    let more = if labels.len() > shown { ", ..." } else { "" };
    let labels: Vec<String> = labels.iter().take(shown).map(|l| shorten(l, 40)).collect();
    format!("{name} does not know the label {}{more}: {} {what}\n", label_list(&labels), sentences(n_rows))
}

fn sentences(n: usize) -> String {
    format!("{n} sentence{}", if n == 1 { "" } else { "s" })
}

/// The numbers of rows on which only one model is right, and McNemar's test of them.
fn verdict(rows: &ComparedRows, right: &str) -> String {
    let counts = &rows.counts;
    let (only_a, only_b) = (counts.only_a, counts.only_b);
    if only_a + only_b == 0 {
        return format!("A and B are {right} on the same sentences: these rows show no difference.");
    }
    let (better, more, worse, fewer) =
        if only_b >= only_a { ("B", only_b, "A", only_a) } else { ("A", only_a, "B", only_b) };
    let p = rows.mcnemar_p_value;
    let chance = match 100.0 * p {
        percent if percent < 0.001 => "in less than 0.001 % of cases".to_string(),
        percent => format!("in {:.prec$} % of cases", percent, prec = if percent < 0.1 { 3 } else { 1 }),
    };
    let end = if p < 0.05 {
        format!("{better} is better: the difference is significant at the 5 % level.")
    } else {
        "These rows do not show that one is better.".to_string()
    };
    format!(
        "{better} is {right} on {} where {worse} is wrong, {worse} on {fewer} where {better} is wrong. If neither\n\
         were better, such a difference would occur {chance} (McNemar's exact test). {end}",
        sentences(more)
    )
}

/// The first `show` sentences on which the models disagree, and their number out of all `n` sentences.
fn different_rows(
    differences: &[Disagreement],
    separator: Option<&LabelSeparator>,
    what: &str,
    (n, show): (usize, usize),
) -> String {
    let n_different = differences.len();
    let mut text = format!("\ndifferent {what} for {n_different} of {}\n", sentences(n));
    if n_different == 0 || show == 0 {
        return text;
    }
    let cell =
        |labels: &[String]| separator.map_or_else(|| labels.concat(), |separator| separator.join(labels));
    let mut table = Table::new(["line", "label", "A", "B", "sentence"]);
    for row in differences.iter().take(show) {
        let (label, a, b) = match &row.answers {
            Answers::Classes { label, a, b } => (label.clone(), a.clone(), b.clone()),
            Answers::LabelSets { labels, a, b } => (cell(labels), cell(a), cell(b)),
        };
        let mark = |said: &String| {
            let right = if *said == label { " *" } else { "" };
            format!("{}{right}", shorten(said, 20))
        };
        table.row([row.line.to_string(), shorten(&label, 20), mark(&a), mark(&b), shorten(&row.text, 60)]);
    }
    text.push_str(&format!("{table}"));
    if n_different > show {
        text.push_str(&format!("  ... and {} more (--show N; --json has them all)\n", n_different - show));
    }
    text.push_str("  * right\n");
    text
}
