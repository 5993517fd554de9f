//! `clsify advise`: which encoder, layers, pooling and C are worth their cost for these sentences?

use std::path::PathBuf;

use clsify::classifier::LogisticRegressionOptions;
use clsify::dataset::LabelSeparator;
use clsify::encoder::Dtype;
use clsify::evaluation::Scoring;
use clsify::features::pooling_names;
use clsify::files::{shell_word, write_atomically};
use clsify::observer::Observer;
use clsify::split::{SplitOptions, TestSize};
use clsify::studies::EncoderSpeed;
use clsify::training::{
    Candidate, FeatureChoice, Selection, TestRows, TrainOptions, default_scoring, train_selected,
};
use serde::Serialize;

use super::advise_chart::{Chart, ChartPoint};
use super::advise_scores::HeldOut;
use crate::class_limit::ClassLimitArgs;
use crate::commands::train::{optimism, six_digits};
use crate::console::Console;
use crate::grouping::GroupArgs;
use crate::loading::{DEFAULT_ENCODER, encoder_options, load_training_dataset, locate_encoder};
use crate::options::{CacheArgs, ClassWeightArg, EncodingArgs, RowArgs, WeightArgs, at_least_one, test_size};
use crate::output::{check_output, is_stdout, write_json, write_text};
use crate::table::{Table, shorten};

/// Sentences that a speed is measured with.
const N_SENTENCES: usize = 500;

/// Candidates of all encoders that are shown; the JSON has them all.
const MOST_RANKED: usize = 12;

/// Find the encoder, layers, pooling and C that are worth their cost for your sentences
///
/// A part of the rows is held out; everything is chosen on the rest by cross-validation, and the choice is scored on the
/// held-out rows.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  clsify advise --data reviews.tsv
  clsify advise --data reviews.tsv --scoring f1_macro --chart advice.svg
  clsify advise --data reviews.tsv --encoder all-MiniLM-L6-v2 --encoder all-mpnet-base-v2 --json
  clsify advise --data news.tsv --multi-label \";\"")]
pub(crate) struct Args {
    /// A folder, a name known to `list`, or a hub id; may be given several times
    #[arg(long, default_value = DEFAULT_ENCODER)]
    encoder: Vec<String>,

    /// Labelled sentences: TSV, CSV, JSON or JSONL, fastText's lines, also gzipped; - is stdin, with --format
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

    /// What is compared: accuracy, f1_macro (every class counts the same), f1_micro (every answer does) or log_loss
    /// (probabilities count); accuracy if not given, f1_micro with --multi-label
    #[arg(long, value_name = "SCORE")]
    scoring: Option<Scoring>,

    /// How much a row counts: the same, or the same for every class in sum
    #[arg(long, value_enum, default_value_t = ClassWeightArg::None)]
    class_weight: ClassWeightArg,

    /// Sentences may have several labels or none: what stands between the labels of a cell, such as ";"
    #[arg(long, value_name = "SEPARATOR")]
    multi_label: Option<LabelSeparator>,

    /// Draw score against speed of every candidate into this file
    #[arg(long, value_name = "FILE.svg")]
    chart: Option<PathBuf>,

    /// Print JSON instead of tables
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

/// One encoder's best choice, and what it costs.
#[derive(Serialize)]
struct Advice {
    encoder: String,
    selection: Selection,
    #[serde(flatten)]
    held_out: HeldOut,
    /// By how much the cross-validated score is too good because it was chosen; `selection.optimism` has the rest.
    optimism: f64,
    sentences_per_second: f64,
    weights_bytes: usize,
    dtype: Dtype,
    /// What trains it.
    command: String,
    /// The best of this encoder's other candidates that is at least twice as fast, by its operations.
    runner_up: Option<RunnerUp>,
}

/// A faster candidate.
#[derive(Serialize)]
struct RunnerUp {
    #[serde(flatten)]
    candidate: Candidate,
    /// From the speed of the choice and the operations of both.
    estimated_sentences_per_second: f64,
    /// What trains it.
    command: String,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<()> {
    if let Some(path) = &args.chart {
        anyhow::ensure!(!is_stdout(path), "--chart: expected a file, got {}", path.display());
    }
    check_output(args.output.as_deref(), &[args.chart.as_deref()], &[&args.data])?;
    let options = args.options.labelled(args.limit, args.multi_label.as_ref());
    let options = args.grouping.of(args.weight.of(options));
    let dataset = load_training_dataset(&args.data, &options, &args.class_limit, console)?;
    let scoring = args.scoring.unwrap_or(default_scoring(&dataset));
    let split = SplitOptions { seed: args.seed, test_size: args.test_size, stratify: false };
    let classifier = LogisticRegressionOptions {
        class_weight: args.class_weight.into(),
        ..LogisticRegressionOptions::default()
    };
    let mut found = Vec::new();
    for name in &args.encoder {
        let located = locate_encoder(name, console)?;
        console.say(&format!("encoder {}", located.name));
        let encoder = encoder_options(&located, &args.encoding, args.cache.open(), console)?;
        let test = TestRows::Split(split.clone());
        let options = TrainOptions { test, classifier, ..TrainOptions::default() };
        let choice = FeatureChoice { scoring: Some(scoring), required: true };
        let trained = train_selected(&located.folder, encoder, &dataset, options, choice)?;
        let report = trained.report;
        report.split.leakage_note().iter().for_each(|note| console.note(note));
        let sample = &dataset.sentences()[..dataset.len().min(N_SENTENCES)];
        let speed = EncoderSpeed::measure(trained.classifier.encoder(), sample)?;
        let dtype = trained.classifier.encoder().dtype();
        let held_out = HeldOut::of(&report, scoring);
        let Some(selection) = report.selection else { continue };
        found.push(Advice {
            encoder: name.clone(),
            held_out,
            optimism: selection.optimism.map_or(0.0, |optimism| optimism.optimism),
            sentences_per_second: speed.sentences_per_second,
            weights_bytes: speed.weights_bytes,
            dtype,
            command: command(args, name, dtype, &selection.chosen),
            runner_up: None,
            selection,
        });
    }
    found.sort_by(|a, b| b.selection.chosen_scores.score.total_cmp(&a.selection.chosen_scores.score));
    for advice in &mut found {
        let own = std::slice::from_ref(advice);
        let faster = runner_up(own, advice.sentences_per_second).map(|(_, candidate)| RunnerUp {
            estimated_sentences_per_second: advice.speed_of(candidate),
            command: command(args, &advice.encoder, advice.dtype, candidate),
            candidate: candidate.clone(),
        });
        advice.runner_up = faster;
    }
    let chart = chart(&found, scoring);
    // A chart that cannot be written costs nothing else.
    let write_chart = |path: &PathBuf| write_atomically(path, |out| out.write_all(chart.svg().as_bytes()));
    let written = args.chart.as_ref().map(write_chart);
    if args.json {
        write_json(args.output.as_deref().unwrap_or("-".as_ref()), &found)?;
    } else {
        let text = summary(args, scoring, &found, &chart);
        write_text(args.output.as_deref(), &text)?;
    }
    Ok(written.transpose().map(drop)?)
}

/// The command that trains a candidate, on the same rows.
fn command(args: &Args, encoder: &str, dtype: Dtype, candidate: &Candidate) -> String {
    let mut command = format!(
        "clsify train --encoder {} --layers {} --pooling {} --scaling standard --c {} --dtype {dtype} --data {} --output model",
        shell_word(encoder),
        candidate.features.layers,
        pooling_names(&candidate.features.poolings),
        candidate.c,
        shell_word(&args.data.display().to_string()),
    );
    let separator = args.multi_label.iter().map(|separator| ("--multi-label", separator.to_string()));
    for (name, value) in args
        .options
        .given()
        .into_iter()
        .chain(args.weight.given())
        .chain(args.grouping.given())
        .chain(args.class_limit.given())
        .chain(separator)
    {
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
        let (behind, error) = best.selection.chosen_scores.above(&advice.selection.chosen_scores);
        behind <= error
    };
    let by_speed = |a: &&Advice, b: &&Advice| a.sentences_per_second.total_cmp(&b.sentences_per_second);
    let near = found.iter().filter(is_near).max_by(by_speed)?;
    // What is no worse and no slower wins, however its rows differ from those of the best.
    let wins = |advice: &&Advice| {
        advice.sentences_per_second >= near.sentences_per_second
            && advice.selection.chosen_scores.score >= near.selection.chosen_scores.score
    };
    found.iter().filter(wins).max_by(by_speed)
}

impl Advice {
    /// The measured speed, carried over to another candidate of the encoder by the operations that each needs, at least a
    /// hundredth: of the embeddings alone there are none to speak of, and looking them up takes time all the same.
    fn speed_of(&self, candidate: &Candidate) -> f64 {
        // The embeddings alone count as no operation, but take some time.
        let most = self.selection.candidates.iter().map(|c| c.operations).fold(1.0, f64::max);
        let cost = |candidate: &Candidate| candidate.operations.max(0.01 * most);
        self.sentences_per_second * cost(&self.selection.chosen) / cost(candidate)
    }
}

/// The best candidate of all that is at least twice as fast.
fn runner_up(found: &[Advice], than: f64) -> Option<(&Advice, &Candidate)> {
    let all = found.iter().flat_map(|advice| advice.selection.candidates.iter().map(move |c| (advice, c)));
    let fast = all.filter(|(advice, candidate)| advice.speed_of(candidate) >= 2.0 * than);
    fast.max_by(|(_, a), (advice, b)| better(advice.selection.scoring, a, b))
}

/// The greater is the better.
fn better(scoring: Scoring, a: &Candidate, b: &Candidate) -> std::cmp::Ordering {
    match scoring.is_more_better() {
        true => a.score.total_cmp(&b.score),
        false => b.score.total_cmp(&a.score),
    }
}

fn summary(args: &Args, scoring: Scoring, found: &[Advice], chart: &Chart) -> String {
    let score = scoring.to_string();
    let held_out = found.first().map_or(Vec::new(), |advice| advice.held_out.columns(scoring));
    let held_out: Vec<&str> = held_out.iter().map(String::as_str).collect();
    let titles =
        [&["encoder", "features", "C", &score, "expected"], &held_out[..], &["sentences/s", "MB"]].concat();
    let mut table = Table::new(titles);
    for advice in found {
        let chosen = &advice.selection.chosen;
        let choice = [
            shorten(&advice.encoder, 40),
            chosen.features.to_string(),
            six_digits(chosen.c).to_string(),
            format!("{:.4}", chosen.score),
            advice.selection.optimism.map_or(String::new(), |optimism| format!("{:.4}", optimism.score)),
        ];
        let cost = [
            format!("{:.0}", advice.sentences_per_second),
            format!("{:.0}", advice.weights_bytes as f64 / 1e6),
        ];
        table.row(choice.into_iter().chain(advice.held_out.cells(scoring)).chain(cost));
    }
    let mut text = format!("{table}\n");

    let mut all: Vec<(&Advice, &Candidate)> = found
        .iter()
        .flat_map(|advice| advice.selection.candidates.iter().map(move |c| (advice, c)))
        .collect();
    all.sort_by(|(_, a), (_, b)| better(scoring, b, a));
    let mut ranked = Table::new(["rank", "encoder", "features", "C", &score, "interval", "sentences/s"]);
    for (place, (advice, candidate)) in all.iter().take(MOST_RANKED).enumerate() {
        let [low, high] = candidate.score_ci95;
        ranked.row([
            (place + 1).to_string(),
            shorten(&advice.encoder, 40),
            candidate.features.to_string(),
            six_digits(candidate.c).to_string(),
            format!("{:.4}", candidate.score),
            format!("{low:.3} to {high:.3}"),
            format!("{:.0}", advice.speed_of(candidate)),
        ]);
    }
    text.push_str(&format!("The best of {} candidates, cross-validated:\n\n{ranked}\n", all.len()));
    text.push_str(&format!("{}\n", chart.text(72, 14)));

    if let Some(winner) = winner(found) {
        text.push_str(&format!(
            "The choice: {}, {}, the cheapest that is not clearly worse than the best. Cross-validated {score} {:.4}{}. \
             Held-out rows: {}.\n\n  {}\n",
            winner.encoder,
            winner.selection.chosen.features,
            winner.selection.chosen.score,
            optimism(&winner.selection),
            winner.held_out.in_words(scoring),
            winner.command
        ));
        if let Some((advice, candidate)) = runner_up(found, winner.sentences_per_second) {
            text.push_str(&format!(
                "\nAt least twice as fast: {}, {}, cross-validated {score} {:.4}, about {:.0} sentences a second:\n\n  {}\n",
                advice.encoder,
                candidate.features,
                candidate.score,
                advice.speed_of(candidate),
                command(args, &advice.encoder, advice.dtype, candidate)
            ));
        }
    }
    text
}

/// Every candidate of every encoder; the winner and the runner-up are named.
fn chart(found: &[Advice], scoring: Scoring) -> Chart {
    let winner = winner(found);
    let runner_up = winner.and_then(|winner| runner_up(found, winner.sentences_per_second));
    let of = |advice: &Advice| {
        let is_named = |candidate: &Candidate| {
            let is_winner =
                winner.is_some_and(|w| std::ptr::eq(w, advice)) && *candidate == advice.selection.chosen;
            is_winner || runner_up.is_some_and(|(_, other)| std::ptr::eq(other, candidate))
        };
        let point = |candidate: &Candidate| ChartPoint {
            name: format!("{}, {}", shorten(&advice.encoder, 40), candidate.features),
            speed: advice.speed_of(candidate),
            score: candidate.score,
            is_named: is_named(candidate),
        };
        advice.selection.candidates.iter().map(point).collect::<Vec<_>>()
    };
    Chart { score: scoring.to_string(), points: found.iter().flat_map(of).collect() }
}
