//! `advise`: its table, its JSON, and that the command it prints gives the score that it says.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Sandbox, read_json};
use serde_json::{Value, json};

#[test]
fn the_command_that_is_advised_gives_the_score_that_was_said() {
    let sandbox = Sandbox::with_reviews();
    sandbox.copy_encoder("bert", "one");
    sandbox.copy_encoder("distilbert", "two");
    let rows = [
        "--seed",
        "3",
        "--test-size",
        "8",
        "--limit",
        "23",
        "--class-weight",
        "balanced",
        "--max-length",
        "9",
    ];
    let advise =
        [&["advise", "-q", "--data", "reviews.tsv", "--encoder", "one", "--encoder", "two"], &rows[..]]
            .concat();
    let found: Value = serde_json::from_str(&sandbox.succeed(&[&advise[..], &["--json"]].concat())).unwrap();
    let found = found.as_array().unwrap();
    assert_eq!(found.len(), 2);
    for advice in found {
        let command = advice["command"].as_str().unwrap();
        let mut args: Vec<&str> = command.split(' ').skip(1).collect();
        args.extend(["-q", "--json", "report.json"]);
        sandbox.succeed(&args);
        let report = read_json(&sandbox.path("report.json"));
        assert_eq!(report["test"]["accuracy"], advice["test_accuracy"], "{command}");
        let optimism = advice["selection"]["chosen"]["accuracy"].as_f64().unwrap()
            - advice["test_accuracy"].as_f64().unwrap();
        assert_eq!(advice["optimism"], json!(optimism));
        assert_eq!(advice["selection"]["n_rows"], report["split"]["n_train"], "test rows are not among them");
        assert!(advice["sentences_per_second"].as_f64().unwrap() > 0.0);
    }
    let table = sandbox.succeed(&advise);
    assert!(table.contains("cross-validated") && table.contains("clsify train --encoder "), "{table}");
}

#[test]
fn too_few_rows_and_no_file_are_said() {
    let sandbox = Sandbox::with_reviews();
    sandbox.copy_encoder("bert", "one");
    sandbox.write("few.tsv", "good film\tgood\nbad film\tbad\nfine film\tgood\n");
    let error = sandbox.fail(&["advise", "--data", "few.tsv", "--encoder", "one"]);
    assert!(error.contains("folds"), "{error}");
    let error = sandbox.fail(&["advise", "--data", "none.tsv", "--encoder", "one"]);
    assert!(error.contains("none.tsv"), "{error}");
}
