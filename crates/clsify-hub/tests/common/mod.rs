//! A model hub on 127.0.0.1 that serves given files and records its requests.

#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use clsify_hub::FetchObserver;
use sha1::Sha1;
use sha2::{Digest, Sha256};

pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// The behaviour of the server for requests of files.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Manner {
    /// Behaves like the hub.
    Proper,
    /// Closes the connection after this many bytes of a longer body.
    BreaksOffAfter(usize),
    /// Sends this many bytes of a longer body, then nothing more.
    FallsSilentAfter(usize),
    /// Sends the whole file, whatever range is requested.
    IgnoresRanges,
    /// Sends the right number of bytes with wrong content.
    Corrupts,
    /// Announces the size of a file, but sends a GiB when the whole file is requested.
    Endless,
    /// Sends a GiB for every file, and announces no size.
    EndlessWithoutSize,
    /// Announces no size for the weights, and sends 16 MiB.
    WeightsWithoutSize,
    /// Gives every file this etag, as a mirror might.
    GivesEtag(&'static str),
    /// Closes the connection in the middle of the list of files.
    BreaksOffItsList,
    /// Redirects to another server, as the hub does to its storage.
    RedirectsTo(SocketAddr),
    /// Accepts the connection and never answers.
    NeverAnswers,
    /// Answers every request with this status and `x-error-code`.
    Refuses(u16, &'static str),
}

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
}

struct Shared {
    id: String,
    files: BTreeMap<String, Vec<u8>>,
    manner: Mutex<Manner>,
    requests: Mutex<Vec<Request>>,
    closing: AtomicBool,
}

pub(crate) struct MockHub {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl MockHub {
    pub(crate) fn serving(id: &str, files: &[(&str, &[u8])], manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            id: id.to_string(),
            files: files.iter().map(|(name, bytes)| (name.to_string(), bytes.to_vec())).collect(),
            manner: Mutex::new(manner),
            requests: Mutex::default(),
            closing: AtomicBool::new(false),
        });
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if of_thread.closing.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&of_thread);
                std::thread::spawn(move || serve(&stream, &shared));
            }
        });
        MockHub { address, shared, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn behave(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap() = manner;
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }
}

impl Drop for MockHub {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn serve(stream: &TcpStream, shared: &Shared) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader) {
        shared.requests.lock().unwrap().push(request.clone());
        let manner = *shared.manner.lock().unwrap();
        match manner {
            Manner::NeverAnswers => {
                // Waits until the client gives up.
                let _ = reader.fill_buf();
                return;
            }
            Manner::Refuses(status, code) => {
                answer(stream, status, &[("x-error-code", code)], b"");
                continue;
            }
            _ => {}
        }
        let path = request.path.split('?').next().unwrap_or_default();
        let revisions = ["main", COMMIT];
        let infos = revisions.map(|revision| format!("/api/models/{}/revision/{revision}", shared.id));
        let resolve = |revision: &&str| format!("/{}/resolve/{revision}/", shared.id);
        let name = revisions.iter().find_map(|revision| path.strip_prefix(&resolve(revision)));
        if infos.contains(&request.path) {
            let siblings: Vec<_> =
                shared.files.keys().map(|name| serde_json::json!({ "rfilename": name })).collect();
            let body =
                serde_json::json!({ "sha": COMMIT, "siblings": siblings, "id": shared.id }).to_string();
            if manner == Manner::BreaksOffItsList {
                let mut stream = stream;
                let _ = stream.write_all(head(200, &[], body.len()).as_bytes());
                let _ = stream.write_all(&body.as_bytes()[..body.len() / 2]);
                return;
            }
            answer(stream, 200, &[], body.as_bytes());
        } else if let Some(bytes) = name.and_then(|name| shared.files.get(name)) {
            if !send_file(stream, &request, bytes, manner) {
                return;
            }
        } else {
            answer(stream, 404, &[("x-error-code", "RepoNotFound")], b"");
        }
    }
}

fn read_request(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_string();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim().split_once(':') {
            Some((name, value)) => headers.insert(name.to_lowercase(), value.trim().to_string()),
            None => return Some(Request { path, headers }),
        };
    }
}

/// Returns true if the connection can serve another request.
fn send_file(mut stream: &TcpStream, request: &Request, bytes: &[u8], manner: Manner) -> bool {
    // The hub's etag is the sha256 of a large file, and the git hash of any other file.
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let is_weights = request.path.ends_with(".safetensors");
    let etag = if let Manner::GivesEtag(etag) = manner {
        ("etag", etag.to_string())
    } else if is_weights {
        ("x-linked-etag", format!("\"{}\"", hex(&Sha256::digest(bytes))))
    } else {
        let blob = [format!("blob {}\0", bytes.len()).as_bytes(), bytes].concat();
        ("etag", format!("\"{}\"", hex(&Sha1::digest(blob))))
    };
    let mut headers = vec![("x-repo-commit", COMMIT.to_string()), etag];
    let is_part = request.headers.contains_key("range");
    let is_too_long = match manner {
        Manner::EndlessWithoutSize => true,
        Manner::WeightsWithoutSize => is_weights,
        Manner::Endless => !is_part,
        _ => false,
    };
    if is_too_long {
        let headers =
            borrowed(&headers).iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<String>();
        let head = format!("HTTP/1.1 200 X\r\n{headers}connection: close\r\n\r\n");
        let block = vec![b'x'; 1 << 20];
        let mut sent = stream.write_all(head.as_bytes());
        // Limited, so that a client that accepts everything does not fill the disk of this machine.
        let most = if manner == Manner::WeightsWithoutSize { 16 } else { 1024 };
        for _ in 0..most {
            sent = sent.and_then(|()| stream.write_all(&block));
        }
        return false;
    }
    if let Manner::RedirectsTo(address) = manner {
        headers.push(("location", format!("http://{address}{}?signature=1", request.path)));
        answer(stream, 302, &borrowed(&headers), b"");
        return true;
    }
    let range = request.headers.get("range").filter(|_| manner != Manner::IgnoresRanges);
    let range = range.and_then(|range| range.strip_prefix("bytes="));
    let (first, last) = range.and_then(|range| range.split_once('-')).unwrap_or(("", ""));
    let first: usize = first.parse().unwrap_or(0);
    let end = last.parse::<usize>().map_or(bytes.len(), |last| last + 1).min(bytes.len());
    if first >= end && range.is_some() {
        headers.push(("content-range", format!("bytes */{}", bytes.len())));
        answer(stream, 416, &borrowed(&headers), b"");
        return true;
    }
    let mut body = bytes[first..end].to_vec();
    if range.is_some() {
        headers.push(("content-range", format!("bytes {first}-{}/{}", end - 1, bytes.len())));
    }
    if manner == Manner::Corrupts {
        body.fill(b'?');
    }
    let status = if range.is_some() { 206 } else { 200 };
    let sent = match manner {
        Manner::BreaksOffAfter(count) | Manner::FallsSilentAfter(count) => count.min(body.len()),
        _ => body.len(),
    };
    let _ = stream.write_all(head(status, &borrowed(&headers), body.len()).as_bytes());
    let _ = stream.write_all(&body[..sent]);
    let whole = sent == body.len();
    if !whole && matches!(manner, Manner::FallsSilentAfter(_)) {
        let _ = BufReader::new(stream).fill_buf();
    }
    whole
}

fn borrowed<'a>(headers: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
    headers.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

fn head(status: u16, headers: &[(&str, &str)], length: usize) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n")
}

fn answer(mut stream: &TcpStream, status: u16, headers: &[(&str, &str)], body: &[u8]) {
    let _ = stream.write_all(head(status, headers, body.len()).as_bytes());
    let _ = stream.write_all(body);
}

/// An observer that records its messages.
#[derive(Default)]
pub(crate) struct Heard(pub(crate) Mutex<Vec<String>>);

impl Heard {
    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

impl FetchObserver for Heard {
    fn message(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_string());
    }

    fn bytes(&self, file: &str, done: u64, total: u64) {
        if done == total {
            self.0.lock().unwrap().push(format!("{file} {done}"));
        }
    }
}
