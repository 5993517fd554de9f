//! `clsify export onnx`: what is written, what is said, and what is refused.
//!
//! Oracle: the files that transformers.js 4.3.2 reads, and the settings of the models. `tools/onnx.sh` compares the probabilities.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;

use common::{Sandbox, encoder, keys, read_json};
use serde_json::json;

#[test]
fn a_model_becomes_a_folder_for_transformers_js() {
    let sandbox = Sandbox::with_model();
    let outcome = sandbox.run(&["export", "onnx", "model", "web"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stderr.starts_with("saved: web; 0.2 MB, "), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("note:"), "{}", outcome.stderr);
    assert_eq!(outcome.stdout, "");
    let config = read_json(&sandbox.path("web/config.json"));
    let classes = read_json(&sandbox.path("model/clsify.json"))["classes"].clone();
    assert_eq!(config["id2label"], json!({"0": classes[0], "1": classes[1]}));
    assert_eq!(config["label2id"][classes[1].as_str().unwrap()], 1);
    assert_eq!(config["problem_type"], "single_label_classification");
    assert_eq!(config["transformers.js_config"], json!({"dtype": "fp32"}));
    assert_eq!(config["clsify"]["not_in_the_graph"], json!([]));
    let tokenizer = read_json(&sandbox.path("web/tokenizer_config.json"));
    assert_eq!(tokenizer["model_max_length"], 512);
    assert_eq!(tokenizer["pad_token"], "[PAD]");
    // The folder contains no path of this machine.
    for name in ["config.json", "tokenizer_config.json", "tokenizer.json"] {
        let text = fs::read_to_string(sandbox.path("web").join(name)).unwrap();
        assert!(!text.contains("fixtures"), "{name}");
    }
    // Again, quietly, over the first one.
    let outcome = sandbox.run(&["export", "onnx", "--quiet", "model", "web"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
}

#[test]
fn what_the_graph_cannot_hold_is_said_and_stored() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    sandbox.succeed(&[
        "train",
        "-q",
        "--encoder",
        &bert,
        "--data",
        "reviews.tsv",
        "--output",
        "model",
        "--abstain-below",
        "0.9",
        "--pooling",
        "mean",
    ]);
    let outcome = sandbox.run(&["export", "onnx", "model", "web"]);
    let note = "The graph does not abstain: give no answer where the probability of the answer is below 0.9";
    assert!(outcome.stderr.contains(&format!("note: {note}")), "{}", outcome.stderr);
    let own = read_json(&sandbox.path("web/config.json"))["clsify"].clone();
    assert!(own["not_in_the_graph"][0].as_str().unwrap().starts_with(note));
    assert_eq!(own["decision"], json!({"abstain_below": 0.9}));
}

/// WordPiece divides a prompt and a sentence separately. Byte-level BPE does not: the blank between them belongs to a token.
#[test]
fn a_prompt_is_in_the_tokenizer_if_it_can_be() {
    for (case, is_inside) in [("bert", true), ("roberta", false)] {
        let sandbox = Sandbox::with_reviews();
        sandbox.succeed(&[
            "train",
            "-q",
            "--encoder",
            &encoder(case),
            "--data",
            "reviews.tsv",
            "--output",
            "model",
            "--prompt",
            "the film: ",
            "--pooling",
            "mean",
        ]);
        let outcome = sandbox.run(&["export", "onnx", "model", "web"]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert_eq!(outcome.stderr.contains("put \"the film: \" before every sentence yourself"), !is_inside);
        let own = read_json(&sandbox.path("web/config.json"))["clsify"].clone();
        assert_eq!(own["prompt"], json!({"text": "the film: ", "is_in_tokenizer": is_inside}));
        let tokenizer = read_json(&sandbox.path("web/tokenizer.json"));
        let template = &tokenizer["post_processor"]["special_tokens"];
        assert_eq!(template.is_object() && keys(template).contains(&"film"), is_inside, "{template}");
    }
}

#[test]
fn wrong_folders_are_refused_before_anything_is_loaded() {
    let sandbox = Sandbox::with_model();
    fs::create_dir(sandbox.path("full")).unwrap();
    sandbox.write("full/file", "mine");
    let error = sandbox.fail(&["export", "onnx", "no-model", "full"]);
    assert!(error.contains("full: expected an empty folder or an earlier export"), "{error}");
    assert!(sandbox.fail(&["export", "onnx", "model", "model"]).contains("got a folder with other files"));
    assert!(sandbox.fail(&["export", "onnx", "model", "-"]).contains("got stdout"));
    assert!(sandbox.fail(&["export", "onnx", "full", "web"]).contains("expected a model folder"));
    let other = encoder("distilbert");
    let error = sandbox.fail(&["export", "onnx", "model", "web", "--encoder", &other]);
    assert!(error.contains("expected sha256"), "{error}");
    assert!(!sandbox.path("web").exists());
}
