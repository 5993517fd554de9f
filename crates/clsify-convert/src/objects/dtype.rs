//! The type of an array's elements.

use clsify_base::error::Result;

use crate::error::bad;

/// The kind of elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Int,
    UInt,
    Float,
    /// UTF-32, padded with zeros.
    Text,
    /// Bytes, padded with zeros.
    Bytes,
    Object,
    /// Records, dates, complex numbers and floats of 2 or 16 bytes, by their letter: in parts of other estimators.
    Other(char),
}

/// The type of elements: kind, size in bytes and byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dtype {
    pub(crate) kind: Kind,
    pub(crate) size: usize,
    pub(crate) is_big_endian: bool,
}

impl Dtype {
    /// Reads a descriptor such as `<f8`, `i4` or `<U3`.
    ///
    /// # Errors
    /// For types that no classifier has.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let unknown =
            || bad(format!("expected numbers, texts or objects in an array, got the type {text:?}"));
        let (order, rest) = match text.strip_prefix(['<', '>', '|', '=']) {
            Some(rest) => (&text[..1], rest),
            None => ("<", text),
        };
        let mut letters = rest.chars();
        let letter = letters.next().ok_or_else(unknown)?;
        let digits = letters.as_str();
        let n = if digits.is_empty() {
            None
        } else {
            Some(digits.parse::<u32>().map_err(|_| unknown())? as usize)
        };
        let (kind, size) = match (letter, n) {
            ('b', Some(1)) | ('?', None) => (Kind::Bool, 1),
            ('i', Some(n @ (1 | 2 | 4 | 8))) => (Kind::Int, n),
            ('u', Some(n @ (1 | 2 | 4 | 8))) => (Kind::UInt, n),
            ('f', Some(n @ (4 | 8))) => (Kind::Float, n),
            ('U', Some(n)) => (Kind::Text, n.checked_mul(4).ok_or_else(unknown)?),
            ('S', Some(n)) => (Kind::Bytes, n),
            ('O', _) => (Kind::Object, 8),
            ('V' | 'c' | 'f' | 'M' | 'm', Some(n)) => (Kind::Other(letter), n),
            _ => return Err(unknown()),
        };
        Ok(Dtype { kind, size, is_big_endian: order == ">" })
    }

    pub(crate) fn is_object(self) -> bool {
        self.kind == Kind::Object
    }

    /// The size in bytes of an array.
    ///
    /// # Errors
    /// If it does not fit into 64 bits.
    pub(crate) fn n_bytes(self, shape: &[usize]) -> Result<u64> {
        let n = shape.iter().try_fold(self.size as u64, |n, &size| n.checked_mul(size as u64));
        n.ok_or_else(|| bad(format!("expected the shape of an array, got {shape:?}")))
    }
}
