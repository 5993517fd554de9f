//! Softmax, layer normalisation and normalisation to unit length, row by row, in place.
//!
//! Sums use sixteen interleaved partial sums in a fixed order, so that a row's result depends on that row alone.

use crate::dispatch::vectorized;
use crate::exp::exp;

const LANES: usize = 16;

/// The sum of `f(x)` over a row, in sixteen interleaved partial sums.
#[inline(always)]
pub(crate) fn sum(row: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let chunks = row.chunks_exact(LANES);
    for (lane, &x) in lanes.iter_mut().zip(chunks.remainder()) {
        *lane += f(x);
    }
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane += f(x);
        }
    }
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
    }
    lanes[0]
}

vectorized! {
    /// Turns each row of `cols` numbers into probabilities: `e^(x - max) / Σ e^(x - max)`.
    ///
    /// ```
    /// let mut x = [0.0, 0.0, 1000.0, 1000.0];
    /// clsify_kernels::normalize::softmax(&mut x, 2);
    /// assert_eq!(x, [0.5; 4]);
    /// ```
    ///
    /// # Panics
    /// Panics if the length of `x` is not a multiple of `cols`.
    pub fn softmax(x: &mut [f32], cols: usize) {
        assert!(cols > 0 && x.len().is_multiple_of(cols), "expected rows of {cols} numbers, got {} numbers", x.len());
        for row in x.chunks_exact_mut(cols) {
            let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            for v in row.iter_mut() {
                *v = exp(*v - max);
            }
            let scale = 1.0 / sum(row, |v| v);
            for v in row.iter_mut() {
                *v *= scale;
            }
        }
    }
}

vectorized! {
    /// Layer normalisation (Ba, Kiros and Hinton, arXiv 1607.06450) of each row of `gain.len()` numbers:
    /// `(x - mean) / √(variance + eps) * gain + bias`, with the variance of the whole row (divided by n).
    ///
    /// ```
    /// let mut x = [1.0, 3.0];
    /// clsify_kernels::normalize::layer_norm(&mut x, &[1.0, 2.0], &[0.0, 0.5], 0.0);
    /// assert_eq!(x, [-1.0, 2.5]);
    /// ```
    ///
    /// # Panics
    /// Panics if the length of `x` is not a multiple of `gain.len()`, or `bias` has another length.
    pub fn layer_norm(x: &mut [f32], gain: &[f32], bias: &[f32], eps: f32) {
        let cols = gain.len();
        assert_eq!(bias.len(), cols, "expected as many biases as gains");
        assert!(cols > 0 && x.len().is_multiple_of(cols), "expected rows of {cols} numbers, got {} numbers", x.len());
        for row in x.chunks_exact_mut(cols) {
            let mean = sum(row, |v| v) / cols as f32;
            let variance = sum(row, |v| (v - mean) * (v - mean)) / cols as f32;
            let scale = 1.0 / (variance + eps).sqrt();
            for ((v, &g), &b) in row.iter_mut().zip(gain).zip(bias) {
                *v = (*v - mean) * scale * g + b;
            }
        }
    }
}

vectorized! {
    /// Divides each row of `cols` numbers by its Euclidean length; a row of zeros stays as it is.
    ///
    /// ```
    /// let mut x = [3.0, 4.0, 0.0, 0.0];
    /// clsify_kernels::normalize::l2_normalize(&mut x, 2);
    /// assert_eq!(x, [0.6, 0.8, 0.0, 0.0]);
    /// ```
    ///
    /// # Panics
    /// Panics if the length of `x` is not a multiple of `cols`.
    pub fn l2_normalize(x: &mut [f32], cols: usize) {
        assert!(cols > 0 && x.len().is_multiple_of(cols), "expected rows of {cols} numbers, got {} numbers", x.len());
        for row in x.chunks_exact_mut(cols) {
            // PyTorch's `normalize` has the same lower bound.
            let length = sum(row, |v| v * v).sqrt().max(1e-12);
            for v in row.iter_mut() {
                *v /= length;
            }
        }
    }
}

vectorized! {
    /// `x[i] += y[i]`, where a shorter `y` is repeated: adds a bias to every row, or a residual to a whole block.
    ///
    /// ```
    /// let mut x = [1.0, 2.0, 3.0, 4.0];
    /// clsify_kernels::normalize::add(&mut x, &[10.0, 20.0]);
    /// assert_eq!(x, [11.0, 22.0, 13.0, 24.0]);
    /// ```
    ///
    /// # Panics
    /// Panics if the length of `x` is not a multiple of that of `y`.
    pub fn add(x: &mut [f32], y: &[f32]) {
        assert!(!y.is_empty() && x.len().is_multiple_of(y.len()), "expected a multiple of {}, got {}", y.len(), x.len());
        for row in x.chunks_exact_mut(y.len()) {
            for (v, &w) in row.iter_mut().zip(y) {
                *v += w;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 % 1009) as f32 - 500.0) / 97.0).collect()
    }

    /// Oracle: the formulas in `f64`. Tolerance: a few units in the last place of numbers up to 10.
    #[test]
    fn rows_of_every_length_follow_the_formulas() {
        for cols in (1..70).step_by(if cfg!(miri) { 8 } else { 1 }) {
            let x = numbers(3 * cols);
            let gain: Vec<f32> = (0..cols).map(|i| 0.5 + i as f32 * 0.1).collect();
            let bias: Vec<f32> = (0..cols).map(|i| i as f32 * 0.3 - 1.0).collect();
            let (mut soft, mut norm, mut unit) = (x.clone(), x.clone(), x.clone());
            softmax(&mut soft, cols);
            layer_norm(&mut norm, &gain, &bias, 1e-5);
            l2_normalize(&mut unit, cols);
            for (r, row) in x.chunks(cols).enumerate() {
                let row: Vec<f64> = row.iter().map(|&v| f64::from(v)).collect();
                let total: f64 = row.iter().map(|v| v.exp()).sum();
                let mean = row.iter().sum::<f64>() / cols as f64;
                let variance = row.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / cols as f64;
                let length = row.iter().map(|v| v * v).sum::<f64>().sqrt();
                for (c, v) in row.iter().enumerate() {
                    let i = r * cols + c;
                    let normed =
                        (v - mean) / (variance + 1e-5).sqrt() * f64::from(gain[c]) + f64::from(bias[c]);
                    assert!((f64::from(soft[i]) - v.exp() / total).abs() < 1e-6, "softmax, {cols} columns");
                    assert!((f64::from(norm[i]) - normed).abs() < 2e-5, "layer_norm, {cols} columns");
                    assert!((f64::from(unit[i]) - v / length).abs() < 1e-6, "l2_normalize, {cols} columns");
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "expected rows of 4 numbers")]
    fn a_ragged_slice_is_refused() {
        softmax(&mut [0.0; 6], 4);
    }
}
