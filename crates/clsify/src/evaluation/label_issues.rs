//! Finds labels that are probably wrong: ranks the rows by out-of-fold probabilities and given labels.
//!
//! The ranking is by self-confidence, the probability of the label that a row has. Confident learning decides which
//! rows are reported: the threshold of a class is the mean probability of that class over the rows with its label. A
//! row is an issue if the most probable of the classes whose threshold it reaches is not its own, unless its own
//! class is the most probable of all. So a class that is hard to recognise gets a low threshold, and its rows are not
//! all suspected.
//!
//! Source: Northcutt, Jiang, Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70 (2021),
//! section 3.1.

use crate::error::{Error, ErrorKind, Result};

/// The position of a row in the ranking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankedLabel {
    /// The row.
    pub row: usize,
    /// The probability of the label that the row has; a lower one is more suspect.
    pub self_confidence: f64,
    /// The most probable class.
    pub suggested: usize,
    /// True if the label is probably wrong according to confident learning.
    pub is_issue: bool,
}

/// Ranks all rows, the most suspect label first; equal ones in the order of the rows.
///
/// `probabilities` is row-major `[n_samples, n_classes]`, each row from a classifier that has not seen it
/// ([`softmax`] of [`out_of_fold_logits`](super::out_of_fold_logits)).
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] if there are not `n_samples * n_classes` probabilities, one is not a number, or a
/// class id is not below `n_classes`.
///
/// ```
/// use clsify::evaluation::rank_labels;
/// let probabilities = [0.9, 0.1, 0.8, 0.2, 0.2, 0.8, 0.1, 0.9, 0.05, 0.95];
/// let ranking = rank_labels(&probabilities, &[0, 0, 1, 1, 0], 2)?;
/// assert_eq!((ranking[0].row, ranking[0].suggested, ranking[0].is_issue), (4, 1, true));
/// assert!(!ranking[1].is_issue);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn rank_labels(probabilities: &[f64], class_ids: &[usize], n_classes: usize) -> Result<Vec<RankedLabel>> {
    let bad = |message: String| Err(Error::new(ErrorKind::InvalidArgument, message).at("label issues"));
    if class_ids.len().checked_mul(n_classes) != Some(probabilities.len()) || n_classes == 0 {
        let (n, got) = (class_ids.len(), probabilities.len());
        return bad(format!("expected {n} x {n_classes} probabilities, got {got}"));
    }
    if let Some(id) = class_ids.iter().find(|&&id| id >= n_classes) {
        return bad(format!("expected class ids below {n_classes}, got {id}"));
    }
    if let Some(i) = probabilities.iter().position(|p| p.is_nan()) {
        return bad(format!("row {}: expected probabilities, got NaN", i / n_classes));
    }
    let rows = || probabilities.chunks_exact(n_classes).zip(class_ids);
    let (mut sums, mut counts) = (vec![0.0; n_classes], vec![0.0; n_classes]);
    for (row, &own) in rows() {
        sums[own] += row[own];
        counts[own] += 1.0;
    }
    // It is NaN for a class without rows, and no probability reaches it.
    let thresholds: Vec<f64> = sums.iter().zip(&counts).map(|(sum, n)| sum / n).collect();
    let most_probable = |row: &[f64], is_candidate: &dyn Fn(usize) -> bool| {
        let candidates = (0..n_classes).filter(|&class| is_candidate(class));
        candidates.reduce(|best, class| if row[class] > row[best] { class } else { best })
    };
    let ranked = |(i, (row, &own)): (usize, (&[f64], &usize))| {
        let suggested = most_probable(row, &|_| true).unwrap_or(own);
        let confident = most_probable(row, &|class| row[class] >= thresholds[class]);
        let is_issue = suggested != own && confident.is_some_and(|class| class != own);
        RankedLabel { row: i, self_confidence: row[own], suggested, is_issue }
    };
    let mut ranking: Vec<RankedLabel> = rows().enumerate().map(ranked).collect();
    ranking.sort_by(|a, b| a.self_confidence.total_cmp(&b.self_confidence));
    Ok(ranking)
}

/// `exp(logit) / sum`, row by row of `[n_samples, n_classes]`; a logit of `-inf` has the probability 0.
///
/// ```
/// use clsify::evaluation::softmax;
/// assert_eq!(softmax(&[3.0, 3.0, f64::NEG_INFINITY], 3), [0.5, 0.5, 0.0]);
/// ```
pub fn softmax(logits: &[f64], n_classes: usize) -> Vec<f64> {
    let mut probabilities = logits.to_vec();
    for row in probabilities.chunks_mut(n_classes.max(1)) {
        let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.iter_mut().for_each(|x| *x = (*x - max).exp());
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|x| *x /= sum);
    }
    probabilities
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oracle: by hand. Thresholds: class 0 (0.9 + 0.6 + 0.3) / 3 = 0.6, class 1 (0.7 + 0.5) / 2 = 0.6, class 2 0.5.
    /// Row 2 reaches only class 1: an issue. Row 4 is most probably of class 0 but does not reach its threshold: no
    /// issue.
    #[test]
    fn issues_are_what_confident_learning_finds_by_hand() {
        let probabilities = [
            [0.9, 0.05, 0.05],
            [0.6, 0.3, 0.1],
            [0.3, 0.65, 0.05],
            [0.2, 0.7, 0.1],
            [0.5, 0.5, 0.0],
            [0.25, 0.25, 0.5],
        ];
        let ranking = rank_labels(&probabilities.concat(), &[0, 0, 0, 1, 1, 2], 3).unwrap();
        let rows: Vec<usize> = ranking.iter().map(|ranked| ranked.row).collect();
        assert_eq!(rows, [2, 4, 5, 1, 3, 0]);
        let suggested: Vec<usize> = ranking.iter().map(|ranked| ranked.suggested).collect();
        assert_eq!(suggested, [1, 0, 2, 0, 1, 0]);
        let issues: Vec<usize> = ranking.iter().filter(|r| r.is_issue).map(|r| r.row).collect();
        assert_eq!(issues, [2]);
        assert_eq!(ranking[0].self_confidence, 0.3);
    }

    /// Oracle: by hand. Thresholds 0.725 and 0.45: row 1 reaches only class 1, but its own class is more probable.
    #[test]
    fn a_row_most_probably_of_its_own_class_is_no_issue() {
        let probabilities = [[0.91, 0.09], [0.54, 0.46], [0.6, 0.4], [0.5, 0.5]].concat();
        let ranking = rank_labels(&probabilities, &[0, 0, 1, 1], 2).unwrap();
        assert!(ranking.iter().all(|ranked| !ranked.is_issue));
        assert_eq!((ranking[0].row, ranking[0].suggested), (2, 0));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (probabilities, class_ids, n_classes) in [
            (&[0.5, 0.5][..], &[0, 1][..], 2),
            (&[0.5, 0.5], &[2], 2),
            (&[f64::NAN, 0.5], &[0], 2),
            (&[], &[], 0),
        ] {
            assert!(rank_labels(probabilities, class_ids, n_classes).is_err());
        }
    }
}
