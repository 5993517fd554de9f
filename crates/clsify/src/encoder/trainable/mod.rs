//! An encoder whose blocks learn: forward with dropout, backward, and AdamW.
//!
//! Every function follows PyTorch's `train()` mode of the same architecture. The embeddings stay as they are, unless they
//! are asked to learn; ELECTRA's projection of them always does. The encoder knows no labels: the caller gives the gradient of the last hidden state.
//!
//! **One step.** [`TrainableEncoder::forward`] keeps what the gradient needs, about `7 hidden + intermediate` numbers
//! per token and layer. [`TrainableEncoder::backward`] goes through the layers from the last to the first and leaves the gradient
//! of every parameter beside it. [`TrainableEncoder::update`] is one step of AdamW.
//!
//! **Threads.** A thread takes a chunk of sentences through a whole layer, forward or backward, because no sum in that
//! runs over sentences; then all threads compute the gradients of the layer's matrices, some outputs each. For the length of a
//! step the threads stand by ([`clsify_kernels::crew`]), because there are some fifty such tasks in it.
//!
//! **Matrices** are packed anew for each layer and step, because they change with each step: in their own order forward,
//! and transposed backward.
//!
//! **The same bits** whatever the number of threads: every sum runs in one order, and the division into chunks depends
//! on the batch alone.
//!
//! | file | content |
//! |---|---|
//! | `embeddings.rs` | the embeddings, frozen or not |
//! | `layer.rs` | the transformer block |
//! | `linear.rs`, `layer_norm.rs`, `relative_bias.rs` | the parts of it that learn |
//! | `parameter.rs` | a tensor with its moments |
//! | `chunks.rs` | the division of a batch |
//! | `saved.rs`, `workspace.rs` | what is kept between forward and backward; buffers of one layer |

mod chunks;
mod embeddings;
mod layer;
mod layer_norm;
mod linear;
mod parameter;
mod relative_bias;
mod saved;
mod workspace;

use std::path::Path;
use std::time::Duration;

use clsify_kernels::backward::add_column_sums;
use clsify_kernels::crew::standing_by;
use clsify_kernels::dropout::Dropout;
use clsify_kernels::packed::{Epilogue, repack_all};

use super::checkpoint::Checkpoint;
use super::config::EncoderConfig;
use super::dtype::Dtype;
use super::tensor_names::{LinearPart, NormPart, TensorNames};
use crate::error::Result;
use crate::observer::GoOn;
use crate::tokenizer::Batch;
use chunks::chunks;
pub(crate) use chunks::even_parts;
use embeddings::InputEmbeddings;
use layer::{LayerDropout, TrainableLayer};
use linear::{OfWeight, TrainableLinear, weight_gradients};
use parameter::Tensor;
pub(crate) use parameter::{Moments, Parameter, Step, gradient_square, update};
use relative_bias::TrainableBias;
use saved::Saved;
use workspace::Workspace;

/// An encoder whose blocks learn.
#[derive(Debug)]
pub(crate) struct TrainableEncoder {
    config: EncoderConfig,
    names: TensorNames,
    embeddings: InputEmbeddings,
    projection: Option<TrainableLinear>,
    bias: Option<TrainableBias>,
    layers: Vec<TrainableLayer>,
    workspace: Workspace,
    saved: Vec<Saved>,
    /// The embeddings before their projection.
    embedded: Vec<f32>,
}

/// A tensor that has learned, as the checkpoint stores it.
pub(crate) struct Learned<'a> {
    pub(crate) name: String,
    pub(crate) values: &'a [f32],
}

impl TrainableEncoder {
    /// Loads a checkpoint folder for products in f32 or bf16; bf16 is f32 on a processor without it.
    pub(crate) fn load(folder: &Path, dtype: Dtype, learn_embeddings: bool) -> Result<Self> {
        let kernel = match dtype {
            Dtype::F32 => Dtype::F32.kernel(),
            Dtype::Bf16 | Dtype::Int8 => Dtype::Bf16.kernel(),
        };
        let precision = kernel.precision();
        let config = EncoderConfig::load(folder)?;
        let checkpoint = Checkpoint::open(folder)?;
        let names = TensorNames::find(&config.model_type, checkpoint.names().collect::<Vec<_>>().into_iter())
            .map_err(|e| e.at(folder.display().to_string()))?;
        let embeddings = InputEmbeddings::load(&checkpoint, &names, &config, precision, learn_embeddings)?;
        let (size, hidden, heads) = (config.embedding_size, config.hidden_size, config.num_attention_heads);
        let has_projection = size != hidden;
        let projection = has_projection
            .then(|| {
                TrainableLinear::load(&checkpoint, &[names.embedding_projection()], size, hidden, precision)
            })
            .transpose()?;
        let bias = match config.relative_attention_num_buckets {
            None => None,
            Some(buckets) => {
                let table = checkpoint.tensor(&names.relative_attention_bias(), &[buckets, heads])?;
                Some(TrainableBias::new(table, heads, config.max_tokens()))
            }
        };
        let layers = (0..config.num_hidden_layers)
            .map(|layer| TrainableLayer::load(&checkpoint, &names, &config, layer, precision))
            .collect::<Result<_>>()?;
        let workspace = Workspace::new(kernel);
        let (saved, embedded) = (Vec::new(), Vec::new());
        Ok(TrainableEncoder {
            config,
            names,
            embeddings,
            projection,
            bias,
            layers,
            workspace,
            saved,
            embedded,
        })
    }

    /// Drops nothing while it learns.
    pub(crate) fn without_dropout(mut self) -> Self {
        let config = &mut self.config;
        config.hidden_dropout_prob = 0.0;
        config.attention_output_dropout_prob = 0.0;
        config.attention_probs_dropout_prob = 0.0;
        self
    }

    pub(crate) fn config(&self) -> &EncoderConfig {
        &self.config
    }

    /// `last_hidden_state` of every token of a batch, `[n_tokens, hidden_size]`, sentence after sentence. With a seed,
    /// numbers are dropped as the configuration says, and [`backward`](Self::backward) may follow.
    ///
    /// `go_on` is asked before every layer; its error ends the work.
    pub(crate) fn forward(&mut self, batch: &Batch, seed: Option<u64>, go_on: GoOn) -> Result<Vec<f32>> {
        let mut embedded = self.embeddings.look_up(batch)?;
        if let Some(dropout) = self.dropout(seed, self.config.hidden_dropout_prob) {
            dropout.at(EMBEDDINGS).apply(&mut embedded, 0);
        }
        let chunks = chunks(batch.sentences());
        standing_by(|| {
            let mut x = match &self.projection {
                None => embedded,
                Some(projection) => {
                    let mut x = vec![0.0; batch.n_tokens() * projection.outputs];
                    let packed = &mut self.workspace.packed[0];
                    repack_all([projection.pack(packed)]);
                    packed.forward_parallel(&embedded, &mut x, Epilogue::None);
                    self.embedded = embedded;
                    x
                }
            };
            // Without a seed no gradient follows, and all layers may use the memory of one.
            self.saved.resize_with(if seed.is_some() { self.layers.len() } else { 1 }, Saved::default);
            for layer in 0..self.layers.len() {
                go_on()?;
                let dropout = self.layer_dropout(seed, layer);
                let saved = &mut self.saved[if seed.is_some() { layer } else { 0 }];
                let bias = self.bias.as_ref().map(TrainableBias::view);
                self.layers[layer].forward(&mut x, &chunks, bias, dropout, saved, &mut self.workspace);
            }
            Ok(x)
        })
    }

    /// Computes the gradient of every parameter from that of the last hidden state of the last [`forward`](Self::forward),
    /// which had the same batch and seed, or adds it to what is there. `go_on` is as for the forward pass.
    pub(crate) fn backward(
        &mut self,
        batch: &Batch,
        mut gradient: Vec<f32>,
        seed: u64,
        adds: bool,
        go_on: GoOn,
    ) -> Result<()> {
        let chunks = chunks(batch.sentences());
        standing_by(|| -> Result<()> {
            let mut of_biases = vec![Vec::new(); batch.sentences().count()];
            if let Some(bias) = self.bias.as_mut().filter(|_| !adds) {
                bias.table.gradient.fill(0.0);
            }
            for layer in (0..self.layers.len()).rev() {
                go_on()?;
                let dropout = self.layer_dropout(Some(seed), layer);
                let bias = self.bias.as_ref().map(|bias| (bias.view(), &mut of_biases[..]));
                let (saved, workspace) = (&self.saved[layer], &mut self.workspace);
                self.layers[layer].backward(&mut gradient, &chunks, bias, dropout, saved, workspace, adds);
                if let Some(bias) = &mut self.bias {
                    for (of_sentence, sentence) in of_biases.iter().zip(batch.sentences()) {
                        bias.add(of_sentence, sentence.len());
                    }
                }
            }
            let Self { projection, workspace: Workspace { packed, clock, .. }, .. } = self;
            let (packed, mut of_embedded) = (&mut packed[..1], Vec::new());
            if let Some(projection) = projection {
                if !adds {
                    projection.bias.gradient.fill(0.0);
                }
                add_column_sums(&gradient, &mut projection.bias.gradient);
                if self.embeddings.trainable().is_some() {
                    of_embedded = vec![0.0; self.embedded.len()];
                    repack_all([projection.pack_transposed(&mut packed[0])]);
                    packed[0].forward_parallel(&gradient, &mut of_embedded, Epilogue::None);
                }
                let of_weight = OfWeight { linear: projection, x: &self.embedded, gradient: &gradient };
                weight_gradients(vec![of_weight], packed, clock, adds);
                std::mem::swap(&mut gradient, &mut of_embedded);
            }
            Ok(())
        })?;
        let dropout = self.dropout(Some(seed), self.config.hidden_dropout_prob);
        if let Some(embeddings) = self.embeddings.trainable_mut() {
            if let Some(dropout) = dropout {
                dropout.at(EMBEDDINGS).apply(&mut gradient, 0);
            }
            embeddings.backward(batch, gradient, adds);
        }
        Ok(())
    }

    /// The time that all threads together have spent in matrix products so far.
    pub(crate) fn product_time(&self) -> Duration {
        self.workspace.clock.total()
    }

    /// The sum of the squares of all gradients.
    pub(crate) fn gradient_square(&self) -> f64 {
        let parameters = self.parameters().into_iter().map(|(_, parameter)| parameter).collect::<Vec<_>>();
        standing_by(|| gradient_square(parameters))
    }

    /// Updates every parameter by its gradient.
    pub(crate) fn update(&mut self, step: &Step) {
        let parameters = self.parameters_mut();
        standing_by(|| update(parameters, step));
        self.weights_changed();
    }

    fn dropout(&self, seed: Option<u64>, probability: f32) -> Option<Dropout> {
        seed.filter(|_| probability > 0.0).map(|seed| Dropout { probability, seed })
    }

    fn layer_dropout(&self, seed: Option<u64>, layer: usize) -> LayerDropout {
        let at = |place: u64, probability| {
            self.dropout(seed, probability).map(|dropout| dropout.at(3 * layer as u64 + place))
        };
        LayerDropout {
            attention_probs: at(0, self.config.attention_probs_dropout_prob),
            attention_output: at(1, self.config.attention_output_dropout_prob),
            output: at(2, self.config.hidden_dropout_prob),
        }
    }

    /// Returns true if a tensor of the checkpoint belongs to another encoder in the same files.
    pub(crate) fn is_of_another(&self, name: &str) -> bool {
        self.names.passed_over().iter().any(|prefix| !prefix.is_empty() && name.starts_with(prefix))
    }

    /// Every tensor that learns, as the checkpoint stores it.
    pub(crate) fn learned(&self) -> Vec<Learned<'_>> {
        let mut learned = Vec::new();
        for (parts, parameter) in self.parameters() {
            let each = parameter.value.len() / parts.len();
            for ((name, _), values) in parts.into_iter().zip(parameter.value.chunks_exact(each)) {
                learned.push(Learned { name, values });
            }
        }
        learned
    }

    /// The parameters in a fixed order, each with the tensors that it consists of.
    pub(crate) fn parameters(&self) -> Vec<(Vec<Tensor>, &Parameter)> {
        let names = &self.names;
        let mut all: Vec<_> = self.embeddings.trainable().map_or(Vec::new(), |e| e.parameters(names));
        if let Some(projection) = &self.projection {
            all.extend(projection.parameters(&[names.embedding_projection()]));
        }
        for (i, layer) in self.layers.iter().enumerate() {
            let of = |part| names.linear(i, part);
            let parts = [LinearPart::Query, LinearPart::Key, LinearPart::Value].map(of);
            all.extend(layer.query_key_value.parameters(&parts));
            all.extend(layer.attention_output.parameters(&[of(LinearPart::AttentionOutput)]));
            all.extend(layer.attention_norm.parameters(names.norm(i, NormPart::Attention)));
            all.extend(layer.intermediate.parameters(&[of(LinearPart::Intermediate)]));
            all.extend(layer.output.parameters(&[of(LinearPart::Output)]));
            all.extend(layer.output_norm.parameters(names.norm(i, NormPart::Output)));
        }
        if let Some(bias) = &self.bias {
            let heads = self.config.num_attention_heads;
            let shape = vec![bias.table.value.len() / heads, heads];
            all.push((vec![(names.relative_attention_bias(), shape)], &bias.table));
        }
        all
    }

    /// The parameters in the order of [`parameters`](Self::parameters).
    pub(crate) fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        let mut all: Vec<_> = self.embeddings.trainable_mut().map_or(Vec::new(), |e| e.parameters_mut());
        if let Some(projection) = &mut self.projection {
            all.extend(projection.parameters_mut());
        }
        for layer in &mut self.layers {
            all.extend(layer.query_key_value.parameters_mut());
            all.extend(layer.attention_output.parameters_mut());
            all.extend(layer.attention_norm.parameters_mut());
            all.extend(layer.intermediate.parameters_mut());
            all.extend(layer.output.parameters_mut());
            all.extend(layer.output_norm.parameters_mut());
        }
        all.extend(self.bias.as_mut().map(|bias| &mut bias.table));
        all
    }

    /// Must follow a change of parameters from outside.
    pub(crate) fn weights_changed(&mut self) {
        if let Some(bias) = &mut self.bias {
            bias.spread(self.config.num_attention_heads, self.config.max_tokens());
        }
    }
}

/// The place of the dropout of the embeddings; layers count from 0.
const EMBEDDINGS: u64 = u64::MAX / 2;
