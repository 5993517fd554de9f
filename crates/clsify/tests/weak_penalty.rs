//! Separable rows with a penalty near zero: the gradient of the loss vanishes long before the optimum.
//!
//! Oracle: `fixtures/sklearn/weak_penalty.json`, the better of scikit-learn's newton-cholesky and lbfgs. Both sides
//! may be above the optimum by a share of the objective: ours by at most 1e-6, theirs by what lbfgs leaves.
#![allow(clippy::unwrap_used)]

mod support;

use clsify::classifier::{
    LogisticRegression, LogisticRegressionOptions, MultiLabelSamples, OneVsRest, Samples,
};
use clsify::evaluation::grid_search;
use clsify::matrix::Matrix;
use clsify::targets::LabelIndicator;
use serde_json::Value;
use support::{fixtures, read_json};

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

fn matrix(rows: &Value) -> Matrix {
    let data: Vec<f32> = numbers(rows).into_iter().map(|x| x as f32).collect();
    let n = rows.as_array().unwrap().len();
    let cols = data.len() / n;
    Matrix::from_vec(data, n, cols).unwrap()
}

struct Problem {
    name: String,
    features: Matrix,
    other_features: Matrix,
    class_ids: Vec<usize>,
    n_classes: usize,
    json: Value,
}

fn problems() -> Vec<Problem> {
    let file = read_json(&fixtures().join("sklearn/weak_penalty.json"));
    let of = |json: &Value| Problem {
        name: json["name"].to_string(),
        features: matrix(&json["features"]),
        other_features: matrix(&json["other_features"]),
        class_ids: json["class_ids"].as_str().unwrap().bytes().map(|b| usize::from(b - b'0')).collect(),
        n_classes: json["n_classes"].as_u64().unwrap() as usize,
        json: json.clone(),
    };
    file["problems"].as_array().unwrap().iter().map(of).collect()
}

/// `mean loss + |coef|² / (2 C n)` of logits `[n, 1 or n_classes]`.
fn objective(logits: &[f64], class_ids: &[usize], coef: &[f64], c: f64) -> f64 {
    let n = class_ids.len();
    let loss = |(row, &y): (&[f64], &usize)| match row {
        &[z] => (if y == 1 { -z } else { z }).exp().ln_1p(),
        _ => (0..row.len()).filter(|&k| k != y).map(|k| (row[k] - row[y]).exp()).sum::<f64>().ln_1p(),
    };
    let losses: f64 = logits.chunks_exact(logits.len() / n).zip(class_ids).map(loss).sum();
    (losses + coef.iter().map(|w| w * w).sum::<f64>() / (2.0 * c)) / n as f64
}

/// Asserts that logits agree with the reference to a hundredth of the largest logit, which two points whose
/// objectives differ by a millionth may do.
fn assert_close(got: &[f64], expected: &[f64], context: &str) {
    let largest = expected.iter().fold(0.0f64, |most, z| most.max(z.abs()));
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() < 0.01 * largest, "{context}: {got} {expected}");
    }
}

#[test]
fn a_fit_reaches_its_optimum_however_weak_the_penalty() {
    for Problem { name, features, other_features, class_ids, n_classes, json } in problems() {
        let samples = Samples::new(&features, &class_ids, n_classes);
        for fit in json["fits"].as_array().unwrap() {
            let c = fit["C"].as_f64().unwrap();
            let options = LogisticRegressionOptions { c, ..Default::default() };
            let found = LogisticRegression::fit(&samples, &options).unwrap();
            let ended = found.convergence().unwrap();
            let context = format!("{name}, C {c:e}, {} steps", ended.n_iter);
            assert!(ended.converged(), "{context}");
            let got = objective(&found.decision_function(&features), &class_ids, found.coef(), c);
            let expected = fit["objective"].as_f64().unwrap();
            assert!(got < expected * (1.0 + 2e-6), "{context}: {got:e} {expected:e}");
            let logits = numbers(&fit["logits"]);
            assert_close(&found.decision_function(&other_features), &centred(&logits, n_classes), &context);
        }
    }
}

/// Logits without the part that is common to all classes.
fn centred(logits: &[f64], n_classes: usize) -> Vec<f64> {
    if n_classes == 2 {
        return logits.to_vec();
    }
    let centre = |row: &[f64]| {
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        row.iter().map(|z| z - mean).collect::<Vec<f64>>()
    };
    logits.chunks_exact(n_classes).flat_map(centre).collect()
}

/// The same fits, one per label: each label is that of the binary problem or its complement.
#[test]
fn each_label_reaches_its_optimum_however_weak_the_penalty() {
    for Problem { name, features, other_features, class_ids, json, .. } in
        problems().into_iter().filter(|problem| problem.n_classes == 2)
    {
        let sets: Vec<Vec<usize>> = class_ids.iter().map(|&y| vec![1 - y]).collect();
        let labels = LabelIndicator::from_sets(&sets, 2).unwrap();
        let samples = MultiLabelSamples::new(&features, &labels);
        for fit in json["fits"].as_array().unwrap() {
            let options = LogisticRegressionOptions { c: fit["C"].as_f64().unwrap(), ..Default::default() };
            let found = OneVsRest::fit(&samples, &options).unwrap();
            let context = format!("{name}, C {:e}", options.c);
            assert_eq!(found.convergence().unwrap().n_not_converged, 0, "{context}");
            let logits = numbers(&fit["logits"]);
            let expected: Vec<f64> = logits.iter().flat_map(|z| [*z, -z]).collect();
            let d = features.cols();
            let logit = |row: &[f32], label: usize| {
                let weights = &found.coef()[label * d..][..d];
                weights.iter().zip(row).map(|(w, &x)| w * f64::from(x)).sum::<f64>()
                    + found.intercept()[label]
            };
            let got: Vec<f64> = (0..other_features.rows())
                .flat_map(|i| [0, 1].map(|label| logit(other_features.row(i), label)))
                .collect();
            assert_close(&got, &expected, &context);
        }
    }
}

/// A search fits all C and folds together, and starts large C from the optima of small ones.
#[test]
fn a_search_has_the_scores_of_scikit_learn_however_weak_the_penalty() {
    for Problem { name, features, class_ids, n_classes, json, .. } in problems() {
        let samples = Samples::new(&features, &class_ids, n_classes);
        let c_values: Vec<f64> =
            json["fits"].as_array().unwrap().iter().map(|fit| fit["C"].as_f64().unwrap()).collect();
        let found = grid_search(&samples, &c_values, &Default::default(), 5, &|_| Ok(())).unwrap();
        assert_eq!(found.n_not_converged, 0, "{name}");
        for (point, expected) in found.points.iter().zip(numbers(&json["mean_test_scores"])) {
            // Accuracies of whole rows are equal up to rounding, or differ by a row.
            assert!(
                (point.mean_test_score - expected).abs() < 1e-12,
                "{name}, C {:e}: {point:?} {expected}",
                point.c
            );
        }
    }
}

/// With an extremely weak penalty, rounding stops the fit: it ends soon and reports that it has not converged, or it
/// is at its optimum.
#[test]
fn beyond_all_measure_a_fit_ends_and_does_not_claim_its_optimum() {
    for Problem { name, features, class_ids, n_classes, .. } in problems() {
        let samples = Samples::new(&features, &class_ids, n_classes);
        for c in [1e20, 1e40, 1e100] {
            let options = LogisticRegressionOptions { c, ..Default::default() };
            let found = LogisticRegression::fit(&samples, &options).unwrap();
            let ended = found.convergence().unwrap();
            assert!(!ended.converged() && ended.n_iter < 1000, "{name}, C {c:e}: {} steps", ended.n_iter);
        }
    }
}
