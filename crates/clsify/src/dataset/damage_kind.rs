//! What can be wrong with a record, and one that it is wrong with.

use serde::Serialize;

/// The most that is shown of a text: a file of garbage is not kept.
const MOST_CHARACTERS: usize = 1_000;

/// What a record suffers from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DamageKind {
    /// There is no sentence, or only whitespace.
    EmptySentence,
    /// There is no label.
    EmptyLabel,
    /// The weight is no number, not finite or below 0.
    BadWeight,
    /// Nothing in the group column.
    EmptyGroup,
    /// A column of one label holds something else than 0 or 1.
    BadLabel,
    /// The record cannot be read: another number of columns, a quote that is not closed, bytes that are not UTF-8.
    Unreadable,
    /// The whole sentence stands in quotes.
    QuotesAround,
    /// A quote at one end, and none that it belongs to.
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
    /// U+FFFD, which stands where bytes were no text.
    ReplacementCharacter,
    /// U+FEFF, which belongs to the start of a file.
    ByteOrderMark,
    /// A control character other than a tab or a line break.
    ControlCharacter,
    /// A tab, or `","`: columns that became part of the sentence.
    SwallowedColumns,
    /// A line in the sentence starts or ends with a label, as a row of the file does.
    SwallowedRows,
    /// Over 2,000 characters and over 20 times as long as the sentence in the middle.
    VeryLong,
}

impl DamageKind {
    /// What the sign means, and what to do.
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

/// A record and what it suffers from; one that suffers from several things has one of these for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// The line where the record starts, counted from 1.
    pub line: usize,
    /// The sentence; of a record that cannot be read, what stands in the file. The first 1,000 characters of a longer one.
    pub text: String,
    /// What it is.
    pub kind: DamageKind,
    /// The same in words.
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
