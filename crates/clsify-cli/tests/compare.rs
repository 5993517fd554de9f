//! `compare` for two models whose predictions are known from `predict`.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Sandbox, encoder, json_lines, keys, reviews};
use serde_json::{Value, json};

/// Creates the models `a` on bert and `b` on another encoder and pooling, both trained on `reviews.tsv`, and
/// `test.tsv` with four sentences unlike the training rows.
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

/// Oracle: the results of `predict` and `evaluate` for each model.
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

/// A label that one model does not know counts as wrong for it, and both outputs say so. The order of classes does
/// not matter.
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

/// Two multi-label models, the first trained on few rows, and data with some unusual rows.
fn multi_label_sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let news: String = (0..10)
        .map(|i| {
            format!(
                "a stunning film number {i}\tfilm\nthis is terrible ! {i}\tanger\n\
                 a stunning film , this is terrible ! {i}\tanger;film\nwho is {i} ?\t\n"
            )
        })
        .collect();
    let train = |case: &str, name: &str, more: &[&str]| {
        let encoder = encoder(case);
        let args = [
            "train",
            "-q",
            "--encoder",
            &encoder,
            "--data",
            "news.tsv",
            "--multi-label",
            ";",
            "--output",
            name,
        ];
        sandbox.succeed(&[&args[..], more].concat());
    };
    sandbox.write("news.tsv", &news);
    train("bert", "a", &["--c", "0.01"]);
    train("distilbert", "b", &["--pooling", "mean", "--c", "10"]);
    let more = "who is it ?\tanger\na film\tjoy;film\nterrible film !\tanger;film\n";
    let head = "text\tlabel\tweight\n".to_string();
    let weighted = (news + more)
        .lines()
        .zip([1, 2, 3].iter().cycle())
        .fold(head, |text, (row, w)| text + &format!("{row}\t{w}\n"));
    sandbox.write("test.tsv", weighted);
    sandbox
}

/// Oracle: the results of `predict` and `evaluate` for each model.
#[test]
fn multi_label_models_are_compared_by_their_answers() {
    let sandbox = multi_label_sandbox();
    let args = ["compare", "-q", "a", "b", "--data", "test.tsv"];
    let report: Value = serde_json::from_str(&sandbox.succeed(&[&args[..], &["--json"]].concat())).unwrap();
    assert_eq!(
        keys(&report),
        [
            "a",
            "b",
            "counts",
            "dataset",
            "difference",
            "difference_ci95",
            "differences",
            "mcnemar_p_value",
            "micro_f1",
            "per_label"
        ]
    );
    let rows = std::fs::read_to_string(sandbox.path("test.tsv")).unwrap();
    let rows: Vec<Vec<&str>> = rows.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    sandbox.write("test.txt", rows.iter().map(|row| format!("{}\n", row[0])).collect::<String>());
    let sets = |model: &str| -> Vec<Vec<String>> {
        let args = ["predict", model, "--input", "test.txt", "--output-format", "json"];
        let answers = json_lines(&sandbox.succeed(&args));
        answers.iter().map(|answer| serde_json::from_value(answer["labels"].clone()).unwrap()).collect()
    };
    let truth: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let mut set: Vec<String> =
                row[1].split(';').filter(|l| !l.is_empty()).map(str::to_string).collect();
            set.sort();
            set
        })
        .collect();
    let (a, b) = (sets("a"), sets("b"));
    let mut counts = [0; 4];
    let mut of_label = [[0; 4]; 3];
    let mut differences = Vec::new();
    for (row, truth) in truth.iter().enumerate() {
        let place = |a_right: bool, b_right: bool| 2 * usize::from(!a_right) + usize::from(!b_right);
        counts[place(a[row] == *truth, b[row] == *truth)] += 1;
        for (label, counts) in ["anger", "film", "joy"].iter().zip(&mut of_label) {
            let has = |set: &[String]| set.iter().any(|l| l == label);
            counts[place(has(&a[row]) == has(truth), has(&b[row]) == has(truth))] += 1;
        }
        if a[row] != b[row] {
            differences.push(
                json!({"line": row + 2, "text": rows[row][0], "labels": truth, "a": a[row], "b": b[row]}),
            );
        }
    }
    let object = |[both, only_a, only_b, neither]: [usize; 4]| json!({"both": both, "only_a": only_a, "only_b": only_b, "neither": neither});
    assert!(!differences.is_empty() && counts[1] + counts[2] > 0, "these models should differ somewhere");
    assert_eq!(report["differences"], Value::Array(differences.clone()));
    assert_eq!(report["counts"], object(counts));
    for (place, label) in ["anger", "film", "joy"].iter().enumerate() {
        let found = &report["per_label"][place];
        assert_eq!((found["label"].as_str(), &found["counts"]), (Some(*label), &object(of_label[place])));
        assert_eq!(found["a"], report["a"]["test"]["per_label"][label]["f1"]);
        assert_eq!(found["b"], report["b"]["test"]["per_label"][label]["f1"]);
    }
    for model in ["a", "b"] {
        let alone = sandbox.succeed(&["evaluate", "-q", model, "--data", "test.tsv", "--json", "-"]);
        let alone: Value = serde_json::from_str(&alone).unwrap();
        assert_eq!(report[model]["test"], alone["test"]);
        assert_eq!(report["micro_f1"][model], alone["test"]["micro"]["f1"]);
        assert_eq!(
            (&report[model]["unknown_labels"], &report[model]["n_unknown"]),
            (&json!(["joy"]), &json!(1))
        );
    }
    let lines = sandbox.succeed(&[&args[..], &["--output", "-"]].concat());
    assert_eq!(json_lines(&lines), differences);

    let text = sandbox.succeed(&[&args[..], &["--show", "1"]].concat());
    for part in [
        "A does not know the label joy: 1 sentence with it: it is never assigned, and counts as missed\n",
        "micro F1",
        "Hamming loss",
        "right about the whole set",
        "only A, only B: rows on which only this model is right",
        &format!("different label sets for {} of 43 sentences\n", differences.len()),
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let same = sandbox.succeed(&["compare", "-q", "a", "a", "--data", "test.tsv"]);
    assert!(same.contains("0 of 3 labels have rows on which only one model is right"), "{same}");
    for more in [&["--json"][..], &["--output", "-"], &[]] {
        let mut child = sandbox.command(&[&args[..], more].concat()).spawn().unwrap();
        drop(child.stdout.take());
        let outcome = common::Outcome::of(&child.wait_with_output().unwrap());
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{more:?}");
    }
}

/// Oracle: the weighted scores of `evaluate`.
#[test]
fn weights_have_scores_of_their_own() {
    let sandbox = multi_label_sandbox();
    let weighted = |data: &str, model: &str| -> Value {
        let args = ["evaluate", "-q", model, "--data", data, "--weight-column", "2", "--json", "-"];
        serde_json::from_str(&sandbox.succeed(&args)).unwrap()
    };
    let compare = |models: [&str; 2], data: &str, more: &[&str]| {
        let args = ["compare", "-q", models[0], models[1], "--data", data, "--weight-column", "2"];
        sandbox.succeed(&[&args[..], more].concat())
    };
    let report: Value = serde_json::from_str(&compare(["a", "b"], "test.tsv", &["--json"])).unwrap();
    let plain = sandbox.succeed(&["compare", "-q", "a", "b", "--data", "test.tsv", "--json"]);
    let plain: Value = serde_json::from_str(&plain).unwrap();
    for key in ["counts", "difference_ci95", "mcnemar_p_value", "micro_f1", "per_label"] {
        assert_eq!(report[key], plain[key], "{key} counts each row once");
    }
    let close = |got: &Value, expected: &Value| {
        let (got, expected) = (got.as_f64().unwrap(), expected.as_f64().unwrap());
        assert!((got - expected).abs() < 1e-12, "expected {expected}, got {got}");
    };
    for model in ["a", "b"] {
        let alone = weighted("test.tsv", model);
        close(&report["weighted_micro_f1"][model], &alone["test_weighted"]["micro_f1"]);
        close(&report["weighted_subset_accuracy"][model], &alone["test_weighted"]["subset_accuracy"]);
    }
    let text = compare(["a", "b"], "test.tsv", &[]);
    assert!(text.contains("weighted micro F1") && text.contains("weighted subset accuracy"), "{text}");

    // One label per sentence.
    sandbox.write("reviews.tsv", reviews());
    for (name, c) in [("one", "0.001"), ("other", "10")] {
        let bert = encoder("bert");
        let args = ["train", "-q", "--encoder", &bert, "--data", "reviews.tsv", "--c", c, "--output", name];
        sandbox.succeed(&args);
    }
    let rows = reviews() + "bore\tgood\nwonderful wonderful\tbad\n";
    let rows: Vec<String> =
        rows.lines().zip([1, 2, 5].iter().cycle()).map(|(row, w)| format!("{row}\t{w}\n")).collect();
    sandbox.write("weighted.tsv", rows.concat());
    let report: Value =
        serde_json::from_str(&compare(["one", "other"], "weighted.tsv", &["--json"])).unwrap();
    let found = &report["weighted_accuracy"];
    assert_eq!(keys(found), ["a", "a_ci95", "b", "b_ci95", "difference", "difference_ci95"]);
    close(&found["a"], &weighted("weighted.tsv", "one")["test_weighted_accuracy"]);
    close(&found["b"], &weighted("weighted.tsv", "other")["test_weighted_accuracy"]);
    let difference = found["b"].as_f64().unwrap() - found["a"].as_f64().unwrap();
    close(&found["difference"], &json!(difference));
    assert!(compare(["one", "other"], "weighted.tsv", &[]).contains("weighted accuracy"));
    let error =
        sandbox.fail(&["compare", "-q", "one", "other", "--data", "weighted.tsv", "--weight-column", "1"]);
    assert!(error.starts_with("weighted.tsv: line 1: expected a weight"), "{error}");
}

#[test]
fn models_of_two_forms_are_not_compared() {
    let sandbox = multi_label_sandbox();
    sandbox.write("reviews.tsv", reviews());
    let bert = encoder("bert");
    sandbox.succeed(&["train", "-q", "--encoder", &bert, "--data", "reviews.tsv", "--output", "one"]);
    for (a, b) in [("a", "one"), ("one", "a")] {
        assert_eq!(
            sandbox.fail(&["compare", "-q", a, b, "--data", "test.tsv"]),
            "expected two models of the same kind, got one with several labels per sentence, a, and one with one label, one"
        );
    }
    let error = sandbox.fail(&["compare", "-q", "one", "one", "--data", "reviews.tsv", "--multi-label", ";"]);
    assert_eq!(error, "--multi-label: one and one have one label per sentence: leave it out");

    // Another separator than that of the data: the requested one, or that of A.
    let news = std::fs::read_to_string(sandbox.path("news.tsv")).unwrap().replace(';', "|");
    sandbox.write("bars.tsv", news);
    let args =
        ["train", "-q", "--encoder", &bert, "--data", "bars.tsv", "--multi-label", "|", "--output", "bars"];
    sandbox.succeed(&args);
    let labels = |models: [&str; 2], more: &[&str]| -> (Value, String) {
        let args = ["compare", models[0], models[1], "--data", "bars.tsv", "--json"];
        let outcome = sandbox.run(&[&args[..], more].concat());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
        (json!(keys(&report["dataset"]["label_counts"])), outcome.stderr)
    };
    let (found, said) = labels(["bars", "a"], &[]);
    assert_eq!(found, json!(["anger", "film"]));
    assert!(said.contains("note: A was trained with the separator \"|\", B with \";\""), "{said}");
    assert_eq!(labels(["a", "bars"], &[]).0, json!(["anger", "anger|film", "film"]));
    let (found, said) = labels(["a", "bars"], &["--multi-label", "|"]);
    assert_eq!(found, json!(["anger", "film"]));
    assert!(!said.contains("separator"), "{said}");
}

#[test]
fn what_is_wrong_is_said() {
    let sandbox = sandbox();
    std::fs::create_dir(sandbox.path("empty")).unwrap();
    for (args, expected) in [
        (
            vec!["nothing", "b", "--data", "test.tsv"],
            "nothing: expected a model folder, got a path that does not exist",
        ),
        (
            vec!["a", "empty", "--data", "test.tsv"],
            "empty: expected a model folder, got one without clsify.json",
        ),
        (vec!["a", "b", "--data", "none.tsv"], "none.tsv: "),
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
