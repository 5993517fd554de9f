//! Paths in hints, as a shell takes them.

/// A path, or another argument, as one word of a shell's command line: in quotes where it needs them.
///
/// ```
/// use clsify_base::files::shell_word;
/// assert_eq!(shell_word("data/train.csv"), "data/train.csv");
/// assert_eq!(shell_word("Q3 data.csv"), "'Q3 data.csv'");
/// assert_eq!(shell_word("it's"), r"'it'\''s'");
/// assert_eq!(shell_word("two\nlines"), r"$'two\x0alines'");
/// ```
pub fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+@".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_string();
    }
    if !text.contains(char::is_control) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    format!("$'{}'", text.chars().map(escaped).collect::<String>())
}

/// A character within `$'...'`, where control characters are written by their bytes.
fn escaped(c: char) -> String {
    match c {
        '\\' | '\'' => format!("\\{c}"),
        _ if c.is_control() => {
            c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\x{byte:02x}")).collect()
        }
        _ => c.to_string(),
    }
}
