//! Matrix products with a weight matrix that is packed once: `out = activation(x Wᵀ + b)`.
//!
//! Shapes: `W [outputs, inputs]` and `b [outputs]` as checkpoints have them, `x [rows, inputs]`, `out [rows, outputs]`,
//! all row-major `f32`. The arithmetic inside is the kernel's; see [`Kernel`] and [`Precision`].
//!
//! **The promise**: with one kernel on one machine, a row of `out` depends on that row of `x` alone, bit for bit,
//! whatever other rows stand beside it, in whatever order, on however many threads. Every element is one chain of
//! multiply-adds from the first input to the last; tiles change which chains run side by side, never a chain.
//!
//! How it works. A *word* is 32 bits of one row: one `f32`, two `bf16` or four 8-bit integers. The weights lie in panels
//! of 32 outputs, `[panel][word][32]`. The rows of `x` are copied, and converted on the way, into tiles of up to 14 rows (32
//! with AMX), `[word / 16][row][16]`, so that the innermost loop, the micro-kernel, reads both from front to back. It holds the
//! accumulators of a tile of `rows x 32` outputs in registers, and multiplies one word of every row by one word of 32 outputs at
//! a time. The loops around it keep up to 192 rows by 768 words of `x` (576 KiB; with AMX whole rows, up to 1 MiB) and one panel
//! in the second-level cache. A chain starts with the bias, or with the number that it is added to (with AMX, and in 8 bits,
//! these come last). The epilogue applies the activation to the sum before it is first written to memory.
//!
//! | file | contents |
//! |---|---|
//! | `kernels.rs`, `kernels/` | the list of kernels, the fastest first; one file each |
//! | `kernel.rs` | [`Kernel`], [`Precision`], and the trait that a kernel implements |
//! | `product.rs` | the loops around a micro-kernel, compiled once per kernel |
//! | `tile.rs` | the operands and results of a micro-kernel |
//! | `pack.rs` | weights on their way into panels |
//! | `quantize.rs`, `rotate.rs`, `exact.rs` | 8-bit integers: scales and zero points, the rotation, inputs that stay `f32` |
//! | `epilogue.rs` | the function that is applied to sums |
//! | `plain.rs`, `avx512.rs`, `avx512_int8.rs`, `amx.rs` | code that several kernels share |
//!
//! It does not transpose, has no factor `alpha`, and does not keep the weights as they were.

// Elsewhere only the portable kernel is compiled, and the parts that the others need stay unused.
#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]

#[cfg(target_arch = "x86_64")]
mod amx;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx512_int8;
mod epilogue;
mod exact;
mod kernel;
mod kernels;
mod pack;
mod plain;
mod product;
mod quantize;
mod rotate;
#[cfg(test)]
mod tests;
mod tile;

pub use self::epilogue::Epilogue;
pub use self::exact::EXACT_INPUTS;
pub use self::kernel::{Kernel, Precision};
use self::product::Out;
use self::quantize::{QuantizedPanel, QuantizedRow, QuantizedWeights};
use self::tile::{Accumulators, Finish, Line, Operands, PANEL, Start, Tile};
use crate::crew::divide;
use crate::matmul::Parallel;

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
    /// The scales and zero points, if the kernel works in 8 bits.
    quantized: Option<QuantizedWeights>,
    inputs: usize,
    outputs: usize,
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
            + size_of_val(&self.bias[..])
            + self.quantized.as_ref().map_or(0, QuantizedWeights::bytes)
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
            // SAFETY: the weights are packed for the kernel. `out` is [rows, outputs] by the assertions above, and it is
            // borrowed mutably until `divide` returns, which is after every part. The parts' ranges of panels do not
            // overlap.
            unsafe { self.kernel.compiled().multiply(self, x, rows, out, own, epilogue) }
        });
    }
}

/// The start of `out`, for the threads of one product.
struct SharedOut(*mut f32);

// SAFETY: it is only an address; who writes through it promises to write to columns of its own.
unsafe impl Sync for SharedOut {}

impl SharedOut {
    fn pointer(&self) -> *mut f32 {
        self.0
    }
}
