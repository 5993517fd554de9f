//! Notes about the tokens of sentences: truncated sentences, and sentences of mostly unknown tokens.

use crate::features::TokenCounts;
use crate::observer::Observer;
use crate::tokenizer::{Encoding, Tokenizer};

/// Token counts, and the index of the first sentence that is mostly unknown to the vocabulary.
#[derive(Debug, Default)]
pub(crate) struct TokenNotes {
    pub(crate) counts: TokenCounts,
    n_sentences: usize,
    first_unknown: Option<usize>,
}

impl TokenNotes {
    /// Counts all sentences at once.
    pub(crate) fn of(tokenizer: &Tokenizer, encodings: &[Encoding]) -> Self {
        let mut notes = TokenNotes::default();
        notes.add(tokenizer, encodings);
        notes
    }

    /// Counts further sentences.
    pub(crate) fn add(&mut self, tokenizer: &Tokenizer, encodings: &[Encoding]) {
        let mut unknown = encodings.iter().enumerate().filter(|(_, e)| tokenizer.is_mostly_unknown(e));
        let first = unknown.next().map(|(i, _)| self.n_sentences + i + 1);
        self.counts += TokenCounts::of(encodings);
        self.counts.n_mostly_unknown += usize::from(first.is_some()) + unknown.count();
        self.first_unknown = self.first_unknown.or(first);
        self.n_sentences += encodings.len();
    }

    /// Passes the notes to the observer.
    pub(crate) fn tell(&self, tokenizer: &Tokenizer, observer: &dyn Observer) {
        let (counts, n_sentences) = (&self.counts, self.n_sentences);
        if counts.n_truncated > 0 {
            observer.warn(&format!(
                "{} of {n_sentences} sentences had more than {} tokens and lost their {}",
                counts.n_truncated,
                tokenizer.max_length(),
                tokenizer.truncated_part()
            ));
        }
        if let Some(first) = self.first_unknown {
            observer.warn(&format!(
                "{} of {n_sentences} sentences are mostly unknown tokens (the first is sentence {first}): the encoder's \
                 vocabulary does not contain their words",
                counts.n_mostly_unknown
            ));
        }
    }
}
