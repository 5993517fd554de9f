//! The kernels in AVX-512: tiles of up to 14 rows by 32 outputs, 28 of the 32 registers.
//!
//! Letters: `a` a row's lines, `b` the panel, `c` the sums.

use std::arch::x86_64::*;

use super::rotate::{Extent, order};
use super::{EXACT_INPUTS, Epilogue, Line, Links, PANEL, Start, Steps, Sums, Tile};
use crate::avx512::{gelu, gelu_tanh, sigmoid};

/// The lanes of either half of a tile that exist.
fn masks(width: usize) -> [__mmask16; 2] {
    let mask = (1u64 << width) - 1;
    [mask as u16, (mask >> 16) as u16]
}

/// Defines a function that computes a tile: `$dot(c, a, b)` adds the products of sixteen pairs of words to `c`, which
/// starts as what `start` says. The sums go to `sums` where there is one, else to the target. On the way it asks for
/// the weights of later links to be brought into the second-level cache.
macro_rules! tile_kernel {
    ($(#[$meta:meta])* $name:ident, $features:literal, |$c:ident, $a:ident, $b:ident| $dot:expr) => {
        $(#[$meta])*
        ///
        /// # Safety
        /// `target` is valid and the caller's alone; the processor has the features.
        pub(super) unsafe fn $name(links: &Links, target: &Tile, start: Start, sums: Option<&mut Sums>) {
            #[target_feature(enable = $features)]
            unsafe fn tile<const M: usize>(links: &Links, target: &Tile, start: Start, sums: Option<&mut Sums>) {
                let Links { x, weights, next, .. } = *links;
                let lines = weights.len() / PANEL;
                assert_eq!(x.len(), lines * M);
                let masks = masks(target.width);
                let mut c = [[_mm512_setzero_si512(); 2]; M];
                if start.from_target {
                    for r in 0..M {
                        for h in 0..2 {
                            // SAFETY: the lanes of the mask lie inside row r of the target.
                            c[r][h] = unsafe {
                                _mm512_maskz_loadu_epi32(masks[h], target.out.add(r * target.stride + 16 * h).cast())
                            };
                        }
                    }
                }
                if let Some(bias) = start.bias {
                    let bias = halves(bias);
                    for r in 0..M {
                        for h in 0..2 {
                            c[r][h] = _mm512_castps_si512(_mm512_add_ps(_mm512_castsi512_ps(c[r][h]), bias[h]));
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
                match sums {
                    Some(sums) => {
                        for (sums, c) in sums.0.chunks_exact_mut(2).zip(c) {
                            for h in 0..2 {
                                // SAFETY: a line is 64 aligned bytes.
                                unsafe { _mm512_store_si512(sums[h].0.as_mut_ptr().cast(), c[h]) };
                            }
                        }
                    }
                    None => {
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
                }
            }
            // SAFETY: the caller's promise, and the number of rows is the one that was matched.
            unsafe {
                match target.rows {
                    1 => tile::<1>(links, target, start, sums),
                    2 => tile::<2>(links, target, start, sums),
                    3 => tile::<3>(links, target, start, sums),
                    4 => tile::<4>(links, target, start, sums),
                    5 => tile::<5>(links, target, start, sums),
                    6 => tile::<6>(links, target, start, sums),
                    7 => tile::<7>(links, target, start, sums),
                    8 => tile::<8>(links, target, start, sums),
                    9 => tile::<9>(links, target, start, sums),
                    10 => tile::<10>(links, target, start, sums),
                    11 => tile::<11>(links, target, start, sums),
                    12 => tile::<12>(links, target, start, sums),
                    13 => tile::<13>(links, target, start, sums),
                    14 => tile::<14>(links, target, start, sums),
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

/// [`rotate`](super::rotate::rotate) for rows of `x`, in one pass.
#[target_feature(enable = "avx512f")]
pub(super) fn rotate(row: &[f32], factors: &[f32], to: &mut [f32]) -> Extent {
    assert!(row.len() == factors.len() && row.len() == to.len());
    match order(row.len()) {
        8 => rotate_by::<8>(row, factors, to),
        4 => rotate_by::<4>(row, factors, to),
        2 => rotate_by::<2>(row, factors, to),
        _ => rotate_by::<1>(row, factors, to),
    }
}

/// The slices are equally long, a multiple of `16 N` unless `N` is 1.
#[target_feature(enable = "avx512f")]
#[inline]
fn rotate_by<const N: usize>(row: &[f32], factors: &[f32], to: &mut [f32]) -> Extent {
    // Four of each, since one would have to wait for itself.
    let mut low = [_mm512_set1_ps(f32::INFINITY); 4];
    let mut high = [_mm512_set1_ps(f32::NEG_INFINITY); 4];
    let mut sum = [_mm512_setzero_ps(); 4];
    let blocks = row.chunks_exact(16 * N).zip(factors.chunks_exact(16 * N));
    for (number, ((row, factors), to)) in blocks.zip(to.chunks_exact_mut(16 * N)).enumerate() {
        let mut block = [_mm512_setzero_ps(); N];
        for (i, x) in block.iter_mut().enumerate() {
            // SAFETY: sixteen of `16 N` numbers of either.
            *x = unsafe {
                let factor = _mm512_loadu_ps(factors.as_ptr().add(16 * i));
                _mm512_mul_ps(_mm512_loadu_ps(row.as_ptr().add(16 * i)), factor)
            };
        }
        // In a loop over these the block would stay in memory.
        mix(&mut block, 1);
        mix(&mut block, 2);
        mix(&mut block, 4);
        for (i, x) in block.into_iter().enumerate() {
            let own = if N < 4 { number % 4 } else { i % 4 };
            // Where one of two is not a number, the instruction takes the second.
            low[own] = _mm512_min_ps(x, low[own]);
            high[own] = _mm512_max_ps(x, high[own]);
            sum[own] = _mm512_add_ps(sum[own], x);
            // SAFETY: sixteen of `16 N` numbers.
            unsafe { _mm512_storeu_ps(to.as_mut_ptr().add(16 * i), x) }
        }
    }
    let rest = row.len() / (16 * N) * 16 * N;
    let mask: __mmask16 = (1 << (row.len() - rest)) - 1;
    let x = _mm512_mul_ps(load(row, rest), load(factors, rest));
    low[0] = _mm512_mask_min_ps(low[0], mask, x, low[0]);
    high[0] = _mm512_mask_max_ps(high[0], mask, x, high[0]);
    sum[0] = _mm512_add_ps(sum[0], x);
    // SAFETY: the lanes of the mask are what is left of `to`.
    unsafe { _mm512_mask_storeu_ps(to.as_mut_ptr().add(rest), mask, x) }
    let low = _mm512_min_ps(_mm512_min_ps(low[0], low[1]), _mm512_min_ps(low[2], low[3]));
    let high = _mm512_max_ps(_mm512_max_ps(high[0], high[1]), _mm512_max_ps(high[2], high[3]));
    let sum = _mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3]));
    Extent {
        low: _mm512_reduce_min_ps(low),
        high: _mm512_reduce_max_ps(high),
        sum: _mm512_reduce_add_ps(sum),
    }
}

/// Sums and differences of registers so far apart, if there are any.
#[target_feature(enable = "avx512f")]
#[inline]
fn mix<const N: usize>(block: &mut [__m512; N], apart: usize) {
    for i in 0..N {
        if i & apart == 0 && apart < N {
            let (a, b) = (block[i], block[i + apart]);
            (block[i], block[i + apart]) = (_mm512_add_ps(a, b), _mm512_sub_ps(a, b));
        }
    }
}

/// Counts a rotated row in steps, the nearest, ties to even.
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

/// Scales, bias and epilogue over a tile of `i32` sums. With `x = low + s q` and `w = c + t v` the product is
/// `t (s Σ q v + low Σ v) + c Σ x`; `weights` are `t`, `Σ v`, `c` and the bias, 32 each. Exact inputs come last, by their
/// weights, 32 each.
///
/// # Safety
/// `target` is valid and the caller's alone; the processor has AVX-512 F.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn finish_u8(
    sums: &Sums,
    target: &Tile,
    steps: &[Steps],
    weights: [&[f32]; 4],
    exact: Option<[&[f32]; EXACT_INPUTS]>,
    epilogue: Epilogue,
) {
    let [scale, sum, center, bias] = weights.map(|weights| halves(weights));
    let quantized = |r: usize, h: usize, c: &Line| {
        let low = _mm512_mul_ps(_mm512_set1_ps(steps[r].low), sum[h]);
        // SAFETY: a line is 64 aligned bytes.
        let c = _mm512_cvtepi32_ps(unsafe { _mm512_load_si512(c.0.as_ptr().cast()) });
        let product = _mm512_fmadd_ps(_mm512_set1_ps(steps[r].scale), c, low);
        let rest = _mm512_fmadd_ps(_mm512_set1_ps(steps[r].sum), center[h], bias[h]);
        _mm512_fmadd_ps(scale[h], product, rest)
    };
    // SAFETY: the caller's promise.
    unsafe {
        match exact.map(|exact| exact.map(|weights| halves(weights))) {
            None => finish(sums, target, epilogue, quantized),
            Some(exact) => finish(sums, target, epilogue, |r, h, c| {
                let mut sum = quantized(r, h, c);
                for (&x, weights) in steps[r].exact.iter().zip(&exact) {
                    sum = _mm512_fmadd_ps(_mm512_set1_ps(x), weights[h], sum);
                }
                sum
            }),
        }
    }
}

/// Bias, unless the chains started with it, and epilogue over a tile of `f32` sums.
///
/// # Safety
/// `target` is valid and the caller's alone; the processor has AVX-512 F.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn finish_f32(sums: &Sums, target: &Tile, bias: Option<&[f32]>, epilogue: Epilogue) {
    let bias = bias.map_or([_mm512_setzero_ps(); 2], |bias| halves(bias));
    // SAFETY: a line is 64 aligned bytes.
    let value =
        |_, h: usize, c: &Line| _mm512_add_ps(unsafe { _mm512_load_ps(c.0.as_ptr().cast()) }, bias[h]);
    // SAFETY: the caller's promise.
    unsafe { finish(sums, target, epilogue, value) }
}

/// The two halves of 32 numbers.
#[target_feature(enable = "avx512f")]
#[inline]
fn halves(x: &[f32]) -> [__m512; 2] {
    assert!(x.len() >= PANEL);
    // SAFETY: 32 numbers, by the line above.
    unsafe { [_mm512_loadu_ps(x.as_ptr()), _mm512_loadu_ps(x.as_ptr().add(16))] }
}

/// `epilogue(value(row, half, sum))` of a tile, into the target.
///
/// # Safety
/// `target` is valid and the caller's alone.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn finish(
    sums: &Sums,
    target: &Tile,
    epilogue: Epilogue,
    value: impl Fn(usize, usize, &Line) -> __m512,
) {
    #[target_feature(enable = "avx512f")]
    #[inline]
    unsafe fn each(
        sums: &Sums,
        target: &Tile,
        value: impl Fn(usize, usize, &Line) -> __m512,
        f: impl Fn(__m512, *const f32, __mmask16) -> __m512,
    ) {
        let masks = masks(target.width);
        for (r, sums) in sums.0.chunks_exact(2).enumerate().take(target.rows) {
            for (h, &mask) in masks.iter().enumerate() {
                // SAFETY: the lanes of the mask lie inside row r of the target.
                unsafe {
                    let at = target.out.add(r * target.stride + 16 * h);
                    _mm512_mask_storeu_ps(at, mask, f(value(r, h, &sums[h]), at, mask));
                }
            }
        }
    }
    // SAFETY: the caller's promise; what stands in the target is read in its own lanes.
    unsafe {
        match epilogue {
            Epilogue::None => each(sums, target, value, |x, _, _| x),
            Epilogue::Add => {
                each(sums, target, value, |x, at, mask| _mm512_add_ps(x, _mm512_maskz_loadu_ps(mask, at)));
            }
            Epilogue::Gelu => each(sums, target, value, |x, _, _| gelu(x)),
            Epilogue::GeluTanh => each(sums, target, value, |x, _, _| gelu_tanh(x)),
            // Where one of two is not a number, the instruction takes the second.
            Epilogue::Relu => each(sums, target, value, |x, _, _| _mm512_max_ps(_mm512_setzero_ps(), x)),
            Epilogue::Silu => each(sums, target, value, |x, _, _| _mm512_mul_ps(x, sigmoid(x))),
        }
    }
}
