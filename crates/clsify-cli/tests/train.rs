//! `train` and `evaluate`: options, the keys of the JSON report, and scikit-learn's rows.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Outcome, Sandbox, encoder, fixtures, keys, read_json};
use serde_json::{Value, json};

fn train(sandbox: &Sandbox, more: &[&str]) -> Outcome {
    let bert = encoder("bert");
    let mut args = vec!["train", "--encoder", &bert, "--output", "model"];
    if !more.contains(&"--data") {
        args.extend(["--data", "reviews.tsv"]);
    }
    if !more.contains(&"--features") {
        args.extend(["--features", "article"]);
    }
    args.extend(more);
    let outcome = sandbox.run(&args);
    assert_eq!(outcome.code, Some(0), "{more:?}: {}", outcome.stderr);
    outcome
}

/// The report of a run with `--json -`, which must be the only text on stdout.
fn report(sandbox: &Sandbox, more: &[&str]) -> Value {
    serde_json::from_str(&train(sandbox, &[&["--json", "-"], more].concat()).stdout).unwrap()
}

/// Checks that an object has these keys, and possibly more.
fn assert_has(value: &Value, expected: &[&str]) {
    for key in expected {
        assert!(value.get(key).is_some(), "{key} is missing in {:?}", keys(value));
    }
}

#[test]
fn the_report_has_the_keys_of_the_contract() {
    let sandbox = Sandbox::with_reviews();
    sandbox.write("r.jsonl", common::reviews() + "film 0 was a quiet bore\tgood\n");
    let outcome =
        train(&sandbox, &["--data", "r.jsonl", "--format", "tsv", "--json", "report.json", "--grid-search"]);
    assert!(outcome.stdout.contains("accuracy     "), "{}", outcome.stdout);
    let report = read_json(&sandbox.path("report.json"));
    assert_has(
        &report,
        &[
            "dataset",
            "encoder",
            "features",
            "split",
            "baseline",
            "classifier",
            "train",
            "test",
            "grid_search",
            "seconds",
        ],
    );
    assert_eq!(
        report["dataset"],
        json!({"n_samples": 25, "class_counts": {"bad": 12, "good": 13}, "n_duplicates": 1, "n_conflicting": 1})
    );
    assert_has(
        &report["encoder"],
        &["name", "model_type", "hidden_size", "num_hidden_layers", "pooling", "dtype"],
    );
    assert_eq!(
        [&report["encoder"]["name"], &report["encoder"]["model_type"], &report["encoder"]["pooling"]],
        ["bert", "bert", "cls"]
    );
    assert_has(&report["features"], &["shape", "n_tokens", "max_tokens", "n_truncated"]);
    assert_eq!(report["features"]["shape"], json!([25, 32]));
    assert_has(&report["split"], &["n_train", "n_test", "seed", "stratified", "test_indices"]);
    assert_has(&report["baseline"], &["cv_mean", "cv_std", "test_accuracy"]);
    assert_has(&report["classifier"], &["C", "n_iter", "converged", "coef_norm", "intercept"]);
    assert_has(&report["train"], &["accuracy"]);
    let test = &report["test"];
    assert_has(test, &["accuracy", "accuracy_ci95", "confusion_matrix", "per_class", "macro", "weighted"]);
    for scores in [&test["per_class"]["good"], &test["per_class"]["bad"], &test["macro"], &test["weighted"]] {
        assert_eq!(keys(scores), ["f1", "precision", "recall", "support"]);
    }
    let search = &report["grid_search"];
    assert_has(search, &["best_C", "best_score", "points"]);
    let points = search["points"].as_array().unwrap();
    assert_eq!(
        (points.len(), points[0]["C"].as_f64(), points[19]["C"].as_f64()),
        (20, Some(0.0001), Some(100.0))
    );
    points.iter().for_each(|point| assert_has(point, &["C", "mean_test_score", "std_test_score"]));
    assert_eq!(report["classifier"]["C"], search["best_C"]);
    assert_eq!(keys(&report["seconds"]), ["embed", "fit", "grid_search", "load", "tokenize", "total"]);
}

#[test]
fn json_on_stdout_is_all_that_stands_there() {
    let sandbox = Sandbox::with_reviews();
    assert_eq!(report(&sandbox, &[])["grid_search"], Value::Null);
    let quiet = train(&sandbox, &["--json", "-", "-q"]);
    assert!(quiet.stderr.is_empty() && serde_json::from_str::<Value>(&quiet.stdout).is_ok());
    let scores = sandbox.succeed(&["evaluate", "-q", "model", "--data", "reviews.tsv", "--json", "-"]);
    assert!(serde_json::from_str::<Value>(&scores).is_ok());
}

#[test]
fn test_rows_are_those_of_scikit_learn() {
    let sandbox = Sandbox::new();
    let splits = read_json(&fixtures().join("sklearn/splits.json"));
    let mut n_checked = 0;
    for case in splits["cases"].as_array().unwrap() {
        let n = case["n"].as_u64().unwrap() as usize;
        if case.get("error").is_some() || !(20..=101).contains(&n) {
            continue;
        }
        let label = |i: usize| match case["class_ids"].as_str() {
            Some(ids) => ids[i..=i].to_string(),
            None => (i % 2).to_string(),
        };
        let indices =
            |rows: &Value| rows.as_array().unwrap().iter().map(|i| i.as_u64().unwrap() as usize).collect();
        let rows: Vec<usize> = indices(&case["train"]);
        if rows.iter().all(|&i| label(i) == label(rows[0])) {
            continue;
        }
        sandbox.write("rows.tsv", (0..n).map(|i| format!("film {i}\t{}\n", label(i))).collect::<String>());
        let size = case.get("count").or(case.get("fraction")).unwrap().to_string();
        let seed = case["seed"].to_string();
        let mut args = vec!["-q", "--data", "rows.tsv", "--test-size", &size, "--seed", &seed];
        if case["stratify"] == true {
            args.push("--stratify");
        }
        let report = report(&sandbox, &args);
        assert_eq!(report["split"]["test_indices"], case["test"], "{args:?}");
        assert_eq!(report["split"]["seed"], case["seed"]);
        assert_eq!(report["split"]["stratified"], case["stratify"]);
        n_checked += 1;
    }
    assert!(n_checked > 140, "{n_checked}");
}

#[test]
fn a_test_file_takes_the_place_of_a_split() {
    let sandbox = Sandbox::with_reviews();
    sandbox.write(
        "test.csv",
        "text,label\nthe film number 99 is wonderful,good\nfilm 99 was a quiet bore,bad\nodd,new\n",
    );
    let bert = encoder("bert");
    let outcome = sandbox.run(&[
        "train",
        "--encoder",
        &bert,
        "--data",
        "reviews.tsv",
        "--test-data",
        "test.csv",
        "--output",
        "model",
        "--json",
        "report.json",
        "--limit",
        "20",
    ]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("no training row has the label new"), "{}", outcome.stderr);
    let report = read_json(&sandbox.path("report.json"));
    assert_eq!(report["split"]["n_train"], 20);
    assert_eq!(report["split"]["n_test"], 3);
    assert_eq!(report["split"]["test_indices"], json!([]));
    assert_eq!(report["test"]["per_class"]["new"]["support"], 1);
    assert_eq!(report["test"]["confusion_matrix"].as_array().unwrap().len(), 3);
    // The model knows the labels that it was trained on.
    assert_eq!(read_json(&sandbox.path("model/clsify.json"))["classes"], json!(["bad", "good"]));
}

#[test]
fn options_reach_the_fit() {
    let sandbox = Sandbox::with_reviews();
    let norm = |more: &[&str]| {
        report(&sandbox, &[&["-q"], more].concat())["classifier"]["coef_norm"].as_f64().unwrap()
    };
    let default = norm(&[]);
    assert_eq!(default, norm(&["--c", "1", "--class-weight", "none", "--pooling", "cls"]));
    assert!(norm(&["--c", "0.01"]) < default && default < norm(&["--c", "100"]));
    let mean = report(&sandbox, &["-q", "--pooling", "mean", "--max-length", "5"]);
    assert_eq!((&mean["encoder"]["pooling"], &mean["features"]["max_tokens"]), (&json!("mean"), &json!(5)));
    assert_ne!(mean["features"]["n_truncated"], 0);
    sandbox.write("skewed.tsv", common::reviews() + &"one more wonderful film\tgood\n".repeat(20));
    let skewed = |weight| norm(&["--data", "skewed.tsv", "--class-weight", weight]);
    assert_ne!(skewed("balanced"), skewed("none"));

    let search = report(&sandbox, &["-q", "--c-grid", "0.1,1,10"]);
    let values: Vec<f64> = search["grid_search"]["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["C"].as_f64().unwrap())
        .collect();
    assert_eq!(values, [0.1, 1.0, 10.0]);
    let both = report(&sandbox, &["-q", "--c-grid", "0.1,1,10", "--grid-search"]);
    assert_eq!(both["grid_search"], search["grid_search"]);
    // All options can be combined: the search chooses its own C.
    let all = report(&sandbox, &["-q", "--c", "7", "--c-grid", "0.1,1,10", "--grid-search", "--stratify"]);
    assert_eq!(all["classifier"]["C"], all["grid_search"]["best_C"]);
}

#[test]
fn threads_change_no_vector_and_no_score() {
    let sandbox = Sandbox::with_reviews();
    let run = |threads| report(&sandbox, &["-q", "--no-cache", "--threads", threads, "--c-grid", "0.1,1,10"]);
    let (one, two) = (run("1"), run("2"));
    for key in ["dataset", "encoder", "features", "split", "baseline", "train", "test", "grid_search"] {
        assert_eq!(one[key], two[key], "{key}");
    }
    let norm = |report: &Value| report["classifier"]["coef_norm"].as_f64().unwrap();
    assert!((norm(&one) - norm(&two)).abs() <= 1e-9 * norm(&one));
}

#[test]
fn columns_and_headers_can_be_named() {
    let sandbox = Sandbox::with_reviews();
    let rows: String = common::reviews()
        .lines()
        .map(|l| l.split_once('\t').unwrap())
        .map(|(s, l)| format!("7,{l},{s}\n"))
        .collect();
    sandbox.write("named.csv", format!("id,verdict,phrase\n{rows}"));
    sandbox.write("plain.csv", &rows);
    let expected = report(&sandbox, &["-q"]);
    let named = ["-q", "--data", "named.csv", "--text-column", "phrase", "--label-column", "verdict"];
    let numbered =
        ["-q", "--data", "plain.csv", "--text-column", "2", "--label-column", "1", "--header", "absent"];
    for args in [&named[..], &numbered[..]] {
        let report = report(&sandbox, args);
        assert_eq!(
            (&report["dataset"], &report["test"]),
            (&expected["dataset"], &expected["test"]),
            "{args:?}"
        );
    }
    // A header with unknown names is read as a record, which a note says.
    sandbox.write("odd.tsv", format!("phrase\tverdict\n{}", common::reviews()));
    let outcome = train(&sandbox, &["--data", "odd.tsv"]);
    let note = "note: line 1 is the only row labelled verdict: if it is a header, add --header present\n";
    assert!(outcome.stderr.contains(note), "{}", outcome.stderr);
    assert!(!train(&sandbox, &["--data", "odd.tsv", "--header", "present"]).stderr.contains("note: line"));
}

#[test]
fn data_comes_from_stdin_too() {
    let sandbox = Sandbox::new();
    let bert = encoder("bert");
    for data in if cfg!(unix) { &["-", "/dev/stdin"][..] } else { &["-"] } {
        let args = ["train", "-q", "--encoder", &bert, "--data", data, "--format", "tsv", "--output", "m"];
        let outcome = sandbox.run_with_input(&args, common::reviews().as_bytes());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    }
    let embed = ["embed", "--encoder", &bert, "--input", "-", "--format", "lines", "--output", "x.npy"];
    let outcome = sandbox.run_with_input(&embed, b"one\ntwo\n");
    assert!(outcome.stderr.starts_with("x.npy: 2 x 32 numbers"), "{}", outcome.stderr);
    let evaluate = ["evaluate", "m", "--data", "-"];
    let outcome = sandbox.run_with_input(&evaluate, common::reviews().as_bytes());
    assert_eq!(
        outcome.error_line("no format"),
        "stdin: expected the extension tsv, csv, jsonl or txt, got none"
    );
    assert!(
        outcome.stderr.ends_with("hint: say what the file is: --format tsv, csv, jsonl, fasttext or lines\n")
    );
}

#[test]
fn labels_of_any_kind_stay_in_their_line() {
    let sandbox = Sandbox::new();
    let labels = ["a\tb", "c\nd\u{1b}[31m", &"x".repeat(300)];
    let rows = (0..30).map(|i| format!("{}\n", json!({"text": format!("film {i}"), "label": labels[i % 3]})));
    sandbox.write("odd.jsonl", rows.collect::<String>());
    let outcome = train(&sandbox, &["--data", "odd.jsonl"]);
    assert!(!outcome.stdout.contains(['\t', '\u{1b}']), "{}", outcome.stdout);
    assert!(!outcome.stderr.contains(['\t', '\u{1b}']), "{}", outcome.stderr);
    assert!(outcome.stdout.lines().all(|line| line.chars().count() < 140), "{}", outcome.stdout);
    // The counts, the accuracy below the baseline, and the folder of the model.
    assert_eq!(outcome.stderr.lines().count(), 3, "{}", outcome.stderr);
    assert!(outcome.stderr.contains(r#"of always answering "a\tb""#), "{}", outcome.stderr);
    let classes = read_json(&sandbox.path("model/clsify.json"))["classes"].clone();
    assert_eq!(classes, json!(labels));
}

#[test]
fn hundreds_of_classes_fill_no_screen() {
    let sandbox = Sandbox::new();
    sandbox.write("many.tsv", (0..900).map(|i| format!("film {i}\tclass {}\n", i % 300)).collect::<String>());
    let outcome = train(&sandbox, &["--data", "many.tsv", "--stratify", "--test-size", "0.34"]);
    assert!(outcome.stdout.contains("The confusion matrix, too wide to show"), "{}", outcome.stdout);
    assert!(outcome.stdout.lines().all(|line| line.len() < 120));
    assert!(outcome.stderr.lines().all(|line| line.len() < 300), "{}", outcome.stderr);
}

/// Layers side by side have many features. The scaling is folded into the saved weights, so that `evaluate` and
/// `predict` do not depend on it.
#[test]
fn layers_and_scaling_are_saved_with_the_model() {
    let sandbox = Sandbox::with_reviews();
    let report = |more: &[&str]| report(&sandbox, &[&["-q", "--test-data", "reviews.tsv"], more].concat());
    let several = report(&["--layers", "1-2", "--pooling", "cls+mean"]);
    assert_eq!(several["features"]["shape"], json!([24, 4 * 32]));
    assert_eq!(
        [&several["encoder"]["layers"], &several["encoder"]["pooling"], &several["classifier"]["scaling"]],
        [&json!("1-2"), &json!("cls+mean"), &json!("standard")]
    );
    let saved = read_json(&sandbox.path("model/clsify.json"));
    assert_eq!(saved["features"]["layers"], json!("1-2"));
    assert_eq!(saved["training"]["scaling"], json!("standard"));
    let evaluated = sandbox.succeed(&["evaluate", "model", "--data", "reviews.tsv", "-q", "--json", "-"]);
    let evaluated: Value = serde_json::from_str(&evaluated).unwrap();
    assert_eq!(evaluated["test"], several["test"]);

    // Two names of the same choice; the default is the article's.
    let [last, three] = ["last", "3"].map(|layers| report(&["--layers", layers, "--scaling", "none"]));
    assert_eq!((&last["encoder"], &last["test"]), (&three["encoder"], &three["test"]));
    assert_eq!(report(&[])["classifier"]["scaling"], json!("none"));
    let plain = report(&["--layers", "0", "--pooling", "mean", "--scaling", "none"]);
    assert_eq!(plain["features"]["shape"], json!([24, 32]));
    let bert = encoder("bert");
    let train = ["train", "--encoder", &bert, "--data", "reviews.tsv", "--output", "m2", "--layers", "4"];
    assert!(sandbox.fail(&train).contains("expected layers between 0 and 3, got 4"));
}

/// The choice and the saved weights have the same bytes whatever the test rows contain, with a test file and with a
/// split.
#[test]
fn test_rows_take_no_part_in_the_choice_of_features() {
    let sandbox = Sandbox::with_reviews();
    let reviews = common::reviews();
    let flipped: String = reviews
        .lines()
        .map(|line| {
            let (text, label) = line.rsplit_once('\t').unwrap();
            let label = if label == "good" { "bad" } else { "good" };
            format!("{} quite differently\t{label}\n", &text[..text.len() / 2])
        })
        .collect();
    sandbox.write("flipped.tsv", flipped);
    let run = |more: &[&str]| {
        let report = report(&sandbox, &[&["-q", "--features", "auto"], more].concat());
        (report, std::fs::read(sandbox.path("model/classifier.safetensors")).unwrap())
    };
    let (one, weights) = run(&["--test-data", "reviews.tsv"]);
    let (other, other_weights) = run(&["--test-data", "flipped.tsv"]);
    assert_ne!(one["test"], other["test"]);
    assert_eq!(one["selection"], other["selection"]);
    assert_eq!(weights, other_weights);

    // 18 rows are for training. The text of the other six is replaced, row by row.
    let (split, weights) = run(&["--stratify"]);
    let held_out: Vec<usize> = split["split"]["test_indices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i.as_u64().unwrap() as usize)
        .collect();
    assert_eq!(split["selection"]["n_rows"], json!(24 - held_out.len()));
    let mut lines: Vec<String> = reviews.lines().map(str::to_string).collect();
    for &row in &held_out {
        let label = lines[row].rsplit_once('\t').unwrap().1.to_string();
        lines[row] = format!("something else altogether, number {row}\t{label}");
    }
    sandbox.write("changed.tsv", lines.join("\n"));
    let (changed, changed_weights) = run(&["--stratify", "--data", "changed.tsv"]);
    assert_eq!(split["split"], changed["split"]);
    assert_eq!(split["selection"], changed["selection"]);
    assert_eq!(weights, changed_weights);

    let selection = &one["selection"];
    let candidates = selection["candidates"].as_array().unwrap();
    let score = |candidate: &Value| candidate["accuracy"].as_f64().unwrap();
    assert!(
        candidates.is_sorted_by(|a, b| score(a) >= score(b)) && candidates.contains(&selection["chosen"])
    );
    let saved = read_json(&sandbox.path("model/clsify.json"));
    assert_eq!(saved["features"], changed["selection"]["chosen"]["features"]);
    assert_eq!(saved["training"]["C"], changed["selection"]["chosen"]["C"]);
}

/// Predictions and their scores do not change; the probabilities of other rows improve, which the report shows.
#[test]
fn a_temperature_is_reported_saved_and_changes_no_prediction() {
    let sandbox = Sandbox::with_reviews();
    let more = ["-q", "--test-data", "reviews.tsv"];
    let plain = report(&sandbox, &more);
    assert!(plain["calibration"].is_null());
    assert!(read_json(&sandbox.path("model/clsify.json"))["training"]["temperature"].is_null());
    let calibrated = report(&sandbox, &[&more[..], &["--calibration", "temperature"]].concat());
    assert_eq!(calibrated["test"], plain["test"]);
    let calibration = &calibrated["calibration"];
    let temperature = calibration["temperature"].as_f64().unwrap();
    assert!(temperature > 0.0 && temperature != 1.0, "{temperature}");
    for scores in [&calibration["before"], &calibration["after"]] {
        ["ece", "brier", "log_loss"]
            .iter()
            .for_each(|key| assert!(scores[*key].is_f64(), "{key} of {scores}"));
    }
    assert_ne!(calibration["before"], calibration["after"]);
    // Oracle: the definition of the error, computed from the bins.
    for when in ["before", "after"] {
        let bins = calibration["reliability"][when].as_array().unwrap();
        let n = |bin: &Value| bin["n_rows"].as_f64().unwrap();
        let gap = |bin: &Value| match (bin["accuracy"].as_f64(), bin["mean_probability"].as_f64()) {
            (Some(accuracy), Some(mean)) => n(bin) * (accuracy - mean).abs(),
            _ => 0.0,
        };
        let (total, gaps): (f64, f64) = (bins.iter().map(n).sum(), bins.iter().map(gap).sum());
        assert_eq!((bins.len(), total), (15, 24.0));
        assert!((gaps / total - calibration[when]["ece"].as_f64().unwrap()).abs() < 1e-12);
    }
    let saved = read_json(&sandbox.path("model/clsify.json"));
    assert_eq!(saved["training"]["temperature"].as_f64(), Some(temperature));
    // Oracle: the intercept without calibration.
    let intercept = |report: &Value| report["classifier"]["intercept"][0].as_f64().unwrap();
    let expected = intercept(&plain) / temperature;
    assert!((intercept(&calibrated) - expected).abs() <= 1e-12 * expected.abs());
    let outcome = train(&sandbox, &["--calibration", "temperature"]);
    assert!(outcome.stdout.contains("calibration  temperature "), "{}", outcome.stdout);
}

/// Oracle: the intercept without calibration, and the Platt parameters in the report.
#[test]
fn a_line_is_reported_saved_and_folded_in_for_two_classes_only() {
    let sandbox = Sandbox::with_reviews();
    let plain = report(&sandbox, &["-q", "--test-data", "reviews.tsv"]);
    let calibrated = report(&sandbox, &["-q", "--test-data", "reviews.tsv", "--calibration", "platt"]);
    let calibration = &calibrated["calibration"];
    assert_eq!((&calibration["method"], &calibration["temperature"]), (&json!("platt"), &Value::Null));
    let line = |name: &str| calibration["platt"][name].as_f64().unwrap();
    let intercept = |report: &Value| report["classifier"]["intercept"][0].as_f64().unwrap();
    let expected = line("scale") * intercept(&plain) + line("offset");
    assert!((intercept(&calibrated) - expected).abs() <= 1e-12 * expected.abs());
    assert_eq!(read_json(&sandbox.path("model/clsify.json"))["training"]["platt"], calibration["platt"]);
    let outcome = train(&sandbox, &["--calibration", "platt"]);
    assert!(outcome.stdout.contains("calibration  logits "), "{}", outcome.stdout);

    sandbox.write("three.tsv", common::reviews() + "a middling film\tfair\n".repeat(6).as_str());
    let bert = encoder("bert");
    let error = sandbox.fail(&[
        "train",
        "-q",
        "--encoder",
        &bert,
        "--data",
        "three.tsv",
        "--output",
        "m",
        "--calibration",
        "platt",
    ]);
    assert_eq!(error, "calibration: Platt scaling: expected 2 classes, got 3");
}

/// Files with the line ends, delimiters and quotes of old Macs, spreadsheets and pandas train the same model as the
/// plain file.
#[test]
fn other_line_ends_delimiters_and_quotes() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    let train = |data: &str, more: &[&str]| {
        let base = ["train", "-q", "--encoder", &bert, "--output", "m", "--json", "-", "--data", data];
        let report: serde_json::Value =
            serde_json::from_str(&sandbox.succeed(&[&base[..], more].concat())).unwrap();
        (report["dataset"].clone(), report["test"].clone())
    };
    let tsv = common::reviews();
    let expected = train("reviews.tsv", &[]);
    let with_header = |delimiter: &str, end: &str| {
        format!("text\tlabel\n{tsv}").replace('\t', delimiter).replace('\n', end)
    };
    let quoted: String = tsv.lines().map(|line| format!("\"{}\"\n", line.replace('\t', "\"\t\""))).collect();
    let jsonl: String = tsv
        .lines()
        .map(|line| line.split_once('\t').unwrap())
        .map(|(text, label)| serde_json::json!({"text": text, "label": label}).to_string() + "\r")
        .collect();
    for (name, text, more) in [
        ("mac.tsv", tsv.replace('\n', "\r"), &[][..]),
        ("mixed.tsv", tsv.replacen('\n', "\r", 3).replacen('\n', "\r\n", 3), &[]),
        ("mac.csv", with_header(",", "\r"), &[]),
        ("mac.jsonl", jsonl, &[]),
        ("semicolon.csv", with_header(";", "\r\n"), &[]),
        ("excel.csv", format!("sep=|\n{}", tsv.replace('\t', "|")), &[]),
        ("bar.csv", tsv.replace('\t', "|"), &["--delimiter", "|"]),
        ("tab.csv", tsv.clone(), &["--delimiter", "tab"]),
        ("quoted.tsv", quoted, &["--quoting", "minimal"]),
    ] {
        sandbox.write(name, &text);
        assert_eq!(train(name, more), expected, "{name}");
        let format = name.rsplit_once('.').unwrap().1;
        let base = [
            "train",
            "-q",
            "--encoder",
            &bert,
            "--output",
            "m",
            "--json",
            "-",
            "--data",
            "-",
            "--format",
            format,
        ];
        let outcome = sandbox.run_with_input(&[&base[..], more].concat(), text.as_bytes());
        let report: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert_eq!((report["dataset"].clone(), report["test"].clone()), expected, "{name} on stdin");
    }
    let (dataset, _) = train("bar.csv", &["--delimiter", "|", "--quoting", "none"]);
    assert_eq!(dataset, expected.0);
}
