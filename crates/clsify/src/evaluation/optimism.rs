//! By how much the score of a choice is too good because it was chosen.
//!
//! The best of many scores is partly luck, and luck does not last. So the choice is made again on rows drawn with replacement
//! and scored on the rows that were not drawn: the mean of that over many draws is what the chosen one is worth. No
//! model is fitted for it: each row's out-of-fold scores are at hand.
//! Source: Tsamardinos, Greasidou and Borboudakis (2018), "Bootstrapping the out-of-sample predictions for efficient and
//! accurate cross-validation", algorithm BBC-CV.

use clsify_kernels::matmul::{MatMut, MatRef, Parallel, matmul};
use rayon::prelude::*;
use serde::Serialize;

use super::row_scores::RowScores;
use crate::split::Bootstrap;

/// The number of draws that are multiplied by the scores at once.
const BATCH: usize = 64;

/// What a choice is worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BiasCorrected {
    /// The mean score of what was chosen on the drawn rows, on those not drawn.
    pub score: f64,
    /// The middle 95 % of these scores.
    pub score_ci95: [f64; 2],
    /// How often rows were drawn.
    pub n_bootstraps: usize,
}

/// The scores of all configurations on rows that were drawn, or on all rows as they are.
#[derive(Debug)]
pub struct Resample<'a> {
    /// Each configuration's score on these rows.
    pub scores: Vec<f64>,
    configurations: &'a [RowScores],
    /// How often each row is there; `None`: once.
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

    /// The mean over the rows that were not drawn; `None` when all were.
    fn score_elsewhere(&self, configuration: usize) -> Option<f64> {
        let counts = self.counts.as_ref()?;
        let rows = self.configurations[configuration].rows.iter().zip(counts);
        let (mut sum, mut n) = (0.0, 0.0);
        rows.filter(|(_, count)| **count == 0).for_each(|(score, _)| (sum, n) = (sum + score, n + 1.0));
        (n > 0.0).then(|| sum / n)
    }
}

/// What the choices of `choose` among configurations are worth, with `n_bootstraps` draws of the same seed always. `choose`
/// gives the place of the configuration that is best on some rows; all have scores of the same rows.
///
/// Scores of F1, and of rows with weights, are those of their pseudo-values: right to the first order in how often rows are drawn.
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
/// `None` when there are no draws, or no row is ever left out.
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

    /// Configurations that are right on a given share of rows, at random.
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

    /// Oracle: of a hundred coins the best looks better than a half; what it is worth is a half. Tolerance: three standard
    /// errors of 400 rows.
    #[test]
    fn the_luck_of_the_best_of_many_is_taken_away() {
        let coins = at_random(&[0.5; 100], 400);
        let best = coins[argmax(&Resample::of_all(&coins))].score;
        let worth = bias_corrected(&coins, 300, argmax).unwrap();
        assert!(best > 0.55, "{best}");
        assert!((worth.score - 0.5).abs() < 0.075 && best - worth.score > 0.02, "{best} {worth:?}");
        assert!(worth.score_ci95[0] < worth.score && worth.score < worth.score_ci95[1]);
    }

    /// Oracle: where there is no choice there is nothing to correct. Tolerance: three standard errors of the mean of the draws.
    #[test]
    fn without_a_choice_a_score_stays() {
        let one = at_random(&[0.8], 500);
        let worth = bias_corrected(&one, 500, argmax).unwrap();
        assert!((worth.score - one[0].score).abs() < 0.005, "{} {worth:?}", one[0].score);
        assert_eq!(bias_corrected(&one, 0, argmax), None);
    }

    /// Oracle: the drawn rows written out, as `RowScores`. Tolerance: rounding.
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
