//! Decision rules: from the probabilities of a row's classes to an [`Answer`].
//!
//! `choose_rule.rs` chooses a rule.

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};

/// A decision rule: it determines the class that is answered, and the probability below which the model abstains.
///
/// In JSON it is an object, with `class_thresholds` or `cost_matrix` unless the rule is the most probable class, and
/// with `abstain_below` if the model may abstain.
///
/// ```
/// use clsify::decision::{Answer, Decision, Rule};
/// let row = [0.7, 0.3];
/// assert_eq!(Decision::default().decide(&row), Answer { class_id: 0, abstained: false });
/// assert_eq!(Decision::abstaining_below(0.9).decide(&row), Answer { class_id: 0, abstained: true });
/// // The second class is answered from 0.25 on.
/// let rule = Rule::ClassThresholds(vec![0.75, 0.25]);
/// assert_eq!(Decision::from(rule.clone()).decide(&row).class_id, 1);
/// // The rule chooses the class, whose probability is 0.3.
/// let both = Decision { rule, abstain_below: Some(0.5) };
/// assert_eq!(both.decide(&row), Answer { class_id: 1, abstained: true });
/// // A missed second class costs five times as much as a false alarm.
/// let rule = Rule::CostMatrix(vec![vec![0.0, 1.0], vec![5.0, 0.0]]);
/// assert_eq!(Decision::from(rule).decide(&row).class_id, 1);
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(into = "Fields", try_from = "Fields")]
pub struct Decision {
    /// The rule that determines the class.
    pub rule: Rule,
    /// The model abstains if the probability of that class is below this.
    pub abstain_below: Option<f64>,
}

/// The rule that determines the class.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Rule {
    /// The most probable class: the article's choice.
    #[default]
    MostProbable,
    /// The class with the largest ratio of probability to threshold, `[n_classes]`, all above 0. With two thresholds
    /// that sum to 1, the second class is answered if its probability exceeds its threshold; equal thresholds are the
    /// same as `MostProbable`.
    ClassThresholds(Vec<f64>),
    /// The class with the lowest expected cost, `sum_i p_i cost[i][j]` for the answer `j`: rows are true classes,
    /// columns answers.
    CostMatrix(Vec<Vec<f64>>),
}

/// The form in a file. An unknown field may change every answer, so such a file is refused.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    #[serde(skip_serializing_if = "Option::is_none")]
    class_thresholds: Option<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_matrix: Option<Vec<Vec<f64>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    abstain_below: Option<f64>,
}

impl From<Decision> for Fields {
    fn from(Decision { rule, abstain_below }: Decision) -> Self {
        let fields = Fields { abstain_below, ..Fields::default() };
        match rule {
            Rule::MostProbable => fields,
            Rule::ClassThresholds(thresholds) => Fields { class_thresholds: Some(thresholds), ..fields },
            Rule::CostMatrix(costs) => Fields { cost_matrix: Some(costs), ..fields },
        }
    }
}

impl TryFrom<Fields> for Decision {
    type Error = &'static str;

    fn try_from(fields: Fields) -> std::result::Result<Self, Self::Error> {
        let rule = match (fields.class_thresholds, fields.cost_matrix) {
            (None, None) => Rule::MostProbable,
            (Some(thresholds), None) => Rule::ClassThresholds(thresholds),
            (None, Some(costs)) => Rule::CostMatrix(costs),
            (Some(_), Some(_)) => return Err("expected class_thresholds or cost_matrix, got both"),
        };
        Ok(Decision { rule, abstain_below: fields.abstain_below })
    }
}

impl From<Rule> for Decision {
    fn from(rule: Rule) -> Self {
        Decision { rule, abstain_below: None }
    }
}

/// The answer for one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The class; the best guess if `abstained`.
    pub class_id: usize,
    /// True if the class is too uncertain to be an answer.
    pub abstained: bool,
}

impl Rule {
    /// The class for the probabilities of one row, `[n_classes]`; of equally good ones the first.
    fn class_id(&self, probabilities: &[f64]) -> usize {
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
        match self {
            Rule::MostProbable => largest(&|k| probabilities[k]),
            Rule::ClassThresholds(thresholds) => largest(&|k| probabilities[k] / thresholds[k]),
            Rule::CostMatrix(costs) => {
                largest(&|j| -probabilities.iter().zip(costs).map(|(p, cost)| p * cost[j]).sum::<f64>())
            }
        }
    }

    fn check(&self, n_classes: usize) -> Result<()> {
        match self {
            Rule::MostProbable => Ok(()),
            Rule::ClassThresholds(thresholds) => {
                let fits = |t: &f64| *t > 0.0 && t.is_finite();
                if thresholds.len() != n_classes || !thresholds.iter().all(fits) {
                    return Err(bad(format!("expected {n_classes} positive thresholds, got {thresholds:?}")));
                }
                Ok(())
            }
            Rule::CostMatrix(costs) => {
                let fits = |cost: &f64| *cost >= 0.0 && cost.is_finite();
                let is_row = |row: &Vec<f64>| row.len() == n_classes && row.iter().all(fits);
                if costs.len() != n_classes || !costs.iter().all(is_row) {
                    return Err(bad(format!("expected {n_classes} x {n_classes} costs of at least 0")));
                }
                Ok(())
            }
        }
    }
}

impl Decision {
    /// The most probable class if its probability is at least this; otherwise the model abstains.
    pub fn abstaining_below(threshold: f64) -> Self {
        Decision { rule: Rule::MostProbable, abstain_below: Some(threshold) }
    }

    /// The answer for the probabilities of one row, `[n_classes]`; of equally good classes the first.
    ///
    /// # Panics
    /// Panics if the thresholds or costs are for another number of classes.
    pub fn decide(&self, probabilities: &[f64]) -> Answer {
        let class_id = self.rule.class_id(probabilities);
        let abstained = self.abstain_below.is_some_and(|threshold| probabilities[class_id] < threshold);
        Answer { class_id, abstained }
    }

    /// Checks that this rule fits this number of classes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if a number is out of range, or if there are too many or too few.
    ///
    /// ```
    /// use clsify::decision::Decision;
    /// let error = Decision::abstaining_below(1.5).check(2).unwrap_err();
    /// assert_eq!(error.to_string(), "decision: expected a threshold within 0 and 1, got 1.5");
    /// ```
    pub fn check(&self, n_classes: usize) -> Result<()> {
        if let Some(threshold) = self.abstain_below.filter(|threshold| !(0.0..=1.0).contains(threshold)) {
            return Err(bad(format!("expected a threshold within 0 and 1, got {threshold}")));
        }
        self.rule.check(n_classes)
    }

    /// Returns true if this is the article's rule, which reports do not mention.
    pub fn is_most_probable(&self) -> bool {
        *self == Decision::default()
    }
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("decision")
}
