//! `clsify curve`: accuracy by the number of training rows, and whether more would help.

use std::path::{Path, PathBuf};

use clsify::dataset::LabelSeparator;
use clsify::studies::{
    CurveForecast, CurveScores, CurveScoring, LearningCurve, LearningCurveOptions, learning_curve,
};

use super::curve_chart::{bars, baseline_name, score_name, svg};
use crate::class_limit::ClassLimitArgs;
use crate::commands::train::six_digits;
use crate::console::Console;
use crate::grouping::GroupArgs;
use crate::loading::{DEFAULT_ENCODER, load_encoder, load_training_dataset, locate_encoder, test_rows};
use crate::options::{
    CacheArgs, FeatureArgs, FitArgs, GridArgs, RowArgs, SplitArgs, WeightArgs, at_least_one,
};
use crate::output::{check_output, is_stdout, stdout, write_json, write_text};
use crate::table::{Table, shorten};

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
    let curve = learning_curve(&encoder, &dataset, &options)?;
    write(args, &curve, dataset.separator())?;
    console.hint_faster_dtype(&encoder);
    Ok(())
}

/// The curve in the forms that were asked for.
fn write(args: &Args, curve: &LearningCurve, separator: Option<&LabelSeparator>) -> anyhow::Result<()> {
    if args.chart.as_deref().is_some_and(is_stdout) {
        stdout(|out| write!(out, "{}", svg(curve)))?;
        if args.output.is_none() {
            return Ok(());
        }
    }
    // A chart that cannot be written costs nothing else.
    let write_chart =
        |path: &PathBuf| clsify::files::write_atomically(path, |out| write!(out, "{}", svg(curve)));
    let written = args.chart.as_ref().filter(|path| !is_stdout(path)).map(write_chart);
    if args.json {
        write_json(args.output.as_deref().unwrap_or("-".as_ref()), curve)?;
    } else {
        write_text(args.output.as_deref(), &summary(curve, separator))?;
    }
    Ok(written.transpose().map(drop)?)
}

/// A learning curve in words.
fn summary(curve: &LearningCurve, separator: Option<&LabelSeparator>) -> String {
    let encoder = &curve.encoder;
    let c = match &curve.grid_search {
        None => format!("C {}", six_digits(curve.c)),
        Some(c_values) => format!("C of {} by cross-validation", c_values.len()),
    };
    let mut text = format!(
        "encoder      {}, {}; {c}\nrows         {} to train, {} to test\n",
        encoder.name,
        encoder.pooled(),
        curve.n_train,
        curve.n_test
    );
    let always = match separator {
        None => baseline_name(curve.scoring).to_string(),
        Some(_) if curve.baseline_labels.is_empty() => "empty set".to_string(),
        Some(separator) => format!("labels {}", shorten(&separator.join(&curve.baseline_labels), 60)),
    };
    text.push_str(&format!("baseline     {:.4}: always the {always}\n\n", curve.baseline_score));
    text.push_str(&format!("{}\n", points(curve)));
    text.push_str("  +-: deviation from fit to fit, by which training rows were drawn; interval: for other held-out rows\n\n");
    text.push_str(&match &curve.forecast {
        Some(forecast) => verdict(curve, forecast),
        None => "Three numbers of rows are needed to say whether more would help.\n".to_string(),
    });
    text
}

/// A line for each number of rows.
fn points(curve: &LearningCurve) -> Table {
    let (scale, bars) = bars(curve);
    // What else is said of each: other scores, and which C was chosen.
    let beside = match curve.scoring {
        CurveScoring::Accuracy => &[][..],
        CurveScoring::WeightedAccuracy => &["accuracy"],
        CurveScoring::F1Micro => &["macro F1", "subset"],
        CurveScoring::WeightedF1Micro => &["micro F1", "macro F1", "subset"],
    };
    let searched = curve.grid_search.is_some().then_some("C");
    let head = ["rows", "fits", score_name(curve.scoring), "+-", "95 % interval"];
    let mut table = Table::new(head.iter().chain(beside).copied().chain(searched).chain([scale.as_str()]));
    for (point, bar) in curve.points.iter().zip(bars) {
        let [low, high] = point.score_ci95;
        let spread = match point.scores.len() {
            1 => String::new(),
            _ => format!("{:.4}", point.score_std),
        };
        let others = match (curve.scoring, &point.unweighted) {
            (CurveScoring::Accuracy, _) => vec![],
            (_, CurveScores::Classes { accuracy, .. }) => vec![*accuracy],
            (CurveScoring::F1Micro, CurveScores::LabelSets { f1_macro, subset_accuracy, .. }) => {
                vec![*f1_macro, *subset_accuracy]
            }
            (_, CurveScores::LabelSets { f1_micro, f1_macro, subset_accuracy }) => {
                vec![*f1_micro, *f1_macro, *subset_accuracy]
            }
        };
        let cells = [
            point.n_rows.to_string(),
            point.scores.len().to_string(),
            format!("{:.4}", point.score),
            spread,
            format!("{low:.3} to {high:.3}"),
        ];
        let others = others.into_iter().map(|score| format!("{score:.4}"));
        let c = searched.map(|_| c_range(&point.c));
        table.row(cells.into_iter().chain(others).chain(c).chain([bar]));
    }
    table
}

/// The C of all repeats: one, or from the least to the greatest.
fn c_range(c: &[f64]) -> String {
    let (low, high) = c.iter().fold((f64::INFINITY, 0.0f64), |(low, high), &c| (low.min(c), high.max(c)));
    let digits = |c: f64| format!("{c:.2e}").parse().unwrap_or(c);
    if low == high { digits(low).to_string() } else { format!("{} to {}", digits(low), digits(high)) }
}

/// Half a point: less is not worth new labels to most.
const WORTH: f64 = 0.005;

/// Whether more rows would help.
fn verdict(curve: &LearningCurve, forecast: &CurveForecast) -> String {
    let forecast = &forecast.found;
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
         {} = {:.4} - {:.4} x rows^-{:.3}\ngoes on as it has.",
        forecast.n_rows,
        points(forecast.gain),
        points(low),
        points(high),
        score_name(curve.scoring),
        forecast.law.a,
        forecast.law.b,
        forecast.law.c
    );
    if let (Some(expected), Some(last)) = (forecast.largest_from_others, curve.points.last()) {
        text.push_str(&format!(
            " Drawn without its last point, it says {expected:.4} for {} rows; measured {:.4}.",
            last.n_rows, last.score
        ));
    }
    text + "\n"
}
