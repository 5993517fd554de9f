//! Fewer rows than columns: expresses the rows in as many coordinates as there are rows.
//!
//! The weights that minimise an L2-penalised loss are a combination of the rows. With `X = L Q`, `L [n, n]`
//! triangular and the rows of `Q [n, d]` orthonormal, `w = Qᵀ u` has the logits `X w = L u` and the norm `|w| = |u|`:
//! the problem in `u` over the rows of `L` is equivalent. This is exact: `Q` is a product of reflections. Source:
//! Golub and Van Loan, Matrix Computations, 4th edition, sections 5.1 and 5.2 (Householder, blocked).

use clsify_kernels::matmul::{MatMut, MatRef, Parallel, matmul};
use clsify_kernels::vector::{add_scaled, dot};

/// The number of reflections that are applied together.
const BLOCK: usize = 32;

/// `Q`, as blocks of reflections `I - Vᵀ T V`.
#[derive(Debug)]
pub(super) struct RowSpace {
    n: usize,
    d: usize,
    /// `V`: row i is the vector of the i-th reflection, zero before column i and 1 there. `[n, d]`.
    vectors: Vec<f64>,
    /// `T` of every block, upper triangular, `[BLOCK, BLOCK]` or less.
    triangles: Vec<Vec<f64>>,
}

impl RowSpace {
    /// `L [n, n]` and `Q` of `x [n, d]`; n is at most d.
    pub(super) fn new(mut x: Vec<f64>, n: usize, d: usize) -> (Vec<f64>, Self) {
        let mut l = vec![0.0; n * n];
        let mut triangles = Vec::new();
        for start in (0..n).step_by(BLOCK) {
            let b = BLOCK.min(n - start);
            let (block, rest) = x[start * d..].split_at_mut(b * d);
            let mut triangle = vec![0.0; b * b];
            for i in 0..b {
                let (own, below) = block[i * d..].split_at_mut(d);
                let place = start + i;
                l[place * n..][..place].copy_from_slice(&own[..place]);
                let (factor, diagonal) = reflection(&mut own[place..]);
                l[place * n + place] = diagonal;
                own[..place].fill(0.0);
                for row in below.chunks_exact_mut(d) {
                    let along = dot(&row[place..], &own[place..]);
                    add_scaled(&mut row[place..], -factor * along, &own[place..]);
                }
                // T gains the column -factor T (V vᵢ), and factor on its diagonal.
                let products: Vec<f64> = (0..i)
                    .map(|k| dot(&block[k * d + start..][..d - start], &block[i * d + start..][..d - start]))
                    .collect();
                for k in 0..i {
                    let sum: f64 = (k..i).map(|m| triangle[k * b + m] * products[m]).sum();
                    triangle[k * b + i] = -factor * sum;
                }
                triangle[i * b + i] = factor;
            }
            let vectors = MatRef::with_stride(&block[start..], b, d - start, d);
            reflect(rest, d, start, vectors, MatRef::new(&triangle, b, b), b);
            triangles.push(triangle);
        }
        (l, RowSpace { n, d, vectors: x, triangles })
    }

    /// `w = Qᵀ u` for every row `u` of `coordinates [m, n]`: `[m, d]`.
    pub(super) fn to_features(&self, coordinates: &[f64]) -> Vec<f64> {
        let (n, d) = (self.n, self.d);
        let m = coordinates.len() / n;
        let mut weights = vec![0.0; m * d];
        for (to, from) in weights.chunks_exact_mut(d).zip(coordinates.chunks_exact(n)) {
            to[..n].copy_from_slice(from);
        }
        for (block, triangle) in self.triangles.iter().enumerate().rev() {
            let start = block * BLOCK;
            let b = BLOCK.min(n - start);
            let vectors = MatRef::with_stride(&self.vectors[start * d + start..], b, d - start, d);
            reflect(&mut weights, d, start, vectors, MatRef::new(triangle, b, b).t(), b);
        }
        weights
    }
}

/// Replaces `x` by the vector, with 1 first, of the reflection that maps it onto the first axis. Returns the
/// reflection's factor, and the image of `x`.
fn reflection(x: &mut [f64]) -> (f64, f64) {
    let length = dot(x, x).sqrt();
    let first = x[0];
    if length == 0.0 {
        x[0] = 1.0;
        return (0.0, 0.0);
    }
    let diagonal = if first > 0.0 { -length } else { length };
    x.iter_mut().for_each(|x| *x /= first - diagonal);
    x[0] = 1.0;
    ((diagonal - first) / diagonal, diagonal)
}

/// `rows (I - Vᵀ T V)`, over the columns from `start` on.
fn reflect(rows: &mut [f64], d: usize, start: usize, v: MatRef<f64>, t: MatRef<f64>, b: usize) {
    let m = rows.len() / d;
    if m == 0 {
        return;
    }
    let (mut along, mut turned) = (vec![0.0; m * b], vec![0.0; m * b]);
    let own = MatRef::with_stride(&rows[start..], m, d - start, d);
    matmul(MatMut::new(&mut along, m, b), own, v.t(), 1.0, 0.0, Parallel::Yes);
    matmul(MatMut::new(&mut turned, m, b), MatRef::new(&along, m, b), t, 1.0, 0.0, Parallel::Yes);
    let own = MatMut::with_stride(&mut rows[start..], m, d - start, d);
    matmul(own, MatRef::new(&turned, m, b), v, -1.0, 1.0, Parallel::Yes);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: the definition, `L Q = X` and `Q Qᵀ = I`. Tolerance: rounding of sums of 200 numbers below 1. One of
    /// the rows is zero and one occurs twice.
    #[test]
    fn triangle_times_orthonormal_rows_is_the_matrix() {
        for (n, d) in [(1, 1), (1, 7), (5, 5), (33, 40), (70, 200)] {
            let mut x: Vec<f64> = (0..n * d).map(|i| ((i * 7919 % 1009) as f64 - 500.0) / 500.0).collect();
            if n > 4 {
                x[3 * d..4 * d].fill(0.0);
                x.copy_within(0..d, 4 * d);
            }
            let (l, row_space) = RowSpace::new(x.clone(), n, d);
            let unit: Vec<f64> = (0..n * n).map(|i| f64::from(u8::from(i / n == i % n))).collect();
            let q = row_space.to_features(&unit);
            for i in 0..n {
                for j in 0..d {
                    let product: f64 = (0..n).map(|k| l[i * n + k] * q[k * d + j]).sum();
                    assert!((product - x[i * d + j]).abs() < 1e-12, "{n} x {d}: [{i}, {j}]");
                }
                for j in 0..n {
                    let product = dot(&q[i * d..][..d], &q[j * d..][..d]);
                    assert!((product - unit[i * n + j]).abs() < 1e-13, "{n} x {d}: [{i}, {j}]");
                    assert!(j <= i || l[i * n + j] == 0.0);
                }
            }
        }
    }
}
