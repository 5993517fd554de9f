//! 2. Text -> [`Encoding`] -> [`Batch`]: a thin layer over the `tokenizers` crate.
//!
//! A folder gives the ids that `AutoTokenizer` of transformers 5 gives: its settings (`tokenizer_config.json` and its like)
//! decide even where there is a `tokenizer.json`. Read it in this order:
//!
//! | file | the question it answers |
//! |---|---|
//! | `class.rs`, `own_build.rs` | which tokenizer of transformers is it, and can it be built? |
//! | `settings.rs` | what do the files beside the vocabulary say? |
//! | `tokenizer_json.rs`, `vocabulary.rs` | what is the vocabulary? |
//! | `build.rs`, `added_token.rs` | and what do all of them come to? |
//!
//! Lengths of truncation and padding that a `tokenizer.json` stores do not apply: the limit is the encoder's own unless the
//! caller sets a lower one, nothing is padded, and a truncated sentence says so. The tokenizer knows no floats.

mod added_token;
mod ascii;
mod bad;
mod build;
mod character_map;
mod class;
mod encoding;
mod own_build;
mod settings;
mod tokenizer_json;
mod vocabulary;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clsify_base::encoder_files::{MERGES, TOKENIZER, TOKENIZER_SETTINGS, VOCAB, VOCAB_JSON};
use rayon::prelude::*;
use tokenizers::normalizers::{Lowercase, NormalizerWrapper, Sequence};
use tokenizers::{Model, ModelWrapper, TruncationDirection, TruncationParams, TruncationStrategy};

use ascii::AsciiPath;
pub use encoding::{Batch, Encoding, PaddedBatch};
use settings::{Settings, read_file};

use self::bad::bad;
use crate::checkpoint_folder::transformer_folder;
use crate::error::{Error, ErrorKind, Result};

/// Turns sentences into token ids.
///
/// Clones share the vocabulary.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: Arc<tokenizers::Tokenizer>,
    max_length: usize,
    /// The number of special tokens around a sentence.
    n_special: usize,
    /// The token that stands for what the vocabulary does not hold, if there is one.
    unknown_id: Option<u32>,
    ascii: Option<Arc<AsciiPath>>,
    /// Stands before every sentence.
    prompt: String,
}

impl Tokenizer {
    /// Loads the tokenizer of a checkpoint folder: `tokenizer.json`, `vocab.txt`, or `vocab.json` with `merges.txt`; and the
    /// settings beside it.
    ///
    /// `max_length` is the longest encoding in tokens, special tokens included; what is beyond it is cut off, at the end
    /// unless the settings say otherwise.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] or [`ErrorKind::Tokenizer`] with the file; [`ErrorKind::InvalidArgument`] when `max_length`
    /// leaves no room for a token beside the special ones.
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
            max_length,
            n_special,
            unknown_id,
            ascii,
            prompt: String::new(),
        })
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
        inner.with_normalizer(Some(Sequence::new(steps))).map_err(|e| bad(e.to_string()).caused_by(e))?;
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

    /// The part that a sentence beyond the maximum length loses: `end`, or `start` where the settings say so.
    pub fn truncated_part(&self) -> &'static str {
        match self.inner.get_truncation().map(|truncation| truncation.direction) {
            Some(TruncationDirection::Left) => "start",
            _ => "end",
        }
    }

    /// Whether at least half of the tokens of a sentence, without the special ones around it, are the token that stands for
    /// what the vocabulary does not hold, such as `[UNK]`.
    pub fn is_mostly_unknown(&self, encoding: &Encoding) -> bool {
        let Some(unknown_id) = self.unknown_id else { return false };
        let n_unknown = encoding.input_ids.iter().filter(|&&id| id == unknown_id).count();
        n_unknown > 0 && 2 * n_unknown >= encoding.len().saturating_sub(self.n_special)
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
        let encoding = self.inner.encode_fast(sentence, true).map_err(|e| bad(e.to_string()).caused_by(e))?;
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

/// The longest encoding that `tokenizer_config.json` of a folder allows (`model_max_length`); `None` where it sets no limit.
///
/// # Errors
/// [`ErrorKind::Tokenizer`] when the file is malformed, an I/O error when it cannot be read.
pub fn model_max_length(folder: impl AsRef<Path>) -> Result<Option<usize>> {
    let folder = folder.as_ref();
    settings::model_max_length(&transformer_folder(folder))
}

/// The files of a checkpoint folder that decide how sentences are tokenized, as far as they are there: `tokenizer.json`,
/// else the files of the vocabulary; and the settings beside them.
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

/// Whether the settings of a folder give other ids than its `tokenizer.json` alone, which this program once took as it
/// was: tried on a text of all that settings decide.
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

/// Whether a file of this name holds settings of the tokenizer, not its vocabulary.
pub(crate) fn is_settings(name: &str) -> bool {
    TOKENIZER_SETTINGS.contains(&name)
}
