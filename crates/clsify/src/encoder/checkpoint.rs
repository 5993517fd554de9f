//! Reads `model.safetensors` of a checkpoint: tensors by name, as `f32`, checked against the expected shape.
//!
//! It reads one file, or the shards that `model.safetensors.index.json` names, with `F64`, `F32`, `F16` and `BF16`
//! tensors. A tensor is read when it is requested, so the file is never in memory as a whole.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use serde::Deserialize;

use super::unsupported_weights::{self, PICKLE, PICKLE_HINT};
use crate::checkpoint_folder::{is_there, open, read_text, refuse_stand_in, transformer_folder};
use crate::error::{Error, ErrorKind, Result};

/// A safetensors header is JSON of about 100 bytes per tensor; the format's own limit is 100 MB.
const MAX_HEADER_BYTES: u64 = 100_000_000;

use clsify_base::encoder_files::{WEIGHTS as SINGLE, WEIGHTS_INDEX as INDEX};

/// The number of bytes that are read and converted together; they stay in the cache in between.
const BLOCK_BYTES: usize = 128 << 10;

/// The open weight files of a checkpoint. Clones read the same files, each on a thread of its own.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoint {
    shards: Vec<Shard>,
    /// The shard of each tensor.
    shard_of: Arc<HashMap<String, usize>>,
}

#[derive(Debug, Clone)]
struct Shard {
    path: PathBuf,
    file: Arc<File>,
    data_start: u64,
    metadata: Arc<Metadata>,
}

impl Checkpoint {
    /// Opens the weights of a checkpoint folder and reads their headers.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let (mut shards, mut shard_of) = (Vec::new(), HashMap::new());
        for path in weight_files(folder)? {
            let shard = Shard::open(path)?;
            for name in shard.metadata.offset_keys() {
                shard_of.insert(name, shards.len());
            }
            shards.push(shard);
        }
        Ok(Checkpoint { shards, shard_of: Arc::new(shard_of) })
    }

    /// Opens the weights of a sentence-transformers module, in a folder of its own.
    pub(crate) fn open_module(folder: &Path) -> Result<Self> {
        let path = folder.join(SINGLE);
        if !is_there(&path)? && folder.join(PICKLE).exists() {
            let convert = format!(
                "import torch, safetensors.torch as s; s.save_file(torch.load('{0}/{PICKLE}', weights_only=True), '{0}/{SINGLE}')",
                folder.display()
            );
            let hint = format!("{PICKLE_HINT}; convert it once: python3 -c \"{convert}\"");
            return Err(unsupported_weights::only(folder, PICKLE, &hint));
        }
        let shard = Shard::open(path)?;
        let shard_of = shard.metadata.offset_keys().into_iter().map(|name| (name, 0)).collect();
        Ok(Checkpoint { shards: vec![shard], shard_of: Arc::new(shard_of) })
    }

    /// The names of all tensors, in arbitrary order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.shard_of.keys().map(String::as_str)
    }

    /// The name and the shape of every tensor of floating-point numbers, sorted by name.
    pub(crate) fn float_tensors(&self) -> Vec<(&str, Vec<usize>)> {
        let mut all = Vec::new();
        for (name, &shard) in self.shard_of.iter() {
            let info = self.shards[shard].metadata.info(name);
            let is_float =
                |info: &&TensorInfo| matches!(info.dtype, Dtype::F64 | Dtype::F32 | Dtype::F16 | Dtype::BF16);
            if let Some(info) = info.filter(is_float) {
                all.push((name.as_str(), info.shape.clone()));
            }
        }
        all.sort();
        all
    }

    /// The tensor of this name as row-major `f32`.
    pub(crate) fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        self.part(name, shape, 0..usize::MAX)
    }

    /// The numbers at these positions of a row-major tensor; positions behind its end are left out.
    pub(crate) fn part(&self, name: &str, shape: &[usize], range: Range<usize>) -> Result<Vec<f32>> {
        match self.shard_of.get(name) {
            Some(&shard) => self.shards[shard].part(name, shape, range),
            None => {
                let (message, place) = match self.shards.as_slice() {
                    [only] => ("missing".to_string(), only.path.clone()),
                    shards => (
                        format!("in none of the {} shards", shards.len()),
                        shards[0].path.with_file_name(INDEX),
                    ),
                };
                Err(bad(message).at(format!("tensor {name:?}")).at(place.display().to_string()))
            }
        }
    }
}

/// The weight files of a checkpoint folder: `model.safetensors`, or the shards that the index names, sorted.
pub(crate) fn weight_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let folder = &transformer_folder(folder);
    let single = folder.join(SINGLE);
    if is_there(&single)? {
        return Ok(vec![single]);
    }
    let index = folder.join(INDEX);
    if is_there(&index)? {
        return shards(&index);
    }
    Err(unsupported_weights::missing(folder))
}

fn shards(index: &Path) -> Result<Vec<PathBuf>> {
    let names = shard_names(&read_text(index)?).map_err(|e| e.at(index.display().to_string()))?;
    Ok(names.into_iter().map(|name| index.with_file_name(name)).collect())
}

/// The shards that the text of an index names, sorted.
fn shard_names(text: &str) -> Result<BTreeSet<String>> {
    let json: serde_json::Value =
        serde_json::from_str(text).map_err(|e| bad(format!("not valid JSON: {e}")).caused_by(e))?;
    let map = json.get("weight_map").and_then(serde_json::Value::as_object);
    let map =
        map.filter(|m| !m.is_empty()).ok_or_else(|| bad("expected an object \"weight_map\" with entries"))?;
    let mut names = BTreeSet::new();
    for (tensor, file) in map {
        let file = file
            .as_str()
            .ok_or_else(|| bad(format!("tensor {tensor:?}: expected a file name, got {file}")))?;
        // A shard lies beside its index; other paths would lead outside the folder.
        if Path::new(file).file_name() != Some(std::ffi::OsStr::new(file)) {
            return Err(bad(format!("tensor {tensor:?}: expected a plain file name, got {file:?}")));
        }
        names.insert(file.to_string());
    }
    Ok(names)
}

impl Shard {
    fn open(path: PathBuf) -> Result<Self> {
        let io = |e: std::io::Error| Error::io(&path, e);
        let place = |e: Error| e.at(path.display().to_string());
        let mut file = open(&path)?;
        let file_bytes = file.metadata().map_err(io)?.len();
        let truncated = |expected: u64| {
            bad(format!("expected {expected} bytes, got {file_bytes}"))
                .with_hint("the file is incomplete or was changed; fetch it again")
        };
        if file_bytes < 8 {
            return Err(place(truncated(8)));
        }
        let mut header_bytes = [0; 8];
        file.read_exact(&mut header_bytes).map_err(io)?;
        let header_len = u64::from_le_bytes(header_bytes);
        let mut start = header_bytes.to_vec();
        file.by_ref().take(1).read_to_end(&mut start).map_err(io)?;
        if let Some(error) = unsupported_weights::format_of(&start) {
            return Err(place(error));
        }
        if header_len > MAX_HEADER_BYTES {
            refuse_stand_in(&path)?;
            return Err(place(bad(format!(
                "not a safetensors file: its header would be {header_len} bytes long"
            ))));
        }
        if file_bytes < 8 + header_len {
            return Err(place(truncated(8 + header_len)));
        }
        let mut header = vec![0; header_len as usize];
        read_exact_at(&file, &mut header, 8).map_err(io)?;
        let metadata: Metadata =
            serde_json::from_slice(&header).map_err(|e| place(header_error(&header, e)))?;
        let data_start = 8 + header_len;
        // Tensors that are valid one by one may together exceed the range of the counter.
        let data_len = metadata.data_len() as u64;
        let expected = data_start.checked_add(data_len).ok_or_else(|| {
            place(bad(format!("not a safetensors file: its tensors would be {data_len} bytes long")))
        })?;
        if file_bytes != expected {
            return Err(place(truncated(expected)));
        }
        Ok(Shard { file: Arc::new(file), path, data_start, metadata: Arc::new(metadata) })
    }

    fn part(&self, name: &str, shape: &[usize], range: Range<usize>) -> Result<Vec<f32>> {
        let path = self.path.display().to_string();
        let place = |e: Error| e.at(format!("tensor {name:?}")).at(path.clone());
        let info = self.metadata.info(name).ok_or_else(|| place(bad("missing")))?;
        if info.shape != shape {
            return Err(place(bad(format!("expected shape {shape:?}, got {:?}", info.shape))));
        }
        let bytes = match info.dtype {
            Dtype::F64 => 8,
            Dtype::F32 => 4,
            Dtype::F16 | Dtype::BF16 => 2,
            other => return Err(place(bad(format!("expected dtype F64, F32, F16 or BF16, got {other:?}")))),
        };
        let dtype = info.dtype;
        let (start, end) = info.data_offsets;
        let n = (end - start) / bytes;
        let (first, last) = (range.start.min(n), range.end.min(n));
        let mut position = self.data_start + (start + first * bytes) as u64;
        let mut out = Vec::with_capacity(last.saturating_sub(first));
        let mut left = last.saturating_sub(first) * bytes;
        let mut buffer = vec![0; left.min(BLOCK_BYTES)];
        while left > 0 {
            let part = left.min(buffer.len());
            let part = &mut buffer[..part];
            read_exact_at(&self.file, part, position).map_err(|e| Error::io(&self.path, e))?;
            position += part.len() as u64;
            match dtype {
                // Rounded, as in transformers when f32 is requested.
                Dtype::F64 => {
                    out.extend(part.as_chunks::<8>().0.iter().map(|&b| f64::from_le_bytes(b) as f32))
                }
                Dtype::F32 => out.extend(part.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b))),
                Dtype::F16 => {
                    out.extend(part.as_chunks::<2>().0.iter().map(|&b| half::f16::from_le_bytes(b).to_f32()))
                }
                _ => {
                    out.extend(part.as_chunks::<2>().0.iter().map(|&b| half::bf16::from_le_bytes(b).to_f32()))
                }
            }
            left -= part.len();
        }
        Ok(out)
    }
}

/// Reads at a position, independently of other threads.
fn read_exact_at(file: &File, buffer: &mut [u8], position: u64) -> std::io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_exact_at(file, buffer, position);
    #[cfg(windows)]
    {
        let mut n_read = 0;
        while n_read < buffer.len() {
            let to = &mut buffer[n_read..];
            match std::os::windows::fs::FileExt::seek_read(file, to, position + n_read as u64)? {
                0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                n => n_read += n,
            }
        }
        Ok(())
    }
}

/// The reason why a header is refused: the first malformed entry, or the parser's message.
fn header_error(header: &[u8], error: serde_json::Error) -> Error {
    let entries: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(header).unwrap_or_default();
    for (name, entry) in entries.iter().filter(|(name, _)| *name != "__metadata__") {
        if let Err(e) = TensorInfo::deserialize(entry) {
            let dtype = entry.get("dtype").map_or_else(String::new, |d| format!(" with dtype {d}"));
            return bad(format!("tensor {name:?}{dtype}: {e}")).caused_by(e);
        }
    }
    bad(format!("not a valid safetensors header: {error}")).caused_by(error)
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Checkpoint, message)
}
