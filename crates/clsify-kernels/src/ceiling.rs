//! The arithmetic ceiling of a machine: how many operations a second its cores can do when nothing else is in the way.
//!
//! Every thread repeats the one instruction that a kernel lives on, in chains that do not wait for one another, on
//! numbers that stay in registers. No product of matrices can be faster; how near one comes is a figure that can be
//! compared between machines. One sentence alone has another limit: the time in which the weights can be read.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::crew::{divide, standing_by};
use crate::packed::Kernel;

/// Instructions a chain between two looks at the clock: a look costs under a hundredth of what lies between.
const ROUNDS: usize = 2_000;
/// The time is cut into slices, and the best one counts: short enough to fall between other work on the machine.
const SLICE: Duration = Duration::from_millis(15);
/// The first ones also bring the threads up and the processor to its frequency.
const SLICES: usize = 12;

/// Operations a second that `threads` threads reach together with the instruction of a kernel; a multiply-add counts as
/// two operations. Takes a fifth of a second.
///
/// With more threads than the machine has cores it says what the cores do.
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
        // A thread that the system refuses does no work, and is missed in the sum.
        let spawn = |_| std::thread::Builder::new().spawn_scoped(scope, count).ok();
        let others: Vec<_> = (1..threads).filter_map(spawn).collect();
        others.into_iter().filter_map(|thread| thread.join().ok()).fold(count(), |mut sum, ended| {
            sum.iter_mut().zip(ended).for_each(|(sum, ended)| *sum += ended);
            sum
        })
    });
    slices.into_iter().fold(0.0, f64::max) / SLICE.as_secs_f64()
}

/// Seconds in which the threads of the current rayon pool together read so many bytes once, one after another and doing
/// nothing with them, in a plain loop; the least of twenty. Weights that are used once take about as long, or longer.
///
/// It allocates as many bytes.
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
            // Far below what a busy machine does, and far above what any does.
            assert!(ceiling.is_finite() && ceiling > 1e7 && ceiling < 1e15, "{kernel:?}: {ceiling:?}");
        }
    }
}
