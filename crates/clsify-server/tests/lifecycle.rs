//! Servers under load: batches, connections, reloads, and the end.
//!
//! Oracle: the answers of the same server to each request alone.
#![allow(clippy::unwrap_used)]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clsify::model::SentenceClassifier;
use clsify_server::ServeOptions;
use common::{Response, Running, options, request, save_classes, source, texts};
use serde_json::{Value, json};

const JSON: &str = "content-type: application/json\r\n";

/// Eight clients ask for one to nine texts each at the same time, in batches so small that requests are joined and split.
#[test]
fn vectors_do_not_depend_on_who_shares_the_batch() {
    for max_batch_tokens in [8, 64, 16_384] {
        let (server, folder) = Running::of_classes(ServeOptions { max_batch_tokens, ..options() });
        let encoder = SentenceClassifier::load(folder.path().join("model")).unwrap().encoder().clone();
        let texts = texts();
        let alone: Vec<Value> =
            (0..texts.len()).map(|i| json!(encoder.encode(&texts[i..=i]).unwrap().features.row(0))).collect();
        thread::scope(|scope| {
            for client in 0..8 {
                let (server, texts, alone) = (&server, &texts, &alone);
                scope.spawn(move || {
                    for round in 0..12 {
                        let start = (7 * client + 5 * round) % (texts.len() - 9);
                        let own = start..start + 1 + (client + round) % 9;
                        let body =
                            json!({ "inputs": texts[own.clone()], "normalize": false, "truncate": true });
                        let answer = server.ask("/embed", &body);
                        for (row, expected) in answer.as_array().unwrap().iter().zip(&alone[own.clone()]) {
                            assert_eq!(common::vector(row), common::vector(expected));
                        }
                        assert_eq!(answer.as_array().unwrap().len(), own.len());
                    }
                });
            }
        });
        assert_eq!(server.metric("te_embed_success{method=\"batch\"}"), 96.0);
        assert_eq!(server.metric("te_embed_count{method=\"batch\"}"), 96.0);
        assert_eq!(server.metric("te_queue_size"), 0.0);
    }
}

/// Clients send requests all the time; from a request whose first byte was accepted before the stop comes an answer.
#[test]
fn a_stop_under_load_loses_no_accepted_request() {
    let (mut server, _folder) = Running::of_classes(options());
    let body = json!({ "inputs": texts(), "truncate": true }).to_string();
    let (is_stopping, n_answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (address, handle) = (server.address, server.handle.clone());
    thread::scope(|scope| {
        for _ in 0..6 {
            let (body, is_stopping, n_answered) = (&body, &is_stopping, &n_answered);
            scope.spawn(move || {
                loop {
                    let was_stopping = is_stopping.load(Ordering::SeqCst);
                    let Ok(mut stream) = TcpStream::connect(address) else {
                        assert!(
                            was_stopping || is_stopping.load(Ordering::SeqCst),
                            "refused before the stop"
                        );
                        return;
                    };
                    // A connection in the backlog of a stopped server is reset: its request was never accepted.
                    let sent = stream.write_all(&request("POST", "/predict", JSON, body.as_bytes()));
                    let mut answer = Vec::new();
                    let read = stream.read_to_end(&mut answer);
                    if sent.is_err() || read.is_err() || answer.is_empty() {
                        assert!(is_stopping.load(Ordering::SeqCst), "lost before the stop");
                        return;
                    }
                    // Whoever gets a first byte gets the whole answer.
                    let response = Response::of(&answer);
                    assert_eq!(response.status, 200, "{}", response.text());
                    assert_eq!(response.json().as_array().unwrap().len(), texts().len());
                    n_answered.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        common::wait_until("too slow", || n_answered.load(Ordering::SeqCst) > 20);
        is_stopping.store(true, Ordering::SeqCst);
        handle.stop();
        server.join();
    });
    assert!(TcpStream::connect(address).is_err(), "a stopped server listens");
}

/// One connection brings several requests; after the stop it is closed, and a silent one does not hold the server up.
#[test]
fn connections_are_kept_until_the_stop() {
    let (mut server, _folder) = Running::of_classes(options());
    let mut stream = server.connect();
    let body = json!({ "inputs": "a fine film" }).to_string();
    let head =
        format!("POST /predict HTTP/1.1\r\nhost: test\r\n{JSON}content-length: {}\r\n\r\n", body.len());
    let mut answers = Vec::new();
    for _ in 0..3 {
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut bytes = [0; 8192];
        let n = stream.read(&mut bytes).unwrap();
        answers.push(Response::of(&bytes[..n]).json());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let silent = server.connect();
    let stopped = Instant::now();
    server.handle.stop();
    server.join();
    assert!(stopped.elapsed() < Duration::from_secs(10), "{:?}", stopped.elapsed());
    assert_eq!(stream.read(&mut [0; 8]).unwrap_or(0), 0);
    drop(silent);
}

/// A request that was sent on an open connection before the stop is answered, even if the server has not read it yet.
#[test]
fn what_was_sent_on_open_connections_is_answered() {
    let body = json!({ "inputs": "a fine film" }).to_string();
    let head =
        format!("POST /predict HTTP/1.1\r\nhost: test\r\n{JSON}content-length: {}\r\n\r\n", body.len());
    let bytes = format!("{head}{body}").into_bytes();
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model");
    save_classes(&model);
    for _ in 0..4 {
        let mut server = Running::start(options(), vec![source("model", &model)]);
        let mut open: Vec<TcpStream> = (0..40).map(|_| server.connect()).collect();
        for stream in &mut open {
            stream.write_all(&bytes).unwrap();
            assert!(stream.read(&mut [0; 8192]).unwrap() > 0);
        }
        for stream in &mut open {
            stream.write_all(&bytes).unwrap();
        }
        server.handle.stop();
        for (i, stream) in open.iter_mut().enumerate() {
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            assert!(!answer.is_empty(), "no answer on connection {i}");
            assert_eq!(Response::of(&answer).status, 200);
        }
        server.join();
    }
}

/// A request that the server has read before the stop is answered after it.
#[test]
fn what_was_accepted_is_answered() {
    let (mut server, _folder) = Running::of_classes(options());
    let texts: Vec<String> = texts().into_iter().cycle().take(600).collect();
    let body = json!({ "inputs": texts, "truncate": true }).to_string();
    let mut stream = server.connect();
    stream.write_all(&request("POST", "/predict", JSON, body.as_bytes())).unwrap();
    common::wait_until("never begun", || server.metric("te_predict_count{method=\"batch\"}") > 0.0);
    let mut idle = server.connect();
    server.handle.stop();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(Response::of(&answer).json().as_array().unwrap().len(), 600);
    server.join();
    // An idle connection is closed, not waited for.
    assert_eq!(idle.read(&mut [0; 8]).unwrap_or(0), 0);
}

#[test]
fn abandoned_connections_leave_it_serving() {
    let (server, _folder) = Running::of_classes(ServeOptions { max_connections: 32, ..options() });
    let mut held = Vec::new();
    for i in 0..2000 {
        let Ok(mut stream) = TcpStream::connect(server.address) else { continue };
        // Some say nothing, some begin a request.
        if i % 3 == 0 {
            let _ = stream.write_all(b"POST /predict HTTP/1.1\r\nhost: te");
        }
        if i % 2 == 0 {
            held.push(stream);
        }
        if held.len() > 200 {
            held.clear();
        }
        if i % 250 == 0 {
            server.ask("/predict", &json!({ "inputs": "a fine film" }));
        }
    }
    server.ask("/predict", &json!({ "inputs": "a fine film" }));
}

#[test]
fn a_model_is_reloaded_without_losing_a_request() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model");
    save_classes(&model);
    let with_key = ServeOptions { api_keys: vec!["key".into()], ..options() };
    let server = Running::start(with_key, vec![source("model", &model)]);
    let headers = format!("{JSON}authorization: Bearer key\r\n");
    let ask = |path: &str, body: &Value| server.request("POST", path, &headers, body.to_string().as_bytes());
    let text = json!({ "inputs": "the film is wonderful" });
    let reload = || ask("/admin/reload", &json!({}));
    let unchanged = reload();
    assert_eq!((unchanged.status, &unchanged.json()["models"][0]["result"]), (200, &json!("unchanged")));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    let answer = ask("/predict", &text);
                    assert_eq!(answer.status, 200, "{}", answer.text());
                }
            });
        }
        // A new version with other names of labels.
        common::edit_model(&model, |saved| saved["classes"] = json!(["no", "yes"]));
        let reloaded = reload();
        assert_eq!((reloaded.status, &reloaded.json()["models"][0]["result"]), (200, &json!("reloaded")));
        let labels = ask("/predict", &text).json();
        assert!(labels[0]["label"] == "no" || labels[0]["label"] == "yes", "{labels}");
        // A broken version: the one before it is still served.
        common::edit_model(&model, |saved| saved["format_version"] = json!(1_000_000));
        let failed = reload();
        assert_eq!(failed.status, 424);
        let body = failed.json();
        assert_eq!(
            (&body["models"][0]["result"], &body["error_type"]),
            (&json!("failed"), &json!("Backend"))
        );
        assert!(body["error"].as_str().unwrap().contains("model: "), "{body}");
        assert_eq!(ask("/predict", &text).json(), labels);
        // A mended one is served again, by the signal's way too.
        save_classes(&model);
        server.handle.reload();
        let labels = ask("/predict", &text).json();
        assert!(labels[0]["label"] == "good" || labels[0]["label"] == "bad", "{labels}");
        is_over.store(true, Ordering::SeqCst);
    });
}
