//! Reading files of a folder that other programs wrote: paths of an encoder's files, and recognition of files that
//! are something else.
//!
//! Every reader of an encoder's or a model's folder opens a file through [`open`], usually by [`read`] or
//! [`read_text`]. So a pipe, a device, a Git LFS pointer or a web page is recognised everywhere, and no file fills
//! the memory. Broken links are named by [`Error::io`].

use std::io::Read;
use std::path::{Path, PathBuf};

use clsify_base::encoder_files::{MODULES, is_below};
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::files::read_file;
pub(crate) use crate::files::{check_is_file, open_file as open};

/// The maximum size of a file of settings: the largest known, the index of many shards, has about 10 MB.
pub(crate) const MAX_SETTINGS_BYTES: u64 = 1 << 26;

/// The beginning of a Git LFS pointer, with current and older names; the whole file has about 130 bytes.
const POINTERS: [&[u8]; 3] = [
    b"version https://git-lfs.github.com/spec/",
    b"version https://hawser.github.com/spec/",
    b"version http://git-media.io/v/",
];

/// The beginning of a web page.
const PAGES: [&[u8]; 3] = [b"<!doctype", b"<html", b"<?xml"];

/// Reads the bytes of a file, at most `max_bytes`.
///
/// # Errors
/// [`ErrorKind::Io`] with the path, also if there are more bytes, and for a Git LFS pointer or a web page.
pub(crate) fn read(path: &Path, max_bytes: u64) -> Result<Vec<u8>> {
    let bytes = read_file(path, max_bytes)?;
    stand_in(path, &bytes).map_or(Ok(bytes), Err)
}

/// Reads the text of a file of settings.
///
/// # Errors
/// As for [`read`]; also [`ErrorKind::Io`] if it is not UTF-8.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    text(path, read(path, MAX_SETTINGS_BYTES)?)
}

/// Converts the bytes of a file to text.
///
/// # Errors
/// [`ErrorKind::Io`] if they are not UTF-8.
pub(crate) fn text(path: &Path, bytes: Vec<u8>) -> Result<String> {
    let not_utf8 = |_| Error::io(path, std::io::Error::other("stream did not contain valid UTF-8"));
    String::from_utf8(bytes).map_err(not_utf8)
}

/// Reads the JSON of a file of settings, as Python does; `kind` is that of an error about its content.
///
/// # Errors
/// As for [`read`]; an error of this kind with the path if the text is not JSON.
pub(crate) fn read_json(path: &Path, kind: ErrorKind) -> Result<Value> {
    let bytes = read(path, MAX_SETTINGS_BYTES)?;
    python_json(&bytes).map_err(|e| {
        Error::new(kind, format!("not valid JSON: {e}")).caused_by(e).at(path.display().to_string())
    })
}

/// Parses JSON that Python wrote: `NaN`, `Infinity` and `-Infinity`, which are not JSON, become null.
///
/// # Errors
/// Those of the unchanged text.
pub(crate) fn python_json(text: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(text).or_else(|error| {
        let without = without_bare_numbers(text);
        if without == text { Err(error) } else { serde_json::from_slice(&without).map_err(|_| error) }
    })
}

/// Replaces Python's words for non-finite numbers by null, outside strings.
fn without_bare_numbers(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let (mut rest, mut in_string) = (text, false);
    while let Some((&byte, after)) = rest.split_first() {
        let word = ["-Infinity", "Infinity", "NaN"].iter().find(|word| rest.starts_with(word.as_bytes()));
        if let Some(word) = word.filter(|_| !in_string) {
            out.extend(b"null");
            rest = &rest[word.len()..];
            continue;
        }
        out.push(byte);
        rest = after;
        match (byte, rest.split_first()) {
            (b'"', _) => in_string = !in_string,
            (b'\\', Some((&escaped, after))) if in_string => {
                out.push(escaped);
                rest = after;
            }
            _ => {}
        }
    }
    out
}

/// A whole number, also one written as `512.0`.
pub(crate) fn whole_number(value: &Value) -> Option<u64> {
    // Beyond this limit, floating-point numbers do not represent every whole number.
    let is_whole = |number: &f64| (0.0..=9_007_199_254_740_992.0).contains(number) && number.fract() == 0.0;
    value.as_u64().or_else(|| value.as_f64().filter(is_whole).map(|number| number as u64))
}

/// Checks that a file that is read in parts is not a Git LFS pointer or a web page.
///
/// # Errors
/// [`ErrorKind::Io`] with the path.
pub(crate) fn refuse_stand_in(path: &Path) -> Result<()> {
    stand_in(path, &start_of(path)?).map_or(Ok(()), Err)
}

/// Checks that a file that may start like a web page is not a Git LFS pointer.
///
/// # Errors
/// [`ErrorKind::Io`] with the path.
pub(crate) fn refuse_pointer(path: &Path) -> Result<()> {
    let start = start_of(path)?;
    if is_pointer(&start) { Err(pointer(path, &start)) } else { Ok(()) }
}

fn is_pointer(start: &[u8]) -> bool {
    POINTERS.iter().any(|pointer| start.starts_with(pointer))
}

/// The first bytes of a file: more than a pointer has.
fn start_of(path: &Path) -> Result<Vec<u8>> {
    let mut start = Vec::new();
    open(path)?.take(1024).read_to_end(&mut start).map_err(|e| Error::io(path, e))?;
    Ok(start)
}

/// The error for a file that replaces another one, such as a Git LFS pointer.
fn stand_in(path: &Path, start: &[u8]) -> Option<Error> {
    if is_pointer(start) {
        return Some(pointer(path, start));
    }
    let text = start.trim_ascii_start();
    let is_page =
        PAGES.iter().any(|page| text.get(..page.len()).is_some_and(|t| t.eq_ignore_ascii_case(page)));
    is_page.then(|| {
        Error::new(ErrorKind::Io, "expected the file itself, got a web page")
            .at(path.display().to_string())
            .with_hint(
                "download the file again: a page of an error or a login may have been saved in its place",
            )
    })
}

fn pointer(path: &Path, bytes: &[u8]) -> Error {
    let text = String::from_utf8_lossy(bytes);
    let size = text.lines().find_map(|line| line.strip_prefix("size ")).and_then(|n| n.parse::<u64>().ok());
    let of = size.map_or_else(String::new, |size| format!(" to {size} bytes"));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Error::new(ErrorKind::Io, format!("expected the file itself, got a Git LFS pointer{of}"))
        .at(path.display().to_string())
        .with_hint(format!("fetch the file: cd '{}' && git lfs pull", folder.display()))
}

/// Returns true if a file exists.
///
/// # Errors
/// [`ErrorKind::Io`] if this name is a broken link: the file does not exist, but should.
pub(crate) fn is_there(path: &Path) -> Result<bool> {
    match std::fs::metadata(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => match path.is_symlink() {
            true => Err(Error::io(path, e)),
            false => Ok(false),
        },
        // Other errors are left to the reader of the file.
        _ => Ok(true),
    }
}

/// The folder of the encoder's own files: the folder itself, or the one below it that a `modules.json` of
/// sentence-transformers names for its `Transformer`, such as `0_Transformer`.
pub(crate) fn transformer_folder(folder: &Path) -> PathBuf {
    let below = || {
        let modules = read_json(&folder.join(MODULES), ErrorKind::Config).ok()?;
        let is_transformer = |module: &&Value| class_of(module) == "Transformer";
        let path = modules.as_array()?.iter().find(is_transformer)?.get("path")?.as_str()?;
        is_below(path).then(|| folder.join(path))
    };
    below().unwrap_or_else(|| folder.to_path_buf())
}

/// The last part of a module's type, in any package: `Pooling` of `sentence_transformers.models.Pooling`.
pub(crate) fn class_of(module: &Value) -> &str {
    module.get("type").and_then(Value::as_str).and_then(|name| name.rsplit('.').next()).unwrap_or_default()
}
