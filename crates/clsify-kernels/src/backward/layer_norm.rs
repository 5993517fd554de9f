//! Layer normalisation in two steps, so that training can keep what is between them, and its gradient.

use crate::dispatch::vectorized;
use crate::normalize::sum;

vectorized! {
    /// `(x - mean) / √(variance + eps)` of each row of `cols` numbers, in place; `scales [rows]` receives
    /// `1 / √(variance + eps)`. Followed by [`scale_and_shift`] it gives the bits of
    /// [`layer_norm`](crate::normalize::layer_norm).
    ///
    /// ```
    /// let (mut x, mut scales) = ([1.0, 3.0], [0.0]);
    /// clsify_kernels::backward::standardize(&mut x, 2, 0.0, &mut scales);
    /// assert_eq!((x, scales), ([-1.0, 1.0], [1.0]));
    /// ```
    ///
    /// # Panics
    /// Panics if `x` is not one row for each of the scales.
    pub fn standardize(x: &mut [f32], cols: usize, eps: f32, scales: &mut [f32]) {
        assert!(cols > 0 && x.len() == cols * scales.len(), "expected {} rows of {cols} numbers, got {} numbers", scales.len(), x.len());
        for (row, scale) in x.chunks_exact_mut(cols).zip(scales) {
            let mean = sum(row, |v| v) / cols as f32;
            let variance = sum(row, |v| (v - mean) * (v - mean)) / cols as f32;
            *scale = 1.0 / (variance + eps).sqrt();
            for v in row {
                *v = (*v - mean) * *scale;
            }
        }
    }
}

vectorized! {
    /// `out = x * gain + bias`, row by row.
    ///
    /// ```
    /// let mut out = [0.0; 2];
    /// clsify_kernels::backward::scale_and_shift(&[-1.0, 1.0], &[2.0, 3.0], &[10.0, 20.0], &mut out);
    /// assert_eq!(out, [8.0, 23.0]);
    /// ```
    ///
    /// # Panics
    /// Panics if `x` is not a whole number of rows, or a slice has another length.
    pub fn scale_and_shift(x: &[f32], gain: &[f32], bias: &[f32], out: &mut [f32]) {
        let cols = gain.len();
        assert_eq!(bias.len(), cols, "expected as many biases as gains");
        assert!(cols > 0 && x.len().is_multiple_of(cols), "expected rows of {cols} numbers, got {} numbers", x.len());
        assert_eq!(x.len(), out.len(), "expected two matrices of one shape");
        for (x, out) in x.chunks_exact(cols).zip(out.chunks_exact_mut(cols)) {
            for (((out, &x), &g), &b) in out.iter_mut().zip(x).zip(gain).zip(bias) {
                *out = x * g + b;
            }
        }
    }
}

vectorized! {
    /// The gradient of layer normalisation: with the results of [`standardize`], `z` and `scales`, and
    /// `g = gradient * gain`, each row of `gradient` becomes `(g - mean(g) - z mean(g z)) * scale`.
    ///
    /// # Panics
    /// Panics if a slice does not have one row, or one scale, for each row of `z`.
    pub fn layer_norm_backward(z: &[f32], scales: &[f32], gain: &[f32], gradient: &mut [f32]) {
        let cols = gain.len();
        assert!(cols > 0 && z.len() == cols * scales.len(), "expected {} rows of {cols} numbers, got {} numbers", scales.len(), z.len());
        assert_eq!(z.len(), gradient.len(), "expected two matrices of one shape");
        for ((z, &scale), gradient) in z.chunks_exact(cols).zip(scales).zip(gradient.chunks_exact_mut(cols)) {
            for (d, &g) in gradient.iter_mut().zip(gain) {
                *d *= g;
            }
            let mean = sum(gradient, |v| v) / cols as f32;
            let slope = dot(gradient, z) / cols as f32;
            for (d, &z) in gradient.iter_mut().zip(z) {
                *d = (*d - mean - z * slope) * scale;
            }
        }
    }
}

/// The sum of products, in sixteen interleaved partial sums.
#[inline(always)]
fn dot(x: &[f32], y: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 16];
    let (xs, ys) = (x.chunks_exact(16), y.chunks_exact(16));
    for ((lane, &x), &y) in lanes.iter_mut().zip(xs.remainder()).zip(ys.remainder()) {
        *lane += x * y;
    }
    for (x, y) in xs.zip(ys) {
        for ((lane, &x), &y) in lanes.iter_mut().zip(x).zip(y) {
            *lane += x * y;
        }
    }
    lanes.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::layer_norm;

    fn numbers(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| (((i + seed) * 7919 % 1009) as f32 - 500.0) / 297.0).collect()
    }

    #[test]
    fn the_two_steps_give_the_bits_of_layer_norm() {
        for cols in [1, 7, 16, 33, 384] {
            let (x, gain, bias) = (numbers(3 * cols, 1), numbers(cols, 2), numbers(cols, 3));
            let mut expected = x.clone();
            layer_norm(&mut expected, &gain, &bias, 1e-5);
            let (mut z, mut scales, mut out) = (x, [0.0; 3], vec![0.0; 3 * cols]);
            standardize(&mut z, cols, 1e-5, &mut scales);
            scale_and_shift(&z, &gain, &bias, &mut out);
            assert_eq!(out, expected, "{cols} columns");
        }
    }

    /// `Σ w layer_norm(x)` in `f64`.
    fn weighted(x: &[f64], gain: &[f32], w: &[f32]) -> f64 {
        let n = x.len() as f64;
        let mean = x.iter().sum::<f64>() / n;
        let variance = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        let terms = x.iter().zip(gain).zip(w);
        terms.map(|((v, &g), &w)| f64::from(w) * f64::from(g) * (v - mean) / (variance + 1e-5).sqrt()).sum()
    }

    /// Oracle: the central difference of the formula in `f64`, error about 1e-8. Tolerance: sums of up to 40 numbers up
    /// to 6, each rounded to 24 bits.
    #[test]
    fn the_gradient_follows_central_differences() {
        for cols in [2, 5, 16, 17, 40] {
            let (x, gain, w) = (numbers(2 * cols, 1), numbers(cols, 2), numbers(2 * cols, 3));
            let (mut z, mut scales, mut gradient) = (x.clone(), [0.0; 2], w.clone());
            standardize(&mut z, cols, 1e-5, &mut scales);
            layer_norm_backward(&z, &scales, &gain, &mut gradient);
            for (row, w) in w.chunks_exact(cols).enumerate() {
                let x: Vec<f64> = x[row * cols..][..cols].iter().map(|&v| f64::from(v)).collect();
                for i in 0..cols {
                    let moved = |by: f64| {
                        let mut x = x.clone();
                        x[i] += by;
                        weighted(&x, &gain, w)
                    };
                    let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                    let got = f64::from(gradient[row * cols + i]);
                    assert!((got - expected).abs() < 2e-5, "{cols} columns: {got}, expected {expected}");
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "expected 2 rows of 4 numbers")]
    fn a_wrong_length_is_refused() {
        standardize(&mut [0.0; 9], 4, 0.0, &mut [0.0; 2]);
    }
}
