//! Bytes to numbered lines of text, with every check that does not depend on the format.
//!
//! A line is UTF-8, holds no NUL byte and is at most 16 MiB long. A byte-order mark at the start of the file and the
//! line end, `\n` or `\r\n`, are no part of the text. A file in UTF-16 is recognised and named.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};

use crate::error::{Error, ErrorKind, Result};

/// The most bytes that a line, or a CSV record of several lines, may have.
pub(super) const MAX_RECORD_BYTES: usize = 16 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

pub(super) struct LineReader<R> {
    reader: BufReader<R>,
    buffer: Vec<u8>,
    number: usize,
    n_bytes: u64,
    /// Whether what follows is not the start of a line.
    is_broken: bool,
}

/// One line without its line end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub(super) number: usize,
    pub(super) text: &'a str,
    /// `"\n"`, `"\r\n"`, or nothing at the end of the file.
    pub(super) end: &'a str,
}

impl<R: Read> LineReader<R> {
    pub(super) fn new(reader: R) -> Self {
        let reader = BufReader::with_capacity(64 << 10, reader);
        LineReader { reader, buffer: Vec::new(), number: 0, n_bytes: 0, is_broken: false }
    }

    /// The number of lines read so far.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// Bytes of the lines read so far.
    pub(super) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Whether the last line could not be read to its end, so that none can be read after it.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// The line last read, as far as it is text.
    pub(super) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.buffer.trim_ascii_end())
    }

    /// The next line; the error names the line.
    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>> {
        self.buffer.clear();
        let number = self.number + 1;
        let place = || format!("line {number}");
        let most = MAX_RECORD_BYTES as u64 + 1;
        self.is_broken = true;
        let read = self.reader.by_ref().take(most).read_until(b'\n', &mut self.buffer);
        if read.map_err(|e| Error::new(ErrorKind::Io, e.to_string()).at(place()))? == 0 {
            self.is_broken = false;
            return Ok(None);
        }
        self.n_bytes += self.buffer.len() as u64;
        let is_first = self.number == 0;
        self.number = number;
        self.is_broken = self.buffer.len() > MAX_RECORD_BYTES;
        check(&self.buffer, is_first).map_err(|error| error.at(place()))?;
        let mut start = 0;
        if is_first && self.buffer.starts_with(BYTE_ORDER_MARK) {
            start = BYTE_ORDER_MARK.len();
            if self.buffer.len() == start {
                // Nothing but the mark: an empty file.
                self.number = 0;
                return Ok(None);
            }
        }
        let line = std::str::from_utf8(&self.buffer)
            .map_err(|e| not_utf8(&self.buffer, e.valid_up_to()).at(place()))?;
        let line = &line[start..];
        let length = match line.strip_suffix('\n') {
            Some(text) => text.strip_suffix('\r').unwrap_or(text).len(),
            None => line.len(),
        };
        let (text, end) = line.split_at(length);
        Ok(Some(Line { number, text, end }))
    }
}

/// What can be wrong with a line before it is text. The order matters: a UTF-16 file is full of NUL bytes.
fn check(line: &[u8], is_first: bool) -> Result<()> {
    if is_first && let Some(encoding) = wide_encoding(line) {
        let error = Error::new(ErrorKind::Dataset, format!("expected UTF-8, got {encoding}"));
        return Err(error.with_hint(format!("convert it: iconv -f {encoding} -t UTF-8")));
    }
    if line.len() > MAX_RECORD_BYTES {
        let message = format!("expected a line of at most {MAX_RECORD_BYTES} bytes, got a longer one");
        return Err(Error::new(ErrorKind::Dataset, message));
    }
    if let Some(at) = line.iter().position(|&byte| byte == 0) {
        let message = format!("expected text, got a NUL byte at byte {}", at + 1);
        return Err(
            Error::new(ErrorKind::Dataset, message).with_hint("the file is not a text file, or is damaged")
        );
    }
    Ok(())
}

/// The name of a wide encoding that the file starts like: by its byte-order mark, or by the NUL bytes that the first
/// two characters have when they are ASCII.
fn wide_encoding(start: &[u8]) -> Option<&'static str> {
    match start {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16"),
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => Some("UTF-16LE"),
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => Some("UTF-16BE"),
        _ => None,
    }
}

fn not_utf8(line: &[u8], at: usize) -> Error {
    let byte = line.get(at).copied().unwrap_or_default();
    let message = format!("expected UTF-8, got the byte 0x{byte:02x} at byte {}", at + 1);
    Error::new(ErrorKind::Dataset, message)
        .with_hint("convert the file, if it is Latin-1: iconv -f LATIN1 -t UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Result<Vec<(usize, String, String)>> {
        let mut reader = LineReader::new(bytes);
        let mut lines = Vec::new();
        while let Some(line) = reader.next()? {
            lines.push((line.number, line.text.to_string(), line.end.to_string()));
        }
        Ok(lines)
    }

    #[test]
    fn line_ends_and_the_byte_order_mark_are_no_part_of_the_text() {
        let line = |number, text: &str, end: &str| (number, text.to_string(), end.to_string());
        assert_eq!(lines(b"").unwrap(), []);
        assert_eq!(lines(b"\xef\xbb\xbf").unwrap(), []);
        assert_eq!(
            lines(b"\xef\xbb\xbfa\r\n\nb\rc\n d").unwrap(),
            [line(1, "a", "\r\n"), line(2, "", "\n"), line(3, "b\rc", "\n"), line(4, " d", "")]
        );
        // Only at the start of the file is it a mark.
        assert_eq!(
            lines("a\n\u{feff}b\r".as_bytes()).unwrap(),
            [line(1, "a", "\n"), line(2, "\u{feff}b\r", "")]
        );
    }

    #[test]
    fn a_line_of_16_mib_is_read_and_a_longer_one_is_not() {
        let mut bytes = vec![b'a'; MAX_RECORD_BYTES];
        assert_eq!(lines(&bytes).unwrap().len(), 1);
        bytes.push(b'a');
        let error = lines(&bytes).unwrap_err();
        assert_eq!(error.to_string(), "line 1: expected a line of at most 16777216 bytes, got a longer one");
    }
}
