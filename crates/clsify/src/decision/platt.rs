//! Platt scaling: a linear function of the logits of two classes that calibrates their probabilities.
//!
//! Temperature scaling only rescales logits; Platt scaling also shifts them, which helps if one class is predicted
//! too often, and so may change predictions. Sources: Platt (1999), "Probabilistic outputs for support vector
//! machines"; Lin, Lin and Weng (2007), "A note on Platt's probabilistic outputs"; scikit-learn 1.9.1,
//! `CalibratedClassifierCV(method="sigmoid")`.

use serde::{Deserialize, Serialize};

use crate::classifier::logistic_regression::LogisticRegression;
use crate::error::{Error, ErrorKind, Result};

/// Newton's method stops when no element of the mean gradient, for logits scaled to unit variance, exceeds this.
const TOLERANCE: f64 = 1e-13;

/// The relative rounding error of sums of the loss.
const ROUNDING: f64 = 1e-14;

/// The maximum number of steps; about ten are typical.
const MAX_ITER: usize = 100;

/// `p(second class) = sigmoid(scale * z + offset)`; scikit-learn's `a` and `b` are `-scale` and `-offset`.
///
/// ```
/// use clsify::decision::Platt;
/// let logits = [-3.0, -1.0, 0.5, -0.5, 1.0, 3.0];
/// let fitted = Platt::fit(&logits, &[false, false, false, true, true, true])?;
/// assert!(fitted.scale > 0.0 && fitted.offset.abs() < 1e-9);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Platt {
    /// The factor of the logit; below 1, the logits were overconfident.
    pub scale: f64,
    /// The number that is then added.
    pub offset: f64,
}

impl Platt {
    /// Fits on the logits `z` of rows that their classifier has not seen; `is_second` is true for rows of the class
    /// for which positive logits stand.
    ///
    /// Minimises the sum of cross-entropies with Platt's targets, `(n_1 + 1) / (n_1 + 2)` for the `n_1` rows of the
    /// second class and `1 / (n_0 + 2)` for the others: with these the optimum is finite even if the logits separate
    /// the classes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if the lengths differ, if one of the classes has no rows, or if a logit is not
    /// finite.
    pub fn fit(logits: &[f64], is_second: &[bool]) -> Result<Self> {
        Self::fit_weighted(logits, is_second, None)
    }

    /// As [`fit`](Self::fit), weighted by sample weight in the loss and in Platt's targets; `None`: equal weights.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit); also if there is not one weight per row, or if the rows of a class have no weight.
    ///
    /// ```
    /// use clsify::decision::Platt;
    /// let twice = Platt::fit(&[-1.0, -1.0, 0.5, -0.5], &[false, false, false, true])?;
    /// let weighted = Platt::fit_weighted(&[-1.0, 0.5, -0.5], &[false, false, true], Some(&[2.0, 1.0, 1.0]))?;
    /// assert!((twice.scale - weighted.scale).abs() < 1e-9 && (twice.offset - weighted.offset).abs() < 1e-9);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn fit_weighted(logits: &[f64], is_second: &[bool], sample_weight: Option<&[f64]>) -> Result<Self> {
        if logits.len() != is_second.len() {
            return Err(bad(format!("expected {} logits, got {}", is_second.len(), logits.len())));
        }
        if let Some(z) = logits.iter().find(|z| !z.is_finite()) {
            return Err(bad(format!("expected finite logits, got {z}")));
        }
        if let Some(weights) = sample_weight.filter(|weights| weights.len() != logits.len()) {
            return Err(bad(format!("expected {} sample weights, got {}", logits.len(), weights.len())));
        }
        let weights = || (0..logits.len()).map(|row| sample_weight.map_or(1.0, |weights| weights[row]));
        let total = |class: bool| -> f64 {
            weights().zip(is_second).filter(|(_, second)| **second == class).fold(0.0, |sum, (w, _)| sum + w)
        };
        let (n_first, n_second) = (total(false), total(true));
        if !(n_first > 0.0 && n_second > 0.0) {
            return Err(bad(format!("expected rows of both classes, got {n_first} and {n_second}")));
        }
        let (low, high) = (1.0 / (n_first + 2.0), (n_second + 1.0) / (n_second + 2.0));
        // The logits are scaled, so that both unknowns have a similar effect.
        let n = n_first + n_second;
        let mean = logits.iter().zip(weights()).map(|(z, w)| w * z).sum::<f64>() / n;
        let variance = logits.iter().zip(weights()).map(|(z, w)| w * (z - mean).powi(2)).sum::<f64>() / n;
        let unit = if variance > 0.0 { variance.sqrt() } else { 1.0 };
        let targets = is_second.iter().map(|&second| if second { high } else { low });
        let scaled = logits.iter().map(|z| (z - mean) / unit);
        let rows: Vec<Row> = scaled
            .zip(targets)
            .zip(weights())
            .map(|((z, target), weight)| Row { z, target, weight })
            .collect();
        let [slope, height] = newton(&rows, [0.0, ((n_second + 1.0) / (n_first + 1.0)).ln()]);
        let scale = slope / unit;
        Ok(Platt { scale, offset: height - scale * mean })
    }

    /// The classifier of two classes with the calibration applied to its logits.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if it has more classes.
    pub fn folded(&self, classifier: LogisticRegression) -> Result<LogisticRegression> {
        check_n_classes(classifier.classes().len())?;
        Ok(classifier.with_coef(|coef, intercept| {
            coef.iter_mut().for_each(|w| *w *= self.scale);
            *intercept = self.scale * *intercept + self.offset;
        }))
    }
}

/// Checks that there are two classes.
pub(crate) fn check_n_classes(n_classes: usize) -> Result<()> {
    if n_classes == 2 {
        return Ok(());
    }
    Err(bad(format!("expected 2 classes, got {n_classes}"))
        .with_hint("a temperature calibrates any number of classes: --calibration temperature"))
}

/// A logit, its target probability, and its weight.
struct Row {
    z: f64,
    target: f64,
    weight: f64,
}

/// The `[slope, height]` with the minimum mean loss, by Newton's method with halved steps; the loss is convex.
fn newton(rows: &[Row], start: [f64; 2]) -> [f64; 2] {
    let n: f64 = rows.iter().map(|row| row.weight).sum();
    let mut at = start;
    let mut loss = mean_loss(rows, at);
    for _ in 0..MAX_ITER {
        let (mut g, mut h) = ([0.0; 2], [0.0; 3]);
        for &Row { z, target, weight } in rows {
            let p = 1.0 / (1.0 + (-(at[0] * z + at[1])).exp());
            let (gap, curvature) = (weight * (p - target), weight * p * (1.0 - p));
            g = [g[0] + gap * z, g[1] + gap];
            h = [h[0] + curvature * z * z, h[1] + curvature * z, h[2] + curvature];
        }
        if g.iter().all(|g| (g / n).abs() <= TOLERANCE) {
            break;
        }
        // If all logits are equal, any slope fits, and this term keeps the current one.
        let ridge = 1e-12 * n;
        let (a, b, c) = (h[0] + ridge, h[1], h[2] + ridge);
        let determinant = a * c - b * b;
        let step = [(c * g[0] - b * g[1]) / determinant, (a * g[1] - b * g[0]) / determinant];
        let tried = (0..40).map(|halvings| {
            let share = 0.5f64.powi(halvings);
            let to = [at[0] - share * step[0], at[1] - share * step[1]];
            (to, mean_loss(rows, to))
        });
        // Near the minimum the loss is flat to its last digits, but the gradient still points downhill.
        let most = loss * (1.0 + ROUNDING);
        let Some((to, lower)) = tried.into_iter().find(|(_, tried)| *tried <= most) else { break };
        if to == at {
            break;
        }
        (at, loss) = (to, lower);
    }
    at
}

/// The mean cross-entropy of `sigmoid(slope * z + height)` with the targets.
fn mean_loss(rows: &[Row], [slope, height]: [f64; 2]) -> f64 {
    let row_loss = |&Row { z, target, weight }: &Row| {
        let f = slope * z + height;
        weight * (f.max(0.0) + (-f.abs()).exp().ln_1p() - target * f)
    };
    rows.iter().map(row_loss).sum::<f64>() / rows.iter().map(|row| row.weight).sum::<f64>()
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("Platt scaling")
}
