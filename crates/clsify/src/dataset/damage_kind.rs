//! The kinds of damage that a record can have.

use serde::Serialize;

/// The maximum length of a text in a report, so that a file of garbage does not fill the memory.
const MOST_CHARACTERS: usize = 1_000;

/// The kind of damage of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DamageKind {
    /// There is no sentence, or only whitespace.
    EmptySentence,
    /// There is no label.
    EmptyLabel,
    /// The weight is not a number, not finite or below 0.
    BadWeight,
    /// The group column is empty.
    EmptyGroup,
    /// A label column contains something other than 0 or 1.
    BadLabel,
    /// The record cannot be read: another number of columns, a quote that is not closed, bytes that are not UTF-8.
    Unreadable,
    /// The whole sentence is in quotes.
    QuotesAround,
    /// A quote at one end without its counterpart.
    StrayQuote,
    /// `""`.
    DoubledQuote,
    /// `\"` or `\'`.
    EscapedQuote,
    /// `\n`, `\t`, `\r` or `\u00e9`, written as characters.
    LiteralEscape,
    /// `&amp;`, `#39;`, `<br />`.
    Html,
    /// UTF-8 that was read as Latin-1 or Windows-1252: `Ã©` for `é`.
    Mojibake,
    /// U+FFFD, which replaces bytes that are not text.
    ReplacementCharacter,
    /// U+FEFF, which belongs at the start of a file.
    ByteOrderMark,
    /// A control character other than a tab or a line break.
    ControlCharacter,
    /// A tab, or `","`: columns that became part of the sentence.
    SwallowedColumns,
    /// A line in the sentence starts or ends with a label, as a row of the file does.
    SwallowedRows,
    /// Over 2,000 characters and over 20 times as long as the median sentence.
    VeryLong,
}

impl DamageKind {
    /// A description of the sign, with advice.
    pub fn meaning(self) -> &'static str {
        match self {
            DamageKind::EmptySentence => "no sentence: remove the row",
            DamageKind::EmptyLabel => "no label: give it one, or remove the row",
            DamageKind::EmptyGroup => "no group: give it one, or remove the row",
            DamageKind::BadWeight => "the weight is not a number of at least 0",
            DamageKind::BadLabel => "a label column holds something other than 0 or 1",
            DamageKind::Unreadable => "the record cannot be read",
            DamageKind::QuotesAround => "quotes at both ends: CSV that was saved as TSV, or quoted twice?",
            DamageKind::StrayQuote => "an unmatched quote: was the sentence cut at a comma or tab?",
            DamageKind::DoubledQuote => "a quote written twice, as CSV does inside quotes",
            DamageKind::EscapedQuote => "a quote with a backslash, which CSV and TSV do not know",
            DamageKind::LiteralEscape => {
                "a backslash and a letter where a line break, tab or character was meant"
            }
            DamageKind::Html => "HTML that was not decoded",
            DamageKind::Mojibake => "UTF-8 that was read as Latin-1 or Windows-1252",
            DamageKind::ReplacementCharacter => "a character was lost when the file was converted",
            DamageKind::ByteOrderMark => "a byte-order mark: were files joined?",
            DamageKind::ControlCharacter => "a control character: was something binary pasted?",
            DamageKind::SwallowedColumns => "a tab, or quote comma quote: does the sentence contain columns?",
            DamageKind::SwallowedRows => {
                "a line of the sentence looks like a row with its label: did a quote swallow rows?"
            }
            DamageKind::VeryLong => "far longer than the others: a whole document, or rows run together?",
        }
    }
}

/// One damage of a record; a record with several kinds of damage has one of these for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// The line where the record starts, counted from 1.
    pub line: usize,
    /// The sentence, or the raw text of a record that cannot be read, cut after 1,000 characters.
    pub text: String,
    /// The kind of damage.
    pub kind: DamageKind,
    /// A description in words.
    pub message: String,
}

impl Damage {
    pub(super) fn new(line: usize, text: &str, kind: DamageKind, message: String) -> Self {
        let text = match text.char_indices().nth(MOST_CHARACTERS) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.to_string(),
        };
        Damage { line, text, kind, message }
    }
}
