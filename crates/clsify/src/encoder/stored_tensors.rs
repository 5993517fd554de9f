//! The tensors of an encoder's folder one by one, for programs that write them in another form.

use std::ops::Range;
use std::path::Path;

use super::checkpoint::Checkpoint;
use super::config::EncoderConfig;
use super::position_bias::PositionBias;
use super::tensor_names::{LinearPart, NormPart, TensorNames};
use crate::error::Result;
use crate::matrix::Matrix;

/// The tensors of an encoder's folder, whatever its family calls them. None is read before it is requested.
///
/// ```no_run
/// use clsify::encoder::{EncoderTensors, LinearPart};
/// let tensors = EncoderTensors::open("distilbert-base-uncased")?;
/// let [weight, bias] = tensors.linear(0, LinearPart::Query);
/// assert_eq!((weight.shape(), bias.shape()), (&[768, 768][..], &[768][..]));
/// assert_eq!(weight.read()?.len(), 768 * 768);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug)]
pub struct EncoderTensors {
    checkpoint: Checkpoint,
    names: TensorNames,
    config: EncoderConfig,
}

/// A tensor in the files of an encoder.
#[derive(Debug, Clone)]
pub struct StoredTensor {
    checkpoint: Checkpoint,
    name: String,
    shape: Vec<usize>,
}

impl StoredTensor {
    /// The shape that it must have.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Reads all numbers, row-major.
    ///
    /// # Errors
    /// [`ErrorKind::Checkpoint`](crate::error::ErrorKind::Checkpoint) with the file and the tensor if it is missing or
    /// has another shape; an I/O error if it cannot be read.
    pub fn read(&self) -> Result<Vec<f32>> {
        self.checkpoint.tensor(&self.name, &self.shape)
    }

    /// Reads the numbers at these positions of the row-major tensor; positions behind its end are left out.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn read_part(&self, range: Range<usize>) -> Result<Vec<f32>> {
        self.checkpoint.part(&self.name, &self.shape, range)
    }
}

impl EncoderTensors {
    /// Opens the weights of a checkpoint folder and reads their headers.
    ///
    /// # Errors
    /// As for [`Encoder::load`](super::Encoder::load), as far as the numbers of tensors are not needed.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        let config = EncoderConfig::load(folder)?;
        let checkpoint = Checkpoint::open(folder)?;
        let names = TensorNames::find(&config.model_type, checkpoint.names().collect::<Vec<_>>().into_iter())
            .map_err(|e| e.at(folder.display().to_string()))?;
        Ok(EncoderTensors { checkpoint, names, config })
    }

    /// The encoder's shape.
    pub fn config(&self) -> &EncoderConfig {
        &self.config
    }

    /// The word embeddings, `[vocab_size, embedding_size]`.
    pub fn word_embeddings(&self) -> StoredTensor {
        self.stored(self.names.word_embeddings(), &[self.config.vocab_size, self.config.embedding_size])
    }

    /// The position embeddings, `[max_position_embeddings, embedding_size]`.
    pub fn position_embeddings(&self) -> StoredTensor {
        let shape = [self.config.max_position_embeddings, self.config.embedding_size];
        self.stored(self.names.position_embeddings(), &shape)
    }

    /// The token type embeddings, `[type_vocab_size, embedding_size]`; `None` if the family has none.
    pub fn token_type_embeddings(&self) -> Option<StoredTensor> {
        let shape = [self.config.type_vocab_size, self.config.embedding_size];
        (shape[0] > 0).then(|| self.stored(self.names.token_type_embeddings(), &shape))
    }

    /// The gain and the bias of the normalisation of the embeddings, `[embedding_size]` each.
    pub fn embedding_norm(&self) -> [StoredTensor; 2] {
        self.names.embedding_norm().map(|name| self.stored(name, &[self.config.embedding_size]))
    }

    /// The weight `[hidden_size, embedding_size]` and the bias `[hidden_size]` of ELECTRA's projection; `None` if the
    /// embeddings have the size of the hidden states.
    pub fn embedding_projection(&self) -> Option<[StoredTensor; 2]> {
        let (size, hidden) = (self.config.embedding_size, self.config.hidden_size);
        (size != hidden).then(|| self.weight_and_bias(self.names.embedding_projection(), hidden, size))
    }

    /// The weight `[outputs, inputs]` and the bias `[outputs]` of a product of a layer, which counts from 0.
    pub fn linear(&self, layer: usize, part: LinearPart) -> [StoredTensor; 2] {
        let (hidden, intermediate) = (self.config.hidden_size, self.config.intermediate_size);
        let (outputs, inputs) = match part {
            LinearPart::Intermediate => (intermediate, hidden),
            LinearPart::Output => (hidden, intermediate),
            _ => (hidden, hidden),
        };
        self.weight_and_bias(self.names.linear(layer, part), outputs, inputs)
    }

    /// The gain and the bias of a normalisation of a layer, `[hidden_size]` each.
    pub fn norm(&self, layer: usize, part: NormPart) -> [StoredTensor; 2] {
        self.names.norm(layer, part).map(|name| self.stored(name, &[self.config.hidden_size]))
    }

    /// The relative attention bias of MPNet, `[num_attention_heads, 2 * max_tokens - 1]`: one column per distance
    /// `key - query`, from `-(max_tokens - 1)` on. `None` if the family has none.
    ///
    /// # Errors
    /// As for [`StoredTensor::read`].
    pub fn relative_attention_bias(&self) -> Result<Option<Matrix>> {
        let Some(buckets) = self.config.relative_attention_num_buckets else { return Ok(None) };
        let bias = PositionBias::load(&self.checkpoint, &self.names, &self.config, buckets)?;
        let (heads, distances) = (self.config.num_attention_heads, 2 * self.config.max_tokens() - 1);
        Matrix::from_vec(bias.into_by_distance(), heads, distances).map(Some)
    }

    fn weight_and_bias(
        &self,
        [weight, bias]: [String; 2],
        outputs: usize,
        inputs: usize,
    ) -> [StoredTensor; 2] {
        [self.stored(weight, &[outputs, inputs]), self.stored(bias, &[outputs])]
    }

    fn stored(&self, name: String, shape: &[usize]) -> StoredTensor {
        StoredTensor { checkpoint: self.checkpoint.clone(), name, shape: shape.to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// Oracle: the tensor read as a whole.
    #[test]
    fn parts_of_a_tensor_are_those_of_the_whole() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/transformers/bert_f16");
        let words = EncoderTensors::open(folder).unwrap().word_embeddings();
        let whole = words.read().unwrap();
        assert_eq!(whole.len(), words.shape().iter().product::<usize>());
        assert_eq!(words.read_part(10..1000).unwrap(), whole[10..1000]);
        assert_eq!(words.read_part(whole.len() - 3..usize::MAX).unwrap(), whole[whole.len() - 3..]);
        assert!(words.read_part(whole.len()..whole.len() + 1).unwrap().is_empty());
    }
}
