//! The last layer, where only the vector at position 0 is wanted: the `[CLS]` vectors of many sentences.
//!
//! One query a sentence needs neither the keys nor the values of its other tokens. With `x_j` the layer's inputs,
//!
//! ```text
//! score_j = q . (W_k x_j + b_k) = (W_kᵀ q) . x_j + constant      the constant cancels in the softmax
//! context = Σ p_j (W_v x_j + b_v) = W_v (Σ p_j x_j) + b_v        the probabilities sum to 1
//! ```
//!
//! so that the matrices are applied once a sentence instead of once a token. This is exact algebra; in rounding it differs
//! from the long way by less than 1e-5.

use std::ops::Range;

use clsify_kernels::matmul::{MatMut, MatRef, Parallel, matmul};
use clsify_kernels::normalize::{add, softmax};

use super::attention::Attention;
use super::position_bias::PositionBias;

/// Sentences that go through the last layer together, always as many: a product of few rows is summed in another order
/// than one of many, and a sentence's vector is to be the same in any company. Rows that are left over are zero.
pub(super) const GROUP: usize = 32;

impl Attention {
    /// `x [n_tokens, hidden]` and at most [`GROUP`] of its sentences -> their rows at position 0 after this attention,
    /// `[GROUP, hidden]`.
    pub(super) fn forward_first(
        &self,
        x: &[f32],
        sentences: &[Range<usize>],
        bias: Option<&PositionBias>,
        parallel: Parallel,
    ) -> Vec<f32> {
        let (hidden, heads) = (self.hidden_size, self.heads);
        let head_size = hidden / heads;
        let mut first = Vec::new();
        for sentence in sentences {
            first.extend_from_slice(&x[sentence.start * hidden..][..hidden]);
        }
        let rows = GROUP;
        first.resize(rows * hidden, 0.0);
        let part = |i: usize| self.query_key_value.columns(i * hidden, hidden);
        let ((query_weight, query_bias), (key_weight, _), (value_weight, value_bias)) =
            (part(0), part(1), part(2));

        let mut query = vec![0.0; rows * hidden];
        let view = MatRef::new(&first, rows, hidden);
        matmul(MatMut::new(&mut query, rows, hidden), view, query_weight, 1.0, 0.0, parallel);
        add(&mut query, query_bias);

        // W_kᵀ q of every head, [n_sentences, heads, hidden].
        let mut keys = vec![0.0; rows * heads * hidden];
        for head in 0..heads {
            let query = MatRef::with_stride(&query[head * head_size..], rows, head_size, hidden);
            let weight = key_weight.columns(head * head_size, head_size);
            let out = MatMut::with_stride(&mut keys[head * hidden..], rows, hidden, heads * hidden);
            matmul(out, query, weight.t(), 1.0 / (head_size as f32).sqrt(), 0.0, parallel);
        }
        // Σ p_j x_j of every head, in the same place.
        let mut scores = Vec::new();
        for (sentence, keys) in sentences.iter().zip(keys.chunks_exact_mut(heads * hidden)) {
            let n = sentence.len();
            let x = MatRef::new(&x[sentence.start * hidden..sentence.end * hidden], n, hidden);
            scores.clear();
            match bias {
                Some(bias) => (0..heads).for_each(|head| scores.extend_from_slice(bias.row(head, 0, n))),
                None => scores.resize(heads * n, 0.0),
            }
            let beta = if bias.is_some() { 1.0 } else { 0.0 };
            let view = MatRef::new(keys, heads, hidden);
            matmul(MatMut::new(&mut scores, heads, n), view, x.t(), 1.0, beta, Parallel::No);
            softmax(&mut scores, n);
            let probs = MatRef::new(&scores, heads, n);
            matmul(MatMut::new(keys, heads, hidden), probs, x, 1.0, 0.0, Parallel::No);
        }
        let mut context = query;
        for head in 0..heads {
            let mixed = MatRef::with_stride(&keys[head * hidden..], rows, hidden, heads * hidden);
            let weight = value_weight.columns(head * head_size, head_size);
            let out = MatMut::with_stride(&mut context[head * head_size..], rows, head_size, hidden);
            matmul(out, mixed, weight, 1.0, 0.0, parallel);
        }
        add(&mut context, value_bias);

        let mut output = vec![0.0; rows * hidden];
        self.output.forward(&context, &mut output, parallel);
        add(&mut first, &output);
        self.norm.forward(&mut first);
        first
    }
}
