//! Sentences that are given as token ids, and the way back from ids to text.

use tokenizers::Token;

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
            None => {
                let message = format!("expected token ids of the vocabulary, got {id}");
                Err(Error::new(ErrorKind::InvalidArgument, message)
                    .with_hint("send text, or ids of this encoder's own tokenizer"))
            }
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
        if let Some(id) = ids.iter().find(|&&id| self.inner.id_to_token(id).is_none()) {
            let message = format!("expected token ids of the vocabulary, got {id}");
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        self.inner.decode(ids, skip_special_tokens).map_err(|e| bad(e.to_string()).caused_by(e))
    }
}
