//! A kernel's instruction alone, repeated on registers: the upper limit of its speed.

use std::hint::black_box;

/// Independent chains: an 8-bit product has a latency of about ten cycles, and two start per cycle, so sixteen chains
/// would have to wait; 24 leave registers for the factors.
#[cfg(target_arch = "x86_64")]
pub(super) const CHAINS: usize = 24;
/// Defines a function that repeats `$step` on every chain `$c`, `rounds` times, and returns the number of operations;
/// `$multiply_adds` are those of one instruction.
#[cfg(target_arch = "x86_64")]
macro_rules! chains {
    ($name:ident, $features:literal, $multiply_adds:literal, $start:expr, $factors:expr, |$c:ident, $x:ident, $y:ident| $step:expr) => {
        #[target_feature(enable = $features)]
        fn $name(rounds: usize) -> f64 {
            use std::hint::black_box;
            use $crate::packed::repeat::CHAINS;

            let ($x, $y) = black_box($factors);
            let mut chains = black_box([$start; CHAINS]);
            for _ in 0..rounds {
                for $c in &mut chains {
                    *$c = $step;
                }
            }
            black_box(chains);
            2.0 * ($multiply_adds * CHAINS * rounds) as f64
        }
    };
}
#[cfg(target_arch = "x86_64")]
pub(super) use chains;

/// Twelve chains of `LANES` numbers: as many as sixteen registers hold besides the factors.
#[inline(always)]
pub(super) fn repeat_plain<const LANES: usize, const FUSED: bool>(rounds: usize) -> f64 {
    let (x, y) = black_box((0.999f32, 1e-3f32));
    let mut chains = black_box([[0.0f32; LANES]; 12]);
    for _ in 0..rounds {
        for c in chains.as_flattened_mut() {
            // The sum is an operand of the product, because otherwise the compiler could compute the product once for
            // all rounds.
            *c = if FUSED { c.mul_add(x, y) } else { *c * x + y };
        }
    }
    2.0 * (black_box(chains).as_flattened().len() * rounds) as f64
}
