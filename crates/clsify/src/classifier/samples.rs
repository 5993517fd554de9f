//! The rows that a classifier is trained on.

use crate::error::{Error, ErrorKind, Result};
use crate::matrix::Matrix;
use crate::targets::{Labels, Targets};

/// Features with the class and the weight of each row.
///
/// ```
/// use clsify::{classifier::Samples, matrix::Matrix};
/// let features = Matrix::from_vec(vec![-2.0, -1.0, 1.0, 2.0], 4, 1)?;
/// let samples = Samples::new(&features, &[0, 0, 1, 1], 2).weighted(Some(&[1.0, 1.0, 1.0, 3.0]));
/// assert!(samples.check().is_ok());
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Samples<'a> {
    /// `[n_samples, n_features]`.
    pub features: &'a Matrix,
    /// The class of each row.
    pub class_ids: &'a [usize],
    /// Class ids are below this number.
    pub n_classes: usize,
    /// The sample weight of each row; `None` if all are equal.
    pub sample_weight: Option<&'a [f64]>,
    /// The group of each row, which folds keep together; with `None` folds are stratified by class.
    pub groups: Option<&'a [usize]>,
    /// Numbers that are added to the logits of each row, `[n_samples, n_classes]`; the fit takes them as given, and
    /// its weights and intercepts do not include them.
    pub offset: Option<&'a [f64]>,
}

impl<'a> Samples<'a> {
    /// Rows with equal weights.
    pub fn new(features: &'a Matrix, class_ids: &'a [usize], n_classes: usize) -> Self {
        Samples { features, class_ids, n_classes, sample_weight: None, groups: None, offset: None }
    }

    /// Rows with these targets, which must be classes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if they are label sets.
    pub fn of_classes(features: &'a Matrix, targets: &'a Targets) -> Result<Self> {
        match targets.labels() {
            Labels::Classes { class_ids, n_classes } => Ok(Samples {
                features,
                class_ids,
                n_classes: *n_classes,
                sample_weight: targets.sample_weight(),
                groups: targets.groups(),
                offset: targets.offset(),
            }),
            Labels::Sets(_) => Err(bad("expected one class per row, got label sets")),
        }
    }

    /// The same rows with these weights.
    pub fn weighted(self, sample_weight: Option<&'a [f64]>) -> Self {
        Samples { sample_weight, ..self }
    }

    /// The same rows in these groups, which cross-validation keeps together.
    pub fn grouped(self, groups: Option<&'a [usize]>) -> Self {
        Samples { groups, ..self }
    }

    /// Checks that a classifier can be trained on the rows.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if rows, class ids, weights and groups differ in number, a class id is not
    /// below `n_classes`, a feature is not finite, or a weight is negative or not finite.
    pub fn check(&self) -> Result<()> {
        let n = self.features.rows();
        if n != self.class_ids.len() {
            return Err(bad(format!("expected {n} class ids, got {}", self.class_ids.len())));
        }
        if let Some(id) = self.class_ids.iter().find(|&&id| id >= self.n_classes) {
            return Err(bad(format!("expected class ids below {}, got {id}", self.n_classes)));
        }
        if self.features.cols() == 0 || !self.features.as_slice().iter().all(|x| x.is_finite()) {
            return Err(bad("expected at least one feature, and finite numbers only"));
        }
        if let Some(groups) = self.groups.filter(|groups| groups.len() != n) {
            return Err(bad(format!("expected {n} groups, got {}", groups.len())));
        }
        if let Some(offset) = self.offset
            && (offset.len() != n * self.n_classes || !offset.iter().all(|x| x.is_finite()))
        {
            let got = offset.len();
            return Err(bad(format!("expected {n} x {} finite offsets, got {got}", self.n_classes)));
        }
        let Some(weights) = self.sample_weight else { return Ok(()) };
        if weights.len() != n {
            return Err(bad(format!("expected {n} sample weights, got {}", weights.len())));
        }
        if let Some(row) = weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
            let message = format!("row {row}: expected a sample weight of at least 0, got {}", weights[row]);
            return Err(bad(message));
        }
        if !weights.iter().sum::<f64>().is_finite() {
            return Err(bad("expected sample weights with a finite sum"));
        }
        Ok(())
    }

    /// The weight of a row.
    pub(crate) fn weight(&self, row: usize) -> f64 {
        self.sample_weight.map_or(1.0, |weights| weights[row])
    }
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("logistic regression")
}
