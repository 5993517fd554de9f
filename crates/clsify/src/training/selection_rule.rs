//! The selection rule: the cheapest candidate that is not clearly worse than the best, each with the C of the lowest
//! log loss. A candidate is never chosen if another one has no lower score and costs no more.

use std::cmp::Ordering;
use std::ops::Range;

use crate::evaluation::Resample;

/// The configuration with the best C, which has the lowest log loss, the first of equal ones. The losses are in the
/// second half of the resample, in the order of the first.
pub(crate) fn top(run: &Range<usize>, resample: &Resample) -> usize {
    let losses = &resample.scores[resample.scores.len() / 2..];
    run.clone().fold(run.start, |top, i| if losses[i] > losses[top] { i } else { top })
}

/// The cost of a candidate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cost {
    /// Operations per sentence.
    pub(crate) operations: f64,
    /// Features per sentence.
    pub(crate) n_features: usize,
}

impl Cost {
    /// The order of candidates: by operations, then by the number of features.
    pub(crate) fn total_cmp(&self, other: &Self) -> Ordering {
        self.operations.total_cmp(&other.operations).then(self.n_features.cmp(&other.n_features))
    }

    fn is_no_more_than(&self, other: &Self) -> bool {
        self.operations <= other.operations && self.n_features <= other.n_features
    }
}

/// The candidates of a choice, the cheapest first.
#[derive(Debug)]
pub(crate) struct Runs<'a> {
    /// The configurations of each candidate.
    pub(crate) runs: &'a [Range<usize>],
    /// The cost of each candidate.
    pub(crate) costs: &'a [Cost],
}

/// The candidate and configuration that dominate the chosen ones: of the candidates whose score is no lower and which
/// cost no more, the cheapest; of equally cheap ones, the one with the best score. That may be the chosen one.
///
/// The standard error alone does not ensure this: it is paired with the best candidate, so a slightly better
/// candidate may be clearly worse than the best although a slightly worse one is not.
pub(crate) fn undominated(
    candidates: &Runs,
    (owner, place): (usize, usize),
    resample: &Resample,
) -> (usize, usize) {
    let cost = candidates.costs[owner];
    let tops = candidates.runs.iter().map(|run| top(run, resample)).enumerate();
    let others = tops.filter(|&(candidate, at)| {
        candidates.costs[candidate].is_no_more_than(&cost) && resample.scores[at] >= resample.scores[place]
    });
    let all = others.chain(std::iter::once((owner, place)));
    let before = |a: &(usize, usize), b: &(usize, usize)| {
        let by_cost = candidates.costs[a.0].total_cmp(&candidates.costs[b.0]);
        by_cost.then(resample.scores[b.1].total_cmp(&resample.scores[a.1]))
    };
    all.min_by(before).unwrap_or((owner, place))
}

/// The best configuration, and the chosen one: that of the cheapest candidate within one standard error of the best,
/// or of one that [dominates it](undominated).
pub(crate) fn choose(candidates: &Runs, resample: &Resample) -> (usize, usize) {
    let runs = candidates.runs;
    let tops = || runs.iter().map(|run| top(run, resample));
    let best = tops().reduce(|best, i| if resample.scores[i] > resample.scores[best] { i } else { best });
    let best = best.unwrap_or(0);
    let is_near = |&i: &usize| {
        let (behind, error) = resample.above(best, i);
        behind <= error
    };
    let near = tops().enumerate().find(|(_, place)| is_near(place));
    (best, near.map_or(best, |near| undominated(candidates, near, resample).1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::evaluation::RowScores;

    fn of(rows: &[f64]) -> RowScores {
        RowScores { score: rows.iter().sum::<f64>() / rows.len() as f64, rows: rows.to_vec() }
    }

    /// Oracle: by hand. The last is best; the second trails by 1 of 5 rows, which is within one standard error; the
    /// first by three, which is not.
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
        let costs = [1.0, 2.0, 3.0].map(|operations| Cost { operations, n_features: 1 });
        let of = |runs: &[Range<usize>]| {
            choose(&Runs { runs, costs: &costs[..runs.len()] }, &Resample::of_all(&scores))
        };
        assert_eq!(of(&[0..1, 1..3, 3..4]), (3, 1));
        assert_eq!(of(&[0..1, 3..4]), (3, 3));
    }

    /// Oracle: by hand. All need the same operations, and the last is the best, wrong on 2 of 20 rows. The first two
    /// are wrong on 4. The second is right on the two rows on which the best is wrong, so their difference of 0.1 has
    /// a standard error of 0.12; that of the first has 0.07. Yet the first is no worse than the second, with fewer
    /// features.
    #[test]
    fn what_is_no_worse_and_no_dearer_wins() {
        let row = |wrong: &[usize]| (0..20).map(|i| f64::from(u8::from(!wrong.contains(&i)))).collect();
        let rows: [Vec<f64>; 3] = [row(&[0, 1, 2, 3]), row(&[2, 3, 4, 5]), row(&[0, 1])];
        let mut scores: Vec<RowScores> = rows.iter().map(|rows| of(rows)).collect();
        scores.extend([-0.5; 3].map(|loss| of(&[loss; 20])));
        let resample = Resample::of_all(&scores);
        let costs = [10, 20, 30].map(|n_features| Cost { operations: 5.0, n_features });
        let candidates = Runs { runs: &[0..1, 1..2, 2..3], costs: &costs };
        assert_eq!(choose(&candidates, &resample), (2, 0));
        assert_eq!(undominated(&candidates, (2, 2), &resample), (2, 2));
    }

    proptest! {
        /// Oracle: the definition. There are only a few different scores and costs, so that ties occur.
        #[test]
        fn no_candidate_is_as_good_as_the_chosen_one_and_cheaper(
            all in proptest::collection::vec((0..4_u32, 1..4_usize, proptest::collection::vec(0..3_u32, 6)), 1..8),
        ) {
            let mut all = all;
            all.sort_by_key(|(operations, n_features, _)| (*operations, *n_features));
            let costs: Vec<Cost> = all
                .iter()
                .map(|&(operations, n_features, _)| Cost { operations: f64::from(operations), n_features })
                .collect();
            let mut scores: Vec<RowScores> =
                all.iter().map(|(.., rows)| of(&rows.iter().map(|&x| f64::from(x)).collect::<Vec<_>>())).collect();
            scores.extend(all.iter().map(|_| of(&[-1.0; 6])));
            let runs: Vec<Range<usize>> = (0..all.len()).map(|i| i..i + 1).collect();
            let resample = Resample::of_all(&scores);
            let (best, chosen) = choose(&Runs { runs: &runs, costs: &costs }, &resample);
            prop_assert!(scores[..all.len()].iter().all(|other| other.score <= scores[best].score));
            for (other, cost) in costs.iter().enumerate() {
                let is_as_good = resample.scores[other] >= resample.scores[chosen];
                let is_better = resample.scores[other] > resample.scores[chosen];
                let is_no_dearer = cost.is_no_more_than(&costs[chosen]);
                let is_cheaper = is_no_dearer && *cost != costs[chosen];
                prop_assert!(!(is_as_good && is_cheaper || is_better && is_no_dearer), "{other} beats {chosen}");
            }
        }
    }
}
