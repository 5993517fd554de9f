//! The settings of a sentence-transformers folder are followed: modules, limits, lower case and prompts. They are
//! saved with a classifier, and are part of its encoder's identity.
//!
//! Oracle: `SentenceTransformer(folder).encode(...)` of sentence-transformers 6.2, with a tolerance of 2e-4 per
//! element, as for the encoder itself. `fixtures/README.md` describes the folders.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;

use clsify::encoder::Encoder;
use clsify::error::ErrorKind;
use clsify::features::{
    CacheOptions, FeatureCache, FeatureOptions, Layers, Pooling, SentenceTransformer, prompt_text,
};
use clsify::matrix::Matrix;
use clsify::model::{
    Features, SaveOptions, SavedModel, SentenceClassifier, SentenceEncoder, SentenceEncoderOptions,
};
use clsify::training::{TrainOptions, train};
use serde_json::json;
use support::{case_folders, copy_of, dataset, edit_json, expected_matrix, fixtures, message, sentences};

const TOLERANCE: f32 = 2e-4;

/// Options that follow the folder.
fn as_asked() -> SentenceEncoderOptions {
    let features = Features::SentenceTransformer { layers: Layers::Last };
    SentenceEncoderOptions { features, ..SentenceEncoderOptions::default() }
}

fn encode(folder: &Path, options: SentenceEncoderOptions) -> Matrix {
    let encoder = SentenceEncoder::load_with(folder, options).unwrap();
    encoder.encode(&sentences()).unwrap().features
}

fn assert_close(features: &Matrix, expected: &Matrix, context: &str) {
    assert_eq!(features.shape(), expected.shape(), "{context}");
    let apart = features.as_slice().iter().zip(expected.as_slice()).map(|(a, b)| (a - b).abs());
    let apart = apart.fold(0.0, f32::max);
    assert!(apart <= TOLERANCE, "{context}: off by {apart:e}");
}

fn case(name: &str) -> std::path::PathBuf {
    fixtures().join("sentence_transformers").join(name)
}

#[test]
fn every_folder_gives_the_vectors_of_sentence_transformers() {
    for folder in case_folders("sentence_transformers") {
        let features = encode(&folder, as_asked());
        let expected = expected_matrix(&folder, "sentence_embedding");
        assert_close(&features, &expected, &folder.display().to_string());
    }
}

#[test]
fn prompts_by_name_and_by_text() {
    for name in ["prompt_v4", "prompt_excluded_v6"] {
        let folder = case(name);
        for (given, tensor) in
            [("query", "query"), ("passage", "passage"), ("none", "none"), ("rate it : ", "text")]
        {
            let prompt = Some(prompt_text(&folder, given).unwrap());
            let features = encode(&folder, SentenceEncoderOptions { prompt, ..as_asked() });
            assert_close(&features, &expected_matrix(&folder, tensor), &format!("{name}: {given:?}"));
        }
    }
    let error = prompt_text(case("prompt_v4"), "qeury").unwrap_err();
    assert_eq!(error.to_string(), "expected the name of a prompt of this encoder or a text, got \"qeury\"");
    assert_eq!(
        error.hint(),
        Some(
            "the encoder has \"query\", \"passage\", \"none\"; end a text with what stands before the sentence, as in \
             --prompt \"qeury: \""
        )
    );
    let plain = fixtures().join("transformers/bert");
    assert_eq!(prompt_text(&plain, "query: ").unwrap(), "query: ");
    assert_eq!(prompt_text(&plain, "").unwrap(), "");
    assert_eq!(prompt_text(&plain, "query").unwrap_err().kind(), ErrorKind::InvalidArgument);
}

/// If the pooling is given, no other file of sentence-transformers applies: these are the vectors of transformers.
#[test]
fn what_is_given_wins() {
    let bert = fixtures().join("transformers/bert");
    for name in ["folder_v4", "prompt_excluded_v6", "dense_residual_v6"] {
        for pooling in [Pooling::Cls, Pooling::Mean] {
            let options = SentenceEncoderOptions {
                features: pooling.into(),
                // Without this, the tokenizer's own limit (`model_max_length`) would apply.
                max_length: Some(512),
                ..as_asked()
            };
            let expected = expected_matrix(&bert, &pooling.to_string());
            assert_close(&encode(&case(name), options), &expected, &format!("{name}: {pooling}"));
        }
    }
    let options = SentenceEncoderOptions { max_length: Some(512), ..as_asked() };
    assert_close(&encode(&case("folder_v4"), options), &expected_matrix(&bert, "mean"), "maximum length");
    let asked = SentenceTransformer::read(case("folder_v4")).unwrap().unwrap();
    assert_eq!((asked.max_length, asked.features, asked.lowercase), (Some(20), Pooling::Mean.into(), false));
    assert_eq!(SentenceTransformer::read(&bert).unwrap(), None);
}

/// Newer files have the limit in other places; the last one that sentence-transformers reads wins.
#[test]
fn limits_of_all_forms() {
    let folder = copy_of("sentence_transformers/mean_normalize_v6");
    let limit = || SentenceTransformer::read(folder.path()).unwrap().unwrap().max_length;
    let edit = |name: &str, key: &str, value: serde_json::Value| {
        edit_json(&folder.path().join(name), |json| json[key] = value);
    };
    assert_eq!(limit(), Some(512));
    edit("tokenizer_config.json", "model_max_length", json!(1e30));
    assert_eq!(limit(), None);
    edit("tokenizer_config.json", "model_max_length", json!(60));
    assert_eq!(limit(), Some(60));
    edit("sentence_bert_config.json", "max_seq_length", json!(50));
    assert_eq!(limit(), Some(50));
    edit("sentence_bert_config.json", "processor_kwargs", json!({"model_max_length": 40}));
    assert_eq!(limit(), Some(40));
    edit("sentence_bert_config.json", "processing_kwargs", json!({"text": {"max_length": 30}}));
    assert_eq!(limit(), Some(30));
}

/// Oracle: `SentenceTransformer` of version 6.2, which interprets flags as Python does: null is false. It also takes
/// 1 and "true" for true, which are errors here.
#[test]
fn flags_are_true_false_or_null() {
    let read = |case: &str, file: &str, flags: serde_json::Value| {
        let folder = copy_of(&format!("sentence_transformers/{case}"));
        edit_json(&folder.path().join(file), |json| {
            json.as_object_mut().unwrap().extend(flags.as_object().unwrap().clone());
        });
        SentenceTransformer::read(folder.path())
            .map(Option::unwrap)
            .map_err(|error| message(&error, folder.path()))
    };
    let (pooling, limits) = ("1_Pooling/config.json", "sentence_bert_config.json");
    let asked =
        read("cls_v4", pooling, json!({"pooling_mode_cls_token": null, "pooling_mode_max_tokens": true}));
    assert_eq!(asked.unwrap().features, Pooling::Max.into());
    for (flag, expected) in [(json!(null), false), (json!(false), false), (json!(true), true)] {
        let asked = read("prompt_v4", pooling, json!({"include_prompt": flag})).unwrap();
        assert_eq!(asked.include_prompt, expected, "{flag}");
        let asked = read("lowercase_v4", limits, json!({"do_lower_case": flag})).unwrap();
        assert_eq!(asked.lowercase, expected, "{flag}");
    }
    for (key, value) in [
        ("pooling_mode_cls_token", json!(1)),
        ("pooling_mode_mean_tokens", json!(0)),
        ("pooling_mode_max_tokens", json!("true")),
        ("pooling_mode_lasttoken", json!(1)),
        ("include_prompt", json!(0)),
    ] {
        let expected = format!("DIR/{pooling}: \"{key}\": expected true or false, got {value}");
        assert_eq!(read("max_mean_v4", pooling, json!({key: value})).unwrap_err(), expected);
    }
    let error = read("dense_v4", "2_Dense/config.json", json!({"use_residual": 1})).unwrap_err();
    assert_eq!(error, "DIR/2_Dense/config.json: \"use_residual\": expected true or false, got 1");
}

#[test]
fn modules_that_are_malformed_are_errors() {
    let dense = "2_Dense/config.json";
    let modules = "modules.json";
    let asked = "config_sentence_transformers.json";
    let limits = "sentence_bert_config.json";
    type Edit = fn(&mut serde_json::Value);
    let cases: [(&str, Edit, &str); 15] = [
        (
            dense,
            |j| j["in_features"] = json!(0),
            "DIR/2_Dense/config.json: \"in_features\": expected a whole number of at least 1, got 0",
        ),
        (
            dense,
            |j| j["in_features"] = json!(16),
            "2_Dense: expected a layer that takes 32 numbers, got one that takes 16",
        ),
        (
            dense,
            |j| j["bias"] = json!("x"),
            "DIR/2_Dense/config.json: \"bias\": expected true or false, got \"x\"",
        ),
        (
            dense,
            |j| j["activation_function"] = json!("torch.nn.Softmax"),
            "DIR/2_Dense/config.json: unsupported \"activation_function\": \"torch.nn.Softmax\"",
        ),
        (
            dense,
            |j| j["activation_function"] = json!("os.Tanh"),
            "DIR/2_Dense/config.json: unsupported \"activation_function\": \"os.Tanh\"",
        ),
        (
            dense,
            |j| j["module_input_name"] = json!("token_embeddings"),
            "DIR/2_Dense/config.json: \"module_input_name\": expected \"sentence_embedding\", got \"token_embeddings\"",
        ),
        (
            dense,
            |j| j["out_features"] = json!(8),
            "DIR/2_Dense/model.safetensors: tensor \"linear.bias\": expected shape [8], got [16]",
        ),
        (dense, |j| *j = json!([]), "DIR/2_Dense/config.json: expected a JSON object"),
        (
            modules,
            |j| j.as_array_mut().unwrap().swap(1, 2),
            "DIR/modules.json: unsupported order of modules: \"Dense\"",
        ),
        (
            modules,
            |j| j[2]["path"] = json!("../x"),
            "DIR/modules.json: expected the dense module's folder, got \"../x\"",
        ),
        (
            asked,
            |j| j["truncate_dim"] = json!(-1),
            "DIR/config_sentence_transformers.json: \"truncate_dim\": expected a whole number of at least 1, got -1",
        ),
        (
            asked,
            |j| j["prompts"] = json!([1]),
            "DIR/config_sentence_transformers.json: \"prompts\": expected an object of names and texts, got [1]",
        ),
        (
            asked,
            |j| j["default_prompt_name"] = json!("x"),
            "DIR/config_sentence_transformers.json: \"default_prompt_name\": expected the name of a prompt, got \"x\"",
        ),
        (
            limits,
            |j| j["max_seq_length"] = json!("x"),
            "DIR/sentence_bert_config.json: \"max_seq_length\": expected a whole number of at least 1, got \"x\"",
        ),
        (
            limits,
            |j| j["do_lower_case"] = json!(1),
            "DIR/sentence_bert_config.json: \"do_lower_case\": expected true or false, got 1",
        ),
    ];
    for (file, edit, expected) in cases {
        let folder = copy_of("sentence_transformers/dense_v4");
        edit_json(&folder.path().join(file), edit);
        let error = SentenceEncoder::load_with(folder.path(), as_asked()).unwrap_err();
        assert_eq!(message(&error, folder.path()), expected);
    }
}

/// Oracle: sentence-transformers 6.2 runs the class of any package, and fails with KeyError 'sentence_embedding' or
/// 'token_embeddings' for a chain that does not begin with a Transformer and a Pooling.
#[test]
fn modules_of_others_and_chains_that_begin_otherwise_are_errors() {
    let error_of = |edit: &dyn Fn(&mut Vec<serde_json::Value>)| {
        let folder = copy_of("sentence_transformers/dense_normalize_v4");
        edit_json(&folder.path().join("modules.json"), |json| edit(json.as_array_mut().unwrap()));
        let error = SentenceEncoder::load_with(folder.path(), as_asked()).unwrap_err();
        assert!(error.hint().unwrap().contains("--pooling"), "{error}");
        message(&error, folder.path())
    };
    for (module, name) in
        [(0, "my_pkg.Transformer"), (1, "custom_st.Pooling"), (2, "Dense"), (3, "my_pkg.models.Normalize")]
    {
        let expected = format!("DIR/modules.json: unsupported module {name:?}");
        assert_eq!(error_of(&|modules| modules[module]["type"] = json!(name)), expected);
    }
    let too_few =
        |n| format!("DIR/modules.json: expected a Transformer and a Pooling after it, got {n} modules");
    assert_eq!(error_of(&|modules| modules.clear()), too_few(0));
    assert_eq!(error_of(&|modules| modules.truncate(1)), too_few(1));
    let order = |name| format!("DIR/modules.json: unsupported order of modules: {name:?}");
    assert_eq!(error_of(&|modules| drop(modules.remove(0))), order("Pooling"));
    assert_eq!(error_of(&|modules| modules.swap(0, 1)), order("Pooling"));
    assert_eq!(error_of(&|modules| drop(modules.drain(1..3))), order("Normalize"));
    assert_eq!(error_of(&|modules| modules.insert(1, modules[0].clone())), order("Transformer"));
}

/// Oracle: sentence-transformers 6.2 passes these to `AutoTokenizer`, `AutoConfig` and `AutoModel`, or to each call.
#[test]
fn arguments_of_loading_that_change_vectors_are_errors() {
    let load = |arguments: serde_json::Value| {
        let folder = copy_of("sentence_transformers/dense_v4");
        edit_json(&folder.path().join("sentence_bert_config.json"), |json| {
            json.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
        });
        SentenceEncoder::load_with(folder.path(), as_asked())
            .map(|encoder| encoder.tokenizer().max_length())
            .map_err(|error| (message(&error, folder.path()), error.hint().unwrap_or_default().to_string()))
    };
    for (group, key, value, file) in [
        ("tokenizer_args", "do_lower_case", json!(false), "tokenizer_config.json"),
        ("processor_kwargs", "truncation_side", json!("left"), "tokenizer_config.json"),
        ("tokenizer_args", "strip_accents", json!(false), "tokenizer_config.json"),
        ("config_args", "hidden_act", json!("relu"), "config.json"),
        ("config_kwargs", "num_hidden_layers", json!(1), "config.json"),
        ("model_args", "hidden_act", json!("relu"), "config.json"),
        ("model_kwargs", "model_max_length", json!(7), "config.json"),
    ] {
        let (text, hint) = load(json!({group: {key: value}})).unwrap_err();
        let expected = format!("DIR/sentence_bert_config.json: unsupported argument {key:?} in \"{group}\"");
        assert_eq!(text, expected);
        assert!(hint.contains(&format!("move it into {file}")) && hint.contains("--pooling"), "{hint}");
    }
    let (text, _) = load(json!({"processing_kwargs": {"text": {"add_special_tokens": false}}})).unwrap_err();
    let expected = "unsupported argument \"add_special_tokens\" in \"processing_kwargs.text\"";
    assert_eq!(text, format!("DIR/sentence_bert_config.json: {expected}"));

    // Arguments that repeat the files, have no effect, or are supported.
    let fine = json!({
        "tokenizer_args": {"model_max_length": 9, "do_lower_case": true, "use_fast": true, "padding_side": "right"},
        "config_args": {"trust_remote_code": false, "hidden_act": "gelu", "revision": null},
        "model_args": {"attn_implementation": "eager", "torch_dtype": "float32", "device_map": "cpu"},
        "processing_kwargs": {"text": {"padding": true, "truncation": true}},
    });
    assert_eq!(load(fine), Ok(9));
}

#[test]
fn dense_weights_in_a_pickle_are_refused_with_what_to_do() {
    let folder = copy_of("sentence_transformers/dense_v4");
    let dense = folder.path().join("2_Dense");
    fs::rename(dense.join("model.safetensors"), dense.join("pytorch_model.bin")).unwrap();
    let error = SentenceEncoder::load_with(folder.path(), as_asked()).unwrap_err();
    assert_eq!(
        message(&error, folder.path()),
        "DIR/2_Dense: expected model.safetensors, got only pytorch_model.bin"
    );
    assert!(error.hint().unwrap().contains("torch.load("), "{:?}", error.hint());
    fs::remove_file(dense.join("pytorch_model.bin")).unwrap();
    let error = SentenceEncoder::load_with(folder.path(), as_asked()).unwrap_err();
    assert_eq!(message(&error, folder.path()), "DIR/2_Dense/model.safetensors: no such file or folder");
}

#[test]
fn dense_layers_are_of_the_last_layer() {
    let load = |layers| {
        let options = SentenceEncoderOptions {
            features: Features::SentenceTransformer { layers },
            ..SentenceEncoderOptions::default()
        };
        SentenceEncoder::load_with(case("dense_v4"), options)
    };
    assert_eq!(load(Layers::one(3)).unwrap().n_features(), 16);
    let error = load(Layers::one(2)).unwrap_err();
    let expected =
        "expected the last layer for the dense layers and truncate_dim of this encoder's folder, got 2";
    assert_eq!(error.to_string(), expected);
    let encoder = Encoder::load(case("dense_v4")).unwrap();
    let options = FeatureOptions::from_folder(case("dense_v4")).unwrap().unwrap();
    let error = clsify::features::extract(&encoder, &[], &options, &|_| Ok(())).unwrap_err();
    assert_eq!(error.to_string(), "expected features without modules, whose weights are the folder's");
}

/// A saved classifier follows the settings of its training, and needs no file of sentence-transformers except the
/// weights of dense layers.
#[test]
fn a_saved_classifier_does_it_again() {
    for name in ["prompt_excluded_v6", "dense_normalize_v4", "lowercase_v4", "folder_v4", "cls_v4"] {
        let folder = copy_of(&format!("sentence_transformers/{name}"));
        let encoder = SentenceEncoder::load_with(folder.path(), as_asked()).unwrap();
        let classifier = train(encoder, &dataset(2), TrainOptions::default()).unwrap().classifier;
        let models = tempfile::tempdir().unwrap();
        let (model, bundled) = (models.path().join("model"), models.path().join("bundled"));
        classifier.save(&model).unwrap();
        classifier.save_with(&bundled, SaveOptions { bundle_encoder: true }).unwrap();
        let expected = classifier.predict(&sentences()).unwrap();
        let version = SavedModel::read(&model).unwrap().format_version;
        assert_eq!(version, if ["folder_v4", "cls_v4"].contains(&name) { 2 } else { 4 }, "{name}");

        let other = folder.path().join("config_sentence_transformers.json");
        fs::write(other, r#"{"prompts": {"x": "other: "}, "default_prompt_name": "x"}"#).unwrap();
        let predict =
            |model: &Path| SentenceClassifier::load(model).and_then(|loaded| loaded.predict(&sentences()));
        assert_eq!(predict(&model).unwrap(), expected, "{name}");
        drop(folder);
        assert_eq!(predict(&bundled).unwrap(), expected, "{name}");
        // The copy is as much of an encoder as what it was copied from.
        let copy = SentenceEncoder::load_with(bundled.join("encoder"), as_asked()).unwrap();
        assert_eq!(copy.features(), classifier.encoder().features(), "{name}");
        assert_eq!(copy.tokenizer().prompt(), classifier.encoder().tokenizer().prompt());
        assert_eq!(copy.tokenizer().max_length(), classifier.encoder().tokenizer().max_length());
    }
}

#[test]
fn a_saved_multi_label_classifier_does_it_again() {
    let encoder = SentenceEncoder::load_with(case("prompt_v4"), as_asked()).unwrap();
    let separator = ";".parse().unwrap();
    let data = clsify::dataset::Dataset::from_label_cells(support::pairs(3), &separator).unwrap();
    let classifier = train(encoder, &data, TrainOptions::default()).unwrap().classifier;
    let models = tempfile::tempdir().unwrap();
    let model = models.path().join("model");
    classifier.save(&model).unwrap();
    let loaded = SentenceClassifier::load(&model).unwrap();
    assert_eq!(loaded.encoder().tokenizer().prompt(), "query: ");
    assert_eq!(loaded.predict(&sentences()).unwrap(), classifier.predict(&sentences()).unwrap());
}

#[test]
fn dense_weights_are_part_of_what_the_encoder_is() {
    let folder = copy_of("sentence_transformers/dense_v4");
    let encoder = SentenceEncoder::load_with(folder.path(), as_asked()).unwrap();
    let classifier = train(encoder, &dataset(2), TrainOptions::default()).unwrap().classifier;
    let models = tempfile::tempdir().unwrap();
    let model = models.path().join("model");
    classifier.save(&model).unwrap();
    for file in ["2_Dense/model.safetensors", "2_Dense/config.json"] {
        let path = folder.path().join(file);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [&whole[..whole.len() - 1], b" "].concat()).unwrap();
        let error = SentenceClassifier::load(&model).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&format!("{file}: expected sha256 ")), "{text}");
        fs::write(&path, whole).unwrap();
    }
    SentenceClassifier::load(&model).unwrap();
}

/// A cached row depends on the token ids, including the prompt's, and on how many of them are pooled.
#[test]
fn cached_features_know_the_prompt() {
    let folder = tempfile::tempdir().unwrap();
    let run = |prompt: &str, sentence: &str, is_cached: bool| {
        let cache = is_cached.then(|| {
            FeatureCache::open(CacheOptions { folder: folder.path().to_path_buf(), max_bytes: 1 << 30 })
        });
        let options = SentenceEncoderOptions { cache, prompt: Some(prompt.to_string()), ..as_asked() };
        let encoder = SentenceEncoder::load_with(case("prompt_excluded_v6"), options).unwrap();
        let encoded = encoder.encode(&[sentence]).unwrap();
        (encoded.encodings[0].input_ids.clone(), encoded.features.as_slice().to_vec())
    };
    // The same token ids, but with other ones belonging to the prompt.
    for (prompt, sentence) in
        [("a ", "good film"), ("a good ", "film"), ("", "a good film"), ("a ", "good film")]
    {
        assert_eq!(run(prompt, sentence, true), run(prompt, sentence, false), "{prompt:?}");
    }
    assert_eq!(run("a ", "good film", false).0, run("a good ", "film", false).0);
}
