//! Scores on held-out rows, as cells of a table and as a clause.

use clsify::evaluation::{Scoring, WeightedMultiLabelScores};
use clsify::studies::HeldOutScores;

/// Returns true for scores that are shown whatever the criterion of the choice was. With one label per row, micro F1
/// is accuracy.
fn is_always_shown(scoring: Scoring) -> bool {
    matches!(scoring, Scoring::Accuracy | Scoring::F1Micro)
}

/// The titles of [`cells`].
pub(super) fn columns(scores: &HeldOutScores, scoring: Scoring) -> Vec<String> {
    let others = match scores {
        HeldOutScores::Classes { .. } => ["held-out accuracy", "interval"].as_slice(),
        HeldOutScores::LabelSets { .. } => &["held-out micro F1", "held-out subset accuracy", "interval"],
    };
    let chosen_by = (!is_always_shown(scoring)).then(|| format!("held-out {scoring}"));
    chosen_by.into_iter().chain(others.iter().map(ToString::to_string)).collect()
}

/// The cells of a row.
pub(super) fn cells(scores: &HeldOutScores, scoring: Scoring) -> Vec<String> {
    let interval = |[low, high]: [f64; 2]| format!("{low:.3} to {high:.3}");
    let score = |score: f64| format!("{score:.4}");
    let others = match *scores {
        HeldOutScores::Classes { test_accuracy, test_accuracy_ci95, .. } => {
            vec![score(test_accuracy), interval(test_accuracy_ci95)]
        }
        HeldOutScores::LabelSets {
            test_f1_micro, test_subset_accuracy, test_subset_accuracy_ci95, ..
        } => {
            vec![score(test_f1_micro), score(test_subset_accuracy), interval(test_subset_accuracy_ci95)]
        }
    };
    let chosen_by = (!is_always_shown(scoring)).then(|| score(scores.test_score()));
    chosen_by.into_iter().chain(others).collect()
}

/// The scores as a clause.
pub(super) fn in_words(scores: &HeldOutScores, scoring: Scoring) -> String {
    let chosen_by = match is_always_shown(scoring) {
        true => String::new(),
        false => format!("{scoring} {:.4}, ", scores.test_score()),
    };
    chosen_by + &others_in_words(scores)
}

fn others_in_words(scores: &HeldOutScores) -> String {
    match *scores {
        HeldOutScores::Classes { test_accuracy, test_weighted_accuracy: Some(weighted), .. } => {
            format!("accuracy {test_accuracy:.4}, weighted {weighted:.4}")
        }
        HeldOutScores::Classes { test_accuracy, .. } => format!("accuracy {test_accuracy:.4}"),
        HeldOutScores::LabelSets { test_f1_micro, test_subset_accuracy, test_weighted, .. } => {
            let by_weight = test_weighted.map_or(String::new(), |weighted| {
                let WeightedMultiLabelScores { micro_f1, subset_accuracy } = weighted;
                format!(", weighted {micro_f1:.4} and {subset_accuracy:.4}")
            });
            format!("micro F1 {test_f1_micro:.4}, subset accuracy {test_subset_accuracy:.4}{by_weight}")
        }
    }
}
