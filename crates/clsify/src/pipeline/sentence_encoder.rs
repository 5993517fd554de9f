//! Sentences in, features out: a tokenizer, an encoder and the choice of features as one thing.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::observer::{Observer, Stage};
use crate::encoder::{Dtype, Encoder};
use crate::error::{Error, ErrorKind, Result};
use crate::features::{FeatureOptions, TokenCounts, extract};
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
}

/// A frozen encoder with its tokenizer.
#[derive(Debug, Clone)]
pub struct SentenceEncoder {
    name: String,
    folder: PathBuf,
    tokenizer: Tokenizer,
    encoder: Encoder,
    features: FeatureOptions,
    load_seconds: f64,
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
    /// Time in the encoder.
    pub embed_seconds: f64,
}

impl SentenceEncoder {
    /// Loads an encoder folder.
    ///
    /// # Errors
    /// As for [`Encoder::load`], [`Tokenizer::load`] and [`FeatureOptions::from_folder`];
    /// [`ErrorKind::InvalidArgument`] when `max_length` is more than the encoder can take.
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
            return Err(Error::io(folder, &missing));
        }
        observer.start(Stage::Load, 0);
        let features = match options.features {
            Some(features) => features,
            None => FeatureOptions::from_folder(folder)?.unwrap_or_default(),
        };
        let encoder = Encoder::load_as(folder, options.dtype)?;
        if encoder.dtype() != options.dtype {
            observer.note(&format!("this processor has no {} instructions: computing in f32", options.dtype));
        }
        let limit = encoder.config().max_tokens();
        let max_length = options.max_length.unwrap_or(limit);
        if max_length > limit {
            let message = format!("expected a maximum length of at most {limit} tokens, got {max_length}");
            return Err(Error::new(ErrorKind::InvalidArgument, message)
                .with_hint(format!("{limit} is the number of positions that this encoder knows")));
        }
        let tokenizer = Tokenizer::load(folder, max_length)?;
        let folder_name =
            folder.canonicalize().ok().and_then(|f| f.file_name().map(|n| n.to_string_lossy().into_owned()));
        let name = options.name.or(folder_name).unwrap_or_else(|| folder.display().to_string());
        observer.finish(Stage::Load);
        let load_seconds = started.elapsed().as_secs_f64();
        Ok(SentenceEncoder { name, folder: folder.to_path_buf(), tokenizer, encoder, features, load_seconds })
    }

    /// The features of every sentence, in order.
    ///
    /// # Errors
    /// As for [`Tokenizer::encode`] and [`Encoder::forward`].
    pub fn encode<S: AsRef<str> + Sync>(&self, sentences: &[S], observer: &dyn Observer) -> Result<Encoded> {
        let started = Instant::now();
        observer.start(Stage::Tokenize, sentences.len());
        let encodings = self.tokenizer.encode_batch(sentences)?;
        observer.finish(Stage::Tokenize);
        let tokenize_seconds = started.elapsed().as_secs_f64();

        let counts = TokenCounts::of(&encodings);
        let started = Instant::now();
        observer.start(Stage::Embed, counts.n_tokens);
        let progress = |done| observer.advance(Stage::Embed, done);
        let features = extract(&self.encoder, &encodings, &self.features, &progress)?;
        observer.finish(Stage::Embed);
        let embed_seconds = started.elapsed().as_secs_f64();
        if counts.n_truncated > 0 {
            observer.note(&format!(
                "{} of {} sentences had more than {} tokens and lost their end",
                counts.n_truncated,
                sentences.len(),
                self.tokenizer.max_length()
            ));
        }
        Ok(Encoded { features, encodings, counts, tokenize_seconds, embed_seconds })
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

    /// The encoder.
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// The choice of features.
    pub fn features(&self) -> &FeatureOptions {
        &self.features
    }

    /// How long loading took.
    pub fn load_seconds(&self) -> f64 {
        self.load_seconds
    }
}
