//! Traces of `clsify serve`, as a collector receives them.
//!
//! Oracle: the field numbers of `opentelemetry/proto/trace/v1/trace.proto`, and the example of `traceparent` in the W3C's
//! Trace Context.
#![cfg(all(unix, feature = "otel"))]
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use common::Sandbox;
use common::server::Server;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// The value of a field: a number, or bytes.
#[derive(Clone, Copy)]
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let (first, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        shift += 7;
        if first & 0x80 == 0 {
            return value;
        }
    }
}

/// The fields of a message of Protocol Buffers.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let n = match tag & 7 {
            0 => {
                found.push((tag >> 3, Field::Number(varint(&mut bytes))));
                continue;
            }
            1 => 8,
            5 => 4,
            2 => varint(&mut bytes) as usize,
            other => panic!("wire type {other}"),
        };
        let (own, rest) = bytes.split_at(n);
        bytes = rest;
        let value = match tag & 7 {
            1 => Field::Number(u64::from_le_bytes(own.try_into().unwrap())),
            5 => Field::Number(u64::from(u32::from_le_bytes(own.try_into().unwrap()))),
            _ => Field::Bytes(own),
        };
        found.push((tag >> 3, value));
    }
    found
}

/// The messages in a field.
fn messages(bytes: &[u8], number: u64) -> Vec<&[u8]> {
    let of_field = |(own, value)| match value {
        Field::Bytes(bytes) if own == number => Some(bytes),
        _ => None,
    };
    fields(bytes).into_iter().filter_map(of_field).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The attributes in a field: `KeyValue` with a key (1) and an `AnyValue` (2) of a text (1) or an integer (3).
fn attributes(bytes: &[u8], number: u64) -> BTreeMap<String, String> {
    let of_entry = |entry: &[u8]| {
        let value = match fields(messages(entry, 2)[0])[0] {
            (_, Field::Number(number)) => number.to_string(),
            (_, Field::Bytes(bytes)) => text(bytes),
        };
        (text(messages(entry, 1)[0]), value)
    };
    messages(bytes, number).into_iter().map(of_entry).collect()
}

#[derive(Debug)]
struct Span {
    trace: String,
    id: String,
    parent: String,
    name: String,
    kind: u64,
    began: u64,
    ended: u64,
    attributes: BTreeMap<String, String>,
}

impl Span {
    fn of(bytes: &[u8]) -> Self {
        let number = |field| {
            let of_field = |(own, value)| match value {
                Field::Number(number) if own == field => Some(number),
                _ => None,
            };
            fields(bytes).into_iter().find_map(of_field).unwrap_or(0)
        };
        let id = |field| messages(bytes, field).first().map(|id| hex(id)).unwrap_or_default();
        Span {
            trace: id(1),
            id: id(2),
            parent: id(4),
            name: text(messages(bytes, 5)[0]),
            kind: number(6),
            began: number(7),
            ended: number(8),
            attributes: attributes(bytes, 9),
        }
    }
}

/// Receives what is exported; without an `answer` it reads and stays silent.
fn collector(answer: Option<&'static str>) -> (String, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, received) = channel();
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let Some(answer) = answer else {
                silent.push(stream);
                continue;
            };
            let sender = sender.clone();
            std::thread::spawn(move || {
                let (mut bytes, mut buffer) = (Vec::new(), [0; 16_384]);
                while let Ok(n @ 1..) = stream.read(&mut buffer) {
                    bytes.extend_from_slice(&buffer[..n]);
                    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
                        continue;
                    };
                    let head = text(&bytes[..end]).to_lowercase();
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
                    let whole = end + 4 + length.parse::<usize>().unwrap();
                    if bytes.len() >= whole {
                        sender.send((head, bytes[end + 4..whole].to_vec())).unwrap();
                        bytes.drain(..whole);
                        stream.write_all(answer.as_bytes()).unwrap();
                    }
                }
            });
        }
    });
    (address, received)
}

/// Sends a request, and returns the status of its answer.
fn ask(server: &Server, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(server.address.strip_prefix("http://").unwrap()).unwrap();
    let length = body.len();
    write!(stream, "{head}host: test\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().to_string()
}

#[test]
fn a_request_is_one_trace_that_continues_that_of_its_client() {
    let sandbox = Sandbox::with_model();
    let (address, received) = collector(Some("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", address.as_str()),
        ("OTEL_SERVICE_NAME", "reviews"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=mine"),
    ];
    let mut server = Server::start(&sandbox, &["model", "--port", "0"], &variables);
    let parent = |flags: &str| format!("traceparent: 00-{TRACE}-{PARENT}-{flags}\r\n");
    let predict = "POST /predict HTTP/1.1\r\nx-request-id: mine\r\n";
    let body = r#"{"inputs": ["the secret film is wonderful", "a secret bore"]}"#;
    assert_eq!(ask(&server, &format!("{predict}{}", parent("01")), body), "200");
    // The client does not record its trace.
    assert_eq!(ask(&server, &format!("{predict}{}", parent("00")), body), "200");
    assert_eq!(ask(&server, "GET /health HTTP/1.1\r\n", ""), "200");
    assert_eq!(ask(&server, "POST /embed HTTP/1.1\r\n", "{}"), "422");
    assert_eq!(ask(&server, "SECRET /secret HTTP/1.1\r\n", ""), "404");
    server.signal("TERM");
    assert_eq!(server.exit_code(), Some(0));
    let (mut spans, mut services) = (Vec::new(), Vec::new());
    while let Ok((head, body)) = received.recv_timeout(Duration::from_secs(1)) {
        assert!(head.starts_with("post /v1/traces ") && head.contains("\nx-tenant: mine"), "{head}");
        assert!(head.contains("content-type: application/x-protobuf"), "{head}");
        assert!(!String::from_utf8_lossy(&body).to_lowercase().contains("secret"));
        for resource in messages(&body, 1) {
            services.push(attributes(messages(resource, 1)[0], 1)["service.name"].clone());
            let scopes = messages(resource, 2).into_iter();
            spans.extend(scopes.flat_map(|scope| messages(scope, 2)).map(Span::of));
        }
    }
    assert!(!services.is_empty() && services.iter().all(|name| name == "reviews"), "{services:?}");
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["tokenization", "queue", "inference", "POST /predict", "POST /embed", "HTTP"]);
    let [steps @ .., root, refused, unknown] = &spans[..] else { panic!() };
    assert_eq!((root.trace.as_str(), root.parent.as_str(), root.kind), (TRACE, PARENT, 2));
    let expected = [
        ("clsify.model", "model"),
        ("clsify.n_texts", "2"),
        ("clsify.request_id", "mine"),
        ("http.request.method", "POST"),
        ("http.response.status_code", "200"),
        ("http.route", "/predict"),
    ];
    for (name, value) in expected {
        assert_eq!(root.attributes.get(name).map(String::as_str), Some(value), "{name}: {root:?}");
    }
    assert!(root.attributes["clsify.n_tokens"].parse::<usize>().unwrap() > 6, "{root:?}");
    assert_eq!(root.attributes.len(), 7, "{root:?}");
    for step in steps {
        assert_eq!((step.trace.as_str(), &step.parent), (TRACE, &root.id), "{step:?}");
        assert!(root.began <= step.began && step.began <= step.ended && step.ended <= root.ended, "{step:?}");
    }
    assert!(steps.windows(2).all(|pair| pair[0].ended <= pair[1].began), "{steps:?}");
    // Traces of their own.
    assert_eq!(
        (refused.attributes["http.response.status_code"].as_str(), refused.parent.as_str()),
        ("422", "")
    );
    assert!(refused.trace != TRACE && unknown.trace != refused.trace && unknown.trace.len() == 32);
    assert_eq!(unknown.attributes["http.request.method"], "_OTHER");
}

/// The queue of spans is so short here that it is full at once.
#[test]
fn an_absent_or_silent_collector_delays_neither_requests_nor_the_end() {
    let sandbox = Sandbox::with_model();
    let absent = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let broken = collector(Some("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")).0;
    for address in [absent, collector(None).0, broken] {
        let variables = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", address.as_str()),
            ("OTEL_BSP_SCHEDULE_DELAY", "20"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "4"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2"),
        ];
        let mut server = Server::start(&sandbox, &["model", "--port", "0"], &variables);
        for _ in 0..100 {
            let started = Instant::now();
            assert!(server.predict("a fine film").contains("score"));
            assert!(started.elapsed() < Duration::from_secs(1), "{address}: {:?}", started.elapsed());
        }
        server.signal("TERM");
        let stopped = Instant::now();
        assert_eq!(server.exit_code(), Some(0));
        assert!(stopped.elapsed() < Duration::from_secs(5), "{address}: {:?}", stopped.elapsed());
    }
}

#[test]
fn an_address_that_is_none_is_an_error() {
    let sandbox = Sandbox::with_model();
    let mut command = sandbox.command(&["serve", "model", "--port", "0"]);
    let output = command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://[nowhere").output().unwrap();
    let error = common::Outcome::of(&output).error_line("a wrong address");
    assert!(error.contains("expected a collector of traces"), "{error}");
}
