//! Steps before a classifier: scalers become part of the weights, a normaliser part of the features.

use clsify_base::error::Result;

use super::linear::{Linear, numbers};
use crate::objects::View;

/// The maximum number of steps.
const MAX_STEPS: usize = 100;

/// Reads a `Pipeline`.
pub(super) fn pipeline(view: &View, inner: &dyn Fn(&View) -> Result<Linear>) -> Result<Linear> {
    let steps = view.attribute("steps")?.elements()?;
    if steps.len() > MAX_STEPS {
        return Err(view.error(format!("expected at most {MAX_STEPS} steps, got {}", steps.len())));
    }
    let Some((last, before)) = steps.split_last() else {
        return Err(view.error("expected a pipeline with steps, got none"));
    };
    let mut linear = inner(&estimator(last)?)?;
    let mut names = vec![linear.name.clone()];
    for step in before.iter().rev() {
        let step = estimator(step)?;
        if step.is_none() || step.text().is_ok_and(|text| text == "passthrough") {
            continue;
        }
        match step.class() {
            Some((module, "StandardScaler")) if module.starts_with("sklearn.preprocessing.") => {
                if linear.normalize {
                    return Err(step
                        .error("expected a Normalizer before a StandardScaler, got one after it")
                        .with_hint("clsify scales features only after it has divided them by their length"));
                }
                standard_scaler(&step, &mut linear)?;
                names.push("StandardScaler".to_string());
            }
            Some((module, "Normalizer")) if module.starts_with("sklearn.preprocessing.") => {
                let norm = step.attribute("norm")?.text()?;
                if norm != "l2" {
                    return Err(step.error(format!("expected a Normalizer with the norm l2, got {norm:?}")));
                }
                linear.normalize = true;
                names.push("Normalizer".to_string());
            }
            _ => {
                let name = step.class().map_or_else(|| step.describe(), |(_, name)| name.to_string());
                let message = format!(
                    "expected only a StandardScaler or a Normalizer before the classifier, got {name}"
                );
                return Err(step.error(message).with_hint(
                    "fit the classifier on the encoder's vectors without this step, or with one of the two instead",
                ));
            }
        }
    }
    names.reverse();
    Ok(Linear { name: format!("Pipeline({})", names.join(", ")), ..linear })
}

/// The estimator of a step, which has a name before it.
fn estimator<'h, 'a>(step: &View<'h, 'a>) -> Result<View<'h, 'a>> {
    step.elements()?.into_iter().nth(1).ok_or_else(|| step.error("expected a step with its name"))
}

fn standard_scaler(view: &View, linear: &mut Linear) -> Result<()> {
    let n = linear.n_features();
    let part = |has: &str, name: &str| match view.attribute(has)?.bool()? {
        true => numbers(view, name, n).map(Some),
        false => Ok(None),
    };
    let (mean, scale) = (part("with_mean", "mean_")?, part("with_std", "scale_")?);
    linear.unscale(mean.as_deref(), scale.as_deref());
    Ok(())
}
