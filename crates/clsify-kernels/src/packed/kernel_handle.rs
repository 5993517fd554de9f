//! Kernels as callers see them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::LazyLock;

use super::compiled::Compiled;
use super::kernels::KERNELS;
use super::precision::Precision;

/// A kernel that this processor supports: the arithmetic of a product.
#[derive(Clone, Copy)]
pub struct Kernel(&'static dyn Compiled);

impl Kernel {
    /// The kernels that this processor supports and the system lets this process use, the fastest of each precision
    /// first.
    pub fn available() -> &'static [Kernel] {
        static AVAILABLE: LazyLock<Vec<Kernel>> =
            LazyLock::new(|| KERNELS.iter().filter_map(|listed| (listed.detect)().map(Kernel)).collect());
        &AVAILABLE
    }

    /// The kernel with this name, if this processor supports it.
    ///
    /// ```
    /// use clsify_kernels::packed::Kernel;
    /// assert_eq!(Kernel::named("Portable").map(Kernel::name), Some("Portable"));
    /// assert_eq!(Kernel::named("none of this name"), None);
    /// ```
    pub fn named(name: &str) -> Option<Self> {
        KERNELS.iter().find(|listed| listed.name == name).and_then(|listed| (listed.detect)()).map(Kernel)
    }

    /// The fastest `f32` kernel that this processor supports.
    pub fn best_f32() -> Self {
        Self::best(Precision::F32).unwrap_or_else(|| unreachable!("every processor has the portable kernel"))
    }

    /// The fastest `bf16` kernel, or [`best_f32`](Self::best_f32) if this processor supports none.
    pub fn best_bf16() -> Self {
        Self::best(Precision::Bf16).unwrap_or_else(Self::best_f32)
    }

    /// The fastest 8-bit kernel, or [`best_f32`](Self::best_f32) if this processor supports none.
    pub fn best_int8() -> Self {
        Self::best(Precision::Int8).unwrap_or_else(Self::best_f32)
    }

    fn best(precision: Precision) -> Option<Self> {
        Self::available().iter().copied().find(|kernel| kernel.precision() == precision)
    }

    /// The unique name of the kernel.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The type of the numbers that it multiplies.
    pub fn precision(self) -> Precision {
        self.0.precision()
    }

    pub(super) fn compiled(self) -> &'static dyn Compiled {
        self.0
    }

    /// Repeats the kernel's instruction on registers, `rounds` times per chain, and returns the number of operations.
    pub(crate) fn repeat(self, rounds: usize) -> f64 {
        self.0.repeat(rounds)
    }
}

impl PartialEq for Kernel {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Kernel {}

impl Hash for Kernel {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
