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
        let column = head.head * size;
        let part =
            |i: usize| MatRef::with_stride(&query_key_value[i * hidden + column..], n, size, 3 * hidden);
        scores.clear();
        match bias {
            Some(bias) => (0..n).for_each(|i| scores.extend_from_slice(&bias[n - 1 - i..][..n])),
            None => scores.resize(n * n, 0.0),
        }
        let beta = if bias.is_some() { 1.0 } else { 0.0 };
        let scale = 1.0 / (size as f32).sqrt();
        matmul(MatMut::new(scores, n, n), part(0), part(1).t(), scale, beta, Parallel::No);
        softmax(scores, n);
        let context = MatMut::with_stride(&mut context[column..], n, size, hidden);
        matmul(context, MatRef::new(scores, n, n), part(2), 1.0, 0.0, Parallel::No);
    }
}
