//! Which rule makes answers of probabilities: chosen on training rows out of their folds, scored on the test rows.

use serde::Serialize;

use super::cost_matrix::CostMatrix;
use crate::classifier::{Answer, ClassWeight, Decision, LogisticRegression};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{
    CoveragePoint, Evaluation, coverage_curve, f1_macro_thresholds, least_answered, reach_accuracy,
};
use crate::matrix::Matrix;

/// What a program says where it abstains.
pub const ABSTAINED: &str = "?";

/// Points of [`DecisionReport::curve`].
const N_CURVE_POINTS: usize = 20;

/// Which rule is wanted. All numbers that are chosen are chosen on training rows, each scored by a classifier that has not
/// seen it, after calibration if there is any.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum DecisionOptions {
    /// The most probable class: the article's choice.
    #[default]
    MostProbable,
    /// No answer where the most probable class has less than this probability.
    AbstainBelow(f64),
    /// The same, with the threshold of the largest coverage at which this share of the answered rows is right.
    TargetPrecision(f64),
    /// A threshold for each class, with the best macro F1.
    F1Macro,
    /// The class of least expected cost.
    CostMatrix(CostMatrix),
}

/// Which rule was chosen, and what it does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecisionReport {
    /// The rule, which is saved with the classifier; its numbers are in the order of the classifier's classes.
    pub rule: Decision,
    /// The accuracy of answered rows that was asked for.
    pub target_precision: Option<f64>,
    /// On the training rows, out of their folds: those that it was chosen on.
    pub out_of_fold: DecisionEffect,
    /// On the held-out rows.
    pub test: DecisionEffect,
    /// Of an abstaining rule: what other thresholds would do, on the training rows out of their folds.
    pub curve: Option<Vec<CoveragePoint>>,
}

/// What a rule changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecisionEffect {
    /// With the most probable class as the answer for every row.
    pub before: DecisionScores,
    /// With the rule.
    pub after: DecisionScores,
}

/// How good answers are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecisionScores {
    /// All rows.
    pub n_rows: usize,
    /// Those that are answered.
    pub n_answered: usize,
    /// The share of rows that are answered.
    pub coverage: f64,
    /// The share of answered rows that is right; nothing where none is answered, like the next two.
    pub accuracy: Option<f64>,
    /// Its Wilson interval of 95 %.
    pub accuracy_ci95: Option<[f64; 2]>,
    /// The mean F1 of the classes over the answered rows.
    pub f1_macro: Option<f64>,
    /// With a cost matrix: the mean cost of an answer, over the rows whose label has costs.
    pub mean_cost: Option<f64>,
}

/// What does not depend on features, to be refused before they are made. `labels` are all of the data.
pub(super) fn check(
    options: &DecisionOptions,
    labels: &[String],
    y_train: &[usize],
    class_weight: ClassWeight,
) -> Result<()> {
    match options {
        DecisionOptions::MostProbable | DecisionOptions::F1Macro => {}
        DecisionOptions::AbstainBelow(threshold) => Decision::AbstainBelow(*threshold).check(labels.len())?,
        DecisionOptions::TargetPrecision(target) => {
            if !(*target > 0.0 && *target < 1.0) {
                return Err(bad(format!("expected a target between 0 and 1, got {target}")));
            }
            let (least, n) = (least_answered(*target), y_train.len());
            if n < least {
                let message =
                    format!("expected at least {least} training rows for a target of {target}, got {n}");
                return Err(bad(message).with_hint("ask for less, or give more rows"));
            }
        }
        DecisionOptions::CostMatrix(costs) => {
            if class_weight == ClassWeight::Balanced {
                let message =
                    "a cost matrix needs the probabilities of the data, which balanced class weights change";
                return Err(
                    bad(message).with_hint("drop --class-weight: costs say already what each class is worth")
                );
            }
            costs.check(labels)?;
            let trained: Vec<String> =
                (0..labels.len()).filter(|id| y_train.contains(id)).map(|id| labels[id].clone()).collect();
            costs.of_classes(&trained)?;
        }
    }
    let abstains = matches!(options, DecisionOptions::AbstainBelow(_) | DecisionOptions::TargetPrecision(_));
    if abstains && labels.iter().any(|label| label == ABSTAINED) {
        let message = format!("a label of the data is {ABSTAINED:?}, which stands for no answer");
        return Err(bad(message).with_hint("rename the label"));
    }
    Ok(())
}

/// The rule for a classifier of `classes`, ids of `labels`, and what it does. Probabilities are `[n_rows, n_classes]`, class
/// ids those of `labels`. `train` has the training rows out of their folds, calibrated; the test rows are looked at for the
/// report only.
pub(super) fn report(
    options: &DecisionOptions,
    train: (&[f64], &[usize]),
    test: (&[f64], &[usize]),
    (classes, labels): (&[usize], &[String]),
) -> Result<DecisionReport> {
    let place = |id: &usize| classes.binary_search(id).unwrap_or(usize::MAX);
    let y_train: Vec<usize> = train.1.iter().map(place).collect();
    let rule = choose(options, (train.0, &y_train), classes, labels)?;
    Ok(DecisionReport {
        target_precision: match options {
            DecisionOptions::TargetPrecision(target) => Some(*target),
            _ => None,
        },
        out_of_fold: effect(&rule, train, classes, labels)?,
        test: effect(&rule, test, classes, labels)?,
        curve: short_curve(&rule, (train.0, &y_train), classes.len())?,
        rule,
    })
}

impl DecisionReport {
    /// What is worth knowing of a rule that changes nothing.
    pub(super) fn note(&self) -> Option<String> {
        let (scores, Decision::AbstainBelow(threshold)) = (&self.out_of_fold.after, &self.rule) else {
            return None;
        };
        if scores.n_answered < scores.n_rows {
            return None;
        }
        Some(match self.target_precision {
            Some(target) => {
                format!("all answers together are right to {target} or more: nothing is left unanswered")
            }
            None => format!(
                "no training row, out of its fold, has a top probability below {threshold}: none is left unanswered"
            ),
        })
    }
}

/// The rule alone; here `y_train` are places among `classes`.
fn choose(
    options: &DecisionOptions,
    (probabilities, y_train): (&[f64], &[usize]),
    classes: &[usize],
    labels: &[String],
) -> Result<Decision> {
    Ok(match options {
        DecisionOptions::MostProbable => Decision::MostProbable,
        DecisionOptions::AbstainBelow(threshold) => Decision::AbstainBelow(*threshold),
        DecisionOptions::TargetPrecision(target) => {
            let curve = curve(probabilities, y_train, classes.len())?;
            Decision::AbstainBelow(reach_accuracy(&curve, *target)?.threshold)
        }
        DecisionOptions::F1Macro => {
            Decision::ClassThresholds(f1_macro_thresholds(probabilities, y_train, classes.len())?)
        }
        DecisionOptions::CostMatrix(costs) => {
            let own: Vec<String> = classes.iter().map(|&id| labels[id].clone()).collect();
            Decision::CostMatrix(costs.of_classes(&own)?)
        }
    })
}

/// Coverage and accuracy of every threshold on the top probability.
fn curve(probabilities: &[f64], y_true: &[usize], n_classes: usize) -> Result<Vec<CoveragePoint>> {
    let rows = probabilities.chunks_exact(n_classes).zip(y_true);
    let (confidence, right): (Vec<f64>, Vec<bool>) = rows
        .map(|(row, &y)| {
            let top = Decision::MostProbable.decide(row).class_id;
            (row[top], top == y)
        })
        .unzip();
    coverage_curve(&confidence, &right)
}

/// Some points of the curve for a report, evenly spread over the coverage; nothing for a rule that always answers.
fn short_curve(
    rule: &Decision,
    (probabilities, y_true): (&[f64], &[usize]),
    n_classes: usize,
) -> Result<Option<Vec<CoveragePoint>>> {
    if !matches!(rule, Decision::AbstainBelow(_)) {
        return Ok(None);
    }
    let curve = curve(probabilities, y_true, n_classes)?;
    let at = |i: usize| {
        let coverage = i as f64 / N_CURVE_POINTS as f64;
        curve.iter().find(|point| point.coverage >= coverage - 1e-9).copied()
    };
    let mut points: Vec<CoveragePoint> = (1..=N_CURVE_POINTS).filter_map(at).collect();
    points.dedup();
    Ok(Some(points))
}

/// The classes that a classifier says for rows of features, best guesses among them: ids of
/// [`LogisticRegression::classes`].
pub(super) fn class_ids(rule: &Decision, classifier: &LogisticRegression, x: &Matrix) -> Vec<usize> {
    let answers = of_probabilities(rule, &classifier.predict_proba(x), classifier.classes());
    answers.iter().map(|answer| answer.class_id).collect()
}

/// The answers for rows of probabilities, of which the columns are `classes`.
pub(super) fn of_probabilities(rule: &Decision, probabilities: &[f64], classes: &[usize]) -> Vec<Answer> {
    let answer = |row: &[f64]| {
        let answer = rule.decide(row);
        Answer { class_id: classes[answer.class_id], ..answer }
    };
    probabilities.chunks_exact(classes.len()).map(answer).collect()
}

/// What a rule changes for these rows of probabilities; `y_true` and `classes` are ids of `labels`.
pub(super) fn effect(
    rule: &Decision,
    (probabilities, y_true): (&[f64], &[usize]),
    classes: &[usize],
    labels: &[String],
) -> Result<DecisionEffect> {
    let costs = match rule {
        Decision::CostMatrix(costs) => Some(costs),
        _ => None,
    };
    let scores = |rule: &Decision| -> Result<DecisionScores> {
        let answers = of_probabilities(rule, probabilities, classes);
        let answered: Vec<(usize, usize)> = y_true
            .iter()
            .zip(&answers)
            .filter(|(_, answer)| !answer.abstained)
            .map(|(&y, answer)| (y, answer.class_id))
            .collect();
        let (truths, given): (Vec<usize>, Vec<usize>) = answered.iter().copied().unzip();
        let evaluation = match answered.len() {
            0 => None,
            _ => Some(Evaluation::from_predictions(&truths, &given, labels)?),
        };
        let place = |id: usize| classes.iter().position(|&class| class == id);
        let cost = |&(y, answer): &(usize, usize)| Some(costs?[place(y)?][place(answer)?]);
        let paid: Vec<f64> = answered.iter().filter_map(cost).collect();
        Ok(DecisionScores {
            n_rows: y_true.len(),
            n_answered: answered.len(),
            coverage: answered.len() as f64 / y_true.len().max(1) as f64,
            accuracy: evaluation.as_ref().map(|e| e.accuracy),
            accuracy_ci95: evaluation.as_ref().map(|e| e.accuracy_ci95),
            f1_macro: evaluation.as_ref().map(|e| e.macro_average.f1),
            mean_cost: (!paid.is_empty()).then(|| paid.iter().sum::<f64>() / paid.len() as f64),
        })
    };
    Ok(DecisionEffect { before: scores(&Decision::MostProbable)?, after: scores(rule)? })
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("decision")
}
