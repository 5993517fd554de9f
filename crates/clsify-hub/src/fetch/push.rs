//! Uploads a model to a repository of the hub.
//!
//! Everything becomes visible with one commit at the end. A push that is interrupted before it leaves the repository as it was,
//! or empty if it is new; what the storage has received is used by the next push.
//!
//! Source: the HTTP API of the hub as `huggingface_hub` 2.4 uses it (`_commit_api.py`).

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clsify_base::error::{Error, ErrorKind};
use clsify_base::model_files::{METADATA, is_of_a_model};
use serde_json::{Value, json};

use crate::environment::Environment;
use crate::fetch::hashed_file::HashedFile;
use crate::fetch::lfs::Storage;
use crate::fetch::send::{Body, Method, Reply, Request, Unanswered};
use crate::fetch::transport::{Failure, Transport, host};
use crate::observer::FetchObserver;
use crate::upload::{PushOptions, Pushed, UploadFile};

const CARD: &str = "README.md";

/// The number of files that the hub is asked about at once.
const FILES_PER_REQUEST: usize = 256;

/// The maximum size of a file in the commit itself: the hub stores larger ones elsewhere.
const MAX_INLINE_BYTES: u64 = 64 << 20;

/// A push in progress.
struct Push<'a> {
    environment: &'a Environment,
    observer: &'a dyn FetchObserver,
    transport: Transport,
    repo: &'a str,
    options: &'a PushOptions,
}

/// The state of the repository before the push.
struct Head {
    commit: Option<String>,
    names: BTreeSet<String>,
    is_private: Option<bool>,
}

/// A file with the way in which the hub wants it.
struct Planned<'a> {
    file: HashedFile<'a>,
    is_large: bool,
}

pub(crate) fn push(
    environment: &Environment,
    repo: &str,
    files: &[UploadFile],
    options: &PushOptions,
    observer: &dyn FetchObserver,
) -> Result<Pushed, Failure> {
    let transport = Transport::to_hub(environment)?;
    Push { environment, observer, transport, repo, options }.run(files)
}

impl Push<'_> {
    fn run(&self, files: &[UploadFile]) -> Result<Pushed, Failure> {
        let mut hashed = Vec::new();
        for file in files {
            hashed.push(HashedFile::of(file).map_err(Failure::Local)?);
        }
        let head = self.create()?;
        if self.options.private && head.is_private == Some(false) {
            let message = format!("expected a private repository, got the public one {}", self.repo);
            return Err(Failure::Unsuitable(
                Error::new(ErrorKind::Fetch, message)
                    .with_hint("make it private in its settings at the hub, or leave out --private"),
            ));
        }
        if self.options.keep_card && head.names.contains(CARD) {
            hashed.retain(|file| file.name() != CARD);
        }
        let planned = self.plan(hashed)?;
        let storage = Storage {
            transport: &self.transport,
            observer: self.observer,
            endpoint: &self.environment.endpoint,
            batch_url: format!("{}/{}.git/info/lfs/objects/batch", self.environment.endpoint, self.repo),
            revision: &self.options.revision,
            patience: self.patience(),
        };
        let mut uploaded = BTreeSet::new();
        for Planned { file, .. } in planned.iter().filter(|planned| planned.is_large) {
            // Files with the same content are uploaded once.
            if uploaded.insert(&file.sha256) {
                storage.upload(file, &|reply| self.refusal(reply))?;
            }
        }
        self.commit(&planned, &head)
    }

    /// Creates the repository, unless it exists, and returns its state.
    fn create(&self) -> Result<Head, Failure> {
        let url = format!("{}/api/repos/create", self.environment.endpoint);
        let (organization, name) = self.repo.split_once('/').unwrap_or(("", self.repo));
        let body = json!({
            "type": "model", "name": name, "organization": organization, "private": self.options.private,
        });
        let reply = self.post(&url, &body)?;
        // A token that may only write to this repository may not create it.
        if !reply.is_success() && ![403, 409].contains(&reply.status) {
            return Err(self.refusal(&reply));
        }
        self.head().map_err(|failure| if reply.status == 403 { self.refusal(&reply) } else { failure })
    }

    fn head(&self) -> Result<Head, Failure> {
        let url = self.api("revision");
        let reply = self.transport.repeat(self.observer, || {
            let patience = self.environment.limits.stall;
            let request =
                Request { method: Method::Get, url: &url, headers: &[], body: Body::None, patience };
            self.transport.send(request)
        })?;
        let answer = self.json(&reply)?;
        let names = answer["siblings"].as_array().into_iter().flatten();
        Ok(Head {
            commit: answer["sha"].as_str().map(String::from),
            names: names.filter_map(|file| file["rfilename"].as_str()).map(String::from).collect(),
            is_private: answer["private"].as_bool(),
        })
    }

    /// Asks the hub which files go to its storage.
    fn plan<'a>(&self, files: Vec<HashedFile<'a>>) -> Result<Vec<Planned<'a>>, Failure> {
        let mut large = BTreeSet::new();
        for some in files.chunks(FILES_PER_REQUEST) {
            let listed: Vec<Value> = some
                .iter()
                .map(|f| json!({ "path": f.name(), "sample": STANDARD.encode(&f.sample), "size": f.size }))
                .collect();
            let answer = self.json(&self.post(&self.api("preupload"), &json!({ "files": listed }))?)?;
            for file in some {
                let of_file = answer["files"].as_array().into_iter().flatten();
                let found = of_file.into_iter().find(|found| found["path"] == file.name());
                let (mode, ignored) = found.map_or((None, false), |found| {
                    (found["uploadMode"].as_str(), found["shouldIgnore"] == true)
                });
                if ignored {
                    let message = format!("the .gitignore of {} excludes {}", self.repo, file.name());
                    let error = Error::new(ErrorKind::Fetch, message);
                    return Err(Failure::Unsuitable(
                        error.with_hint("remove that line at the hub, then push again"),
                    ));
                }
                match mode {
                    // An empty file has no place in the storage.
                    Some("lfs") if file.size > 0 => drop(large.insert(file.name().to_string())),
                    Some("lfs" | "regular") if file.size <= MAX_INLINE_BYTES => {}
                    _ => {
                        return Err(Failure::unsuitable(format!(
                            "{}: expected the upload mode lfs or regular for {} of {} bytes, got {}",
                            host(&self.environment.endpoint),
                            file.name(),
                            file.size,
                            mode.unwrap_or("none")
                        )));
                    }
                }
            }
        }
        let planned = |file: HashedFile<'a>| Planned { is_large: large.contains(file.name()), file };
        Ok(files.into_iter().map(planned).collect())
    }

    /// Makes everything visible, in one commit on top of `head`. It is sent once: if the answer is lost, the commit may have
    /// been made.
    fn commit(&self, planned: &[Planned<'_>], head: &Head) -> Result<Pushed, Failure> {
        let mut body = Vec::new();
        let mut line = |key: &str, value: Value| {
            body.extend(json!({ "key": key, "value": value }).to_string().into_bytes());
            body.push(b'\n');
        };
        let mut header = json!({ "summary": self.options.message, "description": "" });
        if let Some(commit) = &head.commit {
            // The hub refuses the commit if somebody else has made one meanwhile.
            header["parentCommit"] = commit.as_str().into();
        }
        line("header", header);
        for Planned { file, is_large } in planned {
            let path = file.name();
            if *is_large {
                let (oid, size) = (&file.sha256, file.size);
                line("lfsFile", json!({ "path": path, "algo": "sha256", "oid": oid, "size": size }));
            } else {
                let content = STANDARD.encode(file.bytes().map_err(Failure::Local)?);
                line("file", json!({ "content": content, "path": path, "encoding": "base64" }));
            }
        }
        for name in self.outdated(planned, head) {
            line("deletedFile", json!({ "path": name }));
        }
        for Planned { file, .. } in planned {
            file.check_unchanged().map_err(Failure::Local)?;
        }
        // The connection to the hub may have been closed during a long upload: this one is new.
        let transport = Transport::to_hub(self.environment)?;
        let reply = transport.send(Request {
            method: Method::Post,
            url: &self.api("commit"),
            headers: &[],
            body: Body::Bytes { content_type: "application/x-ndjson", bytes: &body },
            patience: self.patience(),
        });
        let reply = reply.map_err(|Unanswered { failure, .. }| match failure {
            Failure::Unreachable(text) => {
                let error = Error::new(ErrorKind::Fetch, format!("{text}, so it is not known whether it has made the commit"));
                Failure::Unsuitable(error.with_hint("look at the repository; if the model is not there as a whole, nothing of it is: push again"))
            }
            failure => failure,
        })?;
        let answer = self.json(&reply)?;
        let branch = match self.options.revision.as_str() {
            "main" => String::new(),
            revision => format!("/tree/{revision}"),
        };
        Ok(Pushed {
            url: format!("{}/{}{branch}", self.environment.endpoint, self.repo),
            commit: answer["commitOid"].as_str().map(String::from),
        })
    }

    /// The files of an earlier model that this one does not have.
    fn outdated<'h>(&self, planned: &[Planned<'_>], head: &'h Head) -> Vec<&'h String> {
        if !head.names.contains(METADATA) {
            return Vec::new();
        }
        let is_new = |name: &String| planned.iter().any(|planned| planned.file.name() == name);
        head.names.iter().filter(|name| is_of_a_model(name) && !is_new(name)).collect()
    }

    /// The address of an action on the branch.
    fn api(&self, action: &str) -> String {
        let revision = self.options.revision.replace('/', "%2F");
        format!("{}/api/models/{}/{action}/{revision}", self.environment.endpoint, self.repo)
    }

    /// The time limit for an answer to a large request: a minute by default.
    fn patience(&self) -> Duration {
        self.environment.limits.stall * 6
    }

    /// Sends JSON to the hub. Repeating such a request has no other effect than sending it once.
    fn post(&self, url: &str, json: &Value) -> Result<Reply, Failure> {
        let bytes = json.to_string().into_bytes();
        self.transport.repeat(self.observer, || {
            let body = Body::Bytes { content_type: "application/json", bytes: &bytes };
            let patience = self.environment.limits.stall;
            self.transport.send(Request { method: Method::Post, url, headers: &[], body, patience })
        })
    }

    fn json(&self, reply: &Reply) -> Result<Value, Failure> {
        if !reply.is_success() {
            return Err(self.refusal(reply));
        }
        serde_json::from_slice(&reply.bytes).map_err(|_| {
            let host = host(&self.environment.endpoint);
            Failure::unsuitable(format!("{host}: the answer is not that of a model hub"))
        })
    }

    /// The meaning of a status other than success.
    fn refusal(&self, reply: &Reply) -> Failure {
        let (hub, repo, status) = (host(&self.environment.endpoint), self.repo, reply.status);
        let (message, hint) = match (status, reply.error_code.as_deref()) {
            (401, _) if !self.transport.has_token() => (
                format!("{hub} expects an access token for {repo} (status 401)"),
                "set HF_TOKEN to a token with write permission from https://huggingface.co/settings/tokens",
            ),
            (401, _) => (
                format!("{hub} does not accept the token for {repo} (status 401)"),
                "set HF_TOKEN to a valid token with write permission from https://huggingface.co/settings/tokens",
            ),
            (403, _) => (
                format!("{hub} denies writing to {repo} (status 403)"),
                "set HF_TOKEN to a token with write permission, or push to a repository of your own: USER/NAME",
            ),
            (404, Some("RevisionNotFound")) => (
                format!("{hub} has no branch {} of {repo} (status 404)", self.options.revision),
                "create the branch at the hub, or leave out --revision",
            ),
            (404, _) => (
                format!("{hub} has no repository {repo} for this token (status 404)"),
                "check the spelling, and that the token in HF_TOKEN has write permission",
            ),
            (412, _) => (
                format!("{repo} was changed by somebody else while it was pushed (status 412)"),
                "look at the change, then push again",
            ),
            (429 | 500.., _) => {
                return Failure::Unreachable(format!("{hub}: answered with status {status}"));
            }
            (300..=399, _) => {
                let to = reply.location.as_deref().unwrap_or("nowhere");
                (
                    format!("{hub} redirects {repo} to {to:?}, which is not followed (status {status})"),
                    "give the new name of the repository",
                )
            }
            _ => {
                let answer: Value = serde_json::from_slice(&reply.bytes).unwrap_or_default();
                let reason: String =
                    answer["error"].as_str().unwrap_or("no reason").chars().take(300).collect();
                (
                    format!("{hub} refuses the push to {repo} (status {status}): {reason}"),
                    "change what it names, then push again",
                )
            }
        };
        Failure::Unsuitable(Error::new(ErrorKind::Fetch, message).with_hint(hint))
    }
}
