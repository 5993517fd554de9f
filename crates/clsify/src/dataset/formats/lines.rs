//! Splits bytes into numbered lines of text, with every check that does not depend on the format.
//!
//! A line is UTF-8, contains no NUL byte and is at most 16 MiB long. It ends with `\n`, `\r\n` or a bare `\r`, in any
//! mixture, as in Python's universal newlines. The line end and a byte-order mark at the start of the file are not
//! part of the text. A file in UTF-16 is recognised.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, ErrorKind as IoErrorKind, Read};

use crate::error::{Error, ErrorKind, Result};

use super::head::Head;
use super::source::read_error;

/// The maximum number of bytes of a line, or of a CSV record of several lines.
pub(super) const MAX_RECORD_BYTES: usize = 16 << 20;

/// The number of bytes per read. It equals the maximum size of a group of sentences, so that the sentences that have
/// arrived fill a group.
const BUFFER_BYTES: usize = 1 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads the lines of a text one by one.
///
/// A line is returned as soon as its end has arrived, so that a pipe can be answered line by line.
///
/// ```
/// use clsify::dataset::LineReader;
/// let mut lines = LineReader::new("Windows\r\nold Mac\rUnix\n".as_bytes());
/// let mut texts = Vec::new();
/// while let Some(line) = lines.next_line()? {
///     texts.push((line.number, line.text.to_string()));
/// }
/// assert_eq!(texts, [(1, "Windows".to_string()), (2, "old Mac".to_string()), (3, "Unix".to_string())]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub struct LineReader<R> {
    reader: BufReader<Head<R>>,
    /// The bytes of the last line, without its end.
    buffer: Vec<u8>,
    /// The end of the last line. A `\r` becomes `\r\n` only when the next line is requested, because waiting for the
    /// following byte could take forever.
    end: &'static str,
    /// The end of the line before the last one.
    previous_end: &'static str,
    number: usize,
    n_bytes: u64,
    /// True if the rest of an unfinished line follows.
    is_broken: bool,
    /// True if reading failed, so that nothing follows.
    has_failed: bool,
    /// True if the file has another encoding, so that none of its lines can be read.
    is_wide: bool,
}

/// One line without its line end.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// The line's number, counted from 1.
    pub number: usize,
    /// The line without its end.
    pub text: &'a str,
    /// The end of the line before this one: `"\n"`, `"\r\n"`, `"\r"`, or nothing before the first line.
    pub previous_end: &'static str,
}

impl<R: Read> LineReader<R> {
    /// Creates a reader without reading anything yet.
    pub fn new(reader: R) -> Self {
        LineReader::with_capacity(BUFFER_BYTES, reader)
    }

    /// Creates a reader without reading anything yet; `capacity` is the number of bytes per read.
    pub fn with_capacity(capacity: usize, reader: R) -> Self {
        let reader = BufReader::with_capacity(capacity, Head::new(reader));
        LineReader {
            reader,
            buffer: Vec::new(),
            end: "",
            previous_end: "",
            number: 0,
            n_bytes: 0,
            is_broken: false,
            has_failed: false,
            is_wide: false,
        }
    }

    /// The underlying reader.
    pub(super) fn source(&self) -> &R {
        self.reader.get_ref().source()
    }

    /// The number of lines read so far.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The number of bytes of the lines read so far.
    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Returns true if the last line was not read to its end.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Returns true if reading failed: the file ends here, wherever its real end is.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Returns true if the next line has arrived, so that [`next_line`](Self::next_line) will not block.
    pub fn has_buffered_line(&self) -> bool {
        let buffered = self.reader.buffer();
        // The second half of a line end is not a line.
        let buffered =
            if self.end == "\r" { buffered.strip_prefix(b"\n").unwrap_or(buffered) } else { buffered };
        buffered.iter().any(|&byte| is_line_end(byte))
    }

    /// Returns the first bytes, and whether they are the whole file; waits for bytes until `is_enough`. Call it
    /// before the first line is read.
    pub(super) fn peek(&mut self, is_enough: impl Fn(&[u8]) -> bool) -> (&[u8], bool) {
        self.reader.get_mut().peek(is_enough)
    }

    /// The end of the line before the last one; at the end of the file, that of the last line.
    pub(super) fn previous_end(&self) -> &'static str {
        self.previous_end
    }

    /// Returns true if the file has another encoding, so that none of its lines can be read.
    pub(super) fn is_wide(&self) -> bool {
        self.is_wide
    }

    /// Skips the rest of a line that is too long.
    fn skip_line(&mut self) -> std::io::Result<()> {
        while self.end.is_empty() {
            let available = match self.reader.fill_buf() {
                Err(error) if error.kind() == IoErrorKind::Interrupted => continue,
                available => available?,
            };
            let length = available.iter().position(|&byte| is_line_end(byte));
            self.end = match length.map(|length| available[length]) {
                Some(b'\n') => "\n",
                Some(_) => "\r",
                None => "",
            };
            let n_bytes = length.map_or(available.len(), |length| length + 1);
            self.reader.consume(n_bytes);
            self.n_bytes += n_bytes as u64;
            if n_bytes == 0 {
                break;
            }
        }
        Ok(())
    }

    /// The last line, with invalid UTF-8 replaced.
    pub(super) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.buffer.trim_ascii_end())
    }

    /// Returns the next line, or `None` at the end.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] if the bytes cannot be read, [`ErrorKind::Dataset`] if they are not UTF-8, contain a NUL
    /// byte, or continue for more than 16 MiB without a line end. The error names the line. The lines after it can be
    /// read; if a line [was not read to its end](Self::is_broken), its rest is skipped first.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>> {
        let number = self.number + 1;
        let place = || format!("line {number}");
        let is_too_long = self.is_broken && self.buffer.len() > MAX_RECORD_BYTES;
        self.is_broken = true;
        let is_first = self.number == 0;
        let skipped = if is_too_long { self.skip_line() } else { Ok(()) };
        skipped.and_then(|()| self.fill_buffer()).map_err(|error| {
            self.has_failed = true;
            let error = read_error(error);
            // A path that cannot be read at all, such as a folder, has no lines.
            if is_first { error } else { error.at(place()) }
        })?;
        if self.buffer.is_empty() && self.end.is_empty() {
            self.is_broken = false;
            return Ok(None);
        }
        self.number = number;
        self.is_broken = self.buffer.len() > MAX_RECORD_BYTES;
        if is_first {
            self.is_wide = wide_encoding(&self.start()).is_some();
            check_encoding(&self.start()).map_err(|error| error.at(place()))?;
        }
        check(&self.buffer).map_err(|error| error.at(place()))?;
        let mut start = 0;
        if is_first && self.buffer.starts_with(BYTE_ORDER_MARK) {
            start = BYTE_ORDER_MARK.len();
            if self.buffer.len() == start && self.end.is_empty() {
                // Only a byte-order mark: the file is empty.
                self.number = 0;
                return Ok(None);
            }
        }
        let line = std::str::from_utf8(&self.buffer)
            .map_err(|e| not_utf8(&self.buffer, e.valid_up_to()).at(place()))?;
        Ok(Some(Line { number, text: &line[start..], previous_end: self.previous_end }))
    }

    /// Reads up to the next line end. At this point the previous line end is known.
    fn fill_buffer(&mut self) -> std::io::Result<()> {
        self.buffer.clear();
        self.previous_end = std::mem::take(&mut self.end);
        loop {
            let available = match self.reader.fill_buf() {
                Err(error) if error.kind() == IoErrorKind::Interrupted => continue,
                available => available?,
            };
            if self.previous_end == "\r" && self.buffer.is_empty() && available.first() == Some(&b'\n') {
                self.previous_end = "\r\n";
                self.reader.consume(1);
                self.n_bytes += 1;
                continue;
            }
            let room = MAX_RECORD_BYTES + 1 - self.buffer.len();
            let available = available.get(..room).unwrap_or(available);
            let length = available.iter().position(|&byte| is_line_end(byte));
            self.buffer.extend_from_slice(&available[..length.unwrap_or(available.len())]);
            self.end = match length.map(|length| available[length]) {
                Some(b'\n') => "\n",
                Some(_) => "\r",
                None => "",
            };
            let n_bytes = length.map_or(available.len(), |length| length + 1);
            self.reader.consume(n_bytes);
            self.n_bytes += n_bytes as u64;
            if n_bytes == 0 || length.is_some() || self.buffer.len() > MAX_RECORD_BYTES {
                return Ok(());
            }
        }
    }

    /// The first bytes, if the first line is the last one read: enough to recognise the encoding of a short line.
    fn start(&self) -> Vec<u8> {
        let bytes = self.buffer.iter().chain(self.end.as_bytes()).chain(self.reader.buffer());
        bytes.take(4).copied().collect()
    }
}

fn is_line_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

/// UTF-16 contains many NUL bytes, so it is checked first.
fn check_encoding(start: &[u8]) -> Result<()> {
    let Some(encoding) = wide_encoding(start) else { return Ok(()) };
    let error = Error::new(ErrorKind::Dataset, format!("expected UTF-8, got {encoding}"));
    Err(error.with_hint(format!("convert it: iconv -f {encoding} -t UTF-8")))
}

/// Fails if a line contains bytes that text cannot contain.
fn check(line: &[u8]) -> Result<()> {
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

/// The name of the wide encoding with which the file starts: by its byte-order mark, or by the NUL bytes of the first
/// two characters if they are ASCII.
fn wide_encoding(start: &[u8]) -> Option<&'static str> {
    match start {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16"),
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => Some("UTF-16LE"),
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => Some("UTF-16BE"),
        _ => None,
    }
}

pub(super) fn not_utf8(line: &[u8], at: usize) -> Error {
    let byte = line.get(at).copied().unwrap_or_default();
    let message = format!("expected UTF-8, got the byte 0x{byte:02x} at byte {}", at + 1);
    Error::new(ErrorKind::Dataset, message)
        .with_hint("convert the file, if it is Latin-1: iconv -f LATIN1 -t UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Result<Vec<(usize, String)>> {
        let mut reader = LineReader::new(bytes);
        let mut lines = Vec::new();
        while let Some(line) = reader.next_line()? {
            lines.push((line.number, line.text.to_string()));
        }
        Ok(lines)
    }

    fn numbered(texts: &[&str]) -> Vec<(usize, String)> {
        (1..).zip(texts.iter().map(|text| text.to_string())).collect()
    }

    /// Oracle: Python 3, `list(io.TextIOWrapper(io.BytesIO(bytes), "utf-8-sig"))` without the line ends.
    #[test]
    fn lines_end_as_in_python() {
        for (bytes, expected) in [
            (&b""[..], &[][..]),
            (b"\xef\xbb\xbf", &[]),
            (b"a\rb\rc\r", &["a", "b", "c"]),
            (b"a\rb\rc", &["a", "b", "c"]),
            (b"a\nb\rc\r\nd\n\re", &["a", "b", "c", "d", "", "e"]),
            (b"a\r\r\nb", &["a", "", "b"]),
            (b"\r\n\r\n", &["", ""]),
            (b"\r\r", &["", ""]),
            (b"\xef\xbb\xbf\ra", &["", "a"]),
            ("a\n\u{feff}b".as_bytes(), &["a", "\u{feff}b"]),
        ] {
            assert_eq!(lines(bytes).unwrap(), numbered(expected), "{bytes:?}");
        }
    }

    /// Returns one byte at a time, like a slow pipe.
    struct ByteByByte<'a>(&'a [u8]);

    impl Read for ByteByByte<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let n = self.0.len().min(out.len()).min(1);
            self.0.read(&mut out[..n])
        }
    }

    #[test]
    fn a_line_does_not_wait_for_what_follows_its_end() {
        let mut reader = LineReader::new(ByteByByte(b"one\r\ntwo\r"));
        assert_eq!(reader.next_line().unwrap().unwrap().text, "one");
        assert_eq!(reader.n_bytes(), 4);
        assert!(!reader.has_buffered_line());
        let line = reader.next_line().unwrap().unwrap();
        assert_eq!((line.number, line.text, line.previous_end), (2, "two", "\r\n"));
        assert!(reader.next_line().unwrap().is_none());
        assert_eq!(reader.n_bytes(), 9);

        let mut reader = LineReader::new(&b"one\r\ntwo\nthree"[..]);
        reader.next_line().unwrap();
        assert!(reader.has_buffered_line());
        reader.next_line().unwrap();
        assert!(!reader.has_buffered_line());
    }

    #[test]
    fn wide_encodings_are_named_however_short_the_first_line() {
        for (bytes, expected) in [
            (&b"a\0b\0\n\0"[..], "UTF-16LE"),
            (b"a\0\r\0\n\0", "UTF-16LE"),
            (b"\0a\0\n", "UTF-16BE"),
            (b"\xff\xfea\0", "UTF-16"),
            (b"\xff\xfe\n\0", "UTF-16"),
        ] {
            let error = lines(bytes).unwrap_err();
            assert_eq!(error.to_string(), format!("line 1: expected UTF-8, got {expected}"));
            assert_eq!(error.hint().unwrap(), format!("convert it: iconv -f {expected} -t UTF-8"));
        }
    }

    #[test]
    fn a_line_of_16_mib_is_read_and_a_longer_one_is_not() {
        let mut bytes = vec![b'a'; MAX_RECORD_BYTES];
        assert_eq!(lines(&bytes).unwrap().len(), 1);
        bytes.push(b'a');
        let error = lines(&bytes).unwrap_err();
        assert_eq!(error.to_string(), "line 1: expected a line of at most 16777216 bytes, got a longer one");
        // Its rest is not a separate line.
        bytes.extend_from_slice(b"rest\nnext\n");
        let mut reader = LineReader::new(bytes.as_slice());
        assert!(reader.next_line().is_err() && reader.is_broken());
        let next = reader.next_line().unwrap().map(|line| (line.number, line.text.to_string()));
        assert_eq!(next, Some((2, "next".to_string())));
        assert!(!reader.is_broken() && reader.next_line().unwrap().is_none());
        assert_eq!(reader.n_bytes(), bytes.len() as u64);
    }
}
