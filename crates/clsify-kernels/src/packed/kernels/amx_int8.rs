//! 8-bit integers with AMX, on Linux only. Its results are bit for bit those of AVX-512 VNNI.

use super::super::amx_tile::{self, Tiles, amx_kernel};
use super::super::avx512_quantize;
use super::super::finish_tile::Finish;
use super::super::micro_kernel::MicroKernel;
use super::super::precision::Precision;
use super::super::quantize::{QuantizedRow, QuantizedWeights};
use super::super::tile::{Accumulators, Line, Operands, Tile};

/// A value exists only if the processor has AMX for 8-bit integers and the system allows it.
#[derive(Clone, Copy)]
pub(super) struct AmxInt8(());

impl MicroKernel for AmxInt8 {
    const NAME: &'static str = "AmxInt8";
    const PRECISION: Precision = Precision::Int8;
    const TILE_ROWS: usize = amx_tile::TILE_ROWS;
    const TILE_ROW_MULTIPLE: usize = amx_tile::TILE_ROW_MULTIPLE;

    fn detect() -> Option<Self> {
        amx_tile::has_int8().then_some(AmxInt8(()))
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
        weights: Option<&QuantizedWeights>,
        scratch: &mut [f32],
        to: impl Iterator<Item = &'a mut Line>,
    ) -> QuantizedRow {
        // SAFETY: `detect` has found the features.
        unsafe { avx512_quantize::convert(row, weights, scratch, to) }
    }

    unsafe fn accumulate(self, operands: &Operands, tile: &Tile, finish: &Finish, sums: &mut Accumulators) {
        // SAFETY: the caller's promise; `detect` has found the features, and the thread has its tiles.
        unsafe {
            accumulate(operands, sums);
            avx512_quantize::finish(sums, tile, finish);
        }
    }

    fn repeat(self, rounds: usize) -> f64 {
        let _tiles = self.prepare_thread();
        // SAFETY: `detect` has found the features; the thread has its tiles.
        unsafe { repeat(rounds) }
        (2 * 16 * 16 * 64 * 4 * rounds) as f64
    }
}

amx_kernel! {
    /// Words are four 8-bit integers, unsigned in `x`, signed in the weights; sums are `i32`.
    accumulate, repeat, "tdpbusd"
}
