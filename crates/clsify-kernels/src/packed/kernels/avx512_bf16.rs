//! `bf16` with AVX-512.

use std::arch::x86_64::*;

use super::super::avx512_tile::{self, finish_f32, tile_kernel};
use super::super::finish_tile::Finish;
use super::super::micro_kernel::MicroKernel;
use super::super::precision::Precision;
use super::super::quantize::{QuantizedRow, QuantizedWeights};
use super::super::repeat::chains;
use super::super::tile::{Accumulators, Line, Operands, Tile};

/// A value exists only if the processor has AVX-512 BF16.
#[derive(Clone, Copy)]
pub(super) struct Avx512Bf16(());

impl MicroKernel for Avx512Bf16 {
    const NAME: &'static str = "Avx512Bf16";
    const PRECISION: Precision = Precision::Bf16;
    const TILE_ROWS: usize = avx512_tile::TILE_ROWS;
    const LINE_BLOCK: usize = avx512_tile::LINE_BLOCK;

    fn detect() -> Option<Self> {
        let has_it = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bf16");
        has_it.then_some(Avx512Bf16(()))
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
        let activates = finish.activates(operands);
        let to = activates.then_some(&mut *sums);
        // SAFETY: the caller's promise; `detect` has found the features.
        unsafe {
            accumulate(operands, tile, finish.start(operands), to);
            if activates {
                finish_f32(sums, tile, None, finish.epilogue);
            }
        }
    }

    fn repeat(self, rounds: usize) -> f64 {
        // SAFETY: `detect` has found the features.
        unsafe { repeat(rounds) }
    }
}

/// Reinterprets words as pairs of `bf16`.
#[target_feature(enable = "avx512f")]
#[inline]
fn pairs(x: __m512i) -> __m512bh {
    // SAFETY: both types are 64 bytes, and every bit pattern is a value of either.
    unsafe { std::mem::transmute(x) }
}

tile_kernel! {
    /// Words are two `bf16`.
    accumulate, "avx512f,avx512bf16", |c, a, b| _mm512_castps_si512(_mm512_dpbf16_ps(
        _mm512_castsi512_ps(c),
        pairs(a),
        pairs(b),
    ))
}

chains!(
    repeat,
    "avx512f,avx512bf16",
    32,
    _mm512_setzero_ps(),
    (
        _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.5), _mm512_set1_ps(0.5)),
        _mm512_cvtne2ps_pbh(_mm512_set1_ps(0.25), _mm512_set1_ps(-0.25)),
    ),
    |c, x, y| _mm512_dpbf16_ps(*c, x, y)
);
