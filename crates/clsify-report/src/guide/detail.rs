//! How much the page shows, and what is dropped first if it would be too large.

use clsify::studies::Walkthrough;

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
