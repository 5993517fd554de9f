//! Weights on their way into a panel: converted row by row, then transposed.

use super::{Kernel, Line, PANEL};
use crate::dispatch::vectorized;

/// Packs up to 32 outputs, `rows [outputs, inputs]`, into `panel [word][32]`, which is zero before. For 8 bits it gives
/// what a step of each output is worth, and the sum of the output's weights in steps.
pub(super) fn panel(
    rows: &[f32],
    inputs: usize,
    kernel: Kernel,
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
                    let step = signed_step(row);
                    let mut steps = vec![0; inputs.next_multiple_of(4)];
                    count(row, step, &mut steps);
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
