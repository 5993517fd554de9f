//! 4. `hidden_states` -> features `[n_samples, n_features]`: pooling, and the run over all sentences.

mod cache;
mod extract;
mod layers;
mod npy;
mod pooling;
mod sentence_transformers;

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use cache::{CacheOptions, FeatureCache};
pub use extract::{TokenCounts, extract};
pub(crate) use extract::{
    check, check_finite, check_finite_row, check_poolings, check_tokens, extract_unchecked,
};
pub use layers::Layers;
pub use npy::{NpyWriter, save_npy};
pub use pooling::Pooling;

use crate::encoder::EncoderConfig;
use crate::error::Result;

/// Which features to take: the chosen layers side by side, and of each layer the poolings side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureOptions {
    /// The hidden states that are pooled.
    #[serde(default)]
    pub layers: Layers,
    /// How each of them is pooled.
    pub poolings: Vec<Pooling>,
    /// Whether each sentence's vector is divided by its length.
    pub normalize: bool,
}

impl Default for FeatureOptions {
    /// The article's choice: the last layer's `[CLS]` vector as it is.
    fn default() -> Self {
        Pooling::Cls.into()
    }
}

impl From<Pooling> for FeatureOptions {
    /// Of the last layer.
    fn from(pooling: Pooling) -> Self {
        vec![pooling].into()
    }
}

impl From<Vec<Pooling>> for FeatureOptions {
    /// Of the last layer.
    fn from(poolings: Vec<Pooling>) -> Self {
        FeatureOptions { layers: Layers::Last, poolings, normalize: false }
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

    /// The same poolings of other layers.
    pub fn of_layers(self, layers: Layers) -> Self {
        FeatureOptions { layers, ..self }
    }

    /// The topmost layer that is needed of an encoder of so many; what lies above it need not be there.
    ///
    /// # Errors
    /// As for [`Layers::resolve`].
    pub fn depth(&self, num_hidden_layers: usize) -> Result<usize> {
        Ok(*self.layers.resolve(num_hidden_layers)?.end())
    }

    /// Whether the vector at position 0 of the top layer is all that is wanted, so that this layer need not make the
    /// others. The encoder ends with the top layer.
    pub(crate) fn is_first_alone(&self, depth: usize) -> bool {
        let is_top_alone = self.layers.resolve(depth).is_ok_and(|layers| *layers.start() == depth);
        self.poolings == [Pooling::Cls] && is_top_alone && depth > 0
    }

    /// The operations that an encoder needs for these features of a sentence of `n_tokens`, a multiply-add counted as two.
    /// Layers that it does not have are not counted.
    pub fn operations(&self, config: &EncoderConfig, n_tokens: usize) -> f64 {
        let depth = self.depth(config.num_hidden_layers).unwrap_or(config.num_hidden_layers);
        let config = EncoderConfig { num_hidden_layers: depth, ..config.clone() };
        if self.is_first_alone(depth) {
            config.operations_of_first(n_tokens)
        } else {
            config.operations(n_tokens)
        }
    }

    /// Numbers a sentence.
    ///
    /// # Errors
    /// As for [`Layers::resolve`].
    pub fn n_features(&self, config: &EncoderConfig) -> Result<usize> {
        let n_layers = self.layers.resolve(config.num_hidden_layers)?.count();
        Ok(n_layers * self.poolings.len() * config.hidden_size)
    }
}

impl fmt::Display for FeatureOptions {
    /// `cls`, `mean`, `cls+mean`; `cls+mean of layers 9-12`; a trailing `, normalized` where the vectors have length 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", pooling_names(&self.poolings))?;
        match self.layers {
            Layers::Last => {}
            Layers::Range { first, last } if first == last => write!(f, " of layer {first}")?,
            layers => write!(f, " of layers {layers}")?,
        }
        f.write_str(if self.normalize { ", normalized" } else { "" })
    }
}

/// Poolings joined by `+`, as they are written everywhere.
pub fn pooling_names(poolings: &[Pooling]) -> String {
    let names: Vec<String> = poolings.iter().map(Pooling::to_string).collect();
    names.join("+")
}
