//! 11. Fine-tuning: the encoder learns together with its classifier.
//!
//! The classifier starts as the logistic regression on the frozen encoder's features, so that the first steps do not
//! destroy what the encoder knows (LP-FT; Kumar et al., arXiv 2202.10054). All blocks learn by AdamW; the embeddings stay.
//! The result is an encoder in a folder of its own, like any other.
//!
//! | file | content |
//! |---|---|
//! | `options.rs` | options, and their defaults |
//! | `run.rs` | epochs and steps |
//! | `batches.rs`, `schedule.rs` | the rows and the learning rate of a step |
//! | `model.rs`, `head.rs` | encoder, pooling and classifier together: one step; loss and gradients |
//! | `checkpoint.rs` | the state of a run, from which it goes on |
//! | `memory.rs` | the memory that a run needs |
//! | `save.rs` | the tuned encoder as a folder |
//! | `report.rs` | the report |

mod batches;
pub(crate) mod checkpoint;
mod head;
pub(crate) mod memory;
mod model;
mod options;
mod report;
pub(crate) mod run;
pub(crate) mod save;
mod schedule;
#[cfg(test)]
mod tests;

pub use options::{TuneOptions, TuneSettings};
pub use report::{ComparedScore, EpochReport, TuningReport};
