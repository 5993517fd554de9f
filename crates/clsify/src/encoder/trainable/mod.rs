//! An encoder whose blocks learn: forward with dropout, backward, and AdamW.
//!
//! Every function follows PyTorch's `train()` mode of the same architecture. The embeddings stay as they are; ELECTRA's
//! projection of them learns. The encoder knows no labels: the caller gives the gradient of the last hidden state.
//!
//! **One step.** [`TrainableEncoder::forward`] keeps what the gradient needs, about `8 hidden + intermediate` numbers
//! per token and layer. [`TrainableEncoder::backward`] goes through the layers from the last to the first and leaves the gradient
//! of every parameter beside it. [`TrainableEncoder::update`] is one step of AdamW.
//!
//! **Matrices** are packed anew for each product, because they change with each step: in their own order forward, and
//! transposed backward.
//!
//! **The same bits** whatever the number of threads: rows, columns and sentences are divided over threads, but every
//! sum runs in one order.
//!
//! | file | content |
//! |---|---|
//! | `layer.rs` | the transformer block |
//! | `linear.rs`, `layer_norm.rs`, `relative_bias.rs` | the parts of it that learn |
//! | `parameter.rs` | a tensor with its moments |
//! | `rows.rs`, `workspace.rs` | rows divided over threads; buffers |

mod layer;
mod layer_norm;
mod linear;
mod parameter;
mod relative_bias;
mod rows;
mod workspace;

use std::ops::Range;
use std::path::Path;

use clsify_kernels::attention::DistanceBias;
use clsify_kernels::dropout::Dropout;
use clsify_kernels::packed::Epilogue;

use super::checkpoint::Checkpoint;
use super::config::EncoderConfig;
use super::dtype::Dtype;
use super::embeddings::Embeddings;
use super::tensor_names::{LinearPart, NormPart, TensorNames};
use crate::error::Result;
use crate::tokenizer::Batch;
use layer::{LayerDropout, Saved, TrainableLayer};
use linear::TrainableLinear;
use parameter::Tensor;
pub(crate) use parameter::{Parameter, Step};
use relative_bias::TrainableBias;
use workspace::Workspace;

/// An encoder whose blocks learn.
#[derive(Debug)]
pub(crate) struct TrainableEncoder {
    config: EncoderConfig,
    names: TensorNames,
    embeddings: Embeddings,
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
    pub(crate) fn load(folder: &Path, dtype: Dtype) -> Result<Self> {
        let kernel = match dtype {
            Dtype::F32 => Dtype::F32.kernel(),
            Dtype::Bf16 | Dtype::Int8 => Dtype::Bf16.kernel(),
        };
        let config = EncoderConfig::load(folder)?;
        let checkpoint = Checkpoint::open(folder)?;
        let names = TensorNames::find(&config.model_type, checkpoint.names().collect::<Vec<_>>().into_iter())
            .map_err(|e| e.at(folder.display().to_string()))?;
        let embeddings = Embeddings::load_tables(&checkpoint, &names, &config)?;
        let (size, hidden, heads) = (config.embedding_size, config.hidden_size, config.num_attention_heads);
        let has_projection = size != hidden;
        let projection = has_projection
            .then(|| TrainableLinear::load(&checkpoint, &[names.embedding_projection()], size, hidden))
            .transpose()?;
        let bias = match config.relative_attention_num_buckets {
            None => None,
            Some(buckets) => {
                let table = checkpoint.tensor(&names.relative_attention_bias(), &[buckets, heads])?;
                Some(TrainableBias::new(table, heads, config.max_tokens()))
            }
        };
        let layers = (0..config.num_hidden_layers)
            .map(|layer| TrainableLayer::load(&checkpoint, &names, &config, layer))
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
    pub(crate) fn forward(&mut self, batch: &Batch, seed: Option<u64>) -> Result<Vec<f32>> {
        let sentences: Vec<Range<usize>> = batch.sentences().collect();
        let mut embedded = self.embeddings.look_up(batch)?;
        if let Some(dropout) = self.dropout(seed, self.config.hidden_dropout_prob) {
            dropout.at(EMBEDDINGS).apply(&mut embedded, 0);
        }
        let mut x = match &self.projection {
            None => embedded,
            Some(projection) => {
                let mut x = vec![0.0; batch.n_tokens() * projection.outputs];
                projection.forward(&embedded, &mut x, &mut self.workspace);
                self.embedded = embedded;
                x
            }
        };
        // Without a seed no gradient follows, and all layers may use the memory of one.
        self.saved.resize_with(if seed.is_some() { self.layers.len() } else { 1 }, Saved::default);
        for layer in 0..self.layers.len() {
            let dropout = self.layer_dropout(seed, layer);
            let saved = &mut self.saved[if seed.is_some() { layer } else { 0 }];
            let bias = self.bias.as_ref().map(TrainableBias::view);
            self.layers[layer].forward(&mut x, &sentences, bias, dropout, saved, &mut self.workspace);
        }
        Ok(x)
    }

    /// Computes the gradient of every parameter from that of the last hidden state of the last [`forward`](Self::forward),
    /// which had the same batch and seed.
    pub(crate) fn backward(&mut self, batch: &Batch, mut gradient: Vec<f32>, seed: u64) {
        let sentences: Vec<Range<usize>> = batch.sentences().collect();
        let mut of_biases = Vec::new();
        if let Some(bias) = &mut self.bias {
            bias.table.gradient.fill(0.0);
        }
        for layer in (0..self.layers.len()).rev() {
            let dropout = self.layer_dropout(Some(seed), layer);
            let bias: Option<DistanceBias> = self.bias.as_ref().map(TrainableBias::view);
            let bias = bias.map(|bias| (bias, &mut of_biases));
            let (saved, workspace) = (&self.saved[layer], &mut self.workspace);
            self.layers[layer].backward(&mut gradient, &sentences, bias, dropout, saved, workspace);
            if let Some(bias) = &mut self.bias {
                for (of_sentence, sentence) in of_biases.iter().zip(&sentences) {
                    bias.add(of_sentence, sentence.len());
                }
            }
        }
        if let Some(projection) = &mut self.projection {
            let mut unused = vec![0.0; self.embedded.len()];
            let (embedded, workspace) = (&self.embedded, &mut self.workspace);
            projection.backward(embedded, &gradient, &mut unused, Epilogue::None, workspace);
        }
    }

    /// The sum of the squares of all gradients.
    pub(crate) fn gradient_square(&self) -> f64 {
        self.parameters().iter().map(|(_, parameter)| parameter.gradient_square()).sum()
    }

    /// Updates every parameter by its gradient.
    pub(crate) fn update(&mut self, step: &Step) {
        self.parameters_mut().into_iter().for_each(|parameter| parameter.update(step));
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
        let mut all = Vec::new();
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
        let mut all = Vec::new();
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
