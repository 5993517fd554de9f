//! Gzip data (RFC 1952), decompressed while it is read, in bounded memory.
//!
//! Several members in a row form one file, as for `gzip`, and zeros may follow the last of them. Anything else is an
//! error, although `gzip` ignores it with a warning, because bytes that are not read may be rows. The checksum and
//! the length at the end of each member are checked.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use crate::error::{Error, ErrorKind};

/// The first bytes of a member.
pub(super) const MAGIC: &[u8] = b"\x1f\x8b";

const SUFFIX: &str = ".gz";

/// Returns true if the name of a file says that it is compressed.
pub(super) fn is_name(name: &str) -> bool {
    inner_name(name).len() < name.len()
}

/// The name without `.gz`.
pub(in crate::dataset) fn inner_name(name: &str) -> &str {
    match name.len().checked_sub(SUFFIX.len()).and_then(|at| name.split_at_checked(at)) {
        Some((inner, suffix)) if suffix.eq_ignore_ascii_case(SUFFIX) => inner,
        _ => name,
    }
}

/// Decompresses the bytes of a reader. Its errors contain an [`Error`].
pub(super) struct Gzip<R> {
    /// `None` at the end, and after an error.
    member: Option<GzDecoder<BufReader<Counted<R>>>>,
    n_bytes: u64,
}

impl<R: Read> Gzip<R> {
    pub(super) fn new(reader: R) -> Self {
        let reader = BufReader::with_capacity(64 << 10, Counted { reader, n_bytes: 0 });
        Gzip { member: Some(GzDecoder::new(reader)), n_bytes: 0 }
    }

    /// The number of compressed bytes read.
    pub(super) fn n_bytes(&self) -> u64 {
        self.member.as_ref().map_or(self.n_bytes, |member| member.get_ref().get_ref().n_bytes)
    }

    /// Continues with the next member; false at the end of the file.
    fn next_member(&mut self) -> io::Result<bool> {
        let Some(member) = self.member.take() else { return Ok(false) };
        let mut reader = member.into_inner();
        let first = loop {
            let buffer = reader.fill_buf()?;
            let Some(&first) = buffer.first() else { break None };
            match buffer.iter().position(|&byte| byte != 0) {
                Some(0) => break Some(first),
                zeros => {
                    let n = zeros.unwrap_or(buffer.len());
                    reader.consume(n);
                }
            }
        };
        self.n_bytes = reader.get_ref().n_bytes;
        match first {
            None => Ok(false),
            Some(first) if first == MAGIC[0] => {
                self.member = Some(GzDecoder::new(reader));
                Ok(true)
            }
            Some(_) => Err(damaged("other bytes after its end")),
        }
    }
}

impl<R: Read> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            match member.read(buffer) {
                Ok(0) if !buffer.is_empty() => {
                    self.next_member()?;
                }
                read => return read.map_err(|error| self.failed(error)),
            }
        }
        Ok(0)
    }
}

impl<R: Read> Gzip<R> {
    /// Distinguishes damaged data from a reader that fails.
    fn failed(&mut self, error: io::Error) -> io::Error {
        let error = match error.kind() {
            io::ErrorKind::Interrupted => return error,
            io::ErrorKind::UnexpectedEof => damaged("the end of the file"),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => damaged(&error.to_string()),
            _ => error,
        };
        self.n_bytes = self.n_bytes();
        self.member = None;
        error
    }
}

fn damaged(got: &str) -> io::Error {
    let message = format!("expected whole gzip data, got {got}");
    let hint = "the file is damaged or was not copied whole: check it with gzip -t, and fetch it again";
    io::Error::new(io::ErrorKind::InvalidData, Error::new(ErrorKind::Dataset, message).with_hint(hint))
}

/// A reader that counts its bytes.
struct Counted<R> {
    reader: R,
    n_bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.reader.read(buffer)?;
        self.n_bytes += n as u64;
        Ok(n)
    }
}
