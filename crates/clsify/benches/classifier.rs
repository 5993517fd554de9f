//! Fits of the classifier from features and class ids: one fit, and the grid search of the article's run (20 values
//! of C, 5 folds).
//!
//! `cargo bench -p clsify --bench classifier`
#![allow(missing_docs, reason = "the macros of criterion make public functions")]
#![allow(clippy::unwrap_used, reason = "a benchmark ends when its data does not fit")]

use clsify::classifier::{LogisticRegression, LogisticRegressionOptions, Samples};
use clsify::evaluation::{grid_search, linspace};
use clsify::matrix::Matrix;
use criterion::{Criterion, criterion_group, criterion_main};

/// Overlapping and correlated features, like those of an encoder: sums of a few directions and noise.
fn problem(rows: usize, columns: usize, n_classes: usize) -> (Matrix, Vec<usize>) {
    let mut state = 1u64;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    let directions: Vec<f32> = (0..16 * columns).map(|_| uniform()).collect();
    let (mut features, mut class_ids) = (Vec::new(), Vec::new());
    for row in 0..rows {
        let class_id = row % n_classes;
        let weights: Vec<f32> = (0..16).map(|d| uniform() + if d == class_id { 0.5 } else { 0.0 }).collect();
        features.extend((0..columns).map(|c| {
            let sum: f32 = weights.iter().zip(directions.chunks_exact(columns)).map(|(w, d)| w * d[c]).sum();
            0.3 * sum + 0.3 * uniform()
        }));
        class_ids.push(class_id);
    }
    (Matrix::from_vec(features, rows, columns).unwrap(), class_ids)
}

fn classifiers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("classifier");
    group.sample_size(10);
    let options = LogisticRegressionOptions::default();
    for (rows, columns, n_classes) in [(1500, 384, 2), (1500, 768, 2), (1500, 384, 6)] {
        let (features, class_ids) = problem(rows, columns, n_classes);
        let samples = Samples::new(&features, &class_ids, n_classes);
        let name = format!("{rows}x{columns}, {n_classes} classes");
        group.bench_function(format!("fit/{name}"), |bencher| {
            bencher.iter(|| LogisticRegression::fit(&samples, &options).unwrap());
        });
        let c_values = linspace(0.0001, 100.0, 20);
        group.bench_function(format!("grid search/{name}"), |bencher| {
            bencher.iter(|| grid_search(&samples, &c_values, &options, 5, &|_| Ok(())).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, classifiers);
criterion_main!(benches);
