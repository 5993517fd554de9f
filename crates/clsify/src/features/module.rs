//! The modules of sentence-transformers after pooling: dense layers and normalisation.
//!
//! `[n_sentences, in_features]` -> `activation(x Wᵀ + b)` -> `[n_sentences, out_features]`, in f32 whatever the
//! encoder's data type. A row does not depend on its neighbours.

use std::path::{Path, PathBuf};

use clsify_base::encoder_files::{CONFIG, WEIGHTS};
use clsify_kernels::normalize::l2_normalize;
use clsify_kernels::packed::{Epilogue, Kernel, PackedLinear};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::settings_file::{SettingsFile, bad};
use crate::encoder::Checkpoint;
use crate::error::Result;

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
    activation: Activation,
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

#[derive(Debug, Clone, Copy)]
enum Activation {
    Identity,
    Tanh,
    Sigmoid,
    Relu,
    Gelu,
    Silu,
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
        let config = DenseConfig::read(folder)?;
        if (config.in_features, config.out_features) != (in_features, out_features) {
            let got = (config.in_features, config.out_features);
            return Err(bad(format!(
                "expected {in_features} numbers in and {out_features} out, got {} and {}",
                got.0, got.1
            ))
            .at(folder.join(CONFIG).display().to_string()));
        }
        let checkpoint = Checkpoint::open_module(folder)?;
        let matrix = |name: &str, bias: Vec<f32>| -> Result<PackedLinear> {
            let weight = checkpoint.tensor(name, &[out_features, in_features])?;
            Ok(PackedLinear::pack(&weight, &bias, in_features, out_features, Kernel::best_f32()))
        };
        let bias = match config.bias {
            true => checkpoint.tensor("linear.bias", &[out_features])?,
            false => vec![0.0; out_features],
        };
        let residual = match config.use_residual {
            false => Residual::None,
            true if in_features == out_features => Residual::Identity,
            true => Residual::Projected(Box::new(matrix("residual.weight", vec![0.0; out_features])?)),
        };
        Ok(Dense { linear: matrix("linear.weight", bias)?, activation: config.activation, residual })
    }

    fn forward(&self, x: &[f32], n_sentences: usize) -> Vec<f32> {
        let mut out = vec![0.0; n_sentences * self.linear.outputs()];
        self.linear.forward(x, &mut out, Epilogue::None);
        self.activation.apply(&mut out);
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

impl Activation {
    fn apply(self, x: &mut [f32]) {
        match self {
            Activation::Identity => {}
            Activation::Tanh => x.iter_mut().for_each(|x| *x = x.tanh()),
            Activation::Sigmoid => x.iter_mut().for_each(|x| *x = 1.0 / (1.0 + (-*x).exp())),
            Activation::Relu => clsify_kernels::activation::relu(x),
            Activation::Gelu => clsify_kernels::activation::gelu(x),
            Activation::Silu => clsify_kernels::activation::silu(x),
        }
    }
}

/// `config.json` of a `Dense` module.
#[derive(Debug)]
pub(super) struct DenseConfig {
    pub(super) in_features: usize,
    pub(super) out_features: usize,
    bias: bool,
    activation: Activation,
    use_residual: bool,
}

impl DenseConfig {
    /// Reads it from the module's folder.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let file = SettingsFile::read(folder.join(CONFIG))?;
        file.place(Self::of(&file))
    }

    fn of(file: &SettingsFile) -> Result<Self> {
        file.check_is_of_sentence()?;
        Ok(DenseConfig {
            in_features: width(file, "in_features")?,
            out_features: width(file, "out_features")?,
            bias: file.flag("bias", true)?,
            activation: activation(file.json.get("activation_function"))?,
            use_residual: file.flag("use_residual", false)?,
        })
    }
}

/// The number of inputs or outputs of a layer.
fn width(file: &SettingsFile, key: &str) -> Result<usize> {
    // Products of two such numbers do not overflow.
    file.size(key)?.filter(|&n| n < 1 << 20).ok_or_else(|| {
        let got = file.json.get(key).unwrap_or(&Value::Null);
        bad(format!("\"{key}\": expected a whole number of at least 1, got {got}"))
    })
}

/// The activation for this class of torch; sentence-transformers uses tanh if none is named.
fn activation(name: Option<&Value>) -> Result<Activation> {
    let Some(name) = name else { return Ok(Activation::Tanh) };
    let class = name.as_str().and_then(|name| name.strip_prefix("torch.")?.rsplit('.').next());
    Ok(match class {
        Some("Identity") => Activation::Identity,
        Some("Tanh") => Activation::Tanh,
        Some("Sigmoid") => Activation::Sigmoid,
        Some("ReLU") => Activation::Relu,
        Some("GELU") => Activation::Gelu,
        Some("SiLU") => Activation::Silu,
        _ => {
            return Err(bad(format!("unsupported \"activation_function\": {name}"))
                .with_hint("supported are Identity, Tanh, Sigmoid, ReLU, GELU and SiLU of torch"));
        }
    })
}
