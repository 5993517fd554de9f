//! Sentences to features.

use std::path::PathBuf;

use clsify::encoder::Dtype;
use clsify::features::{CacheOptions, FeatureCache, Layers, prompt_text};
use clsify::model::{Features, SentenceEncoder, SentenceEncoderOptions};
use clsify_hub::{Hub, Origin};
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;

use crate::errors::exception;
use crate::work;

/// An encoder with its tokenizer and its choice of features.
#[pyclass(frozen, module = "clsify._core")]
pub(crate) struct Encoder(SentenceEncoder);

#[pymethods]
impl Encoder {
    /// Loads the encoder of a folder, of a name that `clsify list` shows, or of a model hub id, which is fetched if it is not there.
    #[new]
    #[pyo3(signature = (model, *, pooling, layers, max_length, prompt, dtype, cache_folder, cache_bytes, threads, report))]
    #[allow(clippy::too_many_arguments, reason = "the options of an encoder")]
    fn new(
        py: Python<'_>,
        model: String,
        pooling: &str,
        layers: &str,
        max_length: Option<usize>,
        prompt: Option<String>,
        dtype: &str,
        cache_folder: Option<PathBuf>,
        cache_bytes: u64,
        threads: Option<usize>,
        report: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let failed = |error| exception(py, &error);
        let layers: Layers = layers.parse().map_err(failed)?;
        let features = pooling.parse::<Features>().map_err(|e| failed(e.at("pooling")))?.of_layers(layers);
        let dtype = match dtype {
            "auto" => Dtype::auto(),
            name => name.parse().map_err(failed)?,
        };
        let cache =
            cache_folder.map(|folder| FeatureCache::open(CacheOptions { folder, max_bytes: cache_bytes }));
        work::run(py, threads, report, |observer| {
            let hub = Hub::from_env();
            let located = hub.pull(&model)?;
            let prompt = prompt.map(|prompt| prompt_text(&located.folder, &prompt)).transpose()?;
            let options = SentenceEncoderOptions {
                features,
                max_length,
                prompt,
                dtype,
                cache,
                name: (located.origin != Origin::Folder).then_some(located.name),
                hash_folder: Some(hub.cache_folder().join("hashes")),
                observer,
                ..SentenceEncoderOptions::default()
            };
            SentenceEncoder::load_with(&located.folder, options)
        })
        .map(Encoder)
    }

    /// The features of sentences, `float32 [n_sentences, n_features]`.
    fn encode<'py>(
        &self,
        py: Python<'py>,
        sentences: Vec<String>,
        threads: Option<usize>,
        report: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let shape = [sentences.len(), self.0.n_features()];
        let features = work::run(py, threads, report, |observer| {
            Ok(self.0.clone().with_observer(observer).encode(&sentences)?.features.into_vec())
        })?;
        PyArray1::from_vec(py, features).reshape(shape)
    }

    /// The tokens of a sentence, as the encoder receives them.
    fn tokens(&self, py: Python<'_>, sentence: &str) -> PyResult<Vec<String>> {
        let tokenizer = self.0.tokenizer();
        let encoding = tokenizer.encode(sentence).map_err(|error| exception(py, &error))?;
        Ok(tokenizer.tokens(&encoding))
    }

    /// The number of features of a sentence.
    #[getter]
    fn n_features(&self) -> usize {
        self.0.n_features()
    }

    /// The maximum number of tokens of a sentence, including special tokens.
    #[getter]
    fn max_length(&self) -> usize {
        self.0.tokenizer().max_length()
    }

    /// The folder of the encoder's files.
    #[getter]
    fn folder(&self) -> PathBuf {
        self.0.folder().to_path_buf()
    }

    /// The name for display.
    #[getter]
    fn name(&self) -> &str {
        self.0.name()
    }

    /// The name and the sha256 of each file that was read.
    fn file_hashes(&self, py: Python<'_>) -> PyResult<Vec<(String, String)>> {
        let hashes = py.detach(|| self.0.file_hashes()).map_err(|error| exception(py, &error))?;
        Ok(hashes.iter().map(|file| (file.name.clone(), file.sha256.clone())).collect())
    }

    /// The instruction set of this processor and the data type of the products: the same text means the same bits.
    #[getter]
    fn kernel(&self) -> String {
        self.0.kernel()
    }

    /// The data type in which the encoder computes.
    #[getter]
    fn dtype(&self) -> String {
        self.0.dtype().to_string()
    }
}
