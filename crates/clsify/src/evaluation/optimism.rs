//! Estimates the optimism of the score of a choice that was made by that score.
//!
//! The best of many scores is partly luck. So the choice is repeated on rows drawn with replacement, and scored on
//! the rows that were not drawn: the mean over many draws is the expected score of the choice. No model is fitted for
//! this, because each row's out-of-fold scores are known. Source: Tsamardinos, Greasidou and Borboudakis (2018),
//! "Bootstrapping the out-of-sample predictions for efficient and accurate cross-validation", algorithm BBC-CV.

use clsify_kernels::matmul::{MatMut, MatRef, Parallel, matmul};
use rayon::prelude::*;
use serde::Serialize;

use super::row_scores::RowScores;
use crate::split::Bootstrap;

/// The number of draws that are multiplied by the scores at once.
const BATCH: usize = 64;

/// The expected score of a choice.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BiasCorrected {
    /// The mean score, on the rows not drawn, of the configurations chosen on the drawn rows.
    pub score: f64,
    /// The middle 95 % of these scores.
    pub score_ci95: [f64; 2],
    /// The number of draws.
    pub n_bootstraps: usize,
}

/// The scores of all configurations on a bootstrap sample, or on all rows.
#[derive(Debug)]
pub struct Resample<'a> {
    /// Each configuration's score on these rows.
    pub scores: Vec<f64>,
    configurations: &'a [RowScores],
    /// The number of times that each row occurs; `None`: once.
    counts: Option<Vec<u32>>,
}

impl<'a> Resample<'a> {
    /// All rows, each once.
    pub fn of_all(configurations: &'a [RowScores]) -> Self {
        let scores = configurations.iter().map(|configuration| configuration.score).collect();
        Resample { scores, configurations, counts: None }
    }

    /// As [`RowScores::above`], over these rows.
    pub fn above(&self, a: usize, b: usize) -> (f64, f64) {
        let (a, b) = (&self.configurations[a], &self.configurations[b]);
        let Some(counts) = &self.counts else { return a.above(b) };
        let (mut sum, mut squares) = (0.0, 0.0);
        for (&count, (a, b)) in counts.iter().zip(a.rows.iter().zip(&b.rows)) {
            let (count, difference) = (f64::from(count), a - b);
            sum += count * difference;
            squares += count * difference * difference;
        }
        let n = counts.len() as f64;
        let variance = ((squares - sum * sum / n) / (n - 1.0).max(1.0)).max(0.0);
        (sum / n, (variance / n).sqrt())
    }

    /// The mean over the rows that were not drawn; `None` if all were drawn.
    fn score_elsewhere(&self, configuration: usize) -> Option<f64> {
        let counts = self.counts.as_ref()?;
        let rows = self.configurations[configuration].rows.iter().zip(counts);
        let (mut sum, mut n) = (0.0, 0.0);
        rows.filter(|(_, count)| **count == 0).for_each(|(score, _)| (sum, n) = (sum + score, n + 1.0));
        (n > 0.0).then(|| sum / n)
    }
}

/// The expected score of the choices of `choose` among configurations, with `n_bootstraps` draws that always use the
/// same seed. `choose` returns the index of the best configuration on some rows; all configurations have scores of
/// the same rows.
///
/// For F1, and for weighted rows, the scores are those of their pseudo-values: correct to first order in the counts
/// of drawn rows.
///
/// ```
/// use clsify::evaluation::{RowScores, bias_corrected};
/// // Of two coins, each right on other rows, one is chosen by luck.
/// let coin = |shift: usize| -> RowScores {
///     let rows: Vec<f64> = (0..400).map(|i| if (i * 7 + shift) % 13 < 6 { 1.0 } else { 0.0 }).collect();
///     RowScores { score: rows.iter().sum::<f64>() / 400.0, rows }
/// };
/// let worth = bias_corrected(&[coin(0), coin(6)], 200, |rows| if rows.scores[1] > rows.scores[0] { 1 } else { 0 });
/// assert!(worth.unwrap().score < coin(0).score);
/// ```
///
/// `None` if there are no draws, or if no row is ever left out.
pub fn bias_corrected(
    configurations: &[RowScores],
    n_bootstraps: usize,
    choose: impl Fn(&Resample) -> usize + Sync,
) -> Option<BiasCorrected> {
    let n = configurations.first()?.rows.len();
    let rows: Vec<f32> = configurations.iter().flat_map(|c| c.rows.iter().map(|&x| x as f32)).collect();
    let rows = MatRef::new(&rows, configurations.len(), n);
    let mut bootstrap = Bootstrap::new(n, 0);
    let mut found: Vec<f64> = Vec::with_capacity(n_bootstraps);
    for start in (0..n_bootstraps).step_by(BATCH) {
        let draws: Vec<Vec<u32>> =
            (start..n_bootstraps.min(start + BATCH)).map(|_| bootstrap.draw()).collect();
        let counts: Vec<f32> = draws.iter().flatten().map(|&count| count as f32).collect();
        let mut sums = vec![0.0; draws.len() * configurations.len()];
        let to = MatMut::new(&mut sums, draws.len(), configurations.len());
        matmul(to, MatRef::new(&counts, draws.len(), n), rows.t(), 1.0, 0.0, Parallel::Yes);
        let scores = draws.into_par_iter().zip(sums.par_chunks_exact(configurations.len()));
        let batch = scores.map(|(counts, sums)| {
            let scores = sums.iter().map(|&sum| f64::from(sum) / n as f64).collect();
            let resample = Resample { scores, configurations, counts: Some(counts) };
            resample.score_elsewhere(choose(&resample))
        });
        found.extend(batch.collect::<Vec<_>>().into_iter().flatten());
    }
    if found.is_empty() {
        return None;
    }
    let score = found.iter().sum::<f64>() / found.len() as f64;
    found.sort_by(f64::total_cmp);
    let quantile = |q: f64| found[((found.len() - 1) as f64 * q).round() as usize];
    Some(BiasCorrected { score, score_ci95: [quantile(0.025), quantile(0.975)], n_bootstraps: found.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argmax(resample: &Resample) -> usize {
        let scores = &resample.scores;
        (1..scores.len()).fold(0, |best, i| if scores[i] > scores[best] { i } else { best })
    }

    /// Configurations that are correct on a given share of rows, at random.
    fn at_random(shares: &[f64], n: usize) -> Vec<RowScores> {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let of = |share: f64| {
            let rows: Vec<f64> = (0..n).map(|_| if next() < share { 1.0 } else { 0.0 }).collect();
            RowScores { score: rows.iter().sum::<f64>() / n as f64, rows }
        };
        shares.iter().copied().map(of).collect()
    }

    /// Oracle: the best of a hundred coins looks better than a half, but its expected score is a half. Tolerance:
    /// three standard errors of 400 rows.
    #[test]
    fn the_luck_of_the_best_of_many_is_taken_away() {
        let coins = at_random(&[0.5; 100], 400);
        let best = coins[argmax(&Resample::of_all(&coins))].score;
        let worth = bias_corrected(&coins, 300, argmax).unwrap();
        assert!(best > 0.55, "{best}");
        assert!((worth.score - 0.5).abs() < 0.075 && best - worth.score > 0.02, "{best} {worth:?}");
        assert!(worth.score_ci95[0] < worth.score && worth.score < worth.score_ci95[1]);
    }

    /// Oracle: without a choice there is no optimism. Tolerance: three standard errors of the mean of the draws.
    #[test]
    fn without_a_choice_a_score_stays() {
        let one = at_random(&[0.8], 500);
        let worth = bias_corrected(&one, 500, argmax).unwrap();
        assert!((worth.score - one[0].score).abs() < 0.005, "{} {worth:?}", one[0].score);
        assert_eq!(bias_corrected(&one, 0, argmax), None);
    }

    /// Oracle: the drawn rows as explicit `RowScores`. Tolerance: rounding.
    #[test]
    fn a_resample_compares_as_its_rows_would() {
        let configurations = at_random(&[0.7, 0.6], 50);
        let counts = Bootstrap::new(50, 4).draw();
        let drawn = |of: &RowScores| {
            let rows: Vec<f64> =
                counts.iter().zip(&of.rows).flat_map(|(&n, &x)| std::iter::repeat_n(x, n as usize)).collect();
            RowScores { score: rows.iter().sum::<f64>() / 50.0, rows }
        };
        let expected = drawn(&configurations[0]).above(&drawn(&configurations[1]));
        let resample = Resample { scores: Vec::new(), configurations: &configurations, counts: Some(counts) };
        let got = resample.above(0, 1);
        assert!(
            (got.0 - expected.0).abs() < 1e-12 && (got.1 - expected.1).abs() < 1e-12,
            "{got:?} {expected:?}"
        );
    }
}
