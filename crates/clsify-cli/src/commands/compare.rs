//! `clsify compare`: compares two saved classifiers on the same labelled sentences.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{bail, ensure};
use clsify::dataset::{DatasetOptions, LabelSeparator};
use clsify::model::SavedModel;
use clsify::studies::{ComparisonReport, compare};
use clsify_report::charts::comparison_svg;
use clsify_report::summaries::comparison_summary;

use crate::console::Console;
use crate::loading::{load_classifier, load_rows_to_score, locate_model, note_labels_without_column};
use crate::options::{CacheArgs, ChartArgs, DtypeArg, JsonArgs, RowArgs, WeightArgs, at_least_one};
use crate::output::{check_output, is_stdout, last_name, stdout, written};

/// The charts of this command; the first is that of `--chart`.
const CHARTS: [&str; 1] = ["comparison.svg"];

/// Compare two saved classifiers on the same labelled sentences, and test whether their difference is more than
/// chance
#[derive(clap::Args)]
#[command(mut_arg("chart", |arg| arg.value_name("COMPARISON.svg").help("Draw the differences of the scores with their intervals to this file; - is stdout")))]
#[command(after_help = "Examples:
  clsify compare old new --data test.tsv
  clsify compare old new --data test.tsv --show 50 --output differences.jsonl
  clsify compare old new --data test.tsv --json

Two multi-label models (train --multi-label) are compared by their whole label sets, by micro F1, and label by label.")]
pub(crate) struct Args {
    /// The first model, A: a folder, or its id at the model hub
    #[arg(value_name = "A")]
    a: PathBuf,

    /// The second model, B; it may have another encoder and other classes
    ///
    /// A multi-label model can only be compared with another multi-label model.
    #[arg(value_name = "B")]
    b: PathBuf,

    /// Read labelled sentences that neither model was trained on: TSV, CSV, JSON, JSONL or fastText, also gzipped; -
    /// is stdin and needs --format
    #[arg(long, value_name = "FILE")]
    data: PathBuf,

    /// Read only the first N rows
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    limit: Option<usize>,

    /// Use this encoder for A if its encoder has moved: a folder, a name shown by `clsify list`, or a model hub id
    #[arg(long, value_name = "ENCODER")]
    encoder_a: Option<String>,

    /// Use this encoder for B if its encoder has moved
    #[arg(long, value_name = "ENCODER")]
    encoder_b: Option<String>,

    /// Compute both encoders in this data type; the default is that of each model's training
    #[arg(long, value_enum)]
    dtype: Option<DtypeArg>,

    /// Show at most N sentences on which the models disagree; --json and --output contain all of them
    #[arg(long, value_name = "N", default_value_t = 20, allow_negative_numbers = true)]
    show: usize,

    /// Split the label cells of --data at this separator, for multi-label models; the default is that of A's training
    #[arg(long, value_name = "SEPARATOR")]
    multi_label: Option<LabelSeparator>,

    #[command(flatten)]
    charts: ChartArgs,

    #[command(flatten)]
    json: JsonArgs,

    /// Write the sentences on which the models disagree to this file, one JSON object per line; - is stdout
    #[arg(long, value_name = "DIFFERENCES.jsonl")]
    output: Option<PathBuf>,

    #[command(flatten)]
    cache: CacheArgs,

    #[command(flatten)]
    weight: WeightArgs,

    #[command(flatten)]
    options: RowArgs,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<()> {
    args.charts.check_beside_rows(args.output.as_deref(), args.json.is_on_stdout(None))?;
    let charts = args.charts.paths(&CHARTS);
    check_output(None, &written(&[args.output.as_deref(), args.json.file()], &charts), &[&args.data])?;
    // The models come before the data, because a multi-label model determines how labels are read.
    let separator_of = |model: &Path| {
        Ok::<_, anyhow::Error>(SavedModel::read(model)?.multi_label.map(|labels| labels.separator))
    };
    let (folder_a, folder_b) = (locate_model(&args.a, console)?, locate_model(&args.b, console)?);
    let (of_a, of_b) = (separator_of(&folder_a)?, separator_of(&folder_b)?);
    let separator = match (&of_a, &of_b) {
        (None, None) => None,
        (Some(of_a), Some(of_b)) => Some(separator(args, of_a, of_b, console)),
        (of_a, _) => {
            let (several, one) = if of_a.is_some() { (&args.a, &args.b) } else { (&args.b, &args.a) };
            bail!(
                "expected two models of the same kind, got one with several labels per sentence, {}, and one with one label, {}",
                several.display(),
                one.display()
            )
        }
    };
    ensure!(
        separator.is_some() || args.multi_label.is_none(),
        "--multi-label: {} and {} have one label per sentence: leave it out",
        args.a.display(),
        args.b.display()
    );
    let options = DatasetOptions { multi_label: separator.cloned(), ..args.options.with_limit(args.limit) };
    let options = args.weight.of(options);
    let columns = options.label_columns.clone();
    let dataset = load_rows_to_score(&args.data, options, console)?;
    let load = |model: &Path, encoder: &Option<String>| {
        load_classifier(model, encoder.as_deref(), args.dtype, args.cache.open(), console)
    };
    let (a, b) = (load(&folder_a, &args.encoder_a)?, load(&folder_b, &args.encoder_b)?);
    let classes: BTreeSet<&String> = a.classes().iter().chain(b.classes()).collect();
    note_labels_without_column(&args.data, &columns, classes, console);
    let report = compare(&a, &b, &dataset)?;
    write(args, &report, separator)
}

/// The separator of labels in a cell: as given, otherwise as in the training of A.
fn separator<'a>(
    args: &'a Args,
    of_a: &'a LabelSeparator,
    of_b: &LabelSeparator,
    console: &Console,
) -> &'a LabelSeparator {
    if args.multi_label.is_none() && of_a != of_b {
        console.say(&format!(
            "note: A was trained with the separator {:?}, B with {:?}: label cells are split at that of A; --multi-label chooses",
            of_a.to_string(),
            of_b.to_string()
        ));
    }
    args.multi_label.as_ref().unwrap_or(of_a)
}

/// Writes the report in the requested format.
fn write(args: &Args, report: &ComparisonReport, separator: Option<&LabelSeparator>) -> anyhow::Result<()> {
    let names = [&args.a, &args.b].map(|model| last_name(model));
    let svg = || comparison_svg(report, [&names[0], &names[1]]);
    args.charts.write_files(&CHARTS, || [Some(svg())])?;
    let lines = report.differences.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
    match &args.output {
        Some(path) if is_stdout(path) => {
            args.json.write_file(report)?;
            return stdout(|out| lines.iter().try_for_each(|l| writeln!(out, "{l}")));
        }
        Some(path) => {
            clsify::files::write_atomically(path, |out| lines.iter().try_for_each(|l| writeln!(out, "{l}")))?;
        }
        None => {}
    }
    if args.charts.is_on_stdout() {
        args.json.write_file(report)?;
        return args.charts.write_stdout(svg);
    }
    let [a, b] = [&args.a, &args.b].map(|model| model.display().to_string());
    args.json.write(report, None, || comparison_summary(report, [&a, &b], separator, args.show))
}
