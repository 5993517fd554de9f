//! `clsify compare`: two saved classifiers on the same labelled sentences.

use std::path::PathBuf;

use clsify::pipeline::{ComparedModel, ComparisonReport, SavedModel, compare};

use crate::console::Console;
use crate::options::{CacheArgs, DataOptions, DtypeArg, at_least_one, load_classifier, load_dataset};
use crate::output::{check_parent, is_stdout, stdout, write_json};
use crate::table::{Table, shorten};

/// Compare two saved classifiers on the same labelled sentences: which is better, and is that more than chance?
#[derive(clap::Args)]
#[command(after_help = "Examples:
  clsify compare old new --data test.tsv
  clsify compare old new --data test.tsv --show 50 --output differences.jsonl
  clsify compare old new --data test.tsv --json")]
pub(crate) struct Args {
    /// The folder of the first model, A
    #[arg(value_name = "A")]
    a: PathBuf,

    /// The folder of the second model, B; it may have another encoder and other classes
    #[arg(value_name = "B")]
    b: PathBuf,

    /// Labelled sentences that neither was trained on: TSV, CSV or JSONL; - is stdin, with --format
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

    /// Write the report as JSON to stdout, instead of tables
    #[arg(long)]
    json: bool,

    /// Write the sentences of which the two say different things to this file, a JSON object a line; - is stdout
    #[arg(long, value_name = "DIFFERENCES.jsonl")]
    output: Option<PathBuf>,

    #[command(flatten)]
    cache: CacheArgs,

    #[command(flatten)]
    options: DataOptions,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<()> {
    args.output.iter().try_for_each(|path| check_parent(path))?;
    let is_on_stdout = args.output.as_deref().is_some_and(is_stdout);
    anyhow::ensure!(!(is_on_stdout && args.json), "stdout: expected --json or --output -, got both");
    // Before the data, which is of another form where a model has several labels a sentence.
    [&args.a, &args.b].into_iter().try_for_each(|model| SavedModel::read(model).map(drop))?;
    let dataset = load_dataset(&args.data, &args.options.with_limit(args.limit))?;
    let load = |model: &PathBuf, encoder: &Option<String>| {
        load_classifier(model, encoder.as_deref(), args.dtype, args.cache.open(), console)
    };
    let (a, b) = (load(&args.a, &args.encoder_a)?, load(&args.b, &args.encoder_b)?);
    let report = compare(&a, &b, &dataset, console)?;
    let lines = report.differences.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
    match &args.output {
        Some(_) if is_on_stdout => return stdout(|out| lines.iter().try_for_each(|l| writeln!(out, "{l}"))),
        Some(path) => {
            clsify::files::write_atomically(path, |out| lines.iter().try_for_each(|l| writeln!(out, "{l}")))?;
        }
        None => {}
    }
    if args.json {
        return write_json("-".as_ref(), &report);
    }
    stdout(|out| write!(out, "{}", summary(&report, args)))
}

/// A comparison in words.
fn summary(report: &ComparisonReport, args: &Args) -> String {
    let mut text = String::new();
    let models = [("A", &args.a, &report.a), ("B", &args.b, &report.b)];
    for (name, folder, model) in models {
        let encoder = &model.encoder;
        text.push_str(&format!("{name}  {}: {}, {}\n", folder.display(), encoder.name, encoder.pooled()));
    }
    models.iter().for_each(|(name, _, model)| text.push_str(&unknown(name, model)));
    let mut table = Table::new(["", "accuracy", "95 % interval", "macro F1"]);
    for (name, _, model) in models {
        let [low, high] = model.test.accuracy_ci95;
        table.row([
            name.to_string(),
            format!("{:.4}", model.test.accuracy),
            format!("{low:.4} to {high:.4}"),
            format!("{:.4}", model.test.macro_average.f1),
        ]);
    }
    let [low, high] = report.difference_ci95;
    table.row([
        "B - A".to_string(),
        format!("{:+.4}", report.difference),
        format!("{low:+.4} to {high:+.4}"),
        format!("{:+.4}", report.b.test.macro_average.f1 - report.a.test.macro_average.f1),
    ]);
    text.push_str(&format!("\n{table}\n{}\n", verdict(report)));
    text.push_str(&differences(report, args.show));
    text
}

/// The labels that a model does not know; nothing where it knows them all.
fn unknown(name: &str, model: &ComparedModel) -> String {
    const MOST: usize = 8;
    if model.unknown_labels.is_empty() {
        return String::new();
    }
    let labels: Vec<String> = model.unknown_labels.iter().take(MOST).map(|l| shorten(l, 40)).collect();
    let more = if model.unknown_labels.len() > MOST { ", ..." } else { "" };
    format!(
        "{name} does not know the label {}{more}: {} count as wrong for it\n",
        labels.join(", "),
        sentences(model.n_unknown)
    )
}

fn sentences(n: usize) -> String {
    format!("{n} sentence{}", if n == 1 { "" } else { "s" })
}

/// Who is right where the other is wrong, and how often chance alone does that.
fn verdict(report: &ComparisonReport) -> String {
    let counts = &report.counts;
    let (only_a, only_b) = (counts.only_a, counts.only_b);
    if only_a + only_b == 0 {
        return "A and B are right on the same sentences: nothing here tells them apart.".to_string();
    }
    let (better, more, worse, fewer) =
        if only_b >= only_a { ("B", only_b, "A", only_a) } else { ("A", only_a, "B", only_b) };
    let p = report.mcnemar_p_value;
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
        "{better} is right on {} where {worse} is wrong, {worse} on {fewer} where {better} is wrong; such a difference\n\
         would come about by chance {chance} (McNemar's exact test). {end}",
        sentences(more)
    )
}

/// The sentences of which the two say different things, as many as asked for.
fn differences(report: &ComparisonReport, show: usize) -> String {
    let n = report.differences.len();
    let mut text = format!("\ndifferent labels for {n} of {}\n", sentences(report.counts.n()));
    if n == 0 || show == 0 {
        return text;
    }
    let mut table = Table::new(["line", "label", "A", "B", "sentence"]);
    for difference in report.differences.iter().take(show) {
        let mark = |said: &String| {
            let right = if *said == difference.label { " *" } else { "" };
            format!("{}{right}", shorten(said, 20))
        };
        table.row([
            difference.line.to_string(),
            shorten(&difference.label, 20),
            mark(&difference.a),
            mark(&difference.b),
            shorten(&difference.text, 60),
        ]);
    }
    text.push_str(&format!("{table}"));
    if n > show {
        text.push_str(&format!(
            "  ... and {} more (--show N; --json and --output have them all)\n",
            n - show
        ));
    }
    text.push_str("  * right\n");
    text
}
