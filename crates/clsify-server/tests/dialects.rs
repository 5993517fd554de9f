//! Every route answers in the form of its dialect, with the library's own numbers.
//!
//! Oracle: the library in this process, bit for bit; the forms are those of text-embeddings-inference 1.9.3, OpenAI and
//! infinity.
#![allow(clippy::unwrap_used)]

mod common;

use clsify::explanation::ExplainOptions;
use clsify::model::{SentenceClassifier, SentenceEncoder};
use common::{
    Running, edit_model, encoder_folder, encoder_source, inputs, options, save_classes, save_label_sets,
    score_of, source, texts, vector,
};
use serde_json::{Value, json};

const TEXT: &str = "the film is wonderful";

#[test]
fn predictions_are_those_of_the_library() {
    let (server, folder) = Running::of_classes(options());
    let model = SentenceClassifier::load(folder.path().join("model")).unwrap();
    let texts = texts();
    let expected = model.predict(&texts).unwrap();
    let answers = server.ask("/predict", &inputs(&texts));
    assert_eq!(answers.as_array().unwrap().len(), texts.len());
    for ((text, expected), answer) in texts.iter().zip(&expected).zip(answers.as_array().unwrap()) {
        for (label, &probability) in model.classes().iter().zip(&expected.probabilities) {
            assert_eq!(score_of(answer, label), probability, "{text}");
        }
        let scores: Vec<f64> =
            answer.as_array().unwrap().iter().map(|entry| entry["score"].as_f64().unwrap()).collect();
        assert!(scores.is_sorted_by(|a, b| a >= b), "{answer}");
        let chosen: Vec<&str> = answer
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["chosen"] == true)
            .map(|entry| entry["label"].as_str().unwrap())
            .collect();
        assert_eq!(chosen, model.labels(expected), "{text}");
    }
}

#[test]
fn the_forms_of_prediction() {
    let (server, _folder) = Running::of_classes(options());
    let one = server.ask("/predict", &json!({ "inputs": TEXT }));
    assert!(one[0]["label"].is_string(), "one text has a flat list: {one}");
    let flat = server.ask("/predict", &json!({ "inputs": [TEXT, "a bore"] }));
    assert_eq!((flat.as_array().unwrap().len(), &flat[0]), (2, &one), "a flat list is a batch");
    let three = server.ask("/predict", &json!({ "inputs": [TEXT, "a", "b"] }));
    assert_eq!(three.as_array().unwrap().len(), 3);
    assert_eq!(server.ask("/predict", &json!({ "inputs": [[TEXT], ["a bore"]] })), flat);
    let of_list = server.ask("/predict", &json!({ "inputs": [TEXT] }));
    assert_eq!(of_list, json!([one]));
    // The Hugging Face inference API answers a list of lists.
    let all = server.ask("/predict", &json!({ "inputs": TEXT, "parameters": {} }));
    assert_eq!(all, json!([one]));
    let parameters = json!({ "top_k": 1, "function_to_apply": "none" });
    let best = server.ask("/predict", &json!({ "inputs": TEXT, "parameters": parameters }));
    let raw = server.ask("/predict", &json!({ "inputs": TEXT, "raw_scores": true }));
    assert_eq!(best, json!([[raw[0]]]));
    // The softmax of the logits is the probability; both sides round in f64.
    let [a, b] = [0, 1].map(|i| raw[i]["score"].as_f64().unwrap());
    assert!((1.0 / (1.0 + (b - a).exp()) - one[0]["score"].as_f64().unwrap()).abs() < 1e-12);
    // They are half of the logit of `/explain`, with either sign.
    let explained = server.ask("/explain", &json!({ "inputs": TEXT }));
    let logit = explained[0]["logit"].as_f64().unwrap();
    assert!((a - logit / 2.0).abs() < 1e-12 && (b + logit / 2.0).abs() < 1e-12, "{raw} {logit}");
    for alias in ["/", "/invocations", "/models/model/predict", "/models/model/invocations"] {
        assert_eq!(server.ask(alias, &json!({ "inputs": TEXT })), one, "{alias}");
    }
    for name in ["model", "text-embeddings-inference"] {
        assert_eq!(server.ask("/predict", &json!({ "inputs": TEXT, "model": name })), one);
    }
}

#[test]
fn label_sets_have_independent_probabilities_and_chosen_labels() {
    let folder = tempfile::tempdir().unwrap();
    save_label_sets(folder.path());
    let server = Running::start(options(), vec![source("sets", folder.path())]);
    let model = SentenceClassifier::load(folder.path()).unwrap();
    let response = server.post("/predict", &json!({ "inputs": TEXT }));
    assert_eq!(response.header("x-clsify-decision"), Some("label_thresholds"));
    let answer = response.json();
    let expected = &model.predict(&[TEXT]).unwrap()[0];
    for (id, label) in model.classes().iter().enumerate() {
        assert_eq!(score_of(&answer, label), expected.probabilities[id]);
        let entry = answer.as_array().unwrap().iter().find(|entry| entry["label"] == **label).unwrap();
        assert_eq!(entry["chosen"] == true, expected.label_ids.contains(&id), "{answer}");
    }
}

#[test]
fn the_decision_rule_applies_and_the_answer_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model");
    save_classes(&model);
    edit_model(&model, |saved| {
        saved["decision"] = json!({ "class_thresholds": [1e-9, 1.0], "abstain_below": 0.4 })
    });
    let server = Running::start(options(), vec![source("model", &model)]);
    let loaded = SentenceClassifier::load(&model).unwrap();
    let texts = texts();
    let expected = loaded.predict(&texts).unwrap();
    let response = server.post("/predict", &inputs(&texts));
    assert_eq!(response.header("x-clsify-decision"), Some("class_thresholds; abstain_below=0.4"));
    let abstained: Vec<String> =
        (0..texts.len()).filter(|&i| expected[i].abstained).map(|i| i.to_string()).collect();
    assert!(!abstained.is_empty() && abstained.len() < texts.len(), "{abstained:?}");
    assert_eq!(response.header("x-clsify-abstained"), Some(abstained.join(",").as_str()));
    for (i, (answer, expected)) in response.json().as_array().unwrap().iter().zip(&expected).enumerate() {
        let entries = answer.as_array().unwrap();
        let chosen: Vec<&Value> = entries.iter().filter(|entry| entry["chosen"] == true).collect();
        let labels: Vec<&str> = chosen.iter().map(|entry| entry["label"].as_str().unwrap()).collect();
        assert_eq!(labels, if expected.abstained { vec![] } else { loaded.labels(expected) }, "{i}");
    }
}

#[test]
fn vectors_are_those_of_the_library() {
    let server = Running::start(options(), vec![encoder_source("tiny", "bert")]);
    let encoder = SentenceEncoder::load(encoder_folder("bert")).unwrap();
    let texts = texts();
    let plain = encoder.encode(&texts).unwrap();
    let unit = encoder.clone().normalized().unwrap().encode(&texts).unwrap().features;
    let answer = server.ask("/embed", &json!({ "inputs": texts, "normalize": false }));
    let unit_answer = server.ask("/embed", &json!({ "inputs": texts }));
    let openai = server.ask("/v1/embeddings", &json!({ "input": texts, "model": "tiny" }));
    let ids: Vec<&Vec<u32>> = plain.encodings.iter().map(|encoding| &encoding.input_ids).collect();
    let of_ids = server.ask("/embeddings", &json!({ "input": ids, "encoding_format": "float" }));
    let base64 = server.ask("/v1/embeddings", &json!({ "input": texts, "encoding_format": "base64" }));
    for i in 0..texts.len() {
        assert_eq!(vector(&answer[i]), plain.features.row(i), "{:?}", texts[i]);
        assert_eq!(vector(&unit_answer[i]), unit.row(i));
        for answer in [&openai, &of_ids] {
            let entry = &answer["data"][i];
            assert_eq!(vector(&entry["embedding"]), unit.row(i));
            assert_eq!((&entry["object"], &entry["index"]), (&json!("embedding"), &json!(i)));
        }
        assert_eq!(decoded(base64["data"][i]["embedding"].as_str().unwrap()), unit.row(i));
    }
    let n_tokens = plain.counts.n_tokens;
    assert_eq!(openai["usage"], json!({ "prompt_tokens": n_tokens, "total_tokens": n_tokens }));
    assert_eq!((&openai["object"], &openai["model"]), (&json!("list"), &json!("tiny")));
    // One text, and one list of ids: always a list of vectors.
    let one = server.ask("/embed", &json!({ "inputs": texts[3] }));
    assert_eq!(one, json!([unit_answer[3]]));
    assert_eq!(server.ask("/embed", &json!({ "inputs": ids[3] })), one);
    assert_eq!(server.ask("/", &json!({ "inputs": texts[3] })), one, "the main task of an encoder");
}

/// Decodes base64 by its definition: six bits per digit.
fn decoded(text: &str) -> Vec<f32> {
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = text.trim_end_matches('=').chars().flat_map(|c| {
        let digit = digits.find(c).unwrap();
        (0..6).rev().map(move |bit| (digit >> bit) & 1 == 1)
    });
    let bits: Vec<bool> = bits.collect();
    let bytes: Vec<u8> =
        bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |all, &bit| 2 * all + u8::from(bit))).collect();
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
}

#[test]
fn the_other_routes_of_a_classifier() {
    let (server, folder) = Running::of_classes(options());
    let model = SentenceClassifier::load(folder.path().join("model")).unwrap();
    // infinity
    let classified = server.ask("/classify", &json!({ "input": [TEXT], "model": "model" }));
    assert_eq!((&classified["object"], &classified["model"]), (&json!("classify"), &json!("model")));
    assert_eq!(classified["data"][0], server.ask("/predict", &json!({ "inputs": TEXT })));
    assert!(classified["usage"]["total_tokens"].as_u64() > Some(3) && classified["created"].is_u64());
    // clsify
    let explained = server.ask("/explain", &json!({ "inputs": [TEXT], "path": true }));
    let options = ExplainOptions { path: true, ..ExplainOptions::default() };
    let expected = serde_json::to_string(&model.explain(&[TEXT], &options).unwrap()).unwrap();
    assert_eq!(explained, serde_json::from_str::<Value>(&expected).unwrap());
    let about = server.ask("/explain", &json!({ "inputs": TEXT, "label": "bad" }));
    assert_eq!(about[0]["label"], "bad");
    // text-embeddings-inference
    let tokens = server.ask("/tokenize", &json!({ "inputs": TEXT }));
    let ids: Vec<u64> =
        tokens[0].as_array().unwrap().iter().map(|token| token["id"].as_u64().unwrap()).collect();
    let own = model.encoder().tokenizer().encode(TEXT).unwrap().input_ids;
    assert_eq!(ids, own.iter().map(|&id| u64::from(id)).collect::<Vec<_>>());
    assert_eq!(tokens[0][0]["special"], true);
    assert_eq!((&tokens[0][0]["start"], &tokens[0][0]["stop"]), (&Value::Null, &Value::Null));
    for token in tokens[0].as_array().unwrap().iter().filter(|token| token["special"] == false) {
        let [start, stop] = ["start", "stop"].map(|end| token[end].as_u64().unwrap() as usize);
        assert_eq!(token["text"], TEXT[start..stop]);
    }
    let bare = server.ask("/tokenize", &json!({ "inputs": [TEXT], "add_special_tokens": false }));
    assert_eq!(bare[0].as_array().unwrap().len(), ids.len() - 2);
    let decoded = server.ask("/decode", &json!({ "ids": ids }));
    assert_eq!(decoded, json!([TEXT]));
    let with_special = server.ask("/decode", &json!({ "ids": [ids], "skip_special_tokens": false }));
    assert!(with_special[0].as_str().unwrap().starts_with("[CLS]"), "{with_special}");
    let info = server.get("/info").json();
    assert_eq!(info["model_type"]["classifier"]["id2label"], json!({ "0": "bad", "1": "good" }));
    assert_eq!(info["model_type"]["classifier"]["label2id"], json!({ "bad": 0, "good": 1 }));
    assert_eq!((&info["max_client_batch_size"], &info["model_dtype"]), (&json!(2048), &json!("f32")));
    assert_eq!(server.get("/models/model/info").json(), info);
    let models = server.get("/v1/models").json();
    assert_eq!((&models["object"], &models["data"][0]["id"]), (&json!("list"), &json!("model")));
}

/// Tokens beyond the limit of the encoder are shown too, so that clients can count them.
#[test]
fn tokens_are_not_truncated() {
    let server = Running::start(options(), vec![encoder_source("tiny", "bert")]);
    let limit = server.get("/info").json()["max_input_length"].as_u64().unwrap() as usize;
    let text = vec!["a"; 3 * limit].join(" ");
    let tokens = server.ask("/tokenize", &json!({ "inputs": text }))[0].as_array().unwrap().clone();
    assert_eq!(tokens.len(), 3 * limit + 2);
    let starts: Vec<u64> = tokens.iter().filter_map(|token| token["start"].as_u64()).collect();
    assert!(starts.len() == 3 * limit && starts.is_sorted());
    assert!(tokens[0]["special"] == true && tokens[tokens.len() - 1]["special"] == true);
}

#[test]
fn several_models_share_an_encoder() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["a", "b"].map(|name| folder.path().join(name));
    save_classes(&a);
    save_label_sets(&b);
    let sources = vec![source("a", &a), source("b", &b), encoder_source("c", "distilbert")];
    let server = Running::start(options(), sources);
    for (name, path) in [("a", &a), ("b", &b)] {
        let expected = &SentenceClassifier::load(path).unwrap().predict(&[TEXT]).unwrap()[0];
        let by_name = server.ask("/predict", &json!({ "inputs": TEXT, "model": name }));
        let by_path = server.ask(&format!("/models/{name}/predict"), &json!({ "inputs": TEXT }));
        assert_eq!(by_name, by_path);
        let best = expected.probabilities.iter().copied().fold(0.0, f64::max);
        assert_eq!(by_name[0]["score"], best);
    }
    let vector_of = |name: &str| server.ask("/embed", &json!({ "inputs": TEXT, "model": name }));
    assert_eq!(vector_of("a"), vector_of("b"));
    // The path and the body must not contradict each other.
    for (path, field) in [("predict", "inputs"), ("v1/embeddings", "input"), ("tokenize", "inputs")] {
        let ask =
            |model: &str| server.post(&format!("/models/a/{path}"), &json!({ field: TEXT, "model": model }));
        assert_eq!(ask("a").status, 200, "{path}");
        for other in ["b", "no", "tei"] {
            let refused = ask(other);
            assert!(
                refused.status == 422 && refused.text().contains("that of the path"),
                "{}",
                refused.text()
            );
        }
    }
    // The main task is that of the model in the path.
    assert_eq!(server.ask("/models/c/invocations", &json!({ "inputs": TEXT })), vector_of("c"));
    let openai = server.ask("/models/c/v1/embeddings", &json!({ "input": TEXT, "model": "c" }));
    assert_eq!((&openai["model"], &openai["data"][0]["embedding"]), (&json!("c"), &vector_of("c")[0]));
    assert_eq!(server.ask("/models/c/embeddings", &json!({ "input": TEXT })), openai);
    assert_ne!(vector_of("a"), vector_of("c"));
    let names: Vec<Value> =
        server.get("/v1/models").json()["data"].as_array().unwrap().iter().map(|m| m["id"].clone()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    server.post("/predict", &json!({ "inputs": TEXT, "model": "c" })).is_refusal(422, "Validation", "/embed");
    // An alias of examples is no model where there are several.
    let tei = json!({ "inputs": TEXT, "model": "tei" });
    server.post("/predict", &tei).is_refusal(404, "NotFound", "a, b, c");
}

#[test]
fn a_name_with_a_slash_is_escaped_in_paths() {
    let server = Running::start(options(), vec![encoder_source("org/tiny", "bert")]);
    assert_eq!(server.get("/models/org%2Ftiny/info").json()["served_model_name"], "org/tiny");
    let vectors = server.ask("/models/org%2Ftiny/embed", &json!({ "inputs": TEXT, "model": "org/tiny" }));
    assert_eq!(vectors, server.ask("/embed", &json!({ "inputs": TEXT })));
}

#[test]
fn truncation_is_reported() {
    let (server, _folder) = Running::of_classes(options());
    let long = "film ".repeat(5000);
    let response = server.post("/predict", &json!({ "inputs": [TEXT, long], "truncate": true }));
    assert_eq!((response.status, response.header("x-clsify-truncated")), (200, Some("1")));
    let response = server.post("/predict", &json!({ "inputs": TEXT }));
    assert_eq!(response.header("x-clsify-truncated"), None);
    for name in ["x-compute-time", "x-total-time", "x-tokenization-time", "x-queue-time", "x-inference-time"]
    {
        assert!(response.header(name).unwrap().parse::<u64>().is_ok(), "{name}");
    }
    assert_eq!(response.header("x-compute-characters"), Some(TEXT.len().to_string().as_str()));
    let truncating = clsify_server::ServeOptions { auto_truncate: true, ..options() };
    let (server, _folder) = Running::of_classes(truncating);
    assert_eq!(server.post("/predict", &json!({ "inputs": long })).header("x-clsify-truncated"), Some("0"));
    let refused = server.post("/predict", &json!({ "inputs": long, "truncate": false }));
    refused.is_refusal(422, "Validation", "truncate");
}
