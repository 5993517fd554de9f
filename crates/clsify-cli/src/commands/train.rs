//! `clsify train`: labelled sentences to a saved classifier and its scores.

mod choice;
pub(crate) mod multi_label;

use std::path::{Path, PathBuf};

use anyhow::ensure;
use clsify::dataset::{DatasetOptions, LabelCounts, LabelSeparator};
use clsify::decision::Platt;
use clsify::evaluation::{CalibrationScores, Evaluation, ProbabilityScores, ReliabilityBin};
use clsify::files::is_inside;
use clsify::model::{SaveOptions, SentenceClassifier, check_replaceable};
use clsify::observer::Observer;
use clsify::training::{
    BaselineReport, ClassScores, ClassifierReport, FeatureChoice, GridSearchOptions, Seconds, Selection,
    TrainOptions, Trained, TrainingReport, TrainingScores, train, train_selected,
};

use self::choice::{ChoiceArgs, FeatureSource};
use crate::class_limit::ClassLimitArgs;
use crate::console::Console;
use crate::decision::{DecisionArgs, decision_text};
use crate::grouping::GroupArgs;
use crate::loading::{
    DEFAULT_ENCODER, encoder_options, load_encoder, load_training_dataset, locate_encoder, test_rows,
};
use crate::options::{
    CacheArgs, CalibrationArg, FeatureArgs, FitArgs, GridArgs, RowArgs, SplitArgs, WeightArgs, at_least_one,
};
use crate::output::{check_output, check_outside, is_stdout, write_json, write_text};
use crate::reliability_chart::{self, Series, check_chart, last_name, write_chart};
use crate::table::{Table, shorten};

/// Train a classifier on labelled sentences, score it on held-out rows and save it
#[derive(clap::Args)]
#[command(after_help = "Examples:
  clsify train --data reviews.tsv --output model
  clsify train --data reviews.tsv --output model --features article --grid-search
  clsify train --encoder all-mpnet-base-v2 --pooling mean --data train.csv --test-data test.csv --output model
  clsify train --data news.csv --multi-label \";\" --thresholds f1 --output model")]
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
    choice: ChoiceArgs,

    #[command(flatten)]
    features: FeatureArgs,

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

    /// Sentences may have several labels or none: what stands between the labels of a cell, such as ";"; one classifier a
    /// label
    #[arg(long, value_name = "SEPARATOR")]
    multi_label: Option<LabelSeparator>,

    #[command(flatten)]
    decision: DecisionArgs,

    /// Copy the encoder into the model's folder, so that it can be moved as one
    #[arg(long)]
    bundle_encoder: bool,

    /// The folder to save the model to
    #[arg(long, value_name = "MODEL")]
    output: PathBuf,

    /// Draw how far the probabilities of the held-out rows can be trusted, before and after calibration, to this file; - is
    /// stdout
    #[arg(long, value_name = "RELIABILITY.svg")]
    chart: Option<PathBuf>,

    /// Write the report to this file too; - is stdout
    #[arg(long, value_name = "REPORT.json")]
    json: Option<PathBuf>,

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

impl Args {
    /// How --data is read.
    fn data_options(&self) -> DatasetOptions {
        self.grouping.of(self.weight.of(self.options.labelled(self.limit, self.multi_label.as_ref())))
    }
}

pub(crate) fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    let source = args.choice.source(&args)?;
    args.fit.note_unused_c(&args.grid, console);
    ensure!(
        !is_stdout(&args.output),
        "{}: expected the name of a folder for the model, got stdout",
        args.output.display()
    );
    check_replaceable(&args.output)?;
    args.json.iter().try_for_each(|path| check_outside(path, &args.output, "--json"))?;
    check_chart(args.chart.as_deref(), args.json.as_deref())?;
    args.chart.iter().try_for_each(|path| check_outside(path, &args.output, "--chart"))?;
    args.cache.check_outside(&args.output)?;
    for data in std::iter::once(&args.data).chain(&args.split.test_data) {
        check_stays(data, &args.output, "move the file")?;
    }
    let costs = args.decision.cost_file();
    let read: Vec<&Path> =
        [Some(args.data.as_path()), args.split.test_data.as_deref(), costs].into_iter().flatten().collect();
    check_output(None, &[args.json.as_deref(), args.chart.as_deref()], &read)?;
    let options = args.data_options();
    let decision = args.decision.options(options.multi_label.is_some())?;
    let dataset = load_training_dataset(&args.data, &options, &args.class_limit, console)?;
    let scaling = args.fit.scaling(&args.features);
    let grid = args.grid.c_values(scaling).map(|c_values| GridSearchOptions { c_values, refit: true });
    let options = TrainOptions {
        test: test_rows(&args.split, args.options.labelled(None, args.multi_label.as_ref()), console)?,
        scaling,
        classifier: args.fit.options(),
        grid_search: grid,
        calibration: args.calibration.into(),
        decision,
    };
    let located = locate_encoder(&args.encoder, console)?;
    if !args.bundle_encoder {
        check_stays(&located.folder, &args.output, "add --bundle-encoder")?;
    }
    let trained = match source {
        FeatureSource::Options => {
            let encoder = load_encoder(&located, &args.features, args.cache.open(), console)?;
            train(encoder, &dataset, options)?
        }
        FeatureSource::CrossValidation { scoring, required } => {
            let encoder = encoder_options(&located, &args.features.encoding, args.cache.open(), console)?;
            let choice = FeatureChoice { scoring, required };
            train_selected(&located.folder, encoder, &dataset, options, choice)?
        }
    };
    let report = &trained.report;
    report.split.leakage_note().iter().for_each(|note| console.note(note));
    let series = series(&report.probabilities, before_calibration(&report.scores));
    finish(&args, &trained, &series, console)?;
    console.hint_faster_dtype(trained.classifier.encoder());
    Ok(())
}

/// Probabilities as they were before a calibration, if there was one.
fn before_calibration(scores: &TrainingScores) -> Option<(CalibrationScores, &[ReliabilityBin])> {
    match scores {
        TrainingScores::Classes(scores) => {
            scores.calibration.as_ref().map(|of| (of.before, &of.reliability.before[..]))
        }
        TrainingScores::LabelSets(scores) => {
            scores.calibration.as_ref().map(|of| (of.before, &of.reliability.before[..]))
        }
    }
}

/// What the chart shows: the probabilities as saved, and as they were before a calibration.
fn series<'a>(
    saved: &'a ProbabilityScores,
    before: Option<(CalibrationScores, &'a [ReliabilityBin])>,
) -> Vec<Series<'a>> {
    let name = if before.is_some() { "after it" } else { "as trained" };
    let before = before.map(|(scores, bins)| Series { name: "before calibration", scores, bins });
    let saved = Series { name, scores: saved.scores, bins: &saved.reliability };
    before.into_iter().chain([saved]).collect()
}

/// What calibration did to the scores, and the diagram after it.
fn calibrated(before: CalibrationScores, after: CalibrationScores, bins: &[ReliabilityBin]) -> String {
    format!(
        "expected calibration error {:.4} -> {:.4}, Brier score {:.4} -> {:.4}, log loss {:.4} -> {:.4}\n{}",
        before.ece,
        after.ece,
        before.brier,
        after.brier,
        before.log_loss,
        after.log_loss,
        reliability_chart::text(bins)
    )
}

/// Writes report and chart and saves the model.
fn finish(args: &Args, trained: &Trained, series: &[Series], console: &Console) -> anyhow::Result<()> {
    let report = &trained.report;
    // A file first, so that a report that cannot be written leaves no model; stdout last, when all is done.
    let is_on_stdout = args.json.as_deref().is_some_and(is_stdout);
    if let Some(path) = args.json.as_deref().filter(|_| !is_on_stdout) {
        write_json(path, report)?;
    }
    let chart_of = |path| (path, format!("{} on held-out rows", last_name(args.encoder.as_ref())));
    let chart = args.chart.as_deref().map(chart_of);
    if let Some((path, what)) = chart.as_ref().filter(|(path, _)| !is_stdout(path)) {
        write_chart(path, what, series)?;
    }
    trained.classifier.save_with(&args.output, SaveOptions { bundle_encoder: args.bundle_encoder })?;
    if let Some((path, what)) = chart.as_ref().filter(|(path, _)| is_stdout(path)) {
        write_chart(path, what, series)?;
    } else if is_on_stdout {
        write_json("-".as_ref(), report)?;
    } else {
        write_text(None, &summary(report, &trained.classifier))?;
    }
    console.say(&format!("saved: {}", args.output.display()));
    Ok(())
}

/// The encoder that lies in the folder of an earlier model goes when that is replaced.
pub(crate) fn check_stays(path: &Path, output: &Path, or: &str) -> anyhow::Result<()> {
    ensure!(
        !(path.exists() && is_inside(path, output)),
        "{}: lies in the folder that is replaced: choose another --output, or {or}",
        path.display()
    );
    Ok(())
}

/// A training report in words.
fn summary(report: &TrainingReport, classifier: &SentenceClassifier) -> String {
    let (encoder, features) = (&report.encoder, &report.features);
    let mut text = format!(
        "encoder      {} ({}, {} layers, {} wide), {}\nfeatures     {} x {}, {} tokens, longest {}\n",
        encoder.name,
        encoder.model_type,
        encoder.num_hidden_layers,
        encoder.hidden_size,
        encoder.pooled(),
        features.shape[0],
        features.shape[1],
        features.counts.n_tokens,
        features.counts.max_tokens,
    );
    text.push_str(&format!(
        "rows         {} to train, {} to test\n",
        report.split.n_train, report.split.n_test
    ));
    if let LabelCounts::LabelSets { label_cardinality, .. } = &report.dataset.labels {
        let n_labels = classifier.classes().len();
        let s = if n_labels == 1 { "" } else { "s" };
        text.push_str(&format!("labels       {n_labels} label{s}, {label_cardinality:.2} a sentence\n"));
    }
    if let Some(search) = &report.grid_search {
        let score = if search.scoring.is_some() { "micro F1 " } else { "" };
        text.push_str(&format!(
            "grid search  best C {} with {score}{:.4} over {} folds, of {} values\n",
            six_digits(search.best_c),
            search.best_score,
            search.n_splits,
            search.points.len()
        ));
    }
    if let Some(selection) = &report.selection {
        text.push_str(&choice(selection));
    }
    text.push_str(&match &report.scores {
        TrainingScores::Classes(scores) => class_summary(&report.classifier, scores, classifier.classes()),
        TrainingScores::LabelSets(scores) => {
            multi_label::summary(&report.classifier, scores, classifier.separator())
        }
    });
    text.push_str(&seconds_text(&report.seconds));
    text
}

/// What a training run found where each sentence has one class, in words.
fn class_summary(classifier: &ClassifierReport, found: &ClassScores, classes: &[String]) -> String {
    let mut text = format!("classifier   C {}, {}\n", six_digits(classifier.c), convergence(classifier));
    text.push_str(&baseline(&found.baseline));
    text.push_str(&format!("on its own training rows {:.4}\n\n", found.train.accuracy));
    text.push_str(&scores(&found.test));
    text.push_str(&weighted(found.test_weighted_accuracy, found.baseline.test_weighted_accuracy));
    if let Some(calibration) = &found.calibration {
        let fitted = match (calibration.temperature, calibration.platt) {
            (_, Some(Platt { scale, offset })) => format!("logits {scale:.4} z {offset:+.4}"),
            (temperature, None) => format!("temperature {:.4}", temperature.unwrap_or(1.0)),
        };
        text.push_str(&format!("\ncalibration  {fitted}: "));
        let reliability = &calibration.reliability.after;
        text.push_str(&calibrated(calibration.before, calibration.after, reliability));
    }
    if let Some(decision) = &found.decision {
        text.push_str(&decision_text(decision, classes));
    }
    text
}

/// Where the time went; searches only where there were any.
fn seconds_text(seconds: &Seconds) -> String {
    let searches =
        [("choice of features", seconds.selection.unwrap_or(0.0)), ("grid search", seconds.grid_search)];
    let searches: String = searches
        .iter()
        .filter(|(_, time)| *time > 0.0)
        .map(|(name, time)| format!(", {name} {time:.2}"))
        .collect();
    format!(
        "\nseconds      load {:.2}, tokenize {:.2}, embed {:.2}{searches}, fit {:.2}, total {:.2}\n",
        seconds.load, seconds.tokenize, seconds.embed, seconds.fit, seconds.total
    )
}

/// The score of the most frequent class. Folds count training rows by their weights, and the line says so.
fn baseline(baseline: &BaselineReport) -> String {
    let by_weight = if baseline.cv_by_weight { " by weight" } else { "" };
    let cv = match (baseline.cv_mean, baseline.cv_std) {
        (Some(mean), Some(std)) => format!(" (cross-validated{by_weight} {mean:.3} +- {std:.3})"),
        _ => String::new(),
    };
    format!("baseline     {:.4}{cv}: always the most frequent class{by_weight}\n", baseline.test_accuracy)
}

/// The most candidates that are shown; the report has them all.
const MOST_CANDIDATES: usize = 8;

/// How features were chosen, and how far the chosen one's score is too good because it was chosen.
fn choice(selection: &Selection) -> String {
    let chosen = &selection.chosen;
    let mut text = format!(
        "chosen       {}: the cheapest of {} that is not clearly worse than the best, by {} training rows\n",
        chosen.features,
        selection.candidates.len(),
        selection.n_rows
    );
    text.push_str(&format!(
        "             cross-validated {} {:.4}{}\n\n",
        selection.scoring,
        chosen.score,
        optimism(selection)
    ));
    text.push_str(&format!("{}\n", candidates(selection, MOST_CANDIDATES)));
    text
}

/// What to expect of a choice on other rows.
pub(crate) fn optimism(selection: &Selection) -> String {
    let Some(optimism) = &selection.optimism else { return String::new() };
    let [low, high] = optimism.score_ci95;
    format!(
        "; expect {:.4} ({low:.3} to {high:.3}) on other rows, optimism {:+.4}",
        optimism.score, optimism.optimism
    )
}

/// The best candidates and the chosen one, ranked.
pub(crate) fn candidates(selection: &Selection, most: usize) -> Table {
    let score = selection.scoring.to_string();
    let mut table = Table::new(["features", "numbers", "Mop a sentence", "C", &score, "behind", "+-"]);
    let chosen = &selection.chosen;
    let best = selection.candidates.iter().take(most);
    let is_shown = best.clone().any(|candidate| candidate == chosen);
    for candidate in best.chain((!is_shown).then_some(chosen)) {
        let mark = if candidate == chosen { " <- chosen" } else { "" };
        table.row([
            format!("{}{mark}", candidate.features),
            candidate.n_features.to_string(),
            format!("{:.0}", candidate.operations / 1e6),
            six_digits(candidate.c).to_string(),
            format!("{:.4}", candidate.score),
            format!("{:.4}", candidate.behind),
            format!("{:.4}", candidate.behind_standard_error),
        ]);
    }
    table
}

/// A number without the digits that nobody reads; the report has them all.
pub(crate) fn six_digits(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}

/// Whether a fit reached its optimum, in plain words.
pub(crate) fn convergence(classifier: &ClassifierReport) -> String {
    if classifier.converged {
        return format!("at its optimum after {} steps", classifier.n_iter);
    }
    format!(
        "NOT at its optimum after {} steps (gradient {:.1e})",
        classifier.n_iter, classifier.gradient_max_norm
    )
}

/// The accuracy by weight, where rows have weights, beside that of the baseline where it is known.
pub(crate) fn weighted(accuracy: Option<f64>, baseline: Option<f64>) -> String {
    let baseline = baseline.map_or(String::new(), |baseline| format!(" (baseline {baseline:.4})"));
    let line = |accuracy| {
        format!("\nby weight    {accuracy:.4}: the accuracy with each row counted by its weight{baseline}\n")
    };
    accuracy.map_or(String::new(), line)
}

/// The most classes whose confusion matrix still fits a screen.
const MOST_MATRIX_CLASSES: usize = 20;

/// Accuracy, scores a class, confusion matrix.
pub(crate) fn scores(test: &Evaluation) -> String {
    let n: usize = test.confusion_matrix.iter().flatten().sum();
    let [low, high] = test.accuracy_ci95;
    let s = if n == 1 { "" } else { "s" };
    let short = |name: &String| shorten(name, 40);
    let mut text =
        format!("accuracy     {:.4} on {n} row{s} (95 % interval {low:.3} to {high:.3})\n\n", test.accuracy);
    let mut table = Table::new(["", "precision", "recall", "f1", "support"]);
    let averages =
        [("macro".to_string(), &test.macro_average), ("weighted".to_string(), &test.weighted_average)];
    for (name, s) in test.per_class.iter().map(|(name, scores)| (short(name), scores)).chain(averages) {
        let score = |x: f64| format!("{x:.4}");
        table.row([name, score(s.precision), score(s.recall), score(s.f1), s.support.to_string()]);
    }
    text.push_str(&table.to_string());
    if test.per_class.len() > MOST_MATRIX_CLASSES {
        text.push_str("\nThe confusion matrix, too wide to show, is in the report (--json).\n");
        return text;
    }
    text.push_str("\nconfusion matrix (rows: true, columns: predicted)\n");
    let mut matrix =
        Table::new(std::iter::once(String::new()).chain(test.per_class.iter().map(|(name, _)| short(name))));
    for ((name, _), row) in test.per_class.iter().zip(&test.confusion_matrix) {
        matrix.row(std::iter::once(short(name)).chain(row.iter().map(ToString::to_string)));
    }
    text.push_str(&matrix.to_string());
    text
}
