//! A JSON array of records, as in `json_object.rs`: a `.json` file whose first character is `[`.
//!
//! The array is read record by record, wherever its line breaks are, so a file may be larger than memory and consist
//! of one line. Records are counted from 1; their number takes the place of the line in other formats.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};

use super::json_object::ObjectReader;
use super::lines::{MAX_RECORD_BYTES, not_utf8};
use super::source::read_error;
use crate::dataset::example::Example;
use crate::dataset::messages::quoted;
use crate::error::{Error, ErrorKind, Result};

pub(in crate::dataset) struct JsonArray<R> {
    reader: BufReader<R>,
    pub(super) objects: ObjectReader,
    position: Position,
    /// The last record as it is in the file.
    record: Vec<u8>,
    /// The number of records reached so far.
    number: usize,
    /// The line where the last record starts.
    start: usize,
    /// The line of the next byte.
    line: usize,
    n_bytes: u64,
    is_broken: bool,
}

/// The position of the next byte in the file.
#[derive(Clone, Copy, PartialEq)]
enum Position {
    BeforeArray,
    BeforeFirst,
    AfterRecord,
    AfterArray,
}

impl<R: Read> JsonArray<R> {
    pub(super) fn new(reader: R, objects: ObjectReader) -> Self {
        JsonArray {
            reader: BufReader::with_capacity(64 << 10, reader),
            objects,
            position: Position::BeforeArray,
            record: Vec::new(),
            number: 0,
            start: 1,
            line: 1,
            n_bytes: 0,
            is_broken: false,
        }
    }

    /// The underlying reader.
    pub(super) fn source(&self) -> &R {
        self.reader.get_ref()
    }

    /// The number of bytes read so far.
    pub(super) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Returns true if what follows is not the start of a record.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// The number of the last record.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// The last record, with invalid UTF-8 replaced.
    pub(super) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.record)
    }

    /// The place of the last record.
    pub(super) fn place(&self) -> String {
        format!("record {} (line {})", self.number, self.start)
    }

    pub(super) fn next(&mut self) -> Result<Option<Example>> {
        // It stays true unless the end of the record is found.
        self.is_broken = true;
        let found = self.find_record()?;
        self.is_broken = false;
        if !found {
            return Ok(None);
        }
        let text = std::str::from_utf8(&self.record).map_err(|e| not_utf8(&self.record, e.valid_up_to()));
        let example = text.and_then(|text| self.objects.read(text, self.number));
        example.map(Some).map_err(|error| error.at(self.place()))
    }

    /// Reads the next record into `self.record`; false at the end of the file.
    fn find_record(&mut self) -> Result<bool> {
        self.record.clear();
        loop {
            let byte = self.skip_space()?;
            match (self.position, byte) {
                (Position::BeforeArray, Some(0xef | 0xbb | 0xbf)) => self.consume(),
                (Position::BeforeArray, Some(b'[')) => {
                    self.consume();
                    self.position = Position::BeforeFirst;
                }
                (Position::BeforeFirst | Position::AfterRecord, Some(b']')) => {
                    self.consume();
                    self.position = Position::AfterArray;
                }
                (Position::BeforeFirst, Some(_)) => break,
                (Position::AfterRecord, Some(b',')) => {
                    self.consume();
                    self.skip_space()?;
                    break;
                }
                (Position::AfterArray, None) => return Ok(false),
                (Position::AfterArray, Some(_)) => {
                    return Err(self.unexpected("the end of the file after the array", byte));
                }
                (Position::BeforeArray, _) => return Err(self.unexpected("a JSON array", byte)),
                (Position::AfterRecord, _) => {
                    let expected = format!("a comma or ] after record {}", self.number);
                    return Err(self.unexpected(&expected, byte));
                }
                (Position::BeforeFirst, None) => return Err(self.unexpected("a record or ]", byte)),
            }
        }
        self.number += 1;
        self.start = self.line;
        self.position = Position::AfterRecord;
        self.take_value()?;
        Ok(true)
    }

    /// Moves a value into `self.record`, following its brackets and quotes.
    fn take_value(&mut self) -> Result<()> {
        let (mut depth, mut in_string, mut is_escaped) = (0usize, false, false);
        loop {
            let byte = self.peek()?;
            let is_end = |byte: u8| matches!(byte, b',' | b']' | b'}') || byte.is_ascii_whitespace();
            match byte {
                Some(b']') | None if self.record.is_empty() => return Err(self.unexpected("a record", byte)),
                Some(byte) if depth == 0 && !in_string && !self.record.is_empty() && is_end(byte) => break,
                Some(b',') if self.record.is_empty() => return Err(self.unexpected("a record", byte)),
                None if depth == 0 && !in_string => break,
                None => return Err(self.unexpected("the end of the record", byte)),
                Some(0) => return Err(self.unexpected("text", byte)),
                Some(_) if self.record.len() >= MAX_RECORD_BYTES => {
                    let message =
                        format!("expected a record of at most {MAX_RECORD_BYTES} bytes, got a longer one");
                    return Err(Error::new(ErrorKind::Dataset, message).at(self.place()));
                }
                Some(byte) => {
                    self.consume();
                    self.record.push(byte);
                    match byte {
                        _ if is_escaped => is_escaped = false,
                        b'\\' if in_string => is_escaped = true,
                        b'"' => in_string = !in_string,
                        _ if in_string => {}
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                }
            }
        }
        Ok(())
    }

    /// The next byte that is not whitespace.
    fn skip_space(&mut self) -> Result<Option<u8>> {
        loop {
            match self.peek()? {
                Some(byte) if byte.is_ascii_whitespace() => self.consume(),
                byte => return Ok(byte),
            }
        }
    }

    fn peek(&mut self) -> Result<Option<u8>> {
        match self.reader.fill_buf() {
            Ok(buffer) => Ok(buffer.first().copied()),
            Err(error) => Err(read_error(error).at(format!("line {}", self.line))),
        }
    }

    fn consume(&mut self) {
        // The peeked byte is in the buffer.
        let is_line_end = self.reader.buffer().first() == Some(&b'\n');
        self.reader.consume(1);
        self.n_bytes += 1;
        self.line += usize::from(is_line_end);
    }

    fn unexpected(&mut self, expected: &str, byte: Option<u8>) -> Error {
        let got = match byte {
            None => "the end of the file".to_string(),
            Some(0) => "a NUL byte".to_string(),
            Some(_) => {
                let ahead = self.reader.buffer();
                quoted(&String::from_utf8_lossy(&ahead[..ahead.len().min(64)]))
            }
        };
        Error::new(ErrorKind::Dataset, format!("expected {expected}, got {got}"))
            .at(format!("line {}", self.line))
            .with_hint("check the file: python3 -m json.tool FILE; or write one object per line (JSONL)")
    }
}
