//! All attention kernels against the formula.

use super::*;

fn numbers(n: usize, seed: usize) -> Vec<f32> {
    (0..n).map(|i| (((i + seed) * 7919 % 1009) as f32 - 500.0) / 250.0).collect()
}

/// Oracle: the formula in `f64`. Tolerance: scores up to 30 have rounding errors of about 1e-5, and the probabilities
/// have the same relative error; contexts are at most 2.
fn check(
    n: usize,
    heads: usize,
    size: usize,
    with_bias: bool,
    run: impl Fn(&[f32], Head, Option<&[f32]>, &mut [f32]),
) {
    let hidden = heads * size;
    let x = numbers(n * 3 * hidden, n);
    let bias = numbers(2 * n - 1, 5);
    let bias = with_bias.then_some(&bias[..]);
    let mut context = vec![f32::NAN; n * hidden];
    for head in 0..heads {
        run(&x, Head { head, size, hidden, n_tokens: n }, bias, &mut context);
    }
    for head in 0..heads {
        let at = |part: usize, token: usize, i: usize| {
            f64::from(x[token * 3 * hidden + part * hidden + head * size + i])
        };
        for query in 0..n {
            let scores: Vec<f64> = (0..n)
                .map(|key| {
                    let dot: f64 = (0..size).map(|i| at(0, query, i) * at(1, key, i)).sum();
                    dot / (size as f64).sqrt() + bias.map_or(0.0, |b| f64::from(b[n - 1 + key - query]))
                })
                .collect();
            let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let e: Vec<f64> = scores.iter().map(|s| (s - max).exp()).collect();
            let total: f64 = e.iter().sum();
            for i in 0..size {
                let want: f64 = (0..n).map(|key| e[key] / total * at(2, key, i)).sum();
                let got = f64::from(context[query * hidden + head * size + i]);
                assert!(
                    (got - want).abs() < 5e-5,
                    "{n} tokens, {heads} heads of {size}: {got}, expected {want}"
                );
            }
        }
    }
}

#[test]
fn every_kernel_follows_the_formula() {
    if AVAILABLE.len() < KERNELS.len() {
        eprintln!("skipped: this processor lacks {} of the kernels", KERNELS.len() - AVAILABLE.len());
    }
    for kernel in AVAILABLE.iter() {
        let lengths = (1..40).chain([63, 64, 65, 130]);
        for n in lengths.take(if cfg!(miri) { 3 } else { usize::MAX }) {
            for (heads, size) in [(2, 16), (1, 64), (3, 5), (2, 33)] {
                check(n, heads, size, n % 2 == 0, |x, head, bias, context| {
                    kernel.attend(x, head, bias, context, &mut Vec::new());
                });
            }
        }
    }
}

/// The contents of the scratch memory after a longer sentence do not change the result.
#[test]
#[cfg_attr(miri, ignore = "too slow")]
fn a_sentence_does_not_depend_on_the_one_before() {
    let (long, short) = (numbers(50 * 96, 1), numbers(7 * 96, 2));
    let (mut fresh, mut used) = (vec![0.0; 7 * 32], vec![0.0; 7 * 32]);
    let mut scratch = Scratch::default();
    self_attention(&long, 2, None, &mut vec![0.0; 50 * 32], 50, &mut scratch);
    self_attention(&short, 2, None, &mut used, 7, &mut scratch);
    self_attention(&short, 2, None, &mut fresh, 7, &mut Scratch::default());
    assert_eq!(fresh, used);
}

#[test]
#[should_panic(expected = "three times as many")]
fn a_wrong_length_is_refused() {
    self_attention(&[0.0; 5], 1, None, &mut [0.0; 2], 2, &mut Scratch::default());
}
