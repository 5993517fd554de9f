//! The part of a sentence that each token stands for.
//!
//! The `tokenizers` crate follows every character through lowercasing, normalisation and the alphabet of byte-level
//! BPE back to the text. Its ranges include the blank before a word for some tokenizers and not for others; here they
//! never do.

use std::ops::Range;

/// The origin of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenPlace {
    /// True for a token that the tokenizer adds to every sentence, such as `[CLS]`.
    pub(crate) is_special: bool,
    /// Bytes of the sentence; `None` if the token stands for none of them.
    pub(crate) range: Option<Range<usize>>,
}

/// The place of each token of a text that begins with a prompt; ranges are counted from the prompt's end.
pub(super) fn places(encoding: &tokenizers::Encoding, text: &str, prompt_bytes: usize) -> Vec<TokenPlace> {
    let special = encoding.get_special_tokens_mask();
    let places = encoding.get_offsets().iter().zip(special).map(|(&(start, end), &special)| {
        let is_special = special != 0;
        let range = if is_special { None } else { without_blanks(text, start.max(prompt_bytes)..end) };
        let range = range.map(|range| range.start - prompt_bytes..range.end - prompt_bytes);
        TokenPlace { is_special, range }
    });
    places.collect()
}

/// The range without blanks at its ends, or as it is if it has nothing else; `None` if it is empty.
fn without_blanks(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let own = text.get(range.clone()).filter(|own| !own.is_empty())?;
    let trimmed = own.trim_start();
    let start = range.end - trimmed.len();
    match trimmed.trim_end() {
        "" => Some(range),
        word => Some(start..start + word.len()),
    }
}
