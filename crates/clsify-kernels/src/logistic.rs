//! The residuals of logistic regression in `f64`: predicted probabilities minus the true class.
//!
//! Logits are stored by columns, `[columns, n]`. The residuals are computed at a point along a direction: `z = logits
//! + t slopes`.

use crate::dispatch::vectorized;
use crate::exp::exp_f64;

/// The number of rows that stay in the first-level cache.
const BLOCK: usize = 128;

fn check(out: &[f64], logits: &[f64], slopes: &[f64], weights: &[f64], targets: &[u32], columns: usize) {
    let n = weights.len();
    let all = [targets.len() * columns, out.len(), logits.len(), slopes.len()];
    assert!(all.iter().all(|&len| len == columns * n), "expected {columns} x {n} numbers, got {all:?}");
}

vectorized! {
    /// Two classes: `outᵢ = wᵢ (1 / (1 + e^-zᵢ) - targetᵢ)`, targets 0 or 1.
    ///
    /// ```
    /// let mut out = [0.0];
    /// clsify_kernels::logistic::sigmoid_residuals(&mut out, &[0.0], &[0.0], 1.0, &[2.0], &[1]);
    /// assert_eq!(out, [-1.0]);
    /// ```
    ///
    /// # Panics
    /// Panics if the lengths differ.
    pub fn sigmoid_residuals(
        out: &mut [f64],
        logits: &[f64],
        slopes: &[f64],
        t: f64,
        weights: &[f64],
        targets: &[u32],
    ) {
        check(out, logits, slopes, weights, targets, 1);
        let numbers = logits.iter().zip(slopes).zip(weights).zip(targets);
        for (out, (((logit, slope), weight), &target)) in out.iter_mut().zip(numbers) {
            let p = 1.0 / (1.0 + exp_f64(-(logit + t * slope)));
            *out = weight * (p - f64::from(target));
        }
    }
}

vectorized! {
    /// More classes: `out[k, i] = wᵢ (softmax(zᵢ)ₖ - (1 if k is targetᵢ, else 0))`.
    ///
    /// ```
    /// let mut out = [0.0; 2];
    /// clsify_kernels::logistic::softmax_residuals(&mut out, &[0.0; 2], &[0.0; 2], 1.0, &[2.0], &[1]);
    /// assert_eq!(out, [1.0, -1.0]);
    /// ```
    ///
    /// # Panics
    /// Panics if the lengths do not fit together, or a target is not one of the columns.
    pub fn softmax_residuals(
        out: &mut [f64],
        logits: &[f64],
        slopes: &[f64],
        t: f64,
        weights: &[f64],
        targets: &[u32],
    ) {
        let n = weights.len();
        let columns = out.len() / n.max(1);
        check(out, logits, slopes, weights, targets, columns);
        for start in (0..n).step_by(BLOCK) {
            let rows = BLOCK.min(n - start);
            let mut max = [f64::NEG_INFINITY; BLOCK];
            for k in 0..columns {
                let at = k * n + start;
                let along = logits[at..at + rows].iter().zip(&slopes[at..at + rows]);
                for ((out, max), (logit, slope)) in out[at..at + rows].iter_mut().zip(&mut max).zip(along) {
                    *out = logit + t * slope;
                    *max = if *out > *max { *out } else { *max };
                }
            }
            let mut total = [0.0; BLOCK];
            for k in 0..columns {
                let at = k * n + start;
                for ((out, max), total) in out[at..at + rows].iter_mut().zip(&max).zip(&mut total) {
                    *out = exp_f64(*out - max);
                    *total += *out;
                }
            }
            for (total, weight) in total.iter_mut().zip(&weights[start..start + rows]) {
                *total = weight / *total;
            }
            for k in 0..columns {
                let at = k * n + start;
                for (out, factor) in out[at..at + rows].iter_mut().zip(&total) {
                    *out *= factor;
                }
            }
            for i in start..start + rows {
                out[targets[i] as usize * n + i] -= weights[i];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, seed: usize, scale: f64) -> Vec<f64> {
        (0..n).map(|i| (((i + seed) * 7919 % 1009) as f64 - 500.0) / 500.0 * scale).collect()
    }

    /// Oracle: the formulas with `f64::exp`. Tolerance: a few units in the last place of numbers up to 2.
    #[test]
    fn residuals_follow_their_formulas() {
        let shapes = [(1, 1), (7, 1), (300, 1), (1, 2), (7, 3), (130, 2), (127, 6), (300, 5)];
        for &(n, columns) in &shapes[..if cfg!(miri) { 6 } else { shapes.len() }] {
            let (logits, slopes) = (numbers(columns * n, 1, 30.0), numbers(columns * n, 2, 5.0));
            let weights: Vec<f64> = (0..n).map(|i| (i % 3) as f64).collect();
            let targets: Vec<u32> = (0..n).map(|i| (i * 5 % columns.max(2)) as u32).collect();
            let mut out = vec![f64::NAN; columns * n];
            let residuals = if columns == 1 { sigmoid_residuals } else { softmax_residuals };
            residuals(&mut out, &logits, &slopes, 0.7, &weights, &targets);
            for i in 0..n {
                let z: Vec<f64> = (0..columns).map(|k| logits[k * n + i] + 0.7 * slopes[k * n + i]).collect();
                let total: f64 = z.iter().map(|z| z.exp()).sum();
                for k in 0..columns {
                    let (p, y) = match columns {
                        1 => (1.0 / (1.0 + (-z[0]).exp()), f64::from(targets[i])),
                        _ => (z[k].exp() / total, f64::from(u8::from(targets[i] as usize == k))),
                    };
                    let error = (out[k * n + i] - weights[i] * (p - y)).abs();
                    assert!(error < 4e-15, "{n} x {columns}, [{k}, {i}]: {error:e}");
                }
            }
        }
    }

    #[test]
    fn far_logits_stay_finite() {
        let mut out = [f64::NAN; 4];
        let logits = [1e6, -1e6, 800.0, -800.0];
        sigmoid_residuals(&mut out, &logits, &[0.0; 4], 0.0, &[1.0; 4], &[1, 0, 0, 1]);
        assert!(
            out.iter().zip([0.0, 0.0, 1.0, -1.0]).all(|(got, want)| (got - want).abs() < 1e-300),
            "{out:?}"
        );
        softmax_residuals(&mut out, &logits, &[0.0; 4], 0.0, &[1.0; 2], &[0, 1]);
        assert!(out.iter().zip([0.0, 0.0, 0.0, 0.0]).all(|(got, want)| (got - want).abs() <= 1.0), "{out:?}");
    }
}
