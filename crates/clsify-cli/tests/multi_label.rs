//! `--multi-label`: training, predictions, scores and errors.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Outcome, Sandbox, encoder, json_lines, keys, read_json};
use serde_json::{Value, json};

/// Forty sentences about one topic, both or none.
fn news() -> String {
    (0..10)
        .map(|i| {
            format!(
                "a stunning film number {i}\tfilm\nthis is terrible ! {i}\tanger\n\
                 a stunning film , this is terrible ! {i}\tanger; film\nwho is {i} ?\t\n"
            )
        })
        .collect()
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("news.tsv", news());
    sandbox
}

fn arguments<'a>(bert: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["train", "--encoder", bert, "--output", "model", "--multi-label", ";"];
    if !more.contains(&"--data") {
        args.extend(["--data", "news.tsv"]);
    }
    args.extend(more);
    args
}

fn train(sandbox: &Sandbox, more: &[&str]) -> Outcome {
    let outcome = sandbox.run(&arguments(&encoder("bert"), more));
    assert_eq!(outcome.code, Some(0), "{more:?}: {}", outcome.stderr);
    outcome
}

fn report(sandbox: &Sandbox, more: &[&str]) -> Value {
    serde_json::from_str(&train(sandbox, &[&["-q", "--json", "-"], more].concat()).stdout).unwrap()
}

#[test]
fn a_run_from_sentences_to_answers() {
    let sandbox = sandbox();
    let outcome = train(&sandbox, &["--pooling", "mean", "--c", "100", "--json", "report.json"]);
    assert!(
        outcome
            .stderr
            .contains("news.tsv: 40 sentences (anger: 20, film: 20), 10 with several labels, 10 without any")
    );
    assert!(outcome.stdout.contains("subset accuracy "), "{}", outcome.stdout);
    let report = read_json(&sandbox.path("report.json"));
    assert_eq!(
        report["dataset"],
        json!({
            "n_samples": 40, "label_counts": {"anger": 20, "film": 20}, "label_cardinality": 1.0, "n_label_sets": 4,
            "n_without_label": 10, "n_with_several": 10, "n_duplicates": 0, "n_conflicting": 0
        })
    );
    assert_eq!([&report["split"]["n_train"], &report["split"]["n_test"]], [30, 10]);
    assert_eq!(report["split"]["stratified"], false);
    assert_eq!(report["classifier"]["converged"], true);
    assert_eq!(report["thresholds"]["chosen_by"], "half");
    assert_eq!(report["test_at_half"], Value::Null);
    let expected = [
        "hamming_loss",
        "macro",
        "micro",
        "n_samples",
        "per_label",
        "samples",
        "subset_accuracy",
        "subset_accuracy_ci95",
        "weighted",
    ];
    assert_eq!(keys(&report["test"]), expected);
    assert_eq!(keys(&report["test"]["per_label"]), ["anger", "film"]);
    assert_eq!(keys(&report["baseline"]), ["every_label", "most_frequent_set"]);
    // The words determine the topics, whatever the encoder.
    assert_eq!(report["train"]["subset_accuracy"], 1.0);

    let texts = ["who is 3 ?", "a stunning film , this is terrible ! 5", "a stunning film number 4"];
    let ask = |more: &[&str]| sandbox.succeed(&[&["predict", "-q", "model"], more, &texts].concat());
    let expected = format!("\t{}\nanger;film\t{}\nfilm\t{}\n", texts[0], texts[1], texts[2]);
    assert_eq!(ask(&[]), expected);
    let lines = json_lines(&ask(&["--output-format", "json", "-p"]));
    let labels: Vec<&Value> = lines.iter().map(|line| &line["labels"]).collect();
    assert_eq!(labels, [&json!([]), &json!(["anger", "film"]), &json!(["film"])]);
    assert!(lines[1]["probabilities"]["anger"].as_f64().unwrap() > 0.5);
    assert!(lines[2]["probabilities"]["anger"].as_f64().unwrap() < 0.5);
    let tsv = ask(&["--output-format", "tsv", "-p"]);
    assert!(tsv.starts_with("labels\tp_anger\tp_film\tsentence\n\t0."), "{tsv}");
    // Predictions can be used as training data.
    let from_file =
        sandbox.succeed(&["predict", "-q", "model", "--input", "news.tsv", "--output-format", "json"]);
    sandbox.write("answers.jsonl", from_file);
    let scores =
        ["evaluate", "-q", "model", "--data", "answers.jsonl", "--label-column", "labels", "--json", "-"];
    let scores: Value = serde_json::from_str(&sandbox.succeed(&scores)).unwrap();
    assert_eq!(
        (scores["test"]["subset_accuracy"].as_f64(), scores["test"]["hamming_loss"].as_f64()),
        (Some(1.0), Some(0.0))
    );
}

#[test]
fn evaluation_repeats_the_scores_of_the_training() {
    let sandbox = sandbox();
    sandbox
        .write("more.tsv", "a stunning film 77\tfilm;anger\nwho is 78 ?\t\nthis is terrible ! 79\tanger\n");
    let report =
        report(&sandbox, &["--test-data", "more.tsv", "--thresholds", "f1", "--class-weight", "balanced"]);
    assert_eq!([&report["split"]["n_train"], &report["split"]["n_test"]], [40, 3]);
    assert_eq!(
        [&report["thresholds"]["chosen_by"], &report["thresholds"]["n_splits"]],
        [&json!("f1"), &json!(20)]
    );
    assert_eq!(report["test_at_half"]["n_samples"], 3);
    let scores = sandbox.succeed(&["evaluate", "-q", "model", "--data", "more.tsv", "--json", "-"]);
    let scores: Value = serde_json::from_str(&scores).unwrap();
    assert_eq!(scores["test"], report["test"]);
    let saved = read_json(&sandbox.path("model/clsify.json"));
    let of_report: Vec<&Value> = report["thresholds"]["per_label"]
        .as_array()
        .unwrap()
        .iter()
        .map(|label| &label["threshold"])
        .collect();
    assert_eq!(saved["multi_label"]["thresholds"].as_array().unwrap().iter().collect::<Vec<_>>(), of_report);
    assert_eq!(saved["multi_label"]["separator"], ";");
    assert_eq!(
        self::report(
            &sandbox,
            &["--test-data", "more.tsv", "--thresholds", "f1", "--class-weight", "balanced"]
        )["thresholds"],
        report["thresholds"]
    );
}

#[test]
fn the_search_for_c_is_by_micro_f1() {
    let sandbox = sandbox();
    let report = report(&sandbox, &["--c-grid", "0.0001,10,1000", "--thresholds", "f1"]);
    let search = &report["grid_search"];
    assert_eq!([&search["scoring"], &search["n_splits"]], [&json!("f1_micro"), &json!(5)]);
    let points = search["points"].as_array().unwrap();
    let scores: Vec<f64> = points.iter().map(|point| point["mean_test_score"].as_f64().unwrap()).collect();
    let best = scores.iter().copied().fold(0.0, f64::max);
    assert_eq!((points.len(), search["best_score"].as_f64()), (3, Some(best)));
    let first = scores.iter().position(|score| *score == best).unwrap();
    assert_eq!(search["best_C"], points[first]["C"]);
    assert_eq!(report["classifier"]["C"], search["best_C"]);
    let outcome = train(&sandbox, &["--grid-search"]);
    assert!(outcome.stdout.contains("over 5 folds, from 20 values"), "{}", outcome.stdout);
}

#[test]
fn labels_that_only_the_evaluation_has() {
    let sandbox = sandbox();
    train(&sandbox, &["-q"]);
    sandbox.write("new.tsv", "a stunning film 1\tfilm;joy\nwho is 2 ?\t\n");
    let outcome = sandbox.run(&["evaluate", "model", "--data", "new.tsv", "--json", "-"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains(
            "note: the classifier does not know the label joy: it is never assigned, and counts as missed"
        ),
        "{}",
        outcome.stderr
    );
    let scores: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let joy = &scores["test"]["per_label"]["joy"];
    assert_eq!(joy, &json!({"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1}));
    let outcome = train(&sandbox, &["--test-data", "new.tsv"]);
    assert!(outcome.stderr.contains("note: only test rows have the label joy"), "{}", outcome.stderr);
}

#[test]
fn a_separator_that_no_cell_has() {
    let sandbox = sandbox();
    sandbox.write("plain.tsv", common::reviews());
    let outcome = train(&sandbox, &["--data", "plain.tsv"]);
    let note = "note: no sentence of plain.tsv has several labels: check that \";\" is the separator";
    assert!(outcome.stderr.contains(note), "{}", outcome.stderr);
    let saved = read_json(&sandbox.path("model/clsify.json"));
    assert_eq!(saved["classes"], json!(["bad", "good"]));
}

#[test]
fn one_label_and_labels_without_both_answers() {
    let sandbox = sandbox();
    let rows: String = (0..12).map(|i| format!("a stunning film {i}\tfilm\nwho is {i} ?\t\n")).collect();
    sandbox.write("one.tsv", &rows);
    let report = report(&sandbox, &["--data", "one.tsv", "--thresholds", "f1"]);
    assert_eq!(keys(&report["test"]["per_label"]), ["film"]);
    assert_eq!(
        sandbox.succeed(&["predict", "-q", "model", "a stunning film 3", "who is 3 ?"]).lines().count(),
        2
    );

    // Every row has the label `all`, one held-out row the label `rare`.
    let rows: String =
        (0..12).map(|i| format!("a stunning film {i}\tall;film\nwho is {i} ?\tall\n")).collect();
    sandbox.write("all.tsv", &rows);
    sandbox.write("held_out.tsv", "a stunning film 3\tall;rare\nwho is 3 ?\tall\n");
    let outcome = train(
        &sandbox,
        &["--data", "all.tsv", "--test-data", "held_out.tsv", "--thresholds", "f1", "--json", "r.json"],
    );
    assert!(
        outcome.stderr.contains("note: every training row has the label all: it is always assigned"),
        "{}",
        outcome.stderr
    );
    let report = read_json(&sandbox.path("r.json"));
    assert_eq!(report["classifier"]["constant_labels"], json!({"always": ["all"], "never": []}));
    let answer = sandbox.succeed(&["predict", "-q", "model", "-p", "--output-format", "json", "who is 3 ?"]);
    let answer = &json_lines(&answer)[0];
    assert_eq!(answer["probabilities"]["all"], 1.0);
    assert!(answer["labels"].as_array().unwrap().contains(&json!("all")));

    sandbox.write("only.tsv", "one\tall\ntwo\tall\nthree\tall\nfour\tall\n");
    let bert = encoder("bert");
    std::fs::remove_dir_all(sandbox.path("model")).unwrap();
    assert_eq!(
        sandbox.fail(&arguments(&bert, &["--data", "only.tsv"])),
        "training rows: expected a label that some rows have and others lack, got only all for all or for none"
    );
    sandbox.write("empty.tsv", "one\t\ntwo\t;\n");
    assert_eq!(
        sandbox.fail(&arguments(&bert, &["--data", "empty.tsv"])),
        "empty.tsv: expected at least one label in 2 rows, got only empty cells"
    );
    sandbox.write("few.tsv", "one\ta\ntwo\tb\nthree\ta\nfour\tb\n");
    assert_eq!(
        sandbox.fail(&arguments(&bert, &["--data", "few.tsv", "--thresholds", "f1"])),
        "training rows: k-fold: expected at least 5 rows for 5 folds, got 3"
    );
}

/// 20 of 40 rows have each label: with any seed, 5 of the 10 test rows.
#[test]
fn a_stratified_split_keeps_the_shares_of_labels() {
    let sandbox = sandbox();
    for seed in ["0", "1", "2"] {
        let report = report(&sandbox, &["--stratify", "--seed", seed]);
        assert_eq!(report["split"]["stratified"], true);
        let supports = ["anger", "film"].map(|label| report["test"]["per_label"][label]["support"].clone());
        assert_eq!(supports, [json!(5), json!(5)]);
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    let sandbox = sandbox();
    let bert = encoder("bert");
    let usage = |args: &[&str]| {
        let outcome = sandbox.run(args);
        assert_eq!(outcome.code, Some(2), "{args:?}: {}", outcome.stderr);
        outcome.stderr
    };
    let message = usage(&arguments(&bert, &["--scoring", "log_loss", "--layers", "2"]));
    assert!(message.contains("it is for --features auto"), "{message}");
    let message = usage(&arguments(&bert, &["--features", "auto", "--pooling", "mean"]));
    assert!(message.contains("cannot be used with"), "{message}");
    let plain =
        ["train", "--encoder", &bert, "--data", "news.tsv", "--output", "model", "--thresholds", "f1"];
    assert!(usage(&plain).contains("--thresholds f1 and half are for --multi-label"));
    let message = usage(&arguments(&bert, &["--thresholds", "f1_macro"]));
    assert!(message.contains("--thresholds f1_macro is for one label per sentence"), "{message}");
    let message = usage(&arguments(&bert, &["--thresholds", "f1", "--target-precision", "0.9"]));
    assert!(message.contains("a label has one threshold"), "{message}");
    let empty = ["train", "--encoder", &bert, "--data", "news.tsv", "--output", "model", "--multi-label", ""];
    assert!(usage(&empty).contains("separator"));
    assert!(!sandbox.path("model").exists());
}

/// Oracle: a row of weight 2 is the same as two rows, one of weight 0 is left out; both fits end within their
/// tolerance of the same optimum.
#[test]
fn a_weight_is_so_many_rows() {
    let sandbox = sandbox();
    let news = news();
    let rows: Vec<(&str, usize)> = news.lines().zip([1, 2, 3, 0].into_iter().cycle()).collect();
    sandbox.write("weighted.tsv", rows.iter().map(|(row, n)| format!("{row}\t{n}\n")).collect::<String>());
    sandbox
        .write("repeated.tsv", rows.iter().map(|(row, n)| format!("{row}\n").repeat(*n)).collect::<String>());
    let run = |data: &str, more: &[&str]| {
        let args = ["--data", data, "--test-data", "news.tsv", "--scaling", "standard"];
        report(&sandbox, &[&args[..], more].concat())
    };
    let norm = |report: &Value| report["classifier"]["coef_norm"].as_f64().unwrap();
    let (expected, plain) = (run("repeated.tsv", &[]), run("news.tsv", &[]));
    let found = run("weighted.tsv", &["--weight-column", "2"]);
    assert!((norm(&found) - norm(&expected)).abs() < 1e-5 * norm(&expected));
    assert!((norm(&plain) - norm(&expected)).abs() > 1e-3 * norm(&expected));
    assert_eq!(found["test"], expected["test"]);
    run("weighted.tsv", &["--weight-column", "2", "--thresholds", "f1", "--c-grid", "1,10"]);

    let bert = encoder("bert");
    sandbox.write("bad.tsv", "one\ta\t1\ntwo\t\t-1\n");
    assert_eq!(
        sandbox.fail(&arguments(&bert, &["--data", "bad.tsv", "--weight-column", "2"])),
        "bad.tsv: line 2: expected a weight, a number of at least 0, got \"-1\""
    );
    sandbox.write("zero.tsv", "one\ta\t0\ntwo\t\t0\n");
    assert_eq!(
        sandbox.fail(&arguments(&bert, &["--data", "zero.tsv", "--weight-column", "2"])),
        "zero.tsv: expected at least one weight above 0, got only 0"
    );
}

/// Oracle: repeated rows. Scores are ratios of sums, so they differ by rounding only.
#[test]
fn scores_by_weight_are_those_of_repeated_rows() {
    let sandbox = sandbox();
    let news = news();
    let rows: Vec<(&str, usize)> = news.lines().zip([1, 2, 3, 0].into_iter().cycle()).collect();
    sandbox.write("weighted.tsv", rows.iter().map(|(row, n)| format!("{row}\t{n}\n")).collect::<String>());
    sandbox
        .write("repeated.tsv", rows.iter().map(|(row, n)| format!("{row}\n").repeat(*n)).collect::<String>());
    // A C for which some predictions are wrong.
    let weights = ["--weight-column", "2"];
    let args = ["--data", "weighted.tsv", "--test-data", "repeated.tsv", "--c", "0.001"];
    let trained = report(&sandbox, &[&args[..], &weights].concat());
    assert!(trained.get("test_weighted").is_none(), "the test file has no weights");
    let evaluate = |data: &str, more: &[&str]| {
        sandbox.succeed(&[&["evaluate", "-q", "model", "--data", data], more].concat())
    };
    let json = |data: &str, more: &[&str]| -> Value {
        serde_json::from_str(&evaluate(data, &[more, &["--json", "-"]].concat())).unwrap()
    };
    let (weighted, repeated) = (json("weighted.tsv", &weights), json("repeated.tsv", &[]));
    assert!(repeated.get("test_weighted").is_none());
    assert_eq!(keys(&weighted["test_weighted"]), ["micro_f1", "subset_accuracy"]);
    let close = |got: &Value, expected: &Value| {
        let (got, expected) = (got.as_f64().unwrap(), expected.as_f64().unwrap());
        assert!((got - expected).abs() < 1e-12, "expected {expected}, got {got}");
        assert!(0.1 < got && got < 0.99, "{got}");
    };
    close(&weighted["test_weighted"]["micro_f1"], &repeated["test"]["micro"]["f1"]);
    close(&weighted["test_weighted"]["subset_accuracy"], &repeated["test"]["subset_accuracy"]);
    assert_ne!(weighted["test"]["subset_accuracy"], repeated["test"]["subset_accuracy"]);
    assert!(evaluate("weighted.tsv", &weights).contains("\nweighted     subset accuracy "));
    // The held-out rows of a split have weights.
    let split = report(&sandbox, &["--data", "weighted.tsv", "--weight-column", "2"]);
    assert_eq!(keys(&split["test_weighted"]), ["micro_f1", "subset_accuracy"]);
}

#[test]
fn a_model_is_no_encoder() {
    let sandbox = sandbox();
    train(&sandbox, &["-q"]);
    sandbox.write("plain.tsv", common::reviews());
    let others: [&[&str]; 3] = [
        &["advise", "--data", "plain.tsv", "--encoder", "model"],
        &["curve", "--data", "plain.tsv", "--encoder", "model"],
        &["doctor", "plain.tsv", "--encoder", "model"],
    ];
    for args in others {
        let error = sandbox.fail(args);
        assert_eq!(
            error, "model: expected an encoder, got a model that `clsify train` has saved",
            "{args:?}"
        );
    }
}

#[test]
fn saved_models_are_checked() {
    let sandbox = sandbox();
    train(&sandbox, &["-q", "--bundle-encoder"]);
    let path = sandbox.path("model/clsify.json");
    let whole = read_json(&path);
    assert_eq!(whole["format_version"], 3);
    let edits: [(&str, Value, &str); 4] = [
        ("thresholds", json!([0.5]), "expected 2 thresholds within 0 and 1"),
        ("thresholds", json!([0.5, 1.5]), "expected 2 thresholds within 0 and 1"),
        ("constant", json!([]), "expected 2 entries of constant, got 0"),
        ("separator", json!(""), "expected a separator of labels such as ; without a line break, got none"),
    ];
    for (key, value, expected) in edits {
        let mut json = whole.clone();
        json["multi_label"][key] = value;
        sandbox.write("model/clsify.json", json.to_string());
        let error = sandbox.fail(&["predict", "model", "who ?"]);
        assert_eq!(error, format!("model/clsify.json: {expected}"));
    }
    let mut json = whole.clone();
    json["classes"] = json!(["a", "b", "c"]);
    json["multi_label"]["thresholds"] = json!([0.5, 0.5, 0.5]);
    json["multi_label"]["constant"] = json!([null, null, null]);
    sandbox.write("model/clsify.json", json.to_string());
    let error = sandbox.fail(&["predict", "model", "who ?"]);
    assert!(error.contains("tensor \"coef\": expected shape [3, 96] of F64, got [2, 96] of F64"), "{error}");
}

/// Two hundred sentences whose labels cannot all be learned, and a label with three rows.
fn doubtful() -> String {
    let row = |i: usize| {
        let film = if i % 9 < 4 { "a stunning film" } else { "who is" };
        let labels = [(i % 9 < 4) != (i.is_multiple_of(7)), i.is_multiple_of(5), i % 70 == 1];
        let names = ["film", "fifth", "rare"].iter().zip(labels).filter(|(_, has_it)| *has_it);
        let names: Vec<&str> = names.map(|(name, _)| *name).collect();
        format!("{film} number {i}\t{}\n", names.join(";"))
    };
    (0..200).map(row).collect()
}

/// Oracles: the logits of the model without calibration, divided by the temperature or transformed by Platt scaling
/// as reported; and the definition of the scores, applied to the output of `predict`.
#[test]
fn each_label_is_calibrated_by_itself() {
    let sandbox = sandbox();
    sandbox.write("doubtful.tsv", doubtful());
    let run = |more: &[&str]| {
        let data =
            ["--data", "doubtful.tsv", "--test-data", "doubtful.tsv", "--pooling", "mean", "--c", "1000"];
        let report = report(&sandbox, &[&data[..], more].concat());
        let answers =
            ["predict", "-q", "model", "-p", "--output-format", "json", "who is 3", "a stunning film 8"];
        (report, json_lines(&sandbox.succeed(&answers)))
    };
    let logit = |answer: &Value, label: &str| {
        let p = answer["probabilities"][label].as_f64().unwrap();
        (p / (1.0 - p)).ln()
    };
    let (plain, plain_answers) = run(&[]);
    assert!(plain["calibration"].is_null());
    for method in ["temperature", "platt"] {
        let (report, answers) = run(&["--calibration", method]);
        let calibration = &report["calibration"];
        assert_eq!([&calibration["method"], &calibration["n_splits"]], [&json!(method), &json!(20)]);
        assert_eq!(calibration["as_they_are"], json!(["rare"]), "three rows say nothing");
        for (answer, plain) in answers.iter().zip(&plain_answers) {
            for of_label in calibration["per_label"].as_array().unwrap() {
                let number = |value: &Value| value.as_f64().unwrap();
                let label = of_label["label"].as_str().unwrap();
                let expected = match method {
                    "platt" => {
                        let line = &of_label["platt"];
                        number(&line["scale"]) * logit(plain, label) + number(&line["offset"])
                    }
                    _ => logit(plain, label) / number(&of_label["temperature"]),
                };
                assert!((logit(answer, label) - expected).abs() < 1e-6, "{method} {label}");
            }
            assert_eq!(answer["probabilities"]["rare"], plain["probabilities"]["rare"]);
        }
        let ece = |scores: &Value| scores["ece"].as_f64().unwrap();
        assert_eq!(ece(&calibration["before"]), ece(&plain["probabilities"]));
        assert_eq!(ece(&calibration["after"]), ece(&report["probabilities"]));
        assert_eq!(calibration["reliability"]["after"], report["probabilities"]["reliability"]);
        let saved = read_json(&sandbox.path("model/clsify.json"));
        assert_eq!(saved["training"]["calibration"], method);
        let scores = ["evaluate", "-q", "model", "--data", "doubtful.tsv", "--json", "-"];
        let scores: Value = serde_json::from_str(&sandbox.succeed(&scores)).unwrap();
        assert_eq!(scores["probabilities"], report["probabilities"]);
    }
    let data = ["--data", "doubtful.tsv", "--calibration", "platt", "--chart", "chart.svg"];
    let outcome = train(&sandbox, &data);
    assert!(outcome.stdout.contains("calibration  Platt scaling per label (2 labels)"), "{}", outcome.stdout);
    assert!(
        outcome.stdout.contains("not calibrated, constant or with too few rows: rare"),
        "{}",
        outcome.stdout
    );
    let svg = std::fs::read_to_string(sandbox.path("chart.svg")).unwrap();
    assert!(svg.contains("before calibration: calibration error") && !svg.contains("NaN"), "{svg}");
}

/// Oracle: the definition, applied to out-of-fold predictions.
#[test]
fn a_label_is_given_as_precisely_as_is_asked_for_or_never() {
    let sandbox = sandbox();
    sandbox.write("doubtful.tsv", doubtful());
    let data = [
        "--data",
        "doubtful.tsv",
        "--pooling",
        "mean",
        "--target-precision",
        "0.8",
        "--calibration",
        "platt",
    ];
    let report = report(&sandbox, &data);
    let thresholds = &report["thresholds"];
    assert_eq!(thresholds["chosen_by"], json!({"target_precision": 0.8}));
    assert_eq!(thresholds["never_given"], json!(["fifth", "rare"]), "not to be learned");
    let film = &thresholds["out_of_fold"]["per_label"]["film"];
    assert!(film["precision"].as_f64().unwrap() >= 0.8 && film["recall"].as_f64().unwrap() > 0.3, "{film}");
    assert_eq!(thresholds["out_of_fold"]["per_label"]["fifth"]["recall"], 0.0);
    assert!(report["test_at_half"]["micro"]["f1"].is_number());
    let outcome = train(&sandbox, &data);
    let note = "note: no threshold reaches this precision for the label fifth, rare on out-of-fold predictions: it is never assigned";
    assert!(outcome.stderr.contains(note), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("2 of 3 labels do not reach it"), "{}", outcome.stdout);
    let bert = encoder("bert");
    assert_eq!(
        sandbox.fail(&arguments(&bert, &["--target-precision", "0.98"])),
        "decision: expected at least 50 training rows for a target of 0.98, got 30"
    );
}

/// Oracles: one threshold for all labels; `fp / (fp + fn)` and the costs of the predictions.
#[test]
fn one_threshold_for_all_labels_or_one_by_what_mistakes_cost() {
    let sandbox = sandbox();
    let below = report(&sandbox, &["--abstain-below", "0.8"]);
    let of_labels = |report: &Value| -> Vec<f64> {
        let per_label = report["thresholds"]["per_label"].as_array().unwrap();
        per_label.iter().map(|label| label["threshold"].as_f64().unwrap()).collect()
    };
    assert_eq!(of_labels(&below), [0.8, 0.8]);
    sandbox.write("costs.csv", "label,false_positive,false_negative\nfilm,1,19\n");
    let costs = report(&sandbox, &["--cost-matrix", "costs.csv"]);
    assert_eq!(of_labels(&costs), [0.5, 0.05]);
    let mean_cost = &costs["thresholds"]["mean_cost"];
    let film = &costs["thresholds"]["out_of_fold"]["per_label"]["film"];
    let number = |value: &Value| value.as_f64().unwrap();
    let (support, recall) = (number(&film["support"]), number(&film["recall"]));
    let given = support * recall / number(&film["precision"]);
    let expected = (19.0 * support * (1.0 - recall) + given - support * recall) / 30.0;
    assert!((number(&mean_cost["out_of_fold"]) - expected).abs() < 1e-9, "{mean_cost} {expected}");
    let outcome = train(&sandbox, &["--cost-matrix", "costs.csv"]);
    assert!(
        outcome.stdout.contains("mean cost per row with 0.5 -> with these thresholds"),
        "{}",
        outcome.stdout
    );

    let bert = encoder("bert");
    let fail = |more: &[&str]| sandbox.fail(&arguments(&bert, more));
    let balanced = fail(&["--cost-matrix", "costs.csv", "--class-weight", "balanced"]);
    assert!(
        balanced.starts_with("decision: a cost matrix needs the probabilities of the data"),
        "{balanced}"
    );
    sandbox.write("costs.csv", "true,film,anger\nfilm,0,1\nanger,1,0\n");
    assert!(
        fail(&["--cost-matrix", "costs.csv"]).starts_with("costs.csv: line 1: expected the header label,")
    );
    sandbox.write("costs.csv", "label,false_positive,false_negative\njoy,1,19\n");
    let unknown = fail(&["--cost-matrix", "costs.csv"]);
    assert_eq!(unknown, "cost matrix: no row of the data has the label \"joy\", the labels are anger, film");
}
