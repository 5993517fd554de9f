//! `f32` in plain Rust, on every processor.

use super::super::finish_tile::Finish;
use super::super::micro_kernel::MicroKernel;
use super::super::portable_tile::{self, Accumulate};
use super::super::precision::Precision;
use super::super::quantize::{QuantizedRow, QuantizedWeights};
use super::super::repeat;
use super::super::tile::{Accumulators, Line, Operands, PANEL, Tile};

/// True if the target's baseline has a fused multiply-add.
const FUSED: bool = cfg!(target_arch = "aarch64");

/// `f32` in plain Rust.
#[derive(Clone, Copy)]
pub(super) struct Portable;

impl MicroKernel for Portable {
    const NAME: &'static str = "Portable";
    const PRECISION: Precision = Precision::F32;
    const TILE_ROWS: usize = portable_tile::TILE_ROWS;
    const LINE_BLOCK: usize = portable_tile::LINE_BLOCK;

    fn detect() -> Option<Self> {
        Some(Portable)
    }

    fn convert<'a>(
        self,
        row: &[f32],
        _: Option<&QuantizedWeights>,
        _: &mut [f32],
        to: impl Iterator<Item = &'a mut Line>,
    ) -> QuantizedRow {
        portable_tile::convert(row, to);
        QuantizedRow::default()
    }

    unsafe fn accumulate(self, operands: &Operands, tile: &Tile, finish: &Finish, _: &mut Accumulators) {
        // SAFETY: the caller's promise.
        unsafe { portable_tile::tile(self, operands, tile, finish) }
    }

    fn repeat(self, rounds: usize) -> f64 {
        repeat::repeat_plain::<4, FUSED>(rounds)
    }
}

impl Accumulate for Portable {
    fn accumulate<const M: usize>(self, x: &[Line], weights: &[Line], sums: &mut [[f32; PANEL]; M]) {
        portable_tile::accumulate::<M, FUSED>(x, weights, sums);
    }
}
