//! The arithmetic ceiling of a machine: the number of operations per second that its cores reach in registers.
//!
//! Every thread repeats the main instruction of a kernel, in independent chains, on numbers that stay in registers.
//! No matrix product can be faster, so the share of the ceiling that a product reaches can be compared between
//! machines. A single sentence has another limit: the time for reading the weights.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::crew::{divide, standing_by};
use crate::packed::Kernel;

/// Instructions per chain between two readings of the clock; a reading costs less than a hundredth of that time.
const ROUNDS: usize = 2_000;
/// The time is cut into slices, and the best one counts; a slice is short enough to fall between other work on the
/// machine.
const SLICE: Duration = Duration::from_millis(15);
/// During the first slices, the threads start and the processor reaches its frequency.
const SLICES: usize = 12;

/// Returns the operations per second that `threads` threads together reach with the instruction of a kernel; a
/// multiply-add counts as two operations. The measurement takes a fifth of a second.
///
/// With more threads than cores, it returns the operations per second of the cores.
///
/// ```
/// use clsify_kernels::{ceiling, packed::Kernel};
/// assert!(ceiling::operations_per_second(Kernel::best_f32(), 1) > 0.0);
/// ```
pub fn operations_per_second(kernel: Kernel, threads: usize) -> f64 {
    let begin = Instant::now();
    // The bursts that ended in each slice.
    let count = || {
        let mut ended = [0.0; SLICES];
        loop {
            let operations = kernel.repeat(ROUNDS);
            let slice = (begin.elapsed().as_nanos() / SLICE.as_nanos()) as usize;
            match ended.get_mut(slice) {
                Some(sum) => *sum += operations,
                None => return ended,
            }
        }
    };
    let slices = std::thread::scope(|scope| {
        // A thread that the system refuses does no work and does not count.
        let spawn = |_| std::thread::Builder::new().spawn_scoped(scope, count).ok();
        let others: Vec<_> = (1..threads).filter_map(spawn).collect();
        others.into_iter().filter_map(|thread| thread.join().ok()).fold(count(), |mut sum, ended| {
            sum.iter_mut().zip(ended).for_each(|(sum, ended)| *sum += ended);
            sum
        })
    });
    slices.into_iter().fold(0.0, f64::max) / SLICE.as_secs_f64()
}

/// Returns the time in seconds in which the threads of the current rayon pool together read this number of bytes
/// once, in a plain loop; the minimum of twenty runs. Weights that are used once take at least about as long.
///
/// It allocates the same number of bytes.
///
/// ```
/// assert!(clsify_kernels::ceiling::read_seconds(1 << 20) > 0.0);
/// ```
pub fn read_seconds(bytes: usize) -> f64 {
    let words = vec![1u64; bytes / size_of::<u64>()];
    let parts = rayon::current_num_threads();
    standing_by(|| {
        let read = |_| {
            let begin = Instant::now();
            divide(parts, &|part| {
                let own = &words[part * words.len() / parts..(part + 1) * words.len() / parts];
                black_box(own.iter().fold(0, |sum, word| sum ^ word));
            });
            begin.elapsed().as_secs_f64()
        };
        (0..20).map(read).fold(f64::INFINITY, f64::min)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "it measures time")]
    fn every_kernel_has_a_ceiling() {
        for &kernel in Kernel::available() {
            let ceiling = operations_per_second(kernel, 2);
            // Far below the speed of a busy machine, and far above that of any machine.
            assert!(ceiling.is_finite() && ceiling > 1e7 && ceiling < 1e15, "{kernel:?}: {ceiling:?}");
        }
    }
}
