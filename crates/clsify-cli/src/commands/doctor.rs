//! `clsify doctor`: checks labelled sentences before anything is trained on them.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use clap::ValueEnum;
use clsify::dataset::{Damage, DatasetOptions, Inspected, LabelSeparator};
use clsify::encoder::EncoderConfig;
use clsify::features::Layers;
use clsify::model::SentenceEncoder;
use clsify::studies::{DoctorOptions, DoctorReport, LabelIssue, diagnose};
use clsify_hub::Located;

use crate::class_limit::ClassLimitArgs;
use crate::console::Console;
use crate::grouping::GroupArgs;
use crate::loading::{DEFAULT_ENCODER, load_encoder, locate_encoder, note_separator};
use crate::options::{
    CacheArgs, DataOptions, EncodingArgs, FeatureArgs, PooledArgs, PoolingArg, WeightArgs, at_least_one,
    positive,
};
use crate::output::{check_output, is_stdout, stdout, write_json, write_text};
use crate::table::{Table, n_shown, shorten};

/// Find mistakes in labelled sentences before training on them
///
/// The checks find damaged and empty rows, duplicates, contradictions, leakage into a test file, truncated sentences,
/// rare classes, mixed scripts, and labels that are probably wrong. Each finding has its line. Nothing is changed.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  clsify doctor reviews.tsv
  clsify doctor train.tsv --encoder all-mpnet-base-v2 --test-data test.tsv --output issues.jsonl
  clsify doctor news.tsv --multi-label ';' --output issues.jsonl
  clsify doctor train.csv --text-only --fail-on quoting,conflicts --json > report.json")]
pub(crate) struct Args {
    /// The file of labelled sentences: TSV, CSV, JSON, JSONL or fastText, also gzipped; - is stdin and needs --format
    data: PathBuf,

    /// Use this encoder: a folder, a name shown by `clsify list`, or a model hub id; the default is all-MiniLM-L6-v2
    ///
    /// If the default encoder is not available, only the checks that need no encoder run.
    #[arg(long)]
    encoder: Option<String>,

    /// Run only the checks that need no encoder
    #[arg(long, conflicts_with_all = ["encoder", "layers", "pooling", "max_length", "prompt", "dtype", "c", "all", "output", "near_duplicate_threshold"])]
    text_only: bool,

    /// Check these test sentences: report damaged rows, and rows that also occur in the data
    #[arg(long, value_name = "FILE")]
    test_data: Option<PathBuf>,

    /// Allow several labels per sentence, or none; SEPARATOR is the text between the labels of a cell, such as ";"
    ///
    /// In JSONL the label may also be an array.
    #[arg(long, value_name = "SEPARATOR")]
    multi_label: Option<LabelSeparator>,

    #[command(flatten)]
    weight: WeightArgs,

    #[command(flatten)]
    grouping: GroupArgs,

    #[command(flatten)]
    class_limit: ClassLimitArgs,

    /// Read only the first N rows of the data
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    limit: Option<usize>,

    /// Report two sentences as near-duplicates if their cosine similarity is at least this, between -1 and 1
    #[arg(long, value_name = "COSINE", default_value_t = DoctorOptions::default().near_duplicate_threshold, allow_negative_numbers = true, value_parser = cosine)]
    near_duplicate_threshold: f32,

    /// Keep the vectors of at most N rows in memory; with more rows, only rows of the same part are compared with
    /// each other
    #[arg(long, value_name = "N", default_value_t = DoctorOptions::default().part_rows, allow_negative_numbers = true, value_parser = at_least_one)]
    part_rows: usize,

    /// Pool the hidden states of these layers, as for `train`; the default is the layer at three quarters of the
    /// depth
    #[arg(long, value_name = "LAYERS")]
    layers: Option<Layers>,

    /// Pool the hidden states of each sentence to one vector, as for `train`
    #[arg(long, value_name = "POOLING", default_value = "mean")]
    pooling: PoolingArg,

    #[command(flatten)]
    encoding: EncodingArgs,

    /// Set C of the fits that judge the labels; their features are standardised
    #[arg(long, value_name = "C", default_value_t = DoctorOptions::default().c, allow_negative_numbers = true, value_parser = positive)]
    c: f64,

    /// Rank the labels of all rows, not only those that are probably wrong
    ///
    /// With --multi-label, a row without a suspect label is ranked by its most suspect one.
    #[arg(long)]
    all: bool,

    /// Print the report as JSON instead of tables
    #[arg(long)]
    json: bool,

    /// Write the suspect labels to this file, one JSON object per line, the most suspect first; - is stdout
    #[arg(long, value_name = "ISSUES.jsonl")]
    output: Option<PathBuf>,

    /// Exit with code 1 if one of these checks finds something; the report is written in any case
    #[arg(
        long,
        value_enum,
        value_name = "CHECK,CHECK,...",
        value_delimiter = ',',
        requires_if("leakage", "test_data")
    )]
    fail_on: Vec<Check>,

    #[command(flatten)]
    cache: CacheArgs,

    #[command(flatten)]
    options: DataOptions,
}

/// The checks that `--fail-on` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Check {
    Quoting,
    Duplicates,
    NearDuplicates,
    Conflicts,
    Leakage,
    Truncated,
    Scripts,
    LabelIssues,
}

impl Check {
    fn name(self) -> &'static str {
        match self {
            Check::Quoting => "quoting",
            Check::Duplicates => "duplicates",
            Check::NearDuplicates => "near-duplicates",
            Check::Conflicts => "conflicts",
            Check::Leakage => "leakage",
            Check::Truncated => "truncated",
            Check::Scripts => "scripts",
            Check::LabelIssues => "label-issues",
        }
    }

    fn needs_encoder(self) -> bool {
        matches!(self, Check::NearDuplicates | Check::Truncated | Check::LabelIssues)
    }

    fn n_found(self, report: &DoctorReport) -> usize {
        match self {
            Check::Quoting => report.quoting.len() + report.test_quoting.len(),
            Check::Duplicates => report.duplicates.len(),
            Check::NearDuplicates => report.near_duplicates.len(),
            Check::Conflicts => report.conflicts.len(),
            Check::Leakage => report.leakage.len(),
            Check::Truncated => report.truncated.n,
            Check::Scripts => report.scripts.minority.len() + report.scripts.mixed.len(),
            Check::LabelIssues => report.label_issues.len(),
        }
    }
}

pub(crate) fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    let read: Vec<&Path> = std::iter::once(&args.data).chain(&args.test_data).map(PathBuf::as_path).collect();
    check_output(None, &[args.output.as_deref()], &read)?;
    let is_on_stdout = args.output.as_deref().is_some_and(is_stdout);
    ensure!(!(is_on_stdout && args.json), "stdout: expected --json or --output -, got both");
    if let Some(check) = args.fail_on.iter().find(|check| args.text_only && check.needs_encoder()) {
        anyhow::bail!("--fail-on {}: needs an encoder, which --text-only leaves out", check.name());
    }
    let rows = |limit| args.options.labelled(limit, args.multi_label.as_ref());
    let options = args.grouping.of(args.weight.of(rows(args.limit)));
    let data = inspect(&args.data, &options, console)?;
    args.class_limit.check(&args.data, data.dataset.classes().len(), data.dataset.len())?;
    let test = args.test_data.iter().map(|path| inspect(path, &rows(None), console));
    let test = test.collect::<anyhow::Result<Vec<_>>>()?;
    let options = DoctorOptions {
        c: args.c,
        near_duplicate_threshold: args.near_duplicate_threshold,
        rank_all: args.all,
        part_rows: args.part_rows,
    };
    let encoder = match locate(&args, console)? {
        Ok(located) => Ok(load(&located, &args, console)?),
        Err(reason) => Err(reason),
    };
    let report = diagnose(encoder.as_ref().map_err(String::clone), &data, test.first(), &options, console)?;
    if let Some(path) = args.output.as_deref().filter(|_| !is_on_stdout) {
        clsify::files::write_atomically(path, |out| write_lines(out, &report.label_issues))?;
    }
    if is_on_stdout {
        stdout(|out| write_lines(out, &report.label_issues))?;
    } else if args.json {
        write_json("-".as_ref(), &report)?;
    } else {
        write_text(None, &tables(&report, data.dataset.separator()))?;
    }
    if let Ok(encoder) = &encoder {
        console.hint_faster_dtype(encoder);
    }
    let found = args.fail_on.iter().map(|check| (check.name(), check.n_found(&report)));
    let found: Vec<String> = found.filter(|(_, n)| *n > 0).map(|(name, n)| format!("{name} {n}")).collect();
    ensure!(found.is_empty(), "{}: found what --fail-on names: {}", args.data.display(), found.join(", "));
    Ok(())
}

/// Inspects the labelled sentences of a file, including damaged ones; `-` is stdin.
fn inspect(path: &Path, options: &DatasetOptions, console: &Console) -> anyhow::Result<Inspected> {
    let data = match path == Path::new("-") {
        true => Inspected::read(std::io::stdin().lock(), "stdin", options)?,
        false => Inspected::load(path, options)?,
    };
    let is_in_cells = options.label_columns.is_empty();
    if let Some(separator) = data.dataset.separator().filter(|_| is_in_cells)
        && data.dataset.label_sets().iter().all(|labels| labels.len() < 2)
    {
        note_separator(path, separator, console);
    }
    Ok(data)
}

/// Locates the encoder, or returns the reason for running without one. It is an error if an encoder that was asked
/// for, or that a check of `--fail-on` needs, is missing.
fn locate(args: &Args, console: &Console) -> anyhow::Result<Result<Located, String>> {
    if args.text_only {
        return Ok(Err("--text-only was given".to_string()));
    }
    if let Some(name) = &args.encoder {
        return locate_encoder(name, console).map(Ok);
    }
    console.say(&format!("encoder {DEFAULT_ENCODER}, as none was named (--encoder)"));
    let is_needed = args.output.is_some()
        || args.fail_on.iter().any(|check| check.needs_encoder() || *check == Check::Leakage);
    match locate_encoder(DEFAULT_ENCODER, console) {
        Err(error) if !is_needed => Ok(Err(format!("no encoder: {error:#}"))),
        located => located.map(Ok),
    }
}

fn load(located: &Located, args: &Args, console: &Console) -> anyhow::Result<SentenceEncoder> {
    let layers = match args.layers {
        Some(layers) => layers,
        None => Layers::one(three_quarters(EncoderConfig::load(&located.folder)?.num_hidden_layers)),
    };
    let pooled = PooledArgs { layers: Some(layers), pooling: Some(args.pooling.clone()) };
    load_encoder(
        located,
        &FeatureArgs { pooled, encoding: args.encoding.clone() },
        args.cache.open(),
        console,
    )
}

/// Layer 9 of 12: its features separated classes best in the encoders that were measured.
fn three_quarters(num_hidden_layers: usize) -> usize {
    (3 * num_hidden_layers).div_ceil(4)
}

fn cosine(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(cosine) if (-1.0..=1.0).contains(&cosine) => Ok(cosine),
        _ => Err("expected a cosine from -1 to 1".to_string()),
    }
}

/// Writes suspect labels, one JSON object per line.
fn write_lines(out: &mut dyn std::io::Write, issues: &[LabelIssue]) -> std::io::Result<()> {
    for issue in issues {
        serde_json::to_writer(&mut *out, issue)?;
        writeln!(out)?;
    }
    Ok(())
}

/// The most rows of a table; the report (--json) has them all.
const MOST_ROWS: usize = 10;

/// The most classes, and the most hints about them.
const MOST_CLASSES: usize = 40;

/// A report in words.
fn tables(report: &DoctorReport, separator: Option<&LabelSeparator>) -> String {
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
        text.push_str(&format!("\nlonger than {max_length} tokens, read in part: {}", truncated.n));
        let place =
            || format!(" ({} {})", if truncated.n == 1 { "line" } else { "lines" }, lines(&truncated.lines));
        text.push_str(&if truncated.n > 0 { place() } else { String::new() });
        text.push('\n');
    }
    let heading = format!("repeated: {}", report.duplicates.len());
    section(&mut text, &heading, &["lines", "sentence"], &report.duplicates, |duplicate| {
        vec![lines(&duplicate.lines), sentence(&duplicate.text)]
    });
    let what = if report.label_sets.is_some() { "set of labels" } else { "label" };
    let heading = format!("with more than one {what}: {}", report.conflicts.len());
    section(&mut text, &heading, &["labels", "sentence"], &report.conflicts, |conflict| {
        let label = |l: &clsify::studies::LabelLines| {
            let label = if l.label.is_empty() { "none" } else { &l.label };
            format!("{} (line {})", shorten(label, 20), lines(&l.lines))
        };
        vec![conflict.labels.iter().map(label).collect::<Vec<_>>().join(", "), sentence(&conflict.text)]
    });
    let header = ["line", "like line", "cosine", "sentence", "like sentence"];
    let heading = format!("nearly repeated: {}", count("near_duplicates", report.near_duplicates.len()));
    section(&mut text, &heading, &header, &report.near_duplicates, |near| {
        let (line, other, cosine) = (near.line.to_string(), near.other_line.to_string(), near.cosine);
        vec![line, other, format!("{cosine:.3}"), sentence(&near.text), sentence(&near.other_text)]
    });
    let header = ["test line", "data line", "cosine", "test sentence", "data sentence"];
    let heading = format!("in the test file too: {}", count("leakage", report.leakage.len()));
    section(&mut text, &heading, &header, &report.leakage, |leak| {
        let (line, test_line, cosine) = (leak.line.to_string(), leak.test_line.to_string(), leak.cosine);
        vec![test_line, line, format!("{cosine:.3}"), sentence(&leak.text), sentence(&leak.data_text)]
    });
    scripts(&mut text, report);
    let header = ["line", "label", "suggested", "score", "neighbours", "sentence"];
    let heading = format!("with a suspect label: {}", count("label_issues", report.label_issues.len()));
    section(&mut text, &heading, &header, &report.label_issues, |issue| {
        let (suggested, neighbours) = match separator.zip(issue.of_label.as_ref()) {
            Some((separator, label)) => of_label(issue, label, separator),
            None => {
                let neighbours: Vec<String> =
                    issue.neighbours.iter().map(|n| shorten(&n.label, 12)).collect();
                (shorten(&issue.suggested, 20), neighbours.join(", "))
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

/// Of several labels the one in question: `+` and the label where it is missing, `-` where it is too much; and how many
/// neighbours have it.
fn of_label(issue: &LabelIssue, label: &String, separator: &LabelSeparator) -> (String, String) {
    let has_it = |cell: &str| separator.split(cell).contains(label);
    let sign = if has_it(&issue.label) { '-' } else { '+' };
    let n_with = issue.neighbours.iter().filter(|neighbour| has_it(&neighbour.label)).count();
    (format!("{sign} {}", shorten(label, 20)), format!("{n_with} of {} have it", issue.neighbours.len()))
}

/// The first few of many lines.
fn lines(lines: &[usize]) -> String {
    let shown = n_shown(lines.len(), 6);
    let some: Vec<String> = lines.iter().take(shown).map(ToString::to_string).collect();
    some.join(", ") + if lines.len() > shown { ", ..." } else { "" }
}

fn scripts(text: &mut String, report: &DoctorReport) {
    let scripts = &report.scripts;
    let share = |s: &clsify::studies::ScriptShare| format!("{} {:.1}%", s.script, 100.0 * s.share);
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
        let heading = format!("with letters of several scripts in a word: {}", scripts.mixed.len());
        section(text, &heading, &["line", "word", "sentence"], &scripts.mixed, |row| {
            vec![row.line.to_string(), shorten(&row.word, 30), shorten(&row.text, 50)]
        });
    }
}

/// A heading with how many there are, and the first of them.
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

/// That there are more than the most that are shown.
fn and_more(text: &mut String, n: usize, most: usize) {
    let shown = n_shown(n, most);
    if n > shown {
        text.push_str(&format!("  ... and {} more (--json has them all)\n", n - shown));
    }
}
