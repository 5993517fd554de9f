//! Gop/s of the packed products by kernel, shape and rows; a multiply-add counts two.
//!
//! `cargo run --release -p clsify-kernels --example throughput [threads] [kernel, e.g. f32] [milliseconds a cell]`
//!
//! Every thread has its own `x` and `out` and shares the weights, as cores that work on chunks of their own do; the
//! column `split` is one product divided over the threads. Best of five.
#![allow(clippy::print_stdout, missing_docs)]

use std::sync::Barrier;
use std::time::{Duration, Instant};

use clsify_kernels::packed::{Epilogue, Kernel, PackedLinear};

const SHAPES: [(usize, usize, Epilogue); 7] = [
    (768, 2304, Epilogue::None),
    (768, 768, Epilogue::None),
    (768, 3072, Epilogue::Gelu),
    (3072, 768, Epilogue::None),
    (384, 1152, Epilogue::None),
    (384, 1536, Epilogue::Gelu),
    (1536, 384, Epilogue::None),
];
const ROWS: [usize; 5] = [9, 64, 128, 192, 512];

fn numbers(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 7919 % 1009) as f32 - 500.0) / 500.0).collect()
}

/// The best of five rates, in Gop/s, of `operations` a call.
fn best(operations: f64, slice: Duration, mut call: impl FnMut()) -> f64 {
    call();
    let mut best = 0.0f64;
    for _ in 0..5 {
        let (start, mut calls) = (Instant::now(), 0.0);
        while start.elapsed() < slice / 5 {
            call();
            calls += 1.0;
        }
        best = best.max(calls * operations / start.elapsed().as_secs_f64() / 1e9);
    }
    best
}

fn main() {
    let mut args = std::env::args().skip(1);
    let threads: usize = args.next().map_or(2, |v| v.parse().expect("a number of threads"));
    let only = args.next().unwrap_or_default().to_lowercase();
    let slice = Duration::from_millis(args.next().map_or(100, |v| v.parse().expect("milliseconds")));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");

    println!("kernel\tinputs\toutputs\tepilogue\trows\t{threads} threads\tsplit");
    for kernel in Kernel::ALL {
        if !kernel.is_available() || !format!("{kernel:?}").to_lowercase().contains(&only) {
            continue;
        }
        for (inputs, outputs, epilogue) in SHAPES {
            let linear =
                PackedLinear::pack(&numbers(inputs * outputs), &numbers(outputs), inputs, outputs, kernel);
            for rows in ROWS {
                let x = numbers(rows * inputs);
                let operations = 2.0 * (rows * inputs * outputs) as f64;
                let barrier = Barrier::new(threads);
                let each = || {
                    let (x, mut out) = (x.clone(), vec![0.0; rows * outputs]);
                    barrier.wait();
                    best(operations, slice, || linear.forward(&x, &mut out, epilogue))
                };
                let together: f64 = std::thread::scope(|scope| {
                    let handles: Vec<_> = (0..threads).map(|_| scope.spawn(each)).collect();
                    handles.into_iter().map(|h| h.join().expect("a thread")).sum()
                });
                let mut out = vec![0.0; rows * outputs];
                let split = pool
                    .install(|| best(operations, slice, || linear.forward_parallel(&x, &mut out, epilogue)));
                println!("{kernel:?}\t{inputs}\t{outputs}\t{epilogue:?}\t{rows}\t{together:.0}\t{split:.0}");
            }
        }
    }
}
