//! Code that the AVX-512 kernels share: tiles of up to 14 rows by 32 outputs in 28 of the 32 registers, and their
//! epilogue.
//!
//! Letters: `a` is a row's lines, `b` the panel, `c` the sums.

use std::arch::x86_64::*;

use super::epilogue::Epilogue;
use super::tile::{Accumulators, Line, PANEL, Tile};
use crate::element_wise_avx512::{gelu, gelu_tanh, sigmoid};

/// The maximum number of rows per tile.
pub(super) const TILE_ROWS: usize = 14;
/// The maximum number of lines of a row that pass through the loops together in `f32` and `bf16`: 768 words, 576 KiB
/// with 192 rows.
pub(super) const LINE_BLOCK: usize = 48;

/// Masks of the existing columns in both halves of a tile.
pub(super) fn masks(width: usize) -> [__mmask16; 2] {
    let mask = (1u64 << width) - 1;
    [mask as u16, (mask >> 16) as u16]
}

/// Defines a function that computes a tile: `$dot(c, a, b)` adds the products of sixteen pairs of words to `c`, which
/// starts with the value of `start`. The sums go to `sums` if it is given, otherwise to the target. The loop
/// prefetches the weights of later operands into the second-level cache.
macro_rules! tile_kernel {
    ($(#[$meta:meta])* $name:ident, $features:literal, |$c:ident, $a:ident, $b:ident| $dot:expr) => {
        $(#[$meta])*
        ///
        /// # Safety
        /// `target` is valid and the caller's alone; the processor has the features.
        unsafe fn $name(
            operands: &$crate::packed::tile::Operands,
            target: &$crate::packed::tile::Tile,
            start: $crate::packed::tile::Start,
            sums: Option<&mut $crate::packed::tile::Accumulators>,
        ) {
            use $crate::packed::avx512_tile::{halves, masks};
            use $crate::packed::tile::{Accumulators, Operands, PANEL, Start, Tile};

            #[target_feature(enable = $features)]
            unsafe fn tile<const M: usize>(operands: &Operands, target: &Tile, start: Start, sums: Option<&mut Accumulators>) {
                let Operands { x, weights, next, .. } = *operands;
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
                        #[allow(unused_unsafe, reason = "safe since Rust 1.92")]
                        // SAFETY: a prefetch may be given any address.
                        unsafe { _mm_prefetch::<_MM_HINT_T1>(ahead.wrapping_add(i).cast()) };
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
                    1 => tile::<1>(operands, target, start, sums),
                    2 => tile::<2>(operands, target, start, sums),
                    3 => tile::<3>(operands, target, start, sums),
                    4 => tile::<4>(operands, target, start, sums),
                    5 => tile::<5>(operands, target, start, sums),
                    6 => tile::<6>(operands, target, start, sums),
                    7 => tile::<7>(operands, target, start, sums),
                    8 => tile::<8>(operands, target, start, sums),
                    9 => tile::<9>(operands, target, start, sums),
                    10 => tile::<10>(operands, target, start, sums),
                    11 => tile::<11>(operands, target, start, sums),
                    12 => tile::<12>(operands, target, start, sums),
                    13 => tile::<13>(operands, target, start, sums),
                    14 => tile::<14>(operands, target, start, sums),
                    rows => unreachable!("a tile of {rows} rows"),
                }
            }
        }
    };
}

pub(super) use tile_kernel;

/// Up to sixteen numbers from `first` on, padded with zeros.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn load(row: &[f32], first: usize) -> __m512 {
    let rest = row.get(first..).unwrap_or_default();
    let mask = if rest.len() < 16 { (1 << rest.len()) - 1 } else { 0xffff };
    // SAFETY: the lanes of the mask lie inside `rest`.
    unsafe { _mm512_maskz_loadu_ps(mask, rest.as_ptr()) }
}

/// Rounds a row to the nearest `bf16`, ties to even.
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

/// Adds the bias, unless the chains started with it, and applies the epilogue to a tile of `f32` sums.
///
/// # Safety
/// `target` is valid and the caller's alone; the processor has AVX-512 F.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn finish_f32(
    sums: &Accumulators,
    target: &Tile,
    bias: Option<&[f32]>,
    epilogue: Epilogue,
) {
    let bias = bias.map_or([_mm512_setzero_ps(); 2], |bias| halves(bias));
    // SAFETY: a line is 64 aligned bytes.
    let value =
        |_, h: usize, c: &Line| _mm512_add_ps(unsafe { _mm512_load_ps(c.0.as_ptr().cast()) }, bias[h]);
    // SAFETY: the caller's promise.
    unsafe { finish(sums, target, epilogue, value) }
}

/// Loads the two halves of 32 numbers.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn halves(x: &[f32]) -> [__m512; 2] {
    assert!(x.len() >= PANEL);
    // SAFETY: 32 numbers, by the line above.
    unsafe { [_mm512_loadu_ps(x.as_ptr()), _mm512_loadu_ps(x.as_ptr().add(16))] }
}

/// Writes `epilogue(value(row, half, sum))` of a tile to the target.
///
/// # Safety
/// `target` is valid and the caller's alone.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) unsafe fn finish(
    sums: &Accumulators,
    target: &Tile,
    epilogue: Epilogue,
    value: impl Fn(usize, usize, &Line) -> __m512,
) {
    #[target_feature(enable = "avx512f")]
    #[inline]
    unsafe fn each(
        sums: &Accumulators,
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
    // SAFETY: the caller's promise; the target is read only in its own lanes.
    unsafe {
        match epilogue {
            Epilogue::None => each(sums, target, value, |x, _, _| x),
            Epilogue::Add => {
                each(sums, target, value, |x, at, mask| _mm512_add_ps(x, _mm512_maskz_loadu_ps(mask, at)));
            }
            Epilogue::Gelu => each(sums, target, value, |x, _, _| gelu(x)),
            Epilogue::GeluTanh => each(sums, target, value, |x, _, _| gelu_tanh(x)),
            // If one operand is NaN, the instruction returns the second.
            Epilogue::Relu => each(sums, target, value, |x, _, _| _mm512_max_ps(_mm512_setzero_ps(), x)),
            Epilogue::Silu => each(sums, target, value, |x, _, _| _mm512_mul_ps(x, sigmoid(x))),
        }
    }
}
