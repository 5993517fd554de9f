//! One-vs-rest fits, thresholds, folds and scores of label sets, against scikit-learn 1.9.1
//! (`fixtures/sklearn/multi_label.json`).
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod support;

use clsify::classifier::{
    ClassWeight, LogisticRegression, LogisticRegressionOptions, MultiLabelSamples, OneVsRest, Samples,
    StandardScaler,
};
use clsify::decision::{F1Threshold, f1_thresholds};
use clsify::evaluation::{MultiLabelEvaluation, Scores, multi_label_grid_search, out_of_fold_probabilities};
use clsify::matrix::Matrix;
use clsify::split::KFold;
use clsify::targets::LabelIndicator;
use proptest::prelude::*;
use serde_json::Value;

/// Both sides compute in float64; means may be summed in another order.
const SCORE_TOLERANCE: f64 = 1e-14;
/// As in `tests/classifier.rs`, for the same reasons.
const PROBABILITY_TOLERANCE: f64 = 1e-6;
const PARAMETER_TOLERANCE: f64 = 1e-4;

fn fixture() -> Value {
    support::read_json(&support::fixtures().join("sklearn/multi_label.json"))
}

fn cases(key: &str) -> Vec<Value> {
    let cases = fixture()[key].as_array().unwrap().clone();
    assert!(cases.len() >= 5, "{key}: {}", cases.len());
    cases
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

/// Label sets given as rows of digits.
fn indicator(rows: &Value) -> LabelIndicator {
    let rows: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row.as_str().unwrap()).collect();
    let values = rows.concat().bytes().map(|digit| digit == b'1').collect();
    LabelIndicator::new(values, rows[0].len()).unwrap()
}

fn features(problem: &Value) -> Matrix {
    let rows = problem["features"].as_array().unwrap();
    let data: Vec<f32> = rows.iter().flat_map(numbers).map(|x| x as f32).collect();
    Matrix::from_vec(data.clone(), rows.len(), data.len() / rows.len()).unwrap()
}

fn labels(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("label {i:02}")).collect()
}

fn assert_close(got: &[f64], expected: &[f64], tolerance: f64, place: &str) {
    assert_eq!(got.len(), expected.len(), "{place}");
    for (a, b) in got.iter().zip(expected) {
        assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{place}: expected {b}, got {a}");
    }
}

fn assert_scores(y_true: &LabelIndicator, y_pred: &LabelIndicator, expected: &Value, place: &str) {
    let names = labels(y_true.n_labels());
    let got = MultiLabelEvaluation::from_predictions(y_true, y_pred, &names).unwrap();
    let one =
        |value: f64, key: &str| assert_close(&[value], &numbers(&expected[key]), SCORE_TOLERANCE, place);
    one(got.subset_accuracy, "subset_accuracy");
    one(got.hamming_loss, "hamming_loss");
    let averages = [
        ("micro", &got.micro_average),
        ("macro", &got.macro_average),
        ("weighted", &got.weighted_average),
        ("samples", &got.samples_average),
    ];
    for (name, scores) in averages {
        let expected = &expected[name];
        let expected = [&expected["precision"], &expected["recall"], &expected["f1"]];
        let expected: Vec<f64> = expected.into_iter().flat_map(numbers).collect();
        let got = [scores.precision, scores.recall, scores.f1];
        assert_close(&got, &expected, SCORE_TOLERANCE, &format!("{place}, {name}"));
    }
    let column = |value: fn(&Scores) -> f64| got.per_label.iter().map(|(_, scores)| value(scores)).collect();
    let columns: [(&str, Vec<f64>); 4] = [
        ("precision", column(|s| s.precision)),
        ("recall", column(|s| s.recall)),
        ("f1", column(|s| s.f1)),
        ("support", column(|s| s.support as f64)),
    ];
    for (name, got) in columns {
        assert_close(
            &got,
            &numbers(&expected["per_label"][name]),
            SCORE_TOLERANCE,
            &format!("{place}, {name}"),
        );
    }
}

#[test]
fn scores_are_those_of_scikit_learn() {
    for (i, case) in cases("metrics").iter().enumerate() {
        assert_scores(&indicator(&case["y_true"]), &indicator(&case["y_pred"]), case, &format!("case {i}"));
    }
    for baseline in fixture()["baselines"].as_array().unwrap() {
        let problems = cases("problems");
        let case = problems.iter().find(|case| case["name"] == baseline["name"]).unwrap();
        let y_true = indicator(&case["labels"]);
        let all = LabelIndicator::new(vec![true; y_true.n_samples() * y_true.n_labels()], y_true.n_labels());
        assert_scores(&y_true, &all.unwrap(), &baseline["every_label"], "every label");
        let most: Vec<bool> =
            (0..y_true.n_labels()).map(|label| 2 * y_true.count(label) > y_true.n_samples()).collect();
        let most = LabelIndicator::new(most.repeat(y_true.n_samples()), y_true.n_labels()).unwrap();
        assert_scores(&y_true, &most, &baseline["most_frequent_values"], "most frequent");
    }
}

#[test]
fn folds_are_those_of_scikit_learn() {
    for case in cases("k_fold") {
        let size = |key: &str| case[key].as_u64().unwrap() as usize;
        let folds =
            KFold { n_splits: size("n_splits"), shuffle: case["seed"].as_u64().map(|seed| seed as u32) }
                .split(size("n"))
                .unwrap();
        for (fold, expected) in folds.iter().zip(case["test"].as_array().unwrap()) {
            let test: Vec<f64> = fold.test.iter().map(|&row| row as f64).collect();
            assert_eq!(test, numbers(expected));
            let mut rows = [fold.train.as_slice(), &fold.test].concat();
            rows.sort_unstable();
            assert_eq!(rows, (0..size("n")).collect::<Vec<_>>());
        }
        assert_eq!(folds.len(), size("n_splits"));
    }
    for (n_splits, n) in [(0, 5), (1, 5), (6, 5)] {
        assert!(KFold { n_splits, shuffle: None }.split(n).is_err());
    }
}

#[test]
fn optima_are_those_of_scikit_learn() {
    let mut n_fits = 0;
    for problem in cases("problems") {
        let (features, labels) = (features(&problem), indicator(&problem["labels"]));
        for fit in problem["fits"].as_array().unwrap() {
            let c = fit["C"].as_f64().unwrap();
            let class_weight = match fit["class_weight"].as_str() {
                Some("balanced") => ClassWeight::Balanced,
                _ => ClassWeight::None,
            };
            let weights = fit["sample_weight"].as_array().map(|_| numbers(&fit["sample_weight"]));
            let options = LogisticRegressionOptions { c, class_weight, ..Default::default() };
            let samples = MultiLabelSamples::new(&features, &labels).weighted(weights.as_deref());
            let got = OneVsRest::fit(&samples, &options).unwrap();
            let place = format!("{}, C {c}, {class_weight:?}", problem["name"]);
            assert_eq!(got.convergence().unwrap().n_not_converged, 0, "{place}");
            let constant = fit["constant"].as_array().unwrap();
            let constant: Vec<Option<bool>> = constant.iter().map(|c| c.as_u64().map(|c| c == 1)).collect();
            assert_eq!(got.constant(), constant, "{place}");
            assert_close(got.coef(), &numbers(&fit["coef"]), PARAMETER_TOLERANCE, &place);
            assert_close(got.intercept(), &numbers(&fit["intercept"]), PARAMETER_TOLERANCE, &place);
            let first = features.select_rows(&[0, 1, 2, 3, 4]);
            let probabilities = got.predict_proba(&first);
            assert_close(&probabilities, &numbers(&fit["predict_proba"]), PROBABILITY_TOLERANCE, &place);
            let half = vec![0.5; labels.n_labels()];
            assert_eq!(got.predict(&features, &half), indicator(&fit["predict"]), "{place}");
            n_fits += 1;
        }
    }
    assert!(n_fits > 20);
}

/// Oracle: the binary fit of each label.
#[test]
fn labels_fitted_together_are_as_fitted_alone() {
    let problem = &cases("problems")[3];
    let (features, labels) = (features(problem), indicator(&problem["labels"]));
    let options = LogisticRegressionOptions::default();
    let together = OneVsRest::fit(&MultiLabelSamples::new(&features, &labels), &options).unwrap();
    for label in 0..labels.n_labels() {
        let y: Vec<usize> = labels.column(label).into_iter().map(usize::from).collect();
        let alone = LogisticRegression::fit(&Samples::new(&features, &y, 2), &options).unwrap();
        let own = &together.coef()[label * features.cols()..][..features.cols()];
        assert_close(own, alone.coef(), 1e-6, &format!("label {label}"));
    }
}

/// Oracle: the classifier of scaled features, applied to scaled features.
#[test]
fn a_scaler_is_folded_in() {
    let problem = &cases("problems")[0];
    let (features, labels) = (features(problem), indicator(&problem["labels"]));
    let scaler = StandardScaler::fit(&features);
    let scaled = scaler.transform(&features);
    let options = LogisticRegressionOptions::default();
    let fit = OneVsRest::fit(&MultiLabelSamples::new(&scaled, &labels), &options).unwrap();
    let expected = fit.predict_proba(&scaled);
    // Scaled features are rounded to f32.
    assert_close(&fit.unscaled(&scaler).predict_proba(&features), &expected, 1e-6, "scaled");
}

#[test]
fn rows_out_of_their_folds_and_thresholds_are_those_of_scikit_learn() {
    let folds_of = |n| KFold { n_splits: 5, shuffle: Some(0) }.split(n).unwrap();
    let mut n_raised = 0;
    for problem in cases("problems").iter().filter(|problem| !problem["out_of_fold"].is_null()) {
        let (features, labels) = (features(problem), indicator(&problem["labels"]));
        let samples = MultiLabelSamples::new(&features, &labels);
        let options = LogisticRegressionOptions::default();
        let folds = folds_of(labels.n_samples());
        let got = out_of_fold_probabilities(&samples, &options, &folds, &|_| Ok(())).unwrap();
        let expected = &problem["out_of_fold"];
        let place = problem["name"].as_str().unwrap();
        assert_close(&got, &numbers(&expected["predict_proba"]), PROBABILITY_TOLERANCE, place);

        let chosen = f1_thresholds(&got, &labels, None).unwrap();
        let f1: Vec<f64> = chosen.iter().map(|chosen| chosen.f1).collect();
        assert_close(&f1, &numbers(&expected["best_f1"]), SCORE_TOLERANCE, place);
        n_raised += chosen.iter().filter(|chosen| chosen.f1 > chosen.f1_at_half).count();
        // A weight of 1 has no effect.
        let ones = vec![1.0; labels.n_samples()];
        assert_eq!(f1_thresholds(&got, &labels, Some(&ones)).unwrap(), chosen);
    }
    assert!(n_raised > 5, "{n_raised}");
}

#[test]
fn the_search_for_c_is_that_of_scikit_learn() {
    let mut n_searches = 0;
    for problem in cases("problems").iter().filter(|problem| problem.get("grid_search").is_some()) {
        let (features, labels) = (features(problem), indicator(&problem["labels"]));
        let samples = MultiLabelSamples::new(&features, &labels);
        let folds = KFold { n_splits: 5, shuffle: Some(0) }.split(labels.n_samples()).unwrap();
        let expected = &problem["grid_search"];
        let (options, c_values) = (LogisticRegressionOptions::default(), numbers(&expected["c_values"]));
        let found = multi_label_grid_search(&samples, &c_values, &options, &folds, &|_| Ok(())).unwrap();
        let place = problem["name"].as_str().unwrap();
        let means: Vec<f64> = found.points.iter().map(|point| point.mean_test_score).collect();
        let stds: Vec<f64> = found.points.iter().map(|point| point.std_test_score).collect();
        assert_close(&means, &numbers(&expected["mean_test_score"]), SCORE_TOLERANCE, place);
        assert_close(&stds, &numbers(&expected["std_test_score"]), SCORE_TOLERANCE, place);
        assert_eq!(Some(found.best_c), expected["best_C"].as_f64(), "{place}");
        assert_eq!(found.n_not_converged, 0);
        n_searches += 1;
        let error = multi_label_grid_search(&samples, &[], &options, &folds, &|_| Ok(())).unwrap_err();
        assert_eq!(error.to_string(), "expected at least one C");
    }
    assert!(n_searches >= 2, "{n_searches}");
}

fn f1_above(threshold: f64, has_label: &[bool], probabilities: &[f64]) -> f64 {
    let given = probabilities.iter().filter(|p| **p > threshold).count();
    let right = probabilities.iter().zip(has_label).filter(|(p, y)| **p > threshold && **y).count();
    let support = has_label.iter().filter(|y| **y).count();
    if support + given == 0 { 0.0 } else { 2.0 * right as f64 / (support + given) as f64 }
}

proptest! {
    /// Oracle: the definition, at every threshold that changes a prediction.
    #[test]
    fn no_threshold_has_a_larger_f1(rows in proptest::collection::vec((any::<bool>(), 0..=8u32), 0..30)) {
        let has_label: Vec<bool> = rows.iter().map(|row| row.0).collect();
        let probabilities: Vec<f64> = rows.iter().map(|row| f64::from(row.1) / 8.0).collect();
        let chosen = F1Threshold::choose(&has_label, &probabilities).unwrap();
        prop_assert_eq!(chosen.f1, f1_above(chosen.threshold, &has_label, &probabilities));
        prop_assert_eq!(chosen.f1_at_half, f1_above(0.5, &has_label, &probabilities));
        // A row with probability 0 is never assigned the label.
        let best = (0..=16).map(|t| f1_above(f64::from(t) / 16.0, &has_label, &probabilities));
        prop_assert_eq!(chosen.f1, best.fold(0.0, f64::max));
        prop_assert!(chosen.threshold == 0.5 || chosen.f1 > chosen.f1_at_half);
    }
}

#[test]
fn neighbouring_floats_have_a_threshold_between() {
    let below = 0.3f64;
    let above = below.next_up();
    let chosen = F1Threshold::choose(&[true, false], &[above, below]).unwrap();
    assert_eq!((chosen.f1, f1_above(chosen.threshold, &[true, false], &[above, below])), (1.0, 1.0));
    let (below, above) = (above, above.next_up());
    let chosen = F1Threshold::choose(&[true, false], &[above, below]).unwrap();
    assert_eq!((chosen.f1, f1_above(chosen.threshold, &[true, false], &[above, below])), (1.0, 1.0));
}

#[test]
fn what_does_not_go_together_is_refused() {
    let features = Matrix::from_vec(vec![0.0, 1.0], 2, 1).unwrap();
    let labels = |n: usize| LabelIndicator::new(vec![true; 2 * n], 2).unwrap();
    let fit = |labels: &LabelIndicator, weights: Option<&[f64]>| {
        let samples = MultiLabelSamples::new(&features, labels).weighted(weights);
        OneVsRest::fit(&samples, &LogisticRegressionOptions::default()).unwrap_err().to_string()
    };
    assert_eq!(fit(&labels(3), None), "logistic regression: expected 2 class ids, got 3");
    assert_eq!(fit(&labels(2), Some(&[0.0, 0.0])), "logistic regression: expected rows that count, got none");
    assert!(LabelIndicator::new(vec![], 0).is_err() && LabelIndicator::new(vec![true], 2).is_err());
    assert!(LabelIndicator::from_sets(&[vec![2]], 2).is_err());
    let names = self::labels(2);
    let scores = |a: &LabelIndicator, b: &LabelIndicator, names: &[String]| {
        MultiLabelEvaluation::from_predictions(a, b, names).map(drop)
    };
    let error = scores(&labels(2), &labels(3), &names).unwrap_err().to_string();
    assert_eq!(error, "y_pred: expected shape [2, 2], got [3, 2]");
    assert!(scores(&labels(0), &labels(0), &names).is_err());
    assert!(scores(&labels(1), &labels(1), &["a".to_string(), "a".to_string()]).is_err());
    assert!(F1Threshold::choose(&[true], &[]).is_err());
    assert!(F1Threshold::choose(&[true], &[f64::NAN]).is_err());
    assert!(OneVsRest::from_parts(vec![1.0], vec![0.0], vec![None, None]).is_err());
    assert!(OneVsRest::from_parts(vec![f64::NAN], vec![0.0], vec![None]).is_err());
    assert!(OneVsRest::from_parts(vec![1e308], vec![0.0], vec![None]).is_err());
}
