//! Detects the delimiter of a table from its first rows: stated by Excel's `sep=;` line, implied by a header, or
//! suspected.
//!
//! Python's `csv.Sniffer` takes the delimiter that occurs equally often in each row. A sentence may contain any of
//! them, so here that is only a suspicion, and becomes an error that asks. A delimiter is used without asking only if
//! the header that it makes has a known or requested name.

use ::csv::StringRecord;

use super::csv::CsvReader;
use super::dialect::Delimiter;
use super::lines::LineReader;
use super::row_reader::RowReader;
use super::tsv::TsvReader;
use crate::dataset::columns::is_named;
use crate::dataset::options::{DatasetOptions, Format, Header};
use crate::error::{Error, ErrorKind, Result};

/// The maximum number of rows that are inspected.
const MOST_ROWS: usize = 100;

/// The start of a table.
#[derive(Default)]
pub(super) struct Sample {
    /// The delimiter, if the file states it.
    pub(super) delimiter: Option<Delimiter>,
    /// True if the first line only states the delimiter.
    pub(super) has_separator_line: bool,
    /// The first rows that are not blank, including the header.
    pub(super) rows: Vec<StringRecord>,
}

/// The options for a table, before its first byte is read.
pub(super) struct Sniffer<'a> {
    pub(super) format: Format,
    pub(super) options: &'a DatasetOptions,
    pub(super) labelled: bool,
}

impl Sniffer<'_> {
    /// Inspects the start of a file. An error asks for the delimiter; it does not contain the name of the file.
    pub(super) fn sample(&self, head: &[u8], is_whole: bool) -> Result<Sample> {
        let head = if is_whole { head } else { whole_lines(head) };
        let (separator_line, head, n_before) = separator_line(head);
        let sample = |delimiter: Option<Delimiter>, rows| Sample {
            delimiter,
            has_separator_line: separator_line.is_some(),
            rows,
        };
        if let Some(delimiter) = self.options.delimiter.or(separator_line) {
            return Ok(sample(Some(delimiter), self.rows(head, delimiter)));
        }
        let usual = self.format.delimiter();
        let rows = self.rows(head, usual);
        let Some(first) = rows.first().filter(|first| !self.is_header(first)) else {
            return Ok(sample(None, rows));
        };
        let others = Delimiter::USUAL.into_iter().filter(|other| *other != usual);
        let others: Vec<_> = others.map(|other| (other, self.rows(head, other))).collect();
        let with_header =
            others.iter().filter(|(_, rows)| rows.first().is_some_and(|first| self.is_header(first)));
        let plain = with_header.max_by_key(|(_, rows)| rows.first().map_or(0, StringRecord::len));
        match plain {
            Some((delimiter, rows)) if self.format == Format::Csv => {
                return Ok(sample(Some(*delimiter), rows.clone()));
            }
            _ if first.len() > 1 => return Ok(sample(None, rows)),
            _ => {}
        }
        let suspect = plain.or_else(|| others.iter().find(|(other, rows)| self.is_suspect(*other, rows)));
        match suspect {
            Some((suspect, _)) => Err(self.ask(usual, *suspect).at(format!("line {}", n_before + 1))),
            None => Ok(sample(None, rows)),
        }
    }

    /// Returns true if a reader of sentences need not wait for more rows: the first row is a known header, or the
    /// options already determine everything. The result does not depend on the number of rows that have arrived.
    pub(super) fn is_settled(&self, head: &[u8]) -> bool {
        if self.labelled || !head.iter().any(|&byte| byte == b'\n' || byte == b'\r') {
            return false;
        }
        let (separator_line, head, _) = separator_line(whole_lines(head));
        let delimiter = self.options.delimiter.or(separator_line);
        let is_said =
            delimiter.is_some() && self.options.text_column.is_some() && self.options.header != Header::Auto;
        let rows = self.rows(head, delimiter.unwrap_or(self.format.delimiter()));
        rows.first().is_some_and(|first| is_said || self.is_header(first))
    }

    /// The first rows, as far as they can be read.
    fn rows(&self, head: &[u8], delimiter: Delimiter) -> Vec<StringRecord> {
        let lines = LineReader::new(head);
        // A header needs one more row.
        let most = self.options.limit.map_or(MOST_ROWS, |limit| limit.saturating_add(1).min(MOST_ROWS));
        match self.format.has_quotes(self.options.quoting) {
            true => first_rows(CsvReader::new(lines, delimiter), most),
            false => first_rows(TsvReader::new(lines, delimiter), most),
        }
    }

    /// Returns true if a row of several fields has a known or requested name.
    fn is_header(&self, row: &StringRecord) -> bool {
        row.len() > 1 && self.options.header != Header::Absent && is_named(row, self.options, self.labelled)
    }

    /// Returns true if a delimiter divides every row into the same number of fields. In files of sentences commas are
    /// not a sign.
    fn is_suspect(&self, delimiter: Delimiter, rows: &[StringRecord]) -> bool {
        let is_even = rows
            .first()
            .is_some_and(|first| first.len() > 1 && rows.iter().all(|row| row.len() == first.len()));
        is_even && (self.labelled || (rows.len() > 1 && delimiter != Delimiter::COMMA))
    }

    fn ask(&self, usual: Delimiter, suspect: Delimiter) -> Error {
        let message = format!(
            "expected a {} between the fields, got what seems to be a {}",
            usual.name(),
            suspect.name()
        );
        let mut hint = format!("say what separates the fields: {}", suspect.option());
        match suspect {
            Delimiter::COMMA => hint.push_str(", or --format csv"),
            Delimiter::TAB => hint.push_str(", or --format tsv"),
            _ => {}
        }
        if !self.labelled {
            hint.push_str("; if every line is one sentence: --format lines");
        }
        Error::new(ErrorKind::Dataset, message).with_hint(hint)
    }
}

fn first_rows(mut reader: impl RowReader, most: usize) -> Vec<StringRecord> {
    let (mut rows, mut record) = (Vec::new(), StringRecord::new());
    // The same error occurs again when the row is read.
    while rows.len() < most
        && let Ok(Some(row)) = reader.next(&mut record)
    {
        if !row.is_blank {
            rows.push(record.clone());
        }
    }
    rows
}

/// The bytes up to the last line end.
fn whole_lines(head: &[u8]) -> &[u8] {
    let end = head.iter().rposition(|&byte| byte == b'\n' || byte == b'\r');
    &head[..end.unwrap_or(0)]
}

/// The delimiter of a first line such as `sep=;`, which Excel reads and writes, the bytes after that line, and the
/// number of lines before them.
fn separator_line(head: &[u8]) -> (Option<Delimiter>, &[u8], usize) {
    let mut lines = LineReader::new(head);
    let found = match lines.next_line() {
        Ok(Some(line)) => separator_of(line.text),
        _ => None,
    };
    match found {
        // A `\r\n` leaves its second half, which is read as an empty line.
        Some(delimiter) => (Some(delimiter), &head[lines.n_bytes() as usize..], 1),
        None => (None, head, 0),
    }
}

fn separator_of(line: &str) -> Option<Delimiter> {
    let line = line.trim_matches('"');
    let is_separator = line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("sep="));
    if is_separator { line[4..].parse().ok() } else { None }
}
