//! Trains, evaluates and saves text classifiers from labelled sentences, on top of a frozen BERT-family encoder.
//!
//! The modules are listed in the order of the data flow, and each uses only those above it. All of them use
//! [`targets`]: one class per sentence, or a set of labels.
//!
//! 1. [`dataset`]: labelled sentences from TSV, CSV or JSONL
//! 2. [`tokenizer`]: `[CLS] a visually stunning rum ##ination on love [SEP]` -> `input_ids`
//! 3. [`encoder`]: `input_ids` -> `hidden_states`, by DistilBERT, BERT, MPNet, RoBERTa, XLM-RoBERTa, CamemBERT,
//!    ELECTRA or ERNIE, frozen
//! 4. [`features`]: `hidden_states` -> one vector per sentence: the `[CLS]` row, the mean or the maximum
//! 5. [`split`]: training and test rows, the same that scikit-learn draws
//! 6. [`classifier`]: L2 logistic regression, the only part that is trained
//! 7. [`evaluation`]: accuracy with its confidence interval, confusion matrix, cross-validation, grid search
//! 8. [`decision`]: from probabilities to answers: calibration, thresholds, costs, abstention
//! 9. [`model`]: encoder and classifier together: load, predict, evaluate, save
//! 10. [`explanation`]: the words and features that carried a label
//! 11. [`training`]: a complete training run, including the choice of features
//! 12. [`studies`]: doctor, comparison, learning curve, speed, a walk through a classifier
//!
//! # Example
//!
//! ```no_run
//! use clsify::dataset::{Dataset, DatasetOptions};
//! use clsify::model::{SentenceClassifier, SentenceEncoderOptions};
//! use clsify::training::{FeatureChoice, TrainOptions, train_selected};
//!
//! let dataset = Dataset::load("reviews.tsv", &DatasetOptions::default())?;
//! let (encoder, options) = (SentenceEncoderOptions::default(), TrainOptions::default());
//! let trained = train_selected("all-MiniLM-L6-v2", encoder, &dataset, options, FeatureChoice::default())?;
//! println!("accuracy on held-out rows: {:.3}", trained.report.test_accuracy());
//! trained.classifier.save("model")?;
//!
//! let classifier = SentenceClassifier::load("model")?;
//! let predictions = classifier.predict(&["a visually stunning rumination on love"])?;
//! println!("{}", classifier.labels(&predictions[0]).join(", "));
//! # Ok::<(), clsify::error::Error>(())
//! ```
#![forbid(unsafe_code)]

pub use clsify_base::{error, files};

pub mod matrix;
pub mod targets;
pub mod observer;
mod checkpoint_folder;
pub mod dataset;
pub mod tokenizer;
pub mod encoder;
pub mod features;
pub mod split;
pub mod classifier;
pub mod evaluation;
mod notes;
pub mod decision;
pub mod model;
pub mod explanation;
pub mod tuning;
pub mod training;
pub mod studies;
