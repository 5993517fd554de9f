//! What every crate of clsify stands on: errors that say where and what to do, and files that appear whole or not at all.
#![forbid(unsafe_code)]

pub mod encoder_files;
pub mod error;
pub mod files;
