//! Ten thousand malformed requests leave a server answering.
//!
//! Oracle: every answer is HTTP, none says that the server failed, and a valid request is answered afterwards as before.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Response, Running, options, request};
use serde_json::json;

const N: usize = 10_000;

/// A generator of numbers: xorshift, so that every run sends the same requests.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

const PATHS: [&str; 15] = [
    "/predict",
    "/embed",
    "/v1/embeddings",
    "/classify",
    "/explain",
    "/walk",
    "/tokenize",
    "/decode",
    "/invocations",
    "/",
    "/models/model/predict",
    "/models/%ff/predict",
    "/info",
    "/nothing",
    "/admin/reload",
];

const VALUES: [&str; 18] = [
    "null",
    "true",
    "-1",
    "1e999",
    "0.5",
    "[]",
    "{}",
    "[[]]",
    "\"\"",
    "\"a\"",
    "[\"a\", null]",
    "[[\"a\", \"b\"]]",
    "[1, 2]",
    "[4294967296]",
    "\"\\ud800\"",
    "{\"a\": [}",
    "[1,",
    "\"\\u0000\"",
];

const KEYS: [&str; 9] =
    ["inputs", "input", "ids", "model", "truncate", "dimensions", "encoding_format", "parameters", "path"];

fn body(random: &mut Random) -> Vec<u8> {
    let n_fields = random.below(5);
    let fields: Vec<String> =
        (0..n_fields).map(|_| format!("\"{}\": {}", random.of(&KEYS), random.of(&VALUES))).collect();
    let mut body = format!("{{{}}}", fields.join(", ")).into_bytes();
    // Some bytes are changed, some bodies end early.
    for _ in 0..random.below(3) {
        let at = random.below(body.len());
        body[at] = random.below(256) as u8;
    }
    if random.below(4) == 0 {
        body.truncate(random.below(body.len()));
    }
    body
}

#[test]
fn ten_thousand_malformed_requests_leave_it_answering() {
    let (server, _folder) = Running::of_classes(options());
    let valid = json!({ "inputs": "the film is wonderful" });
    let before = server.ask("/predict", &valid);
    std::thread::scope(|scope| {
        for client in 0..4 {
            let server = &server;
            scope.spawn(move || {
                let mut random = Random(0x9e37_79b9_7f4a_7c15 + client);
                for _ in 0..N / 4 {
                    let method = random.of(&["POST", "POST", "POST", "GET", "PUT", "OPTIONS"]);
                    let path = random.of(&PATHS);
                    let headers = random.of(&[
                        "content-type: application/json\r\n",
                        "content-type: application/json\r\n",
                        "content-type: text/plain\r\n",
                        "x-request-id: \u{1}\r\n",
                        "authorization: Bearer\r\n",
                        "",
                    ]);
                    let mut bytes = request(method, path, headers, &body(&mut random));
                    if random.below(10) == 0 {
                        let at = random.below(bytes.len());
                        bytes[at] = random.below(256) as u8;
                        // Without an end, the server would wait for more until its time limit.
                        bytes.extend_from_slice(b"\r\n\r\n");
                        bytes.truncate(at.max(20) + 400);
                        let stream = server.connect();
                        std::io::Write::write_all(&mut &stream, &bytes).ok();
                        continue;
                    }
                    let answer = server.send(&bytes);
                    if !answer.is_empty() {
                        let response = Response::of(&answer);
                        assert!(
                            ![424, 500, 502, 503].contains(&response.status),
                            "{}: {}",
                            String::from_utf8_lossy(&bytes),
                            response.text()
                        );
                    }
                }
            });
        }
    });
    assert_eq!(server.ask("/predict", &valid), before);
    assert_eq!(server.get("/ready").status, 200);
}
