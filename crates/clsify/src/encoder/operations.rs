//! The number of operations that an encoder needs, with which its speed is compared.
//!
//! These are the operations of the matrix products; a multiply-add counts as two. With `H` the hidden size, `F` the
//! intermediate size and `L` the tokens of a sentence, a layer needs
//!
//! ```text
//! for each token        4 H² + 2 H F     query, key, value, output; the two feed-forward products
//!                       + 2 L H          attention scores, and the mixture of the values
//! for position 0 alone  4 H² + 2 H F     query, W_kᵀ q, W_v, output; the two feed-forward products
//!                       + 2 heads L H    attention scores, and the mixture of the inputs
//! ```
//!
//! multiply-adds. The second form is that of the last layer if only position 0 is needed (`cls_layer.rs`). Softmax,
//! normalisation and activation are not counted; there is no padding.

use super::EncoderConfig;

impl EncoderConfig {
    /// Operations of [`Encoder::forward`](super::Encoder::forward) for a sentence of `n_tokens`.
    ///
    /// ```
    /// # use clsify::encoder::EncoderConfig;
    /// let config = EncoderConfig::from_json(
    ///     r#"{"model_type": "distilbert", "vocab_size": 30522, "dim": 768, "n_layers": 6, "n_heads": 12,
    ///         "hidden_dim": 3072}"#,
    /// )?;
    /// // Two for each weight of the layers' matrices, and those of attention.
    /// assert_eq!(config.operations(1), 2.0 * 6.0 * (7_077_888.0 + 2.0 * 768.0));
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn operations(&self, n_tokens: usize) -> f64 {
        2.0 * (self.embedding_multiply_adds(n_tokens)
            + self.num_hidden_layers as f64 * self.layer_multiply_adds(n_tokens))
    }

    /// Operations of [`Encoder::forward_first`](super::Encoder::forward_first) for a sentence of `n_tokens`.
    pub fn operations_of_first(&self, n_tokens: usize) -> f64 {
        let scores_and_mixture = 2 * self.num_attention_heads * n_tokens;
        let last = self.matrices() + scores_and_mixture as f64 * self.hidden_size as f64;
        let others = self.num_hidden_layers.saturating_sub(1) as f64;
        2.0 * (self.embedding_multiply_adds(n_tokens) + others * self.layer_multiply_adds(n_tokens) + last)
    }

    /// The weights of a layer's matrices, each of which is used once per token.
    fn matrices(&self) -> f64 {
        let (hidden, intermediate) = (self.hidden_size as f64, self.intermediate_size as f64);
        4.0 * hidden * hidden + 2.0 * hidden * intermediate
    }

    fn layer_multiply_adds(&self, n_tokens: usize) -> f64 {
        let n_tokens = n_tokens as f64;
        n_tokens * (self.matrices() + 2.0 * n_tokens * self.hidden_size as f64)
    }

    /// ELECTRA's projection of small embeddings.
    fn embedding_multiply_adds(&self, n_tokens: usize) -> f64 {
        let is_projected = self.embedding_size != self.hidden_size;
        let weights = if is_projected { self.embedding_size as f64 * self.hidden_size as f64 } else { 0.0 };
        n_tokens as f64 * weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: multiply-adds counted by hand, product by product, for 2 heads, H = 4, F = 8, 3 layers and 5 tokens.
    #[test]
    fn operations_are_those_of_a_count_by_hand() {
        let json = |model_type: &str, more: &str| {
            let json = format!(
                r#"{{"model_type": "{model_type}", "vocab_size": 9, "hidden_size": 4, "num_hidden_layers": 3,
                     "num_attention_heads": 2, "intermediate_size": 8{more}}}"#
            );
            EncoderConfig::from_json(&json).unwrap()
        };
        let config = json("bert", "");
        let query_key_value = 5 * 4 * 12;
        let scores = 2 * 5 * 5 * 2; // heads, queries, keys, head_size
        let mixture = 2 * 5 * 5 * 2;
        let output = 5 * 4 * 4;
        let feed_forward = 5 * 4 * 8 + 5 * 8 * 4;
        let layer = query_key_value + scores + mixture + output + feed_forward;
        assert_eq!(config.operations(5), f64::from(2 * 3 * layer));

        let query = 4 * 4;
        let folded_keys = 2 * 2 * 4; // heads, head_size, hidden
        let scores = 2 * 5 * 4; // heads, tokens, hidden
        let mixture = 2 * 5 * 4;
        let values = 2 * 4 * 2; // heads, hidden, head_size
        let output = 4 * 4;
        let feed_forward = 4 * 8 + 8 * 4;
        let last = query + folded_keys + scores + mixture + values + output + feed_forward;
        assert_eq!(config.operations_of_first(5), f64::from(2 * (2 * layer + last)));

        let narrow = json("electra", r#", "embedding_size": 2"#);
        assert_eq!(narrow.operations(5), f64::from(2 * (3 * layer + 5 * 2 * 4)));
        assert_eq!(narrow.operations_of_first(5), f64::from(2 * (2 * layer + last + 5 * 2 * 4)));
    }
}
