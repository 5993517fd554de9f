//! The activations that `hidden_act` of a checkpoint can name, in place.
//!
//! `gelu` is the erf form; `gelu_new` and `gelu_pytorch_tanh` of a `config.json` are both [`gelu_tanh`].

use crate::dispatch::vectorized;
use crate::exp::exp;

/// Beyond this, `f32` cannot distinguish the error function from 1.
pub(crate) const ERF_LIMIT: f32 = 3.925;
/// The coefficients of `P`, the highest power first.
pub(crate) const ERF_P: [f32; 6] = [
    2.045_965e-6,
    2.848_362e-4,
    3.772_472_3e-3,
    5.276_905_7e-2,
    0.190_592_7,
    std::f32::consts::FRAC_2_SQRT_PI,
];
/// The coefficients of `Q`, the highest power first.
pub(crate) const ERF_Q: [f32; 6] =
    [3.804_673_5e-5, 1.163_828e-3, 1.498_305_3e-2, 0.114_182_2, 0.502_241_13, 1.0];

/// The error function; absolute error below 4e-7, measured against the Maclaurin series in `f64` (see the tests).
///
/// `erf(x) = x P(x^2) / Q(x^2)` with polynomials of degree five, fitted by reweighted least squares on
/// `|x| <= 3.925`.
#[inline(always)]
pub(crate) fn erf(x: f32) -> f32 {
    let x = x.clamp(-ERF_LIMIT, ERF_LIMIT);
    let u = x * x;
    let (mut p, mut q) = (ERF_P[0], ERF_Q[0]);
    for i in 1..ERF_P.len() {
        p = p * u + ERF_P[i];
        q = q * u + ERF_Q[i];
    }
    (x * p / q).clamp(-1.0, 1.0)
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

vectorized! {
    /// `x Φ(x) = x (1 + erf(x / √2)) / 2`, the `gelu` of BERT, DistilBERT, RoBERTa and MPNet (Hendrycks and Gimpel,
    /// arXiv 1606.08415). Absolute error below `4e-7 |x|`.
    ///
    /// ```
    /// let mut x = [1.0, -1.0, 0.0];
    /// clsify_kernels::activation::gelu(&mut x);
    /// assert!((x[0] - 0.841345).abs() < 1e-6 && (x[1] + 0.158655).abs() < 1e-6 && x[2] == 0.0);
    /// ```
    pub fn gelu(x: &mut [f32]) {
        for v in x {
            *v = 0.5 * *v * (1.0 + erf(*v * std::f32::consts::FRAC_1_SQRT_2));
        }
    }
}

vectorized! {
    /// `x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2`, the approximation with the names `gelu_new` and
    /// `gelu_pytorch_tanh`. It differs from [`gelu`] by up to 5e-4.
    ///
    /// ```
    /// let mut x = [1.0];
    /// clsify_kernels::activation::gelu_tanh(&mut x);
    /// assert!((x[0] - 0.841192).abs() < 1e-6);
    /// ```
    pub fn gelu_tanh(x: &mut [f32]) {
        for v in x {
            // (1 + tanh z) / 2 = sigmoid(2 z), and 2 √(2/π) = 1.595769.
            *v *= sigmoid(1.595_769 * (*v + 0.044_715 * *v * *v * *v));
        }
    }
}

vectorized! {
    /// `max(x, 0)`; NaN stays NaN.
    ///
    /// ```
    /// let mut x = [1.5, -2.0];
    /// clsify_kernels::activation::relu(&mut x);
    /// assert_eq!(x, [1.5, 0.0]);
    /// ```
    pub fn relu(x: &mut [f32]) {
        for v in x {
            *v = if *v < 0.0 { 0.0 } else { *v };
        }
    }
}

vectorized! {
    /// `x / (1 + e^-x)`, also called swish.
    ///
    /// ```
    /// let mut x = [1.0];
    /// clsify_kernels::activation::silu(&mut x);
    /// assert!((x[0] - 0.731059).abs() < 1e-6);
    /// ```
    pub fn silu(x: &mut [f32]) {
        for v in x {
            *v *= sigmoid(*v);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Miri is a thousand times slower.
    const STEP: usize = if cfg!(miri) { 997 } else { 1 };

    /// The Maclaurin series of erf in `f64`; its terms stay below e^(x²), so 1e-9 is kept up to |x| = 4.
    pub(crate) fn erf_series(x: f64) -> f64 {
        if x.abs() > 4.0 {
            return x.signum() * (1.0 - 1.5e-8);
        }
        let (mut term, mut sum) = (x, x);
        for n in 1..200 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        sum * std::f64::consts::FRAC_2_SQRT_PI
    }

    fn worst(f: impl Fn(&mut [f32]), expected: impl Fn(f64) -> f64) -> f64 {
        let xs: Vec<f32> = (-120_000..=120_000).step_by(STEP).map(|i| i as f32 * 1e-4).collect();
        let mut ys = xs.clone();
        f(&mut ys);
        xs.iter().zip(&ys).map(|(&x, &y)| (f64::from(y) - expected(f64::from(x))).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn erf_is_within_4e_7() {
        for i in (-60_000..=60_000).step_by(STEP) {
            let x = i as f32 * 1e-4;
            let error = (f64::from(erf(x)) - erf_series(f64::from(x))).abs();
            assert!(error < 4e-7, "erf({x}) is off by {error:e}");
        }
    }

    /// Oracles: the defining formulas in `f64`. Tolerance: the error of erf or exp times the largest |x|, 12.
    #[test]
    fn activations_follow_their_formulas() {
        assert!(worst(gelu, |x| 0.5 * x * (1.0 + erf_series(x / 2f64.sqrt()))) < 2e-6);
        assert!(
            worst(gelu_tanh, |x| {
                let z = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x * x * x);
                0.5 * x * (1.0 + z.tanh())
            }) < 4e-6
        );
        assert!(worst(silu, |x| x / (1.0 + (-x).exp())) < 4e-6);
        assert_eq!(worst(relu, |x| x.max(0.0)), 0.0);
    }

    /// The test distinguishes the two forms, which are easily confused.
    #[test]
    fn gelu_and_its_approximation_differ() {
        let (mut a, mut b) = ([2.75f32], [2.75f32]);
        gelu(&mut a);
        gelu_tanh(&mut b);
        assert!((a[0] - b[0]).abs() > 3e-4);
    }
}
