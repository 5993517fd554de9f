//! Looks at an object of the heap: its attributes, elements and value, with an error that says where it is.

use std::rc::Rc;

use clsify_base::error::{Error, Result};

use super::heap::{Heap, Node};
use super::id::Id;
use crate::error::bad;

/// An object with its place in the file, such as `estimators_[2].coef_`.
#[derive(Debug, Clone)]
pub(crate) struct View<'h, 'a> {
    pub(crate) heap: &'h Heap<'a>,
    pub(crate) id: Id,
    pub(super) place: Rc<str>,
}

impl<'h, 'a> View<'h, 'a> {
    pub(crate) fn new(heap: &'h Heap<'a>, id: Id) -> Self {
        View { heap, id, place: "".into() }
    }

    /// Adds the place to an error.
    pub(crate) fn error(&self, message: impl Into<String>) -> Error {
        self.at(bad(message))
    }

    /// Adds the place to an error about its content.
    pub(crate) fn at(&self, error: Error) -> Error {
        if self.place.is_empty() { error } else { error.at(&*self.place) }
    }

    /// The error that it is something else.
    pub(crate) fn expected(&self, what: &str) -> Error {
        self.error(format!("expected {what}, got {}", self.describe()))
    }

    pub(crate) fn describe(&self) -> String {
        self.heap.describe(self.id)
    }

    pub(crate) fn node(&self) -> &'h Node<'a> {
        self.heap.get(self.id)
    }

    /// The module and the name of its class.
    pub(crate) fn class(&self) -> Option<(&'h str, &'h str)> {
        self.heap.class(self.id)
    }

    /// An attribute.
    pub(crate) fn attribute(&self, name: &str) -> Result<Self> {
        self.optional(name).ok_or_else(|| {
            let error =
                self.error(format!("expected the attribute {name}, got a {} without it", self.describe()));
            match name.ends_with('_') {
                true => error.with_hint("the estimator may not be fitted: call fit before saving it"),
                false => error,
            }
        })
    }

    /// An attribute, if it is there.
    pub(crate) fn optional(&self, name: &str) -> Option<Self> {
        let Node::Object { state: Some(state), .. } = self.node() else { return None };
        // A class with __slots__ has a pair of dictionaries.
        let state = match self.heap.get(*state) {
            Node::Tuple(both) if both.len() == 2 => both[0],
            _ => *state,
        };
        let id = self.heap.value(state, name)?;
        Some(View { heap: self.heap, id, place: format!("{}{name}", self.prefix()).into() })
    }

    fn prefix(&self) -> String {
        if self.place.is_empty() { String::new() } else { format!("{}.", self.place) }
    }

    /// The elements of a list or tuple.
    pub(crate) fn elements(&self) -> Result<Vec<Self>> {
        let ids = self.heap.elements(self.id).ok_or_else(|| self.expected("a list"))?;
        let element = |(i, &id): (usize, &Id)| View {
            heap: self.heap,
            id,
            place: format!("{}[{i}]", self.place).into(),
        };
        Ok(ids.iter().enumerate().map(element).collect())
    }

    pub(crate) fn is_none(&self) -> bool {
        matches!(self.node(), Node::None)
    }

    pub(crate) fn text(&self) -> Result<&'h str> {
        self.heap.text(self.id).ok_or_else(|| self.expected("a text"))
    }

    pub(crate) fn bool(&self) -> Result<bool> {
        match self.node() {
            Node::Bool(value) => Ok(*value),
            Node::Int(n @ (0 | 1)) => Ok(*n == 1),
            _ => Err(self.expected("True or False")),
        }
    }
}
