//! Packing of weights into panels: converted row by row, then transposed.

use rayon::prelude::*;

use super::exact_inputs::Exact;
use super::kernel_handle::Kernel;
use super::linear::PackedLinear;
use super::precision::Precision;
use super::quantize::{MAX_INPUTS, QuantizedWeights, quantize_weights, weight_zero_point_and_scale};
use super::rotate::{order, rotate};
use super::tile::{Line, PANEL};
use super::weights::PackedWeights;
use crate::dispatch::vectorized;

impl PackedLinear {
    /// Packs `weight [outputs, inputs]` and `bias [outputs]` for a kernel. If 8-bit products of more than 66,000
    /// inputs could overflow their sums, it packs them for [`Kernel::best_f32`]. It uses the threads of the current
    /// rayon pool.
    ///
    /// # Panics
    /// Panics if `inputs` or `outputs` is zero, or a slice has another length.
    pub fn pack(weight: &[f32], bias: &[f32], inputs: usize, outputs: usize, kernel: Kernel) -> Self {
        Self::pack_exact(weight, bias, inputs, outputs, kernel, &[])
    }

    /// As [`pack`](Self::pack), with inputs that an 8-bit kernel multiplies in `f32`. They do not affect the scales
    /// of the others.
    ///
    /// ```
    /// use clsify_kernels::packed::{Epilogue, Kernel, PackedLinear};
    /// let linear = PackedLinear::pack_exact(&[0.5, 1.0, -1.0], &[0.0], 3, 1, Kernel::best_int8(), &[1]);
    /// let mut out = [0.0];
    /// linear.forward(&[1.0, 1e6, 1.0], &mut out, Epilogue::None);
    /// assert!((out[0] - 999_999.5).abs() < 0.1);
    /// ```
    ///
    /// # Panics
    /// As [`pack`](Self::pack), and if an exact input is not an input of the matrix, occurs twice, or is one of more
    /// than [`EXACT_INPUTS`](super::EXACT_INPUTS).
    pub fn pack_exact(
        weight: &[f32],
        bias: &[f32],
        inputs: usize,
        outputs: usize,
        kernel: Kernel,
        exact: &[usize],
    ) -> Self {
        check_shape(weight, inputs, outputs);
        assert_eq!(bias.len(), outputs, "expected a bias of {outputs} numbers, got {}", bias.len());
        let kernel = match kernel.precision() {
            Precision::Int8 if inputs > MAX_INPUTS => Kernel::best_f32(),
            _ => kernel,
        };
        let precision = kernel.precision();
        let exact = Exact::of(weight, inputs, exact, precision);
        let mut factors = Vec::new();
        if precision == Precision::Int8 {
            factors.resize(inputs, 1.0);
            exact.iter().for_each(|exact| exact.clear(&mut factors));
        }
        let panel_lines = precision.lines(inputs) * PANEL;
        let mut panels = vec![Line::ZERO; outputs.div_ceil(PANEL) * panel_lines];
        let scales: Vec<PanelScales> = panels
            .par_chunks_exact_mut(panel_lines)
            .zip(weight.par_chunks(PANEL * inputs))
            .map(|(panel, rows)| pack_panel(rows, inputs, precision, &factors, panel))
            .collect();
        let of_all = |numbers: fn(&PanelScales) -> [f32; PANEL]| scales.iter().flat_map(numbers).collect();
        let quantized = (precision == Precision::Int8).then(|| QuantizedWeights {
            scales: of_all(|panel| panel.scales),
            zero_points: of_all(|panel| panel.zero_points),
            sums: of_all(|panel| panel.sums),
            factors,
            exact,
        });
        let mut padded = bias.to_vec();
        padded.resize(outputs.next_multiple_of(PANEL), 0.0);
        let weights = PackedWeights { panels, bias: padded, quantized, inputs, outputs };
        PackedLinear { weights, kernel }
    }
}

/// # Panics
/// Panics if there are no inputs or outputs, or the weight has another length.
pub(super) fn check_shape(weight: &[f32], inputs: usize, outputs: usize) {
    assert!(inputs > 0 && outputs > 0, "expected at least one input and one output, got {inputs}, {outputs}");
    assert_eq!(
        Some(weight.len()),
        outputs.checked_mul(inputs),
        "expected a weight of {outputs} x {inputs} numbers, got {}",
        weight.len()
    );
}

/// The quantization of the weights of a panel; zeros in other precisions.
pub(super) struct PanelScales {
    scales: [f32; PANEL],
    zero_points: [f32; PANEL],
    /// The sum of an output's quantized weights.
    sums: [f32; PANEL],
}

/// Packs up to 32 outputs, `rows [outputs, inputs]`, into `panel [word][32]`, which is zero before; in 8 bits they
/// are multiplied by the inputs' `factors` and rotated.
pub(super) fn pack_panel(
    rows: &[f32],
    inputs: usize,
    precision: Precision,
    factors: &[f32],
    panel: &mut [Line],
) -> PanelScales {
    let mut of_panel = PanelScales { scales: [0.0; PANEL], zero_points: [0.0; PANEL], sums: [0.0; PANEL] };
    #[cfg(target_arch = "x86_64")]
    if super::avx512_pack::pack(rows, inputs, precision, panel) {
        return of_panel;
    }
    // The words of sixteen outputs.
    let lines = panel.len() / PANEL;
    let mut words = vec![Line::ZERO; 16 * lines];
    for (half, rows) in rows.chunks(16 * inputs).enumerate() {
        words.fill(Line::ZERO);
        for (lane, (row, words)) in rows.chunks_exact(inputs).zip(words.chunks_exact_mut(lines)).enumerate() {
            let words = words.iter_mut().flat_map(|line| &mut line.0);
            match precision {
                Precision::F32 => {
                    for (word, w) in words.zip(row) {
                        *word = w.to_bits();
                    }
                }
                Precision::Bf16 => {
                    let mut rounded = vec![0; inputs.next_multiple_of(2)];
                    round(row, &mut rounded);
                    for (word, pair) in words.zip(rounded.chunks_exact(2)) {
                        *word = u32::from(pair[0]) | u32::from(pair[1]) << 16;
                    }
                }
                Precision::Int8 => {
                    let mut rotated = vec![0.0; inputs];
                    let extent = rotate(row, factors, &mut rotated);
                    let (zero_point, scale) = weight_zero_point_and_scale(extent);
                    let mut quantized = vec![0; inputs.next_multiple_of(4)];
                    quantize_weights(&rotated, zero_point, scale, &mut quantized);
                    for (word, q) in words.zip(quantized.chunks_exact(4)) {
                        *word = u32::from_le_bytes([q[0] as u8, q[1] as u8, q[2] as u8, q[3] as u8]);
                    }
                    // Both factors of a product are rotated, which multiplies it by `order`.
                    let order = order(inputs) as f32;
                    let output = 16 * half + lane;
                    of_panel.scales[output] = scale / order;
                    of_panel.zero_points[output] = zero_point / order;
                    // The sum is below 127 * 66,000 < 2^24, so `f32` represents it exactly.
                    of_panel.sums[output] = quantized.iter().map(|&q| i32::from(q)).sum::<i32>() as f32;
                }
            }
        }
        for (line, to) in panel.chunks_exact_mut(PANEL).enumerate() {
            for (lane, words) in words.chunks_exact(lines).enumerate() {
                for (to, &word) in to.iter_mut().skip(half).step_by(2).zip(&words[line].0) {
                    to.0[lane] = word;
                }
            }
        }
    }
    of_panel
}

/// The nearest `bf16`, ties to even, as in the processor's own conversion.
#[inline(always)]
pub(crate) fn bf16(x: f32) -> u16 {
    let bits = x.to_bits();
    let high = (bits >> 16) as u16;
    let nearest = (bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16) as u16;
    let quiet = if x.is_nan() { high | 0x40 } else { nearest };
    if x.is_subnormal() { high & 0x8000 } else { quiet }
}

vectorized! {
    /// Rounds a row to `bf16`.
    fn round(row: &[f32], to: &mut [u16]) {
        for (to, &x) in to.iter_mut().zip(row) {
            *to = bf16(x);
        }
    }
}
