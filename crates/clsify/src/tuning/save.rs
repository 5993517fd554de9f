//! The tuned encoder as a folder in Hugging Face form, for transformers and sentence-transformers, and for this library.
//!
//! `model.safetensors` has every tensor of the original under its own name, with those that have learned in their place.
//! `config.json` and the tokenizer's files are copies. `modules.json` asks for the mean of the last layer, which is what the
//! encoder was tuned for, whatever the original asked for.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use clsify_base::encoder_files::{CONFIG, WEIGHTS};
use serde_json::{Map, Value, json};

use super::checkpoint::create_folder;
use crate::checkpoint_folder::transformer_folder;
use crate::encoder::trainable::TrainableEncoder;
use crate::encoder::{Checkpoint, Dtype};
use crate::error::{Error, Result};
use crate::features::mean_pooling_files;
use crate::files::copy_file;
use crate::tokenizer::tokenizer_files;

/// Writes a tuned encoder into a folder. `source` is the folder that it was loaded from.
pub(crate) fn save(
    folder: &Path,
    source: &Path,
    encoder: &TrainableEncoder,
    dtype: Dtype,
    max_length: usize,
) -> Result<()> {
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |e: std::io::Error| Error::io(&path, e)
    };
    let from = transformer_folder(source);
    let files = tokenizer_files(source).into_iter().chain([from.join(CONFIG)]);
    for file in files {
        let name = file.file_name().unwrap_or_default();
        copy_file(&file, folder.join(name))?;
    }
    for (name, content) in mean_pooling_files(encoder.config().hidden_size, max_length) {
        let path = folder.join(name);
        if let Some(parent) = path.parent().filter(|parent| *parent != folder) {
            create_folder(parent)?;
        }
        fs::write(&path, format!("{content:#}\n")).map_err(io(&path))?;
    }
    save_weights(&folder.join(WEIGHTS), source, encoder, dtype)
}

/// One tensor after another, so that only one of the original is in memory. The format is an eighth-aligned JSON header after its
/// length, then the numbers (safetensors, `README.md`); the library writes only whole files, for their owner alone.
fn save_weights(path: &Path, source: &Path, encoder: &TrainableEncoder, dtype: Dtype) -> Result<()> {
    let io = |e: std::io::Error| Error::io(path, e);
    let checkpoint = Checkpoint::open(source)?;
    let mut tensors = checkpoint.float_tensors();
    tensors.retain(|(name, _)| !encoder.is_of_another(name));
    let (name_of_dtype, bytes_per_number) = if dtype == Dtype::Bf16 { ("BF16", 2) } else { ("F32", 4) };
    // transformers reads files of this format only.
    let mut header = Map::from_iter([("__metadata__".to_string(), json!({"format": "pt"}))]);
    let mut end = 0;
    for (name, shape) in &tensors {
        let start = end;
        end += shape.iter().product::<usize>() * bytes_per_number;
        let entry = json!({"dtype": name_of_dtype, "shape": shape, "data_offsets": [start, end]});
        header.insert(name.to_string(), entry);
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');

    let mut out = BufWriter::new(File::create(path).map_err(io)?);
    out.write_all(&(header.len() as u64).to_le_bytes()).and_then(|()| out.write_all(&header)).map_err(io)?;
    let learned: HashMap<String, &[f32]> =
        encoder.learned().into_iter().map(|tensor| (tensor.name, tensor.values)).collect();
    for (name, shape) in tensors {
        let original;
        let values = match learned.get(name) {
            Some(values) => values,
            None => {
                original = checkpoint.tensor(name, &shape)?;
                &original[..]
            }
        };
        for values in values.chunks(1 << 16) {
            let bytes: Vec<u8> = match dtype {
                Dtype::Bf16 => values.iter().flat_map(|&v| half::bf16::from_f32(v).to_le_bytes()).collect(),
                _ => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            };
            out.write_all(&bytes).map_err(io)?;
        }
    }
    out.into_inner().map_err(|e| io(e.into_error()))?.sync_all().map_err(io)
}
