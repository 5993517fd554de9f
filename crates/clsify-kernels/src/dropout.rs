//! Dropout (Srivastava et al., JMLR 15, 2014): zeros with a probability, and the other numbers scaled so that the
//! expected value stays.
//!
//! Whether a number is dropped depends only on the seed and the number's index. So no mask is stored: the backward pass
//! drops the same numbers again, and the result does not depend on threads or instruction sets.

use crate::dispatch::vectorized;

/// A probability and a seed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// The share of the numbers that become zero, from 0 to below 1.
    pub probability: f32,
    /// Another seed drops other numbers.
    pub seed: u64,
}

impl Dropout {
    /// The same probability with a seed for one of several places.
    ///
    /// ```
    /// use clsify_kernels::dropout::Dropout;
    /// let dropout = Dropout { probability: 0.1, seed: 7 };
    /// assert_ne!(dropout.at(0), dropout.at(1));
    /// ```
    #[must_use]
    pub fn at(self, place: u64) -> Self {
        // The finalizer of splitmix64 (Steele, Lea and Flood, OOPSLA 2014).
        let mut z = self.seed.wrapping_add(place.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        Dropout { seed: z ^ z >> 31, ..self }
    }

    /// Drops some of the numbers `x`, whose indices start at `first`, and divides the others by `1 - probability`. The
    /// same call with a gradient is the backward pass.
    ///
    /// ```
    /// use clsify_kernels::dropout::Dropout;
    /// let mut x = [1.0; 1000];
    /// Dropout { probability: 0.25, seed: 1 }.apply(&mut x, 0);
    /// let n_dropped = x.iter().filter(|&&v| v == 0.0).count();
    /// assert!((200..300).contains(&n_dropped) && x.iter().all(|&v| v == 0.0 || v == 1.0 / 0.75));
    /// ```
    ///
    /// # Panics
    /// Panics if the probability is not from 0 to below 1.
    pub fn apply(self, x: &mut [f32], first: usize) {
        assert!((0.0..1.0).contains(&self.probability), "expected a probability, got {}", self.probability);
        if self.probability > 0.0 {
            let limit = (f64::from(self.probability) * 4_294_967_296.0) as u32;
            drop_numbers(x, first as u32, limit, self.seed, 1.0 / (1.0 - self.probability));
        }
    }
}

/// Sixteen bits of mixing and a product, three times: the constants are those of Ettinger's `lowbias32`, 2018, whose
/// worst bias of an output bit is 0.2 %.
#[inline(always)]
pub(crate) fn hash(index: u32, seed: u64) -> u32 {
    let mut x = index ^ seed as u32;
    x = (x ^ x >> 16).wrapping_mul(0x21f0_aaad);
    x = (x ^ x >> 15).wrapping_mul(0xd35a_2d97) ^ (seed >> 32) as u32;
    x = (x ^ x >> 15).wrapping_mul(0x21f0_aaad);
    x ^ x >> 15
}

vectorized! {
    fn drop_numbers(x: &mut [f32], first: u32, limit: u32, seed: u64, scale: f32) {
        for (i, v) in x.iter_mut().enumerate() {
            let is_kept = hash(first.wrapping_add(i as u32), seed) >= limit;
            *v *= if is_kept { scale } else { 0.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: usize = if cfg!(miri) { 2_000 } else { 200_000 };

    fn mask(seed: u64) -> Vec<bool> {
        let mut x = vec![1.0; N];
        Dropout { probability: 0.1, seed }.apply(&mut x, 0);
        x.iter().map(|&v| v == 0.0).collect()
    }

    /// Tolerance: five standard deviations of a binomial distribution.
    #[test]
    fn the_share_is_the_probability_and_neighbours_are_independent() {
        let within = |count: usize, p: f64| {
            let (n, expected) = (N as f64, N as f64 * p);
            assert!(
                (count as f64 - expected).abs() < 5.0 * (n * p * (1.0 - p)).sqrt(),
                "{count}, expected {expected}"
            );
        };
        let both = |a: &[bool], b: &[bool]| a.iter().zip(b).filter(|(a, b)| **a && **b).count();
        let base = Dropout { probability: 0.1, seed: 3 };
        for place in 0..8 {
            let dropped = mask(base.at(place).seed);
            within(dropped.iter().filter(|&&d| d).count(), 0.1);
            within(both(&dropped, &dropped[1..]), 0.01);
            within(both(&dropped, &dropped[768..]), 0.01);
            within(both(&dropped, &mask(base.at(place + 1).seed)), 0.01);
            within(both(&dropped, &mask(place)), 0.01);
        }
    }

    #[test]
    fn a_part_is_dropped_as_in_the_whole() {
        let dropout = Dropout { probability: 0.5, seed: 9 };
        let (mut whole, mut part) = ([1.0; 100], [1.0; 37]);
        dropout.apply(&mut whole, 0);
        dropout.apply(&mut part, 40);
        assert_eq!(whole[40..77], part);
    }

    #[test]
    fn zero_drops_nothing() {
        let mut x = [2.0; 50];
        Dropout { probability: 0.0, seed: 1 }.apply(&mut x, 0);
        assert_eq!(x, [2.0; 50]);
    }
}
