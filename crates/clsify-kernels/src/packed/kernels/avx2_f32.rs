//! `f32` in plain Rust compiled for AVX2 and FMA.

use super::super::finish_tile::Finish;
use super::super::micro_kernel::MicroKernel;
use super::super::portable_tile::{self, Accumulate};
use super::super::precision::Precision;
use super::super::quantize::{QuantizedRow, QuantizedWeights};
use super::super::repeat;
use super::super::tile::{Accumulators, Line, Operands, PANEL, Tile};

/// A value exists only if the processor has AVX2 and FMA.
#[derive(Clone, Copy)]
pub(super) struct Avx2F32(());

impl MicroKernel for Avx2F32 {
    const NAME: &'static str = "Avx2F32";
    const PRECISION: Precision = Precision::F32;
    const TILE_ROWS: usize = portable_tile::TILE_ROWS;
    const LINE_BLOCK: usize = portable_tile::LINE_BLOCK;

    fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Avx2F32(()))
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
        #[target_feature(enable = "avx2,fma")]
        fn repeat(rounds: usize) -> f64 {
            repeat::repeat_plain::<8, true>(rounds)
        }
        // SAFETY: `detect` has found the two features.
        unsafe { repeat(rounds) }
    }
}

impl Accumulate for Avx2F32 {
    fn accumulate<const M: usize>(self, x: &[Line], weights: &[Line], sums: &mut [[f32; PANEL]; M]) {
        #[target_feature(enable = "avx2,fma")]
        fn accumulate<const M: usize>(x: &[Line], weights: &[Line], sums: &mut [[f32; PANEL]; M]) {
            portable_tile::accumulate::<M, true>(x, weights, sums);
        }
        // SAFETY: `detect` has found the two features.
        unsafe { accumulate(x, weights, sums) }
    }
}
