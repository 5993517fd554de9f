//! This library's participant in the suite of `benchmarks/`: it waits for a job, does it, and reports how long it
//! took.
//!
//! It reads one JSON object per line from stdin and writes one per line to stdout, in the protocol of
//! `benchmarks/README.md`. Between jobs it sleeps. It uses all threads of rayon's pool (`RAYON_NUM_THREADS`).
//!
//! ```text
//! cargo run --release -p clsify --example benchmark_worker
//! {"job": "load", "encoder": "all-MiniLM-L6-v2", "dtype": "int8", "sentences": "sentences.json"}
//! {"job": "encode"}
//! ```
#![allow(clippy::print_stdout, missing_docs)]

use std::error::Error;
use std::fs;
use std::io::{BufRead, Write};
use std::time::Instant;

use clsify::classifier::{LogisticRegressionOptions, Samples};
use clsify::encoder::{Dtype, Encoder};
use clsify::evaluation::grid_search;
use clsify::features::{FeatureOptions, extract, save_npy};
use clsify::matrix::Matrix;
use clsify::tokenizer::{Encoding, Tokenizer};
use serde::Deserialize;
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The jobs of the driver.
#[derive(Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
enum Job {
    /// Loads an encoder in a data type, and the sentences of the later jobs, a JSON array of strings.
    Load { encoder: String, dtype: String, sentences: String },
    /// Computes token ids from text.
    Tokenize,
    /// Writes the token ids to a file, as a JSON array of arrays.
    TokenIds { path: String },
    /// Computes `[CLS]` vectors from token ids.
    Encode,
    /// Writes the vectors to a file.
    Vectors { path: String },
    /// Encodes one sentence repeatedly.
    Latency { input_ids: Vec<u32>, warm_up: usize, repeats: usize },
    /// Chooses C by cross-validation; the features are raw little-endian f32, `[rows, columns]`.
    GridSearch {
        features: String,
        rows: usize,
        columns: usize,
        class_ids: Vec<usize>,
        c_values: Vec<f64>,
        folds: usize,
    },
    /// Measures the processor's ceiling in operations per second; a multiply-add counts as two.
    Ceiling,
    /// Measures the seconds in which all threads read this many bytes.
    Read { bytes: usize },
}

/// The results of [`Job::Load`] for the other jobs.
struct Loaded {
    encoder: Encoder,
    tokenizer: Tokenizer,
    sentences: Vec<String>,
    encodings: Vec<Encoding>,
}

fn main() -> Outcome<()> {
    let mut loaded = None;
    for line in std::io::stdin().lock().lines() {
        let answer = run(&line?, &mut loaded).unwrap_or_else(|error| json!({"error": error.to_string()}));
        println!("{answer}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn run(line: &str, loaded: &mut Option<Loaded>) -> Outcome<Value> {
    let job = serde_json::from_str(line)?;
    match job {
        Job::Load { encoder, dtype, sentences } => return load(&encoder, &dtype, &sentences, loaded),
        Job::GridSearch { features, rows, columns, class_ids, c_values, folds } => {
            return search(&features, [rows, columns], &class_ids, &c_values, folds);
        }
        Job::Ceiling => return Ok(ceilings(rayon_threads())),
        Job::Read { bytes } => return Ok(json!({"seconds": clsify_kernels::ceiling::read_seconds(bytes)})),
        _ => {}
    }
    let loaded = loaded.as_mut().ok_or("expected the job \"load\" first")?;
    match job {
        Job::Tokenize => {
            let started = Instant::now();
            loaded.encodings = loaded.tokenizer.encode_batch(&loaded.sentences)?;
            Ok(json!({"seconds": started.elapsed().as_secs_f64()}))
        }
        Job::TokenIds { path } => {
            let ids: Vec<&[u32]> = loaded.encodings.iter().map(|e| &e.input_ids[..]).collect();
            fs::write(path, serde_json::to_vec(&ids)?)?;
            Ok(json!({}))
        }
        Job::Encode => {
            let started = Instant::now();
            features(&loaded.encoder, &loaded.encodings)?;
            Ok(json!({"seconds": started.elapsed().as_secs_f64()}))
        }
        Job::Vectors { path } => {
            save_npy(&features(&loaded.encoder, &loaded.encodings)?, path)?;
            Ok(json!({}))
        }
        Job::Latency { input_ids, warm_up, repeats } => latency(&loaded.encoder, input_ids, warm_up, repeats),
        Job::Load { .. } | Job::GridSearch { .. } | Job::Ceiling | Job::Read { .. } => {
            unreachable!("answered above")
        }
    }
}

fn load(folder: &str, dtype: &str, sentences: &str, loaded: &mut Option<Loaded>) -> Outcome<Value> {
    let dtype: Dtype = dtype.parse()?;
    if !dtype.is_native() {
        return Err(format!("this processor has no {dtype} instructions").into());
    }
    let sentences: Vec<String> = serde_json::from_slice(&fs::read(sentences)?)?;
    let started = Instant::now();
    let encoder = Encoder::load_as(folder, dtype)?;
    let seconds = started.elapsed().as_secs_f64();
    let tokenizer = Tokenizer::load(folder, encoder.config().max_tokens())?;
    let encodings = tokenizer.encode_batch(&sentences)?;
    *loaded = Some(Loaded { encoder, tokenizer, sentences, encodings });
    Ok(json!({"seconds": seconds, "version": env!("CARGO_PKG_VERSION"), "threads": rayon_threads()}))
}

fn features(encoder: &Encoder, encodings: &[Encoding]) -> clsify::error::Result<Matrix> {
    extract(encoder, encodings, &FeatureOptions::default(), &|_| Ok(()))
}

fn latency(encoder: &Encoder, input_ids: Vec<u32>, warm_up: usize, repeats: usize) -> Outcome<Value> {
    let encoding = [Encoding { token_type_ids: vec![0; input_ids.len()], input_ids, is_truncated: false }];
    for _ in 0..warm_up {
        features(encoder, &encoding)?;
    }
    let mut milliseconds = Vec::with_capacity(repeats);
    for _ in 0..repeats {
        let started = Instant::now();
        features(encoder, &encoding)?;
        milliseconds.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(json!({"milliseconds": milliseconds}))
}

fn search(
    path: &str,
    [rows, columns]: [usize; 2],
    class_ids: &[usize],
    c_values: &[f64],
    folds: usize,
) -> Outcome<Value> {
    let bytes = fs::read(path)?;
    let (numbers, _) = bytes.as_chunks();
    let numbers = numbers.iter().map(|&number| f32::from_le_bytes(number)).collect();
    let features = Matrix::from_vec(numbers, rows, columns)?;
    let n_classes = class_ids.iter().max().map_or(0, |&id| id + 1);
    let options = LogisticRegressionOptions::default();
    let started = Instant::now();
    let found =
        grid_search(&Samples::new(&features, class_ids, n_classes), c_values, &options, folds, &|_| Ok(()))?;
    let seconds = started.elapsed().as_secs_f64();
    let scores: Vec<f64> = found.points.iter().map(|point| point.mean_test_score).collect();
    let n_not_converged = found.n_not_converged;
    Ok(
        json!({"seconds": seconds, "best_C": found.best_c, "scores": scores, "n_not_converged": n_not_converged}),
    )
}

fn rayon_threads() -> usize {
    rayon::current_num_threads()
}

/// The ceilings of all data types that this processor supports.
fn ceilings(threads: usize) -> Value {
    let measured = Dtype::ALL
        .into_iter()
        .filter_map(|dtype| dtype.ceiling(threads).map(|operations| (dtype.to_string(), operations.into())));
    json!({"ceiling": Value::Object(measured.collect())})
}
