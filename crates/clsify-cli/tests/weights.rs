//! `--weight-column`: its place in a file, its effect, and errors.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Sandbox, encoder, reviews};
use serde_json::Value;

/// `reviews()` with a weight of 1 to 3 in a third column.
fn rows() -> Vec<(String, String, usize)> {
    let text = reviews();
    let rows = text.lines().map(|line| line.split_once('\t').unwrap()).enumerate();
    rows.map(|(i, (text, label))| (text.to_string(), label.to_string(), 1 + i % 3)).collect()
}

/// The model does not depend on the format of the file, and is that of repeated rows.
#[test]
fn a_weight_is_so_many_rows_in_every_format() {
    let sandbox = Sandbox::with_reviews();
    let write = |name: &str, head: &str, row: &dyn Fn(&(String, String, usize)) -> String| {
        sandbox.write(name, format!("{head}{}", rows().iter().map(row).collect::<String>()));
    };
    write("a.tsv", "", &|(text, label, n)| format!("{text}\t{label}\t{n}\n"));
    write("b.csv", "weight,label,text\n", &|(text, label, n)| format!("{n}.0,{label},{text}\n"));
    write("c.jsonl", "", &|(text, label, n)| {
        format!("{{\"text\":\"{text}\",\"label\":\"{label}\",\"n\":{n}}}\n")
    });
    write("d.jsonl", "", &|(text, label, n)| {
        format!("{{\"n\":\"{n}\",\"text\":\"{text}\",\"label\":\"{label}\"}}\n")
    });
    write("e.tsv", "", &|(text, label, n)| format!("{text}\t{label}\n").repeat(*n));
    let bert = encoder("bert");
    let report = |data: &str, more: &[&str]| -> Value {
        let args = [
            "train",
            "-q",
            "--encoder",
            &bert,
            "--data",
            data,
            "--test-data",
            "reviews.tsv",
            "--output",
            "m",
        ];
        serde_json::from_str(&sandbox.succeed(&[&args[..], &["--json", "-"], more].concat())).unwrap()
    };
    let expected = report("e.tsv", &[]);
    let norm = |report: &Value| report["classifier"]["coef_norm"].as_f64().unwrap();
    for (data, column) in
        [("a.tsv", "2"), ("b.csv", "weight"), ("b.csv", "0"), ("c.jsonl", "n"), ("d.jsonl", "n")]
    {
        let found = report(data, &["--weight-column", column]);
        // Two computations of the same optimum, with gradients of 1e-8.
        assert!((norm(&found) - norm(&expected)).abs() < 1e-5 * norm(&expected), "{data}");
        assert_eq!(found["test"], expected["test"], "{data}");
    }
    assert!((norm(&report("reviews.tsv", &[])) - norm(&expected)).abs() > 1e-4 * norm(&expected));
}

#[test]
fn scores_by_weight_are_shown() {
    let sandbox = Sandbox::with_model();
    let text: String = rows().iter().map(|(text, label, n)| format!("{text}\t{label}\t{n}\n")).collect();
    sandbox.write("weighted.tsv", text);
    let bert = encoder("bert");
    let data = ["--data", "weighted.tsv", "--weight-column", "2"];
    let train = [
        &[
            "train",
            "-q",
            "--encoder",
            &bert,
            "--output",
            "m",
            "--grid-search",
            "--calibration",
            "temperature",
        ],
        &data[..],
    ];
    assert!(sandbox.succeed(&train.concat()).contains("\nweighted     "));
    assert!(sandbox.succeed(&[&["evaluate", "-q", "model"], &data[..]].concat()).contains("\nweighted     "));
    sandbox.succeed(&[&["curve", "-q", "--encoder", &bert, "--stratify"], &data[..]].concat());
    let plain = sandbox.succeed(&["evaluate", "-q", "model", "--data", "reviews.tsv"]);
    assert!(!plain.contains("\nweighted "), "{plain}");
}

#[test]
fn what_is_wrong_is_said() {
    let sandbox = Sandbox::new();
    let bert = encoder("bert");
    for (rows, column, expected) in [
        ("a\tx\t1\nb\ty\t-1\n", "2", "d.tsv: line 2: expected a weight, a number of at least 0, got \"-1\""),
        (
            "a\tx\t1\nb\ty\tnan\n",
            "2",
            "d.tsv: line 2: expected a weight, a number of at least 0, got \"nan\"",
        ),
        (
            "a\tx\tinf\nb\ty\t1\n",
            "2",
            "d.tsv: line 1: expected a weight, a number of at least 0, got \"inf\"",
        ),
        ("a\tx\t\nb\ty\t1\n", "2", "d.tsv: line 1: expected a weight, a number of at least 0, got \"\""),
        ("a\tx\t0\nb\ty\t0\n", "2", "d.tsv: lines 1 to 2: expected at least one weight above 0, got only 0"),
        ("a\tx\t1e308\nb\ty\t1e308\n", "2", "d.tsv: lines 1 to 2: expected weights with a finite sum"),
        ("a\tx\t1\nb\ty\t1\n", "3", "d.tsv: line 1: expected a column 3, counted from 0, got 3 columns"),
        (
            "text\tlabel\tw\nb\ty\t1\n",
            "weight",
            "d.tsv: line 1: expected a column \"weight\", got the columns",
        ),
        (
            "text\tlabel\tw\nb\ty\t1\n",
            "label",
            "d.tsv: line 2: expected a weight, a number of at least 0, got \"y\"",
        ),
        ("a\tx\nb\ty\n", "1", "d.tsv: line 1: expected 3 columns, got 2"),
    ] {
        sandbox.write("d.tsv", rows);
        for command in [&["train", "--output", "m"][..], &["curve"]] {
            let args =
                [command, &["-q", "--encoder", &bert, "--data", "d.tsv", "--weight-column", column]].concat();
            let error = sandbox.fail(&args);
            assert!(error.starts_with(expected), "{rows:?}: {error}");
        }
    }
    sandbox.write(
        "d.jsonl",
        "{\"text\":\"a\",\"label\":\"x\",\"w\":1}\n{\"text\":\"b\",\"label\":\"y\",\"w\":true}\n",
    );
    let args =
        ["train", "-q", "--encoder", &bert, "--data", "d.jsonl", "--output", "m", "--weight-column", "w"];
    assert_eq!(sandbox.fail(&args), "d.jsonl: line 2: expected a number under \"w\", got a boolean");

    // Without the fold of the only row of a class with a positive weight, one class is left.
    let row = |i: usize| format!("text {i}\t{}\t{}\n", i % 2, usize::from(i.is_multiple_of(2) || i == 1));
    sandbox.write("d.tsv", (0..20).map(row).collect::<String>());
    sandbox.write("t.tsv", "a\t0\nb\t1\n");
    let args =
        ["train", "-q", "--encoder", &bert, "--data", "d.tsv", "--output", "m", "--weight-column", "2"];
    let outcome =
        sandbox.run(&[&args[..], &["--test-data", "t.tsv", "--calibration", "temperature"]].concat());
    let expected =
        "a fold of the training rows: logistic regression: expected rows of at least 2 classes, got 1";
    assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("more rows of a weight above 0"), "{}", outcome.stderr);
}
