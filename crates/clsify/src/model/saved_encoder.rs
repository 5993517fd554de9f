//! What a model folder says about its encoder, which must not change.
//!
//! The encoder is recorded with the sha256 of each of its files, and a classifier refuses any encoder other than the one it
//! was trained on.

use std::path::{Path, PathBuf};

use clsify_base::model_files::BUNDLED_ENCODER;
use serde::{Deserialize, Serialize};

use super::encoder_identity::FileHash;
use super::encoder_report::EncoderReport;
use super::sentence_encoder::SentenceEncoder;
use crate::checkpoint_folder::refuse_stand_in;
use crate::encoder::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::tokenizer::{is_settings, settings_change_ids};

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
    /// Its folder when the classifier was trained; empty in a [published](super::PublishedModel) model, whose encoder is
    /// found by its name.
    pub folder: PathBuf,
    /// The sha256 of each file that affects its vectors.
    pub files: Vec<FileHash>,
    /// True if `files` includes the settings of the tokenizer, such as `tokenizer_config.json`. Models that were
    /// saved before this field existed do not include them.
    #[serde(default)]
    pub lists_tokenizer_settings: bool,
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

fn short(sha256: &str) -> String {
    format!("{}...", sha256.chars().take(12).collect::<String>())
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Model, message)
}
