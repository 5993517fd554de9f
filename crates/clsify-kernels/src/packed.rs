//! Matrix products with a weight matrix that is packed once: `out = activation(x Wᵀ + b)`.
//!
//! Shapes: `W [outputs, inputs]` and `b [outputs]` as checkpoints have them, `x [rows, inputs]`, `out [rows, outputs]`,
//! all row-major `f32`. The arithmetic inside is the kernel's; see [`Kernel`] and [`Precision`].
//!
//! **Guarantee**: with one kernel on one machine, a row of `out` depends only on that row of `x`, bit for bit, not on
//! the other rows, their order or the number of threads. Every element is one chain of multiply-adds from the first
//! input to the last. Tiles determine which chains run side by side, but never change a chain.
//!
//! A *word* is 32 bits of one row: one `f32`, two `bf16` or four 8-bit integers. The weights are stored in panels of
//! 32 outputs, `[panel][word][32]`. The rows of `x` are copied and converted into tiles of up to 14 rows (32 with
//! AMX), `[word / 16][row][16]`, so that the innermost loop, the micro-kernel, reads both sequentially. It holds the
//! accumulators of a tile of `rows x 32` outputs in registers, and multiplies one word of every row by one word of 32
//! outputs at a time. The loops around it keep up to 192 rows by 768 words of `x` (576 KiB; with AMX whole rows, up
//! to 1 MiB) and one panel in the second-level cache. A chain starts with the bias, or with the number that it is
//! added to (with AMX, and in 8 bits, these are added last). The epilogue applies the activation to the sum before
//! the sum is first written to memory.
//!
//! | file | contents |
//! |---|---|
//! | `kernels.rs`, `kernels/` | the list of kernels, the fastest first; one file each |
//! | `precision.rs` | the numbers that a kernel multiplies |
//! | `micro_kernel.rs` | the trait that a kernel implements |
//! | `kernel_handle.rs`, `compiled.rs` | [`Kernel`], and its implementation |
//! | `linear.rs`, `weights.rs` | [`PackedLinear`], and the panels in it |
//! | `product.rs` | the loops around a micro-kernel, compiled once per kernel |
//! | `tile.rs`, `finish_tile.rs` | the operands and results of a micro-kernel |
//! | `pack.rs`, `repack.rs` | weights on their way into panels: once, and again for every product |
//! | `quantize.rs`, `rotate.rs`, `exact_inputs.rs` | 8-bit integers: scales and zero points, the rotation, inputs that stay `f32` |
//! | `epilogue.rs` | the function that is applied to sums |
//! | `repeat.rs` | a kernel's instruction alone, for [`ceiling`](crate::ceiling) |
//! | `portable_tile.rs`, `avx512_tile.rs`, `avx512_quantize.rs`, `amx_tile.rs` | code that several kernels share |
//! | `avx512_pack.rs` | panels in registers |
//!
//! It does not transpose, has no factor `alpha`, and does not keep the original weights.

// On other targets only the portable kernel is compiled, and the parts that other kernels need are unused.
#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]

#[cfg(target_arch = "x86_64")]
mod amx_tile;
#[cfg(target_arch = "x86_64")]
mod avx512_pack;
#[cfg(target_arch = "x86_64")]
mod avx512_tile;
#[cfg(target_arch = "x86_64")]
mod avx512_quantize;
mod compiled;
mod epilogue;
mod exact_inputs;
mod finish_tile;
mod kernel_handle;
mod kernels;
mod linear;
mod micro_kernel;
mod pack;
mod portable_tile;
mod precision;
mod product;
mod quantize;
mod repack;
mod repeat;
mod rotate;
#[cfg(test)]
mod tests;
mod tile;
mod weights;

pub use self::epilogue::Epilogue;
pub use self::exact_inputs::EXACT_INPUTS;
pub use self::kernel_handle::Kernel;
pub use self::linear::PackedLinear;
pub(crate) use self::pack::bf16;
pub use self::precision::Precision;
pub use self::repack::{Repack, repack_all};
