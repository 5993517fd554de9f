//! The objects that a file describes, and the arrays of numpy among them.
//!
//! | file | content |
//! |---|---|
//! | `array.rs` | elements with a shape |
//! | `dtype.rs` | element types |
//! | `heap.rs` | the objects of a file; calls are records |
//! | `id.rs` | the number of an object |
//! | `npy.rs` | `.npy` files |
//! | `stored.rs` | arrays and numbers of numpy, from the records of the calls that would have made them |
//! | `view.rs` | looks at an object, with an error that says where it is |

mod array;
mod dtype;
mod heap;
mod id;
mod npy;
mod stored;
mod view;

pub(crate) use array::{Array, Content, Element, Order};
pub(crate) use dtype::Dtype;
pub(crate) use heap::{Heap, Node};
pub(crate) use id::Id;
pub(crate) use npy::read_npy;
pub(crate) use view::View;
