//! Precision and recall over all thresholds, against scikit-learn 1.9.1 (`average_precisions` in
//! `fixtures/sklearn/trust.json`), and the coverage of the interval of the average precision.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use clsify::evaluation::{LabelPrecisionRecall, PrecisionRecallCurve};
use serde::Deserialize;

/// Sums of a few hundred numbers in another order.
const TOLERANCE: f64 = 1e-12;

#[derive(Deserialize)]
struct Fixture {
    average_precisions: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    y_true: String,
    probabilities: Vec<f64>,
    average_precision: f64,
    points: Vec<[f64; 2]>,
}

/// Oracles: `average_precision_score`, and the points of `precision_recall_curve` at which the recall grows.
#[test]
fn curves_and_average_precisions_are_scikit_learn_s() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/sklearn/trust.json");
    let fixture: Fixture = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(fixture.average_precisions.len(), 5);
    for case in fixture.average_precisions {
        let has_label: Vec<bool> = case.y_true.chars().map(|digit| digit == '1').collect();
        let found = LabelPrecisionRecall::of("x", &case.probabilities, &has_label).unwrap().unwrap();
        let (ours, theirs) = (found.average_precision, case.average_precision);
        assert!((ours - theirs).abs() < TOLERANCE, "expected {theirs}, got {ours}");
        assert_eq!(found.points.len(), case.points.len());
        for (ours, theirs) in found.points.iter().flatten().zip(case.points.iter().flatten()) {
            assert!((ours - theirs).abs() < TOLERANCE, "expected {theirs}, got {ours}");
        }
        // Oracle: every row compared with the threshold.
        let curve = PrecisionRecallCurve::of(&case.probabilities, &has_label).unwrap();
        for threshold in [0.0, 0.25, 0.4, 0.7, 1.0] {
            let above = |with: bool| {
                let rows = case.probabilities.iter().zip(&has_label);
                rows.filter(|(p, has_it)| **p > threshold && **has_it == with).count()
            };
            assert_eq!(curve.counts_above(threshold), [above(true), above(false)], "{threshold}");
        }
    }
}

#[test]
fn rows_that_cannot_be_ranked_are_errors() {
    for (probabilities, has_label, expected) in [
        (&[][..], &[][..], "expected a probability for each of 0 rows, got 0"),
        (&[0.5], &[true, false], "expected a probability for each of 2 rows, got 1"),
        (&[0.5, f64::NAN], &[true, false], "expected probabilities within 0 and 1, got NaN"),
        (&[0.5, 1.5], &[true, false], "expected probabilities within 0 and 1, got 1.5"),
    ] {
        let error = PrecisionRecallCurve::of(probabilities, has_label).unwrap_err();
        assert_eq!(error.to_string(), format!("precision-recall curve: {expected}"));
    }
    assert_eq!(LabelPrecisionRecall::of("x", &[0.5], &[false]).unwrap(), None);
}

/// Uniform numbers, then sums of twelve of them, which are nearly normal.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Probabilities of `n_with` rows with the label, whose logits are higher by `shift`, and `n_without` rows.
    fn curve(&mut self, [n_with, n_without]: [usize; 2], shift: f64) -> PrecisionRecallCurve {
        let has_label: Vec<bool> = (0..n_with + n_without).map(|row| row < n_with).collect();
        let mut logit = |has_it: bool| {
            let normal = (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0;
            normal + if has_it { shift } else { 0.0 }
        };
        let p: Vec<f64> = has_label.iter().map(|&has_it| 1.0 / (1.0 + (-logit(has_it)).exp())).collect();
        PrecisionRecallCurve::of(&p, &has_label).unwrap()
    }
}

/// Oracle: the average precision of 100,000 rows. Of 300 samples, at least 93 % must contain it: 95 % minus 1.6 standard
/// errors of that share.
#[test]
fn intervals_contain_the_true_average_precision() {
    let mut random = Random(7);
    for (shape, shift) in [([20, 20], 0.5), ([20, 180], 1.5), ([180, 20], 1.5), ([100, 300], 3.0)] {
        let all = shape.map(|n| n * 100_000 / (shape[0] + shape[1]));
        let truth = random.curve(all, shift).average_precision().unwrap();
        let contains = |[low, high]: [f64; 2]| (low..=high).contains(&truth);
        let n = 300;
        let n_right =
            (0..n).filter(|_| contains(random.curve(shape, shift).average_precision_ci95().unwrap())).count();
        assert!(n_right >= n * 93 / 100, "{shape:?} {shift}: {n_right} of {n}");
    }
}
