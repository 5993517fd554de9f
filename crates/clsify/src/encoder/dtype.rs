//! The data types of an encoder's matrix products.
//!
//! f32; bf16, which rounds the factors to 8 bits of mantissa and sums in f32; int8, with one scale and zero point per
//! output for the weights and per token for the inputs, summed exactly. Attention, softmax, layer normalisation and
//! residual sums are always f32. `exact_inputs.rs` and the rotation of `clsify_kernels::packed` keep int8 accurate.
//! The test `int8_stays_close_on_odd_texts` in `tests/real_encoder.rs` requires for all-MiniLM-L6-v2 a mean cosine of
//! 0.9997 for `[CLS]` and 0.9995 for the mean, on a processor with int8 instructions.

use std::fmt;
use std::str::FromStr;

use clsify_kernels::ceiling;
use clsify_kernels::packed::Kernel;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};

/// The data type of the encoder's matrix products. Everything between the products (attention scores, softmax, layer
/// normalisation, residual sums) is always `f32`.
///
/// ```
/// use clsify::encoder::Dtype;
/// assert_eq!("bf16".parse::<Dtype>()?, Dtype::Bf16);
/// assert!(Dtype::F32.is_native());
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Dtype {
    /// 32-bit floating point: agrees with the reference implementation, on every processor.
    #[default]
    F32,
    /// 16-bit brain floating point with sums in f32. Takes half the time of f32; needs AVX-512 BF16, and AMX is
    /// faster still.
    Bf16,
    /// 8-bit integers with exact sums, one scale per token and one per output; the few dimensions and weights that
    /// are far larger than the others are multiplied in f32. Takes a quarter of the time of f32; needs AVX-512 VNNI
    /// or AMX.
    Int8,
}

impl Dtype {
    /// All data types, from the slowest to the fastest.
    pub const ALL: [Dtype; 3] = [Dtype::F32, Dtype::Bf16, Dtype::Int8];

    /// Returns true if this processor has instructions for it; otherwise products run in f32.
    pub fn is_native(self) -> bool {
        match self {
            Dtype::F32 => true,
            Dtype::Bf16 => Kernel::best_bf16() != Kernel::best_f32(),
            Dtype::Int8 => Kernel::best_int8() != Kernel::best_f32(),
        }
    }

    /// The data type that is really used: itself, or f32 if the processor has no instructions for it.
    #[must_use]
    pub fn effective(self) -> Self {
        if self.is_native() { self } else { Dtype::F32 }
    }

    /// bf16 if the processor supports it, otherwise f32.
    pub fn auto() -> Self {
        Dtype::Bf16.effective()
    }

    /// The operations per second that `threads` threads reach on this machine, measured for a fifth of a second; a
    /// multiply-add counts as two. No encoder can exceed it. `None` if the processor has no instructions for the data
    /// type.
    pub fn ceiling(self, threads: usize) -> Option<f64> {
        self.is_native().then(|| ceiling::operations_per_second(self.kernel(), threads))
    }

    pub(super) fn kernel(self) -> Kernel {
        match self {
            Dtype::F32 => Kernel::best_f32(),
            Dtype::Bf16 => Kernel::best_bf16(),
            Dtype::Int8 => Kernel::best_int8(),
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dtype::F32 => "f32",
            Dtype::Bf16 => "bf16",
            Dtype::Int8 => "int8",
        })
    }
}

impl FromStr for Dtype {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "f32" => Ok(Dtype::F32),
            "bf16" => Ok(Dtype::Bf16),
            "int8" => Ok(Dtype::Int8),
            _ => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("expected f32, bf16 or int8, got {text:?}"),
            )),
        }
    }
}
