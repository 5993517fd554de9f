//! The choice of an encoder, and of what it computes, as Python passes it.

use std::path::PathBuf;
use std::sync::Arc;

use clsify::encoder::Dtype;
use clsify::error::Result;
use clsify::features::{CacheOptions, FeatureCache, Layers, prompt_text};
use clsify::model::{Features, SentenceEncoderOptions};
use clsify_hub::{Hub, Located, Origin};
use serde::Deserialize;

use crate::work::Reporter;

/// An encoder by name, with its options.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EncoderSpec {
    /// A folder, a name that `clsify list` shows, or a model hub id.
    pub(crate) model: String,
    /// The default is the article's.
    pub(crate) pooling: Option<String>,
    /// The default is the last layer.
    pub(crate) layers: Option<String>,
    pub(crate) max_length: Option<usize>,
    /// A text, or the name of a prompt of the folder.
    pub(crate) prompt: Option<String>,
    /// A data type, or `auto`.
    pub(crate) dtype: String,
    pub(crate) cache: Option<CacheSpec>,
}

/// A cache of features.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CacheSpec {
    /// The default is that of the program.
    folder: Option<PathBuf>,
    max_bytes: u64,
}

impl CacheSpec {
    pub(crate) fn open(&self) -> FeatureCache {
        let default = || Hub::from_env().cache_folder().join("features");
        let folder = self.folder.clone().unwrap_or_else(default);
        FeatureCache::open(CacheOptions { folder, max_bytes: self.max_bytes })
    }
}

impl EncoderSpec {
    /// Finds the encoder, or fetches it, and returns its folder with the options.
    ///
    /// # Errors
    /// As for [`Hub::pull`]; an option that is none.
    pub(crate) fn find(&self, observer: Arc<Reporter>) -> Result<(PathBuf, SentenceEncoderOptions)> {
        let layers: Layers = self.layers.as_deref().map(str::parse).transpose()?.unwrap_or_default();
        let features = self.pooling.as_deref().map(str::parse::<Features>).transpose();
        let features = features.map_err(|error| error.at("pooling"))?.unwrap_or_default();
        let dtype = dtype(&self.dtype)?;
        let hub = Hub::from_env().with_observer(observer.clone());
        let Located { folder, name, origin, .. } = hub.pull(&self.model)?;
        let prompt = self.prompt.as_ref().map(|prompt| prompt_text(&folder, prompt)).transpose()?;
        let options = SentenceEncoderOptions {
            features: features.of_layers(layers),
            max_length: self.max_length,
            prompt,
            dtype,
            cache: self.cache.as_ref().map(CacheSpec::open),
            name: (origin != Origin::Folder).then_some(name),
            hash_folder: Some(hash_folder(&hub)),
            observer,
            ..SentenceEncoderOptions::default()
        };
        Ok((folder, options))
    }
}

/// The data type of this name; `auto` is the fastest that costs almost no accuracy.
///
/// # Errors
/// There is none of this name.
pub(crate) fn dtype(name: &str) -> Result<Dtype> {
    if name == "auto" { Ok(Dtype::auto()) } else { name.parse() }
}

/// The folder in which the sha256 of encoder files is remembered.
pub(crate) fn hash_folder(hub: &Hub) -> PathBuf {
    hub.cache_folder().join("hashes")
}
