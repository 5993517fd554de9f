//! Scores of an advised choice on rows that it has not seen.

use clsify::evaluation::{Scoring, WeightedMultiLabelScores};
use clsify::training::{TrainingReport, TrainingScores};
use serde::Serialize;

/// Scores on the held-out rows, which no choice has seen. Each row counts once; by its weight where that is said, and in a
/// log loss.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum HeldOut {
    Classes {
        /// What was chosen by.
        test_score: f64,
        test_accuracy: f64,
        test_accuracy_ci95: [f64; 2],
        /// Each row counted by its weight, where there are weights.
        #[serde(skip_serializing_if = "Option::is_none")]
        test_weighted_accuracy: Option<f64>,
    },
    LabelSets {
        /// What was chosen by.
        test_score: f64,
        test_f1_micro: f64,
        test_subset_accuracy: f64,
        test_subset_accuracy_ci95: [f64; 2],
        /// Each row counted by its weight, where there are weights.
        #[serde(skip_serializing_if = "Option::is_none")]
        test_weighted: Option<WeightedMultiLabelScores>,
    },
}

/// Whether a score is among those that are shown whatever the choice went by. Of one label per row, micro F1 is accuracy.
fn is_always_shown(scoring: Scoring) -> bool {
    matches!(scoring, Scoring::Accuracy | Scoring::F1Micro)
}

impl HeldOut {
    pub(super) fn of(report: &TrainingReport, scoring: Scoring) -> Self {
        let log_loss = report.probabilities.scores.log_loss;
        match &report.scores {
            TrainingScores::Classes(scores) => HeldOut::Classes {
                test_score: match scoring {
                    Scoring::F1Macro => scores.test.macro_average.f1,
                    Scoring::LogLoss => log_loss,
                    // One answer per row: micro F1 is accuracy.
                    Scoring::Accuracy | Scoring::F1Micro => scores.test.accuracy,
                },
                test_accuracy: scores.test.accuracy,
                test_accuracy_ci95: scores.test.accuracy_ci95,
                test_weighted_accuracy: scores.test_weighted_accuracy,
            },
            TrainingScores::LabelSets(scores) => HeldOut::LabelSets {
                test_score: match scoring {
                    Scoring::Accuracy => scores.test.subset_accuracy,
                    Scoring::F1Macro => scores.test.macro_average.f1,
                    Scoring::F1Micro => scores.test.micro_average.f1,
                    Scoring::LogLoss => log_loss,
                },
                test_f1_micro: scores.test.micro_average.f1,
                test_subset_accuracy: scores.test.subset_accuracy,
                test_subset_accuracy_ci95: scores.test.subset_accuracy_ci95,
                test_weighted: scores.test_weighted,
            },
        }
    }

    /// The titles of [`cells`](Self::cells).
    pub(super) fn columns(&self, scoring: Scoring) -> Vec<String> {
        let others = match self {
            HeldOut::Classes { .. } => ["held-out accuracy", "interval"].as_slice(),
            HeldOut::LabelSets { .. } => &["held-out micro F1", "held-out subset accuracy", "interval"],
        };
        let chosen_by = (!is_always_shown(scoring)).then(|| format!("held-out {scoring}"));
        chosen_by.into_iter().chain(others.iter().map(ToString::to_string)).collect()
    }

    pub(super) fn cells(&self, scoring: Scoring) -> Vec<String> {
        let interval = |[low, high]: [f64; 2]| format!("{low:.3} to {high:.3}");
        let score = |score: f64| format!("{score:.4}");
        let others = match *self {
            HeldOut::Classes { test_accuracy, test_accuracy_ci95, .. } => {
                vec![score(test_accuracy), interval(test_accuracy_ci95)]
            }
            HeldOut::LabelSets { test_f1_micro, test_subset_accuracy, test_subset_accuracy_ci95, .. } => {
                vec![score(test_f1_micro), score(test_subset_accuracy), interval(test_subset_accuracy_ci95)]
            }
        };
        let chosen_by = (!is_always_shown(scoring)).then(|| score(self.test_score()));
        chosen_by.into_iter().chain(others).collect()
    }

    /// The score that was chosen by.
    fn test_score(&self) -> f64 {
        match *self {
            HeldOut::Classes { test_score, .. } | HeldOut::LabelSets { test_score, .. } => test_score,
        }
    }

    pub(super) fn in_words(&self, scoring: Scoring) -> String {
        let chosen_by = match is_always_shown(scoring) {
            true => String::new(),
            false => format!("{scoring} {:.4}, ", self.test_score()),
        };
        chosen_by + &self.others_in_words()
    }

    fn others_in_words(&self) -> String {
        match *self {
            HeldOut::Classes { test_accuracy, test_weighted_accuracy: Some(weighted), .. } => {
                format!("accuracy {test_accuracy:.4}, by weight {weighted:.4}")
            }
            HeldOut::Classes { test_accuracy, .. } => format!("accuracy {test_accuracy:.4}"),
            HeldOut::LabelSets { test_f1_micro, test_subset_accuracy, test_weighted, .. } => {
                let by_weight = test_weighted.map_or(String::new(), |weighted| {
                    let WeightedMultiLabelScores { micro_f1, subset_accuracy } = weighted;
                    format!(", by weight {micro_f1:.4} and {subset_accuracy:.4}")
                });
                format!("micro F1 {test_f1_micro:.4}, subset accuracy {test_subset_accuracy:.4}{by_weight}")
            }
        }
    }
}
