//! The bytes of a data file: gzip is decompressed while it is read, and binary files are recognised.
//!
//! The first bytes decide, not the name: every file that starts like gzip is read as gzip. But a file whose name ends
//! in `.gz` must be gzip.

use std::io::{self, Chain, Cursor, Read};
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::files::shell_word;

use super::binary::{Binary, is_part};
use super::gzip::{self, Gzip};

/// The maximum amount of whitespace that is searched for the first character.
const MOST_AHEAD: usize = 64 << 10;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The start of a line in fastText's format.
pub(super) const LABEL_PREFIX: &[u8] = b"__label__";

/// The text of a file.
pub(in crate::dataset) struct Source<R> {
    bytes: Bytes<R>,
    /// The first bytes of the text, as far as they are needed for decisions.
    start: Vec<u8>,
}

/// A reader that returns its first bytes again.
type Ahead<R> = Chain<Cursor<Vec<u8>>, R>;

enum Bytes<R> {
    Plain(Ahead<R>),
    Gzip(Box<Ahead<Gzip<Ahead<R>>>>),
}

impl<R: Read> Source<R> {
    /// Reads as few of the first bytes as determine the kind of file. Errors contain `name`.
    pub(super) fn new(reader: R, name: &str) -> Result<Self> {
        let place = |error: io::Error| read_error(error).at("line 1").at(name);
        let (start, reader) = look_ahead(reader).map_err(place)?;
        if !start.starts_with(gzip::MAGIC) {
            if gzip::is_name(name) && !start.is_empty() {
                let message = "expected gzip data, as the name says, got bytes that do not start like it";
                let hint = "rename the file without .gz if it is not compressed, or copy it again";
                return Err(Error::new(ErrorKind::Dataset, message).at(name).with_hint(hint));
            }
            refuse_binary(&start, name)?;
            return Ok(Source { bytes: Bytes::Plain(reader), start });
        }
        let (start, reader) = look_ahead(Gzip::new(reader)).map_err(place)?;
        if start.starts_with(gzip::MAGIC) {
            let message = "expected text in the gzip data, got gzip data again";
            let hint = match Path::new(gzip::inner_name(name)) {
                path if path.extension().is_none() => "decompress it once more: gunzip".to_string(),
                path => {
                    let extension = path.extension().unwrap_or_default().display();
                    let to = path.with_extension(format!("unpacked.{extension}")).display().to_string();
                    format!("decompress it once: gunzip -c < {} > {}", shell_word(name), shell_word(&to))
                }
            };
            return Err(Error::new(ErrorKind::Dataset, message).at(name).with_hint(hint));
        }
        refuse_binary(&start, gzip::inner_name(name))?;
        Ok(Source { bytes: Bytes::Gzip(Box::new(reader)), start })
    }

    /// Returns true if the text starts with these bytes, after a byte-order mark and white space.
    pub(super) fn starts_with(&self, bytes: &[u8]) -> bool {
        text_start(&self.start).starts_with(bytes)
    }

    /// The number of bytes of a compressed file that have been read.
    pub(super) fn n_compressed(&self) -> Option<u64> {
        match &self.bytes {
            Bytes::Plain(_) => None,
            Bytes::Gzip(gzip) => Some(gzip.get_ref().1.n_bytes()),
        }
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.bytes {
            Bytes::Plain(reader) => reader.read(buffer),
            Bytes::Gzip(reader) => reader.read(buffer),
        }
    }
}

/// Converts a read error of a [`Source`], which may wrap an error of this library.
pub(super) fn read_error(error: io::Error) -> Error {
    error.downcast::<Error>().unwrap_or_else(Error::from_io)
}

fn refuse_binary(start: &[u8], name: &str) -> Result<()> {
    match Binary::of_bytes(start, name) {
        Some(binary) => Err(binary.error(name)),
        None => Ok(()),
    }
}

/// The first bytes, and a reader that returns them again. It waits only for as many bytes as determine the kind of
/// file, so that a typed line is answered before the next one.
fn look_ahead<R: Read>(mut reader: R) -> io::Result<(Vec<u8>, Ahead<R>)> {
    let mut start = Vec::new();
    while is_open(&start) && start.len() < MOST_AHEAD {
        if read_some(&mut reader, &mut start)? == 0 {
            break;
        }
    }
    let again = Cursor::new(start.clone());
    Ok((start, again.chain(reader)))
}

/// Returns true if more bytes are needed to recognise the start of a file.
fn is_open(start: &[u8]) -> bool {
    let text = text_start(start);
    text.is_empty() || BYTE_ORDER_MARK.starts_with(start) || is_part(text, LABEL_PREFIX) || {
        is_part(start, gzip::MAGIC) || Binary::may_be(start)
    }
}

fn text_start(start: &[u8]) -> &[u8] {
    start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(start).trim_ascii_start()
}

/// One read, repeated if a signal interrupts it.
fn read_some(reader: &mut impl Read, into: &mut Vec<u8>) -> io::Result<usize> {
    let mut buffer = [0; 256];
    loop {
        match reader.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => {
                let n = read?;
                into.extend_from_slice(&buffer[..n]);
                return Ok(n);
            }
        }
    }
}
