//! Self-attention of one sentence: `context = softmax(Q Kᵀ / √head_size + bias) V` for each head, and its gradient.
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
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use crate::dropout::Dropout;

/// Scratch memory, which calls for different sentences can share.
#[derive(Debug, Clone, Default)]
pub struct Scratch(Vec<f32>);

/// Numbers that are added to the attention scores, by head and distance.
#[derive(Debug, Clone, Copy)]
pub struct DistanceBias<'a> {
    /// `[heads, 2 * max_tokens - 1]`, by the distance `key - query` from `1 - max_tokens` on.
    pub biases: &'a [f32],
    /// The maximum number of tokens of a sentence.
    pub max_tokens: usize,
}

impl<'a> DistanceBias<'a> {
    /// The biases of a head in a sentence, `[2 * n_tokens - 1]`, by distance from `1 - n_tokens` on.
    ///
    /// ```
    /// use clsify_kernels::attention::DistanceBias;
    /// let bias = DistanceBias { biases: &[1.0, 2.0, 3.0, 4.0, 5.0], max_tokens: 3 };
    /// assert_eq!(bias.of_head(0, 2), [2.0, 3.0, 4.0]);
    /// ```
    ///
    /// # Panics
    /// Panics if there is no such head, or the sentence has no or too many tokens.
    pub fn of_head(self, head: usize, n_tokens: usize) -> &'a [f32] {
        let first = head * (2 * self.max_tokens - 1) + self.max_tokens - n_tokens;
        &self.biases[first..first + 2 * n_tokens - 1]
    }
}

/// Self-attention between all tokens of a sentence.
///
/// ```
/// use clsify_kernels::attention::{Scratch, SelfAttention};
/// // One head of one number. The second query is 0, so that both keys are alike to it.
/// let attention = SelfAttention::new(&[1.0, 100.0, 6.0, 0.0, 0.0, 2.0], 1, 2);
/// let (mut context, mut probs) = ([0.0; 2], [0.0; 4]);
/// attention.context(&mut context, &mut Scratch::default());
/// attention.probs(&mut probs);
/// assert_eq!((context, &probs[2..]), ([6.0, 4.0], &[0.5, 0.5][..]));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct SelfAttention<'a> {
    query_key_value: &'a [f32],
    heads: usize,
    hidden: usize,
    n_tokens: usize,
    bias: Option<DistanceBias<'a>>,
    dropout: Option<Dropout>,
}

impl<'a> SelfAttention<'a> {
    /// Takes `query_key_value [n_tokens, 3 * hidden]`: for each token its queries, keys and values, head after head.
    ///
    /// # Panics
    /// Panics if these are not `n_tokens` rows, or the heads do not divide the hidden size.
    pub fn new(query_key_value: &'a [f32], heads: usize, n_tokens: usize) -> Self {
        let hidden = query_key_value.len() / (3 * n_tokens).max(1);
        assert_eq!(query_key_value.len(), n_tokens * 3 * hidden, "expected {n_tokens} rows of three vectors");
        assert!(heads > 0 && hidden.is_multiple_of(heads), "expected {heads} heads to divide {hidden}");
        SelfAttention { query_key_value, heads, hidden, n_tokens, bias: None, dropout: None }
    }

    /// Adds a bias to the scores.
    #[must_use]
    pub fn with_bias(self, bias: Option<DistanceBias<'a>>) -> Self {
        SelfAttention { bias, ..self }
    }

    /// Drops some of the probabilities. The index of a probability is `(head * n_tokens + query) * n_tokens + key`.
    #[must_use]
    pub fn with_dropout(self, dropout: Option<Dropout>) -> Self {
        SelfAttention { dropout, ..self }
    }

    /// Computes `context [n_tokens, hidden]`.
    ///
    /// # Panics
    /// Panics if the context has another length.
    pub fn context(&self, context: &mut [f32], scratch: &mut Scratch) {
        self.check(context);
        for head in 0..self.heads_to_do() {
            AVAILABLE[0].attend(&self.head(head), context, &mut scratch.0);
        }
    }

    /// The probabilities before dropout, `[heads, n_tokens, n_tokens]`: for each head one row per query, whose sum is 1.
    /// The code is the same on every processor, so that the last digits may differ from those in the context.
    ///
    /// # Panics
    /// Panics if `probs` has another length.
    pub fn probs(&self, probs: &mut [f32]) {
        let n = self.n_tokens;
        assert_eq!(probs.len(), self.heads * n * n, "expected {n} rows for each of {} heads", self.heads);
        for (head, probs) in (0..self.heads_to_do()).zip(probs.chunks_exact_mut((n * n).max(1))) {
            portable::probabilities(&self.head(head), probs);
        }
    }

    /// Computes the gradient of `query_key_value`, in its shape, from that of the context. `bias_gradient [heads, 2 *
    /// n_tokens - 1]`, if it is given, receives the gradient of the biases, by distance.
    ///
    /// # Panics
    /// Panics if a slice has another length.
    pub fn backward(
        &self,
        context_gradient: &[f32],
        gradient: &mut [f32],
        bias_gradient: Option<&mut [f32]>,
        scratch: &mut Scratch,
    ) {
        self.check(context_gradient);
        assert_eq!(
            gradient.len(),
            self.query_key_value.len(),
            "expected the shape of queries, keys and values"
        );
        let distances = (2 * self.n_tokens).saturating_sub(1);
        let mut biases = bias_gradient.map(|biases| {
            assert_eq!(biases.len(), self.heads * distances, "expected a bias for every distance");
            biases.fill(0.0);
            biases.chunks_exact_mut(distances.max(1))
        });
        for head in 0..self.heads_to_do() {
            let bias = biases.as_mut().and_then(Iterator::next);
            AVAILABLE[0].backward(&self.head(head), context_gradient, gradient, bias, &mut scratch.0);
        }
    }

    fn check(&self, context: &[f32]) {
        let numbers = self.n_tokens * self.hidden;
        assert_eq!(context.len(), numbers, "expected {} rows of the context", self.n_tokens);
    }

    /// None if there are no tokens.
    fn heads_to_do(&self) -> usize {
        if self.n_tokens == 0 { 0 } else { self.heads }
    }

    fn head(&self, head: usize) -> Head<'a> {
        Head {
            query_key_value: self.query_key_value,
            first_column: head * (self.hidden / self.heads),
            size: self.hidden / self.heads,
            hidden: self.hidden,
            n_tokens: self.n_tokens,
            bias: self.bias.map(|bias| bias.of_head(head, self.n_tokens)),
            dropout: self.dropout,
            first_prob: head * self.n_tokens * self.n_tokens,
        }
    }
}

/// A head: its columns of `query_key_value [n_tokens, 3 * hidden]` and `context [n_tokens, hidden]`.
#[derive(Debug, Clone, Copy)]
struct Head<'a> {
    query_key_value: &'a [f32],
    first_column: usize,
    size: usize,
    hidden: usize,
    n_tokens: usize,
    /// `[2 * n_tokens - 1]`.
    bias: Option<&'a [f32]>,
    dropout: Option<Dropout>,
    /// The index of its first probability in the dropout.
    first_prob: usize,
}

impl Head<'_> {
    /// The number that the scores are multiplied by.
    fn scale(&self) -> f32 {
        1.0 / (self.size as f32).sqrt()
    }

    /// The biases of a query, `[n_tokens]`.
    fn bias_of(&self, query: usize) -> Option<&[f32]> {
        self.bias.map(|bias| &bias[self.n_tokens - 1 - query..][..self.n_tokens])
    }

    /// Drops probabilities of a query, or their gradients.
    fn drop_probs(&self, query: usize, row: &mut [f32]) {
        if let Some(dropout) = self.dropout {
            dropout.apply(&mut row[..self.n_tokens], self.first_prob + query * self.n_tokens);
        }
    }
}

/// The attention of one head for one instruction set; a value exists only if the processor supports it.
trait AttentionKernel: Send + Sync {
    /// Computes the columns of `context` that belong to a head.
    ///
    /// # Panics
    /// Panics if a slice is shorter than the head says.
    fn attend(&self, head: &Head, context: &mut [f32], scratch: &mut Vec<f32>);

    /// Computes the columns of `gradient [n_tokens, 3 * hidden]` that belong to a head, and adds the gradients of its
    /// biases.
    ///
    /// # Panics
    /// Panics if a slice is shorter than the head says.
    fn backward(
        &self,
        head: &Head,
        context_gradient: &[f32],
        gradient: &mut [f32],
        bias_gradient: Option<&mut [f32]>,
        scratch: &mut Vec<f32>,
    );
}

/// Adds the gradients of a query's scores to those of the biases by distance.
fn add_to_biases(head: &Head, query: usize, scores: &[f32], biases: &mut [f32]) {
    for (bias, score) in biases[head.n_tokens - 1 - query..].iter_mut().zip(&scores[..head.n_tokens]) {
        *bias += score;
    }
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
