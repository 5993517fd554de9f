//! The trait that a kernel implements.

use super::finish_tile::Finish;
use super::precision::Precision;
use super::quantize::{QuantizedRow, QuantizedWeights};
use super::tile::{Accumulators, Line, Operands, Tile};

/// A micro-kernel: the innermost loop of a product, in one precision and for one instruction set.
///
/// The loops around it (`product.rs`) are compiled once per implementation. To add one, write a file in `kernels/`
/// and add it to [`KERNELS`](super::kernels::KERNELS); the test suite covers every kernel in that list.
///
/// A value exists only if the processor has the instructions. The `unsafe` code of the methods relies on that.
pub(super) trait MicroKernel: Copy + Send + Sync + 'static {
    /// The name in benchmarks and messages.
    const NAME: &'static str;
    /// The type of the numbers that it multiplies, which determines how weights are packed for it.
    const PRECISION: Precision;
    /// The maximum number of rows per tile.
    const TILE_ROWS: usize;
    /// The rows of a tile in memory are a multiple of this. Above 1, a tile costs the same whether it is full or not,
    /// so tiles are filled one after another; otherwise rows are divided evenly.
    const TILE_ROW_MULTIPLE: usize = 1;
    /// The maximum number of lines of a row (16 words each) that pass through the loops together. The default is a
    /// whole row. A smaller number needs partial sums that can be stored in `out` and read back.
    const LINE_BLOCK: usize = usize::MAX;

    /// Returns the kernel if this processor has its instructions and the system lets this process use them.
    fn detect() -> Option<Self>;

    /// The maximum number of rows that pass through the loops together, if a row has this many lines.
    fn row_block(_lines: usize) -> usize {
        192
    }

    /// Prepares the calling thread for [`accumulate`](Self::accumulate), as long as the result lives.
    fn prepare_thread(self) -> impl Sized {}

    /// Converts numbers of a row into lines, until either ends. In 8 bits `row` is a whole row; `scratch`, which is
    /// at least as long, receives the rotated numbers, and the result describes the quantization. `weights` is given
    /// in 8 bits.
    fn convert<'a>(
        self,
        row: &[f32],
        weights: Option<&QuantizedWeights>,
        scratch: &mut [f32],
        to: impl Iterator<Item = &'a mut Line>,
    ) -> QuantizedRow;

    /// Adds the products of the operands to the sums of a tile and, after the last operands, applies the epilogue. Partial sums
    /// are stored in the tile; `sums` is scratch memory.
    ///
    /// # Safety
    /// `tile` is valid and the caller's alone. The operands hold `tile.rows` rows, padded to `TILE_ROW_MULTIPLE`, and one
    /// panel, the same number of lines of each. The thread is [prepared](Self::prepare_thread).
    unsafe fn accumulate(self, operands: &Operands, tile: &Tile, finish: &Finish, sums: &mut Accumulators);

    /// Repeats the kernel's instruction on registers, `rounds` times per chain, with enough chains to keep the
    /// processor busy. Returns the number of operations.
    fn repeat(self, rounds: usize) -> f64;
}
