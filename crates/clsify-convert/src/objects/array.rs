//! Elements with a shape.

use std::borrow::Cow;

use clsify_base::error::Result;

use super::dtype::{Dtype, Kind};
use super::id::Id;
use crate::error::bad;

/// The maximum number of weights in an array: 4,096 classes and features.
const MAX_NUMBERS: usize = 1 << 24;

/// The order of elements in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The last index changes fastest.
    C,
    /// The first index changes fastest.
    Fortran,
}

/// The elements.
#[derive(Debug, Clone)]
pub(crate) enum Content<'a> {
    Bytes(Cow<'a, [u8]>),
    Objects(Vec<Id>),
}

/// An array.
#[derive(Debug, Clone)]
pub(crate) struct Array<'a> {
    dtype: Dtype,
    shape: Vec<usize>,
    order: Order,
    content: Content<'a>,
}

/// An element that is not a number.
pub(crate) enum Element {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Object(Id),
}

impl<'a> Array<'a> {
    /// Creates an array.
    ///
    /// # Errors
    /// If there are not as many elements as the shape says, or if it has more than two dimensions.
    pub(crate) fn new(dtype: Dtype, shape: Vec<usize>, order: Order, content: Content<'a>) -> Result<Self> {
        let (expected, got, unit) = match &content {
            Content::Bytes(bytes) => (dtype.n_bytes(&shape)?, bytes.len() as u64, "bytes"),
            Content::Objects(all) => {
                (Dtype { size: 1, ..dtype }.n_bytes(&shape)?, all.len() as u64, "objects")
            }
        };
        if expected != got || dtype.is_object() != matches!(content, Content::Objects(_)) {
            return Err(bad(format!("expected {expected} {unit} in an array of shape {shape:?}, got {got}")));
        }
        Ok(Array { dtype, shape, order, content })
    }

    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The numbers, row by row.
    ///
    /// # Errors
    /// If the elements are not numbers, if there are too many, or if it has more than two dimensions.
    pub(crate) fn numbers(&self) -> Result<Vec<f64>> {
        let number = |element: Result<Element>| match element? {
            Element::Bool(value) => Ok(f64::from(u8::from(value))),
            Element::Int(n) => Ok(n as f64),
            Element::Float(x) => Ok(x),
            Element::Text(_) | Element::Object(_) => {
                Err(bad("expected an array of numbers, got one of texts or objects"))
            }
        };
        self.elements(MAX_NUMBERS)?.map(number).collect()
    }

    /// The elements, row by row, of which there may be at most `max`.
    ///
    /// # Errors
    /// If there are more, if it has more than two dimensions, or for an element that is a malformed text.
    pub(crate) fn elements(&self, max: usize) -> Result<impl Iterator<Item = Result<Element>>> {
        let (rows, cols) = match self.shape[..] {
            [] => (1, 1),
            [n] => (n, 1),
            [rows, cols] => (rows, cols),
            _ => return Err(bad(format!("expected at most two dimensions, got the shape {:?}", self.shape))),
        };
        // Elements of no bytes are only declared, so that the shape is the limit.
        let n = rows.checked_mul(cols).filter(|&n| n <= max);
        let n =
            n.ok_or_else(|| bad(format!("expected at most {max} elements, got the shape {:?}", self.shape)))?;
        let place = move |i: usize, order: Order| match order {
            Order::C => i,
            Order::Fortran => (i % cols) * rows + i / cols,
        };
        Ok((0..n).map(move |i| self.element(place(i, self.order))))
    }

    /// The element at a place in memory.
    fn element(&self, place: usize) -> Result<Element> {
        let Dtype { kind, size, .. } = self.dtype;
        let bytes = match &self.content {
            Content::Objects(all) => return Ok(Element::Object(all[place])),
            Content::Bytes(bytes) => &bytes[place * size..][..size],
        };
        Ok(match kind {
            Kind::Bool => Element::Bool(bytes[0] != 0),
            Kind::Int => {
                let bits = 64 - 8 * size as u32;
                Element::Int((self.unsigned(bytes) << bits).cast_signed() >> bits)
            }
            Kind::UInt => {
                let n = i64::try_from(self.unsigned(bytes));
                Element::Int(n.map_err(|_| bad("expected integers of at most 63 bits"))?)
            }
            Kind::Float if size == 4 => Element::Float(f32::from_bits(self.unsigned(bytes) as u32).into()),
            Kind::Float => Element::Float(f64::from_bits(self.unsigned(bytes))),
            Kind::Text => {
                let mut codes: Vec<u32> =
                    bytes.chunks_exact(4).map(|code| self.unsigned(code) as u32).collect();
                while codes.pop_if(|code| *code == 0).is_some() {}
                let text = codes.into_iter().map(char::from_u32).collect::<Option<String>>();
                Element::Text(text.ok_or_else(|| bad("expected texts of Unicode characters"))?)
            }
            Kind::Bytes => {
                let n = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
                let text = std::str::from_utf8(&bytes[..n]);
                Element::Text(text.map_err(|e| bad("expected texts in UTF-8").caused_by(e))?.to_string())
            }
            Kind::Object => return Err(bad("expected an array of numbers or texts, got one of objects")),
            Kind::Other(letter) => {
                let message =
                    format!("expected an array of integers, f4, f8 or texts, got the type {letter}{size}");
                return Err(bad(message)
                    .with_hint("convert the array with astype(\"float64\") and save the classifier again"));
            }
        })
    }

    /// Up to eight bytes as a number.
    fn unsigned(&self, bytes: &[u8]) -> u64 {
        let add = |n: u64, &byte: &u8| n << 8 | u64::from(byte);
        match self.dtype.is_big_endian {
            true => bytes.iter().fold(0, add),
            false => bytes.iter().rev().fold(0, add),
        }
    }
}
