//! Finds labels that are probably spellings of one class, and labels that look like a list.
//!
//! Two labels are spellings of one if they are equal after [`folded`]: Unicode's compatibility composition (NFKC) and
//! case folding (The Unicode Standard, section 3.13), without invisible characters, without quotes, spaces, and
//! hyphens or underscores between letters, and with numbers in their shortest form. No label is changed; the result
//! is only used for hints.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

/// Labels that are probably one class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spellings {
    /// At least two, sorted.
    pub(crate) labels: Vec<String>,
    /// The difference, to complete the phrase "only in".
    pub(crate) difference: &'static str,
}

impl Spellings {
    /// The other spelling to mention with this one.
    pub(crate) fn other(&self, label: &str) -> Option<&String> {
        self.labels.iter().find(|other| *other != label)
    }
}

/// A simplification of a label, and the difference that it removes.
type Rule = (fn(&str) -> String, &'static str);

/// Each rule is applied alone; the first that makes labels equal names their difference.
const RULES: [Rule; 8] = [
    (composed, "how Unicode composes their characters (NFC or NFD)"),
    (without_invisible, "invisible characters"),
    (compatible, "the width or style of characters"),
    (lower_case, "case"),
    (without_spaces, "spaces"),
    (without_quotes, "quotes"),
    (with_shortest_number, "how a number is written"),
    (without_joints, "hyphens, underscores or spaces"),
];

/// Groups of labels that are probably one class, in the order of their first labels.
pub(crate) fn spellings<'a>(labels: impl IntoIterator<Item = &'a String>) -> Vec<Spellings> {
    let mut by_form: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for label in labels {
        by_form.entry(folded(label)).or_default().push(label.clone());
    }
    let several = by_form.into_values().map(|mut labels| {
        labels.sort();
        labels.dedup();
        labels
    });
    let mut found: Vec<Spellings> = several
        .filter(|labels| labels.len() > 1)
        .map(|labels| Spellings { difference: difference(&labels), labels })
        .collect();
    found.sort_by(|a, b| a.labels.cmp(&b.labels));
    found
}

/// The known label of which this label is another spelling, and the difference; `None` if it is known itself.
pub(crate) fn spelled_otherwise<'a>(label: &str, known: &'a [String]) -> Option<(&'a String, &'static str)> {
    let form = folded(label);
    let other = known.iter().find(|other| *other != label && folded(other) == form)?;
    Some((other, difference(&[label.to_string(), other.clone()])))
}

fn difference(labels: &[String]) -> &'static str {
    let are_equal =
        |rule: &&Rule| labels.iter().all(|label| rule.0(label.trim()) == rule.0(labels[0].trim()));
    RULES.iter().find(are_equal).map_or("case, spaces, quotes or invisible characters", |rule| rule.1)
}

/// The common form of all spellings of a label.
fn folded(label: &str) -> String {
    let text = without_quotes(&lower_case(&without_invisible(&compatible(label))));
    // Folded text may compose again.
    let text = compatible(&text);
    shortest_number(text.trim()).unwrap_or_else(|| without_joints(&text))
}

fn composed(text: &str) -> String {
    text.nfc().collect()
}

fn compatible(text: &str) -> String {
    let dash = |c: char| if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}') { '-' } else { c };
    text.nfkc().map(dash).collect()
}

/// Converts through upper case, so that ß becomes ss, and character by character, so that σ is the same at the end of
/// a word.
fn lower_case(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

fn without_invisible(text: &str) -> String {
    text.chars().filter(|&c| !is_invisible(c)).map(|c| if c.is_whitespace() { ' ' } else { c }).collect()
}

fn without_spaces(text: &str) -> String {
    let characters: Vec<char> = text.chars().filter(|&c| !is_invisible(c)).collect();
    without(&characters, |c| c.is_whitespace(), |before, after| !(before.is_numeric() && after.is_numeric()))
}

fn without_quotes(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '"' | '\'' | '`' | '‘'..='‟' | '«' | '»' | '‹' | '›')).collect()
}

/// Makes `not_spam`, `not-spam` and `not spam` equal; but `-1` differs from `1`, and `A-` from `A`.
fn without_joints(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let is_between = |before: char, after: char| {
        before.is_alphanumeric() && after.is_alphanumeric() && !(before.is_numeric() && after.is_numeric())
    };
    without_spaces(&without(&characters, |c| matches!(c, '-' | '_') || c.is_whitespace(), is_between))
}

/// Removes runs of some characters if the predicate holds for the characters around them.
fn without(characters: &[char], is_dropped: fn(char) -> bool, between: fn(char, char) -> bool) -> String {
    let mut kept = String::new();
    let mut last = None;
    let mut i = 0;
    while i < characters.len() {
        let run = characters[i..].iter().take_while(|&&c| is_dropped(c)).count();
        let run_end = i + run;
        let drops = match (last, characters.get(run_end)) {
            (Some(before), Some(&after)) => between(before, after),
            // At either end only spaces are removed.
            _ => characters[i..run_end].iter().all(|c| c.is_whitespace()),
        };
        if !drops {
            kept.extend(&characters[i..run_end]);
        }
        if let Some(&c) = characters.get(run_end) {
            kept.push(c);
            last = Some(c);
        }
        i = run_end + 1;
    }
    kept
}

fn with_shortest_number(text: &str) -> String {
    shortest_number(text).unwrap_or_else(|| text.to_string())
}

/// `1` for `1.0`, `01`, `+1`, `1,0` and `1e0`; `None` for a text that is not a number.
///
/// A comma before three digits may group them, so `1,000` is a thousand.
fn shortest_number(text: &str) -> Option<String> {
    let text: String = text.nfkc().collect();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(&text)),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let plain = match digits.split_once(',') {
        None => digits.to_string(),
        Some((whole, rest)) if rest.len() == 3 && whole != "0" => format!("{whole}{rest}"),
        Some((whole, rest)) => format!("{whole}.{rest}"),
    };
    // The exponent of a float that represents a whole number.
    let plain = match plain.parse::<f64>() {
        Ok(number) if plain.contains(['e', 'E']) && number.is_finite() => number.to_string(),
        Ok(_) if !plain.contains(['e', 'E']) => plain,
        _ => return None,
    };
    // The text is used, because an identifier of twenty digits does not fit into an `f64`.
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    Some(match (whole, fraction) {
        ("", "") => "0".to_string(),
        ("", fraction) => format!("{sign}0.{fraction}"),
        (whole, "") => format!("{sign}{whole}"),
        (whole, fraction) => format!("{sign}{whole}.{fraction}"),
    })
}

/// The first character of a label that is invisible, or that looks like a space but is another character. Joiners and
/// variation selectors are part of some scripts and of emoji.
pub(crate) fn odd_character(label: &str) -> Option<char> {
    let is_joiner = |c: char| matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}');
    let is_odd =
        |c: char| is_invisible(c) && !is_joiner(c) || c.is_whitespace() && c != ' ' && c != '\u{3000}';
    label.chars().find(|&c| is_odd(c))
}

/// Returns true for characters without a visible form: the property `Default_Ignorable_Code_Point` of Unicode 17, and
/// control characters.
fn is_invisible(c: char) -> bool {
    let is_ignorable = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}');
    is_ignorable || c.is_control() && !c.is_whitespace()
}

/// A label for a message: invisible characters are written as `\u200b`.
pub(crate) fn shown(label: &str) -> String {
    let is_shown = |c: char| !is_invisible(c) && (c == ' ' || !c.is_whitespace());
    let character = |c: char| if is_shown(c) { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) };
    label.chars().map(character).collect()
}

/// The labels in a cell that looks like a Python list, tuple or set, as pandas writes one; `None` for other cells.
///
/// ```text
/// ['pos', 'x']   ["pos"]   ('pos', 'x')   {'pos'}   ['pos' 'x']   [1, 0]   []
/// ```
pub(crate) fn python_list(cell: &str) -> Option<Vec<String>> {
    let cell = cell.trim();
    let first = cell.chars().next()?;
    let close = match first {
        '[' => ']',
        '(' => ')',
        '{' => '}',
        _ => return None,
    };
    let inner = cell[first.len_utf8()..].strip_suffix(close)?.trim().trim_end_matches(',').trim_end();
    if inner.is_empty() {
        return Some(Vec::new());
    }
    if let Some(quoted) = quoted_items(inner) {
        return Some(quoted);
    }
    // Brackets around a single word are not a list; around numbers or several words they are.
    let items: Vec<&str> = inner.split([',', ' ']).map(str::trim).filter(|item| !item.is_empty()).collect();
    let are_numbers = items.iter().all(|item| item.parse::<f64>().is_ok());
    let are_words = inner.contains(',') && inner.split(',').all(|item| !item.trim().is_empty());
    match first {
        '[' if are_numbers => Some(items.iter().map(ToString::to_string).collect()),
        '[' if are_words => Some(inner.split(',').map(|item| item.trim().to_string()).collect()),
        _ => None,
    }
}

/// Splits texts in quotes, with commas or spaces between them.
fn quoted_items(mut rest: &str) -> Option<Vec<String>> {
    let mut items = Vec::new();
    while !rest.is_empty() {
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let (item, after) = rest[1..].split_once(quote)?;
        items.push(item.to_string());
        rest = after.trim_start().trim_start_matches(',').trim_start();
    }
    Some(items)
}

/// Returns true if a label is the start or the end of such a list, cut at a separator within it.
pub(crate) fn is_part_of_a_list(label: &str) -> bool {
    let starts = ["['", "[\""].iter().any(|start| label.starts_with(start));
    let ends = ["']", "\"]"].iter().any(|end| label.ends_with(end));
    starts != ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(labels: &[&str]) -> Vec<Spellings> {
        spellings(&labels.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    /// Oracle: pairs of spellings that people use, with their difference.
    #[test]
    fn spellings_of_one_label_are_found_and_told() {
        let unicode = "how Unicode composes their characters (NFC or NFD)";
        let number = "how a number is written";
        let unseen = "invisible characters";
        let style = "the width or style of characters";
        let joints = "hyphens, underscores or spaces";
        for (a, b, expected) in [
            ("café", "cafe\u{301}", unicode),
            ("한국어", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}\u{110b}\u{1165}", unicode),
            ("pos", "pos\u{200b}", unseen),
            ("pos", "\u{feff}pos", unseen),
            ("pos", "po\u{ad}s", unseen),
            ("pos", "p\u{2060}os", unseen),
            ("pos", "p\u{200d}os\u{200e}", unseen),
            ("pos", "\u{e0041}pos", unseen),
            ("New York", "New\u{a0}York", unseen),
            ("New York", "New\u{202f}York", unseen),
            ("New York", "New  York", "spaces"),
            ("New York", "NewYork", "spaces"),
            ("1", "1.0", number),
            ("01", "1", number),
            ("1", "1,0", number),
            ("1", "+1", number),
            ("0", "-0.0", number),
            ("0.5", ".50", number),
            ("2", "2e0", number),
            ("12345678901234567890", "12345678901234567890.0", number),
            ("1", "１", style),
            ("True", "true", "case"),
            ("Yes", "yes", "case"),
            ("STRASSE", "straße", "case"),
            ("ΟΔΟΣ", "οδος", "case"),
            ("\"pos\"", "pos", "quotes"),
            ("“pos”", "pos", "quotes"),
            ("ｐｏｓ", "pos", style),
            ("Ⅳ", "IV", style),
            ("ﬁne", "fine", style),
            ("−1", "-1", style),
            ("not_spam", "not-spam", joints),
            ("not spam", "not_spam", joints),
            ("Cafe\u{301}", "café", "case, spaces, quotes or invisible characters"),
            ("ＴＲＵＥ", "true", "case, spaces, quotes or invisible characters"),
        ] {
            let found = found(&[a, b, "other"]);
            assert_eq!(found.len(), 1, "{a:?} {b:?}");
            assert_eq!(found[0].difference, expected, "{a:?} {b:?}");
            assert_eq!(spelled_otherwise(a, &[b.to_string()]), Some((&b.to_string(), expected)));
        }
        let three = found(&["1.0", "01", "1", "2"]);
        assert_eq!(three[0].labels, ["01", "1", "1.0"]);
        assert_eq!(three[0].other("1").unwrap(), "01");
    }

    #[test]
    fn labels_that_mean_different_things_stay_apart() {
        for (a, b) in [
            ("1", "-1"),
            ("1", "11"),
            ("1", "1.1"),
            ("1,5", "15"),
            ("1 2", "12"),
            ("1-2", "12"),
            ("A", "A-"),
            ("A", "A+"),
            ("C", "C++"),
            ("cafe", "café"),
            ("resume", "résumé"),
            ("nan", "0"),
            ("inf", "infinity"),
            ("true", "1"),
            ("12345678901234567890", "12345678901234567891"),
            ("1,000", "1"),
            ("spam", "[spam]"),
            ("!", "?"),
            ("😀", "😁"),
        ] {
            assert_eq!(found(&[a, b]), [], "{a:?} {b:?}");
            assert_eq!(spelled_otherwise(a, &[b.to_string()]), None);
        }
        assert_eq!(spelled_otherwise("a", &["a".to_string()]), None);
        // The same label from JSON `1` and `"1"`.
        assert_eq!(found(&["1", "1"]), []);
    }

    #[test]
    fn python_lists_are_told_from_labels() {
        for (cell, expected) in [
            ("['pos', 'x']", &["pos", "x"][..]),
            ("[\"pos\",\"it's\"]", &["pos", "it's"]),
            ("('pos',)", &["pos"]),
            ("{'pos', 'x'}", &["pos", "x"]),
            ("['pos' 'x']", &["pos", "x"]),
            ("[1, 0]", &["1", "0"]),
            ("[0. 1.]", &["0.", "1."]),
            ("[pos, x]", &["pos", "x"]),
            ("[]", &[]),
        ] {
            assert_eq!(
                python_list(cell).as_deref(),
                Some(&expected.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
                "{cell}"
            );
        }
        for label in [
            "pos",
            "[pos]",
            "[UNK]",
            "(none)",
            "(a, b)",
            "{x}",
            "'pos'",
            "[",
            "]",
            "",
            "['pos'",
            "[a] and [b]",
        ] {
            assert_eq!(python_list(label), None, "{label}");
        }
        assert!(is_part_of_a_list("['pos'") && is_part_of_a_list("'x']") && !is_part_of_a_list("'y'"));
        assert!(!is_part_of_a_list("['pos']"), "a whole one");
    }

    #[test]
    fn odd_characters_are_found_and_shown() {
        assert_eq!(odd_character("pos\u{200b}"), Some('\u{200b}'));
        assert_eq!(odd_character("New\u{a0}York"), Some('\u{a0}'));
        // Emoji and Persian need their joiners.
        for label in ["👩\u{200d}🚀", "❤\u{fe0f}", "می\u{200c}خواهم", "a b", "全\u{3000}角"] {
            assert_eq!(odd_character(label), None, "{label}");
        }
        assert_eq!(shown("p\u{200b}os\u{a0}x y"), "p\\u200bos\\u00a0x y");
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]
        /// No text causes a panic, and every label is a spelling of itself.
        #[test]
        fn any_text_will_do(text in "\\PC{0,12}|[\\[\\](){}'\" ,.0-9eE+-]{0,10}") {
            let _ = (python_list(&text), odd_character(&text), shown(&text), is_part_of_a_list(&text));
            assert_eq!(found(&[&text, &text]), []);
        }
    }
}
