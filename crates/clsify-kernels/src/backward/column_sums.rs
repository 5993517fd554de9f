//! Sums over the rows of a matrix: the gradients of a bias and of a gain.

use rayon::prelude::*;

use crate::dispatch::vectorized;

/// The columns that a thread sums at a time: four cache lines of each row.
const STRIP: usize = 64;

/// `sums[c] = Σ_r x[r, c]`, row after row, on the threads of the current rayon pool. The bits do not depend on their
/// number.
///
/// ```
/// let mut sums = [0.0; 2];
/// clsify_kernels::backward::column_sums(&[1.0, 2.0, 3.0, 4.0], &mut sums);
/// assert_eq!(sums, [4.0, 6.0]);
/// ```
///
/// # Panics
/// Panics if `x` is not a whole number of rows.
pub fn column_sums(x: &[f32], sums: &mut [f32]) {
    let cols = checked(x, sums);
    let strips = sums.par_chunks_mut(STRIP).enumerate();
    strips.for_each(|(strip, sums)| add_rows(x, cols, strip * STRIP, sums));
}

/// `sums[c] = Σ_r x[r, c] y[r, c]`, as [`column_sums`].
///
/// # Panics
/// Panics if `x` is not a whole number of rows, or `y` has another length.
pub fn column_dots(x: &[f32], y: &[f32], sums: &mut [f32]) {
    let cols = checked(x, sums);
    assert_eq!(x.len(), y.len(), "expected two matrices of one shape");
    let strips = sums.par_chunks_mut(STRIP).enumerate();
    strips.for_each(|(strip, sums)| add_products(x, y, cols, strip * STRIP, sums));
}

fn checked(x: &[f32], sums: &[f32]) -> usize {
    let cols = sums.len();
    assert!(
        cols > 0 && x.len().is_multiple_of(cols),
        "expected rows of {cols} numbers, got {} numbers",
        x.len()
    );
    cols
}

vectorized! {
    fn add_rows(x: &[f32], cols: usize, first: usize, sums: &mut [f32]) {
        sums.fill(0.0);
        for row in x.chunks_exact(cols) {
            for (sum, &x) in sums.iter_mut().zip(&row[first..]) {
                *sum += x;
            }
        }
    }
}

vectorized! {
    fn add_products(x: &[f32], y: &[f32], cols: usize, first: usize, sums: &mut [f32]) {
        sums.fill(0.0);
        for (x, y) in x.chunks_exact(cols).zip(y.chunks_exact(cols)) {
            for ((sum, &x), &y) in sums.iter_mut().zip(&x[first..]).zip(&y[first..]) {
                *sum += x * y;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: the sums in `f64`. Tolerance: half a unit in the last place of each of 30 sums up to 30.
    #[test]
    fn sums_of_every_width() {
        for cols in [1, 15, 64, 65, 200] {
            let x: Vec<f32> = (0..30 * cols).map(|i| (i * 7919 % 1009) as f32 / 1009.0).collect();
            let y: Vec<f32> = (0..30 * cols).map(|i| (i * 104_729 % 997) as f32 / 997.0).collect();
            let (mut sums, mut dots) = (vec![f32::NAN; cols], vec![f32::NAN; cols]);
            column_sums(&x, &mut sums);
            column_dots(&x, &y, &mut dots);
            for c in 0..cols {
                let column = || (c..30 * cols).step_by(cols);
                let sum: f64 = column().map(|i| f64::from(x[i])).sum();
                let dot: f64 = column().map(|i| f64::from(x[i]) * f64::from(y[i])).sum();
                assert!((f64::from(sums[c]) - sum).abs() < 4e-5, "{cols} columns");
                assert!((f64::from(dots[c]) - dot).abs() < 4e-5, "{cols} columns");
            }
        }
    }

    #[test]
    #[should_panic(expected = "expected rows of 4 numbers")]
    fn a_ragged_slice_is_refused() {
        column_sums(&[0.0; 6], &mut [0.0; 4]);
    }
}
