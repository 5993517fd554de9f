//! The `Dense` modules of sentence-transformers: their settings and their weights.

use std::path::Path;

use clsify_base::encoder_files::CONFIG;
use serde_json::Value;

use super::settings_file::{SettingsFile, bad};
use crate::encoder::Checkpoint;
use crate::error::Result;
use crate::matrix::Matrix;

/// A `Dense` module of sentence-transformers: `activation(x Wᵀ + b)`, to which its input may be added.
#[derive(Debug, Clone, PartialEq)]
pub struct DenseLayer {
    /// The weight, `[out_features, in_features]`.
    pub weight: Matrix,
    /// The bias, `[out_features]`; zeros if the module has none.
    pub bias: Vec<f32>,
    /// The activation function.
    pub activation: DenseActivation,
    /// The part of the input that is added to the result.
    pub residual: DenseResidual,
}

/// The activation function of a `Dense` module, a class of torch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DenseActivation {
    /// None.
    Identity,
    /// The hyperbolic tangent.
    Tanh,
    /// `1 / (1 + e^-x)`.
    Sigmoid,
    /// `max(x, 0)`.
    Relu,
    /// The erf form of GELU.
    Gelu,
    /// `x / (1 + e^-x)`.
    Silu,
}

/// The part of its input that a `Dense` module adds to its result.
#[derive(Debug, Clone, PartialEq)]
pub enum DenseResidual {
    /// Nothing is added.
    None,
    /// The input vector is added.
    Identity,
    /// The product of the input vector with this matrix `[out_features, in_features]` is added.
    Projected(Matrix),
}

impl DenseLayer {
    /// Reads a module's own folder, such as `2_Dense` in that of the encoder, with the sizes of a
    /// [`Module::Dense`](super::Module::Dense).
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config) if the settings are not supported or have other sizes;
    /// those of the files.
    ///
    /// ```no_run
    /// let layer = clsify::features::DenseLayer::read("LaBSE/2_Dense", 768, 768)?;
    /// assert_eq!(layer.weight.shape(), [768, 768]);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn read(folder: impl AsRef<Path>, in_features: usize, out_features: usize) -> Result<Self> {
        let folder = folder.as_ref();
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
        let matrix = |name: &str| {
            let weight = checkpoint.tensor(name, &[out_features, in_features])?;
            Matrix::from_vec(weight, out_features, in_features)
        };
        let bias = match config.bias {
            true => checkpoint.tensor("linear.bias", &[out_features])?,
            false => vec![0.0; out_features],
        };
        let residual = match config.use_residual {
            false => DenseResidual::None,
            true if in_features == out_features => DenseResidual::Identity,
            true => DenseResidual::Projected(matrix("residual.weight")?),
        };
        Ok(DenseLayer { weight: matrix("linear.weight")?, bias, activation: config.activation, residual })
    }
}

/// `config.json` of a `Dense` module.
#[derive(Debug)]
pub(super) struct DenseConfig {
    pub(super) in_features: usize,
    pub(super) out_features: usize,
    bias: bool,
    activation: DenseActivation,
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
fn activation(name: Option<&Value>) -> Result<DenseActivation> {
    let Some(name) = name else { return Ok(DenseActivation::Tanh) };
    let class = name.as_str().and_then(|name| name.strip_prefix("torch.")?.rsplit('.').next());
    Ok(match class {
        Some("Identity") => DenseActivation::Identity,
        Some("Tanh") => DenseActivation::Tanh,
        Some("Sigmoid") => DenseActivation::Sigmoid,
        Some("ReLU") => DenseActivation::Relu,
        Some("GELU") => DenseActivation::Gelu,
        Some("SiLU") => DenseActivation::Silu,
        _ => {
            return Err(bad(format!("unsupported \"activation_function\": {name}"))
                .with_hint("supported are Identity, Tanh, Sigmoid, ReLU, GELU and SiLU of torch"));
        }
    })
}
