//! Some neighbouring sentences of a batch, which a thread takes through a layer alone.

use std::ops::Range;

/// The tokens of a chunk: so few that its rows stay in the second-level cache, so many that reading the weights takes
/// less time than multiplying by them.
const TOKENS: usize = 64;
/// The number of chunks is a multiple of it if there are enough sentences, so that as many threads end together.
const MULTIPLE: usize = 4;

/// Some neighbouring sentences.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chunk {
    /// Their places in the batch.
    pub(super) sentences: Range<usize>,
    /// Their tokens.
    pub(super) tokens: Range<usize>,
    /// The tokens of each sentence, counted from the first of the chunk.
    pub(super) of_sentences: Vec<Range<usize>>,
}

/// Divides the sentences of a batch. The division depends on their lengths alone, because sums over tokens are formed
/// chunk by chunk.
pub(super) fn chunks(sentences: impl Iterator<Item = Range<usize>>) -> Vec<Chunk> {
    let sentences: Vec<Range<usize>> = sentences.collect();
    let n_tokens = sentences.last().map_or(0, |sentence| sentence.end);
    let n_chunks = n_tokens.div_ceil(TOKENS).next_multiple_of(MULTIPLE);
    let lengths: Vec<usize> = sentences.iter().map(Range::len).collect();
    let chunk = |places: Range<usize>| {
        let neighbours = &sentences[places.clone()];
        let (start, end) = (neighbours[0].start, neighbours[neighbours.len() - 1].end);
        Chunk {
            sentences: places,
            tokens: start..end,
            of_sentences: neighbours.iter().map(|s| s.start - start..s.end - start).collect(),
        }
    };
    even_parts(&lengths, n_chunks).into_iter().map(chunk).collect()
}

/// Divides neighbours into at most `n_parts` parts of about the same total length, none of them empty.
pub(crate) fn even_parts(lengths: &[usize], n_parts: usize) -> Vec<Range<usize>> {
    let total = lengths.iter().sum::<usize>().max(1);
    let (mut parts, mut end, mut share) = (Vec::<Range<usize>>::new(), 0, usize::MAX);
    for (place, length) in lengths.iter().enumerate() {
        // The equal share of the total in which the middle of it lies.
        let own = (2 * end + length) * n_parts / (2 * total);
        match parts.last_mut() {
            Some(part) if own == share => part.end = place + 1,
            _ => parts.push(place..place + 1),
        }
        (end, share) = (end + length, own);
    }
    parts
}

/// Divides a slice into parts of these lengths, one after another.
pub(super) fn parts_mut<T>(mut x: &mut [T], lengths: impl IntoIterator<Item = usize>) -> Vec<&mut [T]> {
    let mut parts = Vec::new();
    for length in lengths {
        let (part, rest) = x.split_at_mut(length);
        parts.push(part);
        x = rest;
    }
    parts
}

/// The rows of each chunk of a matrix with `cols` columns.
pub(super) fn rows_mut<'a>(x: &'a mut [f32], chunks: &[Chunk], cols: usize) -> Vec<&'a mut [f32]> {
    parts_mut(x, chunks.iter().map(|chunk| chunk.tokens.len() * cols))
}

/// As [`rows_mut`], after the matrix has got its size.
pub(super) fn sized_rows<'a>(x: &'a mut Vec<f32>, chunks: &[Chunk], cols: usize) -> Vec<&'a mut [f32]> {
    let n_tokens: usize = chunks.iter().map(|chunk| chunk.tokens.len()).sum();
    x.resize(n_tokens * cols, 0.0);
    rows_mut(x, chunks, cols)
}

impl Chunk {
    /// Its rows of a matrix with `cols` columns.
    pub(super) fn rows<'a>(&self, x: &'a [f32], cols: usize) -> &'a [f32] {
        &x[self.tokens.start * cols..self.tokens.end * cols]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_lengths(lengths: &[usize]) -> Vec<Chunk> {
        let mut end = 0;
        chunks(lengths.iter().map(|length| {
            end += length;
            end - length..end
        }))
    }

    #[test]
    fn sentences_of_one_length_make_equal_chunks() {
        let found = of_lengths(&[24; 32]);
        assert_eq!(found.len(), 12);
        assert!(found.iter().all(|chunk| (48..=72).contains(&chunk.tokens.len())));
    }

    #[test]
    fn every_sentence_is_in_one_chunk() {
        for lengths in [vec![], vec![3], vec![500], vec![5, 300, 7, 7, 7], (2..90).collect(), vec![2; 7]] {
            let found = of_lengths(&lengths);
            let total: usize = lengths.iter().sum();
            assert_eq!(found.iter().map(|chunk| chunk.tokens.len()).sum::<usize>(), total);
            assert_eq!(found.iter().map(|chunk| chunk.sentences.len()).sum::<usize>(), lengths.len());
            for (chunk, next) in found.iter().zip(&found[1.min(found.len())..]) {
                assert_eq!(
                    (chunk.tokens.end, chunk.sentences.end),
                    (next.tokens.start, next.sentences.start)
                );
            }
            for chunk in &found {
                let of_sentences: Vec<usize> = chunk.of_sentences.iter().map(Range::len).collect();
                assert_eq!(of_sentences, lengths[chunk.sentences.clone()]);
            }
        }
    }
}
