//! Paths and readers of the golden files, shared by the integration tests.
#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::path::{Path, PathBuf};

use clsify::error::Error;
use clsify::matrix::Matrix;
use serde_json::{Map, Value};

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// The folders of a group of cases, sorted; never empty.
pub(crate) fn case_folders(group: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(fixtures().join(group)).unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    folders.sort();
    assert!(!folders.is_empty());
    folders
}

pub(crate) fn read_json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The sentences that every checkpoint of `fixtures/transformers` was run on.
pub(crate) fn sentences() -> Vec<String> {
    serde_json::from_value(read_json(&fixtures().join("transformers/sentences.json"))).unwrap()
}

/// A float32 matrix of a case's `expected.safetensors`.
pub(crate) fn expected_matrix(folder: &Path, name: &str) -> Matrix {
    matrix_of(&folder.join("expected.safetensors"), name)
}

/// A tensor of a safetensors file.
pub(crate) fn matrix_of(path: &Path, name: &str) -> Matrix {
    let bytes = std::fs::read(path).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let tensor = tensors.tensor(name).unwrap();
    let data = tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    Matrix::from_vec(data, tensor.shape()[0], tensor.shape()[1]).unwrap()
}

/// A copy of a case of `fixtures/transformers` or `fixtures/sentence_transformers` that a test may damage.
pub(crate) fn copy_of(case: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&fixtures().join(case), folder.path());
    folder
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        // Reference outputs are not part of a checkpoint.
        let is_golden = path.file_name().unwrap().to_string_lossy().starts_with("expected");
        match path.is_dir() {
            true => copy_folder(&path, &target),
            false if is_golden => {}
            false => std::fs::copy(&path, &target).map(drop).unwrap(),
        }
    }
}

/// Changes a JSON file in place.
pub(crate) fn edit_json(path: &Path, edit: impl FnOnce(&mut Value)) {
    let mut json = read_json(path);
    edit(&mut json);
    std::fs::write(path, serde_json::to_vec(&json).unwrap()).unwrap();
}

/// The text of an error, with `DIR` in place of the test's folder; checks that it is one line.
pub(crate) fn message(error: &Error, folder: &Path) -> String {
    let text = error.to_string();
    let full_stop = text.ends_with('.') && !text.ends_with("...");
    assert!(!text.contains(char::is_control) && !full_stop, "{text:?}");
    text.replace(&folder.display().to_string(), "DIR")
}

/// The parts of a safetensors file: the entries of its header, and the bytes that follow.
pub(crate) struct Weights {
    pub(crate) header: Map<String, Value>,
    pub(crate) data: Vec<u8>,
}

impl Weights {
    pub(crate) fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let (length, rest) = bytes.split_at(8);
        let (header, data) = rest.split_at(u64::from_le_bytes(length.try_into().unwrap()) as usize);
        Weights { header: serde_json::from_slice(header).unwrap(), data: data.to_vec() }
    }

    pub(crate) fn write(&self, path: &Path) {
        std::fs::write(path, safetensors_bytes(&serde_json::to_vec(&self.header).unwrap(), &self.data))
            .unwrap();
    }
}

/// Writes a number to the first column of some rows of an f32 tensor.
pub(crate) fn spoil(path: &Path, tensor: &str, rows: impl Fn(usize) -> bool, number: f32) {
    let mut weights = Weights::read(path);
    let entry = &weights.header[tensor];
    let start = entry["data_offsets"][0].as_u64().unwrap() as usize;
    let end = entry["data_offsets"][1].as_u64().unwrap() as usize;
    let shape: Vec<usize> =
        entry["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect();
    let row_bytes = (end - start) / shape[0];
    for row in (0..shape[0]).filter(|&row| rows(row)) {
        let at = start + row * row_bytes;
        weights.data[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }
    weights.write(path);
}

/// The bytes of a safetensors file with any header, valid or not.
pub(crate) fn safetensors_bytes(header: &[u8], data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header, data].concat()
}

/// Sentences of three topics, 20 per topic, in turn. The words are in the tiny vocabularies or split into their
/// pieces.
pub(crate) fn pairs(n_classes: usize) -> Vec<(String, &'static str)> {
    let topics =
        [("a stunning film", "positive"), ("this is terrible !", "negative"), ("who is 1 ?", "question")];
    (0..60)
        .map(|i| topics[i % n_classes])
        .enumerate()
        .map(|(i, (text, label))| (format!("{text} {i}"), label))
        .collect()
}

/// [`pairs`] as a data set.
pub(crate) fn dataset(n_classes: usize) -> clsify::dataset::Dataset {
    clsify::dataset::Dataset::from_pairs(pairs(n_classes)).unwrap()
}

/// An encoder of `fixtures/transformers`, with the `[CLS]` vector as features.
pub(crate) fn encoder(case: &str) -> clsify::model::SentenceEncoder {
    clsify::model::SentenceEncoder::load(fixtures().join("transformers").join(case)).unwrap()
}
