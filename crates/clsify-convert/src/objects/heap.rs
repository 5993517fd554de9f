//! The objects that a file describes. They refer to each other by number, so that shared and circular references cost
//! nothing, and nothing is ever freed recursively.

use std::borrow::Cow;

use clsify_base::error::Result;

use super::array::Array;
use super::id::Id;
use crate::error::bad;

/// The maximum number of objects, list elements and dictionary entries together.
const MAX_OBJECTS: usize = 1 << 21;

/// The maximum number of attributes of an object. Without it, objects that share their attributes would take time for each.
const MAX_ATTRIBUTES: usize = 1000;

/// An object.
#[derive(Debug, Clone)]
pub(crate) enum Node<'a> {
    None,
    Bool(bool),
    Int(i64),
    /// An integer of more than 64 bits. No part of a classifier is one.
    LargeInt,
    Float(f64),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Set(Vec<Id>),
    /// A class or function that the file names.
    Global {
        module: Cow<'a, str>,
        name: Cow<'a, str>,
    },
    /// The record of a call: nobody has called anything.
    Object {
        class: Id,
        arguments: Id,
        state: Option<Id>,
    },
    Array(Box<Array<'a>>),
}

/// All objects of a file.
#[derive(Debug, Default)]
pub(crate) struct Heap<'a> {
    nodes: Vec<Node<'a>>,
    n_used: usize,
}

impl<'a> Heap<'a> {
    /// Counts objects before they are created.
    pub(crate) fn spend(&mut self, n: usize) -> Result<()> {
        self.n_used += n;
        if self.n_used > MAX_OBJECTS {
            return Err(bad(format!("expected at most {MAX_OBJECTS} objects in the file, got more")));
        }
        Ok(())
    }

    pub(crate) fn add(&mut self, node: Node<'a>) -> Result<Id> {
        let n = match &node {
            Node::List(all) | Node::Tuple(all) | Node::Set(all) => all.len(),
            Node::Dict(all) => 2 * all.len(),
            _ => 0,
        };
        self.spend(1 + n)?;
        let id = Id(self.nodes.len() as u32);
        self.nodes.push(node);
        Ok(id)
    }

    pub(crate) fn get(&self, id: Id) -> &Node<'a> {
        &self.nodes[id.0 as usize]
    }

    pub(crate) fn get_mut(&mut self, id: Id) -> &mut Node<'a> {
        &mut self.nodes[id.0 as usize]
    }

    /// The module and the name of a class or function.
    pub(crate) fn global(&self, id: Id) -> Option<(&str, &str)> {
        match self.get(id) {
            Node::Global { module, name } => Some((module, name)),
            _ => None,
        }
    }

    /// The class of an object, or the function that would have made it.
    pub(crate) fn class(&self, id: Id) -> Option<(&str, &str)> {
        match self.get(id) {
            Node::Object { class, .. } => self.global(*class),
            _ => None,
        }
    }

    /// The elements of a tuple or list.
    pub(crate) fn elements(&self, id: Id) -> Option<&[Id]> {
        match self.get(id) {
            Node::Tuple(all) | Node::List(all) => Some(all),
            _ => None,
        }
    }

    pub(crate) fn text(&self, id: Id) -> Option<&str> {
        match self.get(id) {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a key in a dictionary, which may have at most 1,000 entries; the last of equal keys counts.
    pub(crate) fn value(&self, dict: Id, key: &str) -> Option<Id> {
        match self.get(dict) {
            Node::Dict(entries) if entries.len() <= MAX_ATTRIBUTES => {
                entries.iter().rev().find(|(k, _)| self.text(*k) == Some(key)).map(|(_, value)| *value)
            }
            _ => None,
        }
    }

    /// An object in words, for messages.
    pub(crate) fn describe(&self, id: Id) -> String {
        match self.get(id) {
            Node::None => "None".to_string(),
            Node::Bool(true) => "True".to_string(),
            Node::Bool(false) => "False".to_string(),
            Node::Int(n) => n.to_string(),
            Node::LargeInt => "a large integer".to_string(),
            Node::Float(x) => format!("{x:?}"),
            Node::Text(text) => format!("{text:?}"),
            Node::Bytes(_) => "bytes".to_string(),
            Node::List(_) => "a list".to_string(),
            Node::Tuple(_) => "a tuple".to_string(),
            Node::Dict(_) => "a dictionary".to_string(),
            Node::Set(_) => "a set".to_string(),
            Node::Array(_) => "an array".to_string(),
            Node::Global { module, name } => format!("the name {module}.{name}"),
            Node::Object { .. } => match self.class(id) {
                Some((module, name)) => format!("{module}.{name}"),
                None => "an object".to_string(),
            },
        }
    }
}
