//! The features to compute from an encoder's hidden states.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::layers::Layers;
use super::module::Module;
use super::pooling::{Pooling, pooling_names};
use crate::encoder::EncoderConfig;
use crate::error::{Error, ErrorKind, Result};

/// The features to compute: the chosen layers side by side, and for each layer the poolings side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureOptions {
    /// The hidden states that are pooled.
    #[serde(default)]
    pub layers: Layers,
    /// The poolings of each hidden state.
    pub poolings: Vec<Pooling>,
    /// The number of first tokens that are not pooled: those of a prompt that the encoder's folder excludes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub n_prompt_tokens: usize,
    /// The modules applied to the pooled vector of the last layer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modules: Vec<Module>,
    /// True if each sentence's vector is then divided by its length.
    pub normalize: bool,
    /// The number of leading elements that are kept, for the last layer; `None` keeps all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncate_dim: Option<usize>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl Default for FeatureOptions {
    /// The article's choice: the `[CLS]` vector of the last layer, unchanged.
    fn default() -> Self {
        Pooling::Cls.into()
    }
}

impl From<Pooling> for FeatureOptions {
    /// Applies to the last layer.
    fn from(pooling: Pooling) -> Self {
        vec![pooling].into()
    }
}

impl From<Vec<Pooling>> for FeatureOptions {
    /// Applies to the last layer.
    fn from(poolings: Vec<Pooling>) -> Self {
        FeatureOptions {
            layers: Layers::Last,
            poolings,
            n_prompt_tokens: 0,
            modules: Vec::new(),
            normalize: false,
            truncate_dim: None,
        }
    }
}

impl FeatureOptions {
    /// The same poolings for other layers.
    pub fn of_layers(self, layers: Layers) -> Self {
        FeatureOptions { layers, ..self }
    }

    /// The topmost layer that is needed, for an encoder with this many layers; the layers above it need not exist.
    ///
    /// # Errors
    /// As for [`Layers::resolve`].
    pub fn depth(&self, num_hidden_layers: usize) -> Result<usize> {
        Ok(*self.layers.resolve(num_hidden_layers)?.end())
    }

    /// Returns true if only the vector at position 0 of the top layer is needed, so that this layer need not compute
    /// the others. The encoder ends with the top layer.
    pub(crate) fn is_first_alone(&self, depth: usize) -> bool {
        let is_top_alone = self.layers.resolve(depth).is_ok_and(|layers| *layers.start() == depth);
        self.poolings == [Pooling::Cls] && is_top_alone && depth > 0 && self.n_prompt_tokens == 0
    }

    /// The number of operations that an encoder needs for these features of a sentence of `n_tokens`; a multiply-add
    /// counts as two. Layers that it does not have are not counted.
    pub fn operations(&self, config: &EncoderConfig, n_tokens: usize) -> f64 {
        let depth = self.depth(config.num_hidden_layers).unwrap_or(config.num_hidden_layers);
        let config = EncoderConfig { num_hidden_layers: depth, ..config.clone() };
        if self.is_first_alone(depth) {
            config.operations_of_first(n_tokens)
        } else {
            config.operations(n_tokens)
        }
    }

    /// The number of features per sentence.
    ///
    /// # Errors
    /// As for [`Layers::resolve`].
    pub fn n_features(&self, config: &EncoderConfig) -> Result<usize> {
        let width = self.n_modelled(config)?;
        Ok(self.truncate_dim.map_or(width, |n| n.min(width)))
    }

    /// The length of a sentence's vector after pooling.
    pub(crate) fn n_pooled(&self, config: &EncoderConfig) -> Result<usize> {
        let n_layers = self.layers.resolve(config.num_hidden_layers)?.count();
        Ok(n_layers * self.poolings.len() * config.hidden_size)
    }

    /// The length of a sentence's vector after the modules.
    fn n_modelled(&self, config: &EncoderConfig) -> Result<usize> {
        let of_last_layer_only = self.truncate_dim.is_some() || !self.modules.is_empty();
        if of_last_layer_only && self.layers.canonical(config.num_hidden_layers)? != Layers::Last {
            let message = format!(
                "expected the last layer for the dense layers and truncate_dim of this encoder's folder, got {}",
                self.layers
            );
            return Err(Error::new(ErrorKind::InvalidArgument, message)
                .with_hint("choose the pooling too: --pooling cls, mean or max"));
        }
        let mut width = self.n_pooled(config)?;
        for module in &self.modules {
            let Module::Dense { folder, in_features, out_features } = module else { continue };
            if *in_features != width {
                let message = format!(
                    "{folder}: expected a layer that takes {width} numbers, got one that takes {in_features}"
                );
                return Err(Error::new(ErrorKind::Config, message));
            }
            width = *out_features;
        }
        Ok(width)
    }
}

impl fmt::Display for FeatureOptions {
    /// `cls`, `mean`, `cls+mean`; `cls+mean of layers 9-12`; with `, normalized` at the end if the vectors have
    /// length 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", pooling_names(&self.poolings))?;
        match self.layers {
            Layers::Last => {}
            Layers::Range { first, last } if first == last => write!(f, " of layer {first}")?,
            layers => write!(f, " of layers {layers}")?,
        }
        if self.n_prompt_tokens > 0 {
            write!(f, ", without the first {} tokens", self.n_prompt_tokens)?;
        }
        for module in &self.modules {
            match module {
                Module::Dense { folder, out_features, .. } => write!(f, ", {folder} to {out_features}")?,
                Module::Normalize => f.write_str(", normalized")?,
            }
        }
        f.write_str(if self.normalize { ", normalized" } else { "" })?;
        self.truncate_dim.map_or(Ok(()), |n| write!(f, ", the first {n}"))
    }
}
