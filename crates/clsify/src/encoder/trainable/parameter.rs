//! A tensor that learns: its numbers and the two moments of AdamW.

use std::cell::Cell;

use clsify_kernels::adamw::AdamWStep;
use rayon::prelude::*;

/// The numbers of one update of all parameters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// For the matrices.
    pub(crate) with_decay: AdamWStep,
    /// For biases and layer normalisation.
    pub(crate) without_decay: AdamWStep,
}

impl Step {
    /// Step `t`, counted from 1. Weight decay applies to matrices only, as is usual for this family.
    pub(crate) fn new(learning_rate: f32, weight_decay: f32, t: usize) -> Self {
        Step {
            with_decay: AdamWStep::new(learning_rate, weight_decay, t),
            without_decay: AdamWStep::new(learning_rate, 0.0, t),
        }
    }
}

/// A tensor that learns.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) value: Vec<f32>,
    pub(crate) first: Vec<f32>,
    pub(crate) second: Vec<f32>,
    decays: bool,
}

thread_local! {
    /// The gradient of a part of a parameter: it is used at once and never stored as a whole.
    static GRADIENT: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

impl Parameter {
    /// A matrix, to which weight decay applies.
    pub(crate) fn matrix(value: Vec<f32>) -> Self {
        Parameter { decays: true, ..Self::vector(value) }
    }

    /// A bias or the gain of a layer normalisation.
    pub(crate) fn vector(value: Vec<f32>) -> Self {
        let zeros = vec![0.0; value.len()];
        Parameter { first: zeros.clone(), second: zeros, value, decays: false }
    }

    /// Updates the numbers, `chunk` at a time: `gradient(first, out)` computes the gradient of the numbers from
    /// `first` on. It is called once for each chunk, on any thread.
    pub(crate) fn learn(&mut self, step: &Step, chunk: usize, gradient: impl Fn(usize, &mut [f32]) + Sync) {
        let step = if self.decays { &step.with_decay } else { &step.without_decay };
        let values = self.value.par_chunks_mut(chunk);
        let moments = self.first.par_chunks_mut(chunk).zip(self.second.par_chunks_mut(chunk));
        values.zip(moments).enumerate().for_each(|(i, (value, (first, second)))| {
            let mut buffer = GRADIENT.take();
            buffer.resize(buffer.len().max(value.len()), 0.0);
            let of_chunk = &mut buffer[..value.len()];
            gradient(i * chunk, of_chunk);
            step.update(value, first, second, of_chunk);
            GRADIENT.set(buffer);
        });
    }

    /// Updates the numbers by a gradient that is known.
    pub(crate) fn learn_from(&mut self, step: &Step, gradient: &[f32]) {
        let step = if self.decays { &step.with_decay } else { &step.without_decay };
        step.update(&mut self.value, &mut self.first, &mut self.second, gradient);
    }
}
