//! `clsify tokenize`: shows the tokens of sentences.

use std::path::PathBuf;

use anyhow::ensure;
use clsify::encoder::EncoderConfig;
use clsify::features::prompt_text;
use clsify::tokenizer::{Tokenizer, model_max_length};

use crate::console::Console;
use crate::loading::locate_encoder;
use crate::output::{Output, check_output};
use crate::records::note_files;

/// Show the tokens of sentences: one JSON object per line with text, tokens, input_ids, attention_mask
#[derive(clap::Args)]
#[command(after_help = "Example:
  clsify tokenize --encoder all-MiniLM-L6-v2 \"a visually stunning rumination on love\"")]
pub(crate) struct Args {
    /// Use the tokenizer of this encoder: a folder, a name shown by `clsify list`, or a model hub id
    #[arg(long)]
    encoder: String,

    /// Cut sentences off after N tokens, including special tokens; the default is the encoder's limit
    #[arg(long, value_name = "N")]
    max_length: Option<usize>,

    /// Put this text, or the prompt of this name in the encoder's folder, before every sentence
    #[arg(long, value_name = "NAME|TEXT")]
    prompt: Option<String>,

    /// Write the output to this file instead of stdout; - is stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// The sentences
    #[arg(required = true, value_name = "TEXT")]
    texts: Vec<String>,
}

pub(crate) fn run(args: &Args, console: &Console) -> anyhow::Result<()> {
    check_output(args.output.as_deref(), &[], &[])?;
    note_files(&args.texts, "its name is tokenized, not its lines", console);
    let folder = locate_encoder(&args.encoder, console)?.folder;
    let limit = EncoderConfig::load(&folder)?.max_tokens();
    let max_length = match args.max_length {
        Some(max_length) => max_length,
        None => model_max_length(&folder)?.map_or(limit, |length| length.min(limit)),
    };
    ensure!(
        max_length <= limit,
        "expected a maximum length of at most {limit} tokens, which this encoder can take, got {max_length}"
    );
    let prompt = args.prompt.as_ref().map(|prompt| prompt_text(&folder, prompt)).transpose()?;
    let tokenizer = Tokenizer::load(&folder, max_length)?.with_prompt(&prompt.unwrap_or_default());
    let encodings = tokenizer.encode_batch(&args.texts)?;
    let n_truncated = encodings.iter().filter(|e| e.is_truncated).count();
    if n_truncated > 0 {
        console.say(&format!(
            "note: {n_truncated} of {} sentences had more than {} tokens and lost their {}",
            encodings.len(),
            tokenizer.max_length(),
            tokenizer.truncated_part()
        ));
    }
    let mut output = Output::open(args.output.as_deref())?;
    output.write(|out| {
        for (text, encoding) in args.texts.iter().zip(&encodings) {
            let line = serde_json::json!({
                "text": text,
                "tokens": tokenizer.tokens(encoding),
                "input_ids": encoding.input_ids,
                "attention_mask": vec![1; encoding.len()],
            });
            writeln!(out, "{line}")?;
        }
        Ok(())
    })?;
    output.finish()
}
