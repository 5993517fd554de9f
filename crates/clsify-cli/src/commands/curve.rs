//! `clsify curve`: accuracy by the number of training rows, and whether more would help.

use std::path::PathBuf;

use clsify::evaluation::Forecast;
use clsify::pipeline::{LearningCurve, LearningCurveOptions, TestRows, learning_curve};

use super::curve_chart::{bars, svg};
use crate::commands::train::{say_counts, six_digits};
use crate::console::Console;
use crate::options::{
    CacheArgs, DataOptions, FeatureArgs, FitArgs, SplitArgs, WeightArgs, at_least_one, load_dataset,
    load_encoder, locate_encoder,
};
use crate::output::{check_parent, is_stdout, stdout, write_json};
use crate::table::Table;

/// Show how accuracy grows with the number of training rows, and whether more of them would help
///
/// Every sentence is encoded once. Classifiers are fitted on 50, 100, 200, ... of the training rows, in the shares of their
/// classes, and scored on the same held-out rows.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  clsify curve --data reviews.tsv
  clsify curve --data train.tsv --test-data test.tsv --encoder all-mpnet-base-v2 --layers 9 --pooling mean --c 0.01 --chart curve.svg")]
pub(crate) struct Args {
    /// A folder, a name known to `list`, or a hub id
    #[arg(long, default_value = "all-MiniLM-L6-v2")]
    encoder: String,

    /// Labelled sentences: TSV, CSV or JSONL; - is stdin, with --format
    #[arg(long, value_name = "FILE")]
    data: PathBuf,

    /// Read the first N rows of --data only
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    limit: Option<usize>,

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

    /// Draw the curve to this file
    #[arg(long, value_name = "CURVE.svg")]
    chart: Option<PathBuf>,

    /// Write the report as JSON to stdout, instead of a table
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    cache: CacheArgs,

    #[command(flatten)]
    weight: WeightArgs,

    #[command(flatten)]
    options: DataOptions,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<()> {
    args.chart.iter().try_for_each(|path| check_parent(path))?;
    let is_on_stdout = args.chart.as_deref().is_some_and(is_stdout);
    anyhow::ensure!(!(is_on_stdout && args.json), "stdout: expected --json or --chart -, got both");
    let dataset = load_dataset(&args.data, &args.weight.of(args.options.with_limit(args.limit)))?;
    say_counts(&args.data.display().to_string(), &dataset.summary(), console);
    let test = match &args.split.test_data {
        Some(path) => {
            let test = load_dataset(path, &args.options.with_limit(None))?;
            say_counts(&path.display().to_string(), &test.summary(), console);
            TestRows::Dataset(test)
        }
        None => TestRows::Split(args.split.options()),
    };
    let options = LearningCurveOptions {
        test,
        scaling: args.fit.scaling(&args.features),
        classifier: args.fit.options(),
        sizes: args.sizes.clone(),
        n_repeats: usize::from(args.repeats),
        seed: args.split.seed,
    };
    let located = locate_encoder(&args.encoder, console)?;
    let encoder = load_encoder(&located, &args.features, args.cache.open(), console)?;
    let curve = learning_curve(&encoder, &dataset, &options, console)?;
    match &args.chart {
        Some(_) if is_on_stdout => return stdout(|out| write!(out, "{}", svg(&curve))),
        Some(path) => clsify::files::write_atomically(path, |out| write!(out, "{}", svg(&curve)))?,
        None => {}
    }
    if args.json {
        write_json("-".as_ref(), &curve)?;
    } else {
        stdout(|out| write!(out, "{}", summary(&curve)))?;
    }
    console.hint_faster_dtype(&encoder);
    Ok(())
}

/// A learning curve in words.
fn summary(curve: &LearningCurve) -> String {
    let encoder = &curve.encoder;
    let mut text = format!(
        "encoder      {}, {}; C {}\nrows         {} to train, {} to test\n",
        encoder.name,
        encoder.pooled(),
        six_digits(curve.c),
        curve.n_train,
        curve.n_test
    );
    text.push_str(&format!(
        "baseline     {:.4}: always the most frequent class\n\n",
        curve.baseline_accuracy
    ));
    let (scale, bars) = bars(curve);
    let mut table = Table::new(["rows", "fits", "accuracy", "+-", "95 % interval", &scale]);
    for (point, bar) in curve.points.iter().zip(bars) {
        let [low, high] = point.accuracy_ci95;
        let spread = match point.accuracies.len() {
            1 => String::new(),
            _ => format!("{:.4}", point.accuracy_std),
        };
        table.row([
            point.n_rows.to_string(),
            point.accuracies.len().to_string(),
            format!("{:.4}", point.accuracy),
            spread,
            format!("{low:.3} to {high:.3}"),
            bar,
        ]);
    }
    text.push_str(&format!("{table}\n"));
    text.push_str("  +-: deviation from fit to fit, by which training rows were drawn; interval: for other held-out rows\n\n");
    text.push_str(&match &curve.forecast {
        Some(forecast) => verdict(curve, forecast),
        None => "Three numbers of rows are needed to say whether more would help.\n".to_string(),
    });
    text
}

/// Half a point: less is not worth new labels to most.
const WORTH: f64 = 0.005;

/// Whether more rows would help.
fn verdict(curve: &LearningCurve, forecast: &Forecast) -> String {
    let [low, high] = forecast.gain_ci95;
    let points = |x: f64| format!("{:.1}", 100.0 * x);
    let judgement = match (low, high) {
        (low, _) if low >= WORTH => "More rows of this kind would help.",
        (_, high) if high < WORTH => {
            "More rows of this kind would hardly help: look at the encoder, its layers, or the labels."
        }
        _ => "Whether more rows would help cannot be told from these.",
    };
    let mut text = format!(
        "{judgement}\nTwice the rows ({}): about {} points more (95 % interval {} to {}), if the curve\n  \
         accuracy = {:.4} - {:.4} x rows^-{:.3}\ngoes on as it has.",
        forecast.n_rows,
        points(forecast.gain),
        points(low),
        points(high),
        forecast.law.a,
        forecast.law.b,
        forecast.law.c
    );
    if let (Some(expected), Some(last)) = (forecast.largest_from_others, curve.points.last()) {
        text.push_str(&format!(
            " Drawn without its last point, it says {expected:.4} for {} rows; measured {:.4}.",
            last.n_rows, last.accuracy
        ));
    }
    text + "\n"
}
