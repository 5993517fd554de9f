//! What a model folder says about its classifier: `clsify.json`.

use std::fs;
use std::path::{Path, PathBuf};

use clsify_base::model_files::METADATA;
use serde::{Deserialize, Serialize};

use super::encoder_identity::EncoderFiles;
use super::encoder_report::EncoderReport;
use super::hash_memory::HashMemory;
use super::saved_encoder::SavedEncoder;
use super::saved_training::{SavedForm, SavedTraining};
use super::sentence_encoder::SentenceEncoder;
use crate::checkpoint_folder::{read, text};
use crate::classifier::Link;
use crate::dataset::LabelSeparator;
use crate::decision::Decision;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::Metrics;
use crate::features::FeatureOptions;
use crate::files::recover_folder;

/// The newest version of the folder's format; older versions can be read too. Version 1 had `pooling`, for the last
/// layer, instead of `features`. Version 3 has a `decision` other than the most probable class, or `multi_label`,
/// which a program that does not know them must not ignore. For the same reason version 4 is used for a `prompt`, for
/// `lowercase`, and for features with `modules`, `truncate_dim` or `n_prompt_tokens`. Version 5 is that of models
/// without `metrics`, because no rows were held out, and of `imported` models, which also have no `training` and may
/// have another `link`. A model is written in the oldest version, from 2 on, that supports all of it.
pub const FORMAT_VERSION: u32 = 5;

/// The maximum size of `clsify.json`: a cost matrix may have this many bytes, and everything else is much smaller.
pub(super) const MAX_METADATA_BYTES: u64 = 1 << 29;

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
    /// The scores on the held-out rows; if the classifier may abstain, those of its best guesses. `None` if there were none,
    /// and for an imported classifier, whose scores are not known.
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
            (metrics, Some(training), None) => {
                if metrics.is_none() && training.n_test > 0 {
                    return Err(bad("missing field `metrics`"));
                }
                let training_is_of_sets = matches!(training.form, SavedForm::LabelSets(_));
                let metrics_are = metrics.as_ref().map(|metrics| metrics.label_sets().is_some());
                match training_is_of_sets == is_of_sets && metrics_are.is_none_or(|are| are == is_of_sets) {
                    true => Ok(()),
                    false => Err(bad(
                        "expected metrics and training of label sets where there is multi_label, and only there",
                    )),
                }
            }
            (_, _, Some(_)) => Err(bad("expected an imported model without metrics and training")),
            (None, None, None) => Err(bad("missing field `metrics`")),
            (Some(_), None, None) => Err(bad("missing field `training`")),
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

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Model, message)
}
