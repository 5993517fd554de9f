//! Attention of one head of one sentence in AVX-512.

use std::arch::x86_64::*;

use super::{AttentionKernel, Head, add_to_biases};
use crate::element_wise_avx512::exp;
use crate::transpose::avx512::transpose_registers;

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
    fn attend(&self, head: &Head, context: &mut [f32], scratch: &mut Vec<f32>) {
        // SAFETY: `detect` has found the feature.
        unsafe { attend(head, context, scratch) }
    }

    fn backward(
        &self,
        head: &Head,
        context_gradient: &[f32],
        gradient: &mut [f32],
        bias_gradient: Option<&mut [f32]>,
        scratch: &mut Vec<f32>,
    ) {
        // SAFETY: `detect` has found the feature.
        unsafe { backward(head, context_gradient, gradient, bias_gradient, scratch) }
    }
}

/// The sizes of a head in memory: rows are whole vectors.
struct Padded {
    n: usize,
    size: usize,
}

impl Padded {
    fn of(head: &Head) -> Self {
        Padded { n: head.n_tokens.next_multiple_of(16), size: head.size.next_multiple_of(16) }
    }
}

/// Takes the next `n` numbers of the scratch memory.
fn take<'a>(scratch: &mut &'a mut [f32], n: usize) -> &'a mut [f32] {
    let (first, rest) = std::mem::take(scratch).split_at_mut(n);
    *scratch = rest;
    first
}

/// The first `n` numbers of the scratch memory, with arbitrary content.
fn sized(scratch: &mut Vec<f32>, n: usize) -> &mut [f32] {
    if scratch.len() < n {
        scratch.resize(n, 0.0);
    }
    &mut scratch[..n]
}

/// As [`AttentionKernel::attend`].
#[target_feature(enable = "avx512f")]
fn attend(head: &Head, context: &mut [f32], scratch: &mut Vec<f32>) {
    let Head { size, hidden, n_tokens: n, first_column: column, .. } = *head;
    let padded = Padded::of(head);
    let mut rest = sized(scratch, 2 * padded.size * padded.n + ROWS * padded.n);
    let keys = take(&mut rest, padded.size * padded.n); // [padded.size, padded.n]
    let values = take(&mut rest, n * padded.size); // [n, padded.size]
    let scores = take(&mut rest, ROWS * padded.n); // [ROWS, padded.n]
    copy_transposed(head.part(1), keys, padded.n);
    copy(head.part(2), values, padded.size);
    for first in (0..n).step_by(ROWS) {
        let rows = ROWS.min(n - first);
        probabilities_of_rows(head, first, rows, keys, padded.n, scores);
        for (row, scores) in scores.chunks_exact_mut(padded.n).enumerate().take(rows) {
            head.drop_probs(first + row, scores);
        }
        let context = &mut context[first * hidden + column..];
        product(Rows::new(scores, padded.n, rows), n, values, padded.size, context, hidden, size);
    }
}

/// As [`AttentionKernel::backward`].
#[target_feature(enable = "avx512f")]
fn backward(
    head: &Head,
    context_gradient: &[f32],
    gradient: &mut [f32],
    mut bias_gradient: Option<&mut [f32]>,
    scratch: &mut Vec<f32>,
) {
    let Head { size, hidden, n_tokens: n, first_column: column, .. } = *head;
    let padded = Padded::of(head);
    let (transposed, rows, square) = (padded.size * padded.n, n * padded.size, padded.n * padded.n);
    let mut rest = sized(scratch, 2 * transposed + 3 * rows + 3 * square);
    let [keys_t, values_t] = [0; 2].map(|_| take(&mut rest, transposed)); // [padded.size, padded.n]
    let [queries, keys, contexts] = [0; 3].map(|_| take(&mut rest, rows)); // [n, padded.size]
    let [probs, dropped, scores] = [0; 3].map(|_| take(&mut rest, square)); // [padded.n, padded.n]
    copy_transposed(head.part(1), keys_t, padded.n);
    copy_transposed(head.part(2), values_t, padded.n);
    copy(head.part(0), queries, padded.size);
    copy(head.part(1), keys, padded.size);
    let contexts_of_head = Columns { data: context_gradient, stride: hidden, column, n, size };
    copy(contexts_of_head, contexts, padded.size);

    for first in (0..n).step_by(ROWS) {
        let count = ROWS.min(n - first);
        let rows = first * padded.n..(first + count) * padded.n;
        let (probs, dropped, scores) =
            (&mut probs[rows.clone()], &mut dropped[rows.clone()], &mut scores[rows]);
        probabilities_of_rows(head, first, count, keys_t, padded.n, probs);
        dropped.copy_from_slice(probs);
        let contexts = Rows::new(&contexts[first * padded.size..], padded.size, count);
        product(contexts, size, values_t, padded.n, scores, padded.n, padded.n);
        for (row, query) in (first..first + count).enumerate() {
            let row = row * padded.n..(row + 1) * padded.n;
            head.drop_probs(query, &mut dropped[row.clone()]);
            let scores = &mut scores[row.clone()];
            head.drop_probs(query, scores);
            softmax_backward(&probs[row], scores);
            if let Some(biases) = &mut bias_gradient {
                add_to_biases(head, query, scores, biases);
            }
            scores.iter_mut().for_each(|score| *score *= head.scale());
        }
    }
    for first in (0..n).step_by(ROWS) {
        let count = ROWS.min(n - first);
        let factors = [
            (Rows::new(&scores[first * padded.n..], padded.n, count), &*keys),
            (Rows::transposed(&scores[first..], padded.n, count), queries),
            (Rows::transposed(&dropped[first..], padded.n, count), contexts),
        ];
        for (i, (a, b)) in factors.into_iter().enumerate() {
            let out = &mut gradient[first * 3 * hidden + i * hidden + column..];
            product(a, n, b, padded.size, out, 3 * hidden, size);
        }
    }
}

/// The probabilities of `rows` queries from `first` on, `[rows, padded_n]`.
#[target_feature(enable = "avx512f")]
fn probabilities_of_rows(
    head: &Head,
    first: usize,
    rows: usize,
    keys: &[f32],
    padded_n: usize,
    probs: &mut [f32],
) {
    let stride = 3 * head.hidden;
    let queries = Rows::new(&head.query_key_value[first * stride + head.first_column..], stride, rows);
    product(queries, head.size, keys, padded_n, probs, padded_n, padded_n);
    for (row, probs) in probs.chunks_exact_mut(padded_n).enumerate().take(rows) {
        probabilities(probs, head.n_tokens, head.scale(), head.bias_of(first + row));
    }
}

/// `scores = probs * (scores - Σ probs scores)` of a row of whole vectors.
#[target_feature(enable = "avx512f")]
fn softmax_backward(probs: &[f32], scores: &mut [f32]) {
    let mut total = _mm512_setzero_ps();
    for (p, s) in probs.chunks_exact(16).zip(scores.chunks_exact(16)) {
        // SAFETY: sixteen numbers each.
        total = unsafe { _mm512_fmadd_ps(_mm512_loadu_ps(p.as_ptr()), _mm512_loadu_ps(s.as_ptr()), total) };
    }
    let dot = _mm512_reduce_add_ps(total);
    for (s, p) in scores.iter_mut().zip(probs) {
        *s = p * (*s - dot);
    }
}

/// The columns of a matrix that belong to a head, `[n, size]`.
#[derive(Clone, Copy)]
struct Columns<'a> {
    data: &'a [f32],
    stride: usize,
    column: usize,
    n: usize,
    size: usize,
}

impl<'a> Head<'a> {
    /// The queries (0), keys (1) or values (2).
    fn part(&self, i: usize) -> Columns<'a> {
        Columns {
            data: self.query_key_value,
            stride: 3 * self.hidden,
            column: i * self.hidden + self.first_column,
            n: self.n_tokens,
            size: self.size,
        }
    }
}

impl Columns<'_> {
    /// The numbers `part..part + 16` of a row, with zeros after the last.
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn load(&self, row: usize, part: usize) -> __m512 {
        let at = &self.data[row * self.stride + self.column + part..];
        let width = 16.min(self.size - part);
        assert!(at.len() >= width);
        // SAFETY: the lanes of the mask are inside `at`.
        unsafe { _mm512_maskz_loadu_ps(mask(width), at.as_ptr()) }
    }
}

/// Copies rows and pads them to whole vectors.
#[target_feature(enable = "avx512f")]
fn copy(from: Columns, to: &mut [f32], padded_size: usize) {
    for (row, to) in to.chunks_exact_mut(padded_size).enumerate().take(from.n) {
        for part in (0..from.size).step_by(16) {
            let to = &mut to[part..part + 16];
            // SAFETY: sixteen numbers.
            unsafe { _mm512_storeu_ps(to.as_mut_ptr(), from.load(row, part)) };
        }
    }
}

/// Copies rows into columns, `to [padded_size, padded_n]`, with zeros around them.
#[target_feature(enable = "avx512f")]
fn copy_transposed(from: Columns, to: &mut [f32], padded_n: usize) {
    for first in (0..from.n).step_by(16) {
        for part in (0..from.size).step_by(16) {
            let mut rows = [_mm512_setzero_ps(); 16];
            for (to, row) in rows.iter_mut().zip(first..from.n) {
                *to = from.load(row, part);
            }
            let columns = to[part * padded_n..].chunks_exact_mut(padded_n);
            for (column, to) in transpose_registers(rows).iter().zip(columns) {
                let to = &mut to[first..first + 16];
                // SAFETY: sixteen numbers.
                unsafe { _mm512_storeu_ps(to.as_mut_ptr(), *column) };
            }
        }
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
    /// The distance between two numbers of a row.
    step: usize,
    rows: usize,
}

impl<'a> Rows<'a> {
    fn new(data: &'a [f32], stride: usize, rows: usize) -> Self {
        Rows { data, stride, step: 1, rows }
    }

    /// The first columns of a matrix whose rows are `stride` numbers apart, as rows.
    fn transposed(data: &'a [f32], stride: usize, rows: usize) -> Self {
        Rows { data, stride: 1, step: stride, rows }
    }
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
    assert!(
        depth > 0
            && a.data.len() > last * a.stride + (depth - 1) * a.step
            && out.len() >= last * out_stride + width
    );
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
            let a = _mm512_set1_ps(unsafe { *a_data.add(r * a.stride + k * a.step) });
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
