//! Quantization of rows and the epilogue in AVX-512, which the 8-bit kernels share.

use std::arch::x86_64::*;

use super::avx512_tile::{halves, load};
use super::epilogue::Epilogue;
use super::exact_inputs::EXACT_INPUTS;
use super::finish_tile::Finish;
use super::quantize::{QuantizedPanel, QuantizedRow, QuantizedWeights};
use super::rotate::{Extent, order};
use super::tile::{Accumulators, Line, Tile};

/// Rotates and quantizes a whole row.
#[target_feature(enable = "avx512f")]
pub(super) fn convert<'a>(
    row: &[f32],
    weights: Option<&QuantizedWeights>,
    scratch: &mut [f32],
    to: impl Iterator<Item = &'a mut Line>,
) -> QuantizedRow {
    let Some(weights) = weights else { unreachable!("the weights are packed in 8 bits") };
    let rotated = &mut scratch[..row.len()];
    let mut quantized = QuantizedRow::of(rotate(row, &weights.factors, rotated));
    quantized.exact = weights.exact.as_ref().map_or([0.0; EXACT_INPUTS], |exact| exact.of_row(row));
    quantize(rotated, quantized, to);
    quantized
}

/// [`rotate`](super::rotate::rotate) for rows of `x`, in one pass.
#[target_feature(enable = "avx512f")]
pub(super) fn rotate(row: &[f32], factors: &[f32], to: &mut [f32]) -> Extent {
    assert!(row.len() == factors.len() && row.len() == to.len());
    match order(row.len()) {
        8 => rotate_by::<8>(row, factors, to),
        4 => rotate_by::<4>(row, factors, to),
        2 => rotate_by::<2>(row, factors, to),
        _ => rotate_by::<1>(row, factors, to),
    }
}

/// The slices have the same length, a multiple of `16 N` unless `N` is 1.
#[target_feature(enable = "avx512f")]
#[inline]
fn rotate_by<const N: usize>(row: &[f32], factors: &[f32], to: &mut [f32]) -> Extent {
    // Four of each, because a single one would have to wait for its previous value.
    let mut low = [_mm512_set1_ps(f32::INFINITY); 4];
    let mut high = [_mm512_set1_ps(f32::NEG_INFINITY); 4];
    let mut sum = [_mm512_setzero_ps(); 4];
    let blocks = row.chunks_exact(16 * N).zip(factors.chunks_exact(16 * N));
    for (number, ((row, factors), to)) in blocks.zip(to.chunks_exact_mut(16 * N)).enumerate() {
        let mut block = [_mm512_setzero_ps(); N];
        for (i, x) in block.iter_mut().enumerate() {
            // SAFETY: sixteen of `16 N` numbers of either.
            *x = unsafe {
                let factor = _mm512_loadu_ps(factors.as_ptr().add(16 * i));
                _mm512_mul_ps(_mm512_loadu_ps(row.as_ptr().add(16 * i)), factor)
            };
        }
        // The calls are unrolled by hand, because in a loop the block would stay in memory.
        mix(&mut block, 1);
        mix(&mut block, 2);
        mix(&mut block, 4);
        for (i, x) in block.into_iter().enumerate() {
            let own = if N < 4 { number % 4 } else { i % 4 };
            // If one operand is NaN, the instruction returns the second.
            low[own] = _mm512_min_ps(x, low[own]);
            high[own] = _mm512_max_ps(x, high[own]);
            sum[own] = _mm512_add_ps(sum[own], x);
            // SAFETY: sixteen of `16 N` numbers.
            unsafe { _mm512_storeu_ps(to.as_mut_ptr().add(16 * i), x) }
        }
    }
    let rest = row.len() / (16 * N) * 16 * N;
    let mask: __mmask16 = (1 << (row.len() - rest)) - 1;
    let x = _mm512_mul_ps(load(row, rest), load(factors, rest));
    low[0] = _mm512_mask_min_ps(low[0], mask, x, low[0]);
    high[0] = _mm512_mask_max_ps(high[0], mask, x, high[0]);
    sum[0] = _mm512_add_ps(sum[0], x);
    // SAFETY: the lanes of the mask are what is left of `to`.
    unsafe { _mm512_mask_storeu_ps(to.as_mut_ptr().add(rest), mask, x) }
    let low = _mm512_min_ps(_mm512_min_ps(low[0], low[1]), _mm512_min_ps(low[2], low[3]));
    let high = _mm512_max_ps(_mm512_max_ps(high[0], high[1]), _mm512_max_ps(high[2], high[3]));
    let sum = _mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3]));
    Extent {
        low: _mm512_reduce_min_ps(low),
        high: _mm512_reduce_max_ps(high),
        sum: _mm512_reduce_add_ps(sum),
    }
}

/// Replaces registers that are `apart` apart by their sums and differences.
#[target_feature(enable = "avx512f")]
#[inline]
fn mix<const N: usize>(block: &mut [__m512; N], apart: usize) {
    for i in 0..N {
        if i & apart == 0 && apart < N {
            let (a, b) = (block[i], block[i + apart]);
            (block[i], block[i + apart]) = (_mm512_add_ps(a, b), _mm512_sub_ps(a, b));
        }
    }
}

/// Quantizes a rotated row, rounding to the nearest, ties to even.
#[target_feature(enable = "avx512f")]
fn quantize<'a>(row: &[f32], quantized: QuantizedRow, to: impl Iterator<Item = &'a mut Line>) {
    let zero_point = _mm512_set1_ps(quantized.zero_point);
    // Below the smallest normal number the reciprocal may overflow; such a row is treated as constant.
    let inverse = if quantized.scale >= f32::MIN_POSITIVE { 1.0 / quantized.scale } else { 0.0 };
    let inverse = _mm512_set1_ps(inverse);
    for (line, first) in to.zip((0..row.len()).step_by(64)) {
        for (i, part) in line.0.chunks_exact_mut(4).enumerate() {
            // Padding becomes arbitrary numbers, which are multiplied by weights of zero.
            let x = _mm512_mul_ps(_mm512_sub_ps(load(row, first + 16 * i), zero_point), inverse);
            let bytes = _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(x));
            // SAFETY: `part` is 16 bytes.
            unsafe { _mm_storeu_si128(part.as_mut_ptr().cast(), bytes) }
        }
    }
}

/// Turns a tile of `i32` sums into outputs.
///
/// # Safety
/// `target` is valid and the caller's alone.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn finish(sums: &Accumulators, target: &Tile, finish: &Finish) {
    let Some(weights) = &finish.weights else { unreachable!("the weights are packed in 8 bits") };
    // SAFETY: the caller's promise.
    unsafe { finish_rows(sums, target, finish.rows, weights, finish.bias, finish.epilogue) }
}

/// Applies scales, bias and epilogue to a tile of `i32` sums. With `x = z + s q` and `w = y + t v`, zero points `z`
/// and `y` and scales `s` and `t`, the product is `t (s Σ q v + z Σ v) + y Σ x`. Exact inputs are added last.
///
/// # Safety
/// `target` is valid and the caller's alone; the processor has AVX-512 F.
#[target_feature(enable = "avx512f")]
unsafe fn finish_rows(
    sums: &Accumulators,
    target: &Tile,
    rows: &[QuantizedRow],
    panel: &QuantizedPanel,
    bias: &[f32],
    epilogue: Epilogue,
) {
    let weights = [panel.scales, panel.sums, panel.zero_points, bias];
    let [scale, sum, zero_point, bias] = weights.map(|weights| halves(weights));
    let quantized = |r: usize, h: usize, c: &Line| {
        let offset = _mm512_mul_ps(_mm512_set1_ps(rows[r].zero_point), sum[h]);
        // SAFETY: a line is 64 aligned bytes.
        let c = _mm512_cvtepi32_ps(unsafe { _mm512_load_si512(c.0.as_ptr().cast()) });
        let product = _mm512_fmadd_ps(_mm512_set1_ps(rows[r].scale), c, offset);
        let rest = _mm512_fmadd_ps(_mm512_set1_ps(rows[r].sum), zero_point[h], bias[h]);
        _mm512_fmadd_ps(scale[h], product, rest)
    };
    // SAFETY: the caller's promise.
    unsafe {
        match panel.exact.map(|exact| exact.map(|weights| halves(weights))) {
            None => super::avx512_tile::finish(sums, target, epilogue, quantized),
            Some(exact) => super::avx512_tile::finish(sums, target, epilogue, |r, h, c| {
                let mut sum = quantized(r, h, c);
                for (&x, weights) in rows[r].exact.iter().zip(&exact) {
                    sum = _mm512_fmadd_ps(_mm512_set1_ps(x), weights[h], sum);
                }
                sum
            }),
        }
    }
}
