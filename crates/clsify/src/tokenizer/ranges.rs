//! The part of a sentence that each token stands for.
//!
//! The `tokenizers` crate follows every character through lowercasing, normalisation and the alphabet of byte-level
//! BPE back to the text. Three of its habits are changed here, because a reader expects words:
//!
//! - It includes the blank before a word for some tokenizers and not for others; here a word has no blanks.
//! - A mark of a word's beginning that is a token of its own has the word's first letter; here it has nothing.
//! - An accent after its letter that normalisation composes or strips belongs to no token at a word's end; here it
//!   belongs to the token of its letter.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

/// The marks that SentencePiece and byte-level BPE put in the place of a blank, or before a first word.
const MARKS: [char; 2] = ['▁', 'Ġ'];

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
    let tokens = encoding.get_tokens().iter().zip(encoding.get_offsets());
    let places = tokens.zip(special).map(|((token, &(start, end)), &special)| {
        let is_special = special != 0;
        let range = if is_special { None } else { without_blanks(text, start.max(prompt_bytes)..end) };
        TokenPlace { is_special, range: range.filter(|range| !is_only_a_mark(token, &text[range.clone()])) }
    });
    let mut places: Vec<TokenPlace> = places.collect();
    take_accents(&mut places, text);
    for range in places.iter_mut().filter_map(|place| place.range.as_mut()) {
        *range = range.start - prompt_bytes..range.end - prompt_bytes;
    }
    places
}

/// Extends every range by the combining marks after it, up to the next token that does not share its characters.
fn take_accents(places: &mut [TokenPlace], text: &str) {
    let (mut next_start, mut limit) = (text.len(), text.len());
    for range in places.iter_mut().rev().filter_map(|place| place.range.as_mut()) {
        if next_start >= range.end {
            limit = next_start;
        }
        let rest = text.get(range.end..limit).unwrap_or_default();
        range.end += rest.len() - rest.trim_start_matches(is_combining_mark).len();
        next_start = range.start;
    }
}

/// Returns true if a token is a mark for which nothing is written in the text.
fn is_only_a_mark(token: &str, part: &str) -> bool {
    token.chars().all(|c| MARKS.contains(&c)) && part != token && !part.trim().is_empty()
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
