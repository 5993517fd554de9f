//! Attention of one head of one sentence with [`matmul`], on every processor.

use super::{AttentionKernel, Head, add_to_biases};
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
    fn attend(&self, head: &Head, context: &mut [f32], scratch: &mut Vec<f32>) {
        let n = head.n_tokens;
        scratch.resize(n * n, 0.0);
        probabilities(head, scratch);
        drop_rows(head, scratch);
        let context = MatMut::with_stride(&mut context[head.first_column..], n, head.size, head.hidden);
        matmul(context, MatRef::new(scratch, n, n), part(head, 2), 1.0, 0.0, Parallel::No);
    }

    fn backward(
        &self,
        head: &Head,
        context_gradient: &[f32],
        gradient: &mut [f32],
        mut bias_gradient: Option<&mut [f32]>,
        scratch: &mut Vec<f32>,
    ) {
        let Head { size, hidden, n_tokens: n, .. } = *head;
        scratch.resize(2 * n * n, 0.0);
        let (probs, scores) = scratch.split_at_mut(n * n);
        probabilities(head, probs);
        let context_gradient = MatRef::with_stride(&context_gradient[head.first_column..], n, size, hidden);
        let mut multiply = |i: usize, a: MatRef<f32>, b: MatRef<f32>, factor: f32| {
            let out = &mut gradient[i * hidden + head.first_column..];
            matmul(MatMut::with_stride(out, n, size, 3 * hidden), a, b, factor, 0.0, Parallel::No);
        };
        scores.copy_from_slice(probs);
        drop_rows(head, scores);
        multiply(2, MatRef::new(scores, n, n).t(), context_gradient, 1.0);
        matmul(MatMut::new(scores, n, n), context_gradient, part(head, 2).t(), 1.0, 0.0, Parallel::No);
        drop_rows(head, scores);
        for (query, (scores, probs)) in scores.chunks_exact_mut(n).zip(probs.chunks_exact(n)).enumerate() {
            let dot: f32 = scores.iter().zip(probs).map(|(d, p)| d * p).sum();
            for (d, p) in scores.iter_mut().zip(probs) {
                *d = p * (*d - dot);
            }
            if let Some(biases) = &mut bias_gradient {
                add_to_biases(head, query, scores, biases);
            }
        }
        let scores = MatRef::new(scores, n, n);
        multiply(0, scores, part(head, 1), head.scale());
        multiply(1, scores.t(), part(head, 0), head.scale());
    }
}

/// The queries (0), keys (1) or values (2) of a head, `[n_tokens, head_size]`.
fn part<'a>(head: &Head<'a>, i: usize) -> MatRef<'a, f32> {
    let Head { size, hidden, n_tokens, .. } = *head;
    MatRef::with_stride(&head.query_key_value[i * hidden + head.first_column..], n_tokens, size, 3 * hidden)
}

/// `softmax(Q Kᵀ / √head_size + bias)` of a head, `[n_tokens, n_tokens]`: one row per query.
pub(super) fn probabilities(head: &Head, probs: &mut [f32]) {
    let n = head.n_tokens;
    for (query, row) in probs.chunks_exact_mut(n).enumerate() {
        if let Some(bias) = head.bias_of(query) {
            row.copy_from_slice(bias);
        }
    }
    let beta = if head.bias.is_some() { 1.0 } else { 0.0 };
    matmul(MatMut::new(probs, n, n), part(head, 0), part(head, 1).t(), head.scale(), beta, Parallel::No);
    softmax(probs, n);
}

fn drop_rows(head: &Head, rows: &mut [f32]) {
    rows.chunks_exact_mut(head.n_tokens).enumerate().for_each(|(query, row)| head.drop_probs(query, row));
}
