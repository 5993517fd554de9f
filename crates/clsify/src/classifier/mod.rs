//! 6. What learns: features and class ids in, a prediction for other features out.
//!
//! Knows no text and no transformers.

pub mod baseline;
pub(crate) mod logistic_regression;
mod curvature;
mod principal_axes;
mod solver;

pub use baseline::MostFrequent;
pub use logistic_regression::{ClassWeight, LogisticRegression, LogisticRegressionOptions};
