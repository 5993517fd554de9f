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
    raw("{\"inputs\": [[\"a\", \"b\"]]}").is_refusal(422, "Validation", "not pairs");
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
    let embed = |body: &Value| server.post("/embed", body);
    embed(&json!({ "inputs": "a", "dimensions": 2 })).is_refusal(422, "Validation", "dimensions");
    embed(&json!({ "inputs": "a", "prompt_name": "query" })).is_refusal(422, "Validation", "prompt");
    embed(&json!({ "inputs": [4_000_000_000u32] })).is_refusal(422, "Validation", "vocabulary");
    embed(&json!({ "inputs": [-1] })).is_refusal(422, "Validation", "token ids");
    server.post("/decode", &json!({ "ids": [9_999_999] })).is_refusal(422, "Validation", "vocabulary");
    server.post("/decode", &json!({ "ids": [] })).is_refusal(400, "Empty", "at least one token id");
    let explain = |body: &Value| server.post("/explain", body);
    explain(&json!({ "inputs": " " })).is_refusal(422, "Validation", "at least one word");
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
    long.is_refusal(422, "Validation", "tokens per text, got more in text 1: shorten it, because");
    assert!(!long.text().contains("send"), "{}", long.text());
    server.post("/admin/reload", &json!({})).is_refusal(403, "Unauthorized", "--api-key");
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
