//! Gop/s of the packed products by kernel, shape and rows; a multiply-add counts two.
//!
//! `cargo run --release -p clsify-kernels --example throughput [threads] [kernel, e.g. f32] [milliseconds a cell]`
//!
//! Every thread has its own `x` and `out` and shares the weights, as cores that work on chunks of their own do. `cached`
//! is one matrix again and again, `memory` as many as no cache holds, in turn, as an encoder's layers come; `split` is
//! one product at a time divided over the threads, from memory.
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
/// More than caches hold.
const MEMORY_BYTES: usize = 128 << 20;
const ROWS: [usize; 5] = [9, 64, 128, 192, 512];

fn numbers(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 7919 % 1009) as f32 - 500.0) / 500.0).collect()
}

/// The rate of the best two milliseconds, in Gop/s, of `operations` a call: short enough to fall between other work on
/// the machine.
fn best(operations: f64, slice: Duration, mut call: impl FnMut()) -> f64 {
    call();
    let (begin, mut best) = (Instant::now(), 0.0f64);
    while begin.elapsed() < slice {
        let (start, mut calls) = (Instant::now(), 0.0);
        while calls == 0.0 || start.elapsed() < Duration::from_millis(2) {
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

    println!("kernel\tinputs\toutputs\tepilogue\trows\tcached\tmemory\tsplit");
    for kernel in Kernel::ALL {
        if !kernel.is_available() || !format!("{kernel:?}").to_lowercase().contains(&only) {
            continue;
        }
        for (inputs, outputs, epilogue) in SHAPES {
            let linear =
                PackedLinear::pack(&numbers(inputs * outputs), &numbers(outputs), inputs, outputs, kernel);
            let linears = vec![linear.clone(); MEMORY_BYTES.div_ceil(linear.bytes())];
            for rows in ROWS {
                let x = numbers(rows * inputs);
                let operations = 2.0 * (rows * inputs * outputs) as f64;
                let run = |linears: &[PackedLinear]| -> f64 {
                    let barrier = Barrier::new(threads);
                    let each = || {
                        let (x, mut out) = (x.clone(), vec![0.0; rows * outputs]);
                        let mut next = linears.iter().cycle();
                        barrier.wait();
                        let call = || next.next().expect("a matrix").forward(&x, &mut out, epilogue);
                        best(operations, slice, call)
                    };
                    std::thread::scope(|scope| {
                        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(each)).collect();
                        handles.into_iter().map(|h| h.join().expect("a thread")).sum()
                    })
                };
                let (cached, memory) = (run(&linears[..1]), run(&linears));
                let mut out = vec![0.0; rows * outputs];
                let mut next = linears.iter().cycle();
                let call = || next.next().expect("a matrix").forward_parallel(&x, &mut out, epilogue);
                let split = pool.install(|| best(operations, slice, call));
                println!(
                    "{kernel:?}\t{inputs}\t{outputs}\t{epilogue:?}\t{rows}\t{cached:.0}\t{memory:.0}\t{split:.0}"
                );
            }
        }
    }
    sentence(&pool, &only, slice);
}

/// Milliseconds that the products of six layers take for one sentence of nine tokens: what bounds its latency; and that
/// packing their weights takes.
fn sentence(pool: &rayon::ThreadPool, only: &str, slice: Duration) {
    println!("\nkernel\thidden\tMB\tpacking, ms\tone thread, ms\tsplit, ms");
    for kernel in Kernel::ALL {
        if !kernel.is_available() || !format!("{kernel:?}").to_lowercase().contains(only) {
            continue;
        }
        for hidden in [768, 384] {
            let shapes = [(hidden, 3 * hidden), (hidden, hidden), (hidden, 4 * hidden), (4 * hidden, hidden)];
            let weights = shapes.map(|(i, o)| (numbers(i * o), numbers(o), i, o));
            let pack = || weights.each_ref().map(|(w, b, i, o)| PackedLinear::pack(w, b, *i, *o, kernel));
            let layer = pack();
            let packing = pool.install(|| 6e-6 / best(1.0, slice, || drop(pack())));
            let layers = vec![layer; 6];
            let megabytes = layers.iter().flatten().map(PackedLinear::bytes).sum::<usize>() >> 20;
            let (x, mut out) = (numbers(9 * 4 * hidden), vec![0.0; 9 * 4 * hidden]);
            let mut run = |forward: fn(&PackedLinear, &[f32], &mut [f32], Epilogue)| {
                let call = || {
                    for linear in layers.iter().flatten() {
                        let (i, o) = (linear.inputs(), linear.outputs());
                        forward(linear, &x[..9 * i], &mut out[..9 * o], Epilogue::None);
                    }
                };
                // One "operation" a call makes the rate calls in nanoseconds.
                1e-6 / best(1.0, slice * 5, call)
            };
            let (one, split) =
                (run(PackedLinear::forward), pool.install(|| run(PackedLinear::forward_parallel)));
            println!("{kernel:?}\t{hidden}\t{megabytes}\t{packing:.0}\t{one:.3}\t{split:.3}");
        }
    }
}
