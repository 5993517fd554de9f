//! The whole of it: sentences in, labels with probabilities out; saved to a folder and loaded from it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::calibration;
use super::cautions::{check_some_known, note_below_baseline, note_seen, quoted};
use super::decision::{self, DecisionEffect, Scored};
use super::encoder_identity::EncoderFiles;
use super::hash_memory::HashMemory;
use super::label_notes::note_known_otherwise;
use super::misclassified::{Misclassified, most_confident_first};
use super::observer::Observer;
use super::saved_model::{self, SavedEncoder, SavedModel, SavedTraining, SavedWeights, Weights};
use super::seen_sentences::SeenSentences;
use super::sentence_encoder::{SentenceEncoder, SentenceEncoderOptions};
use super::training_report::{EncoderReport, FeaturesReport, TrainingReport};
use crate::classifier::{Answer, ClassWeight, Decision, LogisticRegression};
use crate::dataset::{Dataset, DatasetSummary};
use crate::encoder::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{Evaluation, ProbabilityScores, weighted_accuracy};
use crate::features::FeatureCache;
use crate::features::FeatureOptions;
use crate::files::read_folder;
use crate::matrix::Matrix;

/// A trained classifier of sentences.
#[derive(Debug, Clone)]
pub struct SentenceClassifier {
    encoder: SentenceEncoder,
    classifier: LogisticRegression,
    saved: SavedModel,
    /// Of the training rows; `None` for a model of a version that did not save them.
    seen: Option<SeenSentences>,
}

/// How a saved classifier is loaded; the default is as it was trained, with nothing that earlier runs have left.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// The arithmetic of the encoder; `None`: that of the training. With another the classifier gets other features than
    /// it was fitted on, and the observer is told.
    pub dtype: Option<Dtype>,
    /// Features of earlier runs; with a cache the encoder's weights are loaded when a sentence is not in it.
    pub cache: Option<FeatureCache>,
    /// A folder with the sha256 of files; see [`SentenceEncoderOptions::hash_folder`].
    pub hash_folder: Option<PathBuf>,
}

/// The answer for one sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The class by the classifier's [`decision`](SentenceClassifier::decision); the best guess where it abstains.
    pub class_id: usize,
    /// Whether the class is too uncertain to be an answer: a program says [`ABSTAINED`](crate::pipeline::ABSTAINED).
    pub abstained: bool,
    /// The probability of each class, in the order of [`SentenceClassifier::classes`].
    pub probabilities: Vec<f64>,
}

/// How a classifier does on labelled sentences.
#[derive(Debug, Clone, Serialize)]
pub struct EvaluationReport {
    /// The labelled sentences.
    pub dataset: DatasetSummary,
    /// The encoder and what was taken from it.
    pub encoder: EncoderReport,
    /// The features of the sentences.
    pub features: FeaturesReport,
    /// Rows whose sentence is that of a training row, but for case and spaces; `None` for a model that does not know its
    /// training rows, as it was saved by an earlier version.
    pub n_seen: Option<usize>,
    /// The scores; where the classifier may abstain, of its best guesses.
    pub test: Evaluation,
    /// The accuracy with each row counted by its weight, where rows have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_weighted_accuracy: Option<f64>,
    /// How far its probabilities can be trusted; rows count by their weights, if they have any.
    pub probabilities: ProbabilityScores,
    /// What its rule of decision does, if that is not the most probable class.
    pub decision: Option<EvaluatedDecision>,
}

/// What a saved rule does on labelled sentences.
#[derive(Debug, Clone, Serialize)]
pub struct EvaluatedDecision {
    /// The rule.
    pub rule: Decision,
    /// Without it and with it.
    #[serde(flatten)]
    pub effect: DecisionEffect,
}

impl SentenceClassifier {
    pub(super) fn new(
        encoder: SentenceEncoder,
        classifier: LogisticRegression,
        classes: Vec<String>,
        seen: SeenSentences,
        report: &TrainingReport,
    ) -> Result<Self> {
        let described = &report.encoder;
        let decision = report.decision.as_ref().map(|decided| decided.rule.clone()).unwrap_or_default();
        let saved = SavedModel {
            format_version: SavedModel::version_for(&decision, &encoder),
            clsify_version: env!("CARGO_PKG_VERSION").to_string(),
            classes,
            features: encoder.features().clone(),
            max_length: described.max_length,
            prompt: encoder.tokenizer().prompt().to_string(),
            lowercase: encoder.lowercase(),
            encoder: SavedEncoder::of(described, encoder.folder()),
            decision,
            metrics: report.test.clone(),
            training: SavedTraining {
                n_train: report.split.n_train,
                n_test: report.split.n_test,
                seed: report.split.seed,
                stratified: report.split.stratified,
                c: report.classifier.c,
                class_weight: report.classifier.class_weight,
                scaling: report.classifier.scaling,
                temperature: report.calibration.as_ref().and_then(|calibration| calibration.temperature),
                platt: report.calibration.as_ref().and_then(|calibration| calibration.platt),
                n_iter: report.classifier.n_iter,
                converged: report.classifier.converged,
                train_accuracy: report.train.accuracy,
            },
        };
        // Columns of the classifier are numbered from 0 from here on.
        let classifier = LogisticRegression::from_parts(
            classifier.coef().to_vec(),
            classifier.intercept().to_vec(),
            saved.classes.len(),
        )?;
        Ok(SentenceClassifier { encoder, classifier, saved, seen: Some(seen) })
    }

    /// Writes the model's folder: `clsify.json`, `classifier.safetensors`, and with `bundle_encoder` a copy of the encoder.
    /// It appears whole or not at all, and replaces an earlier model. It belongs to the encoder's files as they were loaded.
    ///
    /// # Errors
    /// [`ErrorKind::Checkpoint`] when files of the encoder that are to be copied have changed since they were loaded;
    /// I/O errors with the path; [`ErrorKind::InvalidArgument`] when something else than a model stands there, or when the
    /// model that stands there bundles the very encoder that is not to be bundled.
    pub fn save(&self, folder: &Path, bundle_encoder: bool) -> Result<()> {
        let mut saved = self.saved.clone();
        saved.encoder = saved.encoder.loaded(&self.encoder, bundle_encoder)?;
        let bundled = bundle_encoder.then_some(&self.encoder);
        let weights = Weights {
            coef: self.classifier.coef(),
            intercept: self.classifier.intercept(),
            seen: self.seen.as_ref(),
        };
        saved_model::write(folder, &saved, &saved.encoder, &weights, bundled)
    }

    /// Loads a model folder, with the encoder that was bundled with it or lies where it lay at training.
    ///
    /// # Errors
    /// As for [`load_with_encoder`](Self::load_with_encoder).
    ///
    /// ```no_run
    /// let classifier = clsify::pipeline::SentenceClassifier::load("model".as_ref(), &())?;
    /// let predictions = classifier.predict(&["a visually stunning rumination on love"], &())?;
    /// println!("{}", classifier.classes()[predictions[0].class_id]);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn load(folder: &Path, observer: &dyn Observer) -> Result<Self> {
        let encoder = read_folder(folder, || SavedModel::read(folder))?.encoder_folder(folder);
        Self::load_with_encoder(folder, &encoder, observer)
    }

    /// Loads a model folder with an encoder that lies elsewhere now.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] when the folder is malformed or the encoder is not the one of the training; I/O errors and those
    /// of the encoder's files.
    pub fn load_with_encoder(folder: &Path, encoder: &Path, observer: &dyn Observer) -> Result<Self> {
        Self::load_with(folder, encoder, LoadOptions::default(), observer)
    }

    /// Like [`load_with_encoder`](Self::load_with_encoder), with options.
    ///
    /// # Errors
    /// As for [`load_with_encoder`](Self::load_with_encoder).
    pub fn load_with(
        folder: &Path,
        encoder: &Path,
        options: LoadOptions,
        observer: &dyn Observer,
    ) -> Result<Self> {
        read_folder(folder, || Self::read(folder, encoder, options.clone(), observer))
    }

    fn read(folder: &Path, encoder: &Path, options: LoadOptions, observer: &dyn Observer) -> Result<Self> {
        let saved = SavedModel::read(folder)?;
        let encoding = SentenceEncoderOptions {
            max_length: Some(saved.max_length),
            prompt: Some(saved.prompt.clone()),
            lowercase: saved.lowercase,
            ..SentenceEncoderOptions::default()
        };
        let encoder =
            load_encoder(folder, encoder, (&saved.encoder, &saved.features), encoding, options, observer)?;
        let of_model = |e: Error| Error::new(ErrorKind::Model, e.to_string());
        let SavedWeights { coef, intercept, seen } =
            saved_model::read_weights(folder, saved.classes.len(), encoder.n_features())?;
        let classifier = LogisticRegression::from_parts(coef, intercept, saved.classes.len())
            .map_err(|e| of_model(e).at(folder.display().to_string()))?;
        Ok(SentenceClassifier { encoder, classifier, saved, seen })
    }

    /// The labels, sorted.
    pub fn classes(&self) -> &[String] {
        &self.saved.classes
    }

    /// The encoder.
    pub fn encoder(&self) -> &SentenceEncoder {
        &self.encoder
    }

    /// The logistic regression; its class ids count [`classes`](Self::classes).
    pub fn classifier(&self) -> &LogisticRegression {
        &self.classifier
    }

    /// How probabilities become answers.
    pub fn decision(&self) -> &Decision {
        &self.saved.decision
    }

    /// What is saved of the training.
    pub fn metadata(&self) -> &SavedModel {
        &self.saved
    }

    /// The class and the probabilities of every sentence, in order.
    ///
    /// # Errors
    /// As for [`SentenceEncoder::encode`].
    pub fn predict<S: AsRef<str> + Sync>(
        &self,
        sentences: &[S],
        observer: &dyn Observer,
    ) -> Result<Vec<Prediction>> {
        Ok(self.predict_features(&self.encoder.encode(sentences, observer)?.features))
    }

    /// The class and the probabilities of every row of features `[n_sentences, n_features]`, as its
    /// [`encoder`](Self::encoder) makes them.
    ///
    /// # Panics
    /// When the rows have another length.
    pub fn predict_features(&self, features: &Matrix) -> Vec<Prediction> {
        let probabilities = self.classifier.predict_proba(features);
        let prediction = |row: &[f64]| {
            let Answer { class_id, abstained } = self.decision().decide(row);
            Prediction { class_id, abstained, probabilities: row.to_vec() }
        };
        probabilities.chunks_exact(self.classes().len()).map(prediction).collect()
    }

    /// Whether the classifier knows any label of the data. Without one every row counts as wrong, which is seldom meant:
    /// the labels are probably spelled in two ways.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] with the labels of both, when it knows none.
    pub fn check_labels(&self, dataset: &Dataset) -> Result<()> {
        check_some_known(&dataset.classes(), self.classes(), "the model")
    }

    /// Scores the classifier on labelled sentences; a label that it does not know counts as wrong. The observer is told of
    /// such labels, of rows that the classifier was trained on, and of an accuracy below that of a constant answer.
    ///
    /// # Errors
    /// As for [`SentenceEncoder::encode`].
    pub fn evaluate(&self, dataset: &Dataset, observer: &dyn Observer) -> Result<EvaluationReport> {
        Ok(self.evaluate_with_errors(dataset, observer)?.0)
    }

    /// The same, and the rows that the classifier gets wrong, the most confident errors first. A row whose label it does not know is
    /// one of them.
    ///
    /// # Errors
    /// As for [`evaluate`](Self::evaluate).
    pub fn evaluate_with_errors(
        &self,
        dataset: &Dataset,
        observer: &dyn Observer,
    ) -> Result<(EvaluationReport, Vec<Misclassified>)> {
        let (report, predicted, probabilities) = self.evaluate_rows(dataset, observer)?;
        let unknown = self.unknown_labels(dataset);
        if !unknown.is_empty() {
            let unknown = super::list(&unknown.iter().map(String::as_str).collect::<Vec<_>>());
            observer
                .note(&format!("the classifier does not know the label {unknown}: such rows count as wrong"));
        }
        note_known_otherwise(observer, &self.unknown_labels(dataset), self.classes());
        note_seen(observer, (report.n_seen.unwrap_or(0), dataset.len()), "the training rows of the model");
        let trades_accuracy = self.saved.training.class_weight != ClassWeight::None;
        if let Some((label, share)) = most_frequent(&report.test).filter(|_| !trades_accuracy)
            && self.decision().is_most_probable()
        {
            let constant = format!("always answering {}, the most frequent label here", quoted(label));
            note_below_baseline(observer, "accuracy", report.test.accuracy, (&constant, share));
        }
        let rows =
            dataset.labels().iter().zip(predicted).zip(probabilities.chunks_exact(self.classes().len()));
        let errors = rows.enumerate().filter_map(|(row, ((label, class_id), probabilities))| {
            let predicted = &self.classes()[class_id];
            (predicted != label).then(|| Misclassified {
                row,
                predicted: vec![predicted.clone()],
                abstained: self.decision().decide(probabilities).abstained,
                confidence: probabilities[class_id],
                probabilities: probabilities.to_vec(),
            })
        });
        Ok((report, most_confident_first(errors.collect())))
    }

    /// The scores, the class that is predicted for each row, and the probabilities of all classes.
    pub(super) fn evaluate_rows(
        &self,
        dataset: &Dataset,
        observer: &dyn Observer,
    ) -> Result<(EvaluationReport, Vec<usize>, Vec<f64>)> {
        let mut labels = dataset.classes();
        labels.extend_from_slice(self.classes());
        labels.sort();
        labels.dedup();
        let y_true = super::train::class_ids(dataset, &labels);
        let encoded = self.encoder.encode_lines(dataset.sentences(), dataset.lines(), observer)?;
        let own_ids: Vec<usize> =
            self.classes().iter().map(|label| labels.binary_search(label).unwrap_or(usize::MAX)).collect();
        let probabilities = self.classifier.predict_proba(&encoded.features);
        let predicted = decision::class_ids(self.decision(), &self.classifier, &encoded.features);
        let y_pred: Vec<usize> = predicted.iter().map(|&id| own_ids[id]).collect();
        let rows = Scored { probabilities: &probabilities, y_true: &y_true, weights: dataset.weights() };
        let decision = match self.decision() {
            rule if rule.is_most_probable() => None,
            rule => Some(EvaluatedDecision {
                rule: rule.clone(),
                effect: decision::effect(rule, rows, &own_ids, &labels)?,
            }),
        };
        let report = EvaluationReport {
            dataset: dataset.summary(),
            encoder: EncoderReport::of(&self.encoder),
            features: FeaturesReport { shape: encoded.features.shape(), counts: encoded.counts },
            n_seen: self.seen.as_ref().map(|seen| seen.count(dataset.sentences())),
            test: Evaluation::from_predictions(&y_true, &y_pred, &labels)?,
            test_weighted_accuracy: dataset.weights().and_then(|w| weighted_accuracy(&y_true, &y_pred, w)),
            probabilities: calibration::scores(
                &probabilities,
                &own_ids,
                (&y_true, dataset.weights()),
                labels.len(),
            )?,
            decision,
        };
        Ok((report, predicted, probabilities))
    }

    /// The labels of the data that are no class of this classifier, sorted.
    pub(super) fn unknown_labels(&self, dataset: &Dataset) -> Vec<String> {
        let mut labels = dataset.classes();
        labels.retain(|label| !self.classes().contains(label));
        labels
    }
}

/// The label of the most rows, and its share of them; none where all rows have one label, of which nothing can be learned.
fn most_frequent(test: &Evaluation) -> Option<(&str, f64)> {
    let n: usize = test.per_class.iter().map(|(_, scores)| scores.support).sum();
    let (label, scores) = test.per_class.iter().max_by_key(|(_, scores)| scores.support)?;
    (scores.support < n).then(|| (label.as_str(), scores.support as f64 / n as f64))
}

/// The encoder of a model's folder, checked to be the one of the training, with what it did to sentences there.
pub(super) fn load_encoder(
    model: &Path,
    encoder: &Path,
    (saved, features): (&SavedEncoder, &FeatureOptions),
    encoding: SentenceEncoderOptions,
    options: LoadOptions,
    observer: &dyn Observer,
) -> Result<SentenceEncoder> {
    if !encoder.is_dir() {
        let message = format!("the model's encoder {:?} is not there", saved.name);
        return Err(Error::new(ErrorKind::Model, message)
            .at(encoder.display().to_string())
            .with_hint("give its folder or name with --encoder, or train with --bundle-encoder"));
    }
    let memory = HashMemory::new(options.hash_folder.clone());
    let encoder_options = SentenceEncoderOptions {
        features: features.clone().into(),
        name: Some(saved.name.clone()),
        dtype: options.dtype.unwrap_or(saved.dtype),
        cache: options.cache,
        hash_folder: options.hash_folder,
        ..encoding
    };
    if let Some(dtype) = options.dtype.map(Dtype::effective).filter(|&dtype| dtype != saved.dtype) {
        let fitted = saved.dtype;
        observer
            .note(&format!("the classifier was fitted on features in {fitted}, and gets them in {dtype}"));
    }
    let files = Arc::new(EncoderFiles::of(encoder, features));
    let (checked, loaded) = rayon::join(
        || saved.check(encoder, &files.hashes(&memory)?),
        || SentenceEncoder::load_files(encoder, Some(files.clone()), encoder_options, observer),
    );
    checked?;
    loaded.map_err(|e| match e.kind() {
        // The arguments are those of the file.
        ErrorKind::InvalidArgument => {
            Error::new(ErrorKind::Model, e.to_string()).at(SavedModel::path(model).display().to_string())
        }
        _ => e,
    })
}
