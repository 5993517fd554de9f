//! Packing of matrices that change from one product to the next, into memory that is used again.

use rayon::prelude::*;

use super::kernel_handle::Kernel;
use super::linear::PackedLinear;
use super::pack::{bf16, check_shape, pack_panel};
use super::precision::Precision;
use super::tile::{Line, PANEL, floats};
use super::weights::PackedWeights;
use crate::dispatch::vectorized;

impl PackedLinear {
    /// Memory for matrices that are packed later, one after another. Until then it has no inputs and no outputs.
    ///
    /// # Panics
    /// Panics if the kernel works in 8 bits: quantizing takes too long for a matrix that is used once.
    pub fn empty(kernel: Kernel) -> Self {
        assert!(kernel.precision() != Precision::Int8, "expected a kernel of f32 or bf16, got {kernel:?}");
        let (panels, bias) = (Vec::new(), Vec::new());
        PackedLinear {
            weights: PackedWeights { panels, bias, quantized: None, inputs: 0, outputs: 0 },
            kernel,
        }
    }

    /// Replaces the matrix by `weight [outputs, inputs]` and `bias [outputs]`, as [`pack`](Self::pack) would pack them.
    ///
    /// ```
    /// use clsify_kernels::packed::{Epilogue, Kernel, PackedLinear};
    /// let mut linear = PackedLinear::empty(Kernel::best_f32());
    /// linear.repack(&[1.0, 2.0, 3.0, 4.0], &[10.0, 20.0], 2, 2);
    /// let mut out = [0.0; 2];
    /// linear.forward(&[1.0, 1.0], &mut out, Epilogue::None);
    /// assert_eq!(out, [13.0, 27.0]);
    /// ```
    ///
    /// # Panics
    /// As [`pack`](Self::pack), and if the kernel works in 8 bits.
    pub fn repack(&mut self, weight: &[f32], bias: &[f32], inputs: usize, outputs: usize) {
        let panel_lines = self.resize(weight, inputs, outputs);
        assert_eq!(bias.len(), outputs, "expected a bias of {outputs} numbers, got {}", bias.len());
        self.weights.bias[..outputs].copy_from_slice(bias);
        let precision = self.kernel.precision();
        let panels = self.weights.panels.par_chunks_exact_mut(panel_lines);
        panels.zip(weight.par_chunks(PANEL * inputs)).for_each(|(panel, rows)| {
            if rows.len() < PANEL * inputs {
                panel.fill(Line::ZERO);
            }
            pack_panel(rows, inputs, precision, &[], panel);
        });
    }

    /// Replaces the matrix by the transposed of `weight [inputs, outputs]`, without a bias: a product is `x weight`.
    ///
    /// ```
    /// use clsify_kernels::packed::{Epilogue, Kernel, PackedLinear};
    /// let mut linear = PackedLinear::empty(Kernel::best_f32());
    /// linear.repack_transposed(&[1.0, 2.0, 3.0, 4.0], 2, 2);
    /// let mut out = [0.0; 2];
    /// linear.forward(&[1.0, 1.0], &mut out, Epilogue::None);
    /// assert_eq!(out, [4.0, 6.0]);
    /// ```
    ///
    /// # Panics
    /// As [`repack`](Self::repack).
    pub fn repack_transposed(&mut self, weight: &[f32], inputs: usize, outputs: usize) {
        let panel_lines = self.resize(weight, inputs, outputs);
        let precision = self.kernel.precision();
        let panels = self.weights.panels.par_chunks_exact_mut(panel_lines).enumerate();
        panels.for_each(|(panel, lines)| {
            let first = panel * PANEL;
            let width = PANEL.min(outputs - first);
            let row = |input: usize| match input < inputs {
                true => &weight[input * outputs + first..][..width],
                false => &[],
            };
            for (word, to) in floats(lines).chunks_exact_mut(PANEL).enumerate() {
                match precision {
                    Precision::F32 => {
                        let row = row(word);
                        to[..row.len()].copy_from_slice(row);
                        to[row.len()..].fill(0.0);
                    }
                    Precision::Bf16 => pairs(row(2 * word), row(2 * word + 1), to),
                    Precision::Int8 => unreachable!("`resize` refuses it"),
                }
            }
        });
    }

    /// Sets the shape. The panels keep what they had; the bias is zero. Returns the lines of a panel.
    fn resize(&mut self, weight: &[f32], inputs: usize, outputs: usize) -> usize {
        check_shape(weight, inputs, outputs);
        assert!(self.weights.quantized.is_none(), "expected a kernel of f32 or bf16, got {:?}", self.kernel);
        let panel_lines = self.kernel.precision().lines(inputs) * PANEL;
        let weights = &mut self.weights;
        weights.panels.resize(outputs.div_ceil(PANEL) * panel_lines, Line::ZERO);
        weights.bias.clear();
        weights.bias.resize(outputs.next_multiple_of(PANEL), 0.0);
        (weights.inputs, weights.outputs) = (inputs, outputs);
        panel_lines
    }
}

vectorized! {
    /// Puts the numbers of two rows into words of two `bf16`, the first row in the lower halves. Numbers that a row
    /// lacks are zero.
    fn pairs(low: &[f32], high: &[f32], to: &mut [f32]) {
        let word = |low: f32, high: f32| f32::from_bits(u32::from(bf16(low)) | u32::from(bf16(high)) << 16);
        let (both, rest) = to.split_at_mut(high.len());
        for ((to, &low), &high) in both.iter_mut().zip(low).zip(high) {
            *to = word(low, high);
        }
        rest.fill(0.0);
        for (to, &low) in rest.iter_mut().zip(&low[high.len()..]) {
            *to = word(low, 0.0);
        }
    }
}
