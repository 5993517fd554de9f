//! The effect of `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` on token ids.
//!
//! Oracle: `AutoTokenizer` of transformers, with equal token ids, on variants of the tiny checkpoints
//! (`fixtures/tokenizer_variants.json`, written by `tools/reference/make_tokenizer_fixtures.py`).
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use clsify::model::SentenceEncoder;
use clsify::observer::Observer;
use clsify::tokenizer::{Tokenizer, model_max_length};
use serde_json::{Map, Value, json};
use support::{copy_of, edit_json, fixtures, read_json};

/// Creates the folder of a variant, as the script does.
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
    // Names given elsewhere replace the list.
    assert_eq!(ids(json!({key: {"z": "<z>"}, "w_token": "<w>"})), with(&z, &y, &[507]));
    assert_eq!(ids(json!({key: {"z": "<z>"}, "extra_special_tokens": {"y": "<y>"}})), with(&z, &[507], &w));
    assert_eq!(ids(json!({key: {"z": "<z>"}, "extra_special_tokens": ["<y>"]})), with(&[507], &[508], &w));
    let token = json!({"__type": "AddedToken", "content": "<z>", "lstrip": true});
    assert_eq!(ids(json!({key: {"z": token}})), with(&[507], &y, &w));
    assert_eq!(ids(json!({key: null})), with(&z, &y, &w));
    // Standard names come first.
    assert_eq!(ids(json!({key: {"image_token": "<z>", "mask_token": "<y>"}})), with(&[508], &[507], &w));
}

fn load(folder: &Path) -> Result<Tokenizer, (String, String)> {
    let hint = |error: &clsify::error::Error| error.hint().unwrap_or_default().to_string();
    Tokenizer::load(folder, 512).map_err(|error| (support::message(&error, folder), hint(&error)))
}

fn with_settings(case: &str, settings: &Value) -> tempfile::TempDir {
    let folder = copy_of(&format!("transformers/{case}"));
    edit_json(&folder.path().join("tokenizer_config.json"), |json| {
        json.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    });
    folder
}

/// Oracle: `AutoTokenizer` of transformers 5.23 on the same folders: `backend_tokenizer` differs from that of
/// `tokenizer.json`, or these classes read other files. Those of DPR are the same as BERT's, and ignore
/// `do_lower_case`.
#[test]
fn classes_that_build_their_own_tokenizer_are_refused_unless_it_is_the_stored_one() {
    let load = |case: &str, settings: Value| load(with_settings(case, &settings).path());
    let cases = [
        ("bert", &["Funnel", "BertJapanese", "Herbert", "RoFormer"][..]),
        ("roberta", &["Luke", "Qwen2", "Blenderbot", "Bertweet", "Phobert", "GPTNeoX", "Llama"]),
        (
            "xlm_roberta",
            &[
                "Albert",
                "BigBird",
                "MBart",
                "MBart50",
                "MLuke",
                "Pegasus",
                "RemBert",
                "T5",
                "XGLM",
                "XLNet",
                "DebertaV2",
                "Barthez",
            ],
        ),
    ];
    for (case, names) in cases {
        for class in names.iter().map(|name| format!("{name}Tokenizer")) {
            let got = load(case, json!({"tokenizer_class": format!("{class}Fast")}));
            if (case, class.as_str()) == ("roberta", "LlamaTokenizer") {
                // AutoTokenizer uses a tokenizer that splits into bytes as it is.
                got.unwrap();
                continue;
            }
            let (text, hint) = got.unwrap_err();
            let does = match class.as_str() {
                "HerbertTokenizer" => "builds another tokenizer than that of tokenizer.json",
                _ => "builds its own tokenizer, whatever tokenizer.json says",
            };
            let expected = format!(
                "DIR/tokenizer_config.json: \"tokenizer_class\": {class:?} {does}, which clsify does not"
            );
            assert_eq!(text, expected);
            assert!(hint.contains("set \"tokenizer_class\"") && hint.contains("PreTrainedTokenizerFast"));
            load(case, json!({"tokenizer_class": "PreTrainedTokenizerFast"})).unwrap();
        }
    }
    // The tokenizer that the class builds, and classes that use tokenizer.json as it is.
    load("roberta", json!({"tokenizer_class": "GPT2Tokenizer"})).unwrap();
    load("roberta", json!({"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": false})).unwrap();
    let (text, _) =
        load("roberta", json!({"tokenizer_class": "GPT2TokenizerFast", "add_prefix_space": true}))
            .unwrap_err();
    assert!(text.contains("\"GPT2Tokenizer\" builds another tokenizer"), "{text}");
    for class in ["PreTrainedTokenizerFast", "ConvBertTokenizer", "OurTokenizer"] {
        load("bert", json!({"tokenizer_class": class, "do_lower_case": false})).unwrap();
    }
    let dpr = load("bert", json!({"tokenizer_class": "DPRReaderTokenizer", "do_lower_case": false})).unwrap();
    assert_eq!(dpr.encode("A Film").unwrap().input_ids, [9, 41, 290, 10]);
}

/// Oracle: `AutoTokenizer` of transformers 5.23, which gives these ids for all four files.
#[test]
fn a_herbert_tokenizer_is_taken_if_it_is_what_its_class_builds() {
    let folder = copy_of("transformers/bert");
    let path = |name: &str| folder.path().join(name);
    fs::write(path("tokenizer_config.json"), r#"{"tokenizer_class": "HerbertTokenizer"}"#).unwrap();
    let words = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "a", "b", "a</w>", "b</w>", "ab</w>"];
    let vocab: Map<String, Value> =
        words.iter().enumerate().map(|(id, word)| (word.to_string(), json!(id))).collect();
    let special = |id: usize| {
        json!({"id": id, "content": words[id], "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true})
    };
    let stored = json!({
        "version": "1.0",
        "added_tokens": [special(0), special(1), special(2), special(3), special(4)],
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": false,
            "lowercase": false},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0]},
        "model": {"type": "BPE", "dropout": null, "unk_token": "<unk>", "end_of_word_suffix": "</w>", "fuse_unk": false,
            "byte_fallback": false, "vocab": vocab, "merges": [["a", "b</w>"]]},
    });
    fs::write(path("tokenizer.json"), stored.to_string()).unwrap();
    let tokenizer = load(folder.path()).unwrap();
    assert_eq!(tokenizer.encode("ab A ba é<mask>").unwrap().input_ids, [0, 9, 3, 6, 7, 3, 4, 2]);
    for (part, key, value) in [
        ("normalizer", "lowercase", json!(true)),
        ("model", "fuse_unk", json!(true)),
        ("post_processor", "cls", json!(["<s>", 4])),
    ] {
        let mut other = stored.clone();
        other[part][key] = value;
        fs::write(path("tokenizer.json"), other.to_string()).unwrap();
        let (text, _) = load(folder.path()).unwrap_err();
        assert!(text.contains("builds another tokenizer than that of tokenizer.json"), "{text}");
    }
}

/// Oracle: `AutoTokenizer` of transformers 5.23. A null that is passed to the `tokenizers` crate is a TypeError; the
/// classes of SentencePiece check whether the flag is true.
#[test]
fn flags_that_are_null() {
    const TEXT: &str = "Élan film 中文x [MASK]<mask> a";
    for case in ["xlm_roberta", "camembert"] {
        let ids = |settings: Value| {
            let folder = with_settings(case, &settings);
            load(folder.path()).unwrap().encode(TEXT).unwrap().input_ids
        };
        let without = [0, 3, 14, 32, 102, 3, 151, 96, 271, 195, 94, 269, 127, 537, 7, 2];
        let with = [0, 4, 3, 14, 32, 118, 4, 3, 151, 188, 271, 195, 94, 269, 127, 537, 18, 2];
        assert_eq!(ids(json!({"add_prefix_space": null})), without);
        assert_eq!(ids(json!({"add_prefix_space": false})), without);
        assert_eq!(ids(json!({"add_prefix_space": true})), with);
        assert_eq!(ids(json!({"do_lower_case": null, "tokenize_chinese_chars": null})), with);
    }
    for (case, key) in [
        ("bert", "do_lower_case"),
        ("mpnet", "tokenize_chinese_chars"),
        ("roberta", "add_prefix_space"),
        ("camembert", "split_special_tokens"),
    ] {
        let (text, _) = load(with_settings(case, &json!({key: null})).path()).unwrap_err();
        let expected = format!("DIR/tokenizer_config.json: {key:?}: expected true or false, got null");
        assert_eq!(text, expected);
    }
    let folder = with_settings("bert", &json!({"strip_accents": null, "add_prefix_space": null}));
    let ids = load(folder.path()).unwrap().encode(TEXT).unwrap().input_ids;
    assert_eq!(ids, [9, 45, 188, 177, 190, 290, 8, 8, 64, 11, 34, 328, 35, 41, 10]);
}

/// Oracle: `AutoTokenizer` of transformers 5.23, which adds keys of their own before those of the object.
#[test]
fn special_tokens_of_two_lists_have_the_ids_of_transformers() {
    let ids = |settings: Value| {
        let folder = with_settings("bert", &settings);
        load(folder.path()).unwrap().encode("<Z> <Y> <X>").unwrap().input_ids
    };
    let [z, y, x] = [[34, 66, 35], [34, 65, 35], [34, 64, 35]];
    let with = |z: &[u32], y: &[u32], x: &[u32]| [&[9], z, y, x, &[10]].concat();
    let key = "extra_special_tokens";
    assert_eq!(ids(json!({key: {"my_token": "<Z>"}, "image_token": "<Y>"})), with(&[508], &[507], &x));
    assert_eq!(ids(json!({"image_token": "<Y>", key: {"my": "<Z>"}})), with(&[508], &[507], &x));
    let both = json!({key: {"a_token": "<Z>", "b": "<Y>"}, "image_token": "<X>"});
    assert_eq!(ids(both), with(&[508], &[509], &[507]));
    assert_eq!(ids(json!({key: ["<Z>"], "a_token": "<Y>"})), with(&[508], &[507], &x));
    assert_eq!(ids(json!({key: {"image_token": "<Z>"}, "image_token": "<Y>"})), with(&[507], &y, &x));
    let standard = json!({key: {"mask_token": "<Z>", "z": "<X>"}, "image_token": "<Y>"});
    assert_eq!(ids(standard), with(&[507], &[508], &[509]));
    // An object is a token if it says so.
    let token = json!({"__type": "AddedToken", "content": "<Y>"});
    assert_eq!(ids(json!({key: {"z": "<X>"}, "image_token": token})), with(&z, &[507], &[508]));
    assert_eq!(ids(json!({key: {"z": "<X>"}, "image_token": {"content": "<Y>"}})), with(&z, &y, &[507]));
}

/// `max_length` is that of the settings unless the caller gives one, and the vectors change with it.
#[test]
fn the_settings_decide_the_longest_sentence() {
    let folder = copy_of("transformers/bert");
    edit_json(&folder.path().join("tokenizer_config.json"), |json| json["model_max_length"] = json!(9));
    let long = "a ".repeat(600);
    let max_tokens = |max_length| {
        let options = clsify::model::SentenceEncoderOptions { max_length, ..Default::default() };
        let encoder = SentenceEncoder::load_with(folder.path(), options).unwrap();
        encoder.encode(&[&long]).unwrap().counts.max_tokens
    };
    assert_eq!([max_tokens(None), max_tokens(Some(20))], [9, 20]);
    for (limit, expected) in [(json!(1e30), 512), (json!(null), 512), (json!(100_000), 512)] {
        edit_json(&folder.path().join("tokenizer_config.json"), |json| json["model_max_length"] = limit);
        assert_eq!(max_tokens(None), expected);
    }
}

#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Observer for Notes {
    fn note(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_string());
    }
}

/// A vocabulary of English does not have the tokens of a Chinese sentence.
#[test]
fn sentences_of_unknown_tokens_are_counted_and_noted() {
    let notes_of = |case: &str, sentences: &[&str]| {
        let encoder = SentenceEncoder::load(fixtures().join(case)).unwrap();
        let notes = Arc::new(Notes::default());
        let encoded = encoder.clone().with_observer(notes.clone()).encode(sentences).unwrap();
        // Group by group, the note is the same.
        let streamed_notes = Arc::new(Notes::default());
        let encoder = encoder.with_observer(streamed_notes.clone());
        let sentences: Vec<String> = sentences.iter().map(|s| (*s).to_string()).collect();
        let groups =
            sentences.chunks(2).map(|chunk| clsify::model::Group { sentences: chunk.to_vec(), n_bytes: 0 });
        let groups: Vec<_> = groups.map(Ok::<_, clsify::error::Error>).collect();
        let streamed = encoder.encode_stream(groups.into_iter(), 0, |_, _| Ok(())).unwrap();
        assert_eq!(streamed.counts, encoded.counts);
        let notes = notes.0.lock().unwrap().clone();
        assert_eq!(*streamed_notes.0.lock().unwrap(), notes);
        (encoded.counts.n_mostly_unknown, notes)
    };
    let sentences = ["a stunning film", "a film 😀", "ꙮꙮ 😀 ☺", "", "☺"];
    let note = "2 of 5 sentences are mostly unknown tokens (the first is sentence 3): \
                the encoder's vocabulary does not contain their words";
    assert_eq!(notes_of("transformers/bert", &sentences), (2, vec![note.to_string()]));
    assert_eq!(notes_of("transformers/mpnet", &sentences).0, 2);
    // Every word has a token for the space before it, and this vocabulary has one of the three.
    assert_eq!(notes_of("transformers/xlm_roberta", &sentences).0, 1);
    // Bytes are never unknown.
    assert_eq!(notes_of("transformers/roberta", &sentences), (0, Vec::new()));
    assert_eq!(notes_of("transformers/bert", &["a stunning film"]), (0, Vec::new()));
}

/// A saved classifier depends on the files that determine its tokenizer.
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
