//! Sentences without end: group by group through tokenizer and encoder, in memory that does not depend on their number.
//!
//! ```text
//! reading      thread of its own    | group 3 |
//! tokenizing   pool of threads          | group 2 |
//! encoding     the same pool            | group 1 |
//! ```
//!
//! A thread reads ahead by one group. The next group, if it is there, is tokenized while this one is encoded; if it is
//! not, nothing waits for it: what has arrived is answered first.

use std::sync::mpsc::sync_channel;
use std::time::Instant;

use super::observer::{Observer, Stage};
use super::sentence_encoder::SentenceEncoder;
use super::token_notes::TokenNotes;
use crate::error::{Error, Result};
use crate::features::{TokenCounts, check};
use crate::matrix::Matrix;
use crate::tokenizer::Encoding;

/// Sentences that go through the encoder together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// The sentences, in order.
    pub sentences: Vec<String>,
    /// How much of the input has been read with them, in bytes: for progress.
    pub n_bytes: u64,
}

impl Group {
    /// The most sentences that a group should have: enough that sorting them by length keeps all cores busy to the end.
    pub const MAX_SENTENCES: usize = 4096;

    /// The most bytes of text, beyond which a group should take no further sentence.
    pub const MAX_TEXT_BYTES: usize = 1 << 20;

    /// Whether no further sentence should be added, when so many bytes are in.
    pub fn is_full(&self, text_bytes: usize) -> bool {
        self.sentences.len() >= Self::MAX_SENTENCES || text_bytes >= Self::MAX_TEXT_BYTES
    }

    /// The next group of sentences that come one by one; `None` at the end. `n_bytes` stays 0.
    ///
    /// # Errors
    /// That of a sentence; those before it in the group are lost.
    ///
    /// ```
    /// use clsify::pipeline::Group;
    /// let mut sentences = (0..5000).map(|i| Ok::<_, String>(format!("sentence {i}")));
    /// assert_eq!(Group::next(&mut sentences)?.unwrap().sentences.len(), 4096);
    /// assert_eq!(Group::next(&mut sentences)?.unwrap().sentences.len(), 904);
    /// assert_eq!(Group::next(&mut sentences)?, None);
    /// # Ok::<(), String>(())
    /// ```
    pub fn next<E>(sentences: &mut impl Iterator<Item = Result<String, E>>) -> Result<Option<Self>, E> {
        let mut group = Group::default();
        let mut text_bytes = 0;
        while !group.is_full(text_bytes) {
            let Some(sentence) = sentences.next().transpose()? else { break };
            text_bytes += sentence.len();
            group.sentences.push(sentence);
        }
        Ok((!group.sentences.is_empty()).then_some(group))
    }
}

/// What was seen on the way.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Streamed {
    /// Sentences.
    pub n_sentences: usize,
    /// How many tokens there were.
    pub counts: TokenCounts,
    /// Time in the encoder, the tokenizing of what came next included.
    pub embed_seconds: f64,
}

impl SentenceEncoder {
    /// The features of sentences that come in groups: `each` gets a group and its features `[n_sentences, n_features]`,
    /// in order. Memory holds three groups at most. The vectors are those of [`encode`](Self::encode), bit for bit.
    /// The cache for features, if there is one, is not asked.
    ///
    /// `groups` is read ahead in a thread of its own, which is left behind when it still waits for input after an error.
    /// The observer hears of [`Stage::Stream`]; `total_bytes` is the length of the input, 0 if that is not known.
    ///
    /// # Errors
    /// The first one of `groups`, of `each` and of [`encode`](Self::encode). The groups before it have been given to
    /// `each`.
    ///
    /// ```no_run
    /// use clsify::dataset::{DatasetOptions, SentenceReader};
    /// use clsify::error::Error;
    /// use clsify::pipeline::{Group, SentenceEncoder, SentenceEncoderOptions};
    /// let encoder = SentenceEncoder::load("all-MiniLM-L6-v2".as_ref(), SentenceEncoderOptions::default(), &())?;
    /// let mut sentences = SentenceReader::open("reviews.tsv".as_ref(), &DatasetOptions::default())?;
    /// let groups = std::iter::from_fn(move || Group::next(&mut sentences).transpose());
    /// encoder.encode_stream(groups, 0, &(), |group, features| {
    ///     println!("{} vectors", features.rows());
    ///     Ok::<(), Error>(())
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn encode_stream<E: From<Error> + Send + 'static>(
        &self,
        groups: impl Iterator<Item = Result<Group, E>> + Send + 'static,
        total_bytes: u64,
        observer: &dyn Observer,
        mut each: impl FnMut(&Group, &Matrix) -> Result<(), E>,
    ) -> Result<Streamed, E> {
        let weights = self.load_weights(observer)?;
        // Nothing waits in the channel: the reader holds the group that it has read until it is asked for.
        let (sender, receiver) = sync_channel(0);
        // Not a scoped thread: nothing could wake it from a read of a terminal that nobody types into.
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
            // What was tokenized ahead, else what comes next, whenever that is.
            let tokenized = match next.take() {
                Some(tokenized) => tokenized,
                None => match receiver.recv() {
                    Ok(group) => self.tokenize_group(group),
                    Err(_) => break,
                },
            };
            let (group, encodings) = tokenized?;
            check(&encodings, streamed.n_sentences, self.features())?;
            let started = Instant::now();
            let following = receiver.try_recv().ok();
            let (features, tokenized) = rayon::join(
                || weights.extract(&encodings, self.features(), &|_| {}),
                || following.map(|group| self.tokenize_group(group)),
            );
            let features = features?;
            next = tokenized;
            let seconds = started.elapsed().as_secs_f64();
            self.add_embed_seconds(seconds);
            streamed.embed_seconds += seconds;
            notes.add(self.tokenizer(), &encodings);
            streamed.n_sentences += encodings.len();
            streamed.counts = notes.counts;
            each(&group, &features)?;
            observer.advance(Stage::Stream, usize::try_from(group.n_bytes).unwrap_or(usize::MAX));
        }
        if let Err(panic) = reader.join() {
            std::panic::resume_unwind(panic);
        }
        observer.finish(Stage::Stream);
        notes.tell(self.tokenizer(), observer);
        Ok(streamed)
    }

    fn tokenize_group<E: From<Error>>(&self, group: Result<Group, E>) -> Result<(Group, Vec<Encoding>), E> {
        let group = group?;
        let encodings = self.tokenizer().encode_batch(&group.sentences)?;
        Ok((group, encodings))
    }
}
