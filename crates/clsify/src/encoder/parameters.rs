//! The number of parameters of an encoder.

use super::EncoderConfig;

impl EncoderConfig {
    /// The parameters of the encoder: those of the tables and of all layers. Heads and poolers, which the encoder does not use, are
    /// not counted.
    ///
    /// ```
    /// # use clsify::encoder::EncoderConfig;
    /// let config = EncoderConfig::from_json(
    ///     r#"{"model_type": "distilbert", "vocab_size": 30522, "dim": 768, "n_layers": 6, "n_heads": 12,
    ///         "hidden_dim": 3072, "max_position_embeddings": 512}"#,
    /// )?;
    /// assert_eq!(config.n_parameters(), 66_362_880);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn n_parameters(&self) -> usize {
        self.n_table_parameters() + self.num_hidden_layers * self.n_layer_parameters()
    }

    /// The parameters that do not belong to a layer: the word, position and token type embeddings with their normalisation, ELECTRA's
    /// projection, and MPNet's relative attention bias.
    pub fn n_table_parameters(&self) -> usize {
        let rows = self.vocab_size + self.max_position_embeddings + self.type_vocab_size;
        let norm = 2 * self.embedding_size;
        let projection = match self.embedding_size == self.hidden_size {
            true => 0,
            false => (self.embedding_size + 1) * self.hidden_size,
        };
        let attention_bias = self.relative_attention_num_buckets.unwrap_or(0) * self.num_attention_heads;
        rows * self.embedding_size + norm + projection + attention_bias
    }

    /// The parameters of one layer: query, key, value and output of the attention, the two products of the feed-forward part, and
    /// two normalisations.
    pub fn n_layer_parameters(&self) -> usize {
        let (hidden, intermediate) = (self.hidden_size, self.intermediate_size);
        let attention = 4 * (hidden + 1) * hidden;
        let feed_forward = (hidden + 1) * intermediate + (intermediate + 1) * hidden;
        attention + feed_forward + 2 * (2 * hidden)
    }
}
