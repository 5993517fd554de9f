//! Matrix products of strided views with the `gemm` crate (AVX-512, AVX2, NEON or plain code, chosen at run time).
//!
//! The letters are those of BLAS: `A [m, k]`, `B [k, n]`, `C [m, n]`, `C = alpha A B + beta C`.

/// A read-only strided view of a slice, `[rows, cols]`.
#[derive(Debug, Clone, Copy)]
pub struct MatRef<'a, T> {
    data: &'a [T],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a, T> MatRef<'a, T> {
    /// A row-major matrix that fills the slice.
    ///
    /// # Panics
    /// Panics if the slice does not hold `rows * cols` numbers.
    pub fn new(data: &'a [T], rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "expected {rows} x {cols} numbers, got {}", data.len());
        MatRef { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// A row-major matrix whose rows start `row_stride` numbers apart: some neighbouring columns of a wider matrix.
    ///
    /// # Panics
    /// Panics if an element would lie outside the slice, or rows would overlap.
    pub fn with_stride(data: &'a [T], rows: usize, cols: usize, row_stride: usize) -> Self {
        check(data.len(), rows, cols, row_stride);
        MatRef { data, rows, cols, row_stride, col_stride: 1 }
    }

    /// The columns `first..first + n`, `[rows, n]`.
    ///
    /// # Panics
    /// Panics if some of them do not exist, or the view has been transposed.
    pub fn columns(self, first: usize, n: usize) -> Self {
        assert!(self.col_stride == 1 && first + n <= self.cols, "expected columns within {}", self.cols);
        let start = if self.rows == 0 { 0 } else { first };
        MatRef { data: &self.data[start..], cols: n, ..self }
    }

    /// The transposed view, `[cols, rows]`.
    pub fn t(self) -> Self {
        MatRef {
            data: self.data,
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
        }
    }
}

/// A writable row-major view of a slice, `[rows, cols]`.
#[derive(Debug)]
pub struct MatMut<'a, T> {
    data: &'a mut [T],
    rows: usize,
    cols: usize,
    row_stride: usize,
}

impl<'a, T> MatMut<'a, T> {
    /// A row-major matrix that fills the slice.
    ///
    /// # Panics
    /// Panics if the slice does not hold `rows * cols` numbers.
    pub fn new(data: &'a mut [T], rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "expected {rows} x {cols} numbers, got {}", data.len());
        MatMut { data, rows, cols, row_stride: cols }
    }

    /// A row-major matrix whose rows start `row_stride` numbers apart.
    ///
    /// # Panics
    /// Panics if an element would lie outside the slice, or rows would overlap.
    pub fn with_stride(data: &'a mut [T], rows: usize, cols: usize, row_stride: usize) -> Self {
        check(data.len(), rows, cols, row_stride);
        MatMut { data, rows, cols, row_stride }
    }
}

fn check(len: usize, rows: usize, cols: usize, row_stride: usize) {
    assert!(row_stride >= cols, "expected a row stride of at least {cols}, got {row_stride}");
    let end = if rows == 0 || cols == 0 { 0 } else { (rows - 1) * row_stride + cols };
    assert!(end <= len, "expected at least {end} numbers, got {len}");
}

/// Determines whether a product may use all threads of the current rayon pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parallel {
    /// Stay on the calling thread.
    No,
    /// Use the threads of the current rayon pool.
    Yes,
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// The element types of a product: `f32` and `f64`.
pub trait Element: sealed::Sealed + Copy + PartialEq + Default + 'static {}
impl Element for f32 {}
impl Element for f64 {}

/// `C = alpha A B + beta C`; if `beta` is zero, the old content of `C` is not read.
///
/// ```
/// use clsify_kernels::matmul::{MatMut, MatRef, Parallel, matmul};
/// let (a, b) = ([1.0f32, 2.0, 3.0, 4.0], [1.0, 0.0, 0.0, 10.0]);
/// let mut c = [0.0; 4];
/// matmul(MatMut::new(&mut c, 2, 2), MatRef::new(&a, 2, 2), MatRef::new(&b, 2, 2), 1.0, 0.0, Parallel::No);
/// assert_eq!(c, [1.0, 20.0, 3.0, 40.0]);
/// ```
///
/// # Panics
/// Panics if the shapes do not fit.
pub fn matmul<T: Element>(c: MatMut<T>, a: MatRef<T>, b: MatRef<T>, alpha: T, beta: T, parallel: Parallel) {
    let (m, n, k) = (a.rows, b.cols, a.cols);
    assert_eq!(b.rows, k, "expected B to have {k} rows");
    assert_eq!((c.rows, c.cols), (m, n), "expected C to be {m} x {n}");
    if m == 0 || n == 0 {
        return;
    }
    let parallelism = match parallel {
        Parallel::No => gemm::Parallelism::None,
        Parallel::Yes => gemm::Parallelism::Rayon(0),
    };
    // SAFETY: the constructors of the views have checked that every element [i, j] of each lies inside its slice, that
    // rows of C do not overlap, and `&mut` keeps C apart from A and B. A stride is below the slice's length, which
    // never exceeds isize::MAX. Elements of C are initialised, so reading them with `beta` is sound.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.data.as_mut_ptr(),
            1,
            c.row_stride as isize,
            beta != T::default(),
            a.data.as_ptr(),
            a.col_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.col_stride as isize,
            b.row_stride as isize,
            beta,
            alpha,
            false,
            false,
            false,
            parallelism,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| (((i + seed) * 7919 % 1009) as f32 - 500.0) / 500.0).collect()
    }

    fn naive(a: &[f32], b: &[f32], m: usize, k: usize, n: usize) -> Vec<f64> {
        let mut c = vec![0.0; m * n];
        for i in 0..m {
            for j in 0..n {
                c[i * n + j] = (0..k).map(|p| f64::from(a[i * k + p]) * f64::from(b[p * n + j])).sum();
            }
        }
        c
    }

    /// Oracle: the triple loop in `f64`. Tolerance: half a unit in the last place for each of k products of numbers
    /// below 1.
    #[test]
    fn products_agree_with_the_triple_loop() {
        let shapes =
            [(1, 1, 1), (1, 40, 7), (7, 40, 1), (2, 3, 5), (17, 33, 65), (64, 100, 48), (130, 257, 31)];
        for &(m, k, n) in &shapes[..if cfg!(miri) { 4 } else { shapes.len() }] {
            let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
            let expected = naive(&a, &b, m, k, n);
            // B is transposed in memory, so that `t` is used on one of the two.
            let bt: Vec<f32> = (0..n * k).map(|i| b[(i % k) * n + i / k]).collect();
            for parallel in [Parallel::No, Parallel::Yes] {
                for (view, name) in
                    [(MatRef::new(&b, k, n), "plain"), (MatRef::new(&bt, n, k).t(), "transposed")]
                {
                    let mut c = vec![f32::NAN; m * n];
                    matmul(MatMut::new(&mut c, m, n), MatRef::new(&a, m, k), view, 2.0, 0.0, parallel);
                    for (got, want) in c.iter().zip(&expected) {
                        let error = (f64::from(*got) - 2.0 * want).abs();
                        assert!(
                            error < k as f64 * 1.2e-7 + 1e-6,
                            "{m}x{k}x{n} {name} {parallel:?}: {error:e}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_band_of_columns_leaves_its_neighbours_alone() {
        let a = numbers(6, 3);
        let mut c = vec![7.0f32; 2 * 5];
        matmul(
            MatMut::with_stride(&mut c[1..], 2, 2, 5),
            MatRef::with_stride(&a, 2, 2, 3),
            MatRef::new(&[1.0, 0.0, 0.0, 1.0], 2, 2),
            1.0,
            1.0,
            Parallel::No,
        );
        let expected = [7.0, 7.0 + a[0], 7.0 + a[1], 7.0, 7.0, 7.0, 7.0 + a[3], 7.0 + a[4], 7.0, 7.0];
        assert_eq!(c, expected);
    }

    #[test]
    #[should_panic(expected = "expected at least 8 numbers, got 7")]
    fn a_view_beyond_its_slice_is_refused() {
        let _ = MatRef::with_stride(&[0.0f32; 7], 2, 3, 5);
    }
}
