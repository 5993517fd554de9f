//! The tokenizer and the encoder against transformers, on tiny checkpoints of every family.
//!
//! Oracle: `fixtures/transformers`, written by transformers (see `fixtures/README.md`). Tolerance: token ids must be
//! equal; elements of vectors may differ by 2e-4.
#![allow(clippy::unwrap_used)]

mod support;

use clsify::encoder::{Dtype, Encoder};
use clsify::features::{FeatureOptions, Layers, Pooling, extract};
use clsify::tokenizer::{Encoding, Tokenizer};
use support::{Weights, case_folders, expected_matrix, fixtures, matrix_of, read_json, sentences};

const TOLERANCE: f32 = 2e-4;

fn load(folder: &std::path::Path) -> (Encoder, Tokenizer) {
    let encoder = Encoder::load(folder).unwrap();
    let tokenizer = Tokenizer::load(folder, encoder.config().max_tokens()).unwrap();
    (encoder, tokenizer)
}

fn max_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max)
}

#[test]
fn token_ids_equal_those_of_transformers() {
    let sentences = sentences();
    for folder in case_folders("transformers") {
        let (_, tokenizer) = load(&folder);
        let expected = read_json(&folder.join("expected_tokens.json"));
        let encodings = tokenizer.encode_batch(&sentences).unwrap();
        assert!(encodings.iter().any(|e| e.is_truncated) && !encodings.iter().all(|e| e.is_truncated));
        for (i, encoding) in encodings.iter().enumerate() {
            let expected = &expected[i];
            let context = format!("{}: sentence {i}: {:.60?}", folder.display(), sentences[i]);
            assert_eq!(serde_json::json!(tokenizer.tokens(encoding)), expected["tokens"], "{context}");
            assert_eq!(serde_json::json!(encoding.input_ids), expected["input_ids"], "{context}");
            assert_eq!(serde_json::json!(encoding.token_type_ids), expected["token_type_ids"], "{context}");
        }
    }
}

#[test]
fn pooled_hidden_states_equal_those_of_transformers() {
    let sentences = sentences();
    for folder in case_folders("transformers") {
        let (encoder, tokenizer) = load(&folder);
        let encodings = tokenizer.encode_batch(&sentences).unwrap();
        for pooling in [Pooling::Cls, Pooling::Mean, Pooling::Max] {
            let features = extract(&encoder, &encodings, &pooling.into(), &|_| Ok(())).unwrap();
            let expected = expected_matrix(&folder, &pooling.to_string());
            assert_eq!(features.shape(), expected.shape());
            for (i, sentence) in sentences.iter().enumerate() {
                let difference = max_difference(features.row(i), expected.row(i));
                let context = format!("{}: {pooling}: sentence {i}: {sentence:.60?}", folder.display());
                assert!(difference <= TOLERANCE, "{context}: off by {difference:e}");
            }
        }
    }
}

/// Oracle: `hidden_states` of transformers, pooled (`expected_layers.safetensors`). An encoder that ends at the layer
/// gives the same bits as one with all layers, except for `[CLS]` alone, for which the last layer is computed in
/// another way (tolerance 1e-5).
#[test]
fn every_layer_equals_that_of_transformers() {
    for case in ["bert", "distilbert", "mpnet", "electra", "roberta"] {
        let folder = fixtures().join("transformers").join(case);
        let (whole, tokenizer) = load(&folder);
        let encodings = tokenizer.encode_batch(&sentences()[..16]).unwrap();
        let n_layers = whole.config().num_hidden_layers;
        let hidden_size = whole.config().hidden_size;
        let run = |encoder: &Encoder, options: &FeatureOptions| {
            extract(encoder, &encodings, options, &|_| Ok(())).unwrap()
        };
        let both = FeatureOptions::from(vec![Pooling::Cls, Pooling::Mean]);
        let all = run(&whole, &both.clone().of_layers(Layers::All));
        assert_eq!(all.cols(), (n_layers + 1) * 2 * hidden_size);
        for layer in 0..=n_layers {
            let ending = Encoder::load_layers(&folder, Dtype::F32, layer).unwrap();
            assert_eq!(ending.config().num_hidden_layers, layer);
            for (place, pooling) in [Pooling::Cls, Pooling::Mean].into_iter().enumerate() {
                let expected =
                    matrix_of(&folder.join("expected_layers.safetensors"), &format!("{layer}.{pooling}"));
                let options = FeatureOptions::from(pooling).of_layers(Layers::one(layer));
                let (own, alone) = (run(&whole, &options), run(&ending, &options));
                let difference = max_difference(own.as_slice(), expected.as_slice());
                assert!(difference <= TOLERANCE, "{case}, layer {layer}, {pooling}: {difference:e}");
                let difference = max_difference(own.as_slice(), alone.as_slice());
                let most = if pooling == Pooling::Cls { 1e-5 } else { 0.0 };
                assert!(
                    difference <= most,
                    "{case}, layer {layer}, {pooling}: {difference:e} from the shorter encoder"
                );
                for row in 0..own.rows() {
                    let start = (2 * layer + place) * hidden_size;
                    let block = &all.row(row)[start..start + hidden_size];
                    assert!(
                        max_difference(own.row(row), block) <= most,
                        "{case}, layer {layer}, {pooling}: block"
                    );
                }
            }
        }
        let range = run(&whole, &both.of_layers("1-2".parse().unwrap()));
        assert_eq!(range.row(3), &all.row(3)[2 * hidden_size..6 * hidden_size], "{case}");
    }
}

/// The bits of a vector depend neither on the batch nor on the number of threads.
#[test]
fn the_batch_that_a_sentence_is_in_changes_nothing() {
    let sentences = sentences();
    let dtypes = [Dtype::F32, Dtype::Bf16, Dtype::Int8];
    // The [CLS] vector alone is computed in another way in the last layer.
    for (poolings, dtype) in [vec![Pooling::Cls], vec![Pooling::Cls, Pooling::Mean]]
        .into_iter()
        .flat_map(|poolings| dtypes.map(|dtype| (poolings.clone(), dtype)))
    {
        let options = FeatureOptions::from(poolings);
        for case in ["bert", "distilbert", "mpnet", "electra"] {
            let folder = fixtures().join("transformers").join(case);
            let (_, tokenizer) = load(&folder);
            let encoder = Encoder::load_as(&folder, dtype).unwrap();
            let encodings = tokenizer.encode_batch(&sentences).unwrap();
            let run = |encodings: &[Encoding]| extract(&encoder, encodings, &options, &|_| Ok(())).unwrap();
            let together = run(&encodings);
            let reversed: Vec<Encoding> = encodings.iter().rev().cloned().collect();
            let reversed = run(&reversed);
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
            let one_thread = pool.install(|| run(&encodings));
            assert_eq!(together, one_thread, "{case}: one thread");
            for (i, encoding) in encodings.iter().enumerate() {
                let context = format!("{case}, {options}, {dtype}: sentence {i}");
                assert_eq!(together.row(i), reversed.row(encodings.len() - 1 - i), "{context}, reversed");
                assert_eq!(together.row(i), run(std::slice::from_ref(encoding)).row(0), "{context}, alone");
            }
        }
    }
}

/// Oracle: the shapes of the tensors that transformers wrote, without those of heads and poolers.
#[test]
fn parameters_are_counted_as_in_the_files() {
    let is_of_head = |name: &str| {
        ["pooler", "position_ids", "cls.", "lm_head", "classifier", "vocab_", "discriminator_"]
            .iter()
            .any(|part| name.contains(part))
    };
    for folder in case_folders("transformers") {
        let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.extension().is_some_and(|e| e == "safetensors"));
        let is_model =
            |path: &std::path::Path| path.file_name().unwrap().to_str().unwrap().starts_with("model");
        let mut expected = 0;
        for path in files.filter(|path| is_model(path)) {
            for (name, entry) in &Weights::read(&path).header {
                if name != "__metadata__" && !is_of_head(name) {
                    let shape = entry["shape"].as_array().unwrap();
                    expected += shape.iter().map(|n| n.as_u64().unwrap() as usize).product::<usize>();
                }
            }
        }
        let config = clsify::encoder::EncoderConfig::load(&folder).unwrap();
        assert_eq!(config.n_parameters(), expected, "{}", folder.display());
    }
}
