//! What the scenes inside the encoder derive from a trace: the tokens to show, and the layers that the features use.

use std::ops::RangeInclusive;

use clsify::features::Pooling;
use clsify::studies::WalkedSentence;
use serde_json::{Value, json};

use super::walk::Walk;
use super::walked::word_of_tokens;
use super::words::{Words, words};

/// The number of a sentence's first tokens that the figures show.
pub(super) const MOST_TOKENS: usize = 64;

/// The number of tokens of a sentence that the figures show.
pub(super) fn n_shown(sentence: &WalkedSentence) -> usize {
    sentence.trace.tokens.len().min(MOST_TOKENS)
}

/// The shown tokens of a sentence: their texts, the words that they belong to, the indices of the special ones, and the number of all.
pub(super) fn tokens(sentence: &WalkedSentence) -> Value {
    let tokens = &sentence.trace.tokens[..n_shown(sentence)];
    let mut words = word_of_tokens(sentence);
    words.truncate(tokens.len());
    let special = tokens.iter().enumerate().filter(|(_, token)| token.is_special).map(|(i, _)| i);
    json!({
        "texts": tokens.iter().map(|token| &token.token).collect::<Vec<_>>(),
        "words": words,
        "special": special.collect::<Vec<_>>(),
        "n": sentence.trace.tokens.len(),
    })
}

/// The hidden states that the features are computed from; 0 is the embeddings.
pub(super) fn used_layers(walk: &Walk) -> RangeInclusive<usize> {
    let encoder = walk.classifier.encoder();
    let top = walk.sentences[0].trace.hidden_states.len().saturating_sub(1);
    encoder.features().layers.resolve(encoder.config().num_hidden_layers).unwrap_or(top..=top)
}

/// True if the features have the vector of one position alone, and not that of all.
pub(super) fn is_one_position(walk: &Walk) -> bool {
    walk.classifier.encoder().features().poolings == [Pooling::Cls]
}

/// The name of a hidden state.
pub(super) fn layer_name(layer: usize) -> Words {
    match layer {
        0 => words("embeddings", "嵌入"),
        layer => words(format!("layer {layer}"), format!("第 {layer} 层")),
    }
}
