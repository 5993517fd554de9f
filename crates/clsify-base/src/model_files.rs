//! The names of the files in a model's folder: one list for saving, loading, uploading and downloading.

use crate::encoder_files::is_below;

/// The content of the folder: labels, encoder, decision rule, scores.
pub const METADATA: &str = "clsify.json";

/// The weights of the classifier.
pub const CLASSIFIER: &str = "classifier.safetensors";

/// The training sentences, if they were kept.
pub const NEIGHBOURS: &str = "neighbours.safetensors";

/// The folder of the encoder, if it was bundled.
pub const BUNDLED_ENCODER: &str = "encoder";

/// Returns true for the path of a file that belongs to a model: below [`BUNDLED_ENCODER`] these are JSON, text and
/// safetensors files, because nothing else is read.
///
/// ```
/// use clsify_base::model_files::is_of_a_model;
/// assert!(is_of_a_model("clsify.json") && is_of_a_model("encoder/1_Pooling/config.json"));
/// assert!(!is_of_a_model("README.md") && !is_of_a_model("encoder/pytorch_model.bin"));
/// assert!(!is_of_a_model("encoder/../../x.json") && !is_of_a_model("encoder"));
/// ```
pub fn is_of_a_model(path: &str) -> bool {
    if [METADATA, CLASSIFIER, NEIGHBOURS].contains(&path) {
        return true;
    }
    let in_encoder = path.strip_prefix(BUNDLED_ENCODER).and_then(|rest| rest.strip_prefix('/'));
    in_encoder.is_some_and(is_below)
        && [".json", ".txt", ".safetensors"].iter().any(|extension| path.ends_with(extension))
}
