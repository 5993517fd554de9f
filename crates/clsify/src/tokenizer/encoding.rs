//! What a tokenizer makes of sentences: [`Encoding`], one sentence; [`Batch`], several without padding;
//! [`PaddedBatch`], several as the article draws them.

use std::ops::Range;

/// One sentence as the encoder sees it, special tokens included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoding {
    /// The row of each token in the word embedding table.
    pub input_ids: Vec<u32>,
    /// Which of two sentences a token belongs to; all 0 here.
    pub token_type_ids: Vec<u32>,
    /// True if the sentence was longer than the limit and lost its end.
    pub is_truncated: bool,
}

impl Encoding {
    /// The number of tokens, special tokens included.
    pub fn len(&self) -> usize {
        self.input_ids.len()
    }

    /// Returns true if there is no token at all.
    pub fn is_empty(&self) -> bool {
        self.input_ids.is_empty()
    }
}

/// Several sentences, one after another, without padding.
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

    /// Tokens of all sentences.
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

/// Several sentences as one rectangle `[n_sentences, longest]`: the picture of the article. The encoder does without it.
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
    /// Token ids, filled up with the padding id.
    pub input_ids: Vec<Vec<u32>>,
    /// 1 = a token, to be attended to; 0 = padding.
    pub attention_mask: Vec<Vec<u8>>,
}

impl PaddedBatch {
    /// Fills every sentence up to the longest.
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
