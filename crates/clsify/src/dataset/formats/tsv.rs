//! TSV: fields separated by tabs or another delimiter, one record per line. There are no quotes and no escapes, so a
//! field contains neither a delimiter nor a line break.
//!
//! Files with one sentence per line are the same without a delimiter.

use std::borrow::Cow;
use std::io::Read;

use ::csv::StringRecord;

use super::dialect::Delimiter;
use super::lines::LineReader;
use super::row_reader::{Row, RowReader};
use crate::error::Result;

pub(in crate::dataset) struct TsvReader<R> {
    lines: LineReader<R>,
    /// `None` if every line is a record of one field.
    delimiter: Option<Delimiter>,
}

impl<R: Read> TsvReader<R> {
    pub(super) fn new(lines: LineReader<R>, delimiter: Delimiter) -> Self {
        TsvReader { lines, delimiter: Some(delimiter) }
    }

    /// A reader in which every line is a record of one field.
    pub(super) fn whole_lines(lines: LineReader<R>) -> Self {
        TsvReader { lines, delimiter: None }
    }
}

impl<R: Read> RowReader for TsvReader<R> {
    type Source = R;

    fn lines(&self) -> &LineReader<R> {
        &self.lines
    }

    fn lines_mut(&mut self) -> &mut LineReader<R> {
        &mut self.lines
    }

    fn set_delimiter(&mut self, delimiter: Delimiter) {
        self.delimiter = self.delimiter.and(Some(delimiter));
    }

    fn line(&self) -> usize {
        self.lines.number()
    }

    fn text(&self) -> Cow<'_, str> {
        self.lines.text()
    }

    fn can_have_header(&self) -> bool {
        self.delimiter.is_some()
    }

    fn next(&mut self, record: &mut StringRecord) -> Result<Option<Row>> {
        record.clear();
        let Some(line) = self.lines.next_line()? else { return Ok(None) };
        match self.delimiter {
            Some(delimiter) => {
                line.text.split(char::from(delimiter.byte())).for_each(|field| record.push_field(field));
            }
            None => record.push_field(line.text),
        }
        Ok(Some(Row { line: line.number, is_blank: record.len() == 1 && line.text.trim().is_empty() }))
    }

    fn hint(&self, expected: usize, record: &StringRecord) -> Option<String> {
        let has_quote = || record.iter().any(|field| field.starts_with('"'));
        (record.len() > expected || has_quote()).then(|| {
            let delimiter = self.delimiter.map_or(String::new(), Delimiter::name);
            format!(
                "without quoting, a quote is an ordinary character and a field holds no {delimiter} and no line break; if the \
                 file was written with quotes, as by pandas: --quoting minimal"
            )
        })
    }
}
