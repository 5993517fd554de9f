//! Packing of rows into panels with AVX-512: sixteen words of sixteen outputs are transposed in registers.

use std::arch::x86_64::*;

use super::avx512_tile::load;
use super::precision::Precision;
use super::tile::{Line, PANEL};
use crate::transpose::avx512::transpose_registers;

/// Packs up to 32 outputs, `rows [outputs, inputs]`, into `panel [word][32]`, which is zero before. Returns false, with nothing
/// done, if the processor cannot convert to this precision or the precision has scales.
pub(super) fn pack(rows: &[f32], inputs: usize, precision: Precision, panel: &mut [Line]) -> bool {
    match precision {
        Precision::F32 if is_x86_feature_detected!("avx512f") => {
            // SAFETY: the feature was detected in the line above.
            unsafe { pack_f32(rows, inputs, panel) };
            true
        }
        Precision::Bf16 if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bf16") => {
            // SAFETY: the features were detected in the line above.
            unsafe { pack_bf16(rows, inputs, panel) };
            true
        }
        _ => false,
    }
}

#[target_feature(enable = "avx512f")]
fn pack_f32(rows: &[f32], inputs: usize, panel: &mut [Line]) {
    pack_words(rows, inputs, panel, |row, line| load(row, 16 * line));
}

#[target_feature(enable = "avx512f,avx512bf16")]
fn pack_bf16(rows: &[f32], inputs: usize, panel: &mut [Line]) {
    pack_words(rows, inputs, panel, |row, line| {
        let pairs = _mm512_cvtne2ps_pbh(load(row, 32 * line + 16), load(row, 32 * line));
        // SAFETY: both types are 64 bytes, and every bit pattern is a value of either.
        unsafe { std::mem::transmute::<__m512bh, __m512>(pairs) }
    });
}

/// `words(row, line)` are sixteen words of a row.
#[target_feature(enable = "avx512f")]
#[inline]
fn pack_words(rows: &[f32], inputs: usize, panel: &mut [Line], words: impl Fn(&[f32], usize) -> __m512) {
    for (half, rows) in rows.chunks(16 * inputs).enumerate() {
        for (line, to) in panel.chunks_exact_mut(PANEL).enumerate() {
            let mut of_rows = [_mm512_setzero_ps(); 16];
            for (of_row, row) in of_rows.iter_mut().zip(rows.chunks_exact(inputs)) {
                *of_row = words(row, line);
            }
            let to = to.iter_mut().skip(half).step_by(2);
            for (to, of_word) in to.zip(transpose_registers(of_rows)) {
                // SAFETY: a line is 64 aligned bytes.
                unsafe { _mm512_store_ps(to.0.as_mut_ptr().cast(), of_word) };
            }
        }
    }
}
