//! Text for the terminal: aligned columns, wrapped paragraphs, shortened sentences.

use std::fmt;

/// Rows of cells; numbers stand to the right, text to the left.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Self {
        Table { rows: vec![header.into_iter().map(Into::into).collect()] }
    }

    pub(crate) fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(|cell| visible(&cell.into()).replace('\n', "\\n")).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let cell = |row: &[String], c: usize| row.get(c).map_or(0, |cell| cell.chars().count());
        let widths: Vec<usize> =
            (0..columns).map(|c| self.rows.iter().map(|r| cell(r, c)).max().unwrap_or(0)).collect();
        let is_number = |text: &str| text.trim_end_matches('%').parse::<f64>().is_ok() || text.is_empty();
        let numeric: Vec<bool> = (0..columns)
            .map(|c| self.rows.iter().skip(1).filter_map(|row| row.get(c)).all(|cell| is_number(cell)))
            .collect();
        for row in &self.rows {
            let mut line = String::from("  ");
            for (c, cell) in row.iter().enumerate() {
                let padding = " ".repeat(widths[c] - cell.chars().count());
                let (before, after) =
                    if numeric[c] { (padding.as_str(), "") } else { ("", padding.as_str()) };
                line.push_str(&format!("{before}{cell}{after}  "));
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A number of things, with the word for one of them or for several.
pub(crate) fn counted(n: usize, one: &str, several: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { several })
}

/// How many of `n` things to show, if `most` are enough: where only one would be left out, that one too, since saying so
/// takes as much room.
pub(crate) fn n_shown(n: usize, most: usize) -> usize {
    if n == most + 1 { n } else { n.min(most) }
}

/// A text in which nothing breaks a line or a column or reaches a terminal as a command; whoever knows the text finds it again:
/// `\t`, `\n`, `\r` and `\\` as in TSV, other control characters as `\u001b`.
pub(crate) fn escape(text: &str) -> String {
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

/// A text for a terminal: its lines stay, other control characters are written as `\u001b`, and reach it as no command.
pub(crate) fn visible(text: &str) -> String {
    if !text.contains(|c: char| c.is_control() && c != '\n') {
        return text.to_string();
    }
    text.split('\n').map(|line| escape(line).replace("\\\\", "\\")).collect::<Vec<_>>().join("\n")
}

/// A text that cannot break a line or a column, for whoever has the original: control characters become spaces.
pub(crate) fn one_field(text: &str) -> String {
    text.chars().map(|c| if breaks_lines(c) { ' ' } else { c }).collect()
}

/// Control characters, and what Unicode has for line ends.
fn breaks_lines(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// The first `width` characters of a text, with `...` where something is missing; line breaks and tabs become spaces.
pub(crate) fn shorten(text: &str, width: usize) -> String {
    let text = one_field(text);
    if text.chars().count() <= width {
        return text;
    }
    let kept: String = text.chars().take(width.saturating_sub(3)).collect();
    format!("{kept}...")
}

/// A paragraph, broken between words so that no line is wider than `width` characters unless a word is.
pub(crate) fn wrap(text: &str, width: usize) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_right_and_text_left() {
        let mut table = Table::new(["label", "n"]);
        table.row(["positive", "7"]);
        table.row(["no", "1041"]);
        assert_eq!(table.to_string(), "  label        n\n  positive     7\n  no        1041\n");
    }

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
    fn nothing_in_a_table_is_a_command_to_the_terminal() {
        let mut table = Table::new(["label"]);
        table.row(["a\x1b[2J\nb\\c"]);
        assert_eq!(table.to_string(), "  label\n  a\\u001b[2J\\nb\\c\n");
        assert_eq!(visible("a\\b\nc\x07\r"), "a\\b\nc\\u0007\\r");
    }

    #[test]
    fn long_text_is_cut_by_characters() {
        assert_eq!(shorten("déjà vu\tagain", 9), "déjà v...");
        assert_eq!(shorten("a\nb", 9), "a b");
    }
}
