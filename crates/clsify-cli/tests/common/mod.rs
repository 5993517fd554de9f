//! Runs the real binary in a folder of its own, without network, and reads the golden files.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a helper of tests")]

#[cfg(all(unix, feature = "serve"))]
pub(crate) mod server;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").canonicalize().unwrap()
}

/// A tiny encoder of `fixtures/transformers`, as an argument.
pub(crate) fn encoder(case: &str) -> String {
    fixtures().join("transformers").join(case).display().to_string()
}

/// The folders of a group of golden files, sorted; never empty.
pub(crate) fn case_folders(group: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(fixtures().join(group)).unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    folders.sort();
    assert!(!folders.is_empty());
    folders
}

pub(crate) fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The sentences that every checkpoint of `fixtures/transformers` was run on.
pub(crate) fn sentences() -> Vec<String> {
    serde_json::from_value(read_json(&fixtures().join("transformers/sentences.json"))).unwrap()
}

/// Twenty-four labelled sentences of two classes.
pub(crate) fn reviews() -> String {
    (0..12)
        .map(|i| format!("the film number {i} is wonderful\tgood\nfilm {i} was a quiet bore\tbad\n"))
        .collect()
}

/// A folder for one test, and a cache that is not the user's.
pub(crate) struct Sandbox {
    work: tempfile::TempDir,
    cache: tempfile::TempDir,
}

/// The result of a run.
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Sandbox { work: tempfile::tempdir().unwrap(), cache: tempfile::tempdir().unwrap() }
    }

    /// A sandbox with `reviews.tsv`.
    pub(crate) fn with_reviews() -> Self {
        let sandbox = Sandbox::new();
        sandbox.write("reviews.tsv", reviews());
        sandbox
    }

    /// A sandbox with `reviews.tsv` and a model of the tiny `bert` trained on it in `model`.
    pub(crate) fn with_model() -> Self {
        let sandbox = Sandbox::with_reviews();
        let bert = encoder("bert");
        let train = ["train", "-q", "--encoder", &bert, "--data", "reviews.tsv", "--output", "model"];
        sandbox.succeed(&[&train[..], &["--features", "article"]].concat());
        sandbox
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    /// The folder of the caches; `own` is this program's.
    pub(crate) fn cache(&self) -> &Path {
        self.cache.path()
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// Copies a tiny encoder, so that a test can damage it.
    pub(crate) fn copy_encoder(&self, case: &str, name: &str) {
        let target = self.path(name);
        fs::create_dir(&target).unwrap();
        for entry in fs::read_dir(encoder(case)).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), target.join(entry.file_name())).unwrap();
        }
    }

    /// The binary in this folder: offline, with empty caches, and without environment variables of the user that
    /// would affect it.
    pub(crate) fn command<S: AsRef<std::ffi::OsStr>>(&self, args: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clsify"));
        for name in ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_ENDPOINT", "HF_TOKEN", "XDG_CACHE_HOME"] {
            command.env_remove(name);
        }
        command
            .env("HF_HUB_OFFLINE", "1")
            .env("HF_HOME", self.cache.path().join("hub"))
            .env("CLSIFY_CACHE", self.cache.path().join("own"))
            .current_dir(self.work.path())
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Outcome {
        Outcome::of(&self.command(args).output().unwrap())
    }

    /// Runs the binary with `input` on stdin.
    pub(crate) fn run_with_input(&self, args: &[&str], input: &[u8]) -> Outcome {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // Written by a thread, because answers arrive before all input is written. A run that fails reads no further.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Outcome::of(&output)
    }

    /// Runs the binary, which must succeed, and returns its stdout.
    pub(crate) fn succeed(&self, args: &[&str]) -> String {
        let outcome = self.run(args);
        assert_eq!(outcome.code, Some(0), "{args:?}: {}", outcome.stderr);
        outcome.stdout
    }

    /// Runs the binary, which must fail like every bad input: exit code 1, one error line, nothing on stdout, no file
    /// left. Returns the error line without `error: `.
    pub(crate) fn fail(&self, args: &[&str]) -> String {
        let before = self.entries();
        let outcome = self.run(args);
        assert_eq!(self.entries(), before, "{args:?} left files");
        outcome.error_line(&format!("{args:?}"))
    }

    /// All files and folders, with the lengths of files.
    pub(crate) fn entries(&self) -> Vec<(PathBuf, u64)> {
        fn visit(folder: &Path, entries: &mut Vec<(PathBuf, u64)>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let metadata = fs::symlink_metadata(&path).unwrap();
                if metadata.is_dir() {
                    visit(&path, entries);
                }
                entries.push((path, if metadata.is_dir() { 0 } else { metadata.len() }));
            }
        }
        let mut entries = Vec::new();
        visit(self.work.path(), &mut entries);
        entries.sort();
        entries
    }
}

impl Outcome {
    pub(crate) fn of(output: &Output) -> Self {
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The error line of a failed run; checks that it is a single line.
    pub(crate) fn error_line(&self, what: &str) -> String {
        assert_eq!(self.code, Some(1), "{what}: {}", self.stderr);
        assert_eq!(self.stdout, "", "{what}");
        let errors: Vec<&str> = self.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        let [error] = errors[..] else { panic!("{what}: {}", self.stderr) };
        let after: Vec<&str> = self.stderr.lines().skip_while(|line| *line != error).skip(1).collect();
        assert!(
            after.len() <= 1 && after.iter().all(|line| line.starts_with("hint: ")),
            "{what}: {}",
            self.stderr
        );
        assert!(
            !self.stderr.contains('\x1b') && !self.stderr.contains("panicked"),
            "{what}: {}",
            self.stderr
        );
        error["error: ".len()..].to_string()
    }
}

/// Parses lines of JSON.
pub(crate) fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The keys of a JSON object, sorted.
pub(crate) fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// Reads a `.npy` file as NumPy's format specifies: its shape and its numbers.
pub(crate) fn read_npy(bytes: &[u8]) -> ([usize; 2], Vec<f32>) {
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let (header, data) = bytes[10..].split_at(length);
    assert!((10 + length).is_multiple_of(64), "the data is not aligned");
    let header = std::str::from_utf8(header).unwrap();
    assert!(
        header.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (") && header.ends_with('\n')
    );
    let shape = header.split(['(', ')']).nth(1).unwrap();
    let shape: Vec<usize> = shape.split(", ").map(|n| n.parse().unwrap()).collect();
    let numbers: Vec<f32> = data.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
    assert_eq!((numbers.len() * 4, numbers.len()), (data.len(), shape[0] * shape[1]));
    ([shape[0], shape[1]], numbers)
}

/// A float32 matrix of a case's `expected.safetensors`.
pub(crate) fn expected_matrix(folder: &Path, name: &str) -> ([usize; 2], Vec<f32>) {
    let bytes = fs::read(folder.join("expected.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let tensor = tensors.tensor(name).unwrap();
    let data = tensor.data().as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
    ([tensor.shape()[0], tensor.shape()[1]], data)
}

/// Changes the header of a safetensors file as text, and keeps its data.
pub(crate) fn edit_header(path: &Path, edit: impl FnOnce(&str) -> String) {
    let bytes = fs::read(path).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let (header, data) = bytes[8..].split_at(length);
    let old = std::str::from_utf8(header).unwrap();
    let header = edit(old);
    assert_ne!(header, old);
    let length = (header.len() as u64).to_le_bytes();
    fs::write(path, [length.as_slice(), header.as_bytes(), data].concat()).unwrap();
}
