//! Saved models that are moved, replaced, written by several processes at once, and evaluated.

mod common;

use std::fs;

use clsify::encoder::Dtype;
use common::{Outcome, Sandbox, encoder, json_lines, read_json};
use serde_json::{Value, json};

#[test]
fn a_bundled_encoder_moves_with_its_model() {
    let sandbox = Sandbox::with_reviews();
    sandbox.copy_encoder("bert_sharded", "encoder of mine");
    let args = [
        "train",
        "-q",
        "--encoder",
        "encoder of mine",
        "--data",
        "reviews.tsv",
        "--output",
        "mödel 1",
        "--bundle-encoder",
    ];
    sandbox.succeed(&args);
    // Trained again over the first model, with the encoder in its folder.
    let again = [&["train", "-q", "--encoder", "mödel 1/encoder"], &args[4..]].concat();
    sandbox.succeed(&again);
    fs::rename(sandbox.path("mödel 1"), sandbox.path("moved")).unwrap();
    fs::remove_dir_all(sandbox.path("encoder of mine")).unwrap();
    let answer = sandbox.succeed(&["predict", "-q", "./moved/", "film 3 was a quiet bore"]);
    assert!(answer.ends_with("\tfilm 3 was a quiet bore\n"), "{answer}");
}

#[test]
fn a_model_is_replaced_and_its_folders_are_created() {
    let sandbox = Sandbox::with_model();
    let classes = || read_json(&sandbox.path("model/clsify.json"))["classes"].clone();
    sandbox.write("other.tsv", common::reviews().replace("\tgood", "\tfine"));
    let bert = encoder("bert");
    let train = |data, output| {
        sandbox.succeed(&["train", "-q", "--encoder", &bert, "--data", data, "--output", output])
    };
    train("other.tsv", "model");
    assert_eq!(classes(), json!(["bad", "fine"]));
    let names: Vec<_> =
        fs::read_dir(sandbox.path("model")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    train("reviews.tsv", "new/folder/model");
    assert!(sandbox.path("new/folder/model/classifier.safetensors").is_file());
}

#[test]
fn trainings_to_the_same_folder_do_not_hinder_each_other() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    let args =
        ["train", "-q", "--encoder", &bert, "--data", "reviews.tsv", "--output", "model", "--bundle-encoder"];
    let children: Vec<_> = (0..6).map(|_| sandbox.command(&args).spawn().unwrap()).collect();
    for child in children {
        let outcome = Outcome::of(&child.wait_with_output().unwrap());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    }
    let names: Vec<String> = fs::read_dir(sandbox.path(""))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    sandbox.succeed(&["predict", "-q", "model", "film"]);
}

#[test]
fn evaluate_scores_a_model_on_a_file() {
    let sandbox = Sandbox::with_model();
    let stdout = sandbox.succeed(&["evaluate", "model", "--data", "reviews.tsv", "--json", "scores.json"]);
    assert!(stdout.starts_with("accuracy     ") && stdout.contains("confusion matrix"), "{stdout}");
    let scores = read_json(&sandbox.path("scores.json"));
    for key in ["dataset", "encoder", "features", "test"] {
        assert!(scores.get(key).is_some(), "{key}");
    }
    assert_eq!(scores["dataset"]["n_samples"], 24);
    let support: Vec<_> =
        ["bad", "good"].map(|label| scores["test"]["per_class"][label]["support"].clone()).into();
    assert_eq!(support, [12, 12]);
    let limited =
        sandbox.succeed(&["evaluate", "-q", "model", "--data", "reviews.tsv", "--json", "-", "--limit", "5"]);
    assert_eq!(serde_json::from_str::<Value>(&limited).unwrap()["dataset"]["n_samples"], 5);
    // A label that the model does not know counts as wrong, and is reported.
    sandbox.write("other.tsv", "film\tgood\nfilm\tnever seen\n");
    let outcome = sandbox.run(&["evaluate", "model", "--data", "other.tsv"]);
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.stderr.contains("does not know the label never seen"), "{}", outcome.stderr);
}

/// Predictions use the data type of the training; if the processor does not support it, both use f32.
#[test]
fn a_model_remembers_its_dtype() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    for dtype in ["f32", "bf16", "int8", "auto"] {
        let args = ["--data", "reviews.tsv", "--output", "model", "--dtype", dtype, "--json", "report.json"];
        sandbox.succeed(&[&["train", "-q", "--encoder", &bert], &args[..]].concat());
        let trained = read_json(&sandbox.path("report.json"))["encoder"]["dtype"].clone();
        assert!(trained == dtype || trained == "f32" || dtype == "auto", "{dtype}: {trained}");
        assert_eq!(read_json(&sandbox.path("model/clsify.json"))["encoder"]["dtype"], trained);
        sandbox.succeed(&["evaluate", "-q", "model", "--data", "reviews.tsv", "--json", "scores.json"]);
        assert_eq!(read_json(&sandbox.path("scores.json"))["encoder"]["dtype"], trained);
    }
}

/// `predict` and `evaluate` use the requested data type, and note if it is not that of the training.
#[test]
fn a_model_is_asked_in_another_dtype() {
    let sandbox = Sandbox::with_model();
    let fitted =
        |dtype| format!("note: the classifier was fitted on features in f32, and gets them in {dtype}\n");
    let ask = ["predict", "model", "-p", "--output-format", "json", "film 1 was a quiet bore"];
    let score = ["evaluate", "model", "--data", "reviews.tsv", "--json", "-"];
    let probability =
        |outcome: &Outcome| json_lines(&outcome.stdout)[0]["probabilities"]["bad"].as_f64().unwrap();
    let plain = probability(&sandbox.run(&ask));
    for (dtype, effective) in
        [("f32", Dtype::F32), ("bf16", Dtype::Bf16), ("int8", Dtype::Int8), ("auto", Dtype::auto())]
    {
        let [asked, scored] =
            [&ask[..], &score].map(|args| sandbox.run(&[args, &["--dtype", dtype]].concat()));
        let report: Value = serde_json::from_str(&scored.stdout).unwrap();
        assert_eq!(report["encoder"]["dtype"], effective.effective().to_string());
        for outcome in [&asked, &scored] {
            assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
            let is_said = outcome.stderr.contains(&fitted(effective));
            assert_eq!(is_said, effective.effective() != Dtype::F32, "{dtype}: {}", outcome.stderr);
        }
        // The tiny encoder's vectors change by up to a hundredth in int8; the test only shows which vectors were
        // used.
        let difference = (probability(&asked) - plain).abs();
        assert!(difference < 0.1, "{dtype}: {difference}");
        assert_eq!(difference == 0.0, effective.effective() == Dtype::F32, "{dtype}: {difference}");
    }
    // The model itself is not changed.
    assert_eq!(read_json(&sandbox.path("model/clsify.json"))["encoder"]["dtype"], "f32");
    let quiet = sandbox.run(&[&ask[..], &["-q", "--dtype", "bf16"]].concat());
    assert_eq!(quiet.stderr, "");
}
