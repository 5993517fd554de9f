//! Extrapolates a learning curve to twice the rows, with a confidence interval, to tell whether more rows would help.

use rayon::prelude::*;
use serde::Serialize;

use super::inverse_power_law::InversePowerLaw;
use super::ratio_score::RatioScore;
use crate::error::{Error, ErrorKind, Result};

/// The number of bootstrap samples for the interval.
const N_BOOTSTRAP: usize = 500;

/// The scores at one number of training rows.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveRuns {
    /// The number of training rows.
    pub n_rows: usize,
    /// The score of each repeat, over the same held-out rows. The repeats of two sizes with the same index belong
    /// together: the training rows of one are part of those of the other.
    pub scores: Vec<RatioScore>,
}

/// The expected score with twice the rows, if the curve continues in the same form.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// The curve.
    pub law: InversePowerLaw,
    /// Twice the largest number of training rows.
    pub n_rows: usize,
    /// The curve's score there.
    pub score: f64,
    /// The difference from the curve's score at the largest number of training rows.
    pub gain: f64,
    /// The 95 % interval of the gain, over other held-out rows and other draws of training rows.
    pub gain_ci95: [f64; 2],
    /// The prediction for the largest size by a curve through all other sizes; `None` if there are only three sizes.
    pub largest_from_others: Option<f64>,
}

/// Fits a curve to the mean scores, and extrapolates it.
///
/// A size is weighted by its rows times its repeats, because the variance of its mean decreases with both. The
/// interval is a percentile bootstrap: held-out rows, the same for all sizes, and repeats are drawn with replacement,
/// and the curve is fitted to each draw. The interval does not account for a curve of another form.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] if there are fewer than three sizes, or if a size has no repeat or another number
/// of held-out rows.
///
/// ```
/// use clsify::evaluation::{CurveRuns, RatioScore, forecast};
/// // 70, 80 and 85 of 100 held-out rows are right.
/// let run = |n_rows, n_right| {
///     let is_right: Vec<bool> = (0..100).map(|row| row < n_right).collect();
///     RatioScore::accuracy(&is_right, None).map(|score| CurveRuns { n_rows, scores: vec![score] })
/// };
/// let found = forecast(&[run(50, 70)?, run(100, 80)?, run(200, 85)?], 0)?;
/// assert!((found.score - 0.875).abs() < 1e-6 && (found.gain - 0.025).abs() < 1e-6);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn forecast(runs: &[CurveRuns], seed: u32) -> Result<Forecast> {
    let n_test = runs.first().and_then(|run| run.scores.first()).map_or(0, RatioScore::n_samples);
    let is_whole =
        |run: &CurveRuns| !run.scores.is_empty() && run.scores.iter().all(|s| s.n_samples() == n_test);
    if n_test == 0 || !runs.iter().all(is_whole) {
        let message = "expected held-out rows, the same for every size and repeat";
        return Err(Error::new(ErrorKind::InvalidArgument, message).at("forecast"));
    }
    let n_repeats = runs.iter().map(|run| run.scores.len()).max().unwrap_or(0);
    let sizes: Vec<f64> = runs.iter().map(|run| run.n_rows as f64).collect();
    let weights: Vec<f64> = runs.iter().map(|run| (run.n_rows * run.scores.len()) as f64).collect();
    let most = sizes.iter().copied().fold(0.0, f64::max);
    let gain = |law: &InversePowerLaw| law.at(2.0 * most) - law.at(most);

    let once = vec![1u32; n_test];
    let all: Vec<usize> = (0..n_repeats).collect();
    let scores = mean_scores(runs, &once, &all);
    let law = InversePowerLaw::fit(&sizes, &scores, &weights)?;
    let bootstrapped = (0..N_BOOTSTRAP).into_par_iter().map(|draw| {
        let mut random = SplitMix64(u64::from(seed) << 32 | draw as u64);
        let mut counts = vec![0u32; n_test];
        (0..n_test).for_each(|_| counts[random.below(n_test)] += 1);
        let repeats: Vec<usize> = (0..n_repeats).map(|_| random.below(n_repeats)).collect();
        InversePowerLaw::fit(&sizes, &mean_scores(runs, &counts, &repeats), &weights).map(|law| gain(&law))
    });
    let mut gains = bootstrapped.collect::<Result<Vec<f64>>>()?;
    gains.sort_by(f64::total_cmp);
    let percentile = |share: f64| gains[(share * (N_BOOTSTRAP - 1) as f64).round() as usize];
    let largest_from_others = match (0..sizes.len()).max_by(|&i, &j| sizes[i].total_cmp(&sizes[j])) {
        Some(largest) if sizes.len() > 3 => {
            let without = |values: &[f64]| -> Vec<f64> {
                values.iter().enumerate().filter(|(i, _)| *i != largest).map(|(_, x)| *x).collect()
            };
            let others = InversePowerLaw::fit(&without(&sizes), &without(&scores), &without(&weights))?;
            Some(others.at(most))
        }
        _ => None,
    };
    Ok(Forecast {
        n_rows: (2.0 * most) as usize,
        score: law.at(2.0 * most),
        gain: gain(&law),
        gain_ci95: [percentile(0.025), percentile(0.975)],
        law,
        largest_from_others,
    })
}

/// The mean score of each size, with held-out rows repeated by `counts` and repeats with these indices. For a size
/// with fewer repeats, the index is taken modulo their number.
fn mean_scores(runs: &[CurveRuns], counts: &[u32], repeats: &[usize]) -> Vec<f64> {
    let mean = |run: &CurveRuns| {
        let scores: Vec<f64> = run.scores.iter().map(|score| score.resampled(counts)).collect();
        repeats.iter().map(|&repeat| scores[repeat % scores.len()]).sum::<f64>() / repeats.len() as f64
    };
    runs.iter().map(mean).collect()
}

/// Steele, Lea, Flood (2014): sufficient for a bootstrap, with one state per draw, so that the number of threads
/// changes nothing.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; the bias is `n / 2^64`.
    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs whose accuracy is `0.95 - 2 n^-0.6` in expectation.
    fn runs(sizes: &[usize], n_repeats: usize, n_test: usize) -> Vec<CurveRuns> {
        let mut random = SplitMix64(5);
        let mut run = |n: usize| {
            let p = 0.95 - 2.0 * (n as f64).powf(-0.6);
            let is_right: Vec<bool> =
                (0..n_test).map(|_| (random.next() as f64 / u64::MAX as f64) < p).collect();
            RatioScore::accuracy(&is_right, None).unwrap()
        };
        let of =
            |&n_rows: &usize| CurveRuns { n_rows, scores: (0..n_repeats).map(|_| run(n_rows)).collect() };
        sizes.iter().map(of).collect()
    }

    /// Oracle: the curve that the runs were drawn from.
    #[test]
    fn a_known_curve_is_drawn_out() {
        let found = forecast(&runs(&[50, 100, 200, 400, 800, 1600], 5, 4000), 0).unwrap();
        let truth = |n: f64| 0.95 - 2.0 * n.powf(-0.6);
        let gain = truth(3200.0) - truth(1600.0);
        assert_eq!(found.n_rows, 3200);
        assert!((found.gain - gain).abs() < 0.005, "{found:?}");
        let [low, high] = found.gain_ci95;
        assert!(low <= gain && gain <= high && high - low < 0.02, "{found:?}");
        assert!((found.largest_from_others.unwrap() - truth(1600.0)).abs() < 0.01, "{found:?}");
        assert_eq!(found, forecast(&runs(&[50, 100, 200, 400, 800, 1600], 5, 4000), 0).unwrap());
    }

    #[test]
    fn three_sizes_are_needed_and_their_rows_must_be_the_same() {
        assert!(forecast(&runs(&[50, 100], 2, 10), 0).is_err());
        assert!(forecast(&[], 0).is_err());
        assert_eq!(forecast(&runs(&[50, 100, 200], 2, 10), 0).unwrap().largest_from_others, None);
        let mut other = runs(&[50, 100, 200], 2, 10);
        other[1].scores[1] = runs(&[50], 1, 9)[0].scores[0].clone();
        assert!(forecast(&other, 0).is_err());
    }
}
