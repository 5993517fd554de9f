//! Matrix products with a weight matrix that is packed once: `out = activation(x Wᵀ + b)`.
//!
//! Shapes: `W [outputs, inputs]` and `b [outputs]` as checkpoints have them, `x [rows, inputs]`, `out [rows, outputs]`,
//! all row-major `f32`. The arithmetic inside is the kernel's; see [`Kernel`].
//!
//! **The promise**: with one kernel on one machine, a row of `out` depends on that row of `x` alone, bit for bit,
//! whatever other rows stand beside it, in whatever order, on however many threads. Every element is one chain of
//! multiply-adds from the first input to the last; tiles change which chains run side by side, never a chain.
//!
//! How it works. A *word* is 32 bits of one row: one `f32`, two `bf16` or four `u8`. The weights lie in panels of
//! 32 outputs, `[panel][word][32]`, and the rows of `x` are copied, converted on the way, into tiles of up to 14 rows
//! (32 with AMX), `[word / 16][row][16]`, so that the innermost loop reads both from front to back. That loop holds a tile of
//! `rows x 32` sums in registers, and one word of every row meets one word of 32 outputs. The loops around it keep up
//! to 192 rows by 768 words of `x` (576 KiB; with AMX whole rows, up to 1 MiB) and one panel in the second-level cache. A
//! chain starts with the bias, or with what it is added to (with AMX, and in 8 bits, these come last), and its sum gets its
//! activation before it is first written to memory.
//!
//! It does not transpose, does not scale, and does not keep the weights as they were.

// Elsewhere only the portable kernel is compiled, and what the others need stays unused.
#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code, unused_mut, unused_variables))]

#[cfg(target_arch = "x86_64")]
pub(crate) mod amx;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod exact;
mod kernel;
mod pack;
mod portable;
mod rotate;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::ops::Range;

pub use self::exact::EXACT_INPUTS;
use self::exact::Exact;
pub use self::kernel::{Epilogue, Kernel};
use self::rotate::Extent;
use crate::crew::divide;
use crate::matmul::Parallel;

/// The outputs of a panel.
const PANEL: usize = 32;
/// The most rows of a tile, of any kernel.
const MAX_TILE_ROWS: usize = 32;
/// The most rows that pass through the loops together.
const ROW_BLOCK: usize = 512;
/// With AMX, the lines of whole tiles that pass through the loops together: 2 KiB each, 1 MiB of the second-level cache.
const AMX_BLOCK_LINES: usize = 512;
/// The most inputs in 8 bits: 255 * 127 times as many is below 2^31.
const INPUTS_OF_8_BITS: usize = 66_000;
/// The most lines of a row (16 words each) that pass through the loops together with AVX-512 in `f32` and `bf16`. The other
/// kernels' sums do not wait in `out` for more: those in 8 bits are not of its kind, and tiles would be read back.
const LINE_BLOCK: usize = 48;

/// Sixteen words in one cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u32; 16]);

const ZERO: Line = Line([0; 16]);

/// A weight matrix and a bias, packed once for products with any number of rows.
///
/// ```
/// use clsify_kernels::packed::{Epilogue, Kernel, PackedLinear};
/// // Two outputs of three inputs.
/// let linear = PackedLinear::pack(&[1.0, 2.0, 3.0, 0.0, 0.0, -1.0], &[10.0, 0.0], 3, 2, Kernel::best_f32());
/// let mut out = [0.0; 2];
/// linear.forward(&[1.0, 1.0, 1.0], &mut out, Epilogue::Relu);
/// assert_eq!(out, [16.0, 0.0]);
/// ```
#[derive(Clone)]
pub struct PackedLinear {
    /// `[panel][word][32]`, with zeros beyond the last input and the last output.
    panels: Vec<Line>,
    /// `[panel][32]`.
    bias: Vec<f32>,
    /// `[panel][32]`: what a step of the weight is worth. Empty unless the kernel works in 8 bits, as are the next three.
    scales: Vec<f32>,
    /// `[panel][32]`: the sum of an output's weights in steps.
    sums: Vec<f32>,
    /// `[panel][32]`: the weight of no steps.
    centers: Vec<f32>,
    /// What each input is multiplied by before it is rotated and quantized: 1, or 0 if it is exact.
    factors: Vec<f32>,
    /// Inputs that are not quantized.
    exact: Option<Exact>,
    inputs: usize,
    outputs: usize,
    /// One that the processor has.
    kernel: Kernel,
}

impl std::fmt::Debug for PackedLinear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PackedLinear")
            .field("inputs", &self.inputs)
            .field("outputs", &self.outputs)
            .field("kernel", &self.kernel)
            .finish_non_exhaustive()
    }
}

thread_local! {
    /// The tiles of `x`: up to 1 MiB a thread, kept from one product to the next.
    static SCRATCH: Cell<Vec<Line>> = const { Cell::new(Vec::new()) };
}

impl PackedLinear {
    /// The length of a row of `x`.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The length of a row of `out`.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The kernel in use: the one asked for, or what [`pack`](Self::pack) put in its place.
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// The memory that the packed numbers take, in bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.panels[..])
            + size_of::<f32>() * self.bias.len()
            + size_of::<f32>()
                * (self.scales.len() + self.sums.len() + self.centers.len() + self.factors.len())
            + self.exact.as_ref().map_or(0, Exact::bytes)
    }

    /// `out = epilogue(x Wᵀ + b)` on the calling thread; `x` is `[rows, inputs]`, `out` is `[rows, outputs]`.
    ///
    /// # Panics
    /// When `x` is no whole number of rows, or `out` has not as many.
    pub fn forward(&self, x: &[f32], out: &mut [f32], epilogue: Epilogue) {
        self.forward_outputs(self.outputs, x, out, epilogue, Parallel::No);
    }

    /// The same bits as [`forward`](Self::forward), the outputs divided over the threads that
    /// [stand by](crate::crew::standing_by).
    ///
    /// For few rows, where the time goes into reading the weights. With many, let every thread call `forward` on rows
    /// of its own.
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    pub fn forward_parallel(&self, x: &[f32], out: &mut [f32], epilogue: Epilogue) {
        self.forward_outputs(self.outputs, x, out, epilogue, Parallel::Yes);
    }

    /// The bits of [`forward`](Self::forward) for the first outputs alone; `out` is `[rows, outputs]` with as many.
    ///
    /// # Panics
    /// As [`forward`](Self::forward), and when there are not so many outputs.
    pub fn forward_outputs(
        &self,
        outputs: usize,
        x: &[f32],
        out: &mut [f32],
        epilogue: Epilogue,
        parallel: Parallel,
    ) {
        let (inputs, rows) = (self.inputs, x.len() / self.inputs);
        assert!(outputs <= self.outputs, "expected at most {} outputs, got {outputs}", self.outputs);
        assert_eq!(
            x.len(),
            rows * inputs,
            "expected x to have rows of {inputs} numbers, got {} numbers",
            x.len()
        );
        assert_eq!(
            out.len(),
            rows * outputs,
            "expected out to have {rows} x {outputs} numbers, got {}",
            out.len()
        );
        let panels = outputs.div_ceil(PANEL);
        let parts = match parallel {
            Parallel::No => 1,
            Parallel::Yes => rayon::current_num_threads().min(panels),
        };
        let shared = SharedOut(out.as_mut_ptr());
        divide(parts, &|part| {
            let out = Out { first: shared.pointer(), outputs };
            let own = part * panels / parts..(part + 1) * panels / parts;
            // SAFETY: `out` is [rows, outputs] by the assertions above, and it is borrowed mutably until `divide`
            // returns, which is after every part. The parts' ranges of panels do not overlap.
            unsafe { self.run(x, rows, out, own, epilogue) }
        });
    }

    /// The lines of a row in the kernel's words.
    fn lines(&self) -> usize {
        self.inputs.div_ceil(16 * self.kernel.inputs_per_word())
    }

    /// The most rows that pass through the loops together: whole tiles.
    fn row_block(&self) -> usize {
        match self.kernel.is_amx() {
            true => (AMX_BLOCK_LINES / self.lines()).clamp(1, ROW_BLOCK / MAX_TILE_ROWS) * MAX_TILE_ROWS,
            false => 192,
        }
    }

    /// Computes the columns of `out` that belong to `panels`.
    ///
    /// # Safety
    /// `out` is valid for reading and writing `rows * out.outputs` numbers, and nobody else touches the columns of
    /// `panels` during the call.
    unsafe fn run(&self, x: &[f32], rows: usize, out: Out, panels: Range<usize>, epilogue: Epilogue) {
        let mut scratch = SCRATCH.take();
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has the kernel, by `pack`.
        let _tiles = self.kernel.is_amx().then(|| unsafe { amx::Tiles::configure() });
        let row_blocks = rows.div_ceil(self.row_block()).max(1);
        for block in 0..row_blocks {
            let own = block * rows / row_blocks..(block + 1) * rows / row_blocks;
            let x = &x[own.start * self.inputs..own.end * self.inputs];
            // SAFETY: the rows of `own` lie inside `out`; the rest is the caller's promise.
            unsafe {
                let out = Out { first: out.first.add(own.start * out.outputs), ..out };
                self.run_rows(x, own.len(), out, &panels, epilogue, &mut scratch);
            }
        }
        SCRATCH.set(scratch);
    }

    /// [`run`](Self::run) for at most [`ROW_BLOCK`] rows.
    ///
    /// # Safety
    /// As for `run`.
    unsafe fn run_rows(
        &self,
        x: &[f32],
        rows: usize,
        out: Out,
        panels: &Range<usize>,
        epilogue: Epilogue,
        scratch: &mut Vec<Line>,
    ) {
        let (lines, kernel) = (self.lines(), self.kernel);
        let tiles = rows.div_ceil(kernel.tile_rows());
        let tile_rows = |t: usize| match kernel.is_amx() {
            // Its tiles cost the same, full or not.
            true => t * MAX_TILE_ROWS..((t + 1) * MAX_TILE_ROWS).min(rows),
            false => t * rows / tiles..(t + 1) * rows / tiles,
        };
        let most = lines.min(kernel.line_block());
        let rotated = if kernel.is_8_bit() { self.inputs.div_ceil(16) } else { 0 };
        scratch.resize(scratch.len().max(rotated + kernel.padded(rows) * most), ZERO);
        let (rotated, scratch) = scratch.split_at_mut(rotated);

        let mut steps = [Steps::default(); ROW_BLOCK];
        let mut sums = Sums([ZERO; 2 * MAX_TILE_ROWS]);
        for first in (0..lines).step_by(most) {
            let count = most.min(lines - first);
            for tile in (0..tiles).map(tile_rows) {
                let to = &mut scratch[tile.start * count..][..kernel.padded(tile.len()) * count];
                let x = &x[tile.start * self.inputs..tile.end * self.inputs];
                self.convert(x, &mut steps[tile], first, rotated, to);
            }
            for panel in panels.clone() {
                let weights = &self.panels[(panel * lines + first) * PANEL..][..count * PANEL];
                // Every tile of rows asks for its share of the weights that come after these.
                let (later, from) =
                    if panel + 1 < panels.end { (panel + 1, first) } else { (panels.start, first + count) };
                let later = &self.panels[later * lines * PANEL..][..lines * PANEL];
                let later = &later[from * PANEL..lines.min(from + most) * PANEL];
                for (t, tile) in (0..tiles).map(tile_rows).enumerate() {
                    let next = &later[t * later.len() / tiles..(t + 1) * later.len() / tiles];
                    let columns = panel * PANEL;
                    // SAFETY: the first row and column of the tile lie inside `out`.
                    let corner = unsafe { out.first.add(tile.start * out.outputs + columns) };
                    let target = Tile {
                        out: corner,
                        stride: out.outputs,
                        rows: tile.len(),
                        width: PANEL.min(out.outputs - columns),
                    };
                    let links = Links {
                        x: &scratch[tile.start * count..][..kernel.padded(tile.len()) * count],
                        weights,
                        next,
                        is_first: first == 0,
                        is_last: first + count == lines,
                    };
                    // SAFETY: `target` is the part of `out` that belongs to the rows of this tile and the columns of
                    // this panel, which are this call's alone. `x` holds `tile.len()` rows and `weights` one panel, of
                    // `count` lines each. The kernel is one that the processor has, by `pack`.
                    unsafe { self.tile(&links, &target, columns, &steps[tile], epilogue, &mut sums) };
                }
            }
        }
    }

    /// Copies lines of a tile's rows, from line `first` on, into the tile; in 8 bits, where that is all of them, by way of
    /// `rotated`, and writes their steps.
    fn convert(&self, x: &[f32], steps: &mut [Steps], first: usize, rotated: &mut [Line], to: &mut [Line]) {
        let padded = self.kernel.padded(steps.len());
        for (r, (row, steps)) in x.chunks_exact(self.inputs).zip(steps).enumerate() {
            let rest = &row[first * 16 * self.kernel.inputs_per_word()..];
            let to = to[r..].iter_mut().step_by(padded);
            match self.kernel {
                Kernel::Portable => portable::convert(rest, to),
                // SAFETY: the processor has the kernel, by `pack`.
                #[cfg(target_arch = "x86_64")]
                Kernel::Avx512F32 => unsafe { avx512::convert_f32(rest, to) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Kernel::Avx512Bf16 | Kernel::AmxBf16 => unsafe { avx512::convert_bf16(rest, to) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Kernel::Avx512Vnni | Kernel::AmxInt8 => unsafe {
                    let rotated = &mut floats(rotated)[..self.inputs];
                    *steps = Steps::of(avx512::rotate(row, &self.factors, rotated));
                    steps.exact = self.exact.as_ref().map_or([0.0; EXACT_INPUTS], |exact| exact.of_row(row));
                    avx512::convert_u8(rotated, *steps, to);
                },
                #[cfg(not(target_arch = "x86_64"))]
                _ => unreachable!("pack has chosen the portable kernel"),
            }
        }
    }

    /// Adds some links to the chains of a tile.
    ///
    /// # Safety
    /// `target` is valid and the caller's alone; `x` and `weights` of the links hold the same number of lines a row and
    /// an output; the processor has the kernel.
    unsafe fn tile(
        &self,
        links: &Links,
        target: &Tile,
        columns: usize,
        steps: &[Steps],
        epilogue: Epilogue,
        sums: &mut Sums,
    ) {
        let panel = columns..columns + PANEL;
        let bias = &self.bias[panel.clone()];
        let start = Start {
            from_target: !links.is_first || epilogue == Epilogue::Add,
            bias: links.is_first.then_some(bias),
        };
        let activates = links.is_last && !matches!(epilogue, Epilogue::None | Epilogue::Add);
        match self.kernel {
            // SAFETY: the caller's promise.
            Kernel::Portable => unsafe {
                portable::tile(links, target, start);
                if activates {
                    portable::activate(target, epilogue);
                }
            },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the caller's promise.
            Kernel::Avx512F32 | Kernel::Avx512Bf16 => unsafe {
                let to = activates.then_some(&mut *sums);
                if self.kernel == Kernel::Avx512F32 {
                    avx512::tile_f32(links, target, start, to);
                } else {
                    avx512::tile_bf16(links, target, start, to);
                }
                if activates {
                    avx512::finish_f32(sums, target, None, epilogue);
                }
            },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the caller's promise; `run` has configured the tiles.
            Kernel::AmxBf16 => unsafe {
                amx::tile_bf16(links, sums);
                avx512::finish_f32(sums, target, Some(bias), epilogue);
            },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the caller's promise; `run` has configured the tiles.
            Kernel::Avx512Vnni | Kernel::AmxInt8 => unsafe {
                let [scales, sums_of_weights, centers] =
                    [&self.scales, &self.sums, &self.centers].map(|numbers| &numbers[panel.clone()]);
                let weights = [scales, sums_of_weights, centers, bias];
                if self.kernel == Kernel::Avx512Vnni {
                    avx512::tile_u8(links, target, Start::default(), Some(sums));
                } else {
                    amx::tile_u8(links, sums);
                }
                let exact = self.exact.as_ref().map(|exact| exact.panel(columns / PANEL));
                avx512::finish_u8(sums, target, steps, weights, exact, epilogue);
            },
            #[cfg(not(target_arch = "x86_64"))]
            _ => unreachable!("pack has chosen the portable kernel"),
        }
    }
}

/// A row of `x` in 8 bits: rotated, a number times its factor is `low + scale q` with `q` in 0..=255.
#[derive(Clone, Copy, Default)]
struct Steps {
    low: f32,
    scale: f32,
    /// Of the rotated row.
    sum: f32,
    /// The inputs that are multiplied in `f32`, as they are.
    exact: [f32; EXACT_INPUTS],
}

impl Steps {
    /// The least number of a row is 0, the largest 255. Where one is infinite or not a number, the scale is not a number.
    fn of(Extent { low, high, sum }: Extent) -> Self {
        // 0 times a number is 0.
        Steps { low, scale: (high - low) / 255.0 + sum * 0.0, sum, exact: [0.0; EXACT_INPUTS] }
    }
}

/// The words of lines as `f32`.
fn floats(lines: &mut [Line]) -> &mut [f32] {
    // SAFETY: a line is sixteen aligned words without padding, and every word is an `f32`.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), 16 * lines.len()) }
}

/// Where a product goes: its first number, and how many a row has.
#[derive(Clone, Copy)]
struct Out {
    first: *mut f32,
    outputs: usize,
}

/// A part of `out`: `rows` rows that start `stride` numbers apart, `width <= 32` columns.
struct Tile {
    out: *mut f32,
    stride: usize,
    rows: usize,
    width: usize,
}

/// What is added to the chains of a tile: its rows of `x` and a panel, the same number of lines of each.
struct Links<'a> {
    x: &'a [Line],
    weights: &'a [Line],
    /// Weights that it is worth fetching meanwhile.
    next: &'a [Line],
    is_first: bool,
    is_last: bool,
}

/// What a chain starts with: the sum of what is given, or zero.
#[derive(Clone, Copy, Default)]
struct Start<'a> {
    /// What stands in the target.
    from_target: bool,
    /// `[32]`.
    bias: Option<&'a [f32]>,
}

/// The sums of a tile on their way to an epilogue, `[rows][2]`.
struct Sums([Line; 2 * MAX_TILE_ROWS]);

/// The start of `out`, for the threads of one product.
struct SharedOut(*mut f32);

// SAFETY: it is only an address; who writes through it promises to write to columns of its own.
unsafe impl Sync for SharedOut {}

impl SharedOut {
    fn pointer(&self) -> *mut f32 {
        self.0
    }
}
