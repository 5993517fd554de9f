//! Metrics and the baseline against scikit-learn 1.9.1 and scipy 1.17.1 (`fixtures/sklearn`).

use clsify::classifier::MostFrequent;
use clsify::error::ErrorKind;
use clsify::evaluation::{Evaluation, Scores, wilson_ci95};
use clsify::split::StratifiedKFold;
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Both sides compute in float64; means of up to six numbers may be summed in another order.
const TOLERANCE: f64 = 1e-15;
/// Wilson's formula with its terms in another order has a few more roundings.
const INTERVAL_TOLERANCE: f64 = 1e-14;

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
    wilson: Vec<Interval>,
}

#[derive(Deserialize)]
struct Case {
    n_labels: usize,
    y_true: String,
    y_pred: String,
    accuracy: f64,
    accuracy_ci95: [f64; 2],
    confusion_matrix: Vec<Vec<usize>>,
    per_class: PerClass,
    #[serde(rename = "macro")]
    macro_average: Average,
    weighted: Average,
}

#[derive(Deserialize)]
struct PerClass {
    precision: Vec<f64>,
    recall: Vec<f64>,
    f1: Vec<f64>,
    support: Vec<usize>,
}

#[derive(Deserialize)]
struct Average {
    precision: f64,
    recall: f64,
    f1: f64,
}

#[derive(Deserialize)]
struct Interval {
    k: usize,
    n: usize,
    ci95: [f64; 2],
}

fn read<T: DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/../../fixtures/sklearn/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the fixture is in the repository");
    serde_json::from_str(&text).expect("the fixture has the form that its README states")
}

fn fixture() -> Fixture {
    read("metrics.json")
}

fn class_ids(digits: &str) -> Vec<usize> {
    digits.bytes().map(|digit| usize::from(digit - b'0')).collect()
}

fn labels(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("label {i}")).collect()
}

fn assert_close(ours: f64, theirs: f64, tolerance: f64, place: &str) {
    assert!((ours - theirs).abs() <= tolerance, "{place}: expected {theirs}, got {ours}");
}

#[test]
fn an_evaluation_is_scikit_learns() {
    let cases = fixture().cases;
    assert!(cases.len() > 50);
    for case in &cases {
        let place = format!("y_true {}, y_pred {}", case.y_true, case.y_pred);
        let labels = labels(case.n_labels);
        let ours = Evaluation::from_predictions(&class_ids(&case.y_true), &class_ids(&case.y_pred), &labels)
            .unwrap();
        assert_eq!(ours.accuracy, case.accuracy, "{place}");
        for (ours, theirs) in ours.accuracy_ci95.into_iter().zip(case.accuracy_ci95) {
            assert_close(ours, theirs, INTERVAL_TOLERANCE, &place);
        }
        assert_eq!(ours.confusion_matrix, case.confusion_matrix, "{place}");

        assert_eq!(ours.per_class.len(), case.n_labels, "{place}");
        for (i, (label, scores)) in ours.per_class.iter().enumerate() {
            assert_eq!(label, &labels[i]);
            let theirs = Scores {
                precision: case.per_class.precision[i],
                recall: case.per_class.recall[i],
                f1: case.per_class.f1[i],
                support: case.per_class.support[i],
            };
            assert_eq!(*scores, theirs, "{label}: {place}");
        }
        for (name, ours, theirs) in [
            ("macro", ours.macro_average, &case.macro_average),
            ("weighted", ours.weighted_average, &case.weighted),
        ] {
            let place = format!("{name}: {place}");
            assert_close(ours.precision, theirs.precision, TOLERANCE, &place);
            assert_close(ours.recall, theirs.recall, TOLERANCE, &place);
            assert_close(ours.f1, theirs.f1, TOLERANCE, &place);
            assert_eq!(ours.support, case.y_true.len(), "{place}");
        }
    }
}

/// Oracle: scikit-learn 1.9.1, `classification_report(["a", "a", "c"], ["a", "c", "c"])`: "b" is not in the macro average.
#[test]
fn a_class_that_occurs_nowhere_is_listed_but_not_averaged() {
    let labels = ["a", "b", "c"].map(String::from);
    let evaluation = Evaluation::from_predictions(&[0, 0, 2], &[0, 2, 2], &labels).unwrap();
    assert_eq!(evaluation.confusion_matrix, [[1, 0, 1], [0, 0, 0], [0, 0, 1]]);
    assert_eq!(evaluation.per_class[1].1, Scores { precision: 0.0, recall: 0.0, f1: 0.0, support: 0 });
    let macro_average = evaluation.macro_average;
    assert_eq!((macro_average.precision, macro_average.recall, macro_average.support), (0.75, 0.75, 3));
    assert_close(macro_average.f1, 2.0 / 3.0, TOLERANCE, "macro f1");

    // A class that is only predicted counts, and so does one that is only true.
    let evaluation = Evaluation::from_predictions(&[0, 0], &[0, 1], &labels).unwrap();
    assert_eq!(evaluation.macro_average.precision, 0.5);
    let evaluation = Evaluation::from_predictions(&[0, 1], &[0, 0], &labels).unwrap();
    assert_eq!(evaluation.macro_average.recall, 0.5);
}

#[test]
fn the_json_has_the_reports_keys_in_the_order_of_the_labels() {
    let labels = ["zebra", "ant"].map(String::from);
    let evaluation = Evaluation::from_predictions(&[0, 1, 1, 1], &[0, 1, 0, 1], &labels).unwrap();
    let json = serde_json::to_value(&evaluation).unwrap();
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["accuracy", "accuracy_ci95", "confusion_matrix", "per_class", "macro", "weighted"]);
    let names: Vec<&String> = json["per_class"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["zebra", "ant"]);
    for scores in [&json["per_class"]["ant"], &json["macro"], &json["weighted"]] {
        let keys: Vec<&String> = scores.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["precision", "recall", "f1", "support"]);
    }
    assert_eq!(json["confusion_matrix"], serde_json::json!([[1, 0], [1, 2]]));

    let text = serde_json::to_string(&evaluation).unwrap();
    assert_eq!(serde_json::from_str::<Evaluation>(&text).unwrap(), evaluation);
}

#[test]
fn wilsons_interval_is_scipys() {
    for Interval { k, n, ci95 } in fixture().wilson {
        for (ours, theirs) in wilson_ci95(k, n).unwrap().into_iter().zip(ci95) {
            assert_close(ours, theirs, INTERVAL_TOLERANCE, &format!("{k} of {n}"));
        }
    }
}

/// Oracle: `cross_val_score(DummyClassifier(strategy="prior"), X, y, cv=5)`.
#[test]
fn the_baselines_scores_are_the_dummy_classifiers() {
    let fixture: serde_json::Value = read("grid_search.json");
    for problem in fixture["problems"].as_array().unwrap() {
        let class_ids = class_ids(problem["class_ids"].as_str().unwrap());
        let of = |rows: &[usize]| rows.iter().map(|&row| class_ids[row]).collect::<Vec<_>>();
        let score = |train: &[usize], test: &[usize]| {
            let baseline = MostFrequent::fit(&of(train), 3).unwrap();
            let predictions = baseline.predict(test.len());
            Evaluation::from_predictions(&of(test), &predictions, &labels(3)).unwrap().accuracy
        };
        let folds = StratifiedKFold::default().split(&class_ids).unwrap();
        let ours: Vec<f64> = folds.iter().map(|fold| score(&fold.train, &fold.test)).collect();
        let theirs = &problem["cross_val_score"]["baseline"]["fold_scores"];
        assert_eq!(serde_json::json!(ours), *theirs, "{}", problem["name"]);
    }
}

#[test]
fn an_evaluation_says_what_is_wrong() {
    let (two, twice) = (labels(2), vec!["a".to_string(), "a".to_string()]);
    for (y_true, y_pred, labels, expected) in [
        (vec![], vec![], &two, "y_true: expected at least 1 row, got 0"),
        (vec![0, 1], vec![0], &two, "y_pred: expected 2 rows as in y_true, got 1"),
        (vec![0, 2], vec![0, 0], &two, "y_true: row 1: expected a class id below 2, got 2"),
        (
            vec![0, 0],
            vec![usize::MAX, 0],
            &two,
            "y_pred: row 0: expected a class id below 2, got 18446744073709551615",
        ),
        (vec![0], vec![0], &vec![], "y_true: row 0: expected a class id below 0, got 0"),
        (vec![0], vec![0], &twice, "labels: expected every label once, got \"a\" twice"),
    ] {
        let error = Evaluation::from_predictions(&y_true, &y_pred, labels).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
}

proptest! {
    #[test]
    fn metrics_lie_between_0_and_1(
        rows in prop::collection::vec((0usize..6, 0usize..6), 1..200),
        n_labels in 6usize..9,
    ) {
        let (y_true, y_pred): (Vec<usize>, Vec<usize>) = rows.into_iter().unzip();
        let evaluation = Evaluation::from_predictions(&y_true, &y_pred, &labels(n_labels)).unwrap();
        let averages = [evaluation.macro_average, evaluation.weighted_average];
        for scores in evaluation.per_class.iter().map(|(_, scores)| scores).chain(&averages) {
            for value in [scores.precision, scores.recall, scores.f1] {
                prop_assert!((0.0..=1.0).contains(&value), "{value}");
            }
        }
        let [low, high] = evaluation.accuracy_ci95;
        prop_assert!(0.0 <= low && low <= evaluation.accuracy && evaluation.accuracy <= high && high <= 1.0);
        // Accuracy is the recall with every row weighted equally.
        prop_assert!((evaluation.weighted_average.recall - evaluation.accuracy).abs() < 1e-12);
        prop_assert_eq!(evaluation.confusion_matrix.iter().flatten().sum::<usize>(), y_true.len());
    }

    #[test]
    fn nothing_panics(
        y_true in prop::collection::vec(0usize..4, 0..6),
        y_pred in prop::collection::vec(0usize..4, 0..6),
        n_labels in 0usize..5,
    ) {
        let _ = Evaluation::from_predictions(&y_true, &y_pred, &labels(n_labels));
        let _ = MostFrequent::fit(&y_true, n_labels);
    }

    #[test]
    fn wilsons_interval_holds_the_proportion(k in 0usize..5000, more in 0usize..5000) {
        if let Ok([low, high]) = wilson_ci95(k, k + more) {
            let p = k as f64 / (k + more) as f64;
            prop_assert!(0.0 <= low && low <= p && p <= high && high <= 1.0);
        }
    }

    #[test]
    fn the_baseline_is_right_as_often_as_its_class_occurs(class_ids in prop::collection::vec(0usize..5, 1..100)) {
        let baseline = MostFrequent::fit(&class_ids, 5).unwrap();
        let predictions = baseline.predict(class_ids.len());
        let evaluation = Evaluation::from_predictions(&class_ids, &predictions, &labels(5)).unwrap();
        prop_assert_eq!(evaluation.accuracy, baseline.prior()[baseline.class_id()]);
        prop_assert!(baseline.prior().iter().all(|&share| share <= evaluation.accuracy));
    }
}
