//! The findings of `doctor`, in words.

use clsify::dataset::{Damage, LabelSeparator};
use clsify::studies::{DoctorReport, LabelIssue, LabelLines, ScriptShare};

use crate::table::Table;
use crate::text::{label_list, list_item, n_shown, shorten};

/// The maximum number of rows of a table; the report (--json) has all of them.
const MOST_ROWS: usize = 10;

/// The maximum number of classes, and of hints about them.
const MOST_CLASSES: usize = 40;

/// Describes the findings in labelled sentences, the first few of each kind. `separator` joins the labels of a label
/// set.
pub fn doctor_summary(report: &DoctorReport, separator: Option<&LabelSeparator>) -> String {
    let mut text = format!("rows: {}", report.n_rows);
    if let Some(sets) = &report.label_sets {
        let (several, none) = (sets.n_with_several, sets.n_without_label);
        text.push_str(&format!(", {several} with several labels, {none} without any"));
    }
    text.push('\n');
    let what = if report.label_sets.is_some() { "label" } else { "class" };
    let balance = &report.class_balance;
    let mut classes = Table::new([what, "rows", "share"]);
    for class in balance.iter().take(n_shown(balance.len(), MOST_CLASSES)) {
        classes.row([shorten(&class.label, 40), class.n.to_string(), format!("{:.1}%", 100.0 * class.share)]);
    }
    text.push_str(&classes.to_string());
    and_more(&mut text, balance.len(), MOST_CLASSES);
    let hints: Vec<&String> = balance.iter().filter_map(|class| class.hint.as_ref()).collect();
    hints
        .iter()
        .take(n_shown(hints.len(), MOST_CLASSES))
        .for_each(|hint| text.push_str(&format!("  {}\n", shorten(hint, 200))));
    and_more(&mut text, hints.len(), MOST_CLASSES);
    let sentence = |text: &str| shorten(text, 50);
    let header = ["line", "what", "sentence"];
    let of_damage =
        |damage: &Damage| vec![damage.line.to_string(), shorten(&damage.message, 80), sentence(&damage.text)];
    let heading = format!("damaged or empty: {}", report.quoting.len());
    section(&mut text, &heading, &header, &report.quoting, of_damage);
    if !report.test_quoting.is_empty() {
        let heading = format!("damaged or empty in the test file: {}", report.test_quoting.len());
        section(&mut text, &heading, &header, &report.test_quoting, of_damage);
    }
    let is_done = |check: &str| {
        check == "leakage" && !report.leakage.is_empty()
            || !report.left_out.iter().any(|left_out| left_out.check == check)
    };
    let count =
        |check: &str, n: usize| if n > 0 || is_done(check) { n.to_string() } else { "not checked".into() };
    let truncated = &report.truncated;
    if let Some(max_length) = truncated.max_length {
        text.push_str(&format!("\ntruncated to {max_length} tokens: {}", truncated.n));
        let place =
            || format!(" ({} {})", if truncated.n == 1 { "line" } else { "lines" }, lines(&truncated.lines));
        text.push_str(&if truncated.n > 0 { place() } else { String::new() });
        text.push('\n');
    }
    let heading = format!("duplicates: {}", report.duplicates.len());
    section(&mut text, &heading, &["lines", "sentence"], &report.duplicates, |duplicate| {
        vec![lines(&duplicate.lines), sentence(&duplicate.text)]
    });
    let what = if report.label_sets.is_some() { "label sets" } else { "labels" };
    let heading = format!("conflicting {what}: {}", report.conflicts.len());
    section(&mut text, &heading, &["labels", "sentence"], &report.conflicts, |conflict| {
        let label = |l: &LabelLines| {
            let label = if l.label.is_empty() { "none" } else { &l.label };
            format!("{} (line {})", list_item(&shorten(label, 20)), lines(&l.lines))
        };
        vec![conflict.labels.iter().map(label).collect::<Vec<_>>().join(", "), sentence(&conflict.text)]
    });
    let header = ["line", "other line", "cosine", "sentence", "other sentence"];
    let heading = format!("near-duplicates: {}", count("near_duplicates", report.near_duplicates.len()));
    section(&mut text, &heading, &header, &report.near_duplicates, |near| {
        let (line, other, cosine) = (near.line.to_string(), near.other_line.to_string(), near.cosine);
        vec![line, other, format!("{cosine:.3}"), sentence(&near.text), sentence(&near.other_text)]
    });
    let header = ["test line", "data line", "cosine", "test sentence", "data sentence"];
    let heading = format!("also in the test file: {}", count("leakage", report.leakage.len()));
    section(&mut text, &heading, &header, &report.leakage, |leak| {
        let (line, test_line, cosine) = (leak.line.to_string(), leak.test_line.to_string(), leak.cosine);
        vec![test_line, line, format!("{cosine:.3}"), sentence(&leak.text), sentence(&leak.data_text)]
    });
    scripts(&mut text, report);
    let header = ["line", "label", "suggested", "score", "neighbours", "sentence"];
    let heading = format!("suspect labels: {}", count("label_issues", report.label_issues.len()));
    section(&mut text, &heading, &header, &report.label_issues, |issue| {
        let (suggested, neighbours) = match separator.zip(issue.of_label.as_ref()) {
            Some((separator, label)) => of_label(issue, label, separator),
            None => {
                let neighbours: Vec<String> =
                    issue.neighbours.iter().map(|n| shorten(&n.label, 12)).collect();
                (shorten(&issue.suggested, 20), label_list(&neighbours))
            }
        };
        let (label, score) = (shorten(&issue.label, 20), format!("{:.4}", issue.score));
        vec![issue.line.to_string(), label, suggested, score, neighbours, sentence(&issue.text)]
    });
    if !report.left_out.is_empty() {
        text.push_str("\nnot checked, or not in full:\n");
    }
    let left_out = report.left_out.iter().map(|l| format!("  {}: {}\n", l.check, shorten(&l.reason, 300)));
    left_out.for_each(|line| text.push_str(&line));
    text
}

/// The suspect label of a label set, with `+` if it is missing and `-` if it should not be there, and the number of
/// neighbours that have it.
fn of_label(issue: &LabelIssue, label: &String, separator: &LabelSeparator) -> (String, String) {
    let has_it = |cell: &str| separator.split(cell).contains(label);
    let sign = if has_it(&issue.label) { '-' } else { '+' };
    let n_with = issue.neighbours.iter().filter(|neighbour| has_it(&neighbour.label)).count();
    (format!("{sign} {}", shorten(label, 20)), format!("{n_with} of {} have it", issue.neighbours.len()))
}

/// The first few of many line numbers.
fn lines(lines: &[usize]) -> String {
    let shown = n_shown(lines.len(), 6);
    let some: Vec<String> = lines.iter().take(shown).map(ToString::to_string).collect();
    some.join(", ") + if lines.len() > shown { ", ..." } else { "" }
}

fn scripts(text: &mut String, report: &DoctorReport) {
    let scripts = &report.scripts;
    let share = |s: &ScriptShare| format!("{} {:.1}%", s.script, 100.0 * s.share);
    let shares: Vec<String> = scripts.shares.iter().map(share).collect();
    text.push_str(&format!(
        "\nscripts: {}\n",
        if shares.is_empty() { "none".into() } else { shares.join(", ") }
    ));
    if !scripts.minority.is_empty() {
        let heading = format!("in a rare script: {}", scripts.minority.len());
        section(text, &heading, &["line", "script", "sentence"], &scripts.minority, |row| {
            vec![row.line.to_string(), row.script.to_string(), shorten(&row.text, 50)]
        });
    }
    if !scripts.mixed.is_empty() {
        let heading = format!("with several scripts in a word: {}", scripts.mixed.len());
        section(text, &heading, &["line", "word", "sentence"], &scripts.mixed, |row| {
            vec![row.line.to_string(), shorten(&row.word, 30), shorten(&row.text, 50)]
        });
    }
}

/// A heading and a table of the first findings.
fn section<T>(
    text: &mut String,
    heading: &str,
    header: &[&str],
    found: &[T],
    row: impl Fn(&T) -> Vec<String>,
) {
    text.push_str(&format!("\n{heading}\n"));
    if found.is_empty() {
        return;
    }
    let mut table = Table::new(header.iter().copied());
    found.iter().take(n_shown(found.len(), MOST_ROWS)).for_each(|found| table.row(row(found)));
    text.push_str(&table.to_string());
    and_more(text, found.len(), MOST_ROWS);
}

/// Says how many findings are not shown.
fn and_more(text: &mut String, n: usize, most: usize) {
    let shown = n_shown(n, most);
    if n > shown {
        text.push_str(&format!("  ... and {} more (--json has them all)\n", n - shown));
    }
}
