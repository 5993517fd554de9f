//! Labelled sentences in, a trained and evaluated classifier out, on a frozen BERT-family encoder.
#![forbid(unsafe_code)]

pub mod error;
pub mod files;
pub mod matrix;
pub mod dataset;
