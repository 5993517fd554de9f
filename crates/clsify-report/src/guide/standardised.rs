//! The weights as the fit sees them. A model keeps weights for unscaled features; if the fit standardised the features, the terms of
//! those are large numbers that cancel, and the penalty is about other weights.

use clsify::classifier::StandardScaler;
use clsify::studies::Walkthrough;

/// The features of a fit: those of the encoder, or standardised over the training rows. A served model does not know these rows: its
/// features are those of the encoder.
pub(super) struct FitFeatures<'a>(Option<&'a StandardScaler>);

impl<'a> FitFeatures<'a> {
    pub(super) fn of(data: Option<&'a Walkthrough>) -> Self {
        FitFeatures(data.and_then(|data| data.learning.scaler.as_ref()))
    }

    /// True if the fit standardised the features.
    pub(super) fn are_scaled(&self) -> bool {
        self.0.is_some()
    }

    /// The features of a sentence.
    pub(super) fn values(&self, features: &[f32]) -> Vec<f64> {
        let features = features.iter().map(|&x| f64::from(x));
        match self.0 {
            None => features.collect(),
            Some(scaler) => {
                let scales = scaler.mean().iter().zip(scaler.scale());
                features.zip(scales).map(|(x, (mean, scale))| (x - mean) / scale).collect()
            }
        }
    }

    /// The weights and the intercept for these features, of those for unscaled features.
    pub(super) fn weights(&self, coef: &[f64], intercept: f64) -> (Vec<f64>, f64) {
        match self.0 {
            None => (coef.to_vec(), intercept),
            Some(scaler) => {
                let weights = coef.iter().zip(scaler.scale()).map(|(w, scale)| w * scale).collect();
                let shift: f64 = coef.iter().zip(scaler.mean()).map(|(w, mean)| w * mean).sum();
                (weights, intercept + shift)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clsify::matrix::Matrix;

    use super::*;

    #[test]
    fn a_logit_is_the_same_for_both_kinds_of_features() {
        let features = Matrix::from_vec(vec![1.0, 20.0, 2.0, 24.0, 4.0, 23.0], 3, 2).unwrap();
        let (coef, intercept) = ([0.5, -2.0], 0.25);
        let dot =
            |values: &[f64], weights: &[f64]| values.iter().zip(weights).map(|(x, w)| x * w).sum::<f64>();
        let scaler = StandardScaler::fit(&features);
        for fit in [FitFeatures(None), FitFeatures(Some(&scaler))] {
            let (weights, shifted) = fit.weights(&coef, intercept);
            let logit = dot(&fit.values(&[3.0, 21.0]), &weights) + shifted;
            assert!((logit + 40.25).abs() < 1e-12, "{logit}");
        }
    }
}
