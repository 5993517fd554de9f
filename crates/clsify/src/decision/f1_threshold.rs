//! The threshold of a label with the best F1.
//!
//! The input is the rows with the label, and its probability for each row from a classifier that has not seen the
//! row. The result is a threshold halfway between two neighbouring probabilities. Its F1 is the largest along
//! scikit-learn's `precision_recall_curve`.

use super::label_cuts::{Cut, Cuts};
use crate::error::Result;
use crate::targets::LabelIndicator;

/// The threshold of a label, and its F1 on the rows on which it was chosen.
///
/// ```
/// use clsify::decision::F1Threshold;
/// let has_label = [true, true, false, false];
/// let chosen = F1Threshold::choose(&has_label, &[0.4, 0.3, 0.1, 0.2])?;
/// assert_eq!((chosen.threshold, chosen.f1, chosen.f1_at_half), (0.25, 1.0, 0.0));
/// // Where nothing is better, it is 0.5.
/// assert_eq!(F1Threshold::choose(&has_label, &[0.9, 0.8, 0.1, 0.2])?.threshold, 0.5);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct F1Threshold {
    /// A row has the label if its probability is above this.
    pub threshold: f64,
    /// The F1 with this threshold on the rows on which it was chosen, which is better than on other rows.
    pub f1: f64,
    /// The F1 with the threshold 0.5, on the same rows.
    pub f1_at_half: f64,
}

impl F1Threshold {
    /// Chooses the threshold with the largest F1; of equal ones 0.5, otherwise the one nearest to 0.5, otherwise the
    /// smaller one.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::error::ErrorKind::InvalidArgument) if the lengths differ or a number is
    /// not a probability.
    pub fn choose(has_label: &[bool], probabilities: &[f64]) -> Result<Self> {
        Self::choose_weighted(has_label, probabilities, None)
    }

    /// As [`choose`](Self::choose), weighted by sample weight; `None`: equal weights.
    ///
    /// # Errors
    /// As for [`choose`](Self::choose); also if there is not one weight per row.
    ///
    /// ```
    /// use clsify::decision::F1Threshold;
    /// let twice = F1Threshold::choose(&[true, false, false, true], &[0.4, 0.3, 0.3, 0.2])?;
    /// let weighted =
    ///     F1Threshold::choose_weighted(&[true, false, true], &[0.4, 0.3, 0.2], Some(&[1.0, 2.0, 1.0]))?;
    /// assert_eq!(twice, weighted);
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn choose_weighted(
        has_label: &[bool],
        probabilities: &[f64],
        sample_weight: Option<&[f64]>,
    ) -> Result<Self> {
        let cuts = Cuts::of(has_label, probabilities, sample_weight)?;
        // Equal counts give exactly equal scores, because the division is the same.
        let f1 = |cut: &Cut| match cuts.support + cut.given {
            0.0 => 0.0,
            total => 2.0 * cut.right / total,
        };
        let f1_at_half = f1(&cuts.at_half);
        let mut best = F1Threshold { threshold: 0.5, f1: f1_at_half, f1_at_half };
        for cut in &cuts.all {
            let found = F1Threshold { threshold: cut.threshold, f1: f1(cut), f1_at_half };
            let distance = |threshold: f64| (threshold - 0.5).abs();
            let is_nearer = distance(found.threshold) <= distance(best.threshold);
            if found.f1 > best.f1 || (found.f1 == best.f1 && is_nearer) {
                best = found;
            }
        }
        Ok(best)
    }
}

/// The threshold of each label with the largest F1, from out-of-fold probabilities `[n_samples, n_labels]`, weighted
/// by sample weight.
///
/// # Errors
/// As for [`F1Threshold::choose_weighted`].
///
/// ```
/// use clsify::{decision::f1_thresholds, targets::LabelIndicator};
/// let labels = LabelIndicator::from_sets(&[vec![0], vec![0, 1], vec![]], 2)?;
/// let chosen = f1_thresholds(&[0.4, 0.1, 0.3, 0.8, 0.1, 0.2], &labels, None)?;
/// assert_eq!((chosen[0].threshold, chosen[1].threshold), (0.2, 0.5));
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn f1_thresholds(
    probabilities: &[f64],
    labels: &LabelIndicator,
    sample_weight: Option<&[f64]>,
) -> Result<Vec<F1Threshold>> {
    let n_labels = labels.n_labels();
    (0..n_labels)
        .map(|label| {
            let own: Vec<f64> = probabilities.iter().copied().skip(label).step_by(n_labels).collect();
            F1Threshold::choose_weighted(&labels.column(label), &own, sample_weight)
        })
        .collect()
}
