//! `clsify doctor`: checks labelled sentences before anything is trained on them.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use clap::ValueEnum;
use clsify::dataset::{DatasetOptions, Inspected, LabelSeparator};
use clsify::encoder::EncoderConfig;
use clsify::features::Layers;
use clsify::model::{Features, SentenceEncoder};
use clsify::studies::{DoctorOptions, DoctorReport, LabelIssue, diagnose};
use clsify_hub::Located;
use clsify_report::charts::{class_balance_svg, lengths_svg};
use clsify_report::summaries::doctor_summary;

use crate::console::{Console, text};
use crate::loading::{DEFAULT_ENCODER, load_encoder, locate_encoder, note_separator};
use crate::options::{
    CacheArgs, ChartArgs, ClassLimitArgs, DataOptions, EncodingArgs, FeatureArgs, GroupArgs, JsonArgs,
    PooledArgs, WeightArgs, at_least_one, positive,
};
use crate::output::{check_output, is_stdout, last_name, stdout, written};

/// The charts of this command; the first is that of `--chart`.
const CHARTS: [&str; 2] = ["class_balance.svg", "lengths.svg"];

/// Find mistakes in labelled sentences before training on them
///
/// The checks find damaged and empty rows, duplicates, contradictions, leakage into a test file, truncated sentences,
/// rare classes, mixed scripts, and labels that are probably wrong. Each finding has its line. Nothing is changed.
#[derive(clap::Args)]
#[command(mut_arg("chart", |arg| arg.value_name("BALANCE.svg").help("Draw the number of rows of each class to this file; - is stdout")))]
#[command(after_help = "Examples:
  clsify doctor --data reviews.tsv
  clsify doctor --data train.tsv --encoder all-mpnet-base-v2 --test-data test.tsv --output issues.jsonl
  clsify doctor --data news.tsv --multi-label ';' --output issues.jsonl
  clsify doctor --data train.csv --text-only --fail-on quoting,conflicts --json > report.json")]
pub(crate) struct Args {
    /// Read labelled sentences from this file: TSV, CSV, JSON, JSONL or fastText, also gzipped; - is stdin and needs
    /// --format
    #[arg(long, value_name = "FILE", required_unless_present = "file")]
    data: Option<PathBuf>,

    /// The data as an argument, as in earlier versions
    #[arg(hide = true, value_name = "DATA", conflicts_with = "data")]
    file: Option<PathBuf>,

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
    pooling: Features,

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

    #[command(flatten)]
    charts: ChartArgs,

    #[command(flatten)]
    json: JsonArgs,

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

pub(crate) fn run(mut args: Args, console: &Console) -> anyhow::Result<()> {
    let path = args.data.take().or_else(|| args.file.take()).expect("clap requires one of them");
    let read: Vec<&Path> = std::iter::once(&path).chain(&args.test_data).map(PathBuf::as_path).collect();
    args.charts.check_beside_rows(args.output.as_deref(), args.json.is_on_stdout(None))?;
    let charts = args.charts.paths(&CHARTS);
    check_output(None, &written(&[args.output.as_deref(), args.json.file()], &charts), &read)?;
    let is_on_stdout = args.output.as_deref().is_some_and(is_stdout);
    if let Some(check) = args.fail_on.iter().find(|check| args.text_only && check.needs_encoder()) {
        anyhow::bail!("--fail-on {}: needs an encoder, which --text-only leaves out", check.name());
    }
    let rows = |limit| args.options.labelled(limit, args.multi_label.as_ref());
    let options = args.grouping.of(args.weight.of(rows(args.limit)));
    let data = inspect(&path, &options, console)?;
    args.class_limit.check(&path, data.dataset.classes().len(), data.dataset.len())?;
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
    let report = diagnose(encoder.as_ref().map_err(String::clone), &data, test.first(), &options)?;
    if let Some(path) = args.output.as_deref().filter(|_| !is_on_stdout) {
        clsify::files::write_atomically(path, |out| write_lines(out, &report.label_issues))?;
    }
    let svg = || class_balance_svg(&last_name(&path), &report);
    let lengths = || data.dataset.sentences().iter().map(|text| text.chars().count()).collect::<Vec<_>>();
    let lengths = || lengths_svg(&last_name(&path), &lengths());
    args.charts.write_files(&CHARTS, || [Some(svg()), Some(lengths())])?;
    if is_on_stdout || args.charts.is_on_stdout() {
        if is_on_stdout {
            stdout(|out| write_lines(out, &report.label_issues))?;
        }
        args.charts.write_stdout(svg)?;
        args.json.write_file(&report)?;
    } else {
        args.json.write(&report, None, || doctor_summary(&report, data.dataset.separator()))?;
    }
    if let Ok(encoder) = &encoder {
        console.hint_faster_dtype(encoder);
    }
    let found = args.fail_on.iter().map(|check| (check.name(), check.n_found(&report)));
    let found: Vec<String> = found.filter(|(_, n)| *n > 0).map(|(name, n)| format!("{name} {n}")).collect();
    ensure!(found.is_empty(), "{}: checks of --fail-on found: {}", path.display(), found.join(", "));
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
        Err(error) if !is_needed => Ok(Err(format!("no encoder: {}", text(&error)))),
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
