//! Code that the AMX kernels share: tiles of up to 32 rows by 32 outputs, with two by two tiles of sums.
//!
//! Tiles 0 and 1 hold the first sixteen rows of a line and the rest, 2 and 3 sixteen words of either half of the
//! panel, 4 to 7 the sums. The instructions are inline assembly, because the compiler has no stable intrinsics for
//! them. The tiles are configured once for a whole matrix.

use std::arch::asm;
use std::arch::x86_64::__cpuid_count;
use std::sync::OnceLock;

use super::product::MAX_ROW_BLOCK;

/// The maximum number of rows per tile.
pub(super) const TILE_ROWS: usize = 32;
/// The rows of a tile in memory are a multiple of this: one or two tiles of the processor.
pub(super) const TILE_ROW_MULTIPLE: usize = 16;
/// The maximum number of lines of whole tiles that pass through the loops together: 2 KiB each, 1 MiB of the
/// second-level cache.
const BLOCK_LINES: usize = 512;

/// The maximum number of rows with this many lines that pass through the loops together: whole tiles.
pub(super) fn row_block(lines: usize) -> usize {
    (BLOCK_LINES / lines).clamp(1, MAX_ROW_BLOCK / TILE_ROWS) * TILE_ROWS
}

/// Returns true if the processor multiplies tiles of `bf16`, and the system lets this process use them.
pub(super) fn has_bf16() -> bool {
    usable_features() >> 22 & 1 == 1 && is_x86_feature_detected!("avx512bf16")
}

/// Returns true if the processor multiplies tiles of 8-bit integers, and the system lets this process use them.
pub(super) fn has_int8() -> bool {
    usable_features() >> 25 & 1 == 1
}

/// The bits of `cpuid` leaf 7 that include those of AMX; zero if the tiles cannot be used.
fn usable_features() -> u32 {
    static FEATURES: OnceLock<u32> = OnceLock::new();
    *FEATURES.get_or_init(|| {
        // AVX-512 converts the rows and finishes the sums; a processor with AVX-512 has leaf 7.
        if !is_x86_feature_detected!("avx512f") {
            return 0;
        }
        #[allow(unused_unsafe, reason = "safe since Rust 1.94")]
        // SAFETY: a processor with AVX-512 has the instruction, and leaf 7.
        let bits = unsafe { __cpuid_count(7, 0) }.edx;
        if bits >> 24 & 1 == 1 && permission() { bits } else { 0 }
    })
}

/// Requests permission to use the tiles for all threads of the process; Linux saves them only for processes that did.
fn permission() -> bool {
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    {
        const ARCH_PRCTL: i64 = 158;
        const ARCH_REQ_XCOMP_PERM: u64 = 0x1023;
        const TILE_DATA: u64 = 18;
        let result: i64;
        // SAFETY: the call touches no memory of the process; the system overwrites rcx and r11 alone.
        unsafe {
            asm!(
                "syscall",
                inlateout("rax") ARCH_PRCTL => result,
                in("rdi") ARCH_REQ_XCOMP_PERM,
                in("rsi") TILE_DATA,
                lateout("rcx") _,
                lateout("r11") _,
                options(nostack),
            );
        }
        result == 0
    }
    #[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
    false
}

/// The shape of every tile, as `ldtilecfg` reads it: sixteen rows of 64 bytes.
#[repr(C, align(64))]
struct Shapes {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

/// The configured tiles of this thread. They are released when no longer needed, because they add 8 KiB to every
/// context switch.
pub(super) struct Tiles(());

impl Tiles {
    /// Configures the shape of the eight tiles.
    ///
    /// # Safety
    /// The processor has the tiles, and the system has given its permission.
    pub(super) unsafe fn configure() -> Self {
        let mut shapes =
            Shapes { palette: 1, start_row: 0, reserved: [0; 14], row_bytes: [0; 16], rows: [0; 16] };
        shapes.row_bytes[..8].fill(64);
        shapes.rows[..8].fill(16);
        // SAFETY: it reads `shapes` alone; by the caller's promise the instruction exists.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const shapes, options(nostack, readonly)) };
        Tiles(())
    }
}

impl Drop for Tiles {
    fn drop(&mut self) {
        // SAFETY: `configure` has run, so that the instruction exists; no tile holds anything of value.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
    }
}

/// Defines a function that writes the products of a tile of rows and a panel to `sums`, a line of 16 words at a time,
/// and one that repeats the instruction `$dot` on four tiles of sums.
macro_rules! amx_kernel {
    ($(#[$meta:meta])* $name:ident, $repeat:ident, $dot:literal) => {
        $(#[$meta])*
        ///
        /// `x` has 16 or 32 rows; padding rows only affect their own sums.
        ///
        /// # Safety
        /// The processor has the instruction, and the thread has its [`Tiles`].
        unsafe fn $name(
            operands: &$crate::packed::tile::Operands,
            sums: &mut $crate::packed::tile::Accumulators,
        ) {
            use std::arch::asm;
            use $crate::packed::tile::{Operands, PANEL};

            let Operands { x, weights, next, .. } = *operands;
            let lines = weights.len() / PANEL;
            assert!(lines > 0 && weights.len() == lines * PANEL);
            assert!(x.len() == lines * 16 || x.len() == lines * 32);
            let each = next.len().div_ceil(lines);
            macro_rules! product {
                ($zero:expr, $step:expr, $line:literal, $store:expr) => {
                    // SAFETY: of each line the tiles read 16 or 32 lines of `x`, by the assertion above, and 32 of the
                    // panel, `lines` times; they write as many rows of `sums`, which has 32. What is prefetched need not
                    // exist.
                    unsafe {
                        asm!(
                            "tilezero tmm4", "tilezero tmm5",
                            $zero,
                            "2:",
                            "mov {i}, {each}",
                            "test {i}, {i}",
                            "jz 4f",
                            "3:",
                            "prefetcht1 [{ahead}]",
                            "add {ahead}, 64",
                            "dec {i}",
                            "jnz 3b",
                            "4:",
                            "tileloaddt1 tmm0, [{a} + {narrow}]",
                            "tileloadd tmm2, [{b} + {wide}]",
                            "tileloadd tmm3, [{b} + {wide} + 64]",
                            concat!($dot, " tmm4, tmm0, tmm2"),
                            concat!($dot, " tmm5, tmm0, tmm3"),
                            $step,
                            concat!("add {a}, ", $line),
                            "add {b}, 2048",
                            "dec {lines}",
                            "jnz 2b",
                            "tilestored [{c} + {wide}], tmm4",
                            "tilestored [{c} + {wide} + 64], tmm5",
                            $store,
                            c = in(reg) sums.0.as_mut_ptr(),
                            a = inout(reg) x.as_ptr() => _,
                            b = inout(reg) weights.as_ptr() => _,
                            ahead = inout(reg) next.as_ptr() => _,
                            each = in(reg) each,
                            i = out(reg) _,
                            lines = inout(reg) lines => _,
                            narrow = in(reg) 64usize,
                            wide = in(reg) 128usize,
                            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                            options(nostack),
                        );
                    }
                };
            }
            if x.len() > lines * 16 {
                product!(
                    "tilezero tmm6\ntilezero tmm7",
                    concat!(
                        "tileloaddt1 tmm1, [{a} + {narrow} + 1024]\n",
                        $dot, " tmm6, tmm1, tmm2\n",
                        $dot, " tmm7, tmm1, tmm3",
                    ),
                    "2048",
                    "tilestored [{c} + {wide} + 2048], tmm6\ntilestored [{c} + {wide} + 2112], tmm7"
                );
            } else {
                product!("", "", "1024", "");
            }
        }

        /// Repeats the instruction `rounds` times on each of four tiles of sums.
        ///
        /// # Safety
        /// As for the kernel; `rounds` is not zero.
        unsafe fn $repeat(rounds: usize) {
            use std::arch::asm;

            // SAFETY: it touches no memory.
            unsafe {
                asm!(
                    "tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3",
                    "tilezero tmm4", "tilezero tmm5", "tilezero tmm6", "tilezero tmm7",
                    "2:",
                    concat!($dot, " tmm4, tmm0, tmm2"),
                    concat!($dot, " tmm5, tmm0, tmm3"),
                    concat!($dot, " tmm6, tmm1, tmm2"),
                    concat!($dot, " tmm7, tmm1, tmm3"),
                    "dec {rounds}",
                    "jnz 2b",
                    rounds = inout(reg) rounds => _,
                    out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                    out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                    options(nostack, nomem),
                );
            }
        }
    };
}

pub(super) use amx_kernel;
