//! 4. `hidden_states` -> features `[n_samples, n_features]`: pooling, and the run over all sentences.

mod cache;
mod extract;
mod npy;
mod pooling;
mod sentence_transformers;

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use cache::{CacheOptions, FeatureCache};
pub(crate) use extract::check;
pub use extract::{TokenCounts, extract};
pub use npy::{NpyWriter, save_npy};
pub use pooling::Pooling;

use crate::encoder::EncoderConfig;
use crate::error::Result;

/// Which features to take from the last layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureOptions {
    /// Poolings whose vectors stand side by side.
    pub poolings: Vec<Pooling>,
    /// Whether each sentence's vector is divided by its length.
    pub normalize: bool,
}

impl Default for FeatureOptions {
    /// The article's choice: the `[CLS]` vector as it is.
    fn default() -> Self {
        Pooling::Cls.into()
    }
}

impl From<Pooling> for FeatureOptions {
    fn from(pooling: Pooling) -> Self {
        FeatureOptions { poolings: vec![pooling], normalize: false }
    }
}

impl FeatureOptions {
    /// What a sentence-transformers folder asks for in `modules.json` and `1_Pooling/config.json`, both generations.
    /// `None` when the folder holds a plain encoder.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when a module or pooling is not supported.
    pub fn from_folder(folder: &Path) -> Result<Option<Self>> {
        sentence_transformers::options(folder)
    }

    /// Whether the vector at position 0 is all that is wanted, so that the last layer need not make the others.
    pub(crate) fn is_first_alone(&self) -> bool {
        self.poolings == [Pooling::Cls]
    }

    /// The operations that an encoder needs for these features of a sentence of `n_tokens`, a multiply-add counted as two.
    pub fn operations(&self, config: &EncoderConfig, n_tokens: usize) -> f64 {
        if self.is_first_alone() { config.operations_of_first(n_tokens) } else { config.operations(n_tokens) }
    }

    /// Numbers a sentence, for an encoder of this width.
    pub fn n_features(&self, hidden_size: usize) -> usize {
        self.poolings.len() * hidden_size
    }
}

impl fmt::Display for FeatureOptions {
    /// `cls`, `mean`, `cls+mean`; a trailing `, normalized` where the vectors have length 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.poolings.iter().map(Pooling::to_string).collect();
        write!(f, "{}{}", names.join("+"), if self.normalize { ", normalized" } else { "" })
    }
}
