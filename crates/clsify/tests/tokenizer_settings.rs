//! What `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` make of a vocabulary.
//!
//! Oracle: `AutoTokenizer` of transformers, token ids exactly, on variants of the tiny checkpoints
//! (`fixtures/tokenizer_variants.json`, written by `tools/reference/make_tokenizer_fixtures.py`).
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;

use clsify::model::SentenceEncoder;
use clsify::observer::Observer;
use clsify::tokenizer::{Tokenizer, model_max_length};
use serde_json::{Map, Value, json};
use support::{copy_of, edit_json, fixtures, read_json};

/// Makes the folder of a variant, as the script does.
fn folder_of(variant: &Value) -> tempfile::TempDir {
    let folder = copy_of(&format!("transformers/{}", variant["base"].as_str().unwrap()));
    let path = |name: &str| folder.path().join(name);
    let write = |name: &str, value: &Value| fs::write(path(name), value.to_string()).unwrap();
    let model = read_json(&path("tokenizer.json"))["model"].take();
    if !variant["vocabulary"].is_null() {
        fs::remove_file(path("tokenizer.json")).unwrap();
    }
    match variant["vocabulary"].as_str() {
        Some("vocab.txt") => {
            let mut vocab: Vec<(&String, &Value)> = model["vocab"].as_object().unwrap().iter().collect();
            vocab.sort_by_key(|(_, id)| id.as_u64());
            let lines: String = vocab.iter().map(|(token, _)| format!("{token}\n")).collect();
            fs::write(path("vocab.txt"), lines).unwrap();
        }
        Some(_) => {
            write("vocab.json", &model["vocab"]);
            let merges = model["merges"].as_array().unwrap().iter();
            let merges =
                merges.map(|pair| format!("{} {}\n", pair[0].as_str().unwrap(), pair[1].as_str().unwrap()));
            fs::write(path("merges.txt"), format!("#version: 0.2\n{}", merges.collect::<String>())).unwrap();
        }
        None => {}
    }
    for (name, value) in variant["files"].as_object().unwrap() {
        match value {
            Value::Null => fs::remove_file(path(name)).unwrap(),
            Value::Object(keys) if matches!(name.as_str(), "tokenizer_config.json" | "config.json") => {
                let mut merged: Map<String, Value> = read_json(&path(name)).as_object().unwrap().clone();
                merged.extend(keys.clone());
                if variant["keep_null"] != true {
                    merged.retain(|_, value| !value.is_null());
                }
                write(name, &merged.into());
            }
            value => write(name, value),
        }
    }
    folder
}

#[test]
fn variants_of_the_tiny_tokenizers_give_the_ids_of_transformers() {
    let path = std::env::var("CLSIFY_TOKENIZER_VARIANTS")
        .map_or(fixtures().join("tokenizer_variants.json"), Into::into);
    let golden = read_json(&path);
    let variants = golden["variants"].as_array().unwrap();
    let mut wrong = Vec::new();
    let mut n_compared = 0;
    for variant in variants.iter().filter(|variant| variant.get("error").is_none()) {
        let folder = folder_of(variant);
        let max_length = model_max_length(folder.path()).unwrap().unwrap_or(usize::MAX);
        let tokenizer = match Tokenizer::load(folder.path(), max_length) {
            Ok(tokenizer) => tokenizer,
            Err(error) => {
                wrong.push(format!("{}: {error}", variant["name"]));
                continue;
            }
        };
        let sentences = variant.get("sentences").unwrap_or(&golden["sentences"]).as_array().unwrap();
        for (sentence, expected) in sentences.iter().zip(variant["input_ids"].as_array().unwrap()) {
            let sentence = sentence.as_str().unwrap();
            let ids = tokenizer.encode(sentence).map(|encoding| encoding.input_ids);
            n_compared += 1;
            if ids.as_ref().ok().map(|ids| json!(ids)).as_ref() != Some(expected) {
                wrong.push(format!("{}: {sentence:?}: {ids:?}, not {expected}", variant["name"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {n_compared} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(variants.len() >= 30 && n_compared >= 16 * 30);
}

/// Oracle: `AutoTokenizer` of transformers 5.23 on the same folders, which gives these ids.
#[test]
fn special_tokens_of_the_list_of_transformers_5() {
    let ids = |settings: Value| {
        let folder = copy_of("transformers/bert");
        edit_json(&folder.path().join("tokenizer_config.json"), |json| {
            json.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        });
        let tokenizer = Tokenizer::load(folder.path(), 512).unwrap();
        tokenizer.encode("<z> <y> x<w>").unwrap().input_ids
    };
    let [z, y, w] = [[34, 66, 35], [34, 65, 35], [34, 63, 35]];
    let with = |z: &[u32], y: &[u32], w: &[u32]| [&[9], z, y, &[64], w, &[10]].concat();
    let key = "model_specific_special_tokens";
    assert_eq!(ids(json!({})), with(&z, &y, &w));
    assert_eq!(ids(json!({key: {"z": "<z>", "y": "<y>"}})), with(&[507], &[508], &w));
    // Names from elsewhere replace the list.
    assert_eq!(ids(json!({key: {"z": "<z>"}, "w_token": "<w>"})), with(&z, &y, &[507]));
    assert_eq!(ids(json!({key: {"z": "<z>"}, "extra_special_tokens": {"y": "<y>"}})), with(&z, &[507], &w));
    assert_eq!(ids(json!({key: {"z": "<z>"}, "extra_special_tokens": ["<y>"]})), with(&[507], &[508], &w));
    let token = json!({"__type": "AddedToken", "content": "<z>", "lstrip": true});
    assert_eq!(ids(json!({key: {"z": token}})), with(&[507], &y, &w));
    assert_eq!(ids(json!({key: null})), with(&z, &y, &w));
    // Standard names come first.
    assert_eq!(ids(json!({key: {"image_token": "<z>", "mask_token": "<y>"}})), with(&[508], &[507], &w));
}

/// Oracle: `AutoTokenizer` of transformers 5.23, which builds these classes anew from the settings, while here
/// `tokenizer.json` is taken as it is. Those of DPR are BERT's, and pass `do_lower_case` over.
#[test]
fn settings_that_a_class_would_follow_contradict_no_tokenizer_json() {
    let load = |case: &str, settings: Value| {
        let folder = copy_of(&format!("transformers/{case}"));
        edit_json(&folder.path().join("tokenizer_config.json"), |json| {
            json.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        });
        let tokenizer = Tokenizer::load(folder.path(), 512);
        tokenizer.map_err(|error| (support::message(&error, folder.path()), error.hint().map(str::to_string)))
    };
    for (case, class, key, value) in [
        ("bert", "FunnelTokenizer", "do_lower_case", false),
        ("bert", "SplinterTokenizerFast", "strip_accents", false),
        ("bert", "AlbertTokenizer", "tokenize_chinese_chars", false),
        ("roberta", "GPT2TokenizerFast", "add_prefix_space", true),
    ] {
        let (text, hint) = load(case, json!({"tokenizer_class": class, key: value})).unwrap_err();
        let name = class.trim_end_matches("Fast");
        let expected = format!(
            "DIR/tokenizer_config.json: unsupported \"tokenizer_class\" {name:?} with \"{key}\": {value}, which tokenizer.json does not say"
        );
        assert_eq!(text, expected);
        assert!(hint.unwrap().starts_with(&format!("remove \"{key}\"")));
    }
    // What tokenizer.json says too, and classes that take it as it is.
    load("roberta", json!({"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": false})).unwrap();
    for class in ["FunnelTokenizer", "PreTrainedTokenizerFast", "ConvBertTokenizer", "OurTokenizer"] {
        let case = if class == "FunnelTokenizer" { json!(true) } else { json!(false) };
        load("bert", json!({"tokenizer_class": class, "do_lower_case": case})).unwrap();
    }
    let dpr = load("bert", json!({"tokenizer_class": "DPRReaderTokenizer", "do_lower_case": false})).unwrap();
    assert_eq!(dpr.encode("A Film").unwrap().input_ids, [9, 41, 290, 10]);
}

/// The vectors follow: `max_length` is that of the settings unless the caller gives one.
#[test]
fn the_settings_decide_the_longest_sentence() {
    let folder = copy_of("transformers/bert");
    edit_json(&folder.path().join("tokenizer_config.json"), |json| json["model_max_length"] = json!(9));
    let long = "a ".repeat(600);
    let max_tokens = |max_length| {
        let options = clsify::model::SentenceEncoderOptions { max_length, ..Default::default() };
        let encoder = SentenceEncoder::load(folder.path(), options, &()).unwrap();
        encoder.encode(&[&long], &()).unwrap().counts.max_tokens
    };
    assert_eq!([max_tokens(None), max_tokens(Some(20))], [9, 20]);
    for (limit, expected) in [(json!(1e30), 512), (json!(null), 512), (json!(100_000), 512)] {
        edit_json(&folder.path().join("tokenizer_config.json"), |json| json["model_max_length"] = limit);
        assert_eq!(max_tokens(None), expected);
    }
}

#[derive(Default)]
struct Notes(std::sync::Mutex<Vec<String>>);

impl Observer for Notes {
    fn note(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_string());
    }
}

/// A Chinese sentence is not known to a vocabulary of English.
#[test]
fn sentences_of_unknown_tokens_are_counted_and_noted() {
    let notes_of = |case: &str, sentences: &[&str]| {
        let encoder = SentenceEncoder::load(&fixtures().join(case), Default::default(), &()).unwrap();
        let notes = Notes::default();
        let encoded = encoder.encode(sentences, &notes).unwrap();
        // Group by group, the note is the same.
        let streamed_notes = Notes::default();
        let sentences: Vec<String> = sentences.iter().map(|s| (*s).to_string()).collect();
        let groups =
            sentences.chunks(2).map(|chunk| clsify::model::Group { sentences: chunk.to_vec(), n_bytes: 0 });
        let groups: Vec<_> = groups.map(Ok::<_, clsify::error::Error>).collect();
        let streamed = encoder.encode_stream(groups.into_iter(), 0, &streamed_notes, |_, _| Ok(())).unwrap();
        assert_eq!(streamed.counts, encoded.counts);
        let notes = notes.0.into_inner().unwrap();
        assert_eq!(streamed_notes.0.into_inner().unwrap(), notes);
        (encoded.counts.n_mostly_unknown, notes)
    };
    let sentences = ["a stunning film", "a film 😀", "ꙮꙮ 😀 ☺", "", "☺"];
    let note = "2 of 5 sentences are mostly unknown tokens (the first is sentence 3): \
                the encoder's vocabulary does not hold their words";
    assert_eq!(notes_of("transformers/bert", &sentences), (2, vec![note.to_string()]));
    assert_eq!(notes_of("transformers/mpnet", &sentences).0, 2);
    // Every word has a token for the blank before it, and this vocabulary holds one of the three.
    assert_eq!(notes_of("transformers/xlm_roberta", &sentences).0, 1);
    // Bytes are never unknown.
    assert_eq!(notes_of("transformers/roberta", &sentences), (0, Vec::new()));
    assert_eq!(notes_of("transformers/bert", &["a stunning film"]), (0, Vec::new()));
}

/// The files that decide are those that a saved classifier belongs to.
#[test]
fn the_files_of_a_tokenizer_are_those_that_are_there() {
    let names = |folder: &Path| {
        let files = clsify::tokenizer::tokenizer_files(folder);
        let name = |path: &std::path::PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        files.iter().map(name).collect::<Vec<String>>()
    };
    let folder = copy_of("transformers/roberta");
    assert_eq!(names(folder.path()), ["tokenizer.json", "tokenizer_config.json"]);
    for name in ["vocab.json", "merges.txt", "added_tokens.json", "special_tokens_map.json"] {
        fs::write(folder.path().join(name), "{}").unwrap();
    }
    let settings = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"];
    assert_eq!(names(folder.path()), [&["tokenizer.json"], &settings[..]].concat());
    fs::remove_file(folder.path().join("tokenizer.json")).unwrap();
    assert_eq!(names(folder.path()), [&["vocab.json", "merges.txt"], &settings[..]].concat());
}
