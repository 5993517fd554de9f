//! The basis of every crate of clsify: errors with place and hint, and files that appear complete or not at all.
#![forbid(unsafe_code)]

pub mod encoder_files;
pub mod error;
pub mod files;
pub mod model_files;
