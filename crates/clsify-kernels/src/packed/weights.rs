//! Weights in the layout of the innermost loop.

use super::quantize::QuantizedWeights;
use super::tile::Line;

/// A weight matrix in panels, and its bias.
#[derive(Clone)]
pub(super) struct PackedWeights {
    /// `[panel][word][32]`, with zeros beyond the last input and the last output.
    pub(super) panels: Vec<Line>,
    /// `[panel][32]`.
    pub(super) bias: Vec<f32>,
    /// The scales and zero points, if the kernel works in 8 bits.
    pub(super) quantized: Option<QuantizedWeights>,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
}

impl PackedWeights {
    /// The size of the packed numbers in memory, in bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.panels[..])
            + size_of_val(&self.bias[..])
            + self.quantized.as_ref().map_or(0, QuantizedWeights::bytes)
    }
}
