//! A cache of features, so that each sentence passes through an encoder only once.
//!
//! ```text
//! FOLDER/<sha256 of what computes>/<sha256 of the index>.rows       the form of a file: segment.rs
//! ```
//!
//! A row's key is the hash of its token ids, which reflect text, tokenizer and maximum length. Everything else that
//! determines a vector (weights, pooling, data type) is in the folder's name. A segment is written as a whole and
//! renamed into place, its name is derived from its content, and it never changes. So two processes need no lock, and
//! one that is killed leaves at most a temporary file. A row that does not match its checksum counts as not found.
//!
//! `keeper.rs` writes while the encoder works and when a signal ends the process, so that a kill loses only seconds
//! of work; it also joins the small files of short runs. The least recently used files are removed first. With a
//! cache, a `SentenceEncoder` loads the weights only when a sentence is missing.

mod keeper;
mod segment;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use crate::files::remove_abandoned;
use crate::matrix::Matrix;
use crate::tokenizer::Encoding;
use segment::{Key, Segment};

/// The location and the maximum size of a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheOptions {
    /// The folder; it is created when the first features are stored.
    pub folder: PathBuf,
    /// The maximum size of all files of the cache together; the least recently used files are removed first.
    pub max_bytes: u64,
}

/// Features of earlier runs, shared by all processes that use the same folder.
///
/// `SentenceEncoderOptions` takes one. Clones are the same cache.
///
/// ```
/// use clsify::features::{CacheOptions, FeatureCache};
/// let folder = std::env::temp_dir().join("clsify-features");
/// let cache = FeatureCache::open(CacheOptions { folder, max_bytes: 2_000_000_000 });
/// ```
#[derive(Debug, Clone)]
pub struct FeatureCache {
    options: CacheOptions,
    /// Set once a write has failed, because the next would fail too.
    is_read_only: Arc<AtomicBool>,
}

/// The result of looking up sentences.
#[derive(Debug)]
pub(crate) struct Found {
    /// `[n_sentences, n_features]`; missing rows contain zeros until they are filled in.
    pub(crate) features: Matrix,
    /// The first sentence of each key that was not found.
    pub(crate) missing: Vec<usize>,
    /// The number of sentences whose row was found.
    pub(crate) n_cached: usize,
    keys: Vec<Key>,
}

impl FeatureCache {
    /// Opens a cache in this folder. Nothing is read or written yet.
    pub fn open(options: CacheOptions) -> Self {
        FeatureCache { options, is_read_only: Arc::default() }
    }

    /// The options that it was opened with.
    pub fn options(&self) -> &CacheOptions {
        &self.options
    }

    /// Looks up the rows of these sentences. `identity` represents everything that determines a vector besides the
    /// token ids, and is a plain file name.
    pub(crate) fn look_up(&self, identity: &str, encodings: &[Encoding], n_features: usize) -> Found {
        let keys: Vec<Key> = encodings.iter().map(key).collect();
        let mut features = Matrix::zeros(encodings.len(), n_features);
        let mut sentences: HashMap<Key, Vec<usize>> = HashMap::new();
        for (sentence, key) in keys.iter().enumerate() {
            sentences.entry(*key).or_default().push(sentence);
        }
        let mut n_cached = 0;
        for path in files(&self.options.folder.join(identity)).into_iter().filter(|path| is_segment(path)) {
            if sentences.is_empty() {
                break;
            }
            // Reading from or writing to a pipe would wait for its other end.
            if fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
                remove(&path);
                continue;
            }
            // A file that cannot be read, or that another process has removed, has no rows.
            let Ok(opened) = Segment::open(&path, n_features) else { continue };
            let Some(mut segment) = opened else {
                remove(&path);
                continue;
            };
            let mut is_used = false;
            let wanted: Vec<usize> =
                (0..segment.keys().len()).filter(|&i| sentences.contains_key(&segment.keys()[i])).collect();
            for row in wanted {
                let Ok(Some(vector)) = segment.row(row) else {
                    remove(&path);
                    break;
                };
                let of_key = sentences.remove(&segment.keys()[row]).unwrap_or_default();
                n_cached += of_key.len();
                of_key.iter().for_each(|&i| features.row_mut(i).copy_from_slice(&vector));
                is_used = true;
            }
            if is_used {
                segment.touch();
            }
        }
        let mut missing: Vec<usize> = sentences.values().map(|of_key| of_key[0]).collect();
        missing.sort_unstable();
        Found { features, missing, n_cached, keys }
    }

    /// Removes the least recently used files until there is room for this many bytes.
    pub(crate) fn shrink(&self, room_bytes: u64) {
        let mut kept: Vec<(SystemTime, PathBuf, u64)> = Vec::new();
        let mut total = room_bytes;
        let now = SystemTime::now();
        for folder in files(&self.options.folder).iter().filter(|folder| is_identity(folder)) {
            remove_abandoned(folder, |name| is_segment(Path::new(name)));
            // Temporary files are being written by other processes.
            let is_hidden =
                |path: &Path| path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
            for path in files(folder).into_iter().filter(|path| is_segment(path) || is_hidden(path)) {
                let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
                total = total.saturating_add(metadata.len());
                if is_segment(&path) {
                    kept.push((metadata.modified().unwrap_or(now), path, metadata.len()));
                }
            }
        }
        kept.sort();
        for (_, path, bytes) in &kept {
            if total <= self.options.max_bytes {
                break;
            }
            remove(path);
            total = total.saturating_sub(*bytes);
        }
    }
}

impl Found {
    /// Fills in the rows of missing sentences, `[sentences.len(), n_features]`.
    pub(crate) fn fill(&mut self, sentences: &[usize], rows: &Matrix) {
        for (row, &sentence) in sentences.iter().enumerate() {
            self.features.row_mut(sentence).copy_from_slice(rows.row(row));
        }
    }

    /// Copies the row of a missing sentence to its duplicates, when all missing ones are filled in.
    pub(crate) fn fill_repeats(&mut self) {
        let first: HashMap<Key, usize> = self.missing.iter().map(|&i| (self.keys[i], i)).collect();
        let is_first: HashSet<usize> = self.missing.iter().copied().collect();
        for (i, key) in self.keys.iter().enumerate().filter(|(i, _)| !is_first.contains(i)) {
            if let Some(&first) = first.get(key) {
                let row = self.features.row(first).to_vec();
                self.features.row_mut(i).copy_from_slice(&row);
            }
        }
    }
}

/// The hash of a sentence's tokens. With 16 bytes, the chance that two of a billion sentences share one is 1e-21.
fn key(encoding: &Encoding) -> Key {
    let mut sha256 = Sha256::new();
    for id in encoding.input_ids.iter().chain(&encoding.token_type_ids) {
        sha256.update(id.to_le_bytes());
    }
    segment::truncated(&sha256.finalize())
}

/// The entries of a folder, sorted; empty if it cannot be read.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn is_segment(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == segment::EXTENSION)
        && path.file_stem().is_some_and(|stem| is_hex(&stem.to_string_lossy()))
}

fn is_identity(path: &Path) -> bool {
    path.file_name().is_some_and(|name| is_hex(&name.to_string_lossy()))
}

/// Returns true for names of the cache, so that nothing else is ever removed.
fn is_hex(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn remove(path: &Path) {
    // Another process may have removed it, or the folder is not writable: then the file is ignored again next time.
    let _ = fs::remove_file(path);
}
