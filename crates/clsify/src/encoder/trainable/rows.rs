//! Rows of matrices, divided over threads.

use std::ops::Range;

use rayon::prelude::*;

/// The rows that an element-wise function handles at a time: about as much as the second-level cache holds.
const ROWS: usize = 32;

/// Calls `f(rows of x, rows of y)` for a few rows at a time, on all threads.
pub(super) fn by_rows(x: &mut [f32], y: &[f32], cols: usize, f: impl Fn(usize, &mut [f32], &[f32]) + Sync) {
    let chunks = x.par_chunks_mut(ROWS * cols).zip(y.par_chunks(ROWS * cols));
    chunks.enumerate().for_each(|(i, (x, y))| f(i * ROWS, x, y));
}

/// Divides a matrix into the rows of each sentence. The sentences are in order and without gaps.
pub(super) fn sentences_mut<'a>(
    mut x: &'a mut [f32],
    sentences: &[Range<usize>],
    cols: usize,
) -> Vec<&'a mut [f32]> {
    let mut parts = Vec::with_capacity(sentences.len());
    for sentence in sentences {
        let (part, rest) = x.split_at_mut(sentence.len() * cols);
        parts.push(part);
        x = rest;
    }
    parts
}
