//! Hidden states to features: pooling, the modules of sentence-transformers, normalisation, truncation.

use std::path::Path;

use clsify::features::{DenseActivation, DenseLayer, DenseResidual, FeatureOptions, Module, Pooling};
use clsify_base::error::Result;

use super::encoder::Tokens;
use super::graph::{Attribute, Graph, Value};
use super::operations::Cast;

/// The lower bound of a length by which vectors are divided, as in the library and in PyTorch.
const LEAST_LENGTH: f32 = 1e-12;

/// Adds the features of the chosen hidden states `[batch, sequence, hidden_size]`: `[batch, n_features]`.
///
/// # Errors
/// Those of the modules' files in the encoder's `folder`.
pub(super) fn features(
    graph: &mut Graph,
    states: &[Value],
    tokens: &Tokens,
    options: &FeatureOptions,
    folder: &Path,
    n_features: usize,
) -> Result<Value> {
    let pooled = Pooled::of(graph, tokens, options);
    let mut all = Vec::new();
    for state in states {
        for &pooling in &options.poolings {
            all.push(pooled.pool(graph, state, pooling));
        }
    }
    let mut x = match &all[..] {
        [only] => only.clone(),
        _ => graph.op_with("Concat", &all.iter().collect::<Vec<_>>(), vec![("axis", Attribute::Integer(1))]),
    };
    for (number, module) in options.modules.iter().enumerate() {
        x = match module {
            Module::Normalize => normalize(graph, &x),
            Module::Dense { folder: own, in_features, out_features } => {
                let layer = DenseLayer::read(folder.join(own), *in_features, *out_features)?;
                dense(graph, &format!("module.{number}"), layer, &x)
            }
        };
    }
    if options.normalize {
        x = normalize(graph, &x);
    }
    if options.truncate_dim.is_some() {
        let [start, end, axis] = [0, n_features as i64, 1].map(|number| graph.integers(&[number]));
        x = graph.op("Slice", &[&x, &start, &end, &axis]);
    }
    Ok(x)
}

/// The tokens that are pooled.
struct Pooled {
    /// 1 for each of them, otherwise 0: `[batch, sequence, 1]`.
    mask: Value,
    /// Their number, `[batch, 1]`.
    count: Value,
    /// For a prompt that is not pooled, the numbers of its tokens.
    prompt: Option<Prompt>,
}

struct Prompt {
    /// 1 for the first token that is pooled, or for the first token of all if there is none: `[batch, sequence, 1]`.
    first: Value,
    /// True for sentences with a token that is pooled, `[batch, 1]`.
    has_any: Value,
}

impl Pooled {
    fn of(graph: &mut Graph, tokens: &Tokens, options: &FeatureOptions) -> Self {
        let [rows, last] = [graph.integers(&[1]), graph.integers(&[2])];
        let n_prompt = options.n_prompt_tokens as i64;
        let mut mask = tokens.mask.clone();
        let mut places = None;
        if n_prompt > 0 {
            let all = graph.places(&tokens.input_ids);
            let n_prompt = graph.integer(n_prompt);
            let is_before = graph.op("Less", &[&all, &n_prompt]);
            let is_after = graph.op("Not", &[&is_before]);
            let is_after = graph.cast(&is_after, Cast::Float);
            mask = graph.op("Mul", &[&mask, &is_after]);
            places = Some((all, n_prompt));
        }
        let count = graph.sum(&mask, 1);
        let count = graph.op("Unsqueeze", &[&count, &rows]);
        let prompt = places.map(|(places, n_prompt)| {
            let zero = graph.float(0.0);
            let has_any = graph.op("Greater", &[&count, &zero]);
            let none = graph.integer(0);
            let first = graph.op("Where", &[&has_any, &n_prompt, &none]);
            let first = graph.op("Equal", &[&places, &first]);
            let first = graph.cast(&first, Cast::Float);
            Prompt { first: graph.op("Unsqueeze", &[&first, &last]), has_any }
        });
        Pooled { mask: graph.op("Unsqueeze", &[&mask, &last]), count, prompt }
    }

    /// The pooled hidden state, `[batch, hidden_size]`.
    fn pool(&self, graph: &mut Graph, state: &Value, pooling: Pooling) -> Value {
        match (pooling, &self.prompt) {
            (Pooling::Cls, None) => {
                let first = graph.integer(0);
                graph.op_with("Gather", &[state, &first], vec![("axis", Attribute::Integer(1))])
            }
            (Pooling::Cls, Some(prompt)) => {
                let own = graph.op("Mul", &[state, &prompt.first]);
                graph.sum(&own, 1)
            }
            (Pooling::Mean, _) => {
                let own = graph.op("Mul", &[state, &self.mask]);
                let sum = graph.sum(&own, 1);
                // Without a token the sum is 0, and so is the mean.
                let one = graph.float(1.0);
                let count = graph.op("Max", &[&self.count, &one]);
                graph.op("Div", &[&sum, &count])
            }
            (Pooling::Max, prompt) => {
                let [zero, least] = [graph.float(0.0), graph.float(f32::MIN)];
                let is_pooled = graph.op("Greater", &[&self.mask, &zero]);
                let own = graph.op("Where", &[&is_pooled, state, &least]);
                let attributes =
                    vec![("axes", Attribute::Integers(vec![1])), ("keepdims", Attribute::Integer(0))];
                let max = graph.op_with("ReduceMax", &[&own], attributes);
                match prompt {
                    Some(prompt) => graph.op("Where", &[&prompt.has_any, &max, &zero]),
                    None => max,
                }
            }
        }
    }
}

/// Divides each vector by its Euclidean length.
fn normalize(graph: &mut Graph, x: &Value) -> Value {
    let square = graph.op("Mul", &[x, x]);
    let [axis, least] = [graph.integers(&[1]), graph.float(LEAST_LENGTH)];
    let sum = graph.op_with("ReduceSum", &[&square, &axis], vec![("keepdims", Attribute::Integer(1))]);
    let length = graph.op("Sqrt", &[&sum]);
    let length = graph.op("Max", &[&length, &least]);
    graph.op("Div", &[x, &length])
}

/// `activation(x Wᵀ + b)`, and the residual.
fn dense(graph: &mut Graph, name: &str, layer: DenseLayer, x: &Value) -> Value {
    let weight = graph.matrix(&format!("{name}.weight"), layer.weight);
    let bias = graph.floats(&format!("{name}.bias"), layer.bias);
    let product = graph.affine(x, &weight, Some(&bias));
    let active = match layer.activation {
        DenseActivation::Identity => product,
        DenseActivation::Tanh => graph.op("Tanh", &[&product]),
        DenseActivation::Sigmoid => graph.op("Sigmoid", &[&product]),
        DenseActivation::Relu => graph.op("Relu", &[&product]),
        DenseActivation::Gelu => graph.gelu(&product),
        DenseActivation::Silu => graph.silu(&product),
    };
    match layer.residual {
        DenseResidual::None => active,
        DenseResidual::Identity => graph.op("Add", &[&active, x]),
        DenseResidual::Projected(weight) => {
            let weight = graph.matrix(&format!("{name}.residual"), weight);
            let residual = graph.affine(x, &weight, None);
            graph.op("Add", &[&active, &residual])
        }
    }
}
