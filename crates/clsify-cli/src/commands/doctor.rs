//! `clsify doctor`: what is odd about labelled sentences, before anything is trained on them.

use std::path::PathBuf;

use clsify::encoder::EncoderConfig;
use clsify::features::Layers;
use clsify::pipeline::{DoctorOptions, DoctorReport, diagnose};

use crate::console::Console;
use crate::options::{
    CacheArgs, DataOptions, EncodingArgs, FeatureArgs, PooledArgs, PoolingArg, at_least_one, load_dataset,
    load_encoder, locate_encoder, positive,
};
use crate::output::{check_parent, is_stdout, stdout, write_json};
use crate::table::{Table, shorten};

/// Find duplicates, contradictions, leaks into the test file and probably wrong labels
#[derive(clap::Args)]
#[command(after_help = "Examples:
  clsify doctor reviews.tsv --encoder all-MiniLM-L6-v2
  clsify doctor train.tsv --encoder all-mpnet-base-v2 --test-data test.tsv --output issues.jsonl")]
pub(crate) struct Args {
    /// Labelled sentences: TSV, CSV or JSONL; - is stdin, with --format
    data: PathBuf,

    /// A folder, a name known to `list`, or a hub id
    #[arg(long)]
    encoder: String,

    /// Labelled sentences for testing: rows of it that the data has too are reported
    #[arg(long, value_name = "FILE")]
    test_data: Option<PathBuf>,

    /// Read the first N rows of the data only
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    limit: Option<usize>,

    /// The hidden states to pool, as for `train`; the layer at three quarters of the depth if not given
    #[arg(long, value_name = "LAYERS")]
    layers: Option<Layers>,

    /// How tokens become one vector, as for `train`
    #[arg(long, value_name = "POOLING", default_value = "mean")]
    pooling: PoolingArg,

    #[command(flatten)]
    encoding: EncodingArgs,

    /// C of the fits on standardised features
    #[arg(long, value_name = "C", default_value_t = DoctorOptions::default().c, allow_negative_numbers = true, value_parser = positive)]
    c: f64,

    /// Rank the labels of all rows, not only those that are probably wrong
    #[arg(long)]
    all: bool,

    /// Write the report as JSON to stdout, instead of tables
    #[arg(long)]
    json: bool,

    /// Write the suspect labels to this file, a JSON object a line, the most suspect first; - is stdout
    #[arg(long, value_name = "ISSUES.jsonl")]
    output: Option<PathBuf>,

    #[command(flatten)]
    cache: CacheArgs,

    #[command(flatten)]
    options: DataOptions,
}

pub(crate) fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    args.output.iter().try_for_each(|path| check_parent(path))?;
    let is_on_stdout = args.output.as_deref().is_some_and(is_stdout);
    anyhow::ensure!(!(is_on_stdout && args.json), "stdout: expected --json or --output -, got both");
    let dataset = load_dataset(&args.data, &args.options.with_limit(args.limit))?;
    let test = args.test_data.iter().map(|path| load_dataset(path, &args.options.with_limit(None)));
    let test = test.collect::<anyhow::Result<Vec<_>>>()?;
    let located = locate_encoder(&args.encoder, console)?;
    let layers = match args.layers {
        Some(layers) => layers,
        None => Layers::one(three_quarters(EncoderConfig::load(&located.folder)?.num_hidden_layers)),
    };
    let pooled = PooledArgs { layers, pooling: args.pooling };
    let features = FeatureArgs { pooled, encoding: args.encoding };
    let encoder = load_encoder(&located, &features, args.cache.open(), console)?;
    let options = DoctorOptions { c: args.c, rank_all: args.all, ..DoctorOptions::default() };
    let report = diagnose(&encoder, &dataset, test.first(), &options, console)?;
    let lines = report.label_issues.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
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
    stdout(|out| write!(out, "{}", tables(&report)))
}

/// Layer 9 of 12: where sentences say most about their class in the encoders that were measured.
fn three_quarters(num_hidden_layers: usize) -> usize {
    (3 * num_hidden_layers).div_ceil(4)
}

/// The most rows of a table; the report (--json) has them all.
const MOST_ROWS: usize = 10;

/// A report in words.
fn tables(report: &DoctorReport) -> String {
    let mut text = String::new();
    let mut classes = Table::new(["class", "rows", "share"]);
    for class in &report.class_balance {
        classes.row([shorten(&class.label, 40), class.n.to_string(), format!("{:.1}%", 100.0 * class.share)]);
    }
    text.push_str(&classes.to_string());
    let lines = |lines: &[usize]| {
        let some: Vec<String> = lines.iter().take(6).map(ToString::to_string).collect();
        some.join(", ") + if lines.len() > 6 { ", ..." } else { "" }
    };
    let truncated = &report.truncated;
    text.push_str(&format!("\nlonger than {} tokens, read in part: {}", truncated.max_length, truncated.n));
    text.push_str(&if truncated.n > 0 {
        format!(" (lines {})\n", lines(&truncated.lines))
    } else {
        "\n".into()
    });
    let sentence = |text: &str| shorten(text, 50);
    section(&mut text, "repeated", &["lines", "sentence"], &report.duplicates, |duplicate| {
        vec![lines(&duplicate.lines), sentence(&duplicate.text)]
    });
    section(&mut text, "with more than one label", &["labels", "sentence"], &report.conflicts, |conflict| {
        let label = |l: &clsify::pipeline::LabelLines| {
            format!("{} (line {})", shorten(&l.label, 20), lines(&l.lines))
        };
        vec![conflict.labels.iter().map(label).collect::<Vec<_>>().join(", "), sentence(&conflict.text)]
    });
    let header = ["line", "like line", "cosine", "sentence", "like sentence"];
    section(&mut text, "nearly repeated", &header, &report.near_duplicates, |near| {
        let (line, other, cosine) = (near.line.to_string(), near.other_line.to_string(), near.cosine);
        vec![line, other, format!("{cosine:.3}"), sentence(&near.text), sentence(&near.other_text)]
    });
    let header = ["test line", "data line", "cosine", "test sentence", "data sentence"];
    section(&mut text, "in the test file too", &header, &report.leakage, |leak| {
        let (line, test_line, cosine) = (leak.line.to_string(), leak.test_line.to_string(), leak.cosine);
        vec![test_line, line, format!("{cosine:.3}"), sentence(&leak.text), sentence(&leak.data_text)]
    });
    let header = ["line", "label", "suggested", "score", "sentence"];
    section(&mut text, "with a suspect label", &header, &report.label_issues, |issue| {
        let (label, suggested) = (shorten(&issue.label, 20), shorten(&issue.suggested, 20));
        let score = format!("{:.4}", issue.score);
        vec![issue.line.to_string(), label, suggested, score, sentence(&issue.text)]
    });
    report.notes.iter().for_each(|note| text.push_str(&format!("\nnote: {note}\n")));
    text
}

/// How many there are, and the first of them.
fn section<T>(text: &mut String, what: &str, header: &[&str], found: &[T], row: impl Fn(&T) -> Vec<String>) {
    text.push_str(&format!("\n{what}: {}\n", found.len()));
    if found.is_empty() {
        return;
    }
    let mut table = Table::new(header.iter().copied());
    found.iter().take(MOST_ROWS).for_each(|found| table.row(row(found)));
    text.push_str(&table.to_string());
    if found.len() > MOST_ROWS {
        text.push_str(&format!("  ... and {} more (--json has them all)\n", found.len() - MOST_ROWS));
    }
}
