//! All tokens of a text with their places, beyond the limit of the encoder too.

use std::ops::Range;

use tokenizers::TruncationDirection;

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
        let whole = self.inner.encode(text.as_str(), add_special_tokens);
        let whole = whole.map_err(|e| bad(e.to_string()).caused_by(e))?;
        let tokens_of = |part: &tokenizers::Encoding| -> Vec<TextToken> {
            let places = ranges::places(part, &text, self.prompt.len());
            let tokens = part.get_ids().iter().zip(part.get_tokens()).zip(places);
            let token = |((&id, token), place): ((&u32, &String), ranges::TokenPlace)| TextToken {
                id,
                token: token.clone(),
                is_special: place.is_special,
                range: place.range,
            };
            tokens.map(token).collect()
        };
        let kept = tokens_of(&whole);
        if whole.get_overflowing().is_empty() {
            return Ok(kept);
        }
        // The parts beyond the limit have special tokens of their own.
        let own = |tokens: Vec<TextToken>| tokens.into_iter().filter(|token| !token.is_special);
        let others = whole.get_overflowing().iter().flat_map(|part| own(tokens_of(part)));
        let last = kept.iter().rposition(|token| !token.is_special).map_or(0, |last| last + 1);
        let first = kept.iter().position(|token| !token.is_special).unwrap_or(0);
        let truncation = self.inner.get_truncation().map(|truncation| truncation.direction);
        let others: Vec<TextToken> = match truncation {
            Some(TruncationDirection::Left) => {
                let parts = whole.get_overflowing().iter().rev();
                parts.flat_map(|part| own(tokens_of(part))).collect()
            }
            _ => others.collect(),
        };
        let at = if truncation == Some(TruncationDirection::Left) { first } else { last };
        let mut tokens = kept;
        tokens.splice(at..at, others);
        Ok(tokens)
    }
}
