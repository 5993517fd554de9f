//! The confidence interval of an accuracy.
//!
//! Source: Wilson's score interval, Newcombe (1998), "Two-sided confidence intervals for the single proportion".

use crate::error::{Error, ErrorKind, Result};

/// The 97.5 % point of the standard normal distribution.
const Z: f64 = 1.959963984540054;

/// Wilson's 95 % interval `[low, high]` of a proportion `n_correct / n`.
///
/// `(p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)`; it lies within 0 and 1, also for 0 and for `n` of `n`.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] if `n` is 0 or less than `n_correct`.
///
/// ```
/// let [low, high] = clsify::evaluation::wilson_ci95(409, 500)?;
/// assert!((low - 0.7818).abs() < 1e-4 && (high - 0.8494).abs() < 1e-4);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn wilson_ci95(n_correct: usize, n: usize) -> Result<[f64; 2]> {
    if n == 0 || n_correct > n {
        let message = format!("expected a part of at least 1 row, got {n_correct} of {n} rows");
        return Err(Error::new(ErrorKind::InvalidArgument, message).at("wilson interval"));
    }
    Ok(wilson(n_correct as f64 / n as f64, n as f64))
}

/// As [`wilson_ci95`], for a proportion of a number of rows that need not be whole; `[0, 1]` for 0 rows.
pub(super) fn wilson(p: f64, rows: f64) -> [f64; 2] {
    let denominator = 2.0 * (rows + Z * Z);
    let centre = (2.0 * rows * p + Z * Z) / denominator;
    let half_width = Z / denominator * (4.0 * rows * p * (1.0 - p) + Z * Z).sqrt();
    // The ends are exact mathematically, but would be rounded.
    let low = if p == 0.0 { 0.0 } else { centre - half_width };
    let high = if p == 1.0 { 1.0 } else { centre + half_width };
    [low, high]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_exact() {
        assert_eq!(wilson_ci95(0, 7).unwrap()[0], 0.0);
        assert_eq!(wilson_ci95(7, 7).unwrap()[1], 1.0);
    }

    #[test]
    fn a_part_larger_than_the_whole_is_an_error() {
        for (n_correct, n) in [(0, 0), (1, 0), (3, 2)] {
            assert_eq!(wilson_ci95(n_correct, n).unwrap_err().kind(), ErrorKind::InvalidArgument);
        }
    }
}
