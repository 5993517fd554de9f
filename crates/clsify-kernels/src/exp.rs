//! The exponential of `f32` and `f64`, in a form that the compiler can vectorise.

/// ln 2 in two parts; the first has few enough bits that n * LN2_HIGH is exact.
pub(crate) const LN2_HIGH: f32 = 0.693_359_4;
pub(crate) const LN2_LOW: f32 = -2.121_944_4e-4;
/// Between these limits the result is a normal number.
pub(crate) const LOW: f32 = -87.0;
pub(crate) const HIGH: f32 = 88.0;
/// The Taylor series, the highest power first.
pub(crate) const SERIES: [f32; 8] =
    [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];

/// `e^x` for `f32`, relative error below 2e-7 (measured against `f64::exp`) if the result is a normal number.
///
/// Cody and Waite's reduction: `x = n ln 2 + r` with `|r| <= ln 2 / 2`, then the Taylor series of `e^r` up to the
/// seventh power, whose remainder is below 6e-9. Results below the smallest normal number become that number.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    // Adding 1.5 * 2^23 leaves the nearest whole number in the low bits of the mantissa.
    const ROUND: f32 = 12_582_912.0;

    let x = x.clamp(LOW, HIGH);
    let n = x * std::f32::consts::LOG2_E + ROUND;
    let exponent = n.to_bits() << 23;
    let n = n - ROUND;
    let r = x - n * LN2_HIGH - n * LN2_LOW;
    let mut p = SERIES[0];
    for c in &SERIES[1..] {
        p = p * r + c;
    }
    f32::from_bits(p.to_bits().wrapping_add(exponent))
}

/// ln 2 in two parts for `f64`: the first ends in 20 zero bits, so that `n` times it is exact.
const LN2_HIGH_F64: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW_F64: f64 = 1.908_214_929_270_587_7e-10;

/// `1 / n!` for n from 13 down to 0.
const SERIES_F64: [f64; 14] = {
    let mut series = [1.0; 14];
    let (mut n, mut factorial) = (1, 1.0);
    while n <= 13 {
        factorial *= n as f64; // exact
        series[13 - n] = 1.0 / factorial;
        n += 1;
    }
    series
};

/// `e^x` for `f64`, relative error below 5e-16 (measured against `f64::exp`) if the result is a normal number.
///
/// As [`exp`], with the series up to the thirteenth power, whose remainder is below 5e-18.
#[inline(always)]
pub(crate) fn exp_f64(x: f64) -> f64 {
    // Adding 1.5 * 2^52 leaves the nearest whole number in the low bits of the mantissa.
    const ROUND: f64 = 6_755_399_441_055_744.0;

    let x = x.clamp(-708.0, 709.0);
    let n = x * std::f64::consts::LOG2_E + ROUND;
    let exponent = n.to_bits() << 52;
    let n = n - ROUND;
    let r = x - n * LN2_HIGH_F64 - n * LN2_LOW_F64;
    let mut p = SERIES_F64[0];
    for c in &SERIES_F64[1..] {
        p = p * r + c;
    }
    f64::from_bits(p.to_bits().wrapping_add(exponent))
}

#[cfg(test)]
mod tests {
    use super::{exp, exp_f64};

    /// Miri is a thousand times slower.
    const STEP: usize = if cfg!(miri) { 9_973 } else { 1 };

    /// Oracle: `f64::exp`.
    #[test]
    fn relative_error_is_below_2e_7() {
        let mut worst = 0.0f64;
        for i in (-8_700_000..=8_800_000).step_by(STEP) {
            let x = i as f32 * 1e-5;
            let expected = f64::from(x).exp();
            worst = worst.max((f64::from(exp(x)) - expected).abs() / expected);
        }
        assert!(worst < 2e-7, "{worst:e}");
    }

    /// Oracle: `f64::exp`, whose own error is below one unit in the last place.
    #[test]
    #[cfg_attr(miri, ignore = "its `f64::exp` is inexact on purpose")]
    fn relative_error_of_f64_is_below_5e_16() {
        let mut worst = 0.0f64;
        for i in -7_080_000..=7_090_000 {
            let x = f64::from(i) * 1e-4;
            worst = worst.max((exp_f64(x) - x.exp()).abs() / x.exp());
        }
        assert!(worst < 5e-16, "{worst:e}");
    }

    #[test]
    fn far_arguments_saturate() {
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(-1e30) < 2e-38);
        assert!(exp(1e30).is_finite());
        assert_eq!(exp_f64(0.0), 1.0);
        assert!(exp_f64(-1e300) < 1e-307);
        assert!(exp_f64(1e300).is_finite());
    }
}
