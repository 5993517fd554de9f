//! Any bytes as the files of a tokenizer: if it loads, it encodes each sentence to at most the maximum number of
//! tokens, or gives an error, and the same in a batch.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use clsify::tokenizer::{Tokenizer, model_max_length};
use clsify_fuzz::{SENTENCES, checked, empty, own_folder, write_files};
use libfuzzer_sys::fuzz_target;

/// The files of an input in their order, the tokenizer's choices first.
const FILES: [&str; 8] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "added_tokens.json",
    "special_tokens_map.json",
    "config.json",
];

static FOLDER: LazyLock<PathBuf> = LazyLock::new(own_folder);

fn check_encodings(tokenizer: &Tokenizer, sentences: &[&str]) {
    let encode = |sentence: &&str| tokenizer.encode(sentence).inspect_err(clsify_fuzz::check);
    let alone: Vec<_> = sentences.iter().map(encode).collect();
    for encoding in alone.iter().flatten() {
        assert!(encoding.len() <= tokenizer.max_length());
        assert_eq!(encoding.input_ids.len(), encoding.token_type_ids.len());
        assert_eq!(tokenizer.tokens(encoding).len(), encoding.len());
        tokenizer.is_mostly_unknown(encoding);
    }
    match checked(tokenizer.encode_batch(sentences)) {
        Some(batch) => assert!(alone.into_iter().map(Result::unwrap).eq(batch)),
        None => assert!(alone.iter().any(Result::is_err)),
    }
}

fuzz_target!(|data: &[u8]| {
    // The first byte is the maximum length, the rest is the files.
    let [max_length, files @ ..] = data else { return };
    empty(&FOLDER);
    write_files(&FOLDER, &FILES, files);
    if let Some(Some(length)) = checked(model_max_length(&*FOLDER)) {
        assert!(length > 0);
    }
    let Some(tokenizer) = checked(Tokenizer::load(&*FOLDER, usize::from(max_length % 64))) else { return };
    let vocabulary = String::from_utf8_lossy(files);
    // The vocabulary itself is a sentence that it contains.
    let start: String = vocabulary.chars().take(200).collect();
    let sentences = [&SENTENCES[..], &[&start]].concat();
    check_encodings(&tokenizer, &sentences);
    assert!(tokenizer.pad_id() < u32::MAX);
    let prompted = tokenizer.clone().with_prompt("query: ");
    if let Some(n) = checked(prompted.n_prompt_tokens()) {
        assert!(n <= prompted.max_length());
    }
    check_encodings(&prompted, &sentences);
    if let Some(lowercase) = checked(tokenizer.with_lowercase()) {
        check_encodings(&lowercase, &sentences);
    }
});
