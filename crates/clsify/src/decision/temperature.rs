//! Temperature scaling: logits are divided by one number, which calibrates probabilities and changes no prediction.
//!
//! Sources: Guo et al. (2017), "On calibration of modern neural networks"; scikit-learn 1.9.1,
//! `CalibratedClassifierCV(method="temperature")`.

use crate::classifier::logistic_regression::LogisticRegression;
use crate::error::{Error, ErrorKind, Result};

/// The range of the logarithm of the inverse temperature, as in scikit-learn: if every row is correct, or nothing is
/// learned, the optimum would be infinite or 0.
const LOG_BETA: [f64; 2] = [-10.0, 10.0];

/// The number of bisections of [`LOG_BETA`] that exhausts double precision.
const N_HALVINGS: usize = 64;

/// The temperature with the lowest log loss of `logits / temperature`.
///
/// ```
/// use clsify::decision::Temperature;
/// // One of three equal rows is wrong: the best probability of the larger class is 2/3, so logits 2 apart become ln 2.
/// let logits = [-1.0, 1.0, -1.0, 1.0, -1.0, 1.0];
/// let fitted = Temperature::fit(&logits, &[1, 1, 0], 2)?;
/// assert!((fitted.temperature - 2.0 / 2f64.ln()).abs() < 1e-12);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Temperature {
    /// Above 1, the logits were overconfident; below 1, underconfident.
    pub temperature: f64,
    /// The number of rows that were left out because the logit of their true class is `-inf`, which no temperature
    /// changes.
    pub n_left_out: usize,
}

impl Temperature {
    /// Fits on logits `[n_samples, n_classes]`, row-major, of rows that their classifier has not seen. A logit may be
    /// `-inf` if the class was unknown to the classifier.
    ///
    /// The mean log loss is convex in `beta = 1 / temperature`, and its derivative is the mean of `sum_k p_k z_k -
    /// z_true`. The minimum is found by bisection on the sign of the derivative.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if logits and class ids do not match, if a logit is NaN or `+inf`, or if no row
    /// is left.
    pub fn fit(logits: &[f64], class_ids: &[usize], n_classes: usize) -> Result<Self> {
        Self::fit_weighted(logits, class_ids, n_classes, None)
    }

    /// As [`fit`](Self::fit), weighted by sample weight; `None`: equal weights.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit); also if there is not one weight per row.
    ///
    /// ```
    /// use clsify::decision::Temperature;
    /// // Twice the first row, as in the example above.
    /// let fitted = Temperature::fit_weighted(&[-1.0, 1.0, -1.0, 1.0], &[1, 0], 2, Some(&[2.0, 1.0]))?;
    /// assert!((fitted.temperature - 2.0 / 2f64.ln()).abs() < 1e-12);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn fit_weighted(
        logits: &[f64],
        class_ids: &[usize],
        n_classes: usize,
        sample_weight: Option<&[f64]>,
    ) -> Result<Self> {
        if n_classes == 0 || Some(logits.len()) != class_ids.len().checked_mul(n_classes) {
            let n = class_ids.len();
            return Err(bad(format!("expected {n} x {n_classes} logits, got {}", logits.len())));
        }
        if let Some(id) = class_ids.iter().find(|&&id| id >= n_classes) {
            return Err(bad(format!("expected class ids below {n_classes}, got {id}")));
        }
        if let Some(z) = logits.iter().find(|z| z.is_nan() || **z == f64::INFINITY) {
            return Err(bad(format!("expected logits that are finite or -inf, got {z}")));
        }
        if let Some(weights) = sample_weight.filter(|weights| weights.len() != class_ids.len()) {
            return Err(bad(format!("expected {} sample weights, got {}", class_ids.len(), weights.len())));
        }
        let weight = |row: usize| sample_weight.map_or(1.0, |weights| weights[row]);
        let all = logits.chunks_exact(n_classes).zip(class_ids).enumerate();
        let rows: Vec<(&[f64], f64, f64)> =
            all.map(|(i, (row, &id))| (row, row[id], weight(i))).filter(|(_, z, _)| z.is_finite()).collect();
        if rows.is_empty() {
            return Err(bad("expected at least one row with a logit for its true class"));
        }
        let slope = |log_beta: f64| -> f64 {
            let beta = log_beta.exp();
            rows.iter().map(|&(row, z_true, weight)| weight * (expected_logit(row, beta) - z_true)).sum()
        };
        let [mut low, mut high] = LOG_BETA;
        if slope(low) >= 0.0 {
            high = low;
        } else if slope(high) <= 0.0 {
            low = high;
        } else {
            for _ in 0..N_HALVINGS {
                let middle = 0.5 * (low + high);
                if slope(middle) < 0.0 { low = middle } else { high = middle }
            }
        }
        let temperature = (-0.5 * (low + high)).exp();
        Ok(Temperature { temperature, n_left_out: class_ids.len() - rows.len() })
    }

    /// The classifier with its logits divided by the temperature: predictions stay, probabilities change.
    pub fn folded(&self, classifier: LogisticRegression) -> LogisticRegression {
        classifier.with_coef(|coef, intercept| {
            coef.iter_mut().for_each(|w| *w /= self.temperature);
            *intercept /= self.temperature;
        })
    }
}

/// `sum_k p_k z_k` with `p = softmax(beta z)`; classes with the logit `-inf` contribute nothing.
fn expected_logit(row: &[f64], beta: f64) -> f64 {
    let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut total, mut weighted) = (0.0, 0.0);
    for &z in row.iter().filter(|z| z.is_finite()) {
        let weight = (beta * (z - max)).exp();
        total += weight;
        weighted += weight * z;
    }
    weighted / total
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("temperature")
}
