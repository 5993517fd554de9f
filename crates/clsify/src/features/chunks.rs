//! Divides sentences into chunks that pass through the encoder together, so that all cores are busy to the end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::encoder::Parallel;

/// The number of tokens that pass through the encoder together. From 128 to 512 the speed is the same within 3 %; in
/// the middle a chunk's intermediate values stay in the cache, and the weights are not read too often.
const CHUNK_TOKENS: usize = 256;

/// What each thread adds to the processor time of a chunk whose products are divided among threads, which wait for each
/// other after every one of them. Measured with two threads, which take 24 % longer so (f32) than with a chunk each.
const DIVIDED_COST: f64 = 0.12;

/// Chunks, and whether they run one after the other on all threads or beside each other.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chunks {
    /// Indices of sentences, the chunks with the most tokens first.
    pub(super) chunks: Vec<Vec<usize>>,
    pub(super) parallel: Parallel,
}

/// Chunks for sentences with these numbers of tokens.
///
/// Their number is a multiple of the number of threads and their sizes are alike, so that the threads finish together.
/// If that cannot be, as with one sentence or one that is much longer than all others, each product is divided among
/// the threads instead.
pub(super) fn chunks(lengths: &[usize], n_threads: usize) -> Chunks {
    let n_tokens: usize = lengths.iter().sum();
    let n_chunks = n_tokens.div_ceil(CHUNK_TOKENS);
    let (chunks, sizes) = parts(lengths, n_chunks.next_multiple_of(n_threads));
    let (_, of_threads) = parts(&sizes, n_threads);
    let busiest = of_threads.first().copied().unwrap_or(0) as f64;
    let divided = n_tokens as f64 / n_threads as f64 * (1.0 + DIVIDED_COST * n_threads as f64);
    if busiest <= divided {
        return Chunks { chunks, parallel: Parallel::No };
    }
    Chunks { chunks: parts(lengths, n_chunks).0, parallel: Parallel::Yes }
}

/// Divides items among at most `n` parts of like sizes, none of them empty: the largest items first, each to the part
/// that is smallest then. Returns the indices of the items of each part, and the sizes of the parts, which decrease.
fn parts(sizes: &[usize], n: usize) -> (Vec<Vec<usize>>, Vec<usize>) {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&i| Reverse(sizes[i]));
    let mut parts = vec![Vec::new(); n.min(sizes.len())];
    let mut smallest: BinaryHeap<Reverse<(usize, usize)>> =
        (0..parts.len()).map(|part| Reverse((0, part))).collect();
    for i in order {
        let Some(mut top) = smallest.peek_mut() else { break };
        let Reverse((size, part)) = *top;
        parts[part].push(i);
        *top = Reverse((size + sizes[i], part));
    }
    let mut filled: Vec<(usize, usize)> = smallest.into_iter().map(|Reverse(filled)| filled).collect();
    filled.sort_by_key(|&(size, part)| (Reverse(size), part));
    filled.into_iter().map(|(size, part)| (std::mem::take(&mut parts[part]), size)).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(lengths: &[usize], chunks: &Chunks) -> Vec<usize> {
        chunks.chunks.iter().map(|chunk| chunk.iter().map(|&i| lengths[i]).sum()).collect()
    }

    #[test]
    fn every_sentence_is_in_one_chunk() {
        for (n, n_threads) in [(0, 1), (1, 1), (1, 2), (5, 2), (63, 2), (63, 64), (1000, 3)] {
            let lengths: Vec<usize> = (0..n).map(|i| 1 + i * i % 61).collect();
            let mut seen = chunks(&lengths, n_threads).chunks.concat();
            seen.sort_unstable();
            assert_eq!(seen, (0..n).collect::<Vec<_>>(), "{n} sentences, {n_threads} threads");
        }
    }

    #[test]
    fn threads_finish_together() {
        let lengths: Vec<usize> = (0..12).map(|i| 18 + i).collect();
        let chunks = chunks(&lengths, 2);
        assert_eq!((sizes(&lengths, &chunks), chunks.parallel), (vec![141, 141], Parallel::No));
    }

    #[test]
    fn a_chunk_that_would_keep_one_thread_busy_is_divided() {
        for (lengths, expected) in [
            (vec![24], Parallel::Yes),
            (vec![512, 24], Parallel::Yes),
            (vec![512; 3], Parallel::Yes),
            (vec![512; 4], Parallel::No),
            (vec![25, 24], Parallel::No),
        ] {
            assert_eq!(chunks(&lengths, 2).parallel, expected, "{lengths:?}");
        }
        assert_eq!(chunks(&[24], 1).parallel, Parallel::No);
    }

    #[test]
    fn many_sentences_make_chunks_of_the_best_size() {
        let lengths: Vec<usize> = (0..2000).map(|i| 5 + i * 7 % 50).collect();
        let found = chunks(&lengths, 2);
        // The sizes differ by less than the shortest sentence has tokens.
        assert!(sizes(&lengths, &found).iter().all(|size| size.abs_diff(CHUNK_TOKENS) <= 5));
    }
}
