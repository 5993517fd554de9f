//! The baseline for any classifier: always predict the most frequent class.
//!
//! It returns the same class for every row, with the frequencies of the classes as probabilities. Source:
//! scikit-learn 1.9.1, `DummyClassifier(strategy="prior")`.

use crate::error::{Error, ErrorKind, Result};
use crate::matrix::Matrix;

/// A classifier that ignores the features.
///
/// ```
/// use clsify::classifier::MostFrequent;
/// let baseline = MostFrequent::fit(&[1, 0, 1, 1], 2)?;
/// assert_eq!(baseline.predict(3), [1, 1, 1]);
/// assert_eq!(baseline.predict_proba(1).row(0), [0.25, 0.75]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MostFrequent {
    class_id: usize,
    prior: Vec<f64>,
}

impl MostFrequent {
    /// Counts the classes; of equally frequent ones the first is predicted.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if there is no row or a class id is not below `n_classes`.
    pub fn fit(class_ids: &[usize], n_classes: usize) -> Result<Self> {
        Self::fit_weighted(class_ids, n_classes, None)
    }

    /// Sums the weights of each class's rows; with `None` every row has the weight 1.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit); also if there is not one weight per row, or none is above 0.
    ///
    /// ```
    /// use clsify::classifier::MostFrequent;
    /// let baseline = MostFrequent::fit_weighted(&[0, 0, 1], 2, Some(&[1.0, 1.0, 6.0]))?;
    /// assert_eq!((baseline.class_id(), baseline.prior()), (1, &[0.25, 0.75][..]));
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn fit_weighted(
        class_ids: &[usize],
        n_classes: usize,
        sample_weight: Option<&[f64]>,
    ) -> Result<Self> {
        if class_ids.is_empty() {
            return Err(invalid("expected at least 1 row, got 0".to_string()));
        }
        if let Some(weights) = sample_weight
            && !(weights.len() == class_ids.len() && weights.iter().sum::<f64>() > 0.0)
        {
            let (n, got) = (class_ids.len(), weights.len());
            return Err(invalid(format!("expected {n} sample weights, one above 0 among them, got {got}")));
        }
        let mut counts = vec![0.0f64; n_classes];
        for (row, &class_id) in class_ids.iter().enumerate() {
            let Some(count) = counts.get_mut(class_id) else {
                let message = format!("row {row}: expected a class id below {n_classes}, got {class_id}");
                return Err(invalid(message));
            };
            *count += sample_weight.map_or(1.0, |weights| weights[row]);
        }
        // `max_by` alone would return the last of equal ones.
        let class_id = (0..n_classes).rev().max_by(|&a, &b| counts[a].total_cmp(&counts[b])).unwrap_or(0);
        let total: f64 = counts.iter().sum();
        let prior = counts.iter().map(|&count| count / total).collect();
        Ok(MostFrequent { class_id, prior })
    }

    /// The class that is predicted for every row.
    pub fn class_id(&self) -> usize {
        self.class_id
    }

    /// The share of each class among the rows of the fit, `[n_classes]`; they sum to 1.
    pub fn prior(&self) -> &[f64] {
        &self.prior
    }

    /// The class ids of `n_rows` rows.
    pub fn predict(&self, n_rows: usize) -> Vec<usize> {
        vec![self.class_id; n_rows]
    }

    /// The probabilities of `n_rows` rows, `[n_rows, n_classes]`: the share of each class, the same in every row.
    pub fn predict_proba(&self, n_rows: usize) -> Matrix {
        let mut probabilities = Matrix::zeros(n_rows, self.prior.len());
        for row in 0..n_rows {
            for (probability, &share) in probabilities.row_mut(row).iter_mut().zip(&self.prior) {
                *probability = share as f32;
            }
        }
        probabilities
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("baseline")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_first_class() {
        for (class_ids, expected) in [
            (vec![2, 1, 1, 2], 1),
            (vec![0, 1], 0),
            (vec![3], 3),
            (vec![1, 0, 2, 2, 0], 0),
            (vec![2, 1, 2], 2),
        ] {
            let baseline = MostFrequent::fit(&class_ids, 4).unwrap();
            assert_eq!(baseline.class_id(), expected, "{class_ids:?}");
            assert_eq!(baseline.prior().iter().sum::<f64>(), 1.0);
        }
    }

    #[test]
    fn a_bad_argument_is_an_error() {
        for (class_ids, n_classes, expected) in [
            (vec![], 2, "baseline: expected at least 1 row, got 0"),
            (vec![0, 2], 2, "baseline: row 1: expected a class id below 2, got 2"),
            (vec![0], 0, "baseline: row 0: expected a class id below 0, got 0"),
        ] {
            let error = MostFrequent::fit(&class_ids, n_classes).unwrap_err();
            assert_eq!(error.to_string(), expected);
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        }
    }

    #[test]
    fn no_row_is_no_prediction() {
        let baseline = MostFrequent::fit(&[0, 1, 1], 2).unwrap();
        assert!(baseline.predict(0).is_empty());
        assert_eq!(baseline.predict_proba(0).shape(), [0, 2]);
    }
}
