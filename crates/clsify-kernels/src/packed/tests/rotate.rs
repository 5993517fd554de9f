//! The rotation of rows and weights in int8.

use super::*;

/// A row of numbers with its extent, rotated.
fn rotated(row: &[f32], factors: &[f32]) -> (Vec<f32>, Extent) {
    let mut to = vec![f32::NAN; row.len()];
    let extent = rotate(row, factors, &mut to);
    (to, extent)
}

#[test]
fn as_many_numbers_are_mixed_as_whole_blocks_allow() {
    for (inputs, expected) in [
        (1, 1),
        (8, 1),
        (16, 1),
        (32, 2),
        (37, 1),
        (48, 1),
        (64, 4),
        (96, 2),
        (128, 8),
        (136, 1),
        (256, 8),
        (384, 8),
        (768, 8),
        (1536, 8),
        (3072, 8),
        (3077, 1),
    ] {
        assert_eq!(order(inputs), expected, "{inputs}");
    }
}

/// Oracle: Hadamard's matrix by its definition (the parity of the common bits of two positions), in `f64`. Tolerance:
/// three additions, each rounded by 6e-8 of at most eight numbers below 1, and a sum of up to a hundred per lane.
#[test]
fn a_rotation_is_hadamards_matrix() {
    for inputs in [1, 15, 16, 17, 32, 48, 64, 96, 128, 384, 500, 1536] {
        let row = numbers(inputs, 4);
        let factors: Vec<f32> = (0..inputs).map(|i| if i % 7 == 3 { 0.0 } else { 1.0 }).collect();
        let (got, extent) = rotated(&row, &factors);
        let n = order(inputs);
        let expected: Vec<f64> = (0..inputs)
            .map(|i| {
                let (register, lane) = (i / 16, i % 16);
                let first = register / n * n;
                let term = |j: usize| {
                    let sign =
                        if (j & (register - first)).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
                    let from = 16 * (first + j) + lane;
                    sign * f64::from(row[from] * factors[from])
                };
                (0..n).map(term).sum()
            })
            .collect();
        for (i, (got, want)) in got.iter().zip(&expected).enumerate() {
            assert!((f64::from(*got) - want).abs() < 1e-6, "{inputs} [{i}]: {got}, expected {want}");
        }
        assert_eq!(extent.low, got.iter().copied().fold(f32::MAX, f32::min));
        assert_eq!(extent.high, got.iter().copied().fold(f32::MIN, f32::max));
        let sum: f64 = expected.iter().sum();
        assert!((f64::from(extent.sum) - sum).abs() < 1e-4, "{inputs}: {}, expected {sum}", extent.sum);
    }
}

/// Rotating both factors of a product only scales the product. Tolerance: as above, times 1,536 products.
#[test]
fn a_rotation_leaves_products_what_they_are() {
    for inputs in [15, 32, 64, 384, 1536] {
        let [x, w] = [5, 6].map(|seed| numbers(inputs, seed));
        let dot = |x: &[f32], w: &[f32]| -> f64 {
            x.iter().zip(w).map(|(&x, &w)| f64::from(x) * f64::from(w)).sum()
        };
        let [rotated_x, rotated_w] = [&x, &w].map(|v| rotated(v, &vec![1.0; inputs]).0);
        let (got, want) = (dot(&rotated_x, &rotated_w) / order(inputs) as f64, dot(&x, &w));
        assert!((got - want).abs() < 1e-4, "{inputs}: {got}, expected {want}");
    }
}

/// Oracle: the portable version. Tolerance of the sum: up to 1,536 numbers below 8, added in another order.
#[cfg(target_arch = "x86_64")]
#[test]
fn avx512_rotates_to_the_same_bits() {
    if !is_x86_feature_detected!("avx512f") {
        return;
    }
    for inputs in [1, 15, 16, 17, 32, 48, 64, 96, 100, 128, 384, 500, 1536] {
        let row = numbers(inputs, 4);
        let factors: Vec<f32> = (0..inputs).map(|i| if i % 7 == 3 { 0.0 } else { 1.0 }).collect();
        let (want, extent) = rotated(&row, &factors);
        let mut got = vec![f32::NAN; inputs];
        // SAFETY: the check above ensures that the processor has AVX-512.
        let found = unsafe { avx512_quantize::rotate(&row, &factors, &mut got) };
        assert_eq!(got, want, "{inputs}");
        assert_eq!((found.low, found.high), (extent.low, extent.high), "{inputs}");
        assert!((found.sum - extent.sum).abs() < 1e-3, "{inputs}: {}, expected {}", found.sum, extent.sum);
    }
}

#[test]
fn what_is_not_a_number_shows_in_the_sum() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for inputs in [15, 64, 384] {
            for at in (0..inputs).step_by(if cfg!(miri) { 37 } else { 1 }) {
                let mut row = numbers(inputs, 7);
                row[at] = bad;
                let (_, extent) = rotated(&row, &vec![1.0; inputs]);
                assert!(!extent.sum.is_finite(), "{bad} at {at} of {inputs}");
            }
        }
    }
}

/// The reason for the rotation: the rounding error of a row with a few very large numbers. Without a rotation it is a
/// rounding step divided by the square root of 12 for each number. Measured with rotation: 0.39 of that.
#[test]
fn a_rotation_keeps_the_precision_beside_large_numbers() {
    let mut row = numbers(1536, 8);
    row.iter_mut().step_by(97).for_each(|x| *x *= 30.0);
    let rounded = Rounded::row(&row, &[1.0; 1536]);
    let square = |(q, x): (&i64, &f64)| (rounded.zero + rounded.step * *q as f64 - x).powi(2);
    let error = (rounded.q.iter().zip(&rounded.numbers).map(square).sum::<f64>() / 8.0).sqrt();
    let range = row.iter().copied().fold(f32::MIN, f32::max) - row.iter().copied().fold(f32::MAX, f32::min);
    let without = f64::from(range) / 255.0 * (1536.0f64 / 12.0).sqrt();
    assert!(error < 0.5 * without, "{error} of {without}");
}
