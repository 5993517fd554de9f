//! What the scenes of sentences see of a walk: the classifier, the sentences, and the rows of a batch. A served model has no data; its rows
//! are the sentences themselves.

use std::borrow::Cow;

use clsify::model::{SentenceClassifier, Trace};
use clsify::studies::{WalkedSentence, Walkthrough};
use clsify::tokenizer::Encoding;

use super::data_rows::data_row;

/// A walk with its data, or of sentences alone.
#[derive(Clone, Copy)]
pub(super) struct Walk<'a> {
    pub(super) classifier: &'a SentenceClassifier,
    /// At least one.
    pub(super) sentences: &'a [WalkedSentence],
    /// `None` for a served model.
    pub(super) data: Option<&'a Walkthrough<'a>>,
}

impl<'a> From<&'a Walkthrough<'a>> for Walk<'a> {
    fn from(walkthrough: &'a Walkthrough<'a>) -> Self {
        Walk {
            classifier: walkthrough.classifier,
            sentences: &walkthrough.sentences,
            data: Some(walkthrough),
        }
    }
}

impl<'a> Walk<'a> {
    /// The number of the scene with the reasons, to which other scenes refer.
    pub(super) fn step_of_reasons(&self) -> usize {
        if self.data.is_some() { 11 } else { 8 }
    }

    /// The row of a sentence; `None` if it is none of the rows.
    pub(super) fn row_of(&self, sentence: &WalkedSentence) -> Option<usize> {
        match self.data {
            Some(data) => data_row(data, sentence),
            None => self.sentences.iter().position(|each| std::ptr::eq(each, sentence)),
        }
    }

    /// The tokens of every row.
    pub(super) fn encodings(&self) -> Cow<'a, [Encoding]> {
        let of_trace = |sentence: &WalkedSentence| Encoding {
            input_ids: sentence.trace.tokens.iter().map(|token| token.id).collect(),
            token_type_ids: vec![0; sentence.trace.tokens.len()],
            is_truncated: sentence.trace.is_truncated,
        };
        match self.data {
            Some(data) => Cow::Borrowed(&data.data.encoded.encodings),
            None => Cow::Owned(self.sentences.iter().map(of_trace).collect()),
        }
    }

    /// The number of rows, of the tokens of the longest one, and of all tokens.
    pub(super) fn counts(&self) -> [usize; 3] {
        match self.data {
            Some(data) => {
                let counts = &data.data.encoded.counts;
                [data.data.encoded.encodings.len(), counts.max_tokens, counts.n_tokens]
            }
            None => {
                let lengths = self.sentences.iter().map(|sentence| sentence.trace.tokens.len());
                [self.sentences.len(), lengths.clone().max().unwrap_or(0), lengths.sum()]
            }
        }
    }

    /// The sentence of a row.
    pub(super) fn text(&self, row: usize) -> &'a str {
        self.data.map_or_else(|| &self.sentences[row].text, |data| &data.dataset.sentences()[row])
    }

    /// The features of a row.
    pub(super) fn features(&self, row: usize) -> &'a [f32] {
        self.data
            .map_or_else(|| &self.sentences[row].features[..], |data| data.data.encoded.features.row(row))
    }

    /// The trace of a row; `None` if it cannot be traced.
    pub(super) fn trace(&self, row: usize) -> Option<Cow<'a, Trace>> {
        match self.data {
            // Sentences of the data have been encoded, so they can be traced.
            Some(_) => self.classifier.encoder().trace(self.text(row)).ok().map(Cow::Owned),
            None => Some(Cow::Borrowed(&self.sentences[row].trace)),
        }
    }
}
