//! `--json` and data arguments, which mean the same in every command, and their spellings in earlier versions.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Sandbox, encoder, read_json};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Without times, which differ from run to run.
fn without_seconds(mut report: Value) -> Value {
    if let Some(report) = report.as_object_mut() {
        report.remove("seconds");
    }
    report
}

/// Oracle: the JSON of a bare `--json`, and the text without it.
#[test]
fn json_stands_alone_or_beside_the_text_in_a_file() {
    let sandbox = Sandbox::with_model();
    let bert = encoder("bert");
    for command in [
        vec!["doctor", "-q", "--data", "reviews.tsv", "--text-only"],
        vec!["curve", "-q", "--data", "reviews.tsv", "--encoder", &bert, "--sizes", "8", "--repeats", "2"],
        vec!["compare", "-q", "model", "model", "--data", "reviews.tsv"],
        vec!["evaluate", "-q", "model", "--data", "reviews.tsv"],
        vec!["list"],
    ] {
        let run = |more: &[&str]| sandbox.succeed(&[&command[..], more].concat());
        let (text, alone) = (run(&[]), run(&["--json"]));
        assert!(!text.starts_with('{') && alone.starts_with('{'), "{command:?}");
        assert_eq!(run(&["--json=-"]), alone, "{command:?}");
        assert_eq!(run(&["--json=report.json"]), text, "{command:?}");
        assert_eq!(std::fs::read_to_string(sandbox.path("report.json")).unwrap(), alone, "{command:?}");
    }
    // `--output` is where the text would go; in its place goes the JSON.
    let curve =
        ["curve", "-q", "--data", "reviews.tsv", "--encoder", &bert, "--sizes", "8", "--repeats", "2"];
    let alone = sandbox.succeed(&[&curve[..], &["--json"]].concat());
    assert_eq!(sandbox.succeed(&[&curve[..], &["--json", "--output", "out"]].concat()), "");
    assert_eq!(std::fs::read_to_string(sandbox.path("out")).unwrap(), alone);
    // With a file for each, both are written.
    assert_eq!(sandbox.succeed(&[&curve[..], &["--json=-", "--output", "out"]].concat()), alone);
    assert!(std::fs::read_to_string(sandbox.path("out")).unwrap().contains("baseline"));
}

/// Oracle: the same run with the report in a file.
#[test]
fn the_report_of_a_training_run_stands_alone_too() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    let train =
        ["train", "-q", "--data", "reviews.tsv", "--encoder", &bert, "--features", "article", "--no-cache"];
    let run = |more: &[&str]| sandbox.succeed(&[&train[..], more].concat());
    let text = run(&["--output", "m", "--json=report.json"]);
    assert!(text.contains("accuracy") && !text.starts_with('{'), "{text}");
    let report = without_seconds(read_json(&sandbox.path("report.json")));
    for alone in
        [&["--json", "--output", "m"][..], &["--output", "m", "--json=-"], &["--output", "m", "--json", "-"]]
    {
        assert_eq!(without_seconds(json(&run(alone))), report, "{alone:?}");
    }
    let both = sandbox.fail(&[&train[..], &["--output", "m", "--json", "--chart", "-"]].concat());
    assert!(both.contains("stdout: expected --json or --chart -, got both"), "{both}");
}

/// Oracle: today's spelling.
#[test]
fn spellings_of_earlier_versions_mean_what_they_did() {
    let sandbox = Sandbox::with_model();
    let doctor = |args: &[&str]| sandbox.succeed(&[&["doctor", "-q", "--text-only"], args].concat());
    let today = doctor(&["--data", "reviews.tsv", "--json"]);
    assert_eq!(doctor(&["reviews.tsv", "--json"]), today);
    assert_eq!(doctor(&["--json", "reviews.tsv"]), today);
    assert_eq!(doctor(&["reviews.tsv"]), doctor(&["--data", "reviews.tsv"]));
    for command in ["evaluate", "train"] {
        let bert = encoder("bert");
        let args: &[&str] = match command {
            "train" => &["train", "-q", "--encoder", &bert, "--features", "article", "--output", "other"],
            _ => &["evaluate", "-q", "model"],
        };
        sandbox.succeed(&[args, &["--data", "reviews.tsv", "--json", "old.json"]].concat());
        sandbox.succeed(&[args, &["--data", "reviews.tsv", "--json=new.json"]].concat());
        let [old, new] = ["old.json", "new.json"].map(|name| without_seconds(read_json(&sandbox.path(name))));
        assert_eq!(old, new, "{command}");
    }
    let compare =
        |args: &[&str]| sandbox.succeed(&[&["compare", "-q", "--data", "reviews.tsv"], args].concat());
    assert_eq!(compare(&["--json", "model", "model"]), compare(&["model", "model", "--json"]));
    let bert = encoder("bert");
    sandbox.write("lines.txt", "a treat\na bore\n");
    let bench =
        |option| sandbox.succeed(&["bench", "-q", "--encoder", &bert, "--dtype", "f32", option, "lines.txt"]);
    assert!(bench("--data").contains("sentences  2, ") && bench("--input").contains("sentences  2, "));
    // The data is not taken for a file to write, whatever the order.
    assert!(sandbox.path("reviews.tsv").is_file());
    assert_eq!(std::fs::read_to_string(sandbox.path("reviews.tsv")).unwrap(), common::reviews());
}

/// Oracle: clap's own message for an option that is required.
#[test]
fn data_and_models_that_are_missing_are_named() {
    let sandbox = Sandbox::with_model();
    for (args, missing) in [
        (&["doctor", "--text-only"][..], "--data <FILE>"),
        (&["doctor", "--text-only", "--json"], "--data <FILE>"),
        (&["compare", "model", "--data", "reviews.tsv"], "<B>"),
    ] {
        let outcome = sandbox.run(args);
        assert_eq!(outcome.code, Some(2), "{args:?}");
        let expected = format!("the following required arguments were not provided:\n  {missing}");
        assert!(outcome.stderr.contains(&expected), "{args:?}: {}", outcome.stderr);
    }
}
