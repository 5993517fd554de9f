//! 8-bit quantization: a number is `zero_point + scale * q` with an 8-bit integer `q`.
//!
//! A zero point is the `f32` that `q = 0` represents. Rows of `x` are asymmetric, with `q` in `0..=255` and one scale
//! and zero point per row. Weights have `q` in `-127..=127` and one scale and zero point per output. Both are rotated
//! before quantization (`rotate.rs`), without the [exact inputs](super::EXACT_INPUTS).

use super::exact_inputs::EXACT_INPUTS;
use super::exact_inputs::Exact;
use super::rotate::Extent;
use super::tile::PANEL;
use crate::dispatch::vectorized;

/// The largest number of inputs in 8 bits: 255 * 127 * 66,000 is below 2^31.
pub(super) const MAX_INPUTS: usize = 66_000;

/// The quantization of a row of `x`.
#[derive(Clone, Copy, Default)]
pub(super) struct QuantizedRow {
    pub(super) zero_point: f32,
    pub(super) scale: f32,
    /// The sum of the rotated row.
    pub(super) sum: f32,
    /// The inputs that are multiplied in `f32`.
    pub(super) exact: [f32; EXACT_INPUTS],
}

impl QuantizedRow {
    /// The smallest number of a row becomes 0, the largest 255. If a number is infinite or NaN, the scale is NaN.
    pub(super) fn of(Extent { low, high, sum }: Extent) -> Self {
        // `sum * 0` is 0 for finite sums and NaN otherwise.
        QuantizedRow {
            zero_point: low,
            scale: (high - low) / 255.0 + sum * 0.0,
            sum,
            exact: [0.0; EXACT_INPUTS],
        }
    }
}

/// The quantization of the weights of a matrix. The first three fields are `[panel][32]`.
#[derive(Clone)]
pub(super) struct QuantizedWeights {
    pub(super) scales: Vec<f32>,
    pub(super) zero_points: Vec<f32>,
    /// The sum of `q` over an output's weights.
    pub(super) sums: Vec<f32>,
    /// The factor of each input before rotation and quantization: 1, or 0 if it is exact.
    pub(super) factors: Vec<f32>,
    /// Inputs that are not quantized.
    pub(super) exact: Option<Exact>,
}

/// The part of [`QuantizedWeights`] that belongs to a panel, 32 numbers each.
#[derive(Clone, Copy)]
pub(super) struct QuantizedPanel<'a> {
    pub(super) scales: &'a [f32],
    pub(super) zero_points: &'a [f32],
    pub(super) sums: &'a [f32],
    pub(super) exact: Option<[&'a [f32]; EXACT_INPUTS]>,
}

impl QuantizedWeights {
    pub(super) fn panel(&self, panel: usize) -> QuantizedPanel<'_> {
        let columns = panel * PANEL..(panel + 1) * PANEL;
        QuantizedPanel {
            scales: &self.scales[columns.clone()],
            zero_points: &self.zero_points[columns.clone()],
            sums: &self.sums[columns],
            exact: self.exact.as_ref().map(|exact| exact.panel(panel)),
        }
    }

    /// The size in memory, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let numbers = self.scales.len() + self.zero_points.len() + self.sums.len() + self.factors.len();
        size_of::<f32>() * numbers + self.exact.as_ref().map_or(0, Exact::bytes)
    }
}

/// The zero point and scale of an output's weights: the zero point is the middle of their range, and the farthest
/// weight is 127 steps away. If a weight is infinite or NaN, the scale is NaN.
pub(super) fn weight_zero_point_and_scale(Extent { low, high, sum }: Extent) -> (f32, f32) {
    // `sum * 0` is 0 for finite sums and NaN otherwise.
    (low / 2.0 + high / 2.0, (high - low) / 254.0 + sum * 0.0)
}

vectorized! {
    /// Quantizes weights, rounding to the nearest, ties to even.
    pub(super) fn quantize_weights(weights: &[f32], zero_point: f32, scale: f32, to: &mut [i8]) {
        // If the scale is zero, all weights are equal, or nearly so.
        if scale > 0.0 {
            for (to, &w) in to.iter_mut().zip(weights) {
                *to = ((w - zero_point) / scale).round_ties_even().clamp(-127.0, 127.0) as i8;
            }
        }
    }
}
