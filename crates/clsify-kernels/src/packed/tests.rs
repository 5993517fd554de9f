//! One test suite for all kernels.

mod exact;
mod repack;
mod rotate;

use std::ops::Range;

use super::kernels::KERNELS;
use super::pack::bf16;
use super::product::MAX_ROW_BLOCK;
use super::quantize::{MAX_INPUTS, QuantizedRow, weight_zero_point_and_scale};
use super::rotate::{Extent, order, rotate};
use super::*;
use crate::activation;
use crate::matmul::Parallel;

/// Pseudo-random numbers in [-1, 1) for a seed.
fn numbers(n: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect()
}

/// The kernels that this processor supports. The others are named on stderr, so that a run shows what it did not
/// test.
fn kernels() -> Vec<Kernel> {
    for listed in KERNELS.iter().filter(|listed| Kernel::named(listed.name).is_none()) {
        eprintln!("skipped: this processor lacks {}", listed.name);
    }
    Kernel::available().to_vec()
}

/// The kernels of one precision that this processor supports.
fn kernels_of(precision: Precision) -> Vec<Kernel> {
    kernels().into_iter().filter(|kernel| kernel.precision() == precision).collect()
}

struct Case {
    x: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    inputs: usize,
    outputs: usize,
}

fn case(rows: usize, inputs: usize, outputs: usize) -> Case {
    Case {
        x: numbers(rows * inputs, 1),
        weight: numbers(outputs * inputs, 2),
        bias: numbers(outputs, 3),
        inputs,
        outputs,
    }
}

impl Case {
    fn pack(&self, kernel: Kernel) -> PackedLinear {
        let linear = PackedLinear::pack(&self.weight, &self.bias, self.inputs, self.outputs, kernel);
        assert_eq!((linear.inputs(), linear.outputs(), linear.kernel()), (self.inputs, self.outputs, kernel));
        linear
    }

    fn forward(&self, kernel: Kernel, epilogue: Epilogue) -> Vec<f32> {
        let mut out = vec![f32::NAN; self.x.len() / self.inputs * self.outputs];
        self.pack(kernel).forward(&self.x, &mut out, epilogue);
        out
    }

    /// Oracle: the triple loop in `f64` on the numbers after rounding to the kernel's precision. Returns each result
    /// with its tolerance.
    fn expected(&self, precision: Precision) -> Vec<(f64, f64)> {
        let mut out = Vec::new();
        let factors = self.factors(&[]);
        for x in self.x.chunks(self.inputs) {
            for (w, &bias) in self.weight.chunks(self.inputs).zip(&self.bias) {
                out.push(element(precision, x, w, f64::from(bias), &factors));
            }
        }
        out
    }

    /// The factors that scale the inputs in int8; 0 for exact inputs.
    fn factors(&self, exact: &[usize]) -> Vec<f32> {
        (0..self.inputs).map(|input| if exact.contains(&input) { 0.0 } else { 1.0 }).collect()
    }
}

/// One element and its tolerance; `factors` are for int8 only.
fn element(precision: Precision, x: &[f32], w: &[f32], bias: f64, factors: &[f32]) -> (f64, f64) {
    let dot = |f: fn(f32, f32) -> f64| x.iter().zip(w).map(|(&x, &w)| f(x, w)).sum::<f64>();
    match precision {
        // Each of the `inputs` steps of a chain rounds once (twice without fused multiply-adds), by at most half a
        // unit in the last place (6e-8) of a partial sum, which is bounded by the sum of the absolute products.
        Precision::F32 => {
            let sum = dot(|x, w| f64::from(x) * f64::from(w));
            let size = dot(|x, w| (f64::from(x) * f64::from(w)).abs());
            (sum + bias, 1.2e-7 * (size * (x.len() as f64).sqrt() + bias.abs() + 1.0))
        }
        // Products of `bf16` numbers are exact in `f32`, so the same bound holds for rounded numbers.
        Precision::Bf16 => {
            let round = |v: &[f32]| -> Vec<f32> { v.iter().map(|&v| rounded(v)).collect() };
            element(Precision::F32, &round(x), &round(w), bias, factors)
        }
        // Integer sums are exact. The three terms derived from them are rounded three times each, the bias once, and
        // the sum of a row a few times more. The error of the rotation has its own tests.
        Precision::Int8 => {
            let (x, w) = (Rounded::row(x, factors), Rounded::weights(w, factors));
            let product = x.q.iter().zip(&w.q).map(|(q, v)| q * v).sum::<i64>() as f64;
            let sum = w.q.iter().sum::<i64>() as f64;
            let terms = [w.step * x.step * product, w.step * x.zero * sum, w.zero * x.sum];
            let size: f64 = terms.iter().map(|term| term.abs()).sum();
            let size = size + w.zero.abs() * x.numbers.iter().map(|x| x.abs()).sum::<f64>();
            (terms.iter().sum::<f64>() + bias, 2.4e-7 * (size + bias.abs()))
        }
    }
}

/// Rotated numbers and their quantized values: `zero + step q`.
struct Rounded {
    numbers: Vec<f64>,
    zero: f64,
    step: f64,
    sum: f64,
    q: Vec<i64>,
}

impl Rounded {
    fn row(x: &[f32], factors: &[f32]) -> Self {
        let mut numbers = vec![0.0; x.len()];
        let QuantizedRow { zero_point, scale, sum, .. } = QuantizedRow::of(rotate(x, factors, &mut numbers));
        let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
        Rounded {
            q: numbers.iter().map(|x| ((x - zero_point) * inverse).round_ties_even() as i64).collect(),
            numbers: numbers.into_iter().map(f64::from).collect(),
            zero: f64::from(zero_point),
            step: f64::from(scale),
            sum: f64::from(sum),
        }
    }

    fn weights(w: &[f32], factors: &[f32]) -> Self {
        let mut numbers = vec![0.0; w.len()];
        let (center, step) = weight_zero_point_and_scale(rotate(w, factors, &mut numbers));
        let steps = |w: &f32| if step > 0.0 { ((w - center) / step).round_ties_even() as i64 } else { 0 };
        let order = order(w.len()) as f64;
        Rounded {
            q: numbers.iter().map(steps).collect(),
            sum: numbers.iter().map(|&w| f64::from(w) / order).sum(),
            numbers: numbers.into_iter().map(|w| f64::from(w) / order).collect(),
            zero: f64::from(center) / order,
            step: f64::from(step) / order,
        }
    }
}

/// The nearest `bf16`, found by trying both neighbours.
fn rounded(x: f32) -> f32 {
    let below = x.to_bits() & 0xffff_0000;
    let above = below + 0x1_0000;
    let [below, above] = [below, above].map(f32::from_bits);
    let (down, up) = ((x - below).abs(), (above - x).abs());
    let even = below.to_bits() >> 16 & 1 == 0;
    if down < up || down == up && even { below } else { above }
}

fn check(rows: usize, inputs: usize, outputs: usize) {
    let case = case(rows, inputs, outputs);
    for kernel in kernels() {
        let got = case.forward(kernel, Epilogue::None);
        for (i, (got, (want, tolerance))) in got.iter().zip(case.expected(kernel.precision())).enumerate() {
            let error = (f64::from(*got) - want).abs();
            assert!(error <= tolerance, "{kernel:?} {rows}x{inputs}x{outputs} [{i}]: {got}, expected {want}");
        }
    }
}

/// Cases that are small enough for Miri, with more rows than a tile, more outputs than a panel and more words than a
/// cache line.
#[test]
fn small_products_agree_with_the_triple_loop() {
    for (rows, inputs, outputs) in [(1, 1, 1), (7, 3, 5), (2, 17, 33)] {
        check(rows, inputs, outputs);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow")]
fn products_agree_with_the_triple_loop_around_every_tile_edge() {
    for rows in 1..=34 {
        check(rows, 37, 45);
    }
    for inputs in [1, 2, 3, 4, 5, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129] {
        check(5, inputs, 33);
    }
    for outputs in [1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 96, 97] {
        check(15, 20, outputs);
    }
}

/// Ties in the last place in both directions, and numbers that the instructions flush to zero.
#[test]
fn bf16_rounds_to_the_nearest_and_ties_to_even() {
    for bits in [0x3f80_8000u32, 0x3f81_8000, 0x3f80_8001, 0x3f80_7fff, 0xbf81_8000, 0x7f7f_0000, 0x0080_8000]
    {
        let x = f32::from_bits(bits);
        let got = f32::from_bits(u32::from(bf16(x)) << 16);
        assert_eq!(got, rounded(x), "{bits:x}");
        for kernel in kernels_of(Precision::Bf16) {
            let mut out = [0.0];
            PackedLinear::pack(&[1.0], &[0.0], 1, 1, kernel).forward(&[x], &mut out, Epilogue::None);
            assert_eq!(out[0], got, "{kernel:?} {bits:x}");
        }
    }
    assert_eq!(bf16(-1e-40), 0x8000);
    assert!(f32::from_bits(u32::from(bf16(f32::NAN)) << 16).is_nan());
}

/// The rounding error against the triple loop on unrounded numbers. The worst case is 2^-9 of either factor of a
/// product in `bf16`, and half a rounding step of either factor in int8.
#[test]
#[cfg_attr(miri, ignore = "too slow")]
fn low_precision_is_close_to_f32() {
    for inputs in [500, 512] {
        let mut case = case(4, inputs, 40);
        for v in &mut case.x[inputs..2 * inputs] {
            *v += 3.0; // far from zero, so that a symmetric range would waste steps
        }
        let factors = case.factors(&[]);
        for kernel in kernels() {
            let got = case.forward(kernel, Epilogue::None);
            for (i, (got, (want, _))) in got.iter().zip(case.expected(Precision::F32)).enumerate() {
                let x = &case.x[i / 40 * inputs..][..inputs];
                let w = &case.weight[i % 40 * inputs..][..inputs];
                let size: f64 = x.iter().zip(w).map(|(x, w)| f64::from(x * w).abs()).sum();
                let bound = match kernel.precision() {
                    Precision::F32 => 1e-5 * size,
                    Precision::Bf16 => size / 255.0,
                    Precision::Int8 => {
                        let (x, w) = (Rounded::row(x, &factors), Rounded::weights(w, &factors));
                        let sum = |v: &[f64], from: f64| v.iter().map(|v| (v - from).abs()).sum::<f64>();
                        let of_x = x.step * sum(&w.numbers, w.zero);
                        0.51 * (of_x + w.step * sum(&x.numbers, 0.0) + x.step * w.step * inputs as f64)
                    }
                };
                assert!((f64::from(*got) - want).abs() < bound, "{kernel:?}: {got}, expected {want}");
            }
        }
    }
}

/// Constant rows and zero weights, for which the rounding step is zero.
#[test]
fn constant_rows_and_weights_of_zero_are_exact() {
    for kernel in kernels() {
        let weight = [vec![0.0; 70], vec![0.5; 70]].concat();
        let linear = PackedLinear::pack(&weight, &[1.0, 2.0], 70, 2, kernel);
        let mut out = [0.0; 6];
        let x = [vec![0.0; 70], vec![-0.25; 70], numbers(70, 1)].concat();
        linear.forward(&x, &mut out, Epilogue::None);
        assert_eq!([out[0], out[1], out[2], out[4]], [1.0, 2.0, 1.0, 1.0], "{kernel:?}");
        assert!((out[3] - (2.0 - 70.0 * 0.125)).abs() < 1e-5, "{kernel:?}: {}", out[3]);
    }
}

/// The extremes of int8: no sum saturates, and inputs too many for the accumulators use `f32`.
#[test]
fn eight_bits_hold_the_largest_sums() {
    for kernel in kernels_of(Precision::Int8) {
        // Lengths that are not rotated.
        for inputs in [3077, MAX_INPUTS, MAX_INPUTS + 1] {
            let mut x = vec![255.0; inputs];
            x[0] = 0.0;
            let mut weight = [vec![127.0; inputs], vec![-127.0; inputs]].concat();
            (weight[0], weight[inputs]) = (-127.0, 127.0);
            let mut out = [0.0; 2];
            let linear = PackedLinear::pack(&weight, &[0.0; 2], inputs, 2, kernel);
            assert_eq!(linear.kernel() == kernel, inputs <= MAX_INPUTS);
            linear.forward(&x, &mut out, Epilogue::None);
            let want = 127.0 * 255.0 * (inputs - 1) as f32;
            // In `f32`, the sum of so many equal numbers has a larger error.
            let tolerance = if inputs <= MAX_INPUTS { 1e-6 } else { 1e-3 };
            assert!(
                (out[0] - want).abs() <= tolerance * want && out[1] == -out[0],
                "{out:?}, expected {want}"
            );
        }
    }
}

/// Oracle: another kernel. Integer sums are exact in any order, and the epilogue is shared.
#[test]
fn kernels_in_8_bits_have_the_same_bits() {
    let [first, others @ ..] = &kernels_of(Precision::Int8)[..] else { return };
    for rows in [1, 15, 16, 17, 31, 32, 33, MAX_ROW_BLOCK + 7] {
        for (inputs, outputs) in [(37, 45), (800, 33)] {
            let case = case(rows, inputs, outputs);
            for epilogue in [Epilogue::Add, Epilogue::Gelu] {
                let bits = |kernel| -> Vec<u32> {
                    let mut out = numbers(rows * outputs, 9);
                    case.pack(kernel).forward(&case.x, &mut out, epilogue);
                    out.iter().map(|v| v.to_bits()).collect()
                };
                let want = bits(*first);
                for &kernel in others {
                    assert!(bits(kernel) == want, "{kernel:?} {rows}x{inputs}x{outputs} {epilogue:?}");
                }
            }
        }
    }
}

/// More rows and words than one block of the loops.
#[test]
#[cfg_attr(miri, ignore = "too slow")]
fn products_agree_with_the_triple_loop_across_blocks() {
    check(MAX_ROW_BLOCK + 3, 40, 35);
    for inputs in [767, 768, 769, 1536, 1537, 3072, 3077] {
        check(3, inputs, 34);
    }
}

#[test]
fn no_rows_give_nothing() {
    let case = case(0, 7, 5);
    for kernel in kernels() {
        let linear = case.pack(kernel);
        linear.forward(&[], &mut [], Epilogue::Gelu);
        linear.forward_parallel(&[], &mut [], Epilogue::Gelu);
    }
}

/// Tolerance: the epilogue fuses multiply-adds, which changes the result by units in the last place.
#[test]
fn epilogues_are_the_activations() {
    let (rows, inputs) = if cfg!(miri) { (1, 5) } else { (17, 70) };
    let mut case = case(rows, inputs, 50);
    for (i, v) in case.bias.iter_mut().enumerate() {
        *v = i as f32 - 25.0; // far into both tails
    }
    for kernel in kernels() {
        let plain = case.forward(kernel, Epilogue::None);
        for epilogue in [Epilogue::Gelu, Epilogue::GeluTanh, Epilogue::Relu, Epilogue::Silu] {
            let mut want = plain.clone();
            match epilogue {
                Epilogue::None | Epilogue::Add => {}
                Epilogue::Gelu => activation::gelu(&mut want),
                Epilogue::GeluTanh => activation::gelu_tanh(&mut want),
                Epilogue::Relu => activation::relu(&mut want),
                Epilogue::Silu => activation::silu(&mut want),
            }
            for ((got, want), x) in case.forward(kernel, epilogue).iter().zip(&want).zip(&plain) {
                let error = (got - want).abs();
                assert!(
                    error <= 1e-6 * x.abs().max(1.0),
                    "{kernel:?} {epilogue:?}({x}): {got}, expected {want}"
                );
            }
        }
    }
}

/// Tolerance: a chain that starts with another number rounds differently at each of its up to 3,100 steps; sums stay
/// below 100.
#[test]
fn adding_is_the_product_added_to_what_was_there() {
    let shapes: &[_] =
        if cfg!(miri) { &[(1, 20, 33)] } else { &[(17, 70, 50), (3, 3100, 33), (29, 769, 64)] };
    for &(rows, inputs, outputs) in shapes {
        let case = case(rows, inputs, outputs);
        for kernel in kernels() {
            let before = numbers(rows * outputs, 9);
            let plain = case.forward(kernel, Epilogue::None);
            let mut got = before.clone();
            case.pack(kernel).forward(&case.x, &mut got, Epilogue::Add);
            let mut split = before.clone();
            case.pack(kernel).forward_parallel(&case.x, &mut split, Epilogue::Add);
            assert_eq!(got, split, "{kernel:?}");
            for ((got, plain), before) in got.iter().zip(&plain).zip(&before) {
                assert!(
                    (got - (plain + before)).abs() < 1e-4,
                    "{kernel:?}: {got}, expected {plain} + {before}"
                );
            }
        }
    }
}

/// Tolerance: either form of an activation has an error of up to 4e-7 |x|, as [`activation`] states. Far to the left,
/// where the result is zero, there is no error.
#[test]
#[cfg_attr(miri, ignore = "too slow")]
fn activations_hold_over_their_whole_range() {
    let mut x: Vec<f32> = (-40_000..=40_000).map(|i| i as f32 * 5e-4).collect();
    x.extend([-1e4, -1e10, 1e4, 1e10, 0.0]);
    for kernel in kernels_of(Precision::F32) {
        for (epilogue, function) in [
            (Epilogue::Gelu, activation::gelu as fn(&mut [f32])),
            (Epilogue::GeluTanh, activation::gelu_tanh),
            (Epilogue::Silu, activation::silu),
        ] {
            let (mut want, mut got) = (x.clone(), vec![0.0; x.len()]);
            function(&mut want);
            PackedLinear::pack(&[1.0], &[0.0], 1, 1, kernel).forward(&x, &mut got, epilogue);
            for ((got, want), x) in got.iter().zip(&want).zip(&x) {
                let tolerance = if *x < -8.0 { 1e-6 } else { 1e-6 * x.abs().max(1.0) };
                let error = (got - want).abs();
                assert!(error <= tolerance, "{kernel:?} {epilogue:?}({x}): {got}, expected {want}");
            }
        }
    }
}

#[test]
fn not_a_number_stays_one() {
    let inputs = if cfg!(miri) { 5 } else { 70 };
    for bad in [f32::NAN, f32::INFINITY] {
        let mut case = case(3, inputs, 40);
        case.x[inputs + inputs / 2] = bad;
        for kernel in kernels() {
            let out = case.forward(kernel, Epilogue::None);
            assert!(out[40..80].iter().all(|v| !v.is_finite()), "{kernel:?} hides {bad}");
            assert!(out[..40].iter().chain(&out[80..]).all(|v| v.is_finite()), "{kernel:?} spreads {bad}");
        }
        case.x[inputs + inputs / 2] = 1.0;
        case.weight[7 * inputs + 3] = bad;
        for kernel in kernels() {
            let out = case.forward(kernel, Epilogue::None);
            for (i, v) in out.iter().enumerate() {
                assert_eq!(v.is_finite(), i % 40 != 7, "{kernel:?}, weight {bad}");
            }
        }
    }
}

#[test]
fn no_activation_hides_what_is_not_a_number() {
    let (rows, inputs) = if cfg!(miri) { (2, 5) } else { (3, 20) };
    let mut case = case(rows, inputs, 40);
    case.bias[7] = f32::NAN;
    for kernel in kernels() {
        for epilogue in [Epilogue::Gelu, Epilogue::GeluTanh, Epilogue::Relu, Epilogue::Silu] {
            for (i, v) in case.forward(kernel, epilogue).iter().enumerate() {
                assert_eq!(v.is_nan(), i % 40 == 7, "{kernel:?} {epilogue:?}");
            }
        }
    }
}

/// The promise: the bits of a row do not depend on the other rows, on its position or on the number of threads.
#[test]
fn a_row_has_the_same_bits_in_every_company() {
    let bits = |x: &[f32]| x.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    let pools: Vec<_> =
        (1..=3).map(|n| rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("a pool")).collect();
    let total = if cfg!(miri) { 3 } else { MAX_ROW_BLOCK + 20 };
    let shapes: &[_] = if cfg!(miri) { &[(5, 35)] } else { &[(37, 45), (800, 100), (3100, 40)] };
    for &(inputs, outputs) in shapes {
        let all = case(total, inputs, outputs);
        for kernel in kernels() {
            let linear = all.pack(kernel);
            let rows_of = |range: Range<usize>| &all.x[range.start * inputs..range.end * inputs];
            let mut alone = Vec::new();
            for row in all.x.chunks(inputs) {
                let mut out = vec![0.0; outputs];
                linear.forward(row, &mut out, Epilogue::Gelu);
                alone.extend(bits(&out));
            }
            let ranges = (1..=34).map(|n| n..2 * n).chain([0..total, 5..total, 100..164]);
            for range in ranges.filter(|range| range.end <= total && !range.is_empty()) {
                let mut out = vec![0.0; range.len() * outputs];
                let want = &alone[range.start * outputs..range.end * outputs];
                linear.forward(rows_of(range.clone()), &mut out, Epilogue::Gelu);
                assert!(bits(&out) == want, "{kernel:?} {inputs}x{outputs}, rows {range:?}");
                for pool in &pools {
                    out.fill(0.0);
                    pool.install(|| {
                        linear.forward_parallel(rows_of(range.clone()), &mut out, Epilogue::Gelu)
                    });
                    assert!(bits(&out) == want, "{kernel:?} {inputs}x{outputs}, rows {range:?}, parallel");
                }
            }
        }
    }
}

/// A precision without a kernel falls back to `f32`, and every kernel has a name of its own.
#[test]
fn the_first_kernel_of_a_precision_is_the_best() {
    let bests = [Kernel::best_f32(), Kernel::best_bf16(), Kernel::best_int8()];
    for (best, precision) in bests.into_iter().zip([Precision::F32, Precision::Bf16, Precision::Int8]) {
        assert_eq!(best, kernels_of(precision).first().copied().unwrap_or(bests[0]));
    }
    for &kernel in Kernel::available() {
        assert_eq!(Kernel::named(kernel.name()), Some(kernel));
        let mut out = [0.0];
        PackedLinear::pack(&[2.0], &[1.0], 1, 1, kernel).forward(&[3.0], &mut out, Epilogue::None);
        assert!((out[0] - 7.0).abs() < 1e-5);
    }
    for (i, listed) in KERNELS.iter().enumerate() {
        assert!(KERNELS[..i].iter().all(|other| other.name != listed.name), "{} twice", listed.name);
    }
}

/// The promise in `f32`: on every kernel, an element is one chain of multiply-adds from the bias and the first input
/// to the last; kernels differ only in whether these are fused. Oracle: both chains.
#[test]
#[cfg_attr(miri, ignore = "too slow")]
fn an_element_in_f32_is_one_chain_of_multiply_adds() {
    for (rows, inputs, outputs) in [(1, 1, 1), (7, 37, 45), (20, 100, 33), (3, 800, 40)] {
        let case = case(rows, inputs, outputs);
        let chains = |add: fn(f32, f32, f32) -> f32| -> Vec<u32> {
            let mut out = Vec::new();
            for x in case.x.chunks(inputs) {
                for (w, &bias) in case.weight.chunks(inputs).zip(&case.bias) {
                    out.push(x.iter().zip(w).fold(bias, |sum, (&x, &w)| add(x, w, sum)).to_bits());
                }
            }
            out
        };
        let [fused, separate] = [chains(f32::mul_add), chains(|x, w, sum| x * w + sum)];
        for kernel in kernels_of(Precision::F32) {
            let got: Vec<u32> = case.forward(kernel, Epilogue::None).iter().map(|v| v.to_bits()).collect();
            assert!(got == fused || got == separate, "{kernel:?} {rows}x{inputs}x{outputs}");
        }
    }
}

#[test]
#[should_panic(expected = "expected a weight of 3 x 2 numbers, got 5")]
fn a_short_weight_is_refused() {
    PackedLinear::pack(&[0.0; 5], &[0.0; 3], 2, 3, Kernel::best_f32());
}

#[test]
#[should_panic(expected = "expected a bias of 3 numbers, got 2")]
fn a_short_bias_is_refused() {
    PackedLinear::pack(&[0.0; 6], &[0.0; 2], 2, 3, Kernel::best_f32());
}

#[test]
#[should_panic(expected = "expected x to have rows of 2 numbers, got 5 numbers")]
fn a_ragged_x_is_refused() {
    PackedLinear::pack(&[0.0; 6], &[0.0; 3], 2, 3, Kernel::best_f32()).forward(
        &[0.0; 5],
        &mut [0.0; 6],
        Epilogue::None,
    );
}

#[test]
#[should_panic(expected = "expected out to have 2 x 3 numbers, got 5")]
fn a_short_out_is_refused() {
    PackedLinear::pack(&[0.0; 6], &[0.0; 3], 2, 3, Kernel::best_f32()).forward_parallel(
        &[0.0; 4],
        &mut [0.0; 5],
        Epilogue::None,
    );
}

/// The first outputs alone have the same bits as among all outputs, around the edges of panels; nothing is written
/// behind them.
#[test]
#[cfg_attr(miri, ignore = "too slow")]
fn the_first_outputs_alone_are_the_same_bits() {
    let case = case(19, 40, 100);
    for kernel in kernels() {
        let linear = case.pack(kernel);
        let all = case.forward(kernel, Epilogue::Gelu);
        for outputs in [0, 1, 31, 32, 33, 64, 99, 100] {
            for parallel in [Parallel::No, Parallel::Yes] {
                let mut out = vec![f32::NAN; 19 * outputs];
                linear.forward_outputs(outputs, &case.x, &mut out, Epilogue::Gelu, parallel);
                let expected = all.chunks(100).flat_map(|row| &row[..outputs]);
                assert!(out.iter().eq(expected), "{kernel:?}: {outputs} outputs");
            }
        }
    }
}
