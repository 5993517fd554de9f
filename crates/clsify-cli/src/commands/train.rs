//! `clsify train`: trains a classifier on labelled sentences, scores it and saves it.

mod choice;

use std::path::{Path, PathBuf};

use anyhow::ensure;
use clsify::dataset::DatasetOptions;
use clsify::model::{SaveOptions, check_replaceable};
use clsify::observer::Observer;
use clsify::training::{
    Describe, FeatureChoice, GridSearchOptions, TestRows, TrainOptions, Trained, TrainingScores, train,
    train_selected, train_tuned,
};
use clsify_report::charts::{ReliabilityChart, class_scores_svg, confusion_svg, precision_recall_svg};
use clsify_report::summaries::training_summary;

use self::choice::{ChoiceArgs, FeatureSource};
use crate::console::Console;
use crate::loading::{
    DEFAULT_ENCODER, encoder_options, load_descriptions, load_encoder, load_training_dataset, locate_encoder,
    test_rows,
};
use crate::options::{
    CacheArgs, CalibrationArg, ChartArgs, DecisionArgs, FeatureArgs, FitArgs, GridArgs, JsonArgs,
    SaveTunedArgs, SplitArgs, TrainingDataArgs, TuneArgs, misused,
};
use crate::output::{check_output, check_outside, check_stays, is_stdout, last_name, written};

/// The charts of this command; the first is that of `--chart`.
const CHARTS: [&str; 4] = ["reliability.svg", "confusion.svg", "class_scores.svg", "precision_recall.svg"];

/// Train a classifier on labelled sentences, score it on held-out rows and save it
#[derive(clap::Args)]
#[command(mut_arg("data", |arg| arg.required(false).required_unless_present("describe")))]
#[command(mut_arg("chart", |arg| arg.value_name("RELIABILITY.svg").help("Draw the reliability diagram of the held-out rows, before and after calibration, to this file; - is stdout")))]
#[command(after_help = "Examples:
  clsify train --data reviews.tsv --output model
  clsify train --data reviews.tsv --output model --features article --grid-search
  clsify train --encoder all-mpnet-base-v2 --pooling mean --data train.csv --test-data test.csv --output model
  clsify train --data reviews.tsv --output model --encoder all-mpnet-base-v2 --tune
  clsify train --data news.csv --multi-label \";\" --thresholds f1 --output model")]
pub(crate) struct Args {
    #[command(flatten)]
    data: TrainingDataArgs,

    /// Read descriptions of the labels from this file: short texts with the label that they describe, in any format of --data
    ///
    /// One to six texts per label are enough, one per line. The classifier starts from them and learns the rest from --data; how
    /// much they count is chosen by leave-one-out. Without --data the model knows only the descriptions. With more than 1,000
    /// training rows they have no effect.
    #[arg(long, value_name = "FILE", conflicts_with = "multi_label")]
    describe: Option<PathBuf>,

    /// Use this encoder: a folder, a name shown by `clsify list`, or a model hub id
    #[arg(long, default_value = DEFAULT_ENCODER)]
    encoder: String,

    #[command(flatten)]
    choice: ChoiceArgs,

    #[command(flatten)]
    features: FeatureArgs,

    #[command(flatten)]
    tune: TuneArgs,

    #[command(flatten)]
    save_tuned: SaveTunedArgs,

    #[command(flatten)]
    split: SplitArgs,

    #[command(flatten)]
    fit: FitArgs,

    #[command(flatten)]
    grid: GridArgs,

    /// Calibrate probabilities on out-of-fold predictions
    ///
    /// `temperature` rescales the logits and never changes a prediction; `platt` (two classes, or per label with --multi-label)
    /// also shifts them.
    #[arg(long, value_enum, default_value_t = CalibrationArg::None)]
    calibration: CalibrationArg,

    #[command(flatten)]
    decision: DecisionArgs,

    /// Copy the encoder into the model's folder, so that the folder can be moved
    #[arg(long)]
    bundle_encoder: bool,

    /// Keep the training sentences in the model, so that `clsify explain` shows those near a text
    ///
    /// Everybody who has the model's folder can then read its training data.
    #[arg(long)]
    keep_neighbours: bool,

    /// Save the model to this folder
    #[arg(long, value_name = "MODEL")]
    output: PathBuf,

    #[command(flatten)]
    charts: ChartArgs,

    #[command(flatten)]
    json: JsonArgs,

    #[command(flatten)]
    cache: CacheArgs,
}

pub(crate) fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    let given = args.features.pooled.given().or(args.fit.given()).or(args.grid.given());
    let source = args.choice.source(given)?;
    let fixed = args.choice.given().or(args.fit.scaling_given()).or(args.grid.given());
    let fixed = fixed.or(args.describe.as_ref().map(|_| "--describe"));
    args.tune.check_alone(fixed.or(args.features.pooled.given()))?;
    let tune = args.tune.options(args.split.seed).map(|tune| args.save_tuned.added_to(tune));
    args.fit.note_unused_c(&args.grid, console);
    ensure!(
        !is_stdout(&args.output),
        "{}: expected the name of a folder for the model, got stdout",
        args.output.display()
    );
    check_replaceable(&args.output)?;
    args.json.file().iter().try_for_each(|path| check_outside(path, &args.output, "--json"))?;
    args.charts.check(args.json.is_on_stdout(None))?;
    let charts = args.charts.paths(&CHARTS);
    charts.iter().try_for_each(|(path, option)| check_outside(path, &args.output, option))?;
    args.cache.check_outside(&args.output)?;
    let files = [args.data.file(), args.describe.as_deref(), args.split.test_data.as_deref()];
    for file in files.into_iter().flatten() {
        check_stays(file, &args.output, "move the file")?;
    }
    let costs = args.decision.cost_file();
    let read: Vec<&Path> = files.into_iter().chain([costs]).flatten().collect();
    check_output(None, &written(&[args.json.file()], &charts), &read)?;
    let decision = args.decision.options(args.data.options().multi_label.is_some())?;
    if let Some(option) = args.data.unused(args.split.test_data.is_some()) {
        return Err(misused(&format!(
            "{option} is about the rows of --data, which is missing: leave it out, or add --data"
        )));
    }
    let texts = args.describe.as_deref().map(|path| load_descriptions(path, console)).transpose()?;
    let has_rows = args.data.file().is_some();
    let (dataset, describe) = match texts {
        Some(texts) if !has_rows => (texts, Describe::Only),
        texts => {
            (load_training_dataset(&args.data, console)?, texts.map_or(Describe::Nothing, Describe::Labels))
        }
    };
    let scaling = args.fit.scaling(&args.features);
    let grid = args
        .grid
        .c_values(scaling)
        .map(|c_values| GridSearchOptions { c_values, ..GridSearchOptions::default() });
    let options = TrainOptions {
        test: match args.split.test_data.is_none() && !has_rows {
            // A model without rows is scored on its own descriptions.
            true => TestRows::Dataset(dataset.clone()),
            false => test_rows(&args.split, args.data.test_options(), console)?,
        },
        scaling,
        classifier: args.fit.options(),
        grid_search: grid,
        calibration: args.calibration.into(),
        decision,
        describe,
        keep_neighbours: args.keep_neighbours,
        reading: Some(if has_rows { args.data.options() } else { DatasetOptions::default() }),
    };
    let located = locate_encoder(&args.encoder, console)?;
    if !args.bundle_encoder && tune.is_none() {
        check_stays(&located.folder, &args.output, "add --bundle-encoder")?;
    }
    let trained = match (&tune, source) {
        (Some(tune), _) => {
            let encoder = encoder_options(&located, &args.features.encoding, args.cache.open(), console)?;
            train_tuned(&located.folder, encoder, &dataset, options, tune, &args.output)?
        }
        (None, FeatureSource::Options) => {
            let encoder = load_encoder(&located, &args.features, args.cache.open(), console)?;
            train(encoder, &dataset, options)?
        }
        (None, FeatureSource::CrossValidation { scoring, required }) => {
            let encoder = encoder_options(&located, &args.features.encoding, args.cache.open(), console)?;
            let choice = FeatureChoice { scoring, required };
            train_selected(&located.folder, encoder, &dataset, options, choice)?
        }
    };
    trained.report.split.leakage_note().iter().for_each(|note| console.note(note));
    finish(&args, &trained, console)?;
    console.hint_faster_dtype(trained.classifier.encoder());
    Ok(())
}

/// Writes the report and the chart, and saves the model.
fn finish(args: &Args, trained: &Trained, console: &Console) -> anyhow::Result<()> {
    let report = &trained.report;
    // Files come first, so that a report that cannot be written leaves no model; stdout comes last, when all is done.
    args.json.write_file(report)?;
    let title = format!("{} on held-out rows", last_name(args.encoder.as_ref()));
    let reliability = || ReliabilityChart::of_training(&title, report).svg();
    args.charts.write_files(&CHARTS, || match &report.scores {
        TrainingScores::Classes(scores) => [
            Some(reliability()),
            Some(confusion_svg(&title, &scores.test)),
            Some(class_scores_svg(&title, &scores.test.per_class)),
            Some(precision_recall_svg(&title, &report.precision_recall, &scores.test.per_class)),
        ],
        TrainingScores::LabelSets(scores) => [
            Some(reliability()),
            None,
            Some(class_scores_svg(&title, &scores.test.per_label)),
            Some(precision_recall_svg(&title, &report.precision_recall, &scores.test.per_label)),
        ],
    })?;
    let is_tuned = report.tuning.as_ref().is_some_and(|tuning| tuning.is_kept);
    let bundle_encoder = args.bundle_encoder || is_tuned;
    trained.classifier.save_with(&args.output, SaveOptions { bundle_encoder })?;
    args.charts.write_stdout(reliability)?;
    if !args.charts.is_on_stdout() {
        let classifier = &trained.classifier;
        let summary = || training_summary(report, classifier.classes(), classifier.separator());
        args.json.write_rest(report, None, summary)?;
    }
    console.say(&format!("saved: {}", args.output.display()));
    Ok(())
}
