//! A classifier that another library trained, put on an encoder.

use super::saved_model::{SavedImport, SavedLabels, SavedModel};
use super::sentence_classifier::SentenceClassifier;
use super::sentence_encoder::SentenceEncoder;
use crate::classifier::LinearClassifier;
use crate::dataset::LabelSeparator;
use crate::error::{Error, ErrorKind, Result};

/// A linear classifier of another library.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedClassifier {
    /// The weights: for two classes one row, otherwise one per class or label.
    pub classifier: LinearClassifier,
    /// The classes or labels of the rows of weights, sorted and different.
    pub classes: Vec<String>,
    /// True if it takes features divided by their Euclidean length.
    pub normalize: bool,
    /// For label sets, the separator of labels in a cell of a data file and of an answer.
    pub separator: LabelSeparator,
    /// The library and the file that it comes from.
    pub origin: SavedImport,
}

impl SentenceClassifier {
    /// Puts an imported classifier on the encoder whose features it was trained on. It has no scores, because these are
    /// not known: [`evaluate`](Self::evaluate) measures them. A label of a set is assigned above a probability of 0.5.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if the classifier takes another number of features than the encoder gives, or if
    /// its classes are not sorted and different; as for [`SentenceEncoder::normalized`].
    pub fn import(encoder: SentenceEncoder, imported: ImportedClassifier) -> Result<Self> {
        let ImportedClassifier { classifier, classes, normalize, separator, origin } = imported;
        let encoder = if normalize { encoder.normalized()? } else { encoder };
        let n_features = classifier.coef().len() / classifier.intercept().len();
        if n_features != encoder.n_features() {
            let message = format!(
                "expected a classifier of {} features, as the encoder {} gives, got one of {n_features}",
                encoder.n_features(),
                encoder.name()
            );
            return Err(bad(message).with_hint(
                "give the encoder that the classifier was trained on, and its layers and pooling",
            ));
        }
        let n_classes = match &classifier {
            LinearClassifier::Classes(fitted) => fitted.classes().len(),
            LinearClassifier::LabelSets(fitted) => fitted.n_labels(),
        };
        if classes.len() != n_classes || !classes.is_sorted_by(|a, b| a < b) {
            return Err(bad(format!("expected {n_classes} classes, sorted and different, got {classes:?}")));
        }
        let multi_label = classifier.constant().map(|constant| SavedLabels {
            separator,
            thresholds: vec![0.5; constant.len()],
            constant: constant.to_vec(),
        });
        let link = classifier.link().filter(|_| n_classes > 2).unwrap_or_default();
        let saved = SavedModel::of_import(&encoder, classes, multi_label, link, origin);
        Self::of(encoder, &classifier, saved, None, None)
    }
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("import")
}
