//! One post-norm block that learns: forward as in `encoder/attention.rs` and `encoder/feed_forward.rs`, with dropout,
//! and backward.
//!
//! ```text
//! r = x + dropout(attention(x) Wo + bo)      y = LayerNorm(r)
//! s = y + dropout(act(y W1 + b1) W2 + b2)    out = LayerNorm(s)
//! ```

use clsify_kernels::activation::{gelu, gelu_tanh, relu, silu};
use clsify_kernels::attention::{DistanceBias, SelfAttention};
use clsify_kernels::backward::{
    add_column_sums, gelu_backward, gelu_tanh_backward, relu_backward, silu_backward,
};
use clsify_kernels::crew::divide_each;
use clsify_kernels::dropout::Dropout;
use clsify_kernels::normalize::add;
use clsify_kernels::packed::{Epilogue, Precision, repack_all};

use super::super::checkpoint::Checkpoint;
use super::super::config::{Activation, EncoderConfig};
use super::super::tensor_names::{LinearPart, NormPart, TensorNames};
use super::super::workspace::{sized, with_workspace};
use super::chunks::{Chunk, parts_mut, rows_mut};
use super::layer_norm::TrainableLayerNorm;
use super::linear::{OfWeight, TrainableLinear, weight_gradients};
use super::parameter::Parameter;
use super::saved::{Saved, SavedRows};
use super::workspace::{BufferRows, Timed, Workspace};
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

impl LayerDropout {
    fn of_sentence(&self, sentence: usize) -> Option<Dropout> {
        self.attention_probs.map(|dropout| dropout.at(sentence as u64))
    }
}

impl TrainableLayer {
    pub(super) fn load(
        checkpoint: &Checkpoint,
        names: &TensorNames,
        config: &EncoderConfig,
        layer: usize,
        precision: Precision,
    ) -> Result<Self> {
        let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
        let linear = |parts: &[LinearPart], inputs, outputs| {
            let names: Vec<_> = parts.iter().map(|&part| names.linear(layer, part)).collect();
            TrainableLinear::load(checkpoint, &names, inputs, outputs, precision)
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
        chunks: &[Chunk],
        bias: Option<DistanceBias>,
        dropout: LayerDropout,
        saved: &mut Saved,
        workspace: &mut Workspace,
    ) {
        let packed = &mut workspace.packed;
        repack_all(self.matrices().into_iter().zip(packed.iter_mut()).map(|(linear, to)| linear.pack(to)));
        let timed = Workspace::timed(packed, &workspace.clock);
        let (hidden, intermediate) = (self.hidden(), self.intermediate.outputs);
        let saved = saved.of_chunks(chunks, hidden, intermediate);
        let items = chunks.iter().zip(rows_mut(x, chunks, hidden)).zip(saved).collect();
        divide_each(items, |_, ((chunk, x), saved)| {
            self.forward_chunk(x, chunk, bias, dropout, saved, timed);
        });
    }

    fn forward_chunk(
        &self,
        x: &mut [f32],
        chunk: &Chunk,
        bias: Option<DistanceBias>,
        dropout: LayerDropout,
        saved: SavedRows,
        [query_key_value, attention_output, intermediate, output]: [Timed; 4],
    ) {
        let (hidden, first) = (self.hidden(), chunk.tokens.start * self.hidden());
        let none = Epilogue::None;
        saved.input.copy_from_slice(x);
        query_key_value.forward(x, saved.query_key_value, none);
        with_workspace(|workspace| {
            for (i, sentence) in chunk.of_sentences.iter().enumerate() {
                let rows = &saved.query_key_value[sentence.start * 3 * hidden..sentence.end * 3 * hidden];
                let dropout = dropout.of_sentence(chunk.sentences.start + i);
                let context = &mut saved.context[sentence.start * hidden..sentence.end * hidden];
                let attention = self.attention(rows, sentence.len(), bias, dropout);
                attention.context(context, &mut workspace.attention);
            }
            attention_output.forward(saved.context, saved.after_attention, none);
            residual(saved.after_attention, x, dropout.attention_output, first);
            self.attention_norm.forward(saved.after_attention, saved.attention_scales, x);

            intermediate.forward(x, saved.intermediate, none);
            let activated = sized(&mut workspace.wide, saved.intermediate.len());
            self.activate(saved.intermediate, activated);
            output.forward(activated, saved.after_output, none);
            residual(saved.after_output, x, dropout.output, first);
            self.output_norm.forward(saved.after_output, saved.output_scales, x);
        });
    }

    fn activate(&self, x: &[f32], out: &mut [f32]) {
        out.copy_from_slice(x);
        match self.activation {
            Activation::Gelu => gelu(out),
            Activation::GeluTanh => gelu_tanh(out),
            Activation::Relu => relu(out),
            Activation::Silu => silu(out),
        }
    }

    /// Computes the gradients of all parts, or adds them to what is there, from that of the output, which becomes that of
    /// the input. `of_biases` receives, for each sentence, the gradients of its biases by distance.
    #[allow(clippy::too_many_arguments, reason = "those of `forward`, and two of the gradient")]
    pub(super) fn backward(
        &mut self,
        gradient: &mut [f32],
        chunks: &[Chunk],
        bias: Option<(DistanceBias, &mut [Vec<f32>])>,
        dropout: LayerDropout,
        saved: &Saved,
        workspace: &mut Workspace,
        adds: bool,
    ) {
        let Workspace { packed, buffers, clock } = workspace;
        let transposed = self.matrices().into_iter().zip(packed.iter_mut());
        repack_all(transposed.map(|(linear, to)| linear.pack_transposed(to)));
        let (hidden, intermediate) = (self.hidden(), self.intermediate.outputs);
        let (bias, of_biases) = bias.unzip();
        let of_biases = parts_mut(
            of_biases.unwrap_or_default(),
            chunks.iter().map(|chunk| if bias.is_some() { chunk.sentences.len() } else { 0 }),
        );
        let buffers_of_chunks = buffers.of_chunks(chunks, hidden, intermediate);
        let rows = rows_mut(gradient, chunks, hidden).into_iter().zip(buffers_of_chunks);
        let items = chunks.iter().zip(rows).zip(of_biases).collect();
        let (this, transposed) = (&*self, Workspace::timed(packed, clock));
        divide_each(items, |_, ((chunk, (gradient, buffers)), of_biases)| {
            let bias = bias.map(|bias| (bias, of_biases));
            this.backward_chunk(gradient, chunk, bias, dropout, saved, buffers, transposed);
        });

        let mut of_vectors = vec![0.0; 9 * hidden + intermediate];
        buffers.of_vectors.chunks_exact(of_vectors.len()).for_each(|chunk| add(&mut of_vectors, chunk));
        let mut rest = &of_vectors[..];
        for parameter in self.vectors_mut() {
            let (of_parameter, others) = rest.split_at(parameter.gradient.len());
            if !adds {
                parameter.gradient.fill(0.0);
            }
            add(&mut parameter.gradient, of_parameter);
            rest = others;
        }
        let of_weight = |linear, x, gradient| OfWeight { linear, x, gradient };
        // The one whose parts take longest comes first, so that threads end together.
        let of_weights = vec![
            of_weight(&mut self.output, &buffers.activated, &buffers.of_output),
            of_weight(&mut self.intermediate, &buffers.normed, &buffers.of_intermediate),
            of_weight(&mut self.attention_output, &saved.context, &buffers.of_attention_output),
            of_weight(&mut self.query_key_value, &saved.input, &buffers.of_query_key_value),
        ];
        weight_gradients(of_weights, packed, clock, adds);
    }

    #[allow(clippy::too_many_arguments, reason = "those of `backward`")]
    fn backward_chunk(
        &self,
        gradient: &mut [f32],
        chunk: &Chunk,
        bias: Option<(DistanceBias, &mut [Vec<f32>])>,
        dropout: LayerDropout,
        saved: &Saved,
        buffers: BufferRows,
        [query_key_value, attention_output, intermediate, output]: [Timed; 4],
    ) {
        let (hidden, size, first) =
            (self.hidden(), self.intermediate.outputs, chunk.tokens.start * self.hidden());
        let (none, scales) = (Epilogue::None, chunk.tokens.clone());
        buffers.of_vectors.fill(0.0);
        let lengths = self.vectors().map(|parameter| parameter.value.len());
        let mut of_vectors = parts_mut(buffers.of_vectors, lengths).into_iter();
        let mut next = || of_vectors.next().unwrap_or_default();

        let after_output = chunk.rows(&saved.after_output, hidden);
        let of_norm = [next(), next()];
        self.output_norm.backward(after_output, &saved.output_scales[scales.clone()], gradient, of_norm);
        buffers.of_output.copy_from_slice(gradient);
        drop_numbers(buffers.of_output, dropout.output, first);
        add_column_sums(buffers.of_output, next());
        let before_activation = chunk.rows(&saved.intermediate, size);
        self.activate(before_activation, buffers.activated);
        output.forward(buffers.of_output, buffers.of_intermediate, none);
        match self.activation {
            Activation::Gelu => gelu_backward(before_activation, buffers.of_intermediate),
            Activation::GeluTanh => gelu_tanh_backward(before_activation, buffers.of_intermediate),
            Activation::Relu => relu_backward(before_activation, buffers.of_intermediate),
            Activation::Silu => silu_backward(before_activation, buffers.of_intermediate),
        }
        add_column_sums(buffers.of_intermediate, next());
        let after_attention = chunk.rows(&saved.after_attention, hidden);
        self.attention_norm.after(after_attention, buffers.normed);
        intermediate.forward(buffers.of_intermediate, gradient, Epilogue::Add);

        let of_norm = [next(), next()];
        self.attention_norm.backward(after_attention, &saved.attention_scales[scales], gradient, of_norm);
        buffers.of_attention_output.copy_from_slice(gradient);
        drop_numbers(buffers.of_attention_output, dropout.attention_output, first);
        add_column_sums(buffers.of_attention_output, next());
        with_workspace(|workspace| {
            let of_context = sized(&mut workspace.narrow, gradient.len());
            attention_output.forward(buffers.of_attention_output, of_context, none);
            let of_query_key_value = &mut *buffers.of_query_key_value;
            let (bias, mut of_biases) = bias.unzip();
            for (i, sentence) in chunk.of_sentences.iter().enumerate() {
                let wide = sentence.start * 3 * hidden..sentence.end * 3 * hidden;
                let rows = &chunk.rows(&saved.query_key_value, 3 * hidden)[wide.clone()];
                let of_context = &of_context[sentence.start * hidden..sentence.end * hidden];
                let of_bias = of_biases.as_deref_mut().map(|of_biases| {
                    of_biases[i].resize(self.heads * (2 * sentence.len() - 1), 0.0);
                    &mut of_biases[i][..]
                });
                let dropout = dropout.of_sentence(chunk.sentences.start + i);
                let attention = self.attention(rows, sentence.len(), bias, dropout);
                let gradient = &mut of_query_key_value[wide];
                attention.backward(of_context, gradient, of_bias, &mut workspace.attention);
            }
        });
        add_column_sums(buffers.of_query_key_value, next());
        query_key_value.forward(buffers.of_query_key_value, gradient, Epilogue::Add);
    }

    /// In the order of a workspace's packed matrices.
    fn matrices(&self) -> [&TrainableLinear; 4] {
        [&self.query_key_value, &self.attention_output, &self.intermediate, &self.output]
    }

    /// The parameters that are no matrices, in the order in which their gradients are computed.
    fn vectors(&self) -> [&Parameter; 8] {
        [
            &self.output_norm.gain,
            &self.output_norm.bias,
            &self.output.bias,
            &self.intermediate.bias,
            &self.attention_norm.gain,
            &self.attention_norm.bias,
            &self.attention_output.bias,
            &self.query_key_value.bias,
        ]
    }

    /// In the order of [`vectors`](Self::vectors).
    fn vectors_mut(&mut self) -> [&mut Parameter; 8] {
        [
            &mut self.output_norm.gain,
            &mut self.output_norm.bias,
            &mut self.output.bias,
            &mut self.intermediate.bias,
            &mut self.attention_norm.gain,
            &mut self.attention_norm.bias,
            &mut self.attention_output.bias,
            &mut self.query_key_value.bias,
        ]
    }
}

/// `rows = x + dropout(rows)`; `first` is the index of the first number.
fn residual(rows: &mut [f32], x: &[f32], dropout: Option<Dropout>, first: usize) {
    drop_numbers(rows, dropout, first);
    add(rows, x);
}

fn drop_numbers(rows: &mut [f32], dropout: Option<Dropout>, first: usize) {
    if let Some(dropout) = dropout {
        dropout.apply(rows, first);
    }
}
