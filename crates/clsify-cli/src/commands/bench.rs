//! `clsify bench`: how fast an encoder is on this machine.

use std::path::{Path, PathBuf};

use clsify::encoder::Dtype;
use clsify::model::{SentenceEncoder, SentenceEncoderOptions, SentenceGroup};
use clsify::studies::EncoderSpeed;
use clsify_hub::{Located, Origin};
use serde_json::{Map, json};

use crate::console::Console;
use crate::loading::locate_encoder;
use crate::options::{DataOptions, DtypeArg, PooledArgs, at_least_one};
use crate::output::{check_output, write_json, write_text};
use crate::records::stream_sentences;
use crate::table::Table;

/// Sentences a run takes from the built-in ones.
const N_SENTENCES: usize = 1024;

/// Measure an encoder on this machine: sentences a second, the share of the ceiling, one sentence alone
///
/// The ceiling is what the processor can do at most in an arithmetic, measured by its multiply-add instruction alone. The
/// operations are those that the features need: no padding, and with cls pooling the last layer for one token a sentence.
#[derive(clap::Args)]
#[command(mut_group("DataOptions", |group| group.requires("data")))]
#[command(after_help = "Examples:
  clsify bench --encoder all-MiniLM-L6-v2
  clsify bench --encoder all-MiniLM-L6-v2 --dtype f32 --dtype int8 --data reviews.tsv --limit 2000 --json")]
pub(crate) struct Args {
    /// A folder, a name known to `list`, or a hub id
    #[arg(long)]
    encoder: String,

    /// An arithmetic to measure; may be given several times; f32, bf16 and int8 if not given
    #[arg(long, value_enum)]
    dtype: Vec<DtypeArg>,

    #[command(flatten)]
    pooled: PooledArgs,

    /// Sentences: TSV, CSV, JSONL or .txt; 1,024 made from 32 built-in ones if not given; - is stdin, with --format
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,

    /// Take the first N sentences only
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    limit: Option<usize>,

    /// Print JSON: an object with a key for each arithmetic, null where the processor lacks it
    #[arg(long)]
    json: bool,

    /// Write what would be printed to this file; - is stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    options: DataOptions,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<()> {
    let read: Vec<&Path> = args.data.iter().map(PathBuf::as_path).collect();
    check_output(args.output.as_deref(), &[], &read)?;
    let sentences = match &args.data {
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
    if args.json {
        let dtypes = measured.iter().map(|(dtype, speed)| (dtype.to_string(), json!(speed)));
        return write_json(output.unwrap_or("-".as_ref()), &dtypes.collect::<Map<_, _>>());
    }
    write_text(output, &summary(&measured))
}

/// One encoder at a time: two would contend for memory.
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

/// Sentences as of reviews, from 5 to 60 tokens, some 24 in the mean: 32 of them, then again and again with their words
/// turned round by one more.
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

fn summary(measured: &[(Dtype, Option<EncoderSpeed>)]) -> String {
    let mut text = String::new();
    if let Some(first) = measured.iter().find_map(|(_, speed)| speed.as_ref()) {
        let cut = first.counts.n_truncated;
        text = format!(
            "encoder    {} ({}, {} layers, {} wide), {}, {} threads\n\
             sentences  {} of {} tokens, longest {}{}; tokenized in {:.3} s\n\
             operations {:.1} billion needed for them, {:.1} million a token\n\n",
            first.encoder.name,
            first.encoder.model_type,
            first.encoder.num_hidden_layers,
            first.encoder.hidden_size,
            first.encoder.pooled(),
            first.threads,
            first.n_sentences,
            first.counts.n_tokens,
            first.counts.max_tokens,
            if cut > 0 { format!(", {cut} cut off") } else { String::new() },
            first.tokenize_seconds,
            first.operations / 1e9,
            first.operations / first.counts.n_tokens as f64 / 1e6,
        );
        let one = format!("ms for {} tokens", first.one_sentence.n_tokens);
        let mut table = Table::new([
            "dtype",
            "sentences/s",
            "tokens/s",
            "Gop/s",
            "ceiling",
            "reached",
            &one,
            "95 of 100",
            "load s",
            "weights MB",
        ]);
        for (dtype, speed) in measured {
            let Some(speed) = speed else { continue };
            table.row([
                dtype.to_string(),
                format!("{:.0}", speed.sentences_per_second),
                format!("{:.0}", speed.tokens_per_second),
                format!("{:.0}", speed.operations_per_second / 1e9),
                format!("{:.0}", speed.ceiling_operations_per_second / 1e9),
                format!("{:.0}%", 100.0 * speed.fraction_of_ceiling),
                format!("{:.2}", speed.one_sentence.median_ms),
                format!("{:.2}", speed.one_sentence.percentile_95_ms),
                format!("{:.2}", speed.load_seconds),
                format!("{:.0}", speed.weights_bytes as f64 / 1e6),
            ]);
        }
        text.push_str(&table.to_string());
    }
    for (dtype, _) in measured.iter().filter(|(_, speed)| speed.is_none()) {
        text.push_str(&format!("this processor has no {dtype} instructions: --dtype {dtype} runs in f32\n"));
    }
    text
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
