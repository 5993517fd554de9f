//! Tiny models, a server in this process, and a plain HTTP client.
#![allow(clippy::unwrap_used, reason = "a helper of tests")]
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use clsify::dataset::{Dataset, DatasetOptions};
use clsify::model::{LoadOptions, SentenceClassifier, SentenceEncoder, SentenceEncoderOptions};
use clsify::training::{TrainOptions, train};
use clsify_server::{Listen, Loaded, ModelSource, ServeOptions, Server, ServerHandle};
use serde_json::{Value, json};

/// The folder of a tiny encoder.
pub(crate) fn encoder_folder(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/transformers")
        .join(case)
        .canonicalize()
        .unwrap()
}

fn train_on(rows: &str, options: &DatasetOptions, folder: &Path) {
    let dataset = Dataset::read(rows.as_bytes(), "rows.tsv", options).unwrap();
    let encoder = SentenceEncoder::load(encoder_folder("bert")).unwrap();
    train(encoder, &dataset, TrainOptions::default()).unwrap().classifier.save(folder).unwrap();
}

/// A model of two classes on the tiny `bert`.
pub(crate) fn save_classes(folder: &Path) {
    let rows: String = (0..12)
        .map(|i| format!("the film number {i} is wonderful\tgood\nfilm {i} was a quiet bore\tbad\n"))
        .collect();
    train_on(&rows, &DatasetOptions::default(), folder);
}

/// A model of label sets on the tiny `bert`.
pub(crate) fn save_label_sets(folder: &Path) {
    let rows: String = (0..12)
        .map(|i| format!("the film {i} is wonderful\tgood|film\nbook {i} was a bore\tbad\nfilm {i} was a bore\tbad|film\n"))
        .collect();
    let options = DatasetOptions { multi_label: Some("|".parse().unwrap()), ..DatasetOptions::default() };
    train_on(&rows, &options, folder);
}

/// Changes `clsify.json` of a model.
pub(crate) fn edit_model(folder: &Path, edit: impl FnOnce(&mut Value)) {
    let path = folder.join("clsify.json");
    let mut saved: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    edit(&mut saved);
    std::fs::write(&path, saved.to_string()).unwrap();
}

pub(crate) fn source(name: &str, folder: &Path) -> ModelSource {
    let from = folder.to_path_buf();
    let load = move || {
        let options = LoadOptions { lazy: true, ..LoadOptions::default() };
        Ok(Loaded::Classifier(SentenceClassifier::load_with(&from, options)?))
    };
    ModelSource { name: name.into(), folder: folder.to_path_buf(), load: Box::new(load) }
}

pub(crate) fn encoder_source(name: &str, case: &str) -> ModelSource {
    let folder = encoder_folder(case);
    let from = folder.clone();
    let load = move || {
        let options = SentenceEncoderOptions { lazy: true, ..SentenceEncoderOptions::default() };
        Ok(Loaded::Encoder(SentenceEncoder::load_with(&from, options)?))
    };
    ModelSource { name: name.into(), folder, load: Box::new(load) }
}

pub(crate) fn options() -> ServeOptions {
    ServeOptions { listen: Listen::Tcp(SocketAddr::from(([127, 0, 0, 1], 0))), ..ServeOptions::default() }
}

/// A server on a free port; it stops when it is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(options: ServeOptions, sources: Vec<ModelSource>) -> Self {
        let server = Server::bind(options, sources).unwrap();
        let (address, handle) = (server.address().unwrap(), server.handle());
        let thread = Some(std::thread::spawn(move || server.run().unwrap()));
        Running { address, handle, thread }
    }

    /// A server of one model of two classes, and its folder.
    pub(crate) fn of_classes(options: ServeOptions) -> (Self, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        save_classes(&folder.path().join("model"));
        (Running::start(options, vec![source("model", &folder.path().join("model"))]), folder)
    }

    /// Waits until the server has stopped.
    pub(crate) fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// Sends bytes as they are, and reads the answer until the connection closes.
    pub(crate) fn send(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        // The server may answer, and close, before it has read everything.
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    }

    pub(crate) fn request(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Response {
        Response::of(&self.send(&request(method, path, headers, body)))
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.request("GET", path, "", b"")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Response {
        self.request("POST", path, "content-type: application/json\r\n", body.to_string().as_bytes())
    }

    /// The answer of a request that succeeds.
    pub(crate) fn ask(&self, path: &str, body: &Value) -> Value {
        let response = self.post(path, body);
        assert_eq!(response.status, 200, "{path} {body}: {}", response.text());
        response.json()
    }

    /// The value of a metric.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").text();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.handle.stop();
        self.join();
    }
}

pub(crate) fn request(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Response {
    /// Parses an answer with a content length, or without a body.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_string())
        };
        let headers = lines.map(header).collect();
        Response { status, headers, body: bytes[end + 4..].to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Checks that it is an error of this status and kind, in the dialect of text-embeddings-inference.
    pub(crate) fn is_refusal(&self, status: u16, kind: &str, part: &str) {
        let body = self.json();
        assert_eq!((self.status, body["error_type"].as_str()), (status, Some(kind)), "{body}");
        assert!(body["error"].as_str().unwrap().contains(part), "{body}");
        assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
    }
}

/// The numbers of a vector.
pub(crate) fn vector(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect()
}

/// The score of a label.
pub(crate) fn score_of(labels: &Value, label: &str) -> f64 {
    let entry = labels.as_array().unwrap().iter().find(|entry| entry["label"] == label);
    entry.unwrap_or_else(|| panic!("no {label} in {labels}"))["score"].as_f64().unwrap()
}

/// Asks again until it holds, for at most 20 seconds.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Requests that every kind of model must survive: a body, and the statuses that it may get.
pub(crate) fn texts() -> Vec<String> {
    let mut texts: Vec<String> =
        ["", " ", "a", "the film is wonderful", "Élan 中文 🙂 e\u{301}", "[CLS] [MASK]", "\0\u{1}"]
            .map(String::from)
            .to_vec();
    texts.extend((1..40).map(|n| "film wonderful bore ".repeat(n % 7 + 1) + &n.to_string()));
    texts
}

pub(crate) fn inputs(value: impl serde::Serialize) -> Value {
    json!({ "inputs": value, "truncate": true })
}
