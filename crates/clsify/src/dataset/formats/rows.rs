//! What a reader of rows gives, whichever way the fields of a row are separated and quoted.

use std::borrow::Cow;
use std::io::Read;

use ::csv::StringRecord;

use super::dialect::{Delimiter, Quoting};
use super::lines::LineReader;
use crate::dataset::options::Format;
use crate::error::Result;

/// Splits a file into rows.
pub(in crate::dataset) trait RowReader {
    /// Where the bytes come from.
    type Source: Read;

    /// The lines that the rows are made of.
    fn lines(&self) -> &LineReader<Self::Source>;

    /// The same, to be read from.
    fn lines_mut(&mut self) -> &mut LineReader<Self::Source>;

    /// Splits rows at this delimiter from now on.
    fn set_delimiter(&mut self, delimiter: Delimiter);

    /// Where the row last read starts, whether it could be read or not.
    fn line(&self) -> usize;

    /// That row as it stands in the file, as far as it is text.
    fn text(&self) -> Cow<'_, str>;

    /// Returns true if the row last read goes on to where the reader gave up, so that it may hold any number of rows.
    fn is_open(&self) -> bool {
        false
    }

    /// Returns true if a row of this format may be a header.
    fn can_have_header(&self) -> bool;

    /// Reads the next row into `record`; the error names the line.
    fn next(&mut self, record: &mut StringRecord) -> Result<Option<Row>>;

    /// Advice for a row that has another number of fields than expected.
    fn hint(&self, expected: usize, record: &StringRecord) -> Option<String>;
}

pub(in crate::dataset) struct Row {
    /// The line where the row starts.
    pub(super) line: usize,
    /// True if it is a line of whitespace, or of nothing, with no separator.
    pub(super) is_blank: bool,
}

impl Format {
    /// The delimiter of its rows, unless the caller or the file says another one.
    pub(super) fn delimiter(self) -> Delimiter {
        if self == Format::Tsv { Delimiter::TAB } else { Delimiter::COMMA }
    }

    /// Returns true if its fields may stand in quotes.
    pub(super) fn has_quotes(self, quoting: Quoting) -> bool {
        match quoting {
            Quoting::Auto => self == Format::Csv,
            Quoting::Minimal => true,
            Quoting::None => false,
        }
    }
}
