//! An encoder that computes batches, shared by all models whose features it gives.

use clsify::error::Result;
use clsify::matrix::Matrix;
use clsify::model::SentenceEncoder;
use clsify::tokenizer::Encoding;

/// An encoder with its choice of features. The tokenizer of a request's model has turned its texts into ids before.
#[derive(Debug)]
pub(crate) struct Engine(SentenceEncoder);

impl Engine {
    pub(crate) fn new(encoder: SentenceEncoder) -> Self {
        Engine(encoder)
    }

    /// Returns true if this engine gives the features of that encoder.
    pub(crate) fn is_of(&self, encoder: &SentenceEncoder) -> bool {
        self.0.shares_weights_with(encoder) && self.0.features() == encoder.features()
    }

    /// The features of every encoding, `[n_encodings, n_features]`, all of them finite.
    pub(crate) fn embed(&self, encodings: &[Encoding]) -> Result<Matrix> {
        self.0.embed_encodings(encodings)
    }
}
