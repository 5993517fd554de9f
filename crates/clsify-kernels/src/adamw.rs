//! AdamW (Loshchilov and Hutter, arXiv 1711.05101), as in PyTorch.

use crate::dispatch::vectorized;

/// The numbers of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamWStep {
    /// The learning rate of this step.
    pub learning_rate: f32,
    /// The share of the old first moment; 0.9 is usual.
    pub beta1: f64,
    /// The share of the old second moment; 0.999 is usual.
    pub beta2: f64,
    /// Added to the root of the second moment; 1e-8 is usual.
    pub eps: f32,
    /// Each step multiplies the parameters by `1 - learning_rate * weight_decay`.
    pub weight_decay: f32,
    /// `1 - beta1^t` of step t, counted from 1.
    pub bias_correction1: f64,
    /// `1 - beta2^t`.
    pub bias_correction2: f64,
    /// Gradients are multiplied by it first: below 1 if their norm is clipped.
    pub gradient_scale: f32,
}

impl AdamWStep {
    /// Step `t`, counted from 1, with the usual betas and eps.
    ///
    /// ```
    /// let step = clsify_kernels::adamw::AdamWStep::new(1e-4, 0.01, 1);
    /// assert!((step.bias_correction1 - 0.1).abs() < 1e-12);
    /// ```
    pub fn new(learning_rate: f32, weight_decay: f32, t: usize) -> Self {
        let (beta1, beta2) = (0.9f64, 0.999f64);
        let t = i32::try_from(t).unwrap_or(i32::MAX);
        AdamWStep {
            learning_rate,
            beta1,
            beta2,
            eps: 1e-8,
            weight_decay,
            bias_correction1: 1.0 - beta1.powi(t),
            bias_correction2: 1.0 - beta2.powi(t),
            gradient_scale: 1.0,
        }
    }

    /// Updates parameters and their moments by a gradient. The moments are zero before the first step.
    ///
    /// ```
    /// let (mut value, mut first, mut second) = ([1.0], [0.0], [0.0]);
    /// clsify_kernels::adamw::AdamWStep::new(0.5, 0.0, 1).update(&mut value, &mut first, &mut second, &[3.0]);
    /// assert!((value[0] - 0.5f32).abs() < 1e-6); // the first step is as long as the learning rate
    /// ```
    ///
    /// # Panics
    /// Panics if the slices have different lengths.
    pub fn update(&self, value: &mut [f32], first: &mut [f32], second: &mut [f32], gradient: &[f32]) {
        let n = value.len();
        assert!(
            first.len() == n && second.len() == n && gradient.len() == n,
            "expected four slices of {n} numbers, got {}, {} and {}",
            first.len(),
            second.len(),
            gradient.len()
        );
        let constants = [
            1.0 - self.learning_rate * self.weight_decay,
            self.beta1 as f32,
            (1.0 - self.beta1) as f32,
            self.beta2 as f32,
            (1.0 - self.beta2) as f32,
            (1.0 / self.bias_correction2.sqrt()) as f32,
            self.eps,
            (f64::from(self.learning_rate) / self.bias_correction1) as f32,
            self.gradient_scale,
        ];
        update(value, first, second, gradient, &constants);
    }
}

vectorized! {
    fn update(value: &mut [f32], first: &mut [f32], second: &mut [f32], gradient: &[f32], constants: &[f32; 9]) {
        let [decay, beta1, rest1, beta2, rest2, correction, eps, rate, scale] = *constants;
        for (((value, first), second), &g) in value.iter_mut().zip(first).zip(second).zip(gradient) {
            let g = g * scale;
            *first = *first * beta1 + g * rest1;
            *second = *second * beta2 + g * g * rest2;
            *value = *value * decay - rate * *first / (second.sqrt() * correction + eps);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: the formula of the paper in `f64` for five steps. Tolerance: rounding of parameters up to 1.
    #[test]
    fn steps_follow_the_formula() {
        for n in [1, 16, 37] {
            let mut value: Vec<f32> = (0..n).map(|i| (i as f32 * 0.37).sin()).collect();
            let mut expected: Vec<[f64; 3]> = value.iter().map(|&v| [f64::from(v), 0.0, 0.0]).collect();
            let (mut first, mut second) = (vec![0.0; n], vec![0.0; n]);
            for t in 1..=5 {
                let gradient: Vec<f32> = (0..n).map(|i| (i as f32 - 3.0 + t as f32) * 1e-3).collect();
                AdamWStep::new(1e-2, 0.1, t).update(&mut value, &mut first, &mut second, &gradient);
                for ([p, m, v], &g) in expected.iter_mut().zip(&gradient) {
                    let (g, t) = (f64::from(g), t as i32);
                    *p *= 1.0 - 1e-2 * 0.1;
                    *m = 0.9 * *m + 0.1 * g;
                    *v = 0.999 * *v + 0.001 * g * g;
                    let (m, v) = (*m / (1.0 - 0.9f64.powi(t)), *v / (1.0 - 0.999f64.powi(t)));
                    *p -= 1e-2 * m / (v.sqrt() + 1e-8);
                }
            }
            for (got, [want, ..]) in value.iter().zip(&expected) {
                assert!((f64::from(*got) - want).abs() < 5e-6, "{got}, expected {want}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "expected four slices of 2 numbers")]
    fn a_wrong_length_is_refused() {
        AdamWStep::new(1.0, 0.0, 1).update(&mut [0.0; 2], &mut [0.0; 2], &mut [0.0; 2], &[0.0; 3]);
    }
}
