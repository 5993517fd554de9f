//! `modules.json` of a sentence-transformers folder: which pooling the encoder was trained with.
//!
//! Two generations of the files are about: module types `sentence_transformers.models.*` with
//! `pooling_mode_*_tokens` flags, and since 5.4 longer type names with one `pooling_mode`.

use std::path::Path;

use serde_json::Value;

use super::{FeatureOptions, Pooling};
use crate::error::{Error, ErrorKind, Result};

/// The features that a sentence-transformers folder asks for; `None` when the folder is not one.
///
/// # Errors
/// [`ErrorKind::Config`] when a module or pooling is not supported, or a file is malformed.
pub(super) fn options(folder: &Path) -> Result<Option<FeatureOptions>> {
    let path = folder.join("modules.json");
    if !path.exists() {
        return Ok(None);
    }
    let place = |e: Error| e.at(path.display().to_string());
    let modules = read_json(&path)?;
    let modules = modules.as_array().ok_or_else(|| place(bad("expected a list of modules")))?;
    let mut poolings = None;
    let mut normalize = false;
    for module in modules {
        let module_type = module.get("type").and_then(Value::as_str).unwrap_or_default();
        match module_type.rsplit('.').next().unwrap_or_default() {
            "Transformer" => {}
            "Pooling" => {
                let name = module.get("path").and_then(Value::as_str).unwrap_or_default();
                if name.is_empty()
                    || !Path::new(name).components().all(|c| matches!(c, std::path::Component::Normal(_)))
                {
                    return Err(place(bad(format!("expected the pooling module's folder, got {name:?}"))));
                }
                let path = folder.join(name).join("config.json");
                let config = read_json(&path)?;
                poolings = Some(pooling_modes(&config).map_err(|e| e.at(path.display().to_string()))?);
            }
            "Normalize" => normalize = true,
            other => {
                return Err(place(bad(format!("unsupported module {other:?}")))
                    .with_hint("choose the pooling yourself: --pooling cls, mean or max"));
            }
        }
    }
    // sentence-transformers itself takes the mean where nothing is said.
    let poolings = poolings.unwrap_or_else(|| vec![Pooling::Mean]);
    Ok(Some(FeatureOptions { normalize, ..poolings.into() }))
}

fn pooling_modes(config: &Value) -> Result<Vec<Pooling>> {
    if !config.is_object() {
        return Err(bad("expected a JSON object"));
    }
    if let Some(mode) = config.get("pooling_mode") {
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
        if config.get(flag).and_then(Value::as_bool) == Some(true) {
            poolings.push(pooling.ok_or_else(|| unsupported(flag))?);
        }
    }
    if poolings.is_empty() {
        poolings.push(Pooling::Mean);
    }
    Ok(poolings)
}

fn unsupported(mode: &str) -> Error {
    bad(format!("unsupported pooling {mode:?}"))
        .with_hint("choose the pooling yourself: --pooling cls, mean or max")
}

fn read_json(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, &e))?;
    serde_json::from_str(&text)
        .map_err(|e| bad(format!("not valid JSON: {e}")).at(path.display().to_string()))
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}
