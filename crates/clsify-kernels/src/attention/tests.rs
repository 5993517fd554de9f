//! All attention kernels against the formula and its derivative.

use super::*;

fn numbers(n: usize, seed: usize) -> Vec<f32> {
    (0..n).map(|i| (((i + seed) * 7919 % 1009) as f32 - 500.0) / 250.0).collect()
}

/// The sizes of a case: tokens, heads, numbers of a head.
type Sizes = [usize; 3];

fn bias_of<'a>(biases: &'a [f32], [n, ..]: Sizes) -> DistanceBias<'a> {
    DistanceBias { biases, max_tokens: n }
}

/// `[heads, n, n]`, before dropout, in `f64`.
fn probs(x: &[f64], [n, heads, size]: Sizes, biases: Option<&[f64]>) -> Vec<f64> {
    let hidden = heads * size;
    let mut probs = Vec::new();
    for (head, query) in (0..heads).flat_map(|head| (0..n).map(move |query| (head, query))) {
        let at =
            |part: usize, token: usize, i: usize| x[token * 3 * hidden + part * hidden + head * size + i];
        let score = |key: usize| {
            let dot: f64 = (0..size).map(|i| at(0, query, i) * at(1, key, i)).sum();
            dot / (size as f64).sqrt() + biases.map_or(0.0, |b| b[head * (2 * n - 1) + n - 1 + key - query])
        };
        let scores: Vec<f64> = (0..n).map(score).collect();
        let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = scores.iter().map(|s| (s - max).exp()).sum();
        probs.extend(scores.iter().map(|s| (s - max).exp() / total));
    }
    probs
}

/// `[n, hidden]` in `f64`; `kept` multiplies the probabilities.
fn context(x: &[f64], sizes: Sizes, biases: Option<&[f64]>, kept: &[f32]) -> Vec<f64> {
    let [n, heads, size] = sizes;
    let (hidden, probs) = (heads * size, probs(x, sizes, biases));
    let mut context = vec![0.0; n * hidden];
    for (query, column) in (0..n).flat_map(|query| (0..hidden).map(move |column| (query, column))) {
        let row = (column / size * n + query) * n;
        let term =
            |key: usize| probs[row + key] * f64::from(kept[row + key]) * x[(key * 3 + 2) * hidden + column];
        context[query * hidden + column] = (0..n).map(term).sum();
    }
    context
}

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&v| f64::from(v)).collect()
}

/// What the dropout leaves of probabilities of 1.
fn kept(dropout: Option<Dropout>, [n, heads, _]: Sizes) -> Vec<f32> {
    let mut kept = vec![1.0; heads * n * n];
    dropout.into_iter().for_each(|dropout| dropout.apply(&mut kept, 0));
    kept
}

/// The context and, for the gradient `w` of the context, that of `x` and of the biases, by one kernel.
fn run(
    kernel: &dyn AttentionKernel,
    attention: SelfAttention,
    w: &[f32],
    scratch: &mut Vec<f32>,
) -> [Vec<f32>; 3] {
    let n = attention.n_tokens;
    let mut context = vec![f32::NAN; w.len()];
    let mut gradient = vec![f32::NAN; 3 * w.len()];
    let mut biases = vec![0.0; attention.heads * (2 * n - 1)];
    for (head, biases) in (0..attention.heads).zip(biases.chunks_exact_mut(2 * n - 1)) {
        let head = attention.head(head);
        kernel.attend(&head, &mut context, scratch);
        kernel.backward(&head, w, &mut gradient, Some(biases), scratch);
    }
    [context, gradient, biases]
}

fn dropouts() -> [Option<Dropout>; 2] {
    [None, Some(Dropout { probability: 0.3, seed: 5 })]
}

/// Oracle: the formula in `f64`. Tolerance: scores up to 30 have rounding errors of about 1e-5, and the probabilities
/// have the same relative error; contexts are at most 3.
#[test]
fn every_kernel_follows_the_formula() {
    if AVAILABLE.len() < KERNELS.len() {
        eprintln!("skipped: this processor lacks {} of the kernels", KERNELS.len() - AVAILABLE.len());
    }
    for kernel in AVAILABLE.iter() {
        let lengths = (1..40).chain([63, 64, 65, 130]);
        for n in lengths.take(if cfg!(miri) { 3 } else { usize::MAX }) {
            for (heads, size) in [(2, 16), (1, 64), (3, 5), (2, 33)] {
                let (sizes, dropout) = ([n, heads, size], dropouts()[n / 2 % 2]);
                let x = numbers(n * 3 * heads * size, n);
                let biases = (n % 2 == 0).then(|| numbers(heads * (2 * n - 1), 5));
                let bias = biases.as_deref().map(|biases| bias_of(biases, sizes));
                let attention = SelfAttention::new(&x, heads, n).with_bias(bias).with_dropout(dropout);
                let mut got = vec![f32::NAN; n * heads * size];
                for head in 0..heads {
                    kernel.attend(&attention.head(head), &mut got, &mut Vec::new());
                }
                let biases = biases.as_deref().map(wide);
                let expected = context(&wide(&x), sizes, biases.as_deref(), &kept(dropout, sizes));
                for (got, want) in got.iter().zip(expected) {
                    assert!((f64::from(*got) - want).abs() < 7e-5, "{sizes:?}: {got}, expected {want}");
                }
            }
        }
    }
}

/// Oracle: the central difference of the formula in `f64`, error about 1e-8. Tolerance: as for the context, times the
/// numbers up to 2 that the scores' gradients are multiplied by, and sums of up to 20 of them.
#[test]
#[cfg_attr(miri, ignore = "too slow")]
fn every_gradient_follows_central_differences() {
    for kernel in AVAILABLE.iter() {
        for sizes in [[1, 2, 4], [2, 1, 3], [7, 2, 5], [17, 1, 16], [20, 2, 17]] {
            for dropout in dropouts() {
                let [n, heads, size] = sizes;
                let (x, biases) = (numbers(n * 3 * heads * size, n), numbers(heads * (2 * n - 1), 5));
                let w = numbers(n * heads * size, 11);
                let attention = SelfAttention::new(&x, heads, n)
                    .with_bias(Some(bias_of(&biases, sizes)))
                    .with_dropout(dropout);
                let [_, gradient, bias_gradient] = run(kernel.as_ref(), attention, &w, &mut Vec::new());
                let kept = kept(dropout, sizes);
                let value = |x: &[f64], biases: &[f64]| -> f64 {
                    let context = context(x, sizes, Some(biases), &kept);
                    context.iter().zip(&w).map(|(c, &w)| c * f64::from(w)).sum()
                };
                let (mut x, mut biases) = (wide(&x), wide(&biases));
                let check = |got: f32, forward: f64, backward: f64, what: &str| {
                    let want = (forward - backward) / 2e-5;
                    assert!((f64::from(got) - want).abs() < 5e-4, "{sizes:?} {what}: {got}, expected {want}");
                };
                for i in 0..x.len() {
                    let old = x[i];
                    let [forward, backward] = [1e-5, -1e-5].map(|by| {
                        x[i] = old + by;
                        value(&x, &biases)
                    });
                    x[i] = old;
                    check(gradient[i], forward, backward, "x");
                }
                for i in 0..biases.len() {
                    let old = biases[i];
                    let [forward, backward] = [1e-5, -1e-5].map(|by| {
                        biases[i] = old + by;
                        value(&x, &biases)
                    });
                    biases[i] = old;
                    check(bias_gradient[i], forward, backward, "bias");
                }
            }
        }
    }
}

/// Oracle: the formula in `f64`; tolerance as for the context.
#[test]
fn probabilities_follow_the_formula() {
    for n in if cfg!(miri) { vec![1, 3] } else { vec![1, 2, 7, 16, 33] } {
        let sizes = [n, 2, 16];
        let (x, biases) = (numbers(n * 96, n), numbers(2 * (2 * n - 1), 5));
        let mut got = vec![f32::NAN; 2 * n * n];
        SelfAttention::new(&x, 2, n).with_bias(Some(bias_of(&biases, sizes))).probs(&mut got);
        for (got, want) in got.iter().zip(probs(&wide(&x), sizes, Some(&wide(&biases)))) {
            assert!((f64::from(*got) - want).abs() < 1e-5, "{n} tokens: {got}, expected {want}");
        }
    }
}

/// The contents of the scratch memory after a longer sentence do not change the result.
#[test]
#[cfg_attr(miri, ignore = "too slow")]
fn a_sentence_does_not_depend_on_the_one_before() {
    let (long, short) = (numbers(50 * 96, 1), numbers(7 * 96, 2));
    let (long, short) = (SelfAttention::new(&long, 2, 50), SelfAttention::new(&short, 2, 7));
    for kernel in AVAILABLE.iter() {
        let (w, mut scratch) = (numbers(50 * 32, 3), Vec::new());
        run(kernel.as_ref(), long, &w, &mut scratch);
        let used = run(kernel.as_ref(), short, &w[..7 * 32], &mut scratch);
        assert_eq!(used, run(kernel.as_ref(), short, &w[..7 * 32], &mut Vec::new()));
    }
}

#[test]
fn no_tokens_have_no_context() {
    let none = SelfAttention::new(&[], 2, 0);
    none.context(&mut [], &mut Scratch::default());
    none.probs(&mut []);
    none.backward(&[], &mut [], Some(&mut []), &mut Scratch::default());
}

#[test]
#[should_panic(expected = "three vectors")]
fn a_wrong_length_is_refused() {
    let _ = SelfAttention::new(&[0.0; 5], 1, 2);
}

#[test]
#[should_panic(expected = "expected 2 rows of the context")]
fn a_context_of_another_length_is_refused() {
    SelfAttention::new(&[0.0; 6], 1, 2).context(&mut [0.0; 3], &mut Scratch::default());
}
