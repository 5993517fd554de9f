//! `tokenizer.json`, read by the `tokenizers` crate, with what that crate panics at (0.23) taken out or checked
//! beforehand: a malformed `decoder`, which is not needed here, a malformed `precompiled_charsmap`, and a template that
//! uses what it does not describe.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokenizers::normalizers::Precompiled;

use super::{bad, character_map};
use crate::error::{Error, Result};

/// Reads the bytes of a `tokenizer.json`; positions in errors are those of the file.
pub(super) fn from_bytes(mut bytes: Vec<u8>) -> Result<tokenizers::Tokenizer> {
    if let Some(range) = check(&bytes)? {
        let line_breaks = bytes[range.clone()].iter().filter(|&&byte| byte == b'\n').count();
        let nothing = b"null".iter().copied().chain(std::iter::repeat_n(b'\n', line_breaks));
        bytes.splice(range, nothing);
    }
    tokenizers::Tokenizer::from_bytes(bytes).map_err(not_a_tokenizer)
}

/// Checks that it is a JSON object with every key once, and its character map; where the decoder stands.
fn check(bytes: &[u8]) -> Result<Option<Range<usize>>> {
    let Parts(parts) = serde_json::from_slice(bytes).map_err(not_a_tokenizer)?;
    for (key, check) in [("normalizer", check_normalizer as Check), ("post_processor", check_template)] {
        if let Some(part) = parts.get(key) {
            check_objects(&serde_json::from_str(part.get()).map_err(not_a_tokenizer)?, check)?;
        }
    }
    Ok(parts.get("decoder").map(|decoder| {
        let start = decoder.get().as_ptr().addr() - bytes.as_ptr().addr();
        start..start + decoder.get().len()
    }))
}

/// The values of an object as they stand in the file.
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
                    // Of two values the `tokenizers` crate would read both.
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

/// A `Precompiled` normalizer has a character map that can be read and walked.
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

/// A template for one sentence names that sentence and special tokens that it describes.
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

fn not_a_tokenizer(error: impl fmt::Display) -> Error {
    bad(format!("not a tokenizer: {error}"))
}
