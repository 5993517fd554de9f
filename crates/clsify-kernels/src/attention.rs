//! Self-attention of one sentence: `context = softmax(Q Kᵀ / √head_size + bias) V` for each head.
//!
//! Source: Vaswani et al., arXiv 1706.03762, section 3.2.1. Sentences are short (some 20 tokens), so that everything of
//! a head stays in the first-level cache, and the time goes into what surrounds the products. A head's keys are copied
//! transposed and its values beside them; then six queries at a time meet all keys, become probabilities in place, and
//! meet all values.
//!
//! A row of the context depends on the sentence alone, bit for bit, with one instruction set.

#[cfg(target_arch = "x86_64")]
mod avx512;

use crate::matmul::{MatMut, MatRef, Parallel, matmul};
use crate::normalize::softmax;

/// One sentence after another may use the same memory.
#[derive(Debug, Clone, Default)]
pub struct Scratch(Vec<f32>);

/// Attention of every token of a sentence to every token of it.
///
/// `query_key_value [n_tokens, 3 * hidden]`: of each token its queries, keys and values, head after head; `context
/// [n_tokens, hidden]`. `bias_by_distance(head)` holds what is added to the scores of a head, `[2 * n_tokens - 1]`, by
/// the distance `key - query` from `1 - n_tokens` on.
///
/// ```
/// use clsify_kernels::attention::{Scratch, self_attention};
/// // One head of one number. The second query is 0, so that both keys are alike to it.
/// let query_key_value = [1.0, 100.0, 6.0, 0.0, 0.0, 2.0];
/// let mut context = [0.0; 2];
/// self_attention(&query_key_value, 1, None, &mut context, 2, &mut Scratch::default());
/// assert_eq!(context, [6.0, 4.0]);
/// ```
///
/// # Panics
/// When a slice has another length, or the heads do not divide the hidden size.
pub fn self_attention<'a>(
    query_key_value: &[f32],
    heads: usize,
    bias_by_distance: Option<&dyn Fn(usize) -> &'a [f32]>,
    context: &mut [f32],
    n_tokens: usize,
    scratch: &mut Scratch,
) {
    if n_tokens == 0 {
        return;
    }
    let hidden = context.len() / n_tokens;
    assert_eq!(context.len(), n_tokens * hidden, "expected {n_tokens} rows of the context");
    assert_eq!(
        query_key_value.len(),
        3 * context.len(),
        "expected three times as many numbers as in the context"
    );
    assert!(heads > 0 && hidden.is_multiple_of(heads), "expected {heads} heads to divide {hidden}");
    for head in 0..heads {
        let bias = bias_by_distance.map(|f| f(head));
        if let Some(bias) = bias {
            assert_eq!(bias.len(), 2 * n_tokens - 1, "expected a bias for every distance");
        }
        let head = Head { head, size: hidden / heads, hidden, n_tokens };
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the feature was detected in the line above.
            unsafe { avx512::attend(query_key_value, head, bias, context, &mut scratch.0) };
            continue;
        }
        attend(query_key_value, head, bias, context, &mut scratch.0);
    }
}

/// Which columns of `query_key_value [n_tokens, 3 * hidden]` and `context [n_tokens, hidden]` belong to a head.
#[derive(Debug, Clone, Copy)]
struct Head {
    head: usize,
    size: usize,
    hidden: usize,
    n_tokens: usize,
}

/// One head, in plain products.
fn attend(
    query_key_value: &[f32],
    head: Head,
    bias: Option<&[f32]>,
    context: &mut [f32],
    scores: &mut Vec<f32>,
) {
    let Head { size, hidden, n_tokens: n, .. } = head;
    let column = head.head * size;
    let part = |i: usize| MatRef::with_stride(&query_key_value[i * hidden + column..], n, size, 3 * hidden);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| (((i + seed) * 7919 % 1009) as f32 - 500.0) / 250.0).collect()
    }

    /// Oracle: the formula in `f64`. Tolerance: scores up to 30 have rounding errors of some 1e-5, and the
    /// probabilities that follow from them the same relative ones; contexts are at most 2.
    fn check(
        n: usize,
        heads: usize,
        size: usize,
        with_bias: bool,
        run: impl Fn(&[f32], Head, Option<&[f32]>, &mut [f32]),
    ) {
        let hidden = heads * size;
        let x = numbers(n * 3 * hidden, n);
        let bias = numbers(2 * n - 1, 5);
        let bias = with_bias.then_some(&bias[..]);
        let mut context = vec![f32::NAN; n * hidden];
        for head in 0..heads {
            run(&x, Head { head, size, hidden, n_tokens: n }, bias, &mut context);
        }
        for head in 0..heads {
            let at = |part: usize, token: usize, i: usize| {
                f64::from(x[token * 3 * hidden + part * hidden + head * size + i])
            };
            for query in 0..n {
                let scores: Vec<f64> = (0..n)
                    .map(|key| {
                        let dot: f64 = (0..size).map(|i| at(0, query, i) * at(1, key, i)).sum();
                        dot / (size as f64).sqrt() + bias.map_or(0.0, |b| f64::from(b[n - 1 + key - query]))
                    })
                    .collect();
                let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let e: Vec<f64> = scores.iter().map(|s| (s - max).exp()).collect();
                let total: f64 = e.iter().sum();
                for i in 0..size {
                    let want: f64 = (0..n).map(|key| e[key] / total * at(2, key, i)).sum();
                    let got = f64::from(context[query * hidden + head * size + i]);
                    assert!(
                        (got - want).abs() < 5e-5,
                        "{n} tokens, {heads} heads of {size}: {got}, expected {want}"
                    );
                }
            }
        }
    }

    fn every_shape(run: impl Fn(&[f32], Head, Option<&[f32]>, &mut [f32])) {
        for n in (1..40).chain([63, 64, 65, 130]) {
            for (heads, size) in [(2, 16), (1, 64), (3, 5), (2, 33)] {
                check(n, heads, size, n % 2 == 0, &run);
            }
        }
    }

    #[test]
    fn the_plain_way_follows_the_formula() {
        every_shape(|x, head, bias, context| attend(x, head, bias, context, &mut Vec::new()));
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn avx512_follows_the_formula() {
        if !is_x86_feature_detected!("avx512f") {
            eprintln!("skipped: this processor lacks AVX-512");
            return;
        }
        // SAFETY: the feature was detected above.
        every_shape(|x, head, bias, context| unsafe {
            avx512::attend(x, head, bias, context, &mut Vec::new());
        });
    }

    /// What an earlier, longer sentence left in the scratch memory changes nothing.
    #[test]
    fn a_sentence_does_not_depend_on_the_one_before() {
        let (long, short) = (numbers(50 * 96, 1), numbers(7 * 96, 2));
        let (mut fresh, mut used) = (vec![0.0; 7 * 32], vec![0.0; 7 * 32]);
        let mut scratch = Scratch::default();
        self_attention(&long, 2, None, &mut vec![0.0; 50 * 32], 50, &mut scratch);
        self_attention(&short, 2, None, &mut used, 7, &mut scratch);
        self_attention(&short, 2, None, &mut fresh, 7, &mut Scratch::default());
        assert_eq!(fresh, used);
    }

    #[test]
    #[should_panic(expected = "three times as many")]
    fn a_wrong_length_is_refused() {
        self_attention(&[0.0; 5], 1, None, &mut [0.0; 2], 2, &mut Scratch::default());
    }
}
