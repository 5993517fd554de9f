//! Paths in hints, as a shell takes them.

/// A path, or another argument, as one word of a shell's command line: in quotes where it needs them.
///
/// ```
/// use clsify_base::files::shell_word;
/// assert_eq!(shell_word("data/train.csv"), "data/train.csv");
/// assert_eq!(shell_word("Q3 data.csv"), "'Q3 data.csv'");
/// assert_eq!(shell_word("it's"), r"'it'\''s'");
/// ```
pub fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+@".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_string(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}
