//! The whole of it: sentences in, labels with probabilities out; saved to a folder and loaded from it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::encoder_identity::EncoderFiles;
use super::hash_memory::HashMemory;
use super::saved_model::{self, SavedEncoder, SavedModel};
use super::saved_weights::{SavedWeights, Weights, read_columns};
use super::seen_sentences::SeenSentences;
use super::sentence_encoder::{SentenceEncoder, SentenceEncoderOptions};
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
    /// Of the training rows; `None` for a model of a version that did not save them.
    seen: Option<SeenSentences>,
}

/// How a saved classifier is loaded; the default is as it was trained, with nothing that earlier runs have left.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Where the encoder is; `None`: in the model's folder if it was bundled, else where it lay at training.
    pub encoder: Option<PathBuf>,
    /// The arithmetic of the encoder; `None`: that of the training. With another the classifier gets other features than
    /// it was fitted on, and the observer is told.
    pub dtype: Option<Dtype>,
    /// Features of earlier runs; with a cache the encoder's weights are loaded when a sentence is not in it.
    pub cache: Option<FeatureCache>,
    /// A folder with the sha256 of files; see [`SentenceEncoderOptions::hash_folder`].
    pub hash_folder: Option<PathBuf>,
    /// Is told of everything that is done with the classifier, from its loading on; by default nobody is.
    pub observer: Arc<dyn Observer>,
}

impl Default for LoadOptions {
    fn default() -> Self {
        LoadOptions { encoder: None, dtype: None, cache: None, hash_folder: None, observer: Arc::new(()) }
    }
}

/// How a classifier is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SaveOptions {
    /// Whether the model's folder gets a copy of the encoder, so that the model can be moved to another machine. By default it names
    /// the folder of the encoder.
    pub bundle_encoder: bool,
}

/// The answer for one sentence.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Prediction {
    /// The places in [`SentenceClassifier::classes`] of the labels, ascending. Of classes there is one: that of the classifier's
    /// [`decision`](SentenceClassifier::decision), the best guess where it abstains. Of label sets those whose probability is above
    /// their [threshold](SentenceClassifier::thresholds), perhaps none.
    pub label_ids: Vec<usize>,
    /// Whether the class is too uncertain to be an answer: a program says [`ABSTAINED`](crate::decision::ABSTAINED).
    pub abstained: bool,
    /// The probability of each class, in the order of [`SentenceClassifier::classes`]; those of labels have no sum to keep.
    pub probabilities: Vec<f64>,
}

impl SentenceClassifier {
    /// A classifier that has just been trained, with columns in the order of the classes.
    pub(crate) fn of(
        encoder: SentenceEncoder,
        classifier: &LinearClassifier,
        saved: SavedModel,
        seen: SeenSentences,
    ) -> Result<Self> {
        let (coef, intercept) = (classifier.coef().to_vec(), classifier.intercept().to_vec());
        // Columns of the classifier are numbered from 0 from here on.
        let classifier = linear_classifier(&saved, coef, intercept)?;
        Ok(SentenceClassifier { encoder, classifier, saved, seen: Some(seen) })
    }

    /// Writes the model's folder with the default options: without a copy of the encoder.
    ///
    /// # Errors
    /// As for [`save_with`](Self::save_with).
    pub fn save(&self, folder: impl AsRef<Path>) -> Result<()> {
        self.save_with(folder, SaveOptions::default())
    }

    /// Writes the model's folder: `clsify.json`, `classifier.safetensors`, and with [`SaveOptions::bundle_encoder`] a copy of the
    /// encoder. It appears whole or not at all, and replaces an earlier model. It belongs to the encoder's files as they were loaded.
    ///
    /// # Errors
    /// [`ErrorKind::Checkpoint`] when files of the encoder that are to be copied have changed since they were loaded;
    /// I/O errors with the path; [`ErrorKind::InvalidArgument`] when something else than a model stands there, or when the
    /// model that stands there bundles the very encoder that is not to be bundled.
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
        saved_model::write(folder.as_ref(), &saved, &weights, bundled)
    }

    /// Loads a model folder, with the encoder that was bundled with it or lies where it lay at training.
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
    /// [`ErrorKind::Model`] when the folder is malformed or the encoder is not the one of the training; I/O errors and those
    /// of the encoder's files.
    pub fn load_with(folder: impl AsRef<Path>, options: LoadOptions) -> Result<Self> {
        let folder = folder.as_ref();
        read_folder(folder, || Self::read(folder, options.clone()))
    }

    fn read(folder: &Path, options: LoadOptions) -> Result<Self> {
        let saved = SavedModel::read(folder)?;
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

    /// The same classifier with another observer, which is told of everything that is done with it.
    #[must_use]
    pub fn with_observer(self, observer: Arc<dyn Observer>) -> Self {
        SentenceClassifier { encoder: self.encoder.with_observer(observer), ..self }
    }

    /// The linear classifier; its columns are those of [`classes`](Self::classes).
    pub fn classifier(&self) -> &LinearClassifier {
        &self.classifier
    }

    /// How probabilities become classes; `None` where sentences have label sets, which have [`thresholds`](Self::thresholds).
    pub fn decision(&self) -> Option<&Decision> {
        self.saved.multi_label.is_none().then_some(&self.saved.decision)
    }

    /// Whether there may be no answer but a guess.
    pub fn abstains(&self) -> bool {
        self.saved.decision.abstain_below.is_some()
    }

    /// Of label sets: the probability above which each label is given.
    pub fn thresholds(&self) -> Option<&[f64]> {
        self.saved.multi_label.as_ref().map(|labels| &labels.thresholds[..])
    }

    /// Of label sets: what stands between the labels of a cell.
    pub fn separator(&self) -> Option<&LabelSeparator> {
        self.saved.multi_label.as_ref().map(|labels| &labels.separator)
    }

    /// What is saved of the training.
    pub fn metadata(&self) -> &SavedModel {
        &self.saved
    }

    /// The names of the labels that a prediction gives: one of classes, the best guess where the classifier abstains; any number of
    /// label sets.
    pub fn labels(&self, prediction: &Prediction) -> Vec<&str> {
        prediction.label_ids.iter().map(|&id| self.classes()[id].as_str()).collect()
    }

    /// The labels and the probabilities of every sentence, in order.
    ///
    /// # Errors
    /// As for [`SentenceEncoder::encode`].
    pub fn predict<S: AsRef<str> + Sync>(&self, sentences: &[S]) -> Result<Vec<Prediction>> {
        Ok(self.predict_features(&self.encoder.encode(sentences)?.features))
    }

    /// The labels and the probabilities of every row of features `[n_sentences, n_features]`, as its
    /// [`encoder`](Self::encoder) makes them.
    ///
    /// # Panics
    /// When the rows have another length.
    pub fn predict_features(&self, features: &Matrix) -> Vec<Prediction> {
        let probabilities = self.classifier.predict_proba(features);
        probabilities.chunks_exact(self.classes().len()).map(|row| self.prediction(row)).collect()
    }

    /// What probabilities of one sentence come to.
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

    /// The training rows' sentences, where these are known.
    pub(crate) fn n_seen(&self, dataset: &Dataset) -> Option<usize> {
        self.seen.as_ref().map(|seen| seen.count(dataset.sentences()))
    }
}

/// The classifier of a saved model's form.
fn linear_classifier(saved: &SavedModel, coef: Vec<f64>, intercept: Vec<f64>) -> Result<LinearClassifier> {
    Ok(match &saved.multi_label {
        None => {
            LinearClassifier::Classes(LogisticRegression::from_parts(coef, intercept, saved.classes.len())?)
        }
        Some(labels) => {
            LinearClassifier::LabelSets(OneVsRest::from_parts(coef, intercept, labels.constant.clone())?)
        }
    })
}

/// The encoder of a model's folder, checked to be the one of the training, with what it did to sentences there.
fn load_encoder(model: &Path, saved: &SavedModel, options: LoadOptions) -> Result<SentenceEncoder> {
    let folder = options.encoder.unwrap_or_else(|| saved.encoder_folder(model));
    let (trained_with, features): (&SavedEncoder, &FeatureOptions) = (&saved.encoder, &saved.features);
    if !folder.is_dir() {
        let message = format!("the model's encoder {:?} is not there", trained_with.name);
        return Err(Error::new(ErrorKind::Model, message)
            .at(folder.display().to_string())
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
        hash_folder: options.hash_folder,
        observer: options.observer.clone(),
    };
    if let Some(dtype) = options.dtype.map(Dtype::effective).filter(|&dtype| dtype != trained_with.dtype) {
        let fitted = trained_with.dtype;
        options
            .observer
            .note(&format!("the classifier was fitted on features in {fitted}, and gets them in {dtype}"));
    }
    let files = Arc::new(EncoderFiles::of(&folder, features));
    let (checked, loaded) = rayon::join(
        || trained_with.check(&folder, &files.hashes(&memory)?),
        || SentenceEncoder::load_files(&folder, Some(files.clone()), encoder_options),
    );
    checked?;
    loaded.map_err(|e| match e.kind() {
        // The arguments are those of the file.
        ErrorKind::InvalidArgument => Error::new(ErrorKind::Model, e.to_string())
            .caused_by(e)
            .at(SavedModel::path(model).display().to_string()),
        _ => e,
    })
}
