//! What every scene consists of.

use clsify::studies::WalkedSentence;
use serde::Serialize;
use serde_json::Value;

use super::words::{Words, same};
use crate::base64::base64;

/// A scene: its words, its table, and the numbers of its figure.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Scene {
    pub(super) id: &'static str,
    #[serde(skip)]
    pub(super) title: Words,
    /// One idea, in one or two sentences.
    #[serde(skip)]
    pub(super) caption: Words,
    /// The line of code or the formula that does it.
    #[serde(skip)]
    pub(super) code: String,
    /// The names of the table's columns.
    pub(super) columns: Vec<Words>,
    /// The table, if it is the same for all sentences.
    pub(super) rows: Option<Vec<Row>>,
    /// The numbers of the figure that do not depend on the sentence.
    pub(super) shared: Value,
    /// What depends on the sentence, one for each; empty if nothing does.
    pub(super) sentences: Vec<OfSentence>,
}

/// What a scene says about one sentence.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct OfSentence {
    /// A sentence about it.
    pub(super) line: Option<Words>,
    /// The table, if it depends on the sentence.
    pub(super) rows: Option<Vec<Row>>,
    /// The numbers of the figure.
    pub(super) data: Value,
}

/// A row of a table.
pub(super) type Row = Vec<Cell>;

/// A cell of a table.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(super) enum Cell {
    /// Numbers, names and the reader's own text.
    Text(String),
    /// Words in both languages.
    Words(Words),
}

impl Cell {
    /// The cell in both languages.
    pub(super) fn words(&self) -> Words {
        match self {
            Cell::Text(text) => same(text.clone()),
            Cell::Words(words) => words.clone(),
        }
    }
}

impl Cell {
    /// Returns true for a number, perhaps with a sign and a percent sign, which stands at the right of its column.
    pub(super) fn is_number(&self) -> bool {
        let Cell::Text(text) = self else { return false };
        let digits = text.trim_start_matches(['-', '+', '\u{2212}']).trim_end_matches('%').trim_end();
        let digits = digits.split_once('e').map_or(digits, |(digits, _)| digits);
        digits == "inf"
            || digits == "NaN"
            || digits.starts_with(|c: char| c.is_ascii_digit())
                && digits.chars().all(|c| c.is_ascii_digit() || c == ',' || c == '.')
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_string())
    }
}

impl From<Words> for Cell {
    fn from(words: Words) -> Self {
        Cell::Words(words)
    }
}

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        Cell::Text(number.to_string())
    }
}

/// What a scene says about each sentence.
pub(super) fn of_sentences(
    sentences: &[WalkedSentence],
    of_one: impl Fn(&WalkedSentence) -> OfSentence,
) -> Vec<OfSentence> {
    sentences.iter().map(of_one).collect()
}

/// Numbers as base64 of little-endian `f32`.
pub(super) fn pack_f32(numbers: impl IntoIterator<Item = f32>) -> Value {
    base64(&numbers.into_iter().flat_map(f32::to_le_bytes).collect::<Vec<u8>>()).into()
}

/// Numbers as base64 of little-endian `u16`.
pub(super) fn pack_u16(numbers: impl IntoIterator<Item = u16>) -> Value {
    base64(&numbers.into_iter().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()).into()
}

/// Bytes as base64.
pub(super) fn pack_u8(numbers: impl IntoIterator<Item = u8>) -> Value {
    base64(&numbers.into_iter().collect::<Vec<u8>>()).into()
}

/// Numbers as base64 of little-endian `f64`; unlike JSON this keeps infinite ones.
pub(super) fn pack_f64(numbers: impl IntoIterator<Item = f64>) -> Value {
    base64(&numbers.into_iter().flat_map(f64::to_le_bytes).collect::<Vec<u8>>()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_numbers_are_little_endian() {
        assert_eq!(pack_f64([1.0]), Value::from("AAAAAAAA8D8="));
    }
}
