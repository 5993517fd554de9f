//! From sentences to features: a tokenizer, an encoder and the choice of features together.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::encoder_identity::{EncoderFiles, FileHash, instruction_set};
use super::encoder_options::{Features, SentenceEncoderOptions};
use super::hash_memory::HashMemory;
use crate::encoder::{Dtype, Encoder, EncoderConfig};
use crate::error::{Error, ErrorKind, Result};
use crate::features::{
    FeatureCache, FeatureOptions, Head, SentenceTransformer, extract_unchecked, extract_with,
    features_of_hidden_state,
};
use crate::files::TemporaryFolder;
use crate::matrix::Matrix;
use crate::observer::{Observer, OnlyCancels, Progress, Stage};
use crate::tokenizer::{Encoding, Tokenizer, model_max_length};

/// A frozen encoder with its tokenizer. Clones share the weights, even if they are loaded later.
#[derive(Debug, Clone)]
pub struct SentenceEncoder {
    name: String,
    folder: PathBuf,
    tokenizer: Tokenizer,
    config: EncoderConfig,
    /// Empty until they are needed.
    weights: Arc<OnceLock<Weights>>,
    features: FeatureOptions,
    n_features: usize,
    dtype: Dtype,
    cache: Option<FeatureCache>,
    hash_memory: HashMemory,
    files: Arc<EncoderFiles>,
    lowercase: bool,
    load_seconds: f64,
    /// Shared with clones, which count as one encoder.
    embed_nanoseconds: Arc<AtomicU64>,
    observer: Arc<dyn Observer>,
    /// The folder of an encoder that nobody has saved yet; it goes with the last clone.
    _temporary: Option<Arc<TemporaryFolder>>,
}

/// The parts that turn token ids into features.
#[derive(Debug)]
pub(crate) struct Weights {
    encoder: Encoder,
    head: Head,
    load_seconds: f64,
}

impl Weights {
    fn load(
        folder: &Path,
        dtype: Dtype,
        depth: usize,
        features: &FeatureOptions,
        observer: &dyn Observer,
    ) -> Result<Self> {
        let encoder = Encoder::load_layers(folder, dtype, depth)?;
        if !encoder.passed_over().is_empty() {
            observer.note(&format!(
                "the weights hold other encoders too, which are left out: {}",
                encoder.passed_over().join(", ")
            ));
        }
        Ok(Weights { encoder, head: Head::load(folder, &features.modules)?, load_seconds: 0.0 })
    }

    /// The features of every sentence; see [`extract`](crate::features::extract()).
    pub(crate) fn extract(
        &self,
        encodings: &[Encoding],
        features: &FeatureOptions,
        progress: Progress,
    ) -> Result<Matrix> {
        extract_with(&self.encoder, &self.head, encodings, features, progress)
    }

    /// As [`extract`](Self::extract), for encodings that were checked before; the result may be non-finite.
    pub(crate) fn extract_unchecked(
        &self,
        encodings: &[Encoding],
        features: &FeatureOptions,
        progress: Progress,
    ) -> Result<Matrix> {
        extract_unchecked(&self.encoder, &self.head, encodings, features, progress)
    }

    /// The features of one sentence from the hidden state of a layer, whichever layer the features are of.
    pub(crate) fn features_of_hidden_state(
        &self,
        hidden_state: &Matrix,
        features: &FeatureOptions,
    ) -> Vec<f32> {
        features_of_hidden_state(&self.head, hidden_state, features)
    }
}

impl SentenceEncoder {
    /// Loads an encoder's folder with the default options: the `[CLS]` vector of the last layer.
    ///
    /// # Errors
    /// As for [`load_with`](Self::load_with).
    ///
    /// ```no_run
    /// use clsify::model::SentenceEncoder;
    /// let encoder = SentenceEncoder::load("all-MiniLM-L6-v2")?;
    /// let encoded = encoder.encode(&["a visually stunning rumination on love"])?;
    /// assert_eq!(encoded.features.shape(), [1, 384]);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn load(folder: impl AsRef<Path>) -> Result<Self> {
        Self::load_with(folder, SentenceEncoderOptions::default())
    }

    /// Loads an encoder's folder with options.
    ///
    /// # Errors
    /// As for [`Encoder::load`], [`Tokenizer::load`], [`model_max_length`] and [`SentenceTransformer::read`];
    /// [`ErrorKind::InvalidArgument`] if `max_length` is more than the encoder supports, or if it does not have the
    /// layers; [`ErrorKind::Checkpoint`] if a file changes meanwhile.
    ///
    /// ```no_run
    /// use clsify::features::Pooling;
    /// use clsify::model::{SentenceEncoder, SentenceEncoderOptions};
    /// let options = SentenceEncoderOptions { features: Pooling::Mean.into(), ..Default::default() };
    /// let encoder = SentenceEncoder::load_with("all-MiniLM-L6-v2", options)?;
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn load_with(folder: impl AsRef<Path>, options: SentenceEncoderOptions) -> Result<Self> {
        Self::load_files(folder.as_ref(), None, options)
    }

    /// As [`load`](Self::load), with the folder's files if they are already listed.
    pub(crate) fn load_files(
        folder: &Path,
        files: Option<Arc<EncoderFiles>>,
        options: SentenceEncoderOptions,
    ) -> Result<Self> {
        let started = Instant::now();
        let observer = options.observer.as_ref();
        if !folder.is_dir() {
            let missing = std::io::Error::from(if folder.exists() {
                std::io::ErrorKind::NotADirectory
            } else {
                std::io::ErrorKind::NotFound
            });
            return Err(Error::io(folder, missing).with_hint(
                "give the folder of an encoder; the crate `clsify-hub` finds or fetches it by name: Hub::pull",
            ));
        }
        observer.start(Stage::Load, 0);
        let (asked, features) = match options.features {
            Features::Given(features) => (None, features),
            Features::SentenceTransformer { layers } => {
                let asked = SentenceTransformer::read(folder)?;
                let features = asked.as_ref().map(|asked| asked.features.clone()).unwrap_or_default();
                (asked, features.of_layers(layers))
            }
        };
        // Before the first file that affects a vector is read.
        let files = files.unwrap_or_else(|| Arc::new(EncoderFiles::of(folder, &features)));
        let dtype = options.dtype.effective();
        if dtype != options.dtype {
            observer.warn(&format!("this processor has no {} instructions: computing in f32", options.dtype));
        }
        let config = EncoderConfig::load(folder)?;
        let layers = features.layers.canonical(config.num_hidden_layers)?;
        let mut features = FeatureOptions { layers, ..features };
        let (depth, n_features) = (features.depth(config.num_hidden_layers)?, features.n_features(&config)?);
        let limit = config.max_tokens();
        let asked_length = match asked.as_ref().and_then(|asked| asked.max_length) {
            Some(length) => Some(length),
            None => model_max_length(folder)?,
        };
        let max_length = options.max_length.unwrap_or_else(|| asked_length.map_or(limit, |n| n.min(limit)));
        let prompt = options.prompt.or_else(|| asked.as_ref().map(|asked| asked.prompt.clone()));
        let lowercase = options.lowercase || asked.as_ref().is_some_and(|asked| asked.lowercase);
        if max_length > limit {
            let message = format!("expected a maximum length of at most {limit} tokens, got {max_length}");
            return Err(Error::new(ErrorKind::InvalidArgument, message)
                .with_hint(format!("{limit} is the number of positions that this encoder knows")));
        }
        let (weights, tokenizer) = rayon::join(
            || match options.lazy || options.cache.is_some() {
                true => Ok(OnceLock::new()),
                // Its time is part of the time of this function.
                false => Weights::load(folder, dtype, depth, &features, observer).map(OnceLock::from),
            },
            || -> Result<Tokenizer> {
                let tokenizer = Tokenizer::load(folder, max_length)?;
                let tokenizer = if lowercase { tokenizer.with_lowercase()? } else { tokenizer };
                Ok(tokenizer.with_prompt(&prompt.unwrap_or_default()))
            },
        );
        let (weights, tokenizer) = (weights?, tokenizer?);
        files.check_unchanged()?;
        if asked.is_some_and(|asked| !asked.include_prompt) {
            features.n_prompt_tokens = tokenizer.n_prompt_tokens()?;
        }
        let folder_name =
            folder.canonicalize().ok().and_then(|f| f.file_name().map(|n| n.to_string_lossy().into_owned()));
        let name = options.name.or(folder_name).unwrap_or_else(|| folder.display().to_string());
        observer.finish(Stage::Load);
        let load_seconds = started.elapsed().as_secs_f64();
        Ok(SentenceEncoder {
            name,
            folder: folder.to_path_buf(),
            tokenizer,
            config,
            weights: Arc::new(weights),
            features,
            n_features,
            dtype,
            cache: options.cache,
            hash_memory: HashMemory::new(options.hash_folder),
            files,
            lowercase,
            load_seconds,
            embed_nanoseconds: Arc::default(),
            observer: options.observer,
            _temporary: None,
        })
    }

    /// Keeps a temporary folder, in which the encoder's files are, as long as the encoder.
    pub(crate) fn in_temporary(self, folder: TemporaryFolder) -> Self {
        SentenceEncoder { _temporary: Some(Arc::new(folder)), ..self }
    }

    pub(crate) fn add_embed_seconds(&self, seconds: f64) {
        self.embed_nanoseconds.fetch_add((1e9 * seconds) as u64, Ordering::Relaxed);
    }

    /// The cache of features, if it has one.
    pub(super) fn cache(&self) -> Option<&FeatureCache> {
        self.cache.as_ref()
    }

    /// The weights, loaded if necessary.
    pub(crate) fn load_weights(&self) -> Result<&Weights> {
        if let Some(weights) = self.weights.get() {
            return Ok(weights);
        }
        let (started, observer) = (Instant::now(), self.observer());
        observer.start(Stage::Load, 0);
        let depth = self.features.depth(self.config.num_hidden_layers)?;
        let weights = Weights::load(&self.folder, self.dtype, depth, &self.features, observer)?;
        // No row may be cached under another encoder's name, and no classifier may belong to another encoder.
        self.files.check_unchanged()?;
        observer.finish(Stage::Load);
        let load_seconds = started.elapsed().as_secs_f64();
        Ok(self.weights.get_or_init(|| Weights { load_seconds, ..weights }))
    }

    /// The weights, if they are loaded.
    pub(super) fn loaded_weights(&self) -> Option<&Weights> {
        self.weights.get()
    }

    /// The files that it was loaded from.
    pub(crate) fn files(&self) -> &EncoderFiles {
        &self.files
    }

    /// Checks that no file of the encoder has changed since it was loaded, for programs that read them again.
    ///
    /// # Errors
    /// [`ErrorKind::Checkpoint`] with the file that has changed.
    pub fn check_unchanged(&self) -> Result<()> {
        self.files.check_unchanged()
    }

    /// Returns true if sentences are lowercased first, whatever the tokenizer's files say.
    pub fn lowercase(&self) -> bool {
        self.lowercase
    }

    pub(crate) fn hash_memory(&self) -> &HashMemory {
        &self.hash_memory
    }

    /// The encoder's name, for display and for saving.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder that it was loaded from.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The sha256 of each file of the folder that is read, in the order of reading: weights, tokenizer, settings.
    /// They are computed once, which takes a second per gigabyte or two.
    ///
    /// # Errors
    /// [`ErrorKind::Checkpoint`] if a file has changed since it was loaded; I/O errors with the path.
    ///
    /// ```no_run
    /// use clsify::model::SentenceEncoder;
    /// for file in SentenceEncoder::load("all-MiniLM-L6-v2")?.file_hashes()? {
    ///     println!("{}  {}", file.sha256, file.name);
    /// }
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn file_hashes(&self) -> Result<&[FileHash]> {
        self.files.all_hashes(&self.hash_memory)
    }

    /// The instruction set of this processor and the data type of the products, such as `x86_64 avx512 f32`. The same
    /// files, options and version give the same bits wherever this text is the same; elsewhere the last bits may differ.
    ///
    /// ```no_run
    /// let encoder = clsify::model::SentenceEncoder::load("all-MiniLM-L6-v2")?;
    /// assert!(encoder.kernel().ends_with("f32"));
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn kernel(&self) -> String {
        format!("{} {}", instruction_set(), self.dtype)
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The encoder's shape, with all of its layers; it is known before the weights are loaded.
    pub fn config(&self) -> &EncoderConfig {
        &self.config
    }

    /// The data type of the products.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The encoder, up to the topmost layer that the features need; loaded if necessary.
    ///
    /// # Errors
    /// As for [`Encoder::load`].
    pub fn encoder(&self) -> Result<&Encoder> {
        Ok(&self.load_weights()?.encoder)
    }

    /// The observer of the encoder's work.
    pub fn observer(&self) -> &dyn Observer {
        self.observer.as_ref()
    }

    /// An observer to which only cancellation passes.
    pub(crate) fn canceller(&self) -> Arc<dyn Observer> {
        Arc::new(OnlyCancels(self.observer.clone()))
    }

    /// Replaces the observer of the encoder's work. Clones share the weights, but each has its own observer.
    #[must_use]
    pub fn with_observer(self, observer: Arc<dyn Observer>) -> Self {
        SentenceEncoder { observer, ..self }
    }

    /// The same encoder with features divided by their Euclidean length.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if the encoder's folder truncates vectors with `truncate_dim`, which clsify does
    /// after the division and not before it.
    pub fn normalized(self) -> Result<Self> {
        if self.features.normalize {
            return Ok(self);
        }
        if let Some(n) = self.features.truncate_dim {
            let message =
                format!("expected whole vectors to normalise, got those cut to {n} numbers by truncate_dim");
            return Err(Error::new(ErrorKind::InvalidArgument, message)
                .with_hint("choose the pooling, which leaves truncate_dim out: --pooling cls, mean or max"));
        }
        let features = FeatureOptions { normalize: true, ..self.features.clone() };
        Ok(SentenceEncoder { features, ..self })
    }

    /// The same encoder for texts that are encoded once and never again: it makes no notes and keeps nothing in the cache.
    /// The observer can still cancel the work.
    pub(crate) fn for_variants(&self) -> Self {
        SentenceEncoder { cache: None, ..self.clone() }.with_observer(self.canceller())
    }

    /// The same encoder with the weights of another one, if both compute with the same weights: of the same files, in
    /// the same data type and with as many layers. Otherwise it keeps its own.
    ///
    /// Load it [lazily](SentenceEncoderOptions::lazy), so that its own weights are never in memory.
    ///
    /// # Errors
    /// As for [`file_hashes`](Self::file_hashes), of either encoder.
    ///
    /// ```no_run
    /// use clsify::features::Pooling;
    /// use clsify::model::{SentenceEncoder, SentenceEncoderOptions};
    /// let first = SentenceEncoder::load("all-MiniLM-L6-v2")?;
    /// let options = SentenceEncoderOptions { lazy: true, features: Pooling::Mean.into(), ..Default::default() };
    /// let second = SentenceEncoder::load_with("all-MiniLM-L6-v2", options)?.sharing_weights_of(&first)?;
    /// assert!(second.shares_weights_with(&first));
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn sharing_weights_of(self, other: &SentenceEncoder) -> Result<Self> {
        let depth = |encoder: &Self| encoder.features.depth(encoder.config.num_hidden_layers);
        let is_same = self.dtype == other.dtype
            && self.features.modules == other.features.modules
            && depth(&self)? == depth(other)?
            && self.files.hashes(&self.hash_memory)? == other.files.hashes(&other.hash_memory)?;
        Ok(if is_same { SentenceEncoder { weights: other.weights.clone(), ..self } } else { self })
    }

    /// Returns true if two encoders have the same weights in memory, as clones do.
    pub fn shares_weights_with(&self, other: &SentenceEncoder) -> bool {
        Arc::ptr_eq(&self.weights, &other.weights)
    }

    /// The choice of features.
    pub fn features(&self) -> &FeatureOptions {
        &self.features
    }

    /// The time in the encoder and the cache so far, for all calls, in seconds.
    pub fn embed_seconds(&self) -> f64 {
        self.embed_nanoseconds.load(Ordering::Relaxed) as f64 / 1e9
    }

    /// The number of features per sentence.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// The time of loading so far, in seconds.
    pub fn load_seconds(&self) -> f64 {
        self.load_seconds + self.weights.get().map_or(0.0, |weights| weights.load_seconds)
    }
}
