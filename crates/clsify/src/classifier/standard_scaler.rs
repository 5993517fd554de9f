//! Standardises features to zero mean and unit variance, and converts a classifier of scaled features to one of
//! unscaled features.
//!
//! Source: scikit-learn 1.9.1, `StandardScaler`.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::logistic_regression::LogisticRegression;
use crate::matrix::Matrix;

/// The scaling of features before a fit. The fitted classifier contains it, so it takes unscaled features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scaling {
    /// No scaling: the article's choice.
    #[default]
    None,
    /// Standardises each column to zero mean and unit variance over the rows of the fit.
    Standard,
}

impl Scaling {
    /// The scaler for these rows, weighted by sample weight; `None` without scaling.
    pub(crate) fn fit(self, features: &Matrix, sample_weight: Option<&[f64]>) -> Option<StandardScaler> {
        (self == Scaling::Standard).then(|| StandardScaler::fit_weighted(features, sample_weight))
    }
}

/// The number of rows whose sums one thread computes at a time; it is fixed, so that the number of threads changes no
/// bit.
const BLOCK: usize = 256;

/// The mean and the standard deviation of each column.
///
/// ```
/// use clsify::{classifier::StandardScaler, matrix::Matrix};
/// let features = Matrix::from_vec(vec![1.0, 7.0, 3.0, 7.0], 2, 2)?;
/// let scaler = StandardScaler::fit(&features);
/// assert_eq!((scaler.mean(), scaler.scale()), (&[2.0, 7.0][..], &[1.0, 1.0][..]));
/// assert_eq!(scaler.transform(&features).as_slice(), [-1.0, 0.0, 1.0, 0.0]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct StandardScaler {
    mean: Vec<f64>,
    scale: Vec<f64>,
}

impl StandardScaler {
    /// Computes the mean and the population standard deviation of each column; a column that is constant except for
    /// rounding has scale 1.
    pub fn fit(features: &Matrix) -> Self {
        Self::fit_weighted(features, None)
    }

    /// As [`fit`](Self::fit), weighted by sample weight as in scikit-learn; `None`: equal weights.
    ///
    /// # Panics
    /// Panics if there is not one weight per row.
    ///
    /// ```
    /// use clsify::{classifier::StandardScaler, matrix::Matrix};
    /// let features = Matrix::from_vec(vec![1.0, 4.0], 2, 1)?;
    /// let scaler = StandardScaler::fit_weighted(&features, Some(&[2.0, 1.0]));
    /// assert_eq!((scaler.mean()[0], scaler.scale()[0]), (2.0, 2f64.sqrt()));
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn fit_weighted(features: &Matrix, sample_weight: Option<&[f64]>) -> Self {
        let n = features.rows() as f64;
        let total = sample_weight.map_or(n, |weights| weights.iter().sum());
        let sums = column_sums(features, sample_weight, |x, _| x);
        let mean: Vec<f64> = sums.iter().map(|sum| sum / total).collect();
        let squares =
            column_sums(features, sample_weight, |x, column| (x - mean[column]) * (x - mean[column]));
        let scale = squares.iter().zip(&mean).map(|(sum, mean)| {
            let variance = sum / total;
            let rounding = n * f64::EPSILON * variance + (n * mean * f64::EPSILON).powi(2);
            if variance <= rounding { 1.0 } else { variance.sqrt() }
        });
        let scale = scale.collect();
        StandardScaler { mean, scale }
    }

    /// The mean of each column.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The divisor of each column.
    pub fn scale(&self) -> &[f64] {
        &self.scale
    }

    /// `(x - mean) / scale`, in the same shape.
    ///
    /// # Panics
    /// Panics if the features have another number of columns than those of the fit.
    pub fn transform(&self, features: &Matrix) -> Matrix {
        let mut scaled = features.clone();
        assert_eq!(features.cols(), self.mean.len(), "expected the columns that the scaler was fitted on");
        if !self.mean.is_empty() {
            scaled.as_mut_slice().par_chunks_exact_mut(self.mean.len()).for_each(|row| {
                for (x, (mean, scale)) in row.iter_mut().zip(self.mean.iter().zip(&self.scale)) {
                    *x = ((f64::from(*x) - mean) / scale) as f32;
                }
            });
        }
        scaled
    }

    /// Converts a classifier of scaled features to one of unscaled features with the same logits: `w . (x - mean) /
    /// scale + b = (w / scale) . x + (b - (w / scale) . mean)`.
    ///
    /// # Panics
    /// Panics if the classifier has another number of features.
    pub fn unscaled(&self, classifier: LogisticRegression) -> LogisticRegression {
        classifier.with_coef(|coef, intercept| self.unscale(coef, intercept))
    }

    /// Converts one weight vector and its intercept.
    pub(super) fn unscale(&self, coef: &mut [f64], intercept: &mut f64) {
        assert_eq!(coef.len(), self.mean.len(), "expected the columns that the scaler was fitted on");
        for (w, (mean, scale)) in coef.iter_mut().zip(self.mean.iter().zip(&self.scale)) {
            *w /= scale;
            *intercept -= *w * mean;
        }
    }
}

/// The sum over all rows of `weight * f(x, column)`, for each column.
fn column_sums(
    features: &Matrix,
    sample_weight: Option<&[f64]>,
    f: impl Fn(f64, usize) -> f64 + Sync,
) -> Vec<f64> {
    let [n, d] = features.shape();
    let weight = |row: usize| sample_weight.map_or(1.0, |weights| weights[row]);
    let block = |block: usize| {
        let mut sums = vec![0.0; d];
        for row in block * BLOCK..((block + 1) * BLOCK).min(n) {
            for (column, (sum, &x)) in sums.iter_mut().zip(features.row(row)).enumerate() {
                *sum += weight(row) * f(f64::from(x), column);
            }
        }
        sums
    };
    let blocks: Vec<Vec<f64>> = (0..n.div_ceil(BLOCK)).into_par_iter().map(block).collect();
    let mut total = vec![0.0; d];
    blocks.iter().for_each(|sums| total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum));
    total
}
