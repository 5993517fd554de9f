//! `doctor` on a file whose faults are known.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Sandbox, encoder, json_lines, keys, reviews};
use serde_json::{Value, json};

/// `reviews()` with line 3 labelled wrong, and at its end a repeat of line 1 (case and spaces differ) and of line 2 with
/// the other label.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let wrong = reviews().replace("film number 1 is wonderful\tgood", "film number 1 is wonderful\tbad");
    let more = "The  FILM number 0 is wonderful\tgood\nfilm 0 was a quiet bore\tgood\n";
    sandbox.write("reviews.tsv", wrong + more);
    sandbox.write("test.tsv", "film 7 was a QUIET bore\tbad\nnobody knows\tgood\n");
    sandbox
}

fn report(sandbox: &Sandbox, more: &[&str]) -> Value {
    let bert = encoder("bert");
    let args = [&["doctor", "-q", "reviews.tsv", "--encoder", &bert, "--json"], more].concat();
    serde_json::from_str(&sandbox.succeed(&args)).unwrap()
}

/// Oracle: the faults that were put into the file.
#[test]
fn the_faults_of_a_file_are_found() {
    let sandbox = sandbox();
    let report = report(&sandbox, &["--test-data", "test.tsv", "--output", "issues.jsonl", "--c", "0.1"]);
    for key in [
        "duplicates",
        "near_duplicates",
        "conflicts",
        "leakage",
        "truncated",
        "class_balance",
        "label_issues",
    ] {
        assert!(report.get(key).is_some(), "{key} is missing");
    }
    assert_eq!(
        report["duplicates"],
        json!([{"text": "the film number 0 is wonderful", "lines": [1, 25]},
               {"text": "film 0 was a quiet bore", "lines": [2, 26]}])
    );
    assert_eq!(
        report["conflicts"],
        json!([{"text": "film 0 was a quiet bore",
                "labels": [{"label": "bad", "lines": [2]}, {"label": "good", "lines": [26]}]}])
    );
    let leak = &report["leakage"][0];
    assert_eq!(leak["exact"], true);
    assert_eq!((&leak["test_line"], &leak["line"]), (&json!(1), &json!(16)));
    assert_eq!(report["class_balance"][0], json!({"label": "bad", "n": 13, "share": 0.5}));
    assert_eq!(report["truncated"]["n"], 0);
    let issues = report["label_issues"].as_array().unwrap();
    assert_eq!(keys(&issues[0]), ["label", "line", "score", "suggested", "text"]);
    let mut lines: Vec<u64> = issues.iter().take(2).map(|issue| issue["line"].as_u64().unwrap()).collect();
    lines.sort_unstable();
    assert_eq!(lines, [3, 26], "{issues:?}");
    assert!(issues.iter().all(|issue| issue["label"] != issue["suggested"]));
    let written = std::fs::read_to_string(sandbox.path("issues.jsonl")).unwrap();
    assert_eq!(&json_lines(&written), issues);
}

#[test]
fn the_whole_ranking_is_there_for_the_asking() {
    let sandbox = sandbox();
    let all = report(&sandbox, &["--all"]);
    let scores: Vec<f64> =
        all["label_issues"].as_array().unwrap().iter().map(|i| i["score"].as_f64().unwrap()).collect();
    assert!(scores.len() == 26 && scores.is_sorted());
}

#[test]
fn limits_are_said_and_tables_are_short() {
    let sandbox = sandbox();
    let bert = encoder("bert");
    let short = report(&sandbox, &["--max-length", "4"]);
    assert_eq!((&short["truncated"]["n"], &short["truncated"]["max_length"]), (&json!(26), &json!(4)));
    let few = report(&sandbox, &["--limit", "3"]);
    assert!(few["notes"][0].as_str().unwrap().starts_with("labels were not checked: "), "{few}");
    let text = sandbox.succeed(&["doctor", "-q", "reviews.tsv", "--encoder", &bert]);
    for line in ["repeated: 2", "with more than one label: 1", "in the test file too: 0"] {
        assert!(text.lines().any(|l| l == line), "{line}: {text}");
    }
}

#[test]
fn a_bad_file_is_an_error_with_its_line() {
    let sandbox = sandbox();
    sandbox.write("bad.csv", "text,label\nfine,1\n\"never closed,0\n");
    sandbox.write("empty.tsv", "fine\t1\n\t0\n");
    let bert = encoder("bert");
    for (file, place) in [("bad.csv", "bad.csv: line 3: "), ("empty.tsv", "empty.tsv: line 2: ")] {
        let error = sandbox.fail(&["doctor", file, "--encoder", &bert, "--output", "issues.jsonl"]);
        assert!(error.starts_with(place), "{error}");
    }
}
