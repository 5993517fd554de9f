//! The files that make up an encoder's folder, and whether they are complete.
//!
//! The content of the weights is not read: only the existence of a file counts. The hub's cache and this crate's own
//! cache give a file its name only when it is complete.

use std::path::Path;

use clsify_base::encoder_files::beside_weights;
pub(crate) use clsify_base::encoder_files::{
    CONFIG, LEGACY_WEIGHTS, MODULES, PROMPTS, TOKENIZER, TRANSFORMER_CONFIGS, VOCAB, VOCAB_JSON, WEIGHTS,
    WEIGHTS_INDEX,
};
use clsify_base::error::{Error, Result};
use clsify_base::files::read_file;
use serde_json::Value;

use crate::below::is_below;

/// The maximum size of a small file: the largest known, a `tokenizer.json`, has about 20 MB.
pub(crate) const MAX_SMALL_BYTES: u64 = 128 << 20;

/// Small files that are downloaded if they exist, for an encoder whose own files have names that begin with `below`.
///
/// The encoder's files are also taken from the top, where transformers looks for them.
pub(crate) fn small_files(below: &str) -> Vec<String> {
    let mut names: Vec<String> = [MODULES, PROMPTS].map(String::from).to_vec();
    names.extend(beside_weights().map(String::from));
    if !below.is_empty() {
        names.extend(beside_weights().map(|name| format!("{below}{name}")));
    }
    names
}

/// The settings of sentence-transformers that are missing in the folder and may exist in the repository:
/// `modules.json`, or if that exists, the files that are read with it.
pub(crate) fn undecided(folder: &Path) -> Vec<String> {
    let has = |name: &String| folder.join(name).is_file();
    let names = match text(&folder.join(MODULES)).and_then(|text| modules(&text)) {
        None => vec![MODULES.to_string()],
        Some(modules) => {
            let settings = TRANSFORMER_CONFIGS.map(|name| format!("{}{name}", modules.transformer));
            // Only the first of them is read.
            let settings = if settings.iter().any(has) { &[] } else { &settings[..] };
            [&[PROMPTS.to_string()], settings].concat()
        }
    };
    names.into_iter().filter(|name| !has(name)).collect()
}

/// The text of a small file.
pub(crate) fn read_small(path: &Path) -> Result<String> {
    let not_utf8 = |_| Error::io(path, std::io::Error::other("stream did not contain valid UTF-8"));
    String::from_utf8(read_file(path, MAX_SMALL_BYTES)?).map_err(not_utf8)
}

/// As [`read_small`]; `None` if the file does not exist, an empty text if it cannot be read.
fn text(path: &Path) -> Option<String> {
    path.symlink_metadata().ok()?;
    Some(read_small(path).unwrap_or_default())
}

/// The missing files without which the folder is not an encoder; empty if it is complete.
///
/// With `sentence_transformers`, `modules.json` is required too, because it determines the pooling.
pub(crate) fn missing(folder: &Path, sentence_transformers: bool) -> Vec<String> {
    let has = |name: &str| folder.join(name).is_file();
    let mut missing = Vec::new();
    let mut below = String::new();
    let mut of_modules = Vec::new();
    if let Some(text) = text(&folder.join(MODULES)) {
        match modules(&text) {
            Some(modules) => {
                let either = |dense: &String| {
                    let names = [WEIGHTS, LEGACY_WEIGHTS].map(|name| format!("{dense}/{name}"));
                    (!names.iter().any(|name| has(name))).then(|| names[0].clone())
                };
                of_modules.extend(modules.configs.iter().filter(|name| !has(name)).cloned());
                of_modules.extend(modules.dense.iter().filter_map(either));
                below = modules.transformer;
            }
            None => of_modules.push(format!("{MODULES} (unreadable)")),
        }
    } else if sentence_transformers {
        of_modules.push(MODULES.to_string());
    }
    let own = |name: &str| format!("{below}{name}");
    if !has(&own(CONFIG)) {
        missing.push(own(CONFIG));
    }
    if ![TOKENIZER, VOCAB, VOCAB_JSON].iter().any(|name| has(&own(name))) {
        missing.push(format!("{} or {}", own(TOKENIZER), own(VOCAB)));
    }
    missing.extend(of_modules);
    if !has(&own(WEIGHTS)) {
        match text(&folder.join(own(WEIGHTS_INDEX))).map(|text| shards(&text)) {
            Some(Some(shards)) => {
                missing.extend(shards.iter().map(|name| own(name)).filter(|name| !has(name)));
            }
            Some(None) => missing.push(format!("{} (unreadable)", own(WEIGHTS_INDEX))),
            None => missing.push(own(WEIGHTS)),
        }
    }
    missing
}

/// The paths that a `modules.json` names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Modules {
    /// The prefix of the encoder's own files: empty, or `0_Transformer/`.
    pub(crate) transformer: String,
    /// The configurations of its pooling and dense modules: `1_Pooling/config.json`.
    pub(crate) configs: Vec<String>,
    /// Those of all other modules, which are optional: `2_Normalize/config.json`.
    pub(crate) other_configs: Vec<String>,
    /// The folders of its dense modules, which have weights.
    pub(crate) dense: Vec<String>,
}

/// `None` if the file is malformed or names a path outside its folder.
pub(crate) fn modules(modules_json: &str) -> Option<Modules> {
    let json: Value = serde_json::from_str(modules_json).ok()?;
    let mut modules = Modules::default();
    let mut has_transformer = false;
    for module in json.as_array()? {
        // Type names of both generations end in this way; see the header of the library's pooling module.
        let kind = module.get("type")?.as_str()?.rsplit('.').next().unwrap_or_default();
        let path = module.get("path").and_then(Value::as_str);
        if !["Transformer", "Pooling", "Dense"].contains(&kind) {
            let config = path.map(|path| format!("{path}/{CONFIG}")).filter(|config| is_below(config));
            modules.other_configs.extend(config);
            continue;
        }
        let path = path?;
        let below = if path.is_empty() { String::new() } else { format!("{path}/") };
        let config = format!("{below}{CONFIG}");
        if !is_below(&config) {
            return None;
        }
        match kind {
            // Only the first one counts.
            "Transformer" if has_transformer => {}
            "Transformer" => (modules.transformer, has_transformer) = (below, true),
            "Dense" if path.is_empty() => return None,
            "Dense" => {
                modules.configs.push(config);
                modules.dense.push(path.to_string());
            }
            _ => modules.configs.push(config),
        }
    }
    Some(modules)
}

/// The shards that a `model.safetensors.index.json` names, each once, sorted by name.
///
/// `None` if the file is malformed, or names no shard, or one outside its folder.
pub(crate) fn shards(index_json: &str) -> Option<Vec<String>> {
    let index: Value = serde_json::from_str(index_json).ok()?;
    let map = index.get("weight_map")?.as_object()?;
    let mut shards = map.values().map(|v| v.as_str().map(String::from)).collect::<Option<Vec<_>>>()?;
    shards.sort();
    shards.dedup();
    let plain = |name: &String| is_below(name) && !name.contains('/') && name.ends_with(".safetensors");
    (!shards.is_empty() && shards.iter().all(plain)).then_some(shards)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::below::hostile_names;

    type Files<'a> = &'a [(&'a str, &'a str)];

    fn folder(files: Files<'_>) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    const MODULES_JSON: &str = r#"[{"path":"","type":"sentence_transformers.models.Transformer"},
        {"path":"1_Pooling","type":"sentence_transformers.models.Pooling"},
        {"path":"2_Normalize","type":"sentence_transformers.models.Normalize"}]"#;

    #[test]
    fn says_what_is_missing() {
        let index = r#"{"weight_map":{"b":"m-2.safetensors","a":"m-1.safetensors","c":"m-1.safetensors"}}"#;
        let cases: [(Files<'_>, &[&str]); 6] = [
            (&[], &["config.json", "tokenizer.json or vocab.txt", "model.safetensors"]),
            (&[(CONFIG, ""), (VOCAB, ""), (WEIGHTS, "")], &[]),
            (&[(CONFIG, ""), (TOKENIZER, ""), (LEGACY_WEIGHTS, "")], &["model.safetensors"]),
            (
                &[(CONFIG, ""), (TOKENIZER, ""), (WEIGHTS_INDEX, index), ("m-1.safetensors", "")],
                &["m-2.safetensors"],
            ),
            (
                &[(CONFIG, ""), (TOKENIZER, ""), (WEIGHTS, ""), (MODULES, MODULES_JSON)],
                &["1_Pooling/config.json"],
            ),
            (
                &[(CONFIG, ""), (TOKENIZER, ""), (WEIGHTS_INDEX, "{"), (MODULES, "{}")],
                &["modules.json (unreadable)", "model.safetensors.index.json (unreadable)"],
            ),
        ];
        for (files, expected) in cases {
            assert_eq!(missing(folder(files).path(), false), expected, "{files:?}");
        }
        let old = r#"[{"path":"0_Transformer","type":"m.Transformer"},{"path":"1_Pooling","type":"m.Pooling"},
            {"path":"2_Dense","type":"m.Dense"}]"#;
        let own = ["config.json", "tokenizer.json or 0_Transformer/vocab.txt"]
            .map(|own| format!("0_Transformer/{own}"));
        let of_modules =
            ["1_Pooling/config.json", "2_Dense/config.json", "2_Dense/model.safetensors"].map(String::from);
        let expected = [&own[..], &of_modules[..], &["0_Transformer/model.safetensors".to_string()]].concat();
        assert_eq!(missing(folder(&[(MODULES, old), (CONFIG, "")]).path(), true), expected);
        let names =
            ["0_Transformer/config.json", "0_Transformer/vocab.txt", "0_Transformer/model.safetensors"];
        let names = names.into_iter().chain(["1_Pooling/config.json", "2_Dense/config.json"]);
        let files: Vec<_> = names.chain(["2_Dense/pytorch_model.bin"]).map(|name| (name, "")).collect();
        let files = [&files[..], &[(MODULES, old)]].concat();
        assert_eq!(missing(folder(&files).path(), true), [""; 0]);
        let plain = folder(&[(CONFIG, ""), (VOCAB, ""), (WEIGHTS, "")]);
        assert_eq!(missing(plain.path(), true), ["modules.json"]);
    }

    #[test]
    fn names_from_outside_stay_inside() {
        assert_eq!(shards(r#"{"weight_map":{"a":"../m.safetensors"}}"#), None);
        assert_eq!(shards(r#"{"weight_map":{"a":"/m.safetensors"}}"#), None);
        assert_eq!(shards(r#"{"weight_map":{"a":"config.json"}}"#), None);
        assert_eq!(shards(r#"{"weight_map":{}}"#), None);
        for module in ["Pooling", "Dense", "Transformer"] {
            assert_eq!(modules(&format!(r#"[{{"path":"../x","type":"a.{module}"}}]"#)), None);
        }
        assert_eq!(modules(r#"[{"path":"","type":"a.Dense"}]"#), None);
        let new = r#"[{"path":"1_Pooling","type":"sentence_transformers.sentence_transformer.modules.pooling.Pooling"}]"#;
        assert_eq!(modules(new).unwrap().configs, ["1_Pooling/config.json"]);
        for bad in ["/", "..", "a/../b", "/a", "a\\b", "c:x", "./a"] {
            let json = serde_json::json!([{ "path": bad, "type": "a.Pooling" }]).to_string();
            assert_eq!(modules(&json), None, "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_file_that_json_names_is_outside(name in hostile_names()) {
            let json = serde_json::json!([
                { "path": &name, "type": "a.Transformer" },
                { "path": &name, "type": "a.Pooling" },
                { "path": &name, "type": "a.Dense" },
                { "path": &name, "type": "a.Normalize" },
            ]);
            let index = serde_json::json!({ "weight_map": { "a": format!("{name}.safetensors") } }).to_string();
            let modules = modules(&json.to_string()).into_iter().flat_map(|modules| {
                let own = format!("{}{CONFIG}", modules.transformer);
                [vec![own], modules.configs, modules.other_configs, modules.dense].concat()
            });
            for name in modules.chain(shards(&index).into_iter().flatten()) {
                proptest::prop_assert!(is_below(&name), "{name:?}");
            }
        }
    }
}
