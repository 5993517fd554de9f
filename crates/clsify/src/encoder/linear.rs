//! `x Wᵀ + b`: the matrix products of the encoder, with weights that are packed once.

use clsify_kernels::matmul::Parallel;
use clsify_kernels::packed::{Epilogue, PackedLinear};

use super::Dtype;
use super::checkpoint::Checkpoint;
use super::largest_columns::largest_columns;
use crate::error::Result;

/// A matrix and a bias in a [`Dtype`].
#[derive(Debug, Clone)]
pub(crate) struct Linear(PackedLinear);

impl Linear {
    /// Reads several matrices with the same input and puts their outputs side by side.
    pub(crate) fn load(
        checkpoint: &Checkpoint,
        names: &[[String; 2]],
        inputs: usize,
        outputs: usize,
        dtype: Dtype,
    ) -> Result<Self> {
        let (weight, bias) = read(checkpoint, names, inputs, outputs)?;
        Ok(Self::new(&weight, &bias, inputs, dtype))
    }

    /// Reads a matrix; in 8 bits the inputs with the largest weights are multiplied in f32.
    pub(crate) fn load_with_exact(
        checkpoint: &Checkpoint,
        names: &[String; 2],
        inputs: usize,
        outputs: usize,
        dtype: Dtype,
    ) -> Result<Self> {
        let (weight, bias) = read(checkpoint, std::slice::from_ref(names), inputs, outputs)?;
        let exact = match dtype {
            Dtype::Int8 => largest_columns(&weight, inputs),
            _ => Vec::new(),
        };
        Ok(Self::with_exact(&weight, &bias, inputs, dtype, &exact))
    }

    /// Reads the same matrices again for 8 bits, with some inputs that are multiplied in f32.
    pub(crate) fn keep_exact(
        &mut self,
        checkpoint: &Checkpoint,
        names: &[[String; 2]],
        exact: &[usize],
    ) -> Result<()> {
        let (inputs, outputs) = (self.0.inputs(), self.0.outputs() / names.len());
        let (weight, bias) = read(checkpoint, names, inputs, outputs)?;
        *self = Self::with_exact(&weight, &bias, inputs, Dtype::Int8, exact);
        Ok(())
    }

    /// Packs `weight [outputs, inputs]` and `bias [outputs]`.
    pub(crate) fn new(weight: &[f32], bias: &[f32], inputs: usize, dtype: Dtype) -> Self {
        Self::with_exact(weight, bias, inputs, dtype, &[])
    }

    fn with_exact(weight: &[f32], bias: &[f32], inputs: usize, dtype: Dtype, exact: &[usize]) -> Self {
        Linear(PackedLinear::pack_exact(weight, bias, inputs, bias.len(), dtype.kernel(), exact))
    }

    pub(crate) fn outputs(&self) -> usize {
        self.0.outputs()
    }

    /// A matrix of the same shape with arbitrary numbers: the time of a product does not depend on them.
    pub(crate) fn with_any_weights(&self, dtype: Dtype) -> Self {
        let (weight, bias, inputs) = self.any_weights();
        Self::new(&weight, &bias, inputs, dtype)
    }

    /// As [`with_any_weights`](Self::with_any_weights), with as many exact inputs as a loaded matrix has.
    pub(crate) fn with_any_weights_and_exact(&self, dtype: Dtype) -> Self {
        let (weight, bias, inputs) = self.any_weights();
        let exact = largest_columns(&weight, inputs);
        Self::with_exact(&weight, &bias, inputs, dtype, &exact)
    }

    fn any_weights(&self) -> (Vec<f32>, Vec<f32>, usize) {
        let (inputs, outputs) = (self.0.inputs(), self.0.outputs());
        let weight = (0..inputs * outputs).map(|i| (i % 251) as f32 / 2e3 - 0.06).collect();
        (weight, vec![0.0; outputs], inputs)
    }

    /// The size in memory.
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

    /// The first `outputs` outputs of `x Wᵀ + b`.
    pub(crate) fn forward_outputs(&self, outputs: usize, x: &[f32], out: &mut [f32], parallel: Parallel) {
        self.0.forward_outputs(outputs, x, out, Epilogue::None, parallel);
    }
}

/// The weights and biases of matrices `[outputs, inputs]`, concatenated.
pub(super) fn read(
    checkpoint: &Checkpoint,
    names: &[[String; 2]],
    inputs: usize,
    outputs: usize,
) -> Result<(Vec<f32>, Vec<f32>)> {
    let (mut weight, mut bias) = (Vec::new(), Vec::new());
    for [weight_name, bias_name] in names {
        weight.extend(checkpoint.tensor(weight_name, &[outputs, inputs])?);
        bias.extend(checkpoint.tensor(bias_name, &[outputs])?);
    }
    Ok((weight, bias))
}
