//! A complete classifier: from sentences to labels with probabilities; saved to a folder and loaded from it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::encoder_identity::EncoderFiles;
use super::encoder_options::SentenceEncoderOptions;
use super::hash_memory::HashMemory;
use super::model_folder;
use super::neighbours::{Neighbour, Neighbours};
use super::saved_encoder::SavedEncoder;
use super::saved_model::SavedModel;
use super::saved_weights::{SavedWeights, Weights, read_columns};
use super::seen_sentences::SeenSentences;
use super::sentence_encoder::SentenceEncoder;
use crate::classifier::{LinearClassifier, LogisticRegression, OneVsRest, above};
use crate::dataset::{Dataset, LabelSeparator};
use crate::decision::{Answer, Decision};
use crate::encoder::Dtype;
use crate::error::{Error, ErrorKind, Result};
use crate::features::{FeatureCache, FeatureOptions};
use crate::files::read_folder;
use crate::matrix::Matrix;
use crate::observer::Observer;

/// A trained classifier of sentences, with one label each or with label sets.
#[derive(Debug, Clone)]
pub struct SentenceClassifier {
    encoder: SentenceEncoder,
    classifier: LinearClassifier,
    saved: SavedModel,
    /// The fingerprints of the training rows; `None` for an imported model, for one of a version that did not save them, and if they were
    /// removed.
    seen: Option<SeenSentences>,
    /// The training sentences, if they were kept and loaded.
    neighbours: Option<Arc<Neighbours>>,
    /// The state of the tuning that the classifier comes from, which goes when it is saved.
    tuning_state: Option<PathBuf>,
}

/// Options for loading a saved classifier. By default it is loaded as it was trained, without a cache.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// The folder of the encoder; `None`: in the model's folder if it was bundled, otherwise its folder at training.
    pub encoder: Option<PathBuf>,
    /// The data type of the encoder; `None`: that of the training. With another one the features differ from those of
    /// the fit, and the observer receives a note.
    pub dtype: Option<Dtype>,
    /// The cache of features; with a cache the encoder's weights are loaded only if a sentence is not in it.
    pub cache: Option<FeatureCache>,
    /// True if the encoder's weights are loaded at the first sentence; see [`SentenceEncoderOptions::lazy`].
    pub lazy: bool,
    /// The folder with the sha256 of files; see [`SentenceEncoderOptions::hash_folder`].
    pub hash_folder: Option<PathBuf>,
    /// True if the training sentences are loaded too, if the model has kept them. [`SentenceClassifier::neighbours`] finds the nearest ones.
    pub neighbours: bool,
    /// The observer, which receives progress and notes of everything that is done with the classifier. The default ignores them.
    pub observer: Arc<dyn Observer>,
}

impl Default for LoadOptions {
    fn default() -> Self {
        LoadOptions {
            encoder: None,
            dtype: None,
            cache: None,
            lazy: false,
            hash_folder: None,
            neighbours: false,
            observer: Arc::new(()),
        }
    }
}

/// Options for saving a classifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SaveOptions {
    /// True if the model's folder gets a copy of the encoder, so that the model can be moved to another machine. By
    /// default the model refers to the folder of the encoder.
    pub bundle_encoder: bool,
}

/// The prediction for one sentence.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Prediction {
    /// The indices of the labels in [`SentenceClassifier::classes`], ascending. For classes there is one: that of the
    /// classifier's [`decision`](SentenceClassifier::decision), or the best guess if it abstains. For label sets
    /// there are those whose probability is above their [threshold](SentenceClassifier::thresholds), possibly none.
    pub label_ids: Vec<usize>,
    /// True if the classifier abstains: programs print [`ABSTAINED`](crate::decision::ABSTAINED).
    pub abstained: bool,
    /// The probability of each class, in the order of [`SentenceClassifier::classes`]; those of label sets do not sum
    /// to 1.
    pub probabilities: Vec<f64>,
}

impl SentenceClassifier {
    /// Creates a classifier that has just been trained or imported, with columns in the order of the classes.
    pub(crate) fn of(
        encoder: SentenceEncoder,
        classifier: &LinearClassifier,
        saved: SavedModel,
        seen: Option<SeenSentences>,
        neighbours: Option<Neighbours>,
    ) -> Result<Self> {
        let (coef, intercept) = (classifier.coef().to_vec(), classifier.intercept().to_vec());
        // From here on the columns of the classifier are numbered from 0.
        let classifier = linear_classifier(&saved, coef, intercept)?;
        let neighbours = neighbours.map(Arc::new);
        Ok(SentenceClassifier { encoder, classifier, saved, seen, neighbours, tuning_state: None })
    }

    /// Removes the fingerprints of the training rows, by which [`evaluate`](Self::evaluate) finds those that are scored again: a model
    /// without them takes no more space with more rows.
    #[must_use]
    pub fn without_fingerprints(self) -> Self {
        SentenceClassifier { seen: None, ..self }
    }

    /// Saves the model to a folder with the default options, without a copy of the encoder.
    ///
    /// # Errors
    /// As for [`save_with`](Self::save_with).
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<()> {
        self.save_with(folder, SaveOptions::default())
    }

    /// Saves the model to a folder: `clsify.json`, `classifier.safetensors`, and with [`SaveOptions::bundle_encoder`] a
    /// copy of the encoder. The folder appears complete or not at all, and replaces an earlier model. The model belongs
    /// to the encoder's files as they were loaded.
    ///
    /// # Errors
    /// [`ErrorKind::Checkpoint`] if files of the encoder that are to be copied have changed since they were loaded;
    /// I/O errors with the path; [`ErrorKind::InvalidArgument`] if something other than a model is there, or if the
    /// existing model bundles the encoder in use and the new one is not to bundle it.
    pub fn save_with(&self, folder: impl AsRef<Path>, options: SaveOptions) -> Result<()> {
        let SaveOptions { bundle_encoder } = options;
        let mut saved = self.saved.clone();
        saved.encoder = saved.encoder.loaded(&self.encoder, bundle_encoder)?;
        let bundled = bundle_encoder.then_some(&self.encoder);
        let weights = Weights {
            coef: self.classifier.coef(),
            intercept: self.classifier.intercept(),
            seen: self.seen.as_ref(),
        };
        model_folder::write(folder.as_ref(), &saved, &weights, self.neighbours.as_deref(), bundled)?;
        self.tuning_state.as_deref().into_iter().for_each(model_folder::remove_tuning_state);
        Ok(())
    }

    /// Loads a model folder, with the bundled encoder or the one from its folder at training.
    ///
    /// # Errors
    /// As for [`load_with`](Self::load_with).
    ///
    /// ```no_run
    /// let classifier = clsify::model::SentenceClassifier::load("model")?;
    /// for prediction in classifier.predict(&["a visually stunning rumination on love"])? {
    ///     println!("{}", classifier.labels(&prediction).join(", "));
    /// }
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn load(folder: impl AsRef<Path>) -> Result<Self> {
        Self::load_with(folder, LoadOptions::default())
    }

    /// Loads a model folder, with options.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if the folder is malformed or the encoder is not that of the training; I/O errors, and
    /// those of the encoder's files.
    pub fn load_with(folder: impl AsRef<Path>, options: LoadOptions) -> Result<Self> {
        let folder = folder.as_ref();
        read_folder(folder, || Self::read(folder, options.clone()))
    }

    fn read(folder: &Path, options: LoadOptions) -> Result<Self> {
        let saved = SavedModel::read(folder)?;
        let has_neighbours = options.neighbours;
        let encoder = load_encoder(folder, &saved, options)?;
        let columns = match (&saved.multi_label, saved.classes.len()) {
            // Two classes share one row of weights.
            (None, 2) => 1,
            (_, n) => n,
        };
        let SavedWeights { coef, intercept, seen } = read_columns(folder, columns, encoder.n_features())?;
        let classifier = linear_classifier(&saved, coef, intercept).map_err(|e| {
            Error::new(ErrorKind::Model, e.to_string()).caused_by(e).at(folder.display().to_string())
        })?;
        let neighbours = match has_neighbours {
            true => Neighbours::read(folder, encoder.n_features())?.map(Arc::new),
            false => None,
        };
        Ok(SentenceClassifier { encoder, classifier, saved, seen, neighbours, tuning_state: None })
    }

    /// The training sentences nearest to a text with these features, the nearest first; none if the model has not kept them, or
    /// they were not [loaded](LoadOptions::neighbours).
    pub fn neighbours(&self, features: &[f32], n: usize) -> Vec<Neighbour> {
        self.neighbours.as_ref().map(|neighbours| neighbours.nearest(features, n)).unwrap_or_default()
    }

    /// The labels, sorted.
    pub fn classes(&self) -> &[String] {
        &self.saved.classes
    }

    /// The encoder.
    pub fn encoder(&self) -> &SentenceEncoder {
        &self.encoder
    }

    /// Replaces the observer of the classifier's work.
    #[must_use]
    pub fn with_observer(self, observer: Arc<dyn Observer>) -> Self {
        SentenceClassifier { encoder: self.encoder.with_observer(observer), ..self }
    }

    /// The same classifier, whose encoder has the weights of another one if they are the same: see
    /// [`SentenceEncoder::sharing_weights_of`].
    ///
    /// # Errors
    /// As for [`SentenceEncoder::sharing_weights_of`].
    pub fn sharing_weights_of(self, other: &SentenceEncoder) -> Result<Self> {
        Ok(SentenceClassifier { encoder: self.encoder.sharing_weights_of(other)?, ..self })
    }

    /// The linear classifier; its columns are those of [`classes`](Self::classes).
    pub fn classifier(&self) -> &LinearClassifier {
        &self.classifier
    }

    /// The decision rule; `None` for label sets, which have [`thresholds`](Self::thresholds).
    pub fn decision(&self) -> Option<&Decision> {
        self.saved.multi_label.is_none().then_some(&self.saved.decision)
    }

    /// Returns true if the classifier may abstain.
    pub fn abstains(&self) -> bool {
        self.saved.decision.abstain_below.is_some()
    }

    /// For label sets: the probability above which each label is assigned.
    pub fn thresholds(&self) -> Option<&[f64]> {
        self.saved.multi_label.as_ref().map(|labels| &labels.thresholds[..])
    }

    /// For label sets: the separator of labels in a cell.
    pub fn separator(&self) -> Option<&LabelSeparator> {
        self.saved.multi_label.as_ref().map(|labels| &labels.separator)
    }

    /// Notes the state that tuning has left: it goes when the classifier is saved.
    pub(crate) fn after_tuning(self, tuning_state: Option<PathBuf>) -> Self {
        SentenceClassifier { tuning_state, ..self }
    }

    /// Records that the encoder learned together with the classifier.
    pub(crate) fn with_tuned_encoder(mut self) -> Self {
        self.saved.training.iter_mut().for_each(|training| training.tuned = true);
        self
    }

    /// The saved information about the training.
    pub fn metadata(&self) -> &SavedModel {
        &self.saved
    }

    /// The names of the predicted labels: for classes one, the best guess if the classifier abstains; for label sets
    /// any number.
    pub fn labels(&self, prediction: &Prediction) -> Vec<&str> {
        prediction.label_ids.iter().map(|&id| self.classes()[id].as_str()).collect()
    }

    /// Predicts the labels and the probabilities of every sentence, in order.
    ///
    /// # Errors
    /// As for [`SentenceEncoder::encode`].
    pub fn predict<S: AsRef<str> + Sync>(&self, sentences: &[S]) -> Result<Vec<Prediction>> {
        Ok(self.predict_features(&self.encoder.encode(sentences)?.features))
    }

    /// Predicts the labels and the probabilities for rows of features `[n_sentences, n_features]`, as computed by its
    /// [`encoder`](Self::encoder).
    ///
    /// # Panics
    /// Panics if the rows have another length.
    pub fn predict_features(&self, features: &Matrix) -> Vec<Prediction> {
        let probabilities = self.classifier.predict_proba(features);
        probabilities.chunks_exact(self.classes().len()).map(|row| self.prediction(row)).collect()
    }

    /// The prediction for the probabilities of one sentence.
    pub(crate) fn prediction(&self, probabilities: &[f64]) -> Prediction {
        let (label_ids, abstained) = match self.thresholds() {
            Some(thresholds) => {
                let given = above(probabilities, thresholds);
                ((0..given.n_labels()).filter(|&id| given.row(0)[id]).collect(), false)
            }
            None => {
                let Answer { class_id, abstained } = self.saved.decision.decide(probabilities);
                (vec![class_id], abstained)
            }
        };
        Prediction { label_ids, abstained, probabilities: probabilities.to_vec() }
    }

    /// The number of rows that were training rows, if these are known.
    pub(crate) fn n_seen(&self, dataset: &Dataset) -> Option<usize> {
        self.seen.as_ref().map(|seen| seen.count(dataset.sentences()))
    }
}

/// The classifier in the form of a saved model.
fn linear_classifier(saved: &SavedModel, coef: Vec<f64>, intercept: Vec<f64>) -> Result<LinearClassifier> {
    Ok(match &saved.multi_label {
        None => {
            let classifier = LogisticRegression::from_parts(coef, intercept, saved.classes.len())?;
            LinearClassifier::Classes(classifier.with_link(saved.link))
        }
        Some(labels) => {
            LinearClassifier::LabelSets(OneVsRest::from_parts(coef, intercept, labels.constant.clone())?)
        }
    })
}

/// Loads the encoder of a model's folder with the settings of the training, and checks that it is the same encoder.
fn load_encoder(model: &Path, saved: &SavedModel, options: LoadOptions) -> Result<SentenceEncoder> {
    let folder = options.encoder.unwrap_or_else(|| saved.encoder_folder(model));
    let (trained_with, features): (&SavedEncoder, &FeatureOptions) = (&saved.encoder, &saved.features);
    if !folder.is_dir() {
        let message = format!("the model's encoder {:?} is not there", trained_with.name);
        // A published model records no folder.
        let place = if folder.as_os_str().is_empty() { model } else { &folder };
        return Err(Error::new(ErrorKind::Model, message)
            .at(place.display().to_string())
            .with_hint("give its folder or name with --encoder, or train with --bundle-encoder"));
    }
    let memory = HashMemory::new(options.hash_folder.clone());
    let encoder_options = SentenceEncoderOptions {
        features: features.clone().into(),
        max_length: Some(saved.max_length),
        prompt: Some(saved.prompt.clone()),
        lowercase: saved.lowercase,
        name: Some(trained_with.name.clone()),
        dtype: options.dtype.unwrap_or(trained_with.dtype),
        cache: options.cache,
        lazy: options.lazy,
        hash_folder: options.hash_folder,
        observer: options.observer.clone(),
    };
    if let Some(dtype) = options.dtype.map(Dtype::effective).filter(|&dtype| dtype != trained_with.dtype) {
        let fitted = trained_with.dtype;
        options
            .observer
            .warn(&format!("the classifier was fitted on features in {fitted}, and gets them in {dtype}"));
    }
    let files = Arc::new(EncoderFiles::of(&folder, features));
    let (checked, loaded) = rayon::join(
        || trained_with.check(&folder, &files.hashes(&memory)?),
        || SentenceEncoder::load_files(&folder, Some(files.clone()), encoder_options),
    );
    checked?;
    loaded.map_err(|e| match e.kind() {
        // The arguments come from the file.
        ErrorKind::InvalidArgument => Error::new(ErrorKind::Model, e.to_string())
            .caused_by(e)
            .at(SavedModel::path(model).display().to_string()),
        _ => e,
    })
}
