//! Code that the fuzz targets share: an empty folder for each run, inputs of several files, and checks of errors.

use std::fs;
use std::path::{Path, PathBuf};

use clsify::error::Error;

/// Separates the parts of an input. It does not occur in UTF-8, so every text can be a part.
pub const SEPARATOR: u8 = 0xff;

/// The maximum size, in bytes, of the numbers that are written for the tensors of a header.
const MAX_TENSOR_BYTES: u64 = 1 << 16;

/// A small encoder: one layer, 8 numbers per token, 16 tokens.
const ENCODER: [(&str, &[u8]); 4] = [
    ("config.json", include_bytes!("../encoder/config.json")),
    ("tokenizer_config.json", include_bytes!("../encoder/tokenizer_config.json")),
    ("vocab.txt", include_bytes!("../encoder/vocab.txt")),
    ("model.safetensors", include_bytes!("../encoder/model.safetensors")),
];

/// Sentences that the small encoder's vocabulary contains or does not contain, and empty ones.
pub const SENTENCES: [&str; 4] =
    ["a good film", "a bad film !", "\u{1f600} caf\u{e9} \u{4e2d}\u{6587} ##", " "];

/// The folder of this process.
pub fn own_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("clsify-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a temporary folder can be created");
    folder.canonicalize().expect("a folder that was created is there")
}

/// Empties a folder, or creates it.
pub fn empty(folder: &Path) {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("a folder of this process can be removed");
    }
    fs::create_dir_all(folder).expect("a folder can be created");
}

/// Writes the small encoder into a folder.
pub fn write_encoder(folder: &Path) {
    ENCODER.iter().for_each(|(name, content)| write(folder, name, content));
}

/// Writes the files of the small encoder's tokenizer into a folder.
pub fn write_tokenizer(folder: &Path) {
    ENCODER[1..3].iter().for_each(|(name, content)| write(folder, name, content));
}

/// Writes a file, and creates its folders.
pub fn write(folder: &Path, name: &str, content: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder can be created");
    fs::write(path, content).expect("a file can be written");
}

/// Writes the parts that are not empty under these names. The last part is the numbers of the safetensors files;
/// their other parts are headers.
pub fn write_files<const N: usize>(folder: &Path, names: &[&str; N], data: &[u8]) {
    let mut parts = data.split(|byte| *byte == SEPARATOR);
    let files: [&[u8]; N] = std::array::from_fn(|_| parts.next().unwrap_or_default());
    let numbers = parts.next().unwrap_or_default();
    for (name, content) in names.iter().zip(files).filter(|(_, content)| !content.is_empty()) {
        match name.ends_with(".safetensors") {
            true => write(folder, name, &safetensors(content, numbers)),
            false => write(folder, name, content),
        }
    }
}

/// A safetensors file: the length of the header, the header, and these bytes repeated for the tensors that it
/// describes. A part that does not begin like a header is the whole file.
fn safetensors(header: &[u8], numbers: &[u8]) -> Vec<u8> {
    if !header.starts_with(b"{") {
        return header.to_vec();
    }
    let json: serde_json::Value = serde_json::from_slice(header).unwrap_or_default();
    let ends = json.as_object().into_iter().flat_map(|tensors| tensors.values());
    let ends = ends.filter_map(|tensor| tensor["data_offsets"][1].as_u64());
    let n_bytes = ends.max().unwrap_or(0).min(MAX_TENSOR_BYTES) as usize;
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header);
    let numbers = if numbers.is_empty() { &[0, 0, 0, 0x3f] } else { numbers };
    file.extend(numbers.iter().cycle().take(n_bytes));
    file
}

/// All files and folders below a folder with their metadata; links are not followed.
pub fn files_below(folder: &Path) -> Vec<(PathBuf, fs::Metadata)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, metadata) = (entry.path(), entry.metadata().expect("an entry can be looked at"));
        if metadata.is_dir() {
            all.extend(files_below(&path));
        }
        all.push((path, metadata));
    }
    all
}

/// Checks that an error and its hint are one line of text each.
pub fn check(error: &Error) {
    let message = error.to_string();
    assert!(!message.is_empty() && !message.contains(char::is_control), "{message:?}");
    assert!(error.hint().is_none_or(|hint| !hint.contains(char::is_control)), "{:?}", error.hint());
}

/// The value, or `None` for an error that passes the checks.
pub fn checked<T>(result: Result<T, Error>) -> Option<T> {
    result.inspect_err(check).ok()
}
