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

    /// The detail of sentences without data.
    pub(super) fn of_sentences(sentences: &[WalkedSentence]) -> Self {
        let n = sentences.len();
        Detail { n_all_heads: n, n_attention_maps: n, n_batch_rows: n, n_map_rows: 0, max_map_text: 0 }
    }

    /// Returns true if the sentence with this index has attention between all tokens: of every head, and as a mean over the heads.
    pub(super) fn maps(&self, i: usize, sentence: &WalkedSentence) -> [bool; 2] {
        self.maps_of_size(i, map_bytes(sentence))
    }

    fn maps_of_size(&self, i: usize, bytes: [usize; 2]) -> [bool; 2] {
        let wanted = [self.n_all_heads, self.n_attention_maps];
        [0, 1].map(|kind| i < wanted[kind] && bytes[kind] <= MOST_BYTES[kind])
    }

    /// What is left out of this detail because its sentence is too long, in words.
    pub(super) fn too_long(&self, walkthrough: &Walkthrough) -> Vec<String> {
        let sizes: Vec<[usize; 2]> = walkthrough.sentences.iter().map(map_bytes).collect();
        self.too_large(&sizes)
    }

    fn too_large(&self, sizes: &[[usize; 2]]) -> Vec<String> {
        let kinds =
            [(self.n_all_heads, "the attention of every head"), (self.n_attention_maps, "the attention map")];
        let left_out = |(kind, (wanted, what)): (usize, (usize, &str))| {
            let sizes = sizes.iter().enumerate().take(wanted);
            let n = sizes.filter(|(i, bytes)| !self.maps_of_size(*i, **bytes)[kind]).count();
            (n > 0).then(|| format!("{what}, of {}", counted(n, "long sentence", "long sentences")))
        };
        kinds.into_iter().enumerate().filter_map(left_out).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_that_are_wanted_but_too_large_are_named() {
        let detail =
            Detail { n_all_heads: 2, n_attention_maps: 4, n_batch_rows: 0, n_map_rows: 0, max_map_text: 0 };
        let sizes = [[250_000, 60_000], [250_001, 60_001], [999_999, 1], [1, 99_999], [999_999, 99_999]];
        assert_eq!(
            detail.too_large(&sizes),
            ["the attention of every head, of 1 long sentence", "the attention map, of 2 long sentences"]
        );
        assert_eq!(detail.maps_of_size(0, sizes[0]), [true, true]);
        assert_eq!(detail.maps_of_size(2, sizes[0]), [false, true]);
        assert!(detail.too_large(&sizes[..1]).is_empty());
    }
}
