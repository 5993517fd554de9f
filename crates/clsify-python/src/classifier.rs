//! Sentences to labels.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clsify::encoder::Dtype;
use clsify::error::Result;
use clsify::explanation::ExplainOptions;
use clsify::model::{LoadOptions, SaveOptions, SavedModel, SentenceClassifier, SentenceEncoder};
use clsify::training::{Trained, train, train_selected, train_tuned};
use clsify_convert::{Head, OnnxOptions, SetFit, export_onnx, read_setfit, read_sklearn};
use clsify_hub::Hub;
use clsify_report::pages::explanation_page;
use clsify_report::summaries::{evaluation_summary, explanation_summary};
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use crate::document::{Document, score_charts};
use crate::encoder_spec::{CacheSpec, EncoderSpec, dtype, hash_folder};
use crate::errors::{exception, parsed};
use crate::rows::Rows;
use crate::train_spec::TrainSpec;
use crate::work::{self, Reporter};

/// The label ids and probabilities `[n, n_classes]` of sentences, and whether the classifier abstains.
type Predicted<'py> = (Vec<Vec<usize>>, Vec<bool>, Bound<'py, PyArray2<f64>>);

/// A trained classifier with its encoder.
#[pyclass(frozen, module = "clsify._core")]
pub(crate) struct Classifier(pub(crate) SentenceClassifier);

/// How a saved classifier is loaded.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoadSpec {
    /// The encoder, if it is not that of the folder.
    encoder: Option<String>,
    dtype: Option<String>,
    cache: Option<CacheSpec>,
    /// True if the training sentences that the model may have kept are left out.
    #[serde(default)]
    without_neighbours: bool,
}

#[pymethods]
impl Classifier {
    /// Trains a classifier on all rows, or without rows on descriptions alone; `encoder` and `options` are JSON. Returns
    /// the classifier and a report of the choices that were made.
    #[staticmethod]
    fn train(
        py: Python<'_>,
        rows: Option<Rows>,
        encoder: &str,
        options: &str,
        threads: Option<usize>,
        report: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<(Self, String)> {
        let (encoder, options): (EncoderSpec, TrainSpec) = (parsed(py, encoder)?, parsed(py, options)?);
        let trained = work::run(py, threads, report, |observer| {
            let dataset = match &rows {
                Some(rows) => rows.dataset(false)?,
                None => options.described()?,
            };
            let (folder, encoder) = encoder.find(observer)?;
            let train_options = options.options(dataset.separator().is_some(), rows.is_some())?;
            match (&options.tune, &options.choice) {
                (Some(tune), _) => {
                    train_tuned(&folder, encoder, &dataset, train_options, &tune.options(), beside())
                }
                (None, Some(choice)) => {
                    train_selected(&folder, encoder, &dataset, train_options, choice.options())
                }
                (None, None) => train(SentenceEncoder::load_with(&folder, encoder)?, &dataset, train_options),
            }
        })?;
        let choices = choices(&trained);
        Ok((Classifier(trained.classifier), choices))
    }

    /// Loads the classifier of a folder, or of a model hub id; `options` are JSON.
    #[staticmethod]
    fn load(
        py: Python<'_>,
        folder: PathBuf,
        options: &str,
        threads: Option<usize>,
        report: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let spec: LoadSpec = parsed(py, options)?;
        let dtype: Option<Dtype> =
            spec.dtype.as_deref().map(dtype).transpose().map_err(|error| exception(py, &error))?;
        work::run(py, threads, report, |observer| {
            let hub = Hub::from_env().with_observer(observer.clone());
            // A hub id is text.
            let folder = match folder.to_str() {
                Some(model) => hub.pull_model(model)?.folder,
                None => folder,
            };
            let saved = SavedModel::read(&folder)?;
            let recorded = saved.encoder_folder(&folder);
            let encoder = match &spec.encoder {
                Some(encoder) => hub.pull(encoder)?.folder,
                None if recorded.as_os_str().is_empty() => hub.pull_by_name(&saved.encoder.name)?.folder,
                None => hub.recorded_encoder(&recorded, &saved.encoder.name),
            };
            let options = LoadOptions {
                encoder: Some(encoder),
                dtype,
                cache: spec.cache.as_ref().map(CacheSpec::open),
                hash_folder: Some(hash_folder(&hub)),
                neighbours: !spec.without_neighbours,
                observer,
                ..LoadOptions::default()
            };
            SentenceClassifier::load_with(&folder, options)
        })
        .map(Classifier)
    }

    /// Reads a head of scikit-learn, and puts it on the encoder of its training; `encoder` is JSON.
    #[staticmethod]
    fn from_sklearn(
        py: Python<'_>,
        file: PathBuf,
        encoder: &str,
        labels: Option<Vec<String>>,
        separator: &str,
        threads: Option<usize>,
        report: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let encoder: EncoderSpec = parsed(py, encoder)?;
        work::run(py, threads, report, |observer| {
            let head = read_sklearn(&file)?;
            put_on(&encoder, observer, head, labels.as_deref(), separator, &file)
        })
        .map(Classifier)
    }

    /// Reads a folder of SetFit; `encoder` is JSON, and names the same folder.
    #[staticmethod]
    fn from_setfit(
        py: Python<'_>,
        folder: PathBuf,
        encoder: &str,
        labels: Option<Vec<String>>,
        separator: &str,
        threads: Option<usize>,
        report: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let encoder: EncoderSpec = parsed(py, encoder)?;
        work::run(py, threads, report, |observer| {
            let SetFit { head, names } = read_setfit(&folder)?;
            put_on(&encoder, observer, head, labels.or(names).as_deref(), separator, &folder)
        })
        .map(Classifier)
    }

    /// Predicts labels and probabilities.
    fn predict<'py>(
        &self,
        py: Python<'py>,
        sentences: Vec<String>,
        threads: Option<usize>,
        report: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Predicted<'py>> {
        let predictions = work::run(py, threads, report, |observer| {
            self.0.clone().with_observer(observer).predict(&sentences)
        })?;
        let shape = [predictions.len(), self.0.classes().len()];
        let probabilities = predictions.iter().flat_map(|prediction| &prediction.probabilities).copied();
        let probabilities = PyArray1::from_vec(py, probabilities.collect()).reshape(shape)?;
        let abstained = predictions.iter().map(|prediction| prediction.abstained).collect();
        let ids = predictions.into_iter().map(|prediction| prediction.label_ids).collect();
        Ok((ids, abstained, probabilities))
    }

    /// The features of sentences, `float32 [n_sentences, n_features]`.
    fn features<'py>(
        &self,
        py: Python<'py>,
        sentences: Vec<String>,
        threads: Option<usize>,
        report: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let shape = [sentences.len(), self.0.encoder().n_features()];
        let features = work::run(py, threads, report, |observer| {
            Ok(self.0.encoder().clone().with_observer(observer).encode(&sentences)?.features.into_vec())
        })?;
        PyArray1::from_vec(py, features).reshape(shape)
    }

    /// Scores predictions of labelled rows.
    fn evaluate(
        &self,
        py: Python<'_>,
        rows: Rows,
        title: &str,
        threads: Option<usize>,
        report: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Document> {
        work::run(py, threads, report, |observer| {
            let (dataset, classifier) = (rows.dataset(true)?, self.0.clone().with_observer(observer));
            classifier.check_labels(&dataset)?;
            let scores = classifier.evaluate(&dataset)?;
            let charts = score_charts(title, &scores.test, &scores.probabilities, &scores.precision_recall);
            Document::of(&scores, evaluation_summary(&scores, classifier.classes()), charts)
        })
    }

    /// Shows which words carried the labels of texts.
    fn explain(
        &self,
        py: Python<'_>,
        texts: Vec<String>,
        label: Option<String>,
        path: bool,
        threads: Option<usize>,
        report: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Document> {
        let options = ExplainOptions { label, path, ..ExplainOptions::default() };
        work::run(py, threads, report, |observer| {
            let explanations = self.0.clone().with_observer(observer).explain(&texts, &options)?;
            let text = explanations.iter().map(|one| explanation_summary(one, false));
            let text = text.collect::<Vec<String>>().join("\n");
            Ok(Document::of(&explanations, text, Vec::new())?.with_page(explanation_page(&explanations)))
        })
    }

    /// Saves the classifier to a folder.
    fn save(&self, py: Python<'_>, folder: PathBuf, bundle_encoder: bool) -> PyResult<()> {
        work::run(py, None, None, |_| self.0.save_with(&folder, SaveOptions { bundle_encoder }))
    }

    /// Saves it as small as it can be: without its encoder and the fingerprints of its training rows.
    fn save_small(&self, py: Python<'_>, folder: PathBuf) -> PyResult<()> {
        work::run(py, None, None, |_| self.0.clone().without_fingerprints().save(&folder))
    }

    /// The instruction set of this processor and the data type of the products: the same text means the same bits.
    #[getter]
    fn kernel(&self) -> String {
        self.0.encoder().kernel()
    }

    /// Writes a folder for onnxruntime and transformers.js, and returns what its graph cannot do.
    fn export_onnx(&self, py: Python<'_>, folder: PathBuf, external_data: bool) -> PyResult<Vec<String>> {
        let export =
            work::run(py, None, None, |_| export_onnx(&self.0, &folder, OnnxOptions { external_data }))?;
        Ok(export.notes)
    }

    /// The content of `clsify.json`.
    #[getter]
    fn metadata(&self) -> String {
        // Text, numbers and paths of text: none of them can fail to be written.
        serde_json::to_string(self.0.metadata()).unwrap_or_default()
    }

    /// The classes or labels, sorted by code point.
    #[getter]
    fn classes(&self) -> Vec<String> {
        self.0.classes().to_vec()
    }

    /// True if sentences may have several labels.
    #[getter]
    fn is_multi_label(&self) -> bool {
        self.0.separator().is_some()
    }

    /// `[1 or n_classes, n_features]`, for features as the encoder gives them.
    #[getter]
    fn coef<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let classifier = self.0.classifier();
        let rows = classifier.intercept().len();
        PyArray1::from_slice(py, classifier.coef()).reshape([rows, self.0.encoder().n_features()])
    }

    /// `[1 or n_classes]`.
    #[getter]
    fn intercept<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, self.0.classifier().intercept())
    }

    /// True if the encoder was tuned with the classifier and is in no folder that stays.
    #[getter]
    fn has_own_encoder(&self) -> bool {
        let is_tuned = self.0.metadata().training.as_ref().is_some_and(|training| training.tuned);
        is_tuned && !self.0.metadata().encoder.bundled
    }
}

/// Puts a head of another library, which was read from `path`, on an encoder.
fn put_on(
    encoder: &EncoderSpec,
    observer: Arc<Reporter>,
    head: Head,
    labels: Option<&[String]>,
    separator: &str,
    path: &Path,
) -> Result<SentenceClassifier> {
    let imported =
        head.imported(labels, separator.parse()?).map_err(|error| error.at(path.display().to_string()))?;
    let (folder, options) = encoder.find(observer)?;
    SentenceClassifier::import(SentenceEncoder::load_with(folder, options)?, imported)
}

/// What a run has chosen, as JSON: the report without scores, because there were no held-out rows.
fn choices(trained: &Trained) -> String {
    let mut report = serde_json::to_value(&trained.report).unwrap_or_default();
    if let Value::Object(report) = &mut report {
        const OF_SCORES: [&str; 8] = [
            "baseline",
            "train",
            "test",
            "test_weighted",
            "test_at_half",
            "probabilities",
            "precision_recall",
            "test_data",
        ];
        OF_SCORES.iter().for_each(|key| drop(report.remove(*key)));
        if let Some(Value::Object(decision)) = report.get_mut("decision") {
            decision.remove("test");
        }
        if let Some(Value::Object(split)) = report.get_mut("split") {
            split.remove("test_indices");
        }
    }
    report.to_string()
}

/// A path beside which tuned encoders are written, each to a folder of its own. It is the same for all runs, so that each
/// removes what killed ones have left.
fn beside() -> PathBuf {
    std::env::temp_dir().join("clsify-tuned")
}
