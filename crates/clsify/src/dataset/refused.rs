//! Collects records that cannot be used.

use super::damage_kind::Damage;
use crate::error::Error;

/// The maximum number of refused records that are kept: for a file of garbage the first ones are enough.
const MOST: usize = 10_000;

/// The maximum number of messages that are kept.
const MOST_MESSAGES: usize = 10;

/// The records of a file that were refused so far.
#[derive(Debug, Default)]
pub(super) struct Refused {
    /// The first 10,000.
    pub(super) rows: Vec<Damage>,
    /// The number of refused records.
    pub(super) n: usize,
    /// The errors of the first ten, with their places.
    pub(super) messages: Vec<String>,
    /// The error of the first one.
    pub(super) first_error: Option<Error>,
}

impl Refused {
    /// Adds a record; `more` is appended to its message.
    pub(super) fn add(&mut self, error: Error, more: &str, damage: impl FnOnce(&Error) -> Damage) {
        self.n += 1;
        if self.rows.len() < MOST {
            self.rows.push(damage(&error));
        }
        if self.messages.len() < MOST_MESSAGES {
            self.messages.push(format!("{error}{more}"));
        }
        self.first_error.get_or_insert(error);
    }
}
