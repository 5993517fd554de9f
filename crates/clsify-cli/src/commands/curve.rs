//! `clsify curve`: accuracy by the number of training rows, and whether more would help.

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

/// Show how accuracy grows with the number of training rows, and whether more of them would help
///
/// Every sentence is encoded once. Classifiers are fitted on 50, 100, 200, ... of the training rows, in the shares of their
/// classes, and scored on the same held-out rows: by accuracy, by accuracy by weight with --weight-column, by micro F1 with
/// --multi-label.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  clsify curve --data reviews.tsv
  clsify curve --data train.tsv --test-data test.tsv --encoder all-mpnet-base-v2 --layers 9 --pooling mean --c 0.01 --chart curve.svg
  clsify curve --data reviews.tsv --grid-search
  clsify curve --data news.tsv --multi-label \";\"")]
pub(crate) struct Args {
    /// Labelled sentences: TSV, CSV, JSON or JSONL, fastText's lines, also gzipped; - is stdin, with --format
    #[arg(long, value_name = "FILE")]
    data: PathBuf,

    /// Read the first N rows of --data only
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    limit: Option<usize>,

    /// A folder, a name known to `list`, or a hub id
    #[arg(long, default_value = DEFAULT_ENCODER)]
    encoder: String,

    #[command(flatten)]
    features: FeatureArgs,

    #[command(flatten)]
    split: SplitArgs,

    /// Numbers of training rows; 50, 100, 200, ... if not given, and all of them in any case
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', allow_negative_numbers = true, value_parser = at_least_one)]
    sizes: Vec<usize>,

    /// Fits for each number of rows, on other rows each
    #[arg(long, value_name = "N", default_value_t = 5, allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1000))]
    repeats: u16,

    #[command(flatten)]
    fit: FitArgs,

    #[command(flatten)]
    grid: GridArgs,

    /// Sentences may have several labels or none: what stands between the labels of a cell, such as ";"; one classifier a
    /// label, each label given where its probability is above 0.5
    #[arg(long, value_name = "SEPARATOR")]
    multi_label: Option<LabelSeparator>,

    /// Draw the curve to this file
    #[arg(long, value_name = "CURVE.svg")]
    chart: Option<PathBuf>,

    /// Write the report as JSON to stdout, instead of a table
    #[arg(long)]
    json: bool,

    /// Write what would be printed to this file; - is stdout
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

/// The curve in the forms that were asked for.
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
