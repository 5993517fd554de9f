//! All ways in which an encoder folder can be corrupt give an error that names the file and the tensor; never a
//! panic, and never an allocation larger than the file justifies.
//!
//! Oracle: the errors of `Encoder::load`, word for word, on damaged copies of `fixtures/transformers/bert` and
//! `bert_sharded`. Undamaged, both give the vectors of transformers (`encoder.rs`).
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;

use clsify::encoder::Encoder;
use clsify::error::ErrorKind;
use clsify::features::Layers;
use clsify::model::{Features, SentenceEncoder, SentenceEncoderOptions};
use serde_json::{Value, json};
use support::{Weights, copy_of, edit_json, message, safetensors_bytes};

/// Options that follow the folder, so that all of its files are read.
fn as_asked() -> SentenceEncoderOptions {
    let features = Features::SentenceTransformer { layers: Layers::Last };
    SentenceEncoderOptions { features, ..SentenceEncoderOptions::default() }
}

const WORDS: &str = "embeddings.word_embeddings.weight";
const QUERY: &str = "encoder.layer.1.attention.self.query.weight";

/// Damages a copy of a case and compares the whole error.
fn assert_error(case: &str, kind: ErrorKind, expected: &str, break_it: impl FnOnce(&Path)) -> Option<String> {
    let folder = copy_of(case);
    break_it(folder.path());
    let Err(error) = Encoder::load(folder.path()) else { panic!("loaded, expected: {expected}") };
    assert_eq!(message(&error, folder.path()), expected);
    assert_eq!(error.kind(), kind, "{expected}");
    error.hint().map(|hint| hint.replace(&folder.path().display().to_string(), "DIR"))
}

fn assert_weights_error(expected: &str, break_it: impl FnOnce(&mut Weights)) {
    assert_error("transformers/bert", ErrorKind::Checkpoint, expected, |folder| {
        let path = folder.join("model.safetensors");
        let mut weights = Weights::read(&path);
        break_it(&mut weights);
        weights.write(&path);
    });
}

#[test]
fn config_json_that_is_no_configuration() {
    let cases: [(&[u8], &str); 8] = [
        (b"", "not valid JSON: EOF while parsing a value at line 1 column 0"),
        (b"{", "not valid JSON: EOF while parsing an object at line 1 column 1"),
        (b"model_type: bert", "not valid JSON: expected value at line 1 column 1"),
        (b"[]", "expected a JSON object"),
        (b"\"bert\"", "expected a JSON object"),
        (b"{}", "missing \"model_type\""),
        (b"{\"model_type\": null}", "missing \"model_type\""),
        (&[b'['; 1000], "not valid JSON: recursion limit exceeded at line 1 column 128"),
    ];
    for (bytes, expected) in cases {
        assert_error(
            "transformers/bert",
            ErrorKind::Config,
            &format!("DIR/config.json: {expected}"),
            |folder| {
                fs::write(folder.join("config.json"), bytes).unwrap();
            },
        );
    }
    let not_text = "DIR/config.json: stream did not contain valid UTF-8";
    assert_error("transformers/bert", ErrorKind::Io, not_text, |folder| {
        fs::write(folder.join("config.json"), b"{\"model_type\": \"\xff\"}").unwrap();
    });
    let hint = assert_error(
        "transformers/bert",
        ErrorKind::Io,
        "DIR/config.json: no such file or folder",
        |folder| {
            fs::remove_file(folder.join("config.json")).unwrap();
        },
    );
    let files = "an encoder is a folder with config.json, model.safetensors and tokenizer.json";
    assert_eq!(hint.as_deref(), Some(files));
}

#[test]
fn config_json_with_a_value_that_is_not_supported() {
    let sizes = "expected a whole number from 1 to 268435455";
    let cases = [
        ("model_type", json!("gpt2"), "unsupported \"model_type\": \"gpt2\"".to_string()),
        ("model_type", json!("be\nrt"), "unsupported \"model_type\": \"be\\nrt\"".to_string()),
        ("model_type", json!(7), "\"model_type\": expected a string, got 7".to_string()),
        ("hidden_act", json!("mish"), "unsupported \"hidden_act\": \"mish\"".to_string()),
        ("hidden_act", json!(["gelu"]), "\"hidden_act\": expected a string, got [\"gelu\"]".to_string()),
        (
            "position_embedding_type",
            json!("relative_key"),
            "unsupported \"position_embedding_type\": \"relative_key\", expected \"absolute\"".to_string(),
        ),
        ("is_decoder", json!(true), "\"is_decoder\" is true: expected an encoder, got a decoder".to_string()),
        (
            "hidden_size",
            json!(30),
            "expected \"hidden_size\" to be a multiple of \"num_attention_heads\", got 30 and 4".to_string(),
        ),
        ("hidden_size", Value::Null, "missing \"hidden_size\"".to_string()),
        ("hidden_size", json!(-32), format!("\"hidden_size\": {sizes}, got -32")),
        ("hidden_size", json!(0), format!("\"hidden_size\": {sizes}, got 0")),
        ("hidden_size", json!(32.5), format!("\"hidden_size\": {sizes}, got 32.5")),
        ("hidden_size", json!("32"), format!("\"hidden_size\": {sizes}, got \"32\"")),
        ("num_attention_heads", json!(0), format!("\"num_attention_heads\": {sizes}, got 0")),
        ("num_hidden_layers", json!(0), format!("\"num_hidden_layers\": {sizes}, got 0")),
        ("vocab_size", json!(1u64 << 28), format!("\"vocab_size\": {sizes}, got 268435456")),
        ("intermediate_size", json!(u64::MAX), format!("\"intermediate_size\": {sizes}, got {}", u64::MAX)),
        ("type_vocab_size", json!({}), format!("\"type_vocab_size\": {sizes}, got {{}}")),
        (
            "max_position_embeddings",
            json!(2),
            "expected \"max_position_embeddings\" to leave room for 3 tokens, got 2".to_string(),
        ),
        (
            "layer_norm_eps",
            json!(-1e-12),
            "\"layer_norm_eps\": expected a number of at least 0, got -1e-12".to_string(),
        ),
        (
            "layer_norm_eps",
            json!("small"),
            "\"layer_norm_eps\": expected a number of at least 0, got \"small\"".to_string(),
        ),
    ];
    for (key, value, expected) in cases {
        assert_error(
            "transformers/bert",
            ErrorKind::Config,
            &format!("DIR/config.json: {expected}"),
            |folder| {
                edit_json(&folder.join("config.json"), |config| config[key] = value);
            },
        );
    }
}

/// Oracle: `AutoModel` of transformers 5.23 on the same folders. Three keys of DistilBERT have a second name, which
/// always wins; a NaN is a number, and null is refused where a number is expected.
#[test]
fn names_and_numbers_of_config_json_are_read_as_transformers_reads_them() {
    use clsify::encoder::EncoderConfig;
    let text = fs::read_to_string(support::fixtures().join("transformers/distilbert/config.json")).unwrap();
    let text = text.trim_end();
    let layers = |text: &str| EncoderConfig::from_json(text).map(|config| config.num_hidden_layers);
    let body = &text[1..text.len() - 1];
    assert_eq!(layers(text).unwrap(), 2);
    assert_eq!(layers(&format!("{{{body}, \"num_hidden_layers\": 1}}")).unwrap(), 1);
    assert_eq!(layers(&format!("{{\"num_hidden_layers\": 1, {body}}}")).unwrap(), 1);
    let renamed = text
        .replace("\"dim\"", "\"hidden_size\"")
        .replace("\"n_layers\"", "\"num_hidden_layers\"")
        .replace("\"n_heads\"", "\"num_attention_heads\"");
    assert_eq!(EncoderConfig::from_json(&renamed).unwrap(), EncoderConfig::from_json(text).unwrap());
    let of_bert = text.replace("\"hidden_dim\"", "\"intermediate_size\"");
    assert_eq!(EncoderConfig::from_json(&of_bert).unwrap_err().to_string(), "missing \"hidden_dim\"");
    for number in ["NaN", "Infinity", "-Infinity"] {
        assert_eq!(layers(&format!("{{{body}, \"qa_dropout\": {number}}}")).unwrap(), 2);
    }

    let bert = fs::read_to_string(support::fixtures().join("transformers/bert/config.json")).unwrap();
    let error = |change: &str| {
        let body = bert.trim_end().strip_suffix('}').unwrap();
        EncoderConfig::from_json(&format!("{body}, {change}}}")).unwrap_err().to_string()
    };
    let eps = "\"layer_norm_eps\": expected a number of at least 0, got null";
    assert_eq!(error("\"layer_norm_eps\": null"), eps);
    assert_eq!(error("\"layer_norm_eps\": NaN"), eps);
    assert!(error("\"max_position_embeddings\": null").ends_with("from 1 to 268435455, got null"));
    assert_eq!(error("\"is_decoder\": 1"), "\"is_decoder\": expected true or false, got 1");
}

/// A configuration may announce any size; memory is only allocated for the weights that exist.
#[test]
fn sizes_that_the_weights_do_not_have() {
    let huge = (1 << 28) - 4;
    let cases = [
        ("transformers/bert", "vocab_size", 508, WORDS, "[508, 32], got [507, 32]"),
        ("transformers/bert", "vocab_size", huge, WORDS, "[268435452, 32], got [507, 32]"),
        (
            "transformers/bert",
            "max_position_embeddings",
            huge,
            "embeddings.position_embeddings.weight",
            "[268435452, 32], got [512, 32]",
        ),
        (
            "transformers/bert",
            "intermediate_size",
            huge,
            "encoder.layer.0.intermediate.dense.weight",
            "[268435452, 32], got [64, 32]",
        ),
        (
            "transformers/electra",
            "hidden_size",
            huge,
            "embeddings_project.weight",
            "[268435452, 20], got [32, 20]",
        ),
        (
            "transformers/electra",
            "embedding_size",
            huge,
            "embeddings.token_type_embeddings.weight",
            "[2, 268435452], got [2, 20]",
        ),
    ];
    for (case, key, value, tensor, shapes) in cases {
        let expected = format!("DIR/model.safetensors: tensor {tensor:?}: expected shape {shapes}");
        assert_error(case, ErrorKind::Checkpoint, &expected, |folder| {
            edit_json(&folder.join("config.json"), |config| config[key] = json!(value));
        });
    }
    let expected = "DIR/model.safetensors: tensor \"encoder.layer.3.attention.self.query.weight\": missing";
    assert_error("transformers/bert", ErrorKind::Checkpoint, expected, |folder| {
        edit_json(&folder.join("config.json"), |config| config["num_hidden_layers"] = json!(huge));
    });
}

#[test]
fn folders_without_weights() {
    let none = "DIR: no model.safetensors and no model.safetensors.index.json in this folder";
    assert_error("transformers/bert", ErrorKind::Checkpoint, none, |folder| {
        fs::remove_file(folder.join("model.safetensors")).unwrap();
    });
    let pickle = "DIR: expected model.safetensors, got only pytorch_model.bin";
    let hint = assert_error("transformers/bert", ErrorKind::Checkpoint, pickle, |folder| {
        fs::rename(folder.join("model.safetensors"), folder.join("pytorch_model.bin")).unwrap();
    });
    assert_eq!(
        hint.as_deref(),
        Some(
            "a .bin file can run code when it is opened, so it is not read; convert it once: python3 -c \"from \
             transformers import AutoModel; AutoModel.from_pretrained('DIR').save_pretrained('DIR')\""
        )
    );
    let a_folder = "DIR/model.safetensors: expected a file, got a folder";
    assert_error("transformers/bert", ErrorKind::Io, a_folder, |folder| {
        fs::remove_file(folder.join("model.safetensors")).unwrap();
        fs::create_dir(folder.join("model.safetensors")).unwrap();
    });
}

/// Weights in other formats are named, with a hint.
#[test]
fn weights_in_another_form_are_named() {
    let cases = [
        ("pytorch_model.bin.index.json", "pytorch_model.bin.index.json", "AutoModel.from_pretrained('DIR')"),
        (
            "model-00001-of-00003.safetensors",
            "shards such as model-00001-of-00003.safetensors",
            "fetch model.safetensors.index.json too",
        ),
        (
            "model.fp16.safetensors",
            "model.fp16.safetensors",
            "mv 'DIR/model.fp16.safetensors' 'DIR/model.safetensors'",
        ),
        ("tf_model.h5", "tf_model.h5", "from_tf=True"),
        ("flax_model.msgpack", "flax_model.msgpack", "from_flax=True"),
        ("onnx/model.onnx", "onnx/model.onnx", "fetch model.safetensors of the encoder"),
        ("adapter_model.safetensors", "an adapter (LoRA)", "merge_and_unload()"),
    ];
    for (name, got, what_to_do) in cases {
        let expected = format!("DIR: expected model.safetensors, got only {got}");
        let hint = assert_error("transformers/bert", ErrorKind::Checkpoint, &expected, |folder| {
            fs::create_dir(folder.join("onnx")).unwrap();
            fs::rename(folder.join("model.safetensors"), folder.join(name)).unwrap();
        });
        assert!(hint.as_ref().is_some_and(|hint| hint.contains(what_to_do)), "{name}: {hint:?}");
    }
}

/// Oracle: the vectors of the same numbers as F32, bit for bit, since they are all exact in F64; and rounding to the
/// nearest f32, as `torch.Tensor.to(torch.float32)` does.
#[test]
fn weights_of_64_bits_are_rounded() {
    let folder = copy_of("transformers/bert");
    let path = folder.path().join("model.safetensors");
    let mut weights = Weights::read(&path);
    let mut data = Vec::new();
    for (_, entry) in weights.header.iter_mut().filter(|(name, _)| *name != "__metadata__") {
        let [start, end] = [0, 1].map(|i| entry["data_offsets"][i].as_u64().unwrap() as usize);
        let at = data.len();
        match entry["dtype"] == "F32" {
            true => {
                for bytes in weights.data[start..end].as_chunks::<4>().0 {
                    let number = f64::from(f32::from_le_bytes(*bytes));
                    // Less than half the distance to the next f32.
                    data.extend((number * (1.0 + 1e-9)).to_le_bytes());
                }
                entry["dtype"] = json!("F64");
            }
            false => data.extend(&weights.data[start..end]),
        }
        entry["data_offsets"] = json!([at, data.len()]);
    }
    weights.data = data;
    weights.write(&path);
    let encoder = SentenceEncoder::load(folder.path()).unwrap();
    let expected = support::encoder("bert").encode(&support::sentences()).unwrap().features;
    assert_eq!(encoder.encode(&support::sentences()).unwrap().features, expected);
}

/// Every file that is read, replaced by a pipe, by an endless device, and by a sparse file of 3 GB. Each is an error
/// at once, because reading it would block or exhaust memory.
#[test]
#[cfg(unix)]
fn files_that_are_none_or_never_end() {
    let asked = |folder: &Path| SentenceEncoder::load_with(folder, as_asked()).unwrap_err();
    let files = [
        ("transformers/bert", "config.json"),
        ("transformers/bert", "model.safetensors"),
        ("transformers/bert", "tokenizer.json"),
        ("transformers/bert", "tokenizer_config.json"),
        ("transformers/bert_sharded", "model.safetensors.index.json"),
        ("transformers/bert_sharded", "model-00002-of-00004.safetensors"),
        ("transformers/bert_vocab_txt", "vocab.txt"),
        ("sentence_transformers/dense_v4", "modules.json"),
        ("sentence_transformers/dense_v4", "sentence_bert_config.json"),
        ("sentence_transformers/dense_v4", "config_sentence_transformers.json"),
        ("sentence_transformers/dense_v4", "1_Pooling/config.json"),
        ("sentence_transformers/dense_v4", "2_Dense/config.json"),
        ("sentence_transformers/dense_v4", "2_Dense/model.safetensors"),
    ];
    for (case, file) in files {
        let folder = copy_of(case);
        let path = folder.path().join(file);
        let error_of = |expected: &str| {
            assert_eq!(message(&asked(folder.path()), folder.path()), format!("DIR/{file}: {expected}"));
        };
        fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        error_of("expected a file, got a pipe");
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        error_of("expected a file, got a device");
        fs::remove_file(&path).unwrap();
        fs::File::create(&path).unwrap().set_len(3 << 30).unwrap();
        match file {
            file if file.ends_with(".safetensors") => {
                let problem = "not a valid safetensors header: EOF while parsing a value at line 1 column 0";
                error_of(problem);
            }
            "tokenizer.json" | "vocab.txt" => error_of("expected at most 536870912 bytes"),
            _ => error_of("expected at most 67108864 bytes"),
        }
    }
}

/// Oracle: Python's `json.loads`, for which these are infinite numbers, and `AutoTokenizer`, which reads 512.0 as
/// 512.
#[test]
fn numbers_as_python_writes_them() {
    use clsify::tokenizer::model_max_length;
    for (limit, expected) in [
        ("512.0", Some(512)),
        ("5.12e2", Some(512)),
        ("Infinity", None),
        ("NaN", None),
        ("-Infinity", None),
        ("1e30", None),
    ] {
        let folder = copy_of("sentence_transformers/mean_normalize_v6");
        let path = folder.path().join("tokenizer_config.json");
        let mut config = support::read_json(&path);
        config["model_max_length"] = json!("LIMIT");
        config["other"] = json!("\\\"NaN, Infinity");
        fs::write(&path, config.to_string().replace("\"LIMIT\"", limit)).unwrap();
        assert_eq!(model_max_length(folder.path()).unwrap(), expected, "{limit}");
        let asked = clsify::features::SentenceTransformer::read(folder.path()).unwrap().unwrap();
        assert_eq!(asked.max_length, expected, "{limit}");
        SentenceEncoder::load_with(folder.path(), as_asked()).unwrap();
    }
    let folder = copy_of("transformers/bert");
    let path = folder.path().join("tokenizer_config.json");
    for limit in ["512.5", "-3.0", "0.0"] {
        fs::write(&path, format!("{{\"model_max_length\": {limit}}}")).unwrap();
        let error = model_max_length(folder.path()).unwrap_err();
        let expected = format!(
            "DIR/tokenizer_config.json: \"model_max_length\": expected a positive number, got {limit}"
        );
        assert_eq!(message(&error, folder.path()), expected);
    }
    fs::write(&path, "{\"model_max_length\": Infinite}").unwrap();
    let expected = "DIR/tokenizer_config.json: not valid JSON: expected value at line 1 column 22";
    assert_eq!(message(&model_max_length(folder.path()).unwrap_err(), folder.path()), expected);
}

#[test]
fn weights_whose_bytes_are_no_safetensors_file() {
    let whole = fs::read(support::fixtures().join("transformers/bert/model.safetensors")).unwrap();
    let length = |n: u64| n.to_le_bytes().to_vec();
    let cases = [
        (Vec::new(), "expected 8 bytes, got 0".to_string()),
        (vec![1, 2, 3], "expected 8 bytes, got 3".to_string()),
        (length(0), "not a valid safetensors header: EOF while parsing a value at line 1 column 0".to_string()),
        ([length(1000), vec![b'{'; 10]].concat(), "expected 1008 bytes, got 18".to_string()),
        (length(u64::MAX), format!("not a safetensors file: its header would be {} bytes long", u64::MAX)),
        (length(100_000_001), "not a safetensors file: its header would be 100000001 bytes long".to_string()),
        (b"PK\x03\x04\0\0\0\0 a zip file".to_vec(), "expected a safetensors file, got a zip archive, as torch.save writes one".to_string()),
        (
            b"PK\x03\x04\x00\x00\x08\x08\x00\x00".to_vec(),
            "expected a safetensors file, got a zip archive, as torch.save writes one".to_string(),
        ),
        (
            b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.".to_vec(),
            "expected a safetensors file, got a pickle, as torch.save writes one".to_string(),
        ),
        (b"GGUF\x03\0\0\0\x65\0\0\0".to_vec(), "expected a safetensors file, got a GGUF file".to_string()),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec(), "expected a safetensors file, got a gzip file".to_string()),
        // The length of a header may look like the first bytes of a pickle.
        (
            [length(0x0280), vec![b'{'; 10]].concat(),
            "expected 648 bytes, got 18".to_string(),
        ),
        (
            safetensors_bytes(b"not json", b""),
            "not a valid safetensors header: expected ident at line 1 column 2".to_string(),
        ),
        (
            safetensors_bytes(b"[]", b""),
            "not a valid safetensors header: invalid type: sequence, expected struct HashMetadata at line 1 column 0".to_string(),
        ),
        (
            safetensors_bytes(b"{\"\xff\xfe\": 1}", b""),
            "not a valid safetensors header: invalid unicode code point at line 1 column 3".to_string(),
        ),
        (safetensors_bytes(b"{}", b""), format!("DIR: tensor {WORDS:?}: missing, under any prefix")),
        (whole[..whole.len() - 1].to_vec(), format!("expected {} bytes, got {}", whole.len(), whole.len() - 1)),
        ([&whole[..], b"!"].concat(), format!("expected {} bytes, got {}", whole.len(), whole.len() + 1)),
    ];
    for (bytes, expected) in cases {
        let place = if expected.starts_with("DIR") { "" } else { "DIR/model.safetensors: " };
        assert_error("transformers/bert", ErrorKind::Checkpoint, &format!("{place}{expected}"), |folder| {
            fs::write(folder.join("model.safetensors"), bytes).unwrap();
        });
    }
}

#[test]
fn tensors_that_are_missing_misshapen_or_of_another_type() {
    let place = "DIR/model.safetensors: tensor";
    assert_weights_error(&format!("{place} {QUERY:?}: missing"), |weights| {
        let entry = weights.header.remove(QUERY).unwrap();
        weights.header.insert("renamed".to_string(), entry);
    });
    assert_weights_error(&format!("{place} {QUERY:?}: expected shape [32, 32], got [16, 64]"), |weights| {
        weights.header[QUERY]["shape"] = json!([16, 64]);
    });
    assert_weights_error(&format!("{place} {QUERY:?}: expected shape [32, 32], got [1024]"), |weights| {
        weights.header[QUERY]["shape"] = json!([1024]);
    });
    for (dtype, shape) in [("I64", [16, 32]), ("F64", [16, 32]), ("I32", [32, 32])] {
        let problem = match dtype {
            "I32" => "expected dtype F64, F32, F16 or BF16, got I32".to_string(),
            _ => "expected shape [32, 32], got [16, 32]".to_string(),
        };
        assert_weights_error(&format!("{place} {QUERY:?}: {problem}"), |weights| {
            weights.header[QUERY]["dtype"] = json!(dtype);
            weights.header[QUERY]["shape"] = json!(shape);
        });
    }
    // 8 bytes per number and the expected number of numbers: the bytes of a further tensor are appended for it.
    for dtype in ["I64", "U64"] {
        assert_weights_error(
            &format!("{place} {QUERY:?}: expected dtype F64, F32, F16 or BF16, got {dtype}"),
            |weights| {
                let old = weights.header.remove(QUERY).unwrap();
                weights.header.insert("unused".to_string(), old);
                let start = weights.data.len();
                weights.data.resize(start + 32 * 32 * 8, 0);
                let entry =
                    json!({"dtype": dtype, "shape": [32, 32], "data_offsets": [start, weights.data.len()]});
                weights.header.insert(QUERY.to_string(), entry);
            },
        );
    }
    for (dtype, shown) in [("F99", "F99"), ("F\n9", "F\\n9")] {
        let folder = copy_of("transformers/bert");
        let path = folder.path().join("model.safetensors");
        let mut weights = Weights::read(&path);
        weights.header[QUERY]["dtype"] = json!(dtype);
        weights.write(&path);
        let text = message(&Encoder::load(folder.path()).unwrap_err(), folder.path());
        let expected =
            format!("{place} {QUERY:?} with dtype \"{shown}\": unknown variant `{shown}`, expected one of ");
        assert!(text.starts_with(&expected), "{text}");
    }
}

/// The fixture has `embeddings.position_ids` in I64, like checkpoints of transformers before 4.31.
#[test]
fn tensors_that_are_not_needed_may_be_of_any_type() {
    let path = support::fixtures().join("transformers/bert/model.safetensors");
    assert_eq!(Weights::read(&path).header["embeddings.position_ids"]["dtype"], "I64");
    Encoder::load(path.parent().unwrap()).unwrap();
}

#[test]
fn offsets_that_contradict_each_other() {
    let header = "DIR/model.safetensors: not a valid safetensors header";
    let neighbour = |weights: &Weights| -> String {
        let start = &weights.header[QUERY]["data_offsets"][1];
        let next = weights.header.iter().find(|(_, entry)| entry["data_offsets"][0] == *start);
        next.unwrap().0.clone()
    };
    let bytes = Weights::read(&support::fixtures().join("transformers/bert/model.safetensors"));
    let name = neighbour(&bytes);
    assert_weights_error(&format!("{header}: invalid offset for tensor `{name}`"), |weights| {
        for i in 0..2 {
            let offset = weights.header[&name]["data_offsets"][i].as_u64().unwrap();
            weights.header[&name]["data_offsets"][i] = json!(offset - 4);
        }
    });
    assert_weights_error(&format!("{header}: invalid shape, data type, or offset for tensor"), |weights| {
        weights.header[QUERY]["shape"] = json!([32, 31]);
    });
    assert_weights_error(
        &format!("{header}: overflow computing buffer size from shape and/or element type"),
        |weights| {
            weights.header[QUERY]["shape"] = json!([u64::MAX, 2]);
        },
    );
    // Nine tensors, each of a size that is just possible, together exceed 2^64 bytes.
    let part = (1u64 << 61) - 1;
    let entry = |i: u64| json!({"dtype": "U8", "shape": [part], "data_offsets": [i * part, (i + 1) * part]});
    let header: serde_json::Map<String, Value> = (0..8).map(|i| (format!("t{i}"), entry(i))).collect();
    let expected =
        "DIR/model.safetensors: not a safetensors file: its tensors would be 18446744073709551608 bytes long";
    assert_error("transformers/bert", ErrorKind::Checkpoint, expected, |folder| {
        Weights { header, data: Vec::new() }.write(&folder.join("model.safetensors"));
    });
}

#[test]
fn shards_and_their_index() {
    const INDEX: &str = "model.safetensors.index.json";
    const SHARD: &str = "model-00002-of-00004.safetensors";
    let index = |expected: &str, edit: &dyn Fn(&mut Value)| {
        let expected = format!("DIR/{INDEX}: {expected}");
        assert_error("transformers/bert_sharded", ErrorKind::Checkpoint, &expected, |folder| {
            edit_json(&folder.join(INDEX), |json| edit(json));
        });
    };
    let missing = format!("DIR/{SHARD}: no such file or folder");
    assert_error("transformers/bert_sharded", ErrorKind::Io, &missing, |folder| {
        fs::remove_file(folder.join(SHARD)).unwrap();
    });
    let not_json = format!("DIR/{INDEX}: not valid JSON: expected value at line 1 column 1");
    assert_error("transformers/bert_sharded", ErrorKind::Checkpoint, &not_json, |folder| {
        fs::write(folder.join(INDEX), "weights").unwrap();
    });
    let no_map = "expected an object \"weight_map\" with entries";
    for value in [json!({}), json!([]), json!({"weight_map": {}}), json!({"weight_map": [SHARD]})] {
        index(no_map, &|json| *json = value.clone());
    }
    index(&format!("tensor {WORDS:?}: expected a file name, got 1"), &|json| {
        json["weight_map"][WORDS] = json!(1)
    });
    for name in ["../model.safetensors", "/etc/passwd", "a/b", "..", ".", "", "b/"] {
        index(&format!("tensor {WORDS:?}: expected a plain file name, got {name:?}"), &|json| {
            json["weight_map"][WORDS] = json!(name);
        });
    }
    // The index names a tensor that no shard contains.
    let in_no_shard = format!("DIR/{INDEX}: tensor {QUERY:?}: in none of the 4 shards");
    assert_error("transformers/bert_sharded", ErrorKind::Checkpoint, &in_no_shard, |folder| {
        let shard = read_index(folder, QUERY);
        let mut weights = Weights::read(&folder.join(&shard));
        let entry = weights.header.remove(QUERY).unwrap();
        weights.header.insert("renamed".to_string(), entry);
        weights.write(&folder.join(&shard));
    });
    let truncated = format!("DIR/{SHARD}: expected 1032 bytes, got 100");
    assert_error("transformers/bert_sharded", ErrorKind::Checkpoint, &truncated, |folder| {
        let bytes = fs::read(folder.join(SHARD)).unwrap();
        fs::write(folder.join(SHARD), &bytes[..100]).unwrap();
    });
}

/// The shard that holds a tensor.
fn read_index(folder: &Path, tensor: &str) -> String {
    let index = support::read_json(&folder.join("model.safetensors.index.json"));
    index["weight_map"][tensor].as_str().unwrap().to_string()
}

/// The file that `git clone` leaves if Git LFS is not installed.
const POINTER: &str = "version https://git-lfs.github.com/spec/v1\n\
    oid sha256:53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db\nsize 90868376\n";

#[test]
fn git_lfs_pointers_are_called_so() {
    let files =
        ["model.safetensors", "config.json", "tokenizer.json"].map(|file| ("transformers/bert", file));
    let files = files.into_iter().chain([
        ("transformers/bert_sharded", "model.safetensors.index.json"),
        ("transformers/bert_sharded", "model-00002-of-00004.safetensors"),
        ("transformers/bert_vocab_txt", "vocab.txt"),
        ("transformers/bert_vocab_txt", "tokenizer_config.json"),
        ("sentence_transformers/dense_v4", "modules.json"),
        ("sentence_transformers/dense_v4", "1_Pooling/config.json"),
        ("sentence_transformers/dense_v4", "2_Dense/config.json"),
        ("sentence_transformers/dense_v4", "2_Dense/model.safetensors"),
        ("sentence_transformers/dense_v4", "sentence_bert_config.json"),
        ("sentence_transformers/dense_v4", "config_sentence_transformers.json"),
        ("sentence_transformers/folder_v4", "0_Transformer/model.safetensors"),
    ]);
    for (case, file) in files {
        let folder = copy_of(case);
        let path = folder.path().join(file);
        assert!(path.exists(), "{case}: {file}");
        fs::write(&path, POINTER).unwrap();
        let error = SentenceEncoder::load_with(folder.path(), as_asked()).unwrap_err();
        let expected =
            format!("DIR/{file}: expected the file itself, got a Git LFS pointer to 90868376 bytes");
        assert_eq!(message(&error, folder.path()), expected);
        let hint = format!("fetch the file: cd '{}' && git lfs pull", path.parent().unwrap().display());
        assert_eq!(error.hint(), Some(hint.as_str()), "{file}");
    }
}

/// The format that Git LFS wrote before it had its name.
#[test]
fn git_lfs_pointers_of_old_are_called_so() {
    let old = POINTER.replace("git-lfs.github.com", "hawser.github.com");
    for file in ["model.safetensors", "config.json"] {
        let expected =
            format!("DIR/{file}: expected the file itself, got a Git LFS pointer to 90868376 bytes");
        assert_error("transformers/bert", ErrorKind::Io, &expected, |folder| {
            fs::write(folder.join(file), &old).unwrap();
        });
    }
}

#[test]
fn a_git_lfs_pointer_as_data_is_called_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.csv");
    fs::write(&path, POINTER).unwrap();
    let error = clsify::dataset::Dataset::load(&path, &Default::default()).unwrap_err();
    let expected = "DIR/data.csv: expected the file itself, got a Git LFS pointer to 90868376 bytes";
    assert_eq!(message(&error, folder.path()), expected);
}

#[test]
#[cfg(unix)]
fn links_that_lead_nowhere_are_named() {
    let files =
        ["model.safetensors", "config.json", "tokenizer.json"].map(|file| ("transformers/bert", file));
    let files = files.into_iter().chain([
        ("transformers/bert_sharded", "model.safetensors.index.json"),
        ("transformers/bert_sharded", "model-00002-of-00004.safetensors"),
        ("transformers/bert_vocab_txt", "vocab.txt"),
        ("transformers/bert_vocab_txt", "tokenizer_config.json"),
        ("sentence_transformers/dense_v4", "modules.json"),
        ("sentence_transformers/dense_v4", "1_Pooling/config.json"),
        ("sentence_transformers/dense_v4", "2_Dense/model.safetensors"),
        ("sentence_transformers/dense_v4", "sentence_bert_config.json"),
    ]);
    for (case, file) in files {
        let folder = copy_of(case);
        let path = folder.path().join(file);
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("../blobs/gone", &path).unwrap();
        let error = SentenceEncoder::load_with(folder.path(), as_asked()).unwrap_err();
        let expected = format!("DIR/{file}: the link leads to ../blobs/gone, which does not exist");
        assert_eq!(message(&error, folder.path()), expected);
        assert_eq!(error.kind(), ErrorKind::Io);
    }
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("encoder");
    std::os::unix::fs::symlink("gone", &link).unwrap();
    let error = SentenceEncoder::load(&link).unwrap_err();
    assert_eq!(message(&error, folder.path()), "DIR/encoder: the link leads to gone, which does not exist");
    // Also where a file is looked for below it.
    let error = clsify::model::SavedModel::read(&link).unwrap_err();
    let expected = "DIR/encoder/clsify.json: the link DIR/encoder leads to gone, which does not exist";
    assert_eq!(message(&error, folder.path()), expected);
    // A link that leads to a file is as good as the file.
    let folder = copy_of("transformers/bert");
    let path = folder.path().join("model.safetensors");
    fs::rename(&path, folder.path().join("blob")).unwrap();
    std::os::unix::fs::symlink("blob", &path).unwrap();
    Encoder::load(folder.path()).unwrap();
}

/// Oracle for the choice: transformers 5.23; see `encoder/tensor_names.rs`.
#[test]
fn two_encoders_in_one_file() {
    let with_another = |own: &str, other: &str| {
        let folder = copy_of("transformers/bert");
        let path = folder.path().join("model.safetensors");
        let mut weights = Weights::read(&path);
        let names: Vec<String> =
            weights.header.keys().filter(|key| *key != "__metadata__").cloned().collect();
        let whole = weights.data.len();
        // The other encoder's weights differ: they are zeros.
        weights.data.extend(vec![0; whole]);
        for name in names {
            let entry = weights.header.remove(&name).unwrap();
            let mut shifted = entry.clone();
            for offset in shifted["data_offsets"].as_array_mut().unwrap() {
                *offset = json!(offset.as_u64().unwrap() + whole as u64);
            }
            weights.header.insert(format!("{own}{name}"), entry);
            weights.header.insert(format!("{other}{name}"), shifted);
        }
        weights.write(&path);
        folder
    };
    let folder = with_another("query.", "context.");
    let error = Encoder::load(folder.path()).unwrap_err();
    let expected = "DIR: expected one encoder, got tensors of \"context.\", \"query.\"";
    assert_eq!(message(&error, folder.path()), expected);
    assert_eq!(error.kind(), ErrorKind::Checkpoint);
    assert!(error.hint().is_some());

    let expected = support::encoder("bert").encode(&["a film"]).unwrap().features;
    for (own, other) in [("bert.", "teacher."), ("", "teacher."), ("bert.", "roberta.")] {
        let folder = with_another(own, other);
        let encoder = SentenceEncoder::load(folder.path()).unwrap();
        assert_eq!(encoder.encode(&["a film"]).unwrap().features, expected, "{own:?}, {other:?}");
        assert_eq!(encoder.encoder().unwrap().passed_over(), [other]);
    }
}
