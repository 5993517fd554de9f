//! Chooses a decision rule on out-of-fold predictions of the training rows, and scores it on the test rows.

use serde::Serialize;

use super::calibration::that_count;
use super::cost_matrix::CostMatrix;
use super::label_costs::LabelCosts;
use crate::classifier::{ClassWeight, LogisticRegression};
use crate::decision::{Answer, Decision, Rule};
use crate::decision::{
    CoveragePoint, coverage_curve_weighted, f1_macro_thresholds_weighted, least_answered, reach_accuracy,
};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::Evaluation;
use crate::matrix::Matrix;

/// The answer of a model that abstains.
pub const ABSTAINED: &str = "?";

/// The number of points of [`DecisionReport::curve`].
const N_CURVE_POINTS: usize = 20;

/// The decision rule to use, and whether the model may abstain. Everything that is chosen is chosen on out-of-fold
/// predictions of the training rows, after calibration if there is any.
///
/// For label sets each label has one threshold, so a rule and an abstention cannot be combined.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DecisionOptions {
    /// The rule that chooses the class, or the labels.
    pub rule: RuleOptions,
    /// The condition for abstaining. By default the model never abstains.
    pub abstention: Option<Abstention>,
}

/// The rule that chooses the class, or the labels.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum RuleOptions {
    /// The most probable class: the article's choice. For label sets, every label with a probability above 0.5.
    #[default]
    MostProbable,
    /// A threshold per class, those with the best macro F1; for label sets, the threshold of each label with its best
    /// F1.
    F1Macro,
    /// The class with the lowest expected cost.
    CostMatrix(CostMatrix),
    /// For label sets: the labels with the lowest expected cost.
    LabelCosts(LabelCosts),
}

/// The condition for abstaining.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Abstention {
    /// Abstain if the class of the rule has less than this probability; for label sets, assign only labels with a
    /// higher probability.
    Below(f64),
    /// As `Below`, with the threshold of the highest coverage at which this share of the answered rows is correct;
    /// for label sets, the lowest threshold of each label at which this share of the rows that are assigned it have
    /// it.
    TargetPrecision(f64),
}

/// The chosen rule and its effect.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DecisionReport {
    /// The rule, which is saved with the classifier; its numbers are in the order of the classifier's classes.
    pub rule: Decision,
    /// The requested selective accuracy.
    pub target_precision: Option<f64>,
    /// The effect on out-of-fold predictions of the training rows, on which it was chosen.
    pub out_of_fold: DecisionEffect,
    /// On the held-out rows.
    pub test: DecisionEffect,
    /// For an abstaining rule: the effect of other thresholds on out-of-fold predictions of the training rows.
    pub curve: Option<Vec<CoveragePoint>>,
}

/// The effect of a rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecisionEffect {
    /// The scores if the most probable class is the answer for every row.
    pub before: DecisionScores,
    /// The scores with the rule.
    pub after: DecisionScores,
}

/// The scores of answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecisionScores {
    /// The number of rows.
    pub n_rows: usize,
    /// The number of answered rows.
    pub n_answered: usize,
    /// The share of rows that are answered.
    pub coverage: f64,
    /// The share of answered rows that are correct; `None` if none is answered, like the next two fields.
    pub accuracy: Option<f64>,
    /// Its 95 % interval (Wilson's).
    pub accuracy_ci95: Option<[f64; 2]>,
    /// The mean F1 of the classes over the answered rows.
    pub f1_macro: Option<f64>,
    /// With a cost matrix: the mean cost of an answer, over the rows whose label has costs.
    pub mean_cost: Option<f64>,
    /// The weighted coverage and accuracy, if rows have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weighted: Option<WeightedScores>,
}

/// Scores of answers, weighted by sample weight.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WeightedScores {
    /// The share of the weight that is answered.
    pub coverage: f64,
    /// The share of the answered weight that is correct.
    pub accuracy: Option<f64>,
}

/// Checks that need no features, so that they run before features are computed. `labels` are all labels of the data.
pub(crate) fn check(
    options: &DecisionOptions,
    labels: &[String],
    y_train: &[usize],
    class_weight: ClassWeight,
) -> Result<()> {
    match options.abstention {
        None => {}
        Some(Abstention::Below(threshold)) => Decision::abstaining_below(threshold).check(labels.len())?,
        Some(Abstention::TargetPrecision(target)) => {
            if !(target > 0.0 && target < 1.0) {
                return Err(bad(format!("expected a target between 0 and 1, got {target}")));
            }
            let (least, n) = (least_answered(target), y_train.len());
            if n < least {
                let message =
                    format!("expected at least {least} training rows for a target of {target}, got {n}");
                return Err(bad(message).with_hint("lower the target, or use more rows"));
            }
        }
    }
    match &options.rule {
        RuleOptions::MostProbable | RuleOptions::F1Macro => {}
        RuleOptions::LabelCosts(_) => {
            return Err(bad("expected a cost matrix of classes, got costs of labels"));
        }
        RuleOptions::CostMatrix(costs) => {
            if class_weight == ClassWeight::Balanced {
                let message =
                    "a cost matrix needs the probabilities of the data, which balanced class weights change";
                return Err(bad(message)
                    .with_hint("drop --class-weight: the costs already say how important each class is"));
            }
            costs.check(labels)?;
            let trained: Vec<String> =
                (0..labels.len()).filter(|id| y_train.contains(id)).map(|id| labels[id].clone()).collect();
            costs.of_classes(&trained)?;
        }
    }
    if options.abstention.is_some() && labels.iter().any(|label| label == ABSTAINED) {
        let message = format!("a label of the data is {ABSTAINED:?}, which means that the model abstains");
        return Err(bad(message).with_hint("rename the label"));
    }
    Ok(())
}

/// Rows for choosing or reporting: probabilities `[n_rows, n_classes]` of a classifier's classes, the rows' own
/// classes, and their weights if they have any.
#[derive(Clone, Copy)]
pub(crate) struct Scored<'a> {
    pub(crate) probabilities: &'a [f64],
    pub(crate) y_true: &'a [usize],
    pub(crate) weights: Option<&'a [f64]>,
}

/// The rule for a classifier of `classes`, which like those of the rows are ids of `labels`, and its effect. `train`
/// has calibrated out-of-fold predictions of the training rows; the test rows are used only for the report.
pub(crate) fn report(
    options: &DecisionOptions,
    train: Scored,
    test: Scored,
    (classes, labels): (&[usize], &[String]),
) -> Result<DecisionReport> {
    let counting = Counting::of(train, classes);
    let own: Vec<String> = classes.iter().map(|&id| labels[id].clone()).collect();
    let decision = counting.choose(options, &own)?;
    Ok(DecisionReport {
        target_precision: match options.abstention {
            Some(Abstention::TargetPrecision(target)) => Some(target),
            _ => None,
        },
        out_of_fold: effect(&decision, train, classes, labels)?,
        test: effect(&decision, test, classes, labels)?,
        curve: match decision.abstain_below {
            Some(_) => Some(short(&counting.curve(&decision.rule)?)),
            None => None,
        },
        rule: decision,
    })
}

impl DecisionReport {
    /// A note on a rule that always or never abstains on the training rows.
    pub(crate) fn note(&self) -> Option<String> {
        let (scores, threshold) = (&self.out_of_fold.after, self.rule.abstain_below?);
        if scores.n_answered == 0 {
            return Some(format!(
                "no out-of-fold prediction has a probability of {threshold} or more: the model will abstain from nearly everything"
            ));
        }
        if scores.n_answered < scores.n_rows {
            return None;
        }
        Some(match self.target_precision {
            Some(target) => {
                format!("the accuracy of all answers is {target} or more: the model never abstains")
            }
            None => format!(
                "no out-of-fold prediction has a probability below {threshold}: the model never abstains"
            ),
        })
    }
}

/// The rows with a positive weight. Classes are indices among a classifier's classes.
struct Counting {
    probabilities: Vec<f64>,
    y_true: Vec<usize>,
    weights: Option<Vec<f64>>,
    n_classes: usize,
}

impl Counting {
    fn of(rows: Scored, classes: &[usize]) -> Self {
        let n_classes = classes.len();
        let counts = |row: &usize| rows.weights.is_none_or(|weights| weights[*row] > 0.0);
        let ids: Vec<usize> = (0..rows.y_true.len()).filter(counts).collect();
        let place = |id: usize| classes.binary_search(&id).unwrap_or(usize::MAX);
        Counting {
            probabilities: ids
                .iter()
                .flat_map(|&row| &rows.probabilities[row * n_classes..][..n_classes])
                .copied()
                .collect(),
            y_true: ids.iter().map(|&row| place(rows.y_true[row])).collect(),
            weights: rows.weights.map(|weights| ids.iter().map(|&row| weights[row]).collect()),
            n_classes,
        }
    }

    /// Chooses the rule first, then the threshold for abstaining; `labels` are the names of the classes.
    fn choose(&self, options: &DecisionOptions, labels: &[String]) -> Result<Decision> {
        let (p, y, weights) = (&self.probabilities, &self.y_true, self.weights.as_deref());
        let rule = match &options.rule {
            RuleOptions::MostProbable => Rule::MostProbable,
            RuleOptions::F1Macro => {
                Rule::ClassThresholds(f1_macro_thresholds_weighted(p, y, self.n_classes, weights)?)
            }
            RuleOptions::CostMatrix(costs) => Rule::CostMatrix(costs.of_classes(labels)?),
            RuleOptions::LabelCosts(_) => {
                return Err(bad("expected a cost matrix of classes, got costs of labels"));
            }
        };
        let abstain_below = match options.abstention {
            None => None,
            Some(Abstention::Below(threshold)) => Some(threshold),
            Some(Abstention::TargetPrecision(target)) => {
                Some(reach_accuracy(&self.curve(&rule)?, target)?.threshold)
            }
        };
        Ok(Decision { rule, abstain_below })
    }

    /// The coverage and accuracy of every threshold for the probability of the rule's class.
    fn curve(&self, rule: &Rule) -> Result<Vec<CoveragePoint>> {
        let decision = Decision::from(rule.clone());
        let rows = self.probabilities.chunks_exact(self.n_classes).zip(&self.y_true);
        let (confidence, right): (Vec<f64>, Vec<bool>) = rows
            .map(|(row, &y)| {
                let class = decision.decide(row).class_id;
                (row[class], class == y)
            })
            .unzip();
        coverage_curve_weighted(&confidence, &right, self.weights.as_deref())
    }
}

/// Some points of the curve for a report, evenly spaced in coverage.
fn short(curve: &[CoveragePoint]) -> Vec<CoveragePoint> {
    let at = |i: usize| {
        let coverage = i as f64 / N_CURVE_POINTS as f64;
        curve.iter().find(|point| point.coverage >= coverage - 1e-9).copied()
    };
    let mut points: Vec<CoveragePoint> = (1..=N_CURVE_POINTS).filter_map(at).collect();
    points.dedup();
    points
}

/// The classes that a classifier predicts for rows of features, including best guesses: ids of
/// [`LogisticRegression::classes`].
pub(crate) fn class_ids(rule: &Decision, classifier: &LogisticRegression, x: &Matrix) -> Vec<usize> {
    let answers = of_probabilities(rule, &classifier.predict_proba(x), classifier.classes());
    answers.iter().map(|answer| answer.class_id).collect()
}

/// The answers for rows of probabilities, whose columns are `classes`.
pub(crate) fn of_probabilities(rule: &Decision, probabilities: &[f64], classes: &[usize]) -> Vec<Answer> {
    let answer = |row: &[f64]| {
        let answer = rule.decide(row);
        Answer { class_id: classes[answer.class_id], ..answer }
    };
    probabilities.chunks_exact(classes.len()).map(answer).collect()
}

/// The effect of a rule on these rows. Each row counts once, except in the weighted scores; the rows' classes and
/// `classes` are ids of `labels`.
pub(crate) fn effect(
    decision: &Decision,
    Scored { probabilities, y_true, weights }: Scored,
    classes: &[usize],
    labels: &[String],
) -> Result<DecisionEffect> {
    let costs = match &decision.rule {
        Rule::CostMatrix(costs) => Some(costs),
        _ => None,
    };
    let scores = |decision: &Decision| -> Result<DecisionScores> {
        let answers = of_probabilities(decision, probabilities, classes);
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
        let weighted = that_count(weights).map(|weights| {
            let share = |is_in: &dyn Fn(&Answer, usize) -> bool| -> f64 {
                let rows = answers.iter().zip(y_true).zip(weights);
                rows.filter(|((answer, y), _)| is_in(answer, **y)).map(|(_, weight)| weight).sum()
            };
            let given = share(&|answer, _| !answer.abstained);
            let right = share(&|answer, y| !answer.abstained && answer.class_id == y);
            let accuracy = (given > 0.0).then(|| right / given);
            WeightedScores { coverage: given / weights.iter().sum::<f64>(), accuracy }
        });
        Ok(DecisionScores {
            n_rows: y_true.len(),
            n_answered: answered.len(),
            coverage: answered.len() as f64 / y_true.len().max(1) as f64,
            accuracy: evaluation.as_ref().map(|e| e.accuracy),
            accuracy_ci95: evaluation.as_ref().map(|e| e.accuracy_ci95),
            f1_macro: evaluation.as_ref().map(|e| e.macro_average.f1),
            mean_cost: (!paid.is_empty()).then(|| paid.iter().sum::<f64>() / paid.len() as f64),
            weighted,
        })
    };
    Ok(DecisionEffect { before: scores(&Decision::default())?, after: scores(decision)? })
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("decision")
}
