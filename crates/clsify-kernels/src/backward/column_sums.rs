//! Sums over the rows of a matrix: the gradients of a bias and of a gain.

use crate::dispatch::vectorized;

vectorized! {
    /// Adds the rows of `x` to `sums`, one after another: `sums[c] += Σ_r x[r, c]`.
    ///
    /// ```
    /// let mut sums = [10.0; 2];
    /// clsify_kernels::backward::add_column_sums(&[1.0, 2.0, 3.0, 4.0], &mut sums);
    /// assert_eq!(sums, [14.0, 16.0]);
    /// ```
    ///
    /// # Panics
    /// Panics if `x` is not a whole number of rows.
    pub fn add_column_sums(x: &[f32], sums: &mut [f32]) {
        check(x, sums);
        for row in x.chunks_exact(sums.len()) {
            for (sum, &x) in sums.iter_mut().zip(row) {
                *sum += x;
            }
        }
    }
}

vectorized! {
    /// Adds the products of the rows of `x` and `y`: `sums[c] += Σ_r x[r, c] y[r, c]`.
    ///
    /// # Panics
    /// Panics if `x` is not a whole number of rows, or `y` has another length.
    pub fn add_column_dots(x: &[f32], y: &[f32], sums: &mut [f32]) {
        check(x, sums);
        assert_eq!(x.len(), y.len(), "expected two matrices of one shape");
        for (x, y) in x.chunks_exact(sums.len()).zip(y.chunks_exact(sums.len())) {
            for ((sum, &x), &y) in sums.iter_mut().zip(x).zip(y) {
                *sum += x * y;
            }
        }
    }
}

fn check(x: &[f32], sums: &[f32]) {
    let cols = sums.len();
    assert!(
        cols > 0 && x.len().is_multiple_of(cols),
        "expected rows of {cols} numbers, got {} numbers",
        x.len()
    );
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
            let (mut sums, mut dots) = (vec![1.0; cols], vec![2.0; cols]);
            add_column_sums(&x, &mut sums);
            add_column_dots(&x, &y, &mut dots);
            for c in 0..cols {
                let column = || (c..30 * cols).step_by(cols);
                let sum: f64 = 1.0 + column().map(|i| f64::from(x[i])).sum::<f64>();
                let dot: f64 = 2.0 + column().map(|i| f64::from(x[i]) * f64::from(y[i])).sum::<f64>();
                assert!((f64::from(sums[c]) - sum).abs() < 4e-5, "{cols} columns");
                assert!((f64::from(dots[c]) - dot).abs() < 4e-5, "{cols} columns");
            }
        }
    }

    #[test]
    #[should_panic(expected = "expected rows of 4 numbers")]
    fn a_ragged_slice_is_refused() {
        add_column_sums(&[0.0; 6], &mut [0.0; 4]);
    }
}
