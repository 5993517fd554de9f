//! Learning curves against `train`, and the fit of the power law against scipy 1.17.1
//! (`fixtures/sklearn/learning_curve.json`).
#![allow(clippy::unwrap_used, reason = "helpers outside test functions may unwrap too")]

mod support;

use clsify::classifier::Scaling;
use clsify::dataset::Dataset;
use clsify::evaluation::InversePowerLaw;
use clsify::split::{SplitOptions, TestSize};
use clsify::studies::{LearningCurveOptions, learning_curve};
use clsify::training::{TestRows, TrainOptions, train};
use serde::Deserialize;
use support::{dataset, encoder};

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    sizes: Vec<f64>,
    scores: Vec<f64>,
    weights: Vec<f64>,
    sum_of_squares: f64,
    at_twice: f64,
}

/// Oracle: `scipy.optimize.least_squares` with the same bounds, the best of many starts. Both stop where the sum of
/// squares is flat in double precision, so that half of a parameter's digits agree.
#[test]
fn the_form_of_a_curve_is_scipys() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/sklearn/learning_curve.json");
    let fixture: Fixture = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(fixture.cases.len() > 10);
    for case in &fixture.cases {
        let law = InversePowerLaw::fit(&case.sizes, &case.scores, &case.weights).unwrap();
        let squares: f64 = (case.sizes.iter().zip(&case.scores).zip(&case.weights))
            .map(|((n, y), w)| w * (y - (law.a - law.b * n.powf(-law.c))).powi(2))
            .sum();
        assert!(
            squares <= case.sum_of_squares * (1.0 + 1e-6) + 1e-12,
            "{law:?}: {squares} for {}",
            case.sum_of_squares
        );
        let twice = law.at(2.0 * case.sizes[case.sizes.len() - 1]);
        assert!((twice - case.at_twice).abs() < 1e-5, "{law:?}: expected {}, got {twice}", case.at_twice);
    }
}

/// The last point is the result of `train` with the same options.
#[test]
fn all_rows_are_what_train_takes() {
    for (n_classes, scaling) in [(2, Scaling::None), (3, Scaling::Standard)] {
        let dataset = dataset(n_classes);
        let test = TestRows::Split(SplitOptions { seed: 3, test_size: TestSize::Count(20), stratify: true });
        let options = TrainOptions { test: test.clone(), scaling, ..TrainOptions::default() };
        let trained = train(encoder("bert"), &dataset, options).unwrap();
        let options = LearningCurveOptions { test, scaling, n_repeats: 3, ..LearningCurveOptions::default() };
        let curve = learning_curve(&encoder("bert"), &dataset, &options).unwrap();
        let last = curve.points.last().unwrap();
        assert_eq!((last.n_rows, last.scores.len()), (40, 1));
        assert_eq!(last.score, trained.report.test_accuracy());
        assert_eq!(last.score_ci95, trained.report.class_scores().unwrap().test.accuracy_ci95);
        assert_eq!(
            curve.baseline_accuracy,
            Some(trained.report.class_scores().unwrap().baseline.test_accuracy)
        );
        let sizes: Vec<usize> = curve.points.iter().map(|point| point.n_rows).collect();
        assert_eq!(sizes, [5, 10, 20, 40]);
        assert!(curve.points[..3].iter().all(|point| point.scores.len() == 3));
        assert!(curve.forecast.is_some());
        let again = learning_curve(&encoder("bert"), &dataset, &options).unwrap();
        assert_eq!(curve.points, again.points);
        assert_eq!(curve.forecast, again.forecast);
    }
}

/// A test file with a label that no training row has, and too few sizes for a forecast.
#[test]
fn a_test_file_and_few_sizes_will_do() {
    let test =
        Dataset::from_pairs([("is it ?", "unknown"), ("this film is wonderful 1", "positive")]).unwrap();
    let options = LearningCurveOptions {
        test: TestRows::Dataset(test),
        sizes: vec![10],
        n_repeats: 2,
        ..LearningCurveOptions::default()
    };
    let curve = learning_curve(&encoder("bert"), &dataset(2), &options).unwrap();
    assert_eq!((curve.n_train, curve.n_test), (60, 2));
    assert!(curve.points.iter().all(|point| point.score <= 0.5));
    assert_eq!(curve.forecast, None);
    let options = LearningCurveOptions { sizes: vec![61], ..options };
    let error = learning_curve(&encoder("bert"), &dataset(2), &options).unwrap_err();
    assert_eq!(error.to_string(), "learning curve: expected sizes from 2 to the 60 training rows, got 61");
}
