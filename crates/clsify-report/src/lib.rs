//! The reports of clsify for people: tables and summaries in words, charts, and the steps of the tutorial.
//!
//! Functions take the reports of [`clsify`] and return text, SVG or HTML. Nothing here knows command-line arguments, trains
//! a model or prints. Each module uses only the modules declared above it.

#![forbid(unsafe_code)]

pub mod text;

pub mod table;

mod base64;

mod policy;

mod contribution_colours;

pub mod charts;

pub mod summaries;

pub mod model_card;

pub mod pages;

pub mod tutorial;

pub mod guide;
