//! AdamW (Loshchilov and Hutter, arXiv 1711.05101), as in PyTorch.

use crate::dispatch::vectorized;
use crate::dropout::hash;
use crate::packed::bf16;

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
    /// Another seed rounds other second moments up; see [`update_bf16`](Self::update_bf16).
    pub seed: u64,
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
            seed: t as u64,
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
        check(value.len(), [first.len(), second.len(), gradient.len()]);
        update(value, first, second, gradient, &self.constants());
    }

    /// As [`update`](Self::update), with moments in `bf16`: half the memory. `first_index` is the index of the first number in its
    /// parameter.
    ///
    /// The first moment is rounded to the nearest number. The second changes by a thousandth a step, less than half the distance of two
    /// `bf16`, so that it would never move; it is rounded up with the probability of its remainder instead, by the
    /// seed and the index.
    ///
    /// ```
    /// let (mut value, mut first, mut second) = ([1.0], [0], [0]);
    /// let step = clsify_kernels::adamw::AdamWStep::new(0.5, 0.0, 1);
    /// step.update_bf16(&mut value, &mut first, &mut second, &[3.0], 0);
    /// assert!((value[0] - 0.5f32).abs() < 1e-6); // the number itself is updated by moments that are not rounded
    /// ```
    ///
    /// # Panics
    /// Panics if the slices have different lengths.
    pub fn update_bf16(
        &self,
        value: &mut [f32],
        first: &mut [u16],
        second: &mut [u16],
        gradient: &[f32],
        first_index: usize,
    ) {
        check(value.len(), [first.len(), second.len(), gradient.len()]);
        update_bf16(value, first, second, gradient, &self.constants(), first_index as u32, self.seed);
    }

    /// In the order of `update`.
    fn constants(&self) -> [f32; 9] {
        [
            1.0 - self.learning_rate * self.weight_decay,
            self.beta1 as f32,
            (1.0 - self.beta1) as f32,
            self.beta2 as f32,
            (1.0 - self.beta2) as f32,
            (1.0 / self.bias_correction2.sqrt()) as f32,
            self.eps,
            (f64::from(self.learning_rate) / self.bias_correction1) as f32,
            self.gradient_scale,
        ]
    }
}

fn check(n: usize, [first, second, gradient]: [usize; 3]) {
    assert!(
        first == n && second == n && gradient == n,
        "expected four slices of {n} numbers, got {first}, {second} and {gradient}"
    );
}

/// Updates a number and its moments.
#[inline(always)]
fn step(value: &mut f32, first: &mut f32, second: &mut f32, g: f32, constants: &[f32; 9]) {
    let [decay, beta1, rest1, beta2, rest2, correction, eps, rate, scale] = *constants;
    let g = g * scale;
    *first = *first * beta1 + g * rest1;
    *second = *second * beta2 + g * g * rest2;
    *value = *value * decay - rate * *first / (second.sqrt() * correction + eps);
}

vectorized! {
    fn update(value: &mut [f32], first: &mut [f32], second: &mut [f32], gradient: &[f32], constants: &[f32; 9]) {
        for (((value, first), second), &g) in value.iter_mut().zip(first).zip(second).zip(gradient) {
            step(value, first, second, g, constants);
        }
    }
}

vectorized! {
    fn update_bf16(
        value: &mut [f32],
        first: &mut [u16],
        second: &mut [u16],
        gradient: &[f32],
        constants: &[f32; 9],
        first_index: u32,
        seed: u64,
    ) {
        let wide = |bits: u16| f32::from_bits(u32::from(bits) << 16);
        let numbers = value.iter_mut().zip(first).zip(second).zip(gradient);
        for (i, (((value, first), second), &g)) in numbers.enumerate() {
            let (mut m, mut v) = (wide(*first), wide(*second));
            step(value, &mut m, &mut v, g, constants);
            *first = bf16(m);
            let remainder = hash(first_index.wrapping_add(i as u32), seed) & 0xffff;
            *second = (v.to_bits().wrapping_add(remainder) >> 16) as u16;
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

    /// Oracle: the update in `f32`. Tolerance: for each step 1/256 of the first moment and, by chance, of the second; the
    /// means of many second moments agree to 0.3 %.
    #[test]
    fn moments_in_bf16_stay_near_those_in_f32() {
        let (n, steps) = if cfg!(miri) { (64, 3) } else { (4096, 300) };
        let (mut value, mut first, mut second) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        let (mut value16, mut first16, mut second16) = (value.clone(), vec![0; n], vec![0; n]);
        for t in 1..=steps {
            let gradient: Vec<f32> = (0..n).map(|i| ((i * 31 + t * 17) as f32).sin() + 0.5).collect();
            let step = AdamWStep::new(1e-3, 0.0, t);
            step.update(&mut value, &mut first, &mut second, &gradient);
            // In two parts, as two threads would.
            let ((v0, v1), (f0, f1), (s0, s1)) =
                (value16.split_at_mut(n / 3), first16.split_at_mut(n / 3), second16.split_at_mut(n / 3));
            step.update_bf16(v0, f0, s0, &gradient[..n / 3], 0);
            step.update_bf16(v1, f1, s1, &gradient[n / 3..], n / 3);
        }
        let wide = |bits: &[u16]| -> Vec<f32> {
            bits.iter().map(|&bits| f32::from_bits(u32::from(bits) << 16)).collect()
        };
        let mean = |x: &[f32]| x.iter().map(|&v| f64::from(v)).sum::<f64>() / n as f64;
        let (first16, second16) = (wide(&first16), wide(&second16));
        for i in 0..n {
            assert!((first16[i] - first[i]).abs() < 0.02, "{}, expected {}", first16[i], first[i]);
            assert!((second16[i] / second[i] - 1.0).abs() < 0.2, "{}, expected {}", second16[i], second[i]);
            assert!((value16[i] - value[i]).abs() < 0.02 * steps as f32 * 1e-3);
        }
        let ratio = mean(&second16) / mean(&second);
        assert!((ratio - 1.0).abs() < if cfg!(miri) { 0.01 } else { 3e-3 }, "{ratio}");
    }

    #[test]
    #[should_panic(expected = "expected four slices of 2 numbers")]
    fn a_wrong_length_is_refused() {
        AdamWStep::new(1.0, 0.0, 1).update(&mut [0.0; 2], &mut [0.0; 2], &mut [0.0; 2], &[0.0; 3]);
    }
}
