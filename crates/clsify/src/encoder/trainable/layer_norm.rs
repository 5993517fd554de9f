//! Layer normalisation whose gain and bias learn.

use clsify_kernels::backward::{
    add_column_dots, add_column_sums, layer_norm_backward, scale_and_shift, standardize,
};

use super::super::checkpoint::Checkpoint;
use super::parameter::{Parameter, Tensor};
use crate::error::Result;

/// A layer normalisation.
#[derive(Debug, Clone)]
pub(crate) struct TrainableLayerNorm {
    pub(crate) gain: Parameter,
    pub(crate) bias: Parameter,
    eps: f32,
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

    /// Normalises rows into `out`. They become standardised, and `scales` the numbers that they were multiplied by: the
    /// gradient needs both.
    pub(super) fn forward(&self, rows: &mut [f32], scales: &mut [f32], out: &mut [f32]) {
        standardize(rows, self.size(), self.eps, scales);
        self.after(rows, out);
    }

    /// The output of [`forward`](Self::forward) once more, from the standardised rows.
    pub(super) fn after(&self, standardized: &[f32], out: &mut [f32]) {
        scale_and_shift(standardized, &self.gain.value, &self.bias.value, out);
    }

    /// The gradient of the output becomes that of the input. Those of gain and bias are added to `of_gain` and `of_bias`.
    pub(super) fn backward(
        &self,
        standardized: &[f32],
        scales: &[f32],
        gradient: &mut [f32],
        [of_gain, of_bias]: [&mut [f32]; 2],
    ) {
        add_column_dots(gradient, standardized, of_gain);
        add_column_sums(gradient, of_bias);
        layer_norm_backward(standardized, scales, &self.gain.value, gradient);
    }
}
