//! A tensor that learns: its numbers, their gradient, and the two moments of AdamW.

use clsify_kernels::adamw::AdamWStep;
use clsify_kernels::crew::divide_each;
use clsify_kernels::packed::Precision;
use clsify_kernels::vector::sum_of_squares;

/// The numbers of one update of all parameters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// For the matrices.
    with_decay: AdamWStep,
    /// For biases and layer normalisation.
    without_decay: AdamWStep,
}

impl Step {
    /// Step `t`, counted from 1. Weight decay applies to matrices only, as is usual for this family. Gradients are multiplied by
    /// `gradient_scale`.
    pub(crate) fn new(learning_rate: f32, weight_decay: f32, t: usize, gradient_scale: f32) -> Self {
        let step =
            |weight_decay| AdamWStep { gradient_scale, ..AdamWStep::new(learning_rate, weight_decay, t) };
        Step { with_decay: step(weight_decay), without_decay: step(0.0) }
    }
}

/// The name and the shape of a tensor in a checkpoint.
pub(crate) type Tensor = (String, Vec<usize>);

/// A tensor that learns.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) value: Vec<f32>,
    pub(crate) gradient: Vec<f32>,
    pub(crate) moments: Moments,
    decays: bool,
}

/// The two moments of AdamW, which are zero before the first step.
#[derive(Debug, Clone)]
pub(crate) enum Moments {
    F32([Vec<f32>; 2]),
    /// Those of matrices, if these are multiplied in `bf16`: a quarter of the memory of a training run.
    Bf16([Vec<u16>; 2]),
}

/// The numbers that a thread updates at a time.
const CHUNK: usize = 1 << 14;

impl Parameter {
    /// A matrix, to which weight decay applies, and which is multiplied in this precision.
    pub(crate) fn matrix(value: Vec<f32>, precision: Precision) -> Self {
        let n = value.len();
        let parameter = Self::vector(value);
        let moments = match precision {
            Precision::Bf16 => Moments::Bf16([0; 2].map(|_| vec![0; n])),
            _ => parameter.moments,
        };
        Parameter { decays: true, moments, ..parameter }
    }

    /// A bias or the gain of a layer normalisation.
    pub(crate) fn vector(value: Vec<f32>) -> Self {
        let n = value.len();
        let [gradient, first, second] = [0; 3].map(|_| vec![0.0; n]);
        Parameter { value, gradient, moments: Moments::F32([first, second]), decays: false }
    }
}

/// The sum of the squares of all gradients, in an order that does not depend on threads.
pub(crate) fn gradient_square<'a>(parameters: impl IntoIterator<Item = &'a Parameter>) -> f64 {
    let chunks: Vec<&[f32]> = parameters.into_iter().flat_map(|p| p.gradient.chunks(CHUNK)).collect();
    let mut squares = vec![0.0; chunks.len()];
    let items = chunks.into_iter().zip(&mut squares).collect();
    divide_each(items, |_, (gradient, square)| *square = sum_of_squares(gradient));
    squares.iter().sum()
}

/// Updates all numbers by their gradients.
pub(crate) fn update<'a>(parameters: impl IntoIterator<Item = &'a mut Parameter>, step: &Step) {
    let mut chunks = Vec::new();
    for Parameter { value, gradient, moments, decays } in parameters {
        let step = if *decays { &step.with_decay } else { &step.without_decay };
        let numbers = value.chunks_mut(CHUNK).zip(gradient.chunks(CHUNK)).enumerate();
        let moments: Vec<MomentsChunk> = match moments {
            Moments::F32([first, second]) => {
                let chunks = first.chunks_mut(CHUNK).zip(second.chunks_mut(CHUNK));
                chunks.map(|(first, second)| MomentsChunk::F32(first, second)).collect()
            }
            Moments::Bf16([first, second]) => {
                let chunks = first.chunks_mut(CHUNK).zip(second.chunks_mut(CHUNK));
                chunks.map(|(first, second)| MomentsChunk::Bf16(first, second)).collect()
            }
        };
        chunks.extend(numbers.zip(moments).map(|chunk| (step, chunk)));
    }
    divide_each(chunks, |_, (step, ((i, (value, gradient)), moments))| match moments {
        MomentsChunk::F32(first, second) => step.update(value, first, second, gradient),
        MomentsChunk::Bf16(first, second) => step.update_bf16(value, first, second, gradient, i * CHUNK),
    });
}

enum MomentsChunk<'a> {
    F32(&'a mut [f32], &'a mut [f32]),
    Bf16(&'a mut [u16], &'a mut [u16]),
}
