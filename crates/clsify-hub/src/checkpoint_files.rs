//! Which files make an encoder's folder, and whether they are all there.
//!
//! Does not look inside the weights: a file that is there counts. The hub's cache and this crate's own give a file its
//! name only when all of it has arrived.

use std::path::Path;

use serde_json::Value;

use crate::below::is_below;

pub(crate) const CONFIG: &str = "config.json";
pub(crate) const TOKENIZER: &str = "tokenizer.json";
pub(crate) const VOCAB: &str = "vocab.txt";
/// The vocabulary of RoBERTa where there is no `tokenizer.json`.
pub(crate) const VOCAB_JSON: &str = "vocab.json";
pub(crate) const MODULES: &str = "modules.json";
pub(crate) const WEIGHTS: &str = "model.safetensors";
pub(crate) const WEIGHTS_INDEX: &str = "model.safetensors.index.json";
pub(crate) const LEGACY_WEIGHTS: &str = "pytorch_model.bin";

/// Small files that are taken where they are.
pub(crate) const SMALL_FILES: [&str; 11] = [
    CONFIG,
    TOKENIZER,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    VOCAB,
    VOCAB_JSON,
    "merges.txt",
    MODULES,
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
];

/// The files without which the folder is not an encoder; empty where it is complete.
///
/// `sentence_transformers`: `modules.json` is expected too, since without it the pooling is not known.
pub(crate) fn missing(folder: &Path, sentence_transformers: bool) -> Vec<String> {
    let has = |name: &str| folder.join(name).is_file();
    let mut missing = Vec::new();
    if !has(CONFIG) {
        missing.push(CONFIG.to_string());
    }
    if !has(TOKENIZER) && !has(VOCAB) && !has(VOCAB_JSON) {
        missing.push(format!("{TOKENIZER} or {VOCAB}"));
    }
    if sentence_transformers && !has(MODULES) {
        missing.push(MODULES.to_string());
    }
    if let Ok(text) = std::fs::read_to_string(folder.join(MODULES)) {
        match pooling_configs(&text) {
            Some(configs) => missing.extend(configs.into_iter().filter(|name| !has(name))),
            None => missing.push(format!("{MODULES} (unreadable)")),
        }
    }
    if !has(WEIGHTS) {
        match std::fs::read_to_string(folder.join(WEIGHTS_INDEX)).ok().map(|text| shards(&text)) {
            Some(Some(shards)) => missing.extend(shards.into_iter().filter(|name| !has(name))),
            Some(None) => missing.push(format!("{WEIGHTS_INDEX} (unreadable)")),
            None => missing.push(WEIGHTS.to_string()),
        }
    }
    missing
}

/// The configurations of the pooling modules that a `modules.json` names: `1_Pooling/config.json`.
///
/// None where the file is malformed or names a path outside its folder.
pub(crate) fn pooling_configs(modules_json: &str) -> Option<Vec<String>> {
    let modules: Value = serde_json::from_str(modules_json).ok()?;
    let mut configs = Vec::new();
    for module in modules.as_array()? {
        // Both generations of type names end so; see the header of the library's pooling module.
        if module.get("type")?.as_str()?.ends_with(".Pooling") {
            let path = module.get("path")?.as_str()?;
            let config = if path.is_empty() { CONFIG.to_string() } else { format!("{path}/{CONFIG}") };
            configs.push(config);
        }
    }
    configs.iter().all(|path| is_below(path)).then_some(configs)
}

/// The shards that a `model.safetensors.index.json` names, each once, in order of name.
///
/// None where the file is malformed, names no shard, or one outside its folder.
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
        let plain = folder(&[(CONFIG, ""), (VOCAB, ""), (WEIGHTS, "")]);
        assert_eq!(missing(plain.path(), true), ["modules.json"]);
    }

    #[test]
    fn names_from_outside_stay_inside() {
        assert_eq!(shards(r#"{"weight_map":{"a":"../m.safetensors"}}"#), None);
        assert_eq!(shards(r#"{"weight_map":{"a":"/m.safetensors"}}"#), None);
        assert_eq!(shards(r#"{"weight_map":{"a":"config.json"}}"#), None);
        assert_eq!(shards(r#"{"weight_map":{}}"#), None);
        assert_eq!(pooling_configs(r#"[{"path":"../x","type":"a.Pooling"}]"#), None);
        let new = r#"[{"path":"1_Pooling","type":"sentence_transformers.sentence_transformer.modules.pooling.Pooling"}]"#;
        assert_eq!(pooling_configs(new).unwrap(), ["1_Pooling/config.json"]);
        for bad in ["/", "..", "a/../b", "/a", "a\\b", "c:x", "./a"] {
            let modules = serde_json::json!([{ "path": bad, "type": "a.Pooling" }]).to_string();
            assert_eq!(pooling_configs(&modules), None, "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_file_that_json_names_is_outside(name in hostile_names()) {
            let modules = serde_json::json!([{ "path": &name, "type": "a.Pooling" }]).to_string();
            let index = serde_json::json!({ "weight_map": { "a": format!("{name}.safetensors") } }).to_string();
            for name in pooling_configs(&modules).into_iter().chain(shards(&index)).flatten() {
                proptest::prop_assert!(is_below(&name), "{name:?}");
            }
        }
    }
}
