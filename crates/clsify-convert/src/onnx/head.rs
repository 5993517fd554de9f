//! Features to logits and probabilities. The softmax of the logits is the probabilities of classes, their sigmoid those of
//! labels, because that is what readers of the folder compute.

use clsify::classifier::{LinearClassifier, Link};
use clsify::matrix::Matrix;
use clsify_base::error::Result;

use super::graph::{Attribute, Graph, Value};
use crate::error::bad;

/// The logit of a label that is always or never assigned: its sigmoid is 1 or less than the smallest `f32`.
const CONSTANT_LOGIT: f64 = 200.0;

/// The logits and the probabilities, `[batch, n_classes]`.
pub(super) struct Answers {
    pub(super) logits: Value,
    pub(super) probabilities: Value,
}

/// Adds the classifier.
///
/// # Errors
/// [`ErrorKind::Model`](clsify_base::error::ErrorKind::Model) if a weight is beyond the range of `f32`.
pub(super) fn answers(graph: &mut Graph, classifier: &LinearClassifier, features: &Value) -> Result<Answers> {
    let (weight, bias) = rows(classifier)?;
    let weight = graph.matrix("classifier.weight", weight);
    let bias = graph.floats("classifier.bias", bias);
    let mut logits = graph.affine(features, &weight, Some(&bias));
    if classifier.link() == Some(Link::NormalizedSigmoids) {
        // The logarithm of a sigmoid: the softmax of these is the sigmoids divided by their sum.
        for operation in ["Neg", "Softplus", "Neg"] {
            logits = graph.op(operation, &[&logits]);
        }
    }
    let probabilities = match classifier {
        LinearClassifier::Classes(_) => {
            graph.op_with("Softmax", &[&logits], vec![("axis", Attribute::Integer(-1))])
        }
        LinearClassifier::LabelSets(_) => graph.op("Sigmoid", &[&logits]),
    };
    Ok(Answers { logits, probabilities })
}

/// The weight `[n_classes, n_features]` and the bias `[n_classes]` of the logits.
fn rows(classifier: &LinearClassifier) -> Result<(Matrix, Vec<f32>)> {
    let (mut coef, mut intercept) = (classifier.coef().to_vec(), classifier.intercept().to_vec());
    let n_features = coef.len() / intercept.len();
    match classifier.constant() {
        // One row for two classes: half of its logit is that of the second, the negative half that of the first.
        None if intercept.len() == 1 => {
            let halves = |numbers: &[f64]| -> Vec<f64> {
                [-0.5, 0.5].iter().flat_map(|half| numbers.iter().map(move |number| half * number)).collect()
            };
            (coef, intercept) = (halves(&coef), halves(&intercept));
        }
        None => {}
        Some(constant) => {
            for (label, constant) in constant.iter().enumerate() {
                let Some(always) = constant else { continue };
                coef[label * n_features..][..n_features].fill(0.0);
                intercept[label] = if *always { CONSTANT_LOGIT } else { -CONSTANT_LOGIT };
            }
        }
    }
    let narrow =
        |numbers: Vec<f64>| -> Vec<f32> { numbers.into_iter().map(|number| number as f32).collect() };
    let (coef, intercept) = (narrow(coef), narrow(intercept));
    if !coef.iter().chain(&intercept).all(|number| number.is_finite()) {
        return Err(bad("expected weights of the classifier within the range of f32, got a larger one")
            .with_hint("train it again with more regularisation, or without --scaling standard"));
    }
    let n_rows = intercept.len();
    Ok((Matrix::from_vec(coef, n_rows, n_features)?, intercept))
}
