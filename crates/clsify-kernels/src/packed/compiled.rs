//! A micro-kernel with the loops around it as one type, and an entry of the list of kernels.

use std::ops::Range;

use super::epilogue::Epilogue;
use super::micro_kernel::MicroKernel;
use super::precision::Precision;
use super::product::{Out, multiply};
use super::weights::PackedWeights;

/// A micro-kernel with the loops around it.
pub(super) trait Compiled: Send + Sync {
    fn name(&self) -> &'static str;
    fn precision(&self) -> Precision;
    fn repeat(&self, rounds: usize) -> f64;

    /// Computes the columns of `out` that belong to `panels`.
    ///
    /// # Safety
    /// As for [`multiply`].
    unsafe fn multiply(
        &self,
        weights: &PackedWeights,
        x: &[f32],
        rows: usize,
        out: Out,
        panels: Range<usize>,
        epilogue: Epilogue,
    );
}

impl<K: MicroKernel> Compiled for K {
    fn name(&self) -> &'static str {
        K::NAME
    }

    fn precision(&self) -> Precision {
        K::PRECISION
    }

    fn repeat(&self, rounds: usize) -> f64 {
        MicroKernel::repeat(*self, rounds)
    }

    unsafe fn multiply(
        &self,
        weights: &PackedWeights,
        x: &[f32],
        rows: usize,
        out: Out,
        panels: Range<usize>,
        epilogue: Epilogue,
    ) {
        // SAFETY: the caller's promise.
        unsafe { multiply(*self, weights, x, rows, out, panels, epilogue) }
    }
}

/// An entry of the list of kernels.
pub(super) struct Listed {
    pub(super) name: &'static str,
    /// Returns the kernel if this processor supports it.
    pub(super) detect: fn() -> Option<&'static dyn Compiled>,
}

impl Listed {
    pub(super) const fn of<K: MicroKernel>() -> Self {
        Listed {
            name: K::NAME,
            detect: || K::detect().map(|kernel| Box::leak(Box::new(kernel)) as &dyn Compiled),
        }
    }
}
