//! Properties of all files and all texts: at most an error, never a panic, and the same bits in every batch.
//!
//! Oracle: the promises of `error.rs` (one line, lower case, no full stop), of the tokenizer (ids below the number of
//! embeddings, at most as many as the limit), and of `extract` (the batch changes nothing).
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use clsify::encoder::{Encoder, EncoderConfig};
use clsify::error::Error;
use clsify::features::{FeatureOptions, Pooling, extract};
use clsify::matrix::Matrix;
use clsify::model::SavedModel;
use clsify::tokenizer::{Encoding, Tokenizer};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use support::{copy_of, fixtures, safetensors_bytes};

/// Settings of a tokenizer, to be damaged.
const SETTINGS: &[u8] = br#"{"do_lower_case": false, "strip_accents": null, "unk_token": "[UNK]", "cls_token": {"content": "[CLS]",
    "lstrip": true}, "mask_token": null, "model_max_length": 512, "truncation_side": "left", "split_special_tokens": true,
    "additional_special_tokens": ["<ent>", {"content": " ", "rstrip": true}], "added_tokens_decoder": {"507": {"content": "<ent>",
    "single_word": false, "lstrip": false, "rstrip": true, "normalized": true, "special": false}}, "[MASK]": 7}"#;

fn assert_is_one_line(error: &Error) {
    let message = error.to_string();
    assert!(!message.is_empty() && !message.contains(char::is_control), "{message:?}");
    assert!(message.chars().count() < 1500, "{message:?}");
}

/// A real file with a few bytes changed, removed or inserted; or arbitrary bytes and pieces.
fn broken(whole: Vec<u8>, pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let piece =
        || prop_oneof![vec(any::<u8>(), 0..4), select(pieces).prop_map(|piece| piece.as_bytes().to_vec())];
    let edits = vec((any::<Index>(), 0..12_usize, piece()), 1..4).prop_map(move |edits| {
        let mut bytes = whole.clone();
        for (at, length, piece) in edits {
            let start = at.index(bytes.len() + 1);
            let end = (start + length).min(bytes.len());
            bytes.splice(start..end, piece);
        }
        bytes
    });
    let pieces = vec(select(pieces), 0..30).prop_map(|pieces| pieces.concat().into_bytes());
    prop_oneof![4 => edits, 1 => vec(any::<u8>(), 0..300), 1 => pieces]
}

const CONFIG_PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "null",
    "true",
    "-1",
    "0",
    "1",
    "3",
    "1e999",
    "268435455",
    "18446744073709551615",
    "\"model_type\":",
    "\"bert\"",
    "\"electra\"",
    "\"mpnet\"",
    "\"roberta\"",
    "\"distilbert\"",
    "\"hidden_size\":",
    "\"num_attention_heads\":",
    "\"vocab_size\":",
    "\"\\u0000\"",
    "\u{e9}",
];

const HEADER_PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "0",
    "4",
    "32",
    "-1",
    "18446744073709551615",
    "2305843009213693951",
    "\"dtype\":",
    "\"F32\"",
    "\"I64\"",
    "\"F4\"",
    "\"shape\":",
    "\"data_offsets\":",
    "\"__metadata__\":",
    "\"a\":",
    "\"embeddings.word_embeddings.weight\":",
    "\\n",
];

fn header_of(path: &Path) -> (Vec<u8>, Vec<u8>) {
    let weights = support::Weights::read(path);
    (serde_json::to_vec(&weights.header).unwrap(), weights.data)
}

static CHECKPOINT: LazyLock<(Vec<u8>, Vec<u8>)> =
    LazyLock::new(|| header_of(&fixtures().join("transformers/bert/model.safetensors")));

/// The `clsify.json` of a saved model.
static MODEL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let trained =
        clsify::training::train(support::encoder("bert"), &support::dataset(2), Default::default()).unwrap();
    trained.classifier.save(folder.path().join("model")).unwrap();
    fs::read(folder.path().join("model/clsify.json")).unwrap()
});

fn read_fixture(path: &str) -> Vec<u8> {
    fs::read(fixtures().join(path)).unwrap()
}

struct Loaded {
    encoder: Encoder,
    sentences: Vec<Encoding>,
    features: Matrix,
}

fn options() -> FeatureOptions {
    FeatureOptions { normalize: true, ..vec![Pooling::Cls, Pooling::Mean, Pooling::Max].into() }
}

static LOADED: LazyLock<Vec<Loaded>> = LazyLock::new(|| {
    let load = |case| {
        let folder = fixtures().join("transformers").join(case);
        let encoder = Encoder::load(&folder).unwrap();
        let tokenizer = Tokenizer::load(&folder, encoder.config().max_tokens()).unwrap();
        let sentences = tokenizer.encode_batch(&support::sentences()).unwrap();
        let features = extract(&encoder, &sentences, &options(), &|_| Ok(())).unwrap();
        Loaded { encoder, sentences, features }
    };
    ["bert", "mpnet", "roberta", "electra"].map(load).into()
});

/// A tokenizer of each WordPiece fixture at several limits, with the number of rows of its encoder's word embeddings.
static WORDPIECE: LazyLock<Vec<(Tokenizer, u32)>> = LazyLock::new(|| {
    let cases = ["bert", "bert_vocab_txt", "bert_vocab_txt_cased", "distilbert", "electra", "mpnet"];
    let load = |(case, max_length)| {
        let folder = fixtures().join("transformers").join(case);
        let vocab_size = EncoderConfig::load(&folder).unwrap().vocab_size;
        (Tokenizer::load(&folder, max_length).unwrap(), u32::try_from(vocab_size).unwrap())
    };
    cases.into_iter().flat_map(|case| [3, 16, 512].map(|max_length| (case, max_length))).map(load).collect()
});

/// Arbitrary characters, and those that a normalizer or a tokenizer treats specially.
fn text() -> impl Strategy<Value = String> {
    let special = select(vec![
        "[CLS]",
        "[SEP]",
        "[PAD]",
        "[MASK]",
        "[UNK]",
        "<s>",
        "</s>",
        "<mask>",
        "##",
        "##a",
        "\0",
        "\u{fffd}",
        "\u{200d}",
        "\u{feff}",
        "\u{301}",
        "İ",
        "ß",
        "ﬁ",
        "中",
        "👩‍👩‍👧",
        "\r\n",
        "\u{2028}",
        "a",
        " ",
        "film",
    ]);
    vec(prop_oneof![any::<char>().prop_map(String::from), special.prop_map(String::from)], 0..60)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    // A failure is printed with its input, so that a file of seeds is not needed.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn no_bytes_in_config_json_make_a_loader_panic(
        config in broken(read_fixture("transformers/bert/config.json"), CONFIG_PIECES),
    ) {
        let folder = copy_of("transformers/bert");
        fs::write(folder.path().join("config.json"), &config).unwrap();
        match Encoder::load(folder.path()) {
            Ok(encoder) => prop_assert_eq!(encoder.config(), &EncoderConfig::load(folder.path()).unwrap()),
            Err(error) => assert_is_one_line(&error),
        }
    }

    #[test]
    fn no_header_of_model_safetensors_makes_a_loader_panic(
        header in broken(CHECKPOINT.0.clone(), HEADER_PIECES),
        length in prop_oneof![4 => Just(None), 1 => any::<u64>().prop_map(Some), 1 => (0..2000_u64).prop_map(Some)],
    ) {
        let mut bytes = safetensors_bytes(&header, &CHECKPOINT.1);
        if let Some(length) = length {
            bytes[..8].copy_from_slice(&length.to_le_bytes());
        }
        let folder = tempfile::tempdir().unwrap();
        fs::copy(fixtures().join("transformers/bert/config.json"), folder.path().join("config.json")).unwrap();
        fs::write(folder.path().join("model.safetensors"), &bytes).unwrap();
        if let Err(error) = Encoder::load(folder.path()) {
            assert_is_one_line(&error);
        }
    }

    #[test]
    fn no_bytes_in_clsify_json_make_a_reader_panic(json in broken(MODEL.clone(), CONFIG_PIECES)) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("clsify.json"), &json).unwrap();
        match SavedModel::read(folder.path()) {
            Ok(model) => prop_assert!(model.classes.len() >= 2 && !model.features.poolings.is_empty()),
            Err(error) => assert_is_one_line(&error),
        }
    }

    #[test]
    fn no_bytes_in_tokenizer_json_make_a_loader_panic(
        json in select(vec!["bert", "roberta", "xlm_roberta"]).prop_flat_map(|case| {
            broken(read_fixture(&format!("transformers/{case}/tokenizer.json")), CONFIG_PIECES)
        }),
    ) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("tokenizer.json"), &json).unwrap();
        match Tokenizer::load(folder.path(), 16) {
            Ok(tokenizer) => match tokenizer.encode("a stunning [MASK] film 中 1") {
                Ok(encoding) => prop_assert!(encoding.len() <= 16),
                Err(error) => assert_is_one_line(&error),
            },
            Err(error) => assert_is_one_line(&error),
        }
    }

    #[test]
    fn no_bytes_in_the_settings_of_a_tokenizer_make_a_loader_panic(
        case in select(vec!["bert", "bert_vocab_txt", "mpnet", "roberta", "xlm_roberta"]),
        name in select(vec!["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]),
        settings in broken(SETTINGS.to_vec(), CONFIG_PIECES),
    ) {
        let folder = copy_of(&format!("transformers/{case}"));
        fs::write(folder.path().join(name), &settings).unwrap();
        match Tokenizer::load(folder.path(), 16) {
            Ok(tokenizer) => match tokenizer.encode("a stunning [MASK]  film 中 1 <ent>  <ENT> x") {
                Ok(encoding) => prop_assert!(encoding.len() <= 16),
                Err(error) => assert_is_one_line(&error),
            },
            Err(error) => assert_is_one_line(&error),
        }
    }

    #[test]
    fn any_text_gives_ids_of_the_table_within_the_limit(text in text()) {
        for (tokenizer, vocab_size) in WORDPIECE.iter() {
            let encoding = tokenizer.encode(&text).unwrap();
            prop_assert!((2..=tokenizer.max_length()).contains(&encoding.len()));
            prop_assert!(encoding.input_ids.iter().all(|id| id < vocab_size));
            prop_assert!(encoding.token_type_ids.iter().all(|&token_type| token_type == 0));
            prop_assert_eq!(encoding.token_type_ids.len(), encoding.len());
            prop_assert!(!encoding.is_truncated || encoding.len() == tokenizer.max_length());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    /// Any subset of sentences, in any order and with repetitions, gives the same bits.
    #[test]
    fn the_sentences_around_a_sentence_change_nothing(rows in vec(any::<Index>(), 0..12), which in any::<Index>()) {
        let loaded = which.get(&LOADED);
        let rows: Vec<usize> = rows.into_iter().map(|row| row.index(loaded.sentences.len())).collect();
        let chosen: Vec<Encoding> = rows.iter().map(|&row| loaded.sentences[row].clone()).collect();
        let features = extract(&loaded.encoder, &chosen, &options(), &|_| Ok(())).unwrap();
        let bits = |matrix: &Matrix| matrix.as_slice().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(features.shape(), [rows.len(), loaded.features.cols()]);
        prop_assert_eq!(bits(&features), bits(&loaded.features.select_rows(&rows)));
    }
}
