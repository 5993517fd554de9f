//! Token ids from sentences: one tokenizer per family, from the tiny checkpoints, on all threads.
//!
//! `cargo bench -p clsify --bench tokenizer`; throughput is in tokens.
#![allow(missing_docs, reason = "the macros of criterion make public functions")]
#![allow(clippy::unwrap_used, reason = "a benchmark ends when its fixtures are not there")]

use std::path::Path;

use clsify::tokenizer::{Encoding, Tokenizer};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn tokenizers(criterion: &mut Criterion) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/transformers");
    let text = std::fs::read_to_string(fixtures.join("sentences.json")).unwrap();
    let sentences: Vec<String> = serde_json::from_str(&text).unwrap();
    let sentences: Vec<String> = std::iter::repeat_n(sentences, 20).flatten().collect();
    let mut group = criterion.benchmark_group("tokenizer");
    for family in ["bert", "bert_vocab_txt", "roberta", "xlm_roberta"] {
        let tokenizer = Tokenizer::load(fixtures.join(family), 512).unwrap();
        let encodings = tokenizer.encode_batch(&sentences).unwrap();
        group.throughput(Throughput::Elements(encodings.iter().map(Encoding::len).sum::<usize>() as u64));
        group.bench_function(family, |bencher| bencher.iter(|| tokenizer.encode_batch(&sentences).unwrap()));
    }
    group.finish();
}

criterion_group!(benches, tokenizers);
criterion_main!(benches);
