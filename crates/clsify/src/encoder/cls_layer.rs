//! The last layer for position 0 only: the `[CLS]` vectors of many sentences.
//!
//! With one query per sentence, the keys and values of its other tokens need not be computed. With `x_j` the layer's
//! inputs,
//!
//! ```text
//! score_j = q . (W_k x_j + b_k) = (W_kᵀ q) . x_j + constant      the constant cancels in the softmax
//! context = Σ p_j (W_v x_j + b_v) = W_v (Σ p_j x_j) + b_v        the probabilities sum to 1
//! ```
//!
//! so that the matrices are applied once per sentence instead of once per token. Algebraically this is exact; in f32
//! its rounding differs from that of the full computation by less than 1e-5. In 8 bits it would cost accuracy and
//! gain almost nothing, so these few products are computed in bf16 there.

use std::ops::Range;

use clsify_kernels::matmul::{MatMut, MatRef, Parallel, matmul};
use clsify_kernels::normalize::softmax;
use clsify_kernels::packed::Epilogue;

use super::Dtype;
use super::attention::Attention;
use super::checkpoint::Checkpoint;
use super::config::EncoderConfig;
use super::linear::Linear;
use super::position_bias::PositionBias;
use super::tensor_names::{LinearPart, TensorNames};
use crate::error::Result;

/// The last layer's keys and values, per head.
#[derive(Debug, Clone)]
pub(crate) struct FirstToken {
    keys: Vec<Linear>,   // of each head: head_size -> hidden, W_kᵀ
    values: Vec<Linear>, // of each head: hidden -> head_size, W_v and b_v
}

impl FirstToken {
    /// Reads the last layer's keys and values.
    pub(crate) fn load(
        checkpoint: &Checkpoint,
        names: &TensorNames,
        config: &EncoderConfig,
        dtype: Dtype,
    ) -> Result<Self> {
        let dtype = match dtype {
            Dtype::F32 => Dtype::F32,
            Dtype::Bf16 | Dtype::Int8 => Dtype::Bf16,
        };
        let (hidden, heads) = (config.hidden_size, config.num_attention_heads);
        let head_size = hidden / heads;
        let layer = config.num_hidden_layers - 1;
        let [key_name, _] = names.linear(layer, LinearPart::Key);
        let [value_name, bias_name] = names.linear(layer, LinearPart::Value);
        let key = checkpoint.tensor(&key_name, &[hidden, hidden])?;
        let value = checkpoint.tensor(&value_name, &[hidden, hidden])?;
        let bias = checkpoint.tensor(&bias_name, &[hidden])?;
        let no_bias = vec![0.0; hidden];
        let keys = key.chunks_exact(head_size * hidden).map(|rows| {
            let transposed: Vec<f32> =
                (0..hidden).flat_map(|c| (0..head_size).map(move |r| rows[r * hidden + c])).collect();
            Linear::new(&transposed, &no_bias, head_size, dtype)
        });
        let values = value
            .chunks_exact(head_size * hidden)
            .zip(bias.chunks_exact(head_size))
            .map(|(rows, bias)| Linear::new(rows, bias, hidden, dtype));
        Ok(FirstToken { keys: keys.collect(), values: values.collect() })
    }

    /// The size of the matrices in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.keys.iter().chain(&self.values).map(Linear::bytes).sum()
    }

    /// `x [n_tokens, hidden]` -> the rows at position 0 of each sentence after this attention, `[n_sentences,
    /// hidden]`.
    pub(crate) fn forward(
        &self,
        attention: &Attention,
        x: &[f32],
        sentences: &[Range<usize>],
        bias: Option<&PositionBias>,
        parallel: Parallel,
    ) -> Vec<f32> {
        let (hidden, heads, rows) = (attention.hidden_size, self.keys.len(), sentences.len());
        let head_size = hidden / heads;
        let mut first = Vec::with_capacity(rows * hidden);
        for sentence in sentences {
            first.extend_from_slice(&x[sentence.start * hidden..][..hidden]);
        }
        let mut queries = vec![0.0; rows * hidden];
        attention.query_key_value.forward_outputs(hidden, &first, &mut queries, parallel);

        // W_kᵀ q, then Σ p_j x_j, [heads, n_sentences, hidden].
        let mut mixed = vec![0.0; heads * rows * hidden];
        let mut query = Vec::with_capacity(rows * head_size);
        for (head, (key, out)) in self.keys.iter().zip(mixed.chunks_exact_mut(rows * hidden)).enumerate() {
            query.clear();
            for row in queries.chunks_exact(hidden) {
                query.extend_from_slice(&row[head * head_size..][..head_size]);
            }
            key.forward(&query, out, parallel);
        }
        let scale = 1.0 / (head_size as f32).sqrt();
        let mut scores = Vec::new();
        for (i, sentence) in sentences.iter().enumerate() {
            let n = sentence.len();
            let x = MatRef::new(&x[sentence.start * hidden..sentence.end * hidden], n, hidden);
            scores.clear();
            match bias {
                Some(bias) => (0..heads).for_each(|head| scores.extend_from_slice(bias.of_first(head, n))),
                None => scores.resize(heads * n, 0.0),
            }
            let beta = if bias.is_some() { 1.0 } else { 0.0 };
            let keys = MatRef::with_stride(&mixed[i * hidden..], heads, hidden, rows * hidden);
            matmul(MatMut::new(&mut scores, heads, n), keys, x.t(), scale, beta, Parallel::No);
            softmax(&mut scores, n);
            let out = MatMut::with_stride(&mut mixed[i * hidden..], heads, hidden, rows * hidden);
            matmul(out, MatRef::new(&scores, heads, n), x, 1.0, 0.0, Parallel::No);
        }

        let mut context = vec![0.0; rows * hidden];
        let mut of_head = vec![0.0; rows * head_size];
        for (head, (value, mixed)) in self.values.iter().zip(mixed.chunks_exact(rows * hidden)).enumerate() {
            value.forward(mixed, &mut of_head, parallel);
            for (context, of_head) in context.chunks_exact_mut(hidden).zip(of_head.chunks_exact(head_size)) {
                context[head * head_size..][..head_size].copy_from_slice(of_head);
            }
        }
        attention.output.forward_with(&context, &mut first, Epilogue::Add, parallel);
        attention.norm.forward(&mut first);
        first
    }
}
