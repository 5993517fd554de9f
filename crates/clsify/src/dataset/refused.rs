//! Records that cannot be used, as they are met.

use super::damage_kind::Damage;
use crate::error::Error;

/// Refused records that are kept: of a file of garbage the first ones are enough to see what it is.
const MOST: usize = 10_000;

/// Enough for a message.
const MOST_MESSAGES: usize = 10;

/// The records of a file that were refused so far.
#[derive(Debug, Default)]
pub(super) struct Refused {
    /// The first 10,000.
    pub(super) rows: Vec<Damage>,
    /// How many there are.
    pub(super) n: usize,
    /// What is wrong with the first ten, with their places.
    pub(super) messages: Vec<String>,
    /// What was wrong with the first one.
    pub(super) first_error: Option<Error>,
}

impl Refused {
    /// `more` ends the message that is shown of it.
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
