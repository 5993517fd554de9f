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
use std::sync::Arc;

use rayon::prelude::*;
use tokenizers::normalizers::{Lowercase, NormalizerWrapper, Sequence};
use tokenizers::{TruncationDirection, TruncationParams, TruncationStrategy};

use ascii::AsciiPath;
pub use encoding::{Batch, Encoding, PaddedBatch};

use crate::checkpoint_folder::{is_there, read, transformer_folder};
use crate::error::{Error, ErrorKind, Result};

/// Turns sentences into token ids.
///
/// Clones share the vocabulary.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: Arc<tokenizers::Tokenizer>,
    max_length: usize,
    ascii: Option<Arc<AsciiPath>>,
    /// Stands before every sentence.
    prompt: String,
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
        let folder = &transformer_folder(folder);
        let path = folder.join("tokenizer.json");
        let mut inner = if is_there(&path)? {
            tokenizer_json::from_bytes(read(&path)?).map_err(|e| e.at(path.display().to_string()))?
        } else if is_there(&folder.join("vocab.txt"))? {
            vocab_txt::load(folder)?
        } else {
            return Err(Error::io(&path, &std::io::ErrorKind::NotFound.into())
                .with_hint("expected tokenizer.json, or vocab.txt with tokenizer_config.json"));
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
        let ascii = AsciiPath::of(&inner, max_length).map(Arc::new);
        Ok(Tokenizer { inner: Arc::new(inner), max_length, ascii, prompt: String::new() })
    }

    /// The same with a text before every sentence, such as `query: `; the limit is for both together.
    #[must_use]
    pub fn with_prompt(self, prompt: &str) -> Self {
        Tokenizer { prompt: prompt.to_string(), ..self }
    }

    /// The text before every sentence; empty by default.
    pub fn prompt(&self) -> &str {
        &self.prompt
    }

    /// The same with sentences lowercased first, whatever the tokenizer's own files say: `do_lower_case` of
    /// sentence-transformers.
    ///
    /// # Errors
    /// [`ErrorKind::Tokenizer`] when the tokenizer takes no other normalizer.
    pub fn with_lowercase(self) -> Result<Self> {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        let own = inner.get_normalizer().cloned();
        let steps = [NormalizerWrapper::Lowercase(Lowercase)].into_iter().chain(own).collect();
        inner.with_normalizer(Some(Sequence::new(steps))).map_err(|e| bad(e.to_string()))?;
        let ascii = AsciiPath::of(&inner, self.max_length).map(Arc::new);
        Ok(Tokenizer { inner: Arc::new(inner), ascii, ..self })
    }

    /// How many tokens at the beginning of every encoding are the prompt's, with a special token before it; counted as
    /// sentence-transformers counts them, by the prompt alone. 0 without a prompt.
    ///
    /// # Errors
    /// As for [`encode`](Self::encode).
    pub fn n_prompt_tokens(&self) -> Result<usize> {
        if self.prompt.is_empty() {
            return Ok(0);
        }
        let ids = self.encode_text(&self.prompt)?.input_ids;
        let token = ids.last().and_then(|&id| self.inner.id_to_token(id)).unwrap_or_default();
        let ends_in_special = self.inner.get_added_vocabulary().is_special_token(&token);
        Ok(ids.len() - usize::from(ends_in_special))
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
        match self.prompt.as_str() {
            "" => self.encode_text(sentence),
            prompt => self.encode_text(&format!("{prompt}{sentence}")),
        }
    }

    fn encode_text(&self, text: &str) -> Result<Encoding> {
        match self.ascii.as_ref().and_then(|ascii| ascii.encode(&self.inner, text)) {
            Some(encoding) => encoding,
            None => self.encode_by_crate(text),
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
        sentences.par_iter().map(|sentence| self.encode(sentence.as_ref())).collect()
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
    let folder = transformer_folder(folder);
    let json = folder.join("tokenizer.json");
    if json.exists() {
        return vec![json];
    }
    vec![folder.join("vocab.txt"), folder.join("tokenizer_config.json")]
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Tokenizer, message)
}
