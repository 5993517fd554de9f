//! `clsify.json` of a multi-label model: that of [`SavedModel`](crate::pipeline::SavedModel) with `multi_label` beside the
//! classes.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::thresholds::Thresholds;
use crate::classifier::{ClassWeight, Scaling};
use crate::dataset::LabelSeparator;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::MultiLabelEvaluation;
use crate::features::FeatureOptions;
use crate::pipeline::saved_model::read_metadata;
use crate::pipeline::{Calibration, SavedEncoder, SavedModel};

/// What `clsify.json` of a multi-label model holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedMultiLabelModel {
    /// The version of the folder's form.
    pub format_version: u32,
    /// The program that wrote it.
    pub clsify_version: String,
    /// What says that it is a multi-label model.
    pub multi_label: SavedLabels,
    /// The labels, in the order of the classifier's columns.
    pub classes: Vec<String>,
    /// Which features the classifier takes.
    pub features: FeatureOptions,
    /// The longest sentence in tokens.
    pub max_length: usize,
    /// The text before every sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prompt: String,
    /// Whether sentences are lowercased first, whatever the tokenizer's files say.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lowercase: bool,
    /// The encoder.
    pub encoder: SavedEncoder,
    /// On the held-out rows.
    pub metrics: MultiLabelEvaluation,
    /// How it was trained.
    pub training: SavedMultiLabelTraining,
}

/// What turns probabilities into labels, and labels into a cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedLabels {
    /// What stands between labels in a cell.
    pub separator: LabelSeparator,
    /// A label is given where its probability is above its threshold; in the order of `classes`.
    pub thresholds: Vec<f64>,
    /// `true` or `false` for a label that all or no training rows had, else `null`; in the order of `classes`.
    pub constant: Vec<Option<bool>>,
}

/// How a saved multi-label classifier was trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedMultiLabelTraining {
    /// Rows of the fit.
    pub n_train: usize,
    /// Held-out rows.
    pub n_test: usize,
    /// The seed of the split.
    pub seed: u32,
    /// Inverse of the regularisation's strength.
    #[serde(rename = "C")]
    pub c: f64,
    /// `none` or `balanced`.
    pub class_weight: ClassWeight,
    /// What was done to the features before the fit; `coef` and `intercept` are for features as they are.
    pub scaling: Scaling,
    /// What was done to probabilities after the fit; it is in `coef` and `intercept` already.
    #[serde(default)]
    pub calibration: Calibration,
    /// How the thresholds were chosen.
    pub thresholds: Thresholds,
    /// The most steps that a label took.
    pub n_iter: usize,
    /// Whether every label reached its optimum.
    pub converged: bool,
}

impl SavedMultiLabelModel {
    /// Whether a model folder holds a multi-label model.
    ///
    /// # Errors
    /// As for [`SavedModel::read`], as far as it is about the file and its version.
    pub fn is_at(folder: &Path) -> Result<bool> {
        Ok(read_metadata(folder)?.get("multi_label").is_some())
    }

    /// Reads `clsify.json` of a model folder.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be read, [`ErrorKind::Model`] when it is malformed, of another version, or of a
    /// model with one label a sentence.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = SavedModel::path(folder);
        let bad = |message: String| Error::new(ErrorKind::Model, message).at(path.display().to_string());
        let json = read_metadata(folder)?;
        if json.get("multi_label").is_none() {
            let message = "expected a multi-label model, got one of one label a sentence";
            return Err(bad(message.to_string()).with_hint("train it with --multi-label"));
        }
        let saved: Self = serde_json::from_value(json).map_err(|e| bad(e.to_string()))?;
        if saved.classes.is_empty() || !saved.classes.is_sorted_by(|a, b| a < b) {
            return Err(bad("expected at least one label, sorted and different".to_string()));
        }
        let (n, labels) = (saved.classes.len(), &saved.multi_label);
        if labels.thresholds.len() != n || !labels.thresholds.iter().all(|t| (0.0..=1.0).contains(t)) {
            return Err(bad(format!("expected {n} thresholds within 0 and 1")));
        }
        if labels.constant.len() != n {
            let got = labels.constant.len();
            return Err(bad(format!("expected {n} entries of constant, got {got}")));
        }
        if saved.features.poolings.is_empty() {
            return Err(bad("expected at least one pooling".to_string()));
        }
        Ok(saved)
    }

    /// Where the encoder should be: in the model's folder if it was bundled, else where it lay at training.
    pub fn encoder_folder(&self, model_folder: &Path) -> PathBuf {
        self.encoder.expected_folder(model_folder)
    }
}
