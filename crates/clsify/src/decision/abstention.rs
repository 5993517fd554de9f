//! Selective classification: abstains on uncertain rows, and measures coverage and selective accuracy.
//!
//! Rows are answered in order of decreasing confidence. The input is each row's confidence, which is the probability
//! of its predicted class, and whether that class is correct. Source: El-Yaniv and Wiener (2010), "On the foundations
//! of noise-free selective classification".

use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};

/// The coverage and selective accuracy of one threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CoveragePoint {
    /// Rows with at least this confidence are answered.
    pub threshold: f64,
    /// The number of answered rows.
    pub n_answered: usize,
    /// The share of answered rows; like the next field, it is weighted by sample weight if there is one.
    pub coverage: f64,
    /// The selective accuracy: the share of answered rows that are correct.
    pub accuracy: f64,
}

/// All thresholds that divide the rows differently, from only the most confident row to all of them: one point per
/// distinct confidence. A threshold is halfway between the lowest answered confidence and the highest one that is
/// not; it is 0 if all rows are answered.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] if there are no rows, if the lengths differ, or if a confidence is not within 0 and
/// 1.
///
/// ```
/// let curve = clsify::decision::coverage_curve(&[0.9, 0.6, 0.8, 0.6], &[true, false, true, true])?;
/// let points: Vec<(f64, f64)> = curve.iter().map(|point| (point.coverage, point.accuracy)).collect();
/// assert_eq!(points, [(0.25, 1.0), (0.5, 1.0), (1.0, 0.75)]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn coverage_curve(confidence: &[f64], right: &[bool]) -> Result<Vec<CoveragePoint>> {
    coverage_curve_weighted(confidence, right, None)
}

/// As [`coverage_curve`], weighted by sample weight; `None`: equal weights. A row of weight 0 is ignored.
///
/// # Errors
/// As for [`coverage_curve`]; also if there is not one weight per row.
///
/// ```
/// use clsify::decision::coverage_curve_weighted;
/// let curve = coverage_curve_weighted(&[0.9, 0.6, 0.8], &[true, false, true], Some(&[1.0, 2.0, 1.0]))?;
/// let points: Vec<(f64, f64)> = curve.iter().map(|point| (point.coverage, point.accuracy)).collect();
/// assert_eq!(points, [(0.25, 1.0), (0.5, 1.0), (1.0, 0.5)]);
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn coverage_curve_weighted(
    confidence: &[f64],
    right: &[bool],
    sample_weight: Option<&[f64]>,
) -> Result<Vec<CoveragePoint>> {
    let n = confidence.len();
    if n == 0 || right.len() != n {
        return Err(bad(format!("expected as many confidences as answers and at least one, got {n}")));
    }
    if let Some(p) = confidence.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(bad(format!("expected confidences within 0 and 1, got {p}")));
    }
    if let Some(weights) = sample_weight.filter(|weights| weights.len() != n) {
        return Err(bad(format!("expected {n} sample weights, got {}", weights.len())));
    }
    let weight = |row: usize| sample_weight.map_or(1.0, |weights| weights[row]);
    let mut rows: Vec<(f64, bool, f64)> =
        (0..n).map(|row| (confidence[row], right[row], weight(row))).filter(|row| row.2 > 0.0).collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let total: f64 = rows.iter().map(|row| row.2).sum();
    let (mut curve, mut weight_right, mut answered) = (Vec::new(), 0.0, 0.0);
    for (i, &(confidence, right, weight)) in rows.iter().enumerate() {
        answered += weight;
        weight_right += if right { weight } else { 0.0 };
        let threshold = match rows.get(i + 1) {
            // Rows with the same confidence are answered together.
            Some(&(next, ..)) if next == confidence => continue,
            Some(&(next, ..)) => next + 0.5 * (confidence - next),
            None => 0.0,
        };
        curve.push(CoveragePoint {
            threshold,
            n_answered: i + 1,
            coverage: answered / total,
            accuracy: weight_right / answered,
        });
    }
    Ok(curve)
}

/// The minimum number of answered rows for an accuracy of this size: enough for one of them to be wrong.
///
/// ```
/// assert_eq!(clsify::decision::least_answered(0.95), 20);
/// ```
pub fn least_answered(target: f64) -> usize {
    // In floating point, 1 - 0.9 is slightly less than a tenth.
    (1.0 / (1.0 - target) - 1e-9).ceil() as usize
}

/// The point of the curve with the highest coverage whose selective accuracy is at least `target`, among those with
/// [`least_answered`] rows.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] if `target` is not between 0 and 1, or if no threshold reaches it; the message has
/// the best selective accuracy.
///
/// ```
/// use clsify::decision::{coverage_curve, reach_accuracy};
/// let curve = coverage_curve(&[0.9, 0.8, 0.7, 0.6], &[true, true, false, false])?;
/// let reached = reach_accuracy(&curve, 0.6)?;
/// assert_eq!((reached.n_answered, reached.accuracy), (3, 2.0 / 3.0));
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn reach_accuracy(curve: &[CoveragePoint], target: f64) -> Result<CoveragePoint> {
    check_target(target)?;
    let least = least_answered(target);
    let enough = || curve.iter().filter(|point| point.n_answered >= least);
    if let Some(reached) = enough().rfind(|point| point.accuracy >= target) {
        return Ok(*reached);
    }
    let best = enough().max_by(|a, b| a.accuracy.total_cmp(&b.accuracy));
    Err(match best {
        Some(best) => bad(format!(
            "expected {target} of the answered rows to be correct, got at most {:.4}, on the {} most confident rows",
            best.accuracy, best.n_answered
        ))
        .with_hint("lower the target, or use more rows, better features or another encoder"),
        None => bad(format!(
            "expected at least {least} rows, so that one of them may be wrong, got {}",
            curve.last().map_or(0, |point| point.n_answered)
        ))
        .with_hint("lower the target, or use more rows"),
    })
}

/// Checks that a target is between 0 and 1.
pub(crate) fn check_target(target: f64) -> Result<()> {
    if target > 0.0 && target < 1.0 {
        return Ok(());
    }
    Err(bad(format!("expected a target between 0 and 1, got {target}")))
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("abstention")
}
