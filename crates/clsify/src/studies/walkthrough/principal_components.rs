//! The directions in which rows vary most, by subspace iteration on the centred rows: their covariance matrix is never formed, so that
//! wide features cost no more than their own size. Source: Halko, Martinsson and Tropp (2011), "Finding structure with randomness".

use clsify_kernels::matmul::{MatMut, MatRef, Parallel, matmul};
use clsify_kernels::vector::{add_scaled, dot};

use crate::matrix::Matrix;

/// More directions than asked for are iterated, since the last ones of a subspace converge slowly.
const EXTRA: usize = 10;

/// The iteration ends when no component turns by more than this, in radians, or after [`MOST_ITERATIONS`].
const TOLERANCE: f64 = 1e-9;
const MOST_ITERATIONS: usize = 300;

/// The principal components of rows.
///
/// ```
/// use clsify::matrix::Matrix;
/// use clsify::studies::PrincipalComponents;
/// let rows = Matrix::from_vec(vec![0.0, 0.0, 3.0, 4.0, 6.0, 8.0], 3, 2)?;
/// let fitted = PrincipalComponents::fit(&rows, 1, &[]);
/// assert!((fitted.explained_variance_ratio()[0] - 1.0).abs() < 1e-12);
/// assert!((fitted.project(rows.row(2))[0] - 5.0).abs() < 1e-6);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PrincipalComponents {
    /// `[n_features]`.
    mean: Vec<f64>,
    /// Orthonormal rows, `[n_components, n_features]`.
    components: Vec<Vec<f64>>,
    explained_variance_ratio: Vec<f64>,
}

impl PrincipalComponents {
    /// Fits at most `n_components` on rows, after removing from them their mean and the span of the directions in `without`, each
    /// `[n_features]`. There are fewer components if the rows vary in fewer directions. The sign of a component is that of
    /// scikit-learn: its entry of the largest magnitude is positive.
    ///
    /// The same rows always give the same components.
    ///
    /// # Panics
    /// Panics if a direction has another length than the rows.
    pub fn fit(rows: &Matrix, n_components: usize, without: &[Vec<f64>]) -> Self {
        let [n, d] = rows.shape();
        let mean = mean_of(rows);
        let without = orthonormal(without.to_vec());
        let mut centred: Vec<f64> = Vec::with_capacity(n * d);
        for i in 0..n {
            let mut row: Vec<f64> =
                rows.row(i).iter().zip(&mean).map(|(&x, mean)| f64::from(x) - mean).collect();
            without.iter().for_each(|direction| remove(&mut row, direction));
            centred.extend(row);
        }
        let total = dot(&centred, &centred);
        let (mut components, mut variances) = (Vec::new(), Vec::new());
        if total > 0.0 && n_components > 0 {
            for (component, variance) in iterate(&centred, [n, d], n_components) {
                // What remains of directions that were removed is rounding.
                if variance > 1e-12 * total {
                    components.push(with_sign(component));
                    variances.push(variance / total);
                }
            }
        }
        PrincipalComponents { mean, components, explained_variance_ratio: variances }
    }

    /// The components, orthonormal rows `[n_components, n_features]`, those with the largest variance first.
    pub fn components(&self) -> &[Vec<f64>] {
        &self.components
    }

    /// The share of the variance along each component, after what was removed from the rows.
    pub fn explained_variance_ratio(&self) -> &[f64] {
        &self.explained_variance_ratio
    }

    /// The coordinates of a row along the components.
    ///
    /// # Panics
    /// Panics if the row has another length.
    pub fn project(&self, row: &[f32]) -> Vec<f64> {
        assert_eq!(row.len(), self.mean.len(), "expected the features of the fit");
        let row: Vec<f64> = row.iter().zip(&self.mean).map(|(&x, mean)| f64::from(x) - mean).collect();
        self.components.iter().map(|component| dot(component, &row)).collect()
    }
}

fn mean_of(rows: &Matrix) -> Vec<f64> {
    let [n, d] = rows.shape();
    let mut mean = vec![0.0; d];
    for i in 0..n {
        mean.iter_mut().zip(rows.row(i)).for_each(|(sum, &x)| *sum += f64::from(x));
    }
    mean.iter_mut().for_each(|sum| *sum /= n.max(1) as f64);
    mean
}

/// The first `n_components` right singular vectors of the rows `[n, d]`, each with its squared singular value.
fn iterate(rows: &[f64], [n, d]: [usize; 2], n_components: usize) -> Vec<(Vec<f64>, f64)> {
    let n_components = n_components.min(n).min(d);
    let width = (n_components + EXTRA).min(n).min(d);
    let mut basis = orthonormal(start(width, d));
    let mut leading: Vec<Vec<f64>> = Vec::new();
    for _ in 0..MOST_ITERATIONS {
        let (images, scores) = products(rows, [n, d], &basis);
        let (variances, turned) = ritz(&basis, &scores, n);
        let now: Vec<Vec<f64>> = turned[..n_components.min(turned.len())].to_vec();
        // The sine of a small angle, without the cancellation of 1 - cos².
        let turn = |(a, b): (&Vec<f64>, &Vec<f64>)| {
            let mut rest = b.clone();
            remove(&mut rest, a);
            dot(&rest, &rest).sqrt()
        };
        let is_settled =
            leading.len() == now.len() && leading.iter().zip(&now).all(|pair| turn(pair) < TOLERANCE);
        if is_settled {
            return now.into_iter().zip(variances).collect();
        }
        leading = now;
        basis = orthonormal(images);
    }
    let (_, scores) = products(rows, [n, d], &basis);
    let (variances, turned) = ritz(&basis, &scores, n);
    turned.into_iter().zip(variances).take(n_components).collect()
}

/// `Xᵀ X v` of each vector `v` of the basis, and the scores `X v`, `[n, width]`.
fn products(rows: &[f64], [n, d]: [usize; 2], basis: &[Vec<f64>]) -> (Vec<Vec<f64>>, Vec<f64>) {
    let width = basis.len();
    let vectors = basis.concat();
    let (rows, vectors) = (MatRef::new(rows, n, d), MatRef::new(&vectors, width, d));
    let mut scores = vec![0.0; n * width];
    matmul(MatMut::new(&mut scores, n, width), rows, vectors.t(), 1.0, 0.0, Parallel::Yes);
    let mut images = vec![0.0; width * d];
    let by_vector = MatRef::new(&scores, n, width).t();
    matmul(MatMut::new(&mut images, width, d), by_vector, rows, 1.0, 0.0, Parallel::Yes);
    (images.chunks_exact(d).map(<[f64]>::to_vec).collect(), scores)
}

/// The basis turned so that the scores are uncorrelated, with their sums of squares in descending order.
fn ritz(basis: &[Vec<f64>], scores: &[f64], n: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let width = basis.len();
    let mut gram = vec![0.0; width * width];
    let scores = MatRef::new(scores, n, width);
    matmul(MatMut::new(&mut gram, width, width), scores.t(), scores, 1.0, 0.0, Parallel::No);
    let (values, vectors) = symmetric_eigen(gram, width);
    let mut order: Vec<usize> = (0..width).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    let turned = order.iter().map(|&k| {
        let mut sum = vec![0.0; basis[0].len()];
        basis.iter().enumerate().for_each(|(i, vector)| add_scaled(&mut sum, vectors[i * width + k], vector));
        sum
    });
    let turned = turned.collect();
    (order.iter().map(|&k| values[k].max(0.0)).collect(), turned)
}

/// The eigenvalues of a small symmetric matrix and its eigenvectors, the columns of the second result, by Jacobi's rotations.
fn symmetric_eigen(mut a: Vec<f64>, n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut vectors: Vec<f64> = (0..n * n).map(|i| if i % (n + 1) == 0 { 1.0 } else { 0.0 }).collect();
    let size: f64 = dot(&a, &a);
    for _ in 0..60 {
        let off: f64 = (0..n * n).filter(|i| i % (n + 1) != 0).map(|i| a[i] * a[i]).sum();
        if off <= 1e-30 * size {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, &mut vectors, n, [p, q]);
            }
        }
    }
    ((0..n).map(|i| a[i * n + i]).collect(), vectors)
}

/// One rotation, after which `a[p][q]` is 0.
fn rotate(a: &mut [f64], vectors: &mut [f64], n: usize, [p, q]: [usize; 2]) {
    let apq = a[p * n + q];
    if apq == 0.0 {
        return;
    }
    let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * apq);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let cos = 1.0 / (t * t + 1.0).sqrt();
    let sin = t * cos;
    let turn = |x: &mut f64, y: &mut f64| (*x, *y) = (cos * *x - sin * *y, sin * *x + cos * *y);
    for k in 0..n {
        let (mut x, mut y) = (a[k * n + p], a[k * n + q]);
        turn(&mut x, &mut y);
        (a[k * n + p], a[k * n + q]) = (x, y);
    }
    for k in 0..n {
        let (mut x, mut y) = (a[p * n + k], a[q * n + k]);
        turn(&mut x, &mut y);
        (a[p * n + k], a[q * n + k]) = (x, y);
        let (mut x, mut y) = (vectors[k * n + p], vectors[k * n + q]);
        turn(&mut x, &mut y);
        (vectors[k * n + p], vectors[k * n + q]) = (x, y);
    }
}

/// Vectors in general position, the same ones every time (xorshift).
fn start(width: usize, d: usize) -> Vec<Vec<f64>> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    (0..width).map(|_| (0..d).map(|_| next()).collect()).collect()
}

/// An orthonormal basis of the span: Gram and Schmidt's, twice, which is exact to rounding. Dependent vectors are left out.
fn orthonormal(vectors: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(vectors.len());
    for mut vector in vectors {
        let before = dot(&vector, &vector).sqrt();
        for _ in 0..2 {
            basis.iter().for_each(|direction| remove(&mut vector, direction));
        }
        let norm = dot(&vector, &vector).sqrt();
        if norm > 1e-12 * before {
            vector.iter_mut().for_each(|x| *x /= norm);
            basis.push(vector);
        }
    }
    basis
}

/// Removes the part of a vector along a unit vector.
fn remove(vector: &mut [f64], direction: &[f64]) {
    let along = dot(vector, direction);
    add_scaled(vector, -along, direction);
}

fn with_sign(mut component: Vec<f64>) -> Vec<f64> {
    let largest = component.iter().copied().fold(0.0f64, |a, b| if b.abs() > a.abs() { b } else { a });
    if largest < 0.0 {
        component.iter_mut().for_each(|x| *x = -*x);
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(n: usize, d: usize) -> Matrix {
        // Columns of falling variance, correlated through their neighbours.
        let noise = start(n, d);
        let value = |i: usize, j: usize| {
            let (a, b) = (noise[i][j], noise[i][(j + 1) % d]);
            (3.0 * (a + 0.5 * b) / (1.0 + j as f64 / 4.0) + j as f64) as f32
        };
        Matrix::from_vec((0..n * d).map(|k| value(k / d, k % d)).collect(), n, d).unwrap()
    }

    /// Oracle: numpy 2.4.6, `U, S, Vt = np.linalg.svd(X - X.mean(0))` with the signs of scikit-learn's `svd_flip`, and `S² / sum(S²)`.
    #[test]
    fn components_are_those_of_numpy() {
        let x = vec![2.5, 2.4, 0.3, 0.5, 0.7, 1.1, 2.2, 2.9, -0.4, 1.9, 2.2, 0.0, 3.1, 3.0, 0.8];
        let fitted = PrincipalComponents::fit(&Matrix::from_vec(x, 5, 3).unwrap(), 3, &[]);
        let expected = [
            [0.6934215, 0.6786278, -0.2421384],
            [0.4162452, -0.1029800, 0.9034019],
            [-0.5881382, 0.7272272, 0.3538841],
        ];
        for (component, expected) in fitted.components().iter().zip(expected) {
            for (a, b) in component.iter().zip(expected) {
                assert!((a - b).abs() < 1e-6, "{component:?} {expected:?}");
            }
        }
        for (a, b) in fitted.explained_variance_ratio().iter().zip([0.8486364, 0.1444656, 0.0068980]) {
            assert!((a - b).abs() < 1e-6);
        }
    }

    /// The definition: `Xᵀ X v = λ v` for orthonormal `v`, and no direction has more variance than the first.
    #[test]
    fn components_are_eigenvectors() {
        let x = rows(200, 40);
        let fitted = PrincipalComponents::fit(&x, 3, &[]);
        let mean = mean_of(&x);
        let centred: Vec<f64> =
            x.as_slice().iter().enumerate().map(|(i, &x)| f64::from(x) - mean[i % 40]).collect();
        let total = dot(&centred, &centred);
        let (images, _) = products(&centred, [200, 40], fitted.components());
        for (k, component) in fitted.components().iter().enumerate() {
            let value = fitted.explained_variance_ratio()[k] * total;
            for (image, x) in images[k].iter().zip(component) {
                assert!((image - value * x).abs() < 1e-7 * value, "{image} {}", value * x);
            }
            for (l, other) in fitted.components().iter().enumerate() {
                assert!((dot(component, other) - f64::from(u8::from(k == l))).abs() < 1e-10);
            }
        }
        assert!(fitted.explained_variance_ratio().is_sorted_by(|a, b| a >= b));
        assert_eq!(fitted, PrincipalComponents::fit(&x, 3, &[]));
    }

    #[test]
    fn removed_directions_are_orthogonal_to_the_components() {
        let x = rows(60, 12);
        let without = vec![(0..12).map(f64::from).collect::<Vec<f64>>(), vec![1.0; 12]];
        let fitted = PrincipalComponents::fit(&x, 2, &without);
        for component in fitted.components() {
            assert!(without.iter().all(|direction| dot(component, direction).abs() < 1e-9));
        }
        // All components together explain all of the rest, which has two directions fewer.
        let all = PrincipalComponents::fit(&x, 12, &without);
        assert_eq!(all.components().len(), 10);
        assert!((all.explained_variance_ratio().iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn rows_without_variance_have_no_components() {
        for (n, d) in [(1, 3), (4, 1), (4, 2)] {
            let x = Matrix::from_vec(vec![2.0; n * d], n, d).unwrap();
            let fitted = PrincipalComponents::fit(&x, 2, &[]);
            assert!(fitted.components().is_empty() && fitted.project(x.row(0)).is_empty());
        }
        let x = Matrix::from_vec(vec![0.0, 0.0, 1.0, 2.0], 2, 2).unwrap();
        assert_eq!(PrincipalComponents::fit(&x, 2, &[]).components().len(), 1);
        assert!(PrincipalComponents::fit(&x, 2, &[vec![1.0, 2.0]]).components().is_empty());
    }
}
