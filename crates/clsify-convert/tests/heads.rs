//! Heads that scikit-learn has saved, in all formats and of several versions.
//!
//! Oracle: `predict_proba` of the version of scikit-learn that saved them (`fixtures/heads/*.json`). `CLSIFY_HEADS` names
//! another folder of the same form.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use clsify::classifier::LinearClassifier;
use clsify::matrix::Matrix;
use clsify_convert::{Head, read_sklearn, sklearn_head};
use serde_json::Value;

fn folder() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/heads");
    std::env::var_os("CLSIFY_HEADS").map_or(own, PathBuf::from)
}

/// The golden files of all versions; never empty.
fn versions() -> Vec<Value> {
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let all: Vec<Value> =
        files.map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect();
    assert!(!all.is_empty());
    all
}

fn numbers(json: &Value) -> Vec<Vec<f64>> {
    serde_json::from_value(json.clone()).unwrap()
}

fn texts(json: &Value) -> Vec<String> {
    serde_json::from_value(json.clone()).unwrap()
}

/// The rows, divided by their length if the head takes them so.
fn features(rows: &[Vec<f64>], normalize: bool) -> Matrix {
    let row = |row: &Vec<f64>| {
        let norm = if normalize { row.iter().map(|x| x * x).sum::<f64>().sqrt() } else { 1.0 };
        row.iter().map(|x| (x / norm) as f32).collect::<Vec<f32>>()
    };
    Matrix::from_vec(rows.iter().flat_map(row).collect(), rows.len(), rows[0].len()).unwrap()
}

/// Tolerance: that of the issue, 1e-6. Heads with f32 weights are computed in f32 by scikit-learn, the others differ by less than
/// 1e-12, except where features are rounded to f32 after a division.
#[test]
fn probabilities_are_those_of_scikit_learn() {
    let (mut n_files, mut n_formats) = (0, std::collections::BTreeSet::new());
    for version in versions() {
        let rows = numbers(&version["features"]);
        for case in version["cases"].as_array().unwrap() {
            let expected = numbers(&case["probabilities"]);
            let labels = texts(&case["labels"]);
            for file in texts(&case["files"]) {
                let head = read_sklearn(folder().join(&file)).unwrap_or_else(|e| panic!("{file}: {e:?}"));
                assert_eq!(head.labels(), labels, "{file}");
                assert_eq!(head.has_label_sets(), case["form"] == "sets", "{file}");
                assert_eq!(head.normalize(), case["normalize"] == true, "{file}");
                assert_eq!(head.n_features(), rows[0].len(), "{file}");
                let library =
                    format!("scikit-learn {}", version["versions"]["scikit-learn"].as_str().unwrap());
                assert_eq!((&head.origin().library, &head.origin().file), (&library, &file));
                let imported = head.clone().imported(None, ";".parse().unwrap()).unwrap();
                let columns: Vec<usize> = (imported.classes.iter())
                    .map(|class| labels.iter().position(|label| label == class).unwrap())
                    .collect();
                let found = imported.classifier.predict_proba(&features(&rows, imported.normalize));
                let close = if file.contains("f32") || imported.normalize { 1e-6 } else { 1e-12 };
                for (row, (found, expected)) in found.chunks_exact(labels.len()).zip(&expected).enumerate() {
                    for (p, &column) in found.iter().zip(&columns) {
                        let expected = expected[column];
                        assert!((p - expected).abs() < close, "{file}: row {row}: {p}, expected {expected}");
                    }
                }
                n_files += 1;
                n_formats.insert(file.split_once('.').unwrap().1.to_string());
            }
        }
    }
    assert!(n_files >= 25, "{n_files}");
    assert!(n_formats.len() >= 13 || std::env::var_os("CLSIFY_HEADS").is_some(), "{n_formats:?}");
}

#[test]
fn other_estimators_are_refused_by_their_name() {
    for version in versions() {
        for case in version["refused"].as_array().unwrap() {
            let file = case["file"].as_str().unwrap();
            let error = read_sklearn(folder().join(file)).unwrap_err();
            let message = error.to_string();
            assert!(message.contains(case["error"].as_str().unwrap()), "{file}: {message}");
            assert!(message.starts_with(&folder().join(file).display().to_string()), "{message}");
            assert!(!message.contains('\n'));
        }
    }
}

fn lr3() -> Head {
    read_sklearn(folder().join("sk19-lr3.joblib")).unwrap()
}

#[test]
fn labels_can_be_named() {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let separator = || ";".parse().unwrap();
    let head = lr3();
    assert_eq!(head.labels(), ["art", "news \u{e9}", "sport"]);
    // Other names have another order.
    let (before, after) = (
        head.clone().imported(None, separator()).unwrap(),
        head.clone().imported(Some(&names(&["c", "b", "a"])), separator()).unwrap(),
    );
    assert_eq!(after.classes, ["a", "b", "c"]);
    let rows = |classifier: &LinearClassifier| classifier.intercept().to_vec();
    let reversed: Vec<f64> = rows(&before.classifier).into_iter().rev().collect();
    assert_eq!(rows(&after.classifier), reversed);
    for (given, expected) in [
        (&["a", "b"][..], "expected 3 names of labels, got 2"),
        (&["a", "b", "a"], "expected different labels, got \"a\" twice"),
        (&["a", "b", " "], "without white space"),
    ] {
        let error = head.clone().imported(Some(&names(given)), separator()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let sets = read_sklearn(folder().join("sk19-multi_output.joblib")).unwrap();
    let error = sets.imported(Some(&names(&["a;b", "c", "d"])), separator()).unwrap_err();
    assert!(error.to_string().contains("without the separator"), "{error}");
}

/// Every beginning of a file is an error, and says so.
#[test]
fn truncated_files_are_errors() {
    for file in ["sk19-lr3_object.joblib", "sk19-lr3_object.0.pickle", "sk19-lr3_object.5.pickle"] {
        let bytes = fs::read(folder().join(file)).unwrap();
        sklearn_head(&bytes).unwrap();
        for n in 0..bytes.len() {
            assert!(sklearn_head(&bytes[..n]).is_err(), "{file}: {n} of {} bytes", bytes.len());
        }
    }
    for end in ["joblib.zlib", "joblib.gzip", "joblib.bz2", "joblib.lzma", "joblib.xz", "skops"] {
        let bytes = fs::read(folder().join(format!("sk19-lr3_object.{end}"))).unwrap();
        for n in (0..bytes.len() - 16).step_by(7) {
            assert!(sklearn_head(&bytes[..n]).is_err(), "{end}: {n} of {} bytes", bytes.len());
        }
    }
}
