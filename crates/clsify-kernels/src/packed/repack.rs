//! Packing of matrices that change from one product to the next, into memory that is used again.

use super::kernel_handle::Kernel;
use super::linear::PackedLinear;
use super::pack::{bf16, check_shape, pack_panel};
use super::precision::Precision;
use super::tile::{Line, PANEL, floats};
use super::weights::PackedWeights;
use crate::crew::divide_each;
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

    /// Replaces the matrix by `weight [outputs, inputs]` and `bias [outputs]`, as [`pack`](Self::pack) would pack them, as
    /// soon as [`repack_all`] is given the result.
    ///
    /// ```
    /// use clsify_kernels::packed::{Epilogue, Kernel, PackedLinear, repack_all};
    /// let mut linear = PackedLinear::empty(Kernel::best_f32());
    /// repack_all([linear.repack(&[1.0, 2.0, 3.0, 4.0], &[10.0, 20.0], 2, 2)]);
    /// let mut out = [0.0; 2];
    /// linear.forward(&[1.0, 1.0], &mut out, Epilogue::None);
    /// assert_eq!(out, [13.0, 27.0]);
    /// ```
    ///
    /// # Panics
    /// As [`pack`](Self::pack).
    pub fn repack<'a>(
        &'a mut self,
        weight: &'a [f32],
        bias: &[f32],
        inputs: usize,
        outputs: usize,
    ) -> Repack<'a> {
        self.resize(weight, inputs, outputs);
        assert_eq!(bias.len(), outputs, "expected a bias of {outputs} numbers, got {}", bias.len());
        self.weights.bias[..outputs].copy_from_slice(bias);
        Repack { linear: self, weight, is_transposed: false }
    }

    /// Replaces the matrix by the transposed of `weight [inputs, outputs]`, without a bias: a product is `x weight`.
    ///
    /// ```
    /// use clsify_kernels::packed::{Epilogue, Kernel, PackedLinear, repack_all};
    /// let mut linear = PackedLinear::empty(Kernel::best_f32());
    /// repack_all([linear.repack_transposed(&[1.0, 2.0, 3.0, 4.0], 2, 2)]);
    /// let mut out = [0.0; 2];
    /// linear.forward(&[1.0, 1.0], &mut out, Epilogue::None);
    /// assert_eq!(out, [4.0, 6.0]);
    /// ```
    ///
    /// # Panics
    /// As [`pack`](Self::pack).
    pub fn repack_transposed<'a>(
        &'a mut self,
        weight: &'a [f32],
        inputs: usize,
        outputs: usize,
    ) -> Repack<'a> {
        self.resize(weight, inputs, outputs);
        Repack { linear: self, weight, is_transposed: true }
    }

    /// Sets the shape. The panels keep what they had; the bias is zero.
    fn resize(&mut self, weight: &[f32], inputs: usize, outputs: usize) {
        check_shape(weight, inputs, outputs);
        let panel_lines = self.kernel.precision().lines(inputs) * PANEL;
        let weights = &mut self.weights;
        weights.panels.resize(outputs.div_ceil(PANEL) * panel_lines, Line::ZERO);
        weights.bias.clear();
        weights.bias.resize(outputs.next_multiple_of(PANEL), 0.0);
        (weights.inputs, weights.outputs) = (inputs, outputs);
    }
}

/// A matrix that is about to be packed.
#[derive(Debug)]
#[must_use = "`repack_all` packs it"]
pub struct Repack<'a> {
    linear: &'a mut PackedLinear,
    weight: &'a [f32],
    is_transposed: bool,
}

/// Packs matrices, panels divided over the threads that [stand by](crate::crew::standing_by).
pub fn repack_all<'a>(tasks: impl IntoIterator<Item = Repack<'a>>) {
    let mut panels = Vec::new();
    for Repack { linear, weight, is_transposed } in tasks {
        let precision = linear.kernel.precision();
        let (inputs, outputs) = (linear.inputs(), linear.outputs());
        let panel_lines = precision.lines(inputs) * PANEL;
        let panel = Panel { weight, inputs, outputs, precision, is_transposed };
        panels.extend(
            linear.weights.panels.chunks_exact_mut(panel_lines).enumerate().map(|(i, to)| (panel, i, to)),
        );
    }
    divide_each(panels, |_, (panel, i, to)| panel.pack(i * PANEL, to));
}

/// Where the numbers of a panel come from.
#[derive(Clone, Copy)]
struct Panel<'a> {
    weight: &'a [f32],
    inputs: usize,
    outputs: usize,
    precision: Precision,
    is_transposed: bool,
}

impl Panel<'_> {
    /// Packs the outputs from `first` on.
    fn pack(&self, first: usize, to: &mut [Line]) {
        let Panel { weight, inputs, outputs, precision, is_transposed } = *self;
        let width = PANEL.min(outputs - first);
        if !is_transposed {
            if width < PANEL {
                to.fill(Line::ZERO);
            }
            pack_panel(&weight[first * inputs..][..width * inputs], inputs, precision, &[], to);
            return;
        }
        let row = |input: usize| match input < inputs {
            true => &weight[input * outputs + first..][..width],
            false => &[],
        };
        for (word, to) in floats(to).chunks_exact_mut(PANEL).enumerate() {
            match precision {
                Precision::F32 => {
                    let row = row(word);
                    to[..row.len()].copy_from_slice(row);
                    to[row.len()..].fill(0.0);
                }
                Precision::Bf16 => pairs(row(2 * word), row(2 * word + 1), to),
                Precision::Int8 => unreachable!("`PackedLinear::empty` refuses it"),
            }
        }
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
