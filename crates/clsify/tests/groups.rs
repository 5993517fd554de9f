//! Splits and folds by groups are equal to those of scikit-learn 1.9.1 (`fixtures/sklearn/groups.json`); and groups
//! are read from data files.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use clsify::classifier::{LogisticRegressionOptions, Samples};
use clsify::dataset::{Column, DamageKind, Dataset, DatasetOptions, Inspected, LabelSeparator};
use clsify::error::ErrorKind;
use clsify::evaluation::{cross_val_predict, out_of_fold_logits};
use clsify::matrix::Matrix;
use clsify::split::{GroupKFold, SplitOptions, TestSize, class_folds, group_shuffle_split};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    shuffles: Vec<Shuffle>,
    folds: Vec<Folds>,
}

#[derive(Deserialize)]
struct Shuffle {
    values: Vec<String>,
    seed: u32,
    fraction: Option<f64>,
    count: Option<usize>,
    train: Option<Vec<usize>>,
    test: Option<Vec<usize>>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Folds {
    values: Vec<String>,
    n_splits: usize,
    tests: Option<Vec<Vec<usize>>>,
    error: Option<String>,
}

fn fixture() -> Fixture {
    let path = format!("{}/../../fixtures/sklearn/groups.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the fixture is in the repository");
    serde_json::from_str(&text).expect("the fixture has the form that its script writes")
}

fn options() -> DatasetOptions {
    DatasetOptions { group_column: Some(Column::Name("group".to_string())), ..DatasetOptions::default() }
}

/// The group ids of a file with these values in its group column.
fn ids(values: &[String]) -> Vec<usize> {
    let rows = values.iter().enumerate().map(|(i, value)| format!("row {i},{},{value}\n", i % 2));
    let csv = format!("text,label,group\n{}", rows.collect::<String>());
    let dataset = Dataset::read(csv.as_bytes(), "x.csv", &options()).unwrap();
    dataset.groups().unwrap().to_vec()
}

#[test]
fn the_split_has_the_rows_of_group_shuffle_split() {
    let (mut n_rows, mut n_errors) = (0, 0);
    for case in fixture().shuffles {
        let test_size = match case.fraction {
            Some(fraction) => TestSize::Fraction(fraction),
            None => TestSize::Count(case.count.expect("a case has a fraction or a count")),
        };
        let options = SplitOptions { seed: case.seed, test_size, stratify: false };
        match (group_shuffle_split(&ids(&case.values), &options), case.error) {
            (Ok(split), None) => {
                assert_eq!((Some(split.train), Some(split.test)), (case.train, case.test), "{options:?}");
                n_rows += 1;
            }
            (Err(error), Some(_)) => {
                assert_eq!(error.kind(), ErrorKind::InvalidArgument);
                n_errors += 1;
            }
            (ours, theirs) => panic!("{options:?}: ours {ours:?}, scikit-learn's error {theirs:?}"),
        }
    }
    assert!(n_rows > 60 && n_errors >= 12, "{n_rows} {n_errors}");
}

#[test]
fn the_folds_are_those_of_group_k_fold() {
    let (mut n_folds, mut n_errors) = (0, 0);
    for case in fixture().folds {
        match (GroupKFold { n_splits: case.n_splits }.split(&ids(&case.values)), case.error) {
            (Ok(folds), None) => {
                let tests: Vec<Vec<usize>> = folds.into_iter().map(|fold| fold.test).collect();
                assert_eq!(Some(tests), case.tests, "{} folds of {:?}", case.n_splits, case.values);
                n_folds += 1;
            }
            (Err(error), Some(_)) => {
                assert_eq!(error.kind(), ErrorKind::InvalidArgument);
                n_errors += 1;
            }
            (ours, theirs) => panic!("ours {ours:?}, scikit-learn's error {theirs:?}"),
        }
    }
    assert!(n_folds > 50 && n_errors >= 15, "{n_folds} {n_errors}");
}

#[test]
fn too_few_groups_are_refused_with_their_number() {
    let text = |groups: &[usize], options| group_shuffle_split(groups, &options).unwrap_err().to_string();
    assert_eq!(
        text(&[0; 8], SplitOptions::default()),
        "groups: expected at least 2 groups for a split, got 1: all rows are of one group"
    );
    let size = SplitOptions { test_size: TestSize::Count(3), ..SplitOptions::default() };
    assert_eq!(text(&[0, 1, 2], size), "test size: expected 1 to 2 of 3 groups, got 3");
    let stratified = SplitOptions { stratify: true, ..SplitOptions::default() };
    assert!(text(&[0, 1, 2], stratified).contains("or one that keeps the shares of the labels, got both"));
    let folds = |n_splits| GroupKFold { n_splits }.split(&[0, 1, 2, 2]).unwrap_err().to_string();
    assert_eq!(folds(5), "groups: expected at least 5 groups for 5 folds, got 3");
    assert_eq!(folds(1), "groups: expected at least 2 folds, got 1");
}

#[test]
fn cross_validation_goes_by_groups_where_there_are_any() {
    let x = Matrix::from_vec((0..20u8).map(|i| f32::from(i * 7 % 20)).collect(), 20, 1).unwrap();
    let (y, groups): (Vec<usize>, Vec<usize>) = (0..20).map(|i| (usize::from(i % 3 == 0), i / 3)).unzip();
    let options = LogisticRegressionOptions::default();
    let samples = Samples::new(&x, &y, 2).grouped(Some(&groups));
    let found = out_of_fold_logits(&samples, &options, 3, &|_| Ok(())).unwrap();
    let predicted = cross_val_predict(&samples, &[1.0], &options, 3).unwrap();
    for fold in class_folds(&y, Some(&groups), 3).unwrap() {
        let rows = x.select_rows(&fold.train);
        let labels: Vec<usize> = fold.train.iter().map(|&row| y[row]).collect();
        let fit =
            clsify::classifier::LogisticRegression::fit(&Samples::new(&rows, &labels, 2), &options).unwrap();
        let expected = fit.decision_function(&x.select_rows(&fold.test));
        for (&row, z) in fold.test.iter().zip(expected) {
            // Tolerance: both stop at a gradient of 1e-4 (`tol`) or below.
            assert!((found[2 * row + 1] - found[2 * row] - z).abs() < 1e-3, "row {row}");
        }
        assert_eq!(
            fit.predict(&x.select_rows(&fold.test)),
            fold.test.iter().map(|&row| predicted[0][row]).collect::<Vec<_>>()
        );
    }
    assert!(Samples::new(&x, &y, 2).grouped(Some(&groups[1..])).check().is_err());
}

#[test]
fn every_format_has_a_group_column() {
    let separator: LabelSeparator = ";".parse().unwrap();
    for (name, text) in [
        ("x.csv", "text,label,group\nfine,good,b\nawful,bad,a\nso so,bad,b\n"),
        ("x.tsv", "text\tlabel\tgroup\nfine\tgood\tb\nawful\tbad\ta\nso so\tbad\t b \n"),
        (
            "x.jsonl",
            "{\"text\":\"fine\",\"label\":\"good\",\"group\":true}\n{\"text\":\"awful\",\"label\":\"bad\",\"group\":\"false\"}\n\
             {\"text\":\"so so\",\"label\":\"bad\",\"group\":\"true\"}\n",
        ),
        (
            "x.json",
            "[{\"text\":\"fine\",\"label\":\"good\",\"group\":2},{\"text\":\"awful\",\"label\":\"bad\",\"group\":1},\
             {\"text\":\"so so\",\"label\":\"bad\",\"group\":\"2\"}]",
        ),
    ] {
        let dataset = Dataset::read(text.as_bytes(), name, &options()).unwrap();
        assert_eq!(dataset.groups(), Some(&[1, 0, 1][..]), "{name}");
        assert_eq!(dataset.summary().n_groups, Some(2));
        let multi_label = Some(separator.clone());
        let options_of_sets = DatasetOptions { multi_label, ..options() };
        let sets = Dataset::read(text.as_bytes(), name, &options_of_sets).unwrap();
        assert_eq!((sets.groups(), sets.summary().n_groups), (Some(&[1, 0, 1][..]), Some(2)), "{name}");
        assert_eq!(
            Inspected::read(text.as_bytes(), name, &options()).unwrap().dataset.groups(),
            dataset.groups()
        );
        let none = Dataset::read(text.as_bytes(), name, &DatasetOptions::default()).unwrap();
        assert_eq!((none.groups(), none.summary().n_groups), (None, None));
    }
    // One-hot label columns, and no header.
    let one_hot = DatasetOptions {
        label_columns: vec![Column::Index(2), Column::Index(3)],
        group_column: Some(Column::Index(0)),
        multi_label: Some(separator),
        ..DatasetOptions::default()
    };
    let sets = Dataset::read("7,a,1,0\n8,b,0,1\n".as_bytes(), "x.csv", &one_hot).unwrap();
    assert_eq!(sets.groups(), Some(&[0, 1][..]));
    // The two remaining columns are the sentence and the label.
    let third = DatasetOptions { group_column: Some(Column::Index(0)), ..DatasetOptions::default() };
    let dataset = Dataset::read("7\tfine\tgood\n8\tawful\tbad\n".as_bytes(), "x.tsv", &third).unwrap();
    assert_eq!((dataset.sentences()[0].as_str(), dataset.groups()), ("fine", Some(&[0, 1][..])));
}

#[test]
fn a_missing_group_is_named_and_can_be_skipped() {
    for (name, text, expected) in [
        (
            "x.csv",
            "text,label,group\nfine,good,b\nawful,bad, \nso so,bad,b\n",
            "x.csv: line 3: expected a group, got an empty cell in the group column",
        ),
        (
            "x.jsonl",
            "{\"text\":\"fine\",\"label\":\"1\",\"group\":\"a\"}\n{\"text\":\"bad\",\"label\":\"0\"}\n{\"text\":\"so\",\"label\":\"0\",\"group\":\"a\"}\n",
            "x.jsonl: line 2: expected the key \"group\"",
        ),
        (
            "x.jsonl",
            "{\"text\":\"fine\",\"label\":\"1\",\"group\":\"a\"}\n{\"text\":\"bad\",\"label\":\"0\",\"group\":null}\n{\"text\":\"so\",\"label\":\"0\",\"group\":\"a\"}\n",
            "x.jsonl: line 2: expected a string, a number or a boolean under \"group\", got null",
        ),
    ] {
        let error = Dataset::read(text.as_bytes(), name, &options()).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
        let skipping = DatasetOptions { skip_bad_rows: true, ..options() };
        let dataset = Dataset::read(text.as_bytes(), name, &skipping).unwrap();
        assert_eq!((dataset.skipped().n, dataset.len(), dataset.groups()), (1, 2, Some(&[0, 0][..])));
        assert_eq!(Inspected::read(text.as_bytes(), name, &options()).unwrap().n_refused, 1);
    }
    let inspected =
        Inspected::read("text,label,group\na,b,\nc,d,e\n".as_bytes(), "x.csv", &options()).unwrap();
    assert_eq!(inspected.refused[0].kind, DamageKind::EmptyGroup);
    for (group, file, expected) in [
        ("label", "x.csv", "expected a column of its own for the group"),
        ("nobody", "x.csv", "expected a column \"nobody\""),
        ("group", "x.ft", "expected no column for lines of fastText"),
    ] {
        let options = DatasetOptions {
            group_column: Some(Column::Name(group.to_string())),
            label_column: Some(Column::Name("label".to_string())),
            ..options()
        };
        let error = Dataset::read("text,label,group\na,b,c\nd,e,f\n".as_bytes(), file, &options).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn equal_sentences_belong_together_on_request() {
    let tsv = "A  treat\tgood\na chore\tbad\na TREAT\tbad\nother\tbad\n";
    let options = DatasetOptions { group_duplicates: true, ..DatasetOptions::default() };
    let dataset = Dataset::read(tsv.as_bytes(), "x.tsv", &options).unwrap();
    assert_eq!(dataset.groups(), Some(&[0, 1, 0, 2][..]));
    let both = DatasetOptions { group_column: Some(Column::Index(2)), group_duplicates: true, ..options };
    let tsv = "A  treat\tgood\tx\na chore\tbad\ty\na TREAT\tbad\ty\nother\tbad\tz\n";
    let dataset = Dataset::read(tsv.as_bytes(), "x.tsv", &both).unwrap();
    assert_eq!(dataset.groups(), Some(&[0, 0, 0, 1][..]));
}

proptest! {
    /// No group is on both sides of a split, every row is on one side, and folds test each row once.
    #[test]
    fn groups_are_never_divided(groups in proptest::collection::vec(0usize..9, 2..60), seed: u32, n_splits in 2usize..6) {
        let options = SplitOptions { seed, ..SplitOptions::default() };
        let splits = group_shuffle_split(&groups, &options).into_iter();
        let folds = GroupKFold { n_splits }.split(&groups).unwrap_or_default();
        let mut n_tested = vec![0; groups.len()];
        folds.iter().for_each(|fold| fold.test.iter().for_each(|&row| n_tested[row] += 1));
        prop_assert!(folds.is_empty() || n_tested.iter().all(|n| *n == 1));
        for split in splits.chain(folds) {
            let of = |rows: &[usize]| rows.iter().map(|&row| groups[row]).collect::<std::collections::BTreeSet<_>>();
            prop_assert!(of(&split.train).is_disjoint(&of(&split.test)));
            prop_assert_eq!(split.train.len() + split.test.len(), groups.len());
        }
    }
}
