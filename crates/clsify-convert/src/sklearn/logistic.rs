//! `LogisticRegression` and `LogisticRegressionCV`.

use clsify::classifier::Link;
use clsify_base::error::Result;

use super::labels::labels;
use super::linear::{Linear, numbers, version};
use crate::objects::View;

/// Reads a fitted logistic regression.
pub(super) fn logistic(view: &View, name: &str) -> Result<Linear> {
    let labels = labels(&view.attribute("classes_")?)?;
    let n_classes = labels.len();
    if n_classes < 2 {
        return Err(view.error(format!("expected at least two classes, got {n_classes}")));
    }
    let n_rows = if n_classes == 2 { 1 } else { n_classes };
    let weights = view.attribute("coef_")?;
    let array = weights.array()?;
    let [rows, cols] = *array.shape() else {
        return Err(weights.error(format!("expected a matrix, got an array of shape {:?}", array.shape())));
    };
    if rows != n_rows || cols == 0 {
        return Err(weights.error(format!(
            "expected {n_rows} rows of weights for {n_classes} classes, got the shape {:?}",
            array.shape()
        )));
    }
    let coef = array.numbers().map_err(|e| weights.at(e))?.chunks_exact(cols).map(<[f64]>::to_vec).collect();
    let intercept = numbers(view, "intercept_", n_rows)?;
    let is_ovr = is_one_vs_rest(view, n_classes)?;
    let link = if is_ovr { Link::NormalizedSigmoids } else { Link::Softmax };
    Ok(Linear {
        coef,
        intercept,
        // A multinomial fit of two classes has the logits -z and z.
        scale: if n_classes == 2 && !is_ovr { 2.0 } else { 1.0 },
        form: Linear::classes(n_classes, link),
        labels,
        has_decision_function: true,
        normalize: false,
        name: name.to_string(),
        version: version(view),
    })
}

/// The rule of scikit-learn before 1.8, which has `multi_class`, and after it.
fn is_one_vs_rest(view: &View, n_classes: usize) -> Result<bool> {
    let multi_class = match view.optional("multi_class") {
        Some(value) => value.text()?,
        None => "auto",
    };
    Ok(match multi_class {
        "ovr" | "warn" => true,
        "multinomial" => false,
        "auto" | "deprecated" => {
            n_classes == 2
                || view
                    .optional("solver")
                    .is_some_and(|solver| solver.text().is_ok_and(|text| text == "liblinear"))
        }
        other => {
            return Err(view.error(format!("expected multi_class auto, ovr or multinomial, got {other:?}")));
        }
    })
}
