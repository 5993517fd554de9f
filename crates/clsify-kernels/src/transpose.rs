//! Transposed copies of matrices.

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;

use std::ops::Range;

/// The rows and columns of a block: sixteen numbers are one cache line.
const BLOCK: usize = 16;

/// `out [columns.len(), rows]` becomes the transposed of some columns of `x [rows, cols]`.
///
/// ```
/// let mut out = [0.0; 4];
/// clsify_kernels::transpose::transpose(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3, 1..3, &mut out);
/// assert_eq!(out, [2.0, 5.0, 3.0, 6.0]);
/// ```
///
/// # Panics
/// Panics if `x` is not a whole number of rows, does not have these columns, or `out` has another length.
pub fn transpose(x: &[f32], cols: usize, columns: Range<usize>, out: &mut [f32]) {
    assert!(
        cols > 0 && x.len().is_multiple_of(cols),
        "expected rows of {cols} numbers, got {} numbers",
        x.len()
    );
    assert!(
        columns.start <= columns.end && columns.end <= cols,
        "expected some of {cols} columns, got {columns:?}"
    );
    let rows = x.len() / cols;
    assert_eq!(out.len(), rows * columns.len(), "expected {rows} x {} numbers", columns.len());
    if out.is_empty() {
        return;
    }
    for (out, first) in out.chunks_mut(BLOCK * rows).zip(columns.step_by(BLOCK)) {
        for (start, x) in x.chunks(BLOCK * cols).enumerate() {
            transpose_block(&x[first..], cols, &mut out[start * BLOCK..], rows);
        }
    }
}

/// Transposes up to sixteen columns of up to sixteen rows: row `r`, column `c` goes to `out[c * out_stride + r]`.
fn transpose_block(x: &[f32], stride: usize, out: &mut [f32], out_stride: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        let is_whole = x.len() >= 15 * stride + BLOCK && out.len() >= 15 * out_stride + BLOCK;
        if is_whole && is_x86_feature_detected!("avx512f") {
            // SAFETY: the feature was detected in the line above.
            return unsafe { avx512::transpose_block(x, stride, out, out_stride) };
        }
    }
    for (c, out) in out.chunks_mut(out_stride).enumerate() {
        for (to, row) in out.iter_mut().zip(x.chunks(stride)).take(BLOCK) {
            *to = row[c];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_transposed() {
        for rows in [0, 1, 2, 15, 16, 17, 33] {
            for cols in [1, 3, 15, 16, 17, 40] {
                for columns in [0..cols, cols / 3..cols, cols / 2..cols / 2] {
                    let x: Vec<f32> = (0..rows * cols).map(|i| i as f32).collect();
                    let mut out = vec![f32::NAN; rows * columns.len()];
                    transpose(&x, cols, columns.clone(), &mut out);
                    for (i, v) in out.iter().enumerate() {
                        let expected = x[i % rows * cols + columns.start + i / rows];
                        assert_eq!(*v, expected, "{rows} x {cols}, {columns:?}");
                    }
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "expected rows of 4 numbers")]
    fn a_ragged_slice_is_refused() {
        transpose(&[0.0; 6], 4, 0..4, &mut [0.0; 6]);
    }

    #[test]
    #[should_panic(expected = "expected some of 3 columns")]
    fn a_missing_column_is_refused() {
        transpose(&[0.0; 6], 3, 2..4, &mut [0.0; 4]);
    }
}
