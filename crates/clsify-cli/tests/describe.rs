//! `train --describe`: descriptions of labels, with few rows and without any.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use std::fs;

use common::{Sandbox, encoder};
use serde_json::Value;

const DESCRIPTIONS: &str =
    "a good film\tpraise\nwell worth seeing\tpraise\na bad film\tblame\nnot worth seeing\tblame\n";
const ROWS: &str = "a treat from start to end\tpraise\nthe best of the year\tpraise\na moving story\tpraise\n\
    funny and clever\tpraise\nI liked every minute\tpraise\na charming work\tpraise\n\
    a chore from start to end\tblame\nthe worst of the year\tblame\na boring story\tblame\n\
    stale and stupid\tblame\nI disliked every minute\tblame\na clumsy work\tblame\n";

fn sandbox(descriptions: &str) -> Sandbox {
    let sandbox = Sandbox::with_reviews();
    fs::write(sandbox.path("labels.tsv"), descriptions).unwrap();
    fs::write(sandbox.path("rows.tsv"), ROWS).unwrap();
    sandbox
}

fn train(sandbox: &Sandbox, more: &[&str]) -> common::Outcome {
    let mpnet = encoder("mpnet");
    let train = [
        "train",
        "--encoder",
        &mpnet,
        "--describe",
        "labels.tsv",
        "--output",
        "model",
        "--json",
        "report.json",
    ];
    sandbox.run(&[&train[..], more].concat())
}

fn report(sandbox: &Sandbox) -> Value {
    serde_json::from_str(&fs::read_to_string(sandbox.path("report.json")).unwrap()).unwrap()
}

/// Without rows the model knows the descriptions: it answers each with its label, and other commands use it.
#[test]
fn descriptions_alone_make_a_model() {
    let sandbox = sandbox(DESCRIPTIONS);
    let outcome = train(&sandbox, &[]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let report = report(&sandbox);
    assert_eq!(report["descriptions"]["n_texts"], 4);
    assert_eq!(report["descriptions"]["weight"], Value::Null);
    let predicted = sandbox.run(&["predict", "model", "a good film"]);
    assert_eq!(
        (predicted.code, predicted.stdout.contains("praise")),
        (Some(0), true),
        "{}",
        predicted.stdout
    );
    for command in [&["evaluate", "model", "--data", "rows.tsv"][..], &["explain", "model", "a bad film"]] {
        let outcome = sandbox.run(command);
        assert_eq!(outcome.code, Some(0), "{command:?}: {}", outcome.stderr);
    }
}

#[test]
fn options_about_rows_need_rows() {
    let sandbox = sandbox(DESCRIPTIONS);
    for option in [
        &["--weight-column", "w"][..],
        &["--group-column", "g"],
        &["--group-duplicates"],
        &["--limit", "1"],
        &["--max-classes", "1"],
        &["--skip-bad-rows"],
        &["--text-column", "1"],
        &["--test-size", "0.5"],
        &["--stratify"],
    ] {
        let outcome = train(&sandbox, option);
        assert_eq!(outcome.code, Some(2), "{option:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("--data"), "{}", outcome.stderr);
        assert!(!sandbox.path("model").exists());
    }
    let outcome = train(&sandbox, &["--test-data", "rows.tsv", "--skip-bad-rows"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
}

/// With rows the report has the weight, which is one of those that are tried.
#[test]
fn a_weight_is_chosen_with_rows() {
    let sandbox = sandbox(DESCRIPTIONS);
    for more in [&["--test-data", "rows.tsv"][..], &["--test-data", "rows.tsv", "--pooling", "mean"]] {
        let outcome = train(&sandbox, &[&["--data", "rows.tsv"], more].concat());
        assert_eq!(outcome.code, Some(0), "{more:?}: {}", outcome.stderr);
        let weight = report(&sandbox)["descriptions"]["weight"].as_f64().unwrap();
        assert!([0.0, 0.25, 0.5, 1.0, 2.0].contains(&weight), "{weight}");
        assert_eq!(sandbox.run(&["predict", "model", "a good film"]).code, Some(0));
    }
}

/// Every fault names its place, what is expected, and what was found.
#[test]
fn faulty_descriptions_are_refused() {
    for (descriptions, more, expected) in [
        ("a good film\tpraise\n", &["--data", "rows.tsv"][..], "expected at least 2 classes"),
        (
            "a good film\tpraise\nbad\tblame\nfine\tother\n",
            &["--data", "rows.tsv"],
            "descriptions: line 3: expected a label of the data, got \"other\"",
        ),
        (
            "good\tpraise\nfilm\tother\n",
            &["--data", "rows.tsv"],
            "expected a description of every label, got none of blame",
        ),
        (
            "a film\tpraise\na film\tblame\n",
            &["--data", "rows.tsv"],
            "descriptions: line 2: expected a text of one label",
        ),
        ("a film\tpraise\na film\tblame\n", &[], "descriptions: line 2: expected a text of one label"),
        (DESCRIPTIONS, &["--calibration", "temperature"], "expected labelled rows"),
        (DESCRIPTIONS, &["--data", "rows.tsv", "--multi-label", ";"], "cannot be used with"),
    ] {
        let sandbox = sandbox(descriptions);
        let outcome = train(&sandbox, more);
        assert_ne!(outcome.code, Some(0), "{expected}");
        assert!(outcome.stderr.contains(expected), "{expected}: {}", outcome.stderr);
        assert!(!sandbox.path("model").exists(), "{expected}");
    }
}

/// Descriptions with the labels exchanged disagree with the rows, and a note says so.
#[test]
fn disagreement_is_noted() {
    // The rows themselves, with exchanged labels, are the clearest disagreement.
    let exchanged = ROWS.replace("\tpraise", "\tX").replace("\tblame", "\tpraise").replace("\tX", "\tblame");
    let sandbox = sandbox(&exchanged);
    let outcome = train(&sandbox, &["--data", "rows.tsv", "--test-data", "rows.tsv"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("the descriptions disagree with the rows"), "{}", outcome.stderr);
    assert_eq!(report(&sandbox)["descriptions"]["weight"], 0.0);
}
