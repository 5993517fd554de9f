//! Element-wise functions on sixteen `f32` at once, in AVX-512.
//!
//! They share their series and limits with the plain functions of [`activation`](crate::activation) and
//! [`exp`](crate::exp), and the tests of their callers compare them with the same oracles.

use std::arch::x86_64::*;

/// `1 / x`, relative error below 2e-7: the processor's 14-bit approximation and one Newton step.
#[target_feature(enable = "avx512f")]
#[inline]
pub(crate) fn reciprocal(x: __m512) -> __m512 {
    let y = _mm512_rcp14_ps(x);
    _mm512_fmadd_ps(y, _mm512_fnmadd_ps(x, y, _mm512_set1_ps(1.0)), y)
}

/// Horner's scheme, the highest power first.
#[target_feature(enable = "avx512f")]
#[inline]
fn polynomial<const N: usize>(x: __m512, coefficients: [f32; N]) -> __m512 {
    let mut p = _mm512_set1_ps(coefficients[0]);
    for &c in &coefficients[1..] {
        p = _mm512_fmadd_ps(p, x, _mm512_set1_ps(c));
    }
    p
}

/// Clamps to two limits; NaN stays NaN.
#[target_feature(enable = "avx512f")]
#[inline]
fn clamp(x: __m512, low: f32, high: f32) -> __m512 {
    _mm512_max_ps(_mm512_set1_ps(low), _mm512_min_ps(_mm512_set1_ps(high), x))
}

/// Converts the coefficients of a polynomial in `x² / 2`, all multiplied by `factor`, to those of one in `x²`.
const fn halved(mut coefficients: [f32; 6], mut factor: f64) -> [f32; 6] {
    let mut i = 6;
    while i > 0 {
        i -= 1;
        coefficients[i] = (coefficients[i] as f64 * factor) as f32;
        factor /= 2.0;
    }
    coefficients
}

/// `x Φ(x)` by the polynomials of [`activation::gelu`](crate::activation::gelu), with √2 and the half inside them:
/// `Φ(x) = 1/2 + erf(x / √2) / 2`.
#[target_feature(enable = "avx512f")]
#[inline]
pub(crate) fn gelu(x: __m512) -> __m512 {
    use crate::activation::{ERF_LIMIT, ERF_P, ERF_Q};
    const LIMIT: f32 = ERF_LIMIT * std::f32::consts::SQRT_2;
    const P: [f32; 6] = halved(ERF_P, std::f64::consts::FRAC_1_SQRT_2 / 2.0);
    const Q: [f32; 6] = halved(ERF_Q, 1.0);
    let z = clamp(x, -LIMIT, LIMIT);
    let u = _mm512_mul_ps(z, z);
    let p = _mm512_mul_ps(z, polynomial(u, P));
    let phi = _mm512_fmadd_ps(p, reciprocal(polynomial(u, Q)), _mm512_set1_ps(0.5));
    // For large negative `x` not even a rounding error may remain, because it would be multiplied by `x`.
    _mm512_mul_ps(x, _mm512_max_ps(_mm512_setzero_ps(), phi))
}

/// `e^x`, with the series and the limits of [`exp`](crate::exp::exp); NaN stays NaN.
#[target_feature(enable = "avx512f")]
#[inline]
pub(crate) fn exp(x: __m512) -> __m512 {
    use crate::exp::{HIGH, LN2_HIGH, LN2_LOW, LOW, SERIES};
    let x = clamp(x, LOW, HIGH);
    let n = _mm512_mul_ps(x, _mm512_set1_ps(std::f32::consts::LOG2_E));
    let n = _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(n);
    let r = _mm512_fnmadd_ps(n, _mm512_set1_ps(LN2_HIGH), x);
    let r = _mm512_fnmadd_ps(n, _mm512_set1_ps(LN2_LOW), r);
    _mm512_scalef_ps(polynomial(r, SERIES), n)
}

/// `1 / (1 + e^-x)`.
#[target_feature(enable = "avx512f")]
#[inline]
pub(crate) fn sigmoid(x: __m512) -> __m512 {
    // e^-x <= e^88 < 2^127, whose reciprocal is a normal number.
    reciprocal(_mm512_add_ps(_mm512_set1_ps(1.0), exp(_mm512_sub_ps(_mm512_setzero_ps(), x))))
}

/// `x sigmoid(2 √(2/π) (x + 0.044715 x³))`, as [`activation::gelu_tanh`](crate::activation::gelu_tanh).
#[target_feature(enable = "avx512f")]
#[inline]
pub(crate) fn gelu_tanh(x: __m512) -> __m512 {
    let cube = _mm512_mul_ps(_mm512_mul_ps(x, x), x);
    let z = _mm512_fmadd_ps(_mm512_set1_ps(0.044_715), cube, x);
    _mm512_mul_ps(x, sigmoid(_mm512_mul_ps(_mm512_set1_ps(1.595_769), z)))
}
