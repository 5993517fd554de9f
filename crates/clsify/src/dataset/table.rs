//! From rows of fields to examples: the first row settles the columns, every other row must have as many.

use ::csv::StringRecord;

use crate::error::{Error, ErrorKind, Result};

use super::columns::{self, Columns};
use super::examples::Examples;
use super::options::{DatasetOptions, Header};

/// Splits a file into rows.
pub(super) trait RowReader {
    /// Whether a row of this format may be a header.
    fn can_have_header(&self) -> bool;

    /// Reads the next row into `record`; the error names the line.
    fn next(&mut self, record: &mut StringRecord) -> Result<Option<Row>>;

    /// Advice for a row that has another number of fields than expected.
    fn hint(&self, expected: usize, record: &StringRecord) -> Option<&'static str>;
}

pub(super) struct Row {
    /// The line where the row starts.
    pub(super) line: usize,
    /// Whether it is a line of whitespace, or of nothing, with no separator.
    pub(super) is_blank: bool,
}

pub(super) fn read(
    mut rows: impl RowReader,
    options: &DatasetOptions,
    examples: &mut Examples,
) -> Result<()> {
    let header = if rows.can_have_header() { options.header } else { Header::Absent };
    let mut record = StringRecord::new();
    let mut columns: Option<Columns> = None;
    let mut empty_line = None;
    while !examples.is_full() {
        let Some(row) = rows.next(&mut record)? else { break };
        let place = || format!("line {}", row.line);
        let of_one_column = columns.as_ref().map(|columns| columns.count == 1);
        // In a file with one column whitespace is a sentence, and its first row may be one.
        let is_sentence = !examples.labelled && of_one_column != Some(false) && !is_empty(&record);
        if row.is_blank && !is_sentence {
            empty_line = empty_line.or(Some(row.line));
            continue;
        }
        let columns = match &columns {
            Some(columns) => columns,
            None => {
                let chosen = columns::choose(&record, header, options, examples.labelled)
                    .map_err(|error| with_hint(error, rows.hint(2, &record)).at(place()))?;
                let has_header = chosen.has_header;
                let columns = &*columns.insert(chosen);
                if has_header {
                    check_empty_line(columns, empty_line)?;
                    continue;
                }
                columns
            }
        };
        check_empty_line(columns, empty_line)?;
        empty_line = None;
        if record.len() != columns.count {
            let error = Error::new(ErrorKind::Dataset, expected_columns(columns.count, record.len()));
            return Err(with_hint(error, rows.hint(columns.count, &record)).at(place()));
        }
        let sentence = record.get(columns.sentence).unwrap_or_default();
        let label = columns.label.and_then(|label| record.get(label));
        examples.push(row.line, sentence, label).map_err(|error| error.at(place()))?;
    }
    Ok(())
}

fn is_empty(record: &StringRecord) -> bool {
    record.iter().all(str::is_empty)
}

/// In a file with one column, an empty line before a record would be a sentence of no characters.
fn check_empty_line(columns: &Columns, empty_line: Option<usize>) -> Result<()> {
    match empty_line {
        Some(line) if columns.count == 1 => {
            let error = Error::new(ErrorKind::Dataset, "expected a sentence, got an empty line");
            Err(error.at(format!("line {line}")))
        }
        _ => Ok(()),
    }
}

pub(super) fn expected_columns(expected: usize, got: usize) -> String {
    let s = if expected == 1 { "" } else { "s" };
    format!("expected {expected} column{s}, got {got}")
}

fn with_hint(error: Error, hint: Option<&'static str>) -> Error {
    match hint {
        Some(hint) if error.hint().is_none() => error.with_hint(hint),
        _ => error,
    }
}
