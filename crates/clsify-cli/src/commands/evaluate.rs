//! `clsify evaluate`: scores a saved classifier on labelled sentences.

mod errors;

use std::path::PathBuf;

use anyhow::ensure;
use clsify::dataset::DatasetOptions;
use clsify::evaluation::Metrics;
use clsify::model::{EvaluationReport, SavedModel};
use clsify_report::charts::{ReliabilityChart, class_scores_svg, confusion_svg, precision_recall_svg};
use clsify_report::summaries::evaluation_summary;

use self::errors::Subject;
use crate::console::Console;
use crate::loading::{load_classifier, load_rows_to_score, locate_model, note_labels_without_column};
use crate::options::{CacheArgs, ChartArgs, DtypeArg, JsonArgs, RowArgs, WeightArgs, at_least_one};
use crate::output::{check_output, is_stdout, last_name, written};

/// The charts of this command; the first is that of `--chart`.
const CHARTS: [&str; 4] = ["reliability.svg", "confusion.svg", "class_scores.svg", "precision_recall.svg"];

/// Score a saved classifier on labelled sentences
#[derive(clap::Args)]
#[command(mut_arg("chart", |arg| arg.value_name("RELIABILITY.svg").help("Draw the reliability diagram of the probabilities to this file; - is stdout")))]
#[command(
    after_help = "Examples:\n  clsify evaluate model --data test.tsv --json=scores.json\n  clsify evaluate model --data test.tsv --errors errors.csv"
)]
pub(crate) struct Args {
    /// The model: a folder, or its id at the model hub
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

    #[command(flatten)]
    charts: ChartArgs,

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
    let is_json_on_stdout = args.json.is_on_stdout(args.output.as_deref());
    args.charts.check(is_json_on_stdout)?;
    let are_errors_on_stdout = args.errors.as_deref().is_some_and(is_stdout);
    let on_stdout = [args.charts.is_on_stdout(), are_errors_on_stdout, is_json_on_stdout];
    ensure!(
        on_stdout.into_iter().filter(|is_there| *is_there).count() < 2,
        "stdout: expected one of --json, --chart and --errors there, got several"
    );
    let charts = args.charts.paths(&CHARTS);
    let files = written(&[args.json.file(), args.errors.as_deref()], &charts);
    check_output(args.output.as_deref(), &files, &[&args.data])?;
    // Label cells are split as in the training.
    let model = locate_model(&args.model, console)?;
    let saved = SavedModel::read(&model)?;
    let separator = saved.multi_label.as_ref().map(|labels| &labels.separator);
    let options = args.options.with_limit(args.limit);
    let options = args.weight.of(DatasetOptions { multi_label: separator.cloned(), ..options });
    let columns = options.label_columns.clone();
    let dataset = load_rows_to_score(&args.data, options, console)?;
    note_labels_without_column(&args.data, &columns, &saved.classes, console);
    let (encoder, cache) = (args.encoder.as_deref(), args.cache.open());
    let classifier = load_classifier(&model, encoder, args.dtype, cache, console)?;
    classifier.check_labels(&dataset)?;
    let (report, errors) = classifier.evaluate_with_errors(&dataset)?;
    if let Some(path) = &args.errors {
        Subject { dataset: &dataset, classifier: &classifier }.write(path, &errors, console)?;
    }
    finish(args, &report, classifier.classes())?;
    console.hint_faster_dtype(classifier.encoder());
    Ok(())
}

/// Writes the report, the charts and the text.
fn finish(args: &Args, report: &EvaluationReport, classes: &[String]) -> anyhow::Result<()> {
    let title = format!("{} on {}", last_name(&args.model), last_name(&args.data));
    let reliability = || ReliabilityChart::of_evaluation(&title, &report.probabilities).svg();
    args.charts.write_files(&CHARTS, || match &report.test {
        Metrics::Classes(test) => [
            Some(reliability()),
            Some(confusion_svg(&title, test)),
            Some(class_scores_svg(&title, &test.per_class)),
            Some(precision_recall_svg(&title, &report.precision_recall, &test.per_class)),
        ],
        Metrics::LabelSets(test) => [
            Some(reliability()),
            None,
            Some(class_scores_svg(&title, &test.per_label)),
            Some(precision_recall_svg(&title, &report.precision_recall, &test.per_label)),
        ],
    })?;
    args.charts.write_stdout(reliability)?;
    let output = args.output.as_deref();
    let are_errors_on_stdout = args.errors.as_deref().is_some_and(is_stdout);
    if (args.charts.is_on_stdout() || are_errors_on_stdout) && output.is_none_or(is_stdout) {
        return args.json.write_file(report);
    }
    args.json.write(report, output, || evaluation_summary(report, classes))
}
