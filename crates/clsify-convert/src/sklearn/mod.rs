//! From the objects of scikit-learn to a linear classifier.
//!
//! | file | content |
//! |---|---|
//! | `calibrated.rs` | `CalibratedClassifierCV` |
//! | `estimator.rs` | the estimator of a file, whichever it is |
//! | `labels.rs` | the names of classes |
//! | `linear.rs` | weights with the link to their probabilities |
//! | `logistic.rs` | `LogisticRegression` and `LogisticRegressionCV` |
//! | `one_per_label.rs` | `OneVsRestClassifier` and `MultiOutputClassifier` |
//! | `pipeline.rs` | steps before a classifier |
//! | `refused.rs` | what is not a linear classifier |
//!
//! Source: scikit-learn 0.24.2 and 1.9.1, `predict_proba` of these classes.

mod calibrated;
mod estimator;
mod labels;
mod linear;
mod logistic;
mod one_per_label;
mod pipeline;
mod refused;

use clsify::model::SavedImport;
use clsify_base::error::Result;

use crate::head::Head;
use crate::objects::View;
use linear::{Linear, version};

/// The classifier of a file.
pub(crate) fn head(view: &View) -> Result<Head> {
    let linear = estimator::linear(view, 0)?;
    let version = version(view).or_else(|| linear.version.clone());
    let library = version.map_or("scikit-learn".to_string(), |version| format!("scikit-learn {version}"));
    let Linear { coef, intercept, scale, form, labels, normalize, name, .. } = linear;
    let scaled = |x: f64| x * scale;
    Ok(Head {
        coef: coef.into_iter().map(|row| row.into_iter().map(scaled).collect()).collect(),
        intercept: intercept.into_iter().map(scaled).collect(),
        form,
        labels,

        normalize,
        origin: SavedImport { library, estimator: name, file: String::new(), sha256: String::new() },
    })
}
