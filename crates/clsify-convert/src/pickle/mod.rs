//! Reads pickles without running them.
//!
//! | file | content |
//! |---|---|
//! | `cursor.rs` | bytes, numbers, lines and texts of a pickle |
//! | `joblib.rs` | arrays that joblib puts between the opcodes |
//! | `machine.rs` | the stack machine |
//! | `names.rs` | the names that a pickle may mention |
//! | `opcode.rs` | the names of all opcodes |

mod cursor;
mod joblib;
mod machine;
pub(crate) mod names;
mod opcode;

pub(crate) use machine::read;
