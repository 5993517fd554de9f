//! `--features auto` and `advise` with `--multi-label` and with weights.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Sandbox, encoder, read_json, reviews};
use serde_json::{Value, json};

/// Sixty different sentences about one topic, both or none.
fn news() -> Vec<(String, &'static str)> {
    let words =
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    let forms: [(&str, &str); 5] = [
        ("a stunning film number", "film"),
        ("this is terrible !", "anger"),
        ("a stunning film , this is terrible !", "anger;film"),
        ("who is", ""),
        ("terrible , a film of the year", "film"),
    ];
    words.iter().flat_map(|word| forms.map(|(text, labels)| (format!("{text} {word}"), labels))).collect()
}

fn lines(rows: &[(String, &str)]) -> String {
    rows.iter().map(|(text, labels)| format!("{text}\t{labels}\n")).collect()
}

fn report(sandbox: &Sandbox, more: &[&str]) -> Value {
    let bert = encoder("bert");
    let args = [
        "train",
        "-q",
        "--encoder",
        &bert,
        "--output",
        "model",
        "--multi-label",
        ";",
        "--features",
        "auto",
        "--json",
        "-",
    ];
    serde_json::from_str(&sandbox.succeed(&[&args[..], more].concat())).unwrap()
}

/// The choice and the saved weights have the same bytes whatever the test rows contain, with a test file and with a
/// split.
#[test]
fn test_rows_take_no_part_in_the_choice_of_features() {
    let sandbox = Sandbox::new();
    let rows = news();
    sandbox.write("news.tsv", lines(&rows));
    let other: Vec<(String, &str)> =
        rows.iter().map(|(text, _)| (format!("{text} , quite differently"), "anger;other")).collect();
    sandbox.write("other.tsv", lines(&other));
    let run = |more: &[&str]| {
        let report = report(&sandbox, more);
        (report, std::fs::read(sandbox.path("model/classifier.safetensors")).unwrap())
    };
    let (one, weights) = run(&["--data", "news.tsv", "--test-data", "news.tsv"]);
    let (two, other_weights) = run(&["--data", "news.tsv", "--test-data", "other.tsv"]);
    assert_ne!(one["test"], two["test"]);
    assert_eq!(one["selection"], two["selection"]);
    assert_eq!(weights, other_weights);

    // 45 rows are for training. The text and labels of the others are replaced, by known labels and by a new one.
    let (split, weights) = run(&["--data", "news.tsv"]);
    let held_out: Vec<usize> = split["split"]["test_indices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i.as_u64().unwrap() as usize)
        .collect();
    assert_eq!((split["selection"]["n_rows"].clone(), held_out.len()), (json!(45), 15));
    let mut changed = rows.clone();
    held_out.iter().for_each(|&row| changed[row] = (format!("something else altogether {row}"), "anger"));
    sandbox.write("changed.tsv", lines(&changed));
    let (found, changed_weights) = run(&["--data", "changed.tsv"]);
    assert_eq!(split["selection"], found["selection"]);
    assert_eq!(weights, changed_weights);
    changed[held_out[0]].1 = "zebra";
    sandbox.write("new.tsv", lines(&changed));
    assert_eq!(run(&["--data", "new.tsv"]).0["selection"], split["selection"]);

    let (selection, chosen) = (&one["selection"], &one["selection"]["chosen"]);
    assert_eq!(selection["scoring"], "f1_micro");
    let candidates = selection["candidates"].as_array().unwrap();
    let score = |candidate: &Value| candidate["score"].as_f64().unwrap();
    assert!(candidates.is_sorted_by(|a, b| score(a) >= score(b)) && candidates.contains(chosen));
    let saved = read_json(&sandbox.path("model/clsify.json"));
    assert_eq!(saved["features"], split["selection"]["chosen"]["features"]);
    assert_eq!(saved["training"]["C"], split["selection"]["chosen"]["C"]);
}

/// Every score has a ranking; thresholds and class weights can be combined with it, and the text names the choice.
#[test]
fn every_scoring_ranks_and_is_shown() {
    let sandbox = Sandbox::new();
    sandbox.write("news.tsv", lines(&news()));
    for scoring in ["accuracy", "f1_macro", "f1_micro", "log_loss"] {
        let found = report(
            &sandbox,
            &["--data", "news.tsv", "--scoring", scoring, "--class-weight", "balanced", "--thresholds", "f1"],
        );
        let selection = &found["selection"];
        assert_eq!(selection["scoring"], scoring);
        let candidates = selection["candidates"].as_array().unwrap();
        let number = |value: &Value| value.as_f64().unwrap();
        for candidate in candidates {
            let [low, high] = [0, 1].map(|i| number(&candidate["score_ci95"][i]));
            let score = number(&candidate["score"]);
            assert!(
                low <= score && score <= high && candidate["behind"].as_f64().unwrap() >= 0.0,
                "{candidate}"
            );
        }
        assert_eq!(selection["optimism"]["n_bootstraps"], 500);
        assert_eq!(found["thresholds"]["chosen_by"], "f1");
    }
    let bert = encoder("bert");
    let args = [
        "train",
        "-q",
        "--encoder",
        &bert,
        "--data",
        "news.tsv",
        "--output",
        "m",
        "--multi-label",
        ";",
        "--features",
        "auto",
    ];
    let text = sandbox.succeed(&args);
    assert!(text.contains("chosen       ") && text.contains("cross-validated f1_micro "), "{text}");
}

/// The printed command gives the reported held-out scores.
#[test]
fn the_command_that_is_advised_gives_the_scores_that_were_said() {
    let sandbox = Sandbox::new();
    sandbox.copy_encoder("bert", "one");
    let weighted: String = news()
        .iter()
        .enumerate()
        .map(|(i, (text, labels))| format!("{text}\t{labels}\t{}\n", i % 4))
        .collect();
    sandbox.write("news.tsv", weighted);
    let advise = [
        "advise",
        "-q",
        "--data",
        "news.tsv",
        "--encoder",
        "one",
        "--multi-label",
        "; ",
        "--weight-column",
        "2",
        "--seed",
        "2",
    ];
    // "; " does not occur: every cell is one label.
    let found: Value = serde_json::from_str(&sandbox.succeed(&[&advise[..], &["--json"]].concat())).unwrap();
    assert_eq!(found[0]["selection"]["scoring"], "f1_micro");
    assert!(
        found[0]["command"].as_str().unwrap().contains(" --weight-column 2 --multi-label '; '"),
        "{found}"
    );
    let advise: Vec<&str> = advise.iter().map(|&arg| if arg == "; " { ";" } else { arg }).collect();
    let found: Value = serde_json::from_str(&sandbox.succeed(&[&advise[..], &["--json"]].concat())).unwrap();
    let advice = &found[0];
    let command = advice["command"].as_str().unwrap().replace("';'", ";");
    let args: Vec<&str> = command.split(' ').skip(1).collect();
    sandbox.succeed(&[&args[..], &["-q", "--json", "report.json"]].concat());
    let report = read_json(&sandbox.path("report.json"));
    assert_eq!(report["test"]["micro"]["f1"], advice["test_f1_micro"], "{command}");
    assert_eq!(report["test"]["subset_accuracy"], advice["test_subset_accuracy"]);
    assert_eq!(report["test"]["subset_accuracy_ci95"], advice["test_subset_accuracy_ci95"]);
    assert!(advice.get("test_accuracy").is_none());
    // Rows of weight 0 have no effect.
    let test: Vec<u64> =
        report["split"]["test_indices"].as_array().unwrap().iter().map(|i| i.as_u64().unwrap()).collect();
    let n_counting = (0..60u64).filter(|i| !test.contains(i) && i % 4 != 0).count();
    assert_eq!(advice["selection"]["n_rows"], json!(n_counting));
    let table = sandbox.succeed(&advise);
    assert!(
        table.contains("held-out micro F1  held-out subset accuracy")
            && table.contains("Held-out rows: micro F1 "),
        "{table}"
    );
}

/// With one label per sentence: unequal weights change the scores, equal weights only change C, and rows of weight 0
/// are ignored.
#[test]
fn weights_count_in_the_choice() {
    let sandbox = Sandbox::new();
    sandbox.copy_encoder("bert", "one");
    let text = reviews();
    let write = |name: &str, weight: &dyn Fn(usize) -> Option<usize>| {
        let rows = text.lines().enumerate();
        let rows = rows.filter_map(|(i, line)| weight(i).map(|weight| format!("{line}\t{weight}\n")));
        sandbox.write(name, rows.collect::<String>());
    };
    write("ones.tsv", &|_| Some(1));
    write("some.tsv", &|i| Some(if i % 5 == 0 { 0 } else { 1 + i % 3 }));
    write("rest.tsv", &|i| (i % 5 != 0).then_some(1 + i % 3));
    let choice = |data: &str, more: &[&str]| -> Value {
        let args = [
            "train",
            "-q",
            "--encoder",
            "one",
            "--data",
            data,
            "--test-data",
            "reviews.tsv",
            "--features",
            "auto",
            "--output",
            "m",
            "--json",
            "-",
        ];
        let report: Value = serde_json::from_str(&sandbox.succeed(&[&args[..], more].concat())).unwrap();
        report["selection"].clone()
    };
    sandbox.write("reviews.tsv", reviews());
    let by_weight = ["--weight-column", "2"];
    let plain = choice("reviews.tsv", &[]);
    let ones = choice("ones.tsv", &by_weight);
    assert_eq!(plain, ones);
    let some = choice("some.tsv", &by_weight);
    assert_eq!(some, choice("rest.tsv", &by_weight));
    assert_ne!(
        some["candidates"],
        choice("rest.tsv", &["--text-column", "0", "--label-column", "1"])["candidates"]
    );

    // Half of the weight is on one row, which the interval shows. Some labels are wrong, so that the interval is not
    // empty.
    let n = text.lines().count();
    let spoiled = |weight: usize| -> String {
        let of = |(i, line): (usize, &str)| {
            let (text, label) = line.rsplit_once('\t').unwrap();
            let label = if i % 4 == 1 { "good" } else { label };
            format!("{text}\t{label}\t{}\n", if i == 3 { weight } else { 1 })
        };
        text.lines().enumerate().map(of).collect()
    };
    sandbox.write("even.tsv", spoiled(1));
    sandbox.write("heavy.tsv", spoiled(n));
    let width = |data: &str| {
        let interval = &choice(data, &by_weight)["chosen"]["accuracy_ci95"];
        interval[1].as_f64().unwrap() - interval[0].as_f64().unwrap()
    };
    let (even, heavy) = (width("even.tsv"), width("heavy.tsv"));
    assert!(heavy > 1.2 * even, "{heavy} {even}");

    let advise = ["advise", "-q", "--encoder", "one", "--data", "some.tsv", "--weight-column", "2"];
    let found: Value = serde_json::from_str(&sandbox.succeed(&[&advise[..], &["--json"]].concat())).unwrap();
    assert!(found[0]["test_weighted_accuracy"].is_f64(), "{found}");
    assert!(found[0]["command"].as_str().unwrap().contains(" --weight-column 2"));
    assert!(sandbox.succeed(&advise).contains(", weighted "));
}

/// Refused before the encoder, whose weights would be an error.
#[test]
fn rows_that_cannot_be_chosen_by_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.copy_encoder("bert", "one");
    sandbox.write("one/model.safetensors", b"");
    sandbox.write("same.tsv", (0..40).map(|i| format!("film {i}\tfilm\n")).collect::<String>());
    sandbox.write("few.tsv", "a film\tfilm\nno\t\nbad\tanger\n");
    sandbox.write(
        "weights.tsv",
        (0..40)
            .map(|i| format!("film {i}\t{}\t{}\n", ["film", ""][i % 2], usize::from(i < 2)))
            .collect::<String>(),
    );
    for (data, more, expected) in [
        ("same.tsv", &[][..], "expected a label that some of the rows have and others lack"),
        ("few.tsv", &[], "leave-one-out: expected at least 2 rows"),
        ("weights.tsv", &["--weight-column", "2"], "leave-one-out: expected at least 2 rows"),
        ("weights.tsv", &["--weight-column", "7"], "expected a column 7"),
    ] {
        let common = ["--no-cache", "--encoder", "one", "--multi-label", ";", "--data", data];
        for command in [&["train", "--features", "auto", "--output", "m"][..], &["advise"]] {
            let error = sandbox.fail(&[command, &common, more].concat());
            assert!(error.contains(expected), "{data}: {error}");
        }
    }
}
