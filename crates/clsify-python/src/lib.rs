//! The module `clsify._core`: what the Python package in `python/clsify` computes with.
//!
//! | file | |
//! |---|---|
//! | `encoder.rs` | sentences to features |
//! | `logistic_regression.rs` | features to a classifier |
//! | `command.rs` | the program `clsify` |
//! | `work.rs` | long work beside the interpreter: signals, progress, notes, threads |
//! | `errors.rs` | errors as exceptions |

mod command;
mod encoder;
mod errors;
mod logistic_regression;
mod work;

use pyo3::prelude::*;

/// The compiled part of clsify.
#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::command::run_command;
    #[pymodule_export]
    use super::encoder::Encoder;
    #[pymodule_export]
    use super::logistic_regression::fit_logistic_regression;
    #[pymodule_export]
    use super::work::default_threads;

    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
