//! Reads classifiers of other libraries: heads that scikit-learn has saved with joblib, pickle or skops, and folders of
//! SetFit. Writes classifiers as graphs of ONNX, for programs in other languages ([`export_onnx`]).
//!
//! Nothing in a file is executed. A pickle is a program for a small stack machine; [`read_sklearn`] runs its stack but
//! replaces every call by a record of what would have been called, and then looks only for the few classes that it
//! knows. Memory and time are bounded by constants, whatever a file declares.
//!
//! ```no_run
//! use clsify::model::{SaveOptions, SentenceClassifier, SentenceEncoder};
//! let encoder = SentenceEncoder::load("all-MiniLM-L6-v2")?;
//! let head = clsify_convert::read_sklearn("head.joblib")?;
//! SentenceClassifier::import(encoder, head.imported(None, ";".parse()?)?)?.save("model")?;
//! # Ok::<(), clsify::error::Error>(())
//! ```
#![forbid(unsafe_code)]

mod error;
mod objects;
mod pickle;
mod container;
mod skops;
mod sklearn;
mod head;
mod file;
mod setfit;
mod onnx;

pub use file::{read_sklearn, sklearn_head};
pub use head::Head;
pub use onnx::{OnnxExport, OnnxOptions, check_onnx_folder, export_onnx};
pub use setfit::{SetFit, read_setfit};
