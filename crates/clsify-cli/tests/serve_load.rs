//! `clsify serve` under load: signals lose no accepted request, and abandoned connections cost nothing that lasts.
//!
//! Oracle: HTTP itself. A request is accepted if its last byte was sent before the signal.
#![cfg(all(unix, feature = "serve"))]
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::Sandbox;
use common::server::Server;
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use serde_json::{Value, json};

/// Signals at once: the program `kill` would take longer than the requests that are being answered.
fn signal(server: &Server, signal: Signal) -> Instant {
    let before = Instant::now();
    kill_process(Pid::from_child(&server.child), signal).unwrap();
    before
}

fn connect(address: &str) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address.strip_prefix("http://").unwrap())?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    Ok(stream)
}

fn request(texts: &[String], keeps: bool) -> Vec<u8> {
    let body = json!({ "inputs": texts }).to_string();
    let connection = if keeps { "keep-alive" } else { "close" };
    let head = format!("POST /predict HTTP/1.1\r\nhost: test\r\nconnection: {connection}\r\n");
    format!("{head}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

/// The status and body of the next answer; `None` if the connection ends before its first byte. A part of an answer is
/// a fault.
fn answer(stream: &mut TcpStream) -> Option<(u16, String)> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 16_384]);
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            let whole = end + 4 + length.parse::<usize>().unwrap();
            if bytes.len() >= whole {
                let body = String::from_utf8(bytes[end + 4..whole].to_vec()).unwrap();
                return Some((head.split(' ').nth(1).unwrap().parse().unwrap(), body));
            }
        }
        match stream.read(&mut buffer) {
            Ok(n) if n > 0 => bytes.extend_from_slice(&buffer[..n]),
            _ if bytes.is_empty() => return None,
            ended => panic!("a part of an answer, then {ended:?}: {}", String::from_utf8_lossy(&bytes)),
        }
    }
}

/// Sends requests until the server ends or `is_over`; four clients keep their connection, four open one per request.
/// Returns when each of the unanswered requests had been sent.
fn load(
    address: &str,
    is_over: &AtomicBool,
    n_answered: &AtomicUsize,
    see: impl Fn(Value) + Sync,
) -> Vec<Instant> {
    let unanswered = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for client in 0..8 {
            let (see, unanswered) = (&see, &unanswered);
            scope.spawn(move || {
                let keeps = client % 2 == 0;
                let n_texts = if client < 4 { 1 } else { 40 };
                let texts: Vec<String> =
                    (0..n_texts).map(|i| format!("film {client} is a wonderful bore {i}")).collect();
                let bytes = request(&texts, keeps);
                let mut kept = None;
                while !is_over.load(Ordering::SeqCst) {
                    let Some(mut stream) = kept.take().or_else(|| connect(address).ok()) else { return };
                    if stream.write_all(&bytes).is_err() {
                        // The connection was closed before the request was sent.
                        continue;
                    }
                    let sent = Instant::now();
                    let Some((status, body)) = answer(&mut stream) else {
                        unanswered.lock().unwrap().push(sent);
                        continue;
                    };
                    assert_eq!(status, 200, "{body}");
                    let answer: Value = serde_json::from_str(&body).unwrap();
                    assert_eq!(answer.as_array().unwrap().len(), n_texts);
                    see(answer);
                    n_answered.fetch_add(1, Ordering::SeqCst);
                    kept = Some(stream).filter(|_| keeps);
                }
            });
        }
    });
    unanswered.into_inner().unwrap()
}

#[test]
fn sigterm_under_load_loses_no_accepted_request() {
    let sandbox = Sandbox::with_model();
    for round in 0..6 {
        let mut server = Server::start(&sandbox, &["model", "--port", "0"], &[]);
        let (n_answered, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
        let address = server.address.as_str();
        let (killed, unanswered) = thread::scope(|scope| {
            let loading = scope.spawn(|| load(address, &is_over, &n_answered, drop));
            // Begun before the signal, and finished after it.
            let slow = request(&["a quiet film".to_string()], true);
            let (mut stream, half) = (connect(address).unwrap(), slow.len() - 10);
            stream.write_all(&slow[..half]).unwrap();
            let started = Instant::now();
            while n_answered.load(Ordering::SeqCst) < 100 + 7 * round {
                assert!(started.elapsed() < Duration::from_secs(60), "too slow");
                thread::yield_now();
            }
            let killed = signal(&server, Signal::TERM);
            thread::sleep(Duration::from_millis(300));
            stream.write_all(&slow[half..]).unwrap();
            assert_eq!(answer(&mut stream).expect("the request that had begun").0, 200);
            (killed, loading.join().unwrap())
        });
        let lost: Vec<Duration> =
            unanswered.iter().filter(|sent| **sent < killed).map(|sent| killed - *sent).collect();
        assert_eq!(lost, [], "requests that were sent so long before the signal have no answer");
        assert_eq!(server.exit_code(), Some(0));
        assert!(killed.elapsed() < Duration::from_secs(15), "{:?}", killed.elapsed());
    }
}

#[test]
fn sighup_under_load_loses_no_request() {
    let sandbox = Sandbox::with_model();
    let saved = std::fs::read_to_string(sandbox.path("model/clsify.json")).unwrap();
    let server = Server::start(&sandbox, &["model", "--port", "0"], &[]);
    let (n_answered, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (address, seen) = (server.address.as_str(), Mutex::new(BTreeSet::new()));
    let see = |answer: Value| {
        let label = |entry: &Value| entry["label"].as_str().unwrap().trim_matches(['"', ' ']).to_string();
        let first = answer[0].as_array().unwrap().iter().map(label).collect::<BTreeSet<_>>();
        seen.lock().unwrap().insert(first);
    };
    let unanswered = thread::scope(|scope| {
        let loading = scope.spawn(|| load(address, &is_over, &n_answered, see));
        for version in 0..6 {
            let before = n_answered.load(Ordering::SeqCst);
            while n_answered.load(Ordering::SeqCst) < before + 20 {
                thread::yield_now();
            }
            sandbox.write("model/clsify.json", saved.replace("\"good\"", &format!("\"good{version}\"")));
            signal(&server, Signal::HUP);
            server.line("reloaded");
        }
        let before = n_answered.load(Ordering::SeqCst);
        while n_answered.load(Ordering::SeqCst) < before + 20 {
            thread::yield_now();
        }
        is_over.store(true, Ordering::SeqCst);
        loading.join().unwrap()
    });
    assert_eq!(unanswered.len(), 0);
    // Every answer is of one version, and every version answered.
    let versions = |good: &str| BTreeSet::from(["bad".to_string(), good.to_string()]);
    let expected: BTreeSet<_> =
        (0..6).map(|version| versions(&format!("good{version}"))).chain([versions("good")]).collect();
    assert_eq!(seen.into_inner().unwrap(), expected);
}

/// The number of abandoned connections.
const ABANDONED: usize = 10_000;

/// The memory that a connection may take: its task, and the buffers for its request and its answer.
const BYTES_PER_CONNECTION: u64 = 32 * 1024;

/// The memory that may be taken beside connections, such as that of the threads.
const OTHER_BYTES: u64 = 64 << 20;

/// The resident memory of a process.
#[cfg(target_os = "linux")]
fn memory(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[cfg(target_os = "linux")]
fn n_open_files(server: &Server) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.child.id())).unwrap().count()
}

/// Asks as a new client, and expects the answer within a second.
#[cfg(target_os = "linux")]
fn is_answered_in_time(server: &Server) {
    let started = Instant::now();
    let mut stream = connect(&server.address).unwrap();
    stream.write_all(&request(&["a fine film".to_string()], false)).unwrap();
    let (status, body) = answer(&mut stream).expect("no answer");
    assert_eq!(status, 200, "{body}");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

/// A quarter of the clients says nothing, one sends half a head, one half a body, and one a whole request whose answer it
/// does not read. All of them are open at once as far as the limit of open files allows; otherwise they come in waves. A
/// server that keeps 1,024 connections closes the others; one that keeps all of them has the bound above, also when
/// they come again.
#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_abandoned_connections_leave_it_serving() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let n_files = limit.maximum.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let wave = ABANDONED.min(n_files.saturating_sub(500));
    let sandbox = Sandbox::with_model();
    let whole = request(&["the film number 3 is wonderful".to_string()], true);
    for (max_connections, n_rounds) in [(1024, 1), (20_000, 2)] {
        let limit = max_connections.to_string();
        let server = Server::start(&sandbox, &["model", "--port", "0", "--max-connections", &limit], &[]);
        for _ in 0..20 {
            is_answered_in_time(&server);
        }
        let (before, n_files_before) = (memory(&server), n_open_files(&server));
        let mut n_opened = 0;
        while n_opened < n_rounds * ABANDONED {
            let mut held = Vec::new();
            while held.len() < wave {
                let mut stream = connect(&server.address).unwrap();
                // The server may have closed the connection already, to make room for others.
                let _ = match n_opened % 4 {
                    0 => Ok(()),
                    1 => stream.write_all(&whole[..20]),
                    2 => stream.write_all(&whole[..whole.len() - 9]),
                    _ => stream.write_all(&whole),
                };
                held.push(stream);
                n_opened += 1;
            }
            is_answered_in_time(&server);
            let (open, n_files) = (memory(&server), n_open_files(&server));
            assert!(n_files <= max_connections + 64, "{n_files} open files");
            let bound = before + OTHER_BYTES + held.len().min(max_connections) as u64 * BYTES_PER_CONNECTION;
            assert!(open < bound, "{before} bytes grew to {open} with {} connections", held.len());
            drop(held);
            is_answered_in_time(&server);
            let started = Instant::now();
            while n_open_files(&server) > n_files_before + 10 {
                assert!(started.elapsed() < Duration::from_secs(20), "{} open files", n_open_files(&server));
                thread::sleep(Duration::from_millis(20));
            }
            println!(
                "limit {max_connections}: {wave} open at once, {n_files} open files of the server; {before} bytes, then {open}, \
                 after them {}",
                memory(&server)
            );
        }
    }
}
