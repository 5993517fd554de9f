//! Sentences to features.

use std::path::PathBuf;

use clsify::model::SentenceEncoder;
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;

use crate::encoder_spec::EncoderSpec;
use crate::errors::{exception, parsed};
use crate::work;

/// An encoder with its tokenizer and its choice of features.
#[pyclass(frozen, module = "clsify._core")]
pub(crate) struct Encoder(SentenceEncoder);

#[pymethods]
impl Encoder {
    /// Loads an encoder, which is fetched if it is not there; `options` are JSON.
    #[new]
    fn new(
        py: Python<'_>,
        options: &str,
        threads: Option<usize>,
        report: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let spec: EncoderSpec = parsed(py, options)?;
        work::run(py, threads, report, |observer| {
            let (folder, options) = spec.find(observer)?;
            SentenceEncoder::load_with(&folder, options)
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
