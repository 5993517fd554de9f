//! `f32` with AVX-512.

use std::arch::x86_64::*;

use super::super::avx512_tile::{self, finish_f32, load, tile_kernel};
use super::super::finish_tile::Finish;
use super::super::micro_kernel::MicroKernel;
use super::super::precision::Precision;
use super::super::quantize::{QuantizedRow, QuantizedWeights};
use super::super::repeat::chains;
use super::super::tile::{Accumulators, Line, Operands, Tile};

/// A value exists only if the processor has AVX-512.
#[derive(Clone, Copy)]
pub(super) struct Avx512F32(());

impl MicroKernel for Avx512F32 {
    const NAME: &'static str = "Avx512F32";
    const PRECISION: Precision = Precision::F32;
    const TILE_ROWS: usize = avx512_tile::TILE_ROWS;
    const LINE_BLOCK: usize = avx512_tile::LINE_BLOCK;

    fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx512f").then_some(Avx512F32(()))
    }

    fn convert<'a>(
        self,
        row: &[f32],
        _: Option<&QuantizedWeights>,
        _: &mut [f32],
        to: impl Iterator<Item = &'a mut Line>,
    ) -> QuantizedRow {
        // SAFETY: `detect` has found the feature.
        unsafe { convert(row, to) };
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
        // SAFETY: `detect` has found the feature.
        unsafe { repeat(rounds) }
    }
}

tile_kernel! {
    /// Words are `f32`.
    accumulate, "avx512f", |c, a, b| _mm512_castps_si512(_mm512_fmadd_ps(
        _mm512_castsi512_ps(a),
        _mm512_castsi512_ps(b),
        _mm512_castsi512_ps(c),
    ))
}

/// Copies a row into lines, until either ends.
#[target_feature(enable = "avx512f")]
fn convert<'a>(row: &[f32], to: impl Iterator<Item = &'a mut Line>) {
    for (line, first) in to.zip((0..row.len()).step_by(16)) {
        // SAFETY: a line is 64 aligned bytes.
        unsafe { _mm512_store_ps(line.0.as_mut_ptr().cast(), load(row, first)) }
    }
}

chains!(
    repeat,
    "avx512f",
    16,
    _mm512_setzero_ps(),
    (_mm512_set1_ps(0.999), _mm512_set1_ps(1e-3)),
    |c, x, y| _mm512_fmadd_ps(*c, x, y)
);
