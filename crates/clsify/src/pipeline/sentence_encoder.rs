//! Sentences in, features out: a tokenizer, an encoder and the choice of features as one thing.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::encoder_identity::EncoderIdentity;
use super::hash_memory::HashMemory;
use super::observer::{Observer, Stage};
use crate::encoder::{Dtype, Encoder, EncoderConfig};
use crate::error::{Error, ErrorKind, Result};
use crate::features::{
    FeatureCache, FeatureOptions, TokenCounts, check, check_finite, check_finite_row, extract,
    extract_unchecked,
};
use crate::matrix::Matrix;
use crate::tokenizer::{Encoding, Tokenizer};

/// What the caller chooses of a [`SentenceEncoder`].
#[derive(Debug, Clone, Default)]
pub struct SentenceEncoderOptions {
    /// Which features; `None` takes what a sentence-transformers folder asks for, else the `[CLS]` vector.
    pub features: Option<FeatureOptions>,
    /// The longest sentence in tokens; `None`: as long as the encoder can take.
    pub max_length: Option<usize>,
    /// The name to show and to save; `None`: the folder's.
    pub name: Option<String>,
    /// The arithmetic; where the processor lacks it, f32, and the observer is told. The default is f32.
    pub dtype: Dtype,
    /// Where features of earlier runs are kept. With a cache the weights are loaded at the first sentence that is not
    /// in it; without one at once.
    pub cache: Option<FeatureCache>,
    /// A folder where the sha256 of the encoder's files is remembered, so that files that have not changed are not read
    /// for it again; `None`: nowhere.
    pub hash_folder: Option<PathBuf>,
}

/// Sentences that go through the encoder before their features are written to the cache: a run of hours that is
/// interrupted loses minutes.
const STORE_EVERY: usize = 16_384;

/// A frozen encoder with its tokenizer.
#[derive(Debug, Clone)]
pub struct SentenceEncoder {
    name: String,
    folder: PathBuf,
    tokenizer: Tokenizer,
    config: EncoderConfig,
    /// The encoder and the time that its weights took; empty until they are needed.
    encoder: OnceLock<(Encoder, f64)>,
    features: FeatureOptions,
    n_features: usize,
    dtype: Dtype,
    cache: Option<FeatureCache>,
    hash_memory: HashMemory,
    identity: OnceLock<EncoderIdentity>,
    load_seconds: f64,
    /// Shared with clones: they are one encoder to whoever waits for it.
    embed_nanoseconds: Arc<AtomicU64>,
}

/// Features and what was seen on the way to them.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// `[n_sentences, n_features]`.
    pub features: Matrix,
    /// The token ids of every sentence.
    pub encodings: Vec<Encoding>,
    /// How many tokens there were.
    pub counts: TokenCounts,
    /// Time for tokenizing.
    pub tokenize_seconds: f64,
    /// Time in the encoder and the cache.
    pub embed_seconds: f64,
    /// Sentences whose features came from the cache.
    pub n_cached: usize,
}

impl SentenceEncoder {
    /// Loads an encoder folder.
    ///
    /// # Errors
    /// As for [`Encoder::load`], [`Tokenizer::load`] and [`FeatureOptions::from_folder`];
    /// [`ErrorKind::InvalidArgument`] when `max_length` is more than the encoder can take, or it has not the layers.
    ///
    /// ```no_run
    /// use clsify::pipeline::{SentenceEncoder, SentenceEncoderOptions};
    /// let encoder = SentenceEncoder::load("all-MiniLM-L6-v2".as_ref(), SentenceEncoderOptions::default(), &())?;
    /// let encoded = encoder.encode(&["a visually stunning rumination on love"], &())?;
    /// assert_eq!(encoded.features.shape(), [1, 384]);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn load(folder: &Path, options: SentenceEncoderOptions, observer: &dyn Observer) -> Result<Self> {
        let started = Instant::now();
        if !folder.is_dir() {
            let missing = std::io::Error::from(if folder.exists() {
                std::io::ErrorKind::NotADirectory
            } else {
                std::io::ErrorKind::NotFound
            });
            return Err(Error::io(folder, &missing).with_hint(
                "give the folder of an encoder; the crate `clsify-hub` finds or fetches it by name: Hub::pull",
            ));
        }
        observer.start(Stage::Load, 0);
        let features = match options.features {
            Some(features) => features,
            None => FeatureOptions::from_folder(folder)?.unwrap_or_default(),
        };
        let dtype = options.dtype.effective();
        if dtype != options.dtype {
            observer.note(&format!("this processor has no {} instructions: computing in f32", options.dtype));
        }
        let config = EncoderConfig::load(folder)?;
        let layers = features.layers.canonical(config.num_hidden_layers)?;
        let features = FeatureOptions { layers, ..features };
        let (depth, n_features) = (features.depth(config.num_hidden_layers)?, features.n_features(&config)?);
        let limit = config.max_tokens();
        let max_length = options.max_length.unwrap_or(limit);
        if max_length > limit {
            let message = format!("expected a maximum length of at most {limit} tokens, got {max_length}");
            return Err(Error::new(ErrorKind::InvalidArgument, message)
                .with_hint(format!("{limit} is the number of positions that this encoder knows")));
        }
        let (encoder, tokenizer) = rayon::join(
            || match options.cache {
                Some(_) => Ok(OnceLock::new()),
                // Its time is part of this function's.
                None => Ok(OnceLock::from((Encoder::load_layers(folder, dtype, depth)?, 0.0))),
            },
            || Tokenizer::load(folder, max_length),
        );
        let (encoder, tokenizer) = (encoder?, tokenizer?);
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
            encoder,
            features,
            n_features,
            dtype,
            cache: options.cache,
            hash_memory: HashMemory::new(options.hash_folder),
            identity: OnceLock::new(),
            load_seconds,
            embed_nanoseconds: Arc::default(),
        })
    }

    /// The features of every sentence, in order.
    ///
    /// # Errors
    /// As for [`Tokenizer::encode`] and [`extract`]; [`Error::sentence`] is the sentence that it is about.
    pub fn encode<S: AsRef<str> + Sync>(&self, sentences: &[S], observer: &dyn Observer) -> Result<Encoded> {
        let started = Instant::now();
        observer.start(Stage::Tokenize, sentences.len());
        let encodings = self.tokenizer.encode_batch(sentences)?;
        observer.finish(Stage::Tokenize);
        let tokenize_seconds = started.elapsed().as_secs_f64();

        let counts = TokenCounts::of(&encodings);
        let started = Instant::now();
        let load_seconds = self.load_seconds();
        let (features, n_cached) = match &self.cache {
            Some(cache) => self.embed_with_cache(cache, &encodings, observer)?,
            None => {
                let encoder = self.load_weights(observer)?;
                observer.start(Stage::Embed, counts.n_tokens);
                let progress = |done| observer.advance(Stage::Embed, done);
                let features = extract(encoder, &encodings, &self.features, &progress)?;
                observer.finish(Stage::Embed);
                (features, 0)
            }
        };
        let embed_seconds = started.elapsed().as_secs_f64() - (self.load_seconds() - load_seconds);
        self.add_embed_seconds(embed_seconds);
        self.note_truncated(&counts, sentences.len(), observer);
        Ok(Encoded { features, encodings, counts, tokenize_seconds, embed_seconds, n_cached })
    }

    /// The same for sentences of a file; an error about a sentence names its line.
    pub(super) fn encode_lines<S: AsRef<str> + Sync>(
        &self,
        sentences: &[S],
        lines: &[usize],
        observer: &dyn Observer,
    ) -> Result<Encoded> {
        self.encode(sentences, observer).map_err(|error| error.at_line_of(lines))
    }

    pub(super) fn add_embed_seconds(&self, seconds: f64) {
        self.embed_nanoseconds.fetch_add((1e9 * seconds) as u64, Ordering::Relaxed);
    }

    pub(super) fn note_truncated(&self, counts: &TokenCounts, n_sentences: usize, observer: &dyn Observer) {
        if counts.n_truncated > 0 {
            observer.note(&format!(
                "{} of {n_sentences} sentences had more than {} tokens and lost their end",
                counts.n_truncated,
                self.tokenizer.max_length()
            ));
        }
    }

    /// The features, those that the cache knows from there, and how many these are.
    fn embed_with_cache(
        &self,
        cache: &FeatureCache,
        encodings: &[Encoding],
        observer: &dyn Observer,
    ) -> Result<(Matrix, usize)> {
        check(encodings, &self.features)?;
        let identity = &self.identity()?.name;
        let mut found = cache.look_up(identity, encodings, self.n_features());
        if found.n_cached > 0 {
            let (n, of) = (found.n_cached, encodings.len());
            observer.note(&format!("the features of {n} of {of} sentences are known from an earlier run"));
        }
        if !found.missing.is_empty() {
            let encoder = self.load_weights(observer)?;
            let missing = found.missing.clone();
            observer.start(Stage::Embed, missing.iter().map(|&i| encodings[i].len()).sum());
            let mut n_done = 0;
            let mut failure = None;
            for part in missing.chunks(STORE_EVERY) {
                let part_encodings: Vec<Encoding> = part.iter().map(|&i| encodings[i].clone()).collect();
                let progress = |done| observer.advance(Stage::Embed, n_done + done);
                let rows = extract_unchecked(encoder, &part_encodings, &self.features, &progress)?;
                for (i, &sentence) in part.iter().enumerate() {
                    check_finite_row(rows.row(i)).map_err(|error| error.at_sentence(sentence))?;
                }
                n_done += part_encodings.iter().map(Encoding::len).sum::<usize>();
                found.fill(part, &rows);
                failure = cache.store(identity, &found, part).err().or(failure);
            }
            observer.finish(Stage::Embed);
            found.fill_repeats();
            if let Some(error) = failure {
                observer.note(&format!("features are not kept for a later run: {error}"));
            }
        }
        cache.shrink(0);
        // What an earlier version has kept.
        check_finite(&found.features)?;
        Ok((found.features, found.n_cached))
    }

    fn identity(&self) -> Result<&EncoderIdentity> {
        if let Some(identity) = self.identity.get() {
            return Ok(identity);
        }
        let identity = EncoderIdentity::of(&self.folder, &self.features, self.dtype(), &self.hash_memory)?;
        Ok(self.identity.get_or_init(|| identity))
    }

    /// The encoder, loaded if it has not been.
    pub(super) fn load_weights(&self, observer: &dyn Observer) -> Result<&Encoder> {
        if let Some((encoder, _)) = self.encoder.get() {
            return Ok(encoder);
        }
        let started = Instant::now();
        observer.start(Stage::Load, 0);
        // Named before it is read and checked after, so that no row is ever kept under another encoder's name.
        let identity = self.cache.as_ref().map(|_| self.identity()).transpose()?;
        let depth = self.features.depth(self.config.num_hidden_layers)?;
        let encoder = Encoder::load_layers(&self.folder, self.dtype, depth)?;
        identity.map_or(Ok(()), EncoderIdentity::check_unchanged)?;
        observer.finish(Stage::Load);
        let seconds = started.elapsed().as_secs_f64();
        Ok(&self.encoder.get_or_init(|| (encoder, seconds)).0)
    }

    pub(super) fn hash_memory(&self) -> &HashMemory {
        &self.hash_memory
    }

    /// The encoder's name, to show and to save.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder that it was loaded from.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The encoder's shape, with all of its layers; it is known before the weights are loaded.
    pub fn config(&self) -> &EncoderConfig {
        &self.config
    }

    /// The arithmetic.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The encoder, as far up as the features need it; loaded if it has not been.
    ///
    /// # Errors
    /// As for [`Encoder::load`].
    pub fn encoder(&self) -> Result<&Encoder> {
        self.load_weights(&())
    }

    /// The choice of features.
    pub fn features(&self) -> &FeatureOptions {
        &self.features
    }

    /// Time in the encoder and the cache so far, of all calls.
    pub fn embed_seconds(&self) -> f64 {
        self.embed_nanoseconds.load(Ordering::Relaxed) as f64 / 1e9
    }

    /// Numbers a sentence.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// How long loading took, as far as it has been done.
    pub fn load_seconds(&self) -> f64 {
        self.load_seconds + self.encoder.get().map_or(0.0, |(_, seconds)| *seconds)
    }
}
