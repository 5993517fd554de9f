//! `clsify evaluate`: scores a saved classifier on labelled sentences.

mod errors;

use std::path::PathBuf;

use anyhow::ensure;
use clsify::dataset::DatasetOptions;
use clsify::evaluation::{CalibrationScores, Metrics, ProbabilityScores};
use clsify::model::{EvaluationForm, SavedModel};
use serde::Serialize;

use self::errors::Subject;
use crate::commands::train::{multi_label, scores, weighted};
use crate::console::Console;
use crate::decision::evaluated_text;
use crate::loading::{load_classifier, load_rows_to_score, note_labels_without_column};
use crate::options::{CacheArgs, DtypeArg, RowArgs, WeightArgs, at_least_one};
use crate::output::{check_output, is_stdout, write_json, write_text};
use crate::reliability_chart::{Series, check_chart, last_name, write_chart};

/// Score a saved classifier on labelled sentences
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  clsify evaluate model --data test.tsv --json scores.json\n  clsify evaluate model --data test.tsv --errors errors.csv"
)]
pub(crate) struct Args {
    /// The model's folder
    model: PathBuf,

    /// Labelled sentences: TSV, CSV, JSON or JSONL, fastText's lines, also gzipped; - is stdin, with --format; a multi-label model splits label cells at its separator
    #[arg(long, value_name = "FILE")]
    data: PathBuf,

    /// Read the first N rows only
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    limit: Option<usize>,

    /// Where the model's encoder is, if it has moved: a folder, a name known to `list`, or a hub id
    #[arg(long)]
    encoder: Option<String>,

    /// Arithmetic of the encoder; that of the training if not given
    #[arg(long, value_enum)]
    dtype: Option<DtypeArg>,

    /// Write the misclassified rows to this file, the most confident errors first; - is stdout.
    ///
    /// Each row has its line in the data, the sentence, its label, the predicted one and its probability, and the probability of every
    /// class. The extension decides on the form: csv, tsv, or jsonl (ndjson, json); any other is CSV. A row whose label the model does not know is an
    /// error; a model that may abstain says so in the column `abstained`. With a multi-label model, `confidence` is that of the row's
    /// most confident wrong label: its probability where it is given wrongly, 1 less its probability where it is missing
    #[arg(long, value_name = "ERRORS.csv")]
    errors: Option<PathBuf>,

    /// Draw how far the probabilities can be trusted to this file; - is stdout
    #[arg(long, value_name = "RELIABILITY.svg")]
    chart: Option<PathBuf>,

    /// Write what would be printed to this file; - is stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write the scores to this file too; - is stdout
    #[arg(long, value_name = "OUT.json")]
    json: Option<PathBuf>,

    #[command(flatten)]
    cache: CacheArgs,

    #[command(flatten)]
    weight: WeightArgs,

    #[command(flatten)]
    options: RowArgs,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<()> {
    check_chart(args.chart.as_deref(), args.json.as_deref())?;
    let files = [args.json.as_deref(), args.chart.as_deref(), args.errors.as_deref()];
    let n_on_stdout = files.iter().flatten().filter(|path| is_stdout(path)).count();
    ensure!(n_on_stdout < 2, "stdout: expected one of --json, --chart and --errors there, got several");
    check_output(args.output.as_deref(), &files, &[&args.data])?;
    // Label cells are taken apart as in the training.
    let saved = SavedModel::read(&args.model)?;
    let separator = saved.multi_label.as_ref().map(|labels| &labels.separator);
    let options = args.options.with_limit(args.limit);
    let options = args.weight.of(DatasetOptions { multi_label: separator.cloned(), ..options });
    let columns = options.label_columns.clone();
    let dataset = load_rows_to_score(&args.data, options, console)?;
    note_labels_without_column(&args.data, &columns, &saved.classes, console);
    let (encoder, cache) = (args.encoder.as_deref(), args.cache.open());
    let classifier = load_classifier(&args.model, encoder, args.dtype, cache, console)?;
    classifier.check_labels(&dataset)?;
    let (report, errors) = classifier.evaluate_with_errors(&dataset)?;
    if let Some(path) = &args.errors {
        Subject { dataset: &dataset, classifier: &classifier }.write(path, &errors, console)?;
    }
    let scores = match &report.test {
        Metrics::Classes(test) => scores(test),
        Metrics::LabelSets(test) => multi_label::table(test, None),
    };
    let (by_weight, decision) = match &report.form {
        EvaluationForm::Classes { test_weighted_accuracy, decision } => {
            let decision =
                decision.as_ref().map(|d| evaluated_text(&d.rule, &d.effect, classifier.classes()));
            (weighted(*test_weighted_accuracy, None), decision.unwrap_or_default())
        }
        EvaluationForm::LabelSets { test_weighted } => (multi_label::weighted(*test_weighted), String::new()),
    };
    let text = scores + &by_weight + &probabilities(&report.probabilities) + &decision;
    finish(args, &report, &report.probabilities, &text)?;
    console.hint_faster_dtype(classifier.encoder());
    Ok(())
}

/// How far probabilities can be trusted, in a line.
fn probabilities(found: &ProbabilityScores) -> String {
    let CalibrationScores { ece, brier, log_loss } = found.scores;
    format!(
        "\nprobabilities  expected calibration error {ece:.4}, Brier score {brier:.4}, log loss {log_loss:.4}\n"
    )
}

/// Writes report, chart and text.
fn finish(
    args: &Args,
    report: &impl Serialize,
    probabilities: &ProbabilityScores,
    text: &str,
) -> anyhow::Result<()> {
    if let Some(path) = &args.json {
        write_json(path, report)?;
    }
    if let Some(path) = &args.chart {
        let series =
            Series { name: "as saved", scores: probabilities.scores, bins: &probabilities.reliability };
        let what = format!("{} on {}", last_name(&args.model), last_name(&args.data));
        write_chart(path, &what, &[series])?;
    }
    let is_on_stdout =
        [&args.json, &args.chart, &args.errors].into_iter().flatten().any(|path| is_stdout(path));
    if is_on_stdout && args.output.as_deref().is_none_or(is_stdout) {
        return Ok(());
    }
    write_text(args.output.as_deref(), text)
}
