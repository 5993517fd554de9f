//! What a saved model tells about its training.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::classifier::{ClassWeight, Scaling};
use crate::dataset::DatasetOptions;
use crate::decision::Platt;
use crate::decision::calibration::Calibration;
use crate::decision::thresholds::Thresholds;
use crate::split::SplitOptions;

/// Information about the training of a saved classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedTraining {
    /// The number of rows of the fit.
    pub n_train: usize,
    /// The number of held-out rows.
    pub n_test: usize,
    /// The seed of the split; 0 with a test file.
    pub seed: u32,
    /// Inverse of the regularisation strength.
    #[serde(rename = "C")]
    pub c: f64,
    /// `none` or `balanced`.
    pub class_weight: ClassWeight,
    /// The scaling of the features before the fit; `coef` and `intercept` are for unscaled features.
    #[serde(default)]
    pub scaling: Scaling,
    /// The number of steps of the fit; for label sets the maximum over labels.
    pub n_iter: usize,
    /// True if the optimum was reached, by every label.
    pub converged: bool,
    /// The way in which the rows were read and divided; `None` for a model that was trained on sentences in memory, or by an earlier
    /// version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<SavedRows>,
    /// True if the encoder learned too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tuned: bool,
    /// The information that depends on the form of the labels.
    #[serde(flatten)]
    pub form: SavedForm,
}

/// The way in which the rows of a training were read and divided, so that the same file gives the same rows again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedRows {
    /// The options for reading the data file, and the form of the test file.
    pub reading: DatasetOptions,
    /// The division of the data file; `None` if the held-out rows came from a separate file.
    pub split: Option<SplitOptions>,
}

/// Information about the training that depends on the form of the labels.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum SavedForm {
    /// One class per sentence.
    Classes(SavedClassForm),
    /// A set of labels per sentence.
    LabelSets(SavedLabelSetForm),
}

/// Information about the training of a classifier of classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedClassForm {
    /// True if the classes kept their shares in the split.
    pub stratified: bool,
    /// The temperature, if the classifier was calibrated with one; it is already applied to `coef` and `intercept`.
    #[serde(default)]
    pub temperature: Option<f64>,
    /// The Platt scaling, if the classifier was calibrated with it; it is already applied to `coef` and `intercept`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platt: Option<Platt>,
    /// The accuracy on the rows of the fit.
    pub train_accuracy: f64,
}

/// Information about the training of a classifier of label sets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedLabelSetForm {
    /// The calibration of the probabilities; it is already applied to `coef` and `intercept`.
    #[serde(default)]
    pub calibration: Calibration,
    /// The rule by which the thresholds were chosen.
    pub thresholds: Thresholds,
}

impl<'de> Deserialize<'de> for SavedForm {
    /// A key that only one of the two has decides, so that an error is about the intended form.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        let form = match json.get("thresholds") {
            Some(_) => serde_json::from_value(json).map(SavedForm::LabelSets),
            None => serde_json::from_value(json).map(SavedForm::Classes),
        };
        form.map_err(D::Error::custom)
    }
}
