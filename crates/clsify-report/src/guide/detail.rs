//! How much the page shows, and what is dropped first if it would be too large.

use clsify::studies::{WalkedSentence, Walkthrough};

use super::traced::n_shown;
use crate::text::counted;

/// Attention maps of all heads of a sentence, or of the means over heads, that are larger than this are always left out.
const MOST_BYTES: [usize; 2] = [250_000, 60_000];

/// The amounts of detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Detail {
    /// The number of sentences with the attention of every head; the others have the mean over the heads.
    pub(super) n_all_heads: usize,
    /// The number of sentences with attention between all tokens; the others have that of the first token.
    pub(super) n_attention_maps: usize,
    /// The number of rows of the picture of token ids.
    pub(super) n_batch_rows: usize,
    /// The number of rows on the map.
    pub(super) n_map_rows: usize,
    /// The maximum length of a row's text on the map, in characters.
    pub(super) max_map_text: usize,
}

/// Takes some detail away.
type Drop = fn(&mut Detail);

impl Detail {
    /// The detail of a page that is small enough.
    pub(super) fn full(walkthrough: &Walkthrough) -> Self {
        let (n_sentences, n_rows) = (walkthrough.sentences.len(), walkthrough.dataset.len());
        Detail {
            n_all_heads: 3.min(n_sentences),
            n_attention_maps: n_sentences,
            n_batch_rows: n_rows.min(2000),
            n_map_rows: n_rows.min(2000),
            max_map_text: 160,
        }
    }

    /// True if the sentence with this index has the mean attention between all tokens.
    pub(super) fn has_map(&self, i: usize, sentence: &WalkedSentence) -> bool {
        i < self.n_attention_maps && map_bytes(sentence)[1] <= MOST_BYTES[1]
    }

    /// True if it has the attention of every head between all tokens.
    pub(super) fn has_all_heads(&self, i: usize, sentence: &WalkedSentence) -> bool {
        i < self.n_all_heads && map_bytes(sentence)[0] <= MOST_BYTES[0]
    }

    /// What is left out of this detail because its sentence is too long, in words.
    pub(super) fn too_long(&self, walkthrough: &Walkthrough) -> Vec<String> {
        let left_out = |wanted: usize, has: fn(&Detail, usize, &WalkedSentence) -> bool| {
            let sentences = walkthrough.sentences.iter().enumerate().take(wanted);
            sentences.filter(|(i, sentence)| !has(self, *i, sentence)).count()
        };
        let heads = left_out(self.n_all_heads, Detail::has_all_heads);
        let maps = left_out(self.n_attention_maps, Detail::has_map);
        let named = [(heads, "the attention of every head"), (maps, "the attention map")];
        let named = named.into_iter().filter(|(n, _)| *n > 0);
        named
            .map(|(n, what)| format!("{what}, of {}", counted(n, "long sentence", "long sentences")))
            .collect()
    }

    /// What is dropped, in this order, with its name.
    pub(super) const DROPS: [(Drop, &str); 8] = [
        (
            |d| d.n_all_heads = d.n_all_heads.min(1),
            "the attention of every head, except for the first sentence",
        ),
        (
            |d| d.n_attention_maps = d.n_attention_maps.min(20),
            "the attention maps after the first 20 sentences",
        ),
        (|d| d.max_map_text = 60, "the ends of long texts on the map"),
        (|d| d.n_batch_rows = d.n_batch_rows.min(500), "the token ids after the first 500 rows"),
        (
            |d| d.n_attention_maps = d.n_attention_maps.min(3),
            "the attention maps after the first 3 sentences",
        ),
        (|d| d.n_all_heads = 0, "the attention of every head"),
        (|d| d.n_map_rows = d.n_map_rows.min(500), "the rows of the map after the first 500"),
        (|d| d.n_attention_maps = 0, "all attention maps"),
    ];
}

/// The sizes of a sentence's attention maps: of all heads, and of their means; one byte per layer, head, query and key.
fn map_bytes(sentence: &WalkedSentence) -> [usize; 2] {
    let (n, n_tokens) = (n_shown(sentence), sentence.trace.tokens.len());
    let layers = &sentence.trace.attention_probs;
    let n_heads = layers.first().map_or(0, |probs| probs.rows() / n_tokens.max(1));
    let mean = layers.len() * n * n;
    [n_heads * mean, mean]
}
