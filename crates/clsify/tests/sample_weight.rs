//! Sample weights against scikit-learn 1.9.1 (`fixtures/sklearn/sample_weight.json`), and against repeated rows.
#![allow(clippy::unwrap_used, reason = "helpers outside test functions may unwrap too")]

mod support;

use clsify::classifier::{
    ClassWeight, LogisticRegression, LogisticRegressionOptions, MostFrequent, Samples, Scaling,
    StandardScaler,
};
use clsify::dataset::{Column, Dataset, DatasetOptions};
use clsify::decision::Calibration;
use clsify::decision::Temperature;
use clsify::evaluation::weighted_accuracy;
use clsify::matrix::Matrix;
use clsify::split::{SplitOptions, TestSize};
use clsify::studies::{LearningCurveOptions, learning_curve};
use clsify::training::{TestRows, TrainOptions, Trained, train};
use serde::Deserialize;
use support::{encoder, fixtures, pairs};

#[derive(Deserialize)]
struct Fixture {
    problems: Vec<Problem>,
}

#[derive(Deserialize)]
struct Problem {
    n_classes: usize,
    features: Vec<Vec<f32>>,
    class_ids: String,
    weights: Vec<f64>,
    fits: Vec<Fit>,
    scaler_mean: Vec<f64>,
    scaler_scale: Vec<f64>,
    baseline_prior: Vec<f64>,
    logits: Vec<Vec<f64>>,
    temperature: f64,
    predicted: String,
    accuracy: f64,
}

#[derive(Deserialize)]
struct Fit {
    #[serde(rename = "C")]
    c: f64,
    class_weight: Option<String>,
    coef: Vec<Vec<f64>>,
    intercept: Vec<f64>,
}

fn ids(digits: &str) -> Vec<usize> {
    digits.bytes().map(|digit| usize::from(digit - b'0')).collect()
}

fn assert_close(ours: &[f64], theirs: &[f64], tolerance: f64, what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!(
            (ours - theirs).abs() <= tolerance * (1.0 + theirs.abs()),
            "{what}: expected {theirs}, got {ours}"
        );
    }
}

/// Tolerances: 1e-6 for optima, where both gradients are below 1e-8; 1e-12 for sums; scikit-learn stops the search
/// for a temperature at 1e-5.
#[test]
fn weights_count_as_in_scikit_learn() {
    let text = std::fs::read_to_string(fixtures().join("sklearn/sample_weight.json")).unwrap();
    let fixture: Fixture = serde_json::from_str(&text).unwrap();
    assert_eq!(fixture.problems.len(), 3);
    for problem in &fixture.problems {
        let (n, d) = (problem.features.len(), problem.features[0].len());
        let features = Matrix::from_vec(problem.features.concat(), n, d).unwrap();
        let (y, weights) = (ids(&problem.class_ids), Some(&problem.weights[..]));
        for fit in &problem.fits {
            let class_weight = match fit.class_weight {
                Some(_) => ClassWeight::Balanced,
                None => ClassWeight::None,
            };
            let options = LogisticRegressionOptions { c: fit.c, class_weight, ..Default::default() };
            let samples = Samples::new(&features, &y, problem.n_classes).weighted(weights);
            let ours = LogisticRegression::fit(&samples, &options).unwrap();
            let what = format!("{n} rows, C {}, {class_weight:?}", fit.c);
            assert_close(ours.coef(), &fit.coef.concat(), 1e-6, &what);
            assert_close(ours.intercept(), &fit.intercept, 1e-6, &what);
        }
        let scaler = StandardScaler::fit_weighted(&features, weights);
        assert_close(scaler.mean(), &problem.scaler_mean, 1e-12, "mean");
        assert_close(scaler.scale(), &problem.scaler_scale, 1e-12, "scale");
        let baseline = MostFrequent::fit_weighted(&y, problem.n_classes, weights).unwrap();
        assert_close(baseline.prior(), &problem.baseline_prior, 1e-12, "prior");
        let fitted =
            Temperature::fit_weighted(&problem.logits.concat(), &y, problem.n_classes, weights).unwrap();
        assert_close(&[fitted.temperature], &[problem.temperature], 1e-5, "temperature");
        let accuracy = weighted_accuracy(&y, &ids(&problem.predicted), &problem.weights);
        assert_close(&[accuracy.unwrap()], &[problem.accuracy], 1e-12, "accuracy");
    }
}

#[test]
fn weights_of_another_number_of_rows_are_an_error() {
    let error = MostFrequent::fit_weighted(&[0, 1], 2, Some(&[1.0])).unwrap_err();
    assert_eq!(error.to_string(), "baseline: expected 2 sample weights, one above 0 among them, got 1");
    assert!(MostFrequent::fit_weighted(&[0, 1], 2, Some(&[0.0, 0.0])).is_err());
    let error = Temperature::fit_weighted(&[0.0, 1.0], &[1], 2, Some(&[])).unwrap_err();
    assert_eq!(error.to_string(), "temperature: expected 1 sample weights, got 0");
    assert_eq!(weighted_accuracy(&[0], &[0], &[]), None);
    assert_eq!(weighted_accuracy(&[0], &[0], &[0.0]), None);
}

/// [`pairs`] with weights 0, 1, 2, 3, ..., and the same rows repeated that many times.
fn weighted_and_repeated(n_classes: usize) -> (Dataset, Dataset) {
    let pairs = pairs(n_classes);
    let weight = |i: usize| (i / 5 + i) % 4;
    let rows: String = pairs
        .iter()
        .enumerate()
        .map(|(i, (text, label))| format!("{text}\t{label}\t{}\n", weight(i)))
        .collect();
    let options = DatasetOptions { weight_column: Some(Column::Index(2)), ..DatasetOptions::default() };
    let weighted = Dataset::read(rows.as_bytes(), "weighted.tsv", &options).unwrap();
    let repeated = pairs.iter().enumerate().flat_map(|(i, pair)| std::iter::repeat_n(pair, weight(i)));
    (weighted, Dataset::from_pairs(repeated.map(|(text, label)| (text, *label))).unwrap())
}

/// A weight of 3 is the same as three rows: the classifier, the baseline and the scores on a test file are equal.
/// (Folds differ, because copies of a row may be in two of them, so that grid search and temperature have no such
/// oracle.)
#[test]
fn a_weight_is_so_many_rows() {
    for (n_classes, scaling, class_weight) in
        [(2, Scaling::None, ClassWeight::None), (3, Scaling::Standard, ClassWeight::Balanced)]
    {
        let (weighted, repeated) = weighted_and_repeated(n_classes);
        let run = |data: &Dataset| -> Trained {
            let options = TrainOptions {
                test: TestRows::Dataset(support::dataset(n_classes)),
                scaling,
                classifier: LogisticRegressionOptions { class_weight, ..Default::default() },
                ..TrainOptions::default()
            };
            train(encoder("bert"), data, options).unwrap()
        };
        let (one, other) = (run(&weighted), run(&repeated));
        assert_ne!(weighted.len(), repeated.len());
        let coef = |trained: &Trained| trained.classifier.classifier().coef().to_vec();
        assert_close(&coef(&one), &coef(&other), 1e-5, "coef");
        let scores = |trained: &Trained| trained.report.class_scores().unwrap().clone();
        assert_eq!(scores(&one).test, scores(&other).test);
        assert_eq!(scores(&one).baseline.test_accuracy, scores(&other).baseline.test_accuracy);
        assert_eq!(scores(&one).test_weighted_accuracy, None);

        let options = LearningCurveOptions {
            test: TestRows::Dataset(support::dataset(n_classes)),
            scaling,
            classifier: LogisticRegressionOptions { class_weight, ..Default::default() },
            ..LearningCurveOptions::default()
        };
        let curve = learning_curve(&encoder("bert"), &weighted, &options).unwrap();
        assert_eq!(curve.n_train, weighted.weights().unwrap().iter().filter(|&&weight| weight > 0.0).count());
        assert_eq!(curve.points.last().unwrap().score, one.report.test_accuracy());
    }
}

/// Weights follow their rows into the split, the folds, the temperature and the score of the held-out rows.
#[test]
fn weights_follow_their_rows() {
    let (weighted, _) = weighted_and_repeated(2);
    let options = |calibration| TrainOptions {
        test: TestRows::Split(SplitOptions { seed: 0, test_size: TestSize::Count(20), stratify: true }),
        calibration,
        ..TrainOptions::default()
    };
    let trained = train(encoder("bert"), &weighted, options(Calibration::Temperature)).unwrap();
    let rows = &trained.split.test;
    let predicted = trained
        .classifier
        .predict(&rows.iter().map(|&row| &weighted.sentences()[row]).collect::<Vec<_>>())
        .unwrap();
    let (mut right, mut total) = (0.0, 0.0);
    for (&row, prediction) in rows.iter().zip(&predicted) {
        let weight = weighted.weights().unwrap()[row];
        total += weight;
        if trained.classifier.classes()[prediction.label_ids[0]] == weighted.labels()[row] {
            right += weight;
        }
    }
    assert_close(
        &[trained.report.class_scores().unwrap().test_weighted_accuracy.unwrap()],
        &[right / total],
        1e-12,
        "accuracy",
    );
    let unweighted = Dataset::from_pairs(pairs(2)).unwrap();
    let other = train(encoder("bert"), &unweighted, options(Calibration::Temperature)).unwrap();
    assert_eq!(other.report.class_scores().unwrap().test_weighted_accuracy, None);
    let temperature =
        |trained: &Trained| trained.report.class_scores().unwrap().calibration.as_ref().unwrap().temperature;
    assert_ne!(temperature(&trained), temperature(&other));
}

/// Rows of weight 0 are not learned from, so that only one class is left.
#[test]
fn rows_that_count_must_be_of_two_classes() {
    let options = DatasetOptions { weight_column: Some(Column::Index(2)), ..DatasetOptions::default() };
    let rows = "a\tx\t1\nb\ty\t0\nc\tx\t1\nd\ty\t0\n";
    let dataset = Dataset::read(rows.as_bytes(), "data.tsv", &options).unwrap();
    let test = || TestRows::Dataset(support::dataset(2));
    let error =
        train(encoder("bert"), &dataset, TrainOptions { test: test(), ..Default::default() }).unwrap_err();
    assert_eq!(error.to_string(), "training rows: expected at least 2 classes, got only \"x\"");
    let options = LearningCurveOptions { test: test(), ..LearningCurveOptions::default() };
    let error = learning_curve(&encoder("bert"), &dataset, &options).unwrap_err();
    assert_eq!(error.to_string(), "training rows: expected at least 2 classes, got only \"x\"");
}
