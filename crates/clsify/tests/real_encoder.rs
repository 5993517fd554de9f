//! A real encoder against transformers. These tests need weights that are not in the repository, and only run on
//! request:
//!
//! ```text
//! CLSIFY_REAL_ENCODER=$(clsify pull all-MiniLM-L6-v2) cargo test -p clsify --test real_encoder -- --ignored
//! ```
//!
//! Oracle: `fixtures/real/all-MiniLM-L6-v2`, written by transformers and sentence-transformers. Tolerance: 2e-4 in
//! every element.

#![allow(clippy::unwrap_used, reason = "helpers outside test functions may unwrap too")]

mod support;

use std::path::PathBuf;

use clsify::dataset::Dataset;
use clsify::encoder::Dtype;
use clsify::features::{Layers, Pooling};
use clsify::model::{Features, SentenceClassifier, SentenceEncoder, SentenceEncoderOptions};
use clsify::training::{TrainOptions, train};
use support::{expected_matrix, fixtures, read_json, sentences};

/// The folder given in the environment; without it these tests fail instead of passing without a check.
fn folder() -> PathBuf {
    std::env::var_os("CLSIFY_REAL_ENCODER")
        .expect("CLSIFY_REAL_ENCODER: the folder of all-MiniLM-L6-v2")
        .into()
}

fn load(features: impl Into<Features>) -> SentenceEncoder {
    let options = SentenceEncoderOptions { features: features.into(), ..Default::default() };
    SentenceEncoder::load_with(folder(), options).unwrap()
}

fn expected() -> PathBuf {
    fixtures().join("real/all-MiniLM-L6-v2")
}

#[test]
#[ignore = "needs the weights of all-MiniLM-L6-v2"]
fn vectors_equal_those_of_transformers() {
    let sentences = sentences();
    for pooling in [Pooling::Cls, Pooling::Mean, Pooling::Max] {
        let encoded = load(pooling).encode(&sentences).unwrap();
        let ids: Vec<&Vec<u32>> = encoded.encodings.iter().map(|e| &e.input_ids).collect();
        assert_eq!(serde_json::json!(ids), read_json(&expected().join("expected_tokens.json")));
        let reference = expected_matrix(&expected(), &pooling.to_string());
        for (i, sentence) in sentences.iter().enumerate() {
            let pairs = encoded.features.row(i).iter().zip(reference.row(i));
            let difference = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(difference <= 2e-4, "{pooling}: {sentence:.60?}: off by {difference:e}");
        }
    }
}

/// Oracle: transformers in fp32; the mean and the minimum of the cosine. The sentences are unusual: 512 tokens,
/// emoji, scripts that the encoder was not trained on. If the processor lacks the instructions, these run in f32 and
/// pass easily.
#[test]
#[ignore = "needs the weights of all-MiniLM-L6-v2"]
fn faster_arithmetic_stays_close() {
    let sentences = sentences();
    for (dtype, pooling, least_mean, least) in [
        (Dtype::Bf16, Pooling::Cls, 0.9999, 0.999),
        (Dtype::Bf16, Pooling::Mean, 0.9999, 0.999),
        (Dtype::Int8, Pooling::Cls, 0.9997, 0.999),
        (Dtype::Int8, Pooling::Mean, 0.9995, 0.998),
    ] {
        let options = SentenceEncoderOptions { features: pooling.into(), dtype, ..Default::default() };
        let encoder = SentenceEncoder::load_with(folder(), options).unwrap();
        let features = encoder.encode(&sentences).unwrap().features;
        let reference = expected_matrix(&expected(), &pooling.to_string());
        let cosines: Vec<f64> =
            (0..sentences.len()).map(|i| cosine(features.row(i), reference.row(i))).collect();
        let (mean, min) = mean_and_least(&cosines);
        println!("{dtype}, {pooling}: cosine {mean:.6} in the mean, {min:.6} at least");
        assert!(mean >= least_mean && min >= least, "{dtype}, {pooling}: {mean}, {min}");
    }
}

/// Texts unlike the training data of encoders: scripts that are hardly in the vocabulary, symbols, very long texts,
/// and one word repeated.
fn odd_texts() -> Vec<String> {
    let scripts = [
        "Сегодня хорошая погода, пойдём гулять",
        "今天天气很好，我们去公园吧",
        "今日はとても良い天気ですね",
        "الطقس جميل اليوم في المدينة",
        "आज मौसम बहुत अच्छा है",
        "오늘은 날씨가 정말 좋네요",
        "היום מזג האוויר נעים מאוד",
        "Σήμερα ο καιρός είναι υπέροχος",
        "Hôm nay trời đẹp quá, đi chơi thôi",
        "😀🎉🔥 🚀🚀 👩‍👩‍👧 ✅",
        "naïve façade, Æsir, ﬁne, ＦＵＬＬ width",
    ];
    let words: Vec<&str> = "the film was a slow and rather clumsy retelling of an old story about two brothers who \
        leave their village in search of work find only trouble and come home with nothing but a song that nobody \
        wants to hear until the winter when everything changes at once"
        .split_whitespace()
        .collect();
    let symbols: Vec<char> = "+-*/=<>!?.,:;()[]{}#@&%$~^|_".chars().collect();
    // Pseudo-random numbers with a fixed seed.
    let mut state = 7u64;
    let mut draw = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    let mut texts: Vec<String> = scripts.map(String::from).to_vec();
    for _ in 0..8 {
        texts.push((0..700).map(|_| words[draw(words.len())]).collect::<Vec<_>>().join(" "));
        let n = 20 + draw(300);
        texts.push((0..n).map(|_| symbols[draw(symbols.len())].to_string()).collect::<Vec<_>>().join(" "));
        texts.push((0..8).map(|_| scripts[draw(scripts.len())]).collect::<Vec<_>>().join(" "));
        texts.push(format!("{} ", words[draw(words.len())]).repeat(1 + draw(200)));
    }
    texts
}

/// Oracle: the same encoder in f32, which a test above compares with transformers; the mean and the minimum of the
/// cosine. Without int8 instructions, `Int8` runs in f32, and the vectors must be equal.
#[test]
#[ignore = "needs the weights of all-MiniLM-L6-v2"]
fn int8_stays_close_on_odd_texts() {
    let texts = odd_texts();
    for (pooling, least_mean, least) in [(Pooling::Cls, 0.9997, 0.999), (Pooling::Mean, 0.9995, 0.998)] {
        let [exact, features] = [Dtype::F32, Dtype::Int8].map(|dtype| {
            let options = SentenceEncoderOptions { features: pooling.into(), dtype, ..Default::default() };
            SentenceEncoder::load_with(folder(), options).unwrap().encode(&texts).unwrap().features
        });
        if !Dtype::Int8.is_native() {
            println!("int8, {pooling}: not measured, as this processor has no int8 instructions");
            assert!(features.as_slice() == exact.as_slice(), "{pooling}");
            continue;
        }
        let cosines: Vec<f64> = (0..texts.len()).map(|i| cosine(features.row(i), exact.row(i))).collect();
        let (mean, min) = mean_and_least(&cosines);
        println!("int8, {pooling}: cosine {mean:.6} in the mean, {min:.6} at least");
        assert!(mean >= least_mean && min >= least, "{pooling}: {mean}, {min}");
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| f64::from(x * y)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn mean_and_least(cosines: &[f64]) -> (f64, f64) {
    (cosines.iter().sum::<f64>() / cosines.len() as f64, cosines.iter().copied().fold(1.0, f64::min))
}

/// The truncation (128) and padding of its `tokenizer.json` must have no effect, and `auto` follows the folder: the
/// normalised mean of at most 256 tokens.
#[test]
#[ignore = "needs the weights of all-MiniLM-L6-v2"]
fn auto_gives_the_vectors_of_sentence_transformers() {
    let encoder = load(Features::SentenceTransformer { layers: Layers::Last });
    assert_eq!(encoder.features().to_string(), "mean, normalized");
    let encoded = encoder.encode(&["good ".repeat(300)]).unwrap();
    assert_eq!((encoded.counts.max_tokens, encoded.counts.n_truncated), (256, 1));
    let features = encoder.encode(&sentences()).unwrap().features;
    let reference = expected_matrix(&expected(), "sentence_embedding");
    let pairs = features.as_slice().iter().zip(reference.as_slice());
    let difference = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(features.shape() == reference.shape() && difference <= 2e-4, "off by {difference:e}");
}

#[test]
#[ignore = "needs the weights of all-MiniLM-L6-v2"]
fn the_batch_changes_nothing() {
    let (encoder, sentences) = (load(Pooling::Cls), sentences());
    let together = encoder.encode(&sentences).unwrap().features;
    for (i, sentence) in sentences.iter().enumerate() {
        let alone = encoder.encode(&[sentence]).unwrap().features;
        assert_eq!(together.row(i), alone.row(0), "{sentence:.60?}");
    }
}

#[test]
#[ignore = "needs the weights of all-MiniLM-L6-v2"]
fn a_classifier_learns_saves_and_answers_the_same() {
    let good = ["wonderful", "superb", "moving", "brilliant", "delightful", "charming"];
    let bad = ["dreadful", "boring", "clumsy", "tedious", "awful", "pointless"];
    let things = ["film", "story", "plot", "cast", "ending", "script"];
    let pairs = |words: [&'static str; 6], label: &'static str| {
        words.into_iter().flat_map(move |w| things.map(|t| (format!("a {w} {t}"), label)))
    };
    let dataset = Dataset::from_pairs(pairs(good, "good").chain(pairs(bad, "bad"))).unwrap();
    let trained = train(load(Pooling::Mean), &dataset, TrainOptions::default()).unwrap();
    assert!(trained.report.test_accuracy() >= 0.9, "{}", trained.report.test_accuracy());
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model");
    trained.classifier.save(&model).unwrap();
    let loaded = SentenceClassifier::load(&model).unwrap();
    let questions = ["a marvellous performance", "a waste of two hours"];
    let answers = loaded.predict(&questions).unwrap();
    assert_eq!(answers, trained.classifier.predict(&questions).unwrap());
    assert_eq!(answers.iter().map(|a| loaded.labels(a)[0]).collect::<Vec<_>>(), ["good", "bad"]);
}

/// Oracle: the time of encoding the sentences in each dtype. The tolerance of a factor of two allows for other work
/// on the machine.
#[test]
#[ignore = "needs the weights of all-MiniLM-L6-v2"]
fn faster_dtypes_are_as_much_faster_as_is_said() {
    let sentences = [sentences(), sentences()].concat();
    let seconds = |dtype| {
        let options = SentenceEncoderOptions { dtype, ..Default::default() };
        let encoder = SentenceEncoder::load_with(folder(), options).unwrap();
        let least = |n: f64, _| encoder.encode(&sentences).unwrap().embed_seconds.min(n);
        (0..3).fold(f64::INFINITY, least)
    };
    let in_f32 = seconds(Dtype::F32);
    for (dtype, said) in load(Pooling::Cls).faster_dtypes().unwrap() {
        let found = in_f32 / seconds(dtype);
        assert!((0.5..2.0).contains(&(said / found)), "{dtype}: {said:.2} times as fast, found {found:.2}");
    }
}
