//! `clsify curve`: shows accuracy by the number of training rows, and whether more rows would help.

use std::path::{Path, PathBuf};

use clsify::dataset::LabelSeparator;
use clsify::studies::{
    CurveFeatures, LearningCurve, LearningCurveOptions, learning_curve, tuned_learning_curve,
};
use clsify_report::charts::learning_curve_svg;
use clsify_report::summaries::learning_curve_summary;

use crate::console::Console;
use crate::loading::{
    DEFAULT_ENCODER, feature_options, load_encoder, load_training_dataset, locate_encoder, test_rows,
};
use crate::options::{
    CacheArgs, ChartArgs, FeatureArgs, FitArgs, GridArgs, JsonArgs, SplitArgs, TrainingDataArgs, TuneArgs,
    at_least_one,
};
use crate::output::{check_output, written};

/// The charts of this command; the first is that of `--chart`.
const CHARTS: [&str; 1] = ["learning_curve.svg"];

const TUNE_HELP: &str = "\
Tune the encoder too, once for each number of rows, and show from how many rows on that pays

The encoder is tuned on the rows of the first fit and scored on the same held-out rows. It takes minutes; the time is estimated by a few \
steps and printed first. The frozen encoder then has the features that `train` chooses on all training rows, unless you give \
--layers, --pooling, --scaling, --c, --grid-search or --c-grid.";

/// Show how accuracy grows with the number of training rows, and whether more rows would help
///
/// Each sentence is encoded once. Classifiers are fitted on 50, 100, 200, ... training rows, with the class
/// proportions of all training rows, and scored on the same held-out rows. The score is accuracy, with
/// --weight-column weighted accuracy, and with --multi-label micro F1.
///
/// With --tune the encoder is also tuned for each number of rows, and the summary says from how many rows on that pays.
#[derive(clap::Args)]
#[command(mut_arg("chart", |arg| arg.value_name("CURVE.svg").help("Draw the curve to this file; - is stdout")))]
#[command(mut_arg("tune", |arg| arg.help("Tune the encoder too, once for each number of rows, and show from how many rows on that pays").long_help(TUNE_HELP)))]
#[command(after_help = "Examples:
  clsify curve --data reviews.tsv
  clsify curve --data reviews.tsv --tune --sizes 100,300,900
  clsify curve --data train.tsv --test-data test.tsv --encoder all-mpnet-base-v2 --layers 9 --pooling mean --c 0.01 --chart curve.svg
  clsify curve --data reviews.tsv --grid-search
  clsify curve --data news.tsv --multi-label \";\"")]
pub(crate) struct Args {
    #[command(flatten)]
    data: TrainingDataArgs,
    /// Use this encoder: a folder, a name shown by `clsify list`, or a model hub id
    #[arg(long, default_value = DEFAULT_ENCODER)]
    encoder: String,

    #[command(flatten)]
    features: FeatureArgs,

    #[command(flatten)]
    tune: TuneArgs,

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

    #[command(flatten)]
    charts: ChartArgs,

    #[command(flatten)]
    json: JsonArgs,

    /// Write the output to this file instead of stdout; - is stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    cache: CacheArgs,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<()> {
    args.fit.note_unused_c(&args.grid, console);
    let read: Vec<&Path> = args.data.file().into_iter().chain(args.split.test_data.as_deref()).collect();
    args.charts.check(args.json.is_on_stdout(args.output.as_deref()))?;
    let charts = args.charts.paths(&CHARTS);
    check_output(args.output.as_deref(), &written(&[args.json.file()], &charts), &read)?;
    let dataset = load_training_dataset(&args.data, console)?;
    let scaling = args.fit.scaling(&args.features);
    let options = LearningCurveOptions {
        test: test_rows(&args.split, args.data.test_options(), console)?,
        scaling,
        classifier: args.fit.options(),
        grid_search: args.grid.c_values(scaling),
        sizes: args.sizes.clone(),
        n_repeats: usize::from(args.repeats),
        seed: args.split.seed,
    };
    let located = locate_encoder(&args.encoder, console)?;
    let cache = args.cache.open();
    if let Some(tune) = args.tune.options(args.split.seed) {
        let given = args.features.pooled.given().or(args.fit.given()).or(args.grid.given());
        let features = given.map_or(CurveFeatures::Chosen, |_| CurveFeatures::Given);
        let encoder = feature_options(&located, &args.features, cache, console)?;
        let curve = tuned_learning_curve(&located.folder, encoder, &dataset, options, features, &tune)?;
        return write(args, &curve, dataset.separator());
    }
    let encoder = load_encoder(&located, &args.features, cache, console)?;
    let curve = learning_curve(&encoder, &dataset, &options)?;
    write(args, &curve, dataset.separator())?;
    console.hint_faster_dtype(&encoder);
    Ok(())
}

/// Writes the curve in the requested formats.
fn write(args: &Args, curve: &LearningCurve, separator: Option<&LabelSeparator>) -> anyhow::Result<()> {
    let svg = || learning_curve_svg(curve);
    // If a chart cannot be written to a file, the report is still written.
    let written = args.charts.write_files(&CHARTS, || [Some(svg())]);
    args.charts.write_stdout(svg)?;
    if args.charts.is_on_stdout() && args.output.is_none() {
        args.json.write_file(curve)?;
    } else {
        args.json.write(curve, args.output.as_deref(), || learning_curve_summary(curve, separator))?;
    }
    written
}
