//! Inputs that are multiplied in `f32` besides the int8 inputs.

use super::*;

impl Case {
    fn pack_exact(&self, kernel: Kernel, exact: &[usize]) -> PackedLinear {
        PackedLinear::pack_exact(&self.weight, &self.bias, self.inputs, self.outputs, kernel, exact)
    }
}

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|v| v.to_bits()).collect()
}

fn forward(linear: &PackedLinear, x: &[f32], epilogue: Epilogue) -> Vec<f32> {
    let mut out = vec![0.5; x.len() / linear.inputs() * linear.outputs()];
    linear.forward(x, &mut out, epilogue);
    out
}

/// Oracle: for the int8 inputs, the product as in the suite, since the factors of the exact inputs are zero; for the
/// exact inputs, the product in `f64`. Tolerance: each multiply-add rounds a sum by at most 6e-8 of its value.
#[test]
#[cfg_attr(miri, ignore = "too slow")]
fn exact_inputs_are_multiplied_in_f32() {
    for (rows, inputs, outputs, exact) in [
        (1, 3, 1, vec![0, 2]),
        (7, 37, 45, vec![36]),
        (33, 64, 33, vec![15, 16]),
        (5, 384, 40, vec![99, 100]),
        (14, 65, 32, vec![0, 64]),
        (34, 129, 64, vec![64, 127]),
        (15, 800, 97, vec![99, 223]),
        (3, 3077, 34, vec![3076, 5]),
    ] {
        let mut case = case(rows, inputs, outputs);
        for row in case.x.chunks_mut(inputs) {
            exact.iter().for_each(|&input| row[input] *= 1e3);
        }
        for row in case.weight.chunks_mut(inputs) {
            exact.iter().for_each(|&input| row[input] *= 1e2);
        }
        for kernel in kernels() {
            let got = forward(&case.pack_exact(kernel, &exact), &case.x, Epilogue::None);
            let factors = case.factors(&exact);
            if kernel.precision() != Precision::Int8 {
                assert_eq!(bits(&got), bits(&case.forward(kernel, Epilogue::None)), "{kernel:?}");
                continue;
            }
            for (i, got) in got.iter().enumerate() {
                let (r, o) = (i / outputs, i % outputs);
                let x = &case.x[r * inputs..][..inputs];
                let w = &case.weight[o * inputs..][..inputs];
                let (want, tolerance) = element(kernel.precision(), x, w, f64::from(case.bias[o]), &factors);
                let products = exact.iter().map(|&e| f64::from(x[e]) * f64::from(w[e]));
                let (sum, size) = products.fold((0.0, 0.0), |(s, a), p: f64| (s + p, a + p.abs()));
                let tolerance = tolerance + 1.3e-7 * (size + want.abs());
                let error = (f64::from(*got) - want - sum).abs();
                assert!(
                    error <= tolerance,
                    "{kernel:?} {exact:?} [{r}, {o}]: {got}, expected {}",
                    want + sum
                );
            }
        }
    }
}

/// The reason for exact inputs. Tolerance: half a rounding step of either factor, with scales that ignore the large
/// inputs; without exact inputs the error is more than ten times as large.
#[test]
#[cfg_attr(miri, ignore = "too slow")]
fn one_large_input_does_not_cost_the_others_their_precision() {
    let (inputs, outputs, exact) = (384, 40, [99]);
    let mut case = case(4, inputs, outputs);
    case.x.chunks_mut(inputs).for_each(|row| row[99] *= 100.0);
    let want = case.expected(Precision::F32);
    let worst = |got: &[f32]| {
        let errors = got.iter().zip(&want).map(|(got, (want, _))| (f64::from(*got) - want).abs());
        errors.fold(0.0, f64::max)
    };
    for kernel in kernels_of(Precision::Int8) {
        let plain = worst(&forward(&case.pack(kernel), &case.x, Epilogue::None));
        let exact = worst(&forward(&case.pack_exact(kernel, &exact), &case.x, Epilogue::None));
        assert!(exact < 0.3 && plain > 10.0 * exact, "{kernel:?}: {exact}, without {plain}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "too slow")]
fn an_exact_input_that_is_not_a_number_shows() {
    for bad in [f32::NAN, f32::INFINITY] {
        for exact in [vec![33], vec![33, 2], vec![0, 33]] {
            let mut case = case(3, 70, 40);
            case.x[70 + 33] = bad;
            for kernel in kernels() {
                let out = forward(&case.pack_exact(kernel, &exact), &case.x, Epilogue::None);
                assert!(out[40..80].iter().all(|v| !v.is_finite()), "{kernel:?} hides {bad}");
                assert!(
                    out[..40].iter().chain(&out[80..]).all(|v| v.is_finite()),
                    "{kernel:?} spreads {bad}"
                );
            }
            case.x[70 + 33] = 1.0;
            case.weight[7 * 70 + 33] = bad;
            for kernel in kernels() {
                let out = forward(&case.pack_exact(kernel, &exact), &case.x, Epilogue::None);
                for (i, v) in out.iter().enumerate() {
                    assert_eq!(v.is_finite(), i % 40 != 7, "{kernel:?}, weight {bad}");
                }
            }
        }
    }
}

/// The promise of the module holds with exact inputs, and AMX gives the bits of VNNI.
#[test]
#[cfg_attr(miri, ignore = "too slow")]
fn a_row_with_exact_inputs_has_the_same_bits_in_every_company() {
    let (rows, inputs, outputs) = (67, 100, 70);
    let all = case(rows, inputs, outputs);
    let mut of_8_bits: Vec<Vec<u32>> = Vec::new();
    for kernel in kernels() {
        let linear = all.pack_exact(kernel, &[7, 64]);
        let alone: Vec<u32> =
            all.x.chunks(inputs).flat_map(|row| bits(&forward(&linear, row, Epilogue::Gelu))).collect();
        for range in [0..rows, 0..14, 3..20, 30..67] {
            let x = &all.x[range.start * inputs..range.end * inputs];
            let want = &alone[range.start * outputs..range.end * outputs];
            assert!(bits(&forward(&linear, x, Epilogue::Gelu)) == want, "{kernel:?}, rows {range:?}");
            let mut out = vec![0.0; range.len() * outputs];
            linear.forward_parallel(x, &mut out, Epilogue::Gelu);
            assert!(bits(&out) == want, "{kernel:?}, rows {range:?}, parallel");
            let mut first = vec![0.0; range.len() * 33];
            linear.forward_outputs(33, x, &mut first, Epilogue::Gelu, Parallel::No);
            let want: Vec<u32> = want.chunks(outputs).flat_map(|row| &row[..33]).copied().collect();
            assert!(bits(&first) == want, "{kernel:?}, rows {range:?}, 33 outputs");
        }
        if kernel.precision() == Precision::Int8 {
            of_8_bits.push(alone);
        }
    }
    assert!(of_8_bits.iter().all(|other| *other == of_8_bits[0]));
}

#[test]
#[should_panic(expected = "input 1 occurs twice")]
fn an_input_twice_is_refused() {
    PackedLinear::pack_exact(&[0.0; 9], &[0.0; 3], 3, 3, Kernel::best_f32(), &[1, 1]);
}

#[test]
#[should_panic(expected = "expected an input below 3, got 3")]
fn an_input_that_there_is_not_is_refused() {
    PackedLinear::pack_exact(&[0.0; 9], &[0.0; 3], 3, 3, Kernel::best_f32(), &[3]);
}

#[test]
#[should_panic(expected = "expected at most 2 exact inputs")]
fn more_exact_inputs_than_there_may_be_are_refused() {
    PackedLinear::pack_exact(&[0.0; 9], &[0.0; 3], 3, 3, Kernel::best_f32(), &[0, 1, 2]);
}
