//! The description of an encoder and of its features in a report.

use serde::Serialize;

use super::encode::Encoded;
use super::sentence_encoder::SentenceEncoder;
use crate::encoder::Dtype;
use crate::features::{Layers, TokenCounts, pooling_names};

/// The encoder, and the features that were computed with it.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct EncoderReport {
    /// Its name.
    pub name: String,
    /// Its family.
    pub model_type: String,
    /// The size of the hidden states.
    pub hidden_size: usize,
    /// The number of transformer layers.
    pub num_hidden_layers: usize,
    /// The hidden states that were pooled.
    pub layers: Layers,
    /// `cls`, `mean`, `max`, or several joined by `+`.
    pub pooling: String,
    /// True if vectors were divided by their length.
    pub normalize: bool,
    /// The maximum number of tokens per sentence.
    pub max_length: usize,
    /// The text before every sentence, if there is one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prompt: String,
    /// The data type of the products.
    pub dtype: Dtype,
}

impl EncoderReport {
    /// Describes an encoder.
    pub fn of(encoder: &SentenceEncoder) -> Self {
        let config = encoder.config();
        EncoderReport {
            name: encoder.name().to_string(),
            model_type: config.model_type.clone(),
            hidden_size: config.hidden_size,
            num_hidden_layers: config.num_hidden_layers,
            layers: encoder.features().layers,
            pooling: pooling_names(&encoder.features().poolings),
            normalize: encoder.features().normalize,
            max_length: encoder.tokenizer().max_length(),
            prompt: encoder.tokenizer().prompt().to_string(),
            dtype: encoder.dtype(),
        }
    }

    /// The features in words: `cls of the last layer`, `mean of layer 8`, `cls+mean of layers 7-10`.
    pub fn pooled(&self) -> String {
        let of = match self.layers {
            Layers::Last => "the last layer".to_string(),
            Layers::All => "all layers".to_string(),
            Layers::Range { first, last } if first == last => format!("layer {first}"),
            layers => format!("layers {layers}"),
        };
        format!("{} of {of}", self.pooling)
    }
}

/// A feature matrix.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct FeaturesReport {
    /// `[n_samples, n_features]`.
    pub shape: [usize; 2],
    /// The token counts.
    #[serde(flatten)]
    pub counts: TokenCounts,
}

impl FeaturesReport {
    pub(crate) fn of(encoded: &Encoded) -> Self {
        FeaturesReport { shape: encoded.features.shape(), counts: encoded.counts }
    }
}
