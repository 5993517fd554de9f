//! The options of an encoder of sentences.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use crate::encoder::Dtype;
use crate::error::{Error, ErrorKind};
use crate::features::{FeatureCache, FeatureOptions, Layers, Pooling};
use crate::observer::Observer;

/// The features that a [`SentenceEncoder`](super::SentenceEncoder) computes.
#[derive(Debug, Clone, PartialEq)]
pub enum Features {
    /// These features, without the other settings of a sentence-transformers folder. The default is the `[CLS]`
    /// vector of the last layer, as in the article.
    Given(FeatureOptions),
    /// All settings of a sentence-transformers folder, as read by
    /// [`SentenceTransformer`](crate::features::SentenceTransformer): its pooling and modules,
    /// its maximum length, its prompt, and its lowercasing. For other folders it is the `[CLS]` vector.
    SentenceTransformer {
        /// The hidden states to pool.
        layers: Layers,
    },
}

impl Default for Features {
    fn default() -> Self {
        Features::Given(FeatureOptions::default())
    }
}

impl From<FeatureOptions> for Features {
    fn from(features: FeatureOptions) -> Self {
        Features::Given(features)
    }
}

impl From<Pooling> for Features {
    /// Applies to the last layer.
    fn from(pooling: Pooling) -> Self {
        Features::Given(pooling.into())
    }
}

impl Features {
    /// The same poolings for other layers.
    pub fn of_layers(self, layers: Layers) -> Self {
        match self {
            Features::Given(features) => features.of_layers(layers).into(),
            Features::SentenceTransformer { .. } => Features::SentenceTransformer { layers },
        }
    }
}

/// `auto` for the settings of the folder, or the names of poolings joined by `+`; for the last layer.
///
/// ```
/// use clsify::features::Pooling;
/// use clsify::model::Features;
/// assert_eq!("mean".parse::<Features>()?, Pooling::Mean.into());
/// assert!("mean+mean".parse::<Features>().is_err());
/// # Ok::<(), clsify::error::Error>(())
/// ```
impl FromStr for Features {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text == "auto" {
            return Ok(Features::SentenceTransformer { layers: Layers::default() });
        }
        let refuse = |message: &str| Error::new(ErrorKind::InvalidArgument, message);
        let parse = |name: &str| {
            name.parse().map_err(|_| refuse("expected cls, mean, max, several joined by +, or auto"))
        };
        let poolings: Vec<Pooling> = text.split('+').map(parse).collect::<Result<_, _>>()?;
        if (1..poolings.len()).any(|i| poolings[..i].contains(&poolings[i])) {
            return Err(refuse("expected every pooling once"));
        }
        Ok(FeatureOptions::from(poolings).into())
    }
}

/// The options of a [`SentenceEncoder`](super::SentenceEncoder).
#[derive(Debug, Clone)]
pub struct SentenceEncoderOptions {
    /// The features to compute.
    pub features: Features,
    /// The maximum number of tokens per sentence; `None`: that of the folder, otherwise the limit of the tokenizer's
    /// settings and of the encoder.
    pub max_length: Option<usize>,
    /// The text before every sentence, such as `query: `; `None`: that of the folder, otherwise none.
    /// [`prompt_text`](crate::features::prompt_text) finds it by its name.
    pub prompt: Option<String>,
    /// True if sentences are lowercased first, even if neither the folder nor the tokenizer asks for it.
    pub lowercase: bool,
    /// The name for display and for saving; `None`: that of the folder.
    pub name: Option<String>,
    /// The data type; if the processor does not support it, f32 is used and the observer receives a note. The default
    /// is f32.
    pub dtype: Dtype,
    /// The cache of features. With a cache the weights are loaded at the first sentence that is not in it; without
    /// one immediately.
    pub cache: Option<FeatureCache>,
    /// True if the weights are loaded at the first sentence, as with a cache; by default they are loaded immediately.
    pub lazy: bool,
    /// The folder that remembers the sha256 of the encoder's files, so that unchanged files are not read again for
    /// it; `None`: no folder.
    pub hash_folder: Option<PathBuf>,
    /// The observer, which receives progress and notes of everything that is done with the encoder. The default ignores them.
    pub observer: Arc<dyn Observer>,
}

impl Default for SentenceEncoderOptions {
    fn default() -> Self {
        SentenceEncoderOptions {
            features: Features::default(),
            max_length: None,
            prompt: None,
            lowercase: false,
            name: None,
            dtype: Dtype::default(),
            cache: None,
            lazy: false,
            hash_folder: None,
            observer: Arc::new(()),
        }
    }
}
