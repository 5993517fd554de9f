//! The first step of the encoder: token ids to vectors. `x = LayerNorm(word + position + token type)`, then ELECTRA's
//! projection.

use clsify_kernels::matmul::Parallel;
use clsify_kernels::normalize::add;

use super::Dtype;
use super::checkpoint::Checkpoint;
use super::config::EncoderConfig;
use super::layer_norm::LayerNorm;
use super::linear::Linear;
use super::tensor_names::TensorNames;
use crate::error::{Error, ErrorKind, Result};
use crate::tokenizer::Batch;

/// The embedding tables of an encoder.
#[derive(Debug, Clone)]
pub(crate) struct Embeddings {
    word: Vec<f32>,             // [vocab_size, embedding_size]
    position: Vec<f32>,         // [max_position_embeddings, embedding_size]
    token_type: Vec<f32>,       // [type_vocab_size, embedding_size]
    norm: LayerNorm,            // over embedding_size
    projection: Option<Linear>, // embedding_size -> hidden_size
    position_padding_id: Option<u32>,
    size: usize,
}

impl Embeddings {
    pub(crate) fn load(
        checkpoint: &Checkpoint,
        names: &TensorNames,
        config: &EncoderConfig,
        dtype: Dtype,
    ) -> Result<Self> {
        let (size, hidden) = (config.embedding_size, config.hidden_size);
        let tables = Self::load_tables(checkpoint, names, config)?;
        let projection = match size == hidden {
            true => None,
            false => Some(Linear::load(checkpoint, &[names.embedding_projection()], size, hidden, dtype)?),
        };
        Ok(Embeddings { projection, ..tables })
    }

    /// Everything before the projection.
    pub(crate) fn load_tables(
        checkpoint: &Checkpoint,
        names: &TensorNames,
        config: &EncoderConfig,
    ) -> Result<Self> {
        let size = config.embedding_size;
        let token_type = match config.type_vocab_size {
            0 => Vec::new(),
            rows => checkpoint.tensor(&names.token_type_embeddings(), &[rows, size])?,
        };
        Ok(Embeddings {
            word: checkpoint.tensor(&names.word_embeddings(), &[config.vocab_size, size])?,
            position: checkpoint
                .tensor(&names.position_embeddings(), &[config.max_position_embeddings, size])?,
            token_type,
            norm: LayerNorm::load(checkpoint, &names.embedding_norm(), size, config.layer_norm_eps)?,
            projection: None,
            position_padding_id: config.position_padding_id,
            size,
        })
    }

    /// The size of the tables in memory.
    pub(crate) fn bytes(&self) -> usize {
        let tables = [&self.word, &self.position, &self.token_type];
        tables.iter().map(|table| size_of_val(&table[..])).sum::<usize>()
            + self.projection.as_ref().map_or(0, Linear::bytes)
    }

    /// The embeddings of all tokens of a batch, `[n_tokens, hidden_size]`.
    pub(crate) fn forward(&self, batch: &Batch, parallel: Parallel) -> Result<Vec<f32>> {
        let x = self.look_up(batch)?;
        let Some(projection) = &self.projection else { return Ok(x) };
        let mut projected = vec![0.0; batch.n_tokens() * projection.outputs()];
        projection.forward(&x, &mut projected, parallel);
        Ok(projected)
    }

    /// The embeddings before the projection, `[n_tokens, embedding_size]`.
    pub(crate) fn look_up(&self, batch: &Batch) -> Result<Vec<f32>> {
        let mut x = vec![0.0; batch.n_tokens() * self.size];
        let rows =
            [(&self.word[..], "token id"), (&self.token_type, "token type"), (&self.position, "position")];
        for (out, of_token) in
            x.chunks_exact_mut(self.size).zip(rows_of_tokens(batch, self.position_padding_id))
        {
            add_rows(out, rows, of_token)?;
        }
        self.norm.forward(&mut x);
        Ok(x)
    }
}

/// The row of each table for every token of a batch: its id, its token type and its position.
pub(super) fn rows_of_tokens(
    batch: &Batch,
    position_padding_id: Option<u32>,
) -> impl Iterator<Item = [usize; 3]> + '_ {
    batch.sentences().flat_map(move |sentence| {
        let mut place = 0;
        sentence.map(move |token| {
            let (id, token_type) = (batch.input_ids()[token], batch.token_type_ids()[token]);
            let position = match position_padding_id {
                // A padding token typed in the text does not advance the position.
                Some(padding_id) if id == padding_id => padding_id as usize,
                first => {
                    place += 1;
                    place - 1 + first.map_or(0, |padding_id| padding_id as usize + 1)
                }
            };
            [id as usize, token_type as usize, position]
        })
    })
}

/// Adds a row of each table to `out`; a table without rows adds nothing.
pub(super) fn add_rows(out: &mut [f32], tables: [(&[f32], &str); 3], rows: [usize; 3]) -> Result<()> {
    let size = out.len();
    for ((table, what), row) in tables.into_iter().zip(rows).filter(|((table, _), _)| !table.is_empty()) {
        let numbers = table.get(row * size..(row + 1) * size).ok_or_else(|| {
            let rows = table.len() / size;
            Error::new(ErrorKind::Checkpoint, format!("{what} {row}: the encoder's table has {rows} rows"))
                .with_hint("the tokenizer and the weights of this encoder do not belong together")
        })?;
        add(out, numbers);
    }
    Ok(())
}
