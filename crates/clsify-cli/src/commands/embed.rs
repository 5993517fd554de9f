//! `clsify embed`: sentences to a `.npy` file of features.

use std::path::PathBuf;

use clsify::features::{save_npy, write_npy};

use crate::console::Console;
use crate::options::{DataOptions, FeatureArgs, at_least_one, load_encoder, load_sentences, locate_encoder};
use crate::output::{check_parent, is_stdout, stdout};

/// Write the vectors of sentences to a .npy file: float32, one row a sentence, in order
#[derive(clap::Args)]
#[command(after_help = "Example:
  clsify embed --encoder all-MiniLM-L6-v2 --input reviews.tsv --output features.npy --pooling mean")]
pub(crate) struct Args {
    /// A folder, a name known to `list`, or a hub id
    #[arg(long)]
    encoder: String,

    /// Sentences: TSV, CSV, JSONL (labels are not looked at), or .txt with one a line; - is stdin, with
    /// --format
    #[arg(long, value_name = "FILE")]
    input: PathBuf,

    /// The file to write; - is stdout
    #[arg(long, value_name = "OUT.npy")]
    output: PathBuf,

    /// Read the first N sentences only
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    limit: Option<usize>,

    #[command(flatten)]
    features: FeatureArgs,

    #[command(flatten)]
    data: DataOptions,
}

pub(crate) fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    check_parent(&args.output)?;
    let sentences = load_sentences(&args.input, &args.data.with_limit(args.limit))?;
    let located = locate_encoder(&args.encoder, console)?;
    let encoder = load_encoder(&located, &args.features, None, console)?;
    let encoded = encoder.encode(sentences.sentences(), console)?;
    if is_stdout(&args.output) {
        stdout(|out| write_npy(&encoded.features, out))?;
    } else {
        save_npy(&encoded.features, &args.output)?;
    }
    let [rows, cols] = encoded.features.shape();
    console.say(&format!(
        "{}: {rows} x {cols} numbers, {} tokens, {:.3} s in the encoder",
        args.output.display(),
        encoded.counts.n_tokens,
        encoded.embed_seconds
    ));
    console.hint_faster_dtype(&encoder);
    Ok(())
}
