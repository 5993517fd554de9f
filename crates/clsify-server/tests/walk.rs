//! `/walk`: every step from a sentence to its label.
//!
//! Oracle: the answers of `/predict`, `/explain`, `/tokenize` and `/embed` to the same text, to the last bit where JSON has the number.
#![allow(clippy::unwrap_used)]

mod common;

use clsify_server::ServeOptions;
use common::{Running, edit_model, encoder_source, options, save_classes, save_label_sets, source, vector};
use serde_json::{Value, json};

const TEXT: &str = "the film </script> \"is\" wonderful אבל 👩‍👩‍👧 naïve";

/// The numbers of a base64 of little-endian values.
fn unpacked<const N: usize, T>(packed: &Value, number: fn([u8; N]) -> T) -> Vec<T> {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let value = |c: u8| digits.iter().position(|&digit| digit == c).unwrap() as u32;
    let text = packed.as_str().unwrap().trim_end_matches('=');
    let bits =
        |chunk: &[u8]| chunk.iter().fold(0, |bits, &c| bits << 6 | value(c)) << (6 * (4 - chunk.len()));
    let bytes: Vec<u8> = text
        .as_bytes()
        .chunks(4)
        .flat_map(|chunk| bits(chunk).to_be_bytes()[1..chunk.len()].to_vec())
        .collect();
    bytes.chunks_exact(N).map(|bytes| number(bytes.try_into().unwrap())).collect()
}

fn scene<'a>(guide: &'a Value, id: &str) -> &'a Value {
    guide["scenes"].as_array().unwrap().iter().find(|scene| scene["id"] == id).unwrap()
}

fn ids(guide: &Value) -> Vec<&str> {
    guide["scenes"].as_array().unwrap().iter().map(|scene| scene["id"].as_str().unwrap()).collect()
}

/// The numbers of a guide are those of the other routes.
fn assert_same_numbers(server: &Running, guide: &Value, i: usize, text: &str) {
    let sentence = &guide["sentences"][i];
    assert_eq!(sentence["text"], text);
    let pieces: String =
        sentence["pieces"].as_array().unwrap().iter().map(|piece| piece["text"].as_str().unwrap()).collect();
    assert_eq!(pieces, text);

    let predicted = server.ask("/predict", &json!({ "inputs": text }));
    for (label, probability) in
        guide["labels"].as_array().unwrap().iter().zip(sentence["probability"].as_array().unwrap())
    {
        assert_eq!(common::score_of(&predicted, label.as_str().unwrap()), probability.as_f64().unwrap());
    }
    let chosen = predicted
        .as_array()
        .unwrap()
        .iter()
        .filter(|label| label["chosen"] == true)
        .map(|label| &label["label"]);
    let mut chosen: Vec<&Value> = chosen.collect();
    chosen.sort_by_key(|label| label.to_string());
    match sentence["abstained"] == true {
        true => assert!(chosen.is_empty(), "{chosen:?}"),
        false => assert_eq!(chosen, sentence["predicted"].as_array().unwrap().iter().collect::<Vec<_>>()),
    }

    let tokens = &server.ask("/tokenize", &json!({ "inputs": text }))[0];
    let words = &scene(guide, "words")["sentences"][i]["data"];
    let of_route: Vec<&Value> = tokens.as_array().unwrap().iter().map(|token| &token["id"]).collect();
    assert_eq!(of_route, words["ids"].as_array().unwrap().iter().collect::<Vec<_>>());

    let explained = &server.ask("/explain", &json!({ "inputs": text }))[0];
    let reasons = &scene(guide, "reasons")["sentences"][i]["data"];
    let n_kept = reasons["kept"].as_array().unwrap().len();
    assert_eq!(guide["labels"][reasons["kept"][0].as_u64().unwrap() as usize], explained["label"]);
    let contributions = unpacked(&reasons["words"], f32::from_le_bytes);
    let of_route = explained["words"].as_array().unwrap();
    assert_eq!(contributions.len(), n_kept * of_route.len());
    for (word, contributions) in of_route.iter().zip(contributions.chunks_exact(n_kept)) {
        assert_eq!(contributions[0], word["contribution"].as_f64().unwrap() as f32, "{word}");
    }
    assert_eq!(unpacked(&reasons["logits"], f64::from_le_bytes)[0], explained["logit"].as_f64().unwrap());

    let features = vector(&server.ask("/embed", &json!({ "inputs": text, "normalize": false }))[0]);
    let slice = scene(guide, "slice");
    let indices = slice["shared"]["indices"].as_array().unwrap().iter().map(|i| i.as_u64().unwrap() as usize);
    let expected: Vec<f32> = indices.map(|i| features[i]).collect();
    assert_eq!(unpacked(&slice["sentences"][i]["data"]["features"], f32::from_le_bytes), expected);
}

const SCENES: [&str; 8] = ["verdict", "models", "words", "batch", "layers", "attention", "slice", "reasons"];

#[test]
fn the_numbers_are_those_of_the_other_routes() {
    let folder = tempfile::tempdir().unwrap();
    let [classes, sets] = ["classes", "sets"].map(|name| folder.path().join(name));
    save_classes(&classes);
    save_label_sets(&sets);
    for (path, is_sets) in [(&classes, false), (&sets, true)] {
        let server = Running::start(options(), vec![source("model", path)]);
        let guide = server.ask("/walk", &json!({ "inputs": [TEXT, "a bore"] }));
        assert_eq!((ids(&guide), &guide["multiLabel"]), (SCENES.to_vec(), &json!(is_sets)));
        assert_same_numbers(&server, &guide, 0, TEXT);
        assert_same_numbers(&server, &guide, 1, "a bore");
        // The batch is that of the sentences.
        let lengths = unpacked(&scene(&guide, "batch")["shared"]["lengths"], u16::from_le_bytes);
        let n_tokens =
            |i: usize| scene(&guide, "words")["sentences"][i]["data"]["ids"].as_array().unwrap().len();
        assert_eq!(lengths, [n_tokens(0) as u16, n_tokens(1) as u16]);
        for (i, scene) in guide["scenes"].as_array().unwrap().iter().enumerate() {
            for words in ["title", "caption"] {
                assert!(["en", "zh"].iter().all(|lang| !scene[words][lang].as_str().unwrap().is_empty()));
            }
            assert!(scene["code"].is_string() && !scene["columns"].as_array().unwrap().is_empty(), "{i}");
        }
        // Scenes that others refer to have the number that they say.
        let step = SCENES.iter().position(|id| *id == "reasons").unwrap() + 1;
        let line = scene(&guide, "attention")["sentences"][0]["line"]["en"].as_str().unwrap();
        assert!(line.contains(&format!("(step {step})")), "{line}");
        for name in ["/walk", "/models/model/walk"] {
            let one = server.ask(name, &json!({ "inputs": TEXT }));
            assert_eq!((ids(&one), one["sentences"].as_array().unwrap().len()), (SCENES.to_vec(), 1));
            assert_eq!(one["sentences"][0], guide["sentences"][0]);
        }
    }
}

#[test]
fn an_abstaining_model_says_so() {
    let folder = tempfile::tempdir().unwrap();
    save_classes(folder.path());
    edit_model(folder.path(), |saved| {
        saved["decision"] = json!({ "class_thresholds": [0.5, 0.5], "abstain_below": 0.999_999 })
    });
    let server = Running::start(options(), vec![source("model", folder.path())]);
    let guide = server.ask("/walk", &json!({ "inputs": TEXT }));
    assert_eq!((&guide["abstains"], &guide["sentences"][0]["abstained"]), (&json!(true), &json!(true)));
    assert_eq!(guide["sentences"][0]["predicted"].as_array().unwrap().len(), 1);
    assert_same_numbers(&server, &guide, 0, TEXT);
}

#[test]
fn what_cannot_be_walked_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    save_classes(folder.path());
    let sources = vec![source("model", folder.path()), encoder_source("tiny", "bert")];
    let server = Running::start(ServeOptions { auto_truncate: true, ..options() }, sources);
    let refused = |inputs: Value| server.post("/walk", &json!({ "inputs": inputs }));
    refused(json!("")).is_refusal(422, "Validation", "expected between 1 and 400 words, got 0");
    refused(json!(["a", "b", "c", "d", "e"])).is_refusal(422, "Validation", "expected at most 4 texts");
    refused(json!([])).is_refusal(400, "Empty", "at least one text");
    // Never truncated, also if the server truncates.
    refused(json!("zqzqzqz ".repeat(200))).is_refusal(422, "Validation", "tokens per text");
    refused(json!("film ".repeat(5000))).is_refusal(422, "Validation", "at most 400 words");
    server.post("/walk", &json!({})).is_refusal(422, "Validation", "inputs");
    server.post("/walk", &json!({ "inputs": TEXT, "model": "no" })).is_refusal(404, "NotFound", "model");
    server.post("/models/tiny/walk", &json!({ "inputs": TEXT })).is_refusal(422, "Validation", "/embed");
    assert_eq!(server.get("/walk").status, 405);

    let keys = ServeOptions { api_keys: vec!["secret".to_string()], ..options() };
    let server = Running::start(keys, vec![source("model", folder.path())]);
    server.post("/walk", &json!({ "inputs": TEXT })).is_refusal(401, "Unauthorized", "Bearer");
    for open in ["/", "/page.js", "/page.css", "/guide.js", "/guide.css"] {
        assert_eq!(server.get(open).status, 200, "{open}");
    }
}
