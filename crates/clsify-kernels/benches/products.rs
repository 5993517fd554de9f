//! Benchmarks of the packed products by kernel, shape and number of rows, and of the functions between them, on one
//! thread.
//!
//! Run `cargo bench -p clsify-kernels`; a word after it selects the benchmarks whose name contains it, as in `--
//! Avx512F32/768x3072`. Throughput is in elements: multiply-adds for a product, numbers for the others.
#![allow(missing_docs, reason = "the macros of criterion make public functions")]

use clsify_kernels::activation::gelu;
use clsify_kernels::normalize::{layer_norm, softmax};
use clsify_kernels::packed::{Epilogue, Kernel, PackedLinear};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// The feed-forward layers of a DistilBERT, both ways, and the first one of a MiniLM.
const SHAPES: [(usize, usize); 3] = [(768, 3072), (3072, 768), (384, 1536)];
/// One sentence's [CLS], a short sentence, and a block that fills the caches.
const ROWS: [usize; 3] = [1, 32, 192];

/// Numbers between -1 and 1.
fn numbers(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 7919 % 1009) as f32 - 500.0) / 500.0).collect()
}

fn products(criterion: &mut Criterion) {
    for kernel in Kernel::available().iter().copied() {
        let mut group = criterion.benchmark_group(format!("{kernel:?}"));
        for (inputs, outputs) in SHAPES {
            let weight = numbers(inputs * outputs);
            let linear = PackedLinear::pack(&weight, &numbers(outputs), inputs, outputs, kernel);
            for rows in ROWS {
                let (x, mut out) = (numbers(rows * inputs), vec![0.0; rows * outputs]);
                group.throughput(Throughput::Elements((rows * inputs * outputs) as u64));
                group.bench_function(BenchmarkId::new(format!("{inputs}x{outputs}"), rows), |bencher| {
                    bencher.iter(|| linear.forward(&x, &mut out, Epilogue::None));
                });
            }
        }
        group.finish();
    }
}

fn element_wise(criterion: &mut Criterion) {
    let n = 192 * 768;
    let x = numbers(n);
    let (gain, bias) = (numbers(768), numbers(768));
    let mut group = criterion.benchmark_group("element_wise");
    group.throughput(Throughput::Elements(n as u64));
    // Repeated in place, the numbers would leave the normal range; the cost of the copy is small compared with the
    // work.
    let mut bench = |name: &str, run: &dyn Fn(&mut [f32])| {
        let mut out = x.clone();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                out.copy_from_slice(&x);
                run(&mut out);
            });
        });
    };
    bench("copy", &|_| ());
    bench("gelu", &gelu);
    bench("layer_norm", &|x| layer_norm(x, &gain, &bias, 1e-12));
    bench("softmax", &|x| softmax(x, 24));
    group.finish();
}

criterion_group!(benches, products, element_wise);
criterion_main!(benches);
