//! The tile of the kernels in plain Rust: `f32`, up to six rows by half a panel, which fits into the registers of
//! AVX2 and NEON.

use super::finish_tile::Finish;
use super::tile::{Line, Operands, PANEL, Start, Tile};

/// The maximum number of rows per tile.
pub(super) const TILE_ROWS: usize = 6;
/// The maximum number of lines of a row that pass through the loops together: 768 words, 576 KiB with 192 rows.
pub(super) const LINE_BLOCK: usize = 48;

/// The function that differs between the kernels in plain Rust: it is compiled for each instruction set.
pub(super) trait Accumulate: Copy {
    /// Adds the products of `M` rows and a panel to `sums`.
    fn accumulate<const M: usize>(self, x: &[Line], weights: &[Line], sums: &mut [[f32; PANEL]; M]);
}

/// The body of [`Accumulate::accumulate`]; `FUSED` if the instruction set has a fused multiply-add.
#[inline(always)]
pub(super) fn accumulate<const M: usize, const FUSED: bool>(
    x: &[Line],
    weights: &[Line],
    sums: &mut [[f32; PANEL]; M],
) {
    for half in 0..2 {
        let mut c = [[0.0; 16]; M];
        for (c, sums) in c.iter_mut().zip(sums.iter()) {
            c.copy_from_slice(&sums[16 * half..][..16]);
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
        for (c, sums) in c.iter().zip(sums.iter_mut()) {
            sums[16 * half..][..16].copy_from_slice(c);
        }
    }
}

/// Copies a row into lines, until either ends, padded with zeros.
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
unsafe fn tile_of<const M: usize>(kernel: impl Accumulate, operands: &Operands, target: &Tile, start: Start) {
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
    kernel.accumulate(operands.x, operands.weights, &mut c);
    for (r, c) in c.iter().enumerate() {
        // SAFETY: row r of the target is valid for `width` numbers and the caller's alone.
        let row = unsafe { std::slice::from_raw_parts_mut(target.out.add(r * target.stride), target.width) };
        row.copy_from_slice(&c[..target.width]);
    }
}

/// Computes a tile in plain Rust; its sums stay in the target between two calls.
///
/// # Safety
/// `target` is valid and the caller's alone.
pub(super) unsafe fn tile(kernel: impl Accumulate, operands: &Operands, target: &Tile, finish: &Finish) {
    let start = finish.start(operands);
    // SAFETY: the caller's promise, and the number of rows is the one that was matched.
    unsafe {
        match target.rows {
            1 => tile_of::<1>(kernel, operands, target, start),
            2 => tile_of::<2>(kernel, operands, target, start),
            3 => tile_of::<3>(kernel, operands, target, start),
            4 => tile_of::<4>(kernel, operands, target, start),
            5 => tile_of::<5>(kernel, operands, target, start),
            6 => tile_of::<6>(kernel, operands, target, start),
            rows => unreachable!("a tile of {rows} rows"),
        }
        if finish.activates(operands) {
            finish.epilogue.activate(target);
        }
    }
}
