//! How the weights of the encoder and of the classifier came about: by a fit that can be shown step by step, or not.

use clsify::model::SentenceClassifier;
use clsify::studies::Walkthrough;

/// Two rows of weights with at least this cosine are those of one fit: calibration scales them, and another data type of the encoder
/// changes them slightly. The weights that fine-tuning ends with are further from those of a fit.
const LEAST_COSINE: f64 = 0.99;

/// Returns true if the encoder was tuned together with the classifier.
pub(super) fn is_tuned(classifier: &SentenceClassifier) -> bool {
    // A classifier of another library knows nothing of its training.
    classifier.metadata().trained().is_ok_and(|training| training.tuned)
}

/// Returns true if the fit whose steps are known ends with the weights of the classifier, up to its calibration.
pub(super) fn is_own_fit(walkthrough: &Walkthrough) -> bool {
    let fitted = walkthrough.classifier.classifier();
    let n_features = fitted.coef().len() / fitted.intercept().len();
    let Some(last) = walkthrough.learning.steps.last() else { return false };
    let rows = fitted.coef().chunks_exact(n_features).zip(last.coef.chunks_exact(n_features));
    !is_tuned(walkthrough.classifier) && rows.into_iter().all(|(own, shown)| are_alike(own, shown))
}

fn are_alike(a: &[f64], b: &[f64]) -> bool {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let (aa, bb) = (dot(a, a), dot(b, b));
    // A label that all rows have, or none, has no weights.
    if aa == 0.0 || bb == 0.0 { aa == bb } else { dot(a, b).abs() >= LEAST_COSINE * (aa * bb).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calibrated_weights_are_those_of_the_fit() {
        assert!(are_alike(&[1.0, -2.0], &[0.5, -1.0]));
        assert!(are_alike(&[0.0, 0.0], &[0.0, 0.0]));
        assert!(!are_alike(&[1.0, -2.0], &[0.0, 0.0]));
        assert!(!are_alike(&[1.0, -2.0], &[1.0, -1.0]));
    }
}
