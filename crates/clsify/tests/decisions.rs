//! Decision rules against scikit-learn 1.9.1 and numpy (`fixtures/sklearn/decisions.json`).
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use clsify::decision::CostMatrix;
use clsify::decision::{CoveragePoint, coverage_curve, f1_macro_thresholds, least_answered, reach_accuracy};
use clsify::decision::{Decision, Rule};
use clsify::evaluation::{Evaluation, softmax};
use serde::Deserialize;

/// Sums of a few hundred numbers in another order.
const TOLERANCE: f64 = 1e-12;

#[derive(Deserialize)]
struct Fixture {
    abstain: Vec<Abstain>,
    costs: Vec<Costs>,
    thresholds: Vec<Thresholds>,
}

#[derive(Deserialize)]
struct Abstain {
    n_classes: usize,
    y_true: String,
    logits: Vec<Vec<f64>>,
    targets: Vec<f64>,
    best: Vec<Option<Reached>>,
}

#[derive(Deserialize)]
struct Reached {
    coverage: f64,
    accuracy: f64,
}

#[derive(Deserialize)]
struct Costs {
    n_classes: usize,
    y_true: String,
    logits: Vec<Vec<f64>>,
    costs: Vec<Vec<f64>>,
    predicted: String,
    mean_cost: f64,
}

#[derive(Deserialize)]
struct Thresholds {
    y_true: String,
    logits: Vec<Vec<f64>>,
    f1_macro: f64,
    best_f1_macro: f64,
}

fn fixture() -> Fixture {
    let path = format!("{}/../../fixtures/sklearn/decisions.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn digits(text: &str) -> Vec<usize> {
    text.bytes().map(|digit| usize::from(digit - b'0')).collect()
}

fn classes(decision: &Decision, probabilities: &[f64], n_classes: usize) -> Vec<usize> {
    probabilities.chunks_exact(n_classes).map(|row| decision.decide(row).class_id).collect()
}

fn f1_macro(y_true: &[usize], y_pred: &[usize], n_classes: usize) -> f64 {
    let labels: Vec<String> = (0..n_classes).map(|i| i.to_string()).collect();
    Evaluation::from_predictions(y_true, y_pred, &labels).unwrap().macro_average.f1
}

/// The coverage curve of the most probable class.
fn curve(probabilities: &[f64], y_true: &[usize], n_classes: usize) -> Vec<CoveragePoint> {
    let predicted = classes(&Decision::default(), probabilities, n_classes);
    let confidence: Vec<f64> =
        probabilities.chunks_exact(n_classes).zip(&predicted).map(|(row, &k)| row[k]).collect();
    let right: Vec<bool> = predicted.iter().zip(y_true).map(|(p, y)| p == y).collect();
    coverage_curve(&confidence, &right).unwrap()
}

#[test]
fn a_target_is_reached_with_the_most_coverage() {
    for (i, case) in fixture().abstain.iter().enumerate() {
        let (p, y) = (softmax(&case.logits.concat(), case.n_classes), digits(&case.y_true));
        let curve = curve(&p, &y, case.n_classes);
        assert_eq!(case.best.len(), 4);
        for (&target, best) in case.targets.iter().zip(&case.best) {
            let Some(best) = best else {
                reach_accuracy(&curve, target).unwrap_err();
                continue;
            };
            let reached = reach_accuracy(&curve, target).unwrap();
            assert!((reached.coverage - best.coverage).abs() < TOLERANCE, "case {i}, {target}: {reached:?}");
            assert!((reached.accuracy - best.accuracy).abs() < TOLERANCE, "case {i}, {target}: {reached:?}");
            // The threshold answers as many rows as the point says.
            let rule = Decision::abstaining_below(reached.threshold);
            let answered = p.chunks_exact(case.n_classes).filter(|row| !rule.decide(row).abstained).count();
            assert_eq!(answered, reached.n_answered);
        }
    }
}

#[test]
fn least_expected_cost_is_numpy_s() {
    for (i, case) in fixture().costs.iter().enumerate() {
        let (p, y) = (softmax(&case.logits.concat(), case.n_classes), digits(&case.y_true));
        let predicted = classes(&Decision::from(Rule::CostMatrix(case.costs.clone())), &p, case.n_classes);
        assert_eq!(predicted, digits(&case.predicted), "case {i}");
        let paid: f64 = y.iter().zip(&predicted).map(|(&y, &answer)| case.costs[y][answer]).sum();
        assert!((paid / y.len() as f64 - case.mean_cost).abs() < TOLERANCE, "case {i}");
    }
}

/// With two classes, no threshold has a higher `f1_score`.
#[test]
fn two_classes_get_the_best_threshold_there_is() {
    for (i, case) in fixture().thresholds.iter().enumerate() {
        let (p, y) = (softmax(&case.logits.concat(), 2), digits(&case.y_true));
        let plain = f1_macro(&y, &classes(&Decision::default(), &p, 2), 2);
        assert!((plain - case.f1_macro).abs() < TOLERANCE, "case {i}: {plain}");
        let thresholds = f1_macro_thresholds(&p, &y, 2).unwrap();
        assert!((thresholds.iter().sum::<f64>() - 1.0).abs() < TOLERANCE);
        // The thresholds sum to 1: the second class is predicted from its threshold on.
        let second: Vec<usize> = p.chunks_exact(2).map(|row| usize::from(row[1] > thresholds[1])).collect();
        assert_eq!(classes(&Decision::from(Rule::ClassThresholds(thresholds)), &p, 2), second, "case {i}");
        let best = f1_macro(&y, &second, 2);
        assert!((best - case.best_f1_macro).abs() < TOLERANCE, "case {i}: {best}, {}", case.best_f1_macro);
    }
}

/// Oracle: macro F1 after any one threshold is moved, tried on a fine grid.
#[test]
fn with_more_classes_no_single_threshold_does_better() {
    for case in fixture().abstain.iter().filter(|case| case.n_classes > 2) {
        let n_classes = case.n_classes;
        let (p, y) = (softmax(&case.logits.concat(), n_classes), digits(&case.y_true));
        let score = |thresholds: &[f64]| {
            let rule = Decision::from(Rule::ClassThresholds(thresholds.to_vec()));
            f1_macro(&y, &classes(&rule, &p, n_classes), n_classes)
        };
        let thresholds = f1_macro_thresholds(&p, &y, n_classes).unwrap();
        assert!(thresholds.iter().all(|t| *t > 0.0));
        let (found, plain) = (score(&thresholds), score(&vec![1.0; n_classes]));
        assert!(found > plain, "{found} {plain}");
        for class in 0..n_classes {
            for step in -300..=300 {
                let mut moved = thresholds.clone();
                moved[class] *= (f64::from(step) / 100.0).exp();
                assert!(score(&moved) <= found + 1e-8, "class {class}, step {step}");
            }
        }
        assert_eq!(f1_macro_thresholds(&p, &y, n_classes).unwrap(), thresholds, "the same twice");
    }
}

#[test]
fn equal_thresholds_and_equal_costs_are_the_most_probable_class() {
    for case in fixture().abstain {
        let n = case.n_classes;
        let p = softmax(&case.logits.concat(), n);
        let plain = classes(&Decision::default(), &p, n);
        assert_eq!(classes(&Decision::from(Rule::ClassThresholds(vec![1.0 / n as f64; n])), &p, n), plain);
        let cost = |i: usize| (0..n).map(|j| f64::from(u8::from(i != j))).collect::<Vec<f64>>();
        assert_eq!(classes(&Decision::from(Rule::CostMatrix((0..n).map(cost).collect())), &p, n), plain);
        assert_eq!(classes(&Decision::abstaining_below(0.7), &p, n), plain, "best guesses");
    }
}

#[test]
fn rows_of_equal_confidence_are_answered_together() {
    let curve = coverage_curve(&[0.5, 1.0, 0.5, 0.75], &[true, true, false, false]).unwrap();
    let points: Vec<(f64, usize, f64)> =
        curve.iter().map(|p| (p.threshold, p.n_answered, p.accuracy)).collect();
    assert_eq!(points, [(0.875, 1, 1.0), (0.625, 2, 0.5), (0.0, 4, 0.5)]);
}

#[test]
fn a_target_out_of_reach_says_what_is_in_reach() {
    assert_eq!([0.5, 0.8, 0.9, 0.95, 0.99].map(least_answered), [2, 5, 10, 20, 100]);
    let curve = coverage_curve(&[0.9, 0.8, 0.7], &[false, true, true]).unwrap();
    let message = |target: f64| reach_accuracy(&curve, target).unwrap_err().to_string();
    assert_eq!(
        message(0.66 + 0.01),
        "abstention: expected at least 4 rows, so that one of them may be wrong, got 3"
    );
    let curve = coverage_curve(&[0.9, 0.8, 0.7, 0.6], &[false, true, true, false]).unwrap();
    let error = reach_accuracy(&curve, 0.7).unwrap_err();
    assert_eq!(
        error.to_string(),
        "abstention: expected 0.7 of the answered rows to be correct, got at most 0.5000, on the 4 most confident rows"
    );
    assert!(error.hint().unwrap().starts_with("lower the target"));
    for target in [0.0, 1.0, -1.0, f64::NAN] {
        let message = reach_accuracy(&curve, target).unwrap_err().to_string();
        assert_eq!(message, format!("abstention: expected a target between 0 and 1, got {target}"));
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    let of = |p: &[f64], y: &[usize]| f1_macro_thresholds(p, y, 2).unwrap_err().to_string();
    assert!(of(&[0.5], &[0]).contains("expected 1 x 2 probabilities"));
    assert!(of(&[0.5, 0.5], &[0]).contains("expected a row of every class, got none of class 1"));
    assert!(of(&[0.5, 0.5], &[2]).contains("class ids below 2, got 2"));
    assert!(of(&[f64::NAN, 0.5], &[1]).contains("within 0 and 1, got NaN"));
    let curve = |p: &[f64], right: &[bool]| coverage_curve(p, right).unwrap_err().to_string();
    assert!(curve(&[], &[]).contains("at least one, got 0"));
    assert!(curve(&[1.5], &[true]).contains("within 0 and 1, got 1.5"));
    let decision = |rule: Decision| rule.check(2).unwrap_err().to_string();
    assert!(decision(Decision::abstaining_below(f64::NAN)).contains("within 0 and 1, got NaN"));
    assert!(
        decision(Decision::from(Rule::ClassThresholds(vec![1.0, 0.0]))).contains("2 positive thresholds")
    );
    assert!(decision(Decision::from(Rule::ClassThresholds(vec![1.0]))).contains("2 positive thresholds"));
    assert!(
        decision(Decision::from(Rule::CostMatrix(vec![vec![0.0, -1.0], vec![1.0, 0.0]])))
            .contains("2 x 2 costs")
    );
    assert!(decision(Decision::from(Rule::CostMatrix(vec![vec![0.0; 2]]))).contains("2 x 2 costs"));
}

/// Oracle: the error messages word for word.
#[test]
fn cost_files_that_are_broken_are_named_with_their_line() {
    let message = |text: &str| CostMatrix::parse(text, "c.csv").unwrap_err().to_string();
    let cost = "cost of the answer \"b\" for \"a\": expected a number of at least 0, got";
    let cases = [
        ("", "c.csv: expected a header with the predicted labels, got an empty file".to_string()),
        (
            "a\n",
            "c.csv: line 1: expected a first cell and at least two predicted labels, separated by commas"
                .into(),
        ),
        (
            "t;a;b\n",
            "c.csv: line 1: expected a first cell and at least two predicted labels, separated by commas"
                .into(),
        ),
        ("t,a,a\n", "c.csv: line 1: expected every label once, got \"a\" twice".into()),
        ("t,a,b\na,0\n", "c.csv: line 2: expected 3 cells as in the header, got 2".into()),
        ("t,a,b\na,0,1,2\n", "c.csv: line 2: expected 3 cells as in the header, got 4".into()),
        (
            "t,a,b\na,0,1\nc,1,0\n",
            "c.csv: line 3: the true label \"c\" is not among the header's labels".into(),
        ),
        (
            "t,a,b\na,0,1\na,1,0\n",
            "c.csv: line 3: expected one row for every label, got a second one for \"a\"".into(),
        ),
        ("t,a,b\na,0,1\n", "c.csv: expected a row for every label of the header, got none for \"b\"".into()),
        ("t,a,b\na,0,x\n", format!("c.csv: line 2: {cost} \"x\"")),
        ("t,a,b\na,0,-1\n", format!("c.csv: line 2: {cost} \"-1\"")),
        ("t,a,b\na,0,NaN\n", format!("c.csv: line 2: {cost} \"NaN\"")),
        ("t,a,b\na,0,inf\n", format!("c.csv: line 2: {cost} \"inf\"")),
        ("t,a,b\na,0,\n", format!("c.csv: line 2: {cost} \"\"")),
    ];
    for (text, expected) in cases {
        assert_eq!(message(text), expected, "{text:?}");
    }
    let costs = CostMatrix::parse("\u{feff}t, b ,a\r\nb,0, 2.5\r\n\r\n\"a\",1,0\r\n", "c.csv").unwrap();
    assert_eq!(costs.of_classes(&["a".into(), "b".into()]).unwrap(), [[0.0, 1.0], [2.5, 0.0]]);
    let error = costs.of_classes(&["a".into(), "z".into()]).unwrap_err().to_string();
    assert_eq!(error, "c.csv: expected a row and a column for every label, got none for \"z\"");
}

/// Oracle: the limit documented for `CostMatrix::parse`. The file has only a header, so that an error about a missing
/// row would show that the header was accepted.
#[test]
fn the_number_of_labels_of_a_cost_matrix_is_bounded() {
    let header = |n: usize| (0..n).fold("true".to_string(), |text, i| format!("{text},label{i}")) + "\n";
    let too_many = CostMatrix::parse(&header(4097), "costs.csv").unwrap_err();
    assert_eq!(
        too_many.to_string(),
        "costs.csv: line 1: expected costs of at most 4096 labels, got 4098 cells"
    );
    let accepted = CostMatrix::parse(&header(4096), "costs.csv").unwrap_err();
    assert!(accepted.to_string().contains("expected a row for every label"), "{accepted}");
}

/// A device has no length to check before it is read.
#[cfg(unix)]
#[test]
fn a_cost_file_without_end_is_refused() {
    let message = "/dev/zero: expected a file of costs of at most 67108864 bytes, got a longer one";
    let zeros = std::path::Path::new("/dev/zero");
    assert_eq!(CostMatrix::load(zeros).unwrap_err().to_string(), message);
    assert_eq!(clsify::decision::LabelCosts::load(zeros).unwrap_err().to_string(), message);
    let folder = CostMatrix::load(std::path::Path::new("/dev")).unwrap_err();
    assert_eq!(folder.to_string(), "/dev: expected a file, got a folder");
}
