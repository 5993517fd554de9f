//! Common code for cost files: small CSV, with lines in messages, and numbers of at least 0.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

/// The maximum size of a file: enough for a matrix of [`MAX_LABELS`] labels.
const MAX_BYTES: u64 = 1 << 26;

/// The maximum number of labels. The number of costs is its square: these take 128 MiB.
pub(crate) const MAX_LABELS: usize = 4096;

/// The cells of a row, and its place for messages.
pub(crate) type Row = (Vec<String>, String);

/// A file's text and its name for messages.
pub(crate) fn load(path: &Path) -> Result<(String, String)> {
    let name = path.display().to_string();
    if path.is_dir() {
        return Err(bad("expected a file, got a folder").at(name));
    }
    let io = |e: std::io::Error| Error::io(path, e);
    let file = File::open(path).map_err(io)?;
    // The bytes are counted while reading, because the length of a device or a pipe is not known.
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(
            bad(format!("expected a file of costs of at most {MAX_BYTES} bytes, got a longer one")).at(name)
        );
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok((text, name)),
        Err(e) => {
            let at = e.utf8_error().valid_up_to();
            let message =
                format!("expected UTF-8, got the byte 0x{:02x} at byte {}", e.as_bytes()[at], at + 1);
            Err(bad(message).at(name))
        }
    }
}

/// The rows one by one, starting with the header.
pub(crate) fn rows<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = Result<Row>> + 'a {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(::csv::Trim::All)
        .from_reader(text.as_bytes());
    reader.into_records().map(move |record| {
        let record = record.map_err(|e| bad(e.to_string()).caused_by(e).at(name))?;
        let line = record.position().map_or(0, ::csv::Position::line);
        let place = format!("{name}: line {line}");
        if record.len() > MAX_LABELS + 1 {
            let message =
                format!("expected costs of at most {MAX_LABELS} labels, got {} cells", record.len());
            return Err(bad(message).at(place));
        }
        Ok((record.iter().map(String::from).collect(), place))
    })
}

/// Parses a cell as a cost; `of` names it in a message.
pub(crate) fn cost(cell: &str, of: impl FnOnce() -> String, place: &str) -> Result<f64> {
    cell.parse().ok().filter(|cost: &f64| *cost >= 0.0 && cost.is_finite()).ok_or_else(|| {
        bad(format!("cost of {}: expected a number of at least 0, got {cell:?}", of())).at(place)
    })
}

pub(crate) fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Dataset, message)
}
