//! Models from a hub, into the cache that all libraries of the hub share.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use clsify_hub::{Hub, Origin, TimeLimits};
use common::{COMMIT, Heard, Manner, MockHub};
use tempfile::TempDir;

const METADATA: &[u8] = br#"{"encoder":{"bundled":true,"files":[{"name":"config.json"}]}}"#;
const FILES: [(&str, &[u8]); 8] = [
    (".gitattributes", b"*.bin"),
    ("README.md", b"# Model"),
    ("clsify.json", METADATA),
    ("classifier.safetensors", b"weights"),
    ("encoder/config.json", b"{}"),
    ("encoder/pytorch_model.bin", b"pickle"),
    ("run.py", b"print()"),
    ("encoder/../../../evil.json", b"evil"),
];

fn hub(endpoint: &str, cache: &TempDir, offline: bool) -> Hub {
    let lookup = |name: &str| match name {
        "HF_ENDPOINT" => Some(endpoint.to_string()),
        "XDG_CACHE_HOME" => Some(cache.path().display().to_string()),
        "HF_HUB_OFFLINE" => offline.then(|| "1".to_string()),
        _ => None,
    };
    let mut limits = TimeLimits::default();
    limits.hub_answer = Duration::from_millis(400);
    limits.stall = Duration::from_millis(400);
    Hub::from_lookup(lookup).with_time_limits(limits)
}

#[test]
fn a_model_is_fetched_without_what_it_does_not_need_and_works_offline() {
    let (server, cache) =
        (MockHub::serving("user/model", &FILES, Manner::Proper), tempfile::tempdir().unwrap());
    let located = hub(&server.url(), &cache, false).pull_model("user/model").unwrap();
    assert_eq!((located.origin, located.name.as_str()), (Origin::Hub, "user/model"));
    for (name, content) in FILES {
        let expected = ["clsify.json", "classifier.safetensors", "encoder/config.json"].contains(&name);
        assert_eq!(fs::read(located.folder.join(name)).ok(), expected.then(|| content.to_vec()), "{name}");
    }
    assert!(server.requests().iter().all(|request| !request.path.contains("evil")));

    // The hub is only asked whether there is a newer commit.
    let before = server.requests().len();
    let again = hub(&server.url(), &cache, false).pull_model("user/model").unwrap();
    assert_eq!((again.folder, again.origin), (located.folder.clone(), Origin::HubCache));
    assert_eq!(server.requests().len(), before + 1);
    let of_commit = hub(&server.url(), &cache, false).pull_model(&format!("user/model@{COMMIT}")).unwrap();
    assert_eq!(of_commit.folder, located.folder);
    let offline = hub(&server.url(), &cache, true).pull_model("user/model").unwrap();
    assert_eq!((offline.folder, offline.origin), (located.folder.clone(), Origin::HubCache));
    assert_eq!(server.requests().len(), before + 1);

    // A hub that cannot be reached is no failure either, and is told.
    drop(server);
    let heard = Arc::new(Heard::default());
    let unreachable = hub("http://127.0.0.1:9", &cache, false).with_observer(heard.clone());
    assert_eq!(unreachable.pull_model("user/model").unwrap().folder, located.folder);
    assert!(heard.text().contains("user/model is the one in the cache"), "{}", heard.text());
}

#[test]
fn an_interrupted_download_is_no_model() {
    let (server, cache) =
        (MockHub::serving("user/model", &FILES, Manner::BreaksOffAfter(3)), tempfile::tempdir().unwrap());
    hub(&server.url(), &cache, false).pull_model("user/model").unwrap_err();
    let error = hub(&server.url(), &cache, true).pull_model("user/model").unwrap_err();
    assert_eq!(
        error.to_string(),
        "user/model: neither a folder nor in the cache of the hub, and HF_HUB_OFFLINE tells clsify not to fetch it"
    );
    assert_eq!(error.hint(), Some("give the folder of a model, or unset HF_HUB_OFFLINE"));
    server.behave(Manner::Proper);
    hub(&server.url(), &cache, false).pull_model("user/model").unwrap();
}

#[test]
fn what_is_no_model_is_said_to_be_none() {
    let pull = |files: &[(&str, &[u8])], manner: Manner| {
        let (server, cache) = (MockHub::serving("user/model", files, manner), tempfile::tempdir().unwrap());
        let error = hub(&server.url(), &cache, false).pull_model("user/model").unwrap_err();
        assert!(error.hint().is_some() || files.len() > 2, "{error}");
        error.to_string().replace(&server.url(), "HUB")
    };
    let error = pull(&[("config.json", b"{}")], Manner::Proper);
    assert_eq!(error, "user/model: user/model of HUB has no clsify.json: it is not a model of clsify");
    let error = pull(&[("config.json", b"{}")], Manner::Refuses(404, "RepoNotFound"));
    assert_eq!(error, "user/model: HUB has no public repository user/model (status 404)");
    // It lists more files than it has.
    let files = [("clsify.json", METADATA), ("classifier.safetensors", b"w"), ("README.md", b"")];
    let error = pull(&files, Manner::Proper);
    assert_eq!(error, "user/model: user/model of HUB: the repository has no encoder/config.json");
    let names: Vec<String> = (0..300).map(|i| format!("encoder/{i}.json")).collect();
    let many: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), &b"{}"[..])).chain(FILES).collect();
    let error = pull(&many, Manner::Proper);
    assert!(error.contains("expected at most 256 files of a model, got 303"), "{error}");
}

#[test]
fn a_folder_is_never_looked_for_at_the_hub() {
    let (server, cache) =
        (MockHub::serving("user/model", &FILES, Manner::Proper), tempfile::tempdir().unwrap());
    for text in ["model", "./user/model", "src/model", "/tmp/clsify-no-such-model"] {
        let located = hub(&server.url(), &cache, false).pull_model(text).unwrap();
        assert_eq!((located.origin, located.folder.to_str()), (Origin::Folder, Some(text)));
    }
    assert!(server.requests().is_empty());
}
