//! Features that are not finite are an error that names the sentence, in every computation.
//!
//! Oracle: transformers gives NaN in every element if the embedding of a token is NaN, so no such vector may be
//! returned.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod support;

use clsify::dataset::{Dataset, DatasetOptions};
use clsify::encoder::Dtype;
use clsify::error::{Error, ErrorKind, Result};
use clsify::features::{CacheOptions, FeatureCache, FeatureOptions, Layers, Pooling};
use clsify::model::{Group, SentenceClassifier, SentenceEncoder, SentenceEncoderOptions};
use clsify::training::{FeatureChoice, TrainOptions, train, train_selected};
use support::{Weights, copy_of, fixtures, pairs, spoil};

const WORDS: &str = "embeddings.word_embeddings.weight";

/// A copy of the tiny bert with a changed embedding of "terrible".
fn spoilt(number: f32) -> tempfile::TempDir {
    let folder = copy_of("transformers/bert");
    let id = id_of("terrible");
    spoil(&folder.path().join("model.safetensors"), WORDS, |row| row == id, number);
    folder
}

fn id_of(word: &str) -> usize {
    let encoder = load(&fixtures().join("transformers/bert"), SentenceEncoderOptions::default());
    encoder.tokenizer().encode(word).unwrap().input_ids[1] as usize
}

fn load(folder: &std::path::Path, options: SentenceEncoderOptions) -> SentenceEncoder {
    SentenceEncoder::load_with(folder, options).unwrap()
}

fn assert_named(error: &Error, expected: &str) {
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.kind(), ErrorKind::Checkpoint);
    assert!(error.hint().unwrap().contains("--dtype f32"));
}

#[test]
fn every_dtype_layer_and_pooling_names_the_sentence() {
    for (number, got) in [(f32::NAN, "NaN"), (f32::INFINITY, "NaN"), (1e30, "")] {
        let folder = spoilt(number);
        for dtype in [Dtype::F32, Dtype::Bf16, Dtype::Int8] {
            for poolings in
                [&[Pooling::Cls][..], &[Pooling::Mean], &[Pooling::Max], &[Pooling::Cls, Pooling::Mean]]
            {
                for layers in [Layers::Last, Layers::All, Layers::Range { first: 0, last: 0 }] {
                    // The embedding of [CLS] does not depend on the other tokens.
                    if matches!(layers, Layers::Range { .. }) && poolings == [Pooling::Cls] {
                        continue;
                    }
                    let features =
                        FeatureOptions { layers, poolings: poolings.to_vec(), ..FeatureOptions::default() };
                    let options =
                        SentenceEncoderOptions { features: features.into(), dtype, ..Default::default() };
                    let encoder = load(folder.path(), options);
                    let sentences = ["a stunning film", "this is terrible !", "a film"];
                    match encoder.encode(&sentences) {
                        // An overflow may be brought back to a number by the next layer norm.
                        Ok(encoded) => {
                            assert_eq!(got, "", "{dtype} {poolings:?} {layers}");
                            assert!(encoded.features.as_slice().iter().all(|x| x.is_finite()));
                        }
                        Err(error) if got.is_empty() => assert_eq!(error.sentence(), Some(1)),
                        Err(error) => {
                            let expected =
                                "sentence 2: expected a vector of finite numbers from the encoder, got NaN";
                            assert_named(&error, expected);
                            assert_eq!(error.sentence(), Some(1));
                        }
                    }
                    assert!(encoder.encode(&["a stunning film", "a film"]).is_ok());
                }
            }
        }
    }
}

/// Returns true if a tensor affects the vector of a sentence. The bias of the keys cancels in the softmax.
fn is_used(tensor: &str) -> bool {
    !["pooler", "position_ids", "key.bias", "__metadata__"].iter().any(|unused| tensor.contains(unused))
}

/// A NaN in any tensor must not disappear, as in a comparison or a conversion to integers.
#[test]
fn a_nan_in_any_tensor_is_no_vector() {
    let mut n_spoilt = 0;
    for case in ["transformers/bert", "transformers/bert_relu"] {
        let tensors = Weights::read(&fixtures().join(case).join("model.safetensors")).header;
        for tensor in tensors.keys().filter(|name| is_used(name)) {
            let folder = copy_of(case);
            spoil(&folder.path().join("model.safetensors"), tensor, |_| true, f32::NAN);
            for dtype in [Dtype::F32, Dtype::Bf16, Dtype::Int8] {
                let options = SentenceEncoderOptions { dtype, ..Default::default() };
                let encoded = SentenceEncoder::load_with(folder.path(), options)
                    .and_then(|encoder| encoder.encode(&["a stunning film"]));
                assert!(encoded.is_err(), "{case} {tensor} {dtype}");
                n_spoilt += 1;
            }
        }
    }
    assert!(n_spoilt > 60);
}

#[test]
fn the_cache_keeps_no_such_vector_and_gives_none() {
    let folder = spoilt(f32::NAN);
    let cache = tempfile::tempdir().unwrap();
    let open = || {
        let options = CacheOptions { folder: cache.path().to_path_buf(), max_bytes: 1 << 30 };
        SentenceEncoderOptions { cache: Some(FeatureCache::open(options)), ..Default::default() }
    };
    let sentences = ["a film", "a stunning film", "terrible"];
    for _ in 0..2 {
        let error = load(folder.path(), open()).encode(&sentences).unwrap_err();
        assert_named(&error, "sentence 3: expected a vector of finite numbers from the encoder, got NaN");
    }
    load(folder.path(), open()).encode(&sentences[..2]).unwrap();
    // Now the first two are known, and the number is that of the sentence, not that among the missing.
    let error = load(folder.path(), open()).encode(&sentences).unwrap_err();
    assert_eq!(error.sentence(), Some(2));
}

#[test]
fn a_stream_ends_before_the_sentence_or_goes_on_after_it() {
    let folder = spoilt(f32::NAN);
    let encoder = load(folder.path(), SentenceEncoderOptions::default());
    let sentences = ["a film", "terrible", "film 1", "a terrible film", "a film"];
    let groups = |size: usize| {
        let groups: Vec<Result<Group>> = sentences
            .chunks(size)
            .map(|part| Ok(Group { sentences: part.iter().map(|s| s.to_string()).collect(), n_bytes: 0 }))
            .collect();
        groups.into_iter()
    };
    for (size, n_before) in [(5, 1), (2, 1), (1, 1)] {
        let mut n_rows = 0;
        let streamed = encoder.encode_stream(groups(size), 0, |_, features| {
            n_rows += features.rows();
            Ok(())
        });
        assert_named(
            &streamed.unwrap_err(),
            "sentence 2: expected a vector of finite numbers from the encoder, got NaN",
        );
        assert_eq!(n_rows, n_before, "{size}");

        let (mut rows, mut without, mut n) = (Vec::new(), Vec::new(), 0);
        let streamed = encoder.encode_stream_with_faults(groups(size), 0, |group, features, faults| {
            rows.extend_from_slice(features.as_slice());
            without.extend(faults.iter().map(|fault| n + fault.sentence));
            n += group.sentences.len();
            Ok::<(), Error>(())
        });
        assert_eq!((streamed.unwrap().n_sentences, without), (5, vec![1, 3]));
        let alone = encoder.encode(&["a film", "film 1", "a film"]).unwrap().features;
        let width = alone.cols();
        for (row, among) in [0, 1, 2].into_iter().zip([0, 2, 4]) {
            assert_eq!(alone.row(row), &rows[among * width..(among + 1) * width]);
        }
    }
}

#[test]
fn training_and_scoring_name_the_line() {
    let folder = spoilt(f32::NAN);
    let good = |n: usize| -> String {
        let rows = pairs(2).into_iter().map(|(text, label)| (text.replace("terrible", "a chore"), label));
        rows.take(n).map(|(text, label)| format!("{text}\t{label}\n")).collect()
    };
    let bad = format!("text\tlabel\n{}\n\nterrible\tnegative\n{}", good(20), good(20));
    let read = |text: &str| Dataset::read(text.as_bytes(), "data.tsv", &DatasetOptions::default()).unwrap();
    let encoder = || load(folder.path(), SentenceEncoderOptions::default());
    let expected = "line 24: expected a vector of finite numbers from the encoder, got NaN";
    let error = train(encoder(), &read(&bad), TrainOptions::default()).unwrap_err();
    assert_named(&error, expected);
    let (options, choice) = (SentenceEncoderOptions::default(), FeatureChoice::default());
    let trained = train_selected(folder.path(), options, &read(&bad), TrainOptions::default(), choice);
    let error = trained.unwrap_err();
    assert_named(&error, expected);

    let options =
        TrainOptions { test: clsify::training::TestRows::Dataset(read(&bad)), ..TrainOptions::default() };
    let error = train(encoder(), &read(&good(40)), options).unwrap_err();
    assert_named(&error, &format!("test data: {expected}"));

    let trained = train(encoder(), &read(&good(40)), TrainOptions::default()).unwrap();
    let classifier: SentenceClassifier = trained.classifier;
    assert_named(&classifier.evaluate(&read(&bad)).unwrap_err(), expected);
    let error = classifier.predict(&["a film", "terrible"]).unwrap_err();
    assert_named(&error, "sentence 2: expected a vector of finite numbers from the encoder, got NaN");
}
