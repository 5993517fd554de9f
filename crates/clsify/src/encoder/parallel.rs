//! Parallelism of a single batch.

use clsify_kernels::matmul;

/// Determines whether a batch may use all threads of the current rayon pool. Results are the same, bit for bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parallel {
    /// Stay on the calling thread, because other threads have their own batches.
    No,
    /// Use the threads of the current rayon pool.
    Yes,
}

impl From<Parallel> for matmul::Parallel {
    fn from(parallel: Parallel) -> Self {
        match parallel {
            Parallel::No => matmul::Parallel::No,
            Parallel::Yes => matmul::Parallel::Yes,
        }
    }
}
