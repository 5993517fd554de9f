//! `classifier.safetensors` of a model's folder: the weights of the classifier, and fingerprints of its training
//! rows.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use clsify_base::model_files::CLASSIFIER;
use safetensors::tensor::{self, SafeTensors, TensorView};

use super::seen_sentences::SeenSentences;
use crate::checkpoint_folder::{open, refuse_stand_in};
use crate::classifier::logistic_regression::check_weights;
use crate::error::{Error, ErrorKind, Result};

/// The tensor with the fingerprints of the training rows. Earlier versions ignore it, and their models lack it.
const SEEN: &str = "training_rows";

/// The maximum size of the file; the weights of a linear classifier are small.
const MAX_WEIGHTS_BYTES: u64 = 1 << 30;

/// The content of `classifier.safetensors` for writing.
pub(crate) struct Weights<'a> {
    /// `[columns, n_features]`.
    pub(crate) coef: &'a [f64],
    /// `[columns]`.
    pub(crate) intercept: &'a [f64],
    /// The fingerprints of the training rows, if they are known.
    pub(crate) seen: Option<&'a SeenSentences>,
}

impl Weights<'_> {
    /// The file's content.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>> {
        let bytes = |numbers: &[f64]| numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
        let (coef, intercept) = (bytes(self.coef), bytes(self.intercept));
        let seen: Option<Vec<u8>> = self.seen.map(|seen| {
            seen.fingerprints().iter().flat_map(|fingerprint| fingerprint.to_le_bytes()).collect()
        });
        let columns = self.intercept.len();
        let view = |dtype, shape, data| {
            TensorView::new(dtype, shape, data).map_err(|e| bad(e.to_string()).caused_by(e))
        };
        let coef_shape = vec![columns, self.coef.len() / columns];
        let mut tensors = HashMap::from([
            ("coef", view(tensor::Dtype::F64, coef_shape, &coef)?),
            ("intercept", view(tensor::Dtype::F64, vec![columns], &intercept)?),
        ]);
        if let Some(seen) = &seen {
            tensors.insert(SEEN, view(tensor::Dtype::U64, vec![seen.len() / 8], seen)?);
        }
        safetensors::serialize(tensors, None).map_err(|e| bad(e.to_string()).caused_by(e))
    }
}

/// The content of `classifier.safetensors`.
pub(crate) struct SavedWeights {
    pub(crate) coef: Vec<f64>,
    pub(crate) intercept: Vec<f64>,
    pub(crate) seen: Option<SeenSentences>,
}

/// Reads `coef [columns, n_features]` and `intercept [columns]` of a model folder.
pub(crate) fn read_columns(folder: &Path, columns: usize, n_features: usize) -> Result<SavedWeights> {
    let path = folder.join(CLASSIFIER);
    let place = |e: Error| e.at(path.display().to_string());
    let io = |e: std::io::Error| Error::io(&path, e);
    refuse_stand_in(&path)?;
    let file = open(&path)?;
    if file.metadata().map_err(io)?.len() > MAX_WEIGHTS_BYTES {
        return Err(place(bad(format!("expected at most {MAX_WEIGHTS_BYTES} bytes"))));
    }
    let mut bytes = Vec::new();
    file.take(MAX_WEIGHTS_BYTES).read_to_end(&mut bytes).map_err(io)?;
    let tensors = SafeTensors::deserialize(&bytes)
        .map_err(|e| place(bad(format!("not a safetensors file: {e}")).caused_by(e)))?;
    let read = |name: &str, shape: &[usize]| {
        let tensor = tensors.tensor(name).map_err(|_| place(bad(format!("tensor {name:?}: missing"))))?;
        if tensor.shape() != shape || tensor.dtype() != tensor::Dtype::F64 {
            let got = format!("{:?} of {:?}", tensor.shape(), tensor.dtype());
            return Err(place(bad(format!("tensor {name:?}: expected shape {shape:?} of F64, got {got}"))));
        }
        Ok(tensor.data().as_chunks::<8>().0.iter().map(|&b| f64::from_le_bytes(b)).collect::<Vec<f64>>())
    };
    let (coef, intercept) = (read("coef", &[columns, n_features])?, read("intercept", &[columns])?);
    check_weights(&coef, &intercept).map_err(|e| place(bad(e.to_string()).caused_by(e)))?;
    let seen = match tensors.tensor(SEEN) {
        Ok(tensor) if tensor.dtype() == tensor::Dtype::U64 && tensor.shape().len() == 1 => {
            let numbers = tensor.data().as_chunks::<8>().0.iter().map(|&bytes| u64::from_le_bytes(bytes));
            Some(SeenSentences::from_fingerprints(numbers.collect()))
        }
        Ok(tensor) => {
            let got = format!("{:?} of {:?}", tensor.shape(), tensor.dtype());
            return Err(place(bad(format!("tensor {SEEN:?}: expected one dimension of U64, got {got}"))));
        }
        Err(_) => None,
    };
    Ok(SavedWeights { coef, intercept, seen })
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Model, message)
}
