//! TSV: fields separated by tabs, one record a line. No quotes, no escapes, so a field holds no tab and no line break.
//!
//! One sentence a line is the same without the separator.

use std::borrow::Cow;
use std::io::Read;

use ::csv::StringRecord;

use crate::error::Result;

use super::lines::LineReader;
use super::table::{Row, RowReader};

pub(super) struct TsvReader<R> {
    lines: LineReader<R>,
    splits: bool,
}

impl<R: Read> TsvReader<R> {
    pub(super) fn new(lines: LineReader<R>) -> Self {
        TsvReader { lines, splits: true }
    }

    /// Every line is a record of one field.
    pub(super) fn whole_lines(lines: LineReader<R>) -> Self {
        TsvReader { lines, splits: false }
    }
}

impl<R: Read> RowReader for TsvReader<R> {
    type Source = R;

    fn lines(&self) -> &LineReader<R> {
        &self.lines
    }

    fn line(&self) -> usize {
        self.lines.number()
    }

    fn text(&self) -> Cow<'_, str> {
        self.lines.text()
    }

    fn can_have_header(&self) -> bool {
        self.splits
    }

    fn next(&mut self, record: &mut StringRecord) -> Result<Option<Row>> {
        record.clear();
        let Some(line) = self.lines.next()? else { return Ok(None) };
        if self.splits {
            line.text.split('\t').for_each(|field| record.push_field(field));
        } else {
            record.push_field(line.text);
        }
        Ok(Some(Row { line: line.number, is_blank: record.len() == 1 && line.text.trim().is_empty() }))
    }

    fn hint(&self, expected: usize, record: &StringRecord) -> Option<&'static str> {
        if record.len() == 1 && record.iter().any(|field| field.contains(',')) {
            return Some(
                "the fields of a TSV file are separated by tabs; if commas separate them: --format csv",
            );
        }
        if record.len() > expected || record.iter().any(|field| field.starts_with('"')) {
            return Some(
                "in TSV a quote is an ordinary character, and a field holds no tab and no line break",
            );
        }
        None
    }
}
