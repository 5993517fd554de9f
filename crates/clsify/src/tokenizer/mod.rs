//! 2. Text -> [`Encoding`] -> [`Batch`]: a thin layer over the `tokenizers` crate.
//!
//! A folder gives the same ids as `AutoTokenizer` of transformers 5: its settings (`tokenizer_config.json` and
//! related files) take precedence over a `tokenizer.json`. Read the files in this order:
//!
//! | file | content |
//! |---|---|
//! | `class.rs`, `own_build.rs` | the tokenizer class, and whether it can be built |
//! | `settings.rs` | the settings in the files beside the vocabulary |
//! | `tokenizer_json.rs`, `vocabulary.rs` | the vocabulary |
//! | `build.rs`, `added_token.rs` | the tokenizer that results from all of them |
//! | `character_map.rs` | checks a SentencePiece character map before it is used |
//! | `ascii.rs` | a fast path for plain English |
//! | `encoding.rs`, `ranges.rs` | the results, and the part of the text that each token stands for |
//! | `given_ids.rs`, `text_tokens.rs` | sentences that are given as token ids, and all tokens of a text |
//! | `tokenizer_error.rs` | an error about these files |
//!
//! The lengths of truncation and padding in a `tokenizer.json` are ignored: the limit is the encoder's own unless the
//! caller sets a lower one, nothing is padded, and a truncated sentence is marked. The tokenizer knows no floats.

mod added_token;
mod ascii;
mod tokenizer_error;
mod build;
mod character_map;
mod class;
mod encoding;
mod given_ids;
mod own_build;
mod ranges;
mod settings;
mod text_tokens;
mod tokenizer_json;
mod vocabulary;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use clsify_base::encoder_files::{MERGES, TOKENIZER, TOKENIZER_SETTINGS, VOCAB, VOCAB_JSON};
use rayon::prelude::*;
use tokenizers::normalizers::{Lowercase, NormalizerWrapper, Sequence};
use tokenizers::{
    Model, ModelWrapper, PaddingParams, TruncationDirection, TruncationParams, TruncationStrategy,
};

use ascii::AsciiPath;
pub use encoding::{Batch, Encoding, PaddedBatch};
pub(crate) use ranges::TokenPlace;
use settings::{Settings, read_file};
pub use text_tokens::TextToken;

use self::tokenizer_error::bad;
use crate::checkpoint_folder::transformer_folder;
use crate::error::{Error, ErrorKind, Result};

/// Turns sentences into token ids.
///
/// Clones share the vocabulary.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: Arc<tokenizers::Tokenizer>,
    /// Empty until it is needed.
    unlimited: Arc<OnceLock<tokenizers::Tokenizer>>,
    max_length: usize,
    /// The number of special tokens around a sentence.
    n_special: usize,
    /// The id of the unknown token, if there is one.
    unknown_id: Option<u32>,
    ascii: Option<Arc<AsciiPath>>,
    /// The text before every sentence.
    prompt: String,
}

impl Tokenizer {
    /// Loads the tokenizer of a checkpoint folder: `tokenizer.json`, `vocab.txt`, or `vocab.json` with `merges.txt`,
    /// and the settings beside it.
    ///
    /// `max_length` is the maximum number of tokens, including special tokens; longer sentences are truncated at the
    /// end, unless the settings say otherwise.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] or [`ErrorKind::Tokenizer`] with the file; [`ErrorKind::InvalidArgument`] if `max_length`
    /// leaves no room for a token besides the special ones.
    ///
    /// ```no_run
    /// let tokenizer = clsify::tokenizer::Tokenizer::load("distilbert-base-uncased", 512)?;
    /// let encoding = tokenizer.encode("a visually stunning rumination on love")?;
    /// assert_eq!(encoding.input_ids, [101, 1037, 17453, 14726, 19379, 12758, 2006, 2293, 102]);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn load(folder: impl AsRef<Path>, max_length: usize) -> Result<Self> {
        let folder = folder.as_ref();
        let folder = &transformer_folder(folder);
        let path = folder.join(TOKENIZER);
        let place = |e: Error| e.at(path.display().to_string());
        let stored = read_file(&path, vocabulary::MAX_VOCABULARY_BYTES)?;
        let stored = stored.map(tokenizer_json::from_bytes).transpose().map_err(place)?;
        let settings = Settings::read(folder, stored.as_ref().map(|stored| &stored.tokenizer))?;
        let (mut inner, unk_id, place) = match stored {
            Some(stored) => (stored.tokenizer, stored.unk_id, path.display()),
            None => {
                let model = vocabulary::load(folder, &settings)?;
                (tokenizers::Tokenizer::new(model), None, folder.display())
            }
        };
        let stored_side = inner.get_truncation().map(|truncation| truncation.direction);
        let unk_id = build::build(&mut inner, &settings, unk_id).map_err(|e| e.at(place.to_string()))?;
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
            direction: settings.truncation_side.or(stored_side).unwrap_or(TruncationDirection::Right),
            strategy: TruncationStrategy::LongestFirst,
            stride: 0,
        };
        inner
            .with_truncation(Some(truncation))
            .map_err(|e| bad(e.to_string()).caused_by(e).at(place.to_string()))?;
        let unknown_id = match inner.get_model() {
            ModelWrapper::WordPiece(model) => model.token_to_id(&model.unk_token),
            ModelWrapper::WordLevel(model) => model.token_to_id(&model.unk_token),
            ModelWrapper::BPE(model) => model.unk_token.as_ref().and_then(|token| model.token_to_id(token)),
            ModelWrapper::Unigram(_) => unk_id.and_then(|id| u32::try_from(id).ok()),
        };
        let ascii = AsciiPath::of(&inner, max_length).map(Arc::new);
        Ok(Tokenizer {
            inner: Arc::new(inner),
            unlimited: Arc::default(),
            max_length,
            n_special,
            unknown_id,
            ascii,
            prompt: String::new(),
        })
    }

    /// Puts a text such as `query: ` before every sentence; the limit applies to both together.
    #[must_use]
    pub fn with_prompt(self, prompt: &str) -> Self {
        Tokenizer { prompt: prompt.to_string(), ..self }
    }

    /// The text before every sentence; empty by default.
    pub fn prompt(&self) -> &str {
        &self.prompt
    }

    /// Lowercases sentences first, whatever the tokenizer's own files say: `do_lower_case` of sentence-transformers.
    ///
    /// # Errors
    /// [`ErrorKind::Tokenizer`] if the tokenizer does not accept another normalizer.
    pub fn with_lowercase(self) -> Result<Self> {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        let own = inner.get_normalizer().cloned();
        let steps = [NormalizerWrapper::Lowercase(Lowercase)].into_iter().chain(own).collect();
        inner.with_normalizer(Some(Sequence::new(steps))).map_err(|e| bad(e.to_string()).caused_by(e))?;
        let ascii = AsciiPath::of(&inner, self.max_length).map(Arc::new);
        Ok(Tokenizer { inner: Arc::new(inner), unlimited: Arc::default(), ascii, ..self })
    }

    /// The number of tokens of the prompt at the beginning of every encoding, including the special token before it,
    /// counted for the prompt alone as sentence-transformers does. 0 without a prompt.
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

    /// The text of a `tokenizer.json` that gives the ids of this tokenizer, with all of its settings and its limit; without
    /// its prompt. Programs that read it pad batches with [`pad_id`](Self::pad_id).
    ///
    /// # Errors
    /// [`ErrorKind::Tokenizer`] if the settings ask for `split_special_tokens`, which the format cannot hold.
    ///
    /// ```no_run
    /// let tokenizer = clsify::tokenizer::Tokenizer::load("distilbert-base-uncased", 512)?;
    /// std::fs::write("tokenizer.json", tokenizer.to_json()?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_json(&self) -> Result<String> {
        if self.inner.get_encode_special_tokens() {
            let message =
                "expected a tokenizer that recognises special tokens in a text, got \"split_special_tokens\"";
            return Err(bad(message).with_hint("tokenizer.json has no such setting"));
        }
        let mut inner = tokenizers::Tokenizer::clone(&self.inner);
        inner.with_padding(Some(PaddingParams {
            pad_id: self.pad_id(),
            pad_token: self.inner.id_to_token(self.pad_id()).unwrap_or_default(),
            ..PaddingParams::default()
        }));
        inner.to_string(true).map_err(|e| bad(e.to_string()).caused_by(e))
    }

    /// The maximum number of tokens per sentence, including special tokens.
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// The part that a too long sentence loses: `end`, or `start` if the settings say so.
    pub fn truncated_part(&self) -> &'static str {
        match self.inner.get_truncation().map(|truncation| truncation.direction) {
            Some(TruncationDirection::Left) => "start",
            _ => "end",
        }
    }

    /// Returns true if at least half of the tokens of a sentence, without the special ones around it, are the unknown
    /// token, such as `[UNK]`.
    pub fn is_mostly_unknown(&self, encoding: &Encoding) -> bool {
        let Some(unknown_id) = self.unknown_id else { return false };
        let n_unknown = encoding.input_ids.iter().filter(|&&id| id == unknown_id).count();
        n_unknown > 0 && 2 * n_unknown >= encoding.len().saturating_sub(self.n_special)
    }

    /// Encodes one sentence as token ids, including special tokens.
    ///
    /// # Errors
    /// [`ErrorKind::Tokenizer`] if the tokenizer's model fails, such as a WordPiece model without its unknown token.
    pub fn encode(&self, sentence: &str) -> Result<Encoding> {
        match self.prompt.as_str() {
            "" => self.encode_text(sentence),
            prompt => self.encode_text(&format!("{prompt}{sentence}")),
        }
    }

    /// As [`encode`](Self::encode), with the place of every token in the sentence.
    pub(crate) fn encode_with_places(&self, sentence: &str) -> Result<(Encoding, Vec<TokenPlace>)> {
        let text = format!("{}{sentence}", self.prompt);
        let encoding = self.inner.encode(text.as_str(), true).map_err(|e| bad(e.to_string()).caused_by(e))?;
        let places = ranges::places(&encoding, &text, self.prompt.len());
        Ok((Encoding::of(&encoding), places))
    }

    fn encode_text(&self, text: &str) -> Result<Encoding> {
        match self.ascii.as_ref().and_then(|ascii| ascii.encode(&self.inner, text)) {
            Some(encoding) => encoding,
            None => self.encode_by_crate(text),
        }
    }

    fn encode_by_crate(&self, sentence: &str) -> Result<Encoding> {
        let encoding = self.inner.encode_fast(sentence, true).map_err(|e| bad(e.to_string()).caused_by(e))?;
        Ok(Encoding::of(&encoding))
    }

    /// Encodes many sentences, on all threads of the current rayon pool, and keeps their order.
    ///
    /// # Errors
    /// As for [`encode`](Self::encode).
    pub fn encode_batch<S: AsRef<str> + Sync>(&self, sentences: &[S]) -> Result<Vec<Encoding>> {
        // Collecting into a `Result` directly would return the error of an arbitrary sentence.
        let encodings: Vec<Result<Encoding>> =
            sentences.par_iter().map(|sentence| self.encode(sentence.as_ref())).collect();
        let numbered = encodings.into_iter().enumerate();
        numbered.map(|(i, encoding)| encoding.map_err(|error| error.at_sentence(i))).collect()
    }

    /// The text of each token of an encoding, as in the vocabulary: `[CLS]`, `rum`, `##ination`, ...
    pub fn tokens(&self, encoding: &Encoding) -> Vec<String> {
        encoding.input_ids.iter().map(|&id| self.inner.id_to_token(id).unwrap_or_default()).collect()
    }

    /// The padding id for display: that of `[PAD]` or `<pad>`, otherwise 0.
    pub fn pad_id(&self) -> u32 {
        ["[PAD]", "<pad>"].iter().find_map(|token| self.inner.token_to_id(token)).unwrap_or(0)
    }
}

/// The maximum number of tokens that `tokenizer_config.json` of a folder allows (`model_max_length`); `None` if it
/// sets no limit.
///
/// # Errors
/// [`ErrorKind::Tokenizer`] if the file is malformed, an I/O error if it cannot be read.
pub fn model_max_length(folder: impl AsRef<Path>) -> Result<Option<usize>> {
    let folder = folder.as_ref();
    settings::model_max_length(&transformer_folder(folder))
}

/// The existing files of a checkpoint folder that determine how sentences are tokenized: `tokenizer.json`, or the
/// files of the vocabulary, and the settings beside them.
pub fn tokenizer_files(folder: impl AsRef<Path>) -> Vec<PathBuf> {
    let folder = folder.as_ref();
    let folder = &transformer_folder(folder);
    let there = |names: &[&str]| {
        let paths = names.iter().map(|name| folder.join(name));
        paths.filter(|path| path.exists()).collect::<Vec<PathBuf>>()
    };
    let mut files = there(&[TOKENIZER]);
    if files.is_empty() {
        files = there(&[VOCAB, VOCAB_JSON, MERGES]);
    }
    files.extend(there(&TOKENIZER_SETTINGS));
    files
}

/// Returns true if the settings of a folder give other ids than its `tokenizer.json` alone, which earlier versions of
/// this program used. It is tested on a text with everything that settings affect.
pub(crate) fn settings_change_ids(folder: &Path) -> Result<bool> {
    let folder = &transformer_folder(folder);
    let path = folder.join(TOKENIZER);
    let place = |e: Error| e.at(path.display().to_string());
    let Some(bytes) = read_file(&path, vocabulary::MAX_VOCABULARY_BYTES)? else { return Ok(false) };
    let mut alone = tokenizer_json::from_bytes(bytes).map_err(place)?.tokenizer;
    alone.with_padding(None).with_truncation(None).map_err(|e| place(bad(e.to_string()).caused_by(e)))?;
    let loaded = Tokenizer::load(folder, usize::MAX)?;
    let mut text = "Élan e\u{301}t FILM 中文x".to_string();
    for tokenizer in [&alone, &*loaded.inner] {
        for token in tokenizer.get_added_tokens_decoder().values() {
            text.push_str(&format!(" x{0}x  {0} ", token.content));
        }
    }
    let ids = alone.encode_fast(text.as_str(), true).map_err(|e| place(bad(e.to_string()).caused_by(e)))?;
    Ok(ids.get_ids() != loaded.encode(&text)?.input_ids)
}

/// Returns true if a file of this name contains settings of the tokenizer, not its vocabulary.
pub(crate) fn is_settings(name: &str) -> bool {
    TOKENIZER_SETTINGS.contains(&name)
}
