//! Bytes, numbers, lines and texts of a pickle. No length is trusted before the bytes are there.

use std::borrow::Cow;

use clsify_base::error::{Error, Result};

use crate::error::bad;

/// A place in a file. Texts and bytes are borrowed from it.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Cursor { bytes, at: 0 }
    }

    /// The number of bytes before it.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The next `n` bytes.
    pub(super) fn take(&mut self, n: u64) -> Result<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let n = usize::try_from(n).ok().filter(|&n| n <= rest.len()).ok_or_else(|| {
            bad(format!("the file ends too early: expected {n} more bytes, got {}", rest.len()))
                .with_hint("copy or download the file again")
        })?;
        self.at += n;
        Ok(&rest[..n])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        Ok(self.take(N as u64)?.try_into().expect("as many bytes as were asked for"))
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(super) fn i32(&mut self) -> Result<i32> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    /// Eight bytes, the most significant first.
    pub(super) fn f64(&mut self) -> Result<f64> {
        Ok(f64::from_be_bytes(self.array()?))
    }

    /// An integer of `n` bytes in two's complement; `None` if it needs more than 64 bits.
    pub(super) fn long(&mut self, n: u64) -> Result<Option<i64>> {
        let bytes = self.take(n)?;
        let Some(last) = bytes.last() else { return Ok(Some(0)) };
        if bytes.len() > 8 {
            return Ok(None);
        }
        let mut all = if last & 0x80 == 0 { [0; 8] } else { [0xff; 8] };
        all[..bytes.len()].copy_from_slice(bytes);
        Ok(Some(i64::from_le_bytes(all)))
    }

    /// A text of `n` bytes.
    pub(super) fn text(&mut self, n: u64) -> Result<&'a str> {
        utf8(self.take(n)?)
    }

    /// The bytes up to the next line break, which is skipped.
    pub(super) fn line(&mut self) -> Result<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let n = rest.iter().position(|&byte| byte == b'\n');
        let n = n.ok_or_else(|| bad("the file ends too early: expected a line break"))?;
        self.at += n + 1;
        Ok(&rest[..n])
    }

    pub(super) fn text_line(&mut self) -> Result<&'a str> {
        utf8(self.line()?)
    }

    /// A text of protocol 0: Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
    pub(super) fn escaped_line(&mut self) -> Result<Cow<'a, str>> {
        let line = self.line()?;
        if line.is_ascii() && !line.contains(&b'\\') {
            return Ok(Cow::Borrowed(utf8(line)?));
        }
        let (mut text, mut rest) = (String::new(), line);
        while let [first, after @ ..] = rest {
            let n_digits = match rest {
                [b'\\', b'u', ..] => 4,
                [b'\\', b'U', ..] => 8,
                _ => {
                    text.push(char::from(*first));
                    rest = after;
                    continue;
                }
            };
            let digits = rest.get(2..2 + n_digits).and_then(|digits| std::str::from_utf8(digits).ok());
            let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
            text.push(code.and_then(char::from_u32).ok_or_else(|| bad("malformed escape in a text"))?);
            rest = &rest[2 + n_digits..];
        }
        Ok(Cow::Owned(text))
    }
}

fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|e| -> Error { bad("expected text in UTF-8").caused_by(e) })
}
