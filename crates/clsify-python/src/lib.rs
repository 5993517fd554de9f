//! The module `clsify._core`: what the Python package in `python/clsify` computes with.
//!
//! `encoder.rs` turns sentences into features, `logistic_regression.rs` features into a classifier, `classifier.rs` sentences into labels;
//! `studies.rs` studies labelled rows, `example_data.rs` fetches some, and `command.rs` is the program `clsify`. Options arrive as JSON (`encoder_spec.rs`,
//! `train_spec.rs`), labelled rows as `rows.rs` says, and reports leave as `document.rs` says. `work.rs` runs long work beside the
//! interpreter, with its signals, progress and notes; `errors.rs` makes exceptions of errors.

mod classifier;
mod command;
mod document;
mod encoder;
mod encoder_spec;
mod errors;
mod example_data;
mod logistic_regression;
mod rows;
mod studies;
mod train_spec;
mod work;

use pyo3::prelude::*;

/// The compiled part of clsify.
#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::classifier::Classifier;
    #[pymodule_export]
    use super::command::run_command;
    #[pymodule_export]
    use super::document::Document;
    #[pymodule_export]
    use super::encoder::Encoder;
    #[pymodule_export]
    use super::example_data::example_data;
    #[pymodule_export]
    use super::logistic_regression::fit_logistic_regression;
    #[pymodule_export]
    use super::studies::{advise_rows, compare_classifiers, doctor, learning_curve_of_rows};
    #[pymodule_export]
    use super::work::default_threads;

    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
