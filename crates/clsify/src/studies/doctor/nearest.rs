//! Finds the nearest rows by cosine similarity, block by block: besides the rows it needs one megabyte per thread,
//! whatever their number.

use clsify_kernels::matmul::{MatMut, MatRef, Parallel, matmul};
use clsify_kernels::normalize::l2_normalize;
use rayon::prelude::*;

use crate::matrix::Matrix;

/// The number of rows on each side that are compared at a time: a block of cosines is 1 MB.
const QUERIES: usize = 256;
const KEYS: usize = 1024;

/// Rows of length 1, so that a dot product is a cosine.
pub(crate) struct UnitRows(Matrix);

impl UnitRows {
    /// Divides every row by its length.
    pub(crate) fn new(mut features: Matrix) -> Self {
        let n_features = features.cols();
        l2_normalize(features.as_mut_slice(), n_features);
        UnitRows(features)
    }

    /// Some of the rows.
    pub(crate) fn select(&self, rows: &[usize]) -> Self {
        UnitRows(self.0.select_rows(rows))
    }
}

/// The keys that a query is compared with.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Among {
    All,
    /// Those before the row with the query's own number.
    Earlier,
}

/// A key, by its row, and its cosine with the query.
pub(crate) type Neighbour = (usize, f32);

/// The `k` keys nearest to each query, the nearest first, among those for which `may_match(query, key)` is true and
/// whose cosine is at least `threshold`; of equal ones the earlier rows.
pub(crate) fn nearest(
    queries: &UnitRows,
    keys: &UnitRows,
    among: Among,
    k: usize,
    threshold: f32,
    may_match: &(dyn Fn(usize, usize) -> bool + Sync),
) -> Vec<Vec<Neighbour>> {
    let n_features = keys.0.cols();
    let mut nearest: Vec<Vec<Neighbour>> = vec![Vec::new(); queries.0.rows()];
    nearest.par_chunks_mut(QUERIES).enumerate().for_each(|(block, nearest)| {
        let first_query = block * QUERIES;
        let own = &queries.0.as_slice()[first_query * n_features..][..nearest.len() * n_features];
        let own = MatRef::new(own, nearest.len(), n_features);
        let n_keys = match among {
            Among::All => keys.0.rows(),
            Among::Earlier => keys.0.rows().min(first_query + nearest.len() - 1),
        };
        let mut cosines = vec![0.0; nearest.len() * KEYS];
        for (block, keys) in keys.0.as_slice()[..n_keys * n_features].chunks(KEYS * n_features).enumerate() {
            let n_keys = keys.len() / n_features;
            let cosines = &mut cosines[..nearest.len() * n_keys];
            let product = MatMut::new(cosines, nearest.len(), n_keys);
            matmul(product, own, MatRef::new(keys, n_keys, n_features).t(), 1.0, 0.0, Parallel::No);
            for (i, (nearest, row)) in nearest.iter_mut().zip(cosines.chunks_exact(n_keys)).enumerate() {
                let query = first_query + i;
                for (j, &cosine) in row.iter().enumerate() {
                    let key = block * KEYS + j;
                    let is_visible = among == Among::All || key < query;
                    let is_near = cosine >= threshold
                        && (nearest.len() < k || nearest.last().is_some_and(|(_, known)| cosine > *known));
                    if is_visible && is_near && may_match(query, key) {
                        let place = nearest.partition_point(|(_, known)| *known >= cosine);
                        nearest.insert(place, (key, cosine));
                        nearest.truncate(k);
                    }
                }
            }
        }
    });
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random_rows(n: usize, d: usize) -> Matrix {
        let mut state = 1u32;
        let mut number = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        Matrix::from_vec((0..n * d).map(|_| number()).collect(), n, d).unwrap()
    }

    /// Oracle: every pair in `f64`, sorted. There are more rows than fit into one block on either side.
    #[test]
    fn blocks_find_what_every_pair_finds() {
        let (n, k, threshold) = (KEYS + 300, 3, 0.9);
        let data = random_rows(n, 5);
        let dot = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
        };
        let cosine = |i: usize, j: usize| {
            let (a, b) = (data.row(i), data.row(j));
            dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
        };
        let unit = UnitRows::new(data.clone());
        for among in [Among::Earlier, Among::All] {
            let found = nearest(&unit, &unit, among, k, threshold, &|i, j| i != j && j % 7 != 0);
            let (mut n_full, mut n_empty) = (0, 0);
            for (i, found) in found.iter().enumerate() {
                let last = if among == Among::All { n } else { i };
                let keys = (0..last).filter(|&j| j != i && j % 7 != 0);
                let mut expected: Vec<f64> = keys.map(|j| cosine(i, j)).collect();
                expected.sort_by(|a, b| b.total_cmp(a));
                // Tolerance: sums of five products of f32; a cosine that is this close to the threshold may be on
                // either side.
                for (&(j, got), expected) in found.iter().zip(&expected) {
                    assert!(
                        (f64::from(got) - expected).abs() < 1e-5 && (cosine(i, j) - expected).abs() < 1e-5
                    );
                }
                let next = expected.get(found.len()).copied().unwrap_or(-1.0);
                assert!(found.len() == k || next < f64::from(threshold) + 1e-5);
                n_full += usize::from(found.len() == k);
                n_empty += usize::from(found.is_empty());
            }
            assert!(n_full > n / 4 && n_empty > 0, "{n_full} {n_empty}");
        }
    }

    #[test]
    fn equal_rows_are_found_in_their_order() {
        let unit = UnitRows::new(Matrix::from_vec(vec![1.0; 4], 4, 1).unwrap());
        let found = nearest(&unit, &unit, Among::All, 2, 0.0, &|i, j| i != j);
        let rows: Vec<Vec<usize>> = found.iter().map(|f| f.iter().map(|(row, _)| *row).collect()).collect();
        assert_eq!(rows, [[1, 2], [0, 2], [0, 1], [0, 1]]);
        assert_eq!(nearest(&unit, &unit, Among::Earlier, 2, 0.0, &|_, _| true)[0], []);
    }
}
