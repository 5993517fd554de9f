//! 6. The classifier: it is trained on features and class ids, and predicts the classes of other features.
//!
//! This module knows no text and no transformers.

pub mod baseline;
mod convergence;
mod linear_classifier;
mod link;
pub(crate) mod logistic_regression;
pub(crate) mod one_vs_rest;
mod samples;
pub(crate) mod solver;
mod standard_scaler;

pub(crate) use self::solver::leave_out::LeaveOut;
pub use baseline::MostFrequent;
pub use convergence::Convergence;
pub use linear_classifier::LinearClassifier;
pub use link::Link;
pub use logistic_regression::{ClassWeight, LogisticRegression, LogisticRegressionOptions};
pub use one_vs_rest::{MultiLabelSamples, OneVsRest, above};
pub use samples::Samples;
pub use standard_scaler::{Scaling, StandardScaler};
