//! The probability above which a classifier assigns a label, which the scenes of the score and of the map draw.

use clsify::decision::Rule;
use clsify::studies::Walkthrough;

/// One threshold per label: for label sets the classifier's own, for two classes that of its rule. `None` for more classes, where the
/// other classes decide too.
pub(super) fn thresholds(walkthrough: &Walkthrough) -> Option<Vec<f64>> {
    let classifier = walkthrough.classifier;
    if let Some(thresholds) = classifier.thresholds() {
        return Some(thresholds.to_vec());
    }
    if classifier.classes().len() != 2 {
        return None;
    }
    let second = match classifier.decision().map(|decision| &decision.rule) {
        Some(Rule::ClassThresholds(of)) => of[1] / (of[0] + of[1]),
        Some(Rule::CostMatrix(costs)) => {
            // The second class is cheaper if p0 (c01 - c00) < p1 (c10 - c11).
            let [first, second] = [costs[0][1] - costs[0][0], costs[1][0] - costs[1][1]];
            if first >= 0.0 && second >= 0.0 && first + second > 0.0 { first / (first + second) } else { 0.5 }
        }
        _ => 0.5,
    };
    Some(vec![1.0 - second, second])
}
