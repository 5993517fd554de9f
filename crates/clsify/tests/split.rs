//! The rows of `clsify::split` are equal to scikit-learn's (`fixtures/sklearn`).

use std::collections::BTreeSet;

use clsify::error::ErrorKind;
use clsify::split::{SplitOptions, StratifiedKFold, TestSize, train_test_split};
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
struct Fixture<T> {
    cases: Vec<T>,
}

fn cases<T: DeserializeOwned>(name: &str) -> Vec<T> {
    let path = format!("{}/../../fixtures/sklearn/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the fixture is in the repository");
    serde_json::from_str::<Fixture<T>>(&text).expect("the fixture has the form that its README states").cases
}

fn class_ids(digits: &str) -> Vec<usize> {
    digits.bytes().map(|digit| usize::from(digit - b'0')).collect()
}

#[derive(Deserialize)]
struct SplitCase {
    n: usize,
    seed: u32,
    /// The argument of scikit-learn; it may be 0 or less, or 1 or more.
    fraction: Option<f64>,
    count: Option<usize>,
    stratify: bool,
    class_ids: Option<String>,
    train: Option<Vec<usize>>,
    test: Option<Vec<usize>>,
    error: Option<String>,
}

#[test]
fn train_test_split_gives_scikit_learns_rows_in_its_order() {
    let cases: Vec<SplitCase> = cases("splits.json");
    let (mut n_plain, mut n_stratified, mut n_errors) = (0, 0, 0);
    for case in &cases {
        let class_ids = case.class_ids.as_deref().map_or_else(|| vec![0; case.n], class_ids);
        let test_size = match (case.fraction, case.count) {
            (Some(fraction), _) => TestSize::Fraction(fraction),
            (None, count) => TestSize::Count(count.expect("a case has a fraction or a count")),
        };
        let options = SplitOptions { seed: case.seed, test_size, stratify: case.stratify };
        let place = format!("{} rows, {options:?}", case.n);
        match (train_test_split(&class_ids, &options), &case.error) {
            (Ok(split), None) => {
                assert_eq!(Some(split.train), case.train, "{place}");
                assert_eq!(Some(split.test), case.test, "{place}");
                if case.stratify { n_stratified += 1 } else { n_plain += 1 }
            }
            (Err(error), Some(_)) => {
                assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{place}");
                n_errors += 1;
            }
            (ours, theirs) => panic!("{place}: ours {ours:?}, scikit-learn's error {theirs:?}"),
        }
    }
    assert!(n_plain > 100 && n_stratified > 100 && n_errors > 50, "{n_plain}, {n_stratified}, {n_errors}");
}

#[test]
fn train_test_split_says_what_is_wrong() {
    let options = |test_size, stratify| SplitOptions { seed: 0, test_size, stratify };
    for (class_ids, options, expected) in [
        (
            vec![],
            options(TestSize::Fraction(0.25), false),
            "train_test_split: expected at least 2 rows, got 0",
        ),
        (vec![0], options(TestSize::Count(1), false), "train_test_split: expected at least 2 rows, got 1"),
        (vec![0; 4], options(TestSize::Count(0), false), "test size: expected 1 to 3 of 4 rows, got 0"),
        (vec![0; 4], options(TestSize::Count(4), false), "test size: expected 1 to 3 of 4 rows, got 4"),
        (
            vec![0; 4],
            options(TestSize::Fraction(1.0), false),
            "test size: expected a fraction between 0 and 1 (both excluded), got 1",
        ),
        (
            vec![0; 4],
            options(TestSize::Fraction(f64::NAN), false),
            "test size: expected a fraction between 0 and 1 (both excluded), got NaN",
        ),
        (
            vec![0; 2],
            options(TestSize::Fraction(0.9), false),
            "test size: expected at least 1 of 2 rows left for training, got 0",
        ),
        (
            vec![3, 7, 3, 3],
            options(TestSize::Count(2), true),
            "stratified split: class id 7: expected at least 2 rows, got 1",
        ),
        (
            vec![0, 0, 1, 1, 2, 2],
            options(TestSize::Count(2), true),
            "stratified split: expected at least 3 test rows, one for each class, got 2",
        ),
        (
            vec![0, 0, 1, 1, 2, 2],
            options(TestSize::Count(4), true),
            "stratified split: expected at least 3 training rows, one for each class, got 2",
        ),
    ] {
        let error = train_test_split(&class_ids, &options).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
}

#[derive(Deserialize)]
struct FoldCase {
    class_ids: String,
    n_splits: usize,
    seed: Option<u32>,
    test: Option<Vec<Vec<usize>>>,
    warned: Option<bool>,
    error: Option<String>,
}

#[test]
fn stratified_k_fold_gives_scikit_learns_rows() {
    let cases: Vec<FoldCase> = cases("stratified_k_fold.json");
    let (mut n_right, mut n_errors) = (0, 0);
    for case in &cases {
        let class_ids = class_ids(&case.class_ids);
        let folds = StratifiedKFold { n_splits: case.n_splits, shuffle: case.seed };
        let place = format!("{}, {folds:?}", case.class_ids);
        match (folds.split(&class_ids), &case.error) {
            (Ok(splits), None) => {
                for split in &splits {
                    let test: BTreeSet<usize> = split.test.iter().copied().collect();
                    let rest: Vec<usize> = (0..class_ids.len()).filter(|row| !test.contains(row)).collect();
                    assert_eq!(split.train, rest, "{place}");
                }
                let test: Vec<Vec<usize>> = splits.into_iter().map(|split| split.test).collect();
                assert_eq!(Some(test), case.test, "{place}");
                assert_eq!(Some(folds.too_few_members(&class_ids).is_some()), case.warned, "{place}");
                n_right += 1;
            }
            (Err(error), Some(_)) => {
                assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{place}");
                n_errors += 1;
            }
            (ours, theirs) => panic!("{place}: ours {ours:?}, scikit-learn's error {theirs:?}"),
        }
    }
    assert!(n_right > 100 && n_errors > 20, "{n_right}, {n_errors}");
}

#[test]
fn stratified_k_fold_says_what_is_wrong() {
    for (class_ids, n_splits, expected) in [
        (vec![0, 0], 1, "stratified k-fold: expected at least 2 folds, got 1"),
        (vec![], 2, "stratified k-fold: expected at least 2 rows for 2 folds, got 0"),
        (vec![0, 0, 1], 5, "stratified k-fold: expected at least 5 rows for 5 folds, got 3"),
        (
            vec![0, 1, 0, 1, 0],
            4,
            "stratified k-fold: expected a class with at least 4 rows for 4 folds, got at most 3",
        ),
        (
            vec![0; 9],
            usize::MAX,
            "stratified k-fold: expected at least 18446744073709551615 rows for 18446744073709551615 folds, got 9",
        ),
    ] {
        let error = StratifiedKFold { n_splits, shuffle: None }.split(&class_ids).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
}

fn counts(class_ids: &[usize], rows: &[usize]) -> Vec<usize> {
    let mut counts = vec![0; class_ids.iter().max().map_or(0, |max| max + 1)];
    rows.iter().for_each(|&row| counts[class_ids[row]] += 1);
    counts
}

proptest! {
    #[test]
    fn a_split_is_a_partition(
        class_ids in prop::collection::vec(0usize..6, 0..200),
        seed: u32,
        stratify: bool,
        test_size in prop_oneof![
            (-0.5f64..1.5).prop_map(TestSize::Fraction),
            any::<f64>().prop_map(TestSize::Fraction),
            (0usize..210).prop_map(TestSize::Count),
            any::<usize>().prop_map(TestSize::Count),
        ],
    ) {
        let Ok(split) = train_test_split(&class_ids, &SplitOptions { seed, test_size, stratify }) else {
            return Ok(());
        };
        let mut rows = [split.train.as_slice(), split.test.as_slice()].concat();
        rows.sort_unstable();
        prop_assert_eq!(rows, (0..class_ids.len()).collect::<Vec<_>>());
        let n_test = match test_size {
            TestSize::Count(count) => count,
            TestSize::Fraction(fraction) => (fraction * class_ids.len() as f64).ceil() as usize,
        };
        prop_assert_eq!(split.test.len(), n_test);
        if stratify {
            // A share is rounded up or down; 1e-9 is far more than its float64 error.
            let share = n_test as f64 / class_ids.len() as f64;
            let all: Vec<usize> = (0..class_ids.len()).collect();
            for (test, all) in counts(&class_ids, &split.test).into_iter().zip(counts(&class_ids, &all)) {
                prop_assert!((test as f64 - all as f64 * share).abs() < 1.0 + 1e-9);
            }
        }
    }

    #[test]
    fn folds_are_a_partition_and_alike(
        class_ids in prop::collection::vec(0usize..5, 0..150),
        n_splits in 0usize..12,
        shuffle: Option<u32>,
    ) {
        let Ok(folds) = (StratifiedKFold { n_splits, shuffle }).split(&class_ids) else {
            return Ok(());
        };
        prop_assert_eq!(folds.len(), n_splits);
        let mut tested: Vec<usize> = folds.iter().flat_map(|fold| fold.test.iter().copied()).collect();
        tested.sort_unstable();
        prop_assert_eq!(tested, (0..class_ids.len()).collect::<Vec<_>>());
        for fold in &folds {
            prop_assert!(!fold.test.is_empty() && !fold.train.is_empty());
            prop_assert!(fold.test.is_sorted() && fold.train.is_sorted());
            prop_assert_eq!(fold.test.len() + fold.train.len(), class_ids.len());
            prop_assert!(fold.test.iter().all(|row| fold.train.binary_search(row).is_err()));
        }
        let per_fold: Vec<Vec<usize>> = folds.iter().map(|fold| counts(&class_ids, &fold.test)).collect();
        for class_id in 0..per_fold[0].len() {
            let of_class = per_fold.iter().map(|counts| counts[class_id]);
            prop_assert!(of_class.clone().max().unwrap() - of_class.min().unwrap() <= 1);
        }
    }

    /// The folds depend on which rows have the same class, not on the names of classes.
    #[test]
    fn renaming_the_classes_changes_no_fold(
        class_ids in prop::collection::vec(0usize..4, 8..60),
        names in Just([0usize, 1, 2, 3]).prop_shuffle(),
        shuffle: Option<u32>,
    ) {
        let renamed: Vec<usize> = class_ids.iter().map(|&class_id| names[class_id]).collect();
        let folds = StratifiedKFold { n_splits: 3, shuffle };
        prop_assert_eq!(folds.split(&class_ids).ok(), folds.split(&renamed).ok());
    }
}
