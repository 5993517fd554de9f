//! Matrices that are packed into memory that held another one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::crew::standing_by;

/// Oracle: `pack`, bit for bit. The memory of a larger matrix is used for a smaller one and the other way round.
#[test]
fn repacked_matrices_are_those_that_are_packed_anew() {
    let shapes: &[_] =
        if cfg!(miri) { &[(3, 33), (2, 5)] } else { &[(100, 70), (33, 31), (1, 1), (768, 96)] };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("a pool");
    for kernel in kernels().into_iter().filter(|kernel| kernel.precision() != Precision::Int8) {
        let [mut linear, mut transposed] = [0; 2].map(|_| PackedLinear::empty(kernel));
        for &(inputs, outputs) in shapes {
            let case = case(3, inputs, outputs);
            let mut weight_t = vec![0.0; case.weight.len()];
            for (i, w) in case.weight.iter().enumerate() {
                weight_t[i % inputs * outputs + i / inputs] = *w;
            }
            let mut repack = || {
                repack_all([
                    linear.repack(&case.weight, &case.bias, inputs, outputs),
                    transposed.repack_transposed(&weight_t, inputs, outputs),
                ]);
            };
            // Threads under Miri are the business of the tests of `crew`.
            if cfg!(miri) {
                repack()
            } else {
                pool.install(|| standing_by(repack))
            }
            let out = |linear: &PackedLinear| {
                let mut out = vec![f32::NAN; 3 * outputs];
                linear.forward(&case.x, &mut out, Epilogue::None);
                out.into_iter().map(f32::to_bits).collect::<Vec<_>>()
            };
            let without_bias = PackedLinear::pack(&case.weight, &vec![0.0; outputs], inputs, outputs, kernel);
            assert!(out(&linear) == out(&case.pack(kernel)), "{kernel:?} {inputs}x{outputs}");
            assert!(out(&transposed) == out(&without_bias), "{kernel:?} {inputs}x{outputs}, transposed");
        }
    }
}

#[test]
fn eight_bits_are_refused() {
    for kernel in kernels_of(Precision::Int8) {
        let empty = AssertUnwindSafe(|| PackedLinear::empty(kernel));
        assert!(catch_unwind(empty).is_err(), "{kernel:?}");
    }
}
