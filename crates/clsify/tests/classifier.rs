//! Logistic regression, cross-validation and grid search against scikit-learn, both run to convergence in float64.
//!
//! Oracle: `fixtures/sklearn`. Both sides stop at a gradient below 1e-8, so that parameters agree to that divided by
//! the smallest curvature, `1 / (C n)`, and probabilities to 1e-6. Above C = 100 the fits stop at 1e-6 / C, so that
//! the tolerance of the parameters stays the same.
#![allow(clippy::unwrap_used)]

mod support;

use clsify::classifier::{
    ClassWeight, LogisticRegression, LogisticRegressionOptions, Samples, StandardScaler,
};
use clsify::evaluation::{
    baseline_cross_val_score, cross_val_score, grid_search, mean_and_std, out_of_fold_logits,
};
use clsify::matrix::Matrix;
use clsify::split::StratifiedKFold;
use serde_json::Value;
use support::{fixtures, read_json};

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

fn features(problem: &Value) -> Matrix {
    let rows = problem["features"].as_array().unwrap();
    let data: Vec<f32> = rows.iter().flat_map(numbers).map(|x| x as f32).collect();
    let cols = data.len() / rows.len();
    Matrix::from_vec(data, rows.len(), cols).unwrap()
}

fn class_ids(problem: &Value) -> Vec<usize> {
    problem["class_ids"].as_str().unwrap().bytes().map(|b| usize::from(b - b'0')).collect()
}

fn problems(file: &str) -> Vec<Value> {
    read_json(&fixtures().join("sklearn").join(file))["problems"].as_array().unwrap().clone()
}

fn close(got: &[f64], expected: &[f64], tolerance: f64) -> bool {
    got.len() == expected.len()
        && got.iter().zip(expected).all(|(a, b)| (a - b).abs() <= tolerance * (1.0 + b.abs()))
}

#[test]
fn optima_equal_those_of_scikit_learn() {
    let mut n_fits = 0;
    for problem in problems("logistic_regression.json") {
        let (features, class_ids) = (features(&problem), class_ids(&problem));
        let n_classes = problem["n_classes"].as_u64().unwrap() as usize;
        for fit in problem["fits"].as_array().unwrap() {
            let c = fit["C"].as_f64().unwrap();
            let class_weight = match fit["class_weight"].as_str() {
                Some("balanced") => ClassWeight::Balanced,
                _ => ClassWeight::None,
            };
            let tol = (1e-6 / c).min(1e-8);
            let options = LogisticRegressionOptions { c, class_weight, tol, ..Default::default() };
            let classifier =
                LogisticRegression::fit(&Samples::new(&features, &class_ids, n_classes), &options).unwrap();
            let ended = classifier.convergence().unwrap();
            let context = format!(
                "{}, C {c}, {class_weight:?}, {} steps, gradient {:e}",
                problem["name"], ended.n_iter, ended.gradient_max_norm
            );
            assert!(ended.converged(), "{context}");
            let probabilities = classifier.predict_proba(&features.select_rows(&[0, 1, 2, 3, 4]));
            assert!(close(&probabilities, &numbers(&fit["predict_proba"]), 1e-6), "{context}: probabilities");
            let norm = numbers(&fit["coef"]).iter().map(|w| w * w).sum::<f64>().sqrt();
            assert!((classifier.coef_norm() - norm).abs() <= 1e-5 * norm, "{context}: coef_norm");
            assert!(close(classifier.coef(), &numbers(&fit["coef"]), 1e-4), "{context}: coef");
            assert!(close(classifier.intercept(), &numbers(&fit["intercept"]), 1e-4), "{context}: intercept");
            n_fits += 1;
        }
    }
    assert!(n_fits >= 90, "{n_fits}");
}

#[test]
fn cross_validation_and_grid_search_equal_scikit_learn() {
    for problem in problems("grid_search.json") {
        let (features, class_ids) = (features(&problem), class_ids(&problem));
        let n_classes = problem["n_classes"].as_u64().unwrap() as usize;
        let options = LogisticRegressionOptions::default();
        let expected = &problem["cross_val_score"];
        let samples = Samples::new(&features, &class_ids, n_classes);
        let scores = cross_val_score(&samples, &options, 5).unwrap();
        assert!(close(&scores, &numbers(&expected["logistic_regression"]["fold_scores"]), 1e-15));
        let scores = baseline_cross_val_score(&samples, 5).unwrap();
        assert!(close(&scores, &numbers(&expected["baseline"]["fold_scores"]), 1e-15));
        let (mean, std) = mean_and_std(&scores);
        assert!(close(
            &[mean, std],
            &numbers(&serde_json::json!([expected["baseline"]["mean"], expected["baseline"]["std"]])),
            1e-15
        ));

        for search in problem["searches"].as_array().unwrap() {
            let c_values = numbers(&search["c_values"]);
            let found =
                grid_search(&Samples::new(&features, &class_ids, n_classes), &c_values, &options, 5, &|_| {
                    Ok(())
                })
                .unwrap();
            assert_eq!(found.n_not_converged, 0);
            let means: Vec<f64> = found.points.iter().map(|p| p.mean_test_score).collect();
            let stds: Vec<f64> = found.points.iter().map(|p| p.std_test_score).collect();
            assert!(close(&means, &numbers(&search["mean_test_score"]), 1e-15), "{means:?}");
            assert!(close(&stds, &numbers(&search["std_test_score"]), 1e-12), "{stds:?}");
            assert_eq!(Some(found.best_c), search["best_C"].as_f64());
            assert_eq!(Some(found.best_score), search["best_score"].as_f64());
        }
    }
}

/// With two and five classes, and with more and fewer rows than columns, one thread and three threads give the same
/// bits.
#[test]
fn threads_change_no_bit() {
    for (n, d, n_classes) in [(700, 150, 2), (90, 200, 2), (300, 40, 5), (60, 90, 3)] {
        let number = |i: usize| ((i * i * 7919 + i * 104_729) % 2003) as f32 / 1000.0 - 1.0;
        let features = Matrix::from_vec((0..n * d).map(number).collect(), n, d).unwrap();
        let class_ids: Vec<usize> = (0..n).map(|i| (i * i + i / 7) % n_classes).collect();
        let fit = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let options = LogisticRegressionOptions { c: 100.0, ..Default::default() };
            pool.install(|| {
                LogisticRegression::fit(&Samples::new(&features, &class_ids, n_classes), &options).unwrap()
            })
        };
        let one = fit(1);
        let ended = one.convergence().unwrap();
        assert!(ended.converged(), "{n} x {d}: {:e}", ended.gradient_max_norm);
        assert_eq!(one, fit(3), "{n} x {d}, {n_classes} classes");
    }
}

#[test]
fn a_class_without_rows_is_never_predicted() {
    let features = Matrix::from_vec(vec![-2.0, -1.0, 1.0, 2.0], 4, 1).unwrap();
    let options = LogisticRegressionOptions::default();
    let of_three = LogisticRegression::fit(&Samples::new(&features, &[0, 0, 2, 2], 3), &options).unwrap();
    let of_two = LogisticRegression::fit(&Samples::new(&features, &[0, 0, 1, 1], 2), &options).unwrap();
    assert_eq!(of_three.classes(), [0, 2]);
    assert_eq!(of_three.coef(), of_two.coef());
    assert_eq!(of_three.predict(&features), [0, 0, 2, 2]);
}

#[test]
fn bad_arguments_say_what_was_expected() {
    let features = Matrix::from_vec(vec![1.0, 2.0, f32::NAN], 3, 1).unwrap();
    let good = Matrix::from_vec(vec![1.0, 2.0, 3.0], 3, 1).unwrap();
    let fit = |features, class_ids: &[usize], c| {
        let options = LogisticRegressionOptions { c, ..Default::default() };
        LogisticRegression::fit(&Samples::new(features, class_ids, 2), &options).unwrap_err().to_string()
    };
    assert_eq!(fit(&good, &[0, 1], 1.0), "logistic regression: expected 3 class ids, got 2");
    assert_eq!(fit(&good, &[0, 1, 2], 1.0), "logistic regression: expected class ids below 2, got 2");
    assert_eq!(
        fit(&good, &[1, 1, 1], 1.0),
        "logistic regression: expected rows of at least 2 classes, got 1"
    );
    assert_eq!(
        fit(&good, &[0, 1, 1], -1.0),
        "logistic regression: expected C to be a positive number, got -1"
    );
    assert!(fit(&features, &[0, 1, 1], 1.0).ends_with("finite numbers only"));
}

/// Oracle: the fit itself. A row of weight 2 is the same as two rows, a row of weight 0 is left out, and equal
/// weights scale C. Tolerance: that of the two fits, as above.
#[test]
fn a_weight_is_a_number_of_rows() {
    let (n, d) = (60, 3);
    let number = |i: usize| ((i * i * 7919 + i * 104_729) % 2003) as f32 / 1000.0 - 1.0;
    let features = Matrix::from_vec((0..n * d).map(number).collect(), n, d).unwrap();
    for (n_classes, class_weight) in [(2, ClassWeight::None), (3, ClassWeight::Balanced)] {
        let class_ids: Vec<usize> = (0..n).map(|i| (i * i + i / 7) % n_classes).collect();
        let weights: Vec<f64> = (0..n).map(|i| [1.0, 2.0, 0.0, 3.0][i % 4]).collect();
        let repeated: Vec<usize> = (0..n).flat_map(|i| std::iter::repeat_n(i, weights[i] as usize)).collect();
        let options = LogisticRegressionOptions { c: 3.0, class_weight, ..Default::default() };
        let samples = Samples::new(&features, &class_ids, n_classes);
        let weighted = LogisticRegression::fit(&samples.weighted(Some(&weights)), &options).unwrap();
        let rows = features.select_rows(&repeated);
        let ids: Vec<usize> = repeated.iter().map(|&i| class_ids[i]).collect();
        let of_rows = LogisticRegression::fit(&Samples::new(&rows, &ids, n_classes), &options).unwrap();
        assert!(close(weighted.coef(), of_rows.coef(), 1e-6), "{n_classes} classes");
        assert!(close(weighted.intercept(), of_rows.intercept(), 1e-6), "{n_classes} classes");

        let all = vec![2.5; n];
        let scaled = LogisticRegression::fit(&samples.weighted(Some(&all)), &options).unwrap();
        let options = LogisticRegressionOptions { c: 2.5 * options.c, ..options };
        let larger = LogisticRegression::fit(&samples, &options).unwrap();
        assert!(close(scaled.coef(), larger.coef(), 1e-6));
    }
    let bad = [-1.0, f64::NAN, f64::INFINITY];
    for weight in bad {
        let mut weights = vec![1.0; n];
        weights[7] = weight;
        let class_ids: Vec<usize> = (0..n).map(|i| i % 2).collect();
        let samples = Samples::new(&features, &class_ids, 2).weighted(Some(&weights));
        let error = LogisticRegression::fit(&samples, &Default::default()).unwrap_err().to_string();
        assert!(error.contains("row 7: expected a sample weight of at least 0"), "{error}");
    }
}

/// Oracle: one fit per fold.
#[test]
fn out_of_fold_logits_are_those_of_the_fold_that_holds_the_row_out() {
    let (n, d) = (90, 4);
    let number = |i: usize| ((i * i * 7919 + i * 104_729) % 2003) as f32 / 1000.0 - 1.0;
    let features = Matrix::from_vec((0..n * d).map(number).collect(), n, d).unwrap();
    let options = LogisticRegressionOptions::default();
    for n_classes in [2, 4] {
        let class_ids: Vec<usize> = (0..n).map(|i| (i * i + i / 7) % n_classes).collect();
        let samples = Samples::new(&features, &class_ids, n_classes);
        let logits = out_of_fold_logits(&samples, &options, 3, &|_| Ok(())).unwrap();
        assert_eq!(logits.len(), n * n_classes);
        for fold in (StratifiedKFold { n_splits: 3, shuffle: None }).split(&class_ids).unwrap() {
            let rows = features.select_rows(&fold.train);
            let ids: Vec<usize> = fold.train.iter().map(|&i| class_ids[i]).collect();
            let alone = LogisticRegression::fit(&Samples::new(&rows, &ids, n_classes), &options).unwrap();
            let expected = alone.predict_proba(&features.select_rows(&fold.test));
            for (&row, expected) in fold.test.iter().zip(expected.chunks_exact(n_classes)) {
                let own = &logits[row * n_classes..][..n_classes];
                let total: f64 = own.iter().map(|z| z.exp()).sum();
                let got: Vec<f64> = own.iter().map(|z| z.exp() / total).collect();
                assert!(close(&got, expected, 1e-6), "{n_classes} classes, row {row}: {got:?}, {expected:?}");
            }
        }
    }
}

#[test]
fn a_class_that_a_fold_does_not_know_has_no_logit_there() {
    let features = Matrix::from_vec((0..9).map(|i| i as f32).collect(), 9, 1).unwrap();
    let class_ids = [0, 0, 0, 0, 1, 1, 1, 1, 2];
    let samples = Samples::new(&features, &class_ids, 3);
    let logits = out_of_fold_logits(&samples, &LogisticRegressionOptions::default(), 2, &|_| Ok(())).unwrap();
    let unknown: Vec<usize> = (0..9).filter(|&row| logits[3 * row + 2] == f64::NEG_INFINITY).collect();
    assert!(unknown.contains(&8) && unknown.len() < 9, "{unknown:?}");
    assert!(logits.iter().all(|z| !z.is_nan()));
}

/// Oracle: mean and population standard deviation by definition. A constant column is not scaled, even if rounding
/// gives it a variance. Tolerance: rounding of 1e-12, and that of `f32` for features.
#[test]
fn a_scaled_fit_is_one_of_the_features_as_they_are() {
    let (n, d) = (300, 4);
    let number = |i: usize| ((i * i * 7919 + i * 104_729) % 2003) as f32 / 1000.0 - 1.0;
    // Columns of very different magnitude, one of them constant.
    let x = |i: usize, c: usize| [number(i) * 1e-3, number(i + 9) * 50.0 + 7.0, 0.1, number(i + 5)][c];
    let values: Vec<f32> = (0..n * d).map(|k| x(k / d, k % d)).collect();
    let features = Matrix::from_vec(values, n, d).unwrap();
    let scaler = StandardScaler::fit(&features);
    for c in 0..d {
        let column: Vec<f64> = (0..n).map(|i| f64::from(features.row(i)[c])).collect();
        let (mean, std) = mean_and_std(&column);
        assert!((scaler.mean()[c] - mean).abs() <= 1e-12 * mean.abs().max(1.0), "column {c}");
        let expected = if c == 2 { 1.0 } else { std };
        assert!((scaler.scale()[c] - expected).abs() <= 1e-12 * expected, "column {c}");
    }
    let scaled = scaler.transform(&features);
    for n_classes in [2, 3] {
        let class_ids: Vec<usize> =
            (0..n).map(|i| usize::from(number(i + 5) > 0.0) + i % (n_classes - 1)).collect();
        let options = LogisticRegressionOptions::default();
        let fit = LogisticRegression::fit(&Samples::new(&scaled, &class_ids, n_classes), &options).unwrap();
        let expected = fit.decision_function(&scaled);
        let got = scaler.unscaled(fit).decision_function(&features);
        assert!(close(&got, &expected, 1e-5), "{n_classes} classes");
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(pool.install(|| StandardScaler::fit(&features)), scaler, "one thread");
}
