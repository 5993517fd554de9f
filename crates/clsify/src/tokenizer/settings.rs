//! The settings in the files beside a vocabulary: `tokenizer_config.json`, `special_tokens_map.json`,
//! `added_tokens.json`.
//!
//! Source: `PreTrainedTokenizerBase._from_pretrained` and `__init__` of transformers 5. The two older files are read
//! only if `tokenizer_config.json` has no `added_tokens_decoder`.

use std::collections::BTreeMap;
use std::path::Path;

use clsify_base::encoder_files::{CONFIG, TOKENIZER_CONFIG};
use serde_json::{Map, Value};
use tokenizers::{AddedToken, TruncationDirection};

use super::added_token::Token;
use super::class::{self, Class};
use super::own_build;
use super::tokenizer_error::bad;
use crate::checkpoint_folder::{MAX_SETTINGS_BYTES, is_there, python_json, read, whole_number};
use crate::error::{Error, Result};

/// The names of special tokens, in the order in which they are added.
const NAMES: [&str; 7] =
    ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

/// The list of special tokens without a name, and its older key.
const EXTRA: &str = "extra_special_tokens";
const ADDITIONAL: &str = "additional_special_tokens";

/// Special tokens with other names, as transformers 5 may list them.
const SPECIFIC: &str = "model_specific_special_tokens";

/// The key that marks an object as a token; objects in `special_tokens_map.json` are always tokens.
const TYPE: &str = "__type";

/// Settings that affect token ids.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) class: Class,
    pub(super) lowercase: bool,
    pub(super) strip_accents: Option<bool>,
    pub(super) tokenize_chinese_chars: bool,
    pub(super) add_prefix_space: bool,
    pub(super) split_special_tokens: bool,
    pub(super) truncation_side: Option<TruncationDirection>,
    /// Tokens that are added by id.
    pub(super) listed: Vec<Token>,
    /// Special tokens by name, in the order in which they are added.
    pub(super) named: Vec<(String, Token)>,
    /// Special tokens without a name.
    pub(super) extra: Vec<Token>,
}

impl Settings {
    /// Reads the settings of a folder; `stored` is the content of its `tokenizer.json`, if there is one.
    pub(super) fn read(folder: &Path, stored: Option<&tokenizers::Tokenizer>) -> Result<Self> {
        let path = folder.join(TOKENIZER_CONFIG);
        let mut config = read_object(&path)?.unwrap_or_default();
        let place = |e: Error| e.at(path.display().to_string());
        let of_encoder = read_object(&folder.join(CONFIG))?.unwrap_or_default();
        let class = Class::of(&config, &of_encoder);
        let name = class::name_of(&config, &of_encoder).unwrap_or_default().to_string();
        if let Some(stored) = stored {
            own_build::check(&name, &config, stored).map_err(place)?;
        }
        // The older key of the same list.
        if is_empty(config.get(EXTRA))
            && let Some(tokens) = config.remove(ADDITIONAL)
        {
            config.insert(EXTRA.to_string(), tokens);
        }
        let specific = config.remove(SPECIFIC);
        let mut others = take_names(&mut config);
        // Names in other places replace this list as a whole.
        if others.is_empty() && !config.iter().any(|(name, token)| is_other_token(name, token)) {
            others = match specific {
                None | Some(Value::Null) => others,
                Some(Value::Object(tokens)) => tokens,
                Some(other) => {
                    let message =
                        format!("{SPECIFIC:?}: expected an object of tokens, got {}", short(&other));
                    return Err(place(bad(message)));
                }
            };
        }
        let (standard, mut others): (Map<String, Value>, Map<String, Value>) =
            others.into_iter().partition(|(name, _)| NAMES.contains(&name.as_str()));
        config.extend(standard);
        let mut listed = BTreeMap::new();
        match config.remove("added_tokens_decoder") {
            Some(tokens) => by_id(&tokens, &mut listed).map_err(place)?,
            None => {
                read_older(folder, &mut config, &mut listed)?;
                others.extend(take_names(&mut config));
                let stored = stored.into_iter().flat_map(|stored| stored.get_added_tokens_decoder());
                let stored: BTreeMap<u32, AddedToken> = stored.collect();
                listed.extend(stored.into_iter().map(|(id, token)| (i64::from(id), Token::from(&token))));
            }
        }
        let listed: Vec<Token> = listed.into_values().collect();
        let parse = || -> Result<Settings> {
            // If the class reads the key at all, it passes null on to the `tokenizers` crate, which requires a
            // boolean.
            let flag = |key: &str, is_read: bool, default: bool| match config.get(key) {
                None => Ok(default),
                Some(Value::Null) if !is_read => Ok(default),
                Some(Value::Bool(flag)) => Ok(*flag),
                Some(other) => Err(bad(format!("{key:?}: expected true or false, got {}", short(other)))),
            };
            let is_null = |key: &str| config.get(key).is_some_and(Value::is_null);
            let (is_word_piece, is_unigram) = (class.model() == "WordPiece", class.model() == "Unigram");
            let truncation_side = match config.get("truncation_side").map(Value::as_str) {
                None => None,
                Some(Some("right")) => Some(TruncationDirection::Right),
                Some(Some("left")) => Some(TruncationDirection::Left),
                Some(_) => return Err(bad("\"truncation_side\": expected \"left\" or \"right\"")),
            };
            let (others, extra) = extra_tokens(&config, others.clone(), class)?;
            let standard = NAMES.iter().filter_map(|name| {
                let token = named_token(&config, class, name, &listed).transpose()?;
                Some(token.map(|token| ((*name).to_string(), token)))
            });
            let named = standard.chain(others.into_iter().map(Ok)).collect::<Result<Vec<_>>>()?;
            Ok(Settings {
                class,
                lowercase: flag("do_lower_case", is_word_piece, true)? || class::always_lowercases(&name),
                strip_accents: match config.contains_key("strip_accents") && !is_null("strip_accents") {
                    true => Some(flag("strip_accents", true, false)?),
                    false => None,
                },
                tokenize_chinese_chars: flag("tokenize_chinese_chars", is_word_piece, true)?,
                // The SentencePiece classes test for true, which null is not.
                add_prefix_space: !(is_unigram && is_null("add_prefix_space"))
                    && flag("add_prefix_space", class == Class::Roberta, is_unigram)?,
                split_special_tokens: flag("split_special_tokens", true, false)?,
                truncation_side,
                listed: listed.clone(),
                named,
                extra,
            })
        };
        parse().map_err(place)
    }

    /// The special token with a name.
    pub(super) fn token(&self, name: &str) -> Option<&Token> {
        self.named.iter().find(|(known, _)| known == name).map(|(_, token)| token)
    }
}

/// `model_max_length` of `tokenizer_config.json`; `None` if it sets no limit.
pub(super) fn model_max_length(folder: &Path) -> Result<Option<usize>> {
    let path = folder.join(TOKENIZER_CONFIG);
    let config = read_object(&path)?.unwrap_or_default();
    let limit = ["model_max_length", "max_len"].iter().find_map(|key| config.get(*key));
    let expected = |got: &Value| {
        let message = format!("\"model_max_length\": expected a positive number, got {}", short(got));
        bad(message).at(path.display().to_string())
    };
    match limit {
        None | Some(Value::Null) => Ok(None),
        Some(limit) => match whole_number(limit) {
            Some(0) => Err(expected(limit)),
            Some(tokens) => Ok(usize::try_from(tokens).ok()),
            // "No limit" is written as 1e30, or as that number in full.
            None if limit.is_number() && is_astronomical(&limit.to_string()) => Ok(None),
            None => Err(expected(limit)),
        },
    }
}

/// Returns true if a number does not fit into a `u64` because it is too large.
fn is_astronomical(number: &str) -> bool {
    !number.starts_with('-') && number.split_once('e').is_some_and(|(_, power)| !power.starts_with('-'))
}

/// The object in a JSON file; `None` if the file does not exist.
fn read_object(path: &Path) -> Result<Option<Map<String, Value>>> {
    let Some(bytes) = read_file(path, MAX_SETTINGS_BYTES)? else { return Ok(None) };
    let place = |e: Error| e.at(path.display().to_string());
    match python_json(&bytes) {
        Ok(Value::Object(object)) => Ok(Some(object)),
        Ok(_) => Err(place(bad("expected a JSON object"))),
        Err(e) => Err(place(bad(format!("not valid JSON: {e}")).caused_by(e))),
    }
}

/// The bytes of a file; `None` if it does not exist, an error if it is longer than `max_bytes`.
pub(super) fn read_file(path: &Path, max_bytes: u64) -> Result<Option<Vec<u8>>> {
    if !is_there(path)? {
        return Ok(None);
    }
    read(path, max_bytes).map(Some)
}

/// Merges `special_tokens_map.json` into the configuration, and lists the tokens of `added_tokens.json`.
fn read_older(
    folder: &Path,
    config: &mut Map<String, Value>,
    listed: &mut BTreeMap<i64, Token>,
) -> Result<()> {
    let map = read_object(&folder.join("special_tokens_map.json"))?.unwrap_or_default();
    for (name, mut token) in map.clone() {
        let tokens = match &mut token {
            Value::Array(tokens) => tokens.as_mut_slice(),
            // Under this key an object maps names to tokens; everywhere else it is a token.
            Value::Object(_) if name == EXTRA => &mut [],
            token => std::slice::from_mut(token),
        };
        for token in tokens.iter_mut().filter_map(Value::as_object_mut) {
            token.insert("special".to_string(), true.into());
            token.insert(TYPE.to_string(), "AddedToken".into());
        }
        match (config.get_mut(&name), &token) {
            (Some(Value::Array(before)), Value::Array(more)) if name == EXTRA => {
                let more: Vec<Value> = more.iter().filter(|token| !before.contains(token)).cloned().collect();
                before.extend(more);
            }
            _ => drop(config.insert(name, token)),
        }
    }
    // For tokens that are objects, transformers uses only those of the map here.
    let list = |config: &Map<String, Value>| config.get(EXTRA).and_then(Value::as_array).cloned();
    let (extra, extra_of_map) = (list(config).unwrap_or_default(), list(&map).unwrap_or_default());
    let is_special = |text: &str| {
        let named = |name: &&str| {
            let token = map.get(*name).and_then(content).or(config.get(*name).and_then(Value::as_str));
            token == Some(text)
        };
        NAMES.iter().any(named)
            || extra.iter().any(|token| token.as_str() == Some(text))
            || extra_of_map.iter().any(|token| content(token) == Some(text))
    };
    let path = folder.join("added_tokens.json");
    for (text, id) in read_object(&path)?.into_iter().flatten() {
        let Some(id) = id.as_i64() else {
            let message = format!("{text:?}: expected a token id, got {}", short(&id));
            return Err(bad(message).at(path.display().to_string()));
        };
        listed.insert(id, Token::listed(&text, is_special(&text)));
    }
    Ok(())
}

/// `added_tokens_decoder`: tokens by id.
fn by_id(tokens: &Value, listed: &mut BTreeMap<i64, Token>) -> Result<()> {
    let key = "\"added_tokens_decoder\"";
    let tokens =
        tokens.as_object().ok_or_else(|| bad(format!("{key}: expected an object, got {}", short(tokens))))?;
    for (id, token) in tokens {
        let number: i64 =
            id.trim().parse().map_err(|_| bad(format!("{key}: expected token ids, got {id:?}")))?;
        let token = Some(token).filter(|token| token.is_object());
        let token = token.and_then(|token| Token::from_json(token, false));
        listed.insert(number, token.ok_or_else(|| bad(format!("{key}: {id:?}: expected an added token")))?);
    }
    Ok(())
}

/// A special token with a standard name: as listed by id, otherwise as in the configuration, otherwise the class's
/// default.
fn named_token(
    config: &Map<String, Value>,
    class: Class,
    name: &str,
    listed: &[Token],
) -> Result<Option<Token>> {
    let Some(value) = config.get(name) else { return Ok(class.default_token(name)) };
    if value.is_null() {
        return Ok(None);
    }
    let token = Token::from_json(value, false).ok_or_else(|| not_a_token(name, value))?;
    // The last one with the same text is used.
    let as_listed = listed.iter().rev().find(|listed| listed.content == token.content);
    Ok(Some(match (as_listed, value) {
        (Some(listed), _) => listed.clone(),
        (None, Value::String(content)) => class.named(name, content),
        (None, _) => token,
    }))
}

/// Takes the named special tokens out of the list of those without a name, if that is an object.
fn take_names(config: &mut Map<String, Value>) -> Map<String, Value> {
    let is_object = config.get(EXTRA).is_some_and(Value::is_object);
    match is_object.then(|| config.remove(EXTRA)).flatten() {
        Some(Value::Object(tokens)) => tokens,
        _ => Map::new(),
    }
}

/// Special tokens with their names.
type Named = Vec<(String, Token)>;

/// Special tokens with non-standard names, including `others`, and those without a name.
fn extra_tokens(
    config: &Map<String, Value>,
    others: Map<String, Value>,
    class: Class,
) -> Result<(Named, Vec<Token>)> {
    let mut named = Named::new();
    let mut unnamed = class.default_extra();
    let key = if config.contains_key(EXTRA) { EXTRA } else { ADDITIONAL };
    match config.get(key) {
        None => {}
        Some(Value::Null) => unnamed.clear(),
        Some(Value::Array(tokens)) => {
            let tokens = tokens
                .iter()
                .map(|token| Token::from_json(token, false).ok_or_else(|| not_a_token(key, token)));
            unnamed = tokens.collect::<Result<_>>()?;
        }
        Some(other) => return Err(bad(format!("{key:?}: expected a list of tokens, got {}", short(other)))),
    }
    // As in `dict.update`: top-level keys come first, and keep their position if the object has them too.
    for (name, value) in config {
        if is_other_token(name, value)
            && let Some(token) = Token::from_json(value, false)
        {
            named.push((name.clone(), token));
        }
    }
    for (name, value) in others {
        let token = Token::from_json(&value, false).ok_or_else(|| not_a_token(&name, &value))?;
        match named.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = token,
            None => named.push((name, token)),
        }
    }
    Ok((named, unnamed))
}

/// Returns true if a key names a special token; an object is a token only if it is marked as one.
fn is_other_token(key: &str, value: &Value) -> bool {
    let is_token = value.is_string() || value.get(TYPE).is_some();
    is_token && key.ends_with("_token") && !NAMES.contains(&key)
}

fn is_empty(tokens: Option<&Value>) -> bool {
    match tokens {
        None | Some(Value::Null) => true,
        Some(Value::Array(tokens)) => tokens.is_empty(),
        Some(Value::Object(tokens)) => tokens.is_empty(),
        Some(_) => false,
    }
}

fn content(token: &Value) -> Option<&str> {
    token.as_str().or_else(|| token.get("content")?.as_str())
}

fn not_a_token(name: &str, value: &Value) -> Error {
    bad(format!("{name:?}: expected a token, got {}", short(value)))
}

/// JSON for a message, cut if it is long.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
