//! The nearest row by cosine, block by block: memory is a few megabytes a thread, whatever the number of rows.

use clsify_kernels::matmul::{MatMut, MatRef, Parallel, matmul};
use clsify_kernels::normalize::l2_normalize;
use rayon::prelude::*;

use crate::matrix::Matrix;

/// Rows of each side that are compared at a time: a block of cosines is 1 MB.
const QUERIES: usize = 256;
const KEYS: usize = 1024;

/// The key nearest to each query, and its cosine, among those that `may_match(query, key)`; nothing where none has a
/// cosine of at least `threshold`.
///
/// Both are `[rows, n_features]`; rows need not have length 1.
pub(super) fn nearest(
    queries: &Matrix,
    keys: &Matrix,
    threshold: f32,
    may_match: &(dyn Fn(usize, usize) -> bool + Sync),
) -> Vec<Option<(usize, f32)>> {
    let n_features = keys.cols();
    let (queries, keys) = (unit_rows(queries), unit_rows(keys));
    let mut best: Vec<Option<(usize, f32)>> = vec![None; queries.rows()];
    best.par_chunks_mut(QUERIES).enumerate().for_each(|(block, best)| {
        let first_query = block * QUERIES;
        let own = &queries.as_slice()[first_query * n_features..][..best.len() * n_features];
        let own = MatRef::new(own, best.len(), n_features);
        let mut cosines = vec![0.0; best.len() * KEYS];
        for (block, keys) in keys.as_slice().chunks(KEYS * n_features).enumerate() {
            let n_keys = keys.len() / n_features;
            let cosines = &mut cosines[..best.len() * n_keys];
            let product = MatMut::new(cosines, best.len(), n_keys);
            matmul(product, own, MatRef::new(keys, n_keys, n_features).t(), 1.0, 0.0, Parallel::No);
            for (i, (best, row)) in best.iter_mut().zip(cosines.chunks_exact(n_keys)).enumerate() {
                for (j, &cosine) in row.iter().enumerate() {
                    let key = block * KEYS + j;
                    let is_better = cosine >= threshold && best.is_none_or(|(_, known)| cosine > known);
                    if is_better && may_match(first_query + i, key) {
                        *best = Some((key, cosine));
                    }
                }
            }
        }
    });
    best
}

/// Every row divided by its length.
fn unit_rows(features: &Matrix) -> Matrix {
    let mut unit = features.clone();
    let n_features = unit.cols();
    l2_normalize(unit.as_mut_slice(), n_features);
    unit
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: every pair in `f64`. More rows than a block of either side holds.
    #[test]
    fn blocks_find_what_every_pair_finds() {
        let (n, d, threshold) = (KEYS + 300, 5, 0.9);
        let mut state = 1u32;
        let mut number = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        let data = Matrix::from_vec((0..n * d).map(|_| number()).collect(), n, d).unwrap();
        let dot = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
        };
        let cosine = |i: usize, j: usize| {
            let (a, b) = (data.row(i), data.row(j));
            dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
        };
        let found = nearest(&data, &data, threshold, &|i, j| j < i);
        let mut n_found = 0;
        for (i, found) in found.iter().enumerate() {
            let expected = (0..i).map(|j| cosine(i, j)).fold(f64::NEG_INFINITY, f64::max);
            match *found {
                // Tolerance: sums of five products of f32.
                Some((j, got)) => {
                    assert!(j < i && (f64::from(got) - expected).abs() < 1e-5);
                    assert!((cosine(i, j) - expected).abs() < 1e-5);
                    n_found += 1;
                }
                None => assert!(expected < f64::from(threshold) + 1e-5),
            }
        }
        assert!(n_found > n / 2 && n_found < n, "{n_found}");
    }
}
