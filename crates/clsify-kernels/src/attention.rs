//! Self-attention of one sentence: `context = softmax(Q Kᵀ / √head_size + bias) V` for each head.
//!
//! Source: Vaswani et al., arXiv 1706.03762, section 3.2.1. Sentences are short (about 20 tokens), so all data of a
//! head stays in the first-level cache, and most time is spent outside the products. The keys of a head are copied
//! transposed, and its values beside them. Then six queries at a time are multiplied by all keys, turned into
//! probabilities in place, and multiplied by all values.
//!
//! With one instruction set, a row of the context depends on the sentence alone, bit for bit.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
mod probs;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

pub use probs::attention_probs;

/// Scratch memory, which calls for different sentences can share.
#[derive(Debug, Clone, Default)]
pub struct Scratch(Vec<f32>);

/// Self-attention between all tokens of a sentence.
///
/// `query_key_value [n_tokens, 3 * hidden]` has for each token its queries, keys and values, head after head;
/// `context [n_tokens, hidden]` is the output. `bias_by_distance(head)` returns the numbers that are added to the
/// scores of a head, `[2 * n_tokens - 1]`, by the distance `key - query` from `1 - n_tokens` on.
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
/// Panics if a slice has another length, or the heads do not divide the hidden size.
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
        AVAILABLE[0].attend(query_key_value, head, bias, context, &mut scratch.0);
    }
}

/// The columns of `query_key_value [n_tokens, 3 * hidden]` and `context [n_tokens, hidden]` that belong to a head.
#[derive(Debug, Clone, Copy)]
struct Head {
    head: usize,
    size: usize,
    hidden: usize,
    n_tokens: usize,
}

/// The attention of one head for one instruction set; a value exists only if the processor supports it.
trait AttentionKernel: Send + Sync {
    /// Computes the columns of `context` that belong to a head; `bias` is `[2 * n_tokens - 1]`, by distance.
    ///
    /// # Panics
    /// Panics if a slice is shorter than the head says.
    fn attend(
        &self,
        query_key_value: &[f32],
        head: Head,
        bias: Option<&[f32]>,
        context: &mut [f32],
        scratch: &mut Vec<f32>,
    );
}

/// Returns the kernel, if this processor has its instructions.
type Detect = fn() -> Option<Box<dyn AttentionKernel>>;

/// Every kernel of this build, the fastest first: the order of preference.
const KERNELS: &[Detect] = &[
    #[cfg(target_arch = "x86_64")]
    avx512::Avx512::detect,
    portable::Portable::detect,
];

/// The kernels that this processor supports, the fastest first.
static AVAILABLE: LazyLock<Vec<Box<dyn AttentionKernel>>> =
    LazyLock::new(|| KERNELS.iter().filter_map(|detect| detect()).collect());
