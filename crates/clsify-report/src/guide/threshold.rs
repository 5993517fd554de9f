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
    let second = classifier.decision().map_or(0.5, |decision| second_threshold(&decision.rule));
    Some(vec![1.0 - second, second])
}

/// The probabilities of the second of two classes between which the classifier abstains; `None` if there are none.
pub(super) fn abstains(walkthrough: &Walkthrough) -> Option<[f64; 2]> {
    let decision =
        walkthrough.classifier.decision().filter(|_| walkthrough.classifier.classes().len() == 2)?;
    abstains_between(second_threshold(&decision.rule), decision.abstain_below?)
}

/// The probability of the second of two classes above which it is the answer.
fn second_threshold(rule: &Rule) -> f64 {
    match rule {
        Rule::MostProbable => 0.5,
        Rule::ClassThresholds(of) => of[1] / (of[0] + of[1]),
        Rule::CostMatrix(costs) => {
            // The second class is cheaper if p0 (c01 - c00) < p1 (c10 - c11).
            let [first, second] = [costs[0][1] - costs[0][0], costs[1][0] - costs[1][1]];
            if first >= 0.0 && second >= 0.0 && first + second > 0.0 { first / (first + second) } else { 0.5 }
        }
    }
}

/// Below the threshold the first class is the answer, and is too uncertain from `1 - least` on; above it the second one is, up to
/// `least`.
fn abstains_between(threshold: f64, least: f64) -> Option<[f64; 2]> {
    let [low, high] = [threshold.min(1.0 - least), threshold.max(least)];
    (low < high).then_some([low, high])
}

#[cfg(test)]
mod tests {
    use clsify::decision::Decision;

    use super::*;

    /// Oracle: the decisions for a grid of probabilities.
    #[test]
    fn thresholds_and_abstention_are_those_of_the_rule() {
        let rules = [
            Rule::MostProbable,
            Rule::ClassThresholds(vec![0.3, 0.9]),
            Rule::CostMatrix(vec![vec![0.0, 1.0], vec![5.0, 0.0]]),
        ];
        for rule in rules {
            for least in [0.0, 0.3, 0.6, 0.95] {
                let threshold = second_threshold(&rule);
                let between = abstains_between(threshold, least);
                let decision = Decision { rule: rule.clone(), abstain_below: Some(least) };
                // No threshold lies at these probabilities.
                for p in (0..1000).map(|i| (f64::from(i) + 0.37) / 1000.0) {
                    let answer = decision.decide(&[1.0 - p, p]);
                    assert_eq!(answer.class_id == 1, p > threshold, "{rule:?} {p}");
                    let is_between = between.is_some_and(|[low, high]| p > low && p < high);
                    assert_eq!(answer.abstained, is_between, "{rule:?} {least} {p}: {between:?}");
                }
            }
        }
    }
}
