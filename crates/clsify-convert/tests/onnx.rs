//! The exported folder without any runtime of ONNX: the parts of the file, its rules, and what is refused.
//!
//! Oracle: the rules of ONNX's `IR.md` (a graph in single static assignment form, in topological order, with unique names) and the
//! tensors of the encoders. `tools/onnx.sh` compares the results with those of onnxruntime and transformers.js.
#![allow(clippy::unwrap_used)]

#[path = "support/protobuf.rs"]
mod protobuf;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clsify::classifier::{LinearClassifier, LogisticRegression};
use clsify::encoder::{EncoderTensors, LinearPart};
use clsify::error::ErrorKind;
use clsify::features::{FeatureOptions, Layers, Pooling};
use clsify::model::{
    Features, ImportedClassifier, SavedImport, SentenceClassifier, SentenceEncoder, SentenceEncoderOptions,
};
use clsify_convert::{OnnxOptions, export_onnx};
use protobuf::Field;
use serde_json::Value;
use tempfile::TempDir;

fn fixtures(group: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(group);
    let mut folders: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    assert!(folders.len() > 10, "{folders:?}");
    folders
}

fn bert() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/transformers/bert")
}

/// A classifier of two classes with arbitrary weights.
fn classifier(encoder: &Path, features: Features) -> SentenceClassifier {
    let options = SentenceEncoderOptions { features, lazy: true, ..Default::default() };
    let encoder = SentenceEncoder::load_with(encoder, options).unwrap();
    let coef = (0..encoder.n_features()).map(|i| f64::from(i as u32 % 7) - 3.0).collect();
    let fitted = LogisticRegression::from_parts(coef, vec![0.5], 2).unwrap();
    let origin = SavedImport {
        library: "scikit-learn".into(),
        estimator: "LogisticRegression".into(),
        file: "head".into(),
        sha256: "0".repeat(64),
    };
    let imported = ImportedClassifier {
        classifier: LinearClassifier::Classes(fitted),
        classes: vec!["no".into(), "yes".into()],
        normalize: false,
        separator: ";".parse().unwrap(),
        origin,
    };
    SentenceClassifier::import(encoder, imported).unwrap()
}

fn all_poolings() -> Features {
    FeatureOptions::from(vec![Pooling::Cls, Pooling::Mean, Pooling::Max]).into()
}

fn names(message: &[Field], field: u64) -> Vec<String> {
    protobuf::all(message, field).map(|value| String::from_utf8(value.bytes().to_vec()).unwrap()).collect()
}

/// A constant of a graph: its name, its shape, and its numbers or their place in the other file.
struct Tensor {
    name: String,
    shape: Vec<usize>,
    raw: Option<Vec<u8>>,
    place: Option<(u64, u64)>,
    size: usize,
}

impl Tensor {
    fn of(bytes: &[u8]) -> Self {
        let message = protobuf::read(bytes);
        let shape: Vec<usize> = protobuf::all(&message, 1).map(|n| n.integer() as usize).collect();
        let entry = |key: &str| {
            let entries = protobuf::all(&message, 13).map(|entry| protobuf::read(entry.bytes()));
            let found = entries.into_iter().find(|entry| names(entry, 1) == [key])?;
            names(&found, 2).pop()
        };
        let number = |key| entry(key).map(|number| number.parse::<u64>().unwrap());
        let element = protobuf::all(&message, 2).next().unwrap().integer();
        Tensor {
            name: names(&message, 8).pop().unwrap(),
            size: shape.iter().product::<usize>() * if element == 7 { 8 } else { 4 },
            shape,
            raw: protobuf::all(&message, 9).next().map(|raw| raw.bytes().to_vec()),
            place: number("offset").zip(number("length")),
        }
    }
}

/// Checks the rules that every graph must keep; returns its constants.
fn check(model: &Path) -> Vec<Tensor> {
    let bytes = fs::read(model).unwrap();
    let message = protobuf::read(&bytes);
    let graph = protobuf::read(protobuf::all(&message, 7).next().unwrap().bytes());
    let tensors: Vec<Tensor> = protobuf::all(&graph, 5).map(|tensor| Tensor::of(tensor.bytes())).collect();
    let ports = |field| -> Vec<String> {
        let ports =
            protobuf::all(&graph, field).map(|port| names(&protobuf::read(port.bytes()), 1).remove(0));
        ports.collect()
    };
    let (inputs, outputs) = (ports(11), ports(12));
    assert_eq!(inputs, ["input_ids", "attention_mask"]);
    assert_eq!(outputs, ["logits", "probabilities"]);
    let mut known = BTreeSet::new();
    let mut used = BTreeSet::new();
    for name in inputs.iter().chain(tensors.iter().map(|tensor| &tensor.name)) {
        assert!(known.insert(name.clone()), "{name} twice");
    }
    let mut node_names = BTreeSet::new();
    for node in protobuf::all(&graph, 1).map(|node| protobuf::read(node.bytes())) {
        for input in names(&node, 1) {
            assert!(known.contains(&input), "{input} is used before it is there");
            used.insert(input);
        }
        for output in names(&node, 2) {
            assert!(known.insert(output.clone()), "{output} twice");
        }
        assert!(node_names.insert(names(&node, 3)));
    }
    for tensor in &tensors {
        assert!(used.contains(&tensor.name), "{} is not used", tensor.name);
        if let Some(raw) = &tensor.raw {
            assert_eq!(raw.len(), tensor.size, "{}", tensor.name);
        }
    }
    assert!(outputs.iter().all(|output| known.contains(output)));
    tensors
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
}

#[test]
fn every_family_gives_a_valid_graph_with_the_tensors_of_its_files() {
    let folder = TempDir::new().unwrap();
    for encoder in fixtures("transformers") {
        let target = folder.path().join(encoder.file_name().unwrap());
        let all = all_poolings().of_layers(Layers::All);
        export_onnx(&classifier(&encoder, all), &target, OnnxOptions::default()).unwrap();
        let constants = check(&target.join("onnx/model.onnx"));
        let find = |name: &str| constants.iter().find(|tensor| tensor.name == name).unwrap();
        let tensors = EncoderTensors::open(&encoder).unwrap();
        let words = tensors.word_embeddings();
        assert_eq!(find("embeddings.word").shape, words.shape());
        assert_eq!(floats(find("embeddings.word").raw.as_ref().unwrap()), words.read().unwrap());
        let [weight, bias] = tensors.linear(1, LinearPart::Intermediate);
        assert_eq!(floats(find("layer.1.Intermediate.bias").raw.as_ref().unwrap()), bias.read().unwrap());
        let transposed = find("layer.1.Intermediate.weight");
        let shape: Vec<usize> = weight.shape().iter().rev().copied().collect();
        assert_eq!(transposed.shape, shape, "{}", encoder.display());
    }
}

#[test]
fn every_folder_of_sentence_transformers_gives_a_valid_graph() {
    let folder = TempDir::new().unwrap();
    for encoder in fixtures("sentence_transformers") {
        let target = folder.path().join(encoder.file_name().unwrap());
        let features = Features::SentenceTransformer { layers: Layers::Last };
        export_onnx(&classifier(&encoder, features), &target, OnnxOptions::default()).unwrap();
        check(&target.join("onnx/model.onnx"));
    }
}

#[test]
fn weights_may_lie_beside_the_graph() {
    let folder = TempDir::new().unwrap();
    let classifier = classifier(&bert(), all_poolings());
    let [inside, beside] = ["inside", "beside"].map(|name| folder.path().join(name));
    export_onnx(&classifier, &inside, OnnxOptions::default()).unwrap();
    let export = export_onnx(&classifier, &beside, OnnxOptions { external_data: true }).unwrap();
    let data = fs::read(beside.join("onnx/model.onnx_data")).unwrap();
    let graph = fs::metadata(beside.join("onnx/model.onnx")).unwrap().len();
    assert_eq!(export.bytes, data.len() as u64 + graph);
    let mut end = 0;
    for (one, other) in
        check(&inside.join("onnx/model.onnx")).iter().zip(check(&beside.join("onnx/model.onnx")))
    {
        assert_eq!(one.name, other.name);
        match other.place {
            Some((offset, length)) => {
                assert_eq!((offset, length), (end, one.size as u64));
                end += length;
                assert_eq!(data[offset as usize..end as usize], one.raw.as_ref().unwrap()[..]);
            }
            None => assert_eq!(other.raw, one.raw),
        }
    }
    assert_eq!(end, data.len() as u64);
    let config: Value = serde_json::from_slice(&fs::read(beside.join("config.json")).unwrap()).unwrap();
    assert_eq!(config["transformers.js_config"]["use_external_data_format"], true);
}

#[test]
fn only_an_empty_folder_or_an_earlier_export_is_replaced() {
    let folder = TempDir::new().unwrap();
    let classifier = classifier(&bert(), all_poolings());
    let export = |target: &Path| export_onnx(&classifier, target, OnnxOptions::default());
    let target = folder.path().join("web");
    fs::create_dir(&target).unwrap();
    export(&target).unwrap();
    fs::write(target.join("README.md"), "mine").unwrap();
    fs::write(target.join("config.json.old"), "mine").unwrap();
    export(&target).unwrap();
    assert_eq!(fs::read_to_string(target.join("README.md")).unwrap(), "mine");

    fs::write(target.join("onnx/model_quantized.onnx"), "mine").unwrap();
    let error = export(&target).unwrap_err();
    assert!(error.to_string().contains("model_quantized.onnx: expected only files of the export"), "{error}");
    assert_eq!(fs::read_to_string(target.join("onnx/model_quantized.onnx")).unwrap(), "mine");

    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    // The configuration of something else.
    fs::write(other.join("config.json"), "{\"model_type\": \"bert\"}").unwrap();
    for (target, message) in [
        (&other, "expected an empty folder or an earlier export, got a folder with other files"),
        (&target.join("README.md"), "expected a folder, got a file"),
    ] {
        let error = export(target).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().ends_with(message), "{error}");
    }
    assert_eq!(fs::read_dir(&other).unwrap().count(), 1);
}

/// Copies the tiny BERT.
fn copy(folder: &Path) -> PathBuf {
    let encoder = folder.join("bert");
    fs::create_dir(&encoder).unwrap();
    for name in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
        fs::copy(bert().join(name), encoder.join(name)).unwrap();
    }
    encoder
}

#[test]
fn a_changed_or_damaged_encoder_leaves_nothing_behind() {
    let folder = TempDir::new().unwrap();
    let encoder = copy(folder.path());
    let target = folder.path().join("web");
    let weights = encoder.join("model.safetensors");
    let healthy = fs::read(&weights).unwrap();

    let loaded = classifier(&encoder, all_poolings());
    fs::write(&weights, &healthy).unwrap();
    let error = export_onnx(&loaded, &target, OnnxOptions::default()).unwrap_err();
    assert!(error.to_string().ends_with("the file has changed while it was in use"), "{error}");

    let header = u64::from_le_bytes(healthy[..8].try_into().unwrap()) as usize;
    let json: Value = serde_json::from_slice(&healthy[8..8 + header]).unwrap();
    let place = &json["encoder.layer.1.output.dense.weight"]["data_offsets"][0];
    let start = 8 + header + place.as_u64().unwrap() as usize;
    let mut damaged = healthy.clone();
    damaged[start..start + 4].copy_from_slice(&f32::INFINITY.to_le_bytes());
    fs::write(&weights, damaged).unwrap();
    let error =
        export_onnx(&classifier(&encoder, all_poolings()), &target, OnnxOptions::default()).unwrap_err();
    let expected = "layer.1.Output.weight: expected finite weights, got infinity or NaN";
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Model, expected));

    fs::write(&weights, &healthy[..healthy.len() - 1]).unwrap();
    let error =
        export_onnx(&classifier(&encoder, all_poolings()), &target, OnnxOptions::default()).unwrap_err();
    assert!(error.to_string().contains("bytes, got"), "{error}");
    let left: Vec<PathBuf> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, [encoder]);
}

#[test]
fn a_weight_beyond_the_range_of_f32_is_refused() {
    let encoder = SentenceEncoder::load(bert()).unwrap();
    let mut coef = vec![0.0; encoder.n_features()];
    coef[3] = 1e39;
    let fitted = LogisticRegression::from_parts(coef, vec![0.0], 2).unwrap();
    let imported = ImportedClassifier {
        classifier: LinearClassifier::Classes(fitted),
        classes: vec!["no".into(), "yes".into()],
        normalize: false,
        separator: ";".parse().unwrap(),
        origin: classifier(&bert(), Pooling::Cls.into()).metadata().imported.clone().unwrap(),
    };
    let classifier = SentenceClassifier::import(encoder, imported).unwrap();
    let folder = TempDir::new().unwrap();
    let error = export_onnx(&classifier, folder.path().join("web"), OnnxOptions::default()).unwrap_err();
    assert!(
        error.to_string().starts_with("expected weights of the classifier within the range of f32"),
        "{error}"
    );
}
