//! A linear classifier of either form: multinomial logistic regression over classes, or one logistic regression per
//! label.

use super::convergence::Convergence;
use super::link::Link;
use super::logistic_regression::{LogisticRegression, LogisticRegressionOptions};
use super::one_vs_rest::{MultiLabelSamples, OneVsRest};
use super::samples::Samples;
use super::standard_scaler::{Scaling, StandardScaler};
use crate::error::Result;
use crate::matrix::Matrix;
use crate::observer::Progress;
use crate::targets::{Labels, Targets};

/// A fitted linear classifier; its form is that of its targets.
///
/// ```
/// use clsify::classifier::{LinearClassifier, LogisticRegressionOptions, Scaling};
/// use clsify::{matrix::Matrix, targets::Targets};
/// let features = Matrix::from_vec(vec![-2.0, -1.0, 1.0, 2.0], 4, 1)?;
/// let targets = Targets::classes(vec![0, 0, 1, 1], 2);
/// let options = LogisticRegressionOptions::default();
/// let fitted = LinearClassifier::fit(&features, &targets, Scaling::None, &options, &|_| Ok(()))?;
/// assert!(fitted.predict_proba(&features)[0] > 0.5);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum LinearClassifier {
    /// One class per row.
    Classes(LogisticRegression),
    /// One set of labels per row.
    LabelSets(OneVsRest),
}

impl LinearClassifier {
    /// Fits on scaled features; the weights apply to unscaled features.
    ///
    /// # Errors
    /// As for [`LogisticRegression::fit_with`] and [`OneVsRest::fit_with`].
    pub fn fit(
        features: &Matrix,
        targets: &Targets,
        scaling: Scaling,
        options: &LogisticRegressionOptions,
        progress: Progress,
    ) -> Result<Self> {
        let scaler = scaling.fit(features, targets.sample_weight());
        let scaled = scaler.as_ref().map(|scaler| scaler.transform(features));
        let fitted = Self::fit_scaled(scaled.as_ref().unwrap_or(features), targets, options, progress)?;
        Ok(fitted.unscaled(scaler.as_ref()))
    }

    /// Fits on features that are already scaled, if they are to be.
    pub(crate) fn fit_scaled(
        features: &Matrix,
        targets: &Targets,
        options: &LogisticRegressionOptions,
        progress: Progress,
    ) -> Result<Self> {
        Ok(match targets.labels() {
            Labels::Classes { .. } => LinearClassifier::Classes(LogisticRegression::fit_with(
                &Samples::of_classes(features, targets)?,
                options,
                progress,
            )?),
            Labels::Sets(labels) => {
                let samples = MultiLabelSamples::new(features, labels).weighted(targets.sample_weight());
                LinearClassifier::LabelSets(OneVsRest::fit_with(&samples, options, progress)?)
            }
        })
    }

    /// Converts a classifier that was fitted on scaled features to unscaled ones.
    pub(crate) fn unscaled(self, scaler: Option<&StandardScaler>) -> Self {
        match (self, scaler) {
            (fitted, None) => fitted,
            (LinearClassifier::Classes(fitted), Some(scaler)) => {
                LinearClassifier::Classes(scaler.unscaled(fitted))
            }
            (LinearClassifier::LabelSets(fitted), Some(scaler)) => {
                LinearClassifier::LabelSets(fitted.unscaled(scaler))
            }
        }
    }

    /// The same classes or labels with other weights, in the shape of [`coef`](Self::coef).
    pub(crate) fn with_weights(self, coef: &[f32], intercept: &[f32]) -> Self {
        let cols = coef.len() / intercept.len();
        let new = |row: usize, weights: &mut [f64], b: &mut f64| {
            weights.iter_mut().zip(&coef[row * cols..]).for_each(|(w, &v)| *w = f64::from(v));
            *b = f64::from(intercept[row]);
        };
        match self {
            LinearClassifier::Classes(fitted) => LinearClassifier::Classes(fitted.with_rows(new)),
            LinearClassifier::LabelSets(fitted) => LinearClassifier::LabelSets(fitted.with_coef(new)),
        }
    }

    /// The ids of the classes that it knows; for label sets none.
    pub(crate) fn classes(&self) -> &[usize] {
        match self {
            LinearClassifier::Classes(fitted) => fitted.classes(),
            LinearClassifier::LabelSets(_) => &[],
        }
    }

    /// The logits of all classes, `[n_samples, n_classes]`, in the form of
    /// [`out_of_fold_logits`](crate::evaluation::out_of_fold_logits); for label sets those of all labels.
    pub(crate) fn logits_of_all(&self, features: &Matrix, n_classes: usize) -> Vec<f64> {
        let own = self.decision_function(features);
        let classes = match self {
            LinearClassifier::Classes(fitted) => fitted.classes(),
            LinearClassifier::LabelSets(_) => return own,
        };
        let mut logits = vec![f64::NEG_INFINITY; features.rows() * n_classes];
        let own = own.chunks_exact(self.intercept().len());
        for (row, own) in logits.chunks_exact_mut(n_classes).zip(own) {
            match classes[..] {
                [no, yes] => (row[no], row[yes]) = (-0.5 * own[0], 0.5 * own[0]),
                _ => classes.iter().zip(own).for_each(|(&class, &z)| row[class] = z),
            }
        }
        logits
    }

    /// The weights, row-major: `[1, n_features]` for two classes, otherwise one row per class or label.
    pub fn coef(&self) -> &[f64] {
        match self {
            LinearClassifier::Classes(fitted) => fitted.coef(),
            LinearClassifier::LabelSets(fitted) => fitted.coef(),
        }
    }

    /// The intercepts, one per row of [`coef`](Self::coef).
    pub fn intercept(&self) -> &[f64] {
        match self {
            LinearClassifier::Classes(fitted) => fitted.intercept(),
            LinearClassifier::LabelSets(fitted) => fitted.intercept(),
        }
    }

    /// The function from the logits of three or more classes to their probabilities; `None` for label sets.
    pub fn link(&self) -> Option<Link> {
        match self {
            LinearClassifier::Classes(fitted) => Some(fitted.link()),
            LinearClassifier::LabelSets(_) => None,
        }
    }

    /// The Euclidean norm of all weights together.
    pub fn coef_norm(&self) -> f64 {
        match self {
            LinearClassifier::Classes(fitted) => fitted.coef_norm(),
            LinearClassifier::LabelSets(fitted) => fitted.coef_norm(),
        }
    }

    /// The end of the fit; `None` for a classifier from saved numbers, which do not tell.
    pub fn convergence(&self) -> Option<Convergence> {
        match self {
            LinearClassifier::Classes(fitted) => fitted.convergence(),
            LinearClassifier::LabelSets(fitted) => fitted.convergence(),
        }
    }

    /// For label sets: whether each label is constant, as in [`OneVsRest::constant`].
    pub fn constant(&self) -> Option<&[Option<bool>]> {
        match self {
            LinearClassifier::Classes(_) => None,
            LinearClassifier::LabelSets(fitted) => Some(fitted.constant()),
        }
    }

    /// The logits, row-major: for two classes one number per row, that of the second; otherwise one per class or
    /// label.
    ///
    /// # Panics
    /// Panics if the features have another number of columns than those of the fit.
    pub fn decision_function(&self, features: &Matrix) -> Vec<f64> {
        match self {
            LinearClassifier::Classes(fitted) => fitted.decision_function(features),
            LinearClassifier::LabelSets(fitted) => fitted.decision_function(features),
        }
    }

    /// The probability of each class or label, row-major.
    ///
    /// # Panics
    /// Panics if the features have another number of columns than those of the fit.
    pub fn predict_proba(&self, features: &Matrix) -> Vec<f64> {
        match self {
            LinearClassifier::Classes(fitted) => fitted.predict_proba(features),
            LinearClassifier::LabelSets(fitted) => fitted.predict_proba(features),
        }
    }
}
