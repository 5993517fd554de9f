//! `x Wᵀ + b`: the matrix products of the encoder, over weights that are packed once.

use clsify_kernels::packed::{Epilogue, PackedLinear};

use super::checkpoint::Checkpoint;
use super::{Dtype, Parallel};
use crate::error::Result;

/// A matrix and a bias, in the arithmetic of a [`Dtype`].
#[derive(Debug, Clone)]
pub(crate) struct Linear(PackedLinear);

impl Linear {
    /// Reads several matrices of the same input and puts their outputs side by side.
    pub(crate) fn load(
        checkpoint: &mut Checkpoint,
        names: &[[String; 2]],
        inputs: usize,
        outputs: usize,
        dtype: Dtype,
    ) -> Result<Self> {
        let (mut weight, mut bias) = (Vec::new(), Vec::new());
        for [weight_name, bias_name] in names {
            weight.extend(checkpoint.tensor(weight_name, &[outputs, inputs])?);
            bias.extend(checkpoint.tensor(bias_name, &[outputs])?);
        }
        Ok(Self::new(&weight, &bias, inputs, dtype))
    }

    /// Packs `weight [outputs, inputs]` and `bias [outputs]`.
    pub(crate) fn new(weight: &[f32], bias: &[f32], inputs: usize, dtype: Dtype) -> Self {
        Linear(PackedLinear::pack(weight, bias, inputs, bias.len(), dtype.kernel()))
    }

    pub(crate) fn outputs(&self) -> usize {
        self.0.outputs()
    }

    /// A matrix of the same shape with ordinary numbers: the time of a product does not depend on them.
    pub(crate) fn with_any_weights(&self, dtype: Dtype) -> Self {
        let (inputs, outputs) = (self.0.inputs(), self.0.outputs());
        let weight: Vec<f32> = (0..inputs * outputs).map(|i| (i % 251) as f32 / 2e3 - 0.06).collect();
        Self::new(&weight, &vec![0.0; outputs], inputs, dtype)
    }

    /// The memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.0.bytes()
    }

    /// `out = x Wᵀ + b`; `x` is `[rows, inputs]`, `out` is `[rows, outputs]`.
    pub(crate) fn forward(&self, x: &[f32], out: &mut [f32], parallel: Parallel) {
        self.forward_with(x, out, Epilogue::None, parallel);
    }

    /// `out = activation(x Wᵀ + b)`.
    pub(crate) fn forward_with(&self, x: &[f32], out: &mut [f32], activation: Epilogue, parallel: Parallel) {
        self.0.forward_outputs(self.0.outputs(), x, out, activation, parallel);
    }

    /// The first so many outputs of `x Wᵀ + b`.
    pub(crate) fn forward_outputs(&self, outputs: usize, x: &[f32], out: &mut [f32], parallel: Parallel) {
        self.0.forward_outputs(outputs, x, out, Epilogue::None, parallel);
    }
}
