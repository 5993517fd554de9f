//! The scores of an advised choice on held-out rows.

use serde::Serialize;

use crate::evaluation::{Scoring, WeightedMultiLabelScores};
use crate::training::training_report::{TrainingReport, TrainingScores};

/// Scores on the held-out rows, which took no part in the choice. Rows are weighted equally except where a field says otherwise
/// and in log loss.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum HeldOutScores {
    /// Scores of one class per sentence.
    #[non_exhaustive]
    Classes {
        /// The score that was the criterion of the choice.
        test_score: f64,
        /// The accuracy.
        test_accuracy: f64,
        /// The 95 % confidence interval of the accuracy.
        test_accuracy_ci95: [f64; 2],
        /// The accuracy weighted by sample weight, if rows have weights.
        #[serde(skip_serializing_if = "Option::is_none")]
        test_weighted_accuracy: Option<f64>,
    },
    /// Scores of label sets.
    #[non_exhaustive]
    LabelSets {
        /// The score that was the criterion of the choice.
        test_score: f64,
        /// The micro-averaged F1.
        test_f1_micro: f64,
        /// The subset accuracy.
        test_subset_accuracy: f64,
        /// The 95 % confidence interval of the subset accuracy.
        test_subset_accuracy_ci95: [f64; 2],
        /// Scores weighted by sample weight, if rows have weights.
        #[serde(skip_serializing_if = "Option::is_none")]
        test_weighted: Option<WeightedMultiLabelScores>,
    },
}

impl HeldOutScores {
    pub(super) fn of(report: &TrainingReport, scoring: Scoring) -> Self {
        let log_loss = report.probabilities.scores.log_loss;
        match &report.scores {
            TrainingScores::Classes(scores) => HeldOutScores::Classes {
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
            TrainingScores::LabelSets(scores) => HeldOutScores::LabelSets {
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

    /// The score that was the criterion of the choice.
    pub fn test_score(&self) -> f64 {
        match *self {
            HeldOutScores::Classes { test_score, .. } | HeldOutScores::LabelSets { test_score, .. } => {
                test_score
            }
        }
    }
}
