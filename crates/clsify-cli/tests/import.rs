//! `clsify import`: heads of scikit-learn and folders of SetFit become models.
//!
//! Oracle: `predict_proba` of scikit-learn on vectors of sentence-transformers (`fixtures/heads/setfit`). Vectors may differ by
//! 2e-4 per element, as for the encoder itself; with weights of this size, probabilities by 1e-3.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::Path;

use common::{Sandbox, fixtures, json_lines, read_json};
use serde_json::{Value, json};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

fn head(name: &str) -> String {
    fixtures().join("heads").join(name).display().to_string()
}

fn body() -> String {
    fixtures().join("sentence_transformers/max_v6").display().to_string()
}

/// A sandbox with a folder of SetFit.
fn with_setfit() -> Sandbox {
    let sandbox = Sandbox::new();
    copy(Path::new(&body()), &sandbox.path("setfit"));
    for name in ["model_head.pkl", "config_setfit.json"] {
        fs::copy(head(&format!("setfit/{name}")), sandbox.path("setfit").join(name)).unwrap();
    }
    sandbox
}

fn expected() -> Value {
    read_json(&fixtures().join("heads/setfit/expected.json"))
}

/// Compares the probabilities of a model's answers.
fn check(sandbox: &Sandbox, labels: &[&str], key: &str) {
    let expected = expected();
    let sentences: Vec<String> = serde_json::from_value(expected["sentences"].clone()).unwrap();
    let rows: Vec<Vec<f64>> = serde_json::from_value(expected[key].clone()).unwrap();
    let args: Vec<&str> = ["predict", "-q", "model", "-p", "--output-format", "json", "--"]
        .into_iter()
        .chain(sentences.iter().map(String::as_str))
        .collect();
    let answers = json_lines(&sandbox.succeed(&args));
    assert_eq!(answers.len(), rows.len());
    for (answer, row) in answers.iter().zip(&rows) {
        for (label, p) in labels.iter().zip(row) {
            let found = answer["probabilities"][label].as_f64().unwrap();
            assert!((found - p).abs() < 1e-3, "{label}: {found}, expected {p}: {answer}");
        }
    }
}

#[test]
fn a_setfit_folder_becomes_a_model_that_can_be_moved() {
    let sandbox = with_setfit();
    let outcome = sandbox.run(&["import", "setfit", "setfit", "--output", "model"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    for part in [
        "LogisticRegression of scikit-learn 1.9.1, 32 features, after division",
        "3 labels: negative, neutral, positive",
        "its scores are not known",
    ] {
        assert!(outcome.stderr.contains(part), "{}", outcome.stderr);
    }
    fs::remove_dir_all(sandbox.path("setfit")).unwrap();
    check(&sandbox, &["negative", "neutral", "positive"], "probabilities");
    let saved = read_json(&sandbox.path("model/clsify.json"));
    assert_eq!((&saved["format_version"], &saved["features"]["normalize"]), (&json!(5), &json!(true)));
    assert_eq!((&saved["metrics"], &saved["training"]), (&Value::Null, &Value::Null));
    assert_eq!(saved["imported"]["file"], "model_head.pkl");
    assert_eq!(saved["imported"]["sha256"].as_str().unwrap().len(), 64);
    assert!(!sandbox.path("model/encoder/model_head.pkl").exists());

    // It is a model like any other, except where the training rows are needed.
    sandbox.write("test.tsv", "a visually stunning film\tpositive\na quiet bore\tnegative\n");
    let report = sandbox.succeed(&["evaluate", "-q", "model", "--data", "test.tsv"]);
    assert!(report.contains("accuracy"), "{report}");
    sandbox.succeed(&["explain", "-q", "model", "a stunning film"]);
    sandbox.succeed(&["compare", "-q", "model", "model", "--data", "test.tsv"]);
    let error = sandbox.fail(&["guide", "model", "--data", "test.tsv", "--output", "guide.html"]);
    assert!(error.contains("expected a model that clsify has trained, got an imported one"), "{error}");
}

#[test]
fn a_head_of_scikit_learn_becomes_a_model_on_its_encoder() {
    let sandbox = Sandbox::new();
    let body = body();
    let import = |file: &str, more: &[&str]| {
        let file = head(file);
        let args = [&["import", "sklearn", &file, "--encoder", &body, "--output", "model"], more].concat();
        sandbox.run(&args)
    };
    // The head was trained on divided vectors, and its file does not say so.
    let outcome = import("setfit/model_head.pkl", &["--labels", "b,c,a"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("3 labels: a, b, c"), "{}", outcome.stderr);
    let saved = read_json(&sandbox.path("model/clsify.json"));
    assert_eq!(
        (&saved["features"]["poolings"], &saved["encoder"]["bundled"]),
        (&json!(["max"]), &json!(false))
    );
    // The folder is replaced like that of a trained model.
    let outcome = import("setfit/model_head_sets.pkl", &["--labels", "x y,z", "--bundle-encoder"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(sandbox.path("model/encoder/config.json").exists());
    let saved = read_json(&sandbox.path("model/clsify.json"));
    assert_eq!(
        saved["multi_label"],
        json!({"separator": ";", "thresholds": [0.5, 0.5], "constant": [null, null]})
    );

    for (file, more, expected) in [
        ("sk19-lr3.joblib", &[][..], "as the encoder max_v6 gives, got one of 6"),
        ("setfit/model_head.pkl", &["--pooling", "cls+mean"], "a classifier of 64 features"),
        ("setfit/model_head.pkl", &["--labels", "a,b"], "expected 3 names of labels, got 2"),
        ("sk19-refused_forest.joblib", &[], "RandomForestClassifier, which is not a linear classifier"),
        ("sk19.json", &[], "got the byte 0x7b"),
        ("none.joblib", &[], "no such file"),
    ] {
        let outcome = import(file, more);
        assert_eq!(outcome.code, Some(1), "{file}");
        assert!(outcome.stderr.contains(expected), "{file}: {}", outcome.stderr);
    }
    // The model of before is still there.
    assert_eq!(read_json(&sandbox.path("model/clsify.json")), saved);
}

#[test]
fn a_set_of_labels_is_imported_with_setfit_s_normalisation() {
    let sandbox = with_setfit();
    fs::copy(head("setfit/model_head_sets.pkl"), sandbox.path("setfit/model_head.pkl")).unwrap();
    sandbox.write("setfit/config_setfit.json", r#"{"normalize_embeddings": true, "labels": ["zoo", "art"]}"#);
    sandbox.succeed(&["import", "-q", "setfit", "setfit", "--output", "model"]);
    check(&sandbox, &["zoo", "art"], "sets");
}

#[test]
fn wrong_folders_of_setfit_are_refused() {
    let sandbox = with_setfit();
    let import = || sandbox.fail(&["import", "setfit", "setfit", "--output", "model"]);
    for (config, expected) in [
        ("{", "config_setfit.json: not valid JSON"),
        ("[]", "config_setfit.json: expected an object of JSON"),
        (r#"{"labels": ["a"]}"#, "config_setfit.json: labels: expected a name for the class 1, got 1 names"),
        (r#"{"labels": {}}"#, "labels: expected a list"),
        (r#"{"normalize_embeddings": "yes"}"#, "normalize_embeddings: expected true or false"),
    ] {
        sandbox.write("setfit/config_setfit.json", config);
        assert!(import().contains(expected), "{}", import());
    }
    sandbox.write("setfit/config_setfit.json", "{}");
    // What a differentiable head begins with.
    sandbox.write("setfit/model_head.pkl", b"\x80\x04\x8c\x0fsetfit.modeling\x8c\x0aSetFitHead\x93)\x81}b.");
    assert!(import().contains("SetFitHead"), "{}", import());
    sandbox.write("setfit/model_head.pkl", b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n.");
    assert!(import().contains("a part of a torch model"), "{}", import());
    fs::remove_file(sandbox.path("setfit/model_head.pkl")).unwrap();
    assert!(import().contains("expected a folder of SetFit with model_head.pkl"), "{}", import());
    assert!(sandbox.fail(&["import", "setfit", "none", "--output", "model"]).contains("no such file"));
    assert!(!sandbox.path("model").exists());
    // The model would replace the folder that it is read from.
    let sandbox = with_setfit();
    let error = sandbox.fail(&["import", "setfit", "setfit", "--output", "setfit"]);
    assert!(error.contains("expected an empty folder or a model"), "{error}");
}
