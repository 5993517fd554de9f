//! The effect of calibration and the quality of probabilities, in words.

use clsify::evaluation::{CalibrationScores, ProbabilityScores, ReliabilityBin};

use crate::charts::reliability;

/// The scores before and after calibration, and the reliability diagram after it.
pub(super) fn calibrated(
    before: CalibrationScores,
    after: CalibrationScores,
    bins: &[ReliabilityBin],
) -> String {
    format!(
        "expected calibration error {:.4} -> {:.4}, Brier score {:.4} -> {:.4}, log loss {:.4} -> {:.4}\n{}",
        before.ece,
        after.ece,
        before.brier,
        after.brier,
        before.log_loss,
        after.log_loss,
        reliability::bars(bins)
    )
}

/// The quality of the probabilities, in one line.
pub(super) fn probabilities(found: &ProbabilityScores) -> String {
    let CalibrationScores { ece, brier, log_loss } = found.scores;
    format!(
        "\nprobabilities  expected calibration error {ece:.4}, Brier score {brier:.4}, log loss {log_loss:.4}\n"
    )
}
