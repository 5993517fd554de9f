//! Weights on their way into panels: converted row by row, then transposed.

use rayon::prelude::*;

use super::rotate::{Extent, order, rotate};
use super::{Exact, INPUTS_OF_8_BITS, Kernel, Line, PANEL, PackedLinear, ZERO};
use crate::dispatch::vectorized;

impl PackedLinear {
    /// Packs `weight [outputs, inputs]` and `bias [outputs]` for a kernel; where the processor lacks it, for
    /// [`Kernel::Portable`], and where 8-bit products of more than 66,000 inputs could overflow their sums, for
    /// [`Kernel::best_f32`]. Uses the threads of the current rayon pool.
    ///
    /// # Panics
    /// When `inputs` or `outputs` is zero, or a slice has another length.
    pub fn pack(weight: &[f32], bias: &[f32], inputs: usize, outputs: usize, kernel: Kernel) -> Self {
        Self::pack_exact(weight, bias, inputs, outputs, kernel, &[])
    }

    /// The same as [`pack`](Self::pack), with inputs that are multiplied in `f32` where the kernel works in 8 bits.
    /// They have no part in the scales of the others.
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
    /// As [`pack`](Self::pack), and when an exact input is not one of the matrix, occurs twice, or is one of more than
    /// [`EXACT_INPUTS`](super::EXACT_INPUTS).
    pub fn pack_exact(
        weight: &[f32],
        bias: &[f32],
        inputs: usize,
        outputs: usize,
        kernel: Kernel,
        exact: &[usize],
    ) -> Self {
        assert!(
            inputs > 0 && outputs > 0,
            "expected at least one input and one output, got {inputs}, {outputs}"
        );
        assert_eq!(
            Some(weight.len()),
            outputs.checked_mul(inputs),
            "expected a weight of {outputs} x {inputs} numbers, got {}",
            weight.len()
        );
        assert_eq!(bias.len(), outputs, "expected a bias of {outputs} numbers, got {}", bias.len());
        let kernel = match kernel {
            kernel if !kernel.is_available() => Kernel::Portable,
            kernel if kernel.is_8_bit() && inputs > INPUTS_OF_8_BITS => Kernel::best_f32(),
            kernel => kernel,
        };
        let exact = Exact::of(weight, inputs, exact, kernel);
        let lines = inputs.div_ceil(16 * kernel.inputs_per_word());
        let mut factors = Vec::new();
        if kernel.is_8_bit() {
            factors.resize(inputs, 1.0);
            exact.iter().for_each(|exact| exact.clear(&mut factors));
        }
        let mut panels = vec![ZERO; outputs.div_ceil(PANEL) * lines * PANEL];
        let steps: Vec<PanelSteps> = panels
            .par_chunks_exact_mut(lines * PANEL)
            .zip(weight.par_chunks(PANEL * inputs))
            .map(|(panel, rows)| pack_panel(rows, inputs, kernel, &factors, panel))
            .collect();
        let of_8_bits = |numbers: fn(&PanelSteps) -> [f32; PANEL]| match kernel.is_8_bit() {
            true => steps.iter().flat_map(numbers).collect(),
            false => Vec::new(),
        };
        let mut padded = bias.to_vec();
        padded.resize(outputs.next_multiple_of(PANEL), 0.0);
        PackedLinear {
            panels,
            bias: padded,
            scales: of_8_bits(|steps| steps.scales),
            sums: of_8_bits(|steps| steps.sums),
            centers: of_8_bits(|steps| steps.centers),
            factors,
            exact,
            inputs,
            outputs,
            kernel,
        }
    }
}

/// The weights of a panel in 8 bits.
struct PanelSteps {
    /// What a step of an output is worth.
    scales: [f32; PANEL],
    /// The sum of an output's weights in steps.
    sums: [f32; PANEL],
    /// The weight of no steps.
    centers: [f32; PANEL],
}

/// Packs up to 32 outputs, `rows [outputs, inputs]`, into `panel [word][32]`, which is zero before; for 8 bits times the
/// inputs' `factors`, and rotated.
fn pack_panel(
    rows: &[f32],
    inputs: usize,
    kernel: Kernel,
    factors: &[f32],
    panel: &mut [Line],
) -> PanelSteps {
    let mut of_panel = PanelSteps { scales: [0.0; PANEL], sums: [0.0; PANEL], centers: [0.0; PANEL] };
    // The words of sixteen outputs.
    let lines = panel.len() / PANEL;
    let mut words = vec![Line([0; 16]); 16 * lines];
    for (half, rows) in rows.chunks(16 * inputs).enumerate() {
        words.fill(Line([0; 16]));
        for (lane, (row, words)) in rows.chunks_exact(inputs).zip(words.chunks_exact_mut(lines)).enumerate() {
            let words = words.iter_mut().flat_map(|line| &mut line.0);
            match kernel {
                Kernel::Portable | Kernel::Avx512F32 => {
                    for (word, w) in words.zip(row) {
                        *word = w.to_bits();
                    }
                }
                Kernel::Avx512Bf16 | Kernel::AmxBf16 => {
                    let mut rounded = vec![0; inputs.next_multiple_of(2)];
                    round(row, &mut rounded);
                    for (word, pair) in words.zip(rounded.chunks_exact(2)) {
                        *word = u32::from(pair[0]) | u32::from(pair[1]) << 16;
                    }
                }
                Kernel::Avx512Vnni | Kernel::AmxInt8 => {
                    let mut rotated = vec![0.0; inputs];
                    let (center, step) = center_and_step(rotate(row, factors, &mut rotated));
                    let mut steps = vec![0; inputs.next_multiple_of(4)];
                    count(&rotated, center, step, &mut steps);
                    for (word, q) in words.zip(steps.chunks_exact(4)) {
                        *word = u32::from_le_bytes([q[0] as u8, q[1] as u8, q[2] as u8, q[3] as u8]);
                    }
                    // Rotated twice, as a product is, a number is so many times as large.
                    let order = order(inputs) as f32;
                    let output = 16 * half + lane;
                    of_panel.scales[output] = step / order;
                    of_panel.centers[output] = center / order;
                    // Below 127 * 66,000 < 2^24, a whole number that `f32` holds.
                    of_panel.sums[output] = steps.iter().map(|&q| i32::from(q)).sum::<i32>() as f32;
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

/// The nearest `bf16`, ties to even, as the processor's own conversion has it.
#[inline(always)]
pub(super) fn bf16(x: f32) -> u16 {
    let bits = x.to_bits();
    let high = (bits >> 16) as u16;
    let nearest = (bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16) as u16;
    let quiet = if x.is_nan() { high | 0x40 } else { nearest };
    if x.is_subnormal() { high & 0x8000 } else { quiet }
}

vectorized! {
    /// A row in `bf16`.
    fn round(row: &[f32], to: &mut [u16]) {
        for (to, &x) in to.iter_mut().zip(row) {
            *to = bf16(x);
        }
    }
}

/// The middle of an output's weights and what a step is worth, of which the largest is 127 away; not a number where a weight
/// is none or infinite.
pub(super) fn center_and_step(Extent { low, high, sum }: Extent) -> (f32, f32) {
    // 0 times a number is 0.
    (low / 2.0 + high / 2.0, (high - low) / 254.0 + sum * 0.0)
}

vectorized! {
    /// Weights in steps from the center, ties to even.
    fn count(weights: &[f32], center: f32, step: f32, to: &mut [i8]) {
        // Without a step all weights are the same, or so near each other that their step is zero.
        if step > 0.0 {
            for (to, &w) in to.iter_mut().zip(weights) {
                *to = ((w - center) / step).round_ties_even().clamp(-127.0, 127.0) as i8;
            }
        }
    }
}
