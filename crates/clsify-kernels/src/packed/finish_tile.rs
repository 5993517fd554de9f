//! The last step of a tile, when its sums are complete.

use super::epilogue::Epilogue;
use super::quantize::{QuantizedPanel, QuantizedRow};
use super::tile::{Operands, Start};

/// The numbers and functions that turn the sums of a tile into its outputs.
pub(super) struct Finish<'a> {
    pub(super) epilogue: Epilogue,
    /// The bias of the panel, `[32]`.
    pub(super) bias: &'a [f32],
    /// The quantization of the rows of the tile; unused in other precisions.
    pub(super) rows: &'a [QuantizedRow],
    /// The quantization of the weights of the panel, if they are quantized.
    pub(super) weights: Option<QuantizedPanel<'a>>,
}

impl Finish<'_> {
    /// The initial value of accumulators that start with the bias and carry partial sums in `out`.
    pub(super) fn start(&self, operands: &Operands) -> Start<'_> {
        Start {
            from_target: !operands.is_first || self.epilogue == Epilogue::Add,
            bias: operands.is_first.then_some(self.bias),
        }
    }

    /// Returns true if these operands complete the sums and an activation follows.
    pub(super) fn activates(&self, operands: &Operands) -> bool {
        operands.is_last && !matches!(self.epilogue, Epilogue::None | Epilogue::Add)
    }
}
