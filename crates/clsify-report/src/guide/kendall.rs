//! Kendall's rank correlation tau-b, which compares two orders and allows for ties.
//!
//! Source: Kendall, "The treatment of ties in ranking problems", 1945; as `scipy.stats.kendalltau`.

use std::cmp::Ordering;

/// Kendall's tau-b of two lists of the same length: 1 for the same order, -1 for the opposite one. `None` if one of them has fewer than
/// two different numbers, or a NaN.
pub(super) fn tau_b(a: &[f64], b: &[f64]) -> Option<f64> {
    let (mut difference, mut n_apart_a, mut n_apart_b) = (0_i64, 0_i64, 0_i64);
    for j in 1..a.len().min(b.len()) {
        for i in 0..j {
            let (order_a, order_b) = (sign(a[i].partial_cmp(&a[j])?), sign(b[i].partial_cmp(&b[j])?));
            difference += order_a * order_b;
            n_apart_a += order_a.abs();
            n_apart_b += order_b.abs();
        }
    }
    let of_pairs = (n_apart_a as f64 * n_apart_b as f64).sqrt();
    (of_pairs > 0.0).then(|| difference as f64 / of_pairs)
}

fn sign(order: Ordering) -> i64 {
    order as i64
}

/// The median; of an even number of values, the mean of the middle two. `None` for no value.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => Some((values.get(middle.wrapping_sub(1))? + values[middle]) / 2.0),
        _ => Some(values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of scipy 1.17.1: `scipy.stats.kendalltau(a, b).statistic`.
    #[test]
    fn tau_b_is_that_of_scipy() {
        let cases: [(&[f64], &[f64], f64); 4] = [
            (&[1.0, 2.0, 3.0, 4.0, 5.0], &[3.0, 4.0, 1.0, 2.0, 5.0], 0.199_999_999_999_999_98),
            (&[12.0, 2.0, 1.0, 12.0, 2.0], &[1.0, 4.0, 7.0, 1.0, 0.0], -0.471_404_520_791_031_6),
            (&[0.1, 0.1, 0.3, 0.2, 0.05, 0.3], &[0.9, 0.1, 0.4, 0.4, 0.0, 1.2], 0.592_999_453_328_880_9),
            (
                &[0.02, 0.5, 0.11, 0.11, 0.3, 0.07, 0.01],
                &[0.0, 0.2, 0.2, 0.2, 1.5, 0.0, 0.3],
                0.271_163_072_273_320_2,
            ),
        ];
        for (a, b, expected) in cases {
            let tau = tau_b(a, b).unwrap();
            assert!((tau - expected).abs() < 1e-15, "{tau} {expected}");
            assert_eq!(tau_b(b, a), Some(tau));
        }
    }

    #[test]
    fn no_order_has_no_tau() {
        assert_eq!(tau_b(&[1.0, 1.0, 2.0], &[2.0, 2.0, 2.0]), None);
        assert_eq!(tau_b(&[1.0], &[2.0]), None);
        assert_eq!(tau_b(&[], &[]), None);
        assert_eq!(tau_b(&[1.0, f64::NAN], &[2.0, 3.0]), None);
        assert_eq!(tau_b(&[1.0, 2.0], &[f64::NEG_INFINITY, f64::INFINITY]), Some(1.0));
    }

    #[test]
    fn medians() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }
}
