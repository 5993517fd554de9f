//! `clsify bench`: measures the speed of an encoder on this machine.

use std::path::{Path, PathBuf};

use clsify::encoder::Dtype;
use clsify::model::{SentenceEncoder, SentenceEncoderOptions, SentenceGroup};
use clsify::studies::EncoderSpeed;
use clsify_hub::{Located, Origin};
use clsify_report::charts::speed_svg;
use clsify_report::summaries::speed_summary;
use serde_json::{Map, json};

use crate::console::Console;
use crate::loading::locate_encoder;
use crate::options::{ChartArgs, DataOptions, DtypeArg, JsonArgs, PooledArgs, at_least_one};
use crate::output::{check_output, written};
use crate::records::stream_sentences;

/// The number of sentences that are made from the built-in ones.
const N_SENTENCES: usize = 1024;

/// The charts of this command; the first is that of `--chart`.
const CHARTS: [&str; 1] = ["speed.svg"];

/// Measure the throughput and latency of an encoder on this machine, and its share of the processor's ceiling
///
/// The ceiling is the processor's highest speed in a data type, measured with its multiply-add instruction alone.
/// Only the operations that the features need are counted: no padding, and with cls pooling only one token per
/// sentence in the last layer.
#[derive(clap::Args)]
#[command(mut_arg("chart", |arg| arg.value_name("SPEED.svg").help("Draw the throughput in each data type to this file; - is stdout")))]
#[command(mut_group("DataOptions", |group| group.requires("input")))]
#[command(after_help = "Examples:
  clsify bench --encoder all-MiniLM-L6-v2
  clsify bench --encoder all-MiniLM-L6-v2 --dtype f32 --dtype int8 --input reviews.tsv --limit 2000 --json")]
pub(crate) struct Args {
    /// Measure this encoder: a folder, a name shown by `clsify list`, or a model hub id
    #[arg(long)]
    encoder: String,

    /// Measure this data type; may be given several times; the default is f32, bf16 and int8
    #[arg(long, value_enum)]
    dtype: Vec<DtypeArg>,

    #[command(flatten)]
    pooled: PooledArgs,

    /// Read sentences from this file: TSV, CSV, JSONL or .txt; the default is 1,024 made from 32 built-in ones; - is
    /// stdin and needs --format
    #[arg(long, alias = "data", value_name = "FILE")]
    input: Option<PathBuf>,

    /// Read only the first N sentences
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    limit: Option<usize>,

    #[command(flatten)]
    charts: ChartArgs,

    #[command(flatten)]
    json: JsonArgs,

    /// Write the output to this file instead of stdout; - is stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    options: DataOptions,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<()> {
    let read: Vec<&Path> = args.input.iter().map(PathBuf::as_path).collect();
    args.charts.check(args.json.is_on_stdout(args.output.as_deref()))?;
    let charts = args.charts.paths(&CHARTS);
    check_output(args.output.as_deref(), &written(&[args.json.file()], &charts), &read)?;
    let sentences = match &args.input {
        Some(path) => {
            let (groups, _) = stream_sentences(path, &args.options.with_limit(args.limit))?;
            groups.map(|group| Ok(group?.sentences().to_vec())).collect::<anyhow::Result<Vec<_>>>()?.concat()
        }
        None => built_in(args.limit.unwrap_or(N_SENTENCES)),
    };
    let located = locate_encoder(&args.encoder, console)?;
    let asked: Vec<Dtype> = args.dtype.iter().map(|&dtype| dtype.into()).collect();
    let is_asked = |dtype: &Dtype| asked.is_empty() || asked.contains(dtype);
    let mut measured = Vec::new();
    for dtype in Dtype::ALL.into_iter().filter(is_asked) {
        let speed = if dtype.is_native() {
            console.say(&format!("measuring {dtype}"));
            let encoder = load(&located, dtype, args, console)?;
            Some(EncoderSpeed::measure(&encoder, &sentences)?)
        } else {
            None
        };
        measured.push((dtype, speed));
    }
    let output = args.output.as_deref();
    let report: Map<_, _> = measured.iter().map(|(dtype, speed)| (dtype.to_string(), json!(speed))).collect();
    let svg = || speed_svg(&measured);
    // If a chart cannot be written, the measurements must not be lost.
    let written = args.charts.write_files(&CHARTS, || [Some(svg())]);
    args.charts.write_stdout(svg)?;
    if args.charts.is_on_stdout() && output.is_none() {
        args.json.write_file(&report)?;
    } else {
        args.json.write(&report, output, || speed_summary(&measured))?;
    }
    written
}

/// Only one encoder is loaded at a time, because two would compete for memory.
fn load(located: &Located, dtype: Dtype, args: &Args, console: &Console) -> anyhow::Result<SentenceEncoder> {
    let options = SentenceEncoderOptions {
        features: args.pooled.features(),
        name: (located.origin != Origin::Folder).then(|| located.name.clone()),
        dtype,
        observer: console.observer(),
        ..SentenceEncoderOptions::default()
    };
    Ok(SentenceEncoder::load_with(&located.folder, options)?)
}

/// Sentences like those of reviews, with 5 to 60 tokens and a mean of about 24: 32 sentences, repeated with their
/// words rotated by one more each time.
fn built_in(n: usize) -> Vec<String> {
    let lines: Vec<&str> = include_str!("bench_sentences.txt").lines().collect();
    let turned = |i: usize| {
        let mut words: Vec<&str> = lines[i % lines.len()].split(' ').collect();
        let by = i / lines.len() % words.len();
        words.rotate_left(by);
        words.join(" ")
    };
    (0..n).map(turned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_sentences_are_many_and_keep_their_words() {
        let sentences = built_in(N_SENTENCES);
        assert_eq!(sentences.len(), N_SENTENCES);
        assert!(sentences.iter().all(|s| !s.is_empty() && s.split(' ').all(|word| !word.is_empty())));
        let words = |s: &str| {
            let mut words: Vec<String> = s.split(' ').map(str::to_string).collect();
            words.sort();
            words
        };
        assert_ne!(sentences[0], sentences[32]);
        assert_eq!(words(&sentences[0]), words(&sentences[32]));
        let n_words = sentences.iter().map(|s| s.split(' ').count()).sum::<usize>() as f64;
        let mean = n_words / sentences.len() as f64;
        assert!((19.0..22.0).contains(&mean), "{mean}");
    }
}
