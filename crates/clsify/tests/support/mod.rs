//! Paths and readers of the golden files, shared by the integration tests.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::path::{Path, PathBuf};

use clsify::matrix::Matrix;

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// The folders of a group of cases, sorted; never none.
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

/// The sentences that every checkpoint of `fixtures/transformers` has encoded.
pub(crate) fn sentences() -> Vec<String> {
    serde_json::from_value(read_json(&fixtures().join("transformers/sentences.json"))).unwrap()
}

/// A float32 matrix of a case's `expected.safetensors`.
pub(crate) fn expected_matrix(folder: &Path, name: &str) -> Matrix {
    let bytes = std::fs::read(folder.join("expected.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let tensor = tensors.tensor(name).unwrap();
    let data = tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    Matrix::from_vec(data, tensor.shape()[0], tensor.shape()[1]).unwrap()
}
