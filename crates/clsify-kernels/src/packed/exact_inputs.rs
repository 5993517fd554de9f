//! Inputs that an 8-bit product multiplies in `f32` instead.
//!
//! A few inputs of a trained network are far larger than the others in every row, and a few weights far larger than
//! the other weights of their output. Each of them would increase the rounding step of all numbers that share its
//! scale. Exact inputs therefore do not affect the scales: their factor is zero, and the epilogue adds their products
//! in `f32`, one multiply-add per output and input.

use super::precision::Precision;
use super::tile::PANEL;

/// The maximum number of inputs of a product that are multiplied in `f32`.
pub const EXACT_INPUTS: usize = 2;

/// The exact inputs of a matrix and their weights.
#[derive(Clone)]
pub(super) struct Exact {
    inputs: [usize; EXACT_INPUTS],
    /// `[EXACT_INPUTS][panel][32]`, with zeros beyond the last output and for unused exact inputs.
    weights: Vec<f32>,
}

impl Exact {
    /// The exact inputs of `weight [outputs, inputs]`, if there are any and the product is in 8 bits.
    pub(super) fn of(weight: &[f32], inputs: usize, exact: &[usize], precision: Precision) -> Option<Self> {
        assert!(exact.len() <= EXACT_INPUTS, "expected at most {EXACT_INPUTS} exact inputs, got {exact:?}");
        for (i, &input) in exact.iter().enumerate() {
            assert!(input < inputs, "expected an input below {inputs}, got {input}");
            assert!(!exact[..i].contains(&input), "input {input} occurs twice");
        }
        let &first = exact.first().filter(|_| precision == Precision::Int8)?;
        let mut all = [first; EXACT_INPUTS];
        all[..exact.len()].copy_from_slice(exact);
        let padded = (weight.len() / inputs).next_multiple_of(PANEL);
        let mut panels = vec![0.0; EXACT_INPUTS * padded];
        for (to, &input) in panels.chunks_exact_mut(padded).zip(exact) {
            to.iter_mut().zip(weight.iter().skip(input).step_by(inputs)).for_each(|(to, w)| *to = *w);
        }
        Some(Exact { inputs: all, weights: panels })
    }

    /// Sets the factors of the exact inputs to zero.
    pub(super) fn clear(&self, factors: &mut [f32]) {
        self.inputs.iter().for_each(|&input| factors[input] = 0.0);
    }

    /// The weights of a panel, 32 per input.
    pub(super) fn panel(&self, panel: usize) -> [&[f32]; EXACT_INPUTS] {
        let per_input = self.weights.len() / EXACT_INPUTS;
        std::array::from_fn(|i| &self.weights[i * per_input + panel * PANEL..][..PANEL])
    }

    /// The exact inputs of a row.
    pub(super) fn of_row(&self, row: &[f32]) -> [f32; EXACT_INPUTS] {
        self.inputs.map(|input| row[input])
    }

    /// The size in memory, in bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.weights[..])
    }
}
