//! The snapshot of a model in the hub's cache, and whether it is complete.

use std::path::{Path, PathBuf};

use clsify_base::model_files::{BUNDLED_ENCODER, CLASSIFIER, METADATA};
use serde_json::Value;

use crate::below::is_below;
use crate::checkpoint_files::read_small;
use crate::hub_cache::{Place, is_commit};

/// The folder of a model's revision, if it is complete.
pub(crate) fn find(cache: &Path, id: &str, revision: &str) -> Option<PathBuf> {
    let place = Place::new(cache, id, revision);
    let commit = if is_commit(revision) { revision.to_string() } else { place.read_ref()? };
    let folder = place.snapshot(&commit);
    missing(&folder).is_empty().then_some(folder)
}

/// The missing files without which the folder is not a model; empty if it is complete. Other libraries download only the files
/// that they need, so `clsify.json` alone says nothing.
pub(crate) fn missing(folder: &Path) -> Vec<String> {
    let has = |name: &String| folder.join(name).is_file();
    let mut names = vec![METADATA.to_string(), CLASSIFIER.to_string()];
    let metadata: Option<Value> =
        read_small(&folder.join(METADATA)).ok().and_then(|text| serde_json::from_str(&text).ok());
    let encoder = metadata.map(|json| json["encoder"].clone()).unwrap_or_default();
    if encoder["bundled"] == true {
        let files = encoder["files"].as_array().into_iter().flatten();
        let files = files.filter_map(|file| file["name"].as_str()).filter(|name| is_below(name));
        names.extend(files.map(|name| format!("{BUNDLED_ENCODER}/{name}")));
    }
    names.into_iter().filter(|name| !has(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_complete_with_every_file_that_the_metadata_lists() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        assert_eq!(missing(folder.path()), [METADATA, CLASSIFIER]);
        let json = r#"{"encoder":{"bundled":true,"files":[{"name":"config.json"},{"name":"../x"}]}}"#;
        write(METADATA, json);
        write(CLASSIFIER, "");
        assert_eq!(missing(folder.path()), ["encoder/config.json"]);
        write("encoder/config.json", "{}");
        assert_eq!(missing(folder.path()), [""; 0]);
        write(METADATA, r#"{"encoder":{"bundled":false,"files":[{"name":"model.safetensors"}]}}"#);
        assert_eq!(missing(folder.path()), [""; 0]);
    }
}
