//! The embeddings: as they are, or learning too.

use clsify_kernels::packed::Precision;

use super::super::checkpoint::Checkpoint;
use super::super::config::EncoderConfig;
use super::super::embeddings::{Embeddings, add_rows, rows_of_tokens};
use super::super::tensor_names::TensorNames;
use super::layer_norm::TrainableLayerNorm;
use super::parameter::{Parameter, Tensor};
use crate::error::Result;
use crate::tokenizer::Batch;

/// The first step of the encoder.
#[derive(Debug)]
pub(super) enum InputEmbeddings {
    Frozen(Box<Embeddings>),
    Trainable(Box<TrainableEmbeddings>),
}

impl InputEmbeddings {
    pub(super) fn load(
        checkpoint: &Checkpoint,
        names: &TensorNames,
        config: &EncoderConfig,
        precision: Precision,
        learn: bool,
    ) -> Result<Self> {
        Ok(match learn {
            true => {
                let embeddings = TrainableEmbeddings::load(checkpoint, names, config, precision)?;
                InputEmbeddings::Trainable(Box::new(embeddings))
            }
            false => InputEmbeddings::Frozen(Box::new(Embeddings::load_tables(checkpoint, names, config)?)),
        })
    }

    /// `[n_tokens, embedding_size]`.
    pub(super) fn look_up(&mut self, batch: &Batch) -> Result<Vec<f32>> {
        match self {
            InputEmbeddings::Frozen(embeddings) => embeddings.look_up(batch),
            InputEmbeddings::Trainable(embeddings) => embeddings.look_up(batch),
        }
    }

    pub(super) fn trainable(&self) -> Option<&TrainableEmbeddings> {
        match self {
            InputEmbeddings::Frozen(_) => None,
            InputEmbeddings::Trainable(embeddings) => Some(embeddings),
        }
    }

    pub(super) fn trainable_mut(&mut self) -> Option<&mut TrainableEmbeddings> {
        match self {
            InputEmbeddings::Frozen(_) => None,
            InputEmbeddings::Trainable(embeddings) => Some(embeddings),
        }
    }
}

/// `LayerNorm(word + token type + position)`, with tables that learn.
#[derive(Debug)]
pub(super) struct TrainableEmbeddings {
    word: Parameter,     // [vocab_size, embedding_size]
    position: Parameter, // [max_position_embeddings, embedding_size]
    /// `[type_vocab_size, embedding_size]`; none if the family has no token types.
    token_type: Option<Parameter>,
    norm: TrainableLayerNorm,
    position_padding_id: Option<u32>,
    padding_id: Option<u32>,
    size: usize,
    /// Of the last batch.
    standardized: Vec<f32>,
    scales: Vec<f32>,
}

impl TrainableEmbeddings {
    fn load(
        checkpoint: &Checkpoint,
        names: &TensorNames,
        config: &EncoderConfig,
        precision: Precision,
    ) -> Result<Self> {
        let size = config.embedding_size;
        let table = |name: &str, rows: usize| -> Result<Parameter> {
            Ok(Parameter::matrix(checkpoint.tensor(name, &[rows, size])?, precision))
        };
        let token_type = match config.type_vocab_size {
            0 => None,
            rows => Some(table(&names.token_type_embeddings(), rows)?),
        };
        let norm =
            TrainableLayerNorm::load(checkpoint, &names.embedding_norm(), size, config.layer_norm_eps)?;
        Ok(TrainableEmbeddings {
            word: table(&names.word_embeddings(), config.vocab_size)?,
            position: table(&names.position_embeddings(), config.max_position_embeddings)?,
            token_type,
            norm,
            position_padding_id: config.position_padding_id,
            padding_id: config.padding_id,
            size,
            standardized: Vec::new(),
            scales: Vec::new(),
        })
    }

    fn look_up(&mut self, batch: &Batch) -> Result<Vec<f32>> {
        let (size, n_tokens) = (self.size, batch.n_tokens());
        self.standardized.clear();
        self.standardized.resize(n_tokens * size, 0.0);
        self.scales.resize(n_tokens, 0.0);
        let token_type = self.token_type.as_ref().map_or(&[][..], |table| &table.value);
        let tables = [
            (&self.word.value[..], "token id"),
            (token_type, "token type"),
            (&self.position.value, "position"),
        ];
        let rows = rows_of_tokens(batch, self.position_padding_id);
        for (out, of_token) in self.standardized.chunks_exact_mut(size).zip(rows) {
            add_rows(out, tables, of_token)?;
        }
        let mut out = vec![0.0; n_tokens * size];
        self.norm.forward(&mut self.standardized, &mut self.scales, &mut out);
        Ok(out)
    }

    /// Computes the gradients from that of the result of the last [`look_up`](InputEmbeddings::look_up), or adds them to what is
    /// there. As in PyTorch, the padding token's own rows have none.
    pub(super) fn backward(&mut self, batch: &Batch, mut gradient: Vec<f32>, adds: bool) {
        let size = self.size;
        if !adds {
            self.parameters_mut().into_iter().for_each(|parameter| parameter.gradient.fill(0.0));
        }
        let [mut of_gain, mut of_bias] = [0; 2].map(|_| vec![0.0; size]);
        self.norm.backward(&self.standardized, &self.scales, &mut gradient, [&mut of_gain, &mut of_bias]);
        for (parameter, own) in self.norm.parameters_mut().into_iter().zip([of_gain, of_bias]) {
            clsify_kernels::normalize::add(&mut parameter.gradient, &own);
        }
        let padding = self.padding_id.map(|id| id as usize);
        let position_padding = self.position_padding_id.map(|id| id as usize);
        let rows = rows_of_tokens(batch, self.position_padding_id);
        for (gradient, [word, token_type, position]) in gradient.chunks_exact(size).zip(rows) {
            let to = |table: &mut Parameter, row: usize| {
                clsify_kernels::normalize::add(&mut table.gradient[row * size..][..size], gradient);
            };
            if Some(word) != padding {
                to(&mut self.word, word);
            }
            if Some(position) != position_padding {
                to(&mut self.position, position);
            }
            if let Some(table) = &mut self.token_type {
                to(table, token_type);
            }
        }
    }

    /// The tables and the normalisation, each with its tensors.
    pub(super) fn parameters(&self, names: &TensorNames) -> Vec<(Vec<Tensor>, &Parameter)> {
        let of_table = |name: String, table| {
            let Parameter { value, .. }: &Parameter = table;
            (vec![(name, vec![value.len() / self.size, self.size])], table)
        };
        let mut all = vec![
            of_table(names.word_embeddings(), &self.word),
            of_table(names.position_embeddings(), &self.position),
        ];
        all.extend(self.token_type.as_ref().map(|table| of_table(names.token_type_embeddings(), table)));
        all.extend(self.norm.parameters(names.embedding_norm()));
        all
    }

    /// In the order of [`parameters`](Self::parameters).
    pub(super) fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        let tables = [&mut self.word, &mut self.position].into_iter().chain(&mut self.token_type);
        tables.chain(self.norm.parameters_mut()).collect()
    }
}
