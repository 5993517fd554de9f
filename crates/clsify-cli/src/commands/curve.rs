//! `clsify curve`: shows accuracy by the number of training rows, and whether more rows would help.

use std::path::{Path, PathBuf};

use clsify::dataset::LabelSeparator;
use clsify::studies::{LearningCurve, LearningCurveOptions, learning_curve};
use clsify_report::charts::learning_curve_svg;
use clsify_report::summaries::learning_curve_summary;

use crate::class_limit::ClassLimitArgs;
use crate::console::Console;
use crate::grouping::GroupArgs;
use crate::loading::{DEFAULT_ENCODER, load_encoder, load_training_dataset, locate_encoder, test_rows};
use crate::options::{
    CacheArgs, FeatureArgs, FitArgs, GridArgs, RowArgs, SplitArgs, WeightArgs, at_least_one,
};
use crate::output::{check_output, is_stdout, write_json, write_svg, write_text};

/// Show how accuracy grows with the number of training rows, and whether more rows would help
///
/// Each sentence is encoded once. Classifiers are fitted on 50, 100, 200, ... training rows, with the class
/// proportions of all training rows, and scored on the same held-out rows. The score is accuracy, with
/// --weight-column weighted accuracy, and with --multi-label micro F1.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  clsify curve --data reviews.tsv
  clsify curve --data train.tsv --test-data test.tsv --encoder all-mpnet-base-v2 --layers 9 --pooling mean --c 0.01 --chart curve.svg
  clsify curve --data reviews.tsv --grid-search
  clsify curve --data news.tsv --multi-label \";\"")]
pub(crate) struct Args {
    /// Read labelled sentences from this file: TSV, CSV, JSON, JSONL or fastText, also gzipped; - is stdin and needs
    /// --format
    #[arg(long, value_name = "FILE")]
    data: PathBuf,

    /// Read only the first N rows of --data
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    limit: Option<usize>,

    /// Use this encoder: a folder, a name shown by `clsify list`, or a model hub id
    #[arg(long, default_value = DEFAULT_ENCODER)]
    encoder: String,

    #[command(flatten)]
    features: FeatureArgs,

    #[command(flatten)]
    split: SplitArgs,

    /// Fit on these numbers of training rows, and on all of them; the default is 50, 100, 200, ...
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', allow_negative_numbers = true, value_parser = at_least_one)]
    sizes: Vec<usize>,

    /// Fit N times per number of rows, each time on other rows
    #[arg(long, value_name = "N", default_value_t = 5, allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1000))]
    repeats: u16,

    #[command(flatten)]
    fit: FitArgs,

    #[command(flatten)]
    grid: GridArgs,

    /// Allow several labels per sentence, or none; SEPARATOR is the text between the labels of a cell, such as ";"
    ///
    /// One classifier is trained per label, and a label is assigned if its probability is above 0.5.
    #[arg(long, value_name = "SEPARATOR")]
    multi_label: Option<LabelSeparator>,

    /// Draw the curve to this file
    #[arg(long, value_name = "CURVE.svg")]
    chart: Option<PathBuf>,

    /// Print the report as JSON instead of a table
    #[arg(long)]
    json: bool,

    /// Write the output to this file instead of stdout; - is stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    cache: CacheArgs,

    #[command(flatten)]
    weight: WeightArgs,

    #[command(flatten)]
    grouping: GroupArgs,

    #[command(flatten)]
    class_limit: ClassLimitArgs,

    #[command(flatten)]
    options: RowArgs,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<()> {
    args.fit.note_unused_c(&args.grid, console);
    let read: Vec<&Path> =
        std::iter::once(&args.data).chain(&args.split.test_data).map(PathBuf::as_path).collect();
    check_output(args.output.as_deref(), &[args.chart.as_deref()], &read)?;
    let is_on_stdout = args.chart.as_deref().is_some_and(is_stdout) && args.output.is_none();
    anyhow::ensure!(!(is_on_stdout && args.json), "stdout: expected --json or --chart -, got both");
    let rows = |limit| args.options.labelled(limit, args.multi_label.as_ref());
    let data = args.grouping.of(args.weight.of(rows(args.limit)));
    let dataset = load_training_dataset(&args.data, &data, &args.class_limit, console)?;
    let scaling = args.fit.scaling(&args.features);
    let options = LearningCurveOptions {
        test: test_rows(&args.split, rows(None), console)?,
        scaling,
        classifier: args.fit.options(),
        grid_search: args.grid.c_values(scaling),
        sizes: args.sizes.clone(),
        n_repeats: usize::from(args.repeats),
        seed: args.split.seed,
    };
    let located = locate_encoder(&args.encoder, console)?;
    let encoder = load_encoder(&located, &args.features, args.cache.open(), console)?;
    let curve = learning_curve(&encoder, &dataset, &options, console)?;
    write(args, &curve, dataset.separator())?;
    console.hint_faster_dtype(&encoder);
    Ok(())
}

/// Writes the curve in the requested formats.
fn write(args: &Args, curve: &LearningCurve, separator: Option<&LabelSeparator>) -> anyhow::Result<()> {
    let written = args.chart.as_deref().map(|path| write_svg(path, &learning_curve_svg(curve)));
    if args.chart.as_deref().is_some_and(is_stdout)
        && (args.output.is_none() || written.as_ref().is_some_and(Result::is_err))
    {
        return written.unwrap_or(Ok(()));
    }
    // A chart that cannot be written to a file costs nothing else.
    if args.json {
        write_json(args.output.as_deref().unwrap_or("-".as_ref()), curve)?;
    } else {
        write_text(args.output.as_deref(), &learning_curve_summary(curve, separator))?;
    }
    written.unwrap_or(Ok(()))
}
