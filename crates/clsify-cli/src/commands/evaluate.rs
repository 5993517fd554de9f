//! `clsify evaluate`: scores a saved classifier on labelled sentences.

mod errors;

use std::path::PathBuf;

use anyhow::ensure;
use clsify::dataset::DatasetOptions;
use clsify::model::{EvaluationReport, SavedModel};
use clsify_report::charts::ReliabilityChart;
use clsify_report::summaries::evaluation_summary;

use self::errors::Subject;
use crate::console::Console;
use crate::loading::{load_classifier, load_rows_to_score, note_labels_without_column};
use crate::options::{CacheArgs, DtypeArg, JsonArgs, RowArgs, WeightArgs, at_least_one};
use crate::output::{check_chart, check_output, is_stdout, last_name, write_data};

/// Score a saved classifier on labelled sentences
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  clsify evaluate model --data test.tsv --json=scores.json\n  clsify evaluate model --data test.tsv --errors errors.csv"
)]
pub(crate) struct Args {
    /// The model's folder
    model: PathBuf,

    /// Read labelled sentences from this file: TSV, CSV, JSON, JSONL or fastText, also gzipped; - is stdin and needs
    /// --format
    ///
    /// For a multi-label model, label cells are split at the model's separator.
    #[arg(long, value_name = "FILE")]
    data: PathBuf,

    /// Read only the first N rows
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    limit: Option<usize>,

    /// Use this encoder if the model's encoder has moved: a folder, a name shown by `clsify list`, or a model hub id
    #[arg(long)]
    encoder: Option<String>,

    /// Compute the encoder in this data type; the default is that of the training
    #[arg(long, value_enum)]
    dtype: Option<DtypeArg>,

    /// Write the misclassified rows to this file, the most confident errors first; - is stdout
    ///
    /// Each row has its line in the data, the sentence, its label, the predicted label and its probability, and the
    /// probability of every class. The extension determines the format: tsv, or jsonl (ndjson, json); any other is
    /// CSV. A row whose label the model does not know is an error of the model. A model that may abstain has the
    /// column `abstained`. With a multi-label model, `confidence` is that of the most confident wrong label: its
    /// probability if it was assigned wrongly, 1 minus its probability if it is missing.
    #[arg(long, value_name = "ERRORS.csv")]
    errors: Option<PathBuf>,

    /// Draw the reliability diagram of the probabilities to this file; - is stdout
    #[arg(long, value_name = "RELIABILITY.svg")]
    chart: Option<PathBuf>,

    /// Write the output to this file instead of stdout; - is stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    json: JsonArgs,

    #[command(flatten)]
    cache: CacheArgs,

    #[command(flatten)]
    weight: WeightArgs,

    #[command(flatten)]
    options: RowArgs,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<()> {
    let files = [args.json.file(), args.chart.as_deref(), args.errors.as_deref()];
    let is_json_on_stdout = args.json.is_on_stdout(args.output.as_deref());
    check_chart(args.chart.as_deref(), is_json_on_stdout)?;
    let others = [&args.chart, &args.errors].into_iter().flatten().filter(|path| is_stdout(path)).count();
    ensure!(
        others + usize::from(is_json_on_stdout) < 2,
        "stdout: expected one of --json, --chart and --errors there, got several"
    );
    check_output(args.output.as_deref(), &files, &[&args.data])?;
    // Label cells are split as in the training.
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
    finish(args, &report, classifier.classes())?;
    console.hint_faster_dtype(classifier.encoder());
    Ok(())
}

/// Writes the report, the chart and the text.
fn finish(args: &Args, report: &EvaluationReport, classes: &[String]) -> anyhow::Result<()> {
    if let Some(path) = &args.chart {
        let title = format!("{} on {}", last_name(&args.model), last_name(&args.data));
        write_data(path, &ReliabilityChart::of_evaluation(&title, &report.probabilities).svg())?;
    }
    let output = args.output.as_deref();
    let is_on_stdout = [&args.chart, &args.errors].into_iter().flatten().any(|path| is_stdout(path));
    if is_on_stdout && output.is_none_or(is_stdout) {
        return args.json.write_file(report);
    }
    args.json.write(report, output, || evaluation_summary(report, classes))
}
