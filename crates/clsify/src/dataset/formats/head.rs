//! Peeking at the start of a file before it is read.

use std::io::{Error, ErrorKind, Read};

/// The maximum number of bytes to peek at: some hundred rows.
pub(super) const HEAD_BYTES: usize = 64 << 10;

/// A reader whose first bytes can be inspected before they are read.
pub(super) struct Head<R> {
    head: Vec<u8>,
    /// The number of bytes of the head that have been read.
    position: usize,
    rest: R,
    /// True if there are no bytes after the head, so that a terminal is not asked twice.
    is_whole: bool,
    /// The error after the head, for code that reads that far.
    error: Option<Error>,
}

impl<R: Read> Head<R> {
    pub(super) fn new(reader: R) -> Self {
        Head { head: Vec::new(), position: 0, rest: reader, is_whole: false, error: None }
    }

    /// The underlying reader.
    pub(super) fn source(&self) -> &R {
        &self.rest
    }

    /// Returns the first bytes, and whether they are the whole file; waits for bytes until `is_enough`. Call it
    /// before anything is read.
    pub(super) fn peek(&mut self, is_enough: impl Fn(&[u8]) -> bool) -> (&[u8], bool) {
        while self.head.len() < HEAD_BYTES && !self.is_whole && self.error.is_none() && !is_enough(&self.head)
        {
            let length = self.head.len();
            self.head.resize(HEAD_BYTES, 0);
            let read = self.rest.read(&mut self.head[length..]);
            self.head.truncate(length + read.as_ref().copied().unwrap_or(0));
            match read {
                Ok(0) => self.is_whole = true,
                Err(error) if error.kind() != ErrorKind::Interrupted => self.error = Some(error),
                _ => {}
            }
        }
        (&self.head, self.is_whole)
    }
}

impl<R: Read> Read for Head<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let head = &self.head[self.position..];
        if head.is_empty() {
            return match self.error.take() {
                Some(error) => Err(error),
                None if self.is_whole => Ok(0),
                None => self.rest.read(out),
            };
        }
        let n = head.len().min(out.len());
        out[..n].copy_from_slice(&head[..n]);
        self.position += n;
        if self.position == self.head.len() {
            (self.head, self.position) = (Vec::new(), 0);
        }
        Ok(n)
    }
}
