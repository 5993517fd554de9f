//! `x W + b`: the matrix products of the encoder.

use clsify_kernels::matmul::{MatMut, MatRef, Parallel, matmul};
use clsify_kernels::normalize::add;

use super::checkpoint::Checkpoint;
use crate::error::Result;

/// A matrix and a bias. The matrix lies as `[inputs, outputs]`, the transpose of the checkpoint's, since products read
/// it fastest that way.
#[derive(Debug, Clone)]
pub(crate) struct Linear {
    weight: Vec<f32>,
    bias: Vec<f32>,
    inputs: usize,
}

impl Linear {
    /// Reads several matrices of the same input and puts their outputs side by side.
    pub(crate) fn load(
        checkpoint: &mut Checkpoint,
        names: &[[String; 2]],
        inputs: usize,
        outputs: usize,
    ) -> Result<Self> {
        let total = outputs * names.len();
        let mut weight = Vec::new();
        let mut bias = Vec::new();
        for (i, [weight_name, bias_name]) in names.iter().enumerate() {
            let part = checkpoint.tensor(weight_name, &[outputs, inputs])?;
            // Only now is it certain that the file holds what the configuration promises.
            weight.resize(inputs * total, 0.0);
            transpose_into(&part, inputs, &mut weight, i * outputs, total);
            bias.extend(checkpoint.tensor(bias_name, &[outputs])?);
        }
        Ok(Linear { weight, bias, inputs })
    }

    pub(crate) fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Some columns of `W [inputs, outputs]` and of `b`: a part of the outputs.
    pub(crate) fn columns(&self, first: usize, n: usize) -> (MatRef<'_, f32>, &[f32]) {
        let weight = MatRef::new(&self.weight, self.inputs, self.outputs()).columns(first, n);
        (weight, &self.bias[first..first + n])
    }

    /// `out = x W + b`; `x` is `[rows, inputs]`, `out` is `[rows, outputs]`.
    pub(crate) fn forward(&self, x: &[f32], out: &mut [f32], parallel: Parallel) {
        let rows = x.len() / self.inputs;
        let outputs = self.outputs();
        matmul(
            MatMut::new(out, rows, outputs),
            MatRef::new(x, rows, self.inputs),
            MatRef::new(&self.weight, self.inputs, outputs),
            1.0,
            0.0,
            parallel,
        );
        add(out, &self.bias);
    }
}

/// Writes `part [outputs, inputs]`, transposed, into columns `first..` of `weight [inputs, total]`.
fn transpose_into(part: &[f32], inputs: usize, weight: &mut [f32], first: usize, total: usize) {
    // Blocks of 16 x 16 numbers touch 16 cache lines on either side.
    const BLOCK: usize = 16;
    let outputs = part.len() / inputs;
    for o in (0..outputs).step_by(BLOCK) {
        for i in (0..inputs).step_by(BLOCK) {
            for row in i..(i + BLOCK).min(inputs) {
                for col in o..(o + BLOCK).min(outputs) {
                    weight[row * total + first + col] = part[col * inputs + row];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::transpose_into;

    #[test]
    fn matrices_are_transposed_side_by_side() {
        let (inputs, outputs, total) = (19, 35, 80);
        let part: Vec<f32> = (0..inputs * outputs).map(|i| i as f32).collect();
        let mut weight = vec![-1.0; inputs * total];
        transpose_into(&part, inputs, &mut weight, 40, total);
        for row in 0..inputs {
            for col in 0..total {
                let inside = (40..40 + outputs).contains(&col);
                let expected = if inside { part[(col - 40) * inputs + row] } else { -1.0 };
                assert_eq!(weight[row * total + col], expected);
            }
        }
    }
}
