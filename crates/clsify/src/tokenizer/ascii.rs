//! A fast path for plain English: printable ASCII with BERT's normalizer, pre-tokenizer and WordPiece model.
//!
//! The `tokenizers` crate tracks the origin of every character through every step, which is not needed here. For
//! printable ASCII these steps reduce to: lowercase letters if the normalizer does, split at blanks, and make each
//! punctuation mark a word of its own. The crate's model then splits each word. A sentence with other characters, or
//! with something that might be an added token such as `[MASK]`, is left to the crate; both give the same ids.

use tokenizers::models::wordpiece::WordPiece;
use tokenizers::{Model, ModelWrapper, NormalizerWrapper, PreTokenizerWrapper, TruncationDirection};

use super::Encoding;
use super::tokenizer_error::bad;
use crate::error::Result;

/// The data for the fast path.
#[derive(Debug, Clone)]
pub(super) struct AsciiPath {
    lowercase: bool,
    /// The bytes that a sentence may consist of.
    takes: [bool; 256],
    /// Ids and types of the special tokens before and after a sentence.
    before: Vec<(u32, u32)>,
    after: Vec<(u32, u32)>,
    type_id: u32,
    /// The maximum number of tokens between them.
    max_tokens: usize,
}

impl AsciiPath {
    /// The fast path of a tokenizer whose maximum length is set; `None` if it has none.
    pub(super) fn of(tokenizer: &tokenizers::Tokenizer, max_length: usize) -> Option<Self> {
        let Some(NormalizerWrapper::BertNormalizer(normalizer)) = tokenizer.get_normalizer() else {
            return None;
        };
        let Some(PreTokenizerWrapper::BertPreTokenizer(_)) = tokenizer.get_pre_tokenizer() else {
            return None;
        };
        // The fast path truncates sentences at their end.
        if tokenizer.get_truncation()?.direction != TruncationDirection::Right {
            return None;
        }
        word_piece(tokenizer)?;
        let mut takes = [false; 256];
        takes[0x20..0x7f].fill(true);
        for token in tokenizer.get_added_tokens_decoder().values() {
            // The normalizer does not change a punctuation mark, so a sentence without it does not contain the token.
            let first = token.content.bytes().next().filter(u8::is_ascii_punctuation)?;
            takes[usize::from(first)] = false;
        }
        // The special tokens are the same around every sentence.
        let probe = tokenizer.encode_fast("a", true).ok()?;
        let is_special = probe.get_special_tokens_mask();
        let start = is_special.iter().position(|&special| special == 0)?;
        let end = is_special.iter().rposition(|&special| special == 0)? + 1;
        let types = probe.get_type_ids();
        let is_one_piece = is_special[start..end].iter().all(|&special| special == 0)
            && types[start..end].iter().all(|&id| id == types[start])
            && tokenizer.encode_fast("a", false).ok()?.get_ids().starts_with(&probe.get_ids()[start..end]);
        let pairs = |range: std::ops::Range<usize>| {
            range.map(|i| (probe.get_ids()[i], types[i])).collect::<Vec<(u32, u32)>>()
        };
        let (before, after) = (pairs(0..start), pairs(end..types.len()));
        let max_tokens = max_length.checked_sub(before.len() + after.len())?;
        let lowercase = normalizer.lowercase;
        is_one_piece.then(|| AsciiPath { lowercase, takes, before, after, type_id: types[start], max_tokens })
    }

    /// Encodes a sentence as the original tokenizer does; `None` if the sentence must be left to the crate.
    pub(super) fn encode(
        &self,
        tokenizer: &tokenizers::Tokenizer,
        sentence: &str,
    ) -> Option<Result<Encoding>> {
        let model = word_piece(tokenizer)?;
        if !sentence.bytes().all(|byte| self.takes[usize::from(byte)]) {
            return None;
        }
        let mut input_ids: Vec<u32> = self.before.iter().map(|(id, _)| *id).collect();
        let lowered = self.lowercase.then(|| sentence.to_ascii_lowercase());
        if let Err(error) = push_words(model, lowered.as_deref().unwrap_or(sentence), &mut input_ids) {
            return Some(Err(bad(error.to_string()).caused_by(error)));
        }
        let end = self.before.len() + self.max_tokens;
        let is_truncated = input_ids.len() > end;
        input_ids.truncate(end);
        let mut token_type_ids: Vec<u32> = self.before.iter().map(|(_, type_id)| *type_id).collect();
        token_type_ids.resize(input_ids.len(), self.type_id);
        for (id, type_id) in &self.after {
            input_ids.push(*id);
            token_type_ids.push(*type_id);
        }
        Some(Ok(Encoding { input_ids, token_type_ids, is_truncated }))
    }
}

fn word_piece(tokenizer: &tokenizers::Tokenizer) -> Option<&WordPiece> {
    match tokenizer.get_model() {
        ModelWrapper::WordPiece(model) => Some(model),
        _ => None,
    }
}

fn push_words(model: &WordPiece, text: &str, ids: &mut Vec<u32>) -> tokenizers::Result<()> {
    // Blanks and punctuation marks are words of their own.
    let stands_alone = |c: char| c == ' ' || c.is_ascii_punctuation();
    for piece in text.split_inclusive(stands_alone) {
        let (word, mark) = match piece.strip_suffix(stands_alone) {
            Some(word) => piece.split_at(word.len()),
            None => (piece, ""),
        };
        for word in [word, mark].into_iter().filter(|word| !matches!(*word, "" | " ")) {
            // The model first tries the whole word; most words are in the vocabulary.
            match model.token_to_id(word).filter(|_| word.len() <= model.max_input_chars_per_word) {
                Some(id) => ids.push(id),
                None => ids.extend(model.tokenize(word)?.iter().map(|token| token.id)),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::super::Tokenizer;

    /// The tokenizers of the tiny encoders that have a fast path, at several maximum lengths.
    fn tokenizers() -> Vec<Tokenizer> {
        let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/transformers");
        let mut tokenizers = Vec::new();
        for entry in std::fs::read_dir(fixtures).unwrap() {
            let folder = entry.unwrap().path();
            if folder.is_dir() {
                tokenizers.extend([3, 8, 512].map(|length| Tokenizer::load(&folder, length).unwrap()));
            }
        }
        tokenizers.retain(|tokenizer| tokenizer.ascii.is_some());
        assert!(tokenizers.len() >= 9, "{} tokenizers have the short way", tokenizers.len());
        tokenizers
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// Oracle: the `tokenizers` crate, exactly.
        #[test]
        fn the_short_way_gives_what_the_crate_gives(
            text in prop_oneof![
                "[ -~]{0,60}",
                "([a-zA-Z]{1,12}|[ ,.'\"$+<=>^`|~!?-]|film|the|[a-z]{95,105}|[0-9]{1,4}| ){0,30}",
                "([a-z ]|\\[MASK\\]|\\[CLS\\]|<s>|\\[|<|é|\t|中|\u{7f}){0,20}",
            ],
        ) {
            thread_local! {
                static TOKENIZERS: Vec<Tokenizer> = tokenizers();
            }
            TOKENIZERS.with(|tokenizers| {
                for tokenizer in tokenizers {
                    prop_assert_eq!(tokenizer.encode(&text).unwrap(), tokenizer.encode_by_crate(&text).unwrap());
                }
                Ok(())
            })?;
        }
    }
}
