//! Sentences as token ids: features of tokenized sentences, ids that a caller gives, ids back to text, all tokens of a text,
//! and weights that two encoders share.
//!
//! Oracles: transformers (`expected_tokens.json` of `fixtures/transformers`), and the library's own path from text.
#![allow(clippy::unwrap_used)]

mod support;

use clsify::error::ErrorKind;
use clsify::features::{Pooling, normalize_rows};
use clsify::matrix::Matrix;
use clsify::model::{SentenceEncoder, SentenceEncoderOptions};
use clsify::tokenizer::{Encoding, Tokenizer};
use support::{case_folders, encoder, fixtures, read_json, sentences};

/// The ids of every sentence by transformers, in the case's order of sentences.
fn expected_ids(folder: &std::path::Path) -> Vec<Vec<u32>> {
    let expected = read_json(&folder.join("expected_tokens.json"));
    let ids = |entry: &serde_json::Value| serde_json::from_value(entry["input_ids"].clone()).unwrap();
    expected.as_array().unwrap().iter().map(ids).collect()
}

#[test]
fn given_ids_are_those_of_the_text_with_and_without_special_tokens() {
    let mut n_cases = 0;
    for folder in case_folders("transformers") {
        let tokenizer = Tokenizer::load(&folder, 48).unwrap();
        for ids in expected_ids(&folder).iter().filter(|ids| ids.len() <= 48) {
            let encoding = tokenizer.encode_ids(ids).unwrap();
            assert_eq!((&encoding.input_ids, encoding.is_truncated), (ids, false), "{}", folder.display());
            assert_eq!(tokenizer.encode_ids(&ids[1..ids.len() - 1]).unwrap(), encoding);
            n_cases += 1;
        }
        // Longer ones lose their end, as texts do.
        let long = vec![expected_ids(&folder)[0][1]; 60];
        let encoding = tokenizer.encode_ids(&long).unwrap();
        assert_eq!((encoding.len(), encoding.is_truncated), (48, true));
        let error = tokenizer.encode_ids(&[u32::MAX]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert_eq!(tokenizer.encode_ids(&[]).unwrap(), tokenizer.encode("").unwrap());
    }
    assert!(n_cases > 100, "{n_cases}");
}

#[test]
fn ids_become_text_again() {
    let tokenizer = Tokenizer::load(fixtures().join("transformers/bert"), 512).unwrap();
    let text = "a visually stunning rumination on love";
    let ids = tokenizer.encode(text).unwrap().input_ids;
    assert_eq!(tokenizer.decode(&ids, true).unwrap(), text);
    assert_eq!(tokenizer.decode(&ids, false).unwrap(), format!("[CLS] {text} [SEP]"));
    assert_eq!(tokenizer.decode(&[u32::MAX], true).unwrap_err().kind(), ErrorKind::InvalidArgument);
}

#[test]
fn all_tokens_of_a_text_have_its_ids_and_their_places() {
    for folder in case_folders("transformers") {
        let tokenizer = Tokenizer::load(&folder, 512).unwrap();
        let short = Tokenizer::load(&folder, 4).unwrap();
        for (text, ids) in sentences().iter().zip(expected_ids(&folder)) {
            // The limit changes nothing.
            for tokenizer in [&tokenizer, &short] {
                let tokens = tokenizer.text_tokens(text, true).unwrap();
                let own: Vec<u32> = tokens.iter().map(|token| token.id).collect();
                if ids.len() == own.len() {
                    assert_eq!(own, ids, "{}: {text:?}", folder.display());
                } else {
                    // transformers has truncated it.
                    assert_eq!(own[..ids.len() - 1], ids[..ids.len() - 1], "{}: {text:?}", folder.display());
                }
                assert!(
                    tokens
                        .iter()
                        .filter_map(|token| token.range.clone())
                        .all(|range| text.get(range).is_some())
                );
                let bare = tokenizer.text_tokens(text, false).unwrap();
                assert_eq!(bare, tokens[1..tokens.len() - 1]);
            }
        }
    }
}

#[test]
fn tokenized_sentences_have_the_features_of_their_texts() {
    let encoder = encoder("mpnet");
    let sentences = sentences();
    let encoded = encoder.encode(&sentences).unwrap();
    assert_eq!(encoder.embed_encodings(&encoded.encodings).unwrap(), encoded.features);
    let reversed: Vec<Encoding> = encoded.encodings.iter().rev().cloned().collect();
    let rows = encoder.embed_encodings(&reversed).unwrap();
    for i in 0..sentences.len() {
        assert_eq!(rows.row(i), encoded.features.row(sentences.len() - 1 - i));
    }
    assert_eq!(encoder.embed_encodings(&[]).unwrap().rows(), 0);
    let mut unit = encoded.features;
    normalize_rows(&mut unit);
    assert_eq!(unit, encoder.normalized().unwrap().encode(&sentences).unwrap().features);
    normalize_rows(&mut Matrix::zeros(0, 3));
}

#[test]
fn weights_are_shared_by_encoders_of_the_same_files() {
    let folder = fixtures().join("transformers/bert");
    let first = SentenceEncoder::load(&folder).unwrap();
    let lazy = |folder: &std::path::Path| {
        let features = Pooling::Mean.into();
        let options = SentenceEncoderOptions { lazy: true, features, ..SentenceEncoderOptions::default() };
        SentenceEncoder::load_with(folder, options).unwrap()
    };
    let own = lazy(&folder);
    let shared = lazy(&folder).sharing_weights_of(&first).unwrap();
    assert!(shared.shares_weights_with(&first) && !own.shares_weights_with(&first));
    let texts = sentences();
    assert_eq!(shared.encode(&texts).unwrap().features, own.encode(&texts).unwrap().features);
    assert_ne!(shared.encode(&texts).unwrap().features, first.encode(&texts).unwrap().features);
    // A copy of the files is as good, another encoder is not.
    let copy = support::copy_of("transformers/bert");
    assert!(lazy(copy.path()).sharing_weights_of(&first).unwrap().shares_weights_with(&first));
    let other = lazy(&fixtures().join("transformers/distilbert"));
    assert!(!other.sharing_weights_of(&first).unwrap().shares_weights_with(&first));
}
