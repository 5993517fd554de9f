//! Attention of one head of one sentence with [`matmul`], on every processor.

use super::{AttentionKernel, Head};
use crate::matmul::{MatMut, MatRef, Parallel, matmul};
use crate::normalize::softmax;

/// Attention by matrix products.
pub(super) struct Portable;

impl Portable {
    pub(super) fn detect() -> Option<Box<dyn AttentionKernel>> {
        Some(Box::new(Portable))
    }
}

impl AttentionKernel for Portable {
    fn attend(
        &self,
        query_key_value: &[f32],
        head: Head,
        bias: Option<&[f32]>,
        context: &mut [f32],
        scores: &mut Vec<f32>,
    ) {
        let Head { size, hidden, n_tokens: n, .. } = head;
        scores.resize(n * n, 0.0);
        probabilities(query_key_value, head, bias, scores);
        let context = MatMut::with_stride(&mut context[head.head * size..], n, size, hidden);
        let values = part(query_key_value, head, 2);
        matmul(context, MatRef::new(scores, n, n), values, 1.0, 0.0, Parallel::No);
    }
}

/// The queries (0), keys (1) or values (2) of a head, `[n_tokens, head_size]`.
fn part(query_key_value: &[f32], head: Head, i: usize) -> MatRef<'_, f32> {
    let Head { size, hidden, n_tokens, .. } = head;
    MatRef::with_stride(&query_key_value[i * hidden + head.head * size..], n_tokens, size, 3 * hidden)
}

/// `softmax(Q Kᵀ / √head_size + bias)` of a head, `[n_tokens, n_tokens]`: one row per query.
pub(super) fn probabilities(query_key_value: &[f32], head: Head, bias: Option<&[f32]>, probs: &mut [f32]) {
    let n = head.n_tokens;
    if let Some(bias) = bias {
        for (query, row) in probs.chunks_exact_mut(n).enumerate() {
            row.copy_from_slice(&bias[n - 1 - query..][..n]);
        }
    }
    let [queries, keys] = [0, 1].map(|i| part(query_key_value, head, i));
    let beta = if bias.is_some() { 1.0 } else { 0.0 };
    let scale = 1.0 / (head.size as f32).sqrt();
    matmul(MatMut::new(probs, n, n), queries, keys.t(), scale, beta, Parallel::No);
    softmax(probs, n);
}
