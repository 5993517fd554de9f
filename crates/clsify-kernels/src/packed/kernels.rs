//! The list of kernels, one file each.

#[cfg(target_arch = "x86_64")]
mod amx_bf16;
#[cfg(target_arch = "x86_64")]
mod amx_int8;
#[cfg(target_arch = "x86_64")]
mod avx2_f32;
#[cfg(target_arch = "x86_64")]
mod avx512_bf16;
#[cfg(target_arch = "x86_64")]
mod avx512_f32;
#[cfg(target_arch = "x86_64")]
mod avx512_vnni;
mod portable;

use super::compiled::Listed;

/// Every kernel of this build, the fastest of each precision first: the order of preference.
pub(super) const KERNELS: &[Listed] = &[
    #[cfg(target_arch = "x86_64")]
    Listed::of::<amx_int8::AmxInt8>(),
    #[cfg(target_arch = "x86_64")]
    Listed::of::<avx512_vnni::Avx512Vnni>(),
    #[cfg(target_arch = "x86_64")]
    Listed::of::<amx_bf16::AmxBf16>(),
    #[cfg(target_arch = "x86_64")]
    Listed::of::<avx512_bf16::Avx512Bf16>(),
    #[cfg(target_arch = "x86_64")]
    Listed::of::<avx512_f32::Avx512F32>(),
    #[cfg(target_arch = "x86_64")]
    Listed::of::<avx2_f32::Avx2F32>(),
    Listed::of::<portable::Portable>(),
];
