//! The folder of a saved classifier: `clsify.json`, `classifier.safetensors` and optionally the encoder.
//!
//! There is no pickle and no code: only JSON, and numbers in a safetensors file. The encoder is recorded with the
//! sha256 of each of its files, and a classifier refuses any encoder other than the one it was trained on.

use std::fs;
use std::path::{Path, PathBuf};

use clsify_base::encoder_files::{CONFIG, MODULES, of_an_encoder};
use serde::{Deserialize, Serialize};

use super::encoder_identity::{EncoderFiles, FileHash};
use super::encoder_report::EncoderReport;
use super::hash_memory::HashMemory;
use super::neighbours::{NEIGHBOURS, Neighbours};
use super::saved_training::{SavedForm, SavedTraining};
use super::saved_weights::{WEIGHTS, Weights};
use super::sentence_encoder::SentenceEncoder;
use crate::checkpoint_folder::{read, refuse_stand_in, text};
use crate::classifier::Link;
use crate::dataset::LabelSeparator;
use crate::decision::Decision;
use crate::encoder::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::Metrics;
use crate::features::FeatureOptions;
use crate::files::{
    TemporaryFolder, carry_over, check_folder_writable, recover_folder, resolve, write_atomically,
    write_folder_atomically,
};
use crate::tokenizer::{is_settings, settings_change_ids};

/// The newest version of the folder's format; older versions can be read too. Version 1 had `pooling`, for the last
/// layer, instead of `features`. Version 3 has a `decision` other than the most probable class, or `multi_label`,
/// which a program that does not know them must not ignore. For the same reason version 4 is used for a `prompt`, for
/// `lowercase`, and for features with `modules`, `truncate_dim` or `n_prompt_tokens`. Version 5 is that of `imported`
/// models, which have no `metrics` and no `training`, and may have another `link`. A model is written in the oldest
/// version, from 2 on, that supports all of it.
pub const FORMAT_VERSION: u32 = 5;

const METADATA: &str = "clsify.json";
const BUNDLED_ENCODER: &str = "encoder";

/// The maximum size of `clsify.json`: a cost matrix may have this many bytes, and everything else is much smaller.
const MAX_METADATA_BYTES: u64 = 1 << 29;

/// The content of `clsify.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedModel {
    /// The version of the folder's format.
    pub format_version: u32,
    /// The version of the program that wrote it.
    pub clsify_version: String,
    /// For a multi-label model, the separator and the thresholds of its labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multi_label: Option<SavedLabels>,
    /// The classes or labels, in the order of the classifier's columns.
    pub classes: Vec<String>,
    /// The features that the classifier takes.
    #[serde(alias = "pooling")]
    pub features: FeatureOptions,
    /// The maximum number of tokens per sentence.
    pub max_length: usize,
    /// The text before every sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prompt: String,
    /// True if sentences are lowercased first, whatever the tokenizer's files say.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lowercase: bool,
    /// The encoder.
    pub encoder: SavedEncoder,
    /// The decision rule.
    #[serde(default, skip_serializing_if = "Decision::is_most_probable")]
    pub decision: Decision,
    /// The function from the logits of three or more classes to their probabilities.
    #[serde(default, skip_serializing_if = "Link::is_softmax")]
    pub link: Link,
    /// The scores on the held-out rows; if the classifier may abstain, those of its best guesses. `None` for an imported
    /// classifier, whose scores are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
    /// Information about the training; `None` for an imported classifier, whose training is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<SavedTraining>,
    /// The origin of an imported classifier; `None` if clsify trained it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<SavedImport>,
}

/// The origin of a classifier that another library trained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedImport {
    /// The library and the version that wrote it, such as `scikit-learn 1.9.1`.
    pub library: String,
    /// The estimator, such as `Pipeline(StandardScaler, LogisticRegression)`.
    pub estimator: String,
    /// The name of the file.
    pub file: String,
    /// The sha256 of the file, in lower-case hexadecimal digits.
    pub sha256: String,
}

/// The separator and the thresholds of a multi-label model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedLabels {
    /// The separator of labels in a cell.
    pub separator: LabelSeparator,
    /// A label is assigned if its probability is above its threshold; in the order of `classes`.
    pub thresholds: Vec<f64>,
    /// `true` or `false` for a label that all or no training rows had, otherwise `null`; in the order of `classes`.
    pub constant: Vec<Option<bool>>,
}

/// The encoder of a saved classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedEncoder {
    /// Its name.
    pub name: String,
    /// Its family.
    pub model_type: String,
    /// The size of the hidden states.
    pub hidden_size: usize,
    /// The data type with which the classifier was trained.
    pub dtype: Dtype,
    /// True if it is in the model's own folder.
    pub bundled: bool,
    /// Its folder when the classifier was trained.
    pub folder: PathBuf,
    /// The sha256 of each file that affects its vectors.
    pub files: Vec<FileHash>,
    /// True if `files` includes the settings of the tokenizer, such as `tokenizer_config.json`. Models that were
    /// saved before this field existed do not include them.
    #[serde(default)]
    pub lists_tokenizer_settings: bool,
}

impl SavedModel {
    /// Reads `clsify.json` of a model folder.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] if it cannot be read, [`ErrorKind::Model`] if it is malformed or of another version.
    pub fn read(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let path = Self::path(folder);
        let place = |e: Error| e.at(path.display().to_string());
        let json = read_metadata(folder)?;
        let saved: SavedModel =
            serde_json::from_value(json).map_err(|e| place(bad(e.to_string()).caused_by(e)))?;
        let least = if saved.multi_label.is_some() { 1 } else { 2 };
        if saved.classes.len() < least || !saved.classes.is_sorted_by(|a, b| a < b) {
            let least = if least == 1 { "one label" } else { "two classes" };
            return Err(place(bad(format!("expected at least {least}, sorted and different"))));
        }
        if saved.features.poolings.is_empty() {
            return Err(place(bad("expected at least one pooling")));
        }
        saved.check_origin().map_err(place)?;
        match &saved.multi_label {
            Some(labels) => labels.check(saved.classes.len()).map_err(place)?,
            None => {
                saved
                    .decision
                    .check(saved.classes.len())
                    .map_err(|e: Error| place(bad(e.to_string()).caused_by(e)))?;
            }
        }
        Ok(saved)
    }

    /// Checks that either the training and its scores or the origin of an import is there, in the form of the labels.
    fn check_origin(&self) -> Result<()> {
        let is_of_sets = self.multi_label.is_some();
        if !self.link.is_softmax() && (is_of_sets || self.classes.len() < 3) {
            return Err(bad("expected a link only for three or more classes"));
        }
        match (&self.metrics, &self.training, &self.imported) {
            (None, None, Some(_)) => Ok(()),
            (Some(metrics), Some(training), None) => {
                let of_sets =
                    [metrics.label_sets().is_some(), matches!(training.form, SavedForm::LabelSets(_))];
                match of_sets == [is_of_sets; 2] {
                    true => Ok(()),
                    false => Err(bad(
                        "expected metrics and training of label sets where there is multi_label, and only there",
                    )),
                }
            }
            (_, _, Some(_)) => Err(bad("expected an imported model without metrics and training")),
            (None, _, None) => Err(bad("missing field `metrics`")),
            (_, None, None) => Err(bad("missing field `training`")),
        }
    }

    /// The information about the training.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] for an imported model.
    pub fn trained(&self) -> Result<&SavedTraining> {
        self.training.as_ref().ok_or_else(|| {
            let message = "expected a model that clsify has trained, got an imported one";
            Error::new(ErrorKind::InvalidArgument, message)
                .with_hint("its training rows are not known: train a model on them with clsify train")
        })
    }

    /// The format version for a model with this rule, or with label sets, and this encoder.
    pub(crate) fn version_for(is_plain: bool, encoder: &SentenceEncoder) -> u32 {
        let of_encoder = encoder_version(encoder);
        if is_plain { of_encoder } else { of_encoder.max(3) }
    }

    /// Creates the metadata of an imported classifier.
    pub(crate) fn of_import(
        encoder: &SentenceEncoder,
        classes: Vec<String>,
        multi_label: Option<SavedLabels>,
        link: Link,
        imported: SavedImport,
    ) -> Self {
        SavedModel {
            format_version: FORMAT_VERSION,
            clsify_version: env!("CARGO_PKG_VERSION").to_string(),
            multi_label,
            classes,
            features: encoder.features().clone(),
            max_length: encoder.tokenizer().max_length(),
            prompt: encoder.tokenizer().prompt().to_string(),
            lowercase: encoder.lowercase(),
            encoder: SavedEncoder::of(&EncoderReport::of(encoder), encoder.folder()),
            decision: Decision::default(),
            link,
            metrics: None,
            training: None,
            imported: Some(imported),
        }
    }

    /// The path of `clsify.json` in a model folder.
    pub(crate) fn path(folder: &Path) -> PathBuf {
        folder.join(METADATA)
    }

    /// The expected folder of the encoder: in the model's folder if it was bundled, otherwise its folder at training.
    pub fn encoder_folder(&self, model_folder: impl AsRef<Path>) -> PathBuf {
        let model_folder = model_folder.as_ref();
        self.encoder.expected_folder(model_folder)
    }

    /// Compares the files of an encoder folder with those that the classifier was trained on.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] with the file that differs; an I/O error if one is missing.
    pub fn check_encoder(&self, folder: impl AsRef<Path>) -> Result<()> {
        let folder = folder.as_ref();
        let files = EncoderFiles::of(folder, &self.features);
        self.encoder.check(folder, &files.hashes(&HashMemory::default())?)
    }
}

impl SavedLabels {
    fn check(&self, n_labels: usize) -> Result<()> {
        let is_share = |threshold: &f64| (0.0..=1.0).contains(threshold);
        if self.thresholds.len() != n_labels || !self.thresholds.iter().all(is_share) {
            return Err(bad(format!("expected {n_labels} thresholds within 0 and 1")));
        }
        if self.constant.len() != n_labels {
            return Err(bad(format!("expected {n_labels} entries of constant, got {}", self.constant.len())));
        }
        Ok(())
    }
}

impl SavedEncoder {
    /// The record of an encoder; its folder and files are added when the model is saved.
    pub(crate) fn of(described: &EncoderReport, folder: &Path) -> Self {
        SavedEncoder {
            name: described.name.clone(),
            model_type: described.model_type.clone(),
            hidden_size: described.hidden_size,
            dtype: described.dtype,
            bundled: false,
            folder: folder.to_path_buf(),
            files: Vec::new(),
            lists_tokenizer_settings: true,
        }
    }

    /// Updates the record with the files that were loaded and their folder: a loaded model may have been moved with
    /// its encoder, or been given another copy.
    pub(crate) fn loaded(&self, encoder: &SentenceEncoder, bundled: bool) -> Result<Self> {
        let files = encoder.files().hashes(encoder.hash_memory())?;
        let folder = encoder.files().folder().to_path_buf();
        Ok(SavedEncoder { files, bundled, folder, lists_tokenizer_settings: true, ..self.clone() })
    }

    /// The expected folder: in the model's folder if it was bundled, otherwise its folder at training.
    pub(crate) fn expected_folder(&self, model_folder: &Path) -> PathBuf {
        if self.bundled { model_folder.join(BUNDLED_ENCODER) } else { self.folder.clone() }
    }

    /// Compares the files of an encoder folder with those that the classifier was trained on.
    pub(crate) fn check(&self, folder: &Path, found: &[FileHash]) -> Result<()> {
        for expected in &self.files {
            let Some(found) = found.iter().find(|f| f.name == expected.name) else {
                let path = folder.join(&expected.name);
                return Err(bad("the classifier was trained with this file, which is no longer there")
                    .at(path.display().to_string()));
            };
            if found.sha256 != expected.sha256 {
                refuse_stand_in(&folder.join(&expected.name))?;
                let message =
                    format!("expected sha256 {}, got {}", short(&expected.sha256), short(&found.sha256));
                return Err(bad(message)
                    .at(folder.join(&expected.name).display().to_string())
                    .with_hint("the encoder has changed since the classifier was trained: train again, or restore the file"));
            }
        }
        let is_listed = |name: &str| {
            self.files.iter().any(|file| file.name == name)
                || (!self.lists_tokenizer_settings && is_settings(name))
        };
        if let Some(extra) = found.iter().find(|file| !is_listed(&file.name)) {
            let path = folder.join(&extra.name);
            return Err(bad("the classifier was trained without this file").at(path.display().to_string()));
        }
        if !self.lists_tokenizer_settings && settings_change_ids(folder)? {
            let message =
                "the classifier was trained when these settings were not read, and they change token ids";
            return Err(bad(message)
                .at(folder.join("tokenizer_config.json").display().to_string())
                .with_hint("train again"));
        }
        Ok(())
    }
}

/// The format version for a model with this encoder.
fn encoder_version(encoder: &SentenceEncoder) -> u32 {
    let features = encoder.features();
    let is_plain = features.modules.is_empty()
        && features.truncate_dim.is_none()
        && features.n_prompt_tokens == 0
        && encoder.tokenizer().prompt().is_empty()
        && !encoder.lowercase();
    if is_plain { 2 } else { 4 }
}

/// Reads `clsify.json` of a model folder, in any supported version.
fn read_metadata(folder: &Path) -> Result<serde_json::Value> {
    recover_folder(folder)?;
    let path = folder.join(METADATA);
    let place = |e: Error| e.at(path.display().to_string());
    let text = read(&path, MAX_METADATA_BYTES).and_then(|bytes| text(&path, bytes)).map_err(|e| {
        let e = not_a_model(folder).unwrap_or(e);
        match e.hint() {
            Some(_) => e,
            None => e.with_hint("give a folder that `clsify train --output` has written"),
        }
    })?;
    let json: serde_json::Value =
        serde_json::from_str(&text).map_err(|e| place(bad(format!("not valid JSON: {e}")).caused_by(e)))?;
    let version = json.get("format_version").and_then(serde_json::Value::as_u64);
    if !version.is_some_and(|version| (1..=u64::from(FORMAT_VERSION)).contains(&version)) {
        let got = version.map_or("none".to_string(), |v| v.to_string());
        return Err(place(bad(format!("expected format_version 1 to {FORMAT_VERSION}, got {got}")))
            .with_hint("train it again with this version, or use the version that wrote it"));
    }
    Ok(json)
}

/// The error for a path that is no model folder; `None` if it seems to be one, or a link leads nowhere.
fn not_a_model(folder: &Path) -> Option<Error> {
    let is_missing = |path: &Path| {
        fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    };
    let got = match fs::metadata(folder) {
        Ok(found) if !found.is_dir() => "a file",
        Ok(_) if is_missing(&folder.join(METADATA)) => "one without clsify.json",
        Err(_) if is_missing(folder) => "a path that does not exist",
        _ => return None,
    };
    let message = format!("expected a model folder, got {got}");
    Some(Error::new(ErrorKind::Io, message).at(folder.display().to_string()))
}

fn short(sha256: &str) -> String {
    format!("{}...", sha256.chars().take(12).collect::<String>())
}

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
        write_atomically(new.join(WEIGHTS), |out| out.write_all(&weights))?;
        if let Some(neighbours) = &neighbours {
            write_atomically(new.join(NEIGHBOURS), |out| out.write_all(neighbours))?;
        }
        if let Some(encoder) = encoder {
            encoder.files().copy_to(&new.join(BUNDLED_ENCODER), encoder.hash_memory())?;
        }
        Ok(())
    })
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
            && [METADATA, WEIGHTS, NEIGHBOURS].iter().any(|name| folder.join(name) == path))
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
    [METADATA, WEIGHTS, NEIGHBOURS, BUNDLED_ENCODER].contains(&name)
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
