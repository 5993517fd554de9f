//! From probabilities to an answer: every rule, in one place.
//!
//! In: the probabilities of a row's classes. Out: an [`Answer`]. How a rule is chosen is
//! `evaluation`'s business, where it is saved and applied `pipeline`'s.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};

/// How probabilities become a label.
///
/// As JSON: `"most_probable"`, `{"abstain_below": 0.9}`, `{"class_thresholds": [...]}` or `{"cost_matrix": [[...], ...]}`.
///
/// ```
/// use clsify::classifier::{Answer, Decision};
/// let row = [0.7, 0.3];
/// assert_eq!(Decision::MostProbable.decide(&row), Answer { class_id: 0, abstained: false });
/// assert_eq!(Decision::AbstainBelow(0.9).decide(&row), Answer { class_id: 0, abstained: true });
/// // The second class is answered from 0.25 on.
/// assert_eq!(Decision::ClassThresholds(vec![0.75, 0.25]).decide(&row).class_id, 1);
/// // A missed second class costs five times as much as a false alarm.
/// assert_eq!(Decision::CostMatrix(vec![vec![0.0, 1.0], vec![5.0, 0.0]]).decide(&row).class_id, 1);
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The most probable class: what the article does.
    #[default]
    MostProbable,
    /// The most probable class where its probability is at least this, else none.
    AbstainBelow(f64),
    /// The class whose probability is most times its threshold, `[n_classes]`, all above 0. With two thresholds that sum to
    /// 1 the second class is answered where its probability exceeds its threshold; equal ones are `MostProbable`.
    ClassThresholds(Vec<f64>),
    /// The class of least expected cost, `sum_i p_i cost[i][j]` for the answer `j`: rows are true classes, columns answers.
    CostMatrix(Vec<Vec<f64>>),
}

/// What is said of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The class; the best guess where `abstained`.
    pub class_id: usize,
    /// Whether the class is too uncertain to be an answer.
    pub abstained: bool,
}

impl Decision {
    /// The answer for the probabilities of one row, `[n_classes]`; of equally good classes the first.
    ///
    /// # Panics
    /// When thresholds or costs are of another number of classes.
    pub fn decide(&self, probabilities: &[f64]) -> Answer {
        let largest = |value: &dyn Fn(usize) -> f64| -> usize {
            let mut best = (0, value(0));
            for class in 1..probabilities.len() {
                let value = value(class);
                if value > best.1 {
                    best = (class, value);
                }
            }
            best.0
        };
        let mut abstained = false;
        let class_id = match self {
            Decision::MostProbable => largest(&|k| probabilities[k]),
            Decision::AbstainBelow(threshold) => {
                let top = largest(&|k| probabilities[k]);
                abstained = probabilities[top] < *threshold;
                top
            }
            Decision::ClassThresholds(thresholds) => largest(&|k| probabilities[k] / thresholds[k]),
            Decision::CostMatrix(costs) => {
                largest(&|j| -probabilities.iter().zip(costs).map(|(p, cost)| p * cost[j]).sum::<f64>())
            }
        };
        Answer { class_id, abstained }
    }

    /// Whether this is a rule for so many classes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when a number is out of its range or there are too many or too few.
    ///
    /// ```
    /// use clsify::classifier::Decision;
    /// let error = Decision::AbstainBelow(1.5).check(2).unwrap_err();
    /// assert_eq!(error.to_string(), "decision: expected a threshold within 0 and 1, got 1.5");
    /// ```
    pub fn check(&self, n_classes: usize) -> Result<()> {
        match self {
            Decision::MostProbable => Ok(()),
            Decision::AbstainBelow(threshold) if (0.0..=1.0).contains(threshold) => Ok(()),
            Decision::AbstainBelow(threshold) => {
                Err(bad(format!("expected a threshold within 0 and 1, got {threshold}")))
            }
            Decision::ClassThresholds(thresholds) => {
                let fits = |t: &f64| *t > 0.0 && t.is_finite();
                if thresholds.len() != n_classes || !thresholds.iter().all(fits) {
                    return Err(bad(format!("expected {n_classes} positive thresholds, got {thresholds:?}")));
                }
                Ok(())
            }
            Decision::CostMatrix(costs) => {
                let fits = |cost: &f64| *cost >= 0.0 && cost.is_finite();
                let is_row = |row: &Vec<f64>| row.len() == n_classes && row.iter().all(fits);
                if costs.len() != n_classes || !costs.iter().all(is_row) {
                    return Err(bad(format!("expected {n_classes} x {n_classes} costs of at least 0")));
                }
                Ok(())
            }
        }
    }

    /// Whether this is the article's rule, which needs no mention.
    pub fn is_most_probable(&self) -> bool {
        *self == Decision::MostProbable
    }
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("decision")
}
