//! The keys that the command line and the environment give.

use std::path::Path;

use anyhow::{bail, ensure};
use clsify::error::Error;

/// The place of the key that is not in a file.
const OPTION: &str = "--api-key, or CLSIFY_API_KEY";

/// The mark at the beginning of files that some editors write as UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The keys of the option and of the file.
pub(super) fn of(option: Option<&str>, file: Option<&Path>) -> anyhow::Result<Vec<String>> {
    let mut keys = Vec::new();
    if let Some(text) = option {
        let key = checked(text, OPTION)?;
        ensure!(
            !key.is_empty(),
            "expected a key of at least one character, got none: leave out --api-key, and unset CLSIFY_API_KEY, to need no key"
        );
        keys.push(key.to_string());
    }
    if let Some(path) = file {
        keys.extend(of_file(path)?);
    }
    Ok(keys)
}

/// The keys of a file, one per line, without white space around them and without empty lines.
fn of_file(path: &Path) -> anyhow::Result<Vec<String>> {
    let bytes = std::fs::read(path).map_err(|error| Error::io(path, error))?;
    // Bytes that are not UTF-8 become a character that no key may have.
    let text = String::from_utf8_lossy(&bytes);
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text);
    let mut keys = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let key = checked(line, &format!("{}: line {}", path.display(), i + 1))?;
        if !key.is_empty() {
            keys.push(key.to_string());
        }
    }
    ensure!(!keys.is_empty(), "{}: expected at least one key, got none", path.display());
    Ok(keys)
}

/// A key without white space around it. Clients could not send another one in a header. The error does not show the key.
fn checked<'a>(text: &'a str, place: &str) -> anyhow::Result<&'a str> {
    let key = text.trim();
    if let Some(i) = key.chars().position(|c| !c.is_ascii_graphic()) {
        bail!(
            "{place}: expected a key of visible ASCII characters, which clients can send in a header, got another character at \
             position {}",
            i + 1
        );
    }
    Ok(key)
}
