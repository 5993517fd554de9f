//! Which arithmetic, which epilogue: what a product may be asked for, and what each kernel needs.

#[cfg(target_arch = "x86_64")]
use super::amx;
use super::{LINE_BLOCK, MAX_TILE_ROWS};

/// The arithmetic of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kernel {
    /// `f32` in plain code, compiled for AVX2 and FMA too where the processor has them; runs everywhere.
    Portable,
    /// `f32` with AVX-512.
    Avx512F32,
    /// `bf16` numbers, rounded to the nearest, ties to even; sums in `f32`. Numbers below 1.2e-38 count as zero.
    Avx512Bf16,
    /// 8-bit numbers with exact sums: weights signed, one scale and zero point per output; `x` unsigned, one scale and zero
    /// point per row; both rotated before. An error of at most half a step in either factor of a product. Up to
    /// [`EXACT_INPUTS`](super::EXACT_INPUTS) inputs are multiplied in `f32` on request.
    Avx512Vnni,
    /// The numbers of [`Avx512Bf16`](Self::Avx512Bf16) with AMX, which adds in another order. On Linux alone.
    AmxBf16,
    /// The bits of [`Avx512Vnni`](Self::Avx512Vnni) with AMX. On Linux alone.
    AmxInt8,
}

impl Kernel {
    /// Every kernel, available or not.
    pub const ALL: [Kernel; 6] = [
        Kernel::Portable,
        Kernel::Avx512F32,
        Kernel::Avx512Bf16,
        Kernel::Avx512Vnni,
        Kernel::AmxBf16,
        Kernel::AmxInt8,
    ];

    /// Whether this processor has the instructions of the kernel, and the system lets this process use them.
    pub fn is_available(self) -> bool {
        match self {
            Kernel::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512F32 => is_x86_feature_detected!("avx512f"),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512Bf16 => {
                is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bf16")
            }
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512Vnni => {
                is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni")
            }
            #[cfg(target_arch = "x86_64")]
            Kernel::AmxBf16 => amx::features().0,
            #[cfg(target_arch = "x86_64")]
            Kernel::AmxInt8 => amx::features().1,
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// The fastest kernel in `f32` that this processor has.
    pub fn best_f32() -> Self {
        if Kernel::Avx512F32.is_available() { Kernel::Avx512F32 } else { Kernel::Portable }
    }

    /// The fastest kernel in `bf16`, or where this processor has none, [`best_f32`](Self::best_f32).
    pub fn best_bf16() -> Self {
        let kernels = [Kernel::AmxBf16, Kernel::Avx512Bf16];
        kernels.into_iter().find(|k| k.is_available()).unwrap_or_else(Self::best_f32)
    }

    /// The fastest kernel in 8 bits, or where this processor has none, [`best_f32`](Self::best_f32).
    pub fn best_int8() -> Self {
        let kernels = [Kernel::AmxInt8, Kernel::Avx512Vnni];
        kernels.into_iter().find(|k| k.is_available()).unwrap_or_else(Self::best_f32)
    }

    pub(super) fn is_8_bit(self) -> bool {
        matches!(self, Kernel::Avx512Vnni | Kernel::AmxInt8)
    }

    /// How many inputs a word holds.
    pub(super) fn inputs_per_word(self) -> usize {
        match self {
            Kernel::Portable | Kernel::Avx512F32 => 1,
            Kernel::Avx512Bf16 | Kernel::AmxBf16 => 2,
            Kernel::Avx512Vnni | Kernel::AmxInt8 => 4,
        }
    }

    pub(super) fn is_amx(self) -> bool {
        matches!(self, Kernel::AmxBf16 | Kernel::AmxInt8)
    }

    /// The most rows of a tile.
    pub(super) fn tile_rows(self) -> usize {
        match self {
            Kernel::Portable => 6,
            Kernel::Avx512F32 | Kernel::Avx512Bf16 | Kernel::Avx512Vnni => 14,
            Kernel::AmxBf16 | Kernel::AmxInt8 => MAX_TILE_ROWS,
        }
    }

    /// The rows that a tile of so many takes in memory.
    pub(super) fn padded(self, rows: usize) -> usize {
        if self.is_amx() { rows.next_multiple_of(16) } else { rows }
    }

    /// The most lines of a row that pass through the loops together.
    pub(super) fn line_block(self) -> usize {
        match self {
            Kernel::Portable | Kernel::Avx512F32 | Kernel::Avx512Bf16 => LINE_BLOCK,
            Kernel::Avx512Vnni | Kernel::AmxBf16 | Kernel::AmxInt8 => usize::MAX,
        }
    }
}

/// What happens to the sums, the bias among them, on their way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Epilogue {
    /// Nothing.
    None,
    /// They are added to what stands in `out`: a residual connection.
    Add,
    /// [`gelu`](crate::activation::gelu), the erf form.
    Gelu,
    /// [`gelu_tanh`](crate::activation::gelu_tanh), the approximation.
    GeluTanh,
    /// [`relu`](crate::activation::relu).
    Relu,
    /// [`silu`](crate::activation::silu).
    Silu,
}
