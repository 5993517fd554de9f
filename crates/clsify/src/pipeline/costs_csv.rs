//! What files of costs share: small CSV, named with their lines in messages, and numbers of at least 0.

use std::fs;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

/// More than thousands of labels need.
const MAX_BYTES: u64 = 1 << 26;

/// The cells of a row, and its place for messages.
pub(super) type Row = (Vec<String>, String);

/// A file's text and its name for messages.
pub(super) fn load(path: &Path) -> Result<(String, String)> {
    let io = |e: std::io::Error| Error::io(path, &e);
    let name = path.display().to_string();
    if fs::metadata(path).map_err(io)?.len() > MAX_BYTES {
        return Err(bad(format!("expected at most {MAX_BYTES} bytes")).at(name));
    }
    Ok((fs::read_to_string(path).map_err(io)?, name))
}

/// All rows, the header among them.
pub(super) fn rows(text: &str, name: &str) -> Result<Vec<Row>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(::csv::Trim::All)
        .from_reader(text.as_bytes());
    let row = |record: ::csv::Result<::csv::StringRecord>| {
        let record = record.map_err(|e| bad(e.to_string()).at(name))?;
        let line = record.position().map_or(0, ::csv::Position::line);
        Ok((record.iter().map(String::from).collect(), format!("{name}: line {line}")))
    };
    reader.records().map(row).collect()
}

/// A cell as a cost; `of` says of what.
pub(super) fn cost(cell: &str, of: &str, place: &str) -> Result<f64> {
    cell.parse()
        .ok()
        .filter(|cost: &f64| *cost >= 0.0 && cost.is_finite())
        .ok_or_else(|| bad(format!("cost of {of}: expected a number of at least 0, got {cell:?}")).at(place))
}

pub(super) fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Dataset, message)
}
