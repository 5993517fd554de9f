//! What a server refuses: each case with its status, and a body in the dialect of its route.
//!
//! Oracle: the statuses of text-embeddings-inference 1.9.3 where it has them, and OpenAI's error object.
#![allow(clippy::unwrap_used)]

mod common;

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use clsify_server::ServeOptions;
use common::{Response, Running, encoder_source, options};
use serde_json::{Value, json};

const JSON: &str = "content-type: application/json\r\n";

#[test]
fn every_refusal_has_its_status_and_body() {
    let limits = ServeOptions { payload_limit_bytes: 2000, max_client_batch_size: 4, ..options() };
    let (server, _folder) = Running::of_classes(limits);
    let raw = |body: &str| server.request("POST", "/predict", JSON, body.as_bytes());
    for body in ["", "{", "{\"inputs\": \"\\ud800\"}", "nonsense", "{\"inputs\": \"a\"} x", "\u{feff}{}"] {
        raw(body).is_refusal(400, "Validation", "expected JSON");
    }
    server.request("POST", "/predict", JSON, b"{\"inputs\": \"\xff\"}").is_refusal(400, "Validation", "JSON");
    raw(&format!("{{\"inputs\": {}{}}}", "[".repeat(900), "]".repeat(900))).is_refusal(
        400,
        "Validation",
        "JSON",
    );
    for body in [
        "{}",
        "[]",
        "{\"inputs\": 7}",
        "{\"inputs\": null}",
        "{\"inputs\": [\"a\", 7]}",
        "{\"inputs\": {\"a\": 1}}",
    ] {
        raw(body).is_refusal(422, "Validation", "");
    }
    raw("{\"inputs\": \"a\", \"truncation_direction\": \"x\"}").is_refusal(422, "Validation", "\"left\" or");
    raw("{\"inputs\": \"a\", \"inputs\": \"b\"}").is_refusal(422, "Validation", "duplicate field");
    raw("{\"inputs\": [[\"a\", \"b\"]]}").is_refusal(422, "Validation", "got 2 at index 0: this classifier");
    raw("{\"inputs\": [\"a\",\"b\",\"c\",\"d\",\"e\"]}").is_refusal(422, "Validation", "at most 4 texts");
    raw("{\"inputs\": []}").is_refusal(400, "Empty", "at least one text");
    raw("{\"inputs\": \"a\", \"model\": \"other\"}").is_refusal(404, "NotFound", "\"other\"");
    raw("{\"inputs\": \"a\", \"parameters\": {\"top_k\": 0}}").is_refusal(422, "Validation", "top_k");
    raw("{\"inputs\": \"a\", \"truncate\": true, \"truncation_direction\": \"Left\"}").is_refusal(
        422,
        "Validation",
        "truncation_direction",
    );
    raw(&json!({ "inputs": "a ".repeat(900) }).to_string()).is_refusal(422, "Validation", "tokens per text");
    raw(&json!({ "inputs": "a ".repeat(1100) }).to_string()).is_refusal(413, "Validation", "2000 bytes");
    let chunked = "transfer-encoding: chunked\r\n";
    let head = format!("POST /predict HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{JSON}{chunked}\r\n");
    let body = "a".repeat(3000);
    let bytes = format!("{head}{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    Response::of(&server.send(bytes.as_bytes())).is_refusal(413, "Validation", "2000 bytes");
    let text = "content-type: text/plain\r\n";
    server.request("POST", "/predict", text, b"{}").is_refusal(415, "Validation", "application/json");
    server.get("/predict").is_refusal(405, "Validation", "method");
    assert_eq!(server.get("/predict").header("allow"), Some("POST"));
    server.get("/../../etc/passwd").is_refusal(404, "NotFound", "/docs");
    server.get("/models/..%2f..%2fetc/info").is_refusal(404, "NotFound", "name of a model");
    server.get("/models/%fe/info").is_refusal(404, "NotFound", "got \"%fe\"");
    server.post("/models/a%fe/embed", &json!({ "inputs": "a" })).is_refusal(404, "NotFound", "got \"a%fe\"");
    let embed = |body: &Value| server.post("/embed", body);
    embed(&json!({ "inputs": "a", "dimensions": 2 })).is_refusal(422, "Validation", "dimensions");
    embed(&json!({ "inputs": "a", "prompt_name": "query" })).is_refusal(422, "Validation", "prompt");
    embed(&json!({ "inputs": [4_000_000_000u32] })).is_refusal(422, "Validation", "vocabulary");
    embed(&json!({ "inputs": [-1] })).is_refusal(422, "Validation", "token ids");
    server.post("/decode", &json!({ "ids": [9_999_999] })).is_refusal(422, "Validation", "vocabulary");
    server.post("/decode", &json!({ "ids": [] })).is_refusal(400, "Empty", "at least one token id");
    let explain = |body: &Value| server.post("/explain", body);
    for path in ["/explain", "/walk"] {
        let refused = server.post(path, &json!({ "inputs": ["a", " "] }));
        refused.is_refusal(422, "Validation", "text at index 1: expected");
    }
    let ids = json!({ "inputs": [[5], [9_999_999]], "ids": [[5], [9_999_999]] });
    for path in ["/embed", "/decode"] {
        server.post(path, &ids).is_refusal(422, "Validation", "text at index 1: expected");
    }
    explain(&json!({ "inputs": "a", "label": "other" })).is_refusal(422, "Validation", "bad");
    for text in ["a ".repeat(70), "好".repeat(70)] {
        explain(&json!({ "inputs": text, "path": true })).is_refusal(422, "Validation", "64 words");
    }
    for inputs in
        [json!("a ".repeat(401)), json!(["a ".repeat(200), "b ".repeat(201)]), json!("好".repeat(401))]
    {
        for path in ["/explain", "/walk"] {
            let refused = server.post(path, &json!({ "inputs": inputs, "truncate": true }));
            refused.is_refusal(
                422,
                "Validation",
                "at most 400 words to explain in all texts together, got 401",
            );
        }
    }
    // Truncation would not help.
    let long = explain(&json!({ "inputs": "zqzqzqz ".repeat(100), "truncate": true }));
    long.is_refusal(
        422,
        "Validation",
        "tokens per text, got more in the text at index 0: shorten it, because",
    );
    assert!(!long.text().contains("send"), "{}", long.text());
    server.post("/admin/reload", &json!({})).is_refusal(403, "Unauthorized", "--api-key");
}

/// A request whose options of scores contradict each other is not answered by one of them.
#[test]
fn contradictory_options_of_scores_are_refused() {
    let (server, _folder) = Running::of_classes(options());
    for path in ["/predict", "/", "/invocations", "/models/model/predict"] {
        for (is_raw, function, agrees) in [
            (true, "none", true),
            (true, "softmax", false),
            (true, "sigmoid", false),
            (false, "none", false),
            (false, "softmax", true),
            (false, "sigmoid", true),
        ] {
            let parameters = json!({ "function_to_apply": function });
            let response =
                server.post(path, &json!({ "inputs": "a", "raw_scores": is_raw, "parameters": parameters }));
            match agrees {
                true => assert_eq!(response.status, 200, "{}", response.text()),
                false => {
                    let part = format!("to agree, got {is_raw} and \"{function}\"");
                    response.is_refusal(422, "Validation", &part);
                }
            }
        }
        for outside in
            [json!({ "inputs": "a", "function_to_apply": "none" }), json!({ "inputs": "a", "top_k": 1 })]
        {
            server.post(path, &outside).is_refusal(422, "Validation", "inside of \"parameters\"");
        }
    }
}

#[test]
fn what_nobody_could_use_is_refused_at_the_start() {
    let refused = |options: ServeOptions| {
        let error = clsify_server::Server::bind(options, vec![encoder_source("tiny", "bert")]).unwrap_err();
        error.to_string()
    };
    for key in ["", "abc ", " abc", "abc\n", "a b", "k\u{e9}", "a\0", "\u{feff}abc"] {
        let error = refused(ServeOptions { api_keys: vec!["good".into(), key.into()], ..options() });
        assert!(error.contains("visible ASCII") && !error.contains("abc"), "{error}");
    }
    #[cfg(unix)]
    {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "mine").unwrap();
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        for (path, kind) in
            [(folder.path(), "got a folder"), (&file, "got a file"), (&link, "got a symbolic link")]
        {
            let listen = clsify_server::Listen::Unix(path.to_path_buf());
            let error = refused(ServeOptions { listen, ..options() });
            assert!(error.contains(kind), "{error}");
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}

/// Oracle: the promise of `docs/serving.md`; RFC 9113 for the bytes with which HTTP/2 begins.
#[test]
fn a_connection_that_begins_with_http_2_is_closed() {
    let (server, _folder) = Running::of_classes(options());
    assert!(server.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").is_empty());
    assert_eq!(Response::of(&server.send(b"nonsense\r\n\r\n")).status, 400);
    // Tokenization has the threads of connections, whatever the encoder has.
    assert_eq!(server.get("/info").json()["tokenization_workers"], 2);
}

#[test]
fn openai_routes_have_openai_errors() {
    let server = Running::start(options(), vec![encoder_source("tiny", "bert")]);
    let error = |path: &str, body: Value| {
        let response = server.post(path, &body);
        (response.status, response.json()["error"].clone())
    };
    let (status, unknown) = error("/v1/embeddings", json!({ "input": "a", "model": "gpt" }));
    assert_eq!(
        (status, &unknown["code"], &unknown["param"]),
        (404, &json!("model_not_found"), &json!("model"))
    );
    assert_eq!(unknown["type"], "invalid_request_error");
    let (status, dimensions) = error("/embeddings", json!({ "input": "a", "dimensions": 2 }));
    assert_eq!((status, &dimensions["param"]), (422, &json!("dimensions")));
    let (status, missing) = error("/classify", json!({ "model": "tiny" }));
    assert_eq!((status, &missing["param"]), (422, &json!("input")));
    let keys: Vec<&String> = missing.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["message", "type", "param", "code"]);
}

#[test]
fn a_server_with_keys_answers_only_requests_with_one() {
    let with_keys = ServeOptions { api_keys: vec!["first".into(), "second".into()], ..options() };
    let (server, _folder) = Running::of_classes(with_keys);
    let ask = |headers: &str, path: &str| {
        server.request("POST", path, &format!("{JSON}{headers}"), b"{\"inputs\": \"a\"}")
    };
    for headers in
        ["", "authorization: Bearer firs\r\n", "authorization: first\r\n", "authorization: Basic first\r\n"]
    {
        for path in ["/predict", "/", "/explain", "/admin/reload", "/no/such/route"] {
            let response = ask(headers, path);
            response.is_refusal(401, "Unauthorized", "");
            assert_eq!(response.header("www-authenticate"), Some("Bearer"));
        }
    }
    let openai = ask("", "/v1/embeddings");
    assert_eq!((openai.status, &openai.json()["error"]["code"]), (401, &json!("invalid_api_key")));
    for path in ["/info", "/v1/models"] {
        assert_eq!(server.get(path).status, 401, "{path}");
    }
    for key in ["Bearer first", "bearer second"] {
        assert_eq!(ask(&format!("authorization: {key}\r\n"), "/predict").status, 200);
    }
    for path in ["/health", "/ready", "/metrics", "/docs", "/api-doc/openapi.json", "/"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
}

#[test]
fn odd_texts_get_finite_vectors() {
    let (server, _folder) = Running::of_classes(options());
    let long_word = "x".repeat(1_000_000);
    for text in ["", " ", "\n\t", "\0", "\u{200b}", "🙂", long_word.as_str()] {
        let body = json!({ "inputs": text, "truncate": true });
        let rows = server.ask("/embed", &body);
        let row = rows[0].as_array().unwrap();
        assert!(row.iter().all(|x| x.is_f64()) && !row.is_empty(), "{rows}");
        assert_eq!(server.ask("/predict", &body).as_array().unwrap().len(), 2);
    }
}

/// A request that takes long, whose texts are tokenized and computed for at least a second on a fast machine.
fn heavy() -> Value {
    json!({ "inputs": vec!["wonderful zqzqzqz film bore ".repeat(16); 6], "path": true })
}

#[test]
fn a_full_server_refuses_one_and_many_alike() {
    let (server, _folder) = Running::of_classes(ServeOptions { max_concurrent_requests: 1, ..options() });
    let body = heavy().to_string();
    let mut first = server.connect();
    first.write_all(&common::request("POST", "/explain", JSON, body.as_bytes())).unwrap();
    common::wait_until("the server is never full", || server.get("/ready").status == 503);
    server.get("/ready").is_refusal(503, "Unhealthy", "full");
    for path in ["/predict", "/embed", "/tokenize", "/explain", "/walk"] {
        for inputs in [json!("a"), json!(["a", "b"])] {
            let refused = server.post(path, &json!({ "inputs": inputs }));
            refused.is_refusal(429, "Overloaded", "later");
            assert_eq!(refused.header("retry-after"), Some("1"));
        }
    }
    let openai = server.post("/v1/embeddings", &json!({ "input": "a" }));
    assert_eq!((openai.status, &openai.json()["error"]["type"]), (429, &json!("rate_limit_error")));
    assert_eq!(server.get("/health").status, 200);
    // A client that goes away takes its work with it.
    drop(first);
    let gone = Instant::now();
    common::wait_until("the work of a gone client goes on", || server.get("/ready").status == 200);
    assert!(gone.elapsed() < Duration::from_secs(2), "{:?}", gone.elapsed());
    server.ask("/predict", &json!({ "inputs": "a" }));
    assert!(server.metric("te_request_failure{err=\"overloaded\"}") >= 9.0);
}

#[test]
fn a_request_ends_at_its_time_limit() {
    let (server, _folder) =
        Running::of_classes(ServeOptions { request_timeout: Duration::from_millis(300), ..options() });
    let refused = server.post("/explain", &heavy());
    refused.is_refusal(503, "Timeout", "longer than 0.3 seconds");
    // Its work has ended too, so that the next explanation is computed.
    common::wait_until("explanations are blocked", || {
        server.post("/explain", &json!({ "inputs": "a fine film" })).status == 200
    });
}

#[test]
fn slow_clients_are_given_up() {
    let (server, _folder) =
        Running::of_classes(ServeOptions { request_timeout: Duration::from_millis(300), ..options() });
    let mut slow = server.connect();
    let started = Instant::now();
    slow.write_all(
        format!("POST /predict HTTP/1.1\r\nhost: test\r\n{JSON}content-length: 100\r\n\r\n{{").as_bytes(),
    )
    .unwrap();
    let mut answer = Vec::new();
    slow.read_to_end(&mut answer).unwrap();
    Response::of(&answer).is_refusal(408, "Timeout", "whole body");
    assert!(started.elapsed() < Duration::from_secs(10));
}

/// A head that has begun has the time of a request; a connection without one is idle, and stays open.
#[test]
fn half_heads_are_given_up_and_idle_connections_are_not() {
    let (server, _folder) =
        Running::of_classes(ServeOptions { request_timeout: Duration::from_millis(300), ..options() });
    let whole = b"GET /health HTTP/1.1\r\nhost: test\r\n\r\n";
    let asks = |stream: &mut std::net::TcpStream| {
        stream.write_all(whole).unwrap();
        let mut bytes = [0; 4096];
        let n = stream.read(&mut bytes).unwrap();
        assert_eq!(Response::of(&bytes[..n]).status, 200);
    };
    let (mut idle, mut kept, mut half, mut slow) =
        (server.connect(), server.connect(), server.connect(), server.connect());
    asks(&mut kept);
    half.write_all(&whole[..20]).unwrap();
    let started = Instant::now();
    assert_eq!(half.read(&mut [0; 8]).unwrap_or(0), 0, "it is closed without an answer");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    // One byte after the other does not prolong the time.
    let is_closed = (0..200).any(|i| {
        std::thread::sleep(Duration::from_millis(20));
        slow.write_all(&whole[i % 16..=i % 16]).is_err()
    });
    assert!(is_closed, "a head that never ends");
    // These have been silent for longer.
    asks(&mut idle);
    asks(&mut kept);
    // The second request of a connection has a limit too.
    kept.write_all(&whole[..20]).unwrap();
    assert_eq!(kept.read(&mut [0; 8]).unwrap_or(0), 0);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}
