//! Labelled sentences to try things with.

use std::path::PathBuf;

use clsify_hub::Hub;
use pyo3::prelude::*;

use crate::work;

/// The file of the article's sentences, or of other movie reviews, and where they come from.
#[pyfunction]
pub(crate) fn example_data(py: Python<'_>) -> PyResult<(PathBuf, String)> {
    work::run(py, None, None, |observer| {
        let data = Hub::from_env().with_observer(observer).example_data()?;
        Ok((data.path, format!("{} ({})", data.name, data.why)))
    })
}
