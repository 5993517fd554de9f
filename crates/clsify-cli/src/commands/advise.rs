//! `clsify advise`: compares encoders, layers, poolings and values of C by score and cost.

use std::path::PathBuf;

use clsify::classifier::LogisticRegressionOptions;
use clsify::evaluation::Scoring;
use clsify::features::pooling_names;
use clsify::files::shell_word;
use clsify::observer::Observer;
use clsify::split::{SplitOptions, TestSize};
use clsify::studies::{Advice, AdviceOptions, advise, faster_candidate, rank_advice};
use clsify::training::{Candidate, default_scoring};
use clsify_report::summaries::{advice_chart, advice_summary};
use serde::Serialize;

use crate::console::Console;
use crate::loading::{DEFAULT_ENCODER, encoder_options, load_training_dataset, locate_encoder};
use crate::options::{
    CacheArgs, ChartArgs, ClassWeightArg, EncodingArgs, JsonArgs, TrainingDataArgs, TuneArgs, test_size,
};
use crate::output::{check_output, written};

/// The charts of this command; the first is that of `--chart`.
const CHARTS: [&str; 1] = ["score_by_speed.svg"];

const TUNE_HELP: &str = "\
Tune each encoder too, as one more candidate

It is scored on training rows that it has not learned from, and on the held-out rows, as by `clsify train --tune`. It takes minutes; \
the time is estimated by a few steps and printed first.";

/// Choose the encoder, layers, pooling and C that are worth their cost for your sentences
///
/// A part of the rows is held out. Everything is chosen by cross-validation on the other rows, and the choice is
/// scored on the held-out rows.
#[derive(clap::Args)]
#[command(mut_arg("chart", |arg| arg.value_name("FILE.svg").help("Draw the score of every candidate against its speed to this file; - is stdout")))]
#[command(mut_arg("tune", |arg| arg.help("Tune each encoder too, as one more candidate").long_help(TUNE_HELP)))]
#[command(after_help = "Examples:
  clsify advise --data reviews.tsv
  clsify advise --data reviews.tsv --tune
  clsify advise --data reviews.tsv --scoring f1_macro --chart advice.svg
  clsify advise --data reviews.tsv --encoder all-MiniLM-L6-v2 --encoder all-mpnet-base-v2 --json
  clsify advise --data news.tsv --multi-label \";\"")]
pub(crate) struct Args {
    #[command(flatten)]
    data: TrainingDataArgs,
    /// Compare this encoder: a folder, a name shown by `clsify list`, or a model hub id; may be given several times
    #[arg(long, default_value = DEFAULT_ENCODER)]
    encoder: Vec<String>,

    #[command(flatten)]
    encoding: EncodingArgs,

    #[command(flatten)]
    tune: TuneArgs,

    /// Hold out this share of the rows for the final score, or this number of rows
    #[arg(long, value_name = "SIZE", default_value = "0.25", allow_negative_numbers = true, value_parser = test_size)]
    test_size: TestSize,

    /// Set the random seed of the split
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    seed: u32,

    /// Compare candidates by this score: accuracy, f1_macro, f1_micro or log_loss; the default is accuracy, with
    /// --multi-label f1_micro
    ///
    /// `f1_macro` is the mean over classes, however rare. `f1_micro` counts all answers together. `log_loss` uses the
    /// probabilities.
    #[arg(long, value_name = "SCORE")]
    scoring: Option<Scoring>,

    /// Weight classes equally (none) or inversely to their frequency (balanced)
    #[arg(long, value_enum, default_value_t = ClassWeightArg::None)]
    class_weight: ClassWeightArg,

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
    args.charts.check(args.json.is_on_stdout(args.output.as_deref()))?;
    let charts = args.charts.paths(&CHARTS);
    check_output(
        args.output.as_deref(),
        &written(&[args.json.file()], &charts),
        &Vec::from_iter(args.data.file()),
    )?;
    let dataset = load_training_dataset(&args.data, console)?;
    let scoring = args.scoring.unwrap_or(default_scoring(&dataset));
    let options = AdviceOptions {
        scoring: Some(scoring),
        split: SplitOptions { seed: args.seed, test_size: args.test_size, stratify: false },
        classifier: LogisticRegressionOptions {
            class_weight: args.class_weight.into(),
            ..LogisticRegressionOptions::default()
        },
        tune: args.tune.options(args.seed),
    };
    let (mut found, mut folders) = (Vec::new(), Vec::new());
    for name in &args.encoder {
        let located = locate_encoder(name, console)?;
        if folders.contains(&located.folder) {
            console.note(&format!("{name} is compared once, although it was given twice"));
            continue;
        }
        folders.push(located.folder.clone());
        console.say(&format!("encoder {}", located.name));
        let encoder = encoder_options(&located, &args.encoding, args.cache.open(), console)?;
        found.push(advise(name, &located.folder, encoder, &dataset, &options)?);
    }
    rank_advice(&mut found);
    let svg = || advice_chart(&found, scoring).svg();
    // If a chart cannot be written, the other results must not be lost.
    let written = args.charts.write_files(&CHARTS, || [Some(svg())]);
    args.charts.write_stdout(svg)?;
    let command = |advice: &Advice, candidate: Option<&Candidate>| command(args, advice, candidate);
    let report: Vec<_> = found.iter().map(|advice| AdvisedCommands::of(advice, command)).collect();
    if args.charts.is_on_stdout() && args.output.is_none() {
        args.json.write_file(&report)?;
    } else {
        args.json.write(&report, args.output.as_deref(), || advice_summary(&found, scoring, command))?;
    }
    written
}

/// Advice with the commands that follow it.
#[derive(Serialize)]
struct AdvisedCommands<'a> {
    #[serde(flatten)]
    advice: &'a Advice,
    /// The command that trains the choice.
    command: String,
    /// The command that tunes the encoder, if that was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    tune_command: Option<String>,
    /// The best of the encoder's other candidates that is estimated to be at least twice as fast.
    runner_up: Option<RunnerUp<'a>>,
}

/// A faster candidate.
#[derive(Serialize)]
struct RunnerUp<'a> {
    #[serde(flatten)]
    candidate: &'a Candidate,
    estimated_sentences_per_second: f64,
    /// The command that trains it.
    command: String,
}

impl<'a> AdvisedCommands<'a> {
    fn of(advice: &'a Advice, command: impl Fn(&Advice, Option<&Candidate>) -> String) -> Self {
        let faster = faster_candidate(std::slice::from_ref(advice), advice.sentences_per_second);
        AdvisedCommands {
            advice,
            command: command(advice, Some(&advice.selection.chosen)),
            tune_command: advice.tuned.as_ref().map(|_| command(advice, None)),
            runner_up: faster.map(|(_, candidate)| RunnerUp {
                candidate,
                estimated_sentences_per_second: advice.speed_of(candidate),
                command: command(advice, Some(candidate)),
            }),
        }
    }
}

/// The command that trains a candidate, or if there is none the tuned encoder, on the same rows.
fn command(args: &Args, advice: &Advice, candidate: Option<&Candidate>) -> String {
    let features = candidate.map_or(String::new(), |candidate| {
        format!(
            " --layers {} --pooling {} --scaling standard --c {}",
            candidate.features.layers,
            pooling_names(&candidate.features.poolings),
            candidate.c
        )
    });
    let mut command = format!(
        "clsify train --encoder {}{features} --dtype {} --data {} --output model",
        shell_word(&advice.encoder),
        advice.dtype,
        shell_word(&args.data.file().unwrap_or("-".as_ref()).display().to_string()),
    );
    let of_tuning = if candidate.is_none() { args.tune.given() } else { Vec::new() };
    for (name, value) in of_tuning.into_iter().chain(args.data.given()) {
        command.push_str(&format!(" {name}"));
        if !value.is_empty() {
            command.push_str(&format!(" {}", shell_word(&value)));
        }
    }
    if args.class_weight == ClassWeightArg::Balanced {
        command.push_str(" --class-weight balanced");
    }
    if let Some(max_length) = args.encoding.max_length {
        command.push_str(&format!(" --max-length {max_length}"));
    }
    if let Some(prompt) = &args.encoding.prompt {
        command.push_str(&format!(" --prompt {}", shell_word(prompt)));
    }
    if let Some(limit) = args.data.limit {
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
