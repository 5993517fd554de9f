//! 9. An encoder with its classifier: load, predict, evaluate and save.
//!
//! [`SentenceEncoder`] combines a tokenizer, an encoder and the choice of features; [`SentenceClassifier`] adds a
//! classifier.

pub(crate) mod encode;
pub(crate) mod encoder_identity;
pub(crate) mod encoder_options;
pub(crate) mod encoder_report;
pub(crate) mod evaluate;
pub(crate) mod hash_memory;
pub(crate) mod import;
pub(crate) mod label_ids;
pub(crate) mod misclassified;
pub(crate) mod model_folder;
pub(crate) mod neighbours;
pub(crate) mod published;
pub(crate) mod saved_encoder;
pub(crate) mod saved_model;
pub(crate) mod saved_training;
pub(crate) mod saved_weights;
pub(crate) mod seen_sentences;
pub(crate) mod sentence_classifier;
pub(crate) mod sentence_encoder;
pub(crate) mod stream;
pub(crate) mod trace;

pub use self::encode::Encoded;
pub use self::encoder_identity::FileHash;
pub use self::encoder_options::{Features, SentenceEncoderOptions};
pub use self::encoder_report::{EncoderReport, FeaturesReport};
pub use self::evaluate::{EvaluatedDecision, EvaluationForm, EvaluationReport};
pub use self::import::ImportedClassifier;
pub use self::misclassified::Misclassified;
pub use self::model_folder::{check_replaceable, is_part_of_a_model};
pub use self::neighbours::Neighbour;
pub use self::published::{PublishedContent, PublishedFile, PublishedModel};
pub use self::saved_encoder::SavedEncoder;
pub use self::saved_model::{FORMAT_VERSION, SavedImport, SavedLabels, SavedModel};
pub use self::saved_training::{SavedClassForm, SavedForm, SavedLabelSetForm, SavedRows, SavedTraining};
pub use self::sentence_classifier::{LoadOptions, Prediction, SaveOptions, SentenceClassifier};
pub use self::sentence_encoder::SentenceEncoder;
pub use self::stream::{Fault, Group, SentenceGroup, Streamed};
pub use self::trace::{Trace, TracedToken};
