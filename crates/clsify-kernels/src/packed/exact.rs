//! Inputs that a product in 8 bits multiplies in `f32` instead.
//!
//! A few inputs of a trained network are far larger than the others, in every row, and a few weights far larger than
//! the other weights of their output. Each of them would stretch the rounding step of all the numbers that share its
//! scale. Exact inputs take no part in either scale: their factor and their quantized weights are zero, and the epilogue
//! adds their products in `f32`, one multiply-add per output and input.

use super::{PANEL, PackedLinear};

/// The most inputs of a product that are multiplied in `f32`.
pub const EXACT_INPUTS: usize = 2;

/// The exact inputs of a matrix and their weights.
#[derive(Clone)]
pub(super) struct Exact {
    inputs: [usize; EXACT_INPUTS],
    /// `[EXACT_INPUTS][panel][32]`, with zeros beyond the last output and for inputs that there are not.
    weights: Vec<f32>,
}

impl Exact {
    /// The weights of a panel, 32 per input.
    pub(super) fn panel(&self, panel: usize) -> [&[f32]; EXACT_INPUTS] {
        let per_input = self.weights.len() / EXACT_INPUTS;
        std::array::from_fn(|i| &self.weights[i * per_input + panel * PANEL..][..PANEL])
    }

    /// The exact inputs of a row.
    pub(super) fn of_row(&self, row: &[f32]) -> [f32; EXACT_INPUTS] {
        self.inputs.map(|input| row[input])
    }

    /// The memory that it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.weights[..])
    }
}

impl PackedLinear {
    /// Multiplies some inputs in `f32`, by `weights [exact.len()][outputs]` in place of the weights that were packed. Does
    /// nothing where the kernel does not work in 8 bits.
    ///
    /// The other weights keep their scales. Where an exact input is to have no part in them, pass it to
    /// [`pack_exact`](Self::pack_exact).
    ///
    /// ```
    /// use clsify_kernels::packed::{Epilogue, Kernel, PackedLinear};
    /// let mut linear = PackedLinear::pack(&[0.5, 1.0, -1.0], &[0.0], 3, 1, Kernel::best_int8());
    /// linear.keep_exact(&[1], &[1.0]);
    /// let mut out = [0.0];
    /// linear.forward(&[1.0, 1e6, 1.0], &mut out, Epilogue::None);
    /// assert!((out[0] - 999_999.5).abs() < 0.1);
    /// ```
    ///
    /// # Panics
    /// When an input is not one of the matrix, occurs twice, or is one of more than [`EXACT_INPUTS`]; when `weights` has
    /// another length; when the matrix has exact inputs already.
    pub fn keep_exact(&mut self, exact: &[usize], weights: &[f32]) {
        assert_eq!(
            weights.len(),
            exact.len() * self.outputs,
            "expected the weights of {} x {} numbers, got {}",
            exact.len(),
            self.outputs,
            weights.len()
        );
        assert!(exact.len() <= EXACT_INPUTS, "expected at most {EXACT_INPUTS} exact inputs, got {exact:?}");
        assert!(self.exact.is_none(), "expected a matrix without exact inputs");
        for (i, &input) in exact.iter().enumerate() {
            assert!(input < self.inputs, "expected an input below {}, got {input}", self.inputs);
            assert!(!exact[..i].contains(&input), "input {input} occurs twice");
        }
        let Some(&first) = exact.first().filter(|_| self.kernel.is_8_bit()) else { return };
        let mut inputs = [first; EXACT_INPUTS];
        inputs[..exact.len()].copy_from_slice(exact);
        let padded = self.bias.len();
        let mut panels = vec![0.0; EXACT_INPUTS * padded];
        for (to, from) in panels.chunks_exact_mut(padded).zip(weights.chunks_exact(self.outputs)) {
            to[..self.outputs].copy_from_slice(from);
        }
        for &input in exact {
            self.factors[input] = 0.0;
            self.clear(input);
        }
        self.exact = Some(Exact { inputs, weights: panels });
    }

    /// Sets the quantized weights of an input to zero.
    fn clear(&mut self, input: usize) {
        let (word, byte) = (input / 4, input % 4);
        let panel_lines = self.lines() * PANEL;
        for (panel, sums) in self.panels.chunks_exact_mut(panel_lines).zip(self.sums.chunks_exact_mut(PANEL))
        {
            for (half, sums) in sums.chunks_exact_mut(16).enumerate() {
                for (weights, sum) in panel[2 * word + half].0.iter_mut().zip(sums) {
                    let mut bytes = weights.to_le_bytes();
                    *sum -= f32::from(bytes[byte] as i8);
                    bytes[byte] = 0;
                    *weights = u32::from_le_bytes(bytes);
                }
            }
        }
    }
}
