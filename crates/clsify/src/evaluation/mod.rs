//! 7. How good predictions are: class ids in, numbers out.
//!
//! `y_true` comes before `y_pred`; rows of a confusion matrix are the true classes, columns the predicted ones.
//! Knows no text and no transformers.

mod grid_search;
pub mod interval;
pub mod metrics;

pub use grid_search::{
    GridPoint, GridSearch, baseline_cross_val_score, cross_val_score, grid_search, linspace, mean_and_std,
};
pub use interval::wilson_ci95;
pub use metrics::{Evaluation, Scores};
