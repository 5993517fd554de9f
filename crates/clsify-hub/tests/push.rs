//! Pushes to a hub that keeps what was committed, is busy, breaks off, or refuses.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

#[path = "common/upload_hub.rs"]
mod upload_hub;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clsify_base::error::{Error, ErrorKind};
use clsify_hub::{FetchObserver, Hub, PushOptions, Pushed, TimeLimits, UploadFile};
use tempfile::TempDir;
use upload_hub::{Behaviour, UploadHub, hex_sha256};

/// Longer than a chunk of every test, and not a multiple of one.
const WEIGHTS: &[u8] = b"these are the weights of the encoder, of which there are many more in a real one";
const FILES: [(&str, &[u8]); 5] = [
    ("clsify.json", b"{}\n"),
    ("classifier.safetensors", b"these are the weights of the classifier"),
    ("encoder/model.safetensors", WEIGHTS),
    ("encoder/vocab.txt", b""),
    ("README.md", b"# Model\n"),
];

/// The files of a model in a folder; the card and `clsify.json` are bytes.
struct Model(TempDir);

impl Model {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("encoder")).unwrap();
        for (name, bytes) in FILES {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        Model(folder)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn files(&self) -> Vec<UploadFile> {
        let file = |(name, bytes): (&str, &[u8])| match name {
            "clsify.json" | "README.md" => UploadFile::of_bytes(name, bytes.to_vec()),
            _ => UploadFile::of_file(name, self.path(name), File::open(self.path(name)).unwrap()),
        };
        FILES.map(file).into()
    }

    fn push_with(
        &self,
        hub: &UploadHub,
        options: &PushOptions,
        more: &[(&str, &str)],
    ) -> Result<Pushed, Error> {
        client(hub.url(), self.0.path(), more).push_model("user/model", &self.files(), options)
    }

    fn push(&self, hub: &UploadHub) -> Result<Pushed, Error> {
        self.push_with(hub, &PushOptions::default(), &[])
    }
}

fn client(endpoint: &str, cache: &Path, more: &[(&str, &str)]) -> Hub {
    let lookup = |name: &str| match name {
        "HF_ENDPOINT" => Some(endpoint.to_string()),
        "XDG_CACHE_HOME" => Some(cache.display().to_string()),
        _ => more.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string()),
    };
    let mut limits = TimeLimits::default();
    limits.hub_answer = Duration::from_millis(400);
    limits.stall = Duration::from_millis(1000);
    Hub::from_lookup(lookup).with_time_limits(limits)
}

fn expected() -> BTreeMap<String, Vec<u8>> {
    FILES.iter().map(|(name, bytes)| (name.to_string(), bytes.to_vec())).collect()
}

/// What was committed, without the file that every repository has.
fn visible(hub: &UploadHub) -> BTreeMap<String, Vec<u8>> {
    hub.files().into_iter().filter(|(name, _)| name != ".gitattributes").collect()
}

fn chunked() -> Behaviour {
    Behaviour { chunk_size: Some(16), ..Behaviour::default() }
}

#[test]
fn a_push_arrives_as_one_commit() {
    for (behaviour, n_uploads) in [(Behaviour::default(), 2), (chunked(), 3 + 1 + 5 + 1)] {
        let (model, hub) = (Model::new(), UploadHub::new(behaviour));
        let pushed = model.push(&hub).unwrap();
        assert_eq!(pushed.url, format!("{}/user/model", hub.url()));
        assert_eq!(pushed.commit.unwrap(), format!("{:040x}", 1));
        assert_eq!((visible(&hub), hub.n_commits(), hub.verified()), (expected(), 1, 2));
        let requests = hub.requests();
        assert_eq!(requests.iter().filter(|request| request.at_storage).count(), n_uploads);
        assert!(requests.last().unwrap().path.ends_with("/commit/main"));
    }
}

#[test]
fn what_the_storage_has_is_not_sent_again() {
    let (model, hub) = (Model::new(), UploadHub::new(Behaviour::default()));
    model.push(&hub).unwrap();
    let before = hub.requests().len();
    model.push(&hub).unwrap();
    let again = hub.requests().split_off(before);
    assert!(again.iter().all(|request| !request.at_storage), "{again:?}");
    assert_eq!((visible(&hub), hub.n_commits()), (expected(), 2));
}

#[test]
fn the_files_of_an_earlier_model_go_and_all_others_stay() {
    let earlier: [(&str, &[u8]); 6] = [
        ("clsify.json", b"{\"old\":1}"),
        ("neighbours.safetensors", b"training sentences"),
        ("encoder/old.json", b"{}"),
        ("encoder/notes.pdf", b"kept"),
        ("README.md", b"# Written by hand"),
        ("images/a.png", b"kept"),
    ];
    let kept = ["encoder/notes.pdf", "images/a.png"];
    for keep_card in [false, true] {
        let (model, hub) = (Model::new(), UploadHub::new(Behaviour::default()).with_files(&earlier, false));
        model.push_with(&hub, &PushOptions { keep_card, ..PushOptions::default() }, &[]).unwrap();
        let mut wanted = expected();
        wanted.extend(kept.map(|name| (name.to_string(), b"kept".to_vec())));
        if keep_card {
            wanted.insert("README.md".to_string(), b"# Written by hand".to_vec());
        }
        assert_eq!(visible(&hub), wanted);
    }
    // Without an earlier model, a folder of this name is somebody else's.
    let others: [(&str, &[u8]); 1] = [("encoder/old.json", b"{}")];
    let (model, hub) = (Model::new(), UploadHub::new(Behaviour::default()).with_files(&others, false));
    model.push(&hub).unwrap();
    assert!(visible(&hub).contains_key("encoder/old.json"));
}

#[test]
fn the_token_is_sent_to_the_hub_only() {
    for behaviour in [Behaviour::default(), chunked()] {
        let (model, hub) = (Model::new(), UploadHub::new(Behaviour { token: Some("secret"), ..behaviour }));
        model.push_with(&hub, &PushOptions::default(), &[("HF_TOKEN", "secret")]).unwrap();
        let (storage, hub): (Vec<_>, Vec<_>) = hub.requests().into_iter().partition(|r| r.at_storage);
        assert!(!storage.is_empty() && storage.iter().all(|r| !r.headers.contains_key("authorization")));
        assert!(hub.iter().all(|r| r.headers["authorization"] == "Bearer secret"));
    }
}

#[test]
fn a_connection_that_is_cut_anywhere_leaves_no_part_of_the_model() {
    for chunk_size in [None, Some(16)] {
        let behaviour = || Behaviour { chunk_size, ..Behaviour::default() };
        let n_requests = {
            let hub = UploadHub::new(behaviour());
            Model::new().push(&hub).unwrap();
            hub.requests().len()
        };
        for cut in 0..n_requests {
            let (model, hub) =
                (Model::new(), UploadHub::new(Behaviour { cuts_from: Some(cut), ..behaviour() }));
            let error = model.push(&hub).unwrap_err();
            assert!(error.to_string().contains("the connection was interrupted"), "{cut}: {error}");
            assert!(error.hint().unwrap().contains("push again"), "{error:?}");
            assert_eq!((visible(&hub), hub.n_commits()), (BTreeMap::new(), 0), "{cut}");
            // The next push completes it.
            hub.behave(behaviour());
            model.push(&hub).unwrap();
            assert_eq!((visible(&hub), hub.n_commits()), (expected(), 1), "{cut}");

            // One interruption is no failure, except during the commit, which is not sent twice.
            let hub = UploadHub::new(Behaviour { cuts_once: Some(cut), ..behaviour() });
            let pushed = model.push(&hub);
            assert_eq!(pushed.is_ok(), cut + 1 < n_requests, "{cut}: {pushed:?}");
            assert_eq!(visible(&hub), if pushed.is_ok() { expected() } else { BTreeMap::new() }, "{cut}");
        }
    }
}

#[test]
fn a_lost_answer_to_the_commit_is_told() {
    let hub = UploadHub::new(Behaviour { loses_commit: true, ..Behaviour::default() });
    let error = Model::new().push(&hub).unwrap_err();
    assert!(error.to_string().ends_with("so it is not known whether it has made the commit"), "{error}");
    assert_eq!((visible(&hub), hub.n_commits()), (expected(), 1));
}

#[test]
fn a_busy_hub_is_asked_again() {
    let busy = [
        ("create", 503),
        ("revision", 500),
        ("preupload", 429),
        ("batch", 502),
        ("/put/", 503),
        ("/put/", 500),
        ("verify", 504),
    ];
    let hub = UploadHub::new(Behaviour { first_statuses: busy.to_vec(), ..Behaviour::default() });
    Model::new().push(&hub).unwrap();
    assert_eq!((visible(&hub), hub.n_commits()), (expected(), 1));

    let always = [("preupload", 503); 9];
    let hub = UploadHub::new(Behaviour { first_statuses: always.to_vec(), ..Behaviour::default() });
    let error = Model::new().push(&hub).unwrap_err();
    assert_eq!(error.to_string(), format!("push: {}: answered with status 503", hub.url()));
    let asked = hub.requests().into_iter().filter(|request| request.path.contains("preupload"));
    assert_eq!((asked.count(), hub.n_commits()), (3, 0));
}

#[test]
fn refusals_say_what_to_do() {
    let refused = |part: &'static str, status: u16, more: &[(&str, &str)]| {
        let hub =
            UploadHub::new(Behaviour { first_statuses: vec![(part, status); 9], ..Behaviour::default() });
        let error = Model::new().push_with(&hub, &PushOptions::default(), more).unwrap_err();
        assert_eq!((error.kind(), hub.n_commits()), (ErrorKind::Fetch, 0));
        let text = error.to_string().replace(hub.url(), "HUB");
        (text, error.hint().unwrap().to_string())
    };
    let token = [("HF_TOKEN", "secret")];
    let (text, hint) = refused("create", 401, &[]);
    assert_eq!(text, "push: HUB expects an access token for user/model (status 401)");
    assert!(hint.contains("set HF_TOKEN to a token with write permission"), "{hint}");
    let (text, hint) = refused("create", 401, &token);
    assert_eq!(text, "push: HUB does not accept the token for user/model (status 401)");
    assert!(hint.contains("write permission") && !hint.contains("secret"), "{hint}");
    let (text, hint) = refused("preupload", 403, &token);
    assert_eq!(text, "push: HUB denies writing to user/model (status 403)");
    assert!(hint.contains("write permission"), "{hint}");
    // The repository does not exist, and may not be created.
    let (text, _) = refused("create", 403, &token);
    assert_eq!(text, "push: HUB denies writing to user/model (status 403)");
    let (text, _) = refused("batch", 404, &token);
    assert_eq!(text, "push: HUB has no repository user/model for this token (status 404)");
    let (text, hint) = refused("commit", 412, &token);
    assert_eq!(text, "push: user/model was changed by somebody else while it was pushed (status 412)");
    assert!(hint.contains("push again"), "{hint}");
    let (text, _) = refused("preupload", 400, &token);
    assert_eq!(text, "push: HUB refuses the push to user/model (status 400): so it was asked");
    let (text, _) = refused("/put/", 403, &token);
    assert!(text.ends_with(" refuses classifier.safetensors: status 403"), "{text}");
}

#[test]
fn a_token_for_one_repository_may_write_to_it() {
    let hub = UploadHub::new(Behaviour { first_statuses: vec![("create", 403)], ..Behaviour::default() });
    let hub = hub.with_files(&[], false);
    Model::new().push(&hub).unwrap();
    assert_eq!(visible(&hub), expected());
}

#[test]
fn a_branch_must_exist_and_a_private_model_stays_private() {
    let hub = UploadHub::new(Behaviour::default());
    let options = PushOptions { revision: "v2".to_string(), ..PushOptions::default() };
    let error = Model::new().push_with(&hub, &options, &[]).unwrap_err();
    assert_eq!(error.to_string(), format!("push: {} has no branch v2 of user/model (status 404)", hub.url()));

    let options = PushOptions { private: true, ..PushOptions::default() };
    let hub = UploadHub::new(Behaviour::default());
    Model::new().push_with(&hub, &options, &[]).unwrap();
    assert!(hub.is_private());
    let hub = UploadHub::new(Behaviour::default()).with_files(&[], false);
    let error = Model::new().push_with(&hub, &options, &[]).unwrap_err();
    assert_eq!(error.to_string(), "push: expected a private repository, got the public one user/model");
    assert!(hub.requests().iter().all(|request| !request.at_storage) && hub.n_commits() == 1);
}

#[test]
fn a_file_that_changes_meanwhile_is_named_and_nothing_is_committed() {
    // The name of the file, its new content, and the request during which it changes.
    let cases: [(&str, &[u8], &str); 4] = [
        ("encoder/model.safetensors", b"other weights", "preupload"),
        ("encoder/model.safetensors", &[b'x'; 80], "preupload"),
        ("classifier.safetensors", b"", "verify"),
        ("encoder/vocab.txt", b"[PAD]", "preupload"),
    ];
    for (name, content, during) in cases {
        for chunk_size in [None, Some(16)] {
            let model = Model::new();
            let path = model.path(name);
            let action = {
                let path = path.clone();
                Box::new(move || fs::write(&path, content).unwrap())
            };
            let hub = UploadHub::new(Behaviour {
                chunk_size,
                on_request: Some((during, action)),
                ..Behaviour::default()
            });
            let error = model.push(&hub).unwrap_err().to_string();
            assert_eq!(error, format!("push: {}: the file has changed while it was pushed", path.display()));
            assert_eq!(hub.n_commits(), 0);
        }
    }
}

#[test]
fn a_hub_that_answers_nonsense_is_refused() {
    let hub = UploadHub::new(Behaviour { first_statuses: vec![("preupload", 200)], ..Behaviour::default() });
    let error = Model::new().push(&hub).unwrap_err().to_string();
    let message = "expected the upload mode lfs or regular for clsify.json of 3 bytes, got none";
    assert_eq!(error, format!("push: {}: {message}", hub.url()));
    let hub = UploadHub::new(Behaviour { first_statuses: vec![("batch", 200)], ..Behaviour::default() });
    let error = Model::new().push(&hub).unwrap_err().to_string();
    assert!(
        error.ends_with("a malformed answer about an upload: it says nothing about classifier.safetensors")
    );
    assert_eq!(hub.n_commits(), 0);
}

#[test]
fn nothing_is_sent_offline_or_to_a_bad_name() {
    let (model, hub) = (Model::new(), UploadHub::new(Behaviour::default()));
    let error = model.push_with(&hub, &PushOptions::default(), &[("HF_HUB_OFFLINE", "1")]).unwrap_err();
    assert_eq!(error.to_string(), "push: expected a connection, but HF_HUB_OFFLINE tells clsify not to push");
    for repo in ["model", "a/b/c", "user/mo del", "../model", "user/model@main"] {
        let pushed = client(hub.url(), model.0.path(), &[]).push_model(repo, &[], &PushOptions::default());
        assert_eq!(pushed.unwrap_err().kind(), ErrorKind::InvalidArgument, "{repo}");
    }
    assert!(hub.requests().is_empty());
    let error = client("http://127.0.0.1:9", model.0.path(), &[])
        .push_model("user/model", &model.files(), &PushOptions::default())
        .unwrap_err();
    assert_eq!(error.to_string(), "push: http://127.0.0.1:9: the connection was refused");
}

#[derive(Default)]
struct Progress(Mutex<Vec<(String, u64, u64)>>);

impl FetchObserver for Progress {
    fn message(&self, _: &str) {}
    fn bytes(&self, file: &str, done: u64, total: u64) {
        self.0.lock().unwrap().push((file.to_string(), done, total));
    }
}

/// The body comes from the disk, piece by piece.
#[test]
fn a_large_file_is_sent_in_pieces_with_progress() {
    let (model, hub) = (Model::new(), UploadHub::new(Behaviour::default()));
    let weights: Vec<u8> = (0..3_000_000u32).map(|i| (i % 251) as u8).collect();
    fs::write(model.path("encoder/model.safetensors"), &weights).unwrap();
    let progress = Arc::new(Progress::default());
    let client = client(hub.url(), model.0.path(), &[]).with_observer(progress.clone());
    client.push_model("user/model", &model.files(), &PushOptions::default()).unwrap();
    assert_eq!(hex_sha256(&hub.files()["encoder/model.safetensors"]), hex_sha256(&weights));
    let seen = progress.0.lock().unwrap().clone();
    let steps: Vec<u64> =
        seen.iter().filter(|(file, _, _)| file == "encoder/model.safetensors").map(|step| step.1).collect();
    assert!(steps.len() > 10 && steps.is_sorted() && steps.last() == Some(&3_000_000), "{}", steps.len());
}
