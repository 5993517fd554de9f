//! Layer normalisation with its learned gain and bias.

use super::checkpoint::Checkpoint;
use crate::error::Result;

/// `(x - mean) / √(variance + eps) * gain + bias` over the numbers of each token.
#[derive(Debug, Clone)]
pub(crate) struct LayerNorm {
    gain: Vec<f32>,
    bias: Vec<f32>,
    eps: f32,
}

impl LayerNorm {
    pub(crate) fn load(checkpoint: &Checkpoint, names: &[String; 2], size: usize, eps: f32) -> Result<Self> {
        let gain = checkpoint.tensor(&names[0], &[size])?;
        let bias = checkpoint.tensor(&names[1], &[size])?;
        Ok(LayerNorm { gain, bias, eps })
    }

    pub(crate) fn forward(&self, x: &mut [f32]) {
        clsify_kernels::normalize::layer_norm(x, &self.gain, &self.bias, self.eps);
    }
}
