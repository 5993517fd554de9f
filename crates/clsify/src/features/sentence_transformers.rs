//! Reads the settings of a sentence-transformers folder: pooling and the modules after it, the maximum length, and
//! the prompt.
//!
//! | file | content |
//! |---|---|
//! | `modules.json` | the modules in order, and their folders |
//! | `1_Pooling/config.json` | the poolings, and whether a prompt's tokens are pooled |
//! | `2_Dense/config.json` | the sizes of a dense layer |
//! | `sentence_bert_config.json`, beside the encoder | `max_seq_length`, `do_lower_case` |
//! | `tokenizer_config.json`, beside the encoder | `model_max_length`, used if there is no `max_seq_length` |
//! | `config_sentence_transformers.json` | `prompts`, `default_prompt_name`, `truncate_dim` |
//!
//! There are two generations of these files: module types `sentence_transformers.models.*` with
//! `pooling_mode_*_tokens` flags, and since 5.4 longer type names with one `pooling_mode`. Source:
//! sentence-transformers 6.2, `base/model.py` and `base/modules/transformer.py`.

use std::path::{Path, PathBuf};

use clsify_base::encoder_files::{CONFIG, MODULES, PROMPTS, TOKENIZER_CONFIG, TRANSFORMER_CONFIGS, is_below};
use serde_json::{Value, json};

use super::dense::DenseConfig;
use super::loading_arguments;
use super::module::Module;
use super::options::FeatureOptions;
use super::pooling::Pooling;
use super::settings_file::{SettingsFile, bad};
use crate::checkpoint_folder::{class_of, is_there, read_json, transformer_folder, whole_number};
use crate::error::{Error, ErrorKind, Result};

const POOLING_HINT: &str = "choose the pooling yourself: --pooling cls, mean or max";

/// The prefix of the types of sentence-transformers' own modules.
const OWN_TYPES: &str = "sentence_transformers.";

/// All settings of a sentence-transformers folder.
///
/// ```no_run
/// use clsify::features::SentenceTransformer;
/// let asked = SentenceTransformer::read("all-MiniLM-L6-v2")?.expect("modules.json is there");
/// assert_eq!(asked.features.to_string(), "mean, normalized");
/// assert_eq!(asked.max_length, Some(256));
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SentenceTransformer {
    /// The pooling and the modules after it.
    pub features: FeatureOptions,
    /// The maximum number of tokens per sentence; `None` is the encoder's limit.
    pub max_length: Option<usize>,
    /// True if sentences are lowercased first.
    pub lowercase: bool,
    /// The text before every sentence, which may be empty.
    pub prompt: String,
    /// True if the tokens of the prompt are pooled too.
    pub include_prompt: bool,
}

/// The settings of a folder whose features are the mean of the last layer: the name and the content of each file. Both
/// generations of sentence-transformers read them.
pub(crate) fn mean_pooling_files(hidden_size: usize, max_length: usize) -> [(&'static str, Value); 3] {
    let module = |idx: usize, path: &str, kind: &str| {
        let kind = format!("{OWN_TYPES}models.{kind}");
        json!({"idx": idx, "name": idx.to_string(), "path": path, "type": kind})
    };
    [
        (TRANSFORMER_CONFIGS[0], json!({"max_seq_length": max_length, "do_lower_case": false})),
        (MODULES, json!([module(0, "", "Transformer"), module(1, "1_Pooling", "Pooling")])),
        (
            "1_Pooling/config.json",
            json!({"word_embedding_dimension": hidden_size, "pooling_mode_mean_tokens": true}),
        ),
    ]
}

impl FeatureOptions {
    /// The features that a sentence-transformers folder specifies; `None` if the folder contains a plain encoder.
    /// [`SentenceTransformer`] has its other settings.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if a module or pooling is not supported.
    pub fn from_folder(folder: impl AsRef<Path>) -> Result<Option<Self>> {
        Ok(SentenceTransformer::read(folder)?.map(|asked| asked.features))
    }
}

impl SentenceTransformer {
    /// Reads the files of a folder; `None` if it has no `modules.json` and is a plain encoder.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if a module or pooling is not supported, or a file is malformed.
    pub fn read(folder: impl AsRef<Path>) -> Result<Option<Self>> {
        let folder = folder.as_ref();
        let path = folder.join(MODULES);
        if !is_there(&path)? {
            return Ok(None);
        }
        let (features, include_prompt) = read_modules(folder, &path)?;
        let asked = SettingsFile::read_if_there(folder.join(PROMPTS))?;
        let (max_length, lowercase) = read_limits(&transformer_folder(folder))?;
        let prompt = asked.place(default_prompt(&asked))?;
        let truncate_dim = asked.place(asked.size("truncate_dim"))?;
        let features = FeatureOptions { truncate_dim, ..features };
        Ok(Some(SentenceTransformer { features, max_length, lowercase, prompt, include_prompt }))
    }
}

/// The text of a prompt: that of a name in the folder's `config_sentence_transformers.json`, or the argument itself.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] if it is a single word, which looks like a name, and the folder has no prompt of
/// that name; [`ErrorKind::Config`] if the file is malformed.
///
/// ```no_run
/// use clsify::features::prompt_text;
/// assert_eq!(prompt_text("e5-small-v2", "query: ")?, "query: ");
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn prompt_text(folder: impl AsRef<Path>, name_or_text: &str) -> Result<String> {
    let folder = folder.as_ref();
    let asked = SettingsFile::read_if_there(folder.join(PROMPTS))?;
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

/// The existing files of this kind in the folder; they contain no weights.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let path = folder.join(MODULES);
    if !is_there(&path)? {
        return Ok(Vec::new());
    }
    let modules = read_json(&path, ErrorKind::Config)?;
    let encoder = transformer_folder(folder);
    let of_modules = modules.as_array().into_iter().flatten().filter_map(|module| {
        let own = module.get("path").and_then(Value::as_str).filter(|own| is_below(own))?;
        (class_of(module) != "Transformer").then(|| folder.join(own).join(CONFIG))
    });
    let of_encoder = TRANSFORMER_CONFIGS.iter().chain([&TOKENIZER_CONFIG]).map(|name| encoder.join(name));
    let all = [path.clone(), folder.join(PROMPTS)].into_iter().chain(of_encoder).chain(of_modules);
    Ok(all.filter(|file| file.is_file()).collect())
}

/// Reads the pooling and the modules after it, and whether a prompt's tokens are pooled too.
fn read_modules(folder: &Path, path: &Path) -> Result<(FeatureOptions, bool)> {
    let place = |e: Error| e.at(path.display().to_string());
    let modules = read_json(path, ErrorKind::Config)?;
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
        // A module of another package with the same name may do anything.
        let name = module.get("type").and_then(Value::as_str).unwrap_or_default();
        let known = name.starts_with(OWN_TYPES).then(|| class_of(module));
        match (known, position) {
            (Some("Transformer"), 0) | (Some("Dropout"), 2..) => {}
            (Some("Pooling"), 1) => {
                let config = SettingsFile::read(folder.join(own_folder("pooling")?).join(CONFIG))?;
                poolings = Some(config.place(pooling_modes(&config))?);
                include_prompt = config.place(config.flag("include_prompt", true))?;
            }
            (Some("Dense"), 2..) => {
                let own = own_folder("dense")?;
                let DenseConfig { in_features, out_features, .. } = DenseConfig::read(&folder.join(own))?;
                after.push(Module::Dense { folder: own.to_string(), in_features, out_features });
            }
            (Some("Normalize"), 2..) => {
                if let Some(own) = module.get("path").and_then(Value::as_str).filter(|own| is_below(own)) {
                    let config = SettingsFile::read_if_there(folder.join(own).join(CONFIG))?;
                    config.place(config.check_is_of_sentence())?;
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

/// The maximum number of tokens, and whether sentences are lowercased first.
fn read_limits(encoder: &Path) -> Result<(Option<usize>, bool)> {
    for name in TRANSFORMER_CONFIGS {
        let config = SettingsFile::read_if_there(encoder.join(name))?;
        if config.json.is_empty() {
            continue;
        }
        let own = config.place(config.size("max_seq_length"))?;
        let lowercase = config.place(config.flag("do_lower_case", false))?;
        let beside = |name: &str| SettingsFile::read_if_there(encoder.join(name)).map(|object| object.json);
        let unheeded = loading_arguments::check(&config.json, &beside(TOKENIZER_CONFIG)?, &beside(CONFIG)?);
        config.place(unheeded)?;
        // The arguments of each call of the tokenizer come first, then those for loading it, then the other settings.
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
    let config = SettingsFile::read_if_there(encoder.join(TOKENIZER_CONFIG))?;
    Ok(config.json.get("model_max_length").and_then(token_limit))
}

/// A limit in tokens; transformers writes 1e30 for no limit.
fn token_limit(value: &Value) -> Option<usize> {
    whole_number(value).filter(|&limit| limit > 0).and_then(|limit| usize::try_from(limit).ok())
}

/// The prompts by name, in the order of the file.
fn prompts(asked: &SettingsFile) -> Result<Vec<(String, String)>> {
    let Some(prompts) = asked.json.get("prompts").filter(|prompts| !prompts.is_null()) else {
        return Ok(Vec::new());
    };
    let text = |(name, text): (&String, &Value)| match text {
        // sentence-transformers writes null for a prompt that is not filled in.
        Value::Null => Ok((name.clone(), String::new())),
        Value::String(text) => Ok((name.clone(), text.clone())),
        other => Err(bad(format!("\"prompts\": {name:?}: expected a text, got {other}"))),
    };
    let prompts = prompts
        .as_object()
        .ok_or_else(|| bad(format!("\"prompts\": expected an object of names and texts, got {prompts}")))?;
    prompts.iter().map(text).collect()
}

fn default_prompt(asked: &SettingsFile) -> Result<String> {
    let prompts = prompts(asked)?;
    let Some(default) = asked.text("default_prompt_name")? else { return Ok(String::new()) };
    let named = prompts.into_iter().find(|(name, _)| name == default);
    match (named, default) {
        (Some((_, text)), _) => Ok(text),
        // sentence-transformers always has these two, and they are empty.
        (None, "query" | "document") => Ok(String::new()),
        (None, _) => {
            Err(bad(format!("\"default_prompt_name\": expected the name of a prompt, got {default:?}")))
        }
    }
}

fn pooling_modes(config: &SettingsFile) -> Result<Vec<Pooling>> {
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
    // Several flags at once are concatenated in this order.
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
        if config.flag(flag, false).map_err(|e| e.with_hint(POOLING_HINT))? {
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
