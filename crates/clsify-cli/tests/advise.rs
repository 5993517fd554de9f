//! `advise`: its table, its JSON, and that the printed command gives the reported score.
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
        let (selection, number) = (&advice["selection"], |value: &Value| value.as_f64().unwrap());
        let optimism = number(&selection["chosen"]["score"]) - number(&selection["optimism"]["score"]);
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
    assert!(error.contains("leave-one-out"), "{error}");
    let error = sandbox.fail(&["advise", "--data", "none.tsv", "--encoder", "one"]);
    assert!(error.contains("none.tsv"), "{error}");
}

/// Every score has a ranking, an interval and an optimism; a lower log loss is better.
#[test]
fn each_scoring_ranks_its_own_way() {
    let sandbox = Sandbox::with_reviews();
    sandbox.copy_encoder("bert", "one");
    for scoring in ["accuracy", "f1_macro", "f1_micro", "log_loss"] {
        let args =
            ["advise", "-q", "--data", "reviews.tsv", "--encoder", "one", "--scoring", scoring, "--json"];
        let found: Value = serde_json::from_str(&sandbox.succeed(&args)).unwrap();
        let selection = &found[0]["selection"];
        assert_eq!(selection["scoring"], scoring);
        let scores: Vec<f64> = selection["candidates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|candidate| candidate["score"].as_f64().unwrap())
            .collect();
        let is_ranked = |a: &f64, b: &f64| if scoring == "log_loss" { a <= b } else { a >= b };
        assert!(scores.is_sorted_by(is_ranked) && scores.iter().all(|&score| score >= 0.0), "{scores:?}");
        assert_eq!(selection["c_values"].as_array().unwrap().len(), 20);
        let [low, score, high] = ["/score_ci95/0", "/score", "/score_ci95/1"]
            .map(|place| selection["optimism"].pointer(place).unwrap().as_f64().unwrap());
        assert!(low <= score && score <= high, "{low} {score} {high}");
    }
    let error = sandbox.run(&["advise", "--data", "reviews.tsv", "--encoder", "one", "--scoring", "f1"]);
    assert_eq!(error.code, Some(2));
    assert!(error.stderr.contains("expected accuracy, f1_macro, f1_micro or log_loss"), "{}", error.stderr);
}

/// The commands repeat the options for reading the data; the runner-up needs at most half the operations. The chart
/// is an image.
#[test]
fn commands_name_the_form_of_the_data_and_a_chart_is_drawn() {
    let sandbox = Sandbox::with_reviews();
    sandbox.copy_encoder("bert", "one");
    let rows: String = common::reviews().lines().map(|line| format!("{line}\n").replace('\t', ",")).collect();
    sandbox.write("rows.data", format!("the review,its label\n{rows}"));
    let form =
        ["--format", "csv", "--text-column", "the review", "--label-column", "1", "--header", "present"];
    let args = ["advise", "-q", "--data", "rows.data", "--encoder", "one", "--chart", "chart.svg"];
    let found: Value =
        serde_json::from_str(&sandbox.succeed(&[&args[..], &form[..], &["--json"]].concat())).unwrap();
    let advice = &found[0];
    let said = " --format csv --text-column 'the review' --label-column 1 --header present";
    assert!(advice["command"].as_str().unwrap().contains(said), "{}", advice["command"]);
    if let Some(runner_up) = advice["runner_up"].as_object() {
        let operations = |candidate: &Value| candidate.as_f64().unwrap();
        let chosen = &advice["selection"]["chosen"];
        assert!(2.0 * operations(&runner_up["operations"]) <= operations(&chosen["operations"]));
        assert!(runner_up["command"].as_str().unwrap().contains(said));
    }
    let n_candidates = advice["selection"]["candidates"].as_array().unwrap().len();
    let svg = std::fs::read_to_string(sandbox.path("chart.svg")).unwrap();
    assert!(svg.starts_with("<svg ") && svg.contains("<desc") && svg.ends_with("</svg>\n"), "{svg}");
    // One more in the legend.
    assert_eq!(svg.matches("<circle").count(), n_candidates + 1);
    let error =
        sandbox.fail(&["advise", "--data", "reviews.tsv", "--encoder", "one", "--chart", "none/a.svg"]);
    assert!(error.contains("none: no such folder"), "{error}");
}

/// An encoder without weights would be an error if it were loaded.
#[test]
fn rows_that_cannot_be_chosen_by_are_refused_before_the_encoder() {
    let sandbox = Sandbox::with_reviews();
    sandbox.copy_encoder("bert", "one");
    sandbox.write("one/model.safetensors", b"");
    sandbox.write("class.tsv", "a film\tgood\n".repeat(40));
    sandbox.write("few.tsv", "good film\tgood\nbad film\tbad\nfine film\tgood\n");
    for (data, expected) in [("class.tsv", "at least 2 classes"), ("few.tsv", "leave-one-out")] {
        let train = [
            "train",
            "--features",
            "auto",
            "--no-cache",
            "--data",
            data,
            "--encoder",
            "one",
            "--output",
            "m",
        ];
        assert!(sandbox.fail(&train).contains(expected), "{data}");
        let advise = ["advise", "--no-cache", "--data", data, "--encoder", "one"];
        assert!(sandbox.fail(&advise).contains(expected), "{data}");
    }
}
