//! Label sets: how cells and arrays are split, and what is refused.
//!
//! Oracle: the rules in the documentation of `Dataset`, applied by hand.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use clsify::dataset::{Dataset, DatasetOptions, LabelCounts, LabelSeparator};
use clsify::error::{ErrorKind, Result};

fn separator() -> LabelSeparator {
    ";".parse().unwrap()
}

fn options(separator: LabelSeparator) -> DatasetOptions {
    DatasetOptions { multi_label: Some(separator), ..DatasetOptions::default() }
}

fn read(name: &str, text: &str) -> Result<Dataset> {
    Dataset::read(text.as_bytes(), name, &options(separator()))
}

fn message(name: &str, text: &str) -> String {
    let error = read(name, text).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Dataset);
    error.to_string()
}

#[test]
fn a_cell_is_a_set() {
    let tsv = "one\tb; a ;b\ntwo\t\nthree\t ; \nfour\ta;\nfive\tc d\n";
    let dataset = read("data.tsv", tsv).unwrap();
    let expected: [&[&str]; 5] = [&["a", "b"], &[], &[], &["a"], &["c d"]];
    assert_eq!(dataset.label_sets(), expected);
    assert_eq!(dataset.sentences(), ["one", "two", "three", "four", "five"]);
    assert_eq!(dataset.lines(), [1, 2, 3, 4, 5]);
    assert_eq!(dataset.classes(), ["a", "b", "c d"]);
}

#[test]
fn csv_and_jsonl_give_the_same_sets() {
    let csv = read("data.csv", "text,label\n\"one, two\",b;a\nthree,\nfour,1.10\n").unwrap();
    let jsonl = "{\"text\": \"one, two\", \"label\": [\"b\", \" a\", \"b\"]}\n\
                 {\"text\": \"three\", \"label\": []}\n{\"text\": \"four\", \"label\": 1.10}\n";
    let jsonl = read("data.jsonl", jsonl).unwrap();
    assert_eq!(csv.sentences(), jsonl.sentences());
    assert_eq!(csv.label_sets(), jsonl.label_sets());
    assert_eq!(jsonl.classes(), ["1.10", "a", "b"]);
    let strings =
        read("data.jsonl", "{\"text\": \"x\", \"label\": \"b;a\"}\n{\"text\": \"y\", \"label\": \"\"}")
            .unwrap();
    assert_eq!(strings.label_sets(), [vec!["a", "b"], vec![]]);
}

#[test]
fn separators_of_several_characters() {
    let read = |separator: &str| {
        let separator = separator.parse().unwrap();
        let tsv = "x\ta, b\ny\tb c\n";
        Dataset::read(tsv.as_bytes(), "d.tsv", &options(separator)).unwrap()
    };
    assert_eq!(read(",").classes(), ["a", "b", "b c"]);
    assert_eq!(read(" ").classes(), ["a,", "b", "c"]);
    assert_eq!(read(" and ").classes(), ["a, b", "b c"]);
    for bad in ["", "\n", "a\nb"] {
        let error = bad.parse::<LabelSeparator>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{bad:?}");
    }
}

#[test]
fn what_is_wrong_says_where() {
    assert_eq!(
        message("data.tsv", "one\t\ntwo\t;\n"),
        "data.tsv: expected at least one label in 2 rows, got only empty cells"
    );
    assert_eq!(
        message("data.tsv", "one\ta\n \ta\n"),
        "data.tsv: line 2: expected a sentence, got only whitespace"
    );
    assert_eq!(message("data.tsv", "one\ta\ntwo\n"), "data.tsv: line 2: expected 2 columns, got 1");
    assert_eq!(message("data.tsv", ""), "data.tsv: expected sentences, got an empty file");
    let jsonl = |label: &str| message("d.jsonl", &format!("{{\"text\": \"x\", \"label\": {label}}}"));
    assert_eq!(
        jsonl("[\"a;b\"]"),
        "d.jsonl: line 1: array under \"label\": expected labels without the separator \";\", got \"a;b\""
    );
    assert_eq!(
        jsonl("[\"a\", null]"),
        "d.jsonl: line 1: expected a string, a number or a boolean under \"label\", got null"
    );
    assert_eq!(
        jsonl("{\"a\": 1}"),
        "d.jsonl: line 1: expected a string, a number or a boolean under \"label\", got an object"
    );
    let none: [(&str, &str); 0] = [];
    let error = Dataset::from_label_cells(none, &separator()).unwrap_err();
    assert_eq!(error.to_string(), "expected labelled sentences, got none");
}

/// Single labels are read as before: empty labels and arrays are errors.
#[test]
fn the_single_label_reader_is_as_it_was() {
    let read = |name: &str, text: &str| Dataset::read(text.as_bytes(), name, &DatasetOptions::default());
    assert_eq!(read("d.tsv", "x\ta;b\ny\tc\n").unwrap().classes(), ["a;b", "c"]);
    let error = read("d.tsv", "x\ta\ny\t\n").unwrap_err().to_string();
    assert_eq!(error, "d.tsv: line 2: expected a label, got an empty one");
    let error = read("d.jsonl", "{\"text\": \"x\", \"label\": [\"a\"]}").unwrap_err().to_string();
    assert!(error.ends_with("under \"label\", got an array"), "{error}");
}

#[test]
fn the_summary_counts_labels_and_sets() {
    let summary = read("d.tsv", "x\ta;b\nx\tb;a\ny\ta\nz\t\ny\tb\n").unwrap().summary();
    assert_eq!(summary.n_samples, 5);
    let counts = LabelCounts::LabelSets {
        label_counts: [("a".to_string(), 3), ("b".to_string(), 3)].into(),
        label_cardinality: 6.0 / 5.0,
        n_label_sets: 4,
        n_without_label: 1,
        n_with_several: 2,
    };
    assert_eq!(summary.labels, counts);
    assert_eq!((summary.n_duplicates, summary.n_conflicting), (2, 1));
}
