//! `clsify advise`: which encoder, layers, pooling and C are worth their cost for these sentences?

use std::path::PathBuf;

use clsify::classifier::LogisticRegressionOptions;
use clsify::pipeline::{EncoderSpeed, Selection, TestRows, TrainOptions, paired_difference};
use clsify::split::{SplitOptions, TestSize};
use serde::Serialize;

use crate::commands::train::{say_counts, six_digits, train_chosen};
use crate::console::Console;
use crate::options::{
    CacheArgs, ClassWeightArg, DataOptions, EncodingArgs, at_least_one, load_dataset, locate_encoder,
    test_size,
};
use crate::output::stdout;
use crate::table::{Table, shorten};

/// Sentences that a speed is measured with.
const N_SENTENCES: usize = 500;

/// Find the encoder, layers, pooling and C that are worth their cost for your sentences
///
/// A part of the rows is held out; everything is chosen on the rest by cross-validation, and the choice is scored on the
/// held-out rows.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  clsify advise --data reviews.tsv
  clsify advise --data reviews.tsv --encoder all-MiniLM-L6-v2 --encoder all-mpnet-base-v2 --json")]
pub(crate) struct Args {
    /// A folder, a name known to `list`, or a hub id; may be given several times
    #[arg(long, default_value = "all-MiniLM-L6-v2")]
    encoder: Vec<String>,

    /// Labelled sentences: TSV, CSV or JSONL; - is stdin, with --format
    #[arg(long, value_name = "FILE")]
    data: PathBuf,

    /// Read the first N rows of --data only
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    limit: Option<usize>,

    #[command(flatten)]
    encoding: EncodingArgs,

    /// Share of the rows that is held out for the final score, or their number
    #[arg(long, value_name = "SIZE", default_value = "0.25", allow_negative_numbers = true, value_parser = test_size)]
    test_size: TestSize,

    /// Seed of the split
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    seed: u32,

    /// How much a row counts: the same, or the same for every class in sum
    #[arg(long, value_enum, default_value_t = ClassWeightArg::None)]
    class_weight: ClassWeightArg,

    /// Print JSON instead of tables
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    cache: CacheArgs,

    #[command(flatten)]
    options: DataOptions,
}

/// One encoder's best choice, and what it costs.
#[derive(Serialize)]
struct Advice {
    encoder: String,
    selection: Selection,
    /// On the held-out rows, which no choice has seen.
    test_accuracy: f64,
    test_accuracy_ci95: [f64; 2],
    /// The cross-validated accuracy of the choice above that on the held-out rows.
    optimism: f64,
    sentences_per_second: f64,
    weights_bytes: usize,
    /// What trains it.
    command: String,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<()> {
    let dataset = load_dataset(&args.data, &args.options.with_limit(args.limit))?;
    say_counts(&args.data.display().to_string(), &dataset.summary(), console);
    let options = TrainOptions {
        test: TestRows::Split(SplitOptions { seed: args.seed, test_size: args.test_size, stratify: false }),
        classifier: LogisticRegressionOptions {
            class_weight: args.class_weight.into(),
            ..LogisticRegressionOptions::default()
        },
        ..TrainOptions::default()
    };
    let sample = &dataset.sentences()[..dataset.len().min(N_SENTENCES)];
    let mut found = Vec::new();
    for name in &args.encoder {
        let located = locate_encoder(name, console)?;
        console.say(&format!("encoder {}", located.name));
        let cache = || args.cache.open();
        let mut trained = train_chosen(&located, &args.encoding, &cache, &dataset, options.clone(), console)?;
        let Some(selection) = trained.report.selection.take() else { continue };
        let speed = EncoderSpeed::measure(trained.classifier.encoder(), sample, console)?;
        let chosen = &selection.chosen;
        found.push(Advice {
            encoder: name.clone(),
            test_accuracy: trained.report.test.accuracy,
            test_accuracy_ci95: trained.report.test.accuracy_ci95,
            optimism: chosen.accuracy - trained.report.test.accuracy,
            sentences_per_second: speed.sentences_per_second,
            weights_bytes: speed.weights_bytes,
            command: command(args, name, &trained.report),
            selection,
        });
    }
    found.sort_by(|a, b| b.selection.chosen.accuracy.total_cmp(&a.selection.chosen.accuracy));
    if args.json {
        let json = serde_json::to_string_pretty(&found)?;
        return stdout(|out| writeln!(out, "{json}"));
    }
    stdout(|out| write!(out, "{}", summary(&found)))
}

/// The command that trains a choice, on the same rows; options for the form of the data are not repeated.
fn command(args: &Args, encoder: &str, report: &clsify::pipeline::TrainingReport) -> String {
    let dtype = report.encoder.dtype;
    let quoted = |text: &str| match text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c)) {
        true => text.to_string(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    };
    let mut command = format!(
        "clsify train --encoder {} --layers {} --pooling {} --scaling standard --c {} --dtype {dtype} --data {} --output model",
        quoted(encoder),
        report.encoder.layers,
        report.encoder.pooling,
        report.classifier.c,
        quoted(&args.data.display().to_string()),
    );
    if args.class_weight == ClassWeightArg::Balanced {
        command.push_str(" --class-weight balanced");
    }
    if let Some(max_length) = args.encoding.max_length {
        command.push_str(&format!(" --max-length {max_length}"));
    }
    if let Some(limit) = args.limit {
        command.push_str(&format!(" --limit {limit}"));
    }
    if args.seed != 0 {
        command.push_str(&format!(" --seed {}", args.seed));
    }
    match args.test_size {
        TestSize::Fraction(share) => command.push_str(&format!(" --test-size {share}")),
        TestSize::Count(rows) => command.push_str(&format!(" --test-size {rows}")),
    }
    command
}

/// The fastest of those that are not clearly worse than the best: one standard error, row by row.
fn winner(found: &[Advice]) -> Option<&Advice> {
    let best = found.first()?;
    let is_near = |advice: &&Advice| {
        let (behind, error) =
            paired_difference(&best.selection.chosen_is_right, &advice.selection.chosen_is_right);
        behind <= error
    };
    found.iter().filter(is_near).max_by(|a, b| a.sentences_per_second.total_cmp(&b.sentences_per_second))
}

fn summary(found: &[Advice]) -> String {
    let mut table = Table::new([
        "encoder",
        "features",
        "C",
        "cross-validated",
        "held-out",
        "interval",
        "sentences/s",
        "MB",
    ]);
    for advice in found {
        let (chosen, [low, high]) = (&advice.selection.chosen, advice.test_accuracy_ci95);
        table.row([
            shorten(&advice.encoder, 40),
            chosen.features.to_string(),
            six_digits(chosen.c).to_string(),
            format!("{:.4}", chosen.accuracy),
            format!("{:.4}", advice.test_accuracy),
            format!("{low:.3} to {high:.3}"),
            format!("{:.0}", advice.sentences_per_second),
            format!("{:.0}", advice.weights_bytes as f64 / 1e6),
        ]);
    }
    let mut text = format!("{table}\n");
    if let Some(winner) = winner(found) {
        text.push_str(&format!(
            "The choice: {}, {}. Cross-validated {:.4}, on rows that no choice has seen {:.4}: too good by {:+.4}.\n\n  {}\n",
            winner.encoder,
            winner.selection.chosen.features,
            winner.selection.chosen.accuracy,
            winner.test_accuracy,
            winner.optimism,
            winner.command
        ));
        let faster = found.iter().find(|a| a.sentences_per_second >= 2.0 * winner.sentences_per_second);
        if let Some(faster) = faster {
            text.push_str(&format!(
                "\nAt least twice as fast, held-out {:.4}:\n\n  {}\n",
                faster.test_accuracy, faster.command
            ));
        }
    }
    text
}
