//! A rotation that lets the inputs of a product in 8 bits share its scales.
//!
//! A number far larger than the others of its row, or of the weights of its output, stretches the rounding step of them all. Rows
//! and weights are therefore rotated before they are rounded. The same rotation of both leaves their products what they are,
//! and spreads each number over eight, whose largest is nearer to their usual size (Ashkboos et al., arXiv 2404.00456).
//!
//! The rotation is Hadamard's: sums and differences of numbers sixteen apart, without the factor of `1 / √8`, which
//! the weights take twice.

use crate::dispatch::vectorized;

/// How far apart numbers are that are mixed: one register.
const APART: usize = 16;

/// How many numbers are mixed with each other: up to eight, where a row is whole blocks of so many registers.
pub(super) fn order(inputs: usize) -> usize {
    let registers = if inputs.is_multiple_of(APART) { inputs / APART } else { 1 };
    1 << registers.trailing_zeros().min(3)
}

/// What is known of the numbers of a rotated row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) low: f32,
    pub(super) high: f32,
    /// Not finite where a number of the row is not.
    pub(super) sum: f32,
}

vectorized! {
    /// Writes `row` times `factors`, rotated, `√order` times as large as it was. Rows of `x` have a version of their own in
    /// AVX-512, with the same bits but for the sum's.
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
