//! Tokenizer files and sentence-transformers folders that are missing, damaged or not supported: an error that names
//! the file, never a panic.
//!
//! Oracle: the error messages word for word, on damaged copies of `fixtures/transformers/bert`, `bert_vocab_txt` and
//! of `fixtures/sentence_transformers`.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;

use clsify::error::{Error, ErrorKind};
use clsify::features::{FeatureOptions, Layers};
use clsify::model::{Features, SentenceEncoder, SentenceEncoderOptions};
use clsify::tokenizer::Tokenizer;
use serde_json::{Value, json};
use support::{copy_of, edit_json, fixtures, message};

const BERT: &str = "transformers/bert";
const VOCAB_TXT: &str = "transformers/bert_vocab_txt";

fn tokenizer_error(
    case: &str,
    kind: ErrorKind,
    expected: &str,
    break_it: impl FnOnce(&Path),
) -> Option<String> {
    let folder = copy_of(case);
    break_it(folder.path());
    let Err(error) = Tokenizer::load(folder.path(), 512) else { panic!("loaded, expected: {expected}") };
    assert_eq!(message(&error, folder.path()), expected);
    assert_eq!(error.kind(), kind, "{expected}");
    error.hint().map(str::to_string)
}

fn load(folder: &Path, max_length: Option<usize>) -> Result<SentenceEncoder, Error> {
    let features = Features::SentenceTransformer { layers: Layers::Last };
    let options = SentenceEncoderOptions { features, max_length, ..SentenceEncoderOptions::default() };
    SentenceEncoder::load_with(folder, options)
}

#[test]
fn tokenizer_json_that_is_no_tokenizer() {
    let missing = "DIR/tokenizer.json: no such file or folder";
    let hint = tokenizer_error(BERT, ErrorKind::Io, missing, |folder| {
        fs::remove_file(folder.join("tokenizer.json")).unwrap();
    });
    assert_eq!(hint.as_deref(), Some("expected tokenizer.json, vocab.txt, or vocab.json with merges.txt"));
    let cases = [
        ("", "EOF while parsing a value at line 1 column 0"),
        ("wordpiece", "expected value at line 1 column 1"),
        ("[]", "invalid type: sequence, expected a JSON object at line 1 column 0"),
        ("{}", "Model missing. at line 1 column 2"),
        (
            "{\"model\": null}",
            "data did not match any variant of untagged enum ModelUntagged at line 1 column 15",
        ),
    ];
    // The library that reads the file panics at an incomplete decoder, at an invalid character map, and at a template
    // that uses undefined tokens.
    let whole = fs::read_to_string(fixtures().join(BERT).join("tokenizer.json")).unwrap();
    let in_decoder = whole.find("\"decoder\"").unwrap() + 14;
    let map = "{\"type\": \"Precompiled\", \"precompiled_charsmap\": 7}";
    let charsmap =
        format!("{{\"normalizer\": {{\"type\": \"Sequence\", \"normalizers\": [{map}]}}, \"model\": null}}");
    let lines = whole[..in_decoder].lines().count();
    let early = format!("EOF while parsing an object at line {lines} column 1");
    // A trie of one unit, whose children would be out of bounds.
    let corrupt = charsmap.replace('7', "\"BAAAAAAAAAA=\"");
    let template = whole.replace("\"[SEP]\": {", "\"[END]\": {");
    let pair = whole.replacen("\"id\": \"A\"", "\"id\": \"B\"", 1);
    let cases = cases.into_iter().chain([
        (&whole[..in_decoder], early.as_str()),
        (charsmap.as_str(), "invalid type: integer `7`, expected a borrowed string at line 1 column 46"),
        (template.as_str(), "its template uses \"[SEP]\", which it does not describe"),
        (pair.as_str(), "its template for one sentence uses sequence \"B\""),
        (corrupt.as_str(), "its \"precompiled_charsmap\" is corrupt"),
        ("{\"decoder\": null, \"decoder\": 7}", "duplicate key \"decoder\" at line 1 column 31"),
    ]);
    for (text, expected) in cases {
        let expected = format!("DIR/tokenizer.json: not a tokenizer: {expected}");
        tokenizer_error(BERT, ErrorKind::Tokenizer, &expected, |folder| {
            fs::write(folder.join("tokenizer.json"), text).unwrap();
        });
    }
}

#[test]
fn vocab_txt_with_a_token_missing() {
    let without = |token: &str| {
        let expected = format!("DIR/vocab.txt: the special token {token:?} is not in the vocabulary");
        tokenizer_error(VOCAB_TXT, ErrorKind::Tokenizer, &expected, |folder| {
            let vocab = fs::read_to_string(folder.join("vocab.txt")).unwrap();
            let lines: Vec<&str> = vocab.lines().filter(|line| *line != token).collect();
            fs::write(folder.join("vocab.txt"), lines.join("\n")).unwrap();
        });
    };
    ["[CLS]", "[SEP]", "[UNK]"].into_iter().for_each(without);
    let empty = "DIR/vocab.txt: the special token \"[SEP]\" is not in the vocabulary";
    tokenizer_error(VOCAB_TXT, ErrorKind::Tokenizer, empty, |folder| {
        fs::write(folder.join("vocab.txt"), "").unwrap();
    });
    let not_text = "DIR/vocab.txt: stream did not contain valid UTF-8";
    tokenizer_error(VOCAB_TXT, ErrorKind::Tokenizer, not_text, |folder| {
        fs::write(folder.join("vocab.txt"), b"[CLS]\n\xff\n").unwrap();
    });
}

#[test]
fn tokenizer_config_json_that_is_broken() {
    let cases = [
        ("{", "not valid JSON: EOF while parsing an object at line 1 column 1".to_string()),
        ("[]", "expected a JSON object".to_string()),
        (r#"{"do_lower_case": "no"}"#, "\"do_lower_case\": expected true or false, got \"no\"".to_string()),
        (r#"{"truncation_side": "up"}"#, "\"truncation_side\": expected \"left\" or \"right\"".to_string()),
        (r#"{"cls_token": 7}"#, "\"cls_token\": expected a token, got 7".to_string()),
        (
            r#"{"cls_token": {"lstrip": true}}"#,
            "\"cls_token\": expected a token, got {\"lstrip\":true}".to_string(),
        ),
        (
            r#"{"extra_special_tokens": [["a"]]}"#,
            "\"extra_special_tokens\": expected a token, got [\"a\"]".to_string(),
        ),
        (
            r#"{"extra_special_tokens": "a"}"#,
            "\"extra_special_tokens\": expected a list of tokens, got \"a\"".to_string(),
        ),
        (
            r#"{"added_tokens_decoder": []}"#,
            "\"added_tokens_decoder\": expected an object, got []".to_string(),
        ),
        (
            r#"{"added_tokens_decoder": {"x": {}}}"#,
            "\"added_tokens_decoder\": expected token ids, got \"x\"".to_string(),
        ),
        (
            r#"{"added_tokens_decoder": {"7": "a"}}"#,
            "\"added_tokens_decoder\": \"7\": expected an added token".to_string(),
        ),
    ];
    for (text, expected) in cases {
        let expected = format!("DIR/tokenizer_config.json: {expected}");
        tokenizer_error(VOCAB_TXT, ErrorKind::Tokenizer, &expected, |folder| {
            fs::write(folder.join("tokenizer_config.json"), text).unwrap();
        });
    }
}

/// Classes whose vocabulary cannot be read from older files, and the hint for them.
#[test]
fn vocabularies_that_only_tokenizer_json_stands_in_for() {
    let of_class = |class: &str| {
        let expected = "DIR: expected tokenizer.json, or the vocabulary of a BertTokenizer, MPNetTokenizer or \
                        RobertaTokenizer (\"tokenizer_class\" of tokenizer_config.json), got vocab.txt";
        tokenizer_error(VOCAB_TXT, ErrorKind::Tokenizer, expected, |folder| {
            edit_json(&folder.join("tokenizer_config.json"), |json| json["tokenizer_class"] = json!(class));
        })
    };
    for class in ["T5Tokenizer", "BertJapaneseTokenizer", "PreTrainedTokenizerFast", "RobertaTokenizer"] {
        let hint = of_class(class).unwrap();
        assert!(hint.starts_with("make tokenizer.json with `python3 -c "), "{hint}");
    }
    let expected = "DIR: expected tokenizer.json, got a SentencePiece model, sentencepiece.bpe.model";
    let hint = tokenizer_error("transformers/xlm_roberta", ErrorKind::Tokenizer, expected, |folder| {
        fs::rename(folder.join("tokenizer.json"), folder.join("sentencepiece.bpe.model")).unwrap();
    });
    assert!(hint.unwrap().contains(".save_pretrained("));
    let expected = "DIR/tokenizer.json: expected a WordPiece model, which its tokenizer class needs, got BPE";
    let hint = tokenizer_error("transformers/roberta", ErrorKind::Tokenizer, expected, |folder| {
        edit_json(&folder.join("tokenizer_config.json"), |json| {
            json["tokenizer_class"] = json!("BertTokenizer")
        });
    });
    assert!(hint.unwrap().contains("PreTrainedTokenizerFast"));
}

/// The error for a folder with these texts of `vocab.json` and `merges.txt`.
fn bpe_error(vocab: &str, merges: Option<&str>, kind: ErrorKind, expected: &str) {
    tokenizer_error("transformers/roberta", kind, expected, |folder| {
        fs::remove_file(folder.join("tokenizer.json")).unwrap();
        fs::write(folder.join("vocab.json"), vocab).unwrap();
        if let Some(merges) = merges {
            fs::write(folder.join("merges.txt"), merges).unwrap();
        }
    });
}

#[test]
fn vocab_json_and_merges_txt_that_are_broken() {
    let vocab = r#"{"<s>": 0, "</s>": 1, "a": 2, "b": 3, "é": 4, "ab": 5}"#;
    let bad = ErrorKind::Tokenizer;
    bpe_error(vocab, None, ErrorKind::Io, "DIR/merges.txt: no such file or folder");
    bpe_error(
        "[]",
        None,
        bad,
        "DIR/vocab.json: not a vocabulary: invalid type: sequence, expected a map at line 1 column 0",
    );
    bpe_error(
        r#"{"a": -1}"#,
        None,
        bad,
        "DIR/vocab.json: not a vocabulary: invalid value: integer `-1`, expected u32 at line 1 column 8",
    );
    let two = "expected two tokens and a blank between them";
    bpe_error(vocab, Some("#version: 0.2\na b\nab"), bad, &format!("DIR/merges.txt: line 3: {two}"));
    bpe_error(vocab, Some("a  b"), bad, &format!("DIR/merges.txt: line 1: {two}"));
    // The library would join these in a buffer that is too short, and access memory out of bounds.
    for merge in ["a é", "é é", "a c", "c a", "</s> </s>"] {
        let expected = format!("DIR/merges.txt: its merge \"{merge}\" makes no token of the vocabulary");
        bpe_error(vocab, Some(&format!("a b\n{merge}\n")), bad, &expected);
    }
    // Tokens that transformers would append are appended here too, so that a vocabulary without special tokens is
    // valid.
    let missing = r#"{"a": 0}"#;
    let folder = copy_of("transformers/roberta");
    fs::remove_file(folder.path().join("tokenizer.json")).unwrap();
    fs::write(folder.path().join("vocab.json"), missing).unwrap();
    fs::write(folder.path().join("merges.txt"), "").unwrap();
    assert_eq!(Tokenizer::load(folder.path(), 9).unwrap().encode("a").unwrap().input_ids, [1, 0, 2]);
}

/// Merges of a `tokenizer.json` for which the library would read out of bounds.
#[test]
fn merges_of_tokenizer_json_that_make_no_token() {
    let model = |edit: fn(&mut Value)| {
        let expected_prefix = "DIR/tokenizer.json: not a tokenizer: ";
        move |expected: &str| {
            tokenizer_error(
                "transformers/roberta",
                ErrorKind::Tokenizer,
                &format!("{expected_prefix}{expected}"),
                |folder| {
                    edit_json(&folder.join("tokenizer.json"), |json| edit(&mut json["model"]));
                },
            );
        }
    };
    model(|model| {
        *model = json!({"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": [["a", "b"]]});
    })("its merge \"a b\" makes no token of the vocabulary");
    model(|model| {
        *model = json!({"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": ["a b"]});
    })("its merge \"a b\" makes no token of the vocabulary");
    // A prefix that is longer than a token, and one that ends inside a character.
    model(|model| {
        *model =
            json!({"vocab": {"a": 0, "b": 1}, "merges": [["a", "b"]], "continuing_subword_prefix": "##"});
    })("its merge \"a b\" makes no token of the vocabulary");
    model(|model| {
        *model = json!({"vocab": {"a": 0, "é": 1}, "merges": [["a", "é"]], "continuing_subword_prefix": "#"});
    })("its merge \"a é\" makes no token of the vocabulary");
}

/// Added tokens that would make the library panic, or that it cannot tell apart.
#[test]
fn added_tokens_that_cannot_be_used() {
    let flags = |content: &str, strip: &str| {
        let mut token = json!({"content": content, "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": false});
        token[strip] = json!(true);
        token
    };
    let with = |case: &str, tokens: Value, expected: &str| {
        tokenizer_error(case, ErrorKind::Tokenizer, expected, |folder| {
            edit_json(&folder.join("tokenizer_config.json"), |json| json["added_tokens_decoder"] = tokens);
        });
    };
    // `a` includes the spaces after it, so that the blank token would begin before its own start.
    let blank = json!({"600": flags("a", "rstrip"), "601": flags(" ", "lstrip")});
    for (case, place) in [(BERT, "DIR/tokenizer.json"), (VOCAB_TXT, "DIR")] {
        with(case, blank.clone(), &format!("{place}: its added token \" \" is blank and has \"lstrip\""));
    }
    let stored = "DIR/tokenizer.json: its added token \" \" is blank and has \"lstrip\"";
    tokenizer_error(BERT, ErrorKind::Tokenizer, stored, |folder| {
        edit_json(&folder.join("tokenizer_config.json"), |json| {
            json["tokenizer_class"] = json!("TokenizersBackend")
        });
        edit_json(&folder.join("tokenizer.json"), |json| {
            for (id, mut token) in [(600, flags("a", "rstrip")), (601, flags(" ", "lstrip"))] {
                token["id"] = json!(id);
                json["added_tokens"].as_array_mut().unwrap().push(token);
            }
        });
    });
    for (name, text, expected) in [
        ("added_tokens.json", r#"{"a": "b"}"#, "\"a\": expected a token id, got \"b\""),
        ("added_tokens.json", "[]", "expected a JSON object"),
        ("special_tokens_map.json", "{", "not valid JSON: EOF while parsing an object at line 1 column 1"),
    ] {
        let expected = format!("DIR/{name}: {expected}");
        tokenizer_error(VOCAB_TXT, ErrorKind::Tokenizer, &expected, |folder| {
            fs::write(folder.join(name), text).unwrap();
        });
    }
    // Ids at the end of their range: the next id would overflow.
    tokenizer_error(
        BERT,
        ErrorKind::Tokenizer,
        "DIR/tokenizer.json: expected token ids below 4294967295",
        |folder| {
            edit_json(&folder.join("tokenizer_config.json"), |json| {
                json["tokenizer_class"] = json!("TokenizersBackend")
            });
            edit_json(&folder.join("tokenizer.json"), |json| {
                json["model"]["vocab"]["[MASK]"] = json!(u32::MAX)
            });
        },
    );
}

/// An endless file is not read to its end.
#[test]
#[cfg(target_os = "linux")]
fn settings_without_an_end_are_an_error() {
    for name in ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "config.json"] {
        let expected = format!("DIR/{name}: expected a file, got a device");
        tokenizer_error(VOCAB_TXT, ErrorKind::Io, &expected, |folder| {
            let _ = fs::remove_file(folder.join(name));
            std::os::unix::fs::symlink("/dev/zero", folder.join(name)).unwrap();
        });
    }
}

#[test]
fn the_maximum_length_has_room_for_a_token_and_is_one_the_encoder_knows() {
    for case in [BERT, VOCAB_TXT] {
        let folder = fixtures().join(case);
        for max_length in [0, 1, 2] {
            let error = load(&folder, Some(max_length)).unwrap_err();
            let expected = format!("expected a maximum length of at least 3 tokens, got {max_length}");
            assert_eq!((error.kind(), error.to_string()), (ErrorKind::InvalidArgument, expected));
            assert_eq!(error.hint(), Some("2 of them are special tokens such as [CLS] and [SEP]"));
        }
        for max_length in [513, usize::MAX] {
            let error = load(&folder, Some(max_length)).unwrap_err();
            let expected = format!("expected a maximum length of at most 512 tokens, got {max_length}");
            assert_eq!((error.kind(), error.to_string()), (ErrorKind::InvalidArgument, expected));
        }
        for max_length in [3, 512] {
            let encoder = load(&folder, Some(max_length)).unwrap();
            let encoded = encoder.encode(&["a ".repeat(600)]).unwrap();
            assert_eq!((encoded.counts.max_tokens, encoded.counts.n_truncated), (max_length, 1));
        }
    }
}

#[test]
fn token_ids_beyond_the_word_table_are_an_error() {
    let folder = copy_of(BERT);
    edit_json(&folder.path().join("tokenizer.json"), |json| json["model"]["vocab"]["zebra"] = json!(100_000));
    let encoder = load(folder.path(), None).unwrap();
    encoder.encode(&["a film"]).unwrap();
    let error = encoder.encode(&["a zebra"]).unwrap_err();
    assert_eq!(error.to_string(), "token id 100000: the encoder's table has 507 rows");
    assert_eq!(error.kind(), ErrorKind::Checkpoint);
    assert_eq!(error.hint(), Some("the tokenizer and the weights of this encoder do not belong together"));
}

/// Without special tokens, an empty sentence has no token, and there is nothing to pool.
#[test]
fn sentences_without_any_token_are_an_error() {
    let folder = copy_of(BERT);
    edit_json(&folder.path().join("tokenizer_config.json"), |json| {
        json["tokenizer_class"] = json!("PreTrainedTokenizerFast");
    });
    edit_json(&folder.path().join("tokenizer.json"), |json| json["post_processor"] = Value::Null);
    let encoder = load(folder.path(), None).unwrap();
    assert_eq!(encoder.encode(&["a film"]).unwrap().counts.n_tokens, 2);
    for sentence in ["", " \n\t "] {
        let error = encoder.encode(&["a film", sentence]).unwrap_err();
        assert_eq!(error.to_string(), "sentence 2: expected at least one token, got none");
        assert_eq!(error.kind(), ErrorKind::Tokenizer);
        assert_eq!(error.hint(), Some("the tokenizer adds no special tokens such as [CLS] and [SEP]"));
    }
}

/// `modules.json` and the pooling's `config.json`, before and since sentence-transformers 5.4.
#[test]
fn sentence_transformers_folders_that_are_broken() {
    const OLD: &str = "sentence_transformers/cls_v4";
    const NEW: &str = "sentence_transformers/max_v6";
    let cases: [(&str, &str, Value, &str); 17] = [
        (OLD, "modules.json", json!({}), "modules.json: expected a list of modules"),
        (OLD, "modules.json", json!([7]), "modules.json: unsupported module \"\""),
        (OLD, "modules.json", json!([{"type": "a.b.LSTM"}]), "modules.json: unsupported module \"a.b.LSTM\""),
        (
            OLD,
            "modules.json",
            json!([{"type": "sentence_transformers.models.Transformer"}, {"type": "sentence_transformers.models.Pooling", "path": "../up"}]),
            "modules.json: expected the pooling module's folder, got \"../up\"",
        ),
        (
            OLD,
            "modules.json",
            json!([{"type": "sentence_transformers.models.Transformer"}, {"type": "sentence_transformers.models.Pooling", "path": "a/../.."}]),
            "modules.json: expected the pooling module's folder, got \"a/../..\"",
        ),
        (
            OLD,
            "modules.json",
            json!([{"type": "sentence_transformers.models.Transformer"}, {"type": "sentence_transformers.models.Pooling", "path": "/etc"}]),
            "modules.json: expected the pooling module's folder, got \"/etc\"",
        ),
        (
            OLD,
            "modules.json",
            json!([{"type": "sentence_transformers.models.Transformer"}, {"type": "sentence_transformers.models.Pooling", "path": ""}]),
            "modules.json: expected the pooling module's folder, got \"\"",
        ),
        (
            OLD,
            "modules.json",
            json!([{"type": "sentence_transformers.models.Transformer"}, {"type": "sentence_transformers.models.Pooling"}]),
            "modules.json: expected the pooling module's folder, got \"\"",
        ),
        (
            OLD,
            "modules.json",
            json!([{"type": "sentence_transformers.models.Transformer"}, {"type": "sentence_transformers.models.Pooling", "path": "2_Pooling"}]),
            "2_Pooling/config.json: no such file or folder",
        ),
        (OLD, "1_Pooling/config.json", json!([]), "1_Pooling/config.json: expected a JSON object"),
        (
            OLD,
            "1_Pooling/config.json",
            json!({"pooling_mode_lasttoken": true}),
            "1_Pooling/config.json: unsupported pooling \"pooling_mode_lasttoken\"",
        ),
        (
            OLD,
            "1_Pooling/config.json",
            json!({"pooling_mode_mean_sqrt_len_tokens": true}),
            "1_Pooling/config.json: unsupported pooling \"pooling_mode_mean_sqrt_len_tokens\"",
        ),
        (
            NEW,
            "1_Pooling/config.json",
            json!({"pooling_mode": "lasttoken"}),
            "1_Pooling/config.json: unsupported pooling \"lasttoken\"",
        ),
        (
            NEW,
            "1_Pooling/config.json",
            json!({"pooling_mode": ["mean", "weightedmean"]}),
            "1_Pooling/config.json: unsupported pooling \"weightedmean\"",
        ),
        (
            NEW,
            "1_Pooling/config.json",
            json!({"pooling_mode": []}),
            "1_Pooling/config.json: \"pooling_mode\": expected at least one name, got none",
        ),
        (
            NEW,
            "1_Pooling/config.json",
            json!({"pooling_mode": 3}),
            "1_Pooling/config.json: \"pooling_mode\": expected a name or a list of names, got 3",
        ),
        (
            NEW,
            "1_Pooling/config.json",
            json!({"pooling_mode": [3]}),
            "1_Pooling/config.json: \"pooling_mode\": expected a name or a list of names, got [3]",
        ),
    ];
    for (case, file, value, expected) in cases {
        let folder = copy_of(case);
        fs::write(folder.path().join(file), value.to_string()).unwrap();
        let error = FeatureOptions::from_folder(folder.path()).unwrap_err();
        assert_eq!(message(&error, folder.path()), format!("DIR/{expected}"));
        let kind = if expected.contains("no such file") { ErrorKind::Io } else { ErrorKind::Config };
        assert_eq!(error.kind(), kind, "{expected}");
        // An encoder whose folder requires something unsupported is not loaded, unless the pooling is given.
        assert_eq!(load(folder.path(), None).unwrap_err().to_string(), error.to_string());
        SentenceEncoder::load(folder.path()).unwrap();
    }
    for file in ["modules.json", "1_Pooling/config.json"] {
        let folder = copy_of(OLD);
        fs::write(folder.path().join(file), "[{").unwrap();
        let error = FeatureOptions::from_folder(folder.path()).unwrap_err();
        let expected = format!("DIR/{file}: not valid JSON: EOF while parsing an object at line 1 column 2");
        assert_eq!(message(&error, folder.path()), expected);
    }
}

#[test]
fn features_of_no_pooling_are_an_error() {
    let features = Features::from(FeatureOptions { normalize: true, ..Vec::new().into() });
    let options = SentenceEncoderOptions { features, ..SentenceEncoderOptions::default() };
    let error = SentenceEncoder::load_with(fixtures().join(BERT), options)
        .and_then(|encoder| encoder.encode(&["a film"]))
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string()),
        (ErrorKind::InvalidArgument, "expected at least one pooling".into())
    );
}

/// Nothing is decoded, so a tokenizer with an unknown decoder is not refused.
#[test]
fn the_decoder_is_not_looked_at() {
    let whole = Tokenizer::load(fixtures().join(BERT), 512).unwrap();
    for decoder in [json!({"type": "Unknown"}), json!("x"), json!(1), json!([[]])] {
        let folder = copy_of(BERT);
        edit_json(&folder.path().join("tokenizer.json"), |json| json["decoder"] = decoder.clone());
        let tokenizer = Tokenizer::load(folder.path(), 512).unwrap();
        let sentences = support::sentences();
        assert_eq!(tokenizer.encode_batch(&sentences).unwrap(), whole.encode_batch(&sentences).unwrap());
    }
}
