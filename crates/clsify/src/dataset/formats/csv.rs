//! CSV as in RFC 4180: fields separated by commas or another delimiter, in double quotes if they contain a delimiter,
//! a quote or a line break.
//!
//! The `csv` crate splits the fields. But it never fails on bad quoting: it reads on to the next quote or to the end
//! of the file, and the rows in between are lost. So the quotes are checked here first, and the crate receives one
//! complete record at a time. A quote inside a field that does not start with one is an ordinary character.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use ::csv::{ReaderBuilder, StringRecord, Terminator};

use super::dialect::Delimiter;
use super::lines::{LineReader, MAX_RECORD_BYTES};
use super::row_reader::{Row, RowReader};
use crate::dataset::messages::quoted;
use crate::error::{Error, ErrorKind, Result};

pub(in crate::dataset) struct CsvReader<R> {
    lines: LineReader<R>,
    /// The lines of one record.
    text: String,
    /// The line where that record starts.
    start: usize,
    delimiter: Delimiter,
    /// True if its quote was not closed.
    is_open: bool,
    fields: ::csv::Reader<Cursor<Vec<u8>>>,
}

/// The state before the next character of a record.
#[derive(Clone, Copy, PartialEq)]
enum State {
    FieldStart,
    Unquoted,
    /// Inside quotes that opened on this line.
    Quoted(usize),
    /// After a quote inside quotes: half of a doubled one, or the closing one.
    QuoteInQuoted(usize),
}

impl<R: Read> CsvReader<R> {
    pub(super) fn new(lines: LineReader<R>, delimiter: Delimiter) -> Self {
        let fields = fields(delimiter);
        CsvReader { lines, text: String::new(), start: 0, delimiter, is_open: false, fields }
    }

    /// Collects the lines of the next record in `self.text`, without the last line end.
    fn next_text(&mut self) -> Result<Option<usize>> {
        self.text.clear();
        self.is_open = false;
        let mut state = State::FieldStart;
        self.start = self.lines.number() + 1;
        while let Some(line) = self.lines.next_line()? {
            if line.number > self.start {
                self.text.push_str(line.previous_end);
            }
            self.text.push_str(line.text);
            state = scan(state, line.text, line.number, self.delimiter)?;
            let State::Quoted(opened) = state else { return Ok(Some(self.start)) };
            if self.text.len() > MAX_RECORD_BYTES {
                self.is_open = true;
                let message = format!("expected a closing quote within {MAX_RECORD_BYTES} bytes, got none");
                return Err(not_closed(opened, &message));
            }
        }
        match state {
            State::Quoted(opened) => {
                self.text.push_str(self.lines.previous_end());
                self.is_open = true;
                Err(not_closed(opened, "expected a closing quote, got the end of the file"))
            }
            _ => Ok(None),
        }
    }

    fn split(&mut self, record: &mut StringRecord) -> Result<()> {
        let source = self.fields.get_mut();
        source.set_position(0);
        source.get_mut().clear();
        source.get_mut().extend_from_slice(self.text.as_bytes());
        // Because the line end is there, the crate returns the record without looking for more input. Otherwise it
        // would take the end of this record for the end of the file.
        source.get_mut().push(b'\n');
        match self.fields.read_record(record) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::new(ErrorKind::Dataset, "expected a record, got none")),
            Err(error) => Err(Error::new(ErrorKind::Dataset, error.to_string()).caused_by(error)),
        }
    }
}

impl<R: Read> RowReader for CsvReader<R> {
    type Source = R;

    fn lines(&self) -> &LineReader<R> {
        &self.lines
    }

    fn lines_mut(&mut self) -> &mut LineReader<R> {
        &mut self.lines
    }

    fn set_delimiter(&mut self, delimiter: Delimiter) {
        (self.delimiter, self.fields) = (delimiter, fields(delimiter));
    }

    fn line(&self) -> usize {
        self.start
    }

    fn text(&self) -> Cow<'_, str> {
        if self.text.is_empty() { self.lines.text() } else { Cow::Borrowed(&self.text) }
    }

    fn is_open(&self) -> bool {
        self.is_open
    }

    fn can_have_header(&self) -> bool {
        true
    }

    fn next(&mut self, record: &mut StringRecord) -> Result<Option<Row>> {
        record.clear();
        let Some(line) = self.next_text()? else { return Ok(None) };
        let is_blank = self.text.trim().is_empty();
        if is_blank {
            record.push_field(&self.text);
        } else {
            self.split(record).map_err(|error| error.at(format!("line {line}")))?;
        }
        Ok(Some(Row { line, is_blank }))
    }

    fn hint(&self, expected: usize, record: &StringRecord) -> Option<String> {
        if record.len() > expected {
            return Some(format!("put a field that holds a {} into double quotes", self.delimiter.name()));
        }
        let divides = |other: &Delimiter| self.text.split(char::from(other.byte())).count() == expected;
        let mut others = Delimiter::USUAL.into_iter().filter(|other| *other != self.delimiter);
        let other = others.find(|other| record.len() == 1 && divides(other))?;
        Some(format!(
            "if a {} separates the fields here, use it in every line: {}",
            other.name(),
            other.option()
        ))
    }
}

/// The crate's reader for the text of one record.
fn fields(delimiter: Delimiter) -> ::csv::Reader<Cursor<Vec<u8>>> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter.byte())
        // By default a single carriage return also ends a record; inside quotes it is part of the text.
        .terminator(Terminator::Any(b'\n'))
        .from_reader(Cursor::new(Vec::new()))
}

/// The state at the end of a line; [`State::Quoted`] if the record continues.
fn scan(mut state: State, text: &str, line: usize, delimiter: Delimiter) -> Result<State> {
    for (i, byte) in text.bytes().enumerate() {
        state = match (state, byte) {
            (State::FieldStart, b'"') => State::Quoted(line),
            (State::FieldStart | State::Unquoted | State::QuoteInQuoted(_), byte)
                if byte == delimiter.byte() =>
            {
                State::FieldStart
            }
            (State::FieldStart | State::Unquoted, _) => State::Unquoted,
            (State::Quoted(opened), b'"') => State::QuoteInQuoted(opened),
            (State::Quoted(opened), _) => State::Quoted(opened),
            (State::QuoteInQuoted(opened), b'"') => State::Quoted(opened),
            (State::QuoteInQuoted(opened), _) => {
                // The character before `i` is a quote, so `i` is the start of a character.
                let rest = text.get(i..).unwrap_or_default();
                let message =
                    format!("expected a {} after the closing quote, got {}", delimiter.name(), quoted(rest));
                let error = Error::new(ErrorKind::Dataset, message).at(format!("line {line}"));
                return Err(error.with_hint(format!(
                    "the quote opened on line {opened}; a quote inside a quoted field is written twice: \"\""
                )));
            }
        };
    }
    Ok(state)
}

fn not_closed(opened: usize, message: &str) -> Error {
    Error::new(ErrorKind::Dataset, message).at(format!("line {opened}")).with_hint(
        "put a field that starts with a quote into quotes, and write the quote twice: \"\"\"so, she said\"",
    )
}
