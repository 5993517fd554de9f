//! A weight matrix and a bias, packed for a kernel.

use super::epilogue::Epilogue;
use super::kernel_handle::Kernel;
use super::product::Out;
use super::tile::PANEL;
use super::weights::PackedWeights;
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
    pub(super) weights: PackedWeights,
    pub(super) kernel: Kernel,
}

impl std::fmt::Debug for PackedLinear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PackedLinear")
            .field("inputs", &self.inputs())
            .field("outputs", &self.outputs())
            .field("kernel", &self.kernel)
            .finish_non_exhaustive()
    }
}

impl PackedLinear {
    /// The length of a row of `x`.
    pub fn inputs(&self) -> usize {
        self.weights.inputs
    }

    /// The length of a row of `out`.
    pub fn outputs(&self) -> usize {
        self.weights.outputs
    }

    /// The kernel in use: the requested one, or the one that [`pack`](Self::pack) used instead.
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// The size of the packed numbers in memory, in bytes.
    pub fn bytes(&self) -> usize {
        self.weights.bytes()
    }

    /// `out = epilogue(x Wᵀ + b)` on the calling thread; `x` is `[rows, inputs]`, `out` is `[rows, outputs]`.
    ///
    /// # Panics
    /// Panics if `x` is not a whole number of rows, or `out` does not have the same number of rows.
    pub fn forward(&self, x: &[f32], out: &mut [f32], epilogue: Epilogue) {
        self.forward_outputs(self.outputs(), x, out, epilogue, Parallel::No);
    }

    /// The same bits as [`forward`](Self::forward), with the outputs divided over the threads that [stand
    /// by](crate::crew::standing_by).
    ///
    /// Use it for few rows, where most time is spent reading the weights. With many rows, let every thread call
    /// `forward` on rows of its own.
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    pub fn forward_parallel(&self, x: &[f32], out: &mut [f32], epilogue: Epilogue) {
        self.forward_outputs(self.outputs(), x, out, epilogue, Parallel::Yes);
    }

    /// The bits of [`forward`](Self::forward) for the first `outputs` outputs only; `out` is `[rows, outputs]`.
    ///
    /// # Panics
    /// As [`forward`](Self::forward), and if there are fewer outputs.
    pub fn forward_outputs(
        &self,
        outputs: usize,
        x: &[f32],
        out: &mut [f32],
        epilogue: Epilogue,
        parallel: Parallel,
    ) {
        let (inputs, rows) = (self.inputs(), x.len() / self.inputs());
        assert!(outputs <= self.outputs(), "expected at most {} outputs, got {outputs}", self.outputs());
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
            unsafe { self.kernel.compiled().multiply(&self.weights, x, rows, out, own, epilogue) }
        });
    }
}

/// The address of `out`, for the threads of one product.
struct SharedOut(*mut f32);

// SAFETY: it is only an address; every thread that writes through it promises to write to columns of its own.
unsafe impl Sync for SharedOut {}

impl SharedOut {
    fn pointer(&self) -> *mut f32 {
        self.0
    }
}
