//! The interface of readers of rows, for every delimiter and quoting.

use std::borrow::Cow;
use std::io::Read;

use ::csv::StringRecord;

use super::dialect::{Delimiter, Quoting};
use super::lines::LineReader;
use crate::dataset::options::Format;
use crate::error::Result;

/// Splits a file into rows.
pub(in crate::dataset) trait RowReader {
    /// The underlying reader.
    type Source: Read;

    /// The lines of the file.
    fn lines(&self) -> &LineReader<Self::Source>;

    /// The lines of the file, for reading.
    fn lines_mut(&mut self) -> &mut LineReader<Self::Source>;

    /// Sets the delimiter of all following rows.
    fn set_delimiter(&mut self, delimiter: Delimiter);

    /// The line where the last row starts, readable or not.
    fn line(&self) -> usize;

    /// The raw text of the last row, with invalid UTF-8 replaced.
    fn text(&self) -> Cow<'_, str>;

    /// Returns true if the last row extends to the point where the reader gave up, so that it may contain several
    /// rows.
    fn is_open(&self) -> bool {
        false
    }

    /// Returns true if a row of this format can be a header.
    fn can_have_header(&self) -> bool;

    /// Reads the next row into `record`; the error names the line.
    fn next(&mut self, record: &mut StringRecord) -> Result<Option<Row>>;

    /// A hint for a row with an unexpected number of fields.
    fn hint(&self, expected: usize, record: &StringRecord) -> Option<String>;
}

pub(in crate::dataset) struct Row {
    /// The line where the row starts.
    pub(super) line: usize,
    /// True for a line that is empty or only whitespace, without a separator.
    pub(super) is_blank: bool,
}

impl Format {
    /// The default delimiter of its rows.
    pub(super) fn delimiter(self) -> Delimiter {
        if self == Format::Tsv { Delimiter::TAB } else { Delimiter::COMMA }
    }

    /// Returns true if its fields may be in quotes.
    pub(super) fn has_quotes(self, quoting: Quoting) -> bool {
        match quoting {
            Quoting::Auto => self == Format::Csv,
            Quoting::Minimal => true,
            Quoting::None => false,
        }
    }
}
