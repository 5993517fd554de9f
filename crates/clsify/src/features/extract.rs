//! Computes the features of all sentences: chunks of tokens, one per core, pass through the encoder into the feature
//! matrix.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use clsify_kernels::normalize::l2_normalize;
use rayon::prelude::*;
use serde::Serialize;

use super::chunks::{Chunks, chunks};
use super::{FeatureOptions, Head, Pooling};
use crate::encoder::{Encoder, Parallel};
use crate::error::{Error, ErrorKind, Result};
use crate::matrix::Matrix;
use crate::observer::Progress;
use crate::tokenizer::{Batch, Encoding};

/// Token counts of a set of sentences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct TokenCounts {
    /// The number of tokens of all sentences, including special tokens.
    pub n_tokens: usize,
    /// The number of tokens of the longest sentence.
    pub max_tokens: usize,
    /// The number of sentences that were truncated.
    pub n_truncated: usize,
    /// The number of sentences with at least half of their tokens unknown to the vocabulary, as far as that was
    /// counted.
    #[serde(skip_serializing_if = "is_zero")]
    pub n_mostly_unknown: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl TokenCounts {
    /// Counts the tokens of encodings.
    pub fn of(encodings: &[Encoding]) -> Self {
        TokenCounts {
            n_tokens: encodings.iter().map(Encoding::len).sum(),
            max_tokens: encodings.iter().map(Encoding::len).max().unwrap_or(0),
            n_truncated: encodings.iter().filter(|e| e.is_truncated).count(),
            n_mostly_unknown: 0,
        }
    }
}

impl std::ops::AddAssign for TokenCounts {
    /// Adds the counts of more sentences.
    fn add_assign(&mut self, more: Self) {
        self.n_tokens += more.n_tokens;
        self.max_tokens = self.max_tokens.max(more.max_tokens);
        self.n_truncated += more.n_truncated;
        self.n_mostly_unknown += more.n_mostly_unknown;
    }
}

/// The features of every sentence, `[n_sentences, n_features]`, in the order of the encodings.
///
/// `progress` receives the number of tokens done so far, from any thread, in increasing order.
///
/// # Errors
/// That of `progress`; /// [`ErrorKind::Tokenizer`] with the sentence's number if an encoding has no tokens, such as that of an empty
/// sentence without special tokens; [`ErrorKind::Checkpoint`] with the sentence's number if its features are not all
/// finite; [`ErrorKind::InvalidArgument`] if there is no pooling; otherwise as for [`Encoder::forward`].
///
/// ```no_run
/// use clsify::{encoder::Encoder, features::{FeatureOptions, extract}, tokenizer::Tokenizer};
/// let folder = "distilbert-base-uncased";
/// let encoder = Encoder::load(folder)?;
/// let tokenizer = Tokenizer::load(folder, encoder.config().max_tokens())?;
/// let encodings = tokenizer.encode_batch(&["a visually stunning rumination on love"])?;
/// let features = extract(&encoder, &encodings, &FeatureOptions::default(), &|_| Ok(()))?;
/// assert_eq!(features.shape(), [1, 768]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn extract(
    encoder: &Encoder,
    encodings: &[Encoding],
    options: &FeatureOptions,
    progress: Progress,
) -> Result<Matrix> {
    if !options.modules.is_empty() {
        let message = "expected features without modules, whose weights are the folder's";
        return Err(Error::new(ErrorKind::InvalidArgument, message)
            .with_hint("load the folder as a SentenceEncoder, which has them"));
    }
    extract_with(encoder, &Head::default(), encodings, options, progress)
}

/// As [`extract`], with the weights of the modules.
pub(crate) fn extract_with(
    encoder: &Encoder,
    head: &Head,
    encodings: &[Encoding],
    options: &FeatureOptions,
    progress: Progress,
) -> Result<Matrix> {
    check(encodings, options)?;
    let features = extract_unchecked(encoder, head, encodings, options, progress)?;
    check_finite(&features)?;
    Ok(features)
}

/// The features of encodings that [`check`] has accepted, finite or not: for callers that continue with the other
/// sentences.
pub(crate) fn extract_unchecked(
    encoder: &Encoder,
    head: &Head,
    encodings: &[Encoding],
    options: &FeatureOptions,
    progress: Progress,
) -> Result<Matrix> {
    let n_features = options.n_features(encoder.config())?;
    let mut features = Matrix::zeros(encodings.len(), n_features);
    // Every chunk owns the rows of its sentences, so that no thread waits for another one to write.
    let mut rows: Vec<_> = features.as_mut_slice().chunks_exact_mut(n_features).map(Some).collect();
    let lengths: Vec<usize> = encodings.iter().map(Encoding::len).collect();
    let Chunks { chunks, parallel } = chunks(&lengths, rayon::current_num_threads());
    let chunks: Vec<(Vec<usize>, Vec<&mut [f32]>)> = chunks
        .into_iter()
        .map(|chunk| {
            let own = chunk.iter().filter_map(|&i| rows[i].take()).collect();
            (chunk, own)
        })
        .collect();
    let done = AtomicUsize::new(0);
    let reporting = Mutex::new(());

    let run = |(chunk, rows): (Vec<usize>, Vec<&mut [f32]>)| -> Result<()> {
        let batch = Batch::new(chunk.iter().map(|&i| &encodings[i]));
        let pooled = pool(encoder, head, &batch, options, parallel)?;
        rows.into_iter()
            .zip(pooled.chunks_exact(n_features))
            .for_each(|(row, pooled)| row.copy_from_slice(pooled));
        // The lock keeps two threads from reporting in the wrong order; a poisoned lock still only guards the order.
        let _guard = reporting.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        progress(done.fetch_add(batch.n_tokens(), Ordering::Relaxed) + batch.n_tokens())
    };
    match parallel {
        Parallel::Yes => chunks.into_iter().try_for_each(run)?,
        // Each core takes one chunk at a time, so that none has several left while another has none.
        Parallel::No => chunks.into_par_iter().with_max_len(1).try_for_each(run)?,
    }
    Ok(features)
}

/// The errors of [`extract`] that need no encoder.
pub(crate) fn check(encodings: &[Encoding], options: &FeatureOptions) -> Result<()> {
    check_poolings(options)?;
    (0..encodings.len()).try_for_each(|i| check_tokens(&encodings[i]).map_err(|error| error.at_sentence(i)))
}

pub(crate) fn check_poolings(options: &FeatureOptions) -> Result<()> {
    if options.poolings.is_empty() {
        return Err(Error::new(ErrorKind::InvalidArgument, "expected at least one pooling"));
    }
    Ok(())
}

/// Checks that a sentence has a token that could be pooled.
pub(crate) fn check_tokens(encoding: &Encoding) -> Result<()> {
    if encoding.is_empty() {
        return Err(Error::new(ErrorKind::Tokenizer, "expected at least one token, got none")
            .with_hint("the tokenizer adds no special tokens such as [CLS] and [SEP]"));
    }
    Ok(())
}

/// Checks that all features are finite; the error names the first sentence with a non-finite one.
pub(crate) fn check_finite(features: &Matrix) -> Result<()> {
    (0..features.rows())
        .try_for_each(|i| check_finite_row(features.row(i)).map_err(|error| error.at_sentence(i)))
}

/// As [`check_finite`], for the features of one sentence.
pub(crate) fn check_finite_row(row: &[f32]) -> Result<()> {
    // There is no early exit, so that the compiler can vectorise the loop.
    if row.iter().fold(true, |all, x| all & x.is_finite()) {
        return Ok(());
    }
    let got = if row.iter().any(|x| x.is_nan()) { "NaN" } else { "infinity" };
    let message = format!("expected a vector of finite numbers from the encoder, got {got}");
    Err(Error::new(ErrorKind::Checkpoint, message).with_hint(
        "some of the encoder's weights are damaged, or too large for an arithmetic other than --dtype f32: compare the \
         checksums of its .safetensors files with those of the originals",
    ))
}

/// The features of one batch, `[n_sentences, n_features]`.
fn pool(
    encoder: &Encoder,
    head: &Head,
    batch: &Batch,
    options: &FeatureOptions,
    parallel: Parallel,
) -> Result<Vec<f32>> {
    let config = encoder.config();
    let (hidden, n_pooled) = (config.hidden_size, options.n_pooled(config)?);
    let n_sentences = batch.sentences().count();
    let mut out;
    if options.is_first_alone(config.num_hidden_layers) {
        out = encoder.forward_first(batch, parallel)?.as_slice().to_vec();
    } else {
        let sentences: Vec<_> = batch.sentences().collect();
        out = vec![0.0; n_sentences * n_pooled];
        let layers = options.layers.resolve(config.num_hidden_layers)?;
        let of_layer = options.poolings.len() * hidden;
        encoder.forward_layers(batch, parallel, &mut |layer, hidden_states| {
            if !layers.contains(&layer) {
                return;
            }
            let start = (layer - layers.start()) * of_layer;
            for (sentence, row) in sentences.iter().zip(out.chunks_exact_mut(n_pooled)) {
                let tokens = &hidden_states[sentence.start * hidden..sentence.end * hidden];
                pool_sentence(tokens, options, &mut row[start..start + of_layer]);
            }
        })?;
    }
    Ok(after_pooling(head, out, n_sentences, options))
}

/// The features of one sentence if the hidden state `[n_tokens, hidden_size]` were that of the only chosen layer.
pub(crate) fn features_of_hidden_state(
    head: &Head,
    hidden_state: &Matrix,
    options: &FeatureOptions,
) -> Vec<f32> {
    let mut pooled = vec![0.0; options.poolings.len() * hidden_state.cols()];
    pool_sentence(hidden_state.as_slice(), options, &mut pooled);
    after_pooling(head, pooled, 1, options)
}

/// Pools the tokens of a sentence `[n_tokens, hidden_size]`; `pooled` is `[n_poolings, hidden_size]`.
fn pool_sentence(tokens: &[f32], options: &FeatureOptions, pooled: &mut [f32]) {
    let hidden = pooled.len() / options.poolings.len();
    let n_left_out = options.n_prompt_tokens * hidden;
    let own = pooled.chunks_exact_mut(hidden);
    options.poolings.iter().zip(own).for_each(|(pooling, to)| match tokens.get(n_left_out..) {
        Some(rest) if !rest.is_empty() => pooling.pool(rest, to),
        // As in sentence-transformers, if all tokens belong to the prompt.
        _ if *pooling == Pooling::Cls => pooling.pool(tokens, to),
        _ => to.fill(0.0),
    });
}

/// The features of pooled vectors `[n_sentences, n_pooled]`: modules, normalisation, truncation.
fn after_pooling(head: &Head, pooled: Vec<f32>, n_sentences: usize, options: &FeatureOptions) -> Vec<f32> {
    let mut out = head.forward(pooled, n_sentences);
    let width = out.len() / n_sentences.max(1);
    if options.normalize {
        l2_normalize(&mut out, width);
    }
    let Some(kept) = options.truncate_dim.filter(|&kept| kept < width) else { return out };
    out.chunks_exact(width).flat_map(|row| &row[..kept]).copied().collect()
}
