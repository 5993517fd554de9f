//! Symmetric positive definite matrices: products `Xᵀ D X`, their Cholesky factor, and solving systems with it.
//!
//! Matrices are row-major, and only their lower triangle is used. All work is divided into parts of fixed sizes, so
//! that results have the same bits for any number of threads. Source: Golub and Van Loan, Matrix Computations, 4th
//! edition, section 4.2 (the blocked form, right-looking).

use crate::error::Result;
use crate::observer::GoOn;
use clsify_kernels::matmul::{MatMut, MatRef, Parallel, matmul};
use clsify_kernels::vector::dot;
use rayon::prelude::*;

/// The number of columns that are eliminated together.
const BLOCK: usize = 64;
/// The number of rows of a triangular result that are computed together.
const STRIP: usize = 64;
/// The number of rows of `X` that are weighted at a time.
const CHUNK: usize = 512;
/// The number of right-hand sides that one thread solves together.
const RIGHT_SIDES: usize = 24;

/// The lower triangle of `Σᵢ dᵢ xᵢ xᵢᵀ`, `[size, size]`, over the columns `first..first + size` of rows `x [n, width]`.
pub(super) fn weighted_gram(
    x: &[f64],
    width: usize,
    first: usize,
    size: usize,
    weight: impl Fn(usize) -> f64 + Sync,
    go_on: GoOn,
) -> Result<Vec<f64>> {
    let mut gram = vec![0.0; size * size];
    let mut weighted = vec![0.0; CHUNK.min(x.len() / width) * size];
    for (chunk, x) in x.chunks(CHUNK * width).enumerate() {
        go_on()?;
        let n = x.len() / width;
        weighted
            .par_chunks_exact_mut(size)
            .zip(x.par_chunks_exact(width))
            .enumerate()
            .with_min_len(64)
            .for_each(|(i, (weighted, row))| {
                let weight = weight(chunk * CHUNK + i);
                weighted.iter_mut().zip(&row[first..first + size]).for_each(|(w, x)| *w = weight * x);
            });
        let x = MatRef::new(x, n, width);
        let weighted = MatRef::new(&weighted[..n * size], n, size);
        gram.par_chunks_mut(STRIP * size).enumerate().for_each(|(strip, gram)| {
            let (start, rows) = (strip * STRIP, gram.len() / size);
            let columns = start + rows;
            matmul(
                MatMut::with_stride(gram, rows, columns, size),
                x.columns(first + start, rows).t(),
                weighted.columns(0, columns),
                1.0,
                1.0,
                Parallel::No,
            );
        });
    }
    Ok(gram)
}

/// `A = L Lᵀ`.
#[derive(Debug)]
pub(super) struct Cholesky {
    size: usize,
    /// `L` below its diagonal blocks; these contain their own inverses.
    factor: Vec<f64>,
}

impl Cholesky {
    /// Factors `a [size, size]`. A pivot that is too small because of rounding is increased: the matrices here are
    /// sums of squares plus a penalty, and are only used as preconditioners.
    pub(super) fn new(mut a: Vec<f64>, size: usize) -> Self {
        // Relative to the original diagonal, so that the scale of the columns does not matter.
        let least: Vec<f64> =
            (0..size).map(|i| (a[i * size + i].abs() * 1e-14).max(f64::MIN_POSITIVE)).collect();
        let mut inverse = [0.0; BLOCK * BLOCK];
        for j in (0..size).step_by(BLOCK) {
            let b = BLOCK.min(size - j);
            factor_block(&mut a[j * size + j..], size, &least[j..j + b]);
            let inverse = &mut inverse[..b * b];
            invert_block(&a[j * size + j..], b, size, inverse);
            for i in 0..b {
                a[(j + i) * size + j..][..b].copy_from_slice(&inverse[i * b..][..b]);
            }
            let next = j + b;
            let rest = size - next;
            if rest == 0 {
                break;
            }
            let mut panel = vec![0.0; rest * b]; // L below the block
            let below = MatRef::with_stride(&a[next * size + j..], rest, b, size);
            let to = MatMut::new(&mut panel, rest, b);
            matmul(to, below, MatRef::new(inverse, b, b).t(), 1.0, 0.0, Parallel::No);
            a[next * size..].par_chunks_mut(STRIP * size).enumerate().for_each(|(strip, a)| {
                let (start, rows) = (strip * STRIP, a.len() / size);
                for (i, a) in a.chunks_exact_mut(size).enumerate() {
                    a[j..next].copy_from_slice(&panel[(start + i) * b..][..b]);
                }
                let own = MatRef::new(&panel[start * b..][..rows * b], rows, b);
                let columns = start + rows;
                let above = MatRef::new(&panel[..columns * b], columns, b);
                let to = MatMut::with_stride(&mut a[next..], rows, columns, size);
                matmul(to, own, above.t(), -1.0, 1.0, Parallel::No);
            });
        }
        Cholesky { size, factor: a }
    }

    /// Replaces every row `b` of `right_sides [m, size]` by the solution of `A x = b`.
    pub(super) fn solve(&self, right_sides: &mut [f64]) {
        right_sides.par_chunks_mut(RIGHT_SIDES * self.size).for_each(|b| self.solve_chunk(b));
    }

    fn solve_chunk(&self, right_sides: &mut [f64]) {
        let (size, l) = (self.size, &self.factor);
        let m = right_sides.len() / size;
        let mut rest = vec![0.0; m * BLOCK];
        let starts = || (0..size).step_by(BLOCK);
        let mut block = |right_sides: &mut [f64], j: usize, is_forward: bool| {
            let b = BLOCK.min(size - j);
            let rest = &mut rest[..m * b];
            for (rest, row) in rest.chunks_exact_mut(b).zip(right_sides.chunks_exact(size)) {
                rest.copy_from_slice(&row[j..j + b]);
            }
            let next = j + b;
            let inverse = MatRef::with_stride(&l[j * size + j..], b, b, size);
            let solved = MatRef::new(right_sides, m, size);
            let to = MatMut::new(rest, m, b);
            if is_forward {
                let left = MatRef::with_stride(&l[j * size..], b, j, size);
                matmul(to, solved.columns(0, j), left.t(), -1.0, 1.0, Parallel::No);
            } else if next < size {
                let below = MatRef::with_stride(&l[next * size + j..], size - next, b, size);
                matmul(to, solved.columns(next, size - next), below, -1.0, 1.0, Parallel::No);
            }
            let to = MatMut::with_stride(&mut right_sides[j..], m, b, size);
            let inverse = if is_forward { inverse.t() } else { inverse };
            matmul(to, MatRef::new(rest, m, b), inverse, 1.0, 0.0, Parallel::No);
        };
        starts().for_each(|j| block(right_sides, j, true));
        starts().rev().for_each(|j| block(right_sides, j, false));
    }
}

/// The factor of one block in place, row by row; rows are `stride` apart, and pivots are at least `least`.
fn factor_block(a: &mut [f64], stride: usize, least: &[f64]) {
    for (i, &least) in least.iter().enumerate() {
        let (above, row) = a.split_at_mut(i * stride);
        for j in 0..i {
            let upper = &above[j * stride..][..=j];
            row[j] = (row[j] - dot(&row[..j], &upper[..j])) / upper[j];
        }
        let pivot = row[i] - dot(&row[..i], &row[..i]);
        row[i] = pivot.max(least).sqrt();
    }
}

/// The inverse of a triangular block, `[b, b]`, zeros above the diagonal.
fn invert_block(l: &[f64], b: usize, stride: usize, inverse: &mut [f64]) {
    inverse.fill(0.0);
    for i in 0..b {
        let (above, own) = inverse.split_at_mut(i * b);
        let row = &l[i * stride..][..=i];
        for (k, &factor) in row[..i].iter().enumerate() {
            let above = &above[k * b..][..=k];
            own[..=k].iter_mut().zip(above).for_each(|(own, above)| *own -= factor * above);
        }
        own[..i].iter_mut().for_each(|x| *x /= row[i]);
        own[i] = 1.0 / row[i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize) -> Vec<f64> {
        (0..n).map(|i| ((i * 7919 % 1009) as f64 - 500.0) / 500.0).collect()
    }

    /// Oracle: the triple loop, and the product with the matrix itself. Tolerance: condition 1e3 of numbers near 10.
    #[test]
    fn a_solution_solves() {
        for (n, size) in [(3, 1), (9, 5), (100, 64), (300, 65), (2500, 200), (400, 330)] {
            let width = size + 3;
            let x = numbers(n * width);
            let mut a = weighted_gram(&x, width, 2, size, |i| (i % 4) as f64, &|| Ok(())).unwrap();
            for i in 0..size {
                for j in 0..=i {
                    let at = |row: usize, column: usize| x[row * width + 2 + column];
                    let expected: f64 = (0..n).map(|row| (row % 4) as f64 * at(row, i) * at(row, j)).sum();
                    assert!((a[i * size + j] - expected).abs() < 1e-10, "{n} {size} [{i}, {j}]");
                }
                a[i * size + i] += 1.0;
            }
            let cholesky = Cholesky::new(a.clone(), size);
            let m = 11;
            let right_sides = numbers(m * size);
            let mut solutions = right_sides.clone();
            cholesky.solve(&mut solutions);
            for (solution, right_side) in solutions.chunks(size).zip(right_sides.chunks(size)) {
                for i in 0..size {
                    let element = |j: usize| if j <= i { a[i * size + j] } else { a[j * size + i] };
                    let product: f64 = (0..size).map(|j| element(j) * solution[j]).sum();
                    assert!((product - right_side[i]).abs() < 1e-9, "{size}: {product} {}", right_side[i]);
                }
            }
        }
    }

    #[test]
    fn a_singular_matrix_gives_finite_numbers() {
        let cholesky = Cholesky::new(vec![1.0; 100 * 100], 100);
        let mut right_side = numbers(100);
        cholesky.solve(&mut right_side);
        assert!(right_side.iter().all(|x| x.is_finite()));
    }
}
