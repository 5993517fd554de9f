//! A rotation that makes the magnitudes of the inputs of an 8-bit product more similar, so that they can share a
//! scale.
//!
//! A number far larger than the others of its row, or of the weights of its output, increases the rounding step of
//! them all. Rows and weights are therefore rotated before they are rounded. The same rotation of both does not
//! change their products, and spreads each number over eight, the largest of which is closer to the usual magnitude
//! (Ashkboos et al., arXiv 2404.00456).
//!
//! The rotation is a Hadamard transform: sums and differences of numbers sixteen apart, without the factor `1 / √8`,
//! which is applied twice to the weights.

use crate::dispatch::vectorized;

/// The distance between numbers that are mixed: one register.
const APART: usize = 16;

/// The number of values that are mixed with each other: up to eight, if a row consists of whole blocks of this many
/// registers.
pub(super) fn order(inputs: usize) -> usize {
    let registers = if inputs.is_multiple_of(APART) { inputs / APART } else { 1 };
    1 << registers.trailing_zeros().min(3)
}

/// The range and the sum of a rotated row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) low: f32,
    pub(super) high: f32,
    /// Not finite if a number of the row is not finite.
    pub(super) sum: f32,
}

vectorized! {
    /// Writes `row` multiplied by `factors` and rotated, without the normalising factor, so it grows by `√order`.
    /// Rows of `x` have a separate version in AVX-512 with the same bits, except for those of the sum.
    pub(super) fn rotate(row: &[f32], factors: &[f32], to: &mut [f32]) -> Extent {
        for ((to, x), factor) in to.iter_mut().zip(row).zip(factors) {
            *to = x * factor;
        }
        let mut span = APART;
        while span < APART * order(row.len()) {
            for pair in to.chunks_exact_mut(2 * span) {
                let (first, second) = pair.split_at_mut(span);
                for (a, b) in first.iter_mut().zip(second) {
                    (*a, *b) = (*a + *b, *a - *b);
                }
            }
            span *= 2;
        }
        Extent {
            low: to.iter().copied().fold(f32::INFINITY, f32::min),
            high: to.iter().copied().fold(f32::NEG_INFINITY, f32::max),
            sum: to.iter().sum(),
        }
    }
}
