//! `neighbours.safetensors` of a model's folder: the training sentences with their labels and compact vectors, for showing the nearest
//! ones. It exists only if the training was asked to keep them, because it reveals the training data.
//!
//! Vectors are centred on their mean, scaled to the range of 8 bits row by row, and compared by cosine similarity. A cosine differs from
//! that of the exact vectors by less than 0.01 (see the test).

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use clsify_base::model_files::NEIGHBOURS;
use rayon::prelude::*;
use safetensors::tensor::{self, SafeTensors, TensorView};

use crate::checkpoint_folder::{open, refuse_stand_in};
use crate::error::{Error, ErrorKind, Result};
use crate::matrix::Matrix;

/// The maximum size of the file: some millions of sentences.
const MAX_BYTES: u64 = 4 << 30;

/// The training sentences of a classifier.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Neighbours {
    sentences: Vec<String>,
    /// The label of each sentence, or its cell of labels.
    labels: Vec<String>,
    /// The mean of the exact vectors, `[n_features]`.
    mean: Vec<f32>,
    /// The centred and quantized vectors, row-major `[n_sentences, n_features]`.
    vectors: Vec<i8>,
}

/// A training sentence near another text.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Neighbour {
    /// The training sentence.
    pub text: String,
    /// Its label, or its cell of labels.
    pub label: String,
    /// The cosine similarity of the two vectors, centred on the mean of the training sentences.
    pub cosine: f64,
}

impl Neighbours {
    /// The sentences with their labels and features, one row each.
    pub(crate) fn of(sentences: Vec<String>, labels: Vec<String>, features: &Matrix) -> Self {
        let d = features.cols();
        let mut sums = vec![0.0f64; d];
        for row in 0..features.rows() {
            sums.iter_mut().zip(features.row(row)).for_each(|(sum, &x)| *sum += f64::from(x));
        }
        let mean: Vec<f32> = sums.iter().map(|sum| (sum / features.rows().max(1) as f64) as f32).collect();
        let vectors =
            (0..features.rows()).flat_map(|row| quantized(&centred(features.row(row), &mean))).collect();
        Neighbours { sentences, labels, mean, vectors }
    }

    /// The sentences nearest to a vector, the nearest first; equally near ones in the order of the rows.
    pub(crate) fn nearest(&self, vector: &[f32], n: usize) -> Vec<Neighbour> {
        let query = centred(vector, &self.mean);
        let norm = query.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
        let cosine = |row: &[i8]| {
            let (mut product, mut squares) = (0.0, 0.0);
            for (&x, &q) in query.iter().zip(row) {
                product += f64::from(x) * f64::from(q);
                squares += f64::from(q).powi(2);
            }
            // A vector that is the mean is similar to none.
            if norm * squares > 0.0 { product / (norm * squares.sqrt()) } else { 0.0 }
        };
        let rows = self.vectors.par_chunks_exact(self.mean.len().max(1));
        let mut found: Vec<(usize, f64)> =
            rows.map(cosine).collect::<Vec<_>>().into_iter().enumerate().collect();
        found.sort_by(|(i, a), (j, b)| b.total_cmp(a).then(i.cmp(j)));
        let neighbour = |&(row, cosine): &(usize, f64)| Neighbour {
            text: self.sentences[row].clone(),
            label: self.labels[row].clone(),
            cosine,
        };
        found.iter().take(n).map(neighbour).collect()
    }

    /// The file's content.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>> {
        let floats: Vec<u8> = self.mean.iter().flat_map(|x| x.to_le_bytes()).collect();
        let vectors: Vec<u8> = self.vectors.iter().map(|&q| q as u8).collect();
        let (texts, text_ends) = joined(&self.sentences);
        let (labels, label_ends) = joined(&self.labels);
        let (n, d) = (self.sentences.len(), self.mean.len());
        let view = |dtype, shape, data| {
            TensorView::new(dtype, shape, data).map_err(|e| bad(e.to_string()).caused_by(e))
        };
        let tensors = HashMap::from([
            ("mean", view(tensor::Dtype::F32, vec![d], &floats)?),
            ("vectors", view(tensor::Dtype::I8, vec![n, d], &vectors)?),
            ("sentences", view(tensor::Dtype::U8, vec![texts.len()], &texts)?),
            ("sentence_ends", view(tensor::Dtype::U64, vec![n], &text_ends)?),
            ("labels", view(tensor::Dtype::U8, vec![labels.len()], &labels)?),
            ("label_ends", view(tensor::Dtype::U64, vec![n], &label_ends)?),
        ]);
        safetensors::serialize(tensors, None).map_err(|e| bad(e.to_string()).caused_by(e))
    }

    /// Reads the file of a model folder for vectors of this length; `None` if the model does not have it.
    pub(crate) fn read(folder: &Path, n_features: usize) -> Result<Option<Self>> {
        let path = folder.join(NEIGHBOURS);
        if std::fs::symlink_metadata(&path).is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound) {
            return Ok(None);
        }
        let place = |e: Error| e.at(path.display().to_string());
        let io = |e: std::io::Error| Error::io(&path, e);
        refuse_stand_in(&path)?;
        let file = open(&path)?;
        if file.metadata().map_err(io)?.len() > MAX_BYTES {
            return Err(place(bad(format!("expected at most {MAX_BYTES} bytes"))));
        }
        let mut bytes = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(io)?;
        let tensors = SafeTensors::deserialize(&bytes)
            .map_err(|e| place(bad(format!("not a safetensors file: {e}")).caused_by(e)))?;
        Self::of_tensors(&tensors, n_features).map(Some).map_err(place)
    }

    fn of_tensors(tensors: &SafeTensors<'_>, d: usize) -> Result<Self> {
        let read = |name: &str, dtype: tensor::Dtype, shape: &[Option<usize>]| {
            let tensor = tensors.tensor(name).map_err(|_| bad(format!("tensor {name:?}: missing")))?;
            let fits = tensor.shape().len() == shape.len()
                && tensor
                    .shape()
                    .iter()
                    .zip(shape)
                    .all(|(n, expected)| expected.is_none_or(|expected| *n == expected));
            if !fits || tensor.dtype() != dtype {
                let sizes: Vec<String> =
                    shape.iter().map(|n| n.map_or("n".to_string(), |n| n.to_string())).collect();
                return Err(bad(format!(
                    "tensor {name:?}: expected shape [{}] of {dtype:?}, got {:?} of {:?}",
                    sizes.join(", "),
                    tensor.shape(),
                    tensor.dtype()
                )));
            }
            Ok(tensor)
        };
        let vectors = read("vectors", tensor::Dtype::I8, &[None, Some(d)])?;
        let n = vectors.shape()[0];
        let mean = read("mean", tensor::Dtype::F32, &[Some(d)])?;
        let mean: Vec<f32> = mean.data().as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
        if !mean.iter().all(|x| x.is_finite()) {
            return Err(bad("tensor \"mean\": expected finite numbers"));
        }
        let texts = |name: &str, ends: &str| {
            let text = read(name, tensor::Dtype::U8, &[None])?;
            let ends = read(ends, tensor::Dtype::U64, &[Some(n)])?;
            split(text.data(), ends.data())
                .ok_or_else(|| bad(format!("tensor {name:?}: expected {n} texts in UTF-8")))
        };
        Ok(Neighbours {
            sentences: texts("sentences", "sentence_ends")?,
            labels: texts("labels", "label_ends")?,
            mean,
            vectors: vectors.data().iter().map(|&byte| byte as i8).collect(),
        })
    }
}

fn centred(row: &[f32], mean: &[f32]) -> Vec<f32> {
    row.iter().zip(mean).map(|(x, mean)| x - mean).collect()
}

/// The row scaled so that its largest magnitude is 127.
fn quantized(row: &[f32]) -> Vec<i8> {
    let most = row.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    let scale = if most > 0.0 { 127.0 / most } else { 0.0 };
    row.iter().map(|x| (x * scale).round() as i8).collect()
}

/// All texts in a row, and the end of each as little-endian `u64`.
fn joined(texts: &[String]) -> (Vec<u8>, Vec<u8>) {
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    for text in texts {
        bytes.extend_from_slice(text.as_bytes());
        ends.extend((bytes.len() as u64).to_le_bytes());
    }
    (bytes, ends)
}

/// The reverse of [`joined`]; `None` if the ends do not fit the bytes.
fn split(bytes: &[u8], ends: &[u8]) -> Option<Vec<String>> {
    let mut start = 0;
    let mut texts = Vec::new();
    for &end in ends.as_chunks::<8>().0 {
        let end = usize::try_from(u64::from_le_bytes(end)).ok()?;
        texts.push(std::str::from_utf8(bytes.get(start..end)?).ok()?.to_string());
        start = end;
    }
    (start == bytes.len()).then_some(texts)
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Model, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    /// Oracle: cosines of the exact centred vectors. An 8-bit value is off by at most half a step of 1/127 of the row's maximum.
    #[test]
    fn the_nearest_are_those_of_the_exact_vectors() {
        let (n, d) = (40, 96);
        let numbers: Vec<f32> = (0..n * d).map(|i| ((i * i % 1013) as f32 * 0.37).sin() + 3.0).collect();
        let features = Matrix::from_vec(numbers, n, d).unwrap();
        let texts: Vec<String> = (0..n).map(|i| format!("text {i}")).collect();
        let neighbours = Neighbours::of(texts.clone(), texts, &features);
        let mean = neighbours.mean.clone();
        let exact = |a: &[f32], b: &[f32]| {
            let (a, b) = (centred(a, &mean), centred(b, &mean));
            let dot = |a: &[f32], b: &[f32]| {
                a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>()
            };
            dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
        };
        for query in [0, 7, 39] {
            let found = neighbours.nearest(features.row(query), n);
            assert_eq!((found[0].text.as_str(), found.len()), (format!("text {query}").as_str(), n));
            assert!(found[0].cosine > 0.999 && found.is_sorted_by(|a, b| a.cosine >= b.cosine));
            for neighbour in &found {
                let row: usize = neighbour.text[5..].parse().unwrap();
                let expected = exact(features.row(query), features.row(row));
                assert!((neighbour.cosine - expected).abs() < 0.01, "{neighbour:?}: {expected}");
            }
        }
    }

    #[test]
    fn the_file_is_read_as_it_was_written_and_damage_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let features = Matrix::from_vec(vec![1.0, 2.0, -1.0, 0.5, 0.0, 4.0], 3, 2).unwrap();
        let neighbours =
            Neighbours::of(strings(&["a", "", "ünï\ncode"]), strings(&["x", "y", "x;y"]), &features);
        assert_eq!(Neighbours::read(folder.path(), 2).unwrap(), None);
        let bytes = neighbours.bytes().unwrap();
        let path = folder.path().join(NEIGHBOURS);
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(Neighbours::read(folder.path(), 2).unwrap(), Some(neighbours));
        let error = Neighbours::read(folder.path(), 3).unwrap_err().to_string();
        assert!(
            error.ends_with("tensor \"vectors\": expected shape [n, 3] of I8, got [3, 2] of I8"),
            "{error}"
        );
        for (from, to, message) in [
            ("ünï", "\u{1}\u{1}\u{1}n\u{1}", ""),
            ("\"I8\"", "\"U8\"", "tensor \"vectors\": expected shape [n, 2] of I8, got [3, 2] of U8"),
            ("\"mean\"", "\"moan\"", "tensor \"mean\": missing"),
        ] {
            let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
            let mut damaged = bytes.clone();
            damaged.splice(at..at + from.len(), to.bytes());
            std::fs::write(&path, &damaged).unwrap();
            let error = Neighbours::read(folder.path(), 2).map_err(|error| error.to_string());
            match message {
                "" => assert!(error.is_ok()),
                message => assert!(error.unwrap_err().ends_with(message)),
            }
        }
        // An end beyond the bytes, and bytes that are not UTF-8.
        let end = bytes.windows(8).position(|window| window == 1u64.to_le_bytes()).unwrap();
        let mut damaged = bytes.clone();
        damaged[end] = 200;
        std::fs::write(&path, &damaged).unwrap();
        assert!(
            Neighbours::read(folder.path(), 2).unwrap_err().to_string().contains("expected 3 texts in UTF-8")
        );
        std::fs::write(&path, &bytes[..20]).unwrap();
        assert!(
            Neighbours::read(folder.path(), 2).unwrap_err().to_string().contains("not a safetensors file")
        );
    }
}
