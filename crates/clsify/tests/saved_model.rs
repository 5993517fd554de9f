//! The folder of a saved classifier: the loaded classifier equals the saved one, and all damage is an error that
//! names the file.
//!
//! Oracle: the predictions of the classifier that was saved, bit for bit, and the errors word for word.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use clsify::error::{Error, ErrorKind};
use clsify::features::FeatureOptions;
use clsify::model::{LoadOptions, SaveOptions, SavedModel, SentenceClassifier, SentenceEncoder};
use clsify::training::{TrainOptions, train};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use support::{copy_folder, dataset, edit_json, fixtures, message};

/// A folder with an encoder and a classifier that was trained with it.
struct Setup {
    folder: tempfile::TempDir,
    classifier: SentenceClassifier,
}

impl Setup {
    fn new(n_classes: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let encoder = folder.path().join("tiny");
        copy_folder(&fixtures().join("transformers/bert"), &encoder);
        let encoder = SentenceEncoder::load(&encoder).unwrap();
        let classifier = train(encoder, &dataset(n_classes), TrainOptions::default()).unwrap().classifier;
        Setup { folder, classifier }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn saved(n_classes: usize, bundle_encoder: bool) -> Self {
        let setup = Setup::new(n_classes);
        setup.classifier.save_with(setup.path("model"), SaveOptions { bundle_encoder }).unwrap();
        setup
    }

    fn load_error(&self) -> Error {
        SentenceClassifier::load(self.path("model")).unwrap_err()
    }

    fn message(&self, error: &Error) -> String {
        let resolved = self.folder.path().canonicalize().unwrap();
        message(error, self.folder.path()).replace(&resolved.display().to_string(), "DIR")
    }
}

/// The files of a model, replaced by a pipe, by an endless device, and by a sparse file of 3 GB.
#[test]
#[cfg(unix)]
fn files_of_a_model_that_are_none_or_never_end() {
    for (file, longest) in [("clsify.json", 1_u64 << 29), ("classifier.safetensors", 1 << 30)] {
        let setup = Setup::saved(2, true);
        let path = setup.path("model").join(file);
        let error_of = |expected: &str| {
            assert_eq!(setup.message(&setup.load_error()), format!("DIR/model/{file}: {expected}"));
        };
        fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        error_of("expected a file, got a pipe");
        // A model can be replaced, whatever its state.
        assert_eq!(clsify::model::check_replaceable(setup.path("model")).is_ok(), file != "clsify.json");
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        error_of("expected a file, got a device");
        fs::remove_file(&path).unwrap();
        fs::File::create(&path).unwrap().set_len(3 << 30).unwrap();
        error_of(&format!("expected at most {longest} bytes"));
    }
}

/// Checks that two models have the same classes and the same probabilities, bit for bit.
fn assert_same(a: &SentenceClassifier, b: &SentenceClassifier) {
    let sentences = support::sentences();
    assert_eq!(a.classes(), b.classes());
    assert_eq!(a.predict(&sentences).unwrap(), b.predict(&sentences).unwrap());
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

#[test]
fn a_model_that_was_loaded_predicts_as_the_one_that_was_saved() {
    for (n_classes, bundle) in [(2, false), (3, true)] {
        let setup = Setup::saved(n_classes, bundle);
        let loaded = SentenceClassifier::load(setup.path("model")).unwrap();
        assert_same(&loaded, &setup.classifier);
        assert_eq!(loaded.classifier().coef(), setup.classifier.classifier().coef());
        assert_eq!(loaded.metadata().encoder.name, "tiny");
        assert_eq!(names(setup.folder.path()), ["model", "tiny"], "nothing half-written is left");
    }
}

#[test]
fn clsify_json_says_what_the_model_is() {
    let setup = Setup::saved(2, false);
    let json = support::read_json(&setup.path("model/clsify.json"));
    assert_eq!((&json["format_version"], &json["classes"]), (&json!(2), &json!(["negative", "positive"])));
    assert_eq!(json["features"], json!({"layers": "last", "poolings": ["cls"], "normalize": false}));
    assert_eq!(json["training"]["C"], json!(1.0));
    let files: Vec<&str> =
        json["encoder"]["files"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    assert_eq!(files, ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]);
    assert_eq!(SavedModel::read(setup.path("model")).unwrap().metrics, setup.classifier.metadata().metrics);
}

/// Version 1 of the format, without layers and with another name for the features.
#[test]
fn the_first_version_of_the_folder_is_read() {
    let setup = Setup::saved(2, false);
    edit_json(&setup.path("model/clsify.json"), |json| {
        json["format_version"] = json!(1);
        let object = json.as_object_mut().unwrap();
        let mut features = object.remove("features").unwrap();
        features.as_object_mut().unwrap().remove("layers");
        object.insert("pooling".to_string(), features);
    });
    let saved = SavedModel::read(setup.path("model")).unwrap();
    assert_eq!(saved.features, FeatureOptions::default());
    assert!(SentenceClassifier::load(setup.path("model")).is_ok());
}

#[test]
fn a_bundled_model_needs_nothing_else_and_may_move() {
    let setup = Setup::saved(2, true);
    assert_eq!(
        names(&setup.path("model/encoder")),
        ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
    );
    fs::remove_dir_all(setup.path("tiny")).unwrap();
    fs::rename(setup.path("model"), setup.path("moved")).unwrap();
    let moved = SentenceClassifier::load(setup.path("moved")).unwrap();
    assert_same(&moved, &setup.classifier);

    // Saved again beside it without a copy, it refers to the encoder's new folder, not to the old one.
    moved.save(setup.path("again")).unwrap();
    assert_same(&SentenceClassifier::load(setup.path("again")).unwrap(), &setup.classifier);
    // Over itself: with the encoder it may, without it the encoder would be gone.
    moved.save_with(setup.path("moved"), SaveOptions { bundle_encoder: true }).unwrap();
    let error = moved.save(setup.path("moved")).unwrap_err();
    assert_eq!(
        setup.message(&error),
        "DIR/moved: the model's encoder lies in the folder that is to be replaced"
    );
    assert_same(&SentenceClassifier::load(setup.path("moved")).unwrap(), &setup.classifier);
}

#[test]
fn an_encoder_that_is_gone_or_elsewhere() {
    let setup = Setup::saved(2, false);
    fs::rename(setup.path("tiny"), setup.path("elsewhere")).unwrap();
    let error = setup.load_error();
    assert_eq!(setup.message(&error), "DIR/tiny: the model's encoder \"tiny\" is not there");
    assert_eq!(error.hint(), Some("give its folder or name with --encoder, or train with --bundle-encoder"));
    let options = LoadOptions { encoder: Some(setup.path("elsewhere")), ..LoadOptions::default() };
    let loaded = SentenceClassifier::load_with(setup.path("model"), options).unwrap();
    assert_same(&loaded, &setup.classifier);
    loaded.save(setup.path("model")).unwrap();
    assert_same(&SentenceClassifier::load(setup.path("model")).unwrap(), &setup.classifier);
}

/// The weights are read with the first sentence, so that a file that has changed until then is found.
#[test]
fn a_lazy_classifier_loads_the_weights_with_the_first_sentence() {
    let setup = Setup::saved(2, false);
    let load = || {
        let options = LoadOptions { lazy: true, ..LoadOptions::default() };
        SentenceClassifier::load_with(setup.path("model"), options).unwrap()
    };
    assert_same(&load(), &setup.classifier);
    let loaded = load();
    loaded.encoder().check_unchanged().unwrap();
    let weights = setup.path("tiny").join("model.safetensors");
    let bytes = fs::read(&weights).unwrap();
    fs::write(&weights, &bytes).unwrap();
    let message = "DIR/tiny/model.safetensors: the file has changed while it was in use";
    assert_eq!(setup.message(&loaded.encoder().check_unchanged().unwrap_err()), message);
    assert_eq!(setup.message(&loaded.predict(&["a sentence"]).unwrap_err()), message);
}

#[test]
fn saving_replaces_an_earlier_model_and_nothing_else() {
    let setup = Setup::saved(2, true);
    let model = setup.path("model");
    fs::write(model.join("report.json"), "{}").unwrap();
    fs::write(model.join("notes.txt"), "mine").unwrap();
    fs::create_dir_all(model.join("plots/old")).unwrap();
    fs::write(model.join("plots/old/a.svg"), "<svg/>").unwrap();
    setup.classifier.save(&model).unwrap();
    assert_eq!(
        names(&model),
        ["classifier.safetensors", "clsify.json", "notes.txt", "plots", "report.json"],
        "what is not the model's stays, and the bundled encoder goes"
    );
    assert_eq!(fs::read_to_string(model.join("plots/old/a.svg")).unwrap(), "<svg/>");
    assert_eq!(fs::read_to_string(model.join("notes.txt")).unwrap(), "mine");
    fs::create_dir(setup.path("empty")).unwrap();
    setup.classifier.save(setup.path("empty")).unwrap();
    setup.classifier.save(setup.path("new/folders/above")).unwrap();

    fs::create_dir(setup.path("other")).unwrap();
    fs::write(setup.path("other/notes.txt"), "mine").unwrap();
    fs::write(setup.path("a_file"), "mine").unwrap();
    // A folder of that name that is not the model's, and a file of the user in one that is.
    fs::create_dir(model.join("encoder")).unwrap();
    fs::write(model.join("encoder/mine.txt"), "mine").unwrap();
    setup.classifier.save_with(setup.path("bundled"), SaveOptions { bundle_encoder: true }).unwrap();
    fs::write(setup.path("bundled/encoder/mine.txt"), "mine").unwrap();
    let of_encoder = "expected only files of the model's encoder here, which is replaced with the model";
    let cases = [
        ("other", "", "expected an empty folder or a model, got a folder with other files"),
        ("tiny", "", "expected an empty folder or a model, got a folder with other files"),
        ("a_file", "", "expected a folder, got a file"),
        ("model", "/encoder/mine.txt", of_encoder),
        ("bundled", "/encoder/mine.txt", of_encoder),
    ];
    for (name, place, expected) in cases {
        let before = fs::metadata(setup.path(name)).unwrap().modified().unwrap();
        let error = setup.classifier.save(setup.path(name)).unwrap_err();
        assert_eq!(setup.message(&error), format!("DIR/{name}{place}: {expected}"));
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert_eq!(fs::metadata(setup.path(name)).unwrap().modified().unwrap(), before);
    }
    for kept in ["other/notes.txt", "model/encoder/mine.txt", "bundled/encoder/mine.txt"] {
        assert_eq!(fs::read(setup.path(kept)).unwrap(), b"mine", "{kept}");
    }
}

/// Oracle: the modes and links before the save.
#[test]
#[cfg(unix)]
fn a_model_that_is_replaced_keeps_its_modes_and_a_link_to_it_stays_a_link() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let setup = Setup::saved(2, true);
    let model = setup.path("model");
    let mode = |path: &str| fs::metadata(model.join(path)).unwrap().mode() & 0o7777;
    let usual = (mode(""), mode("clsify.json"), mode("encoder"));
    for (path, mode) in [("", 0o700), ("clsify.json", 0o600), ("encoder", 0o750)] {
        fs::set_permissions(model.join(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    symlink("model", setup.path("link")).unwrap();
    let inode = fs::metadata(&model).unwrap().ino();
    setup.classifier.save_with(setup.path("link"), SaveOptions { bundle_encoder: true }).unwrap();
    assert!(fs::symlink_metadata(setup.path("link")).unwrap().is_symlink());
    assert_ne!(fs::metadata(&model).unwrap().ino(), inode, "what the link leads to is replaced");
    assert_eq!((mode(""), mode("clsify.json"), mode("encoder")), (0o700, 0o600, 0o750));
    assert_eq!(names(setup.folder.path()), ["link", "model", "tiny"]);
    // Also a link to a path that does not exist; and a new model has the mode of any new folder.
    symlink("later", setup.path("dangling")).unwrap();
    setup.classifier.save_with(setup.path("dangling"), SaveOptions { bundle_encoder: true }).unwrap();
    assert_same(&SentenceClassifier::load(setup.path("later")).unwrap(), &setup.classifier);
    let later = |path: &str| fs::metadata(setup.path("later").join(path)).unwrap().mode() & 0o7777;
    assert_eq!((later(""), later("clsify.json"), later("encoder")), usual);
}

/// A process was killed between the two renames on a file system that cannot exchange folders.
#[test]
fn a_model_that_was_moved_aside_is_put_back() {
    let setup = Setup::saved(2, false);
    let aside = setup.path(".model.aB3dE6gH9jK2.old");
    fs::rename(setup.path("model"), &aside).unwrap();
    assert_same(&SentenceClassifier::load(setup.path("model")).unwrap(), &setup.classifier);
    assert_eq!(names(setup.folder.path()), ["model", "tiny"]);
    // Also before the next save, which also removes superseded and unfinished folders.
    fs::rename(setup.path("model"), &aside).unwrap();
    clsify::model::check_replaceable(setup.path("model")).unwrap();
    assert_eq!(names(setup.folder.path()), ["model", "tiny"]);
    copy_folder(&setup.path("model"), &aside);
    copy_folder(&setup.path("model"), &setup.path(".model.aaaaaaaaaaaa.tmp"));
    setup.classifier.save(setup.path("model")).unwrap();
    assert_eq!(names(setup.folder.path()), ["model", "tiny"]);
}

/// Two models with different classes alternate under one name; each read must see one of them, complete.
#[test]
fn a_reader_sees_one_model_or_the_other_while_they_are_replaced() {
    let (two, three) = (Setup::new(2), Setup::new(3));
    let model = two.path("model");
    two.classifier.save(&model).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = std::collections::BTreeSet::new();
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let loaded = SentenceClassifier::load(&model).unwrap();
                let expected = if loaded.classes().len() == 2 { &two } else { &three };
                assert_eq!(loaded.classifier().coef(), expected.classifier.classifier().coef());
                seen.insert(loaded.classes().len());
            }
            seen
        });
        for _ in 0..60 {
            three.classifier.save(&model).unwrap();
            two.classifier.save(&model).unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(!reader.join().unwrap().is_empty());
    });
    assert_eq!(names(two.folder.path()), ["model", "tiny"]);
}

#[test]
fn an_encoder_that_has_changed_by_one_byte() {
    for bundle in [false, true] {
        let setup = Setup::saved(2, bundle);
        let encoder = if bundle { "model/encoder" } else { "tiny" };
        for name in ["config.json", "model.safetensors", "tokenizer.json"] {
            let path = setup.path(encoder).join(name);
            let whole = fs::read(&path).unwrap();
            let mut changed = whole.clone();
            // In JSON the byte before the last is a brace or a space, in weights it is part of a number.
            let at = changed.len() - 2;
            changed[at] ^= 1;
            fs::write(&path, changed).unwrap();
            let error = setup.load_error();
            let (text, place) = (setup.message(&error), format!("DIR/{encoder}/{name}: expected sha256 "));
            assert!(text.starts_with(&place) && text.len() == place.len() + 15 + 6 + 15, "{text}");
            assert_eq!(error.kind(), ErrorKind::Model);
            let hint =
                "the encoder has changed since the classifier was trained: train again, or restore the file";
            assert_eq!(error.hint(), Some(hint));
            fs::write(&path, whole).unwrap();
        }
        SentenceClassifier::load(setup.path("model")).unwrap();
    }
}

#[test]
fn encoder_files_that_came_or_went() {
    let setup = Setup::saved(2, false);
    let tokenizer = setup.path("tiny/tokenizer.json");
    let bytes = fs::read(&tokenizer).unwrap();
    fs::remove_file(&tokenizer).unwrap();
    let gone = "DIR/tiny/tokenizer.json: the classifier was trained with this file, which is no longer there";
    assert_eq!(setup.message(&setup.load_error()), gone);
    // The tokenizer was replaced by one of another form.
    for name in ["vocab.txt", "tokenizer_config.json"] {
        fs::copy(fixtures().join("transformers/bert_vocab_txt").join(name), setup.path("tiny").join(name))
            .unwrap();
    }
    assert_eq!(setup.message(&setup.load_error()), gone);
    // If there is a tokenizer.json, vocab.txt has no effect, and the model loads.
    fs::write(&tokenizer, bytes).unwrap();
    SentenceClassifier::load(setup.path("model")).unwrap();
    edit_json(&setup.path("model/clsify.json"), |json| {
        json["encoder"]["files"].as_array_mut().unwrap().retain(|file| file["name"] != "tokenizer.json");
    });
    let came = "DIR/tiny/tokenizer.json: the classifier was trained without this file";
    assert_eq!(setup.message(&setup.load_error()), came);
}

/// The settings of the tokenizer affect the token ids, so a classifier depends on them too.
#[test]
fn tokenizer_settings_that_changed_came_or_went() {
    let setup = Setup::saved(2, false);
    let config = setup.path("tiny/tokenizer_config.json");
    let whole = fs::read(&config).unwrap();
    edit_json(&config, |json| json["do_lower_case"] = json!(false));
    assert!(
        setup.message(&setup.load_error()).starts_with("DIR/tiny/tokenizer_config.json: expected sha256 ")
    );
    fs::remove_file(&config).unwrap();
    let gone =
        "DIR/tiny/tokenizer_config.json: the classifier was trained with this file, which is no longer there";
    assert_eq!(setup.message(&setup.load_error()), gone);
    fs::write(&config, &whole).unwrap();
    for name in ["added_tokens.json", "special_tokens_map.json"] {
        let path = setup.path("tiny").join(name);
        fs::write(&path, "{}").unwrap();
        let came = format!("DIR/tiny/{name}: the classifier was trained without this file");
        assert_eq!(setup.message(&setup.load_error()), came);
        fs::remove_file(&path).unwrap();
    }
    SentenceClassifier::load(setup.path("model")).unwrap();
}

/// A model that was saved before the settings of the tokenizer were recorded.
#[test]
fn models_that_do_not_list_tokenizer_settings_still_load() {
    for bundled in [false, true] {
        let setup = Setup::saved(2, bundled);
        edit_json(&setup.path("model/clsify.json"), |json| {
            let encoder = json["encoder"].as_object_mut().unwrap();
            assert_eq!(encoder.remove("lists_tokenizer_settings"), Some(json!(true)));
            encoder["files"].as_array_mut().unwrap().retain(|file| file["name"] != "tokenizer_config.json");
        });
        let loaded = SentenceClassifier::load(setup.path("model")).unwrap();
        assert_same(&loaded, &setup.classifier);
        // If it is saved again, they are recorded.
        loaded.save_with(setup.path("again"), SaveOptions { bundle_encoder: bundled }).unwrap();
        let again = SavedModel::read(setup.path("again")).unwrap().encoder;
        assert!(again.lists_tokenizer_settings);
        assert!(again.files.iter().any(|file| file.name == "tokenizer_config.json"));
        // Settings that were not read at that time, and now would change the ids.
        let folder = if bundled { "model/encoder" } else { "tiny" };
        edit_json(&setup.path(folder).join("tokenizer_config.json"), |json| {
            json["do_lower_case"] = json!(false);
        });
        let error = setup.load_error();
        let changed = "tokenizer_config.json: the classifier was trained when these settings were not read, and they \
                       change token ids";
        assert!(setup.message(&error).ends_with(changed), "{error}");
        assert_eq!(error.hint(), Some("train again"));
    }
}

#[test]
fn clsify_json_that_is_broken() {
    let setup = Setup::saved(2, false);
    let path = setup.path("model/clsify.json");
    let whole = fs::read(&path).unwrap();
    let one = "expected at least two classes, sorted and different";
    let edits: [(&[&str], Value, &str); 14] = [
        (&["format_version"], json!(6), "expected format_version 1 to 5, got 6"),
        (&["format_version"], json!("1"), "expected format_version 1 to 5, got none"),
        (&["format_version"], Value::Null, "expected format_version 1 to 5, got none"),
        (&["classes"], json!(["positive", "negative"]), one),
        (&["classes"], json!(["positive"]), one),
        (&["classes"], json!([]), one),
        (&["classes"], json!(["same", "same"]), one),
        (&["features", "poolings"], json!([]), "expected at least one pooling"),
        (&["features", "layers"], json!("9"), "expected layers between 0 and 3, got 9"),
        (
            &["features", "layers"],
            json!("2-1"),
            "expected last, all, a layer such as 9 or some such as 9-12, got \"2-1\"",
        ),
        (
            &["features", "poolings"],
            json!(["sum"]),
            "unknown variant `sum`, expected one of `cls`, `mean`, `max`",
        ),
        (&["max_length"], json!(-1), "invalid value: integer `-1`, expected usize"),
        (&["max_length"], json!(1), "expected a maximum length of at least 3 tokens, got 1"),
        (
            &["max_length"],
            json!(1u64 << 40),
            "expected a maximum length of at most 512 tokens, got 1099511627776",
        ),
    ];
    for (keys, value, expected) in edits {
        edit_json(&path, |json| *keys.iter().fold(json, |json, key| &mut json[*key]) = value);
        let error = setup.load_error();
        assert_eq!(setup.message(&error), format!("DIR/model/clsify.json: {expected}"));
        assert_eq!(error.kind(), ErrorKind::Model, "{expected}");
        fs::write(&path, &whole).unwrap();
    }
    for (text, expected) in [
        ("", "not valid JSON: EOF while parsing a value at line 1 column 0"),
        ("[1]", "expected format_version 1 to 5, got none"),
        ("{\"format_version\": 1}", "missing field `clsify_version`"),
    ] {
        fs::write(&path, text).unwrap();
        assert_eq!(setup.message(&setup.load_error()), format!("DIR/model/clsify.json: {expected}"));
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(
        setup.message(&setup.load_error()),
        "DIR/model: expected a model folder, got one without clsify.json"
    );
    assert_eq!(setup.load_error().hint(), Some("give a folder that `clsify train --output` has written"));
}

#[test]
fn classifier_safetensors_that_is_broken() {
    let setup = Setup::saved(3, false);
    let path = setup.path("model/classifier.safetensors");
    let whole = fs::read(&path).unwrap();
    let file = |coef: (Dtype, &[usize], f64), intercept: &[usize]| {
        let bytes = |n: usize, x: f64, dtype| match dtype {
            Dtype::F64 => x.to_le_bytes().repeat(n),
            _ => (x as f32).to_le_bytes().repeat(n),
        };
        let (dtype, shape, value) = coef;
        let coef = bytes(shape.iter().product(), value, dtype);
        let intercepts = bytes(intercept.iter().product(), 0.5, Dtype::F64);
        let views = [
            ("coef", TensorView::new(dtype, shape.to_vec(), &coef).unwrap()),
            ("intercept", TensorView::new(Dtype::F64, intercept.to_vec(), &intercepts).unwrap()),
        ];
        safetensors::serialize(views, None).unwrap()
    };
    let mut weights = support::Weights::read(&path);
    let entry = weights.header.remove("coef").unwrap();
    weights.header.insert("coefs".to_string(), entry);
    let renamed = support::safetensors_bytes(&serde_json::to_vec(&weights.header).unwrap(), &weights.data);
    let shape = "tensor \"coef\": expected shape [3, 32] of F64, got";
    let weights = "logistic regression: expected finite weights of at most 1e250 in size";
    let cases = [
        (Vec::new(), "not a safetensors file: header too small"),
        (whole[..20].to_vec(), "not a safetensors file: invalid header length"),
        (
            whole[..whole.len() - 1].to_vec(),
            "not a safetensors file: incomplete metadata, file not fully covered",
        ),
        (u64::MAX.to_le_bytes().to_vec(), "not a safetensors file: header too large"),
        (renamed, "tensor \"coef\": missing"),
        (file((Dtype::F64, &[3, 31], 1.0), &[3]), &format!("{shape} [3, 31] of F64")),
        (file((Dtype::F64, &[1, 32], 1.0), &[1]), &format!("{shape} [1, 32] of F64")),
        (file((Dtype::F64, &[96], 1.0), &[3]), &format!("{shape} [96] of F64")),
        (file((Dtype::F32, &[3, 32], 1.0), &[3]), &format!("{shape} [3, 32] of F32")),
        (
            file((Dtype::F64, &[3, 32], 1.0), &[2]),
            "tensor \"intercept\": expected shape [3] of F64, got [2] of F64",
        ),
        (file((Dtype::F64, &[3, 32], f64::NAN), &[3]), &format!("{weights}, got NaN")),
        (file((Dtype::F64, &[3, 32], f64::INFINITY), &[3]), &format!("{weights}, got inf")),
        // The number is finite, but its products with features are not: the probabilities would be NaN.
        (file((Dtype::F64, &[3, 32], -1e308), &[3]), &format!("{weights}, got -1e308")),
    ];
    for (bytes, expected) in cases {
        fs::write(&path, bytes).unwrap();
        let error = setup.load_error();
        assert_eq!(setup.message(&error), format!("DIR/model/classifier.safetensors: {expected}"));
        assert_eq!(error.kind(), ErrorKind::Model, "{expected}");
    }
    fs::write(&path, file((Dtype::F64, &[3, 32], 1.0), &[3])).unwrap();
    SentenceClassifier::load(setup.path("model")).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(
        setup.message(&setup.load_error()),
        "DIR/model/classifier.safetensors: no such file or folder"
    );
}

#[test]
fn clones_share_the_weights() {
    let setup = Setup::new(2);
    let clone = setup.classifier.clone();
    let weights =
        |classifier: &SentenceClassifier| std::ptr::from_ref(classifier.encoder().encoder().unwrap());
    assert_eq!(weights(&clone), weights(&setup.classifier));
    // The same holds for clones of an encoder alone.
    let encoder = setup.classifier.encoder().encoder().unwrap();
    assert_eq!(encoder.clone().weights_bytes(), encoder.weights_bytes());
    assert!(encoder.shares_weights(&encoder.clone()));
    assert!(!encoder.shares_weights(&clsify::encoder::Encoder::load(setup.path("tiny")).unwrap()));
    // Also if the weights are loaded later, after the clone was made.
    let folder = setup.path("rows");
    let cache =
        clsify::features::FeatureCache::open(clsify::features::CacheOptions { folder, max_bytes: 1 << 20 });
    let options = clsify::model::SentenceEncoderOptions { cache: Some(cache), ..Default::default() };
    let lazy = SentenceEncoder::load_with(setup.path("tiny"), options).unwrap();
    let clone = lazy.clone();
    assert!(std::ptr::eq(lazy.encoder().unwrap(), clone.encoder().unwrap()));
}

/// A classifier depends on the files that were loaded, even if the folder has changed before it is saved.
#[test]
fn the_encoder_changes_between_loading_and_saving() {
    for file in ["model.safetensors", "tokenizer.json", "config.json"] {
        let setup = Setup::new(2);
        let path = setup.path("tiny").join(file);
        let before = fs::read(&path).unwrap();
        setup.classifier.save(setup.path("before")).unwrap();
        let after = match file {
            "model.safetensors" => {
                let mut bytes = before.clone();
                *bytes.last_mut().unwrap() ^= 1;
                bytes
            }
            _ => [before.as_slice(), b" "].concat(),
        };
        fs::write(&path, after).unwrap();
        setup.classifier.save(setup.path("model")).unwrap();
        let files = |model: &str| SavedModel::read(setup.path(model)).unwrap().encoder.files;
        assert_eq!(files("model"), files("before"), "{file}");
        let error = setup.load_error();
        assert!(setup.message(&error).starts_with(&format!("DIR/tiny/{file}: expected sha256 ")), "{error}");
        // Another encoder is not bundled with it.
        let error = setup
            .classifier
            .save_with(setup.path("bundled"), SaveOptions { bundle_encoder: true })
            .unwrap_err();
        let expected = format!("DIR/tiny/{file}: the file has changed while it was in use");
        assert_eq!(setup.message(&error), expected);
        assert!(!setup.path("bundled").exists());
        // With the original files, the model is complete again.
        fs::write(&path, before).unwrap();
        assert_same(&SentenceClassifier::load(setup.path("model")).unwrap(), &setup.classifier);
        setup.classifier.save_with(setup.path("bundled"), SaveOptions { bundle_encoder: true }).unwrap();
        SentenceClassifier::load(setup.path("bundled")).unwrap();
    }
}

/// Between loading and training, the only fact known about the files is that they changed.
#[test]
fn the_encoder_changes_between_loading_and_training() {
    let setup = Setup::new(2);
    let encoder = SentenceEncoder::load(setup.path("tiny")).unwrap();
    let path = setup.path("tiny/model.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = train(encoder, &dataset(2), TrainOptions::default()).unwrap_err();
    assert_eq!(setup.message(&error), "DIR/tiny/model.safetensors: the file has changed while it was in use");
}

#[test]
fn git_lfs_pointers_in_a_model_are_called_so() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:53aa\nsize 120\n";
    for file in ["clsify.json", "classifier.safetensors", "encoder/model.safetensors"] {
        let setup = Setup::saved(2, true);
        fs::write(setup.path("model").join(file), pointer).unwrap();
        let error = setup.load_error();
        let text = setup.message(&error);
        let of_file =
            format!("DIR/model/{file}: expected the file itself, got a Git LFS pointer to 120 bytes");
        assert_eq!(text, of_file);
    }
}
