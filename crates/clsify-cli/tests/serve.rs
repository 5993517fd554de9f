//! `clsify serve` as a process: its first line, its options and variables, its log, and its signals.
#![cfg(all(unix, feature = "serve"))]
#![allow(clippy::unwrap_used)]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

use common::server::{Server, ask};
use common::{Sandbox, encoder};
use serde_json::Value;

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

/// Oracle: a parser of JSON.
#[test]
fn logged_texts_are_json() {
    let sandbox = Sandbox::with_model();
    let server = Server::start(&sandbox, &["\u{e9}%=model", "--port", "0", "--log-texts"], &[]);
    let text = "a \"fine\" film\n\u{1b}[31m \\ {x}";
    server.predict(text);
    let log: Value = serde_json::from_str(&server.line("answered")).unwrap();
    let texts: Vec<String> = serde_json::from_str(log["texts"].as_str().unwrap()).unwrap();
    assert_eq!(texts, [text]);
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
    let error = sandbox.fail(&["serve", "a/b=model", "--port", "0"]);
    assert!(error.contains("expected a name without /, got \"a/b\""), "{error}");
    let error = sandbox.fail(&["serve", "model", "--port", "0", "--cors-allow-origin", "notorigin"]);
    assert!(error.contains("got \"notorigin\""), "{error}");
    let error = sandbox.fail(&["serve", "x=", "--port", "0"]);
    assert!(error.contains("x=: expected the folder or the hub id of a model after =, got none"), "{error}");
    for (option, value) in [("--port", "5000"), ("--host", "127.0.0.1")] {
        let outcome = sandbox.run(&["serve", "model", "--uds-path", "socket", option, value]);
        assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
        assert!(
            outcome.stderr.contains(&format!("'{option}' cannot be used with '--uds-path")),
            "{}",
            outcome.stderr
        );
    }
    let outcome = sandbox.run(&["serve", "model", "--host", "example.org"]);
    assert!(outcome.code == Some(2) && outcome.stderr.contains("such as 127.0.0.1"), "{}", outcome.stderr);
    let outcome = sandbox.run(&["serve", "model", "--check", "--host", "localhost", "--port", "0"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let outcome = sandbox.run(&["serve"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    let outcome = sandbox.run(&["serve", "model", "--max-batch-tokens", "0"]);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
}

/// Oracle: what a client can send, by `clsify serve` itself.
#[test]
fn keys_are_those_that_clients_can_send() {
    let sandbox = Sandbox::with_model();
    sandbox.write("keys.txt", "\u{feff}first\r\n\n second \n");
    for (variable, value, key) in [
        ("CLSIFY_API_KEY", "secret\n", "secret"),
        ("CLSIFY_API_KEY", " secret\r\n", "secret"),
        ("CLSIFY_API_KEY_FILE", "keys.txt", "first"),
        ("CLSIFY_API_KEY_FILE", "keys.txt", "second"),
    ] {
        let server = Server::start(&sandbox, &["model", "--port", "0"], &[(variable, value)]);
        let mut stream = TcpStream::connect(server.address.strip_prefix("http://").unwrap()).unwrap();
        let head = "GET /info HTTP/1.1\r\nhost: test\r\nconnection: close\r\n";
        write!(stream, "{head}authorization: Bearer {key}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{variable} {key}: {answer}");
    }
    for text in ["ok\nk\u{e9}secret\n", "ok\nsec ret\n", "ok\nsec\0ret\n", "ok\nsecret\u{feff}\n"] {
        sandbox.write("bad.txt", text);
        let error = sandbox.fail(&["serve", "--check", "model", "--port", "0", "--api-key-file", "bad.txt"]);
        assert!(error.starts_with("bad.txt: line 2: expected a key of visible ASCII characters"), "{error}");
        assert!(!error.contains("ret") && !error.contains("sec"), "{error}");
    }
    let mut command = sandbox.command(&["serve", "--check", "model", "--port", "0"]);
    let outcome = common::Outcome::of(&command.env("CLSIFY_API_KEY", "k\u{e9}y").output().unwrap());
    assert!(outcome.error_line("a key").starts_with("--api-key, or CLSIFY_API_KEY: "), "{}", outcome.stderr);
}

/// A manager of services may ask for a reload as soon as the program runs. The start lasts until the pipe with the keys is
/// written.
#[test]
fn a_hangup_during_the_start_is_remembered() {
    let sandbox = Sandbox::with_model();
    let keys = sandbox.path("keys");
    assert!(Command::new("mkfifo").arg(&keys).status().unwrap().success());
    for (end, code) in [("HUP", None), ("TERM", Some(143)), ("INT", Some(130))] {
        let args = ["serve", "model", "--port", "0", "--api-key-file", "keys"];
        let mut child = sandbox.command(&args).spawn().unwrap();
        // Opens as soon as the server reads.
        let mut pipe = std::fs::File::options().write(true).open(&keys).unwrap();
        for signal in ["HUP", "HUP", end] {
            let kill = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status();
            assert!(kill.unwrap().success());
            std::thread::sleep(Duration::from_millis(50));
        }
        if code.is_some() {
            assert_eq!(child.wait().unwrap().code(), code, "{end}");
            continue;
        }
        assert_eq!(child.try_wait().unwrap(), None, "a reload ended it");
        pipe.write_all(b"key\n").unwrap();
        drop(pipe);
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.any(|line| line.starts_with("serving ")));
        assert!(lines.any(|line| line.contains("unchanged")), "it does not reload");
        child.kill().unwrap();
        child.wait().unwrap();
    }
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

#[test]
fn variables_are_options_and_malformed_ones_are_errors() {
    let sandbox = Sandbox::with_model();
    let run = |variables: &[(&str, &str)]| {
        let output = sandbox.command(&["serve"]).envs(variables.iter().copied()).output().unwrap();
        common::Outcome::of(&output)
    };
    let models = ("CLSIFY_MODELS", "reviews=model, again=model,");
    let outcome = run(&[models, ("CLSIFY_PORT", "0"), ("CLSIFY_CHECK", "yes"), ("CLSIFY_LOG_TEXTS", "off")]);
    assert!(
        outcome.code == Some(0) && outcome.stderr.contains("reviews, again: ready"),
        "{}",
        outcome.stderr
    );
    for (variable, value, option) in [
        ("CLSIFY_PORT", "http", "--port"),
        ("CLSIFY_PORT", "65536", "--port"),
        ("CLSIFY_HOST", "localhost:3000", "--host"),
        ("CLSIFY_DTYPE", "f64", "--dtype"),
        ("CLSIFY_MAX_BATCH_TOKENS", "0", "--max-batch-tokens"),
        ("CLSIFY_MAX_CONNECTIONS", "-1", "--max-connections"),
        ("CLSIFY_PAYLOAD_LIMIT", "2MB", "--payload-limit"),
        ("CLSIFY_REQUEST_TIMEOUT", "1.5", "--request-timeout"),
        ("CLSIFY_AUTO_TRUNCATE", "maybe", "--auto-truncate"),
        ("CLSIFY_API_KEY_FILE", "", "--api-key-file"),
        ("CLSIFY_CHECK", "2", "--check"),
    ] {
        let outcome = run(&[models, (variable, value)]);
        let error = outcome.stderr.lines().next().unwrap_or_default();
        assert_eq!(outcome.code, Some(2), "{variable}={value}: {}", outcome.stderr);
        assert!(error.starts_with("error: ") && error.contains(option), "{variable}={value}: {error}");
    }
    // Compose files set variables that they do not know to nothing.
    let empty = [
        "CLSIFY_ENCODER",
        "CLSIFY_DTYPE",
        "CLSIFY_PORT",
        "CLSIFY_LOG_TEXTS",
        "CLSIFY_UDS_PATH",
        "CLSIFY_CORS_ALLOW_ORIGIN",
    ];
    let mut variables = vec![models, ("CLSIFY_CHECK", "1"), ("CLSIFY_NUM_THREADS", "")];
    variables.extend(empty.map(|name| (name, "")));
    let outcome = run(&variables);
    assert!(outcome.code == Some(0) && outcome.stderr.contains("again: ready"), "{}", outcome.stderr);
    // An address that is set for all programs gives way to a socket; one on the command line does not.
    let check = ("CLSIFY_CHECK", "1");
    let socket = ("CLSIFY_UDS_PATH", "socket");
    let outcome = run(&[models, check, socket, ("CLSIFY_PORT", "5000"), ("CLSIFY_HOST", "0.0.0.0")]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("ignores CLSIFY_HOST and CLSIFY_PORT"), "{}", outcome.stderr);
    let outcome = run(&[models, check, ("CLSIFY_PORT", "0")]);
    assert!(!outcome.stderr.contains("ignores"), "{}", outcome.stderr);
    // A key that is missing does not open the server.
    let outcome = run(&[models, ("CLSIFY_PORT", "0"), ("CLSIFY_API_KEY", "")]);
    assert!(outcome.error_line("an empty key").contains("unset CLSIFY_API_KEY"), "{}", outcome.stderr);
    for threads in ["x", "0", "1025", "-1"] {
        let outcome = run(&[models, ("CLSIFY_CHECK", "1"), ("CLSIFY_NUM_THREADS", threads)]);
        let error = outcome.error_line("a wrong number of threads").to_string();
        assert!(error.contains("CLSIFY_NUM_THREADS: expected a number from 1 to 1024"), "{error}");
    }
    let outcome = run(&[("CLSIFY_MODELS", "model,nowhere"), ("CLSIFY_PORT", "0")]);
    assert!(outcome.error_line("a missing model").contains("nowhere"), "{}", outcome.stderr);
}
