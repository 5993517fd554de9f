//! What several scenes derive from the rows of the data: a sentence's row, and lengths in tokens.

use clsify::studies::{WalkedSentence, Walkthrough};
use clsify::tokenizer::Encoding;

/// The index of a sentence among the rows of the data; `None` for the reader's own sentences and those of a separate file.
pub(super) fn data_row(walkthrough: &Walkthrough, sentence: &WalkedSentence) -> Option<usize> {
    walkthrough.split.test.get(sentence.held_out_row?).copied()
}

/// The length of every row of the data, in tokens with the special ones.
pub(super) fn lengths(walkthrough: &Walkthrough) -> Vec<usize> {
    walkthrough.data.encoded.encodings.iter().map(Encoding::len).collect()
}

/// The width of the bins of a histogram: the least of 1, 2, 5, 10, 20, ... with at most `max_bins` bins from 0 to `max`.
pub(super) fn bin_width(max: usize, max_bins: usize) -> usize {
    let mut widths = (0..).map(|power| 10_usize.pow(power)).flat_map(|ten| [ten, 2 * ten, 5 * ten]);
    widths.find(|width| max / width < max_bins).unwrap_or(1)
}

/// The number of lengths in each bin; bin `i` has those from `i * width` to `(i + 1) * width - 1`.
pub(super) fn histogram(lengths: impl IntoIterator<Item = usize>, width: usize, max: usize) -> Vec<usize> {
    let mut counts = vec![0; max / width + 1];
    lengths.into_iter().for_each(|length| counts[length / width] += 1);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_round_and_have_every_length() {
        assert_eq!(bin_width(0, 30), 1);
        assert_eq!(bin_width(29, 30), 1);
        assert_eq!(bin_width(30, 30), 2);
        assert_eq!(bin_width(59, 30), 2);
        assert_eq!(bin_width(60, 30), 5);
        assert_eq!(bin_width(511, 30), 20);
        assert_eq!(histogram([3, 4, 5, 9, 12], 5, 12), [2, 2, 1]);
        assert_eq!(histogram([10], 5, 10), [0, 0, 1]);
    }
}
