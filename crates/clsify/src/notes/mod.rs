//! Notes for the user: about labels, tokens, and scores that should be read with caution.
//!
//! This module does not print: an [`Observer`](crate::observer::Observer) receives the notes.

pub(crate) mod cautions;
pub(crate) mod label_notes;
pub(crate) mod list;
pub(crate) mod token_notes;
