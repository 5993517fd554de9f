//! What the files of a sentence-transformers folder ask for: pooling and what follows it, how long a sentence may be, and
//! what is put before it.
//!
//! | file | what is read from it |
//! |---|---|
//! | `modules.json` | the modules in order, and their folders |
//! | `1_Pooling/config.json` | the poolings, and whether a prompt's tokens are pooled |
//! | `2_Dense/config.json` | the sizes of a dense layer |
//! | `sentence_bert_config.json`, beside the encoder | `max_seq_length`, `do_lower_case` |
//! | `tokenizer_config.json`, beside the encoder | `model_max_length`, where there is no `max_seq_length` |
//! | `config_sentence_transformers.json` | `prompts`, `default_prompt_name`, `truncate_dim` |
//!
//! Two generations of the files are about: module types `sentence_transformers.models.*` with
//! `pooling_mode_*_tokens` flags, and since 5.4 longer type names with one `pooling_mode`.
//! Source: sentence-transformers 6.2, `base/model.py` and `base/modules/transformer.py`.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::loading_arguments;
use super::module::DenseConfig;
use super::{FeatureOptions, Module, Pooling};
use crate::checkpoint_folder::{
    MODULES, class_of, is_below, is_there, python_json, read_text, transformer_folder, whole_number,
};
use crate::error::{Error, ErrorKind, Result};

const POOLING_HINT: &str = "choose the pooling yourself: --pooling cls, mean or max";

/// How the types of sentence-transformers' own modules begin.
const OWN_TYPES: &str = "sentence_transformers.";

/// The file with the prompts.
const CONFIG: &str = "config_sentence_transformers.json";

const TOKENIZER_CONFIG: &str = "tokenizer_config.json";

/// The settings of the `Transformer` module; the last six names are of versions before 1.
const TRANSFORMER_CONFIGS: [&str; 7] = [
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
];

/// All that a sentence-transformers folder asks for.
///
/// ```no_run
/// use clsify::features::SentenceTransformer;
/// let asked = SentenceTransformer::read("all-MiniLM-L6-v2".as_ref())?.expect("modules.json is there");
/// assert_eq!(asked.features.to_string(), "mean, normalized");
/// assert_eq!(asked.max_length, Some(256));
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SentenceTransformer {
    /// Pooling and what follows it.
    pub features: FeatureOptions,
    /// The longest sentence in tokens; `None`: as long as the encoder can take.
    pub max_length: Option<usize>,
    /// Whether sentences are lowercased first.
    pub lowercase: bool,
    /// The text that is put before every sentence, by default; it may be empty.
    pub prompt: String,
    /// Whether the tokens of the prompt are pooled too.
    pub include_prompt: bool,
}

impl SentenceTransformer {
    /// Reads the files of a folder; `None` when it has no `modules.json` and is a plain encoder.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when a module or pooling is not supported, or a file is malformed.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(MODULES);
        if !is_there(&path)? {
            return Ok(None);
        }
        let (features, include_prompt) = read_modules(folder, &path)?;
        let asked = Object::read_if_there(folder.join(CONFIG))?;
        let (max_length, lowercase) = read_limits(&transformer_folder(folder))?;
        let prompt = asked.place(default_prompt(&asked))?;
        let truncate_dim = asked.place(asked.size("truncate_dim"))?;
        let features = FeatureOptions { truncate_dim, ..features };
        Ok(Some(SentenceTransformer { features, max_length, lowercase, prompt, include_prompt }))
    }
}

/// The text that a prompt stands for: that of a name in the folder's `config_sentence_transformers.json`, or itself.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] when it looks like a name, a single word, and the folder has no prompt of that name;
/// [`ErrorKind::Config`] when the file is malformed.
///
/// ```no_run
/// use clsify::features::prompt_text;
/// assert_eq!(prompt_text("e5-small-v2".as_ref(), "query: ")?, "query: ");
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn prompt_text(folder: &Path, name_or_text: &str) -> Result<String> {
    let asked = Object::read_if_there(folder.join(CONFIG))?;
    let prompts = asked.place(prompts(&asked))?;
    if let Some((_, text)) = prompts.iter().find(|(name, _)| name == name_or_text) {
        return Ok(text.clone());
    }
    let is_word = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if name_or_text.is_empty() || !is_word(name_or_text) {
        return Ok(name_or_text.to_string());
    }
    let names: Vec<String> = prompts.iter().map(|(name, _)| format!("{name:?}")).collect();
    let known = if names.is_empty() { "no prompts".to_string() } else { names.join(", ") };
    let message = format!("expected the name of a prompt of this encoder or a text, got {name_or_text:?}");
    Err(Error::new(ErrorKind::InvalidArgument, message).with_hint(format!(
        "the encoder has {known}; end a text with what stands before the sentence, as in --prompt \"{name_or_text}: \""
    )))
}

/// The files of this module that are there, below the folder: they hold no weights.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let path = folder.join(MODULES);
    if !is_there(&path)? {
        return Ok(Vec::new());
    }
    let modules: Value = serde_json::from_str(&read_text(&path)?)
        .map_err(|e| bad(format!("not valid JSON: {e}")).at(path.display().to_string()))?;
    let encoder = transformer_folder(folder);
    let of_modules = modules.as_array().into_iter().flatten().filter_map(|module| {
        let own = module.get("path").and_then(Value::as_str).filter(|own| is_below(own))?;
        (class_of(module) != "Transformer").then(|| folder.join(own).join("config.json"))
    });
    let of_encoder = TRANSFORMER_CONFIGS.iter().chain([&TOKENIZER_CONFIG]).map(|name| encoder.join(name));
    let all = [path.clone(), folder.join(CONFIG)].into_iter().chain(of_encoder).chain(of_modules);
    Ok(all.filter(|file| file.is_file()).collect())
}

/// Pooling and what follows it; whether a prompt's tokens are pooled too.
fn read_modules(folder: &Path, path: &Path) -> Result<(FeatureOptions, bool)> {
    let place = |e: Error| e.at(path.display().to_string());
    let modules: Value =
        serde_json::from_str(&read_text(path)?).map_err(|e| place(bad(format!("not valid JSON: {e}"))))?;
    let modules = modules.as_array().ok_or_else(|| place(bad("expected a list of modules")))?;
    let mut poolings = None;
    let mut include_prompt = true;
    let mut after = Vec::new();
    for (position, module) in modules.iter().enumerate() {
        let own_folder = |what: &str| {
            let name = module.get("path").and_then(Value::as_str).unwrap_or_default();
            match is_below(name) {
                true => Ok(name),
                false => Err(place(bad(format!("expected the {what} module's folder, got {name:?}")))),
            }
        };
        // What another package calls by the same name may do anything.
        let name = module.get("type").and_then(Value::as_str).unwrap_or_default();
        let known = name.starts_with(OWN_TYPES).then(|| class_of(module));
        match (known, position) {
            (Some("Transformer"), 0) | (Some("Dropout"), 2..) => {}
            (Some("Pooling"), 1) => {
                let config = Object::read(folder.join(own_folder("pooling")?).join("config.json"))?;
                poolings = Some(config.place(pooling_modes(&config))?);
                include_prompt = config.place(config.flag("include_prompt"))?.unwrap_or(true);
            }
            (Some("Dense"), 2..) => {
                let own = own_folder("dense")?;
                let DenseConfig { in_features, out_features, .. } = DenseConfig::read(&folder.join(own))?;
                after.push(Module::Dense { folder: own.to_string(), in_features, out_features });
            }
            (Some("Normalize"), 2..) => {
                if let Some(own) = module.get("path").and_then(Value::as_str).filter(|own| is_below(own)) {
                    check_normalize(folder.join(own).join("config.json"))?;
                }
                after.push(Module::Normalize);
            }
            (Some(other @ ("Transformer" | "Pooling" | "Dense" | "Normalize" | "Dropout")), _) => {
                return Err(place(
                    bad(format!("unsupported order of modules: {other:?}")).with_hint(POOLING_HINT),
                ));
            }
            _ => {
                let other = known.unwrap_or(name);
                return Err(place(bad(format!("unsupported module {other:?}"))).with_hint(POOLING_HINT));
            }
        }
    }
    let Some(poolings) = poolings else {
        let message = format!("expected a Transformer and a Pooling after it, got {} modules", modules.len());
        return Err(place(bad(message).with_hint(POOLING_HINT)));
    };
    let normalize = after.pop_if(|last| *last == Module::Normalize).is_some();
    Ok((FeatureOptions { normalize, modules: after, ..poolings.into() }, include_prompt))
}

/// Since version 5 a `Normalize` module may be about other vectors than the sentence's.
fn check_normalize(path: PathBuf) -> Result<()> {
    let config = Object::read_if_there(path)?;
    for key in ["module_input_name", "module_output_name"] {
        if let Some(name) = config.place(config.text(key))?.filter(|&name| name != "sentence_embedding") {
            return config
                .place(Err(bad(format!("\"{key}\": expected \"sentence_embedding\", got {name:?}"))));
        }
    }
    Ok(())
}

/// The longest sentence in tokens, and whether sentences are lowercased first.
fn read_limits(encoder: &Path) -> Result<(Option<usize>, bool)> {
    for name in TRANSFORMER_CONFIGS {
        let config = Object::read_if_there(encoder.join(name))?;
        if config.json.is_empty() {
            continue;
        }
        let own = config.place(config.size("max_seq_length"))?;
        let lowercase = config.place(config.flag("do_lower_case"))?.unwrap_or(false);
        let beside = |name: &str| Object::read_if_there(encoder.join(name)).map(|object| object.json);
        let unheeded =
            loading_arguments::check(&config.json, &beside(TOKENIZER_CONFIG)?, &beside("config.json")?);
        config.place(unheeded)?;
        // What is handed to each call of the tokenizer, then to its loading, before what it is loaded with otherwise.
        let handed: [&[&str]; 3] = [
            &["processing_kwargs", "text", "max_length"],
            &["processor_kwargs", "model_max_length"],
            &["tokenizer_args", "model_max_length"],
        ];
        let handed = handed.into_iter().find_map(|keys| {
            let mut value = config.json.get(keys[0]);
            keys[1..].iter().for_each(|key| value = value.and_then(|value| value.get(key)));
            token_limit(value?)
        });
        if let Some(max_length) = handed.or(own) {
            return Ok((Some(max_length), lowercase));
        }
        return Ok((tokenizer_limit(encoder)?, lowercase));
    }
    Ok((tokenizer_limit(encoder)?, false))
}

/// `model_max_length` of the tokenizer.
fn tokenizer_limit(encoder: &Path) -> Result<Option<usize>> {
    let config = Object::read_if_there(encoder.join(TOKENIZER_CONFIG))?;
    Ok(config.json.get("model_max_length").and_then(token_limit))
}

/// A limit in tokens; transformers writes 1e30 where there is none.
fn token_limit(value: &Value) -> Option<usize> {
    whole_number(value).filter(|&limit| limit > 0).and_then(|limit| usize::try_from(limit).ok())
}

/// The prompts by name, in the order of the file.
fn prompts(asked: &Object) -> Result<Vec<(String, String)>> {
    let Some(prompts) = asked.json.get("prompts").filter(|prompts| !prompts.is_null()) else {
        return Ok(Vec::new());
    };
    let text = |(name, text): (&String, &Value)| match text {
        // As sentence-transformers writes a prompt that is not filled in.
        Value::Null => Ok((name.clone(), String::new())),
        Value::String(text) => Ok((name.clone(), text.clone())),
        other => Err(bad(format!("\"prompts\": {name:?}: expected a text, got {other}"))),
    };
    let prompts = prompts
        .as_object()
        .ok_or_else(|| bad(format!("\"prompts\": expected an object of names and texts, got {prompts}")))?;
    prompts.iter().map(text).collect()
}

fn default_prompt(asked: &Object) -> Result<String> {
    let prompts = prompts(asked)?;
    let Some(default) = asked.text("default_prompt_name")? else { return Ok(String::new()) };
    let named = prompts.into_iter().find(|(name, _)| name == default);
    match (named, default) {
        (Some((_, text)), _) => Ok(text),
        // sentence-transformers has these two without being told, and they are empty.
        (None, "query" | "document") => Ok(String::new()),
        (None, _) => {
            Err(bad(format!("\"default_prompt_name\": expected the name of a prompt, got {default:?}")))
        }
    }
}

fn pooling_modes(config: &Object) -> Result<Vec<Pooling>> {
    if let Some(mode) = config.json.get("pooling_mode") {
        let modes: Option<Vec<&str>> = match mode {
            Value::String(one) => Some(vec![one]),
            Value::Array(many) => many.iter().map(Value::as_str).collect(),
            _ => None,
        };
        let modes = modes.ok_or_else(|| {
            bad(format!("\"pooling_mode\": expected a name or a list of names, got {mode}"))
        })?;
        if modes.is_empty() {
            return Err(bad("\"pooling_mode\": expected at least one name, got none"));
        }
        return modes.into_iter().map(|m| m.parse().map_err(|_| unsupported(m))).collect();
    }
    // Several flags at once are concatenated, in this order.
    let flags = [
        ("pooling_mode_cls_token", Some(Pooling::Cls)),
        ("pooling_mode_max_tokens", Some(Pooling::Max)),
        ("pooling_mode_mean_tokens", Some(Pooling::Mean)),
        ("pooling_mode_mean_sqrt_len_tokens", None),
        ("pooling_mode_weightedmean_tokens", None),
        ("pooling_mode_lasttoken", None),
    ];
    let mut poolings = Vec::new();
    for (flag, pooling) in flags {
        if config.json.get(flag).and_then(Value::as_bool) == Some(true) {
            poolings.push(pooling.ok_or_else(|| unsupported(flag))?);
        }
    }
    if poolings.is_empty() {
        poolings.push(Pooling::Mean);
    }
    Ok(poolings)
}

fn unsupported(mode: &str) -> Error {
    bad(format!("unsupported pooling {mode:?}")).with_hint(POOLING_HINT)
}

/// A JSON object of a file; a key of the wrong type names itself.
struct Object {
    json: Map<String, Value>,
    path: PathBuf,
}

impl Object {
    fn read(path: PathBuf) -> Result<Self> {
        let place = |e: Error| e.at(path.display().to_string());
        let json = python_json(read_text(&path)?.as_bytes())
            .map_err(|e| place(bad(format!("not valid JSON: {e}"))))?;
        match json {
            Value::Object(json) => Ok(Object { json, path }),
            _ => Err(place(bad("expected a JSON object"))),
        }
    }

    /// An empty one where there is no file.
    fn read_if_there(path: PathBuf) -> Result<Self> {
        match is_there(&path)? {
            true => Self::read(path),
            false => Ok(Object { json: Map::new(), path }),
        }
    }

    /// The same with the file in front of an error.
    fn place<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|e| e.at(self.path.display().to_string()))
    }

    fn find(&self, key: &str) -> Option<&Value> {
        self.json.get(key).filter(|value| !value.is_null())
    }

    fn text(&self, key: &str) -> Result<Option<&str>> {
        let text = |value: &'_ Value| bad(format!("\"{key}\": expected a text, got {value}"));
        self.find(key).map(|value| value.as_str().ok_or_else(|| text(value))).transpose()
    }

    fn flag(&self, key: &str) -> Result<Option<bool>> {
        let wrong = |value: &Value| bad(format!("\"{key}\": expected true or false, got {value}"));
        self.find(key).map(|value| value.as_bool().ok_or_else(|| wrong(value))).transpose()
    }

    fn size(&self, key: &str) -> Result<Option<usize>> {
        let wrong =
            |value: &Value| bad(format!("\"{key}\": expected a whole number of at least 1, got {value}"));
        let size = |value: &Value| value.as_u64().filter(|&n| n > 0).and_then(|n| usize::try_from(n).ok());
        self.find(key).map(|value| size(value).ok_or_else(|| wrong(value))).transpose()
    }
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}
