//! Added tokens: their form in JSON, their order, and checks for those that cannot be used.
//!
//! Source: `AddedToken` of tokenizers, and `TokenizersBackend.__init__` of transformers 5.

use serde_json::{Map, Value};
use tokenizers::{AddedToken, NormalizedString, Normalizer};

use super::tokenizer_error::bad;
use crate::error::Result;

/// An added token as described in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) content: String,
    pub(super) lstrip: bool,
    rstrip: bool,
    single_word: bool,
    /// `None` means: only if it is not special.
    normalized: Option<bool>,
    pub(super) special: bool,
}

impl Token {
    /// A special token of which only the text is given.
    pub(super) fn special(content: &str) -> Self {
        Token {
            content: content.to_string(),
            lstrip: false,
            rstrip: false,
            single_word: false,
            normalized: None,
            special: true,
        }
    }

    /// A token of `added_tokens.json`, which contains only its text.
    pub(super) fn listed(content: &str, special: bool) -> Self {
        Token { special, normalized: Some(!special), ..Token::special(content) }
    }

    /// A token in JSON: a string, or an object with `content`; `None` for anything else.
    pub(super) fn from_json(value: &Value, special: bool) -> Option<Self> {
        let object = match value {
            Value::String(content) => return Some(Token::special(content)),
            Value::Object(object) => object,
            _ => return None,
        };
        let content = object.get("content")?.as_str()?;
        Some(Token {
            lstrip: flag(object, "lstrip")?.unwrap_or(false),
            rstrip: flag(object, "rstrip")?.unwrap_or(false),
            single_word: flag(object, "single_word")?.unwrap_or(false),
            normalized: flag(object, "normalized")?,
            special: special || flag(object, "special")?.unwrap_or(false),
            content: content.to_string(),
        })
    }

    fn resolved(&self) -> AddedToken {
        AddedToken::from(self.content.clone(), self.special)
            .lstrip(self.lstrip)
            .rstrip(self.rstrip)
            .single_word(self.single_word)
            .normalized(self.normalized.unwrap_or(!self.special))
    }
}

impl From<&AddedToken> for Token {
    fn from(token: &AddedToken) -> Self {
        Token {
            content: token.content.clone(),
            lstrip: token.lstrip,
            rstrip: token.rstrip,
            single_word: token.single_word,
            normalized: Some(token.normalized),
            special: token.special,
        }
    }
}

/// `Some(None)` if the flag is missing or null, `None` if it is not a boolean.
fn flag(object: &Map<String, Value>, key: &str) -> Option<Option<bool>> {
    match object.get(key) {
        None | Some(Value::Null) => Some(None),
        Some(value) => value.as_bool().map(Some),
    }
}

/// Adds tokens in the order of transformers, because a token that is not in the vocabulary gets the next free id.
///
/// `listed` tokens come first, then those of `named` and `extra` whose text is not known yet. A named token is
/// special.
pub(super) fn add(
    tokenizer: &mut tokenizers::Tokenizer,
    listed: &[Token],
    named: &[Token],
    extra: &[Token],
) -> Result<()> {
    let there: Vec<AddedToken> = tokenizer.get_added_tokens_decoder().into_values().collect();
    let mut tokens: Vec<Token> =
        listed.iter().filter(|token| !there.contains(&token.resolved())).cloned().collect();
    let n_listed = tokens.len();
    for token in named.iter().chain(extra) {
        let is_known = there.iter().any(|known| known.content == token.content)
            || tokens[..n_listed].iter().any(|known| known.content == token.content);
        if !is_known && !tokens.contains(token) {
            tokens.push(token.clone());
        }
    }
    for token in &mut tokens {
        token.special |= named.iter().any(|named| named.content == token.content);
    }
    // The crate continues from the largest id.
    if tokenizer.get_added_tokens_decoder().keys().any(|&id| id == u32::MAX) {
        return Err(bad(format!("expected token ids below {}", u32::MAX)));
    }
    tokenizer.add_tokens(tokens.iter().map(Token::resolved)).map_err(|e| bad(unusable(&e)).caused_by(e))?;
    check(tokenizer)
}

fn unusable(error: &impl std::fmt::Display) -> String {
    format!("its added tokens cannot be told apart: {error}")
}

/// The crate panics if a token of blanks that takes the blanks before it follows a token that has taken them all.
fn check(tokenizer: &tokenizers::Tokenizer) -> Result<()> {
    let tokens = tokenizer.get_added_tokens_decoder();
    if !tokens.values().any(|token| token.rstrip) {
        return Ok(());
    }
    for token in tokens.values().filter(|token| token.lstrip) {
        let mut text = NormalizedString::from(token.content.as_str());
        if let Some(normalizer) = tokenizer.get_normalizer().filter(|_| token.normalized) {
            normalizer.normalize(&mut text).map_err(|e| bad(e.to_string()).caused_by(e))?;
        }
        if text.get().chars().all(char::is_whitespace) {
            let message = format!("its added token {:?} is blank and has \"lstrip\"", token.content);
            return Err(bad(message));
        }
    }
    Ok(())
}
