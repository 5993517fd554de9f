//! The scores that choices are based on, against scikit-learn 1.9.1 (`fixtures/sklearn/scoring.json`), repeated rows,
//! and rows left out.
#![allow(clippy::unwrap_used, reason = "helpers outside test functions may unwrap too")]

mod support;

use clsify::evaluation::{RowScores, Scoring};
use clsify::targets::LabelIndicator;
use serde::Deserialize;
use support::fixtures;

#[derive(Deserialize)]
struct Fixture {
    classes: Vec<Case<String>>,
    label_sets: Vec<Case<Vec<String>>>,
}

#[derive(Deserialize)]
struct Case<Y> {
    y_true: Y,
    logits: Vec<Vec<f64>>,
    weights: Vec<f64>,
    plain: Scores,
    weighted: Scores,
}

#[derive(Deserialize)]
struct Scores {
    accuracy: f64,
    f1_macro: f64,
    f1_micro: f64,
    log_loss: f64,
}

impl Scores {
    fn of(&self, scoring: Scoring) -> f64 {
        match scoring {
            Scoring::Accuracy => self.accuracy,
            Scoring::F1Macro => self.f1_macro,
            Scoring::F1Micro => self.f1_micro,
            Scoring::LogLoss => -self.log_loss,
        }
    }
}

fn fixture() -> Fixture {
    let text = std::fs::read_to_string(fixtures().join("sklearn/scoring.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Rows with classes or with label sets, to be scored.
trait Rows {
    fn score(&self, scoring: Scoring, rows: &[usize], weights: Option<&[f64]>) -> RowScores;
}

fn digits(digits: &str) -> Vec<usize> {
    digits.bytes().map(|digit| usize::from(digit - b'0')).collect()
}

impl Rows for Case<String> {
    fn score(&self, scoring: Scoring, rows: &[usize], weights: Option<&[f64]>) -> RowScores {
        let y: Vec<usize> = rows.iter().map(|&row| digits(&self.y_true)[row]).collect();
        let logits: Vec<f64> = rows.iter().flat_map(|&row| self.logits[row].clone()).collect();
        RowScores::of_classes(scoring, &logits, &y, self.logits[0].len(), weights)
    }
}

impl Rows for Case<Vec<String>> {
    fn score(&self, scoring: Scoring, rows: &[usize], weights: Option<&[f64]>) -> RowScores {
        let y = rows.iter().flat_map(|&row| digits(&self.y_true[row])).map(|digit| digit == 1).collect();
        let logits: Vec<f64> = rows.iter().flat_map(|&row| self.logits[row].clone()).collect();
        let y = LabelIndicator::new(y, self.logits[0].len()).unwrap();
        RowScores::of_label_sets(scoring, &logits, &y, weights)
    }
}

fn assert_close(got: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (got - expected).abs() <= tolerance * (1.0 + expected.abs()),
        "{what}: {got}, expected {expected}"
    );
}

fn check<Y>(case: &Case<Y>)
where
    Case<Y>: Rows,
{
    let n = case.weights.len();
    let all: Vec<usize> = (0..n).collect();
    let weights = Some(&case.weights[..]);
    for scoring in Scoring::ALL {
        let name = format!("{scoring} of {n} rows");
        // The rounding of sums of n numbers; numpy adds them in another order.
        assert_close(case.score(scoring, &all, None).score, case.plain.of(scoring), 1e-13, &name);
        let weighted = case.score(scoring, &all, weights);
        assert_close(weighted.score, case.weighted.of(scoring), 1e-13, &name);
        assert_ne!(case.plain.of(scoring), case.weighted.of(scoring), "{name}: a case that tells them apart");

        // An integer weight is the same as that many rows.
        if case.weights.iter().all(|weight| weight.fract() == 0.0) {
            let repeated: Vec<usize> =
                all.iter().flat_map(|&row| std::iter::repeat_n(row, case.weights[row] as usize)).collect();
            assert_close(case.score(scoring, &repeated, None).score, weighted.score, 1e-13, &name);
        }
        // Weights of 1 have no effect.
        let ones = case.score(scoring, &all, Some(&vec![1.0; n]));
        for (one, plain) in ones.rows.iter().zip(&case.score(scoring, &all, None).rows) {
            assert_close(*one, *plain, 1e-12, &name);
        }
        // The mean of the rows' numbers is the score; for F1 up to the jackknife's bias of order 1 / n.
        let mean = weighted.rows.iter().sum::<f64>() / n as f64;
        let is_mean = scoring == Scoring::Accuracy || scoring == Scoring::LogLoss;
        assert_close(mean, weighted.score, if is_mean { 1e-13 } else { 3.0 / n as f64 }, &name);
        // F1: the definition, leaving out one row at a time; the tolerance is rounding times the number of rows.
        let is_jackknife = scoring == Scoring::F1Macro
            || (scoring == Scoring::F1Micro
                && case.score(scoring, &all, None) != case.score(Scoring::Accuracy, &all, None));
        for row in (0..n).filter(|_| is_jackknife) {
            let rest: Vec<usize> = all.iter().copied().filter(|&other| other != row).collect();
            let w_rest: Vec<f64> = rest.iter().map(|&other| case.weights[other]).collect();
            let without = case.score(scoring, &rest, Some(&w_rest)).score;
            let expected = n as f64 * weighted.score - (n as f64 - 1.0) * without;
            assert_close(weighted.rows[row], expected, 1e-12, &format!("{name}, row {row}"));
        }
    }
}

#[test]
fn scores_are_those_of_scikit_learn() {
    let fixture = fixture();
    fixture.classes.iter().for_each(check);
    fixture.label_sets.iter().for_each(check);
}

/// Oracle: the standard error of a weighted mean by its definition, `sqrt(Σ (w (x - mean))²) / Σ w`, in the form with `n / (n - 1)`.
#[test]
fn errors_are_those_of_a_weighted_mean() {
    let fixture = fixture();
    for case in &fixture.classes {
        let n = case.weights.len();
        let all: Vec<usize> = (0..n).collect();
        let right = case.score(Scoring::Accuracy, &all, None).rows;
        let scores = case.score(Scoring::Accuracy, &all, Some(&case.weights));
        let total: f64 = case.weights.iter().sum();
        let squares: f64 =
            case.weights.iter().zip(&right).map(|(w, x)| (w * (x - scores.score) / total).powi(2)).sum();
        let expected = (squares * n as f64 / (n as f64 - 1.0)).sqrt();
        assert_close(scores.standard_error(), expected, 1e-12, "standard error");
    }
    // All answers are right: the error is 0, whatever the weights.
    let certain =
        RowScores::of_classes(Scoring::Accuracy, &[0.0, 1.0, 0.0, 1.0], &[1, 1], 2, Some(&[5.0, 1.0]));
    assert_eq!((certain.score, certain.standard_error()), (1.0, 0.0));
}

/// A label that is constant in a fold has infinite logits; if they are wrong, the loss is that of a probability of
/// 2.2e-16.
#[test]
fn infinite_logits_have_a_finite_loss() {
    let y = LabelIndicator::from_sets(&[vec![0], vec![]], 2).unwrap();
    let logits = [f64::NEG_INFINITY, f64::NEG_INFINITY, f64::INFINITY, -1.0];
    let of = |scoring| RowScores::of_label_sets(scoring, &logits, &y, None);
    let ln = |p: f64| p.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln();
    let expected = (ln(0.0) + ln(1.0) + ln(0.0) + ln(1.0 / (1.0 + (-1.0f64).exp()))) / 4.0;
    assert_close(of(Scoring::LogLoss).score, expected, 1e-14, "log loss");
    assert_eq!((of(Scoring::Accuracy).score, of(Scoring::F1Micro).score), (0.0, 0.0));
}
