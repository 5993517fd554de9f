//! `CalibratedClassifierCV`, where its probabilities are those of one linear classifier.

use clsify::classifier::Link;
use clsify_base::error::Result;

use super::labels::labels;
use super::linear::{Linear, version};
use crate::head::Form;
use crate::objects::View;

/// Reads a classifier with one calibration: Platt scaling (`sigmoid`) or a temperature.
pub(super) fn calibrated(view: &View, inner: &dyn Fn(&View) -> Result<Linear>) -> Result<Linear> {
    let all = view.attribute("calibrated_classifiers_")?.elements()?;
    let [one] = &all[..] else {
        let message = format!(
            "expected a CalibratedClassifierCV with one calibrated classifier, got the mean of {}, which is not linear",
            all.len()
        );
        return Err(view.error(message).with_hint("fit it again with ensemble=False, and save that"));
    };
    let attribute = |names: [&str; 2]| match one.optional(names[0]) {
        Some(value) => Ok(value),
        None => one.attribute(names[1]),
    };
    // The second name is that of earlier versions.
    let estimator = attribute(["estimator", "base_estimator"])?;
    let calibrators = attribute(["calibrators", "calibrators_"])?.elements()?;
    let linear = inner(&estimator)?;
    if !linear.has_decision_function {
        let name = &linear.name;
        let message = format!(
            "expected the calibration of an estimator with a decision_function, got {name}, whose calibrated predict_proba is not linear"
        );
        return Err(estimator
            .error(message)
            .with_hint("calibrate the inner classifier only once, and save that"));
    }
    let labels = labels(&view.attribute("classes_")?)?;
    // Since 1.8 the estimator may be fitted on the numbers of the classes, in their order.
    let is_numbered = linear.labels.iter().enumerate().all(|(i, label)| *label == i.to_string());
    let is_same = labels == linear.labels || is_numbered && labels.len() == linear.labels.len();
    if !is_same || matches!(linear.form, Form::Labels(_)) {
        return Err(view.error("expected a classifier of the same classes as its calibration, got others"));
    }
    let mut linear = match calibrators.first().and_then(View::class) {
        Some((_, "_TemperatureScaling")) if calibrators.len() == 1 => temperature(&calibrators[0], linear)?,
        _ => platt(view, &calibrators, linear)?,
    };
    linear.name = format!("CalibratedClassifierCV({})", linear.name);
    linear.version = version(view).or(linear.version);
    linear.labels = labels;
    linear.has_decision_function = false;
    Ok(linear)
}

/// The softmax of all decision values times a number; those of two classes are -z and z.
fn temperature(calibrator: &View, linear: Linear) -> Result<Linear> {
    let beta = calibrator.attribute("beta_")?.number()?;
    let factor = if linear.form == Form::Binary { 2.0 } else { 1.0 };
    let form = Linear::classes(linear.labels.len(), Link::Softmax);
    // The temperatures of several classifiers differ, and nothing takes the decision values of a calibrated one.
    let (mut coef, mut intercept) = (linear.coef, linear.intercept);
    coef.iter_mut().flatten().chain(&mut intercept).for_each(|w| *w *= factor * beta);
    Ok(Linear { coef, intercept, scale: 1.0, form, ..linear })
}

/// `1 / (1 + exp(a z + b))` of each decision value, normalised if there are more than two classes.
fn platt(view: &View, calibrators: &[View], linear: Linear) -> Result<Linear> {
    if calibrators.len() != linear.coef.len() {
        let (n, rows) = (calibrators.len(), linear.coef.len());
        return Err(view.error(format!("expected {rows} calibrators, got {n}")));
    }
    let (mut coef, mut intercept) = (linear.coef, linear.intercept);
    for ((row, b), calibrator) in coef.iter_mut().zip(&mut intercept).zip(calibrators) {
        let Some((_, "_SigmoidCalibration")) = calibrator.class() else {
            let name = calibrator.class().map_or_else(|| calibrator.describe(), |(_, name)| name.to_string());
            let message = format!("expected the calibration method sigmoid or temperature, got {name}");
            return Err(calibrator
                .error(message)
                .with_hint("fit it again with method=\"sigmoid\", ensemble=False"));
        };
        let (slope, offset) = (calibrator.attribute("a_")?.number()?, calibrator.attribute("b_")?.number()?);
        row.iter_mut().for_each(|w| *w *= -slope);
        *b = -(slope * *b + offset);
    }
    let form = Linear::classes(linear.labels.len(), Link::NormalizedSigmoids);
    Ok(Linear { coef, intercept, scale: 1.0, form, ..linear })
}
