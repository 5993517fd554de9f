//! `clsify serve` as a process, and a plain client.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::Sandbox;

/// A running server, and the lines of its stderr.
pub(crate) struct Server {
    pub(crate) child: Child,
    lines: Receiver<String>,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start(sandbox: &Sandbox, args: &[&str], variables: &[(&str, &str)]) -> Self {
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
    pub(crate) fn line(&self, part: &str) -> String {
        loop {
            let line =
                self.lines.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("no {part}"));
            if line.contains(part) {
                return line;
            }
        }
    }

    pub(crate) fn predict(&self, text: &str) -> String {
        let stream = TcpStream::connect(self.address.strip_prefix("http://").unwrap()).unwrap();
        ask(stream, text)
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent =
            Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn ask(mut stream: impl Read + Write, text: &str) -> String {
    let body = serde_json::json!({ "inputs": text }).to_string();
    let head =
        "POST /predict HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: application/json\r\n";
    write!(stream, "{head}x-request-id: mine\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer.split_once("\r\n\r\n").unwrap().1.to_string()
}
