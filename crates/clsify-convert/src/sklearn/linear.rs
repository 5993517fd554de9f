//! Weights with the link to their probabilities.

use clsify::classifier::Link;
use clsify_base::error::Result;

use crate::head::Form;
use crate::objects::View;

/// A classifier whose `decision_function` is linear.
#[derive(Debug, Clone)]
pub(super) struct Linear {
    /// The weights of `decision_function`.
    pub(super) coef: Vec<Vec<f64>>,
    pub(super) intercept: Vec<f64>,
    /// `decision_function` is multiplied by it before the link to probabilities.
    pub(super) scale: f64,
    pub(super) form: Form,
    pub(super) labels: Vec<String>,
    /// True if the estimator has a `decision_function`, which a calibration takes; otherwise it takes `predict_proba`, which is not linear.
    pub(super) has_decision_function: bool,
    /// True if features are divided by their length before.
    pub(super) normalize: bool,
    /// The estimator in words.
    pub(super) name: String,
    pub(super) version: Option<String>,
}

impl Linear {
    /// The form of a classifier of this many classes.
    pub(super) fn classes(n: usize, link: Link) -> Form {
        if n == 2 { Form::Binary } else { Form::Classes(link) }
    }

    /// Makes the weights those of features before `(x - mean) / scale`.
    pub(super) fn unscale(&mut self, mean: Option<&[f64]>, scale: Option<&[f64]>) {
        for (row, intercept) in self.coef.iter_mut().zip(&mut self.intercept) {
            if let Some(scale) = scale {
                row.iter_mut().zip(scale).for_each(|(w, scale)| *w /= scale);
            }
            if let Some(mean) = mean {
                *intercept -= row.iter().zip(mean).map(|(w, mean)| w * mean).sum::<f64>();
            }
        }
    }

    pub(super) fn n_features(&self) -> usize {
        self.coef.first().map_or(0, Vec::len)
    }
}

/// The numbers of an attribute, of which there must be `n`.
pub(super) fn numbers(view: &View, name: &str, n: usize) -> Result<Vec<f64>> {
    let attribute = view.attribute(name)?;
    let numbers = attribute.array()?.numbers().map_err(|e| attribute.at(e))?;
    if numbers.len() != n {
        return Err(attribute.error(format!("expected {n} numbers, got {}", numbers.len())));
    }
    Ok(numbers)
}

/// The version of scikit-learn that wrote an estimator.
pub(super) fn version(view: &View) -> Option<String> {
    view.optional("_sklearn_version")?.text().ok().map(String::from)
}
