//! The loops of a product around a micro-kernel, compiled once per kernel.

use std::cell::Cell;
use std::ops::Range;

use super::epilogue::Epilogue;
use super::finish_tile::Finish;
use super::micro_kernel::MicroKernel;
use super::quantize::QuantizedRow;
use super::tile::{Accumulators, Line, Operands, PANEL, Tile};
use super::tile::{MAX_TILE_ROWS, floats};
use super::weights::PackedWeights;

/// The maximum number of rows that pass through the loops together, for any kernel.
pub(super) const MAX_ROW_BLOCK: usize = 512;

thread_local! {
    /// The tiles of `x`: up to 1 MiB per thread, kept from one product to the next.
    static SCRATCH: Cell<Vec<Line>> = const { Cell::new(Vec::new()) };
}

/// The output of a product: its first number, and the length of a row.
#[derive(Clone, Copy)]
pub(super) struct Out {
    pub(super) first: *mut f32,
    pub(super) outputs: usize,
}

/// Computes the columns of `out` that belong to `panels`.
///
/// # Safety
/// `packed` is for the kernel. `out` is valid for reading and writing `rows * out.outputs` numbers, and nobody else
/// touches the columns of `panels` during the call.
pub(super) unsafe fn multiply<K: MicroKernel>(
    kernel: K,
    packed: &PackedWeights,
    x: &[f32],
    rows: usize,
    out: Out,
    panels: Range<usize>,
    epilogue: Epilogue,
) {
    let mut scratch = SCRATCH.take();
    let _prepared = kernel.prepare_thread();
    let lines = K::PRECISION.lines(packed.inputs);
    let row_blocks = rows.div_ceil(K::row_block(lines)).max(1);
    for block in 0..row_blocks {
        let own = block * rows / row_blocks..(block + 1) * rows / row_blocks;
        let x = &x[own.start * packed.inputs..own.end * packed.inputs];
        // SAFETY: the rows of `own` lie inside `out`; the rest is the caller's promise.
        unsafe {
            let out = Out { first: out.first.add(own.start * out.outputs), ..out };
            multiply_rows(kernel, packed, x, own.len(), out, &panels, epilogue, &mut scratch);
        }
    }
    SCRATCH.set(scratch);
}

/// The number of rows that a tile of this many rows takes in memory.
fn padded<K: MicroKernel>(rows: usize) -> usize {
    rows.next_multiple_of(K::TILE_ROW_MULTIPLE)
}

/// [`multiply`] for at most [`MAX_ROW_BLOCK`] rows, on a prepared thread.
///
/// # Safety
/// As for `multiply`.
#[allow(clippy::too_many_arguments, reason = "those of `multiply` and its scratch memory")]
unsafe fn multiply_rows<K: MicroKernel>(
    kernel: K,
    packed: &PackedWeights,
    x: &[f32],
    rows: usize,
    out: Out,
    panels: &Range<usize>,
    epilogue: Epilogue,
    scratch: &mut Vec<Line>,
) {
    let (inputs, lines) = (packed.inputs, K::PRECISION.lines(packed.inputs));
    let weights = packed.quantized.as_ref();
    let tiles = rows.div_ceil(K::TILE_ROWS);
    let tile_rows = |t: usize| match K::TILE_ROW_MULTIPLE {
        1 => t * rows / tiles..(t + 1) * rows / tiles,
        _ => t * K::TILE_ROWS..((t + 1) * K::TILE_ROWS).min(rows),
    };
    let most = lines.min(K::LINE_BLOCK);
    let rotated = if weights.is_some() { inputs.div_ceil(16) } else { 0 };
    scratch.resize(scratch.len().max(rotated + padded::<K>(rows) * most), Line::ZERO);
    let (rotated, scratch) = scratch.split_at_mut(rotated);

    let mut quantized = [QuantizedRow::default(); MAX_ROW_BLOCK];
    let mut sums = Accumulators([Line::ZERO; 2 * MAX_TILE_ROWS]);
    for first in (0..lines).step_by(most) {
        let count = most.min(lines - first);
        for tile in (0..tiles).map(tile_rows) {
            let to = &mut scratch[tile.start * count..][..padded::<K>(tile.len()) * count];
            let x = &x[tile.start * inputs..tile.end * inputs];
            for (r, row) in x.chunks_exact(inputs).enumerate() {
                let rest = &row[first * 16 * K::PRECISION.inputs_per_word()..];
                let to = to[r..].iter_mut().step_by(padded::<K>(tile.len()));
                quantized[tile.start + r] = kernel.convert(rest, weights, floats(rotated), to);
            }
        }
        for panel in panels.clone() {
            let columns = panel * PANEL;
            let block = &packed.panels[(panel * lines + first) * PANEL..][..count * PANEL];
            // Every tile of rows prefetches its share of the weights that come after these.
            let (later, from) =
                if panel + 1 < panels.end { (panel + 1, first) } else { (panels.start, first + count) };
            let later = &packed.panels[later * lines * PANEL..][..lines * PANEL];
            let later = &later[from * PANEL..lines.min(from + most) * PANEL];
            for (t, rows) in (0..tiles).map(tile_rows).enumerate() {
                let operands = Operands {
                    x: &scratch[rows.start * count..][..padded::<K>(rows.len()) * count],
                    weights: block,
                    next: &later[t * later.len() / tiles..(t + 1) * later.len() / tiles],
                    is_first: first == 0,
                    is_last: first + count == lines,
                };
                let tile = Tile {
                    // SAFETY: the first row and column of the tile lie inside `out`.
                    out: unsafe { out.first.add(rows.start * out.outputs + columns) },
                    stride: out.outputs,
                    rows: rows.len(),
                    width: PANEL.min(out.outputs - columns),
                };
                let finish = Finish {
                    epilogue,
                    bias: &packed.bias[columns..columns + PANEL],
                    rows: &quantized[rows],
                    weights: weights.map(|weights| weights.panel(panel)),
                };
                // SAFETY: `tile` is the part of `out` that belongs to these rows and the columns of this panel, which are
                // this call's alone. `operands` hold the tile's rows, padded, and one panel, of `count` lines each. The
                // thread is prepared, by `multiply`.
                unsafe { kernel.accumulate(&operands, &tile, &finish, &mut sums) };
            }
        }
    }
}
