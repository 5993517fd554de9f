//! The attention probabilities themselves, to be shown; the kernels compute them and keep none.

use super::Head;
use super::portable::probabilities;

/// The attention probabilities of a sentence, `softmax(Q Kᵀ / √head_size + bias)` for each head.
///
/// The arguments are those of [`self_attention`](super::self_attention): `query_key_value [n_tokens, 3 * hidden]`, and
/// the numbers that are added to the scores of a head, by distance. `probs [heads, n_tokens, n_tokens]` is the output:
/// for each head one row per query, whose sum is 1. The code is the same on every processor, so that the last digits
/// may differ from those of the kernel that computes the context.
///
/// ```
/// use clsify_kernels::attention::attention_probs;
/// // One head of one number. The second query is 0, so that both keys are alike to it.
/// let query_key_value = [1.0, 100.0, 6.0, 0.0, 0.0, 2.0];
/// let mut probs = [0.0; 4];
/// attention_probs(&query_key_value, 1, None, 2, &mut probs);
/// assert_eq!(probs[2..], [0.5, 0.5]);
/// ```
///
/// # Panics
/// Panics if a slice has another length, or the heads do not divide the hidden size.
pub fn attention_probs<'a>(
    query_key_value: &[f32],
    heads: usize,
    bias_by_distance: Option<&dyn Fn(usize) -> &'a [f32]>,
    n_tokens: usize,
    probs: &mut [f32],
) {
    assert_eq!(
        probs.len(),
        heads * n_tokens * n_tokens,
        "expected {n_tokens} rows for each of {heads} heads"
    );
    if n_tokens == 0 {
        return;
    }
    let hidden = query_key_value.len() / (3 * n_tokens);
    assert_eq!(query_key_value.len(), n_tokens * 3 * hidden, "expected {n_tokens} rows of three vectors");
    assert!(heads > 0 && hidden.is_multiple_of(heads), "expected {heads} heads to divide {hidden}");
    for (head, probs) in probs.chunks_exact_mut(n_tokens * n_tokens).enumerate() {
        let bias = bias_by_distance.map(|f| f(head));
        if let Some(bias) = bias {
            assert_eq!(bias.len(), 2 * n_tokens - 1, "expected a bias for every distance");
        }
        let head = Head { head, size: hidden / heads, hidden, n_tokens };
        probabilities(query_key_value, head, bias, probs);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Scratch, self_attention};
    use super::*;

    fn numbers(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| (((i + seed) * 7919 % 1009) as f32 - 504.0) / 504.0).collect()
    }

    /// Oracle: [`self_attention`], which may use another kernel. Tolerance: scores of at most 8 have rounding errors of
    /// about 1e-6, the probabilities have the same relative error, and the values are at most 1.
    fn check<'a>(n: usize, heads: usize, size: usize, biases: Option<&'a [f32]>) {
        let hidden = heads * size;
        let x = numbers(n * 3 * hidden, n);
        let bias = biases.map(|biases| move |head: usize| &biases[head * (2 * n - 1)..][..2 * n - 1]);
        let bias = bias.as_ref().map(|f| f as &dyn Fn(usize) -> &'a [f32]);
        let mut context = vec![f32::NAN; n * hidden];
        self_attention(&x, heads, bias, &mut context, n, &mut Scratch::default());
        let mut probs = vec![f32::NAN; heads * n * n];
        attention_probs(&x, heads, bias, n, &mut probs);
        for (row, probs) in probs.chunks_exact(n).enumerate() {
            let (head, query) = (row / n, row % n);
            assert!((probs.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            for i in 0..size {
                let value = |key: usize| x[(key * 3 + 2) * hidden + head * size + i];
                let got: f32 = (0..n).map(|key| probs[key] * value(key)).sum();
                let expected = context[query * hidden + head * size + i];
                assert!(
                    (got - expected).abs() < 1e-5,
                    "{n} tokens, {heads} heads: {got}, expected {expected}"
                );
            }
        }
    }

    #[test]
    fn probabilities_times_values_are_the_context() {
        for n in if cfg!(miri) { vec![1, 3] } else { vec![1, 2, 7, 16, 33] } {
            for (heads, size) in [(2, 16), (1, 64), (3, 5)] {
                check(n, heads, size, None);
                check(n, heads, size, Some(&numbers(heads * (2 * n - 1), 5)));
            }
        }
    }

    #[test]
    fn no_tokens_have_no_probabilities() {
        attention_probs(&[], 2, None, 0, &mut []);
    }

    #[test]
    #[should_panic(expected = "three vectors")]
    fn a_wrong_length_is_refused() {
        attention_probs(&[0.0; 7], 1, None, 2, &mut [0.0; 4]);
    }
}
