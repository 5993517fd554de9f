//! 2. Text -> [`Encoding`] -> [`Batch`]: a thin layer over the `tokenizers` crate.
//!
//! Truncation and padding that a `tokenizer.json` stores do not apply: the limit is the encoder's own unless the caller
//! sets a lower one, nothing is padded, and a truncated sentence says so. The tokenizer knows no floats.

mod ascii;
mod character_map;
mod encoding;
mod tokenizer_json;
mod vocab_txt;

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tokenizers::{TruncationDirection, TruncationParams, TruncationStrategy};

use ascii::AsciiPath;
pub use encoding::{Batch, Encoding, PaddedBatch};

use crate::error::{Error, ErrorKind, Result};

/// Turns sentences into token ids.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    max_length: usize,
    ascii: Option<AsciiPath>,
}

impl Tokenizer {
    /// Loads `tokenizer.json` of a checkpoint folder, or `vocab.txt` with `tokenizer_config.json`.
    ///
    /// `max_length` is the longest encoding in tokens, special tokens included; what is beyond it is cut off at the end.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] or [`ErrorKind::Tokenizer`] with the file; [`ErrorKind::InvalidArgument`] when `max_length`
    /// leaves no room for a token beside the special ones.
    ///
    /// ```no_run
    /// let tokenizer = clsify::tokenizer::Tokenizer::load("distilbert-base-uncased".as_ref(), 512)?;
    /// let encoding = tokenizer.encode("a visually stunning rumination on love")?;
    /// assert_eq!(encoding.input_ids, [101, 1037, 17453, 14726, 19379, 12758, 2006, 2293, 102]);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn load(folder: &Path, max_length: usize) -> Result<Self> {
        let path = folder.join("tokenizer.json");
        let mut inner = match std::fs::read(&path) {
            Ok(bytes) => tokenizer_json::from_bytes(bytes).map_err(|e| e.at(path.display().to_string()))?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && folder.join("vocab.txt").exists() => {
                vocab_txt::load(folder)?
            }
            Err(e) => {
                return Err(Error::io(&path, &e)
                    .with_hint("expected tokenizer.json, or vocab.txt with tokenizer_config.json"));
            }
        };
        inner.with_padding(None);
        let n_special =
            inner.get_post_processor().map_or(0, |p| tokenizers::PostProcessor::added_tokens(p, false));
        if max_length <= n_special {
            let message =
                format!("expected a maximum length of at least {} tokens, got {max_length}", n_special + 1);
            return Err(Error::new(ErrorKind::InvalidArgument, message)
                .with_hint(format!("{n_special} of them are special tokens such as [CLS] and [SEP]")));
        }
        let truncation = TruncationParams {
            max_length,
            direction: TruncationDirection::Right,
            strategy: TruncationStrategy::LongestFirst,
            stride: 0,
        };
        inner
            .with_truncation(Some(truncation))
            .map_err(|e| bad(e.to_string()).at(path.display().to_string()))?;
        let ascii = AsciiPath::of(&inner, max_length);
        Ok(Tokenizer { inner, max_length, ascii })
    }

    /// The longest encoding in tokens, special tokens included.
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// One sentence as token ids, special tokens included.
    ///
    /// # Errors
    /// [`ErrorKind::Tokenizer`] when the tokenizer's model fails, as a WordPiece model without its unknown token does.
    pub fn encode(&self, sentence: &str) -> Result<Encoding> {
        match self.ascii.as_ref().and_then(|ascii| ascii.encode(&self.inner, sentence)) {
            Some(encoding) => encoding,
            None => self.encode_by_crate(sentence),
        }
    }

    fn encode_by_crate(&self, sentence: &str) -> Result<Encoding> {
        let encoding = self.inner.encode_fast(sentence, true).map_err(|e| bad(e.to_string()))?;
        Ok(Encoding {
            input_ids: encoding.get_ids().to_vec(),
            token_type_ids: encoding.get_type_ids().to_vec(),
            is_truncated: !encoding.get_overflowing().is_empty(),
        })
    }

    /// Many sentences, on all threads of the current rayon pool; the order is kept.
    ///
    /// # Errors
    /// As for [`encode`](Self::encode).
    pub fn encode_batch<S: AsRef<str> + Sync>(&self, sentences: &[S]) -> Result<Vec<Encoding>> {
        // Not collected into a result at once, which would be that of any sentence.
        let encodings: Vec<Result<Encoding>> =
            sentences.par_iter().map(|sentence| self.encode(sentence.as_ref())).collect();
        let numbered = encodings.into_iter().enumerate();
        numbered.map(|(i, encoding)| encoding.map_err(|error| error.at_sentence(i))).collect()
    }

    /// The text of each token of an encoding, as in the vocabulary: `[CLS]`, `rum`, `##ination`, ...
    pub fn tokens(&self, encoding: &Encoding) -> Vec<String> {
        encoding.input_ids.iter().map(|&id| self.inner.id_to_token(id).unwrap_or_default()).collect()
    }

    /// The id that stands for padding in pictures: that of `[PAD]` or `<pad>`, else 0.
    pub fn pad_id(&self) -> u32 {
        ["[PAD]", "<pad>"].iter().find_map(|token| self.inner.token_to_id(token)).unwrap_or(0)
    }
}

/// The files of a checkpoint folder that decide how sentences are tokenized.
pub fn tokenizer_files(folder: &Path) -> Vec<PathBuf> {
    let json = folder.join("tokenizer.json");
    if json.exists() {
        return vec![json];
    }
    vec![folder.join("vocab.txt"), folder.join("tokenizer_config.json")]
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Tokenizer, message)
}
