//! `doctor` with a weight column.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Sandbox, encoder, reviews};
use serde_json::{Value, json};

fn report(sandbox: &Sandbox, more: &[&str]) -> Value {
    let bert = encoder("bert");
    let args = ["doctor", "-q", "reviews.tsv", "--encoder", &bert, "--json", "--c", "0.1"];
    serde_json::from_str(&sandbox.succeed(&[&args, more].concat())).unwrap()
}

fn lines(report: &Value) -> Vec<u64> {
    let issues = report["label_issues"].as_array().unwrap();
    let mut lines: Vec<u64> = issues.iter().map(|issue| issue["line"].as_u64().unwrap()).collect();
    lines.sort_unstable();
    lines
}

const COLUMNS: [&str; 4] = ["--text-column", "0", "--label-column", "1"];
const WEIGHTED: [&str; 6] = ["--text-column", "0", "--label-column", "1", "--weight-column", "2"];

/// Oracle: every second sentence of a class has the wrong label and weight 0. If these were learned from, no label
/// would be suspect.
#[test]
fn rows_of_weight_0_are_judged_and_teach_nothing() {
    let sandbox = Sandbox::new();
    let of_row = |(i, row): (usize, &str)| match (i % 4 < 2, row.split_once('\t').unwrap()) {
        (true, (text, label)) => format!("{text}\t{label}\t3\n"),
        (false, (text, "good")) => format!("{text}\tbad\t0\n"),
        (false, (text, _)) => format!("{text}\tgood\t0\n"),
    };
    sandbox.write("reviews.tsv", reviews().lines().take(20).enumerate().map(of_row).collect::<String>());
    let weighted = report(&sandbox, &WEIGHTED);
    let plain = report(&sandbox, &COLUMNS);
    assert_eq!(lines(&weighted), (1..=20).filter(|line| (line - 1) % 4 >= 2).collect::<Vec<u64>>());
    assert_ne!(lines(&plain), lines(&weighted));
    // Weights do not affect near-duplicates.
    assert_eq!(weighted["near_duplicates"], plain["near_duplicates"]);
}

#[test]
fn bad_weights_are_findings_with_their_lines() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "reviews.tsv",
        reviews().lines().map(|row| format!("{row}\t1\n")).collect::<String>()
            + "a\tgood\t-1\nb\tbad\tnan\nc\tbad\t\n\tbad\t1\nd\t\t1\n",
    );
    let found = report(&sandbox, &WEIGHTED);
    assert_eq!(found["n_rows"], 24);
    let quoting: Vec<(&Value, &Value)> =
        found["quoting"].as_array().unwrap().iter().map(|d| (&d["line"], &d["kind"])).collect();
    let expected = [
        (25, "bad_weight"),
        (26, "bad_weight"),
        (27, "bad_weight"),
        (28, "empty_sentence"),
        (29, "empty_label"),
    ]
    .map(|(line, kind)| (json!(line), json!(kind)));
    assert_eq!(quoting, expected.iter().map(|(line, kind)| (line, kind)).collect::<Vec<_>>());
    assert_eq!(found["quoting"][0]["message"], "expected a weight, a number of at least 0, got \"-1\"");

    for (weight, reason) in [
        ("0", "expected at least one weight above 0, got only 0"),
        ("1e308", "expected weights with a finite sum, got one that is not"),
    ] {
        sandbox.write(
            "reviews.tsv",
            reviews().lines().map(|row| format!("{row}\t{weight}\n")).collect::<String>(),
        );
        let found = report(&sandbox, &WEIGHTED);
        assert_eq!(found["left_out"][0], json!({"check": "label_issues", "reason": reason}));
        assert_eq!((found["n_rows"].clone(), lines(&found)), (json!(24), vec![]));
    }
}
