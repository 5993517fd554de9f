//! Text that Markdown shows as it is, and tables.

use crate::text::one_field;

/// Escapes a text from outside, so that it is shown as it is: no link, no HTML, no end of a table's cell.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in one_field(text).chars() {
        // At the start of a line, or after its number, these begin a list or a heading.
        let begins = "-+.)#=".contains(c) && escaped.chars().all(|before| before.is_ascii_digit());
        if begins || "\\`*_[]<>|~&$".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// A table of Markdown; the cells are Markdown already.
pub(super) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let header: Vec<String> = header.iter().map(ToString::to_string).collect();
    let rule = "|---".repeat(header.len()) + "|\n";
    let rows: String = rows.into_iter().map(|cells| line(&cells)).collect();
    line(&header) + &rule + &rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_label_is_markdown() {
        assert_eq!(escaped("a|b\n<b>[x](y)`*_"), "a\\|b \\<b\\>\\[x\\](y)\\`\\*\\_");
        assert_eq!(escaped("# a"), "\\# a");
        assert_eq!(escaped("1. a-b"), "1\\. a-b");
        assert_eq!(escaped("---"), "\\---");
        assert_eq!(escaped("law, order: 5 %"), "law, order: 5 %");
        assert_eq!(table(&["a", "b"], [vec!["1".into(), "2".into()]]), "| a | b |\n|---|---|\n| 1 | 2 |\n");
    }
}
