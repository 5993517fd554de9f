//! `clsify serve` as a process: its first line, its options and variables, its log, and its signals.
#![cfg(all(unix, feature = "serve"))]
#![allow(clippy::unwrap_used)]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use common::{Sandbox, encoder};
use serde_json::Value;

/// A running server, and the lines of its stderr.
struct Server {
    child: Child,
    lines: Receiver<String>,
    address: String,
}

impl Server {
    fn start(sandbox: &Sandbox, args: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = sandbox.command(&[&["serve"], args].concat());
        let mut child = command.envs(variables.iter().copied()).spawn().unwrap();
        let (sender, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || stderr.lines().for_each(|line| drop(sender.send(line.unwrap()))));
        let mut server = Server { child, lines, address: String::new() };
        let line = server.line("serving ");
        server.address = line.rsplit(' ').next().unwrap().to_string();
        server
    }

    /// The next line with this text.
    fn line(&self, part: &str) -> String {
        loop {
            let line =
                self.lines.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("no {part}"));
            if line.contains(part) {
                return line;
            }
        }
    }

    fn predict(&self, text: &str) -> String {
        let stream = TcpStream::connect(self.address.strip_prefix("http://").unwrap()).unwrap();
        ask(stream, text)
    }

    fn signal(&self, name: &str) {
        let sent =
            Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask(mut stream: impl Read + Write, text: &str) -> String {
    let body = serde_json::json!({ "inputs": text }).to_string();
    let head =
        "POST /predict HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: application/json\r\n";
    write!(stream, "{head}x-request-id: mine\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer.split_once("\r\n\r\n").unwrap().1.to_string()
}

/// Oracle: `clsify predict`, and the promises of `docs/serving.md` about logs and signals.
#[test]
fn a_server_answers_reloads_and_stops() {
    let sandbox = Sandbox::with_model();
    let mut server = Server::start(&sandbox, &["reviews=model"], &[("CLSIFY_PORT", "0")]);
    let text = "the film number 3 is wonderful";
    let answer: Value = serde_json::from_str(&server.predict(text)).unwrap();
    let predicted = sandbox.succeed(&["predict", "model", "--output-format", "json", text]);
    let predicted: Value = serde_json::from_str(&predicted).unwrap();
    assert_eq!((&answer[0]["label"], &answer[0]["chosen"]), (&predicted["label"], &Value::Bool(true)));
    let log: Value = serde_json::from_str(&server.line("answered")).unwrap();
    for (key, expected) in [("request_id", "mine"), ("route", "/predict"), ("model", "reviews")] {
        assert_eq!(log[key], expected, "{log}");
    }
    assert!(log["status"] == 200 && log["n_texts"] == 1 && log["milliseconds"].is_number(), "{log}");
    assert!(!log.to_string().contains("wonderful"), "{log}");
    // A new version under the same name.
    let bert = encoder("bert");
    let train = ["train", "-q", "--encoder", &bert, "--data", "other.tsv", "--output", "model"];
    sandbox.write("other.tsv", common::reviews().replace("\tgood", "\tfine"));
    sandbox.succeed(&[&train[..], &["--features", "article"]].concat());
    server.signal("HUP");
    server.line("reloaded");
    assert!(server.predict(text).contains("\"fine\""));
    // A broken one.
    sandbox.write("model/clsify.json", "{");
    server.signal("HUP");
    assert!(server.line("not reloaded").contains("clsify.json"));
    assert!(server.predict(text).contains("\"fine\""));
    server.signal("TERM");
    assert_eq!(server.exit_code(), Some(0));
}

#[test]
fn a_unix_socket_is_replaced_after_a_crash_and_removed_at_the_end() {
    let sandbox = Sandbox::with_model();
    let socket = sandbox.path("socket");
    let args = ["model", "--uds-path", "socket"];
    let server = Server::start(&sandbox, &args, &[]);
    ask(UnixStream::connect(&socket).unwrap(), "a film");
    drop(server);
    assert!(socket.exists(), "killed");
    let mut server = Server::start(&sandbox, &args, &[]);
    ask(UnixStream::connect(&socket).unwrap(), "a film");
    let second = sandbox.run(&["serve", "model", "--uds-path", "socket"]);
    assert_eq!(second.code, Some(1), "{}", second.stderr);
    server.signal("INT");
    assert_eq!(server.exit_code(), Some(0));
    assert!(!socket.exists());
}

#[test]
fn check_computes_a_sentence_with_every_model() {
    let sandbox = Sandbox::with_model();
    let outcome = sandbox.run(&["serve", "--check", "model", "again=model", "--port", "0"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("model, again: ready"), "{}", outcome.stderr);
    let bert = encoder("bert");
    let outcome = sandbox.run(&["serve", "--check", "--encoder", &bert, "--port", "0"]);
    // By the name of its folder: no answer says where that lies.
    let is_ready = outcome.stderr.lines().any(|line| line.starts_with("bert: ready"));
    assert!(outcome.code == Some(0) && is_ready, "{}", outcome.stderr);
}

#[test]
fn what_cannot_be_served_is_an_error() {
    let sandbox = Sandbox::with_model();
    let error = sandbox.fail(&["serve", "model", "model", "--port", "0"]);
    assert!(error.contains("different names"), "{error}");
    let error = sandbox.fail(&["serve", "nowhere", "--port", "0"]);
    assert!(error.contains("nowhere"), "{error}");
    sandbox.write("keys.txt", "\n  \n");
    let error = sandbox.fail(&["serve", "model", "--port", "0", "--api-key-file", "keys.txt"]);
    assert_eq!(error, "keys.txt: expected at least one key, got none");
    let outcome = sandbox.run(&["serve"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    let outcome = sandbox.run(&["serve", "model", "--max-batch-tokens", "0"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
}

#[test]
fn a_server_that_others_can_reach_without_a_key_says_so() {
    let sandbox = Sandbox::with_model();
    let mut command = sandbox.command(&["serve", "model", "--host", "0.0.0.0", "--port", "0"]);
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let warned = lines.any(|line| line.unwrap().contains("everybody who reaches this address"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(warned);
}
