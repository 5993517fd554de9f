//! Temperature and the scores of probabilities against scikit-learn 1.9.1 (`fixtures/sklearn/calibration.json`).
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use clsify::classifier::{LogisticRegression, LogisticRegressionOptions, Samples};
use clsify::decision::Temperature;
use clsify::evaluation::CalibrationScores;
use clsify::matrix::Matrix;
use serde::Deserialize;

/// Sums of a few hundred numbers in another order.
const TOLERANCE: f64 = 1e-12;
/// Relative tolerance. The oracle compares losses, which around their minimum are flat up to the square root of the
/// rounding error.
const TEMPERATURE_TOLERANCE: f64 = 1e-6;

#[derive(Deserialize)]
struct Case {
    n_classes: usize,
    y_true: String,
    logits: Vec<Vec<f64>>,
    temperature: f64,
    ece: f64,
    brier: f64,
    log_loss: f64,
}

impl Case {
    fn y_true(&self) -> Vec<usize> {
        self.y_true.bytes().map(|digit| usize::from(digit - b'0')).collect()
    }
}

fn cases() -> Vec<Case> {
    #[derive(Deserialize)]
    struct Fixture {
        cases: Vec<Case>,
    }
    let path = format!("{}/../../fixtures/sklearn/calibration.json", env!("CARGO_MANIFEST_DIR"));
    let fixture: Fixture = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(fixture.cases.len(), 5);
    fixture.cases
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance
}

fn softmax(row: &[f64]) -> Vec<f64> {
    let total: f64 = row.iter().map(|z| z.exp()).sum();
    row.iter().map(|z| z.exp() / total).collect()
}

#[test]
fn scores_of_probabilities_are_scikit_learn_s() {
    for (i, case) in cases().iter().enumerate() {
        let probabilities: Vec<f64> = case.logits.iter().flat_map(|row| softmax(row)).collect();
        let got = CalibrationScores::of(&probabilities, &case.y_true(), case.n_classes).unwrap();
        assert!(close(got.ece, case.ece, TOLERANCE), "case {i}: {got:?}, {}", case.ece);
        assert!(close(got.brier, case.brier, TOLERANCE), "case {i}: {got:?}, {}", case.brier);
        assert!(close(got.log_loss, case.log_loss, TOLERANCE), "case {i}: {got:?}, {}", case.log_loss);
    }
}

#[test]
fn the_temperature_is_scikit_learn_s() {
    for (i, case) in cases().iter().enumerate() {
        let fitted = Temperature::fit(&case.logits.concat(), &case.y_true(), case.n_classes).unwrap();
        let tolerance = TEMPERATURE_TOLERANCE * case.temperature;
        assert!(
            close(fitted.temperature, case.temperature, tolerance),
            "case {i}: {fitted:?}, {}",
            case.temperature
        );
        assert_eq!(fitted.n_left_out, 0);
    }
}

/// Oracle: the bounds of scikit-learn's search. Its own result is any point of the plateau on which the loss is 0.
#[test]
fn where_no_temperature_is_best_the_bound_is_taken() {
    let fit = |y: &[usize]| Temperature::fit(&[1.0, 0.0, 0.0, 2.0], y, 2).unwrap().temperature;
    assert_eq!(fit(&[0, 1]), (-10f64).exp());
    assert_eq!(fit(&[1, 0]), 10f64.exp());
}

/// Oracle: the fit without the row of the unknown class, and without the logits of that class.
#[test]
fn unknown_classes_have_no_part_in_it() {
    let none = f64::NEG_INFINITY;
    let plain = Temperature::fit(&[1.0, 0.0, 2.0, 0.0, 0.0, 1.5], &[0, 0, 0], 2).unwrap();
    let logits = [1.0, 0.0, none, 2.0, 0.0, none, 0.0, 1.5, none, 5.0, 1.0, none];
    let fitted = Temperature::fit(&logits, &[0, 0, 0, 2], 3).unwrap();
    assert_eq!((fitted.temperature, fitted.n_left_out), (plain.temperature, 1));
    let error = Temperature::fit(&logits[..3], &[2], 3).unwrap_err().to_string();
    assert!(error.contains("at least one row"), "{error}");
}

#[test]
fn folding_divides_logits_and_keeps_predictions() {
    let number = |i: usize| ((i * i * 7919 + i * 104_729) % 2003) as f32 / 1000.0 - 1.0;
    let features = Matrix::from_vec((0..120).map(number).collect(), 40, 3).unwrap();
    for n_classes in [2, 3] {
        let class_ids: Vec<usize> = (0..40).map(|i| (i * i + i / 7) % n_classes).collect();
        let samples = Samples::new(&features, &class_ids, n_classes);
        let fit = LogisticRegression::fit(&samples, &LogisticRegressionOptions::default()).unwrap();
        let folded = Temperature { temperature: 2.5, n_left_out: 0 }.folded(fit.clone());
        assert_eq!(folded.predict(&features), fit.predict(&features));
        for (z, plain) in folded.decision_function(&features).iter().zip(fit.decision_function(&features)) {
            assert!(close(*z, plain / 2.5, TOLERANCE), "{z}, {plain}");
        }
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    let of = |p: &[f64], y: &[usize]| CalibrationScores::of(p, y, 2).unwrap_err().to_string();
    assert!(of(&[], &[]).contains("at least one row"));
    assert!(of(&[0.5], &[0]).contains("expected 1 x 2 probabilities"));
    assert!(of(&[0.5, 0.5], &[2]).contains("class ids below 2, got 2"));
    assert!(of(&[0.5, f64::NAN], &[0]).contains("within 0 and 1, got NaN"));
    let of = |z: &[f64], y: &[usize]| Temperature::fit(z, y, 2).unwrap_err().to_string();
    assert!(of(&[0.5], &[0]).contains("expected 1 x 2 logits, got 1"));
    assert!(of(&[0.5, 0.5], &[2]).contains("class ids below 2, got 2"));
    assert!(of(&[0.5, f64::INFINITY], &[0]).contains("got inf"));
}
