//! The probability above which a label should be given, so that its F1 is largest.
//!
//! In: which rows have the label, and its probability for each, by a classifier that has not seen the row. Out: a threshold
//! halfway between two neighbouring probabilities. Its F1 is the largest along scikit-learn's `precision_recall_curve`.

use crate::error::{Error, ErrorKind, Result};

/// A label's threshold, and the F1 that it reaches on the rows that chose it.
///
/// ```
/// use clsify::evaluation::F1Threshold;
/// let has_label = [true, true, false, false];
/// let chosen = F1Threshold::choose(&has_label, &[0.4, 0.3, 0.1, 0.2])?;
/// assert_eq!((chosen.threshold, chosen.f1, chosen.f1_at_half), (0.25, 1.0, 0.0));
/// // Where nothing is better, it is 0.5.
/// assert_eq!(F1Threshold::choose(&has_label, &[0.9, 0.8, 0.1, 0.2])?.threshold, 0.5);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct F1Threshold {
    /// A row has the label when its probability is above this.
    pub threshold: f64,
    /// The F1 with this threshold, on the rows that chose it: better than on others.
    pub f1: f64,
    /// The F1 with the threshold 0.5, on the same rows.
    pub f1_at_half: f64,
}

impl F1Threshold {
    /// Chooses the threshold with the largest F1; of equals 0.5, else the one nearest to 0.5, else the smaller one.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when the lengths differ or something is no probability.
    pub fn choose(has_label: &[bool], probabilities: &[f64]) -> Result<Self> {
        if has_label.len() != probabilities.len() {
            let (n, got) = (has_label.len(), probabilities.len());
            return Err(invalid(format!("expected {n} probabilities, got {got}")));
        }
        if let Some(p) = probabilities.iter().find(|p| !(0.0..=1.0).contains(*p)) {
            return Err(invalid(format!("expected probabilities within 0 and 1, got {p}")));
        }
        let support = has_label.iter().filter(|has_it| **has_it).count();
        // The same division for the same counts: equal scores are equal to the last bit.
        let f1 = |right: usize, given: usize| match support + given {
            0 => 0.0,
            total => (2 * right) as f64 / total as f64,
        };
        let mut rows: Vec<(f64, bool)> =
            probabilities.iter().copied().zip(has_label.iter().copied()).collect();
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
        let above_half = rows.iter().take_while(|row| row.0 > 0.5);
        let (given, right) =
            above_half.fold((0, 0), |(given, right), row| (given + 1, right + usize::from(row.1)));
        let f1_at_half = f1(right, given);

        let mut best = F1Threshold { threshold: 0.5, f1: f1_at_half, f1_at_half };
        let mut right = 0;
        for (i, row) in rows.iter().enumerate() {
            right += usize::from(row.1);
            // Below the last row there is only 0: above that is every row that has any probability.
            let next = rows.get(i + 1).map_or(0.0, |next| next.0);
            if next == row.0 {
                continue;
            }
            let middle = 0.5 * (row.0 + next);
            // Between neighbouring floats the middle is one of them.
            let threshold = if middle < row.0 { middle } else { next };
            let found = F1Threshold { threshold, f1: f1(right, i + 1), f1_at_half };
            let distance = |threshold: f64| (threshold - 0.5).abs();
            let is_nearer = distance(found.threshold) <= distance(best.threshold);
            if found.f1 > best.f1 || (found.f1 == best.f1 && is_nearer) {
                best = found;
            }
        }
        Ok(best)
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("threshold")
}
