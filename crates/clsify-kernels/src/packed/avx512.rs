//! The kernels in AVX-512: tiles of up to 14 rows by 32 outputs, 28 of the 32 registers.
//!
//! Letters: `a` a row's lines, `b` the panel, `c` the sums.

use std::arch::x86_64::*;

use super::{Epilogue, Line, PANEL, Steps, Tile};

/// The lanes of either half of a tile that exist.
fn masks(width: usize) -> [__mmask16; 2] {
    let mask = (1u64 << width) - 1;
    [mask as u16, (mask >> 16) as u16]
}

/// Defines a function that computes a tile: `$dot(c, a, b)` adds the products of sixteen pairs of words to `c`. On the
/// way it asks for `next`, weights of a later tile, to be brought into the second-level cache.
macro_rules! tile_kernel {
    ($(#[$meta:meta])* $name:ident, $features:literal, |$c:ident, $a:ident, $b:ident| $dot:expr) => {
        $(#[$meta])*
        ///
        /// # Safety
        /// `target` is valid and the caller's alone; the processor has the features.
        pub(super) unsafe fn $name(x: &[Line], weights: &[Line], next: &[Line], target: &Tile, set: bool) {
            #[target_feature(enable = $features)]
            unsafe fn tile<const M: usize>(
                x: &[Line], weights: &[Line], next: &[Line], target: &Tile, set: bool,
            ) {
                let lines = weights.len() / PANEL;
                assert_eq!(x.len(), lines * M);
                let masks = masks(target.width);
                let mut c = [[_mm512_setzero_si512(); 2]; M];
                if !set {
                    for r in 0..M {
                        for h in 0..2 {
                            // SAFETY: the lanes of the mask lie inside row r of the target.
                            c[r][h] = unsafe {
                                _mm512_maskz_loadu_epi32(masks[h], target.out.add(r * target.stride + 16 * h).cast())
                            };
                        }
                    }
                }
                let mut a = x.as_ptr().cast::<i32>();
                let mut b = weights.as_ptr();
                let mut ahead = next.as_ptr();
                let each = next.len().div_ceil(lines);
                for _ in 0..lines {
                    for i in 0..each {
                        _mm_prefetch::<_MM_HINT_T1>(ahead.wrapping_add(i).cast());
                    }
                    ahead = ahead.wrapping_add(each);
                    for k in 0..16 {
                        // SAFETY: `b` has advanced by fewer than `2 * 16 * lines` lines of the panel's.
                        let halves = unsafe { [_mm512_load_si512(b.cast()), _mm512_load_si512(b.add(1).cast())] };
                        for r in 0..M {
                            // SAFETY: `a` has advanced by fewer than `lines` times M lines, and a line has 16 words.
                            let $a = unsafe { _mm512_set1_epi32(*a.add(16 * r + k)) };
                            for h in 0..2 {
                                let ($c, $b) = (c[r][h], halves[h]);
                                c[r][h] = $dot;
                            }
                        }
                        // SAFETY: at most one past the end.
                        b = unsafe { b.add(2) };
                    }
                    // SAFETY: at most one past the end.
                    a = unsafe { a.add(16 * M) };
                }
                for r in 0..M {
                    for h in 0..2 {
                        // SAFETY: the lanes of the mask lie inside row r of the target.
                        unsafe {
                            _mm512_mask_storeu_epi32(
                                target.out.add(r * target.stride + 16 * h).cast(),
                                masks[h],
                                c[r][h],
                            );
                        }
                    }
                }
            }
            // SAFETY: the caller's promise, and the number of rows is the one that was matched.
            unsafe {
                match target.rows {
                    1 => tile::<1>(x, weights, next, target, set),
                    2 => tile::<2>(x, weights, next, target, set),
                    3 => tile::<3>(x, weights, next, target, set),
                    4 => tile::<4>(x, weights, next, target, set),
                    5 => tile::<5>(x, weights, next, target, set),
                    6 => tile::<6>(x, weights, next, target, set),
                    7 => tile::<7>(x, weights, next, target, set),
                    8 => tile::<8>(x, weights, next, target, set),
                    9 => tile::<9>(x, weights, next, target, set),
                    10 => tile::<10>(x, weights, next, target, set),
                    11 => tile::<11>(x, weights, next, target, set),
                    12 => tile::<12>(x, weights, next, target, set),
                    13 => tile::<13>(x, weights, next, target, set),
                    14 => tile::<14>(x, weights, next, target, set),
                    rows => unreachable!("a tile of {rows} rows"),
                }
            }
        }
    };
}

tile_kernel! {
    /// Words are `f32`.
    tile_f32, "avx512f", |c, a, b| _mm512_castps_si512(_mm512_fmadd_ps(
        _mm512_castsi512_ps(a),
        _mm512_castsi512_ps(b),
        _mm512_castsi512_ps(c),
    ))
}

/// Words seen as pairs of `bf16`.
#[target_feature(enable = "avx512f")]
#[inline]
fn pairs(x: __m512i) -> __m512bh {
    // SAFETY: both types are 64 bytes, and every bit pattern is a value of either.
    unsafe { std::mem::transmute(x) }
}

tile_kernel! {
    /// Words are two `bf16`.
    tile_bf16, "avx512f,avx512bf16", |c, a, b| _mm512_castps_si512(_mm512_dpbf16_ps(
        _mm512_castsi512_ps(c),
        pairs(a),
        pairs(b),
    ))
}

tile_kernel! {
    /// Words are four 8-bit numbers, unsigned in `x`, signed in the weights; sums are `i32`.
    tile_u8, "avx512f,avx512vnni", |c, a, b| _mm512_dpbusd_epi32(c, a, b)
}

/// Up to sixteen numbers from `first` on; zeros stand for what is beyond the end.
#[target_feature(enable = "avx512f")]
#[inline]
fn load(row: &[f32], first: usize) -> __m512 {
    let rest = row.get(first..).unwrap_or_default();
    let mask = if rest.len() < 16 { (1 << rest.len()) - 1 } else { 0xffff };
    // SAFETY: the lanes of the mask lie inside `rest`.
    unsafe { _mm512_maskz_loadu_ps(mask, rest.as_ptr()) }
}

/// Copies a row into lines, as far as either goes.
#[target_feature(enable = "avx512f")]
pub(super) fn convert_f32<'a>(row: &[f32], to: impl Iterator<Item = &'a mut Line>) {
    for (line, first) in to.zip((0..row.len()).step_by(16)) {
        // SAFETY: a line is 64 aligned bytes.
        unsafe { _mm512_store_ps(line.0.as_mut_ptr().cast(), load(row, first)) }
    }
}

/// Rounds a row to `bf16`, the nearest, ties to even.
#[target_feature(enable = "avx512f,avx512bf16")]
pub(super) fn convert_bf16<'a>(row: &[f32], to: impl Iterator<Item = &'a mut Line>) {
    for (line, first) in to.zip((0..row.len()).step_by(32)) {
        let pairs = _mm512_cvtne2ps_pbh(load(row, first + 16), load(row, first));
        // SAFETY: both types are 64 bytes without padding; a line is 64 aligned bytes.
        unsafe {
            _mm512_store_si512(line.0.as_mut_ptr().cast(), std::mem::transmute::<__m512bh, __m512i>(pairs));
        }
    }
}

/// The steps of a row: its least number is 0, its largest 255. Where one is infinite or not a number, the scale is not
/// a number.
#[target_feature(enable = "avx512f")]
pub(super) fn steps(row: &[f32]) -> Steps {
    let first = _mm512_set1_ps(row[0]);
    let (mut low, mut high, mut bad) = (first, first, _mm512_setzero_ps());
    let chunks = row.chunks_exact(16);
    let rest = chunks.remainder();
    let mut add = |x| {
        low = _mm512_min_ps(low, x);
        high = _mm512_max_ps(high, x);
        // 0 x is 0 for every number.
        bad = _mm512_fmadd_ps(x, _mm512_setzero_ps(), bad);
    };
    for chunk in chunks {
        // SAFETY: sixteen numbers.
        add(unsafe { _mm512_loadu_ps(chunk.as_ptr()) });
    }
    // SAFETY: the lanes of the mask lie inside `rest`.
    add(unsafe { _mm512_mask_loadu_ps(first, (1 << rest.len()) - 1, rest.as_ptr()) });
    let low = _mm512_reduce_min_ps(low);
    let high = _mm512_reduce_max_ps(high);
    Steps { low, scale: (high - low) / 255.0 + _mm512_reduce_add_ps(bad) }
}

/// Counts a row in steps, the nearest, ties to even.
#[target_feature(enable = "avx512f")]
pub(super) fn convert_u8<'a>(row: &[f32], steps: Steps, to: impl Iterator<Item = &'a mut Line>) {
    let low = _mm512_set1_ps(steps.low);
    // Below the least normal number the reciprocal may overflow; such a row counts as constant.
    let inverse = if steps.scale >= f32::MIN_POSITIVE { 1.0 / steps.scale } else { 0.0 };
    let inverse = _mm512_set1_ps(inverse);
    for (line, first) in to.zip((0..row.len()).step_by(64)) {
        for (i, part) in line.0.chunks_exact_mut(4).enumerate() {
            // What is beyond the end becomes some number or other, which meets weights of zero.
            let x = _mm512_mul_ps(_mm512_sub_ps(load(row, first + 16 * i), low), inverse);
            let bytes = _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(x));
            // SAFETY: `part` is 16 bytes.
            unsafe { _mm_storeu_si128(part.as_mut_ptr().cast(), bytes) }
        }
    }
}

/// Scales, bias and activation over a tile of `i32` sums. With `x = low + s q` and `w = t v` the product is
/// `t (s Σ q v + low Σ v)`; `weights` are `t`, `Σ v` and the bias, 32 each.
///
/// # Safety
/// `target` is valid and the caller's alone; the processor has AVX-512 F.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn finish_u8(target: &Tile, steps: &[Steps], weights: [&[f32]; 3], epilogue: Epilogue) {
    // SAFETY: a panel has 32 of each.
    let [scale, sum, bias] = unsafe { [halves(weights[0]), halves(weights[1]), halves(weights[2])] };
    let value = |r: usize, h: usize, c| {
        let low = _mm512_mul_ps(_mm512_set1_ps(steps[r].low), sum[h]);
        let product = _mm512_fmadd_ps(_mm512_set1_ps(steps[r].scale), _mm512_cvtepi32_ps(c), low);
        _mm512_fmadd_ps(scale[h], product, bias[h])
    };
    // SAFETY: the caller's promise.
    unsafe { finish(target, epilogue, value) }
}

/// Bias and activation over a tile of `f32` sums.
///
/// # Safety
/// `target` is valid and the caller's alone; the processor has AVX-512 F.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn finish_f32(target: &Tile, bias: &[f32], epilogue: Epilogue) {
    // SAFETY: a panel has 32 biases.
    let bias = unsafe { halves(bias) };
    // SAFETY: the caller's promise.
    unsafe { finish(target, epilogue, |_, h, c| _mm512_add_ps(_mm512_castsi512_ps(c), bias[h])) }
}

/// The two halves of 32 numbers.
///
/// # Safety
/// There are that many.
#[target_feature(enable = "avx512f")]
unsafe fn halves(x: &[f32]) -> [__m512; 2] {
    assert!(x.len() >= PANEL);
    // SAFETY: 32 numbers, by the line above.
    unsafe { [_mm512_loadu_ps(x.as_ptr()), _mm512_loadu_ps(x.as_ptr().add(16))] }
}

/// `activation(sum(row, half, c))` over a tile.
///
/// # Safety
/// `target` is valid and the caller's alone.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn finish(target: &Tile, epilogue: Epilogue, sum: impl Fn(usize, usize, __m512i) -> __m512) {
    #[target_feature(enable = "avx512f")]
    #[inline]
    unsafe fn each(
        target: &Tile,
        sum: impl Fn(usize, usize, __m512i) -> __m512,
        activation: impl Fn(__m512) -> __m512,
    ) {
        let masks = masks(target.width);
        for r in 0..target.rows {
            for (h, &mask) in masks.iter().enumerate() {
                // SAFETY: the lanes of the mask lie inside row r of the target.
                unsafe {
                    let at = target.out.add(r * target.stride + 16 * h);
                    let c = _mm512_maskz_loadu_epi32(mask, at.cast());
                    _mm512_mask_storeu_ps(at, mask, activation(sum(r, h, c)));
                }
            }
        }
    }
    // SAFETY: the caller's promise.
    unsafe {
        match epilogue {
            Epilogue::None => each(target, sum, |x| x),
            Epilogue::Gelu => each(target, sum, |x| gelu(x)),
            Epilogue::GeluTanh => each(target, sum, |x| gelu_tanh(x)),
            Epilogue::Relu => each(target, sum, |x| _mm512_max_ps(x, _mm512_setzero_ps())),
            Epilogue::Silu => each(target, sum, |x| _mm512_mul_ps(x, sigmoid(x))),
        }
    }
}

/// `1 / x`, relative error below 2e-7: the processor's fourteen bits and one step of Newton's.
#[target_feature(enable = "avx512f")]
#[inline]
fn reciprocal(x: __m512) -> __m512 {
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

/// Between two limits; not a number stays what it is.
#[target_feature(enable = "avx512f")]
#[inline]
fn clamp(x: __m512, low: f32, high: f32) -> __m512 {
    _mm512_max_ps(_mm512_set1_ps(low), _mm512_min_ps(_mm512_set1_ps(high), x))
}

/// The coefficients of a polynomial in `x² / 2`, all times `factor`, as those of one in `x²`.
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
fn gelu(x: __m512) -> __m512 {
    use crate::activation::{ERF_LIMIT, ERF_P, ERF_Q};
    const LIMIT: f32 = ERF_LIMIT * std::f32::consts::SQRT_2;
    const P: [f32; 6] = halved(ERF_P, std::f64::consts::FRAC_1_SQRT_2 / 2.0);
    const Q: [f32; 6] = halved(ERF_Q, 1.0);
    let z = clamp(x, -LIMIT, LIMIT);
    let u = _mm512_mul_ps(z, z);
    let p = _mm512_mul_ps(z, polynomial(u, P));
    let phi = _mm512_fmadd_ps(p, reciprocal(polynomial(u, Q)), _mm512_set1_ps(0.5));
    // Far to the left not even a rounding error may be left, since it would be multiplied by x.
    _mm512_mul_ps(x, _mm512_max_ps(_mm512_setzero_ps(), phi))
}

/// `1 / (1 + e^-x)`, with the series of [`exp`](crate::exp::exp).
#[target_feature(enable = "avx512f")]
#[inline]
fn sigmoid(x: __m512) -> __m512 {
    use crate::exp::{HIGH, LN2_HIGH, LN2_LOW, LOW, SERIES};
    let x = clamp(_mm512_sub_ps(_mm512_setzero_ps(), x), LOW, HIGH);
    let n = _mm512_mul_ps(x, _mm512_set1_ps(std::f32::consts::LOG2_E));
    let n = _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(n);
    let r = _mm512_fnmadd_ps(n, _mm512_set1_ps(LN2_HIGH), x);
    let r = _mm512_fnmadd_ps(n, _mm512_set1_ps(LN2_LOW), r);
    let e = _mm512_scalef_ps(polynomial(r, SERIES), n);
    // e <= e^88 < 2^127, whose reciprocal is a normal number.
    reciprocal(_mm512_add_ps(_mm512_set1_ps(1.0), e))
}

/// `x sigmoid(2 √(2/π) (x + 0.044715 x³))`, as [`activation::gelu_tanh`](crate::activation::gelu_tanh).
#[target_feature(enable = "avx512f")]
#[inline]
fn gelu_tanh(x: __m512) -> __m512 {
    let cube = _mm512_mul_ps(_mm512_mul_ps(x, x), x);
    let z = _mm512_fmadd_ps(_mm512_set1_ps(0.044_715), cube, x);
    _mm512_mul_ps(x, sigmoid(_mm512_mul_ps(_mm512_set1_ps(1.595_769), z)))
}
