//! The function from the logits of several classes to their probabilities.

use serde::{Deserialize, Serialize};

/// The function from the logits of three or more classes to their probabilities. With two classes it is always the
/// sigmoid of the one logit.
///
/// ```
/// use clsify::classifier::Link;
/// let mut row = [0.0, 0.0, 0.0];
/// Link::NormalizedSigmoids.to_probabilities(&mut row);
/// assert!(row.iter().all(|p| (p - 1.0 / 3.0).abs() < 1e-15));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// The softmax of all logits: multinomial logistic regression, which clsify trains.
    #[default]
    Softmax,
    /// The sigmoid of each logit, divided by their sum: one-vs-rest in scikit-learn.
    NormalizedSigmoids,
}

impl Link {
    /// Returns true for [`Link::Softmax`].
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    pub fn is_softmax(&self) -> bool {
        *self == Link::Softmax
    }

    /// Turns logits into numbers whose softmax is the probabilities: the logits themselves, or the logarithms of their
    /// sigmoids.
    pub fn to_softmax_logits(self, row: &mut [f64]) {
        if self == Link::NormalizedSigmoids {
            // This is ln(1 / (1 + exp(-z))) without overflow.
            row.iter_mut().for_each(|z| *z = z.min(0.0) - (-z.abs()).exp().ln_1p());
        }
    }

    /// Turns the logits of a row, one per class, into probabilities.
    pub fn to_probabilities(self, row: &mut [f64]) {
        self.to_softmax_logits(row);
        let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.iter_mut().for_each(|z| *z = (*z - max).exp());
        let total: f64 = row.iter().sum();
        row.iter_mut().for_each(|z| *z /= total);
    }
}
