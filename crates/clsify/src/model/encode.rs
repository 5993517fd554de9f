//! Sentences to features: tokens, and then the encoder or the cache.

use std::time::{Duration, Instant};

use super::sentence_encoder::SentenceEncoder;
use crate::error::Result;
use crate::features::{FeatureCache, TokenCounts, check, check_finite, check_finite_row};
use crate::matrix::Matrix;
use crate::notes::token_notes::TokenNotes;
use crate::observer::{Stage, advance};
use crate::tokenizer::Encoding;

/// With a cache, sentences are encoded in parts of about this duration, so that an interrupt loses at most one.
const PART: Duration = Duration::from_secs(2);

/// The number of sentences that are tokenized before the observer is asked whether to go on.
const TOKENIZED_AT_ONCE: usize = 4096;
/// The number of sentences of the first part, and the limits for all parts.
const FIRST_PART: usize = 64;
const PART_SIZES: (usize, usize) = (16, 16_384);

/// Features, with the encodings and the counts.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// `[n_sentences, n_features]`.
    pub features: Matrix,
    /// The token ids of every sentence.
    pub encodings: Vec<Encoding>,
    /// The token counts.
    pub counts: TokenCounts,
    /// The time for tokenizing, in seconds.
    pub tokenize_seconds: f64,
    /// The time in the encoder and the cache, in seconds.
    pub embed_seconds: f64,
    /// The number of sentences whose features came from the cache.
    pub n_cached: usize,
}

impl SentenceEncoder {
    /// Computes the features of every sentence, in order.
    ///
    /// # Errors
    /// As for [`Tokenizer::encode`](crate::tokenizer::Tokenizer::encode) and [`extract`](crate::features::extract()); [`Error::sentence`](crate::error::Error::sentence) is the index of
    /// the sentence.
    pub fn encode<S: AsRef<str> + Sync>(&self, sentences: &[S]) -> Result<Encoded> {
        let observer = self.observer();
        let started = Instant::now();
        observer.start(Stage::Tokenize, sentences.len());
        let encodings = self.tokenize(sentences)?;
        observer.finish(Stage::Tokenize);
        let tokenize_seconds = started.elapsed().as_secs_f64();

        let notes = TokenNotes::of(self.tokenizer(), &encodings);
        let counts = notes.counts;
        let started = Instant::now();
        let load_seconds = self.load_seconds();
        let (features, n_cached) = self.embed(&encodings)?;
        let embed_seconds = started.elapsed().as_secs_f64() - (self.load_seconds() - load_seconds);
        self.add_embed_seconds(embed_seconds);
        notes.tell(self.tokenizer(), observer);
        Ok(Encoded { features, encodings, counts, tokenize_seconds, embed_seconds, n_cached })
    }

    /// Computes the features of sentences that are tokenized already, `[n_sentences, n_features]`, in order: the rows
    /// that [`encode`](Self::encode) computes, whichever sentences are together in a call.
    ///
    /// # Errors
    /// As for [`extract`](crate::features::extract()); [`Error::sentence`](crate::error::Error::sentence) is the index of the encoding.
    ///
    /// ```no_run
    /// let encoder = clsify::model::SentenceEncoder::load("all-MiniLM-L6-v2")?;
    /// let encodings = encoder.tokenizer().encode_batch(&["a fine film", "a dull film"])?;
    /// assert_eq!(encoder.embed_encodings(&encodings)?.shape(), [2, 384]);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn embed_encodings(&self, encodings: &[Encoding]) -> Result<Matrix> {
        let (started, load_seconds) = (Instant::now(), self.load_seconds());
        let (features, _) = self.embed(encodings)?;
        self.add_embed_seconds(started.elapsed().as_secs_f64() - (self.load_seconds() - load_seconds));
        Ok(features)
    }

    /// The features, and the number of those from the cache.
    fn embed(&self, encodings: &[Encoding]) -> Result<(Matrix, usize)> {
        if let Some(cache) = self.cache() {
            return self.embed_with_cache(cache, encodings);
        }
        let (weights, observer) = (self.load_weights()?, self.observer());
        observer.start(Stage::Embed, encodings.iter().map(Encoding::len).sum());
        let progress = |done| advance(observer, Stage::Embed, done);
        let features = weights.extract(encodings, self.features(), &progress)?;
        observer.finish(Stage::Embed);
        Ok((features, 0))
    }

    /// Part by part, so that it can be cancelled.
    fn tokenize<S: AsRef<str> + Sync>(&self, sentences: &[S]) -> Result<Vec<Encoding>> {
        let mut encodings = Vec::with_capacity(sentences.len());
        for part in sentences.chunks(TOKENIZED_AT_ONCE) {
            let first = encodings.len();
            let of_part = self.tokenizer().encode_batch(part);
            encodings.extend(of_part.map_err(|error| match error.sentence() {
                Some(sentence) => error.at_sentence(first + sentence),
                None => error,
            })?);
            advance(self.observer(), Stage::Tokenize, encodings.len())?;
        }
        Ok(encodings)
    }

    /// As [`encode`](Self::encode), for sentences of a file; an error about a sentence names its line.
    pub(crate) fn encode_lines<S: AsRef<str> + Sync>(
        &self,
        sentences: &[S],
        lines: &[usize],
    ) -> Result<Encoded> {
        self.encode(sentences).map_err(|error| error.at_line_of(lines))
    }

    /// The features, partly from the cache, and the number of those from the cache.
    fn embed_with_cache(&self, cache: &FeatureCache, encodings: &[Encoding]) -> Result<(Matrix, usize)> {
        let observer = self.observer();
        check(encodings, self.features())?;
        let identity = &self.files().features_name(self.features(), self.dtype(), self.hash_memory())?;
        let mut found = cache.look_up(identity, encodings, self.n_features());
        if found.n_cached > 0 {
            let (n, of) = (found.n_cached, encodings.len());
            observer.note(&format!("the features of {n} of {of} sentences are known from an earlier run"));
        }
        if !found.missing.is_empty() {
            let weights = self.load_weights()?;
            let missing = found.missing.clone();
            observer.start(Stage::Embed, missing.iter().map(|&i| encodings[i].len()).sum());
            let mut n_done = 0;
            let keeper = cache.keeper(identity, self.n_features());
            let (mut rest, mut size) = (&missing[..], FIRST_PART);
            while !rest.is_empty() {
                let started = Instant::now();
                let (part, after) = rest.split_at(size.min(rest.len()));
                let part_encodings: Vec<Encoding> = part.iter().map(|&i| encodings[i].clone()).collect();
                let progress = |done| advance(observer, Stage::Embed, n_done + done);
                let rows = weights.extract_unchecked(&part_encodings, self.features(), &progress)?;
                for (i, &sentence) in part.iter().enumerate() {
                    check_finite_row(rows.row(i)).map_err(|error| error.at_sentence(sentence))?;
                }
                n_done += part_encodings.iter().map(Encoding::len).sum::<usize>();
                found.fill(part, &rows);
                keeper.add(&found, part);
                rest = after;
                size = next_size(size, started.elapsed());
            }
            let failure = keeper.finish();
            observer.finish(Stage::Embed);
            found.fill_repeats();
            if let Some(error) = failure {
                observer.note(&format!("features are not kept for a later run: {error}"));
            }
        }
        cache.shrink(0);
        // An earlier version may have cached features that are not finite.
        check_finite(&found.features)?;
        Ok((found.features, found.n_cached))
    }
}

/// Twice or half the number of sentences, if a part took less than half or more than twice its time.
fn next_size(size: usize, took: Duration) -> usize {
    let next = match took {
        _ if took < PART / 2 => 2 * size,
        _ if took > PART * 2 => size / 2,
        _ => size,
    };
    next.clamp(PART_SIZES.0, PART_SIZES.1)
}
