//! Features to a classifier.

use clsify::classifier::{ClassWeight, LogisticRegression, LogisticRegressionOptions, Samples};
use clsify::matrix::Matrix;
use clsify::observer::{Stage, advance};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;

use crate::errors::exception;
use crate::work;

/// `coef [1 or n_classes, n_features]`, `intercept [1 or n_classes]`, the number of steps, and whether the fit converged.
type Fitted<'py> = (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<f64>>, usize, bool);

/// Fits a logistic regression to `features [n_rows, n_features]` and the class of each row.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "the options of a fit")]
pub(crate) fn fit_logistic_regression<'py>(
    py: Python<'py>,
    features: PyReadonlyArray2<'py, f32>,
    class_ids: PyReadonlyArray1<'py, i64>,
    n_classes: usize,
    sample_weight: Option<PyReadonlyArray1<'py, f64>>,
    c: f64,
    balanced: bool,
    tol: f64,
    max_iter: usize,
    threads: Option<usize>,
) -> PyResult<Fitted<'py>> {
    let failed = |error| exception(py, &error);
    let [n_rows, n_features] = features.shape().try_into().unwrap_or([0, 0]);
    let numbers = features.as_array().iter().copied().collect();
    let features = Matrix::from_vec(numbers, n_rows, n_features).map_err(failed)?;
    let class_ids: Vec<usize> =
        class_ids.as_array().iter().map(|&id| usize::try_from(id).unwrap_or(usize::MAX)).collect();
    let sample_weight: Option<Vec<f64>> = sample_weight.map(|weights| weights.as_array().to_vec());
    let class_weight = if balanced { ClassWeight::Balanced } else { ClassWeight::None };
    let options = LogisticRegressionOptions { c, class_weight, tol, max_iter };
    let fitted = work::run(py, threads, None, |observer| {
        let samples = Samples::new(&features, &class_ids, n_classes).weighted(sample_weight.as_deref());
        LogisticRegression::fit_with(&samples, &options, &|done| advance(observer.as_ref(), Stage::Fit, done))
    })?;
    let coef = PyArray1::from_slice(py, fitted.coef());
    let coef = coef.reshape([fitted.intercept().len(), n_features])?;
    let convergence = fitted.convergence().unwrap_or_default();
    let intercept = PyArray1::from_slice(py, fitted.intercept());
    Ok((coef, intercept, convergence.n_iter, convergence.converged()))
}
