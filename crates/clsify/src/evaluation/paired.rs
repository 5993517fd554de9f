//! Compares two classifiers on the same rows, and tests whether their difference is more than chance.
//!
//! The input is the numbers of rows that both, one or none of them predict correctly. Rows that both predict
//! correctly, or both wrongly, do not tell which is better; the others do. Sources: McNemar (1947), exact form;
//! Newcombe (1998), "Improved confidence intervals for the difference between binomial proportions based on paired
//! data", method 10.

use serde::Serialize;

use super::interval::wilson_ci95;
use crate::error::{Error, ErrorKind, Result};

/// The numbers of rows by the classifiers that predict them correctly.
///
/// ```
/// use clsify::evaluation::PairedCounts;
/// let counts = PairedCounts::of(&[true, true, false, false], &[true, false, true, false])?;
/// assert_eq!(counts, PairedCounts { both: 1, only_a: 1, only_b: 1, neither: 1 });
/// assert_eq!((counts.difference(), counts.mcnemar_exact()), (0.0, 1.0));
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PairedCounts {
    /// Both.
    pub both: usize,
    /// The first only.
    pub only_a: usize,
    /// The second only.
    pub only_b: usize,
    /// Neither.
    pub neither: usize,
}

impl PairedCounts {
    /// Counts rows, each of which is correct or not for each of two classifiers.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if there is no row or the lengths differ.
    pub fn of(a_is_right: &[bool], b_is_right: &[bool]) -> Result<Self> {
        if a_is_right.is_empty() || a_is_right.len() != b_is_right.len() {
            let message = format!("expected rows of both, got {} and {}", a_is_right.len(), b_is_right.len());
            return Err(Error::new(ErrorKind::InvalidArgument, message).at("paired counts"));
        }
        let mut counts = PairedCounts { both: 0, only_a: 0, only_b: 0, neither: 0 };
        for pair in a_is_right.iter().zip(b_is_right) {
            match pair {
                (true, true) => counts.both += 1,
                (true, false) => counts.only_a += 1,
                (false, true) => counts.only_b += 1,
                (false, false) => counts.neither += 1,
            }
        }
        Ok(counts)
    }

    /// The number of rows.
    pub fn n(&self) -> usize {
        self.both + self.only_a + self.only_b + self.neither
    }

    /// The accuracy of the second minus that of the first.
    pub fn difference(&self) -> f64 {
        (self.only_b as f64 - self.only_a as f64) / self.n() as f64
    }

    /// The 95 % interval `[low, high]` of [`difference`](Self::difference): Wilson's intervals of both accuracies,
    /// combined with their correlation `phi`, which makes it narrower than the two separate intervals suggest.
    ///
    /// `low = d - sqrt(s^2 - 2 phi s t + t^2)`, where `s` is the distance from the second accuracy to its lower limit
    /// and `t` that from the first to its upper limit; `high` accordingly. For a positive `phi` the numerator is `ad
    /// - bc - n/2`, at least 0.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if there is no row.
    ///
    /// ```
    /// // Oracle: the formula in other hands, numpy's and scipy's, as for the other cases of `fixtures/sklearn/paired.json`.
    /// let counts = clsify::evaluation::PairedCounts { both: 1, only_a: 7, only_b: 1, neither: 12 };
    /// let [low, high] = counts.difference_ci95()?;
    /// assert!((low + 0.507).abs() < 5e-4 && (high + 0.026).abs() < 5e-4);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn difference_ci95(&self) -> Result<[f64; 2]> {
        let n = self.n();
        let (right_a, right_b) = (self.both + self.only_a, self.both + self.only_b);
        let ([low_a, high_a], [low_b, high_b]) = (wilson_ci95(right_a, n)?, wilson_ci95(right_b, n)?);
        let (p_a, p_b) = (right_a as f64 / n as f64, right_b as f64 / n as f64);
        let phi = self.phi();
        let width = |s: f64, t: f64| (s * s - 2.0 * phi * s * t + t * t).max(0.0).sqrt();
        let difference = self.difference();
        let low = difference - width(p_b - low_b, high_a - p_a);
        let high = difference + width(high_b - p_b, p_a - low_a);
        Ok([low.max(-1.0), high.min(1.0)])
    }

    /// The correlation of being correct on the same rows, from -1 to 1; 0 if one of them is correct everywhere or
    /// nowhere.
    fn phi(&self) -> f64 {
        let [a, b, c, d] = [self.both, self.only_b, self.only_a, self.neither].map(|count| count as f64);
        let margins = (a + b) * (c + d) * (a + c) * (b + d);
        let product = a * d - b * c;
        let numerator = if product > 0.0 { (product - self.n() as f64 / 2.0).max(0.0) } else { product };
        if margins == 0.0 { 0.0 } else { numerator / margins.sqrt() }
    }

    /// McNemar's exact two-sided test: if each row that only one predicts correctly were a fair coin, the probability
    /// of a split that is at least as uneven. From 0 to 1.
    ///
    /// `2 P(X <= min(only_a, only_b))` for a binomial `X` of `only_a + only_b` coins, at most 1.
    ///
    /// ```
    /// let counts = clsify::evaluation::PairedCounts { both: 900, only_a: 1, only_b: 4, neither: 95 };
    /// assert_eq!(counts.mcnemar_exact(), 2.0 * (1.0 + 5.0) / 32.0);
    /// ```
    pub fn mcnemar_exact(&self) -> f64 {
        let (n, k) = (self.only_a + self.only_b, self.only_a.min(self.only_b));
        if 2 * k >= n {
            return 1.0;
        }
        // C(n, k) overflows, so its powers of two are counted separately.
        const BITS: i32 = 512;
        let (mut ways, mut exponent) = (1.0f64, -(n as i64));
        for i in 1..=k {
            ways *= (n - k + i) as f64 / i as f64;
            if ways > 2f64.powi(BITS) {
                ways *= 2f64.powi(-BITS);
                exponent += i64::from(BITS);
            }
        }
        // C(n, k) + C(n, k - 1) + ..., relative to the first.
        let (mut sum, mut term) = (1.0, 1.0);
        for i in (1..=k).rev() {
            term *= i as f64 / (n - i + 1) as f64;
            sum += term;
        }
        // In two halves, each of which is in range if the product is.
        let half = |exponent: i64| 2f64.powi(exponent.max(-2000) as i32);
        let probability = ways * half(exponent / 2) * sum * half(exponent - exponent / 2);
        (2.0 * probability).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rows_and_other_rows_are_errors() {
        for (a, b) in [(vec![], vec![]), (vec![true], vec![]), (vec![true], vec![true, false])] {
            let error = PairedCounts::of(&a, &b).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        }
        let none = PairedCounts { both: 0, only_a: 0, only_b: 0, neither: 0 };
        assert!(none.difference_ci95().is_err());
    }

    /// Oracle: of 20,000 coins a split of 9,900 to 10,100 has `z = (100 - 0.5) / sqrt(5000)`, and 2 (1 - Phi(z)) = 0.1594.
    #[test]
    fn large_counts_stay_in_range() {
        let p = |only_a, only_b| PairedCounts { both: 0, only_a, only_b, neither: 0 }.mcnemar_exact();
        assert!((p(9_900, 10_100) - 0.1594).abs() < 1e-4, "{}", p(9_900, 10_100));
        assert_eq!(p(10_000, 10_000), 1.0);
        assert_eq!(p(0, 30_000), 0.0);
        assert_eq!(p(0, 1_060), 2f64.powi(-1_059));
    }
}
