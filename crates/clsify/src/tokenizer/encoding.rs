//! The result of tokenizing: [`Encoding`] for one sentence, [`Batch`] for several without padding, [`PaddedBatch`]
//! for several as the article shows them.

use std::ops::Range;

/// One sentence as token ids, including special tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoding {
    /// The id of each token: a row of the word embedding table.
    pub input_ids: Vec<u32>,
    /// The index of the sentence, of two, that a token belongs to; all 0 here.
    pub token_type_ids: Vec<u32>,
    /// True if the sentence was longer than the limit and lost its end.
    pub is_truncated: bool,
}

impl Encoding {
    pub(super) fn of(encoding: &tokenizers::Encoding) -> Self {
        Encoding {
            input_ids: encoding.get_ids().to_vec(),
            token_type_ids: encoding.get_type_ids().to_vec(),
            is_truncated: !encoding.get_overflowing().is_empty(),
        }
    }

    /// The number of tokens, special tokens included.
    pub fn len(&self) -> usize {
        self.input_ids.len()
    }

    /// Returns true if there is no token at all.
    pub fn is_empty(&self) -> bool {
        self.input_ids.is_empty()
    }
}

/// Several sentences in a row, without padding.
///
/// ```
/// use clsify::tokenizer::{Batch, Encoding};
/// let encoding = |ids: &[u32]| Encoding { input_ids: ids.to_vec(), token_type_ids: vec![0; ids.len()], is_truncated: false };
/// let batch = Batch::new([&encoding(&[101, 7, 102]), &encoding(&[101, 102])]);
/// assert_eq!(batch.n_tokens(), 5);
/// assert_eq!(batch.sentences().collect::<Vec<_>>(), [0..3, 3..5]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Batch {
    input_ids: Vec<u32>,
    token_type_ids: Vec<u32>,
    ends: Vec<usize>,
}

impl Batch {
    /// The sentences in the given order.
    pub fn new<'a>(encodings: impl IntoIterator<Item = &'a Encoding>) -> Self {
        let mut batch = Batch::default();
        for encoding in encodings {
            batch.input_ids.extend_from_slice(&encoding.input_ids);
            batch.token_type_ids.extend_from_slice(&encoding.token_type_ids);
            batch.ends.push(batch.input_ids.len());
        }
        batch
    }

    /// The number of tokens of all sentences.
    pub fn n_tokens(&self) -> usize {
        self.input_ids.len()
    }

    /// Token ids, `[n_tokens]`.
    pub fn input_ids(&self) -> &[u32] {
        &self.input_ids
    }

    /// Token types, `[n_tokens]`.
    pub fn token_type_ids(&self) -> &[u32] {
        &self.token_type_ids
    }

    /// The tokens of each sentence, as ranges into the batch.
    pub fn sentences(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.ends.iter().scan(0, |start, &end| Some(std::mem::replace(start, end)..end))
    }
}

/// Several sentences as one rectangle `[n_sentences, longest]`, as in the article. The encoder does not use it.
///
/// ```
/// use clsify::tokenizer::{Encoding, PaddedBatch};
/// let encoding = |ids: &[u32]| Encoding { input_ids: ids.to_vec(), token_type_ids: vec![0; ids.len()], is_truncated: false };
/// let padded = PaddedBatch::new(&[encoding(&[101, 7, 102]), encoding(&[101, 102])], 0);
/// assert_eq!(padded.input_ids, [[101, 7, 102], [101, 102, 0]]);
/// assert_eq!(padded.attention_mask, [[1, 1, 1], [1, 1, 0]]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaddedBatch {
    /// Token ids, padded with the padding id.
    pub input_ids: Vec<Vec<u32>>,
    /// 1 for a token, 0 for padding.
    pub attention_mask: Vec<Vec<u8>>,
}

impl PaddedBatch {
    /// Pads every sentence to the length of the longest.
    pub fn new(encodings: &[Encoding], pad_id: u32) -> Self {
        let longest = encodings.iter().map(Encoding::len).max().unwrap_or(0);
        let fill = |e: &Encoding| {
            let mut ids = e.input_ids.clone();
            ids.resize(longest, pad_id);
            ids
        };
        let mask = |e: &Encoding| (0..longest).map(|i| u8::from(i < e.len())).collect();
        PaddedBatch {
            input_ids: encodings.iter().map(fill).collect(),
            attention_mask: encodings.iter().map(mask).collect(),
        }
    }
}
