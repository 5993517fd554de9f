//! The scores of a learning curve on its held-out rows.

use serde::Serialize;

use crate::classifier::{LinearClassifier, MostFrequent, above};
use crate::error::Result;
use crate::evaluation::{MultiLabelEvaluation, RatioScore, mean_and_std, wilson_ci95};
use crate::matrix::Matrix;
use crate::model::label_ids::{among, sets};
use crate::targets::{LabelIndicator, Labels};
use crate::training::train_test_rows::Rows;

/// The score of the held-out rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CurveScoring {
    /// The share of rows whose class is correct.
    Accuracy,
    /// The accuracy, weighted by sample weight.
    WeightedAccuracy,
    /// F1 of all labels of all rows together.
    F1Micro,
    /// The micro F1, weighted by sample weight.
    WeightedF1Micro,
}

/// Additional scores, in which each held-out row counts once.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum CurveScores {
    /// For classes.
    Classes {
        /// The held-out accuracy of each repeat.
        accuracies: Vec<f64>,
        /// Their mean.
        accuracy: f64,
        /// Their standard deviation.
        accuracy_std: f64,
        /// Wilson's 95 % interval of the mean.
        accuracy_ci95: [f64; 2],
    },
    /// For label sets: means over the repeats.
    LabelSets {
        /// F1 of all labels of all rows together.
        f1_micro: f64,
        /// The mean F1 of the labels.
        f1_macro: f64,
        /// The share of rows whose whole set is correct.
        subset_accuracy: f64,
    },
}

/// Unweighted scores, in which each held-out row counts once.
pub(super) enum Unweighted {
    /// Accuracy.
    Classes(RatioScore),
    LabelSets(Box<MultiLabelEvaluation>),
}

/// Accuracy or micro F1, weighted if the held-out rows have weights.
pub(super) fn scoring(rows: &Rows) -> CurveScoring {
    match (rows.test.labels(), rows.test.weight_that_counts()) {
        (Labels::Classes { .. }, None) => CurveScoring::Accuracy,
        (Labels::Classes { .. }, Some(_)) => CurveScoring::WeightedAccuracy,
        (Labels::Sets(_), None) => CurveScoring::F1Micro,
        (Labels::Sets(_), Some(_)) => CurveScoring::WeightedF1Micro,
    }
}

/// The ids of the labels that a fit predicts for each row: one each for classes; for label sets those with a
/// probability above 0.5.
pub(super) fn answers(fitted: &LinearClassifier, features: &Matrix) -> Vec<Vec<usize>> {
    match fitted {
        LinearClassifier::Classes(fitted) => {
            fitted.predict(features).into_iter().map(|id| vec![id]).collect()
        }
        LinearClassifier::LabelSets(fitted) => {
            above(&fitted.predict_proba(features), &vec![0.5; fitted.n_labels()]).to_sets()
        }
    }
}

/// The scores of these answers, which are ids of the training rows' labels, on the held-out rows: weighted if these
/// have weights, and unweighted.
pub(super) fn scores(rows: &Rows, answers: &[Vec<usize>]) -> Result<(RatioScore, Unweighted)> {
    let weights = rows.test.weight_that_counts();
    match rows.test.labels() {
        Labels::Classes { class_ids, .. } => {
            let is_right: Vec<bool> = answers.iter().zip(class_ids).map(|(a, y)| a == &[*y]).collect();
            let of = |weights| RatioScore::accuracy(&is_right, weights);
            Ok((of(weights)?, Unweighted::Classes(of(None)?)))
        }
        Labels::Sets(y_test) => {
            let own = LabelIndicator::from_sets(answers, rows.own.len())?;
            let y_pred = among(&own, &rows.own, &rows.labels)?;
            let unweighted = MultiLabelEvaluation::from_predictions(y_test, &y_pred, &rows.labels)?;
            let score = RatioScore::micro_f1(y_test, &y_pred, weights)?;
            Ok((score, Unweighted::LabelSets(Box::new(unweighted))))
        }
    }
}

/// The best constant answer on the training rows, as ids of their labels.
pub(super) fn constant_answer(rows: &Rows) -> Result<Vec<usize>> {
    let weights = rows.train.sample_weight();
    if let Labels::Classes { class_ids, n_classes } = rows.train.labels() {
        return Ok(vec![MostFrequent::fit_weighted(class_ids, *n_classes, weights)?.class_id()]);
    }
    let y_train = sets(&rows.train)?;
    let most_frequent = y_train.most_frequent_row(weights).to_vec();
    let every: Vec<bool> = (0..y_train.n_labels()).map(|id| y_train.count(id) > 0).collect();
    let score = |answer: &[bool]| {
        let always = LabelIndicator::new(answer.repeat(y_train.n_samples()), y_train.n_labels())?;
        RatioScore::micro_f1(y_train, &always, weights).map(|score| score.score())
    };
    let answer = if score(&every)? > score(&most_frequent)? { every } else { most_frequent };
    Ok((0..answer.len()).filter(|&id| answer[id]).collect())
}

/// The unweighted scores of all repeats together.
pub(super) fn unweighted<'a>(all: impl Iterator<Item = &'a Unweighted>) -> Result<CurveScores> {
    let (mut accuracies, mut evaluations, mut n_test) = (Vec::new(), Vec::new(), 0);
    for one in all {
        match one {
            Unweighted::Classes(accuracy) => {
                n_test = accuracy.n_samples();
                accuracies.push(accuracy.score());
            }
            Unweighted::LabelSets(evaluation) => evaluations.push(evaluation),
        }
    }
    if accuracies.is_empty() {
        let mean = |score: fn(&MultiLabelEvaluation) -> f64| {
            mean_and_std(&evaluations.iter().map(|e| score(e)).collect::<Vec<f64>>()).0
        };
        return Ok(CurveScores::LabelSets {
            f1_micro: mean(|test| test.micro_average.f1),
            f1_macro: mean(|test| test.macro_average.f1),
            subset_accuracy: mean(|test| test.subset_accuracy),
        });
    }
    let (accuracy, accuracy_std) = mean_and_std(&accuracies);
    let n_right = ((accuracy * n_test as f64).round() as usize).min(n_test);
    Ok(CurveScores::Classes {
        accuracies,
        accuracy,
        accuracy_std,
        accuracy_ci95: wilson_ci95(n_right, n_test)?,
    })
}
