//! `curve` on files of every size.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Sandbox, encoder, keys};
use serde_json::{Value, json};

fn curve(sandbox: &Sandbox, more: &[&str]) -> Value {
    let bert = encoder("bert");
    let args = [&["curve", "-q", "--encoder", &bert, "--data", "reviews.tsv", "--json"], more].concat();
    serde_json::from_str(&sandbox.succeed(&args)).unwrap()
}

/// Oracle: `train` with the same options, for the last point and the baseline.
#[test]
fn the_last_point_is_what_train_gives() {
    let sandbox = Sandbox::with_reviews();
    for more in [&["--stratify"][..], &["--stratify", "--layers", "1", "--pooling", "mean", "--c", "0.1"]] {
        let report = curve(&sandbox, more);
        let bert = encoder("bert");
        let train =
            ["train", "-q", "--encoder", &bert, "--data", "reviews.tsv", "--output", "m", "--json", "-"];
        let trained: Value = serde_json::from_str(&sandbox.succeed(&[&train[..], more].concat())).unwrap();
        let points = report["points"].as_array().unwrap();
        let last = points.last().unwrap();
        assert_eq!(last["accuracy"], trained["test"]["accuracy"]);
        assert_eq!(last["accuracy_ci95"], trained["test"]["accuracy_ci95"]);
        assert_eq!(report["baseline_accuracy"], trained["baseline"]["test_accuracy"]);
        assert_eq!(report["C"], trained["classifier"]["C"]);
        assert_eq!(keys(last), ["accuracies", "accuracy", "accuracy_ci95", "accuracy_std", "n_rows"]);
        // Fewer than 200 rows: from an eighth of them.
        let sizes: Vec<&Value> = points.iter().map(|point| &point["n_rows"]).collect();
        assert_eq!(sizes, [&json!(2), &json!(4), &json!(8), &json!(16), &json!(18)]);
        let forecast = &report["forecast"];
        assert_eq!(forecast["n_rows"], 36);
        assert!(forecast["gain"].as_f64().unwrap() >= 0.0);
    }
}

#[test]
fn the_same_seed_gives_the_same_curve() {
    let sandbox = Sandbox::with_reviews();
    let more = ["--sizes", "4,8", "--repeats", "3", "--seed", "1"];
    let (one, other) = (curve(&sandbox, &more), curve(&sandbox, &[&more[..], &["--threads", "1"]].concat()));
    assert_eq!(one, other);
    assert_eq!(one["points"][0]["accuracies"].as_array().unwrap().len(), 3);
}

#[test]
fn tables_and_charts_say_what_was_found() {
    let sandbox = Sandbox::with_reviews();
    sandbox.copy_encoder("bert", "a <b> & \"c\"");
    let args = [
        "curve",
        "-q",
        "--encoder",
        "a <b> & \"c\"",
        "--data",
        "reviews.tsv",
        "--stratify",
        "--chart",
        "curve.svg",
    ];
    let text = sandbox.succeed(&args);
    for part in [
        "baseline     0.5000",
        "95 % interval",
        "Twice the rows (36): about ",
        "Drawn without its last point",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let svg = std::fs::read_to_string(sandbox.path("curve.svg")).unwrap();
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && svg.ends_with("</svg>\n"));
    assert!(
        svg.contains("<title id=\"title\">Learning curve of a &lt;b&gt; &amp; &quot;c&quot;</title>"),
        "{svg}"
    );
    assert!(
        svg.contains("<desc id=\"desc\">Accuracy on 6 held-out rows with 95 % interval: 2 rows "),
        "{svg}"
    );
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    assert_eq!(svg.matches("<circle").count(), 5);
    // 16 would be written over 18.
    assert!(svg.contains(">36</text>") && svg.contains(">18</text>") && !svg.contains(">16</text>"), "{svg}");
    let on_stdout = sandbox.succeed(&[&args[..7], &["--chart", "-"]].concat());
    assert!(on_stdout.starts_with("<svg "), "{on_stdout}");
}

/// Two rows are enough for a curve of one point, of which nothing is forecast.
#[test]
fn the_smallest_files_have_a_curve() {
    let sandbox = Sandbox::with_reviews();
    sandbox.write("two.tsv", "fine\tgood\nfar too long\tbad\n");
    let bert = encoder("bert");
    let args = ["curve", "-q", "--encoder", &bert, "--data", "two.tsv", "--test-data", "reviews.tsv"];
    let text = sandbox.succeed(&[&args[..], &["--chart", "curve.svg"]].concat());
    assert!(text.contains("Three numbers of rows are needed"), "{text}");
    let svg = std::fs::read_to_string(sandbox.path("curve.svg")).unwrap();
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}

#[test]
fn what_is_wrong_is_said() {
    let sandbox = Sandbox::with_reviews();
    sandbox.write("one.tsv", "fine\tgood\nfiner\tgood\n");
    let bert = encoder("bert");
    for (args, expected) in [
        (vec!["--data", "one.tsv"], "one.tsv: lines 1 to 2: expected at least 2 classes"),
        (vec!["--data", "none.tsv"], "none.tsv: "),
        (
            vec!["--data", "reviews.tsv", "--sizes", "4,19"],
            "learning curve: expected sizes from 2 to the 18 training rows, got 19",
        ),
        (
            vec!["--data", "reviews.tsv", "--sizes", "1"],
            "learning curve: expected sizes from 2 to the 18 training rows, got 1",
        ),
        (vec!["--data", "reviews.tsv", "--chart", "no/curve.svg"], "no: no such folder"),
        (vec!["--data", "reviews.tsv", "--chart", "-", "--json"], "stdout: expected --json or --chart -"),
    ] {
        let error = sandbox.fail(&[&["curve", "-q", "--encoder", &bert], &args[..]].concat());
        assert!(error.contains(expected), "{args:?}: {error}");
    }
    for args in [&["--repeats", "0"][..], &["--sizes", "0"], &["--c", "0"], &["--test-size", "2.5"]] {
        let outcome = sandbox.run(&[&["curve", "--data", "reviews.tsv"], args].concat());
        assert_eq!(outcome.code, Some(2), "{args:?}: {}", outcome.stderr);
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    for more in [&["--json"][..], &["--chart", "-"], &[]] {
        let args = [&["curve", "-q", "--encoder", &bert, "--data", "reviews.tsv"], more].concat();
        let mut child = sandbox.command(&args).spawn().unwrap();
        drop(child.stdout.take());
        let outcome = common::Outcome::of(&child.wait_with_output().unwrap());
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{args:?}");
    }
}
