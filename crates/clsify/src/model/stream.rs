//! Encodes a stream of sentences group by group, in memory that does not depend on their number.
//!
//! ```text
//! reading      thread of its own    | group 3 |
//! tokenizing   pool of threads          | group 2 |
//! encoding     the same pool            | group 1 |
//! ```
//!
//! A thread reads one group ahead. If the next group is there, it is tokenized while the current one is encoded. If
//! it is not, nothing waits for it: the sentences that have arrived are answered first.
//!
//! A group has up to 4,096 sentences (1 MiB of text), and at most three groups are in memory. The bits of a vector do
//! not depend on the grouping.

use std::sync::mpsc::sync_channel;
use std::time::Instant;

use rayon::prelude::*;

use super::sentence_encoder::SentenceEncoder;
use crate::error::{Error, Result};
use crate::features::{TokenCounts, check_finite_row, check_poolings, check_tokens};
use crate::matrix::Matrix;
use crate::notes::token_notes::TokenNotes;
use crate::observer::{Stage, check_cancelled};
use crate::tokenizer::Encoding;

/// Sentences that are encoded together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// The sentences, in order.
    pub sentences: Vec<String>,
    /// The number of bytes of the input that have been read so far, for progress.
    pub n_bytes: u64,
}

impl Group {
    /// The maximum number of sentences per group: sorting them by length then keeps all cores busy to the end.
    pub const MAX_SENTENCES: usize = 4096;

    /// The maximum number of bytes of text per group.
    pub const MAX_TEXT_BYTES: usize = 1 << 20;

    /// Returns true if a group with this many bytes should take no further sentence.
    pub fn is_full(&self, text_bytes: usize) -> bool {
        self.sentences.len() >= Self::MAX_SENTENCES || text_bytes >= Self::MAX_TEXT_BYTES
    }

    /// Groups sentences that arrive one by one. At an error, the group of the sentences before it is returned, then
    /// the error, then nothing. `n_bytes` stays 0.
    ///
    /// ```
    /// use clsify::model::Group;
    /// let sentences = (0..5000).map(|i| if i < 4200 { Ok(format!("sentence {i}")) } else { Err("no sentence") });
    /// let mut groups = Group::of(sentences);
    /// assert_eq!(groups.next().unwrap()?.sentences.len(), 4096);
    /// assert_eq!(groups.next().unwrap()?.sentences.len(), 104);
    /// assert_eq!(groups.next(), Some(Err("no sentence")));
    /// assert_eq!(groups.next(), None);
    /// # Ok::<(), &str>(())
    /// ```
    pub fn of<E>(
        sentences: impl Iterator<Item = Result<String, E>>,
    ) -> impl Iterator<Item = Result<Self, E>> {
        let (mut sentences, mut failed, mut is_over) = (sentences, None, false);
        std::iter::from_fn(move || {
            let (mut group, mut text_bytes) = (Group::default(), 0);
            while !is_over && !group.is_full(text_bytes) {
                match sentences.next() {
                    Some(Ok(sentence)) => {
                        text_bytes += sentence.len();
                        group.sentences.push(sentence);
                    }
                    other => {
                        failed = other.and_then(Result::err);
                        is_over = true;
                    }
                }
            }
            if group.sentences.is_empty() { failed.take().map(Err) } else { Some(Ok(group)) }
        })
    }
}

/// Sentences that are encoded together, with any data that belongs to them: [`Group`], or a type of the caller's.
pub trait SentenceGroup: Send + 'static {
    /// The sentences, in order.
    fn sentences(&self) -> &[String];

    /// The number of bytes of the input that have been read so far, for progress.
    fn n_bytes(&self) -> u64;
}

impl SentenceGroup for Group {
    fn sentences(&self) -> &[String] {
        &self.sentences
    }

    fn n_bytes(&self) -> u64 {
        self.n_bytes
    }
}

/// A sentence without features.
#[derive(Debug)]
pub struct Fault {
    /// The index of the sentence in its group.
    pub sentence: usize,
    /// The reason: the tokenizer fails, finds no token, or a feature is not finite. It does not contain the place.
    pub error: Error,
}

/// The counts of a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Streamed {
    /// The number of sentences.
    pub n_sentences: usize,
    /// The token counts.
    pub counts: TokenCounts,
    /// The time in the encoder in seconds, including the tokenizing of the next group.
    pub embed_seconds: f64,
}

impl SentenceEncoder {
    /// Encodes sentences that arrive in groups: `each` receives a group and its features `[n_sentences, n_features]`,
    /// in order. At most three groups are in memory. The vectors are those of [`encode`](Self::encode), bit for bit.
    /// The feature cache, if there is one, is not used.
    ///
    /// `groups` is read ahead in a thread of its own, which is abandoned if it still waits for input after an error.
    /// The observer receives [`Stage::Stream`]; `total_bytes` is the length of the input, 0 if that is not known.
    ///
    /// # Errors
    /// The first error of `groups`, of `each` or of [`encode`](Self::encode). Everything before it has been passed to
    /// `each`: if the error is about a sentence, the features of its group end before that sentence.
    ///
    /// ```no_run
    /// use clsify::dataset::{DatasetOptions, SentenceReader};
    /// use clsify::error::Error;
    /// use clsify::model::{Group, SentenceEncoder};
    /// let encoder = SentenceEncoder::load("all-MiniLM-L6-v2")?;
    /// let sentences = SentenceReader::open("reviews.tsv", &DatasetOptions::default())?;
    /// encoder.encode_stream(Group::of(sentences), 0, |group, features| {
    ///     println!("{} vectors", features.rows());
    ///     Ok::<(), Error>(())
    /// })?;
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn encode_stream<G: SentenceGroup, E: From<Error> + Send + 'static>(
        &self,
        groups: impl Iterator<Item = Result<G, E>> + Send + 'static,
        total_bytes: u64,
        mut each: impl FnMut(&G, &Matrix) -> Result<(), E>,
    ) -> Result<Streamed, E> {
        let mut n_before = 0;
        self.encode_stream_with_faults(groups, total_bytes, |group, features, mut faults| {
            if faults.is_empty() {
                n_before += features.rows();
                return each(group, features);
            }
            let Fault { sentence, error } = faults.swap_remove(0);
            each(group, &features.select_rows(&(0..sentence).collect::<Vec<_>>()))?;
            Err(error.at_sentence(n_before + sentence).into())
        })
    }

    /// As [`encode_stream`](Self::encode_stream), but it continues after a sentence without features: `each` receives
    /// the group, its features, with zeros in the row of such a sentence, and these sentences, in order.
    ///
    /// # Errors
    /// The first error of `groups`, of `each`, and of the encoder if it is not about a sentence.
    pub fn encode_stream_with_faults<G: SentenceGroup, E: From<Error> + Send + 'static>(
        &self,
        groups: impl Iterator<Item = Result<G, E>> + Send + 'static,
        total_bytes: u64,
        mut each: impl FnMut(&G, &Matrix, Vec<Fault>) -> Result<(), E>,
    ) -> Result<Streamed, E> {
        let observer = self.observer();
        check_poolings(self.features())?;
        let weights = self.load_weights()?;
        // The channel stores nothing: the reader keeps its group until it is asked for it.
        let (sender, receiver) = sync_channel(0);
        // The thread is not scoped, because nothing could wake it from reading a terminal without input.
        let reader = std::thread::spawn(move || {
            for group in groups {
                let is_last = group.is_err();
                if sender.send(group).is_err() || is_last {
                    break;
                }
            }
        });
        let mut streamed = Streamed::default();
        let mut notes = TokenNotes::default();
        observer.start(Stage::Stream, usize::try_from(total_bytes).unwrap_or(usize::MAX));
        let mut next = None;
        loop {
            // The group that was tokenized ahead, otherwise the next one, whenever it arrives.
            let tokenized = match next.take() {
                Some(tokenized) => tokenized,
                None => match receiver.recv() {
                    Ok(group) => self.tokenize_group(group),
                    Err(_) => break,
                },
            };
            let Tokenized { group, encodings, mut faults } = tokenized?;
            let started = Instant::now();
            let following = receiver.try_recv().ok();
            let (features, tokenized) = rayon::join(
                || weights.extract_unchecked(&encodings, self.features(), &|_| check_cancelled(observer)),
                || following.map(|group| self.tokenize_group(group)),
            );
            let features = Self::put_in_place(features?, group.sentences().len(), &mut faults);
            next = tokenized;
            let seconds = started.elapsed().as_secs_f64();
            self.add_embed_seconds(seconds);
            streamed.embed_seconds += seconds;
            notes.add(self.tokenizer(), &encodings);
            streamed.n_sentences += group.sentences().len();
            streamed.counts = notes.counts;
            each(&group, &features, faults)?;
            observer.advance(Stage::Stream, usize::try_from(group.n_bytes()).unwrap_or(usize::MAX));
        }
        if let Err(panic) = reader.join() {
            std::panic::resume_unwind(panic);
        }
        observer.finish(Stage::Stream);
        notes.tell(self.tokenizer(), observer);
        Ok(streamed)
    }

    fn tokenize_group<G: SentenceGroup, E>(&self, group: Result<G, E>) -> Result<Tokenized<G>, E> {
        let group = group?;
        let tokenize = |sentence: &String| {
            let encoding = self.tokenizer().encode(sentence)?;
            check_tokens(&encoding)?;
            Ok(encoding)
        };
        let all: Vec<Result<Encoding>> = group.sentences().par_iter().map(tokenize).collect();
        let (mut encodings, mut faults) = (Vec::with_capacity(all.len()), Vec::new());
        for (sentence, encoding) in all.into_iter().enumerate() {
            match encoding {
                Ok(encoding) => encodings.push(encoding),
                Err(error) => faults.push(Fault { sentence, error }),
            }
        }
        Ok(Tokenized { group, encodings, faults })
    }

    /// Rearranges the features of encodings to those of a group of `n` sentences; adds the sentences whose features
    /// are not finite to `faults`.
    fn put_in_place(features: Matrix, n: usize, faults: &mut Vec<Fault>) -> Matrix {
        let mut placed = features;
        if !faults.is_empty() {
            let mut all = Matrix::zeros(n, placed.cols());
            let mut next_fault = faults.iter().map(|fault| fault.sentence).peekable();
            let good = (0..n).filter(|i| next_fault.next_if_eq(i).is_none());
            good.enumerate().for_each(|(from, to)| all.row_mut(to).copy_from_slice(placed.row(from)));
            placed = all;
        }
        for sentence in 0..n {
            if let Err(error) = check_finite_row(placed.row(sentence)) {
                placed.row_mut(sentence).fill(0.0);
                faults.push(Fault { sentence, error });
            }
        }
        faults.sort_by_key(|fault| fault.sentence);
        placed
    }
}

/// A group whose sentences have been tokenized, as far as possible.
struct Tokenized<G> {
    group: G,
    /// The encodings of the sentences without a fault.
    encodings: Vec<Encoding>,
    faults: Vec<Fault>,
}
