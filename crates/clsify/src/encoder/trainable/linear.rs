//! `x Wᵀ + b` with a matrix that learns.

use clsify_kernels::backward::column_sums;
use clsify_kernels::packed::{Epilogue, PackedLinear};
use clsify_kernels::transpose::transpose;
use rayon::prelude::*;

use super::super::checkpoint::Checkpoint;
use super::super::linear::read;
use super::super::workspace::sized;
use super::parameter::{Parameter, Tensor};
use super::workspace::Workspace;
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
    ) -> Result<Self> {
        let (weight, bias) = read(checkpoint, names, inputs, outputs)?;
        let outputs = bias.len();
        Ok(TrainableLinear {
            weight: Parameter::matrix(weight),
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

    /// `out = x Wᵀ + b`; `x` is `[rows, inputs]`, `out` is `[rows, outputs]`.
    pub(super) fn forward(&self, x: &[f32], out: &mut [f32], workspace: &mut Workspace) {
        let packed = &mut workspace.packed;
        packed.repack(&self.weight.value, &self.bias.value, self.inputs, self.outputs);
        multiply(packed, x, out, Epilogue::None);
    }

    /// Computes the gradients of weight and bias from that of `out`, and that of `x`, which is written to `input_gradient` or
    /// added to it.
    pub(super) fn backward(
        &mut self,
        x: &[f32],
        gradient: &[f32],
        input_gradient: &mut [f32],
        epilogue: Epilogue,
        workspace: &mut Workspace,
    ) {
        let Workspace { packed, transposed, .. } = workspace;
        let rows = x.len() / self.inputs;
        packed.repack_transposed(&self.weight.value, self.outputs, self.inputs);
        multiply(packed, gradient, input_gradient, epilogue);

        packed.repack_transposed(x, rows, self.inputs);
        let transposed = sized(transposed, gradient.len());
        transpose(gradient, self.outputs, transposed);
        multiply(packed, transposed, &mut self.weight.gradient, Epilogue::None);
        column_sums(gradient, &mut self.bias.gradient);
    }
}

/// A product with the rows divided over all threads.
fn multiply(packed: &PackedLinear, x: &[f32], out: &mut [f32], epilogue: Epilogue) {
    let rows = (x.len() / packed.inputs()).div_ceil(rayon::current_num_threads());
    let parts = x.par_chunks(rows * packed.inputs()).zip(out.par_chunks_mut(rows * packed.outputs()));
    parts.for_each(|(x, out)| packed.forward(x, out, epilogue));
}
