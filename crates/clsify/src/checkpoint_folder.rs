//! The files of a folder that others wrote: where an encoder's files lie in it, and what stands in a file's place.
//!
//! Every reader of an encoder's or a model's folder reads through [`read`] or [`read_text`], so that a Git LFS pointer or a web
//! page is called one wherever it lies. Links that lead nowhere are named by [`Error::io`].

use std::io::Read;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};

/// The file that makes a folder one of sentence-transformers.
pub(crate) const MODULES: &str = "modules.json";

/// How a Git LFS pointer begins; the whole file has some 130 bytes.
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// How a web page begins.
const PAGES: [&[u8]; 3] = [b"<!doctype", b"<html", b"<?xml"];

/// The bytes of a file.
///
/// # Errors
/// [`ErrorKind::Io`] with the path, also for a Git LFS pointer or a web page.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    let bytes = std::fs::read(path).map_err(|e| Error::io(path, &e))?;
    stand_in(path, &bytes).map_or(Ok(bytes), Err)
}

/// The text of a file.
///
/// # Errors
/// As for [`read`]; also [`ErrorKind::Io`] when it is not UTF-8.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    let not_utf8 = |_| Error::io(path, &std::io::Error::other("stream did not contain valid UTF-8"));
    String::from_utf8(read(path)?).map_err(not_utf8)
}

/// Checks that a file which is read in parts is not a Git LFS pointer or a web page.
///
/// # Errors
/// [`ErrorKind::Io`] with the path.
pub(crate) fn refuse_stand_in(path: &Path) -> Result<()> {
    stand_in(path, &start_of(path)?).map_or(Ok(()), Err)
}

/// Checks that a file which may well start like a web page is not a Git LFS pointer.
///
/// # Errors
/// [`ErrorKind::Io`] with the path.
pub(crate) fn refuse_pointer(path: &Path) -> Result<()> {
    let start = start_of(path)?;
    if start.starts_with(POINTER) { Err(pointer(path, &start)) } else { Ok(()) }
}

/// The first bytes of a file: more than a pointer has.
fn start_of(path: &Path) -> Result<Vec<u8>> {
    let mut start = Vec::new();
    let file = std::fs::File::open(path).map_err(|e| Error::io(path, &e))?;
    file.take(1024).read_to_end(&mut start).map_err(|e| Error::io(path, &e))?;
    Ok(start)
}

/// What is wrong with a file that stands in the place of another one.
fn stand_in(path: &Path, start: &[u8]) -> Option<Error> {
    if start.starts_with(POINTER) {
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

/// Whether a file is there.
///
/// # Errors
/// [`ErrorKind::Io`] when a link of this name leads nowhere: it is not there, but was meant to be.
pub(crate) fn is_there(path: &Path) -> Result<bool> {
    match std::fs::metadata(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => match path.is_symlink() {
            true => Err(Error::io(path, &e)),
            false => Ok(false),
        },
        // What cannot be looked at is for the reader to name.
        _ => Ok(true),
    }
}

/// Where the encoder's own files lie: the folder itself, or the one below it that a `modules.json` of sentence-transformers
/// names for its `Transformer`, such as `0_Transformer`.
pub(crate) fn transformer_folder(folder: &Path) -> PathBuf {
    let below = || {
        let modules: Value = serde_json::from_slice(&std::fs::read(folder.join(MODULES)).ok()?).ok()?;
        let is_transformer = |module: &&Value| module_type(module) == "Transformer";
        let path = modules.as_array()?.iter().find(is_transformer)?.get("path")?.as_str()?;
        is_below(path).then(|| folder.join(path))
    };
    below().unwrap_or_else(|| folder.to_path_buf())
}

/// The last part of a module's type: `Pooling` of `sentence_transformers.models.Pooling`.
pub(crate) fn module_type(module: &Value) -> &str {
    module.get("type").and_then(Value::as_str).and_then(|name| name.rsplit('.').next()).unwrap_or_default()
}

/// Whether a path that a file names stays below the file's folder.
pub(crate) fn is_below(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}
