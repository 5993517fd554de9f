//! The derivatives of the activations.

use crate::activation::{erf, sigmoid};
use crate::dispatch::vectorized;
use crate::exp::exp;

/// `1 / √(2 π)`.
const FRAC_1_SQRT_TAU: f32 = 0.398_942_3;

vectorized! {
    /// Multiplies `gradient` by the derivative of [`gelu`](crate::activation::gelu) at `x`, `Φ(x) + x φ(x)`. Absolute
    /// error of the derivative below 1e-6.
    ///
    /// ```
    /// let mut gradient = [1.0, 2.0];
    /// clsify_kernels::backward::gelu_backward(&[0.0, 0.0], &mut gradient);
    /// assert_eq!(gradient, [0.5, 1.0]);
    /// ```
    ///
    /// # Panics
    /// Panics if the slices have different lengths.
    pub fn gelu_backward(x: &[f32], gradient: &mut [f32]) {
        assert_eq!(x.len(), gradient.len(), "expected as many inputs as gradients");
        for (g, &x) in gradient.iter_mut().zip(x) {
            let density = FRAC_1_SQRT_TAU * exp(-0.5 * x * x);
            *g *= 0.5 * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2)) + x.clamp(-1e3, 1e3) * density;
        }
    }
}

vectorized! {
    /// Multiplies `gradient` by the derivative of [`gelu_tanh`](crate::activation::gelu_tanh) at `x`.
    ///
    /// # Panics
    /// Panics if the slices have different lengths.
    pub fn gelu_tanh_backward(x: &[f32], gradient: &mut [f32]) {
        assert_eq!(x.len(), gradient.len(), "expected as many inputs as gradients");
        for (g, &x) in gradient.iter_mut().zip(x) {
            // With s = sigmoid(u), (x s)' = s + x s (1 - s) u'. Far from zero s (1 - s) is zero, and x² must stay finite.
            let x = x.clamp(-1e3, 1e3);
            let s = sigmoid(1.595_769 * (x + 0.044_715 * x * x * x));
            *g *= s + x * s * (1.0 - s) * 1.595_769 * (1.0 + 0.134_145 * x * x);
        }
    }
}

vectorized! {
    /// Multiplies `gradient` by the derivative of [`relu`](crate::activation::relu) at `x`: 0 for `x <= 0`, otherwise 1.
    ///
    /// # Panics
    /// Panics if the slices have different lengths.
    pub fn relu_backward(x: &[f32], gradient: &mut [f32]) {
        assert_eq!(x.len(), gradient.len(), "expected as many inputs as gradients");
        for (g, &x) in gradient.iter_mut().zip(x) {
            *g = if x <= 0.0 { 0.0 } else { *g };
        }
    }
}

vectorized! {
    /// Multiplies `gradient` by the derivative of [`silu`](crate::activation::silu) at `x`.
    ///
    /// # Panics
    /// Panics if the slices have different lengths.
    pub fn silu_backward(x: &[f32], gradient: &mut [f32]) {
        assert_eq!(x.len(), gradient.len(), "expected as many inputs as gradients");
        for (g, &x) in gradient.iter_mut().zip(x) {
            let s = sigmoid(x);
            *g *= s + x.clamp(-1e3, 1e3) * s * (1.0 - s);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::tests::erf_series;
    use crate::activation::{gelu, gelu_tanh, relu, silu};

    /// Oracle: the central difference of the formula in `f64`, whose own error is below 1e-9. The formulas are those
    /// with which the tests of `activation` compare the forward functions, which are checked here once more.
    fn check(
        forward: impl Fn(&mut [f32]),
        backward: impl Fn(&[f32], &mut [f32]),
        formula: impl Fn(f64) -> f64,
        tolerance: f64,
    ) {
        let xs: Vec<f32> = (-1200..=1200)
            .step_by(if cfg!(miri) { 97 } else { 1 })
            .map(|i| i as f32 * 0.01 + 0.003)
            .collect();
        let (mut y, mut gradient) = (xs.clone(), vec![2.0; xs.len()]);
        forward(&mut y);
        backward(&xs, &mut gradient);
        for ((&x, y), g) in xs.iter().zip(y).zip(gradient) {
            let (x, h) = (f64::from(x), 1e-4);
            assert!((f64::from(y) - formula(x)).abs() < 4e-6, "{x}");
            let difference = (formula(x + h) - formula(x - h)) / (2.0 * h);
            assert!(
                (f64::from(g) - 2.0 * difference).abs() < tolerance,
                "{x}: {g}, expected {}",
                2.0 * difference
            );
        }
    }

    /// Tolerance: the error of erf or exp, times |x| where the formula multiplies it.
    #[test]
    fn derivatives_follow_central_differences() {
        // Beyond 5 the series loses digits that a difference would magnify.
        let gelu_formula =
            |x: f64| if x.abs() > 5.0 { x.max(0.0) } else { 0.5 * x * (1.0 + erf_series(x / 2f64.sqrt())) };
        check(gelu, gelu_backward, gelu_formula, 2e-5);
        let tanh_formula = |x: f64| {
            let z = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x * x * x);
            0.5 * x * (1.0 + z.tanh())
        };
        check(gelu_tanh, gelu_tanh_backward, tanh_formula, 1e-5);
        check(silu, silu_backward, |x| x / (1.0 + (-x).exp()), 1e-5);
        check(relu, relu_backward, |x| x.max(0.0), 1e-6);
    }

    #[test]
    fn far_inputs_have_finite_derivatives() {
        let far = [f32::MAX, f32::MIN, 1e20, -1e20];
        for backward in [gelu_backward, gelu_tanh_backward, relu_backward, silu_backward] {
            let mut gradient = [1.0; 4];
            backward(&far, &mut gradient);
            for (g, expected) in gradient.iter().zip([1.0, 0.0, 1.0, 0.0]) {
                assert!((g - expected).abs() < 1e-5, "{gradient:?}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "as many inputs as gradients")]
    fn a_wrong_length_is_refused() {
        gelu_backward(&[0.0; 3], &mut [0.0; 2]);
    }
}
