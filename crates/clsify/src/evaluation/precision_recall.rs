//! Precision and recall of one label over all thresholds, and its average precision.
//!
//! Source: scikit-learn 1.9.1, `precision_recall_curve` and `average_precision_score`. The interval of an average
//! precision is that of a proportion of the rows that have the label: Boyd, Eng, Page (2013), "Area under the
//! precision-recall curve: point estimates and confidence intervals", section 3.2.

use rayon::prelude::*;
use serde::Serialize;

use super::interval::wilson;
use crate::error::{Error, ErrorKind, Result};
use crate::targets::LabelIndicator;

/// The rows of one label by their probability of it: the numbers of rows with and without the label above every
/// threshold.
///
/// ```
/// use clsify::evaluation::PrecisionRecallCurve;
/// let curve = PrecisionRecallCurve::of(&[0.9, 0.8, 0.3, 0.1], &[true, false, true, false])?;
/// assert_eq!(curve.counts_above(0.5), [1, 1]);
/// assert_eq!(curve.points(), [[0.5, 1.0], [1.0, 2.0 / 3.0]]);
/// assert_eq!(curve.average_precision(), Some(0.5 * 1.0 + 0.5 * 2.0 / 3.0));
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PrecisionRecallCurve {
    /// The different probabilities, the largest first.
    thresholds: Vec<f64>,
    /// For each of them, the rows of at least this probability that have the label, and those that do not.
    counts: Vec<[usize; 2]>,
}

impl PrecisionRecallCurve {
    /// Ranks rows by their probability of the label, `[n_samples]`. Each row counts once.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if there is no row, if the lengths differ, or if a probability is not within 0
    /// and 1.
    pub fn of(probabilities: &[f64], has_label: &[bool]) -> Result<Self> {
        let n = probabilities.len();
        if n == 0 || n != has_label.len() {
            let message = format!("expected a probability for each of {} rows, got {n}", has_label.len());
            return Err(Error::new(ErrorKind::InvalidArgument, message).at("precision-recall curve"));
        }
        if let Some(p) = probabilities.iter().find(|p| !(0.0..=1.0).contains(*p)) {
            let message = format!("expected probabilities within 0 and 1, got {p}");
            return Err(Error::new(ErrorKind::InvalidArgument, message).at("precision-recall curve"));
        }
        let mut rows: Vec<(f64, bool)> =
            probabilities.iter().copied().zip(has_label.iter().copied()).collect();
        rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let (mut thresholds, mut counts, mut above) = (Vec::new(), Vec::new(), [0, 0]);
        for same in rows.chunk_by(|a, b| a.0 == b.0) {
            same.iter().for_each(|&(_, has_it)| above[usize::from(!has_it)] += 1);
            thresholds.push(same[0].0);
            counts.push(above);
        }
        Ok(PrecisionRecallCurve { thresholds, counts })
    }

    /// The number of rows, those with the label first: `[with, without]`.
    pub fn n_rows(&self) -> [usize; 2] {
        self.counts.last().copied().unwrap_or_default()
    }

    /// The number of rows with a probability above a threshold that have the label, and of those that do not.
    pub fn counts_above(&self, threshold: f64) -> [usize; 2] {
        let n = self.thresholds.partition_point(|p| *p > threshold);
        n.checked_sub(1).map_or([0, 0], |last| self.counts[last])
    }

    /// Recall and precision at each threshold at which the recall grows, `[recall, precision]` with ascending recall;
    /// empty if no row has the label. The average precision is the area below steps of this height that end at these
    /// points.
    pub fn points(&self) -> Vec<[f64; 2]> {
        let [n_with, _] = self.n_rows();
        let before = std::iter::once(0).chain(self.counts.iter().map(|counts| counts[0]));
        let grown = self.counts.iter().zip(before).filter(|([right, _], before)| right > before);
        grown
            .map(|([right, wrong], _)| {
                [*right as f64 / n_with as f64, *right as f64 / (right + wrong) as f64]
            })
            .collect()
    }

    /// scikit-learn's `average_precision_score`: the mean precision over the growth of the recall. `None` if no row has
    /// the label, where scikit-learn warns and returns 0.
    pub fn average_precision(&self) -> Option<f64> {
        let mut before = 0.0;
        let area = self.points().into_iter().map(|[recall, precision]| {
            let grown = recall - before;
            before = recall;
            grown * precision
        });
        (self.n_rows()[0] > 0).then(|| area.sum())
    }

    /// The 95 % interval of the average precision: Wilson's for a proportion of as many rows as have the label. `None` if
    /// no row has it. It is rather too wide: in simulations with two normal distributions and 20 to 900 rows on each
    /// side, it contained the true value in 96 % to 100 % of the samples.
    pub fn average_precision_ci95(&self) -> Option<[f64; 2]> {
        let score = self.average_precision()?.clamp(0.0, 1.0);
        Some(wilson(score, self.n_rows()[0] as f64))
    }
}

/// Precision and recall of a label over all thresholds of its probability, as in a report.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LabelPrecisionRecall {
    /// The label.
    pub label: String,
    /// The number of rows.
    pub n_rows: usize,
    /// The number of those that have the label; at least 1. Their share is the average precision to expect of a random
    /// order.
    pub n_with_label: usize,
    /// [`PrecisionRecallCurve::average_precision`].
    pub average_precision: f64,
    /// [`PrecisionRecallCurve::average_precision_ci95`].
    pub average_precision_ci95: [f64; 2],
    /// [`PrecisionRecallCurve::points`]; not part of the JSON.
    #[serde(skip)]
    pub points: Vec<[f64; 2]>,
}

impl LabelPrecisionRecall {
    /// The curve of a label from its probabilities, `[n_samples]`; `None` if no row has the label.
    ///
    /// # Errors
    /// As for [`PrecisionRecallCurve::of`].
    ///
    /// ```
    /// use clsify::evaluation::LabelPrecisionRecall;
    /// let found = LabelPrecisionRecall::of("spam", &[0.9, 0.8, 0.3], &[true, false, true])?.expect("two rows have it");
    /// assert_eq!((found.n_with_label, found.average_precision), (2, 0.5 * 1.0 + 0.5 * 2.0 / 3.0));
    /// # Ok::<(), clsify::error::Error>(())
    /// ```
    pub fn of(label: &str, probabilities: &[f64], has_label: &[bool]) -> Result<Option<Self>> {
        let curve = PrecisionRecallCurve::of(probabilities, has_label)?;
        let of_curve = |(average_precision, average_precision_ci95)| LabelPrecisionRecall {
            label: label.to_string(),
            n_rows: has_label.len(),
            n_with_label: curve.n_rows()[0],
            average_precision,
            average_precision_ci95,
            points: curve.points(),
        };
        Ok(curve.average_precision().zip(curve.average_precision_ci95()).map(of_curve))
    }

    /// The curve of each class that a row has; of two classes, that of the second. `probabilities` are
    /// `[n_samples, own.len()]`; `own` are the ids of the classifier's classes in `labels`.
    pub(crate) fn of_classes(
        probabilities: &[f64],
        own: &[usize],
        y_true: &[usize],
        labels: &[String],
    ) -> Result<Vec<Self>> {
        let columns = if own.len() == 2 { 1..2 } else { 0..own.len() };
        let of_column = |k: usize| {
            let has_label: Vec<bool> = y_true.iter().map(|id| *id == own[k]).collect();
            Self::of_column(probabilities, (k, own.len()), &has_label, &labels[own[k]])
        };
        columns.into_par_iter().filter_map(|k| of_column(k).transpose()).collect()
    }

    /// The curve of each label that a row has; `probabilities` are `[n_samples, n_labels]`.
    pub(crate) fn of_label_sets(
        probabilities: &[f64],
        y_true: &LabelIndicator,
        labels: &[String],
    ) -> Result<Vec<Self>> {
        let n = labels.len();
        let of_column = |k: usize| Self::of_column(probabilities, (k, n), &y_true.column(k), &labels[k]);
        (0..n).into_par_iter().filter_map(|k| of_column(k).transpose()).collect()
    }

    fn of_column(
        probabilities: &[f64],
        (column, n_columns): (usize, usize),
        has_label: &[bool],
        label: &str,
    ) -> Result<Option<Self>> {
        let of_label: Vec<f64> = probabilities.iter().copied().skip(column).step_by(n_columns).collect();
        Self::of(label, &of_label, has_label)
    }
}
