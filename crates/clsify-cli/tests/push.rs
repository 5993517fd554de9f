//! `clsify push`, and models by their hub id.
//!
//! Oracle: the answers of the model in its folder, before it was pushed.
#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used)]

mod common;
#[path = "../../clsify-hub/tests/common/upload_hub.rs"]
mod upload_hub;

use std::fs;

use common::{Outcome, Sandbox, encoder};
use serde_json::Value;
use upload_hub::{Behaviour, UploadHub};

const SENTENCE: &str = "a wonderful film";

fn train(sandbox: &Sandbox, more: &[&str]) {
    let bert = encoder("bert");
    let train = ["train", "-q", "--encoder", &bert, "--data", "reviews.tsv", "--output", "model"];
    sandbox.succeed(&[&train[..], &["--features", "article", "--bundle-encoder"], more].concat());
}

/// Runs the binary with this hub.
fn run(sandbox: &Sandbox, hub: &UploadHub, args: &[&str]) -> Outcome {
    let mut command = sandbox.command(args);
    command.env_remove("HF_HUB_OFFLINE").env("HF_ENDPOINT", hub.url());
    for proxy in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "https_proxy", "http_proxy"] {
        command.env_remove(proxy);
    }
    Outcome::of(&command.output().unwrap())
}

fn succeed(sandbox: &Sandbox, hub: &UploadHub, args: &[&str]) -> String {
    let outcome = run(sandbox, hub, args);
    assert_eq!(outcome.code, Some(0), "{args:?}: {}", outcome.stderr);
    outcome.stdout
}

#[test]
fn a_pushed_model_answers_as_in_its_folder() {
    let sandbox = Sandbox::with_reviews();
    train(&sandbox, &["--keep-neighbours"]);
    let predict = |model: &'static str| ["predict", "-q", model, "-p", "--output-format", "json", SENTENCE];
    let expected = sandbox.succeed(&predict("model"));
    let hub = UploadHub::new(Behaviour::default());
    let args = ["push", "model", "user/model", "--license", "mit", "--language", "en", "--private"];
    let outcome = run(&sandbox, &hub, &args);
    assert_eq!(
        (outcome.code, outcome.stdout),
        (Some(0), format!("{}/user/model\n", hub.url())),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("--with-sentences adds them"), "{}", outcome.stderr);
    assert!(hub.is_private());

    // Neither paths of this machine nor sentences of the data are in it.
    let files = hub.files();
    assert!(files.contains_key("encoder/model.safetensors") && !files.contains_key("neighbours.safetensors"));
    let path = sandbox.path("model").display().to_string();
    for (name, bytes) in &files {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains(&path) && !text.contains("quiet bore"), "{name}");
    }
    let saved: Value = serde_json::from_slice(&files["clsify.json"]).unwrap();
    assert_eq!(saved["encoder"]["folder"], "");
    let card = String::from_utf8(files["README.md"].clone()).unwrap();
    for part in ["license: \"mit\"\nlanguage:\n- \"en\"\n", "clsify predict user/model", "- bad\n- good\n"] {
        assert!(card.contains(part), "{card}");
    }

    fs::remove_dir_all(sandbox.path("model")).unwrap();
    assert_eq!(succeed(&sandbox, &hub, &predict("user/model")), expected);
    // From now on it is in the cache: the sandbox is offline.
    assert_eq!(sandbox.succeed(&predict("user/model")), expected);
    let report = sandbox.succeed(&["evaluate", "-q", "user/model", "--data", "reviews.tsv"]);
    assert!(report.contains("accuracy"), "{report}");
    sandbox.succeed(&["explain", "-q", "user/model", SENTENCE]);
    sandbox.succeed(&["compare", "-q", "user/model", "user/model", "--data", "reviews.tsv"]);
    // The training sentences were not asked for; the next push has them.
    train(&sandbox, &["--keep-neighbours"]);
    succeed(&sandbox, &hub, &["push", "-q", "model", "user/model", "--with-sentences"]);
    assert!(hub.files().contains_key("neighbours.safetensors"));
    train(&sandbox, &[]);
    succeed(&sandbox, &hub, &["push", "-q", "model", "user/model"]);
    assert!(!hub.files().contains_key("neighbours.safetensors"));
}

/// The encoder comes from the hub for training and for predicting, and is not uploaded.
#[test]
fn an_encoder_of_the_hub_is_found_by_its_name() {
    let sandbox = Sandbox::with_reviews();
    let encoder: Vec<(String, Vec<u8>)> = fs::read_dir(encoder("bert"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_file())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    let borrowed: Vec<(&str, &[u8])> =
        encoder.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let of_encoder = UploadHub::new(Behaviour::default()).with_files(&borrowed, false);
    let train = ["train", "-q", "--encoder", "user/model", "--data", "reviews.tsv", "--output", "saved"];
    succeed(&sandbox, &of_encoder, &[&train[..], &["--features", "article"]].concat());
    let predict = |model: &'static str| ["predict", "-q", model, "-p", "--output-format", "json", SENTENCE];
    let expected = sandbox.succeed(&predict("saved"));
    let card = sandbox.succeed(&["push", "-q", "saved", "user/other", "--dry-run"]);
    assert!(
        card.contains("base_model: \"user/model\"") && !card.contains("encoder/model.safetensors"),
        "{card}"
    );

    // The same model, as it looks after a push.
    let path = sandbox.path("saved/clsify.json");
    let mut saved: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    saved["encoder"]["folder"] = "".into();
    fs::write(&path, saved.to_string()).unwrap();
    assert_eq!(sandbox.succeed(&predict("saved")), expected);
    // On another machine the encoder is fetched.
    fs::remove_dir_all(sandbox.cache()).unwrap();
    let error = sandbox.run(&predict("saved")).error_line("predict");
    assert_eq!(error, "user/model: not in a cache, and HF_HUB_OFFLINE tells clsify not to fetch it");
    assert_eq!(succeed(&sandbox, &of_encoder, &predict("saved")), expected);
}

#[test]
fn a_dry_run_shows_everything_and_sends_nothing() {
    let sandbox = Sandbox::with_reviews();
    train(&sandbox, &[]);
    let hub = UploadHub::new(Behaviour::default());
    let shown = succeed(&sandbox, &hub, &["push", "model", "user/model", "--dry-run"]);
    for part in
        ["clsify.json ", "classifier.safetensors ", "encoder/config.json ", "\n---\nlibrary_name: clsify\n"]
    {
        assert!(shown.contains(part), "{shown}");
    }
    assert!(hub.requests().is_empty());
    // It needs no connection.
    assert_eq!(sandbox.succeed(&["push", "model", "user/model", "--dry-run"]), shown);
}

#[test]
fn what_cannot_be_pushed_says_why() {
    let sandbox = Sandbox::with_model();
    let error = sandbox.fail(&["push", "model", "user/model"]);
    assert_eq!(error, "model: expected an encoder of the hub or one in the model's folder, got \"bert\"");
    train(&sandbox, &[]);
    let error = sandbox.fail(&["push", "model", "user/model"]);
    assert_eq!(error, "push: expected a connection, but HF_HUB_OFFLINE tells clsify not to push");
    let error = sandbox.fail(&["push", "model", "model"]);
    assert!(
        error.starts_with("push: expected a repository USER/NAME and a branch, got \"model\""),
        "{error}"
    );
    let error = sandbox.fail(&["push", "model", "user/model", "--with-sentences"]);
    assert!(error.starts_with("model: expected a model with its training sentences"), "{error}");
    let error = sandbox.fail(&["push", "nowhere", "user/model"]);
    assert_eq!(error, "nowhere: expected a model folder, got a path that does not exist");
    // A bundled encoder that was damaged would be refused by everybody who loads it.
    fs::write(sandbox.path("model/encoder/config.json"), "{}").unwrap();
    let error = sandbox.fail(&["push", "model", "user/model"]);
    assert!(error.contains("expected sha256"), "{error}");
}
