//! An error of the library keeps the error that caused it, and its text does not change by that.
#![allow(clippy::unwrap_used)]

mod support;

use std::error::Error as _;
use std::fs;
use std::io;

use clsify::dataset::{Dataset, DatasetOptions};
use clsify::error::Error;
use clsify::model::{SavedModel, SentenceEncoder};
use support::copy_of;

/// The cause of an error, which has to be of a type.
fn cause<T: std::error::Error + 'static>(error: &Error) -> &T {
    error.source().and_then(|source| source.downcast_ref()).unwrap_or_else(|| panic!("{error}"))
}

#[test]
fn a_missing_file_keeps_the_error_of_the_operating_system() {
    let error = Dataset::load("no/such.tsv", &DatasetOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "no/such.tsv: no such file or folder");
    assert_eq!(cause::<io::Error>(&error).kind(), io::ErrorKind::NotFound);
    // Also where a link leads nowhere, which the text says in words of its own.
    #[cfg(unix)]
    {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("data.tsv");
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        let error = Dataset::load(&link, &DatasetOptions::default()).unwrap_err();
        assert!(error.to_string().ends_with("the link leads to nowhere, which does not exist"), "{error}");
        assert_eq!(cause::<io::Error>(&error).kind(), io::ErrorKind::NotFound);
    }
}

#[test]
fn malformed_json_keeps_the_error_of_its_parser() {
    let folder = copy_of("transformers/bert");
    fs::write(folder.path().join("config.json"), "{\"model_type\": ").unwrap();
    let error = SentenceEncoder::load(folder.path()).unwrap_err();
    assert!(error.to_string().contains("config.json: not valid JSON: EOF while parsing"), "{error}");
    let source = cause::<serde_json::Error>(&error);
    assert!(source.is_eof() && error.to_string().ends_with(&source.to_string()), "{error}");

    let model = tempfile::tempdir().unwrap();
    fs::write(model.path().join("clsify.json"), "{").unwrap();
    assert!(cause::<serde_json::Error>(&SavedModel::read(model.path()).unwrap_err()).is_eof());

    let jsonl = "{\"text\": \"a film\", \"label\": \n";
    let options = DatasetOptions { format: Some(clsify::dataset::Format::Jsonl), ..Default::default() };
    let error = Dataset::read(jsonl.as_bytes(), "data.jsonl", &options).unwrap_err();
    assert!(error.to_string().starts_with("data.jsonl: line 1: expected a JSON object"), "{error}");
    assert!(cause::<serde_json::Error>(&error).is_eof());
}

#[test]
fn damaged_weights_keep_the_error_of_their_parser() {
    let folder = copy_of("transformers/bert");
    let path = folder.path().join("model.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    // The header is JSON after its length, which takes eight bytes.
    bytes[8] = b'[';
    fs::write(&path, bytes).unwrap();
    let error = SentenceEncoder::load(folder.path()).unwrap_err();
    assert!(error.to_string().contains("model.safetensors: not a valid safetensors header: "), "{error}");
    let source = cause::<serde_json::Error>(&error).to_string();
    assert!(error.to_string().ends_with(&source), "{error}");
}

/// What is wrong with values and not with files has no other cause.
#[test]
fn an_error_of_the_library_alone_has_no_cause() {
    let error = Dataset::from_pairs([("a", "x")]).unwrap_err();
    assert!(error.source().is_none(), "{error}");
}
