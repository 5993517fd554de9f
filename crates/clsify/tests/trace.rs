//! The traced path of one sentence: hidden states, attention probabilities, and the places of tokens.
//!
//! Oracles: `attentions` and `offset_mapping` of transformers 5.23 (`expected_attentions.safetensors` and
//! `expected_offsets.json` of `fixtures/transformers`), the untraced path of this library, and examples by hand.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};

use clsify::encoder::{Dtype, Encoder, Parallel};
use clsify::error::ErrorKind;
use clsify::features::{FeatureOptions, Layers, Pooling};
use clsify::model::{Features, SentenceEncoder, SentenceEncoderOptions, Trace};
use clsify::tokenizer::{Batch, Tokenizer};
use support::{case_folders, fixtures, matrix_of, read_json, sentences};
use unicode_normalization::char::is_combining_mark;

/// Both sides compute in f32 with sums in another order. Rounding errors of the scores are about 1e-6, and the
/// probabilities, which are at most 1, have the same relative error; those of earlier layers are added.
const PROBS_TOLERANCE: f32 = 1e-5;

/// Features by two ways in f32.
const FEATURES_TOLERANCE: f32 = 1e-5;

fn case(name: &str) -> PathBuf {
    fixtures().join("transformers").join(name)
}

fn sentence_transformer(name: &str) -> PathBuf {
    fixtures().join("sentence_transformers").join(name)
}

fn as_asked() -> SentenceEncoderOptions {
    let features = Features::SentenceTransformer { layers: Layers::Last };
    SentenceEncoderOptions { features, ..SentenceEncoderOptions::default() }
}

fn load_with(folder: &Path, options: SentenceEncoderOptions) -> SentenceEncoder {
    SentenceEncoder::load_with(folder, options).unwrap()
}

fn max_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max)
}

/// The tokens of a trace with the parts of the text that they stand for.
fn parts<'a>(trace: &Trace, text: &'a str) -> Vec<(String, Option<&'a str>)> {
    let part = |token: &clsify::model::TracedToken| token.range.clone().map(|range| &text[range]);
    trace.tokens.iter().map(|token| (token.token.clone(), part(token))).collect()
}

#[test]
fn attention_probabilities_equal_those_of_transformers() {
    let sentences = sentences();
    let mut n_cases = 0;
    for folder in case_folders("transformers") {
        let golden = folder.join("expected_attentions.safetensors");
        if !golden.exists() {
            continue;
        }
        n_cases += 1;
        let encoder = SentenceEncoder::load(&folder).unwrap();
        for sentence in [0, 10, 11] {
            let trace = encoder.trace(&sentences[sentence]).unwrap();
            assert_eq!(trace.attention_probs.len(), encoder.config().num_hidden_layers);
            for (layer, probs) in trace.attention_probs.iter().enumerate() {
                let expected = matrix_of(&golden, &format!("{sentence}.{layer}"));
                assert_eq!(probs.shape(), expected.shape());
                let difference = max_difference(probs.as_slice(), expected.as_slice());
                let context = format!("{}, sentence {sentence}, layer {layer}", folder.display());
                assert!(difference <= PROBS_TOLERANCE, "{context}: off by {difference:e}");
            }
        }
    }
    assert_eq!(n_cases, 8);
}

/// Exactly: the traced hidden states are those of the path that computes features.
#[test]
fn hidden_states_are_those_of_the_untraced_path() {
    for (name, dtype) in ["bert", "distilbert", "mpnet", "electra", "roberta"]
        .into_iter()
        .flat_map(|name| [Dtype::F32, Dtype::Bf16, Dtype::Int8].map(|dtype| (name, dtype)))
    {
        let encoder = Encoder::load_as(case(name), dtype).unwrap();
        let tokenizer = Tokenizer::load(case(name), encoder.config().max_tokens()).unwrap();
        for sentence in &sentences()[..20] {
            let encoding = tokenizer.encode(sentence).unwrap();
            let trace = encoder.forward_traced(&encoding).unwrap();
            let mut n_states = 0;
            let visit = &mut |number: usize, state: &[f32]| {
                assert_eq!(trace.hidden_states[number].as_slice(), state, "{name}, {dtype}: {number}");
                n_states += 1;
            };
            encoder.forward_layers(&Batch::new([&encoding]), Parallel::No, visit).unwrap();
            assert_eq!(n_states, trace.hidden_states.len());
            for probs in &trace.attention_probs {
                for row in 0..probs.rows() {
                    assert!((probs.row(row).iter().sum::<f32>() - 1.0).abs() < 1e-5);
                }
            }
        }
    }
}

#[test]
fn an_encoder_without_layers_has_its_embeddings() {
    let options = FeatureOptions::from(Pooling::Mean).of_layers(Layers::one(0));
    let options = SentenceEncoderOptions { features: options.into(), ..SentenceEncoderOptions::default() };
    let trace = load_with(&case("mpnet"), options).trace("a stunning film").unwrap();
    assert_eq!((trace.hidden_states.len(), trace.attention_probs.len()), (1, 0));
    assert_eq!(trace.hidden_states[0].rows(), trace.tokens.len());
}

/// Oracle: `offset_mapping` of transformers, which counts characters and may include blanks. Tokens of blanks alone are
/// not compared: some tokenizers of transformers have no range for them, others have that of their blanks, or of the
/// letter after them. An accent after its letter belongs to no token there, if normalisation has composed or stripped
/// it.
#[test]
fn places_are_those_of_transformers() {
    let sentences = sentences();
    for name in ["bert", "bert_vocab_txt_cased", "mpnet", "roberta", "xlm_roberta"] {
        let encoder = SentenceEncoder::load(case(name)).unwrap();
        let expected: Vec<Vec<(usize, usize)>> =
            serde_json::from_value(read_json(&case(name).join("expected_offsets.json"))).unwrap();
        assert_eq!(expected.len(), 40);
        for (text, expected) in sentences.iter().zip(&expected) {
            let starts: Vec<usize> =
                text.char_indices().map(|(start, _)| start).chain([text.len()]).collect();
            let trace = encoder.trace(text).unwrap();
            let expected: Vec<Option<&str>> = expected
                .iter()
                .map(|&(start, end)| &text[starts[start]..starts[end]])
                .map(|part| Some(part.trim()).filter(|part| !part.is_empty()))
                .collect();
            assert_eq!(trace.tokens.len(), expected.len());
            for ((token, part), expected) in parts(&trace, text).into_iter().zip(expected) {
                let is_blank = token == "▁" || part.is_some_and(|part| part.trim().is_empty());
                let rest = part.and_then(|part| part.strip_prefix(expected.unwrap_or_default()));
                let is_equal = match rest {
                    Some(rest) => expected.is_some() && rest.chars().all(is_combining_mark),
                    None => part == expected,
                };
                assert!(is_blank || is_equal, "{name}: {text:?}: {token}: {part:?}, not {expected:?}");
            }
        }
    }
}

/// Every tokenizer: the ids are those of `encode`, ranges can be sliced and follow each other, blanks are outside of
/// them, and an ASCII word has the letters of its token.
#[test]
fn ranges_are_parts_of_the_text_in_order() {
    let sentences = sentences();
    let mut n_words = 0;
    for folder in case_folders("transformers") {
        for (prompt, lowercase) in [("", false), ("a query: ", false), ("query:", true)] {
            let options = SentenceEncoderOptions {
                prompt: Some(prompt.to_string()),
                lowercase,
                ..SentenceEncoderOptions::default()
            };
            let encoder = load_with(&folder, options);
            for text in sentences.iter().filter(|text| text.len() < 400) {
                let trace = encoder.trace(text).unwrap();
                let context = format!("{}: {prompt:?} {text:.60?}", folder.display());
                let encoding = encoder.tokenizer().encode(text).unwrap();
                let ids: Vec<u32> = trace.tokens.iter().map(|token| token.id).collect();
                assert_eq!((&ids, trace.is_truncated), (&encoding.input_ids, encoding.is_truncated));
                let (first, last) = (&trace.tokens[0], trace.tokens.last().unwrap());
                assert!(first.is_special && last.is_special && first.range.is_none(), "{context}");
                let mut before = 0;
                for token in &trace.tokens {
                    let Some(range) = token.range.clone() else { continue };
                    assert!(!token.is_special && range.start < range.end, "{context}: {token:?}");
                    // Bytes of one character may be several tokens.
                    assert!(before <= range.start, "{context}: {token:?} begins before {before}");
                    before = range.start;
                    let part = &text[range];
                    let is_trimmed = part.trim() == part || part.trim().is_empty();
                    assert!(is_trimmed, "{context}: {token:?} {part:?}");
                    let is_unknown = ["[UNK]", "<unk>"].contains(&token.token.as_str());
                    if part.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !is_unknown {
                        let letters = token.token.trim_start_matches(['#', 'Ġ', '▁']);
                        assert!(letters.eq_ignore_ascii_case(part), "{context}: {token:?} {part:?}");
                        n_words += 1;
                    }
                }
            }
        }
    }
    assert!(n_words > 10_000, "{n_words}");
}

#[test]
fn normalisation_does_not_move_a_range() {
    let inner = |folder: &Path, options: SentenceEncoderOptions, text: &'static str| {
        let trace = load_with(folder, options).trace(text).unwrap();
        let mut parts = parts(&trace, text);
        parts.retain(|(_, part)| part.is_some());
        parts
    };
    let default = SentenceEncoderOptions::default;
    // Accents are stripped and letters are lowercased; both are counted in the bytes of the original.
    let got = inner(&case("bert"), default(), "  ÉLAN\u{a0}film ");
    assert_eq!(got.last().unwrap(), &("film".to_string(), Some("film")));
    assert_eq!(got.iter().map(|(_, part)| part.unwrap()).collect::<String>(), "ÉLANfilm");
    // One letter that becomes two characters.
    let lowercase = SentenceEncoderOptions { lowercase: true, ..default() };
    let got = inner(&case("bert"), lowercase.clone(), "İİ FILM");
    assert_eq!(got.last().unwrap(), &("film".to_string(), Some("FILM")));
    let got = inner(&case("roberta"), lowercase, "İ FILM film");
    let words: Vec<_> = got.iter().map(|(_, part)| part.unwrap()).collect();
    assert_eq!(words[words.len() - 1], "film");
    assert!(words.concat().ends_with("FILMfilm"), "{words:?}");
    // Four bytes of one emoji: each token has the whole character.
    let got = inner(&case("roberta"), default(), "😀");
    assert!(!got.is_empty() && got.iter().all(|(_, part)| *part == Some("😀")), "{got:?}");
    // A mark of a word's beginning is not the word's first letter.
    let trace = SentenceEncoder::load(case("xlm_roberta")).unwrap().trace("a visually").unwrap();
    let got = parts(&trace, "a visually");
    let [a, mark, v] = &got[1..4] else { panic!("{got:?}") };
    assert_eq!((a, mark), (&("▁a".to_string(), Some("a")), &("▁".to_string(), None)));
    assert_eq!(v, &("v".to_string(), Some("v")));
    // An accent after its letter, which one normalisation composes and another strips.
    for name in ["bert", "xlm_roberta"] {
        let got = inner(&case(name), default(), "café, cafe\u{301} cafe\u{301}");
        let text: String = got.iter().map(|(_, part)| part.unwrap()).collect();
        assert_eq!(text, "café,cafe\u{301}cafe\u{301}", "{name}");
    }
    // A special token in the text has a place there.
    let got = inner(&case("bert"), default(), "film [MASK] film");
    assert_eq!(got, ["film", "[MASK]", "film"].map(|word| (word.to_string(), Some(word))));
}

#[test]
fn a_prompt_has_no_place_in_the_text() {
    let folder = sentence_transformer("prompt_excluded_v6");
    for (prompt, text) in [("a film: ", "film"), ("a film:", " film"), ("a film", " film"), ("a film: ", "")]
    {
        let options = SentenceEncoderOptions { prompt: Some(prompt.to_string()), ..as_asked() };
        let encoder = load_with(&folder, options);
        let trace = encoder.trace(text).unwrap();
        let n_prompt = encoder.tokenizer().n_prompt_tokens().unwrap();
        assert!(n_prompt >= 3);
        let parts = parts(&trace, text);
        assert!(parts[..n_prompt].iter().all(|(_, part)| part.is_none()), "{parts:?}");
        assert!(trace.tokens[1..n_prompt].iter().all(|token| !token.is_special));
        let own: Vec<_> = parts[n_prompt..].iter().filter_map(|(_, part)| *part).collect();
        assert_eq!(own, if text.is_empty() { vec![] } else { vec!["film"] }, "{prompt:?}");
    }
    for name in ["roberta", "xlm_roberta", "mpnet"] {
        let prompt = Some("query: ".to_string());
        let encoder =
            load_with(&case(name), SentenceEncoderOptions { prompt, ..SentenceEncoderOptions::default() });
        let text = "a film";
        let trace = encoder.trace(text).unwrap();
        let own: Vec<_> = parts(&trace, text).into_iter().filter_map(|(_, part)| part).collect();
        assert_eq!(own.concat(), "afilm", "{name}");
    }
}

/// The features from the trace are those of `encode`, for the layer that is used, with every pooling and module.
#[test]
fn features_of_the_used_layer_are_those_of_encode() {
    let given = |pooling: Vec<Pooling>, layers| SentenceEncoderOptions {
        features: FeatureOptions::from(pooling).of_layers(layers).into(),
        ..SentenceEncoderOptions::default()
    };
    let mut encoders = Vec::new();
    for name in ["bert", "distilbert", "mpnet", "electra"] {
        for poolings in
            [vec![Pooling::Cls], vec![Pooling::Mean], vec![Pooling::Max], vec![Pooling::Cls, Pooling::Mean]]
        {
            for layers in [Layers::Last, Layers::one(1), Layers::one(0)] {
                encoders.push(load_with(&case(name), given(poolings.clone(), layers)));
            }
        }
    }
    encoders.extend(case_folders("sentence_transformers").iter().map(|folder| load_with(folder, as_asked())));
    for encoder in &encoders {
        for text in ["a visually stunning rumination on love", "?", ""] {
            let encoded = encoder.encode(&[text]).unwrap();
            let trace = encoder.trace(text).unwrap();
            let used = trace.hidden_states.len() - 1;
            let features = encoder.features_of_layer(&trace, used).unwrap();
            let difference = max_difference(&features, encoded.features.row(0));
            let context = format!("{}, {}: {text:?}", encoder.name(), encoder.features());
            assert!(difference <= FEATURES_TOLERANCE, "{context}: off by {difference:e}");
            assert_eq!(encoder.features_of_layer(&trace, used + 1), None, "{context}");
        }
    }
}

/// Features of a layer below the used one are those of an encoder that uses that layer.
#[test]
fn features_of_another_layer_are_those_of_its_encoder() {
    let load = |layers| {
        let features = FeatureOptions::from(vec![Pooling::Mean, Pooling::Max]).of_layers(layers).into();
        load_with(&case("mpnet"), SentenceEncoderOptions { features, ..SentenceEncoderOptions::default() })
    };
    let text = "reassembled from the cutting-room floor";
    let encoder = load(Layers::Last);
    let trace = encoder.trace(text).unwrap();
    for layer in 0..trace.hidden_states.len() {
        let expected = load(Layers::one(layer)).encode(&[text]).unwrap().features;
        let features = encoder.features_of_layer(&trace, layer).unwrap();
        assert!(max_difference(&features, expected.row(0)) <= FEATURES_TOLERANCE, "layer {layer}");
    }
    assert_eq!(load(Layers::All).features_of_layer(&trace, 1), None, "several layers");
    let wide = load_with(&case("bert_2_layers_eps"), SentenceEncoderOptions::default());
    assert_eq!(wide.features_of_layer(&trace, 1), None, "another shape");
}

#[test]
fn a_sentence_that_is_too_long_is_marked() {
    let options = SentenceEncoderOptions { max_length: Some(5), ..SentenceEncoderOptions::default() };
    let text = "film film film film film";
    let trace = load_with(&case("bert"), options).trace(text).unwrap();
    assert!(trace.is_truncated);
    let ranges: Vec<_> = trace.tokens.iter().filter_map(|token| token.range.clone()).collect();
    assert_eq!(ranges, [0..4, 5..9, 10..14]);
    assert_eq!(trace.attention_probs[0].cols(), 5);
}

#[test]
fn what_cannot_be_encoded_cannot_be_traced() {
    let features = FeatureOptions::from(Vec::new());
    let options = SentenceEncoderOptions { features: features.into(), ..SentenceEncoderOptions::default() };
    let error = load_with(&case("bert"), options).trace("film").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    let encoder = Encoder::load(case("bert")).unwrap();
    let tokenizer = Tokenizer::load(case("bert"), 1000).unwrap();
    let encoding = tokenizer.encode(&"film ".repeat(600)).unwrap();
    let error = encoder.forward_traced(&encoding).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(
        error.to_string(),
        encoder.forward(&Batch::new([&encoding]), Parallel::No).unwrap_err().to_string()
    );
}
