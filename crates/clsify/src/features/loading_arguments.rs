//! Arguments in the settings of sentence-transformers' `Transformer` that it passes on when it loads the tokenizer,
//! the configuration and the weights, and when it calls the tokenizer.
//!
//! Only the token limits are supported. Any other argument that would change a vector is refused, not ignored.

use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};

/// Arguments that change no vector: they affect how files are found, and how weights are stored.
const HARMLESS: [&str; 25] = [
    "trust_remote_code",
    "revision",
    "code_revision",
    "_commit_hash",
    "cache_dir",
    "force_download",
    "local_files_only",
    "token",
    "use_auth_token",
    "proxies",
    "name_or_path",
    "attn_implementation",
    "torch_dtype",
    "dtype",
    "device_map",
    "low_cpu_mem_usage",
    "use_safetensors",
    "use_fast",
    "padding_side",
    "clean_up_tokenization_spaces",
    "add_pooling_layer",
    "output_attentions",
    "output_hidden_states",
    "return_dict",
    "use_cache",
];

/// Arguments of calls to the tokenizer that change no vector, or that are supported.
const OF_CALLS: [&str; 5] = ["max_length", "padding", "padding_side", "pad_to_multiple_of", "return_tensors"];

/// Checks that the settings pass on nothing that would change a vector, beyond the content of the files themselves.
///
/// # Errors
/// [`ErrorKind::Config`] with the argument.
pub(super) fn check(
    settings: &Map<String, Value>,
    tokenizer_config: &Map<String, Value>,
    config: &Map<String, Value>,
) -> Result<()> {
    let arguments = |key: &str| settings.get(key).and_then(Value::as_object).into_iter().flatten();
    for (group, file, said) in [
        ("tokenizer_args", "tokenizer_config.json", tokenizer_config),
        ("processor_kwargs", "tokenizer_config.json", tokenizer_config),
        ("config_args", "config.json", config),
        ("config_kwargs", "config.json", config),
        ("model_args", "config.json", config),
        ("model_kwargs", "config.json", config),
    ] {
        let is_of_tokenizer = file == "tokenizer_config.json";
        for (key, value) in arguments(group) {
            let is_known = HARMLESS.contains(&key.as_str()) || (is_of_tokenizer && key == "model_max_length");
            if !is_known && said.get(key).unwrap_or(&Value::Null) != value {
                return Err(unheeded(group, key).with_hint(format!(
                    "move it into {file}, or choose the pooling: --pooling mean or cls"
                )));
            }
        }
    }
    for (kind, of_kind) in
        arguments("processing_kwargs").filter(|(kind, _)| ["text", "common"].contains(&kind.as_str()))
    {
        for (key, value) in of_kind.as_object().into_iter().flatten() {
            let is_known = OF_CALLS.contains(&key.as_str()) && (key != "max_length" || kind == "text");
            let truncates = key == "truncation" && (*value == true || *value == "longest_first");
            if !is_known && !truncates {
                return Err(unheeded(&format!("processing_kwargs.{kind}"), key)
                    .with_hint("remove it, or choose the pooling: --pooling mean or cls"));
            }
        }
    }
    Ok(())
}

fn unheeded(group: &str, key: &str) -> Error {
    Error::new(ErrorKind::Config, format!("unsupported argument {key:?} in \"{group}\""))
}
