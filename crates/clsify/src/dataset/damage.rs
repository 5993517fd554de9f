//! Finds signs in sentences that a file was written or read with the wrong quoting or encoding.
//!
//! A sign is not a proof: a sentence may really be in quotes. So findings are reported, and nothing is changed.

use std::collections::BTreeSet;

use super::LabelSeparator;
use super::damage_kind::{Damage, DamageKind};
use super::labelled::Dataset;

/// Signs of wrong quoting or encoding in the sentences of a data set, in the order of the file.
///
/// ```
/// use clsify::dataset::{DamageKind, Dataset, text_damage};
/// let dataset = Dataset::from_pairs([("a treat", "good"), ("a clichÃ©", "bad"), ("fish &amp; chips", "good")])?;
/// let found: Vec<_> = text_damage(&dataset).iter().map(|damage| (damage.line, damage.kind)).collect();
/// assert_eq!(found, [(2, DamageKind::Mojibake), (3, DamageKind::Html)]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn text_damage(dataset: &Dataset) -> Vec<Damage> {
    let cells: BTreeSet<&str> = dataset.labels().iter().map(String::as_str).collect();
    let labels = Labels::of(&cells, dataset.separator());
    let most = 2_000.max(20 * median_characters(dataset.sentences()));
    let mut found = Vec::new();
    for (text, &line) in dataset.sentences().iter().zip(dataset.lines()) {
        let mut kinds = signs(text);
        if holds_rows(text, &labels) {
            kinds.push(DamageKind::SwallowedRows);
        }
        // The number of bytes comes first: it is at least as large, and known without counting.
        if text.len() > most && text.chars().count() > most {
            kinds.push(DamageKind::VeryLong);
        }
        found.extend(kinds.into_iter().map(|kind| Damage::new(line, text, kind, kind.meaning().to_string())));
    }
    found
}

/// The labels of the file.
struct Labels<'a> {
    labels: BTreeSet<String>,
    separator: Option<&'a LabelSeparator>,
}

impl<'a> Labels<'a> {
    fn of(cells: &BTreeSet<&str>, separator: Option<&'a LabelSeparator>) -> Self {
        let labels = cells.iter().flat_map(|cell| match separator {
            Some(separator) => separator.split(cell),
            None => vec![cell.to_string()],
        });
        Labels { labels: labels.collect(), separator }
    }

    /// Returns true if a field is a label, or a cell of nothing but labels.
    fn hold(&self, field: &str) -> bool {
        match self.separator {
            None => self.labels.contains(field),
            Some(separator) => {
                let own = separator.split(field);
                !own.is_empty() && own.iter().all(|label| self.labels.contains(label))
            }
        }
    }
}

fn median_characters(sentences: &[String]) -> usize {
    let mut lengths: Vec<usize> = sentences.iter().map(|text| text.chars().count()).collect();
    let middle = lengths.len() / 2;
    if lengths.is_empty() { 0 } else { *lengths.select_nth_unstable(middle).1 }
}

/// The signs that a sentence shows on its own.
fn signs(text: &str) -> Vec<DamageKind> {
    let is_unusual = |byte: u8| !byte.is_ascii() || b"\"\\&;<\t".contains(&byte) || byte.is_ascii_control();
    if !text.bytes().any(is_unusual) {
        return Vec::new();
    }
    let is_control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    let signs = [
        (DamageKind::QuotesAround, is_in_quotes(text.trim())),
        (DamageKind::StrayQuote, has_stray_quote(text.trim())),
        (DamageKind::DoubledQuote, text.contains("\"\"")),
        (DamageKind::EscapedQuote, text.contains("\\\"") || text.contains("\\'")),
        (DamageKind::LiteralEscape, has_literal_escape(text)),
        (DamageKind::Html, has_html(text)),
        (DamageKind::Mojibake, has_mojibake(text)),
        (DamageKind::ReplacementCharacter, text.contains('\u{fffd}')),
        (DamageKind::ByteOrderMark, text.contains('\u{feff}')),
        (DamageKind::ControlCharacter, text.contains(is_control)),
        (DamageKind::SwallowedColumns, ["\t", "\",\"", "\";\""].iter().any(|sign| text.contains(sign))),
    ];
    signs.into_iter().filter(|(_, is_there)| *is_there).map(|(kind, _)| kind).collect()
}

/// True for `"a treat"`, but not for `"a treat" and "a feast"`.
fn is_in_quotes(text: &str) -> bool {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.is_some_and(|inner| !inner.replace("\"\"", "").contains('"'))
}

fn has_stray_quote(text: &str) -> bool {
    let at_one_end = text.starts_with('"') != text.ends_with('"') || text == "\"";
    at_one_end && text.matches('"').count() % 2 == 1
}

/// Words that look like a path (`C:\new`) or a formula (`$\theta$`) are ignored.
fn has_literal_escape(text: &str) -> bool {
    let is_escape = |rest: &[u8]| match rest {
        [b'n' | b't' | b'r', ..] => true,
        [b'u', digits @ ..] => digits.get(..4).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
        _ => false,
    };
    let is_text =
        |word: &&str| !word.contains(":\\") && !word.starts_with("\\\\") && !word.contains(['$', '{']);
    let has_escape =
        |word: &str| word.match_indices('\\').any(|(at, _)| is_escape(&word.as_bytes()[at + 1..]));
    text.contains('\\') && text.split_whitespace().filter(is_text).any(has_escape)
}

/// Finds an entity, even without its `&`, or one of the tags of formatted text.
fn has_html(text: &str) -> bool {
    const NAMES: [&str; 14] = [
        "amp", "lt", "gt", "quot", "apos", "nbsp", "copy", "reg", "euro", "pound", "hellip", "ndash",
        "mdash", "rsquo",
    ];
    const TAGS: [&str; 9] = ["<br", "<p>", "</p>", "<b>", "</b>", "<i>", "</i>", "</a>", "<div"];
    let is_entity = |(end, _): (usize, &str)| {
        // No entity is longer than this, and the limit keeps the search linear.
        let mut first = end.saturating_sub(10);
        while !text.is_char_boundary(first) {
            first -= 1;
        }
        let before = &text[first..end];
        let body = &before[before.rfind(['&', '#']).unwrap_or(before.len())..];
        let digits = body.trim_start_matches(['&', '#', 'x', 'X']);
        let is_number = (2..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
        match body.strip_prefix('&') {
            Some(name) => NAMES.contains(&name),
            None => body.starts_with('#') && is_number,
        }
    };
    let has_tag = || {
        let text = text.to_ascii_lowercase();
        TAGS.iter().any(|tag| text.contains(tag))
    };
    text.match_indices(';').any(is_entity) || text.contains('<') && has_tag()
}

/// Finds characters whose Windows-1252 bytes form a multi-byte UTF-8 character.
fn has_mojibake(text: &str) -> bool {
    let mut bytes = Vec::with_capacity(4);
    text.char_indices().filter(|(_, c)| !c.is_ascii()).any(|(at, _)| {
        bytes.clear();
        bytes.extend(text[at..].chars().take(4).map_while(windows_1252));
        (2..=bytes.len()).any(|n| std::str::from_utf8(&bytes[..n]).is_ok())
    })
}

/// The byte of a character outside ASCII; the five bytes that are undefined in Windows-1252 are those of Latin-1.
///
/// Source: the WHATWG Encoding Standard, index windows-1252.
fn windows_1252(c: char) -> Option<u8> {
    const FROM_0X80: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    let code = u32::from(c);
    match u8::try_from(code) {
        Ok(byte) if byte >= 0x80 => Some(byte),
        Ok(_) => None,
        Err(_) => FROM_0X80.iter().position(|&other| other == c).map(|i| 0x80 + i as u8),
    }
}

/// Returns true if one of several lines starts with a label and a separator, or ends with a separator and a label.
fn holds_rows(text: &str, labels: &Labels<'_>) -> bool {
    const SEPARATORS: [char; 3] = [',', ';', '\t'];
    let is_label = |field: &str| labels.hold(field.trim().trim_matches('"'));
    let is_row = |line: &str| {
        let (first, last) = (line.split_once(SEPARATORS), line.rsplit_once(SEPARATORS));
        first.is_some_and(|(field, _)| is_label(field)) || last.is_some_and(|(_, field)| is_label(field))
    };
    text.contains('\n') && text.lines().any(is_row)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: sentences that were damaged by hand, in one way each.
    #[test]
    fn each_damage_is_told_from_the_others() {
        use DamageKind::*;
        for (text, expected) in [
            ("\"a treat\"", &[QuotesAround][..]),
            ("\"she said \"\"no\"\" twice\"", &[QuotesAround, DoubledQuote]),
            ("\"a treat", &[StrayQuote]),
            ("a treat\"", &[StrayQuote]),
            ("she said \"\"no\"\" twice", &[DoubledQuote]),
            ("she said \\\"no\\\" twice", &[EscapedQuote]),
            ("one line\\nanother", &[LiteralEscape]),
            ("a clich\\u00e9", &[LiteralEscape]),
            ("fish &amp; chips", &[Html]),
            ("it&#39;s", &[Html]),
            ("it #39;s", &[Html]),
            ("good<BR />bad", &[Html]),
            ("a clichÃ©", &[Mojibake]),
            ("it isnâ€™t", &[Mojibake]),
            ("ÐŸÑ€Ð¸Ð²ÐµÑ‚", &[Mojibake]),
            ("a clich\u{fffd}", &[ReplacementCharacter]),
            ("\u{feff}a treat", &[ByteOrderMark]),
            ("a\u{1}treat", &[ControlCharacter]),
            ("a treat\tgood", &[SwallowedColumns]),
            ("a treat\",\"good", &[SwallowedColumns]),
        ] {
            assert_eq!(signs(text), expected, "{text:?}");
        }
    }

    /// Oracle: sentences as people write them.
    #[test]
    fn whole_sentences_show_no_sign() {
        for text in [
            "a treat",
            "\"no\", she said, and \"yes\"",
            "\"no\" and \"yes\"",
            "he said \"no\"",
            "5\" of snow",
            "open C:\\new\\table or \\\\server\\rooms",
            "the angle $\\theta$",
            ";;; &; #; é;",
            "déjà vu, naïve, façade: É, À « ça »",
            "Привет, мир",
            "日本語のテキスト",
            "Q&A; then lunch",
            "a < b and c > d",
            "issue #39 is open",
            "“quoted”—and so on…",
            "two\nlines",
        ] {
            assert_eq!(signs(text), [], "{text:?}");
        }
    }

    #[test]
    fn a_quote_that_swallowed_rows_shows_by_their_labels() {
        let labels = Labels::of(&BTreeSet::from(["good", "bad"]), None);
        assert!(holds_rows("so it goes,good\nfine,bad\nthe end", &labels));
        assert!(holds_rows("so it goes\n\"bad\",fine\nthe end", &labels));
        assert!(!holds_rows("so it goes,good", &labels));
        assert!(!holds_rows("so it goes, good one\nfine, too bad", &labels));
        // The labels of a set may be in any order; a sentence without a label does not make an empty field a label.
        let separator = "|".parse().unwrap();
        let labels = Labels::of(&BTreeSet::from(["", "bad|good"]), Some(&separator));
        assert!(holds_rows("so it goes,good|bad\nthe end", &labels));
        assert!(!holds_rows("so it goes,\nthe good, the end", &labels));
    }

    #[test]
    fn a_sentence_far_longer_than_the_others_is_told() {
        let long = "word ".repeat(500);
        let pairs = |n: usize| (0..n).map(|i| (format!("short {i}"), "a")).chain([(long.clone(), "b")]);
        let found = text_damage(&Dataset::from_pairs(pairs(5)).unwrap());
        assert_eq!(found.iter().map(|d| (d.line, d.kind)).collect::<Vec<_>>(), [(6, DamageKind::VeryLong)]);
        // Beside others of the same length it is not conspicuous.
        let all_long = (0..5).map(|i| (format!("{i} {long}"), if i == 0 { "a" } else { "b" }));
        assert_eq!(text_damage(&Dataset::from_pairs(all_long).unwrap()), []);
    }
}
