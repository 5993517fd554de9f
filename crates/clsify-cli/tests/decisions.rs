//! `train --abstain-below` and the other decision rules, and their effect on `predict` and `evaluate`.
//!
//! Oracle: the model without a rule, whose probabilities are the same.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Sandbox, encoder, json_lines, keys, read_json, reviews};
use serde_json::{Value, json};

/// Reviews with some wrong labels, so that not every prediction is certain.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let row = |i: usize| {
        let word = ["quiet", "wonderful", "a bore"][i % 3];
        let label = if (word == "wonderful") != i.is_multiple_of(7) { "good" } else { "bad" };
        format!("film {} was {word} number {i}\t{label}\n", i % 9)
    };
    sandbox.write("data.tsv", (0..60).map(row).collect::<String>() + &reviews());
    sandbox
}

fn train(sandbox: &Sandbox, more: &[&str]) -> Value {
    let bert = encoder("bert");
    let mut args = vec![
        "train",
        "-q",
        "--encoder",
        &bert,
        "--data",
        "data.tsv",
        "--features",
        "article",
        "--output",
        "model",
        "--json",
        "-",
    ];
    args.extend(more);
    serde_json::from_str(&sandbox.succeed(&args)).unwrap()
}

const ASKED: [&str; 4] = ["film 1 was quiet", "the film number 3 is wonderful", "a bore", "number 8"];

fn answers(sandbox: &Sandbox) -> Vec<Value> {
    let mut args = vec!["predict", "-q", "model", "-p", "--output-format", "json"];
    args.extend(ASKED);
    json_lines(&sandbox.succeed(&args))
}

/// The label with the larger probability, and that probability.
fn top(answer: &Value) -> (String, f64) {
    let of = |label: &str| answer["probabilities"][label].as_f64().unwrap();
    if of("good") > of("bad") { ("good".into(), of("good")) } else { ("bad".into(), of("bad")) }
}

#[test]
fn an_abstaining_model_says_so_in_every_format() {
    let sandbox = sandbox();
    let plain_report = train(&sandbox, &[]);
    assert!(plain_report["decision"].is_null());
    let plain = answers(&sandbox);
    assert_eq!(read_json(&sandbox.path("model/clsify.json"))["format_version"], 2);
    // The threshold lies between the two highest probabilities, so that the model both answers and abstains.
    let mut tops: Vec<f64> = plain.iter().map(|answer| top(answer).1).collect();
    tops.sort_by(f64::total_cmp);
    let threshold = (0.5 * (tops[1] + tops[2])).to_string();
    let report = train(&sandbox, &["--abstain-below", &threshold]);
    assert_eq!(report["test"], plain_report["test"], "of best guesses");
    assert_eq!(report["decision"]["rule"]["abstain_below"].as_f64(), threshold.parse().ok());
    let saved = read_json(&sandbox.path("model/clsify.json"));
    assert_eq!((&saved["format_version"], &saved["decision"]), (&json!(3), &report["decision"]["rule"]));

    let lines = answers(&sandbox);
    let abstained: Vec<bool> = lines.iter().map(|line| line["abstained"].as_bool().unwrap()).collect();
    assert_eq!(abstained.iter().filter(|&&abstained| abstained).count(), 2);
    for (line, plain) in lines.iter().zip(&plain) {
        assert_eq!(keys(line), ["abstained", "best_guess", "label", "probabilities", "text"]);
        assert_eq!(line["probabilities"], plain["probabilities"]);
        assert_eq!(line["best_guess"], plain["label"]);
        let below = top(plain).1 < threshold.parse().unwrap();
        assert_eq!(line["abstained"], below);
        assert_eq!(line["label"], if below { json!("?") } else { plain["label"].clone() });
    }
    let ask = |more: &[&str]| {
        let mut args = vec!["predict", "-q", "model"];
        args.extend(more);
        args.extend(ASKED);
        sandbox.succeed(&args)
    };
    let (text, tsv) = (ask(&[]), ask(&["--output-format", "tsv"]));
    assert_eq!(tsv.lines().next(), Some("label\tbest_guess\tsentence"));
    for (i, line) in lines.iter().enumerate() {
        let (label, guess) = (line["label"].as_str().unwrap(), line["best_guess"].as_str().unwrap());
        let shown = if abstained[i] { format!("? ({guess})") } else { label.to_string() };
        assert_eq!(text.lines().nth(i), Some(&*format!("{shown}\t{}", ASKED[i])));
        assert_eq!(tsv.lines().nth(i + 1), Some(&*format!("{label}\t{guess}\t{}", ASKED[i])));
    }
}

/// Oracle: counts of the predictions of `predict` for the same rows.
#[test]
fn evaluate_reports_coverage_and_accuracy_of_what_is_answered() {
    let sandbox = sandbox();
    train(&sandbox, &[]);
    let lines =
        sandbox.succeed(&["predict", "-q", "model", "--input", "data.tsv", "-p", "--output-format", "json"]);
    let mut tops: Vec<f64> = json_lines(&lines).iter().map(|answer| top(answer).1).collect();
    tops.sort_by(f64::total_cmp);
    let median = tops[tops.len() / 2];
    let report = train(&sandbox, &["--abstain-below", &median.to_string(), "--test-data", "data.tsv"]);
    let scores: Value = serde_json::from_str(
        &sandbox.succeed(&["evaluate", "-q", "model", "--data", "data.tsv", "--json", "-"]),
    )
    .unwrap();
    let decision = &scores["decision"];
    assert_eq!(decision["rule"], report["decision"]["rule"]);
    assert_eq!(decision["after"], report["decision"]["test"]["after"]);
    assert_eq!(decision["before"]["coverage"], 1.0);
    assert_eq!(decision["before"]["accuracy"], scores["test"]["accuracy"]);
    let data = std::fs::read_to_string(sandbox.path("data.tsv")).unwrap();
    let labels: Vec<&str> = data.lines().map(|line| line.split_once('\t').unwrap().1).collect();
    let lines =
        sandbox.succeed(&["predict", "-q", "model", "--input", "data.tsv", "--output-format", "json"]);
    let given: Vec<(String, &str)> = json_lines(&lines)
        .iter()
        .map(|line| line["label"].as_str().unwrap().to_string())
        .zip(labels)
        .filter(|(label, _)| label != "?")
        .collect();
    let right = given.iter().filter(|(label, truth)| label == truth).count();
    assert!(!given.is_empty() && given.len() < 84, "{}", given.len());
    assert_eq!(decision["after"]["n_answered"], given.len());
    let accuracy = decision["after"]["accuracy"].as_f64().unwrap();
    assert!((accuracy - right as f64 / given.len() as f64).abs() < 1e-12);
    let text = sandbox.succeed(&["evaluate", "-q", "model", "--data", "data.tsv"]);
    assert!(
        text.contains("decision     the most probable label if its probability is at least 0."),
        "{text}"
    );
}

/// Oracle: the definition. The out-of-fold predictions reach the target, and no point of the curve with higher
/// coverage does.
#[test]
fn a_target_is_reached_on_rows_out_of_their_folds_or_refused() {
    let sandbox = sandbox();
    let number = |value: &Value| value.as_f64().unwrap();
    // Halfway between the accuracy of all rows and the best accuracy at a higher coverage.
    let any = &train(&sandbox, &["--abstain-below", "0.6", "--calibration", "temperature"])["decision"];
    let all = number(&any["out_of_fold"]["before"]["accuracy"]);
    let points = any["curve"].as_array().unwrap().iter().filter(|point| number(&point["n_answered"]) >= 20.0);
    let best = points.map(|point| number(&point["accuracy"])).fold(0.0, f64::max);
    assert!(best > all && best < 0.95, "{best} {all}");
    let target = 0.5 * (all + best);
    let more = ["--target-precision", &target.to_string(), "--calibration", "temperature"];
    let decision = &train(&sandbox, &more)["decision"];
    assert_eq!(decision["target_precision"], target);
    let after = &decision["out_of_fold"]["after"];
    assert!(number(&after["accuracy"]) >= target && number(&after["coverage"]) < 1.0, "{after}");
    for point in decision["curve"].as_array().unwrap() {
        let wider = number(&point["coverage"]) > number(&after["coverage"]);
        assert!(!wider || number(&point["accuracy"]) < target, "{point} {after}");
    }
    let bert = encoder("bert");
    let easy = [
        "train",
        "--encoder",
        &bert,
        "--data",
        "data.tsv",
        "--features",
        "article",
        "--output",
        "easy",
        "--target-precision",
        "0.3",
    ];
    let outcome = sandbox.run(&easy);
    assert!(
        outcome.stderr.contains("of all answers is 0.3 or more: the model never abstains"),
        "{}",
        outcome.stderr
    );
    assert_eq!(read_json(&sandbox.path("easy/clsify.json"))["decision"], json!({"abstain_below": 0.0}));
    let silent = [&easy[..9], &["--abstain-below", "0.999999"]].concat();
    let outcome = sandbox.run(&silent);
    assert!(outcome.stderr.contains("will abstain from nearly everything"), "{}", outcome.stderr);
    let fail = |more: &[&str]| {
        let mut args = vec![
            "train",
            "-q",
            "--encoder",
            &bert,
            "--data",
            "data.tsv",
            "--features",
            "article",
            "--output",
            "other",
        ];
        args.extend(more);
        sandbox.fail(&args)
    };
    assert_eq!(
        fail(&["--target-precision", "0.99"]),
        "decision: expected at least 100 training rows for a target of 0.99, got 63"
    );
    let message = fail(&["--target-precision", "0.98"]);
    assert!(
        message.starts_with("abstention: expected 0.98 of the answered rows to be correct, got at most 0."),
        "{message}"
    );
    sandbox.write("data.tsv", "one\t?\ntwo\tno\nthree\tno\n".repeat(20));
    assert_eq!(
        fail(&["--abstain-below", "0.7"]),
        "decision: a label of the data is \"?\", which means that the model abstains"
    );
}

#[test]
fn thresholds_raise_macro_f1_out_of_fold_and_are_applied_by_predict() {
    let sandbox = sandbox();
    let report = train(&sandbox, &["--thresholds", "f1_macro"]);
    let decision = &report["decision"];
    let f1 = |scores: &Value| scores["f1_macro"].as_f64().unwrap();
    assert!(f1(&decision["out_of_fold"]["after"]) > f1(&decision["out_of_fold"]["before"]));
    assert_eq!(decision["test"]["after"]["f1_macro"], report["test"]["macro"]["f1"]);
    let thresholds = decision["rule"]["class_thresholds"].as_array().unwrap();
    let good = thresholds[1].as_f64().unwrap();
    for answer in answers(&sandbox) {
        assert_eq!(keys(&answer), ["label", "probabilities", "text"]);
        let is_good = answer["probabilities"]["good"].as_f64().unwrap() > good;
        assert_eq!(answer["label"], if is_good { "good" } else { "bad" });
    }
}

#[test]
fn costs_move_answers_and_bad_files_are_refused() {
    let sandbox = sandbox();
    sandbox.write("costs.csv", "true,good,bad\nbad,1,0\ngood,0,1000\n");
    let report = train(&sandbox, &["--cost-matrix", "costs.csv"]);
    let decision = &report["decision"];
    assert_eq!(decision["rule"], json!({"cost_matrix": [[0.0, 1.0], [1000.0, 0.0]]}), "sorted labels");
    let cost = |scores: &Value| scores["mean_cost"].as_f64().unwrap();
    assert!(cost(&decision["out_of_fold"]["after"]) < cost(&decision["out_of_fold"]["before"]));
    assert!(answers(&sandbox).iter().all(|answer| answer["label"] == "good"), "a missed good costs most");
    let text = sandbox.succeed(&["evaluate", "-q", "model", "--data", "data.tsv"]);
    assert!(text.contains("lowest expected cost") && text.contains("mean cost"), "{text}");

    let bert = encoder("bert");
    let fail = |more: &[&str]| {
        let mut args = vec![
            "train",
            "-q",
            "--encoder",
            &bert,
            "--data",
            "data.tsv",
            "--features",
            "article",
            "--output",
            "m",
        ];
        args.extend(more);
        sandbox.fail(&args)
    };
    let balanced = fail(&["--cost-matrix", "costs.csv", "--class-weight", "balanced"]);
    assert!(
        balanced.starts_with("decision: a cost matrix needs the probabilities of the data"),
        "{balanced}"
    );
    sandbox.write("c.csv", "t,good,bad\ngood,0,1\nbad,x,0\n");
    assert_eq!(
        fail(&["--cost-matrix", "c.csv"]),
        "c.csv: line 3: cost of the answer \"good\" for \"bad\": expected a number of at least 0, got \"x\""
    );
    sandbox.write("c.csv", "t,good,bad,fair\ngood,0,1,1\nbad,1,0,1\nfair,1,1,0\n");
    assert_eq!(
        fail(&["--cost-matrix", "c.csv"]),
        "c.csv: no row of the data has the label \"fair\", the labels are bad, good"
    );
    sandbox.write("c.csv", "t,good,evil\ngood,0,1\nevil,1,0\n");
    assert_eq!(
        fail(&["--cost-matrix", "c.csv"]),
        "c.csv: no row of the data has the label \"evil\", the labels are bad, good"
    );
    assert_eq!(fail(&["--cost-matrix", "none.csv"]), "none.csv: no such file or folder");
}

#[test]
fn a_saved_rule_that_does_not_fit_is_refused() {
    let sandbox = sandbox();
    train(&sandbox, &["--abstain-below", "0.7"]);
    let path = sandbox.path("model/clsify.json");
    let mut json = read_json(&path);
    json["decision"] = json!({"abstain_below": 7});
    std::fs::write(&path, json.to_string()).unwrap();
    let error = sandbox.fail(&["predict", "-q", "model", "a"]);
    assert!(error.ends_with("clsify.json: decision: expected a threshold within 0 and 1, got 7"), "{error}");
    json["decision"] = json!({"class_thresholds": [0.5]});
    std::fs::write(&path, json.to_string()).unwrap();
    let error = sandbox.fail(&["predict", "-q", "model", "a"]);
    assert!(error.contains("expected 2 positive thresholds"), "{error}");
}

/// Oracle: the model with the rule alone, whose predictions are the best guesses; and the definition of the
/// threshold.
#[test]
fn a_rule_chooses_the_label_and_abstaining_leaves_it_out() {
    let sandbox = sandbox();
    sandbox.write("costs.csv", "true,good,bad\nbad,1,0\ngood,0,3\n");
    for rule in [["--thresholds", "f1_macro"], ["--cost-matrix", "costs.csv"]] {
        let alone = train(&sandbox, &rule);
        let guesses = answers(&sandbox);
        let report = train(&sandbox, &[&rule[..], &["--abstain-below", "0.6"]].concat());
        let saved = read_json(&sandbox.path("model/clsify.json"));
        assert_eq!((&saved["format_version"], &saved["decision"]), (&json!(3), &report["decision"]["rule"]));
        let mut expected = alone["decision"]["rule"].clone();
        expected["abstain_below"] = json!(0.6);
        assert_eq!(saved["decision"], expected);
        assert_eq!(report["test"], alone["test"], "of best guesses");
        for (answer, guess) in answers(&sandbox).iter().zip(&guesses) {
            assert_eq!(answer["best_guess"], guess["label"]);
            let label = guess["label"].as_str().unwrap();
            let below = answer["probabilities"][label].as_f64().unwrap() < 0.6;
            assert_eq!(answer["abstained"], below);
        }
        let text = sandbox.succeed(&["evaluate", "-q", "model", "--data", "data.tsv"]);
        assert!(text.contains(", if its probability is at least 0.6000, otherwise ?"), "{text}");
    }
    let number = |value: &Value| value.as_f64().unwrap();
    let report = train(&sandbox, &["--thresholds", "f1_macro", "--target-precision", "0.5"]);
    let after = &report["decision"]["out_of_fold"]["after"];
    assert!(number(&after["accuracy"]) >= 0.5, "{after}");
    let outcome = sandbox.run(&[
        "train",
        "--encoder",
        "e",
        "--data",
        "d",
        "--output",
        "o",
        "--abstain-below",
        "0.5",
        "--target-precision",
        "0.9",
    ]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    let mut json = read_json(&sandbox.path("model/clsify.json"));
    json["decision"]["of_tomorrow"] = json!(1);
    sandbox.write("model/clsify.json", json.to_string());
    let error = sandbox.fail(&["predict", "-q", "model", "a"]);
    assert!(error.contains("unknown field `of_tomorrow`"), "{error}");
}

/// Oracle: rows repeated as often as their weight says, for the rule and the weighted scores. Both fits have the same
/// optimum.
#[test]
fn thresholds_count_weights() {
    let sandbox = sandbox();
    let data = std::fs::read_to_string(sandbox.path("data.tsv")).unwrap();
    let weighted =
        data.lines().enumerate().map(|(i, row)| format!("{row}\t{}\n", if i % 4 == 0 { 5 } else { 1 }));
    sandbox.write("weighted.tsv", weighted.collect::<String>());
    let more = [
        "--data",
        "weighted.tsv",
        "--test-data",
        "data.tsv",
        "--abstain-below",
        "0.6",
        "--weight-column",
        "2",
    ];
    let bert = encoder("bert");
    let args = ["train", "-q", "--encoder", &bert, "--output", "m", "--json", "-", "--calibration", "platt"];
    let trained = sandbox.succeed(&[&args[..], &more].concat());
    let report: Value = serde_json::from_str(&trained).unwrap();
    let evaluate = ["evaluate", "-q", "m", "--data", "weighted.tsv", "--weight-column", "2", "--json", "-"];
    let scores: Value = serde_json::from_str(&sandbox.succeed(&evaluate)).unwrap();
    let after = &scores["decision"]["after"];
    let lines = sandbox.succeed(&["predict", "-q", "m", "--input", "data.tsv", "--output-format", "json"]);
    let (mut right, mut given) = (0.0, 0.0);
    for (i, (line, row)) in json_lines(&lines).iter().zip(data.lines()).enumerate() {
        let weight = if i % 4 == 0 { 5.0 } else { 1.0 };
        if line["abstained"] == false {
            given += weight;
            right += if line["label"] == row.split_once('\t').unwrap().1 { weight } else { 0.0 };
        }
    }
    assert!((after["weighted"]["accuracy"].as_f64().unwrap() - right / given).abs() < 1e-12, "{after}");
    assert_ne!(after["weighted"]["accuracy"], after["accuracy"]);
    assert!(report["decision"]["out_of_fold"]["after"]["weighted"]["coverage"].is_number());
    assert!(report["decision"]["test"]["after"]["weighted"].is_null(), "test files have no weights");
    let text = sandbox.succeed(&["evaluate", "-q", "m", "--data", "weighted.tsv", "--weight-column", "2"]);
    assert!(text.contains("weighted accuracy"), "{text}");
}
