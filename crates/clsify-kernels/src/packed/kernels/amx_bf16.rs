//! `bf16` with AMX, on Linux only. Its order of additions differs from that of AVX-512.

use super::super::amx_tile::{self, Tiles, amx_kernel};
use super::super::avx512_tile::{self, finish_f32};
use super::super::finish_tile::Finish;
use super::super::micro_kernel::MicroKernel;
use super::super::precision::Precision;
use super::super::quantize::{QuantizedRow, QuantizedWeights};
use super::super::tile::{Accumulators, Line, Operands, Tile};

/// A value exists only if the processor has AMX for `bf16` and the system allows it.
#[derive(Clone, Copy)]
pub(super) struct AmxBf16(());

impl MicroKernel for AmxBf16 {
    const NAME: &'static str = "AmxBf16";
    const PRECISION: Precision = Precision::Bf16;
    const TILE_ROWS: usize = amx_tile::TILE_ROWS;
    const TILE_ROW_MULTIPLE: usize = amx_tile::TILE_ROW_MULTIPLE;

    fn detect() -> Option<Self> {
        amx_tile::has_bf16().then_some(AmxBf16(()))
    }

    fn row_block(lines: usize) -> usize {
        amx_tile::row_block(lines)
    }

    fn prepare_thread(self) -> impl Sized {
        // SAFETY: `detect` has found the tiles and the system's permission.
        unsafe { Tiles::configure() }
    }

    fn convert<'a>(
        self,
        row: &[f32],
        _: Option<&QuantizedWeights>,
        _: &mut [f32],
        to: impl Iterator<Item = &'a mut Line>,
    ) -> QuantizedRow {
        // SAFETY: `detect` has found the features.
        unsafe { avx512_tile::convert_bf16(row, to) };
        QuantizedRow::default()
    }

    unsafe fn accumulate(self, operands: &Operands, tile: &Tile, finish: &Finish, sums: &mut Accumulators) {
        // SAFETY: the caller's promise; `detect` has found the features, and the thread has its tiles.
        unsafe {
            accumulate(operands, sums);
            finish_f32(sums, tile, Some(finish.bias), finish.epilogue);
        }
    }

    fn repeat(self, rounds: usize) -> f64 {
        let _tiles = self.prepare_thread();
        // SAFETY: `detect` has found the features; the thread has its tiles.
        unsafe { repeat(rounds) }
        (2 * 16 * 16 * 32 * 4 * rounds) as f64
    }
}

amx_kernel! {
    /// Words are two `bf16`, sums `f32`.
    accumulate, repeat, "tdpbf16ps"
}
