//! One post-norm block that learns: forward as in `encoder/attention.rs` and `encoder/feed_forward.rs`, with dropout,
//! and backward.
//!
//! ```text
//! r = x + dropout(attention(x) Wo + bo)      y = LayerNorm(r)
//! s = y + dropout(act(y W1 + b1) W2 + b2)    out = LayerNorm(s)
//! ```

use std::ops::Range;

use clsify_kernels::activation::{gelu, gelu_tanh, relu, silu};
use clsify_kernels::attention::{DistanceBias, Scratch, SelfAttention};
use clsify_kernels::backward::{gelu_backward, gelu_tanh_backward, relu_backward, silu_backward};
use clsify_kernels::dropout::Dropout;
use clsify_kernels::normalize::add;
use clsify_kernels::packed::Epilogue;
use rayon::prelude::*;

use super::super::checkpoint::Checkpoint;
use super::super::config::{Activation, EncoderConfig};
use super::super::tensor_names::{LinearPart, NormPart, TensorNames};
use super::super::workspace::sized;
use super::layer_norm::{Standardized, TrainableLayerNorm};
use super::linear::TrainableLinear;
use super::rows::{by_rows, sentences_mut};
use super::workspace::{Buffers, Workspace};
use crate::error::Result;

/// One transformer layer.
#[derive(Debug, Clone)]
pub(crate) struct TrainableLayer {
    pub(crate) query_key_value: TrainableLinear,
    pub(crate) attention_output: TrainableLinear,
    pub(crate) attention_norm: TrainableLayerNorm,
    pub(crate) intermediate: TrainableLinear,
    pub(crate) output: TrainableLinear,
    pub(crate) output_norm: TrainableLayerNorm,
    heads: usize,
    activation: Activation,
}

/// The dropout of a layer in a step; none drops nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LayerDropout {
    pub(super) attention_probs: Option<Dropout>,
    pub(super) attention_output: Option<Dropout>,
    pub(super) output: Option<Dropout>,
}

/// What the gradient of a layer needs from its forward pass.
#[derive(Debug, Default)]
pub(super) struct Saved {
    input: Vec<f32>,           // [n_tokens, hidden]
    query_key_value: Vec<f32>, // [n_tokens, 3 * hidden]
    context: Vec<f32>,         // [n_tokens, hidden]
    after_attention: Standardized,
    intermediate: Vec<f32>, // [n_tokens, intermediate], before the activation
    after_output: Standardized,
}

impl TrainableLayer {
    pub(super) fn load(
        checkpoint: &Checkpoint,
        names: &TensorNames,
        config: &EncoderConfig,
        layer: usize,
    ) -> Result<Self> {
        let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
        let linear = |parts: &[LinearPart], inputs, outputs| {
            let names: Vec<_> = parts.iter().map(|&part| names.linear(layer, part)).collect();
            TrainableLinear::load(checkpoint, &names, inputs, outputs)
        };
        let norm = |part| {
            TrainableLayerNorm::load(checkpoint, &names.norm(layer, part), hidden, config.layer_norm_eps)
        };
        let of_attention = [LinearPart::Query, LinearPart::Key, LinearPart::Value];
        Ok(TrainableLayer {
            query_key_value: linear(&of_attention, hidden, hidden)?,
            attention_output: linear(&[LinearPart::AttentionOutput], hidden, hidden)?,
            attention_norm: norm(NormPart::Attention)?,
            intermediate: linear(&[LinearPart::Intermediate], hidden, intermediate)?,
            output: linear(&[LinearPart::Output], intermediate, hidden)?,
            output_norm: norm(NormPart::Output)?,
            heads: config.num_attention_heads,
            activation: config.activation,
        })
    }

    fn hidden(&self) -> usize {
        self.output.outputs
    }

    fn attention<'a>(
        &self,
        query_key_value: &'a [f32],
        n_tokens: usize,
        bias: Option<DistanceBias<'a>>,
        dropout: Option<Dropout>,
    ) -> SelfAttention<'a> {
        SelfAttention::new(query_key_value, self.heads, n_tokens).with_bias(bias).with_dropout(dropout)
    }

    /// Updates `x [n_tokens, hidden]` in place.
    pub(super) fn forward(
        &self,
        x: &mut [f32],
        sentences: &[Range<usize>],
        bias: Option<DistanceBias>,
        dropout: LayerDropout,
        saved: &mut Saved,
        workspace: &mut Workspace,
    ) {
        let (hidden, n_tokens) = (self.hidden(), x.len() / self.hidden());
        saved.input.clear();
        saved.input.extend_from_slice(x);
        saved.query_key_value.resize(3 * x.len(), 0.0);
        self.query_key_value.forward(x, &mut saved.query_key_value, workspace);
        saved.context.resize(x.len(), 0.0);
        let contexts = sentences_mut(&mut saved.context, sentences, hidden);
        let of_sentences = contexts.into_par_iter().zip(sentences).enumerate();
        of_sentences.for_each_init(Scratch::default, |scratch, (i, (context, sentence))| {
            let rows = &saved.query_key_value[sentence.start * 3 * hidden..sentence.end * 3 * hidden];
            let dropout = dropout.attention_probs.map(|dropout| dropout.at(i as u64));
            self.attention(rows, sentence.len(), bias, dropout).context(context, scratch);
        });

        let after = &mut saved.after_attention;
        after.rows.resize(x.len(), 0.0);
        self.attention_output.forward(&saved.context, &mut after.rows, workspace);
        by_rows(&mut after.rows, x, hidden, |first, rows, x| {
            residual(rows, x, dropout.attention_output, first * hidden)
        });
        self.attention_norm.forward(after, x);

        let size = self.intermediate.outputs;
        saved.intermediate.resize(n_tokens * size, 0.0);
        self.intermediate.forward(x, &mut saved.intermediate, workspace);
        let mut buffers = std::mem::take(&mut workspace.buffers);
        let activated = sized(&mut buffers.wide[0], n_tokens * size);
        self.activate(&saved.intermediate, activated);
        let after = &mut saved.after_output;
        after.rows.resize(x.len(), 0.0);
        self.output.forward(activated, &mut after.rows, workspace);
        workspace.buffers = buffers;
        by_rows(&mut after.rows, x, hidden, |first, rows, x| {
            residual(rows, x, dropout.output, first * hidden)
        });
        self.output_norm.forward(after, x);
    }

    fn activate(&self, x: &[f32], out: &mut [f32]) {
        let activation = match self.activation {
            Activation::Gelu => gelu,
            Activation::GeluTanh => gelu_tanh,
            Activation::Relu => relu,
            Activation::Silu => silu,
        };
        by_rows(out, x, self.intermediate.outputs, |_, out, x| {
            out.copy_from_slice(x);
            activation(out);
        });
    }

    /// Computes the gradients of all parts from that of the output, which becomes that of the input. `bias` receives, for each sentence,
    /// the gradients of its biases by distance.
    pub(super) fn backward(
        &mut self,
        gradient: &mut [f32],
        sentences: &[Range<usize>],
        bias: Option<(DistanceBias, &mut Vec<Vec<f32>>)>,
        dropout: LayerDropout,
        saved: &Saved,
        workspace: &mut Workspace,
    ) {
        let (hidden, n_tokens, size) =
            (self.hidden(), gradient.len() / self.hidden(), self.intermediate.outputs);
        let mut buffers = std::mem::take(&mut workspace.buffers);
        let Buffers { wide: [first, second], narrow: [third, fourth] } = &mut buffers;

        self.output_norm.backward(&saved.after_output, gradient);
        let activated = sized(first, n_tokens * size);
        self.activate(&saved.intermediate, activated);
        let of_intermediate = sized(second, n_tokens * size);
        let of_output = dropped(gradient, dropout.output, hidden, third);
        self.output.backward(activated, of_output, of_intermediate, Epilogue::None, workspace);
        let backward = match self.activation {
            Activation::Gelu => gelu_backward,
            Activation::GeluTanh => gelu_tanh_backward,
            Activation::Relu => relu_backward,
            Activation::Silu => silu_backward,
        };
        by_rows(of_intermediate, &saved.intermediate, size, |_, gradient, x| backward(x, gradient));
        let input = sized(third, n_tokens * hidden);
        self.attention_norm.after(&saved.after_attention, input);
        self.intermediate.backward(input, of_intermediate, gradient, Epilogue::Add, workspace);

        self.attention_norm.backward(&saved.after_attention, gradient);
        let of_context = sized(fourth, n_tokens * hidden);
        let of_output = dropped(gradient, dropout.attention_output, hidden, third);
        self.attention_output.backward(&saved.context, of_output, of_context, Epilogue::None, workspace);
        let of_parts = sized(first, n_tokens * 3 * hidden);
        let (bias, of_biases) = bias.unzip();
        let mut none = Vec::new();
        let of_biases = of_biases.unwrap_or(&mut none);
        of_biases.resize_with(sentences.len(), Vec::new);
        let parts = sentences_mut(of_parts, sentences, 3 * hidden);
        let of_sentences = parts.into_par_iter().zip(of_biases).zip(sentences).enumerate();
        of_sentences.for_each_init(Scratch::default, |scratch, (i, ((gradient, of_bias), sentence))| {
            let rows = &saved.query_key_value[sentence.start * 3 * hidden..sentence.end * 3 * hidden];
            let dropout = dropout.attention_probs.map(|dropout| dropout.at(i as u64));
            let of_context = &of_context[sentence.start * hidden..sentence.end * hidden];
            let of_bias = bias.is_some().then(|| {
                of_bias.resize(self.heads * (2 * sentence.len() - 1), 0.0);
                &mut of_bias[..]
            });
            let attention = self.attention(rows, sentence.len(), bias, dropout);
            attention.backward(of_context, gradient, of_bias, scratch);
        });
        self.query_key_value.backward(&saved.input, of_parts, gradient, Epilogue::Add, workspace);
        workspace.buffers = buffers;
    }
}

/// `rows = x + dropout(rows)`; `first` is the index of the first number.
fn residual(rows: &mut [f32], x: &[f32], dropout: Option<Dropout>, first: usize) {
    if let Some(dropout) = dropout {
        dropout.apply(rows, first);
    }
    add(rows, x);
}

/// The gradient before the dropout: a copy, unless nothing was dropped.
fn dropped<'a>(
    gradient: &'a [f32],
    dropout: Option<Dropout>,
    cols: usize,
    buffer: &'a mut Vec<f32>,
) -> &'a [f32] {
    let Some(dropout) = dropout else { return gradient };
    let copy = sized(buffer, gradient.len());
    by_rows(copy, gradient, cols, |first, copy, gradient| {
        copy.copy_from_slice(gradient);
        dropout.apply(copy, first * cols);
    });
    copy
}
