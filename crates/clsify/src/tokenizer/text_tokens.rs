//! All tokens of a text with their places, beyond the limit of the encoder too.

use std::ops::Range;

use super::tokenizer_error::bad;
use super::{Tokenizer, ranges};
use crate::error::Result;

/// A token of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextToken {
    /// Its id: a row of the word embedding table.
    pub id: u32,
    /// Its text in the vocabulary: `[CLS]`, `rum`, `##ination`, ...
    pub token: String,
    /// True if the tokenizer adds it to every sentence, such as `[CLS]`.
    pub is_special: bool,
    /// The bytes of the text that it stands for, without blanks at their ends; `None` for special tokens, those of the
    /// prompt, and those that stand for nothing in the text.
    pub range: Option<Range<usize>>,
}

impl Tokenizer {
    /// All tokens of a text, with the prompt before it and with or without special tokens. Nothing is truncated.
    ///
    /// # Errors
    /// As for [`encode`](Self::encode).
    ///
    /// ```no_run
    /// let tokenizer = clsify::tokenizer::Tokenizer::load("distilbert-base-uncased", 512)?;
    /// let tokens = tokenizer.text_tokens("a stunning rumination", false)?;
    /// assert_eq!((tokens[3].token.as_str(), tokens[3].range.clone()), ("##ination", Some(14..21)));
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn text_tokens(&self, text: &str, add_special_tokens: bool) -> Result<Vec<TextToken>> {
        let text = format!("{}{text}", self.prompt);
        let encoding = self.without_limit()?.encode(text.as_str(), add_special_tokens);
        let encoding = encoding.map_err(|e| bad(e.to_string()).caused_by(e))?;
        let tokens = encoding.get_ids().iter().zip(encoding.get_tokens());
        let places = ranges::places(&encoding, &text, self.prompt.len());
        let token = |((&id, token), place): ((&u32, &String), ranges::TokenPlace)| TextToken {
            id,
            token: token.clone(),
            is_special: place.is_special,
            range: place.range,
        };
        Ok(tokens.zip(places).map(token).collect())
    }

    /// The same tokenizer without truncation, which stops reading a text at the limit. It is a copy of the vocabulary,
    /// made when it is first asked for.
    fn without_limit(&self) -> Result<&tokenizers::Tokenizer> {
        if let Some(tokenizer) = self.unlimited.get() {
            return Ok(tokenizer);
        }
        let mut tokenizer = tokenizers::Tokenizer::clone(&self.inner);
        tokenizer.with_truncation(None).map_err(|e| bad(e.to_string()).caused_by(e))?;
        Ok(self.unlimited.get_or_init(|| tokenizer))
    }
}
