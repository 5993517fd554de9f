//! Notes about scores that need caution, and unusual test files that can still be scored.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use common::{Outcome, Sandbox, edit_header, encoder, read_json, reviews};
use serde_json::{Value, json};

const NEW_GOOD: &str = "one more wonderful evening\tgood\nanother film that is wonderful\tgood\n";

fn ran(sandbox: &Sandbox, args: &[&str]) -> Outcome {
    let outcome = sandbox.run(args);
    assert_eq!(outcome.code, Some(0), "{args:?}: {}", outcome.stderr);
    outcome
}

fn evaluated(sandbox: &Sandbox, data: &str) -> (Value, String) {
    let outcome = ran(sandbox, &["evaluate", "model", "--data", data, "--json", "-"]);
    (serde_json::from_str(&outcome.stdout).unwrap(), outcome.stderr)
}

/// A sandbox with a multi-label model in `model`.
fn with_label_sets() -> Sandbox {
    let sandbox = Sandbox::new();
    let rows = |i: usize| {
        format!(
            "goal {i} of the match\tsport\nvote {i} of the house\tpolitics\nvote on the stadium {i}\tpolitics;sport\nrain {i}\t\n"
        )
    };
    sandbox.write("news.tsv", (0..8).map(rows).collect::<String>());
    let bert = encoder("bert");
    let train = ["train", "-q", "--encoder", &bert, "--data", "news.tsv", "--multi-label", ";"];
    sandbox.succeed(&[&train[..], &["--output", "model"]].concat());
    sandbox
}

/// Oracle: scikit-learn's `classification_report(y_true, y_pred, labels=["bad", "good"], zero_division=0)` of rows that are all
/// good: `bad` has recall 0 and support 0, the recall of `good` is the accuracy.
#[test]
fn a_test_file_may_have_one_class() {
    let sandbox = Sandbox::with_model();
    sandbox.write("good.tsv", NEW_GOOD);
    let (found, notes) = evaluated(&sandbox, "good.tsv");
    let test = &found["test"];
    assert_eq!(test["per_class"]["bad"]["recall"], json!(0.0));
    assert_eq!(test["per_class"]["bad"]["support"], json!(0));
    assert_eq!(test["per_class"]["good"]["support"], json!(2));
    assert_eq!(test["per_class"]["good"]["recall"], test["accuracy"]);
    assert_eq!(test["weighted"]["recall"], test["accuracy"]);
    assert!(!notes.contains("below"), "of one class nothing is learned: {notes}");

    let bert = encoder("bert");
    let train = ["train", "--encoder", &bert, "--data", "reviews.tsv", "--test-data", "good.tsv"];
    let report = ran(&sandbox, &[&train[..], &["--output", "other", "--json", "-"]].concat());
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!(report["split"]["n_test"], json!(2));
    assert_eq!(report["test"]["per_class"]["bad"]["support"], json!(0));

    let compared = ran(&sandbox, &["compare", "model", "other", "--data", "good.tsv", "--json"]);
    let compared: Value = serde_json::from_str(&compared.stdout).unwrap();
    assert_eq!(compared["a"]["test"]["accuracy"], test["accuracy"]);
    let curve =
        ["curve", "--encoder", &bert, "--data", "reviews.tsv", "--test-data", "good.tsv", "--sizes", "12,24"];
    ran(&sandbox, &curve);

    // Training needs two classes.
    let error = sandbox.fail(&["train", "--encoder", &bert, "--data", "good.tsv", "--output", "m"]);
    assert!(error.contains("expected at least 2 classes, got only \"good\""), "{error}");
}

#[test]
fn a_multi_label_test_file_may_have_no_label() {
    let sandbox = with_label_sets();
    sandbox.write("none.tsv", "a quiet day\t\nnothing to report\t\n");
    let (found, _) = evaluated(&sandbox, "none.tsv");
    assert_eq!(found["test"]["per_label"]["sport"]["support"], json!(0));
    ran(&sandbox, &["compare", "model", "model", "--data", "none.tsv"]);
}

#[test]
fn labels_that_are_all_unknown_are_an_error() {
    let sandbox = Sandbox::with_model();
    sandbox.write("other.tsv", "a fine film\tpositive\na bore\tnegative\n");
    let error = sandbox.fail(&["evaluate", "model", "--data", "other.tsv"]);
    assert_eq!(error, "labels: expected labels of the model (bad, good), got only negative, positive");
    let error = sandbox.fail(&["compare", "model", "model", "--data", "other.tsv"]);
    assert_eq!(error, "A: labels: expected labels of the model (bad, good), got only negative, positive");
    let bert = encoder("bert");
    let data = ["--encoder", &bert, "--data", "reviews.tsv", "--test-data", "other.tsv"];
    let expected =
        "test rows: labels: expected labels of the training rows (bad, good), got only negative, positive";
    assert_eq!(sandbox.fail(&[&["train", "--output", "m"], &data[..]].concat()), expected);
    assert_eq!(sandbox.fail(&[&["curve", "--sizes", "12"], &data[..]].concat()), expected);

    // A single known label makes a score possible.
    sandbox.write("mixed.tsv", "a fine film\tgood\na bore\tnegative\n");
    let (_, notes) = evaluated(&sandbox, "mixed.tsv");
    assert!(notes.contains("does not know the label negative"), "{notes}");

    let sandbox = with_label_sets();
    sandbox.write("other.tsv", "a match\tfootball\na vote\tcongress;football\nrain\t\n");
    let error = sandbox.fail(&["evaluate", "model", "--data", "other.tsv"]);
    assert_eq!(error, "labels: expected labels of the model (politics, sport), got only congress, football");
}

#[test]
fn a_stratified_split_names_the_label_of_one_row() {
    let sandbox = Sandbox::new();
    sandbox.write("data.tsv", reviews() + "neither here nor there\tneutral\n");
    let bert = encoder("bert");
    for command in [&["train", "--output", "m"][..], &["curve", "--sizes", "12"]] {
        let args = [command, &["--encoder", &bert, "--data", "data.tsv", "--stratify"]].concat();
        let outcome = sandbox.run(&args);
        assert_eq!(outcome.code, Some(1));
        assert!(
            outcome
                .stderr
                .contains("stratified split: expected at least 2 rows for each label, got 1 for neutral"),
            "{}",
            outcome.stderr
        );
        assert!(
            outcome.stderr.contains("hint: ") && !outcome.stderr.contains("class id"),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn a_label_without_weight_is_named_with_a_hint_about_weights() {
    let sandbox = Sandbox::new();
    let rows: String =
        reviews().lines().map(|line| format!("{line}\t{}\n", u8::from(line.ends_with("good")))).collect();
    sandbox.write("data.tsv", &rows);
    let bert = encoder("bert");
    let train = ["train", "--encoder", &bert, "--data", "data.tsv", "--weight-column", "2", "--output", "m"];
    let outcome = sandbox.run(&train);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.stderr.contains("expected at least 2 classes, got only \"good\"")
            && outcome.stderr.contains("hint: all rows of other labels have weight 0")
            && !outcome.stderr.contains("--stratify"),
        "{}",
        outcome.stderr
    );

    // With two frequent labels, the third is only mentioned.
    sandbox.write(
        "data.tsv",
        format!("{}so-so\tneutral\t0\nmiddling\tneutral\t0\n", rows.replace("\t0\n", "\t2\n")),
    );
    sandbox.write("test.tsv", "a wonderful thing\tgood\n");
    let outcome = ran(&sandbox, &[&train[..], &["--test-data", "test.tsv"]].concat());
    assert!(outcome.stderr.contains("with the label neutral have weight 0"), "{}", outcome.stderr);
}

#[test]
fn rows_that_a_model_was_trained_on_are_counted() {
    let sandbox = Sandbox::new();
    sandbox.write("train.tsv", reviews());
    sandbox.write("new.tsv", NEW_GOOD);
    // Two training rows, one of them with other case and spaces.
    let (first, second) = ("The  film number 3 is WONDERFUL\tgood\n", "film 5 was a quiet bore\tbad\n");
    sandbox.write("mixed.tsv", format!("{NEW_GOOD}{first}{second}"));
    let bert = encoder("bert");
    let train = ["train", "--encoder", &bert, "--data", "train.tsv"];
    let report = ran(
        &sandbox,
        &[&train[..], &["--test-data", "mixed.tsv", "--output", "model", "--json", "report.json"]].concat(),
    );
    let note = "note: 2 of 4 test rows are also in the training rows";
    assert!(report.stderr.contains(note), "{}", report.stderr);
    assert_eq!(read_json(&sandbox.path("report.json"))["split"]["n_test_in_training"], json!(2));

    let (found, notes) = evaluated(&sandbox, "train.tsv");
    assert_eq!(found["n_seen"], json!(24));
    assert!(notes.contains("24 of 24 test rows are also in the training rows of the model"), "{notes}");
    let (found, notes) = evaluated(&sandbox, "mixed.tsv");
    assert_eq!(found["n_seen"], json!(2));
    assert!(notes.contains("2 of 4 test rows"), "{notes}");
    let (found, notes) = evaluated(&sandbox, "new.tsv");
    assert_eq!(found["n_seen"], json!(0));
    assert!(!notes.contains("test rows"), "{notes}");
    let compared = ran(&sandbox, &["compare", "model", "model", "--data", "mixed.tsv", "--json"]);
    assert!(
        compared.stderr.contains("2 of 4 test rows are also in the training rows of B"),
        "{}",
        compared.stderr
    );
    let compared: Value = serde_json::from_str(&compared.stdout).unwrap();
    assert_eq!(compared["a"]["n_seen"], json!(2));
    let curve =
        ["curve", "--encoder", &bert, "--data", "train.tsv", "--test-data", "mixed.tsv", "--sizes", "12"];
    assert!(ran(&sandbox, &curve).stderr.contains(note));

    // The model contains no text of its rows.
    let folder = sandbox.path("model");
    for entry in std::fs::read_dir(&folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(9).any(|window| window == b"wonderful" || window == b"WONDERFUL"));
    }
    // A model of an earlier version does not know its training rows; this one is changed to look like it.
    edit_header(&folder.join("classifier.safetensors"), |header| {
        header.replace("training_rows", "training_rowz")
    });
    let (found, notes) = evaluated(&sandbox, "train.tsv");
    assert_eq!(found["n_seen"], Value::Null);
    assert!(!notes.contains("test rows"), "{notes}");
}

#[test]
fn rows_that_a_multi_label_model_was_trained_on_are_counted() {
    let sandbox = with_label_sets();
    let (found, notes) = evaluated(&sandbox, "news.tsv");
    assert_eq!(found["n_seen"], json!(24), "three quarters of 32 rows");
    assert!(notes.contains("24 of 32 test rows are also in the training rows of the model"), "{notes}");
    let compared = ran(&sandbox, &["compare", "model", "model", "--data", "news.tsv", "--json"]);
    let compared: Value = serde_json::from_str(&compared.stdout).unwrap();
    assert_eq!(compared["b"]["n_seen"], json!(24));
}

/// The labels are exchanged, so that nothing that was learned is right.
#[test]
fn an_accuracy_below_that_of_a_constant_answer_is_told() {
    let sandbox = Sandbox::with_model();
    let swapped: String = reviews()
        .lines()
        .map(|line| line.split_once('\t').unwrap())
        .map(|(text, label)| format!("{text} again\t{}\n", if label == "good" { "bad" } else { "good" }))
        .collect();
    sandbox.write("swapped.tsv", swapped + "film 5 was bad\tbad\n");
    let (found, notes) = evaluated(&sandbox, "swapped.tsv");
    assert!(found["test"]["accuracy"].as_f64().unwrap() < 0.5, "{found}");
    assert!(notes.contains("is below the 0.5200 of always answering \"bad\""), "{notes}");
    let bert = encoder("bert");
    let train = ["train", "--encoder", &bert, "--data", "reviews.tsv", "--test-data", "swapped.tsv"];
    let outcome = ran(&sandbox, &[&train[..], &["--output", "m"]].concat());
    assert!(outcome.stderr.contains("of always answering \"bad\""), "{}", outcome.stderr);
    let balanced = [&train[..], &["--output", "m", "--class-weight", "balanced"]].concat();
    assert!(!ran(&sandbox, &balanced).stderr.contains("is below"));
}

#[test]
fn a_label_of_one_training_row_is_told() {
    let sandbox = Sandbox::new();
    sandbox.write("data.tsv", reviews() + "neither here nor there\tneutral\n");
    sandbox.write("test.tsv", NEW_GOOD);
    let bert = encoder("bert");
    let train =
        ["train", "--encoder", &bert, "--data", "data.tsv", "--test-data", "test.tsv", "--output", "m"];
    let outcome = ran(&sandbox, &train);
    assert!(outcome.stderr.contains("only one training row has the label neutral"), "{}", outcome.stderr);
    let outcome = ran(&sandbox, &[&train[..], &["--multi-label", ";"]].concat());
    assert!(outcome.stderr.contains("only one training row has the label neutral"), "{}", outcome.stderr);
}

#[test]
fn a_baseline_by_weight_is_named_and_stands_beside_a_score_by_weight() {
    let sandbox = Sandbox::new();
    let weight = |line: &str| if line.ends_with("good") { 3 } else { 1 };
    let rows: String = reviews().lines().map(|line| format!("{line}\t{}\n", weight(line))).collect();
    sandbox.write("data.tsv", rows);
    let bert = encoder("bert");
    let train = ["train", "--encoder", &bert, "--data", "data.tsv", "--weight-column", "2", "--output", "m"];
    let report: Value =
        serde_json::from_str(&sandbox.succeed(&[&train[..], &["--json", "-"]].concat())).unwrap();
    let baseline = &report["baseline"];
    assert_eq!(baseline["cv_by_weight"], json!(true));
    let support = |label: &str| report["test"]["per_class"][label]["support"].as_f64().unwrap();
    let (good, bad) = (support("good"), support("bad"));
    assert_eq!(baseline["test_accuracy"], json!(good / (good + bad)));
    assert_eq!(baseline["test_weighted_accuracy"], json!(3.0 * good / (3.0 * good + bad)));
    let text = sandbox.succeed(&train);
    assert!(text.contains("(cross-validated by weight 0.") && text.contains(" (baseline 0."), "{text}");
    // Without weights they are not mentioned.
    sandbox.write("reviews.tsv", reviews());
    let plain = ["train", "--encoder", &bert, "--data", "reviews.tsv", "--output", "m"];
    let text = sandbox.succeed(&plain);
    assert!(text.contains("(cross-validated 0.") && !text.contains("by weight"), "{text}");
}

#[test]
fn the_choice_of_features_has_its_own_time() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    let train = ["train", "--encoder", &bert, "--data", "reviews.tsv", "--output", "m", "--json", "-"];
    let seconds = |more: &[&str]| -> (Option<f64>, f64) {
        let report: Value = serde_json::from_str(&sandbox.succeed(&[&train[..], more].concat())).unwrap();
        (report["seconds"]["selection"].as_f64(), report["seconds"]["grid_search"].as_f64().unwrap())
    };
    let (selection, grid_search) = seconds(&["--features", "auto"]);
    assert!(
        selection.is_some_and(|selection| selection > 0.0) && grid_search == 0.0,
        "{selection:?} {grid_search}"
    );
    let (selection, grid_search) = seconds(&["--grid-search"]);
    assert!(selection.is_none() && grid_search > 0.0, "{selection:?} {grid_search}");
}

#[test]
fn advice_shows_the_score_that_it_goes_by_on_held_out_rows() {
    let sandbox = Sandbox::with_reviews();
    sandbox.copy_encoder("bert", "one");
    let advise = ["advise", "-q", "--data", "reviews.tsv", "--encoder", "one", "--scoring"];
    for (scoring, key) in [("f1_macro", "/macro/f1"), ("accuracy", "/accuracy")] {
        let found = sandbox.succeed(&[&advise[..], &[scoring, "--json"]].concat());
        let found: Value = serde_json::from_str(&found).unwrap();
        let command = found[0]["command"].as_str().unwrap();
        let args: Vec<&str> = command.split(' ').skip(1).chain(["-q", "--json", "report.json"]).collect();
        sandbox.succeed(&args);
        let report = read_json(&sandbox.path("report.json"));
        assert_eq!(Some(&found[0]["test_score"]), report["test"].pointer(key), "{scoring}");
        let table = sandbox.succeed(&[&advise[..], &[scoring]].concat());
        assert_eq!(table.contains("held-out f1_macro"), scoring == "f1_macro", "{table}");
    }
}
