//! One sentence on its way through an encoder, to be shown: its tokens with their places in the text, every hidden
//! state, and the attention probabilities of every layer.

use std::ops::Range;

use super::sentence_encoder::SentenceEncoder;
use crate::encoder::ForwardTrace;
use crate::error::Result;
use crate::features::{FeatureOptions, check_finite_row, check_poolings, check_tokens};
use crate::matrix::Matrix;

/// A sentence's tokens, hidden states and attention probabilities, from [`SentenceEncoder::trace`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Trace {
    /// The tokens, in order: special tokens, those of the encoder's prompt, and those of the sentence.
    pub tokens: Vec<TracedToken>,
    /// `[n_tokens, hidden_size]` after the embeddings, then after each layer up to the topmost one that the features
    /// need.
    pub hidden_states: Vec<Matrix>,
    /// `[num_attention_heads * n_tokens, n_tokens]` of each of these layers: for each head one row per query, whose sum
    /// is 1.
    pub attention_probs: Vec<Matrix>,
    /// True if the sentence was longer than the limit; the tokens beyond it are missing.
    pub is_truncated: bool,
}

/// A token of a [`Trace`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TracedToken {
    /// Its text in the vocabulary: `[CLS]`, `rum`, `##ination`, ...
    pub token: String,
    /// Its id: a row of the word embedding table.
    pub id: u32,
    /// True if the tokenizer adds it to every sentence, such as `[CLS]`; false if it is written in the text.
    pub is_special: bool,
    /// The bytes of the sentence that it stands for, without blanks at their ends; they start and end at characters and
    /// are never empty. A token of blanks alone has its blanks.
    ///
    /// `None` for special tokens, those of the prompt, and those that stand for nothing in the text, such as a `▁` that
    /// some tokenizers put before a word. The ranges are those of the text as it was given, before lowercasing and
    /// normalisation. If several tokens share a character, as bytes of an emoji in byte-level BPE do, each has the
    /// range of the whole character. An accent that follows its letter belongs to the letter's token, even if
    /// normalisation strips it. Other characters that normalisation removes, such as control characters, are inside the
    /// range of the word around them, or outside every range.
    pub range: Option<Range<usize>>,
}

impl SentenceEncoder {
    /// Runs one sentence through the encoder and keeps everything in between: for explanations, not for speed.
    ///
    /// The tokens and the hidden states are those from which [`encode`](Self::encode) computes the features. The cache
    /// is not used.
    ///
    /// # Errors
    /// As for [`encode`](Self::encode), without the index of the sentence.
    ///
    /// ```no_run
    /// use clsify::model::SentenceEncoder;
    /// let encoder = SentenceEncoder::load("distilbert-base-uncased")?;
    /// let text = "a visually stunning rumination on love";
    /// let trace = encoder.trace(text)?;
    /// let token = &trace.tokens[4];
    /// assert_eq!((token.token.as_str(), &text[token.range.clone().unwrap()]), ("rum", "rum"));
    /// assert_eq!(trace.hidden_states[6].shape(), [9, 768]);
    /// // Head 2 of the first layer, query 4: one probability per key.
    /// assert_eq!(trace.attention_probs[0].row(2 * trace.tokens.len() + 4).len(), 9);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn trace(&self, text: &str) -> Result<Trace> {
        check_poolings(self.features())?;
        let (encoding, places) = self.tokenizer().encode_with_places(text)?;
        check_tokens(&encoding)?;
        let ForwardTrace { hidden_states, attention_probs, .. } =
            self.encoder()?.forward_traced(&encoding)?;
        hidden_states.iter().try_for_each(|state| check_finite_row(state.as_slice()))?;
        let tokens = self.tokenizer().tokens(&encoding).into_iter().zip(&encoding.input_ids).zip(places);
        let tokens = tokens.map(|((token, &id), place)| TracedToken {
            token,
            id,
            is_special: place.is_special,
            range: place.range,
        });
        let tokens = tokens.collect();
        Ok(Trace { tokens, hidden_states, attention_probs, is_truncated: encoding.is_truncated })
    }

    /// The features of a traced sentence if the hidden state number `layer` were the one that they are computed from:
    /// with the same poolings, prompt, modules, normalisation and truncation. 0 is the embeddings.
    ///
    /// For the layer of [`features`](Self::features) these are the features of [`encode`](Self::encode), except for
    /// the last digits if only `cls` is pooled, for which `encode` computes the last layer in another way. `None` if
    /// the features combine several layers, the trace has no such layer, or it is of an encoder of another shape.
    ///
    /// ```no_run
    /// # use clsify::model::SentenceEncoder;
    /// let encoder = SentenceEncoder::load("distilbert-base-uncased")?;
    /// let trace = encoder.trace("a visually stunning rumination on love")?;
    /// assert_eq!(encoder.features_of_layer(&trace, 3).unwrap().len(), encoder.n_features());
    /// assert!(encoder.features_of_layer(&trace, 7).is_none());
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn features_of_layer(&self, trace: &Trace, layer: usize) -> Option<Vec<f32>> {
        let FeatureOptions { layers, poolings, .. } = self.features();
        let layers = layers.resolve(self.config().num_hidden_layers).ok()?;
        let hidden_state = trace.hidden_states.get(layer)?;
        let is_pooled = layers.start() == layers.end() && !poolings.is_empty();
        let fits = is_pooled && hidden_state.rows() > 0 && hidden_state.cols() == self.config().hidden_size;
        // A trace of this encoder has loaded the weights.
        let weights = self.loaded_weights().filter(|_| fits)?;
        Some(weights.features_of_hidden_state(hidden_state, self.features()))
    }
}
