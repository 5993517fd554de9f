//! The folder of a saved classifier: `clsify.json`, `classifier.safetensors`, and optionally the encoder and the training
//! sentences.
//!
//! There is no pickle and no code: only JSON, and numbers in safetensors files.

use std::fs;
use std::path::{Path, PathBuf};

use clsify_base::encoder_files::{CONFIG, MODULES, of_an_encoder};
use clsify_base::model_files::{BUNDLED_ENCODER, CLASSIFIER, METADATA, NEIGHBOURS};

use super::encoder_identity::EncoderFiles;
use super::neighbours::Neighbours;
use super::saved_model::{MAX_METADATA_BYTES, SavedModel};
use super::saved_weights::Weights;
use super::sentence_encoder::SentenceEncoder;
use crate::checkpoint_folder::read;
use crate::error::{Error, ErrorKind, Result};
use crate::features::FeatureOptions;
use crate::files::{
    TemporaryFolder, carry_over, check_folder_writable, recover_folder, remove_leftovers, resolve,
    write_atomically, write_folder_atomically,
};

/// Writes a model folder, completely or not at all; an earlier model is replaced, anything else is not.
pub(crate) fn write(
    folder: &Path,
    saved: &SavedModel,
    weights: &Weights,
    neighbours: Option<&Neighbours>,
    encoder: Option<&SentenceEncoder>,
) -> Result<()> {
    check_replaceable(folder)?;
    let encoder_goes = folder.canonicalize().is_ok_and(|folder| saved.encoder.folder.starts_with(folder));
    if encoder_goes && encoder.is_none() {
        let message = "the model's encoder lies in the folder that is to be replaced";
        return Err(Error::new(ErrorKind::InvalidArgument, message)
            .at(folder.display().to_string())
            .with_hint("choose another --output, or bundle the encoder with --bundle-encoder"));
    }
    let weights = weights.bytes()?;
    let neighbours = neighbours.map(Neighbours::bytes).transpose()?;
    write_folder_atomically(folder, |new| {
        carry_over(folder, new, &is_own)?;
        let json = serde_json::to_string_pretty(saved).map_err(|e| bad(e.to_string()).caused_by(e))?;
        write_atomically(new.join(METADATA), |out| writeln!(out, "{json}"))?;
        write_atomically(new.join(CLASSIFIER), |out| out.write_all(&weights))?;
        if let Some(neighbours) = &neighbours {
            write_atomically(new.join(NEIGHBOURS), |out| out.write_all(neighbours))?;
        }
        if let Some(encoder) = encoder {
            encoder.files().copy_to(&new.join(BUNDLED_ENCODER), encoder.hash_memory())?;
        }
        Ok(())
    })?;
    remove_leftovers(tuning_state(folder));
    Ok(())
}

/// Removes a state of tuning, which its saved model supersedes.
pub(crate) fn remove_tuning_state(state: &Path) {
    // What remains is found, and said to be damaged, by a run that wants to resume.
    let _ = fs::remove_dir_all(state);
}

/// The folder beside a model's in which tuning keeps its state, for `--resume`.
pub(crate) fn tuning_state(model: &Path) -> PathBuf {
    let mut folder = model.as_os_str().to_owned();
    folder.push(".tuning");
    folder.into()
}

/// Checks that a model may be written to this path: it is free, an empty folder, or a model that can be replaced.
/// Other files in a model's folder (reports, notes) are carried over to the new one.
///
/// Nothing is left behind. A link is followed.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] if something else is there, an I/O error if nothing can be written there.
pub fn check_replaceable(folder: impl AsRef<Path>) -> Result<()> {
    let folder = folder.as_ref();
    let refuse = |message: &str| {
        let error = Error::new(ErrorKind::InvalidArgument, message).at(folder.display().to_string());
        Err(error.with_hint("choose another --output; only an empty folder or an earlier model is replaced"))
    };
    recover_folder(folder)?;
    match fs::read_dir(folder) {
        Ok(entries) => {
            let names = entries.map(|entry| entry.map(|e| e.file_name().to_string_lossy().into_owned()));
            let names = names.collect::<std::io::Result<Vec<String>>>().map_err(|e| Error::io(folder, e))?;
            if !names.is_empty() && !names.iter().any(|name| name == METADATA) {
                return refuse("expected an empty folder or a model, got a folder with other files");
            }
            check_folder_writable(folder)?;
            check_bundled_encoder(folder)?;
            // This rehearses the replacement, so that a file that cannot be carried over is found now.
            let rehearsal = TemporaryFolder::beside(resolve(folder))?;
            carry_over(folder, rehearsal.path(), &is_own)
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => check_folder_writable(folder),
        Err(e) if e.kind() == std::io::ErrorKind::NotADirectory => refuse("expected a folder, got a file"),
        Err(e) => Err(Error::io(folder, e)),
    }
}

/// Returns true if a file is part of a model or an encoder, which a report written over it would destroy.
pub fn is_part_of_a_model(path: impl AsRef<Path>) -> bool {
    let path = path.as_ref();
    let path = resolve(path);
    let has = |folder: &Path, name: &str| folder.join(name).is_file();
    let is_part_of = |folder: &Path| {
        (has(folder, METADATA)
            && [METADATA, CLASSIFIER, NEIGHBOURS].iter().any(|name| folder.join(name) == path))
            || ((has(folder, CONFIG) || has(folder, MODULES))
                // Files of the encoder that are not always read are included.
                && (of_an_encoder().any(|name| folder.join(name) == path)
                    || EncoderFiles::of(folder, &FeatureOptions::default()).contains(&path)))
    };
    // The files of a module are in a subfolder of the encoder.
    path.is_file() && path.ancestors().skip(1).take(2).any(is_part_of)
}

/// Returns true for names in a model's folder that belong to the model and are replaced.
fn is_own(name: &str) -> bool {
    [METADATA, CLASSIFIER, NEIGHBOURS, BUNDLED_ENCODER].contains(&name)
}

/// Checks that the encoder in a model's folder, which is replaced as a whole, is the model's and contains nothing
/// else.
fn check_bundled_encoder(folder: &Path) -> Result<()> {
    let encoder = folder.join(BUNDLED_ENCODER);
    let Ok(entries) = fs::read_dir(&encoder) else {
        return match fs::symlink_metadata(&encoder) {
            Ok(_) => Err(not_of_the_model(&encoder)),
            Err(_) => Ok(()),
        };
    };
    let metadata = read(&folder.join(METADATA), MAX_METADATA_BYTES).ok();
    let json: serde_json::Value =
        metadata.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    if json["encoder"]["bundled"] == true {
        // Files in subfolders, such as `1_Pooling/config.json`, are covered by their folder.
        let mut add = |name: &str| names.push(name.split('/').next().unwrap_or(name).to_string());
        let listed = json["encoder"]["files"].as_array().into_iter().flatten();
        listed.filter_map(|file| file["name"].as_str()).for_each(&mut add);
        let features = serde_json::from_value(json["features"].clone()).unwrap_or_default();
        EncoderFiles::of(&encoder, &features).names().for_each(&mut add);
    }
    for entry in entries {
        let entry = entry.map_err(|e| Error::io(&encoder, e))?;
        if !names.contains(&entry.file_name().to_string_lossy().into_owned()) {
            return Err(not_of_the_model(&entry.path()));
        }
    }
    Ok(())
}

fn not_of_the_model(path: &Path) -> Error {
    let message = "expected only files of the model's encoder here, which is replaced with the model";
    Error::new(ErrorKind::InvalidArgument, message)
        .at(path.display().to_string())
        .with_hint("move it to another folder, or choose another --output")
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Model, message)
}
