//! Self-attention: every token of a sentence looks at every token of the same sentence.
//!
//! Formula, for each head: `context = softmax(Q K^T / √head_size + bias) V`, then `x = LayerNorm(x + context W + b)`
//! (Vaswani et al., arXiv 1706.03762). Sentences stand one after another without padding, and each attends to itself
//! alone, so there is no attention mask to apply.

use clsify_kernels::matmul::{MatMut, MatRef, matmul};
use clsify_kernels::normalize::{add, softmax};

use super::checkpoint::Checkpoint;
use super::config::EncoderConfig;
use super::layer_norm::LayerNorm;
use super::linear::Linear;
use super::names::{LinearPart, NormPart, TensorNames};
use super::position_bias::PositionBias;
use super::{Dtype, Parallel};
use crate::error::Result;
use crate::tokenizer::Batch;

/// The attention half of a layer.
#[derive(Debug, Clone)]
pub(crate) struct Attention {
    pub(super) query_key_value: Linear, // hidden -> 3 * hidden
    pub(super) output: Linear,
    pub(super) norm: LayerNorm,
    heads: usize,
    pub(super) hidden_size: usize,
}

impl Attention {
    pub(crate) fn load(
        checkpoint: &mut Checkpoint,
        names: &TensorNames,
        config: &EncoderConfig,
        layer: usize,
        dtype: Dtype,
    ) -> Result<Self> {
        let hidden_size = config.hidden_size;
        let parts =
            [LinearPart::Query, LinearPart::Key, LinearPart::Value].map(|part| names.linear(layer, part));
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

    /// Attention of the same shape to measure an arithmetic with.
    pub(crate) fn with_any_weights(&self, dtype: Dtype) -> Self {
        Attention {
            query_key_value: self.query_key_value.with_any_weights(dtype),
            output: self.output.with_any_weights(dtype),
            norm: self.norm.clone(),
            ..*self
        }
    }

    /// The memory that the matrices take.
    pub(crate) fn bytes(&self) -> usize {
        self.query_key_value.bytes() + self.output.bytes()
    }

    /// `x [n_tokens, hidden]` in place.
    pub(crate) fn forward(
        &self,
        x: &mut [f32],
        batch: &Batch,
        bias: Option<&PositionBias>,
        parallel: Parallel,
    ) {
        let hidden = self.hidden_size;
        let mut query_key_value = vec![0.0; batch.n_tokens() * 3 * hidden];
        self.query_key_value.forward(x, &mut query_key_value, parallel);
        let mut context = vec![0.0; batch.n_tokens() * hidden];
        let mut scores = Vec::new();
        for sentence in batch.sentences() {
            let rows = &query_key_value[sentence.start * 3 * hidden..sentence.end * 3 * hidden];
            let context = &mut context[sentence.start * hidden..sentence.end * hidden];
            for head in 0..self.heads {
                self.attend(rows, context, head, &mut scores, bias);
            }
        }
        let mut output = query_key_value;
        output.truncate(batch.n_tokens() * hidden);
        self.output.forward(&context, &mut output, parallel);
        add(x, &output);
        self.norm.forward(x);
    }

    /// One head of one sentence; `rows [n, 3 * hidden]`, `context [n, hidden]`.
    fn attend(
        &self,
        rows: &[f32],
        context: &mut [f32],
        head: usize,
        scores: &mut Vec<f32>,
        bias: Option<&PositionBias>,
    ) {
        let hidden = self.hidden_size;
        let n = context.len() / hidden;
        let head_size = hidden / self.heads;
        let column = head * head_size;
        let part = |i: usize| MatRef::with_stride(&rows[i * hidden + column..], n, head_size, 3 * hidden);
        let (query, key, value) = (part(0), part(1), part(2));

        scores.clear();
        match bias {
            Some(bias) => (0..n).for_each(|i| scores.extend_from_slice(bias.row(head, i, n))),
            None => scores.resize(n * n, 0.0),
        }
        let beta = if bias.is_some() { 1.0 } else { 0.0 };
        let scale = 1.0 / (head_size as f32).sqrt();
        matmul(MatMut::new(scores, n, n), query, key.t(), scale, beta, Parallel::No); // attention_scores [n, n]
        softmax(scores, n); // attention_probs
        let context = MatMut::with_stride(&mut context[column..], n, head_size, hidden);
        matmul(context, MatRef::new(scores, n, n), value, 1.0, 0.0, Parallel::No);
    }
}
