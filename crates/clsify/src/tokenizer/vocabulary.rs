//! Reads the vocabulary of a folder without `tokenizer.json`: `vocab.txt` of WordPiece, or `vocab.json` and
//! `merges.txt` of BPE. Also checks the merges of a BPE model.

use std::path::Path;

use tokenizers::ModelWrapper;
use tokenizers::models::bpe::{BPE, Merges, Vocab};
use tokenizers::models::wordpiece::WordPiece;

use super::class::{Class, WITH_VOCABULARY};
use super::settings::{Settings, read_file};
use super::tokenizer_error::bad;
use crate::error::{Error, Result};

/// The maximum size of a vocabulary: a million tokens have about 20 MB.
pub(super) const MAX_VOCABULARY_BYTES: u64 = 1 << 29;

/// Files of SentencePiece, which are not read: they need a `tokenizer.json`.
const SENTENCEPIECE: [&str; 4] =
    ["sentencepiece.bpe.model", "spiece.model", "tokenizer.model", "sentencepiece.model"];

/// The model of a folder without `tokenizer.json`.
pub(super) fn load(folder: &Path, settings: &Settings) -> Result<ModelWrapper> {
    // A broken link is reported when the file is read.
    let there = |name: &str| folder.join(name).exists() || folder.join(name).is_symlink();
    match settings.class {
        Class::Bert | Class::MpNet if there("vocab.txt") => word_piece(folder, settings),
        Class::Roberta if there("vocab.json") => bpe(folder),
        _ => Err(missing(folder)),
    }
}

/// The error for a missing tokenizer, with a hint.
fn missing(folder: &Path) -> Error {
    let there = |name: &&str| folder.join(name).exists();
    let convert = format!(
        "make tokenizer.json with `python3 -c \"from transformers import AutoTokenizer as T; \
         T.from_pretrained('{0}').save_pretrained('{0}')\"` (pip install transformers sentencepiece protobuf)",
        folder.display()
    );
    let place = folder.display().to_string();
    if let Some(name) = SENTENCEPIECE.iter().find(|name| there(name)) {
        return bad(format!("expected tokenizer.json, got a SentencePiece model, {name}"))
            .at(place)
            .with_hint(convert);
    }
    if let Some(name) = ["vocab.txt", "vocab.json"].iter().find(|name| there(name)) {
        let message = format!("expected tokenizer.json, or the vocabulary of {WITH_VOCABULARY}, got {name}");
        return bad(message).at(place).with_hint(convert);
    }
    let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
    Error::io(folder.join("tokenizer.json"), missing)
        .with_hint("expected tokenizer.json, vocab.txt, or vocab.json with merges.txt")
}

fn word_piece(folder: &Path, settings: &Settings) -> Result<ModelWrapper> {
    let path = folder.join("vocab.txt");
    let place = |e: Error| e.at(path.display().to_string());
    let bytes = read_file(&path, MAX_VOCABULARY_BYTES)?.unwrap_or_default();
    let vocab = WordPiece::read_bytes(&bytes).map_err(|e| place(bad(e.to_string()).caused_by(e)))?;
    for name in ["sep_token", "cls_token", "unk_token"] {
        if let Some(token) = settings.token(name) {
            let is_added = name != "unk_token" && settings.listed.iter().any(|l| l.content == token.content);
            if !vocab.contains_key(&token.content) && !is_added {
                let message = format!("the special token {:?} is not in the vocabulary", token.content);
                return Err(place(bad(message)));
            }
        }
    }
    let model =
        WordPiece::builder().vocab(vocab).build().map_err(|e| place(bad(e.to_string()).caused_by(e)))?;
    Ok(model.into())
}

fn bpe(folder: &Path) -> Result<ModelWrapper> {
    let path = folder.join("vocab.json");
    let place = |e: Error| e.at(path.display().to_string());
    let bytes = read_file(&path, MAX_VOCABULARY_BYTES)?.unwrap_or_default();
    let vocab: Vocab = serde_json::from_slice(&bytes)
        .map_err(|e| place(bad(format!("not a vocabulary: {e}")).caused_by(e)))?;
    let path = folder.join("merges.txt");
    let place = |e: Error| e.at(path.display().to_string());
    let bytes = read_file(&path, MAX_VOCABULARY_BYTES)?
        .ok_or_else(|| Error::io(&path, std::io::ErrorKind::NotFound.into()))?;
    let text = String::from_utf8(bytes).map_err(|_| place(bad("expected UTF-8 text")))?;
    let mut merges = Merges::new();
    for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with("#version")) {
        match line.split(' ').collect::<Vec<_>>()[..] {
            [left, right] => merges.push((left.to_string(), right.to_string())),
            _ => {
                let message = format!("line {}: expected two tokens and a blank between them", i + 1);
                return Err(place(bad(message)));
            }
        }
    }
    check_merges(&vocab, &merges, "").map_err(place)?;
    let model = BPE::builder()
        .vocab_and_merges(vocab, merges)
        .continuing_subword_prefix(String::new())
        .end_of_word_suffix(String::new())
        .build()
        .map_err(|e| place(bad(e.to_string()).caused_by(e)))?;
    Ok(model.into())
}

/// Checks that every merge produces a token of the vocabulary. The `tokenizers` crate (0.23) joins them in a buffer
/// with the length of the longest token, and would write outside it otherwise.
pub(super) fn check_merges(vocab: &Vocab, merges: &Merges, prefix: &str) -> Result<()> {
    let mut joined = String::new();
    for (left, right) in merges {
        joined.clear();
        joined.push_str(left);
        joined.push_str(right.get(prefix.len()..).unwrap_or_default());
        let is_whole = right.is_char_boundary(prefix.len());
        if !is_whole || [left, right, &joined].iter().any(|token| !vocab.contains_key(*token)) {
            return Err(bad(format!("its merge \"{left} {right}\" makes no token of the vocabulary")));
        }
    }
    Ok(())
}
