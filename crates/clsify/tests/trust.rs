//! Probabilities and thresholds with sample weights or label sets, against scikit-learn 1.9.1
//! (`fixtures/sklearn/trust.json`) and repeated rows.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use clsify::classifier::{LogisticRegressionOptions, MultiLabelSamples, OneVsRest, Samples};
use clsify::decision::{
    F1Threshold, PrecisionThreshold, coverage_curve, coverage_curve_weighted, f1_macro_thresholds,
    f1_macro_thresholds_weighted, least_answered, reach_accuracy,
};
use clsify::decision::{Platt, Temperature};
use clsify::evaluation::{
    ProbabilityScores, grid_search, multi_label_grid_search, out_of_fold_label_logits, softmax,
};
use clsify::matrix::Matrix;
use clsify::split::KFold;
use clsify::targets::LabelIndicator;
use proptest::prelude::*;
use serde::Deserialize;

/// Sums of a few hundred numbers in another order.
const TOLERANCE: f64 = 1e-12;

#[derive(Deserialize)]
struct Fixture {
    scores: Vec<ScoresCase>,
    label_scores: Vec<LabelScoresCase>,
    searches: Vec<SearchCase>,
    calibrations: Vec<CalibrationCase>,
}

#[derive(Deserialize)]
struct ScoresCase {
    n_classes: usize,
    y_true: String,
    weights: Vec<f64>,
    logits: Vec<Vec<f64>>,
    ece: f64,
    brier: f64,
    log_loss: f64,
}

#[derive(Deserialize)]
struct LabelScoresCase {
    labels: Vec<String>,
    probabilities: Vec<Vec<f64>>,
    weights: Vec<f64>,
    ece: f64,
    brier: f64,
    log_loss: f64,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    label: usize,
    target: f64,
    best: Option<[f64; 2]>,
}

#[derive(Deserialize)]
struct SearchCase {
    features: Vec<Vec<f32>>,
    class_ids: String,
    labels: Vec<String>,
    weights: Vec<f64>,
    c_values: Vec<f64>,
    accuracy: Vec<f64>,
    micro_f1: Vec<f64>,
}

#[derive(Deserialize)]
struct CalibrationCase {
    features: Vec<Vec<f32>>,
    labels: Vec<String>,
    #[serde(rename = "C")]
    c: f64,
    of_labels: Vec<LabelCalibration>,
}

#[derive(Deserialize)]
struct LabelCalibration {
    scale: f64,
    offset: f64,
    temperature: f64,
    platt: Vec<f64>,
    temperature_scaled: Vec<f64>,
}

fn fixture() -> Fixture {
    let path = format!("{}/../../fixtures/sklearn/trust.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn ids(digits: &str) -> Vec<usize> {
    digits.bytes().map(|digit| usize::from(digit - b'0')).collect()
}

fn indicator(rows: &[String]) -> LabelIndicator {
    let values = rows.iter().flat_map(|row| row.bytes().map(|digit| digit == b'1')).collect();
    LabelIndicator::new(values, rows[0].len()).unwrap()
}

fn matrix(rows: &[Vec<f32>]) -> Matrix {
    Matrix::from_vec(rows.concat(), rows.len(), rows[0].len()).unwrap()
}

fn assert_close(ours: f64, theirs: f64, tolerance: f64, what: &str) {
    assert!((ours - theirs).abs() <= tolerance, "{what}: expected {theirs}, got {ours}");
}

/// Oracles: `brier_score_loss` and `log_loss` with `sample_weight`; numpy for the calibration error.
#[test]
fn scores_of_probabilities_count_weights() {
    let cases = fixture().scores;
    assert_eq!(cases.len(), 3);
    for case in cases {
        let p = softmax(&case.logits.concat(), case.n_classes);
        let found =
            ProbabilityScores::of(&p, &ids(&case.y_true), case.n_classes, Some(&case.weights)).unwrap();
        assert_close(found.scores.ece, case.ece, TOLERANCE, "ece");
        assert_close(found.scores.brier, case.brier, TOLERANCE, "brier");
        assert_close(found.scores.log_loss, case.log_loss, TOLERANCE, "log loss");
        let (rows, weight) =
            found.reliability.iter().fold((0, 0.0), |(n, w), bin| (n + bin.n_rows, w + bin.weight));
        assert_eq!((rows, found.reliability.len()), (p.len() / case.n_classes, 15));
        assert_close(weight, case.weights.iter().sum(), TOLERANCE, "weight of all bins");
    }
}

/// Oracle: the scores of each label, and their means.
#[test]
fn scores_of_labels_are_means_over_labels() {
    for case in fixture().label_scores {
        let labels = indicator(&case.labels);
        let p = case.probabilities.concat();
        let found = ProbabilityScores::of_labels(&p, &labels, Some(&case.weights)).unwrap();
        assert_close(found.scores.ece, case.ece, TOLERANCE, "ece");
        assert_close(found.scores.brier, case.brier, TOLERANCE, "brier");
        assert_close(found.scores.log_loss, case.log_loss, TOLERANCE, "log loss");
        let n: usize = found.reliability.iter().map(|bin| bin.n_rows).sum();
        assert_eq!(n, p.len());
    }
}

/// Oracle: `precision_recall_curve` with `sample_weight`, and the lowest threshold that assigns the label to enough
/// rows.
#[test]
fn a_target_precision_is_reached_with_the_most_recall() {
    let (mut n_reached, mut n_not) = (0, 0);
    for case in fixture().label_scores {
        let labels = indicator(&case.labels);
        for Target { label, target, best } in case.targets {
            let p: Vec<f64> = case.probabilities.iter().map(|row| row[label]).collect();
            let weights = Some(&case.weights[..]);
            let found = PrecisionThreshold::choose(&labels.column(label), &p, weights, target).unwrap();
            assert_eq!(found.is_some(), best.is_some(), "label {label}, {target}");
            let (Some(found), Some([precision, recall])) = (found, best) else {
                n_not += 1;
                continue;
            };
            assert_close(found.precision, precision, TOLERANCE, "precision");
            assert_close(found.recall, recall, TOLERANCE, "recall");
            n_reached += 1;
        }
    }
    assert!(n_reached > 5 && n_not > 2, "{n_reached} {n_not}");
}

/// Oracle: `accuracy_score` and `f1_score` with `sample_weight` on each fold, for fits with `sample_weight`.
#[test]
fn searches_for_c_score_folds_by_weight() {
    for case in fixture().searches {
        let (x, y, labels) = (matrix(&case.features), ids(&case.class_ids), indicator(&case.labels));
        let (options, weights) = (LogisticRegressionOptions::default(), Some(&case.weights[..]));
        let samples = Samples::new(&x, &y, 3).weighted(weights);
        let found = grid_search(&samples, &case.c_values, &options, 5, &|_| Ok(())).unwrap();
        for (point, expected) in found.points.iter().zip(&case.accuracy) {
            assert_close(point.mean_test_score, *expected, TOLERANCE, "accuracy");
        }
        let folds = KFold { n_splits: 5, shuffle: Some(0) }.split(y.len()).unwrap();
        let samples = MultiLabelSamples::new(&x, &labels).weighted(weights);
        let found = multi_label_grid_search(&samples, &case.c_values, &options, &folds, &|_| Ok(())).unwrap();
        for (point, expected) in found.points.iter().zip(&case.micro_f1) {
            assert_close(point.mean_test_score, *expected, TOLERANCE, "micro F1");
        }
    }
}

/// Oracle: the parameters and probabilities of `CalibratedClassifierCV(cv=KFold(20), ensemble=False)` for each label.
/// Tolerance: the oracle stops when losses no longer change in double precision, so its parameters are accurate to
/// the square root of that.
#[test]
fn each_label_is_calibrated_as_scikit_learn_does() {
    for case in fixture().calibrations {
        let (x, labels) = (matrix(&case.features), indicator(&case.labels));
        let samples = MultiLabelSamples::new(&x, &labels);
        let options = LogisticRegressionOptions { c: case.c, ..Default::default() };
        let folds = KFold { n_splits: 20, shuffle: Some(0) }.split(labels.n_samples()).unwrap();
        let logits = out_of_fold_label_logits(&samples, &options, &folds, &|_| Ok(())).unwrap();
        let fit = OneVsRest::fit(&samples, &options).unwrap();
        let fitted: Vec<f64> = fit.decision_function(&x);
        assert_eq!(case.of_labels.len(), 3);
        for (label, expected) in case.of_labels.iter().enumerate() {
            let column = labels.column(label);
            let z: Vec<f64> = logits.iter().copied().skip(label).step_by(3).collect();
            let line = Platt::fit(&z, &column).unwrap();
            assert_close(line.scale, expected.scale, 1e-4, "scale");
            assert_close(line.offset, expected.offset, 1e-4, "offset");
            let pairs: Vec<f64> = z.iter().flat_map(|z| [-0.5 * z, 0.5 * z]).collect();
            let y: Vec<usize> = column.iter().map(|&has_it| usize::from(has_it)).collect();
            let warm = Temperature::fit(&pairs, &y, 2).unwrap().temperature;
            assert_close(warm, expected.temperature, 1e-4, "temperature");
            for (row, z) in fitted.iter().skip(label).step_by(3).enumerate() {
                let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
                assert_close(sigmoid(line.scale * z + line.offset), expected.platt[row], 1e-4, "platt");
                assert_close(sigmoid(z / warm), expected.temperature_scaled[row], 1e-4, "temperature");
            }
        }
    }
}

/// Repeats each value as often as its weight says.
fn repeated<T: Copy>(values: &[T], weights: &[f64]) -> Vec<T> {
    values.iter().zip(weights).flat_map(|(value, n)| std::iter::repeat_n(*value, *n as usize)).collect()
}

proptest! {
    /// Oracle: a row of weight n is the same as n rows. Counts of rows differ, so the required numbers of rows must
    /// hold in both cases.
    #[test]
    fn a_weight_is_so_many_rows(rows in proptest::collection::vec((any::<bool>(), 0..=40u32, 0..4u32), 30..60)) {
        let weights: Vec<f64> = rows.iter().map(|row| f64::from(row.2)).collect();
        prop_assume!(weights.iter().any(|w| *w > 0.0));
        let has_label: Vec<bool> = rows.iter().map(|row| row.0).collect();
        let p: Vec<f64> = rows.iter().map(|row| f64::from(row.1) / 40.0).collect();
        let (many_labels, many_p) = (repeated(&has_label, &weights), repeated(&p, &weights));

        let found = F1Threshold::choose_weighted(&has_label, &p, Some(&weights)).unwrap();
        prop_assert_eq!(found, F1Threshold::choose(&many_labels, &many_p).unwrap());

        let curve = coverage_curve_weighted(&p, &has_label, Some(&weights)).unwrap();
        let many = coverage_curve(&many_p, &many_labels).unwrap();
        prop_assert_eq!(curve.len(), many.len());
        for (point, many) in curve.iter().zip(&many) {
            prop_assert_eq!(
                (point.threshold, point.coverage, point.accuracy),
                (many.threshold, many.coverage, many.accuracy)
            );
        }
        let target = 0.6;
        let few = curve.iter().take_while(|point| point.n_answered < least_answered(target)).count();
        if let Ok(many) = reach_accuracy(&many[few.min(many.len() - 1)..], target)
            && let Ok(found) = reach_accuracy(&curve, target)
        {
            prop_assert_eq!(found.threshold, many.threshold);
        }
        let found = PrecisionThreshold::choose(&has_label, &p, Some(&weights), target).unwrap();
        let many = PrecisionThreshold::choose(&many_labels, &many_p, None, target).unwrap();
        // Repeated rows are more evidence, so they reach a target at least where weighted rows do.
        if let Some(found) = found {
            prop_assert!(many.unwrap().threshold <= found.threshold);
        }
    }

    #[test]
    fn a_weight_is_so_many_rows_for_thresholds_of_classes(
        rows in proptest::collection::vec((0..3usize, 1..20u32, 1..20u32, 1..20u32, 1..4u32), 12..40)
    ) {
        prop_assume!((0..3).all(|class| rows.iter().any(|row| row.0 == class)));
        let weights: Vec<f64> = rows.iter().map(|row| f64::from(row.4)).collect();
        let y: Vec<usize> = rows.iter().map(|row| row.0).collect();
        let p: Vec<[f64; 3]> = rows
            .iter()
            .map(|row| {
                let [a, b, c] = [row.1, row.2, row.3].map(f64::from);
                [a, b, c].map(|x| x / (a + b + c))
            })
            .collect();
        let found = f1_macro_thresholds_weighted(p.as_flattened(), &y, 3, Some(&weights)).unwrap();
        let (many_p, many_y) = (repeated(&p, &weights), repeated(&y, &weights));
        prop_assert_eq!(found, f1_macro_thresholds(many_p.as_flattened(), &many_y, 3).unwrap());
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    let of =
        |weights: &[f64]| ProbabilityScores::of(&[0.5, 0.5], &[0], 2, Some(weights)).unwrap_err().to_string();
    assert_eq!(of(&[]), "calibration: expected 1 sample weights, got 0");
    for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(of(&[weight]), "calibration: expected finite weights of at least 0, and one above");
    }
    assert!(coverage_curve_weighted(&[0.5], &[true], Some(&[])).is_err());
    assert!(F1Threshold::choose_weighted(&[true], &[0.5], Some(&[])).is_err());
    assert!(f1_macro_thresholds_weighted(&[0.5, 0.5], &[0], 2, Some(&[0.0])).is_err());
    for target in [0.0, 1.0, f64::NAN] {
        let error = PrecisionThreshold::choose(&[true], &[0.5], None, target).unwrap_err().to_string();
        assert_eq!(error, format!("abstention: expected a target between 0 and 1, got {target}"));
    }
}
