//! The fit of a classifier, step by step, and the scores of other values of C.

use crate::classifier::{ClassWeight, LinearClassifier, LogisticRegressionOptions, StandardScaler};
use crate::error::Result;
use crate::evaluation::GridSearch;
use crate::matrix::Matrix;
use crate::model::sentence_classifier::SentenceClassifier;
use crate::targets::{Labels, Targets};
use crate::training::fits::{N_SPLITS, learnable_folds, search_c};

/// The most steps that are kept: the first ones, in which most happens, and a spread of the rest.
const MOST_STEPS: usize = 16;

/// The values of C around that of the fit, as its multiples.
const MULTIPLES: [f64; 9] = [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3, 1e4];

/// The fit of a classifier.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Learning {
    /// The state before the first step and after some steps, up to the last one. All weights are for unscaled features, before any
    /// calibration.
    pub steps: Vec<LearningStep>,
    /// The cross-validated scores of values of C around that of the fit: accuracy, or for label sets micro F1. `None` if there are too
    /// few rows for folds.
    pub search: Option<GridSearch>,
    /// The number of folds of the training rows over which `search` averages.
    pub n_folds: usize,
    /// The scaler of the features of the fit, fitted on the training rows; `None` if they are not scaled.
    pub scaler: Option<StandardScaler>,
}

/// The classifier after some steps of its fit.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LearningStep {
    /// The number of steps.
    pub n_iter: usize,
    /// The mean log loss of the training rows, weighted as in the fit; for label sets the mean over the labels.
    pub loss: f64,
    /// The loss plus `|coef|² / (2 C n)`: the number that the fit makes as small as possible.
    pub objective: f64,
    /// The Euclidean norm of all weights together.
    pub coef_norm: f64,
    /// `[1 or n_labels, n_features]`, row-major.
    pub coef: Vec<f64>,
    /// `[1 or n_labels]`.
    pub intercept: Vec<f64>,
}

/// Fits the classifier again, up to several numbers of steps.
pub(super) fn learn(
    classifier: &SentenceClassifier,
    features: &Matrix,
    targets: &Targets,
) -> Result<Learning> {
    let training = classifier.metadata().trained()?;
    let options = LogisticRegressionOptions {
        c: training.c,
        class_weight: training.class_weight,
        ..LogisticRegressionOptions::default()
    };
    let scaler = training.scaling.fit(features, targets.sample_weight());
    let scaled = scaler.as_ref().map(|scaler| scaler.transform(features));
    let features = scaled.as_ref().unwrap_or(features);
    let weights = row_weights(targets, training.class_weight);
    let step = |n_iter: usize| -> Result<LearningStep> {
        let options = LogisticRegressionOptions { max_iter: n_iter, ..options };
        let fitted = LinearClassifier::fit_scaled(features, targets, &options, &|_| Ok(()))?;
        let (loss, penalty) = loss_and_penalty(&fitted, features, targets, &weights, options.c);
        let fitted = fitted.unscaled(scaler.as_ref());
        Ok(LearningStep {
            n_iter,
            loss,
            objective: loss + penalty,
            coef_norm: fitted.coef_norm(),
            coef: fitted.coef().to_vec(),
            intercept: fitted.intercept().to_vec(),
        })
    };
    let steps = shown_steps(training.n_iter).into_iter().map(step).collect::<Result<Vec<_>>>()?;
    let c_values: Vec<f64> = MULTIPLES.iter().map(|multiple| multiple * training.c).collect();
    let search = match learnable_folds(targets, N_SPLITS) {
        Ok(_) => Some(search_c(features, targets, (&c_values, N_SPLITS), &options, &|_| Ok(()))?),
        Err(_) => None,
    };
    Ok(Learning { steps, search, n_folds: N_SPLITS, scaler })
}

/// The numbers of steps to show.
fn shown_steps(n_iter: usize) -> Vec<usize> {
    let n = MOST_STEPS - 1;
    if n_iter <= n {
        return (0..=n_iter).collect();
    }
    // Each number is a constant multiple of the previous one, and at least one more.
    let ratio = (n_iter as f64).powf(1.0 / n as f64);
    let spread = (0..=n).map(|i| (i).max(ratio.powi(i as i32).round() as usize).min(n_iter));
    let mut steps: Vec<usize> = spread.collect();
    steps[0] = 0;
    steps[n] = n_iter;
    steps.dedup();
    steps
}

/// The weight of each row and label in the loss, `[n_labels][n_rows]` for label sets and `[1][n_rows]` for classes.
fn row_weights(targets: &Targets, class_weight: ClassWeight) -> Vec<Vec<f64>> {
    let sample_weight = |row: usize| targets.sample_weight().map_or(1.0, |weights| weights[row]);
    let weighted = |ids: &[usize], n_classes: usize| -> Vec<f64> {
        let mut of_class = vec![0.0; n_classes];
        ids.iter().enumerate().for_each(|(row, &id)| of_class[id] += sample_weight(row));
        let total: f64 = of_class.iter().sum();
        let n_occurring = of_class.iter().filter(|&&weight| weight > 0.0).count() as f64;
        let weight = |(row, &id): (usize, &usize)| match class_weight {
            ClassWeight::None => sample_weight(row),
            ClassWeight::Balanced if of_class[id] > 0.0 => {
                sample_weight(row) * total / (n_occurring * of_class[id])
            }
            ClassWeight::Balanced => 0.0,
        };
        ids.iter().enumerate().map(weight).collect()
    };
    match targets.labels() {
        Labels::Classes { class_ids, n_classes } => vec![weighted(class_ids, *n_classes)],
        Labels::Sets(labels) => {
            let of_label =
                |label: usize| -> Vec<usize> { labels.rows().map(|row| usize::from(row[label])).collect() };
            (0..labels.n_labels()).map(|label| weighted(&of_label(label), 2)).collect()
        }
    }
}

/// The mean log loss, and `|coef|² / (2 C n)`; for label sets the means over the labels.
fn loss_and_penalty(
    fitted: &LinearClassifier,
    features: &Matrix,
    targets: &Targets,
    weights: &[Vec<f64>],
    c: f64,
) -> (f64, f64) {
    let probabilities = fitted.predict_proba(features);
    let k = probabilities.len() / features.rows();
    let penalty = |coef: &[f64], total: f64| coef.iter().map(|w| w * w).sum::<f64>() / (2.0 * c * total);
    let log = |p: f64| p.max(f64::MIN_POSITIVE).ln();
    match targets.labels() {
        Labels::Classes { class_ids, .. } => {
            let total: f64 = weights[0].iter().sum();
            // The columns are the classes that occur.
            let column = |id: usize| match fitted {
                LinearClassifier::Classes(fitted) => fitted.classes().binary_search(&id).unwrap_or(0),
                LinearClassifier::LabelSets(_) => id,
            };
            let loss = class_ids
                .iter()
                .zip(&weights[0])
                .enumerate()
                .map(
                    |(row, (&id, weight))| {
                        if *weight > 0.0 { -weight * log(probabilities[row * k + column(id)]) } else { 0.0 }
                    },
                )
                .sum::<f64>();
            (loss / total, penalty(fitted.coef(), total))
        }
        Labels::Sets(labels) => {
            let d = features.cols();
            let of_label = |label: usize| {
                let total: f64 = weights[label].iter().sum();
                let loss: f64 = labels
                    .rows()
                    .zip(&weights[label])
                    .enumerate()
                    .map(|(row, (has, weight))| {
                        let p = probabilities[row * k + label];
                        -weight * log(if has[label] { p } else { 1.0 - p })
                    })
                    .sum();
                (loss / total, penalty(&fitted.coef()[label * d..][..d], total))
            };
            let all: Vec<(f64, f64)> = (0..k).map(of_label).collect();
            let mean = |of: fn(&(f64, f64)) -> f64| all.iter().map(of).sum::<f64>() / k as f64;
            (mean(|one| one.0), mean(|one| one.1))
        }
    }
}
