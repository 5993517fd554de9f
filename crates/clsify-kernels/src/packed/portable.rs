//! The kernel in plain code: `f32`, tiles of up to six rows by half a panel, which is what AVX2 and NEON have registers
//! for.

use super::{Epilogue, Line, Links, PANEL, Start, Tile};
use crate::activation::{gelu, gelu_tanh, relu, silu};

/// Sums of `M` rows and a panel; `FUSED` where the instruction set has a fused multiply-add.
#[inline(always)]
fn sums<const M: usize, const FUSED: bool>(x: &[Line], weights: &[Line], out: &mut [[f32; PANEL]; M]) {
    for half in 0..2 {
        let mut c = [[0.0; 16]; M];
        for (c, out) in c.iter_mut().zip(out.iter()) {
            c.copy_from_slice(&out[16 * half..][..16]);
        }
        for (a, b) in x.chunks_exact(M).zip(weights.chunks_exact(PANEL)) {
            for k in 0..16 {
                let b = b[2 * k + half].0.map(f32::from_bits);
                for r in 0..M {
                    let a = f32::from_bits(a[r].0[k]);
                    for (c, b) in c[r].iter_mut().zip(b) {
                        *c = if FUSED { a.mul_add(b, *c) } else { a * b + *c };
                    }
                }
            }
        }
        for (c, out) in c.iter().zip(out.iter_mut()) {
            out[16 * half..][..16].copy_from_slice(c);
        }
    }
}

/// Copies a row into lines, as far as either goes; zeros stand for what is beyond its end.
pub(super) fn convert<'a>(row: &[f32], to: impl Iterator<Item = &'a mut Line>) {
    for (line, part) in to.zip(row.chunks(16)) {
        line.0 = [0; 16];
        for (word, value) in line.0.iter_mut().zip(part) {
            *word = value.to_bits();
        }
    }
}

/// # Safety
/// As for [`tile`], with `M` rows.
unsafe fn tile_of<const M: usize>(links: &Links, target: &Tile, start: Start) {
    let Links { x, weights, .. } = *links;
    let mut c = [[0.0; PANEL]; M];
    if start.from_target {
        for (r, c) in c.iter_mut().enumerate() {
            // SAFETY: row r of the target is valid for `width` numbers.
            let row = unsafe { std::slice::from_raw_parts(target.out.add(r * target.stride), target.width) };
            c[..target.width].copy_from_slice(row);
        }
    }
    if let Some(bias) = start.bias {
        for c in &mut c {
            c.iter_mut().zip(bias).for_each(|(c, b)| *c += b);
        }
    }
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,fma")]
        fn avx2<const M: usize>(x: &[Line], weights: &[Line], out: &mut [[f32; PANEL]; M]) {
            sums::<M, true>(x, weights, out);
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the two features were detected in the line above.
            unsafe { avx2::<M>(x, weights, &mut c) }
        } else {
            sums::<M, false>(x, weights, &mut c);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    sums::<M, { cfg!(target_arch = "aarch64") }>(x, weights, &mut c);
    for (r, c) in c.iter().enumerate() {
        // SAFETY: row r of the target is valid for `width` numbers and the caller's alone.
        let row = unsafe { std::slice::from_raw_parts_mut(target.out.add(r * target.stride), target.width) };
        row.copy_from_slice(&c[..target.width]);
    }
}

/// # Safety
/// `target` is valid and the caller's alone.
pub(super) unsafe fn tile(links: &Links, target: &Tile, start: Start) {
    // SAFETY: the caller's promise, and the number of rows is the one that was matched.
    unsafe {
        match target.rows {
            1 => tile_of::<1>(links, target, start),
            2 => tile_of::<2>(links, target, start),
            3 => tile_of::<3>(links, target, start),
            4 => tile_of::<4>(links, target, start),
            5 => tile_of::<5>(links, target, start),
            6 => tile_of::<6>(links, target, start),
            rows => unreachable!("a tile of {rows} rows"),
        }
    }
}

/// # Safety
/// `target` is valid and the caller's alone.
pub(super) unsafe fn activate(target: &Tile, epilogue: Epilogue) {
    for r in 0..target.rows {
        // SAFETY: row r of the target is valid for `width` numbers and the caller's alone.
        let row = unsafe { std::slice::from_raw_parts_mut(target.out.add(r * target.stride), target.width) };
        match epilogue {
            Epilogue::None | Epilogue::Add => {}
            Epilogue::Gelu => gelu(row),
            Epilogue::GeluTanh => gelu_tanh(row),
            Epilogue::Relu => relu(row),
            Epilogue::Silu => silu(row),
        }
    }
}
