//! Sums and products of long `f64` vectors, in a fixed order of additions that suits vector units.

use crate::dispatch::vectorized;

/// Partial sums of a dot product: enough to hide the latency of additions.
const LANES: usize = 32;

/// Adds the partial sums, halving their number each time.
#[inline(always)]
fn total(mut sums: [f64; LANES]) -> f64 {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            sums[i] += sums[i + half];
        }
        half /= 2;
    }
    sums[0]
}

vectorized! {
    /// `Σ aᵢ bᵢ`.
    ///
    /// ```
    /// assert_eq!(clsify_kernels::vector::dot(&[1.0, 2.0], &[3.0, 4.0]), 11.0);
    /// ```
    ///
    /// # Panics
    /// Panics if the lengths differ.
    pub fn dot(a: &[f64], b: &[f64]) -> f64 {
        assert_eq!(a.len(), b.len());
        let mut sums = [0.0; LANES];
        let (a_chunks, a_rest) = a.as_chunks::<LANES>();
        let (b_chunks, b_rest) = b.as_chunks::<LANES>();
        for (a, b) in a_chunks.iter().zip(b_chunks) {
            for i in 0..LANES {
                sums[i] += a[i] * b[i];
            }
        }
        for (i, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
            sums[i] += a * b;
        }
        total(sums)
    }
}

vectorized! {
    /// `Σ aᵢ²`, in `f64`.
    ///
    /// ```
    /// assert_eq!(clsify_kernels::vector::sum_of_squares(&[3.0, 4.0]), 25.0);
    /// ```
    pub fn sum_of_squares(a: &[f32]) -> f64 {
        let mut sums = [0.0; LANES];
        let (chunks, rest) = a.as_chunks::<LANES>();
        for a in chunks {
            for i in 0..LANES {
                sums[i] += f64::from(a[i]) * f64::from(a[i]);
            }
        }
        for (i, &a) in rest.iter().enumerate() {
            sums[i] += f64::from(a) * f64::from(a);
        }
        total(sums)
    }
}

vectorized! {
    /// `Σ aᵢ bᵢ` of `f64` and `f32`, in `f64`.
    ///
    /// ```
    /// assert_eq!(clsify_kernels::vector::dot_f32(&[1.0, 2.0], &[3.0, 4.0]), 11.0);
    /// ```
    ///
    /// # Panics
    /// Panics if the lengths differ.
    pub fn dot_f32(a: &[f64], b: &[f32]) -> f64 {
        assert_eq!(a.len(), b.len());
        let mut sums = [0.0; LANES];
        let (a_chunks, a_rest) = a.as_chunks::<LANES>();
        let (b_chunks, b_rest) = b.as_chunks::<LANES>();
        for (a, b) in a_chunks.iter().zip(b_chunks) {
            for i in 0..LANES {
                sums[i] += a[i] * f64::from(b[i]);
            }
        }
        for (i, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
            sums[i] += a * f64::from(*b);
        }
        total(sums)
    }
}

vectorized! {
    /// `yᵢ += a xᵢ`.
    ///
    /// ```
    /// let mut y = [1.0, 2.0];
    /// clsify_kernels::vector::add_scaled(&mut y, 10.0, &[3.0, 4.0]);
    /// assert_eq!(y, [31.0, 42.0]);
    /// ```
    ///
    /// # Panics
    /// Panics if the lengths differ.
    pub fn add_scaled(y: &mut [f64], a: f64, x: &[f64]) {
        assert_eq!(y.len(), x.len());
        for (y, x) in y.iter_mut().zip(x) {
            *y += a * x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: whole numbers, because their sums are exact in any order.
    #[test]
    fn sums_of_whole_numbers_are_exact() {
        for n in [0, 1, 31, 32, 33, 64, 100, 1000] {
            let a: Vec<f64> = (0..n).map(|i| f64::from(i * 7 % 11)).collect();
            let b: Vec<f32> = (0..n).map(|i| (i * 5 % 13) as f32 - 6.0).collect();
            let wide: Vec<f64> = b.iter().map(|&x| f64::from(x)).collect();
            let expected: f64 = a.iter().zip(&wide).map(|(a, b)| a * b).sum();
            assert_eq!(dot(&a, &wide), expected);
            assert_eq!(dot_f32(&a, &b), expected);
            let mut y = a.clone();
            add_scaled(&mut y, 3.0, &wide);
            assert!(y.iter().zip(a.iter().zip(&wide)).all(|(y, (a, b))| *y == a + 3.0 * b));
        }
    }
}
