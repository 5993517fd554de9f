//! Gradients and training runs against PyTorch: `fixtures/transformers/*/tuning*`, by
//! `tools/reference/make_tuning_fixtures.py`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use serde_json::Value;

use super::head::{Head, Loss, outputs};
use super::model::TunedModel;
use super::schedule::Schedule;
use crate::encoder::Dtype;
use crate::encoder::trainable::{Step, TrainableEncoder};
use crate::features::Pooling;
use crate::targets::{LabelIndicator, Labels};
use crate::tokenizer::{Encoding, Tokenizer};

const CASES: [&str; 9] = [
    "bert",
    "distilbert",
    "mpnet",
    "roberta",
    "electra",
    "bert_2_layers_eps",
    "bert_gelu_new",
    "bert_relu",
    "bert_silu",
];

fn folder(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/transformers").join(case)
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn tensors(path: &Path) -> HashMap<String, Vec<f32>> {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let values = |data: &[u8]| data.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
    file.tensors().into_iter().map(|(name, tensor)| (name, values(tensor.data()))).collect()
}

fn numbers<T>(value: &Value, number: impl Fn(&Value) -> Option<T>) -> Vec<T> {
    value.as_array().unwrap().iter().map(|v| number(v).unwrap()).collect()
}

fn indices(value: &Value) -> Vec<usize> {
    numbers(value, |v| v.as_u64().map(|v| v as usize))
}

/// The sentences of `sentences.json` as token ids.
fn encodings(folder: &Path, which: &[usize]) -> Vec<Encoding> {
    let tokens = json(&folder.join("expected_tokens.json"));
    let tokenizer = Tokenizer::load(folder, 512).unwrap();
    let sentences = json(&folder.join("../sentences.json"));
    let encode = |&i: &usize| {
        let input_ids: Vec<u32> = indices(&tokens[i]["input_ids"]).into_iter().map(|id| id as u32).collect();
        let encoding = tokenizer.encode(sentences[i].as_str().unwrap()).unwrap();
        Encoding {
            token_type_ids: encoding.token_type_ids[..input_ids.len()].to_vec(),
            input_ids,
            ..encoding
        }
    };
    which.iter().map(encode).collect()
}

fn model(
    folder: &Path,
    dtype: Dtype,
    pooling: &Value,
    head: &HashMap<String, Vec<f32>>,
    loss: Loss,
    learn_embeddings: bool,
) -> TunedModel {
    TunedModel {
        encoder: TrainableEncoder::load(folder, dtype, learn_embeddings).unwrap().without_dropout(),
        pooling: pooling.as_str().unwrap().parse::<Pooling>().unwrap(),
        head: Head::new(head["head.coef"].clone(), head["head.intercept"].clone(), loss),
    }
}

/// The targets and weights of a case.
fn labels(case: &Value, n: usize) -> (Loss, Vec<f32>, Vec<f32>) {
    let rows: Vec<usize> = (0..n).collect();
    let weights_of =
        |key: &str| case.get(key).map(|weights| numbers(weights, |w| w.as_f64().map(|w| w as f32)));
    let mut weights = weights_of("sample_weights").unwrap_or(vec![1.0; n]);
    if let Some(sets) = case.get("label_sets") {
        let sets = sets.as_array().unwrap().iter().flat_map(indices).map(|has| has == 1).collect();
        let sets = Labels::Sets(LabelIndicator::new(sets, 2).unwrap());
        return (Loss::Sigmoid, outputs(&sets, &[], &rows), weights);
    }
    let class_ids = indices(&case["class_ids"]);
    if let Some(class_weights) = weights_of("class_weights") {
        weights.iter_mut().zip(&class_ids).for_each(|(w, &id)| *w *= class_weights[id]);
    }
    (Loss::Softmax, outputs(&Labels::Classes { class_ids, n_classes: 3 }, &[0, 1, 2], &rows), weights)
}

/// The gradient of every parameter, by the name of its tensor, and the loss. Each sentence is so many times in the batch.
fn gradients(
    folder: &Path,
    name: &str,
    case: &Value,
    dtype: Dtype,
    repeats: usize,
) -> (f64, HashMap<String, Vec<f32>>) {
    let expected = tensors(&folder.join(format!("tuning_{name}.safetensors")));
    let encodings = encodings(folder, &indices(&case["sentences"]));
    let (loss, targets, weights) = labels(case, encodings.len());
    let mut model = model(folder, dtype, &case["pooling"], &expected, loss, true);
    let repeated = |values: &[f32]| values.repeat(repeats);
    let batch: Vec<&Encoding> = (0..repeats).flat_map(|_| &encodings).collect();
    let loss = model.backward(&batch, &repeated(&targets), &repeated(&weights), 0, &|| Ok(())).unwrap();
    let mut gradients = HashMap::from([
        ("head.coef".to_string(), model.head.coef.gradient.clone()),
        ("head.intercept".to_string(), model.head.intercept.gradient.clone()),
    ]);
    for (parts, parameter) in model.encoder.parameters() {
        let each = parameter.gradient.len() / parts.len();
        for ((name, _), gradient) in parts.into_iter().zip(parameter.gradient.chunks_exact(each)) {
            gradients.insert(name, gradient.to_vec());
        }
    }
    (loss, gradients)
}

fn norm(x: &[f32]) -> f64 {
    x.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt()
}

/// Softmax does not change when all scores of a row move by the same amount, so that this gradient is zero but for
/// rounding errors.
fn is_key_bias(name: &str) -> bool {
    ["key.bias", "k_lin.bias", "attn.k.bias"].iter().any(|end| name.ends_with(end))
}

/// A table with some rows, in which the others are zero.
fn whole(like: &[f32], rows: &[f32], numbers: &[f32]) -> Vec<f32> {
    let (mut all, size) = (vec![0.0; like.len()], numbers.len() / rows.len());
    for (&row, numbers) in rows.iter().zip(numbers.chunks_exact(size)) {
        all[row as usize * size..][..size].copy_from_slice(numbers);
    }
    all
}

/// Calls `check(case, gradients)` for every case; a gradient is the name of its tensor, our gradient and PyTorch's.
fn for_every_case(dtype: Dtype, repeats: usize, check: impl Fn(&str, &[(String, Vec<f32>, Vec<f32>)])) {
    for case in CASES {
        let folder = folder(case);
        let described = json(&folder.join("tuning.json"));
        for (name, description) in described["gradients"].as_object().unwrap() {
            let (loss, mut gradients) = gradients(&folder, name, description, dtype, repeats);
            let (case, expected) = (format!("{case} {name}"), description["loss"].as_f64().unwrap());
            let tolerance = if dtype == Dtype::F32 { 1e-5 } else { 2e-2 };
            assert!((loss / expected - 1.0).abs() < tolerance, "{case}: {loss}, expected {expected}");
            let of_pytorch = tensors(&folder.join(format!("tuning_{name}.safetensors")));
            let tensor_names = of_pytorch.keys().filter_map(|key| key.strip_prefix("grad."));
            let pairs: Vec<_> = tensor_names
                .filter(|tensor| !is_key_bias(tensor) && !tensor.starts_with("hidden_states"))
                .map(|tensor| {
                    let gradient = gradients.remove(tensor).unwrap_or_else(|| panic!("{case}: {tensor}"));
                    let expected = of_pytorch[&format!("grad.{tensor}")].clone();
                    match of_pytorch.get(&format!("rows.{tensor}")) {
                        Some(rows) => {
                            (tensor.to_string(), gradient.clone(), whole(&gradient, rows, &expected))
                        }
                        None => (tensor.to_string(), gradient, expected),
                    }
                })
                .collect();
            assert!(pairs.len() > 10, "{case}: {} tensors", pairs.len());
            check(&case, &pairs);
        }
    }
}

/// Oracle: PyTorch in float64. Tolerance: that of the contract; PyTorch's own float32 differs by up to 1e-5.
#[test]
fn gradients_equal_those_of_pytorch() {
    for repeats in [1, 40] {
        // Forty times each sentence is the same mean, but many chunks, and more than one part of a batch.
        for_every_case(Dtype::F32, repeats, |case, gradients| {
            for (tensor, got, expected) in gradients {
                let difference: Vec<f32> = got.iter().zip(expected).map(|(a, b)| a - b).collect();
                let error = norm(&difference) / norm(expected);
                assert!(error < 1e-4, "{case} x {repeats}: {tensor}: relative error {error:e}");
            }
        });
    }
}

/// Oracle: as above. Tolerance: that of the contract for the gradient as a whole, whose cosine with PyTorch's own bf16
/// (autocast) is 0.99905 to 0.99997 here. Single vectors of it are as low as 0.993 there, and 0.986 here.
#[test]
fn gradients_in_bf16_have_the_direction_of_pytorchs() {
    if !Dtype::Bf16.is_native() {
        eprintln!("skipped: this processor has no instructions for bf16");
        return;
    }
    let cosine = |got: &[f32], expected: &[f32]| {
        let dot: f64 = got.iter().zip(expected).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
        dot / (norm(got) * norm(expected))
    };
    for_every_case(Dtype::Bf16, 1, |case, gradients| {
        let [mut all, mut all_expected] = [Vec::new(), Vec::new()];
        for (tensor, got, expected) in gradients {
            let cosine = cosine(got, expected);
            assert!(cosine > 0.98, "{case}: {tensor}: cosine {cosine}");
            all.extend_from_slice(got);
            all_expected.extend_from_slice(expected);
        }
        let cosine = cosine(&all, &all_expected);
        assert!(cosine > 0.999, "{case}: cosine {cosine}");
    });
}

/// A run of the fixtures: its losses, and the parameters after it.
fn run(case: &str, threads: usize) -> (Vec<f64>, HashMap<String, Vec<f32>>) {
    let folder = folder(case);
    let run = &json(&folder.join("tuning.json"))["run"];
    let start = tensors(&folder.join("tuning_run.safetensors"));
    let mut model = model(&folder, Dtype::F32, &run["pooling"], &start, Loss::Softmax, false);
    let number = |key: &str| run[key].as_f64().unwrap();
    let n_steps = number("n_steps") as usize;
    let schedule = Schedule {
        learning_rate: number("learning_rate") as f32,
        warmup_steps: number("warmup_steps") as usize,
        n_steps,
    };
    let batches = run["batches"].as_array().unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let losses = pool.install(|| {
        let learn = |i: usize| {
            let batch = &batches[i % batches.len()];
            let encodings = encodings(&folder, &indices(&batch["sentences"]));
            let (_, targets, weights) = labels(batch, encodings.len());
            let loss = model
                .backward(&encodings.iter().collect::<Vec<_>>(), &targets, &weights, 0, &|| Ok(()))
                .unwrap();
            let rate = schedule.learning_rate_of(i);
            model.update(&Step::new(rate, number("weight_decay") as f32, i + 1, 1.0));
            loss
        };
        (0..n_steps).map(learn).collect()
    });
    let mut end: HashMap<_, _> =
        model.encoder.learned().into_iter().map(|tensor| (tensor.name, tensor.values.to_vec())).collect();
    end.insert("head.coef".to_string(), model.head.coef.value);
    end.insert("head.intercept".to_string(), model.head.intercept.value);
    (losses, end)
}

/// Oracle: `torch.optim.AdamW` with `get_linear_schedule_with_warmup` in float32. Tolerance: that of the contract for
/// losses; PyTorch's own float32 moves the tensors by up to 1e-4 of float64's.
#[test]
fn a_run_of_twenty_steps_follows_pytorch() {
    for case in ["bert", "mpnet"] {
        let (losses, end) = run(case, 2);
        let folder = folder(case);
        let expected = numbers(&json(&folder.join("tuning.json"))["run"]["losses"], Value::as_f64);
        assert_eq!(losses.len(), expected.len());
        for (i, (loss, expected)) in losses.iter().zip(&expected).enumerate() {
            assert!((loss - expected).abs() < 1e-3, "{case}: step {i}: {loss}, expected {expected}");
        }
        for (name, expected) in tensors(&folder.join("tuning_run.safetensors")) {
            let Some(name) = name.strip_prefix("final.") else { continue };
            let difference: Vec<f32> = end[name].iter().zip(&expected).map(|(a, b)| a - b).collect();
            let error = norm(&difference) / norm(&expected);
            assert!(error < 1e-3, "{case}: {name}: relative error {error:e}");
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for case in ["bert", "mpnet"] {
        let (losses, end) = run(case, 1);
        for threads in [2, 3, 7] {
            let (other_losses, other_end) = run(case, threads);
            assert_eq!(losses, other_losses, "{case}, {threads} threads");
            assert!(end == other_end, "{case}, {threads} threads");
        }
    }
    let description = &json(&folder("mpnet").join("tuning.json"))["gradients"];
    let (name, description) = description.as_object().unwrap().iter().next().unwrap();
    let with_threads = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| gradients(&folder("mpnet"), name, description, Dtype::Bf16, 40))
    };
    assert!([2, 5].iter().all(|&threads| with_threads(threads) == with_threads(1)));
}
