//! Attention of one head of one sentence in AVX-512.

use std::arch::x86_64::*;

use super::{AttentionKernel, Head};
use crate::element_wise_avx512::exp;

/// Queries per tile: with two vectors of columns this makes twelve sums, enough to hide the latency of an addition.
const ROWS: usize = 6;

/// A value exists only if the processor has AVX-512.
pub(super) struct Avx512(());

impl Avx512 {
    pub(super) fn detect() -> Option<Box<dyn AttentionKernel>> {
        is_x86_feature_detected!("avx512f").then(|| Box::new(Avx512(())) as _)
    }
}

impl AttentionKernel for Avx512 {
    fn attend(
        &self,
        query_key_value: &[f32],
        head: Head,
        bias: Option<&[f32]>,
        context: &mut [f32],
        scratch: &mut Vec<f32>,
    ) {
        // SAFETY: `detect` has found the feature.
        unsafe { attend(query_key_value, head, bias, context, scratch) }
    }
}

/// As [`AttentionKernel::attend`].
#[target_feature(enable = "avx512f")]
fn attend(
    query_key_value: &[f32],
    head: Head,
    bias: Option<&[f32]>,
    context: &mut [f32],
    scratch: &mut Vec<f32>,
) {
    let Head { size, hidden, n_tokens: n, .. } = head;
    let column = head.head * size;
    let stride = 3 * hidden;
    let padded_n = n.next_multiple_of(16);
    let padded_size = size.next_multiple_of(16);
    assert!(query_key_value.len() >= n * stride && context.len() >= n * hidden && column + size <= hidden);
    assert!(bias.is_none_or(|bias| bias.len() == 2 * n - 1));
    let needed = padded_size * padded_n + n * padded_size + ROWS * padded_n;
    if scratch.len() < needed {
        scratch.resize(needed, 0.0);
    }
    let (keys, rest) = scratch.split_at_mut(padded_size * padded_n); // [padded_size, padded_n]
    let (values, rest) = rest.split_at_mut(n * padded_size); // [n, padded_size]
    let scores = &mut rest[..ROWS * padded_n]; // [ROWS, padded_n]

    for first in (0..n).step_by(16) {
        for part in (0..size).step_by(16) {
            let mask = mask(size - part);
            let mut rows = [_mm512_setzero_ps(); 16];
            for (row, token) in rows.iter_mut().zip(first..n) {
                let at = &query_key_value[token * stride + hidden + column + part..];
                debug_assert!(at.len() >= 16.min(size - part));
                // SAFETY: the lanes of the mask are columns of this head of this token, inside the slice by the
                // assertion at the top.
                *row = unsafe { _mm512_maskz_loadu_ps(mask, at.as_ptr()) };
            }
            for (row, to) in transpose(rows).iter().zip(keys[part * padded_n..].chunks_exact_mut(padded_n)) {
                // SAFETY: `first + 16 <= padded_n`, the length of `to`.
                unsafe { _mm512_storeu_ps(to.as_mut_ptr().add(first), *row) };
            }
        }
    }
    for (token, to) in values.chunks_exact_mut(padded_size).enumerate() {
        for part in (0..size).step_by(16) {
            let at = &query_key_value[token * stride + 2 * hidden + column + part..];
            // SAFETY: the lanes of the mask are columns of this head of this token; `part + 16 <= padded_size`.
            unsafe {
                let row = _mm512_maskz_loadu_ps(mask(size - part), at.as_ptr());
                _mm512_storeu_ps(to.as_mut_ptr().add(part), row);
            }
        }
    }

    let scale = 1.0 / (size as f32).sqrt();
    for first in (0..n).step_by(ROWS) {
        let rows = ROWS.min(n - first);
        let queries = &query_key_value[first * stride + column..];
        product(Rows { data: queries, stride, rows }, size, keys, padded_n, scores, padded_n, padded_n);
        for (row, scores) in scores.chunks_exact_mut(padded_n).enumerate().take(rows) {
            let bias = bias.map(|bias| &bias[n - 1 - (first + row)..][..n]);
            probabilities(scores, n, scale, bias);
        }
        let context = &mut context[first * hidden + column..];
        product(Rows { data: scores, stride: padded_n, rows }, n, values, padded_size, context, hidden, size);
    }
}

/// A mask of the first `n` lanes.
fn mask(n: usize) -> __mmask16 {
    if n < 16 { (1 << n) - 1 } else { 0xffff }
}

/// The left factor of a product.
#[derive(Clone, Copy)]
struct Rows<'a> {
    data: &'a [f32],
    stride: usize,
    rows: usize,
}

/// `out [rows, width] = a [rows, depth] b [depth, width]`, the rows of `b` padded to whole vectors.
#[target_feature(enable = "avx512f")]
#[inline]
fn product(
    a: Rows,
    depth: usize,
    b: &[f32],
    b_stride: usize,
    out: &mut [f32],
    out_stride: usize,
    width: usize,
) {
    let last = a.rows - 1;
    assert!(a.data.len() >= last * a.stride + depth && out.len() >= last * out_stride + width);
    assert!(b.len() >= depth * b_stride && b_stride >= width.next_multiple_of(16));
    // SAFETY: with the assertions above the elements [row, 0..depth] of `a`, [0..depth, 0..padded width] of `b` and
    // [row, 0..width] of `out` lie inside their slices, and `tile` touches no others.
    unsafe {
        match a.rows {
            1 => columns::<1>(a, depth, b, b_stride, out, out_stride, width),
            2 => columns::<2>(a, depth, b, b_stride, out, out_stride, width),
            3 => columns::<3>(a, depth, b, b_stride, out, out_stride, width),
            4 => columns::<4>(a, depth, b, b_stride, out, out_stride, width),
            5 => columns::<5>(a, depth, b, b_stride, out, out_stride, width),
            6 => columns::<6>(a, depth, b, b_stride, out, out_stride, width),
            rows => unreachable!("{rows} rows"),
        }
    }
}

/// # Safety
/// `a` holds `M` rows of `depth`, `b` as many rows of whole vectors as `depth`, `out` `M` rows of `width`.
#[target_feature(enable = "avx512f")]
unsafe fn columns<const M: usize>(
    a: Rows,
    depth: usize,
    b: &[f32],
    b_stride: usize,
    out: &mut [f32],
    out_stride: usize,
    width: usize,
) {
    let mut column = 0;
    while column < width {
        // SAFETY: the caller's promise; the column is below the width, and a second vector is only taken where its first
        // column is.
        unsafe {
            let b = b.as_ptr().add(column);
            let out = out.as_mut_ptr().add(column);
            if column + 16 < width {
                tile::<M, 2>(a, depth, b, b_stride, out, out_stride, width - column);
            } else {
                tile::<M, 1>(a, depth, b, b_stride, out, out_stride, width - column);
            }
        }
        column += 32;
    }
}

/// # Safety
/// As for [`columns`], from one column on; the width left is more than `16 * (N - 1)`.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn tile<const M: usize, const N: usize>(
    a: Rows,
    depth: usize,
    b: *const f32,
    b_stride: usize,
    out: *mut f32,
    out_stride: usize,
    width: usize,
) {
    let mut c = [[_mm512_setzero_ps(); N]; M];
    let a_data = a.data.as_ptr();
    for k in 0..depth {
        // SAFETY: the caller's promise.
        let b: [__m512; N] =
            std::array::from_fn(|h| unsafe { _mm512_loadu_ps(b.add(k * b_stride + 16 * h)) });
        for (r, c) in c.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            let a = _mm512_set1_ps(unsafe { *a_data.add(r * a.stride + k) });
            for (c, b) in c.iter_mut().zip(b) {
                *c = _mm512_fmadd_ps(a, b, *c);
            }
        }
    }
    for (r, c) in c.into_iter().enumerate() {
        for (h, c) in c.into_iter().enumerate() {
            // SAFETY: the lanes of the mask are columns below the width.
            unsafe { _mm512_mask_storeu_ps(out.add(r * out_stride + 16 * h), mask(width - 16 * h), c) };
        }
    }
}

/// `softmax(scale x + bias)` of the first `n` numbers of a row of whole vectors; zeros follow them.
#[target_feature(enable = "avx512f")]
fn probabilities(row: &mut [f32], n: usize, scale: f32, bias: Option<&[f32]>) {
    let scale = _mm512_set1_ps(scale);
    let mut max = _mm512_set1_ps(f32::NEG_INFINITY);
    for (i, vector) in row.chunks_exact_mut(16).enumerate() {
        let mask = mask(n - 16 * i);
        let bias = match bias {
            // SAFETY: the lanes of the mask are below n, the length of the bias.
            Some(bias) => unsafe { _mm512_maskz_loadu_ps(mask, bias[16 * i..].as_ptr()) },
            None => _mm512_setzero_ps(),
        };
        // SAFETY: sixteen numbers.
        let x = _mm512_fmadd_ps(scale, unsafe { _mm512_loadu_ps(vector.as_ptr()) }, bias);
        max = _mm512_mask_max_ps(max, mask, x, max);
        // SAFETY: sixteen numbers.
        unsafe { _mm512_storeu_ps(vector.as_mut_ptr(), x) };
    }
    let max = _mm512_set1_ps(_mm512_reduce_max_ps(max));
    let mut total = _mm512_setzero_ps();
    for (i, vector) in row.chunks_exact_mut(16).enumerate() {
        // SAFETY: sixteen numbers.
        let x = unsafe { _mm512_loadu_ps(vector.as_ptr()) };
        let e = _mm512_maskz_mov_ps(mask(n - 16 * i), exp(_mm512_sub_ps(x, max)));
        total = _mm512_add_ps(total, e);
        // SAFETY: sixteen numbers.
        unsafe { _mm512_storeu_ps(vector.as_mut_ptr(), e) };
    }
    let scale = _mm512_set1_ps(1.0 / _mm512_reduce_add_ps(total));
    for vector in row.chunks_exact_mut(16) {
        // SAFETY: sixteen numbers.
        unsafe {
            let e = _mm512_loadu_ps(vector.as_ptr());
            _mm512_storeu_ps(vector.as_mut_ptr(), _mm512_mul_ps(e, scale));
        }
    }
}

/// Transposes 16 rows: first pairs of numbers, then pairs of pairs, then quarters of a vector, twice.
#[target_feature(enable = "avx512f")]
#[inline]
fn transpose(r: [__m512; 16]) -> [__m512; 16] {
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
