//! Requests at the edges of HTTP and JSON, on every route: each has an answer of the right status, and none hangs.
//!
//! Oracle: RFC 9110 and 9112 for methods, `Allow`, `Expect` and codings; the statuses of `docs/serving.md`.
#![allow(clippy::unwrap_used)]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use clsify_server::ServeOptions;
use common::{Response, Running, options, request};
use serde_json::{Value, json};

const JSON: &str = "content-type: application/json\r\n";

/// The routes that read a body, with the field for the texts or token ids.
const ROUTES: [(&str, &str); 11] = [
    ("/predict", "inputs"),
    ("/models/model/predict", "inputs"),
    ("/embed", "inputs"),
    ("/v1/embeddings", "input"),
    ("/models/model/v1/embeddings", "input"),
    ("/classify", "input"),
    ("/explain", "inputs"),
    ("/tokenize", "inputs"),
    ("/decode", "ids"),
    ("/invocations", "inputs"),
    ("/", "inputs"),
];

/// The status; the body of a refusal must be one line in the dialect of the route, that of an answer has no null number.
fn checked(response: &Response, what: &str) -> u16 {
    let body = response.json();
    if response.status != 200 {
        let error = &body["error"];
        let message = error["message"].as_str().or(error.as_str());
        let message = message.unwrap_or_else(|| panic!("{what}: {body}"));
        assert!(!message.is_empty() && !message.contains('\n'), "{what}: {body}");
        // No type of this program.
        assert!(!message.contains("struct ") && !message.contains("enum "), "{what}: {body}");
        assert_eq!(error.is_object(), what.contains("embeddings") || what.contains("classify"), "{what}");
    } else if !what.contains("tokenize") {
        assert!(!body.to_string().contains("null"), "{what}: {body}");
    }
    response.status
}

#[test]
fn only_objects_are_requests() {
    let (server, _folder) = Running::of_classes(options());
    for (path, _) in ROUTES {
        for (body, got) in [
            ("[\"a fine film\", null, null, null, null, null]", "an array"),
            ("\"a\"", "a string"),
            (" 7", "a number"),
        ] {
            let refused = server.request("POST", path, JSON, body.as_bytes());
            let expected = format!("expected a JSON object, got {got}");
            assert!(
                refused.status == 422 && refused.text().contains(&expected),
                "{path}: {}",
                refused.text()
            );
        }
    }
    let parameters = json!({ "inputs": "a", "parameters": [null, 1] });
    server.post("/predict", &parameters).is_refusal(
        422,
        "Validation",
        "invalid type: sequence, expected a map",
    );
}

#[test]
fn odd_json_has_its_status_on_every_route() {
    let (server, _folder) = Running::of_classes(options());
    for (path, field) in ROUTES {
        let value = if field == "ids" { "[5]" } else { "\"a film\"" };
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let bodies = [
            (200, format!("{{\"{field}\": {value}}}")),
            (200, format!("{{\"{field}\": {value}, \"other\": 1, \"other\": {deep}}}")),
            (422, format!("{{\"{field}\": {value}, \"{field}\": {value}}}")),
            (422, format!("{{\"{field}\": {value}, \"model\": \"model\", \"model\": \"model\"}}")),
            (400, format!("{{\"{field}\": \"\\ud800\"}}")),
            (400, format!("{{\"{field}\": {deep}}}")),
            (400, format!("{{\"{field}\": NaN}}")),
            (400, format!("{{\"{field}\": [Infinity]}}")),
            (400, format!("{{\"{field}\": [1e999]}}")),
            (422, format!("{{\"{field}\": [null]}}")),
            (400, format!("\u{feff}{{\"{field}\": {value}}}")),
            (400, String::new()),
            (422, format!("[{value}, null, null, null, null, null]")),
            (422, " [] ".into()),
            (422, value.into()),
            (422, "null".into()),
            (400, format!("[{value}")),
            (422, format!("{{\"{field}\": {value}, \"parameters\": [null, null], \"model\": 7}}")),
        ];
        for (status, body) in bodies {
            let what = format!("{path} {}", body.chars().take(60).collect::<String>());
            let response = server.request("POST", path, JSON, body.as_bytes());
            assert_eq!(checked(&response, &what), status, "{what}");
        }
        let surrogate = [b"{\"", field.as_bytes(), b"\": \"\xed\xa0\x80\"}"].concat();
        assert_eq!(checked(&server.request("POST", path, JSON, &surrogate), path), 400, "{path}");
        let empty = server.request("POST", path, JSON, format!("{{\"{field}\": []}}").as_bytes());
        assert_eq!(checked(&empty, path), 400, "{path}");
    }
}

#[test]
fn bodies_arrive_in_every_way_that_http_has_but_not_compressed() {
    let (server, _folder) = Running::of_classes(options());
    for (path, field) in ROUTES {
        let body = format!("{{\"{field}\": {}}}", if field == "ids" { "[5]" } else { "\"a film\"" });
        let (n, whole) = (body.len(), server.request("POST", path, JSON, body.as_bytes()));
        assert_eq!(whole.status, 200, "{path}");
        let head = |version: &str, headers: &str| {
            format!("POST {path} HTTP/{version}\r\nhost: t\r\nconnection: close\r\n{JSON}{headers}\r\n")
        };
        let answer = |bytes: String| Response::of(&server.send(bytes.as_bytes()));
        let (first, rest) = body.split_at(5);
        let pieces = format!("5\r\n{first}\r\n{:x};x=y\r\n{rest}\r\n0\r\ntrailer: t\r\n\r\n", n - 5);
        for ways in [
            format!("{}{pieces}", head("1.1", "transfer-encoding: chunked\r\n")),
            format!("{}{body}", head("1.0", &format!("content-length: {n}\r\n"))),
            format!(
                "{}{body}",
                head("1.1", &format!("content-encoding: Identity\r\ncontent-length: {n}\r\n"))
            ),
        ] {
            assert_eq!(answer(ways.clone()).status, 200, "{ways}");
        }
        for coding in ["content-encoding: gzip\r\n", "content-encoding: identity, br\r\n"] {
            let refused =
                answer(format!("{}{body}", head("1.1", &format!("{coding}content-length: {n}\r\n"))));
            assert_eq!(checked(&refused, path), 415, "{coding}");
            assert!(refused.text().contains("without compression"), "{}", refused.text());
        }
        let refused = answer(format!("{}{pieces}", head("1.1", "transfer-encoding: gzip, chunked\r\n")));
        assert_eq!(checked(&refused, path), 415, "{path}");
        let broken = format!("{}zz\r\n{body}\r\n", head("1.1", "transfer-encoding: chunked\r\n"));
        assert_eq!(checked(&answer(broken), path), 400, "{path}");
        // The client waits until it is asked for the body.
        let mut stream = server.connect();
        let expecting = head("1.1", &format!("expect: 100-continue\r\ncontent-length: {n}\r\n"));
        stream.write_all(expecting.as_bytes()).unwrap();
        let mut go_on = [0; 25];
        stream.read_exact(&mut go_on).unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(body.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        assert_eq!(Response::of(&bytes).status, 200, "{path}");
        // It is not asked for a body that would be refused.
        let expecting = head("1.1", "expect: 100-continue\r\ncontent-length: 3000000\r\n");
        assert_eq!(checked(&answer(expecting), path), 413, "{path}");
    }
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let (server, _folder) = Running::of_classes(options());
    let document = server.get("/api-doc/openapi.json").json();
    let described = document["paths"].as_object().unwrap();
    let others = ["/", "/embeddings", "/models", "/ping", "/docs", "/docs.js", "/page.js", "/page.css"];
    let paths: Vec<String> = described.keys().map(|path| path.replace("{model}", "model")).collect();
    for path in paths.iter().map(String::as_str).chain(others) {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "NONSENSE"] {
            let response = server.request(method, path, JSON, b"");
            let Some(allowed) = response.header("allow") else {
                assert_ne!(response.status, 405, "{method} {path}");
                assert!(["GET", "HEAD", "POST"].contains(&method), "{method} {path}: {}", response.status);
                continue;
            };
            assert_eq!(response.status, 405, "{method} {path}");
            assert!(!allowed.split(',').any(|allowed| allowed == method), "{method} {path}: {allowed}");
            assert_eq!(response.header("content-type"), Some("application/json"), "{method} {path}");
            match method {
                "HEAD" => assert_eq!(response.text(), "", "{path}"),
                _ => assert_eq!(checked(&response, &path.replace("/v1/models", "embeddings")), 405),
            }
        }
    }
}

/// A client that is still sending a large body sees the answer, not a closed connection.
#[test]
fn a_refusal_arrives_after_a_large_body() {
    let with_key = ServeOptions { api_keys: vec!["key".into()], ..options() };
    let ((open, _first), (closed, _second)) = (Running::of_classes(options()), Running::of_classes(with_key));
    for (server, path, kind, status) in [
        (&open, "/nothing", "json", 404),
        (&open, "/health", "json", 405),
        (&open, "/predict", "text", 415),
        (&open, "/models/other/predict", "json", 400),
        (&closed, "/predict", "json", 401),
    ] {
        let bytes =
            request("POST", path, &format!("content-type: application/{kind}\r\n"), &[b' '; 1_900_000]);
        for _ in 0..5 {
            let mut stream = server.connect();
            stream.write_all(&bytes).unwrap_or_else(|error| panic!("{path}: {error}"));
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            assert_eq!(Response::of(&answer).status, status, "{path}");
        }
    }
}

/// Begins a body of this length and sends all of it but the last byte.
fn begin(server: &Running, body: &[u8]) -> TcpStream {
    let mut stream = server.connect();
    let bytes = request("POST", "/predict", JSON, body);
    stream.write_all(&bytes[..bytes.len() - 1]).unwrap();
    stream
}

fn status(stream: &mut TcpStream) -> Response {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    Response::of(&answer)
}

/// The bodies of 32 times the payload limit fit into memory at the same time; beyond them, small ones still do.
#[test]
fn bodies_that_arrive_share_a_budget() {
    let (server, _folder) = Running::of_classes(ServeOptions { payload_limit_bytes: 200_000, ..options() });
    let large = json!({ "inputs": "a fine film", "other": "x".repeat(199_000) }).to_string().into_bytes();
    let post = |body: &[u8]| server.request("POST", "/predict", JSON, body);
    assert_eq!(post(&large).status, 200);
    // One after the other, because bodies that arrive at the same time may refuse each other before the budget is spent.
    let fill = || {
        let mut begun = Vec::new();
        common::wait_until("the budget is never spent", || {
            begun.push(begin(&server, &large));
            (0..3).all(|_| post(&large).status == 429)
        });
        begun
    };
    let begun = fill();
    let ask = |path: &str, body: &Value| server.post(path, body).status;
    let refused = post(&large);
    refused.is_refusal(429, "Overloaded", "later");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(ask("/predict", &json!({ "inputs": "a fine film" })), 200);
    assert_eq!(server.get("/ready").status, 200);
    // Those that have their share are answered when their last byte comes.
    let finish = |stream: &mut TcpStream| {
        stream.write_all(b"}").unwrap();
        status(stream)
    };
    let answers: Vec<u16> = begun.into_iter().map(|mut stream| finish(&mut stream).status).collect();
    assert!(answers.iter().filter(|status| **status == 200).count() >= 16, "{answers:?}");
    assert!(answers.iter().all(|status| [200, 429].contains(status)), "{answers:?}");
    assert_eq!(post(&large).status, 200, "the shares came back");
    // Slow ones are given up for others after five seconds, and only then.
    let slow = fill();
    thread::sleep(Duration::from_millis(5100));
    assert_eq!(post(&large).status, 200);
    let has_answer = |stream: &TcpStream| {
        stream.set_nonblocking(true).unwrap();
        let found = stream.peek(&mut [0]).is_ok();
        stream.set_nonblocking(false).unwrap();
        found
    };
    let mut given_up: Vec<TcpStream> = slow.into_iter().filter(has_answer).collect();
    assert!((1..5).contains(&given_up.len()), "{}", given_up.len());
    status(&mut given_up[0]).is_refusal(408, "Timeout", "too slowly");
}
