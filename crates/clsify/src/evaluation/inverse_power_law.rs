//! The form of a learning curve: accuracy rises towards `a`, at a decreasing rate.
//!
//! Source: Figueroa, Zeng-Treitler, Kandula, Ngo (2012), "Predicting sample size required for classification performance".

use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};

/// The range of exponents: below it, the curve is a straight line over log n; above it, a step.
const LOG_C: [f64; 2] = [-3.0, 1.0];
const N_GRID: usize = 80;
const N_GOLDEN: usize = 60;

/// `accuracy(n) = a - b n^-c` with `a <= 1`, `b >= 0`, and `c` from `e^-3` to `e`.
///
/// ```
/// use clsify::evaluation::InversePowerLaw;
/// let sizes = [50.0, 100.0, 200.0, 400.0];
/// let scores = sizes.map(|n: f64| 0.9 - 2.0 * n.powf(-0.5));
/// let law = InversePowerLaw::fit(&sizes, &scores, &[1.0; 4])?;
/// assert!((law.at(800.0) - (0.9 - 2.0 * 800f64.powf(-0.5))).abs() < 1e-6);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct InversePowerLaw {
    /// The limit of the curve.
    pub a: f64,
    /// The distance to the limit at one row.
    pub b: f64,
    /// The rate at which the curve approaches the limit.
    pub c: f64,
}

impl InversePowerLaw {
    /// Minimises the weighted sum of squares. For a given `c` it is a linear fit, so only `c` is searched: a grid
    /// over its logarithm, then a golden-section search around the best value.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if there are fewer than three sizes, if the lengths differ, or if a number is
    /// not positive (sizes, weights) or not finite.
    pub fn fit(sizes: &[f64], scores: &[f64], weights: &[f64]) -> Result<Self> {
        let n = sizes.len();
        if n < 3 || scores.len() != n || weights.len() != n {
            let message = format!(
                "expected 3 sizes or more, as many scores and weights, got {n}, {}, {}",
                scores.len(),
                weights.len()
            );
            return Err(bad(message));
        }
        let is_positive = |x: &f64| *x > 0.0 && x.is_finite();
        if !sizes.iter().chain(weights).all(is_positive) || !scores.iter().all(|x| x.is_finite()) {
            return Err(bad("expected positive sizes and weights, and finite scores".to_string()));
        }
        let of = |log_c: f64| line(sizes, scores, weights, log_c.exp());
        let [first, last] = LOG_C;
        let step = (last - first) / (N_GRID - 1) as f64;
        let at = |i: usize| first + i as f64 * step;
        let best = (0..N_GRID).min_by(|&i, &j| of(at(i)).1.total_cmp(&of(at(j)).1)).unwrap_or(0);
        let golden = (5f64.sqrt() - 1.0) / 2.0;
        let (mut low, mut high) = (at(best.saturating_sub(1)), at((best + 1).min(N_GRID - 1)));
        for _ in 0..N_GOLDEN {
            let width = golden * (high - low);
            if of(high - width).1 <= of(low + width).1 { high = low + width } else { low = high - width }
        }
        Ok(of(0.5 * (low + high)).0)
    }

    /// The accuracy at `n` rows; at most 1, and never below 0.
    pub fn at(&self, n: f64) -> f64 {
        (self.a - self.b * n.powf(-self.c)).clamp(0.0, 1.0)
    }
}

/// The best `a` and `b` for this `c`, and their weighted sum of squares.
fn line(sizes: &[f64], scores: &[f64], weights: &[f64], c: f64) -> (InversePowerLaw, f64) {
    let points = || sizes.iter().zip(scores).zip(weights).map(|((n, y), w)| (n.powf(-c), *y, *w));
    let total: f64 = weights.iter().sum();
    let mean_x = points().map(|(x, _, w)| w * x).sum::<f64>() / total;
    let mean_y = points().map(|(_, y, w)| w * y).sum::<f64>() / total;
    let sxx: f64 = points().map(|(x, _, w)| w * (x - mean_x) * (x - mean_x)).sum();
    let sxy: f64 = points().map(|(x, y, w)| w * (x - mean_x) * (y - mean_y)).sum();
    // The sum of squares is convex in (a, b): if the minimum is outside the bounds, the best point is on one of them.
    let b = if sxx > 0.0 { (-sxy / sxx).max(0.0) } else { 0.0 };
    let (mut a, mut b) = (mean_y + b * mean_x, b);
    if a > 1.0 {
        let rise: f64 = points().map(|(x, y, w)| w * x * (1.0 - y)).sum();
        (a, b) = (1.0, (rise / points().map(|(x, _, w)| w * x * x).sum::<f64>()).max(0.0));
    }
    let squares = points().map(|(x, y, w)| w * (y - a + b * x) * (y - a + b * x)).sum();
    (InversePowerLaw { a, b, c }, squares)
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("inverse power law")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_curve_is_an_error() {
        for (sizes, scores, weights) in [
            (&[1.0, 2.0][..], &[0.5, 0.6][..], &[1.0, 1.0][..]),
            (&[1.0, 2.0, 3.0], &[0.5, 0.6], &[1.0; 3]),
            (&[0.0, 2.0, 3.0], &[0.5, 0.6, 0.7], &[1.0; 3]),
            (&[1.0, 2.0, 3.0], &[0.5, f64::NAN, 0.7], &[1.0; 3]),
            (&[1.0, 2.0, 3.0], &[0.5, 0.6, 0.7], &[1.0, 0.0, 1.0]),
        ] {
            let error = InversePowerLaw::fit(sizes, scores, weights).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        }
    }

    /// A curve that does not rise, or is at 1 everywhere, has `b` = 0.
    #[test]
    fn bounds_hold() {
        let sizes = [50.0, 100.0, 200.0, 400.0];
        for scores in [[0.9, 0.8, 0.7, 0.6], [1.0; 4], [0.0; 4], [0.5, 0.9, 0.99, 1.0]] {
            let law = InversePowerLaw::fit(&sizes, &scores, &[1.0; 4]).unwrap();
            assert!(law.a <= 1.0 && law.b >= 0.0 && law.at(800.0) >= law.at(400.0), "{law:?}");
        }
    }
}
