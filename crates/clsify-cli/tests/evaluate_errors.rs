//! `evaluate --errors`: the misclassified rows, the most confident errors first.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use clsify::dataset::{Dataset, DatasetOptions};
use common::{Sandbox, encoder, json_lines, read_json};
use serde_json::Value;

/// Rows with some wrong labels, one label that no model knows, and one sentence with a comma and a quote.
fn test_rows() -> String {
    let rows: String = (0..20)
        .map(|i| {
            let label = if i % 3 == 0 { "bad" } else { "good" };
            format!("\"the film number {i} is, \"\"well\"\", wonderful\",{label}\n")
        })
        .collect();
    format!("sentence,label\n{rows}film 3 was a quiet bore,awful\nfilm 5 was a quiet bore,bad\n")
}

/// Oracle: `predict --probabilities` for the same sentences, and the confusion matrix.
#[test]
fn the_errors_are_those_of_the_predictions() {
    let sandbox = Sandbox::with_model();
    sandbox.write("test.csv", test_rows());
    let run = |file: &str| {
        let args = ["evaluate", "model", "--data", "test.csv", "--errors", file, "--json", "scores.json"];
        let outcome = sandbox.run(&args);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("rows are misclassified"), "{}", outcome.stderr);
        std::fs::read_to_string(sandbox.path(file)).unwrap()
    };
    let found = json_lines(&run("errors.jsonl"));
    let predicted =
        sandbox.succeed(&["predict", "-q", "model", "--input", "test.csv", "-p", "--output-format", "jsonl"]);
    let expected: Vec<Value> =
        json_lines(&predicted).into_iter().filter(|row| row["label"] != row["predicted_label"]).collect();
    assert!(!found.is_empty() && found.len() == expected.len());
    let matrix = &read_json(&sandbox.path("scores.json"))["test"]["confusion_matrix"];
    let n_right: u64 = (0..3).map(|i| matrix[i][i].as_u64().unwrap()).sum();
    assert_eq!(found.len() as u64, 22 - n_right);
    for error in &found {
        let row = expected.iter().find(|row| row["sentence"] == error["text"]).unwrap();
        assert_eq!((&error["label"], &error["predicted"]), (&row["label"], &row["predicted_label"]));
        // Tolerance: f64 through JSON is exact.
        assert_eq!(error["probabilities"], row["probabilities"]);
        assert_eq!(error["probability"], row["probabilities"][error["predicted"].as_str().unwrap()]);
        assert!(error.get("abstained").is_none());
    }
    let confidence: Vec<f64> = found.iter().map(|error| error["probability"].as_f64().unwrap()).collect();
    assert!(confidence.iter().rev().is_sorted(), "{confidence:?}");
    assert!(
        found.iter().any(|error| error["label"] == "awful" && error["line"] == 22),
        "an unknown label is an error"
    );

    let csv = run("errors.csv");
    assert!(csv.starts_with("line,sentence,label,predicted,probability,p_bad,p_good\n"), "{csv}");
    // The file can be read as data again.
    let again = Dataset::load(sandbox.path("errors.csv"), &DatasetOptions::default()).unwrap();
    assert_eq!(again.len(), found.len());
    for ((row, line), error) in csv.lines().skip(1).enumerate().zip(&found) {
        assert_eq!(
            (&error["text"], &error["label"]),
            (&again.sentences()[row].clone().into(), &again.labels()[row].clone().into())
        );
        assert!(line.starts_with(&format!("{},", error["line"])), "{line}");
        let cells = format!(
            ",{},{:.6},",
            error["predicted"].as_str().unwrap(),
            error["probability"].as_f64().unwrap()
        );
        assert!(line.contains(&cells), "{line} {cells}");
    }
    assert_eq!(run("errors.tsv").lines().count(), found.len() + 1);
    let on_stdout = sandbox.succeed(&["evaluate", "-q", "model", "--data", "test.csv", "--errors", "-"]);
    assert_eq!(on_stdout, csv, "nothing else is on stdout");
}

#[test]
fn abstentions_are_marked_and_no_error_leaves_a_header() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    let train = [
        "train",
        "-q",
        "--encoder",
        &bert,
        "--data",
        "reviews.tsv",
        "--output",
        "model",
        "--abstain-below",
        "0.9999",
    ];
    sandbox.succeed(&train);
    sandbox.write("test.csv", test_rows());
    sandbox.succeed(&["evaluate", "-q", "model", "--data", "test.csv", "--errors", "errors.csv"]);
    let csv = std::fs::read_to_string(sandbox.path("errors.csv")).unwrap();
    assert!(csv.starts_with("line,sentence,label,predicted,probability,abstained,p_bad,p_good\n"), "{csv}");
    assert!(csv.contains(",true,"), "{csv}");
    let right =
        sandbox.succeed(&["predict", "-q", "model", "--input", "reviews.tsv", "--output-format", "jsonl"]);
    let guess =
        |row: &Value| format!("{}\t{}\n", row["0"].as_str().unwrap(), row["best_guess"].as_str().unwrap());
    sandbox.write("right.tsv", json_lines(&right).iter().map(guess).collect::<String>());
    sandbox.succeed(&["evaluate", "-q", "model", "--data", "right.tsv", "--errors", "none.csv"]);
    assert_eq!(std::fs::read_to_string(sandbox.path("none.csv")).unwrap().lines().count(), 1);
    sandbox.succeed(&["evaluate", "-q", "model", "--data", "right.tsv", "--errors", "none.jsonl"]);
    assert_eq!(std::fs::read_to_string(sandbox.path("none.jsonl")).unwrap(), "");
}

/// Oracle: `predict` for the same sentences.
#[test]
fn label_sets_have_their_most_confident_wrong_label() {
    let sandbox = Sandbox::new();
    let bert = encoder("bert");
    let rows = |flip: usize| -> String {
        (0..24)
            .map(|i| {
                let label = match (i + flip) % 4 {
                    0 => "film",
                    1 => "film;good",
                    2 => "good",
                    _ => "",
                };
                format!("sentence {i} of {} words\t{label}\n", i % 4)
            })
            .collect()
    };
    sandbox.write("train.tsv", rows(0));
    sandbox.write("test.tsv", rows(1) + "one more\tfilm;new\n");
    let train =
        ["train", "-q", "--encoder", &bert, "--data", "train.tsv", "--output", "model", "--multi-label", ";"];
    sandbox.succeed(&train);
    sandbox.succeed(&["evaluate", "-q", "model", "--data", "test.tsv", "--errors", "errors.jsonl"]);
    let found = json_lines(&std::fs::read_to_string(sandbox.path("errors.jsonl")).unwrap());
    let predicted =
        sandbox.succeed(&["predict", "-q", "model", "--input", "test.tsv", "-p", "--output-format", "jsonl"]);
    let mut n_wrong = 0;
    for row in json_lines(&predicted) {
        let mut given: Vec<&str> =
            row["1"].as_str().unwrap().split(';').filter(|label| !label.is_empty()).collect();
        given.sort_unstable();
        let answer: Vec<&str> =
            row["labels"].as_array().unwrap().iter().map(|label| label.as_str().unwrap()).collect();
        let error = found.iter().find(|error| error["text"] == row["0"]);
        assert_eq!(error.is_some(), given != answer, "{row}");
        let Some(error) = error else { continue };
        n_wrong += 1;
        assert_eq!((&error["labels"], &error["predicted"]), (&serde_json::json!(given), &row["labels"]));
        let of = |label: &str| {
            let p = row["probabilities"][label].as_f64();
            match (answer.contains(&label), given.contains(&label)) {
                (true, false) => p.unwrap(),
                (false, true) => p.map_or(1.0, |p| 1.0 - p),
                _ => 0.0,
            }
        };
        let expected = ["film", "good", "new"].map(of).into_iter().fold(0.0, f64::max);
        assert_eq!(error["confidence"].as_f64().unwrap(), expected, "{error}");
    }
    assert_eq!(n_wrong, found.len());
    assert!(n_wrong > 0);
    assert_eq!(found[0]["confidence"], 1.0, "an unknown label");
    sandbox.succeed(&["evaluate", "-q", "model", "--data", "test.tsv", "--errors", "errors.csv"]);
    let csv = std::fs::read_to_string(sandbox.path("errors.csv")).unwrap();
    assert!(csv.starts_with("line,sentence,labels,predicted,confidence,p_film,p_good\n"), "{csv}");
    assert!(csv.contains(",film;new,"), "{csv}");
}

#[test]
fn what_cannot_be_written_is_refused_before_the_model_is_read() {
    let sandbox = Sandbox::with_reviews();
    // There is no model: an error about it would show that it was looked for first.
    for (more, expected) in [
        (&["--errors", "nowhere/errors.csv"][..], "nowhere: no such folder"),
        (&["--errors", "reviews.tsv"], "reviews.tsv: expected a file to write, got one to read"),
        (&["--errors", "out.csv", "--json", "out.csv"], "out.csv: expected different files to write"),
        (&["--errors", "out.csv", "--output", "out.csv"], "out.csv: expected different files to write"),
        (&["--errors", "-", "--json", "-"], "stdout: expected one of"),
        (&["--errors", "."], "expected a file, got a folder"),
    ] {
        let error = sandbox.fail(&[&["evaluate", "model", "--data", "reviews.tsv"], more].concat());
        assert!(error.contains(expected), "{more:?}: {error}");
    }
}
