//! The encoder as operations of ONNX: token ids to hidden states, for every family that the library supports.
//!
//! The formulas are those of the library's own encoder (`clsify::encoder`), for batches `[batch, sequence]` with padding
//! at the end of short sentences. A padded position is masked in every softmax, so that it changes nothing.

use clsify::encoder::{Activation, EncoderConfig, EncoderTensors, LinearPart, NormPart, StoredTensor};
use clsify_base::error::Result;

use super::graph::{Attribute, Graph, Numbers, Value};
use super::operations::Cast;

/// The number that is added to the scores of padded positions: their probability becomes 0.
const MASKED: f32 = f32::MIN;

/// The tokens of a batch.
pub(super) struct Tokens {
    /// Their ids, `[batch, sequence]`.
    pub(super) input_ids: Value,
    /// 1 for tokens and 0 for padding, `[batch, sequence]`, whole numbers.
    pub(super) attention_mask: Value,
    /// The same as floating-point numbers.
    pub(super) mask: Value,
}

/// Adds the encoder up to a layer; returns the hidden states `[batch, sequence, hidden_size]` from the embeddings,
/// number 0, to that of this layer.
pub(super) fn hidden_states(
    graph: &mut Graph,
    tensors: &EncoderTensors,
    tokens: &Tokens,
    depth: usize,
) -> Result<Vec<Value>> {
    let config = tensors.config();
    let mut block = Block { graph, tensors, config };
    let mut states = vec![block.embeddings(tokens)?];
    if depth > 0 {
        let bias = block.score_bias(tokens)?;
        for layer in 0..depth {
            let attended = block.attention(&states[layer], layer, &bias);
            states.push(block.feed_forward(&attended, layer));
        }
    }
    Ok(states)
}

struct Block<'a> {
    graph: &'a mut Graph,
    tensors: &'a EncoderTensors,
    config: &'a EncoderConfig,
}

impl Block<'_> {
    /// `LayerNorm(word + position + token type 0)`, then ELECTRA's projection.
    fn embeddings(&mut self, tokens: &Tokens) -> Result<Value> {
        let words = self.graph.stored("embeddings.word", self.tensors.word_embeddings());
        let words = self.graph.op("Gather", &[&words, &tokens.input_ids]);
        let positions = self.position_table()?;
        let positions = match self.config.position_padding_id {
            None => {
                let [start, axis] = [self.graph.integers(&[0]), self.graph.integers(&[0])];
                let end = self.graph.length(&tokens.input_ids);
                self.graph.op("Slice", &[&positions, &start, &end, &axis])
            }
            Some(padding_id) => {
                let ids = self.counted_positions(tokens, padding_id);
                self.graph.op("Gather", &[&positions, &ids])
            }
        };
        let sum = self.graph.op("Add", &[&words, &positions]);
        let x = self.norm("embeddings.norm", self.tensors.embedding_norm(), &sum);
        Ok(match self.tensors.embedding_projection() {
            Some(projection) => self.linear("embeddings.projection", projection, &x),
            None => x,
        })
    }

    /// The position embeddings, to which the embedding of token type 0 is added: all tokens have it.
    fn position_table(&mut self) -> Result<Value> {
        let stored = self.tensors.position_embeddings();
        let (shape, mut table) = (stored.shape().to_vec(), stored.read()?);
        if let Some(types) = self.tensors.token_type_embeddings() {
            let first = types.read_part(0..shape[1])?;
            for row in table.chunks_exact_mut(shape[1]) {
                row.iter_mut().zip(&first).for_each(|(x, type_0)| *x += type_0);
            }
        }
        Ok(self.graph.constant("embeddings.position", shape, Numbers::Floats(table)))
    }

    /// The rule of RoBERTa and MPNet: tokens other than the padding token are counted from `padding_id + 1`; padding has
    /// position `padding_id`, also where it was typed in a text.
    fn counted_positions(&mut self, tokens: &Tokens, padding_id: u32) -> Value {
        let padding_id = self.graph.integer(i64::from(padding_id));
        let is_padding = self.graph.op("Equal", &[&tokens.input_ids, &padding_id]);
        let is_token = self.graph.op("Not", &[&is_padding]);
        let is_token = self.graph.cast(&is_token, Cast::Integer);
        let is_token = self.graph.op("Mul", &[&is_token, &tokens.attention_mask]);
        let axis = self.graph.integer(1);
        let count = self.graph.op("CumSum", &[&is_token, &axis]);
        let count = self.graph.op("Mul", &[&count, &is_token]);
        self.graph.op("Add", &[&count, &padding_id])
    }

    /// The numbers that are added to the scores of every layer, `[batch or 1, heads or 1, sequence or 1, sequence]`.
    fn score_bias(&mut self, tokens: &Tokens) -> Result<Value> {
        let one = self.graph.float(1.0);
        let is_padding = self.graph.op("Sub", &[&one, &tokens.mask]);
        let masked = self.graph.float(MASKED);
        let masked = self.graph.op("Mul", &[&is_padding, &masked]);
        let axes = self.graph.integers(&[1, 2]);
        let masked = self.graph.op("Unsqueeze", &[&masked, &axes]);
        let Some(by_distance) = self.tensors.relative_attention_bias()? else { return Ok(masked) };
        let by_distance = self.graph.matrix("encoder.relative_attention_bias", by_distance);
        let places = self.graph.places(&tokens.input_ids);
        let [row, column] = [self.graph.integers(&[0]), self.graph.integers(&[1])];
        let keys = self.graph.op("Unsqueeze", &[&places, &row]);
        let queries = self.graph.op("Unsqueeze", &[&places, &column]);
        let distances = self.graph.op("Sub", &[&keys, &queries]);
        let middle = self.graph.integer(self.config.max_tokens() as i64 - 1);
        let distances = self.graph.op("Add", &[&distances, &middle]);
        let attributes = vec![("axis", Attribute::Integer(1))];
        let biases = self.graph.op_with("Gather", &[&by_distance, &distances], attributes);
        Ok(self.graph.op("Add", &[&biases, &masked]))
    }

    /// `LayerNorm(x + softmax(Q Kᵀ / √head_size + bias) V W + b)`.
    fn attention(&mut self, x: &Value, layer: usize, bias: &Value) -> Value {
        let heads = self.config.num_attention_heads;
        let head_size = self.config.hidden_size / heads;
        let divided = self.graph.integers(&[0, 0, heads as i64, head_size as i64]);
        let joined = self.graph.integers(&[0, 0, self.config.hidden_size as i64]);
        let of_heads = |block: &mut Self, part, order: [i64; 4]| {
            let product = block.layer_linear(layer, part, x);
            let product = block.graph.op("Reshape", &[&product, &divided]);
            block.graph.transpose(&product, order)
        };
        let queries = of_heads(self, LinearPart::Query, [0, 2, 1, 3]);
        let keys = of_heads(self, LinearPart::Key, [0, 2, 3, 1]);
        let values = of_heads(self, LinearPart::Value, [0, 2, 1, 3]);
        let scores = self.graph.op("MatMul", &[&queries, &keys]);
        let divisor = self.graph.float((head_size as f32).sqrt());
        let scores = self.graph.op("Div", &[&scores, &divisor]);
        let scores = self.graph.op("Add", &[&scores, bias]);
        let probs = self.graph.op_with("Softmax", &[&scores], vec![("axis", Attribute::Integer(-1))]);
        let context = self.graph.op("MatMul", &[&probs, &values]);
        let context = self.graph.transpose(&context, [0, 2, 1, 3]);
        let context = self.graph.op("Reshape", &[&context, &joined]);
        let output = self.layer_linear(layer, LinearPart::AttentionOutput, &context);
        self.add_and_norm(layer, NormPart::Attention, &output, x)
    }

    /// `LayerNorm(x + activation(x W1 + b1) W2 + b2)`.
    fn feed_forward(&mut self, x: &Value, layer: usize) -> Value {
        let intermediate = self.layer_linear(layer, LinearPart::Intermediate, x);
        let active = match self.config.activation {
            Activation::Gelu => self.graph.gelu(&intermediate),
            Activation::GeluTanh => self.graph.gelu_tanh(&intermediate),
            Activation::Relu => self.graph.op("Relu", &[&intermediate]),
            Activation::Silu => self.graph.silu(&intermediate),
        };
        let output = self.layer_linear(layer, LinearPart::Output, &active);
        self.add_and_norm(layer, NormPart::Output, &output, x)
    }

    fn add_and_norm(&mut self, layer: usize, part: NormPart, output: &Value, x: &Value) -> Value {
        let sum = self.graph.op("Add", &[output, x]);
        self.norm(&format!("layer.{layer}.{part:?}Norm"), self.tensors.norm(layer, part), &sum)
    }

    fn layer_linear(&mut self, layer: usize, part: LinearPart, x: &Value) -> Value {
        self.linear(&format!("layer.{layer}.{part:?}"), self.tensors.linear(layer, part), x)
    }

    /// `x Wᵀ + b`; the weight is stored as `Wᵀ`, as MatMul needs it.
    fn linear(&mut self, name: &str, [weight, bias]: [StoredTensor; 2], x: &Value) -> Value {
        let weight = self.graph.transposed(&format!("{name}.weight"), weight);
        let bias = self.graph.stored(&format!("{name}.bias"), bias);
        let product = self.graph.op("MatMul", &[x, &weight]);
        self.graph.op("Add", &[&product, &bias])
    }

    fn norm(&mut self, name: &str, [gain, bias]: [StoredTensor; 2], x: &Value) -> Value {
        let gain = self.graph.stored(&format!("{name}.gain"), gain);
        let bias = self.graph.stored(&format!("{name}.bias"), bias);
        let epsilon = Attribute::Float(self.config.layer_norm_eps);
        let attributes = vec![("axis", Attribute::Integer(-1)), ("epsilon", epsilon)];
        self.graph.op_with("LayerNormalization", &[x, &gain, &bias], attributes)
    }
}
