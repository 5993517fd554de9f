//! The modules of sentence-transformers after pooling: dense layers and normalisation.
//!
//! `[n_sentences, in_features]` -> `activation(x Wᵀ + b)` -> `[n_sentences, out_features]`, in f32 whatever the
//! encoder's data type. A row does not depend on its neighbours.

use std::path::{Path, PathBuf};

use clsify_base::encoder_files::{CONFIG, WEIGHTS};
use clsify_kernels::normalize::l2_normalize;
use clsify_kernels::packed::{Epilogue, Kernel, PackedLinear};
use serde::{Deserialize, Serialize};

use super::dense::{DenseActivation, DenseLayer, DenseResidual};
use crate::error::Result;
use crate::matrix::Matrix;

/// A step after pooling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Module {
    /// A `Dense` module of sentence-transformers, with its weights in the encoder's folder.
    Dense {
        /// Its folder in the encoder's folder, such as `2_Dense`.
        folder: String,
        /// The length of its input vectors.
        in_features: usize,
        /// The length of its output vectors.
        out_features: usize,
    },
    /// Divides each vector by its length.
    Normalize,
}

impl Module {
    /// The files in the encoder's folder that this step reads.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        match self {
            Module::Dense { folder, .. } => {
                [CONFIG, WEIGHTS].map(|name| Path::new(folder).join(name)).to_vec()
            }
            Module::Normalize => Vec::new(),
        }
    }
}

/// The modules of some features with their weights in memory.
#[derive(Debug, Default)]
pub(crate) struct Head(Vec<Loaded>);

#[derive(Debug)]
enum Loaded {
    Dense(Box<Dense>),
    Normalize,
}

#[derive(Debug)]
struct Dense {
    linear: PackedLinear,
    activation: DenseActivation,
    residual: Residual,
}

#[derive(Debug)]
enum Residual {
    None,
    /// The input vector is added to the result.
    Identity,
    /// A projection of the input vector is added to the result.
    Projected(Box<PackedLinear>),
}

impl Head {
    /// Reads the modules' weights from the encoder's folder.
    ///
    /// # Errors
    /// Those of the modules' files.
    pub(crate) fn load(folder: &Path, modules: &[Module]) -> Result<Self> {
        let load = |module: &Module| match module {
            Module::Dense { folder: own, in_features, out_features } => {
                Dense::load(&folder.join(own), *in_features, *out_features)
                    .map(|dense| Loaded::Dense(Box::new(dense)))
            }
            Module::Normalize => Ok(Loaded::Normalize),
        };
        modules.iter().map(load).collect::<Result<_>>().map(Head)
    }

    /// The output vectors `[n_sentences, out_features]` for `x [n_sentences, in_features]`.
    pub(super) fn forward(&self, mut x: Vec<f32>, n_sentences: usize) -> Vec<f32> {
        for module in &self.0 {
            match module {
                Loaded::Dense(dense) => x = dense.forward(&x, n_sentences),
                Loaded::Normalize if n_sentences > 0 => {
                    let width = x.len() / n_sentences;
                    l2_normalize(&mut x, width);
                }
                Loaded::Normalize => {}
            }
        }
        x
    }
}

impl Dense {
    fn load(folder: &Path, in_features: usize, out_features: usize) -> Result<Self> {
        let DenseLayer { weight, bias, activation, residual } =
            DenseLayer::read(folder, in_features, out_features)?;
        let pack = |weight: &Matrix, bias: &[f32]| {
            PackedLinear::pack(weight.as_slice(), bias, in_features, out_features, Kernel::best_f32())
        };
        let residual = match residual {
            DenseResidual::None => Residual::None,
            DenseResidual::Identity => Residual::Identity,
            DenseResidual::Projected(weight) => {
                Residual::Projected(Box::new(pack(&weight, &vec![0.0; out_features])))
            }
        };
        Ok(Dense { linear: pack(&weight, &bias), activation, residual })
    }

    fn forward(&self, x: &[f32], n_sentences: usize) -> Vec<f32> {
        let mut out = vec![0.0; n_sentences * self.linear.outputs()];
        self.linear.forward(x, &mut out, Epilogue::None);
        activate(self.activation, &mut out);
        match &self.residual {
            Residual::None => {}
            Residual::Identity => out.iter_mut().zip(x).for_each(|(o, x)| *o += x),
            Residual::Projected(residual) => {
                let mut projected = vec![0.0; out.len()];
                residual.forward(x, &mut projected, Epilogue::None);
                out.iter_mut().zip(&projected).for_each(|(o, x)| *o += x);
            }
        }
        out
    }
}

/// Applies an activation to every number.
fn activate(activation: DenseActivation, x: &mut [f32]) {
    match activation {
        DenseActivation::Identity => {}
        DenseActivation::Tanh => x.iter_mut().for_each(|x| *x = x.tanh()),
        DenseActivation::Sigmoid => x.iter_mut().for_each(|x| *x = 1.0 / (1.0 + (-*x).exp())),
        DenseActivation::Relu => clsify_kernels::activation::relu(x),
        DenseActivation::Gelu => clsify_kernels::activation::gelu(x),
        DenseActivation::Silu => clsify_kernels::activation::silu(x),
    }
}
