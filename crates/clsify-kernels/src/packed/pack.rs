//! Weights on their way into panels: converted row by row, then transposed.

use rayon::prelude::*;

use super::{INPUTS_OF_8_BITS, Kernel, Line, PANEL, PackedLinear, ZERO};
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
    /// They have no part in the scales of the other weights.
    ///
    /// # Panics
    /// As [`pack`](Self::pack) and [`keep_exact`](Self::keep_exact).
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
        let lines = inputs.div_ceil(16 * kernel.inputs_per_word());
        let mut factors = Vec::new();
        if kernel.is_8_bit() {
            factors.resize(inputs, 1.0);
            exact.iter().for_each(|&input| factors[input] = 0.0);
        }
        let mut panels = vec![ZERO; outputs.div_ceil(PANEL) * lines * PANEL];
        let steps: Vec<_> = panels
            .par_chunks_exact_mut(lines * PANEL)
            .zip(weight.par_chunks(PANEL * inputs))
            .map(|(panel, rows)| pack_panel(rows, inputs, kernel, &factors, panel))
            .collect();
        let (mut scales, mut sums) = (Vec::new(), Vec::new());
        if kernel.is_8_bit() {
            scales = steps.iter().flat_map(|(scales, _)| *scales).collect();
            sums = steps.iter().flat_map(|(_, sums)| *sums).collect();
            factors.resize(64 * lines, 0.0);
        }
        let mut padded = bias.to_vec();
        padded.resize(outputs.next_multiple_of(PANEL), 0.0);
        let mut packed = PackedLinear {
            panels,
            bias: padded,
            scales,
            sums,
            factors,
            exact: None,
            inputs,
            outputs,
            kernel,
        };
        let column = |&input: &usize| weight.iter().skip(input).step_by(inputs).copied();
        packed.keep_exact(exact, &exact.iter().flat_map(column).collect::<Vec<_>>());
        packed
    }
}

/// Packs up to 32 outputs, `rows [outputs, inputs]`, into `panel [word][32]`, which is zero before. For 8 bits it gives
/// what a step of each output is worth, and the sum of the output's weights in steps, of weights times the inputs' `factors`.
fn pack_panel(
    rows: &[f32],
    inputs: usize,
    kernel: Kernel,
    factors: &[f32],
    panel: &mut [Line],
) -> ([f32; PANEL], [f32; PANEL]) {
    let (mut scales, mut sums) = ([0.0; PANEL], [0.0; PANEL]);
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
                    let quantized: Vec<f32> = row.iter().zip(factors).map(|(w, f)| w * f).collect();
                    let step = signed_step(&quantized);
                    let mut steps = vec![0; inputs.next_multiple_of(4)];
                    count(&quantized, step, &mut steps);
                    for (word, q) in words.zip(steps.chunks_exact(4)) {
                        *word = u32::from_le_bytes([q[0] as u8, q[1] as u8, q[2] as u8, q[3] as u8]);
                    }
                    scales[16 * half + lane] = step;
                    // Below 127 * 66,000 < 2^24, a whole number that `f32` holds.
                    sums[16 * half + lane] = steps.iter().map(|&q| i32::from(q)).sum::<i32>() as f32;
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
    (scales, sums)
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

vectorized! {
    /// What a step of an output's weights is worth; not a number where a weight is none or infinite.
    pub(super) fn signed_step(weights: &[f32]) -> f32 {
        // 0 w is 0 for every number.
        let bad = weights.iter().any(|w| w * 0.0 != 0.0);
        if bad { f32::NAN } else { weights.iter().fold(0.0f32, |max, w| max.max(w.abs())) / 127.0 }
    }
}

vectorized! {
    /// Weights in steps, ties to even.
    fn count(weights: &[f32], step: f32, to: &mut [i8]) {
        // Without a step every weight is zero, or so small that its step is.
        if step > 0.0 {
            for (to, &w) in to.iter_mut().zip(weights) {
                *to = (w / step).round_ties_even().clamp(-127.0, 127.0) as i8;
            }
        }
    }
}
