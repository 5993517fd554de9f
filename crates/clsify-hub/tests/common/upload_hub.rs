//! A hub on 127.0.0.1 that takes uploads and serves what was committed, with a storage on another port.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
    /// True if it came to the storage.
    pub(crate) at_storage: bool,
}

type Action = Box<dyn Fn() + Send>;

/// How the hub behaves; the default is like the real one, with a repository that does not exist yet.
#[derive(Default)]
pub(crate) struct Behaviour {
    /// Uploads go in parts of this many bytes.
    pub(crate) chunk_size: Option<u64>,
    /// The connection is closed before the answer to the request with this number, from 0, and to all later ones.
    pub(crate) cuts_from: Option<usize>,
    /// As `cuts_from`, but only that request.
    pub(crate) cuts_once: Option<usize>,
    /// The commit is made, and its answer is lost.
    pub(crate) loses_commit: bool,
    /// Requests are answered with these statuses first; `path` contains the text.
    pub(crate) first_statuses: Vec<(&'static str, u16)>,
    /// This token is required.
    pub(crate) token: Option<&'static str>,
    /// This is done when a request whose path contains the text arrives.
    pub(crate) on_request: Option<(&'static str, Action)>,
    pub(crate) no_verify: bool,
}

#[derive(Default)]
struct State {
    behaviour: Behaviour,
    exists: bool,
    is_private: bool,
    n_commits: usize,
    requests: Vec<Request>,
    /// By path.
    files: BTreeMap<String, Vec<u8>>,
    /// By oid.
    stored: BTreeMap<String, Vec<u8>>,
    parts: BTreeMap<(String, u64), Vec<u8>>,
    verified: BTreeSet<String>,
}

pub(crate) struct UploadHub {
    hub: String,
    state: Arc<Mutex<State>>,
}

impl UploadHub {
    pub(crate) fn new(behaviour: Behaviour) -> Self {
        let state = Arc::new(Mutex::new(State { behaviour, ..State::default() }));
        let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [hub, storage] = [0, 1].map(|i| format!("http://{}", listeners[i].local_addr().unwrap()));
        for (i, listener) in listeners.into_iter().enumerate() {
            let (state, addresses) = (Arc::clone(&state), [hub.clone(), storage.clone()]);
            // It ends with the process.
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let (state, addresses) = (Arc::clone(&state), addresses.clone());
                    std::thread::spawn(move || serve(&stream, i == 1, &state, &addresses));
                }
            });
        }
        UploadHub { hub, state }
    }

    pub(crate) fn url(&self) -> &str {
        &self.hub
    }

    /// The repository exists, with these files.
    pub(crate) fn with_files(self, files: &[(&str, &[u8])], is_private: bool) -> Self {
        {
            let mut state = self.state.lock().unwrap();
            (state.exists, state.is_private, state.n_commits) = (true, is_private, 1);
            state.files = files.iter().map(|(name, bytes)| (name.to_string(), bytes.to_vec())).collect();
        }
        self
    }

    pub(crate) fn behave(&self, behaviour: Behaviour) {
        self.state.lock().unwrap().behaviour = behaviour;
    }

    /// What everybody sees.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.state.lock().unwrap().files.clone()
    }

    pub(crate) fn n_commits(&self) -> usize {
        self.state.lock().unwrap().n_commits
    }

    pub(crate) fn is_private(&self) -> bool {
        self.state.lock().unwrap().is_private
    }

    pub(crate) fn verified(&self) -> usize {
        self.state.lock().unwrap().verified.len()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().requests.clone()
    }
}

pub(crate) fn hex_sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn serve(stream: &TcpStream, at_storage: bool, state: &Mutex<State>, addresses: &[String; 2]) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader, at_storage) {
        let mut state = state.lock().unwrap();
        let number = state.requests.len();
        state.requests.push(request.clone());
        if let Some((part, action)) = &state.behaviour.on_request
            && request.path.contains(part)
        {
            action();
        }
        let cut = state.behaviour.cuts_from.is_some_and(|from| number >= from)
            || state.behaviour.cuts_once == Some(number);
        if cut {
            return;
        }
        let position =
            state.behaviour.first_statuses.iter().position(|(part, _)| request.path.contains(part));
        if let Some(position) = position {
            let (_, status) = state.behaviour.first_statuses.remove(position);
            answer(stream, status, &[], b"{\"error\":\"so it was asked\"}");
            continue;
        }
        let (status, headers, body) = reply(&request, &mut state, addresses);
        let is_lost = state.behaviour.loses_commit && request.path.contains("/commit/");
        drop(state);
        if is_lost {
            return;
        }
        answer(stream, status, &headers, &body);
    }
}

fn read_request(reader: &mut BufReader<&TcpStream>, at_storage: bool) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_string(), words.next()?.to_string());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim().split_once(':') {
            Some((name, value)) => headers.insert(name.to_lowercase(), value.trim().to_string()),
            None => break,
        };
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    assert!(!headers.contains_key("transfer-encoding"), "a storage host does not accept this");
    let mut body = vec![0; length];
    // A body that is broken off is no request.
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, headers, body, at_storage })
}

type Reply = (u16, Vec<(&'static str, String)>, Vec<u8>);

fn reply(request: &Request, state: &mut State, [hub, storage]: &[String; 2]) -> Reply {
    let with_json = |status, json: Value| (status, Vec::new(), json.to_string().into_bytes());
    let not_found = || (404, vec![("x-error-code", "RepoNotFound".to_string())], Vec::new());
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let authorized = state.behaviour.token.is_none_or(|token| {
        request.headers.get("authorization").is_some_and(|given| *given == format!("Bearer {token}"))
    });
    if request.at_storage {
        return at_storage(request, state, hub);
    }
    if !authorized {
        return with_json(401, json!({ "error": "Invalid credentials" }));
    }
    let (path, method) = (request.path.as_str(), request.method.as_str());
    match (method, path) {
        ("POST", "/api/repos/create") => {
            assert_eq!((&body["organization"], &body["name"]), (&json!("user"), &json!("model")));
            if std::mem::replace(&mut state.exists, true) {
                return with_json(409, json!({ "error": "You already created this model repo" }));
            }
            state.is_private = body["private"] == true;
            state.files.insert(".gitattributes".to_string(), b"*.safetensors filter=lfs".to_vec());
            with_json(200, json!({ "url": format!("{hub}/user/model") }))
        }
        _ if !state.exists => not_found(),
        ("GET", path) if path.starts_with("/api/models/user/model/revision/") => {
            if !path.ends_with("/main") {
                return (404, vec![("x-error-code", "RevisionNotFound".to_string())], Vec::new());
            }
            let names: Vec<Value> = state.files.keys().map(|name| json!({ "rfilename": name })).collect();
            let sha = commit_of(state.n_commits);
            with_json(
                200,
                json!({ "sha": sha, "siblings": names, "private": state.is_private, "id": "user/model" }),
            )
        }
        ("POST", "/api/models/user/model/preupload/main") => {
            let files = body["files"].as_array().unwrap().iter().map(|file| {
                let path = file["path"].as_str().unwrap();
                assert!(decoded(file["sample"].as_str().unwrap()).len() <= 512);
                let mode = if path.ends_with(".safetensors") { "lfs" } else { "regular" };
                json!({ "path": path, "uploadMode": mode, "shouldIgnore": false })
            });
            with_json(200, json!({ "files": files.collect::<Vec<_>>() }))
        }
        ("POST", "/user/model.git/info/lfs/objects/batch") => {
            assert_eq!(request.headers["accept"], "application/vnd.git-lfs+json");
            assert_eq!(request.headers["content-type"], "application/vnd.git-lfs+json");
            assert_eq!((&body["operation"], &body["hash_algo"]), (&json!("upload"), &json!("sha256")));
            let object = &body["objects"][0];
            let (oid, size) = (object["oid"].as_str().unwrap(), object["size"].as_u64().unwrap());
            let mut answer = json!({ "oid": oid, "size": size });
            if !state.stored.contains_key(oid) {
                let upload = match state.behaviour.chunk_size {
                    None => {
                        json!({ "href": format!("{storage}/put/{oid}?signature=1"), "header": { "x-amz-meta": "a" } })
                    }
                    Some(chunk) => {
                        let mut header = json!({ "chunk_size": chunk.to_string() });
                        for part in 1..=size.div_ceil(chunk) {
                            header[format!("{part:05}")] = format!("{storage}/part/{oid}/{part}").into();
                        }
                        json!({ "href": format!("{storage}/complete/{oid}"), "header": header })
                    }
                };
                answer["actions"] = json!({ "upload": upload });
                if !state.behaviour.no_verify {
                    answer["actions"]["verify"] = json!({ "href": format!("{hub}/verify"), "header": {} });
                }
            }
            with_json(200, json!({ "transfer": "basic", "objects": [answer] }))
        }
        ("POST", "/verify") => {
            let stored = state.stored.get(body["oid"].as_str().unwrap());
            assert_eq!(stored.map(Vec::len), body["size"].as_u64().map(|size| size as usize));
            state.verified.insert(body["oid"].to_string());
            with_json(200, json!({}))
        }
        ("POST", "/api/models/user/model/commit/main") => commit(request, state),
        ("GET", path) => {
            let name = path.strip_prefix("/user/model/resolve/").and_then(|rest| rest.split_once('/'));
            match name.and_then(|(_, name)| state.files.get(name)) {
                Some(bytes) => file(request, bytes, commit_of(state.n_commits)),
                None => not_found(),
            }
        }
        _ => not_found(),
    }
}

fn at_storage(request: &Request, state: &mut State, hub: &str) -> Reply {
    let done = |headers| (200, headers, Vec::new());
    let path = request.path.split('?').next().unwrap();
    let words: Vec<&str> = path.split('/').skip(1).collect();
    match (request.method.as_str(), &words[..]) {
        ("PUT", ["put", oid]) => {
            if hex_sha256(&request.body) != *oid {
                return (400, Vec::new(), Vec::new());
            }
            assert_eq!(request.headers["x-amz-meta"], "a");
            state.stored.insert(oid.to_string(), request.body.clone());
            done(Vec::new())
        }
        ("PUT", ["part", oid, number]) => {
            let number: u64 = number.parse().unwrap();
            state.parts.insert((oid.to_string(), number), request.body.clone());
            done(vec![("etag", format!("\"tag-{number}\""))])
        }
        ("POST", ["complete", oid]) => {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let parts = body["parts"].as_array().unwrap();
            let mut whole = Vec::new();
            for (i, part) in parts.iter().enumerate() {
                let number = i as u64 + 1;
                assert_eq!(*part, json!({ "partNumber": number, "etag": format!("\"tag-{number}\"") }));
                whole.extend(&state.parts[&(oid.to_string(), number)]);
            }
            assert_eq!(hex_sha256(&whole), *oid);
            state.stored.insert(oid.to_string(), whole);
            done(Vec::new())
        }
        _ => panic!("{hub} has no {path}"),
    }
}

fn commit(request: &Request, state: &mut State) -> Reply {
    assert_eq!(request.headers["content-type"], "application/x-ndjson");
    let text = String::from_utf8(request.body.clone()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["key"], "header");
    assert!(lines[0]["value"]["summary"].is_string());
    if lines[0]["value"]["parentCommit"] != commit_of(state.n_commits) {
        return (412, Vec::new(), Vec::new());
    }
    let mut files = state.files.clone();
    for line in &lines[1..] {
        let value = &line["value"];
        let path = value["path"].as_str().unwrap().to_string();
        match line["key"].as_str().unwrap() {
            "file" => drop(files.insert(path, decoded(value["content"].as_str().unwrap()))),
            "lfsFile" => {
                let stored = &state.stored[value["oid"].as_str().unwrap()];
                assert_eq!(value["size"].as_u64().unwrap(), stored.len() as u64);
                files.insert(path, stored.clone());
            }
            "deletedFile" => assert!(files.remove(&path).is_some(), "{path}"),
            other => panic!("{other}"),
        }
    }
    state.files = files;
    state.n_commits += 1;
    let body = json!({ "success": true, "commitOid": commit_of(state.n_commits) });
    (200, Vec::new(), body.to_string().into_bytes())
}

fn commit_of(n: usize) -> String {
    format!("{n:040x}")
}

/// The first byte with headers, or the whole file.
fn file(request: &Request, bytes: &[u8], commit: String) -> Reply {
    let mut headers = vec![("etag", format!("\"{}\"", hex_sha256(bytes))), ("x-repo-commit", commit)];
    match request.headers.get("range").map(String::as_str) {
        Some("bytes=0-0") => {
            headers.push(("content-range", format!("bytes 0-0/{}", bytes.len())));
            (206, headers, bytes[..1].to_vec())
        }
        _ => (200, headers, bytes.to_vec()),
    }
}

fn answer(mut stream: &TcpStream, status: u16, headers: &[(&str, String)], body: &[u8]) {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n", body.len());
    // In one piece, because the other side may wait before it acknowledges the first of two.
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
}

/// Base64 as in RFC 4648.
fn decoded(text: &str) -> Vec<u8> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        other => panic!("{other}"),
    };
    assert_eq!(text.len() % 4, 0);
    let digits: Vec<u8> = text.bytes().filter(|c| *c != b'=').map(digit).collect();
    let quads = digits.chunks(4).flat_map(|quad| {
        let bits = (0..4).fold(0u32, |bits, i| bits << 6 | u32::from(quad.get(i).copied().unwrap_or(0)));
        bits.to_be_bytes()[1..quad.len()].to_vec()
    });
    quads.collect()
}
