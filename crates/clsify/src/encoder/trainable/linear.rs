//! `x Wᵀ + b` with a matrix that learns.

use clsify_kernels::crew::divide_each;
use clsify_kernels::packed::{Epilogue, PackedLinear, Precision, Repack, repack_all};
use clsify_kernels::transpose::transpose;

use super::super::checkpoint::Checkpoint;
use super::super::linear::read;
use super::super::workspace::{sized, with_workspace};
use super::parameter::{Parameter, Tensor};
use super::workspace::{ProductClock, Timed};
use crate::error::Result;

/// A matrix `[outputs, inputs]` and a bias.
#[derive(Debug, Clone)]
pub(crate) struct TrainableLinear {
    pub(crate) weight: Parameter,
    pub(crate) bias: Parameter,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
}

impl TrainableLinear {
    /// Reads several matrices with the same input and puts their outputs side by side.
    pub(super) fn load(
        checkpoint: &Checkpoint,
        names: &[[String; 2]],
        inputs: usize,
        outputs: usize,
        precision: Precision,
    ) -> Result<Self> {
        let (weight, bias) = read(checkpoint, names, inputs, outputs)?;
        let outputs = bias.len();
        Ok(TrainableLinear {
            weight: Parameter::matrix(weight, precision),
            bias: Parameter::vector(bias),
            inputs,
            outputs,
        })
    }

    /// The weight and the bias, with the tensors that each consists of.
    pub(super) fn parameters(&self, parts: &[[String; 2]]) -> [(Vec<Tensor>, &Parameter); 2] {
        let outputs = self.outputs / parts.len();
        let of = |i: usize, shape: &[usize], parameter| {
            (parts.iter().map(|part| (part[i].clone(), shape.to_vec())).collect(), parameter)
        };
        [of(0, &[outputs, self.inputs], &self.weight), of(1, &[outputs], &self.bias)]
    }

    pub(super) fn parameters_mut(&mut self) -> [&mut Parameter; 2] {
        [&mut self.weight, &mut self.bias]
    }

    /// Packs the matrix for `out = x Wᵀ + b`.
    pub(super) fn pack<'a>(&'a self, packed: &'a mut PackedLinear) -> Repack<'a> {
        packed.repack(&self.weight.value, &self.bias.value, self.inputs, self.outputs)
    }

    /// Packs the matrix for the gradient of `x`, `out W`.
    pub(super) fn pack_transposed<'a>(&'a self, packed: &'a mut PackedLinear) -> Repack<'a> {
        packed.repack_transposed(&self.weight.value, self.outputs, self.inputs)
    }
}

/// The outputs whose gradients a thread computes at a time: eight tiles of an AVX-512 kernel.
const OUTPUTS: usize = 112;

/// A matrix whose gradient is to be computed from its inputs `[n_tokens, inputs]` and the gradient of its outputs
/// `[n_tokens, outputs]`.
pub(super) struct OfWeight<'a> {
    pub(super) linear: &'a mut TrainableLinear,
    pub(super) x: &'a [f32],
    pub(super) gradient: &'a [f32],
}

/// Computes the gradients of matrices, `gradientᵀ x`, or adds them to what is there. `packed` is memory for each.
pub(super) fn weight_gradients(
    of_weights: Vec<OfWeight>,
    packed: &mut [PackedLinear],
    clock: &ProductClock,
    adds: bool,
) {
    repack_all(packed.iter_mut().zip(&of_weights).map(|(packed, OfWeight { linear, x, .. })| {
        packed.repack_transposed(x, x.len() / linear.inputs, linear.inputs)
    }));
    let mut parts = Vec::new();
    for (packed, OfWeight { linear, gradient, .. }) in packed.iter().zip(of_weights) {
        let (inputs, outputs) = (linear.inputs, linear.outputs);
        let of_outputs = linear.weight.gradient.chunks_mut(OUTPUTS * inputs).enumerate();
        parts.extend(of_outputs.map(|(i, out)| (packed, gradient, outputs, OUTPUTS * i, out)));
    }
    let epilogue = if adds { Epilogue::Add } else { Epilogue::None };
    divide_each(parts, |_, (packed, gradient, outputs, first, out)| {
        let width = out.len() / packed.outputs();
        with_workspace(|workspace| {
            let transposed = sized(&mut workspace.wide, width * packed.inputs());
            transpose(gradient, outputs, first..first + width, transposed);
            Timed { packed, clock }.forward(transposed, out, epilogue);
        });
    });
}
