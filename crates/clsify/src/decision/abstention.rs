//! Answering only where it is safe: how many rows are answered, and how many of those rightly.
//!
//! Rows are answered from the surest down. In: each row's confidence, the probability of its predicted class, and whether
//! that class is right. Source: El-Yaniv and Wiener (2010), "On the foundations of noise-free selective classification".

use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};

/// What one threshold answers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CoveragePoint {
    /// Rows with at least this confidence are answered.
    pub threshold: f64,
    /// How many these are.
    pub n_answered: usize,
    /// Their share of all rows, by weight where rows have one, like the next.
    pub coverage: f64,
    /// The share of them that is right.
    pub accuracy: f64,
}

/// Every way in which a threshold can divide the rows, from the surest alone to all of them: one point for each distinct
/// confidence. A threshold lies halfway between the least confidence that is answered and the largest that is not; it is 0
/// where all rows are answered.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] if there are no rows, the lengths differ or a confidence is not within 0 and 1.
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

/// The same of rows that count by their weights; `None`: the same. A row of weight 0 is no row.
///
/// # Errors
/// As for [`coverage_curve`]; also if there is not a weight for every row.
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
            // Rows of the same confidence are answered together.
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

/// The least number of answered rows from which an accuracy can be read: so many that one of them may be wrong.
///
/// ```
/// assert_eq!(clsify::decision::least_answered(0.95), 20);
/// ```
pub fn least_answered(target: f64) -> usize {
    // 1 - 0.9 is a rounding error below a tenth.
    (1.0 / (1.0 - target) - 1e-9).ceil() as usize
}

/// The point of the curve with the largest coverage whose answered rows are right to at least `target`, of those with
/// [`least_answered`] rows.
///
/// # Errors
/// [`ErrorKind::InvalidArgument`] if `target` is not between 0 and 1, or no threshold reaches it: the message has the
/// best that one does.
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

/// Checks that this is a share that can be asked for.
pub(crate) fn check_target(target: f64) -> Result<()> {
    if target > 0.0 && target < 1.0 {
        return Ok(());
    }
    Err(bad(format!("expected a target between 0 and 1, got {target}")))
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).at("abstention")
}
