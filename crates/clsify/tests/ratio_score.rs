//! Scores that are ratios of sums against scikit-learn 1.9.1 (`fixtures/sklearn/ratio_scores.json`), and the coverage
//! of their intervals.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use clsify::evaluation::{PairedCounts, PairedScores, RatioScore, wilson_ci95};
use clsify::targets::LabelIndicator;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    y_true: Vec<String>,
    y_pred: [Vec<String>; 2],
    weights: Option<Vec<f64>>,
    micro_f1: Expected,
    subset_accuracy: Expected,
}

#[derive(Deserialize)]
struct Expected {
    scores: [f64; 2],
    standard_errors: [f64; 2],
    ci95: [[f64; 2]; 2],
    difference_ci95: [f64; 2],
}

/// Both sides sum in float64.
const SCORE_TOLERANCE: f64 = 1e-14;
/// The oracle's derivatives are differences with a step of 1e-4: the error is the square of the step, and rounding
/// divided by it.
const INTERVAL_TOLERANCE: f64 = 1e-7;

fn indicator(rows: &[String]) -> LabelIndicator {
    let values = rows.concat().bytes().map(|digit| digit == b'1').collect();
    LabelIndicator::new(values, rows[0].len()).unwrap()
}

fn right(y_true: &LabelIndicator, y_pred: &LabelIndicator) -> Vec<bool> {
    y_true.rows().zip(y_pred.rows()).map(|(truth, given)| truth == given).collect()
}

fn assert_scores(scores: [RatioScore; 2], expected: &Expected, place: &str) {
    let close = |got: f64, expected: f64, tolerance: f64| {
        assert!((got - expected).abs() < tolerance, "{place}: expected {expected}, got {got}");
    };
    for (i, score) in scores.iter().enumerate() {
        close(score.score(), expected.scores[i], SCORE_TOLERANCE);
        close(score.standard_error(), expected.standard_errors[i], INTERVAL_TOLERANCE);
        (0..2).for_each(|end| close(score.ci95()[end], expected.ci95[i][end], INTERVAL_TOLERANCE));
    }
    let [a, b] = scores;
    let paired = PairedScores::of(&a, &b).unwrap();
    assert_eq!(
        (paired.a, paired.b, paired.a_ci95, paired.b_ci95),
        (a.score(), b.score(), a.ci95(), b.ci95())
    );
    close(paired.difference, expected.scores[1] - expected.scores[0], SCORE_TOLERANCE);
    (0..2).for_each(|end| {
        close(paired.difference_ci95[end], expected.difference_ci95[end], INTERVAL_TOLERANCE)
    });
}

#[test]
fn scores_and_intervals_are_the_references() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/sklearn/ratio_scores.json");
    let fixture: Fixture = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(fixture.cases.len() > 4);
    for (i, case) in fixture.cases.iter().enumerate() {
        let (y_true, weights) = (indicator(&case.y_true), case.weights.as_deref());
        let predicted = [indicator(&case.y_pred[0]), indicator(&case.y_pred[1])];
        let f1 = predicted.each_ref().map(|p| RatioScore::micro_f1(&y_true, p, weights).unwrap());
        assert_scores(f1, &case.micro_f1, &format!("case {i}, micro F1"));
        let subset = predicted.each_ref().map(|p| RatioScore::accuracy(&right(&y_true, p), weights).unwrap());
        assert_scores(subset, &case.subset_accuracy, &format!("case {i}, subset accuracy"));
    }
}

proptest! {
    /// Oracle: Wilson's and Newcombe's intervals of counts. The latter reduces the correlation by half a row, which
    /// moves a limit by a few rows of `n` at most.
    #[test]
    fn accuracies_have_the_intervals_of_counts(
        rows in proptest::collection::vec((any::<bool>(), any::<bool>()), 2..400)
    ) {
        let (a, b): (Vec<bool>, Vec<bool>) = rows.iter().copied().unzip();
        let n = a.len();
        let scores = [&a, &b].map(|rows| RatioScore::accuracy(rows, None).unwrap());
        for (score, rows) in scores.iter().zip([&a, &b]) {
            let n_right = rows.iter().filter(|&&right| right).count();
            prop_assert_eq!(score.score(), n_right as f64 / n as f64);
            let expected = wilson_ci95(n_right, n).unwrap();
            for (got, expected) in score.ci95().into_iter().zip(expected) {
                prop_assert!((got - expected).abs() < 1e-12, "{got} {expected}");
            }
        }
        let paired = PairedScores::of(&scores[0], &scores[1]).unwrap();
        let counts = PairedCounts::of(&a, &b).unwrap();
        prop_assert!((paired.difference - counts.difference()).abs() < 1e-12);
        for (got, expected) in paired.difference_ci95.into_iter().zip(counts.difference_ci95().unwrap()) {
            prop_assert!((got - expected).abs() < 6.0 / n as f64, "{got} {expected} {counts:?}");
        }
    }

    /// A weight of 2 is the same as two rows; doubling all weights changes nothing.
    #[test]
    fn weights_are_counts(rows in proptest::collection::vec((any::<bool>(), 0u8..4), 1..50)) {
        prop_assume!(rows.iter().any(|row| row.1 > 0));
        let (is_right, weights): (Vec<bool>, Vec<f64>) = rows.iter().map(|row| (row.0, f64::from(row.1))).unzip();
        let repeated: Vec<bool> = rows.iter().flat_map(|row| vec![row.0; usize::from(row.1)]).collect();
        let score = RatioScore::accuracy(&is_right, Some(&weights)).unwrap();
        let expected = RatioScore::accuracy(&repeated, None).unwrap();
        prop_assert!((score.score() - expected.score()).abs() < 1e-12);
        let doubled: Vec<f64> = weights.iter().map(|w| 2.0 * w).collect();
        prop_assert_eq!(RatioScore::accuracy(&is_right, Some(&doubled)).unwrap().ci95(), score.ci95());
        // With unequal weights the effective number of rows is smaller.
        prop_assert!(score.effective_rows() <= expected.effective_rows() + 1e-9);
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Rows of three labels with weights. Some rows are hard for both models, and the second model is better.
    fn rows(&mut self, n: usize) -> ([LabelIndicator; 3], Vec<f64>) {
        const PREVALENCE: [f64; 3] = [0.1, 0.3, 0.5];
        let mut columns = [Vec::new(), Vec::new(), Vec::new()];
        let mut weights = Vec::new();
        for _ in 0..n {
            let hard = self.uniform() < 0.25;
            weights.push(if self.uniform() < 0.5 { 1.0 } else { 2.0 });
            for prevalence in PREVALENCE {
                let truth = self.uniform() < prevalence;
                // On hard rows both are mostly wrong together.
                let common = hard && self.uniform() < 0.4;
                let mut wrong = |rate: f64| common || self.uniform() < rate;
                columns[1].push(truth ^ wrong(0.08));
                columns[2].push(truth ^ wrong(0.05));
                columns[0].push(truth);
            }
        }
        (columns.map(|values| LabelIndicator::new(values, 3).unwrap()), weights)
    }
}

/// Oracle: the true score, estimated from 300,000 rows drawn in the same way. With 2,000 draws, an interval with 95 %
/// coverage is measured at 94 to 96 % (two standard errors); less than 93 % would be too narrow an interval, more
/// than 97.5 % too wide a one.
#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let scores = |rows: &[LabelIndicator; 3], weights: Option<&[f64]>| -> PairedScores {
        let of = |i: usize| RatioScore::micro_f1(&rows[0], &rows[i], weights).unwrap();
        PairedScores::of(&of(1), &of(2)).unwrap()
    };
    let mut random = Random(3);
    let (rows, weights) = random.rows(300_000);
    let truth = [scores(&rows, None), scores(&rows, Some(&weights))];
    for n in [50, 200] {
        let mut held = [[0usize; 2]; 2];
        for _ in 0..2_000 {
            let (rows, weights) = random.rows(n);
            let found = [scores(&rows, None), scores(&rows, Some(&weights))];
            for ((held, truth), found) in held.iter_mut().zip(&truth).zip(&found) {
                let holds = |[low, high]: [f64; 2], truth: f64| usize::from(low <= truth && truth <= high);
                held[0] += holds(found.a_ci95, truth.a);
                held[1] += holds(found.difference_ci95, truth.difference);
            }
        }
        for (held, name) in
            held.iter().flatten().zip(["score", "difference", "weighted score", "weighted difference"])
        {
            let share = *held as f64 / 2_000.0;
            assert!((0.93..=0.975).contains(&share), "{name} of {n} rows: {share}");
        }
    }
}

#[test]
fn all_right_and_nothing_to_do_have_an_interval() {
    let all = RatioScore::accuracy(&[true; 4], Some(&[1.0, 1.0, 1.0, 3.0])).unwrap();
    assert_eq!((all.score(), all.standard_error(), all.effective_rows()), (1.0, 0.0, 3.0));
    let [low, high] = all.ci95();
    assert_eq!((low, high), (wilson_ci95(3, 3).unwrap()[0], 1.0));
    let none = LabelIndicator::from_sets(&[vec![], vec![]], 1).unwrap();
    let nothing = RatioScore::micro_f1(&none, &none, None).unwrap();
    assert_eq!((nothing.score(), nothing.ci95()), (0.0, [0.0, 1.0]));
    let paired = PairedScores::of(&nothing, &nothing).unwrap();
    assert!(
        paired.difference == 0.0 && paired.difference_ci95.iter().all(|end| end.is_finite()),
        "{paired:?}"
    );
}

#[test]
fn what_does_not_go_together_is_refused() {
    let message =
        |weights: &[f64]| RatioScore::accuracy(&[true, false], Some(weights)).unwrap_err().to_string();
    for weights in [&[1.0][..], &[0.0, 0.0], &[1.0, -1.0], &[1.0, f64::NAN], &[f64::INFINITY, 1.0]] {
        assert!(
            message(weights).starts_with("score: expected 2 weights of at least 0 and one above"),
            "{weights:?}"
        );
    }
    assert_eq!(
        RatioScore::accuracy(&[], None).unwrap_err().to_string(),
        "score: expected at least 1 row, got 0"
    );
    let labels = |n: usize| LabelIndicator::new(vec![true; 2 * n], 2).unwrap();
    assert!(RatioScore::micro_f1(&labels(2), &labels(3), None).is_err());
    let of = |n: usize| RatioScore::accuracy(&vec![true; n], None).unwrap();
    assert!(PairedScores::of(&of(2), &of(3)).is_err());
}
