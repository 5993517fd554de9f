//! The defaults of `train`: the encoder, the features and C, in the program and in the library.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod common;

use std::fs;
use std::path::Path;

use clsify::dataset::{Dataset, DatasetOptions};
use clsify::model::{SentenceEncoder, SentenceEncoderOptions};
use clsify::training::{FeatureChoice, TrainOptions, train, train_selected};
use common::{Sandbox, encoder};
use serde_json::Value;

/// The report of a run without its times, and its messages.
fn report(sandbox: &Sandbox, more: &[&str]) -> (Value, String) {
    let bert = encoder("bert");
    let train = ["train", "--encoder", &bert, "--data", "reviews.tsv", "--output", "model", "--json", "-"];
    let outcome = sandbox.run(&[&train[..], more].concat());
    assert_eq!(outcome.code, Some(0), "{more:?}: {}", outcome.stderr);
    let mut report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    report.as_object_mut().unwrap().remove("seconds");
    if let Some(search) = report.get_mut("grid_search").and_then(Value::as_object_mut) {
        for point in search["points"].as_array_mut().unwrap() {
            point.as_object_mut().unwrap().retain(|key, _| !key.contains("time"));
        }
    }
    (report, outcome.stderr)
}

#[test]
fn features_are_chosen_unless_something_is_given() {
    let sandbox = Sandbox::with_reviews();
    let (auto, _) = report(&sandbox, &["--features", "auto"]);
    assert!(auto["selection"]["candidates"].as_array().unwrap().len() > 1);
    for more in [&[][..], &["--scoring", "accuracy"], &["--calibration", "none"]] {
        assert_eq!(report(&sandbox, more).0, auto, "{more:?}");
    }
    let (article, _) = report(&sandbox, &["--features", "article"]);
    assert_eq!(article.get("selection").unwrap_or(&Value::Null), &Value::Null);
    assert_eq!(article["classifier"]["C"], 1.0);
    // Each option has the article's value, so that the others have it too.
    for more in [
        &["--layers", "last"][..],
        &["--pooling", "cls"],
        &["--scaling", "none"],
        &["--scaling", "auto"],
        &["--c", "1"],
        &["--features", "article", "--pooling", "cls"],
    ] {
        assert_eq!(report(&sandbox, more).0, article, "{more:?}");
    }
    for more in [&["--grid-search"][..], &["--c-grid", "0.01,1"]] {
        let (searched, _) = report(&sandbox, more);
        assert_eq!(searched, report(&sandbox, &[&["--features", "article"], more].concat()).0, "{more:?}");
        assert_eq!(searched["encoder"], article["encoder"], "{more:?}");
        assert_eq!(searched["features"], article["features"], "{more:?}");
        assert!(searched["grid_search"]["points"].is_array(), "{more:?}");
    }
}

#[test]
fn two_rows_of_each_class_are_enough_for_a_choice_and_one_trains_with_its_first_candidate() {
    let sandbox = Sandbox::new();
    let first =
        |n: usize| -> String { common::reviews().lines().take(n).map(|line| format!("{line}\n")).collect() };
    sandbox.write("reviews.tsv", first(6));
    let more = ["--stratify", "--test-size", "2"];
    let (chosen, _) = report(&sandbox, &more);
    assert_eq!((&chosen["selection"]["n_rows"], &chosen["selection"]["n_splits"]), (&4.into(), &4.into()));

    sandbox.write("reviews.tsv", first(4));
    let (chosen, stderr) = report(&sandbox, &more);
    assert!(
        stderr.contains("note: using mean of layers 2-3, because no features can be chosen: "),
        "{stderr}"
    );
    // The upper half of three layers.
    let upper = ["--pooling", "mean", "--layers", "2-3", "--scaling", "none"];
    let (given, _) = report(&sandbox, &[&more[..], &upper].concat());
    assert_eq!(chosen, given);
    let bert = encoder("bert");
    let train =
        ["train", "--encoder", &bert, "--data", "reviews.tsv", "--output", "new", "--features", "auto"];
    let error = sandbox.fail(&[&train[..], &more].concat());
    assert!(
        error.starts_with(
            "choice of features: leave-one-out: expected at least 2 classes without any one row, got 1"
        ),
        "{error}"
    );

    // Label sets of two training rows.
    sandbox.write("sets.tsv", "text\tlabel\na film\ta\na bore\tb\nsome day\ta\n");
    let train = ["train", "--encoder", &bert, "--data", "sets.tsv", "--multi-label", ";", "--test-size", "1"];
    let outcome = sandbox.run(&[&train[..], &["--output", "sets"]].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("because no features can be chosen: "), "{}", outcome.stderr);
}

/// Oracle: the library with its own defaults, byte for byte.
#[test]
fn the_library_has_the_same_defaults() {
    let sandbox = Sandbox::with_reviews();
    let bert = encoder("bert");
    let dataset = Dataset::load(sandbox.path("reviews.tsv"), &DatasetOptions::default()).unwrap();
    let weights = |model: &str| fs::read(sandbox.path(model).join("classifier.safetensors")).unwrap();

    let (_, _) = report(&sandbox, &[]);
    let (encoder, choice) = (SentenceEncoderOptions::default(), FeatureChoice::default());
    let trained = train_selected(&bert, encoder, &dataset, TrainOptions::default(), choice).unwrap();
    trained.classifier.save(sandbox.path("library")).unwrap();
    assert_eq!(weights("library"), weights("model"));

    let (_, _) = report(&sandbox, &["--features", "article"]);
    let encoder = SentenceEncoder::load(&bert).unwrap();
    let trained = train(encoder, &dataset, TrainOptions::default()).unwrap();
    trained.classifier.save(sandbox.path("library")).unwrap();
    assert_eq!(weights("library"), weights("model"));

    // The same holds for the features of `embed`: the folder's own pooling is used on request only.
    for (case, pooling) in
        [("sentence_transformers/dense_v4", "cls"), ("sentence_transformers/dense_v4", "auto")]
    {
        let folder = common::fixtures().join(case);
        let text = folder.display().to_string();
        let embed = ["embed", "-q", "--encoder", &text, "--input", "reviews.tsv", "--output"];
        sandbox.succeed(&[&embed[..], &["default.npy"]].concat());
        sandbox.succeed(&[&embed[..], &["given.npy", "--pooling", pooling]].concat());
        let (default, given) =
            (fs::read(sandbox.path("default.npy")).unwrap(), fs::read(sandbox.path("given.npy")).unwrap());
        assert_eq!(default == given, pooling == "cls");
        let encoder = SentenceEncoder::load(&folder).unwrap();
        let sentences = dataset.sentences();
        let features = encoder.encode(sentences).unwrap().features;
        let bytes: Vec<u8> = features.as_slice().iter().flat_map(|x| x.to_le_bytes()).collect();
        assert!(default.ends_with(&bytes));
    }
}

/// Copies a folder with its contents.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (entry, target) = (entry.as_ref().unwrap().path(), to.join(entry.as_ref().unwrap().file_name()));
        match entry.is_dir() {
            true => copy(&entry, &target),
            false => assert!(fs::copy(entry, target).is_ok()),
        }
    }
}

#[test]
fn the_encoder_is_mini_lm_where_none_is_named() {
    let sandbox = Sandbox::with_reviews();
    let train = ["train", "--data", "reviews.tsv", "--output", "model", "--json", "-"];
    let error = sandbox.fail(&train);
    assert!(error.starts_with("all-MiniLM-L6-v2"), "{error}");
    // The encoder is put in the cache, as if it had been downloaded. The folder's own pooling is not used.
    let repository = sandbox.cache().join("hub/hub/models--sentence-transformers--all-MiniLM-L6-v2");
    let snapshot = repository.join("snapshots/1");
    fs::create_dir_all(repository.join("refs")).unwrap();
    fs::write(repository.join("refs/main"), "1").unwrap();
    copy(&common::fixtures().join("sentence_transformers/dense_v4"), &snapshot);
    let report: Value = serde_json::from_str(&sandbox.succeed(&train)).unwrap();
    assert_eq!(report["encoder"]["name"], "all-MiniLM-L6-v2");
}
