//! Features from token ids in each data type: 200 sentences and one sentence, on a tiny checkpoint, and on a real one
//! if it is given:
//!
//! `CLSIFY_REAL_ENCODER=$(clsify pull all-MiniLM-L6-v2) cargo bench -p clsify --bench encoder`; throughput is in tokens.
#![allow(missing_docs, reason = "the macros of criterion make public functions")]
#![allow(clippy::unwrap_used, reason = "a benchmark ends when its fixtures are not there")]

use std::path::{Path, PathBuf};

use clsify::encoder::{Dtype, Encoder};
use clsify::features::{FeatureOptions, Pooling, extract};
use clsify::tokenizer::Encoding;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Sentences of 4 to 44 tokens; their ids do not affect the time.
fn encodings(n: usize, vocab_size: usize) -> Vec<Encoding> {
    let encoding = |i: usize| {
        let n_tokens = if n == 1 { 9 } else { 4 + i * 17 % 41 };
        let input_ids = (0..n_tokens).map(|t| ((i * 31 + t * 7) % vocab_size) as u32).collect();
        Encoding { input_ids, token_type_ids: vec![0; n_tokens], is_truncated: false }
    };
    (0..n).map(encoding).collect()
}

fn encoders(criterion: &mut Criterion) {
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/transformers/bert");
    let real = std::env::var_os("CLSIFY_REAL_ENCODER").map(PathBuf::from);
    for (name, folder) in [("tiny", Some(tiny)), ("real", real)] {
        let Some(folder) = folder else { continue };
        let mut group = criterion.benchmark_group(format!("encoder/{name}"));
        group.sample_size(10);
        for dtype in Dtype::ALL.into_iter().filter(|dtype| dtype.is_native()) {
            let encoder = Encoder::load_as(&folder, dtype).unwrap();
            for (pooling, n) in [(Pooling::Cls, 200), (Pooling::Mean, 200), (Pooling::Cls, 1)] {
                let encodings = encodings(n, encoder.config().vocab_size);
                let options = FeatureOptions::from(pooling);
                group.throughput(Throughput::Elements(
                    encodings.iter().map(Encoding::len).sum::<usize>() as u64
                ));
                group.bench_function(format!("{dtype}/{pooling}/{n}"), |bencher| {
                    bencher.iter(|| extract(&encoder, &encodings, &options, &|_| Ok(())).unwrap());
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, encoders);
criterion_main!(benches);
