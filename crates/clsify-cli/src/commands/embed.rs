//! `clsify embed`: writes the features of sentences to a `.npy` file.

use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use clsify::error::Error;
use clsify::features::NpyWriter;
use clsify::files::{AtomicFile, ScratchFile, is_written_in_place, open_in_place};
use clsify::model::{Fault, SentenceEncoder, Streamed};
use clsify::observer::Observer;
use clsify_report::text::counted;

use crate::console::Console;
use crate::loading::{load_encoder, locate_encoder};
use crate::options::{DataOptions, FeatureArgs, at_least_one};
use crate::output::{check_written, is_stdout, stdout};
use crate::records::{Groups, stream_sentences};

/// Write the vectors of sentences to a .npy file: float32, one row per sentence, in order
///
/// All numbers are finite. A record without a sentence is an error that names its line, and nothing is written,
/// because a row of NaN would spoil later computations. Whitespace counts as a sentence, as in sentence-transformers.
#[derive(clap::Args)]
#[command(after_help = "Example:
  clsify embed --encoder all-MiniLM-L6-v2 --input reviews.tsv --output features.npy --pooling mean")]
pub(crate) struct Args {
    /// Use this encoder: a folder, a name shown by `clsify list`, or a model hub id
    #[arg(long)]
    encoder: String,

    /// Read sentences from this file: TSV, CSV, JSONL (labels are ignored), or .txt with one per line; - is stdin and
    /// needs --format
    #[arg(long, value_name = "FILE")]
    input: PathBuf,

    /// Write the vectors to this file; - is stdout
    #[arg(long, value_name = "OUT.npy")]
    output: PathBuf,

    /// Read only the first N sentences
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    limit: Option<usize>,

    #[command(flatten)]
    features: FeatureArgs,

    #[command(flatten)]
    data: DataOptions,
}

pub(crate) fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    check_written(&[Some(&args.output)], &[&args.input])?;
    let (groups, total_bytes) = stream_sentences(&args.input, &args.data.with_limit(args.limit))?;
    let located = locate_encoder(&args.encoder, console)?;
    let encoder = load_encoder(&located, &args.features, None, console)?;
    let is_stdout = is_stdout(&args.output);
    let streamed = if is_stdout || is_written_in_place(&args.output) {
        // The file begins with the number of rows, and data in a pipe cannot be overwritten.
        let folder = std::env::temp_dir();
        let (mut scratch, streamed) =
            write_rows(&encoder, groups, total_bytes, ScratchFile::create()?, &folder, console)?;
        scratch.rewind().map_err(|e| Error::io(&folder, e))?;
        if is_stdout {
            stdout(|out| std::io::copy(&mut scratch, out).map(drop))?;
        } else {
            let mut out = open_in_place(&args.output)?;
            std::io::copy(&mut scratch, &mut out).map_err(|e| Error::io(&args.output, e))?;
        }
        streamed
    } else {
        let file = AtomicFile::create(&args.output)?;
        let (file, streamed) = write_rows(&encoder, groups, total_bytes, file, &args.output, console)?;
        file.commit()?;
        streamed
    };
    console.say(&format!(
        "{}: {} x {} numbers, {} tokens, {:.1} s in the encoder",
        args.output.display(),
        streamed.n_sentences,
        encoder.n_features(),
        streamed.counts.n_tokens,
        streamed.embed_seconds
    ));
    console.hint_faster_dtype(&encoder);
    Ok(())
}

/// Encodes all sentences and writes a `.npy` file at the start of `out`.
fn write_rows<W: Write + Seek>(
    encoder: &SentenceEncoder,
    groups: Groups,
    total_bytes: u64,
    out: W,
    place: &Path,
    console: &Console,
) -> anyhow::Result<(W, Streamed)> {
    let io = |e: std::io::Error| Error::io(place, e);
    let mut npy = NpyWriter::new(out, encoder.n_features()).map_err(io)?;
    let mut n_rows = 0;
    let streamed = encoder.encode_stream_with_faults(groups, total_bytes, |group, features, faults| {
        if let Some(Fault { sentence, error }) = faults.into_iter().next() {
            n_rows += sentence;
            return Err(error.at(group.place(sentence)).into());
        }
        n_rows += features.rows();
        Ok(npy.write(features).map_err(io)?)
    });
    if streamed.is_err() && n_rows > 0 {
        let were = counted(n_rows, "sentence before the error was", "sentences before the error were");
        console.note(&format!("{were} encoded; nothing was written"));
    }
    let streamed = streamed?;
    Ok((npy.finish().map_err(io)?, streamed))
}
