//! One file of the feature cache.
//!
//! ```text
//! magic [8] | n_features u32 | 0 u32 | n_rows u64 | sha256 of all that and the index [32]      little-endian
//! index:   n_rows x (key [16] | start of the vector's sha256 [16])
//! vectors: n_rows x n_features f32
//! ```
//!
//! The index is checked when a file is opened, a vector when it is read: of a large file only the requested rows are
//! read.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::files::{open_file, write_atomically};

/// The end of a segment's name.
pub(super) const EXTENSION: &str = "rows";

/// The last character is the version of the format.
const MAGIC: [u8; 8] = *b"clsifyF1";

const FIXED_BYTES: usize = 24;
const HASH_BYTES: usize = 32;
const HEADER_BYTES: usize = FIXED_BYTES + HASH_BYTES;
const ENTRY_BYTES: usize = 32;

/// The key of a sentence in the cache.
pub(super) type Key = [u8; 16];

/// The first half of a sha256.
pub(super) fn truncated(sha256: &[u8]) -> Key {
    let mut key = Key::default();
    key.copy_from_slice(&sha256[..16]);
    key
}

/// The size of a file with this many rows; `None` if it is too large.
pub(super) fn bytes(n_rows: u64, n_features: usize) -> Option<u64> {
    n_rows.checked_mul(row_bytes(n_features))?.checked_add(HEADER_BYTES as u64)
}

/// The number of rows that a file of at most this size can contain.
pub(super) fn most_rows(max_bytes: u64, n_features: usize) -> u64 {
    max_bytes.saturating_sub(HEADER_BYTES as u64) / row_bytes(n_features)
}

fn row_bytes(n_features: usize) -> u64 {
    (ENTRY_BYTES + 4 * n_features) as u64
}

/// Writes rows of one width into a file of the folder whose name is the hash of its index, and returns its path.
pub(super) fn write(folder: &Path, rows: &[(Key, &[f32])]) -> Result<PathBuf> {
    let n_features = rows.first().map_or(0, |(_, vector)| vector.len());
    let vector_bytes = |vector: &[f32]| vector.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    let fixed = fixed(n_features, rows.len() as u64);
    let mut index = Vec::with_capacity(rows.len() * ENTRY_BYTES);
    for (key, vector) in rows {
        index.extend_from_slice(key);
        index.extend_from_slice(&truncated(&Sha256::digest(vector_bytes(vector))));
    }
    let hash = hash(&fixed, &index);
    let name: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let path = folder.join(format!("{name}.{EXTENSION}"));
    write_atomically(&path, |out| {
        out.write_all(&fixed)?;
        out.write_all(&hash)?;
        out.write_all(&index)?;
        rows.iter().try_for_each(|(_, vector)| out.write_all(&vector_bytes(vector)))
    })?;
    Ok(path)
}

fn fixed(n_features: usize, n_rows: u64) -> [u8; FIXED_BYTES] {
    let mut fixed = [0; FIXED_BYTES];
    fixed[..8].copy_from_slice(&MAGIC);
    fixed[8..12].copy_from_slice(&(n_features as u32).to_le_bytes());
    fixed[16..].copy_from_slice(&n_rows.to_le_bytes());
    fixed
}

fn hash(fixed: &[u8], index: &[u8]) -> [u8; HASH_BYTES] {
    Sha256::new().chain_update(fixed).chain_update(index).finalize().into()
}

/// An open file whose index is valid.
pub(super) struct Segment {
    file: BufReader<File>,
    n_features: usize,
    keys: Vec<Key>,
    vector_hashes: Vec<Key>,
}

impl Segment {
    /// Opens a file and reads its index; `None` if it is damaged.
    pub(super) fn open(path: &Path, n_features: usize) -> std::io::Result<Option<Self>> {
        let file = open_file(path).map_err(std::io::Error::other)?;
        let file_bytes = file.metadata()?.len();
        if file_bytes < HEADER_BYTES as u64 {
            return Ok(None);
        }
        let mut file = BufReader::new(file);
        let mut header = [0; HEADER_BYTES];
        file.read_exact(&mut header)?;
        let (given, given_hash) = header.split_at(FIXED_BYTES);
        let mut n_rows = [0; 8];
        n_rows.copy_from_slice(&given[16..]);
        let n_rows = u64::from_le_bytes(n_rows);
        // Checked before memory is reserved: the rows are in the file, and their number fits into memory because the
        // index does.
        if given != fixed(n_features, n_rows) || bytes(n_rows, n_features) != Some(file_bytes) {
            return Ok(None);
        }
        let mut index = vec![0; n_rows as usize * ENTRY_BYTES];
        file.read_exact(&mut index)?;
        if given_hash != hash(given, &index) {
            return Ok(None);
        }
        let entries = index.as_chunks::<ENTRY_BYTES>().0;
        let keys = entries.iter().map(|entry| truncated(entry)).collect();
        let vector_hashes = entries.iter().map(|entry| truncated(&entry[16..])).collect();
        Ok(Some(Segment { file, n_features, keys, vector_hashes }))
    }

    /// The key of each row.
    pub(super) fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The vector of a row; `None` if it is damaged.
    pub(super) fn row(&mut self, row: usize) -> std::io::Result<Option<Vec<f32>>> {
        let start = HEADER_BYTES + self.keys.len() * ENTRY_BYTES + row * 4 * self.n_features;
        let position = self.file.stream_position()?;
        // A relative seek keeps the buffer, so the next row may come from it. No file is longer than an i64.
        self.file.seek_relative(start as i64 - position as i64)?;
        let mut bytes = vec![0; 4 * self.n_features];
        self.file.read_exact(&mut bytes)?;
        if truncated(&Sha256::digest(&bytes)) != self.vector_hashes[row] {
            return Ok(None);
        }
        Ok(Some(bytes.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect()))
    }

    /// Marks the file as used now.
    pub(super) fn touch(&self) {
        // If that is not allowed, the file is removed earlier than necessary.
        let _ = self.file.get_ref().set_modified(SystemTime::now());
    }
}
