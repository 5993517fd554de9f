//! The estimator of a file, whichever it is.

use clsify_base::error::Result;

use super::linear::Linear;
use super::{calibrated, logistic, one_per_label, pipeline, refused};
use crate::objects::View;

/// The maximum depth of estimators inside of estimators.
const MAX_DEPTH: usize = 8;

/// Reads an estimator.
///
/// # Errors
/// If it is not a linear classifier with probabilities; the error names it.
pub(super) fn linear(view: &View, depth: usize) -> Result<Linear> {
    if depth > MAX_DEPTH {
        return Err(
            view.error(format!("expected at most {MAX_DEPTH} estimators inside of each other, got more"))
        );
    }
    let inner = |view: &View| linear(view, depth + 1);
    let Some((module, name)) = view.class() else {
        return Err(view.error(format!("expected an estimator of scikit-learn, got {}", view.describe())));
    };
    match (module, name) {
        (
            "sklearn.linear_model._logistic" | "sklearn.linear_model.logistic",
            "LogisticRegression" | "LogisticRegressionCV",
        ) => logistic::logistic(view, name),
        ("sklearn.pipeline", "Pipeline") => pipeline::pipeline(view, &inner),
        ("sklearn.multiclass", "OneVsRestClassifier") => one_per_label::one_vs_rest(view, &inner),
        ("sklearn.multioutput", "MultiOutputClassifier") => one_per_label::multi_output(view, &inner),
        ("sklearn.calibration", "CalibratedClassifierCV") => calibrated::calibrated(view, &inner),
        ("sklearn.frozen._frozen", "FrozenEstimator") => inner(&view.attribute("estimator")?),
        ("sklearn.model_selection._search", "GridSearchCV" | "RandomizedSearchCV") => {
            let found = inner(&view.attribute("best_estimator_")?)?;
            Ok(Linear { name: format!("{name}({})", found.name), ..found })
        }
        _ => Err(refused::refuse(view, module, name)),
    }
}
