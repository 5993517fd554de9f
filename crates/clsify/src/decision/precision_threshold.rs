//! The threshold above which a label is assigned with a required precision.

use super::abstention::{check_target, least_answered};
use super::label_cuts::Cuts;
use crate::error::Result;

/// The threshold of a label, and its precision and recall on the rows on which it was chosen.
///
/// ```
/// use clsify::decision::PrecisionThreshold;
/// let has_label = [true, true, false, true, false];
/// let probabilities = [0.9, 0.8, 0.7, 0.6, 0.1];
/// let chosen = PrecisionThreshold::choose(&has_label, &probabilities, None, 0.7)?.unwrap();
/// assert_eq!((chosen.precision, chosen.recall), (0.75, 1.0));
/// // A precision of 0.95 needs at least twenty rows that are assigned the label, nineteen of them correctly.
/// assert_eq!(PrecisionThreshold::choose(&has_label, &probabilities, None, 0.95)?, None);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrecisionThreshold {
    /// A row has the label if its probability is above this.
    pub threshold: f64,
    /// The share of the rows above it that have the label.
    pub precision: f64,
    /// The share of the rows with the label that are above it.
    pub recall: f64,
}

impl PrecisionThreshold {
    /// The lowest threshold at which at least the share `target` of the rows that are assigned the label have it,
    /// among the thresholds that assign it to at least [`least_answered`] rows; `None` if there is none. Shares are
    /// weighted by sample weight; `None`: equal weights.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::error::ErrorKind::InvalidArgument) if `target` is not between 0 and 1,
    /// if the lengths differ, or if a number is not a probability.
    pub fn choose(
        has_label: &[bool],
        probabilities: &[f64],
        sample_weight: Option<&[f64]>,
        target: f64,
    ) -> Result<Option<Self>> {
        check_target(target)?;
        let cuts = Cuts::of(has_label, probabilities, sample_weight)?;
        let least = least_answered(target);
        let reached = cuts.all.iter().rfind(|cut| cut.n_given >= least && cut.right / cut.given >= target);
        Ok(reached.map(|cut| PrecisionThreshold {
            threshold: cut.threshold,
            precision: cut.right / cut.given,
            recall: cut.right / cuts.support,
        }))
    }
}
