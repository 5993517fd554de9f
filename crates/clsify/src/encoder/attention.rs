//! Self-attention: every token of a sentence attends to every token of the same sentence.
//!
//! Formula for each head: `context = softmax(Q K^T / √head_size + bias) V`, then `x = LayerNorm(x + context W + b)`
//! (Vaswani et al., arXiv 1706.03762). Sentences are stored in a row without padding, and each attends only to
//! itself, so no attention mask is needed.

use clsify_kernels::attention::SelfAttention;
use clsify_kernels::matmul::Parallel;
use clsify_kernels::packed::Epilogue;

use super::Dtype;
use super::checkpoint::Checkpoint;
use super::config::EncoderConfig;
use super::layer_norm::LayerNorm;
use super::linear::Linear;
use super::position_bias::PositionBias;
use super::tensor_names::{LinearPart, NormPart, TensorNames};
use super::workspace::{Workspace, sized};
use crate::error::Result;
use crate::tokenizer::Batch;

/// The attention half of a layer.
#[derive(Debug, Clone)]
pub(crate) struct Attention {
    pub(super) query_key_value: Linear, // hidden -> 3 * hidden
    pub(super) output: Linear,
    pub(super) norm: LayerNorm,
    pub(super) heads: usize,
    pub(super) hidden_size: usize,
}

/// The names of the matrices that are applied to the hidden state.
fn query_key_value(names: &TensorNames, layer: usize) -> [[String; 2]; 3] {
    [LinearPart::Query, LinearPart::Key, LinearPart::Value].map(|part| names.linear(layer, part))
}

impl Attention {
    pub(crate) fn load(
        checkpoint: &Checkpoint,
        names: &TensorNames,
        config: &EncoderConfig,
        layer: usize,
        dtype: Dtype,
    ) -> Result<Self> {
        let hidden_size = config.hidden_size;
        let parts = query_key_value(names, layer);
        let output = [names.linear(layer, LinearPart::AttentionOutput)];
        Ok(Attention {
            query_key_value: Linear::load(checkpoint, &parts, hidden_size, hidden_size, dtype)?,
            output: Linear::load(checkpoint, &output, hidden_size, hidden_size, dtype)?,
            norm: LayerNorm::load(
                checkpoint,
                &names.norm(layer, NormPart::Attention),
                hidden_size,
                config.layer_norm_eps,
            )?,
            heads: config.num_attention_heads,
            hidden_size,
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
        self.query_key_value.keep_exact(checkpoint, &query_key_value(names, layer), exact)
    }

    /// An attention layer of the same shape with arbitrary weights, for measurements.
    pub(crate) fn with_any_weights(&self, dtype: Dtype) -> Self {
        Attention {
            query_key_value: self.query_key_value.with_any_weights_and_exact(dtype),
            output: self.output.with_any_weights(dtype),
            norm: self.norm.clone(),
            ..*self
        }
    }

    /// The size of the matrices in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.query_key_value.bytes() + self.output.bytes()
    }

    /// Updates `x [n_tokens, hidden]` in place.
    pub(crate) fn forward(
        &self,
        x: &mut [f32],
        batch: &Batch,
        bias: Option<&PositionBias>,
        parallel: Parallel,
        workspace: &mut Workspace,
    ) {
        let hidden = self.hidden_size;
        let Workspace { wide, narrow, attention } = workspace;
        let query_key_value = sized(wide, batch.n_tokens() * 3 * hidden);
        self.query_key_value.forward(x, query_key_value, parallel);
        let context = sized(narrow, batch.n_tokens() * hidden);
        for sentence in batch.sentences() {
            let n = sentence.len();
            let rows = &query_key_value[sentence.start * 3 * hidden..sentence.end * 3 * hidden];
            let context = &mut context[sentence.start * hidden..sentence.end * hidden];
            let of_sentence = SelfAttention::new(rows, self.heads, n).with_bias(bias.map(PositionBias::view));
            of_sentence.context(context, attention);
        }
        self.output.forward_with(context, x, Epilogue::Add, parallel);
        self.norm.forward(x);
    }

    /// The attention probabilities of a sentence of `n_tokens`, `[heads * n_tokens, n_tokens]`, after
    /// [`forward`](Self::forward) for this sentence alone, which leaves its queries and keys in the workspace.
    pub(super) fn probs_after_forward(
        &self,
        n_tokens: usize,
        bias: Option<&PositionBias>,
        workspace: &Workspace,
    ) -> Vec<f32> {
        let query_key_value = &workspace.wide[..n_tokens * 3 * self.hidden_size];
        let mut probs = vec![0.0; self.heads * n_tokens * n_tokens];
        let attention = SelfAttention::new(query_key_value, self.heads, n_tokens);
        attention.with_bias(bias.map(PositionBias::view)).probs(&mut probs);
        probs
    }
}
