//! The model card says what `clsify.json` says, and nothing in a label or a name leaves its place.
#![allow(clippy::unwrap_used)]

use clsify::evaluation::wilson_ci95;
use clsify::model::SavedModel;
use clsify_report::model_card::{CardOptions, model_card};
use serde_json::{Value, json};

/// Two classes, 3 of 4 and 5 of 6 test rows right.
fn of_classes() -> Value {
    let scores = |precision: f64, recall: f64, f1: f64, support: usize| json!({ "precision": precision, "recall": recall, "f1": f1, "support": support });
    json!({
        "format_version": 2,
        "clsify_version": "0.1.0",
        "classes": ["bad", "good"],
        "features": { "layers": "last", "poolings": ["mean"], "normalize": false },
        "max_length": 128,
        "encoder": {
            "name": "all-MiniLM-L6-v2", "model_type": "bert", "hidden_size": 384, "dtype": "f32", "bundled": false, "folder": "",
            "files": [], "lists_tokenizer_settings": true,
        },
        "metrics": {
            "accuracy": 0.8, "accuracy_ci95": [0.49, 0.9433],
            "confusion_matrix": [[3, 1], [1, 5]],
            "per_class": { "bad": scores(0.75, 0.75, 0.75, 4), "good": scores(0.8333, 0.8333, 0.8333, 6) },
            "macro": scores(0.7917, 0.7917, 0.7917, 10),
            "weighted": scores(0.8, 0.8, 0.8, 10),
        },
        "training": {
            "n_train": 30, "n_test": 10, "seed": 7, "C": 1.0, "class_weight": "none", "scaling": "none", "n_iter": 5,
            "converged": true, "stratified": false, "temperature": null, "train_accuracy": 0.95,
            "rows": {
                "reading": {
                    "format": null, "text_column": null, "label_column": null, "label_columns": [], "multi_label": null,
                    "weight_column": null, "group_column": null, "group_duplicates": false, "header": "auto",
                    "delimiter": null, "quoting": "auto", "limit": null, "skip_bad_rows": false, "allow_one_class": false,
                },
                "split": { "seed": 7, "test_size": { "fraction": 0.25 }, "stratify": false },
            },
        },
    })
}

fn of_sets() -> Value {
    let mut model = of_classes();
    let of_label = json!({ "precision": 0.5, "recall": 0.75, "f1": 0.6, "support": 4 });
    model["format_version"] = 3.into();
    model["multi_label"] = json!({ "separator": ";", "thresholds": [0.25, 0.5], "constant": [null, null] });
    model["metrics"] = json!({
        "n_samples": 10, "subset_accuracy": 0.5, "subset_accuracy_ci95": [0.2366, 0.7634], "hamming_loss": 0.3,
        "per_label": { "bad": of_label, "good": of_label },
        "micro": of_label, "macro": of_label, "weighted": of_label, "samples": of_label,
    });
    let training = model["training"].as_object_mut().unwrap();
    for name in ["stratified", "temperature", "train_accuracy"] {
        training.remove(name);
    }
    training.insert("calibration".into(), "platt".into());
    training.insert("thresholds".into(), "f1".into());
    model
}

fn imported() -> Value {
    let mut model = of_classes();
    for name in ["metrics", "training"] {
        model.as_object_mut().unwrap().remove(name);
    }
    model["format_version"] = 5.into();
    model["imported"] = json!({
        "library": "scikit-learn 1.9.1", "estimator": "Pipeline(StandardScaler)", "file": "a.pkl", "sha256": "0",
    });
    model
}

fn options() -> CardOptions {
    CardOptions { repo: "user/model".to_string(), ..CardOptions::default() }
}

fn card(model: Value) -> String {
    model_card(&serde_json::from_value::<SavedModel>(model).unwrap(), &options())
}

#[track_caller]
fn has(card: &str, parts: &[&str]) {
    for part in parts {
        assert!(card.contains(part), "{part:?} is not in:\n{card}");
    }
}

#[test]
fn the_card_of_a_trained_model() {
    let saved: SavedModel = serde_json::from_value(of_classes()).unwrap();
    let options = CardOptions {
        base_model: Some("sentence-transformers/all-MiniLM-L6-v2".to_string()),
        license: Some("mit".to_string()),
        languages: vec!["en".to_string(), "de".to_string()],
        ..options()
    };
    let card = model_card(&saved, &options);
    assert_eq!(card, model_card(&saved, &options));
    let interval = |n_correct, n| {
        let [low, high] = wilson_ci95(n_correct, n).unwrap();
        format!("{low:.3} to {high:.3}")
    };
    has(
        &card,
        &[
            "---\nlibrary_name: clsify\npipeline_tag: text-classification\nbase_model: \"sentence-transformers/all-MiniLM-L6-v2\"\n\
             license: \"mit\"\nlanguage:\n- \"en\"\n- \"de\"\ntags:\n- clsify\n",
            "    - type: accuracy\n      value: 0.8000\n      name: \"Accuracy (95 % interval 0.490 to 0.943, 10 rows)\"\n",
            "    - type: f1\n      value: 0.7917\n      name: \"Macro F1 (10 rows)\"\n---\n",
            "\n# user/model\n",
            "assigns one of 2 labels",
            "- bad\n- good\n",
            "These are the scores on 10 rows that the classifier was not trained on.",
            "| accuracy | 0.8000 | 0.490 to 0.943 |",
            &format!("| bad | 0.7500 | 0.7500 | {} | 0.7500 | 4 |", interval(3, 4)),
            &format!("| good | 0.8333 | 0.8333 | {} | 0.8333 | 6 |", interval(5, 6)),
            "| training | 30 |\n| held out | 10 |",
            "drawn with seed 7",
            "This repository contains no sentence of the data.",
            "The probabilities are not calibrated",
            "The answer is the most probable label.",
            "[all-MiniLM-L6-v2](https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2)",
            "| features | mean |",
            "| maximum number of tokens | 128 |",
            "| training | frozen |",
            "clsify predict user/model -p",
            "SentenceClassifier.load(\"user/model\")",
            "more than 128 tokens",
        ],
    );
}

#[test]
fn calibration_and_decisions_are_told() {
    let mut model = of_classes();
    model["format_version"] = 3.into();
    model["training"]["temperature"] = 1.25.into();
    model["decision"] = json!({ "abstain_below": 0.7 });
    has(
        &card(model.clone()),
        &[
            "logits are divided by the temperature 1.2500",
            "The model abstains if the probability of that label is below 0.7000; `clsify predict` then prints `?`.",
            "The model may abstain; these scores treat its best guesses as answers.",
        ],
    );
    model["decision"] = json!({ "class_thresholds": [0.75, 0.25] });
    model["training"]["platt"] = json!({ "scale": 0.9, "offset": -0.1 });
    has(
        &card(model.clone()),
        &["ratio of probability to threshold", "| bad | 0.7500 |\n| good | 0.2500 |", "0.9000 z -0.1000"],
    );
    model["decision"] = json!({ "cost_matrix": [[0.0, 1.0], [5.0, 0.0]] });
    model["training"]["tuned"] = true.into();
    has(
        &card(model),
        &[
            "lowest expected cost",
            "|  | bad | good |\n|---|---|---|\n| bad | 0 | 1 |\n| good | 5 | 0 |",
            "it was tuned",
        ],
    );
}

#[test]
fn the_card_of_label_sets() {
    let [low, high] = wilson_ci95(3, 4).unwrap();
    has(
        &card(of_sets()),
        &[
            "- multi-label-classification\n",
            "name: \"Subset accuracy (95 % interval 0.237 to 0.763, 10 rows)\"",
            "value: 0.6000\n      name: \"Micro F1 (10 rows)\"",
            "any number of 2 labels",
            "| micro F1 | 0.6000 | - |",
            &format!("| bad | 0.5000 | 0.7500 | {low:.3} to {high:.3} | 0.6000 | 4 |"),
            "Platt scaling per label",
            "(chosen for the best F1 of each label)",
            "| bad | 0.2500 |\n| good | 0.5000 |",
        ],
    );
}

#[test]
fn unknown_scores_are_said_to_be_unknown() {
    let of_import = card(imported());
    has(
        &of_import,
        &[
            "The scores are unknown, because the classifier was imported: Pipeline(StandardScaler) of scikit-learn 1.9.1.",
            "clsify evaluate user/model --data test.tsv",
            "The training rows are not known",
            "Nothing is known about the quality of its answers.",
        ],
    );
    let mut model = of_classes();
    model.as_object_mut().unwrap().remove("metrics");
    model["training"]["n_test"] = 0.into();
    model["format_version"] = 5.into();
    let without_test_rows = card(model);
    has(&without_test_rows, &["The scores are unknown, because no rows were held out of the training."]);
    for card in [of_import, without_test_rows] {
        assert!(!card.contains("model-index") && !card.contains("95 %"), "{card}");
    }
}

#[test]
fn no_text_leaves_its_place() {
    let mut model = of_classes();
    let evil = "a\n---\n| x | <script> [y](z) `\u{1b}[2J";
    model["classes"] = json!([evil, "good"]);
    let per_class = model["metrics"]["per_class"].as_object_mut().unwrap();
    let of_bad = per_class.remove("bad").unwrap();
    per_class.shift_insert(0, evil.to_string(), of_bad);
    model["encoder"]["name"] = evil.into();
    model["prompt"] = evil.into();
    let saved: SavedModel = serde_json::from_value(model).unwrap();
    let options = CardOptions { license: Some("mit\"\nevil: yes\n---".to_string()), ..options() };
    let card = model_card(&saved, &options);
    let lines: Vec<&str> = card.lines().collect();
    assert_eq!(lines.iter().filter(|line| line.trim() == "---").count(), 2, "{card}");
    assert!(!lines.iter().any(|line| line.starts_with("evil")), "{card}");
    assert!(!card.contains('\u{1b}') && !card.contains("<script>") && !card.contains("[y]("), "{card}");
    let escaped = "a --- \\| x \\| \\<script\\> \\[y\\](z) \\` \\[2J";
    has(
        &card,
        &[&format!("- {escaped}\n"), &format!("| {escaped} | 0.7500 |"), &format!("| name | {escaped} |")],
    );
}

#[test]
fn training_sentences_are_announced() {
    let saved: SavedModel = serde_json::from_value(of_classes()).unwrap();
    let card = model_card(&saved, &CardOptions { has_sentences: true, ..options() });
    has(&card, &["`neighbours.safetensors` contains sentences of the training data"]);
    assert!(!card.contains("contains no sentence"), "{card}");
}
