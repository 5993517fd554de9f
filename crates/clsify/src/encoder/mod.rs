//! 3. `input_ids` -> `hidden_states`: a frozen BERT-family encoder.
//!
//! All families share one post-norm block; [`EncoderConfig`] describes their differences.
//!
//! ```text
//! input_ids -> embeddings -> [ attention -> feed_forward ] x num_hidden_layers -> last_hidden_state
//! ```
//!
//! The sentences of a [`Batch`] are stored in a row in one matrix `[n_tokens, hidden_size]`, without padding, and a
//! sentence attends only to itself. The encoder knows no text and no labels, trains nothing, and has no pooler: the
//! article does not use BERT's `pooler_output`.
//!
//! Read the files in this order:
//!
//! | file | content |
//! |---|---|
//! | `config.rs`, `parameters.rs` | reads `config.json`; the number of parameters that follows from it |
//! | `checkpoint.rs` | finds, checks and reads tensors |
//! | `tensor_names.rs` | the tensor names of each family |
//! | `stored_tensors.rs` | the tensors of a folder one by one, for programs that write them in another form |
//! | `unsupported_weights.rs` | recognises weights in other formats, and explains how to convert them |
//! | `embeddings.rs` | token ids to vectors: word + position + token type |
//! | `attention.rs`, `position_bias.rs` | self-attention |
//! | `feed_forward.rs` | the feed-forward network |
//! | `linear.rs`, `layer_norm.rs` | the two building blocks of both |
//! | `layer.rs` | one layer: attention, then the feed-forward network |
//! | `cls_layer.rs` | the last layer for `[CLS]` only |
//! | `parallel.rs`, `workspace.rs` | threads for a single batch; buffers for intermediate values |
//! | `exact_inputs.rs`, `largest_columns.rs` | the few inputs that int8 multiplies in f32 |
//! | `dtype.rs` | the data types of the matrix products |
//! | `operations.rs` | the number of operations per sentence |
//! | `trainable/` | an encoder whose blocks learn |
//! | `forward_trace.rs` | the hidden states and the attention probabilities of one sentence, to be shown |
//!
//! **No padding.** Matrix products take the tokens of many sentences at once; attention is computed sentence by
//! sentence. So there is no mask, no work on padding, and a sentence's vector does not depend on its neighbours.
//!
//! **Performance.** Nearly all time is spent in products of `[tokens, k]` with `[k, n]` weights
//! ([`clsify_kernels::packed`]). Chunks of about 256 tokens pass through all layers on one core each, so that cores
//! never wait for each other. A few sentences alone are divided by outputs instead: such a product takes less time
//! than waking a thread, so the other threads stand by and do not sleep ([`clsify_kernels::crew`]). A single sentence
//! is limited by the time for reading the weights.
//!
//! **No unneeded work.** For `[CLS]` features the last layer runs for one row per sentence, and its keys and values
//! are never computed.

mod attention;
mod checkpoint;
mod config;
mod dtype;
mod embeddings;
mod exact_inputs;
mod feed_forward;
mod forward_trace;
mod cls_layer;
mod largest_columns;
mod layer;
mod layer_norm;
mod linear;
mod stored_tensors;
mod tensor_names;
mod operations;
mod unsupported_weights;
mod parallel;
mod parameters;
mod position_bias;
pub(crate) mod trainable;
mod workspace;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use clsify_kernels::crew::standing_by;
use clsify_kernels::matmul;
pub use config::{Activation, EncoderConfig, MODEL_TYPES};
pub use dtype::Dtype;
pub use forward_trace::ForwardTrace;
pub use parallel::Parallel;
pub use stored_tensors::{EncoderTensors, StoredTensor};
pub use tensor_names::{LinearPart, NormPart};

use crate::checkpoint_folder::transformer_folder;
use crate::error::{Error, ErrorKind, Result};
use crate::matrix::Matrix;
use crate::tokenizer::{Batch, Encoding};
use attention::Attention;
pub(crate) use checkpoint::Checkpoint;
use cls_layer::FirstToken;
use embeddings::Embeddings;
use feed_forward::FeedForward;
use layer::Layer;
use position_bias::PositionBias;
use tensor_names::TensorNames;
use workspace::with_workspace;

/// A frozen encoder with its weights in memory, which clones share.
#[derive(Debug, Clone)]
pub struct Encoder {
    config: EncoderConfig,
    weights: Arc<Weights>,
    /// The prefixes of other encoders in the same files.
    passed_over: Vec<String>,
    dtype: Dtype,
}

#[derive(Debug)]
struct Weights {
    embeddings: Embeddings,
    position_bias: Option<PositionBias>,
    layers: Vec<Layer>,
    /// The last layer, if there is one.
    first_token: Option<FirstToken>,
}

impl Encoder {
    /// Loads a checkpoint folder in Hugging Face form: `config.json` with `model.safetensors`, or with shards and
    /// `model.safetensors.index.json`. Weights of type f64, f32, f16 and bf16 become f32.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], [`ErrorKind::Config`], or [`ErrorKind::Checkpoint`] with the file and the tensor.
    ///
    /// ```no_run
    /// let encoder = clsify::encoder::Encoder::load("distilbert-base-uncased")?;
    /// assert_eq!(encoder.config().hidden_size, 768);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn load(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref();
        Self::load_as(folder, Dtype::F32)
    }

    /// Loads a checkpoint folder for another data type; f32 is used if the processor does not support it.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn load_as(folder: impl AsRef<Path>, dtype: Dtype) -> Result<Self> {
        let folder = folder.as_ref();
        Self::load_layers(folder, dtype, usize::MAX)
    }

    /// Loads only the first layers of a checkpoint, at most `depth` of them: an encoder whose last layer is an inner
    /// layer of the checkpoint. With 0 only the embeddings are loaded.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    ///
    /// ```no_run
    /// # use clsify::encoder::{Dtype, Encoder};
    /// let encoder = Encoder::load_layers("distilbert-base-uncased", Dtype::F32, 4)?;
    /// assert_eq!(encoder.config().num_hidden_layers, 4);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn load_layers(folder: impl AsRef<Path>, dtype: Dtype, depth: usize) -> Result<Self> {
        let folder = folder.as_ref();
        let dtype = dtype.effective();
        let config = EncoderConfig::load(folder)?;
        let config = EncoderConfig { num_hidden_layers: config.num_hidden_layers.min(depth), ..config };
        let checkpoint = Checkpoint::open(folder)?;
        let names = TensorNames::find(&config.model_type, checkpoint.names().collect::<Vec<_>>().into_iter())
            .map_err(|e| e.at(folder.display().to_string()))?;
        let layer = |layer| {
            // Each thread has one tensor in memory in two forms at a time.
            let own = &checkpoint.clone();
            Ok(Layer {
                attention: Attention::load(own, &names, &config, layer, dtype)?,
                feed_forward: FeedForward::load(own, &names, &config, layer, dtype)?,
            })
        };
        // If the configuration has more layers than the file has tensors, loading fails at the first missing tensor.
        let n_layers = config.num_hidden_layers.min(checkpoint.names().count() + 1);
        let layers = || (0..n_layers).into_par_iter().with_max_len(1).map(layer).collect();
        let rest = || {
            let own = &checkpoint.clone();
            let embeddings = Embeddings::load(own, &names, &config, dtype)?;
            let buckets = config.relative_attention_num_buckets;
            let position_bias = buckets.map(|n| PositionBias::load(own, &names, &config, n)).transpose()?;
            let has_layers = config.num_hidden_layers > 0;
            let first_token = has_layers.then(|| FirstToken::load(own, &names, &config, dtype)).transpose();
            Ok((embeddings, position_bias, first_token))
        };
        let (rest, layers): (Result<_>, Vec<Result<Layer>>) = rayon::join(rest, layers);
        // Of several errors, the first in the order of computation is returned, whichever thread was faster.
        let (embeddings, position_bias, first_token) = rest?;
        let (mut layers, first_token) = (layers.into_iter().collect::<Result<Vec<_>>>()?, first_token?);
        if dtype == Dtype::Int8 {
            let bias = position_bias.as_ref();
            exact_inputs::keep(&mut layers, &embeddings, bias, &checkpoint, &names, &config)?;
        }
        let weights = Arc::new(Weights { embeddings, position_bias, layers, first_token });
        Ok(Encoder { config, weights, passed_over: names.passed_over().to_vec(), dtype })
    }

    /// The tensor prefixes of other encoders in the same files, such as `teacher.`. As in transformers, the family's
    /// own prefix is preferred, then no prefix.
    pub fn passed_over(&self) -> &[String] {
        &self.passed_over
    }

    /// Returns true if both are clones of one encoder and share the weights in memory.
    pub fn shares_weights(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.weights, &other.weights)
    }

    /// The data type of its products.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The size of the weights in memory, in bytes.
    pub fn weights_bytes(&self) -> usize {
        let layer = |layer: &Layer| layer.attention.bytes() + layer.feed_forward.bytes();
        self.weights.embeddings.bytes()
            + self.weights.layers.iter().map(layer).sum::<usize>()
            + self.weights.first_token.as_ref().map_or(0, FirstToken::bytes)
    }

    /// The time in seconds that one layer of this encoder's shape takes for 48 tokens in any data type, while every
    /// thread of the current rayon pool does the same, as when sentences are encoded. It represents all layers when
    /// data types are compared. The measurement takes about 50 ms, because processors need some time to reach full
    /// speed.
    pub fn layer_seconds(&self, dtype: Dtype) -> f64 {
        let Some(first) = self.weights.layers.first() else { return 0.0 };
        let layer = match dtype == self.dtype {
            true => first,
            false => &first.with_any_weights(dtype),
        };
        let n_tokens = self.config.max_tokens().min(24);
        let sentence =
            Encoding { input_ids: vec![0; n_tokens], token_type_ids: vec![0; n_tokens], is_truncated: false };
        let batch = Batch::new([&sentence; 2]);
        let x: Vec<f32> =
            (0..batch.n_tokens() * self.config.hidden_size).map(|i| (i % 251) as f32 / 125.0 - 1.0).collect();
        let run = |x: &mut Vec<f32>| {
            with_workspace(|workspace| {
                let position_bias = self.weights.position_bias.as_ref();
                layer.attention.forward(x, &batch, position_bias, matmul::Parallel::No, workspace);
                layer.feed_forward.forward(x, batch.n_tokens(), matmul::Parallel::No, workspace);
            });
        };
        let seconds_of_a_run = |budget: Duration| {
            let (started, mut n_runs) = (Instant::now(), 0);
            while started.elapsed() < budget || n_runs == 0 {
                run(&mut x.clone());
                n_runs += 1;
            }
            started.elapsed().as_secs_f64() / f64::from(n_runs)
        };
        let seconds = rayon::broadcast(|_| {
            seconds_of_a_run(Duration::from_millis(20));
            seconds_of_a_run(Duration::from_millis(30))
        });
        seconds.iter().sum::<f64>() / seconds.len() as f64
    }

    /// The encoder's shape.
    pub fn config(&self) -> &EncoderConfig {
        &self.config
    }

    /// `last_hidden_state` of every token of a batch, `[n_tokens, hidden_size]`, sentence after sentence.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if a sentence has no tokens, or more than the encoder has positions;
    /// [`ErrorKind::Checkpoint`] if a token id is not in the word table.
    pub fn forward(&self, batch: &Batch, parallel: Parallel) -> Result<Matrix> {
        let parallel = parallel.into();
        let x = staffed(parallel, || self.run(&self.weights.layers, batch, parallel, &mut |_, _| {}))?;
        Matrix::from_vec(x, batch.n_tokens(), self.config.hidden_size)
    }

    /// Calls a function with every hidden state, from the embeddings, number 0, to that of the last layer: its
    /// number, and `[n_tokens, hidden_size]`, sentence after sentence. None is stored.
    ///
    /// # Errors
    /// As for [`forward`](Self::forward).
    pub fn forward_layers(
        &self,
        batch: &Batch,
        parallel: Parallel,
        visit: &mut (dyn FnMut(usize, &[f32]) + Send),
    ) -> Result<()> {
        let parallel = parallel.into();
        staffed(parallel, || self.run(&self.weights.layers, batch, parallel, visit)).map(drop)
    }

    /// The first row of `last_hidden_state` of each sentence, `[n_sentences, hidden_size]`, as used by `cls` pooling;
    /// the last layer is computed for those rows only. Without layers it is the row of the embeddings.
    ///
    /// # Errors
    /// As for [`forward`](Self::forward).
    pub fn forward_first(&self, batch: &Batch, parallel: Parallel) -> Result<Matrix> {
        let hidden_size = self.config.hidden_size;
        let sentences: Vec<_> = batch.sentences().collect();
        let Some(((last, layers), first_token)) =
            self.weights.layers.split_last().zip(self.weights.first_token.as_ref())
        else {
            let all = self.forward(batch, parallel)?;
            let first: Vec<usize> = sentences.iter().map(|sentence| sentence.start).collect();
            return Ok(all.select_rows(&first));
        };
        if sentences.is_empty() {
            return Ok(Matrix::zeros(0, hidden_size));
        }
        let parallel = parallel.into();
        let bias = self.weights.position_bias.as_ref();
        let first = staffed(parallel, || -> Result<Vec<f32>> {
            let x = self.run(layers, batch, parallel, &mut |_, _| {})?;
            let mut first = first_token.forward(&last.attention, &x, &sentences, bias, parallel);
            with_workspace(|w| last.feed_forward.forward(&mut first, sentences.len(), parallel, w));
            Ok(first)
        })?;
        Matrix::from_vec(first, sentences.len(), hidden_size)
    }

    /// The hidden states of all tokens after the given layers; `visit` also receives those in between.
    fn run(
        &self,
        layers: &[Layer],
        batch: &Batch,
        parallel: matmul::Parallel,
        visit: &mut dyn FnMut(usize, &[f32]),
    ) -> Result<Vec<f32>> {
        self.check_lengths(batch)?;
        let mut x = self.weights.embeddings.forward(batch, parallel)?;
        visit(0, &x);
        with_workspace(|workspace| {
            for (layer, number) in layers.iter().zip(1..) {
                layer.attention.forward(
                    &mut x,
                    batch,
                    self.weights.position_bias.as_ref(),
                    parallel,
                    workspace,
                );
                layer.feed_forward.forward(&mut x, batch.n_tokens(), parallel, workspace);
                visit(number, &x);
            }
        });
        Ok(x)
    }

    /// Checks that every sentence has a token, and that the encoder has a position for each of its tokens.
    fn check_lengths(&self, batch: &Batch) -> Result<()> {
        let max_tokens = self.config.max_tokens();
        if let Some(sentence) = batch.sentences().find(|s| s.is_empty() || s.len() > max_tokens) {
            let message = format!("expected 1 to {max_tokens} tokens per sentence, got {}", sentence.len());
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        Ok(())
    }
}

/// Calls `f`; the pool's threads stand by if it may use them.
fn staffed<T: Send>(parallel: matmul::Parallel, f: impl FnOnce() -> T + Send) -> T {
    match parallel {
        matmul::Parallel::Yes => standing_by(f),
        matmul::Parallel::No => f(),
    }
}

/// The files of a checkpoint folder that determine the result of the encoder: its configuration and its weights.
///
/// # Errors
/// As for [`Encoder::load`], if there are no weights to read.
pub fn encoder_files(folder: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
    let folder = folder.as_ref();
    let weights = checkpoint::weight_files(folder)?;
    let folder = transformer_folder(folder);
    let mut files = vec![folder.join("config.json")];
    let index = folder.join("model.safetensors.index.json");
    if weights.len() > 1 || !weights[0].ends_with("model.safetensors") {
        files.push(index);
    }
    files.extend(weights);
    Ok(files)
}
