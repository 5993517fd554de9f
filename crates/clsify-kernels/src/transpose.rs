//! Transposed copies of matrices.

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;

use rayon::prelude::*;

/// The rows and columns of a block: sixteen numbers are one cache line.
const BLOCK: usize = 16;

/// `out [cols, rows]` becomes the transposed of `x [rows, cols]`, on the threads of the current rayon pool.
///
/// ```
/// let mut out = [0.0; 6];
/// clsify_kernels::transpose::transpose(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3, &mut out);
/// assert_eq!(out, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
/// ```
///
/// # Panics
/// Panics if `x` is not a whole number of rows, or `out` has another length.
pub fn transpose(x: &[f32], cols: usize, out: &mut [f32]) {
    assert!(
        cols > 0 && x.len().is_multiple_of(cols),
        "expected rows of {cols} numbers, got {} numbers",
        x.len()
    );
    assert_eq!(x.len(), out.len(), "expected {} numbers, got {}", x.len(), out.len());
    let rows = x.len() / cols;
    if rows == 0 {
        return;
    }
    out.par_chunks_mut(BLOCK * rows).enumerate().for_each(|(block, out)| {
        let first = block * BLOCK;
        for (start, x) in x.chunks(BLOCK * cols).enumerate() {
            transpose_block(&x[first..], cols, &mut out[start * BLOCK..], rows);
        }
    });
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
                let x: Vec<f32> = (0..rows * cols).map(|i| i as f32).collect();
                let mut out = vec![f32::NAN; rows * cols];
                transpose(&x, cols, &mut out);
                for (i, v) in out.iter().enumerate() {
                    assert_eq!(*v, x[i % rows * cols + i / rows], "{rows} x {cols}");
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "expected rows of 4 numbers")]
    fn a_ragged_slice_is_refused() {
        transpose(&[0.0; 6], 4, &mut [0.0; 6]);
    }
}
