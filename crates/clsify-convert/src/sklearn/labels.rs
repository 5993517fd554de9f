//! The names of classes.

use clsify_base::error::Result;

use crate::objects::{Element, Node, View};

/// The maximum number of classes.
const MAX_CLASSES: usize = 1 << 16;

/// The classes of an attribute such as `classes_`, as Python prints them.
pub(super) fn labels(view: &View) -> Result<Vec<String>> {
    // skops writes an array of objects as a list.
    if let Node::List(all) = view.node() {
        if all.len() > MAX_CLASSES {
            return Err(view.error(format!("expected at most {MAX_CLASSES} classes, got {}", all.len())));
        }
        return view.elements()?.iter().map(label).collect();
    }
    let array = view.array()?;
    let [_] = array.shape() else {
        return Err(
            view.error(format!("expected a list of classes, got an array of shape {:?}", array.shape()))
        );
    };
    let name = |element: Result<Element>| match element? {
        Element::Bool(value) => Ok(bool_name(value)),
        Element::Int(n) => Ok(n.to_string()),
        Element::Float(x) => Ok(format!("{x:?}")),
        Element::Text(text) => Ok(text),
        Element::Object(id) => label(&View::new(view.heap, id)),
    };
    array.elements(MAX_CLASSES).and_then(|all| all.map(name).collect()).map_err(|e| view.at(e))
}

fn label(view: &View) -> Result<String> {
    match view.node() {
        Node::Text(text) => Ok(text.to_string()),
        Node::Int(n) => Ok(n.to_string()),
        Node::Bool(value) => Ok(bool_name(*value)),
        Node::Float(x) => Ok(format!("{x:?}")),
        Node::Object { .. } | Node::Array(_) => match view.array()?.elements(1)?.next().transpose()? {
            Some(Element::Bool(value)) => Ok(bool_name(value)),
            Some(Element::Int(n)) => Ok(n.to_string()),
            Some(Element::Float(x)) => Ok(format!("{x:?}")),
            Some(Element::Text(text)) => Ok(text),
            _ => Err(view.error("expected the name of a class")),
        },
        _ => Err(view.error(format!("expected the name of a class, got {}", view.describe()))),
    }
}

fn bool_name(value: bool) -> String {
    if value { "True".to_string() } else { "False".to_string() }
}
