//! `compare` on two models whose answers are known from `predict`.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Sandbox, encoder, json_lines, keys, reviews};
use serde_json::{Value, json};

/// `a` on bert, `b` on another encoder and pooling, both trained on `reviews.tsv`; `test.tsv` has four sentences that break the
/// habits of the training rows.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_reviews();
    let train = |case: &str, name: &str, more: &[&str]| {
        let encoder = encoder(case);
        let args = ["train", "-q", "--encoder", &encoder, "--data", "reviews.tsv", "--output", name];
        sandbox.succeed(&[&args[..], more].concat());
    };
    train("bert", "a", &[]);
    train("distilbert", "b", &["--pooling", "mean", "--c", "0.01"]);
    let more = "bore\tgood\nwonderful wonderful\tbad\n7\tgood\nquiet , is it ?\tbad\n";
    sandbox.write("test.tsv", reviews() + more);
    sandbox
}

fn compare(sandbox: &Sandbox, data: &str) -> Value {
    serde_json::from_str(&sandbox.succeed(&["compare", "-q", "a", "b", "--data", data, "--json"])).unwrap()
}

/// Oracle: what `predict` and `evaluate` say of each model alone.
#[test]
fn a_comparison_is_what_the_models_say_alone() {
    let sandbox = sandbox();
    let report = compare(&sandbox, "test.tsv");
    assert_eq!(
        keys(&report),
        ["a", "b", "counts", "dataset", "difference", "difference_ci95", "differences", "mcnemar_p_value"]
    );
    let text = std::fs::read_to_string(sandbox.path("test.tsv")).unwrap();
    let rows: Vec<(&str, &str)> = text.lines().map(|line| line.split_once('\t').unwrap()).collect();
    sandbox.write("test.txt", rows.iter().map(|(sentence, _)| format!("{sentence}\n")).collect::<String>());
    let predict = |model: &str| -> Vec<String> {
        let answers = json_lines(&sandbox.succeed(&[
            "predict",
            model,
            "--input",
            "test.txt",
            "--output-format",
            "json",
        ]));
        answers.iter().map(|answer| answer["label"].as_str().unwrap().to_string()).collect()
    };
    let (a, b) = (predict("a"), predict("b"));
    let mut differences = Vec::new();
    let mut counts = [0; 4];
    for (row, (text, label)) in rows.iter().enumerate() {
        counts[2 * usize::from(a[row] != *label) + usize::from(b[row] != *label)] += 1;
        if a[row] != b[row] {
            differences
                .push(json!({"line": row + 1, "text": text, "label": label, "a": a[row], "b": b[row]}));
        }
    }
    assert!(!differences.is_empty(), "these models should differ somewhere");
    assert_eq!(report["differences"], Value::Array(differences.clone()));
    let [both, only_a, only_b, neither] = counts;
    assert_eq!(
        report["counts"],
        json!({"both": both, "only_a": only_a, "only_b": only_b, "neither": neither})
    );
    let difference = (f64::from(only_b) - f64::from(only_a)) / rows.len() as f64;
    assert_eq!(report["difference"], json!(difference));
    for model in ["a", "b"] {
        let alone = sandbox.succeed(&["evaluate", model, "--data", "test.tsv", "--json", "-"]);
        let alone: Value = serde_json::from_str(&alone).unwrap();
        assert_eq!(report[model]["test"], alone["test"]);
    }

    let lines = sandbox.succeed(&["compare", "-q", "a", "b", "--data", "test.tsv", "--output", "-"]);
    assert_eq!(json_lines(&lines), differences);
    sandbox.succeed(&["compare", "-q", "a", "b", "--data", "test.tsv", "--output", "differences.jsonl"]);
    assert_eq!(std::fs::read_to_string(sandbox.path("differences.jsonl")).unwrap(), lines);
}

#[test]
fn tables_say_what_was_found_and_are_short() {
    let sandbox = sandbox();
    let n = compare(&sandbox, "test.tsv")["differences"].as_array().unwrap().len();
    let text = sandbox.succeed(&["compare", "-q", "a", "b", "--data", "test.tsv", "--show", "1"]);
    assert!(text.contains(&format!("different labels for {n} of 28 sentences\n")), "{text}");
    assert_eq!(text.contains("and 1 more") || text.contains(" more (--show N"), n > 1, "{text}");
    assert!(text.contains("McNemar"), "{text}");
    let same = sandbox.succeed(&["compare", "-q", "a", "a", "--data", "test.tsv"]);
    assert!(same.contains("A and B are right on the same sentences"), "{same}");
    assert!(same.contains("different labels for 0 of 28 sentences"), "{same}");
}

/// A label that one model has not learned counts as wrong for it, and both outputs say so; the order of classes does not
/// matter.
#[test]
fn classes_may_differ() {
    let sandbox = sandbox();
    let bert = encoder("bert");
    sandbox.write("three.tsv", reviews() + &"who is it ?\taaa\n".repeat(12));
    sandbox.succeed(&[
        "train",
        "-q",
        "--encoder",
        &bert,
        "--data",
        "three.tsv",
        "--stratify",
        "--output",
        "b3",
    ]);
    let args = ["compare", "-q", "a", "b3", "--data", "three.tsv"];
    let report: Value = serde_json::from_str(&sandbox.succeed(&[&args[..], &["--json"]].concat())).unwrap();
    assert_eq!(report["a"]["unknown_labels"], json!(["aaa"]));
    assert_eq!((&report["a"]["n_unknown"], &report["b"]["n_unknown"]), (&json!(12), &json!(0)));
    assert_eq!(report["a"]["classes"], json!(["bad", "good"]));
    assert_eq!(report["b"]["classes"], json!(["aaa", "bad", "good"]));
    let right = report["counts"]["both"].as_u64().unwrap() + report["counts"]["only_a"].as_u64().unwrap();
    assert!(right <= 24);
    let text = sandbox.succeed(&args);
    assert!(text.contains("A does not know the label aaa: 12 sentences count as wrong for it"), "{text}");
}

#[test]
fn what_is_wrong_is_said() {
    let sandbox = sandbox();
    sandbox.write("one.tsv", "fine\tgood\nfiner\tgood\n");
    std::fs::create_dir(sandbox.path("empty")).unwrap();
    for (args, expected) in [
        (vec!["nothing", "b", "--data", "test.tsv"], "nothing/clsify.json: "),
        (vec!["a", "empty", "--data", "test.tsv"], "empty/clsify.json: "),
        (vec!["a", "b", "--data", "none.tsv"], "none.tsv: "),
        (vec!["a", "b", "--data", "one.tsv"], "one.tsv: lines 1 to 2: expected at least 2 classes"),
        (vec!["a", "b", "--data", "test.tsv", "--output", "no/x.jsonl"], "no: no such folder"),
        (
            vec!["a", "b", "--data", "test.tsv", "--output", "-", "--json"],
            "stdout: expected --json or --output -",
        ),
        (vec!["a", "b", "--data", "test.tsv", "--encoder-b", &encoder("bert")], "b"),
    ] {
        let error = sandbox.fail(&[&["compare", "-q"], &args[..]].concat());
        assert!(error.contains(expected), "{args:?}: {error}");
    }
    let outcome = sandbox.run(&["compare", "a", "--data", "test.tsv"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let sandbox = sandbox();
    for more in [&["--json"][..], &["--output", "-"], &[]] {
        let args = [&["compare", "-q", "a", "b", "--data", "test.tsv"], more].concat();
        let mut child = sandbox.command(&args).spawn().unwrap();
        drop(child.stdout.take());
        let outcome = common::Outcome::of(&child.wait_with_output().unwrap());
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{args:?}");
    }
}
