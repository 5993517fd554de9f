//! Sentences that are given as token ids, and the way back from ids to text.

use tokenizers::decoders::wordpiece::WordPiece;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::metaspace::Metaspace;
use tokenizers::{Decoder, ModelWrapper, Token};

use super::tokenizer_error::bad;
use super::{Encoding, Tokenizer};
use crate::error::{Error, ErrorKind, Result};

impl Tokenizer {
    /// Takes a sentence as token ids: adds the special tokens around it, unless it has them, and truncates it as
    /// [`encode`](Self::encode) does. The prompt is not added.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if an id is not in the vocabulary.
    ///
    /// ```no_run
    /// let tokenizer = clsify::tokenizer::Tokenizer::load("distilbert-base-uncased", 512)?;
    /// let encoding = tokenizer.encode("a film")?;
    /// assert_eq!(tokenizer.encode_ids(&encoding.input_ids)?, encoding);
    /// assert_eq!(tokenizer.encode_ids(&encoding.input_ids[1..3])?, encoding);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn encode_ids(&self, ids: &[u32]) -> Result<Encoding> {
        let around = self.processed(&[])?;
        // Every family has one special token before a sentence and one after it, or none.
        let own = match (around.get_ids(), ids) {
            (&[first, last], &[start, ref own @ .., end]) if (first, last) == (start, end) => own,
            _ => ids,
        };
        Ok(Encoding::of(&self.processed(own)?))
    }

    /// Adds special tokens and truncates.
    fn processed(&self, ids: &[u32]) -> Result<tokenizers::Encoding> {
        let token = |&id: &u32| match self.inner.id_to_token(id) {
            Some(value) => Ok(Token { id, value, offsets: (0, 0) }),
            None => Err(unknown(id)),
        };
        let tokens = ids.iter().map(token).collect::<Result<Vec<Token>>>()?;
        let encoding = tokenizers::Encoding::from_tokens(tokens, 0);
        self.inner.post_process(encoding, None, true).map_err(|e| bad(e.to_string()).caused_by(e))
    }

    /// The text of token ids, with or without special tokens such as `[CLS]`. What normalisation removed, such as
    /// capital letters, does not come back.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if an id is not in the vocabulary.
    ///
    /// ```no_run
    /// let tokenizer = clsify::tokenizer::Tokenizer::load("distilbert-base-uncased", 512)?;
    /// let ids = tokenizer.encode("A fine film")?.input_ids;
    /// assert_eq!(tokenizer.decode(&ids, true)?, "a fine film");
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn decode(&self, ids: &[u32], skip_special_tokens: bool) -> Result<String> {
        let token = |&id: &u32| match self.inner.id_to_token(id) {
            Some(token) => Ok(token),
            None => Err(unknown(id)),
        };
        let tokens = ids.iter().map(token).collect::<Result<Vec<String>>>()?;
        let added = self.inner.get_added_vocabulary();
        let is_shown = |token: &String| !skip_special_tokens || !added.is_special_token(token);
        let tokens = tokens.into_iter().filter(is_shown).collect();
        let decoded = match (self.inner.get_decoder(), self.inner.get_model()) {
            (Some(decoder), _) => decoder.decode(tokens),
            // Files of vocabularies name no decoder; these are those of transformers.
            (None, ModelWrapper::WordPiece(_)) => WordPiece::default().decode(tokens),
            (None, ModelWrapper::BPE(_)) => ByteLevel::default().decode(tokens),
            (None, ModelWrapper::Unigram(_)) => Metaspace::default().decode(tokens),
            (None, ModelWrapper::WordLevel(_)) => Ok(tokens.join(" ")),
        };
        decoded.map_err(|e| bad(e.to_string()).caused_by(e))
    }
}

fn unknown(id: u32) -> Error {
    let message = format!("expected token ids of the vocabulary, got {id}");
    Error::new(ErrorKind::InvalidArgument, message)
        .with_hint("send text, or ids of this encoder's own tokenizer")
}
