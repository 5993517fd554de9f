//! The second half of a layer: `x = LayerNorm(x + activation(x W1 + b1) W2 + b2)`, token by token.

use clsify_kernels::matmul::Parallel;
use clsify_kernels::packed::Epilogue;

use super::Dtype;
use super::checkpoint::Checkpoint;
use super::config::{Activation, EncoderConfig};
use super::layer_norm::LayerNorm;
use super::linear::Linear;
use super::tensor_names::{LinearPart, NormPart, TensorNames};
use super::workspace::{Workspace, sized};
use crate::error::Result;

/// The feed-forward half of a layer.
#[derive(Debug, Clone)]
pub(crate) struct FeedForward {
    intermediate: Linear, // hidden -> intermediate
    output: Linear,       // intermediate -> hidden
    norm: LayerNorm,
    activation: Activation,
}

impl FeedForward {
    pub(crate) fn load(
        checkpoint: &Checkpoint,
        names: &TensorNames,
        config: &EncoderConfig,
        layer: usize,
        dtype: Dtype,
    ) -> Result<Self> {
        let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
        let first = [names.linear(layer, LinearPart::Intermediate)];
        let second = names.linear(layer, LinearPart::Output);
        Ok(FeedForward {
            intermediate: Linear::load(checkpoint, &first, hidden, intermediate, dtype)?,
            output: Linear::load_with_exact(checkpoint, &second, intermediate, hidden, dtype)?,
            norm: LayerNorm::load(
                checkpoint,
                &names.norm(layer, NormPart::Output),
                hidden,
                config.layer_norm_eps,
            )?,
            activation: config.activation,
        })
    }

    /// From now on, multiplies these dimensions of the hidden state in f32.
    pub(super) fn keep_exact(
        &mut self,
        checkpoint: &Checkpoint,
        names: &TensorNames,
        layer: usize,
        exact: &[usize],
    ) -> Result<()> {
        let first = [names.linear(layer, LinearPart::Intermediate)];
        self.intermediate.keep_exact(checkpoint, &first, exact)
    }

    /// A feed-forward layer of the same shape with arbitrary weights, for measurements.
    pub(crate) fn with_any_weights(&self, dtype: Dtype) -> Self {
        FeedForward {
            intermediate: self.intermediate.with_any_weights_and_exact(dtype),
            output: self.output.with_any_weights_and_exact(dtype),
            norm: self.norm.clone(),
            ..*self
        }
    }

    /// The size of the matrices in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.intermediate.bytes() + self.output.bytes()
    }

    /// Updates `x [n_tokens, hidden]` in place.
    pub(crate) fn forward(
        &self,
        x: &mut [f32],
        n_tokens: usize,
        parallel: Parallel,
        workspace: &mut Workspace,
    ) {
        let intermediate = sized(&mut workspace.wide, n_tokens * self.intermediate.outputs());
        let activation = match self.activation {
            Activation::Gelu => Epilogue::Gelu,
            Activation::GeluTanh => Epilogue::GeluTanh,
            Activation::Relu => Epilogue::Relu,
            Activation::Silu => Epilogue::Silu,
        };
        self.intermediate.forward_with(x, intermediate, activation, parallel);
        self.output.forward_with(intermediate, x, Epilogue::Add, parallel);
        self.norm.forward(x);
    }
}
