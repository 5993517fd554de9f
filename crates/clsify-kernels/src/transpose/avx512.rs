//! Blocks of sixteen by sixteen numbers in AVX-512.

use std::arch::x86_64::*;

/// As [`transpose_block`](super::transpose_block), for whole blocks.
///
/// # Panics
/// Panics if a slice ends before the block does.
#[target_feature(enable = "avx512f")]
pub(super) fn transpose_block(x: &[f32], stride: usize, out: &mut [f32], out_stride: usize) {
    assert!(x.len() >= 15 * stride + 16 && out.len() >= 15 * out_stride + 16);
    // SAFETY: row r of the block starts at `r * stride`, and its sixteen numbers lie inside `x` by the assertion.
    let rows = std::array::from_fn(|r| unsafe { _mm512_loadu_ps(x.as_ptr().add(r * stride)) });
    for (c, column) in transpose_registers(rows).into_iter().enumerate() {
        // SAFETY: likewise for `out`.
        unsafe { _mm512_storeu_ps(out.as_mut_ptr().add(c * out_stride), column) };
    }
}

/// Transposes 16 rows: first pairs of numbers, then pairs of pairs, then quarters of a vector, twice.
#[target_feature(enable = "avx512f")]
#[inline]
pub(crate) fn transpose_registers(r: [__m512; 16]) -> [__m512; 16] {
    let zero = _mm512_setzero_ps();
    let (mut t, mut u, mut out) = ([zero; 16], [zero; 16], [zero; 16]);
    for i in 0..8 {
        t[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
    }
    let low = |a, b| _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
    let high = |a, b| _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
    // Quarter q of u[4 g + c] is column 4 q + c of the rows 4 g .. 4 g + 4.
    for g in (0..16).step_by(4) {
        u[g] = low(t[g], t[g + 2]);
        u[g + 1] = high(t[g], t[g + 2]);
        u[g + 2] = low(t[g + 1], t[g + 3]);
        u[g + 3] = high(t[g + 1], t[g + 3]);
    }
    const EVEN: i32 = 0b10_00_10_00;
    const ODD: i32 = 0b11_01_11_01;
    for c in 0..4 {
        let [even_low, odd_low] =
            [_mm512_shuffle_f32x4::<EVEN>(u[c], u[4 + c]), _mm512_shuffle_f32x4::<ODD>(u[c], u[4 + c])];
        let [even_high, odd_high] = [
            _mm512_shuffle_f32x4::<EVEN>(u[8 + c], u[12 + c]),
            _mm512_shuffle_f32x4::<ODD>(u[8 + c], u[12 + c]),
        ];
        out[c] = _mm512_shuffle_f32x4::<EVEN>(even_low, even_high);
        out[4 + c] = _mm512_shuffle_f32x4::<EVEN>(odd_low, odd_high);
        out[8 + c] = _mm512_shuffle_f32x4::<ODD>(even_low, even_high);
        out[12 + c] = _mm512_shuffle_f32x4::<ODD>(odd_low, odd_high);
    }
    out
}
