//! One sentence through the encoder with everything in between, to be shown: hidden states and attention
//! probabilities. Layers run as in [`Encoder::forward`]; the probabilities are computed beside them.

use super::workspace::with_workspace;
use super::{Encoder, Parallel, staffed};
use crate::error::Result;
use crate::matrix::Matrix;
use crate::tokenizer::{Batch, Encoding};

/// The hidden states and the attention probabilities of one sentence.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ForwardTrace {
    /// `[n_tokens, hidden_size]` after the embeddings, then after each layer: one more than there are layers.
    pub hidden_states: Vec<Matrix>,
    /// `[num_attention_heads * n_tokens, n_tokens]` of each layer: for each head one row per query, whose sum is 1.
    pub attention_probs: Vec<Matrix>,
}

impl Encoder {
    /// Every hidden state of a sentence, and the attention probabilities of every layer.
    ///
    /// The hidden states have the bits of [`forward_layers`](Self::forward_layers). The probabilities are computed
    /// separately from the same queries and keys. They need `4 * num_attention_heads * n_tokens²` bytes per layer:
    /// 12 MiB for 512 tokens and 12 heads.
    ///
    /// # Errors
    /// As for [`forward`](Self::forward).
    ///
    /// ```no_run
    /// # use clsify::{encoder::Encoder, tokenizer::Tokenizer};
    /// let encoder = Encoder::load("distilbert-base-uncased")?;
    /// let tokenizer = Tokenizer::load("distilbert-base-uncased", 512)?;
    /// let trace = encoder.forward_traced(&tokenizer.encode("a visually stunning rumination on love")?)?;
    /// assert_eq!((trace.hidden_states.len(), trace.attention_probs.len()), (7, 6));
    /// assert_eq!(trace.attention_probs[0].shape(), [12 * 9, 9]); // 12 heads, 9 tokens
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn forward_traced(&self, encoding: &Encoding) -> Result<ForwardTrace> {
        let batch = Batch::new([encoding]);
        self.check_lengths(&batch)?;
        let (n_tokens, hidden_size) = (batch.n_tokens(), self.config.hidden_size);
        let (parallel, bias) = (Parallel::Yes.into(), self.weights.position_bias.as_ref());
        staffed(parallel, || {
            let mut x = self.weights.embeddings.forward(&batch, parallel)?;
            let mut hidden_states = vec![Matrix::from_vec(x.clone(), n_tokens, hidden_size)?];
            let mut attention_probs = Vec::new();
            with_workspace(|workspace| {
                for layer in &self.weights.layers {
                    layer.attention.forward(&mut x, &batch, bias, parallel, workspace);
                    let probs = layer.attention.probs_after_forward(n_tokens, bias, workspace);
                    attention_probs.push(Matrix::from_vec(
                        probs,
                        layer.attention.heads * n_tokens,
                        n_tokens,
                    )?);
                    layer.feed_forward.forward(&mut x, n_tokens, parallel, workspace);
                    hidden_states.push(Matrix::from_vec(x.clone(), n_tokens, hidden_size)?);
                }
                Ok(ForwardTrace { hidden_states, attention_probs })
            })
        })
    }
}
