//! Layer normalisation whose gain and bias learn.

use clsify_kernels::backward::{column_dots, column_sums, layer_norm_backward, scale_and_shift, standardize};
use rayon::prelude::*;

use super::super::checkpoint::Checkpoint;
use super::parameter::{Parameter, Tensor};
use super::rows::by_rows;
use crate::error::Result;

/// A layer normalisation.
#[derive(Debug, Clone)]
pub(crate) struct TrainableLayerNorm {
    pub(crate) gain: Parameter,
    pub(crate) bias: Parameter,
    eps: f32,
}

/// What the gradient needs: the standardised rows, and the number that each was multiplied by.
#[derive(Debug, Default)]
pub(super) struct Standardized {
    pub(super) rows: Vec<f32>,
    scales: Vec<f32>,
}

impl TrainableLayerNorm {
    pub(super) fn load(checkpoint: &Checkpoint, names: &[String; 2], size: usize, eps: f32) -> Result<Self> {
        let [gain, bias] = [&names[0], &names[1]].map(|name| checkpoint.tensor(name, &[size]));
        Ok(TrainableLayerNorm { gain: Parameter::vector(gain?), bias: Parameter::vector(bias?), eps })
    }

    /// The gain and the bias with their tensors.
    pub(super) fn parameters(&self, [gain, bias]: [String; 2]) -> [(Vec<Tensor>, &Parameter); 2] {
        [(gain, &self.gain), (bias, &self.bias)]
            .map(|(name, parameter)| (vec![(name, vec![self.size()])], parameter))
    }

    pub(super) fn parameters_mut(&mut self) -> [&mut Parameter; 2] {
        [&mut self.gain, &mut self.bias]
    }

    fn size(&self) -> usize {
        self.gain.value.len()
    }

    /// Normalises `standardized.rows` into `out`.
    pub(super) fn forward(&self, standardized: &mut Standardized, out: &mut [f32]) {
        let (size, eps) = (self.size(), self.eps);
        standardized.scales.resize(out.len() / size, 0.0);
        let rows = standardized.rows.par_chunks_mut(size).zip(standardized.scales.par_iter_mut());
        rows.with_min_len(16)
            .for_each(|(row, scale)| standardize(row, size, eps, std::slice::from_mut(scale)));
        self.after(standardized, out);
    }

    /// The output of [`forward`](Self::forward) once more.
    pub(super) fn after(&self, standardized: &Standardized, out: &mut [f32]) {
        by_rows(out, &standardized.rows, self.size(), |_, out, rows| {
            scale_and_shift(rows, &self.gain.value, &self.bias.value, out);
        });
    }

    /// Computes the gradients of gain and bias from that of the output, which becomes that of the input.
    pub(super) fn backward(&mut self, standardized: &Standardized, gradient: &mut [f32]) {
        let size = self.size();
        let Standardized { rows, scales } = standardized;
        column_dots(gradient, rows, &mut self.gain.gradient);
        column_sums(gradient, &mut self.bias.gradient);
        by_rows(gradient, rows, size, |first, gradient, rows| {
            let scales = &scales[first..first + rows.len() / size];
            layer_norm_backward(rows, scales, &self.gain.value, gradient);
        });
    }
}
