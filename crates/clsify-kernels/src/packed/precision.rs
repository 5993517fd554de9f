//! The types of the numbers that a kernel multiplies.

/// The type of the numbers that a kernel multiplies. Inputs and outputs are always `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Precision {
    /// `f32`.
    F32,
    /// `bf16`, rounded to the nearest, ties to even; sums in `f32`. Numbers below 1.2e-38 are treated as zero.
    Bf16,
    /// 8-bit integers with exact sums: weights signed, one scale and zero point per output; `x` unsigned, one scale
    /// and zero point per row; both rotated before. The error is at most half a scale in either factor of a product.
    /// Up to [`EXACT_INPUTS`](super::EXACT_INPUTS) inputs are multiplied in `f32` on request.
    Int8,
}

impl Precision {
    /// The number of inputs in a word of 32 bits.
    pub(super) fn inputs_per_word(self) -> usize {
        match self {
            Precision::F32 => 1,
            Precision::Bf16 => 2,
            Precision::Int8 => 4,
        }
    }

    /// The number of lines of a row with this many inputs.
    pub(super) fn lines(self, inputs: usize) -> usize {
        inputs.div_ceil(16 * self.inputs_per_word())
    }
}
