//! What a person should be told: of labels, of tokens, of scores that deserve less trust than their digits suggest.
//!
//! Nothing here prints: an [`Observer`](crate::observer::Observer) hears it.

pub(crate) mod cautions;
pub(crate) mod label_notes;
pub(crate) mod list;
pub(crate) mod token_notes;
