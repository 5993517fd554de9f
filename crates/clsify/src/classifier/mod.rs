//! What learns: features and class ids in, a prediction for other features out.
//!
//! Knows no text and no transformers.

pub mod baseline;

pub use baseline::MostFrequent;
