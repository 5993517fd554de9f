//! Comparisons of two classifiers on the same rows, against scipy 1.17.1's binomial test and Newcombe's interval by
//! its definition in numpy (`fixtures/sklearn/paired.json`).

use clsify::evaluation::PairedCounts;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    counts: [usize; 4],
    difference: f64,
    difference_ci95: [f64; 2],
    mcnemar_exact: f64,
}

/// Both sides compute in float64; the oracle sums the correlation of 100,000 rows row by row, and clsify computes it
/// from counts.
const TOLERANCE: f64 = 1e-10;
/// Products of some hundred factors, each rounded; scipy's beta function has an error of 1e-13.
const RELATIVE_TOLERANCE: f64 = 1e-11;

#[test]
fn tests_and_intervals_are_the_references() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/sklearn/paired.json");
    let text = std::fs::read_to_string(path).expect("the fixture is in the repository");
    let fixture: Fixture =
        serde_json::from_str(&text).expect("the fixture has the form that its README states");
    assert!(fixture.cases.len() > 40);
    for case in &fixture.cases {
        let [both, only_a, only_b, neither] = case.counts;
        let counts = PairedCounts { both, only_a, only_b, neither };
        let place = format!("{counts:?}");
        assert!((counts.difference() - case.difference).abs() < TOLERANCE, "{place}");
        let ours = counts.difference_ci95().unwrap();
        for (ours, theirs) in ours.into_iter().zip(case.difference_ci95) {
            assert!((ours - theirs).abs() < TOLERANCE, "{place}: expected {theirs}, got {ours}");
        }
        let (ours, theirs) = (counts.mcnemar_exact(), case.mcnemar_exact);
        assert!(
            (ours - theirs).abs() <= RELATIVE_TOLERANCE * theirs,
            "{place}: expected {theirs}, got {ours}"
        );
    }
}

proptest! {
    /// Exchanging the classifiers only changes signs, and the interval contains the difference.
    #[test]
    fn the_two_can_change_places(both in 0usize..500, a in 0usize..500, b in 0usize..500, neither in 0usize..500) {
        prop_assume!(both + a + b + neither > 0);
        let counts = PairedCounts { both, only_a: a, only_b: b, neither };
        let other = PairedCounts { only_a: b, only_b: a, ..counts };
        prop_assert_eq!(counts.difference(), -other.difference());
        prop_assert_eq!(counts.mcnemar_exact(), other.mcnemar_exact());
        let ([low, high], [other_low, other_high]) =
            (counts.difference_ci95().unwrap(), other.difference_ci95().unwrap());
        prop_assert!((low + other_high).abs() < 1e-12 && (high + other_low).abs() < 1e-12);
        prop_assert!(-1.0 <= low && low <= counts.difference() && counts.difference() <= high && high <= 1.0);
        prop_assert!((0.0..=1.0).contains(&counts.mcnemar_exact()));
    }
}
