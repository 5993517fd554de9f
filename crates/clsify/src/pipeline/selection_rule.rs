//! The rule of a choice: the cheapest candidate that is not clearly worse than the best, each with the C of least log loss.

use std::ops::Range;

use crate::evaluation::Resample;

/// The configuration of some with the best C: that of the least log loss, the first of equals. The losses stand in the second
/// half of the resample, in the order of the first.
pub(super) fn top(run: &Range<usize>, resample: &Resample) -> usize {
    let losses = &resample.scores[resample.scores.len() / 2..];
    run.clone().fold(run.start, |top, i| if losses[i] > losses[top] { i } else { top })
}

/// The best configuration, and the best of the cheapest candidate within one standard error of it. `runs` are the
/// configurations of each candidate, the cheapest first.
pub(super) fn choose(runs: &[Range<usize>], resample: &Resample) -> (usize, usize) {
    let tops = || runs.iter().map(|run| top(run, resample));
    let best = tops().reduce(|best, i| if resample.scores[i] > resample.scores[best] { i } else { best });
    let best = best.unwrap_or(0);
    let is_near = |&i: &usize| {
        let (behind, error) = resample.above(best, i);
        behind <= error
    };
    (best, tops().find(is_near).unwrap_or(best))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::RowScores;

    fn of(rows: &[f64]) -> RowScores {
        RowScores { score: rows.iter().sum::<f64>() / rows.len() as f64, rows: rows.to_vec() }
    }

    /// Oracle: by hand. The last is best; the second is behind by 1 of 5 rows, which is no more than its standard error; the
    /// first by three, which is more.
    #[test]
    fn the_cheapest_within_one_standard_error_is_chosen() {
        let losses = [-0.5, -0.4, -0.6, -0.3].map(|loss| of(&[loss; 5]));
        let mut scores = vec![
            of(&[0.0, 0.0, 1.0, 0.0, 1.0]),
            of(&[1.0, 1.0, 0.0, 1.0, 1.0]),
            of(&[1.0, 1.0, 1.0, 1.0, 1.0]), // of the same candidate as the one before, with a C of more loss
            of(&[1.0, 1.0, 1.0, 1.0, 1.0]),
        ];
        scores.extend(losses);
        assert_eq!(choose(&[0..1, 1..3, 3..4], &Resample::of_all(&scores)), (3, 1));
        assert_eq!(choose(&[0..1, 3..4], &Resample::of_all(&scores)), (3, 3));
    }
}
