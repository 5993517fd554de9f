//! The scores of tuned encoders beside those of the frozen one, and from how many rows on tuning pays.

use serde::Serialize;

use crate::evaluation::PairedScores;

/// The scores of tuned encoders by the number of training rows.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct TunedCurve {
    /// The points by increasing number of rows.
    pub points: Vec<TunedPoint>,
    /// The smallest number of rows from which on tuning pays: with it and with every larger number that was tried, the interval of
    /// the gain is above 0. `None` if that does not hold for all rows.
    pub pays_from: Option<usize>,
    /// The time that was expected, in seconds, from a few steps on this machine.
    pub estimated_seconds: f64,
    /// The time that tuning took, in seconds.
    pub seconds: f64,
}

/// An encoder that was tuned on some rows, and the frozen one with a classifier of the same rows, on the same held-out rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TunedPoint {
    /// The number of training rows.
    pub n_rows: usize,
    /// The number of times that each was learned from.
    pub epochs: usize,
    /// The learning rate at the end of the warm-up.
    pub learning_rate: f32,
    /// The score with the frozen encoder.
    pub frozen_score: f64,
    /// Its 95 % interval: the uncertainty from the choice of held-out rows.
    pub frozen_ci95: [f64; 2],
    /// The score with the tuned encoder.
    pub tuned_score: f64,
    /// Its 95 % interval.
    pub tuned_ci95: [f64; 2],
    /// The difference between them; above 0 the tuned encoder is better.
    pub gain: f64,
    /// Its 95 % interval, for scores on the same rows.
    pub gain_ci95: [f64; 2],
    /// The time of tuning, in seconds.
    pub seconds: f64,
}

impl TunedPoint {
    /// A point, whose first score is that of the frozen encoder.
    pub(super) fn of(
        n_rows: usize,
        (epochs, learning_rate): (usize, f32),
        scores: &PairedScores,
        seconds: f64,
    ) -> Self {
        TunedPoint {
            n_rows,
            epochs,
            learning_rate,
            frozen_score: scores.a,
            frozen_ci95: scores.a_ci95,
            tuned_score: scores.b,
            tuned_ci95: scores.b_ci95,
            gain: scores.difference,
            gain_ci95: scores.difference_ci95,
            seconds,
        }
    }

    /// Returns true if the tuned encoder is clearly better: the interval of the gain is above 0.
    pub fn is_clear_gain(&self) -> bool {
        self.gain_ci95[0] > 0.0
    }
}

/// The first number of rows of those at the end whose gain is clear.
pub(super) fn pays_from(points: &[TunedPoint]) -> Option<usize> {
    points.iter().rev().take_while(|point| point.is_clear_gain()).last().map(|point| point.n_rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: by hand.
    #[test]
    fn tuning_pays_from_the_first_of_the_clear_gains_at_the_end() {
        let of = |lows: &[f64]| {
            let point = |(i, &low): (usize, &f64)| {
                let scores = PairedScores {
                    a: 0.5,
                    a_ci95: [0.4, 0.6],
                    b: 0.6,
                    b_ci95: [0.5, 0.7],
                    difference: 0.1,
                    difference_ci95: [low, 0.2],
                };
                TunedPoint::of(100 * (i + 1), (1, 1e-4), &scores, 1.0)
            };
            pays_from(&lows.iter().enumerate().map(point).collect::<Vec<_>>())
        };
        assert_eq!(of(&[0.01, -0.01, 0.01, 0.02]), Some(300));
        assert_eq!(of(&[0.01, 0.01]), Some(100));
        assert_eq!(of(&[0.01, 0.0]), None);
        assert_eq!(of(&[]), None);
    }
}
