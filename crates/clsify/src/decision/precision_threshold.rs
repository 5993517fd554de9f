//! The probability above which a label is given, so that it is rightly given often enough.

use super::abstention::{check_target, least_answered};
use super::label_cuts::Cuts;
use crate::error::Result;

/// A label's threshold, and what it reaches on the rows that chose it.
///
/// ```
/// use clsify::decision::PrecisionThreshold;
/// let has_label = [true, true, false, true, false];
/// let probabilities = [0.9, 0.8, 0.7, 0.6, 0.1];
/// let chosen = PrecisionThreshold::choose(&has_label, &probabilities, None, 0.7)?.unwrap();
/// assert_eq!((chosen.precision, chosen.recall), (0.75, 1.0));
/// // Twenty rows at least have to be given a label for nineteen of them to be right.
/// assert_eq!(PrecisionThreshold::choose(&has_label, &probabilities, None, 0.95)?, None);
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrecisionThreshold {
    /// A row has the label when its probability is above this.
    pub threshold: f64,
    /// The share of the rows above it that have the label.
    pub precision: f64,
    /// The share of the rows with the label that are above it.
    pub recall: f64,
}

impl PrecisionThreshold {
    /// The lowest threshold at which the share `target` of the rows that are given the label have it, of those that give it to
    /// [`least_answered`] rows; nothing where none does. Shares are by weight; `None`: rows count the same.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::error::ErrorKind::InvalidArgument) when `target` is not between 0 and 1, the lengths
    /// differ or something is no probability.
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
