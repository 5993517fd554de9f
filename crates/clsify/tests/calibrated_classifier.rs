//! Platt scaling, and calibration as a whole, against scikit-learn 1.9.1 (`fixtures/sklearn/calibrated_classifier.json`).
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use clsify::classifier::{LogisticRegression, LogisticRegressionOptions, Samples};
use clsify::decision::{Platt, Temperature};
use clsify::evaluation::out_of_fold_logits;
use clsify::matrix::Matrix;
use serde::Deserialize;

/// The oracle stops when its gradient, a sum over the rows, is below 1e-6, or the loss changes by a relative 1.4e-14;
/// its parameters then have errors of about 1e-5.
const LINE_TOLERANCE: f64 = 5e-5;
/// The resulting error of a probability.
const PROBABILITY_TOLERANCE: f64 = 1e-5;

#[derive(Deserialize)]
struct Fixture {
    lines: Vec<Line>,
    classifiers: Vec<Case>,
}

#[derive(Deserialize)]
struct Line {
    is_second: String,
    logits: Vec<f64>,
    a: f64,
    b: f64,
}

#[derive(Deserialize)]
struct Case {
    method: String,
    #[serde(rename = "C")]
    c: f64,
    n_classes: usize,
    features: Vec<Vec<f32>>,
    class_ids: String,
    other_features: Vec<Vec<f32>>,
    predict_proba: Vec<Vec<f64>>,
}

fn fixture() -> Fixture {
    let path = format!("{}/../../fixtures/sklearn/calibrated_classifier.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn digits(text: &str) -> Vec<usize> {
    text.bytes().map(|digit| usize::from(digit - b'0')).collect()
}

fn matrix(rows: &[Vec<f32>]) -> Matrix {
    Matrix::from_vec(rows.concat(), rows.len(), rows[0].len()).unwrap()
}

#[test]
fn the_line_is_scikit_learn_s() {
    let lines = fixture().lines;
    assert_eq!(lines.len(), 4);
    for (i, line) in lines.iter().enumerate() {
        let is_second: Vec<bool> = line.is_second.bytes().map(|digit| digit == b'1').collect();
        let fitted = Platt::fit(&line.logits, &is_second).unwrap();
        let close =
            |got: f64, expected: f64| (got - expected).abs() <= LINE_TOLERANCE * expected.abs().max(1.0);
        assert!(close(fitted.scale, -line.a), "case {i}: {fitted:?}, a {}", line.a);
        assert!(close(fitted.offset, -line.b), "case {i}: {fitted:?}, b {}", line.b);
    }
}

/// Oracle: at the optimum both components of the gradient are 0.
#[test]
fn the_line_is_at_its_optimum() {
    for line in fixture().lines {
        let is_second: Vec<bool> = line.is_second.bytes().map(|digit| digit == b'1').collect();
        let Platt { scale, offset } = Platt::fit(&line.logits, &is_second).unwrap();
        let n_second = is_second.iter().filter(|&&second| second).count() as f64;
        let n_first = is_second.len() as f64 - n_second;
        let mut gradient = [0.0; 2];
        for (&z, &second) in line.logits.iter().zip(&is_second) {
            let target = if second { (n_second + 1.0) / (n_second + 2.0) } else { 1.0 / (n_first + 2.0) };
            let gap = 1.0 / (1.0 + (-(scale * z + offset)).exp()) - target;
            gradient = [gradient[0] + gap * z, gradient[1] + gap];
        }
        let largest = line.logits.iter().fold(1.0, |most: f64, z| most.max(z.abs()));
        assert!(gradient.iter().all(|g| g.abs() <= 1e-9 * largest), "{gradient:?}");
    }
}

/// The folds, the fit of all rows, calibration on out-of-fold predictions, and calibration folded into the weights.
#[test]
fn calibrated_probabilities_are_those_of_calibrated_classifier_cv() {
    let cases = fixture().classifiers;
    assert_eq!(cases.len(), 3);
    for case in cases {
        let (features, class_ids) = (matrix(&case.features), digits(&case.class_ids));
        let samples = Samples::new(&features, &class_ids, case.n_classes);
        let options = LogisticRegressionOptions { c: case.c, ..Default::default() };
        let fit = LogisticRegression::fit(&samples, &options).unwrap();
        let logits = out_of_fold_logits(&samples, &options, 5, &|_| Ok(())).unwrap();
        let calibrated = if case.method == "temperature" {
            Temperature::fit(&logits, &class_ids, case.n_classes).unwrap().folded(fit)
        } else {
            let z: Vec<f64> = logits.chunks_exact(2).map(|row| row[1] - row[0]).collect();
            let is_second: Vec<bool> = class_ids.iter().map(|&id| id == 1).collect();
            Platt::fit(&z, &is_second).unwrap().folded(fit).unwrap()
        };
        let got = calibrated.predict_proba(&matrix(&case.other_features));
        for (got, expected) in got.iter().zip(case.predict_proba.concat()) {
            assert!(
                (got - expected).abs() <= PROBABILITY_TOLERANCE,
                "{} of {}: {got}, {expected}",
                case.method,
                case.n_classes
            );
        }
    }
}

/// Oracle: by hand. If all logits are equal, only the numbers of rows matter, and Platt's targets are (2 + 1) / (2 +
/// 2) for two of three rows and 1 / 3 for the other.
#[test]
fn logits_that_say_nothing_give_the_share_of_the_classes() {
    let Platt { scale, offset } = Platt::fit(&[2.0; 3], &[true, true, false]).unwrap();
    let mean_target: f64 = (2.0 * 0.75 + 1.0 / 3.0) / 3.0;
    let expected = (mean_target / (1.0 - mean_target)).ln();
    assert!((scale * 2.0 + offset - expected).abs() < 1e-9, "{scale} {offset} {expected}");
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let message = |logits: &[f64], is_second: &[bool]| Platt::fit(logits, is_second).unwrap_err().to_string();
    assert_eq!(message(&[1.0], &[true, false]), "Platt scaling: expected 2 logits, got 1");
    assert_eq!(message(&[1.0, 2.0], &[true; 2]), "Platt scaling: expected rows of both classes, got 0 and 2");
    assert_eq!(message(&[1.0, f64::NAN], &[true, false]), "Platt scaling: expected finite logits, got NaN");
    let three = LogisticRegression::from_parts(vec![0.0; 3], vec![0.0; 3], 3).unwrap();
    let error = Platt { scale: 1.0, offset: 0.0 }.folded(three).unwrap_err();
    assert_eq!(error.to_string(), "Platt scaling: expected 2 classes, got 3");
    assert!(error.hint().unwrap().contains("--calibration temperature"));
}
