//! Arrays and scalars in pickles: the records of the calls that would have made them.

use std::borrow::Cow;

use clsify_base::error::Result;

use super::array::{Array, Content, Order};
use super::dtype::Dtype;
use super::heap::Node;
use super::id::Id;
use super::view::View;
use crate::error::bad;

impl<'a> View<'_, 'a> {
    /// Non-negative integers, such as a shape.
    pub(crate) fn sizes(&self) -> Result<Vec<usize>> {
        let size = |element: Self| match element.node() {
            Node::Int(n) => usize::try_from(*n).map_err(|_| element.expected("a size")),
            _ => Ok(element.number()? as usize),
        };
        match self.node() {
            Node::Int(_) => Ok(vec![size(self.clone())?]),
            _ => self.elements()?.into_iter().map(size).collect(),
        }
    }

    /// A number, of Python or of numpy.
    pub(crate) fn number(&self) -> Result<f64> {
        match self.node() {
            Node::Int(n) => Ok(*n as f64),
            Node::Float(x) => Ok(*x),
            Node::Object { .. } | Node::Array(_) => match self.array()?.numbers()?[..] {
                [x] => Ok(x),
                _ => Err(self.expected("a number")),
            },
            _ => Err(self.expected("a number")),
        }
    }

    /// An array of numpy.
    pub(crate) fn array(&self) -> Result<Array<'a>> {
        array_of(self).map_err(|error| self.at(error))
    }

    /// The type of an array's elements.
    pub(crate) fn dtype(&self) -> Result<Dtype> {
        let expected = || self.error(format!("expected a numpy.dtype, got {}", self.describe()));
        let Node::Object { arguments, state, .. } = self.node() else { return Err(expected()) };
        if self.class() != Some(("numpy", "dtype")) {
            return Err(expected());
        }
        let first = self.heap.elements(*arguments).and_then(|all| all.first().copied());
        let text = first.and_then(|id| self.heap.text(id)).ok_or_else(expected)?;
        let dtype = Dtype::parse(text)?;
        // The state is (version, byte order, subarray, names, fields, size, ...).
        let state = state.and_then(|state| self.heap.elements(state)).unwrap_or_default();
        let order = state.get(1).and_then(|&id| self.heap.text(id));
        Ok(Dtype { is_big_endian: order.map_or(dtype.is_big_endian, |order| order == ">"), ..dtype })
    }
}

/// The array that an object stands for.
///
/// # Errors
/// If it is no array.
fn array_of<'a>(view: &View<'_, 'a>) -> Result<Array<'a>> {
    // The caller adds the place.
    let expected = || bad(format!("expected an array of numpy, got {}", view.describe()));
    if let Node::Array(array) = view.node() {
        return Ok((**array).clone());
    }
    let Node::Object { arguments, state, .. } = view.node() else { return Err(expected()) };
    let Some((module, name)) = view.class() else { return Err(expected()) };
    if !module.starts_with("numpy.") {
        let error = expected();
        return Err(match module.starts_with("scipy.sparse") {
            true => error.with_hint("call densify() on the classifier and save it again"),
            false => error,
        });
    }
    let at = |id: Id| View::new(view.heap, id);
    let arguments: Vec<View> = at(*arguments).elements()?;
    match (name, &arguments[..]) {
        ("_reconstruct", _) => {
            let state = state.ok_or_else(expected)?;
            let state = at(state).elements()?;
            let [_, shape, dtype, is_fortran, content] = &state[..] else { return Err(expected()) };
            let order = if is_fortran.bool()? { Order::Fortran } else { Order::C };
            array(dtype, shape.sizes()?, order, content)
        }
        ("_frombuffer", [buffer, dtype, shape, order]) => {
            let order = if order.text()? == "F" { Order::Fortran } else { Order::C };
            array(dtype, shape.sizes()?, order, buffer)
        }
        ("_frombuffer", [buffer, dtype, shape, order, axes]) => {
            // The order K comes with the order of the axes, of which two dimensions have two.
            let order = match order.text()? {
                "F" => Order::Fortran,
                "K" if !axes.is_none() && axes.sizes()? == [1, 0] => Order::Fortran,
                _ => Order::C,
            };
            let mut shape = shape.sizes()?;
            if order == Order::Fortran && arguments[3].text()? == "K" {
                shape.reverse();
            }
            array(dtype, shape, order, buffer)
        }
        ("scalar", [dtype, content]) => array(dtype, Vec::new(), Order::C, content),
        _ => Err(expected()),
    }
}

fn array<'a>(dtype: &View, shape: Vec<usize>, order: Order, content: &View<'_, 'a>) -> Result<Array<'a>> {
    let dtype = dtype.dtype()?;
    let content = match content.node() {
        Node::List(all) if dtype.is_object() => Content::Objects(all.clone()),
        _ if dtype.is_object() && shape.is_empty() => Content::Objects(vec![content.id]),
        _ => Content::Bytes(bytes(content)?),
    };
    Array::new(dtype, shape, order, content)
}

/// Bytes: as they are, or as a text in Latin-1, which protocols 0 to 2 write.
fn bytes<'a>(view: &View<'_, 'a>) -> Result<Cow<'a, [u8]>> {
    let expected = || view.error(format!("expected bytes, got {}", view.describe()));
    let arguments = match view.node() {
        Node::Bytes(bytes) => return Ok(bytes.clone()),
        Node::Object { arguments, .. } => View::new(view.heap, *arguments).elements()?,
        _ => return Err(expected()),
    };
    match (view.class(), &arguments[..]) {
        (Some(("_codecs", "encode")), [text, encoding])
            if matches!(encoding.text()?, "latin1" | "latin-1") =>
        {
            let bytes = text.text()?.chars().map(|c| u8::try_from(u32::from(c)));
            Ok(bytes.collect::<Result<Vec<u8>, _>>().map_err(|_| expected())?.into())
        }
        (Some(("builtins" | "__builtin__", "bytes" | "bytearray")), []) => Ok(Cow::Borrowed(&[])),
        (Some(("builtins" | "__builtin__", "bytearray")), [content, ..]) => match content.node() {
            Node::Bytes(bytes) => Ok(bytes.clone()),
            Node::Text(text) => {
                let bytes = text.chars().map(|c| u8::try_from(u32::from(c)));
                Ok(bytes.collect::<Result<Vec<u8>, _>>().map_err(|_| expected())?.into())
            }
            _ => Err(expected()),
        },
        _ => Err(expected()),
    }
}
