//! Text for a terminal: escaping, shortening, lists and wrapping.

use std::borrow::Cow;

/// Returns a count with its noun in the singular or the plural.
///
/// ```
/// assert_eq!(clsify_report::text::counted(1, "row", "rows"), "1 row");
/// ```
pub fn counted(n: usize, one: &str, several: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { several })
}

/// The number of items to show out of `n`, at most `most`. If only one item would be left out, it is shown too,
/// because the line that says so takes the same space.
pub fn n_shown(n: usize, most: usize) -> usize {
    if n == most + 1 { n } else { n.min(most) }
}

/// Escapes a text so that it is one field of one line and contains no terminal command. The original can be
/// recovered: `\t`, `\n`, `\r` and `\\` are written as in TSV, other control characters as `\u001b`.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            c if breaks_lines(c) => escaped.push_str(&format!("\\u{:04x}", c as u32)),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Escapes control characters other than line breaks, so that a text contains no terminal command.
pub fn visible(text: &str) -> String {
    if !text.contains(|c: char| c.is_control() && c != '\n') {
        return text.to_string();
    }
    text.split('\n').map(|line| escape(line).replace("\\\\", "\\")).collect::<Vec<_>>().join("\n")
}

/// Replaces control characters by spaces, so that a text is one field of one line.
pub fn one_field(text: &str) -> String {
    text.chars().map(|c| if breaks_lines(c) { ' ' } else { c }).collect()
}

/// Returns true for control characters and Unicode's line separators.
fn breaks_lines(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Shortens a text to at most `width` characters, the last three of which are `...` if something was cut. Control
/// characters become spaces.
pub fn shorten(text: &str, width: usize) -> String {
    let text = one_field(text);
    if text.chars().count() <= width {
        return text;
    }
    let kept: String = text.chars().take(width.saturating_sub(3)).collect();
    format!("{kept}...")
}

/// Joins labels with commas. A label that contains a comma is in quotation marks, so that it is not taken for two.
///
/// ```
/// use clsify_report::text::label_list;
///
/// assert_eq!(label_list(&["sport", "law, order"]), "sport, \"law, order\"");
/// ```
pub fn label_list(labels: &[impl AsRef<str>]) -> String {
    labels.iter().map(|label| list_item(label.as_ref())).collect::<Vec<_>>().join(", ")
}

/// A label as `label_list` writes it, for lists whose items have more than a label.
pub fn list_item(label: &str) -> Cow<'_, str> {
    match label.contains(',') {
        true => format!("\"{}\"", label.replace('"', "\\\"")).into(),
        false => label.into(),
    }
}

/// Wraps a paragraph between words. No line is wider than `width` characters, except for a word that is wider itself.
pub fn wrap(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_string());
        }
    }
    lines.join("\n")
}

/// Rounds a number to six significant digits, for display.
///
/// ```
/// assert_eq!(clsify_report::text::six_digits(0.046415888336127774), 0.0464159);
/// ```
pub fn six_digits(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}

/// A number with so many digits after its point, or in powers of ten if it is so small that none of them would say anything,
/// or so large that its digits would be noise. Weights of unscaled features are of every size.
///
/// ```
/// use clsify_report::text::legible;
/// assert_eq!(legible(-1.25, 4), "-1.2500");
/// assert_eq!(legible(-9.73e-8, 4), "-9.73e-8");
/// assert_eq!(legible(236_950_129.5, 4), "2.37e8");
/// ```
pub fn legible(x: f64, digits: usize) -> String {
    let size = x.abs();
    let is_plain = x == 0.0 || !x.is_finite() || (0.5 / 10_f64.powi(digits as i32) <= size && size < 1e6);
    if is_plain { format!("{x:.digits$}") } else { format!("{x:.2e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_break_between_words() {
        assert_eq!(wrap("one two  three\nfour extraordinarily", 9), "one two\nthree\nfour\nextraordinarily");
        assert_eq!(wrap("", 9), "");
    }

    #[test]
    fn escaped_text_is_one_field_and_can_be_read_back() {
        assert_eq!(escape("a\tb\nc\rd\\e\x1b[31m\u{2028}é"), "a\\tb\\nc\\rd\\\\e\\u001b[31m\\u2028é");
        assert_ne!(escape("a\nb"), escape("a\\nb"));
        assert_eq!(one_field("a\tb\nc\x1b\u{85}d"), "a b c  d");
    }

    #[test]
    fn a_text_for_a_terminal_keeps_its_lines_and_holds_no_command() {
        assert_eq!(visible("a\\b\nc\x07\r"), "a\\b\nc\\u0007\\r");
    }

    #[test]
    fn a_label_with_a_comma_is_one_item_of_a_list() {
        assert_eq!(label_list(&["a", "b"]), "a, b");
        assert_eq!(label_list(&["say \"a, b\"", "c"]), "\"say \\\"a, b\\\"\", c");
        assert_eq!(label_list(&[""; 0]), "");
    }

    #[test]
    fn long_text_is_cut_by_characters() {
        assert_eq!(shorten("déjà vu\tagain", 9), "déjà v...");
        assert_eq!(shorten("a\nb", 9), "a b");
    }
}
