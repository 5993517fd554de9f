//! Reads `tokenizer.json` with the `tokenizers` crate. Everything that makes that crate panic (0.23) is removed or
//! checked beforehand: a malformed `decoder`, which is not needed here, a malformed `precompiled_charsmap`, a
//! template with undefined tokens, and merges whose result is not a token.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokenizers::models::bpe::{Merges, Vocab};
use tokenizers::normalizers::Precompiled;

use super::character_map;
use super::tokenizer_error::bad;
use super::vocabulary::check_merges;
use crate::error::{Error, Result};

/// A tokenizer as stored in its file.
pub(super) struct Stored {
    pub(super) tokenizer: tokenizers::Tokenizer,
    /// The unknown token of a Unigram model, which the crate does not expose.
    pub(super) unk_id: Option<usize>,
}

/// Reads the bytes of a `tokenizer.json`; positions in errors are those of the file.
pub(super) fn from_bytes(mut bytes: Vec<u8>) -> Result<Stored> {
    let Checked { decoder, unk_id } = check(&bytes)?;
    if let Some(range) = decoder {
        let line_breaks = bytes[range.clone()].iter().filter(|&&byte| byte == b'\n').count();
        let nothing = b"null".iter().copied().chain(std::iter::repeat_n(b'\n', line_breaks));
        bytes.splice(range, nothing);
    }
    let tokenizer = tokenizers::Tokenizer::from_bytes(bytes).map_err(not_a_tokenizer)?;
    Ok(Stored { tokenizer, unk_id })
}

struct Checked {
    /// The position of the decoder.
    decoder: Option<Range<usize>>,
    unk_id: Option<usize>,
}

/// Checks that the text is a JSON object without duplicate keys, and checks its character map, its template and its
/// merges.
fn check(bytes: &[u8]) -> Result<Checked> {
    let Parts(parts) = serde_json::from_slice(bytes).map_err(not_a_tokenizer)?;
    for (key, check) in [("normalizer", check_normalizer as Check), ("post_processor", check_template)] {
        if let Some(part) = parts.get(key) {
            check_objects(&serde_json::from_str(part.get()).map_err(not_a_tokenizer)?, check)?;
        }
    }
    let decoder = parts.get("decoder").map(|decoder| {
        let start = decoder.get().as_ptr().addr() - bytes.as_ptr().addr();
        start..start + decoder.get().len()
    });
    let unk_id = match parts.get("model") {
        Some(model) if model.get().starts_with('{') => check_model(model.get())?,
        _ => None,
    };
    Ok(Checked { decoder, unk_id })
}

/// Checks the merges of a model, if it has any; returns the id of its unknown token, if it is given as an id.
fn check_model(model: &str) -> Result<Option<usize>> {
    #[derive(Deserialize)]
    struct Bpe {
        vocab: Vocab,
        merges: Pairs,
        continuing_subword_prefix: Option<String>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Pairs {
        Split(Merges),
        Joined(Vec<String>),
    }
    let Parts(parts) = serde_json::from_str(model).map_err(not_a_tokenizer)?;
    if parts.contains_key("merges") {
        let bpe: Bpe = serde_json::from_str(model).map_err(not_a_tokenizer)?;
        let merges = match bpe.merges {
            Pairs::Split(merges) => merges,
            Pairs::Joined(lines) => {
                let pairs = lines.iter().filter_map(|line| line.split_once(' '));
                pairs.map(|(left, right)| (left.to_string(), right.to_string())).collect()
            }
        };
        let prefix = bpe.continuing_subword_prefix.unwrap_or_default();
        check_merges(&bpe.vocab, &merges, &prefix).map_err(not_a_tokenizer)?;
    }
    Ok(parts.get("unk_id").and_then(|id| serde_json::from_str(id.get()).ok()))
}

/// The values of an object as raw text.
struct Parts<'a>(BTreeMap<String, &'a RawValue>);

impl<'de> Deserialize<'de> for Parts<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PartsVisitor;
        impl<'de> Visitor<'de> for PartsVisitor {
            type Value = Parts<'de>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parts<'de>, A::Error> {
                let mut parts = BTreeMap::new();
                while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                    // The `tokenizers` crate would read both of two values.
                    if parts.contains_key(&key) {
                        return Err(A::Error::custom(format!("duplicate key {key:?}")));
                    }
                    parts.insert(key, value);
                }
                Ok(Parts(parts))
            }
        }
        deserializer.deserialize_map(PartsVisitor)
    }
}

type Check = fn(&Map<String, Value>) -> Result<()>;

/// Runs a check on every object, at any depth.
fn check_objects(value: &Value, check: Check) -> Result<()> {
    match value {
        Value::Object(map) => {
            check(map)?;
            map.values().try_for_each(|value| check_objects(value, check))
        }
        Value::Array(values) => values.iter().try_for_each(|value| check_objects(value, check)),
        _ => Ok(()),
    }
}

/// Checks that the character map of a `Precompiled` normalizer can be used.
fn check_normalizer(map: &Map<String, Value>) -> Result<()> {
    if map.get("type").and_then(Value::as_str) != Some("Precompiled") {
        return Ok(());
    }
    serde_json::to_string(map)
        .and_then(|text| serde_json::from_str::<Precompiled>(&text))
        .map_err(not_a_tokenizer)?;
    match map.get("precompiled_charsmap").and_then(Value::as_str).is_some_and(character_map::is_sound) {
        true => Ok(()),
        false => Err(not_a_tokenizer("its \"precompiled_charsmap\" is corrupt")),
    }
}

/// Checks that a template for one sentence uses only that sentence and special tokens that it defines.
fn check_template(map: &Map<String, Value>) -> Result<()> {
    let special_tokens = map.get("special_tokens").and_then(Value::as_object);
    for piece in map.get("single").and_then(Value::as_array).into_iter().flatten() {
        let id = |kind: &str| piece.get(kind)?.get("id")?.as_str();
        if let Some(token) = id("SpecialToken")
            && !special_tokens.is_some_and(|tokens| tokens.contains_key(token))
        {
            return Err(not_a_tokenizer(format!("its template uses {token:?}, which it does not describe")));
        }
        if let Some(sequence) = id("Sequence").filter(|&sequence| sequence != "A") {
            return Err(not_a_tokenizer(format!("its template for one sentence uses sequence {sequence:?}")));
        }
    }
    Ok(())
}

fn not_a_tokenizer(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let error = error.into();
    bad(format!("not a tokenizer: {error}")).caused_by(error)
}
