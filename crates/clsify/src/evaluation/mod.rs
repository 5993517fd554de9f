//! How good predictions are: class ids in, numbers out.
//!
//! `y_true` comes before `y_pred`; rows of a confusion matrix are the true classes, columns the predicted ones.
//! Knows no text and no transformers.

pub mod interval;
pub mod metrics;

pub use interval::wilson_ci95;
pub use metrics::{Evaluation, Scores};
