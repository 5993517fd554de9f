//! The rows for a choice of features, and the scores of logits for them.

use std::collections::{HashMap, HashSet};

use super::fits::{N_SPLITS, learnable_folds};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{RatioScore, RowScores, Scoring, wilson_ci95};
use crate::split::{SplitOptions, TestSize, label_set_split, train_test_split};
use crate::targets::{Labels, Targets};

/// The maximum number of rows for a choice; from more rows a sample is drawn.
const MAX_ROWS: usize = 10_000;

/// Up to this number of rows, features are chosen by leave-one-out.
pub(crate) const MAX_FEW_ROWS: usize = 1000;

/// The rows for a choice of features, ascending: all with a positive weight, or a fixed stratified sample of many.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] if there are too few rows or classes for leave-one-out, or with more than 1,000 rows
/// for five folds; or if no label is present in some rows and absent in others.
///
/// ```
/// use clsify::{targets::Targets, training::selection_rows};
/// let weights: Vec<f64> = (0..20).map(f64::from).collect();
/// let targets = Targets::classes([0, 1].repeat(10), 2).weighted(Some(weights));
/// assert_eq!(selection_rows(&targets)?, (1..20).collect::<Vec<_>>());
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn selection_rows(targets: &Targets) -> Result<Vec<usize>> {
    let place = |e: Error| {
        e.at("choice of features").with_hint("give more rows, or take the features of the article (--features article) or your own (--layers, --pooling)")
    };
    let mut rows = targets.counting_rows();
    if rows.len() > MAX_ROWS {
        let test_size = TestSize::Count(rows.len() - MAX_ROWS);
        let options = SplitOptions { seed: 0, test_size, stratify: true };
        let drawn = match targets.select_rows(&rows).labels() {
            Labels::Classes { class_ids, .. } => train_test_split(class_ids, &options),
            Labels::Sets(labels) => label_set_split(&labels.to_sets(), &options),
        };
        rows = drawn.map_err(place)?.train.into_iter().map(|i| rows[i]).collect();
        rows.sort_unstable();
    }
    check(&targets.select_rows(&rows)).map_err(place)?;
    Ok(rows)
}

/// Describes the rows that [`selection_rows`] uses, if it leaves any out.
pub(crate) fn left_out(targets: &Targets) -> &'static str {
    match targets.labels() {
        _ if targets.counting_rows().len() <= MAX_ROWS => "those with a weight above 0",
        Labels::Classes { .. } => "drawn in the shares of their classes",
        Labels::Sets(_) => "drawn in the shares of their labels",
    }
}

/// Checks that something can be learned.
fn check(targets: &Targets) -> Result<()> {
    if targets.len() <= MAX_FEW_ROWS {
        check_leave_one_out(targets)?;
    } else {
        learnable_folds(targets, N_SPLITS)?;
    }
    let Labels::Sets(labels) = targets.labels() else { return Ok(()) };
    if (0..labels.n_labels()).any(|label| (1..labels.n_samples()).contains(&labels.count(label))) {
        return Ok(());
    }
    let message = "expected a label that some of the rows have and others lack, got none";
    Err(Error::new(ErrorKind::InvalidArgument, message))
}

/// Checks that without any one row, or one group, there are still two rows, and for classes two classes.
fn check_leave_one_out(targets: &Targets) -> Result<()> {
    let part_of = |row: usize| targets.groups().map_or(row, |groups| groups[row]);
    let (what, kinds): (_, Vec<usize>) = match targets.labels() {
        Labels::Classes { class_ids, .. } => ("classes", class_ids.clone()),
        Labels::Sets(_) => ("rows", (0..targets.len()).collect()),
    };
    // A kind is gone with the only part that has it.
    let mut parts: HashMap<usize, HashSet<usize>> = HashMap::new();
    kinds.iter().enumerate().for_each(|(row, &kind)| _ = parts.entry(kind).or_default().insert(part_of(row)));
    let mut gone: HashMap<usize, usize> = HashMap::new();
    for only in parts.values().filter(|parts| parts.len() == 1).flatten() {
        *gone.entry(*only).or_default() += 1;
    }
    let left = parts.len() - gone.values().max().copied().unwrap_or(0);
    if left >= 2 {
        return Ok(());
    }
    let part = if targets.groups().is_some() { "group" } else { "row" };
    let message = format!("leave-one-out: expected at least 2 {what} without any one {part}, got {left}");
    Err(Error::new(ErrorKind::InvalidArgument, message))
}

/// The scores of logits, row by row.
pub(crate) fn row_scores(targets: &Targets, scoring: Scoring, logits: &[f64]) -> RowScores {
    let weights = targets.weight_that_counts();
    match targets.labels() {
        Labels::Classes { class_ids, n_classes } => {
            RowScores::of_classes(scoring, logits, class_ids, *n_classes, weights)
        }
        Labels::Sets(labels) => RowScores::of_label_sets(scoring, logits, labels, weights),
    }
}

/// The score as it is shown: a log loss is positive.
pub(crate) fn shown_score(scoring: Scoring, scores: &RowScores) -> f64 {
    if scoring.is_more_better() { scores.score } else { -scores.score }
}

/// The 95 % interval of a score: Wilson's for a share of rows, with weights for the effective number of rows;
/// otherwise 1.96 standard errors to either side.
pub(crate) fn interval(targets: &Targets, scoring: Scoring, scores: &RowScores) -> Result<[f64; 2]> {
    let error = 1.96 * scores.standard_error();
    let is_share = match scoring {
        Scoring::Accuracy => true,
        Scoring::F1Micro if matches!(targets.labels(), Labels::Classes { .. }) => true,
        // If all rows are correct, or all wrong, the standard error is 0, but the score is not certain: its interval
        // is that of a share.
        Scoring::F1Micro | Scoring::F1Macro => matches!(scores.score, 0.0 | 1.0) && error == 0.0,
        Scoring::LogLoss => false,
    };
    if is_share {
        // The contribution of a correct row is above the score, that of a wrong row below it, for any weight.
        let is_right: Vec<bool> = match scores.score {
            0.0 | 1.0 => vec![scores.score == 1.0; scores.rows.len()],
            score => scores.rows.iter().map(|&row| row > score).collect(),
        };
        // Exactly equal weights have no effect.
        let weights = targets.sample_weight().filter(|all| all.iter().any(|&w| w != all[0]));
        return match weights {
            None => wilson_ci95(is_right.iter().filter(|&&right| right).count(), is_right.len()),
            Some(weights) => Ok(RatioScore::accuracy(&is_right, Some(weights))?.ci95()),
        };
    }
    let score = shown_score(scoring, scores);
    Ok([score - error, score + error].map(|end| possible(scoring, end)))
}

/// The nearest possible score.
fn possible(scoring: Scoring, score: f64) -> f64 {
    score.clamp(0.0, if scoring == Scoring::LogLoss { f64::INFINITY } else { 1.0 })
}

/// The expected score of a choice and its interval, from the scores of choices on other rows, where higher is better,
/// and from the chosen candidate's own score: an interval is never narrower than the number of rows allows.
pub(crate) fn expected(
    scoring: Scoring,
    elsewhere: f64,
    elsewhere_ci95: [f64; 2],
    (score, score_ci95): (f64, [f64; 2]),
) -> (f64, [f64; 2]) {
    let sign = if scoring.is_more_better() { 1.0 } else { -1.0 };
    let expected = possible(scoring, sign * elsewhere);
    let [a, b] = elsewhere_ci95.map(|end| sign * end);
    let [low, high] = score_ci95.map(|end| end - score + expected);
    let interval = [a.min(b).min(low), a.max(b).max(high)];
    (expected, interval.map(|end| possible(scoring, end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows_of(class_ids: &[usize]) -> Result<Vec<usize>> {
        selection_rows(&Targets::classes(class_ids.to_vec(), 2))
    }

    /// From many rows a fixed stratified sample is drawn.
    #[test]
    fn of_many_rows_a_stratified_sample_takes_part() {
        let class_ids: Vec<usize> = (0..40_000).map(|i| usize::from(i % 10 == 0)).collect();
        let rows = rows_of(&class_ids).unwrap();
        assert_eq!(rows.len(), MAX_ROWS);
        assert!(rows.is_sorted_by(|a, b| a < b));
        assert_eq!(rows.iter().filter(|&&i| class_ids[i] == 1).count(), MAX_ROWS / 10);
        assert_eq!(rows, rows_of(&class_ids).unwrap());
        assert_eq!(rows_of(&class_ids[..MAX_ROWS]).unwrap().len(), MAX_ROWS);
    }

    /// Oracle: by hand, and Wilson's interval of 60 of 60, 0.9398 to 1.
    #[test]
    fn what_is_expected_is_possible_and_no_more_certain_than_its_rows() {
        let (score, [low, high]) = expected(Scoring::F1Macro, 0.9233, [0.755, 1.033], (0.95, [0.9, 1.0]));
        assert_eq!((score, low, high), (0.9233, 0.755, 1.0));
        assert_eq!(expected(Scoring::Accuracy, 1.0, [1.0; 2], (1.0, [0.9375, 1.0])), (1.0, [0.9375, 1.0]));
        assert_eq!(
            expected(Scoring::LogLoss, -0.25, [-0.5, 0.125], (0.25, [0.125, 0.375])),
            (0.25, [0.0, 0.5])
        );
        let targets = Targets::classes([0, 1].repeat(30), 2);
        let all_right = RowScores { score: 1.0, rows: vec![1.0; 60] };
        for scoring in [Scoring::Accuracy, Scoring::F1Micro, Scoring::F1Macro] {
            let [low, high] = interval(&targets, scoring, &all_right).unwrap();
            assert!((low - 0.9398).abs() < 1e-4 && high == 1.0, "{scoring}: {low} {high}");
        }
    }

    #[test]
    fn what_can_be_left_out_must_leave_two_classes() {
        let refused = |rows: Result<Vec<usize>>| rows.unwrap_err().to_string();
        assert!(
            refused(rows_of(&[0, 1, 0]))
                .contains("leave-one-out: expected at least 2 classes without any one row, got 1")
        );
        assert!(refused(rows_of(&[1; 50])).contains("got 1"));
        assert_eq!(rows_of(&[0, 1, 0, 1]).unwrap(), [0, 1, 2, 3]);
        // A third class leaves two.
        assert_eq!(selection_rows(&Targets::classes(vec![0, 1, 2], 3)).unwrap().len(), 3);
        // Rows of one group are left out together.
        let grouped =
            |groups: Vec<usize>| selection_rows(&Targets::classes(vec![0, 1, 0, 1], 2).grouped(Some(groups)));
        assert!(refused(grouped(vec![0, 1, 0, 1])).contains("without any one group, got 1"));
        assert_eq!(grouped(vec![0, 0, 1, 1]).unwrap().len(), 4);
        // With more rows there are folds, as ever.
        assert!(refused(rows_of(&[1; 1500])).contains("2 classes in the training rows of every fold"));
    }
}
