//! `clsify compare`: two saved classifiers on the same labelled sentences.

mod multi_label;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{bail, ensure};
use clsify::dataset::{DatasetOptions, LabelSeparator};
use clsify::evaluation::{Evaluation, Metrics, PairedScores};
use clsify::model::{EncoderReport, SavedModel};
use clsify::studies::{Answers, ComparedRows, ComparisonForm, ComparisonReport, Disagreement, compare};

use crate::console::Console;
use crate::loading::{load_classifier, load_rows_to_score, note_labels_without_column};
use crate::options::{CacheArgs, DtypeArg, RowArgs, WeightArgs, at_least_one};
use crate::output::{check_output, is_stdout, stdout, write_json, write_text};
use crate::table::{Table, n_shown, shorten};

/// Compare two saved classifiers on the same labelled sentences: which is better, and is that more than chance?
#[derive(clap::Args)]
#[command(after_help = "Examples:
  clsify compare old new --data test.tsv
  clsify compare old new --data test.tsv --show 50 --output differences.jsonl
  clsify compare old new --data test.tsv --json

Two models of several labels a sentence (train --multi-label) are compared by their whole sets, by micro F1 and label by label.")]
pub(crate) struct Args {
    /// The folder of the first model, A
    #[arg(value_name = "A")]
    a: PathBuf,

    /// The folder of the second model, B; it may have another encoder and other classes; one of several labels a sentence is
    /// compared with another such
    #[arg(value_name = "B")]
    b: PathBuf,

    /// Labelled sentences that neither was trained on: TSV, CSV, JSON or JSONL, fastText's lines, also gzipped; - is stdin, with --format
    #[arg(long, value_name = "FILE")]
    data: PathBuf,

    /// Read the first N rows only
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    limit: Option<usize>,

    /// Where A's encoder is, if it has moved: a folder, a name known to `list`, or a hub id
    #[arg(long, value_name = "ENCODER")]
    encoder_a: Option<String>,

    /// Where B's encoder is, if it has moved
    #[arg(long, value_name = "ENCODER")]
    encoder_b: Option<String>,

    /// Arithmetic of both encoders; that of each one's training if not given
    #[arg(long, value_enum)]
    dtype: Option<DtypeArg>,

    /// The most sentences of which the two say different things that are shown; --json and --output have them all
    #[arg(long, value_name = "N", default_value_t = 20, allow_negative_numbers = true)]
    show: usize,

    /// With two models of several labels a sentence: what stands between the labels of a cell of --data; as in the training of A
    /// if not given
    #[arg(long, value_name = "SEPARATOR")]
    multi_label: Option<LabelSeparator>,

    /// Write the report as JSON to stdout, instead of tables
    #[arg(long)]
    json: bool,

    /// Write the sentences of which the two say different things to this file, a JSON object a line; - is stdout
    #[arg(long, value_name = "DIFFERENCES.jsonl")]
    output: Option<PathBuf>,

    #[command(flatten)]
    cache: CacheArgs,

    #[command(flatten)]
    weight: WeightArgs,

    #[command(flatten)]
    options: RowArgs,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<()> {
    check_output(None, &[args.output.as_deref()], &[&args.data])?;
    let is_on_stdout = args.output.as_deref().is_some_and(is_stdout);
    ensure!(!(is_on_stdout && args.json), "stdout: expected --json or --output -, got both");
    // Before the data, which is of another form where a model has several labels a sentence.
    let separator_of =
        |model| Ok::<_, anyhow::Error>(SavedModel::read(model)?.multi_label.map(|labels| labels.separator));
    let (of_a, of_b) = (separator_of(&args.a)?, separator_of(&args.b)?);
    let separator = match (&of_a, &of_b) {
        (None, None) => None,
        (Some(of_a), Some(of_b)) => Some(separator(args, of_a, of_b, console)),
        (of_a, _) => {
            let (several, one) = if of_a.is_some() { (&args.a, &args.b) } else { (&args.b, &args.a) };
            bail!(
                "expected two models of the same form, got one of several labels a sentence, {}, and one of one label, {}",
                several.display(),
                one.display()
            )
        }
    };
    ensure!(
        separator.is_some() || args.multi_label.is_none(),
        "--multi-label: {} and {} have one label a sentence: leave it out",
        args.a.display(),
        args.b.display()
    );
    let options = DatasetOptions { multi_label: separator.cloned(), ..args.options.with_limit(args.limit) };
    let options = args.weight.of(options);
    let columns = options.label_columns.clone();
    let dataset = load_rows_to_score(&args.data, options, console)?;
    let load = |model: &PathBuf, encoder: &Option<String>| {
        load_classifier(model, encoder.as_deref(), args.dtype, args.cache.open(), console)
    };
    let (a, b) = (load(&args.a, &args.encoder_a)?, load(&args.b, &args.encoder_b)?);
    let classes: BTreeSet<&String> = a.classes().iter().chain(b.classes()).collect();
    note_labels_without_column(&args.data, &columns, classes, console);
    let report = compare(&a, &b, &dataset)?;
    write(args, &report, separator)
}

/// What stands between the labels of a cell: as given, else as in the training of A.
fn separator<'a>(
    args: &'a Args,
    of_a: &'a LabelSeparator,
    of_b: &LabelSeparator,
    console: &Console,
) -> &'a LabelSeparator {
    if args.multi_label.is_none() && of_a != of_b {
        console.say(&format!(
            "note: A was trained with the separator {:?}, B with {:?}: label cells are split at that of A; --multi-label chooses",
            of_a.to_string(),
            of_b.to_string()
        ));
    }
    args.multi_label.as_ref().unwrap_or(of_a)
}

/// The report in the form that was asked for.
fn write(args: &Args, report: &ComparisonReport, separator: Option<&LabelSeparator>) -> anyhow::Result<()> {
    let lines = report.differences.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
    match &args.output {
        Some(path) if is_stdout(path) => {
            return stdout(|out| lines.iter().try_for_each(|l| writeln!(out, "{l}")));
        }
        Some(path) => {
            clsify::files::write_atomically(path, |out| lines.iter().try_for_each(|l| writeln!(out, "{l}")))?;
        }
        None => {}
    }
    if args.json {
        return write_json("-".as_ref(), report);
    }
    write_text(None, &summary(report, separator, args))
}

/// A comparison in words.
fn summary(report: &ComparisonReport, separator: Option<&LabelSeparator>, args: &Args) -> String {
    let (a, b) = (&report.a, &report.b);
    let mut text = models(args, [&a.encoder, &b.encoder]);
    let (what, right, different) = match &report.form {
        ComparisonForm::Classes { .. } => ("count as wrong for it", "right", "labels"),
        ComparisonForm::LabelSets { .. } => (
            "with it: it is never given, and counts as missed",
            "right about the whole set",
            "sets of labels",
        ),
    };
    text.push_str(&unknown("A", &a.unknown_labels, a.n_unknown, what));
    text.push_str(&unknown("B", &b.unknown_labels, b.n_unknown, what));
    text.push_str(&match (&a.test, &b.test) {
        (Metrics::Classes(a), Metrics::Classes(b)) => class_table(report, a, b),
        (Metrics::LabelSets(a), Metrics::LabelSets(b)) => multi_label::table(report, a, b),
        // Never: the two are of one form.
        _ => String::new(),
    });
    text.push_str(&format!("\n{}\n", verdict(&report.rows, right)));
    if let ComparisonForm::LabelSets { per_label, .. } = &report.form {
        text.push_str(&multi_label::labels(per_label));
    }
    text + &different_rows(&report.differences, separator, different, (report.rows.counts.n(), args.show))
}

/// The scores of two models of one class a sentence, and their differences.
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
        text.push_str(&format!("\n{}", paired_table(&[("accuracy by weight", weighted)])));
    }
    text
}

/// Which models these are.
fn models(args: &Args, [a, b]: [&EncoderReport; 2]) -> String {
    let line = |name: &str, folder: &Path, encoder: &EncoderReport| {
        format!("{name}  {}: {}, {}\n", folder.display(), encoder.name, encoder.pooled())
    };
    line("A", &args.a, a) + &line("B", &args.b, b)
}

/// Scores of both on the same rows, and their differences.
fn paired_table(scores: &[(&str, &PairedScores)]) -> Table {
    let mut table = Table::new(["", "A", "B", "B - A", "95 % interval"]);
    for (name, scores) in scores {
        let [low, high] = scores.difference_ci95;
        table.row([
            name.to_string(),
            format!("{:.4}", scores.a),
            format!("{:.4}", scores.b),
            format!("{:+.4}", scores.difference),
            format!("{low:+.4} to {high:+.4}"),
        ]);
    }
    table
}

/// The labels that a model does not know, and what becomes of their rows; nothing where it knows them all.
fn unknown(name: &str, labels: &[String], n_rows: usize, what: &str) -> String {
    const MOST: usize = 8;
    if labels.is_empty() {
        return String::new();
    }
    let shown = n_shown(labels.len(), MOST);
    let more = if labels.len() > shown { ", ..." } else { "" };
    let labels: Vec<String> = labels.iter().take(shown).map(|l| shorten(l, 40)).collect();
    format!("{name} does not know the label {}{more}: {} {what}\n", labels.join(", "), sentences(n_rows))
}

fn sentences(n: usize) -> String {
    format!("{n} sentence{}", if n == 1 { "" } else { "s" })
}

/// Who is right where the other is wrong, and how often chance alone does that.
fn verdict(rows: &ComparedRows, right: &str) -> String {
    let counts = &rows.counts;
    let (only_a, only_b) = (counts.only_a, counts.only_b);
    if only_a + only_b == 0 {
        return format!("A and B are {right} on the same sentences: nothing here tells them apart.");
    }
    let (better, more, worse, fewer) =
        if only_b >= only_a { ("B", only_b, "A", only_a) } else { ("A", only_a, "B", only_b) };
    let p = rows.mcnemar_p_value;
    let chance = match 100.0 * p {
        percent if percent < 0.001 => "in less than 0.001 % of cases".to_string(),
        percent => format!("in {:.prec$} % of cases", percent, prec = if percent < 0.1 { 3 } else { 1 }),
    };
    let end = if p < 0.05 {
        format!("{better} is better, and that is hardly chance.")
    } else {
        "These rows do not show that one is better.".to_string()
    };
    format!(
        "{better} is {right} on {} where {worse} is wrong, {worse} on {fewer} where {better} is wrong; such a difference\n\
         would come about by chance {chance} (McNemar's exact test). {end}",
        sentences(more)
    )
}

/// The sentences of which the two say different things: the first `show` of them, and how many of all `n` sentences they are.
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
        text.push_str(&format!(
            "  ... and {} more (--show N; --json and --output have them all)\n",
            n_different - show
        ));
    }
    text.push_str("  * right\n");
    text
}
