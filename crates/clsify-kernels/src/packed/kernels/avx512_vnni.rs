//! 8-bit integers with AVX-512 VNNI.

use std::arch::x86_64::*;

use super::super::avx512_quantize;
use super::super::avx512_tile::{self, tile_kernel};
use super::super::finish_tile::Finish;
use super::super::micro_kernel::MicroKernel;
use super::super::precision::Precision;
use super::super::quantize::{QuantizedRow, QuantizedWeights};
use super::super::repeat::chains;
use super::super::tile::{Accumulators, Line, Operands, Start, Tile};

/// A value exists only if the processor has AVX-512 VNNI.
#[derive(Clone, Copy)]
pub(super) struct Avx512Vnni(());

impl MicroKernel for Avx512Vnni {
    const NAME: &'static str = "Avx512Vnni";
    const PRECISION: Precision = Precision::Int8;
    const TILE_ROWS: usize = avx512_tile::TILE_ROWS;

    fn detect() -> Option<Self> {
        let has_it = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni");
        has_it.then_some(Avx512Vnni(()))
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
        // SAFETY: the caller's promise; `detect` has found the features.
        unsafe {
            accumulate(operands, tile, Start::default(), Some(sums));
            avx512_quantize::finish(sums, tile, finish);
        }
    }

    fn repeat(self, rounds: usize) -> f64 {
        // SAFETY: `detect` has found the features.
        unsafe { repeat(rounds) }
    }
}

tile_kernel! {
    /// Words are four 8-bit integers, unsigned in `x`, signed in the weights; sums are `i32`.
    accumulate, "avx512f,avx512vnni", |c, a, b| _mm512_dpbusd_epi32(c, a, b)
}

chains!(
    repeat,
    "avx512f,avx512vnni",
    64,
    _mm512_setzero_si512(),
    (_mm512_set1_epi32(0x0102_0304), _mm512_set1_epi32(0x01ff_01ff)),
    |c, x, y| _mm512_dpbusd_epi32(*c, x, y)
);
