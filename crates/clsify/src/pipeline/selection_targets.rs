//! What a choice of features is to tell apart, and all that differs by its form: one class a row, or a set of labels.

use super::multi_label::{FOLDS, label_set_folds};
use crate::classifier::{
    LabelIndicator, LogisticRegressionOptions, MultiLabelSamples, Samples, StandardScaler,
};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{
    RatioScore, RowScores, Scoring, compare_label_logits, compare_logits, out_of_fold_label_logits,
    out_of_fold_logits, wilson_ci95,
};
use crate::matrix::Matrix;
use crate::split::{Split, SplitOptions, TestSize, class_folds, label_set_split, of_rows, train_test_split};

/// Rows that take part in a choice; of more a sample is drawn.
const MAX_ROWS: usize = 10_000;
/// Folds a candidate.
pub(super) const N_SPLITS: usize = 5;

/// The classes or the label sets of rows, and how much each row counts.
///
/// ```
/// use clsify::pipeline::SelectionTargets;
/// let class_ids = [0, 1].repeat(10);
/// let weights: Vec<f64> = (0..20).map(f64::from).collect();
/// let targets = SelectionTargets::classes(class_ids, 2).weighted(Some(weights));
/// assert_eq!(targets.rows()?, (1..20).collect::<Vec<_>>());
/// # Ok::<(), clsify::error::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct SelectionTargets {
    labels: Labels,
    sample_weight: Option<Vec<f64>>,
    groups: Option<Vec<usize>>,
}

#[derive(Debug, Clone)]
enum Labels {
    Classes { class_ids: Vec<usize>, n_classes: usize },
    Sets(LabelIndicator),
}

impl SelectionTargets {
    /// Rows of one class each, with ids below `n_classes`.
    pub fn classes(class_ids: Vec<usize>, n_classes: usize) -> Self {
        SelectionTargets {
            labels: Labels::Classes { class_ids, n_classes },
            sample_weight: None,
            groups: None,
        }
    }

    /// Rows with any number of labels each.
    pub fn label_sets(labels: LabelIndicator) -> Self {
        SelectionTargets { labels: Labels::Sets(labels), sample_weight: None, groups: None }
    }

    /// The same rows with these weights, of which there is one for each.
    pub fn weighted(self, sample_weight: Option<Vec<f64>>) -> Self {
        SelectionTargets { sample_weight, ..self }
    }

    /// The same rows in these groups, one for each, which folds keep together.
    pub fn grouped(self, groups: Option<Vec<usize>>) -> Self {
        SelectionTargets { groups, ..self }
    }

    /// Rows.
    pub fn len(&self) -> usize {
        match &self.labels {
            Labels::Classes { class_ids, .. } => class_ids.len(),
            Labels::Sets(labels) => labels.n_samples(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// These rows, in this order.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn select_rows(&self, rows: &[usize]) -> Self {
        let labels = match &self.labels {
            Labels::Classes { class_ids, n_classes } => Labels::Classes {
                class_ids: rows.iter().map(|&row| class_ids[row]).collect(),
                n_classes: *n_classes,
            },
            Labels::Sets(labels) => Labels::Sets(labels.select_rows(rows)),
        };
        let weights_of = |weights: &Vec<f64>| rows.iter().map(|&row| weights[row]).collect();
        SelectionTargets {
            labels,
            sample_weight: self.sample_weight.as_ref().map(weights_of),
            groups: of_rows(self.groups.as_deref(), rows),
        }
    }

    /// The rows that take part in a choice, ascending: all with a weight above 0, or of many a sample, always the same, with the
    /// shares of the classes or labels.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] when there are too few rows or classes for five folds, or no label that some of the rows
    /// have and others have not.
    pub fn rows(&self) -> Result<Vec<usize>> {
        let place = |e: Error| {
            e.at("choice of features").with_hint("give more rows, or take the features of the article (--features article) or your own (--layers, --pooling)")
        };
        let counts = |row: &usize| self.sample_weight.as_ref().is_none_or(|weights| weights[*row] > 0.0);
        let mut rows: Vec<usize> = (0..self.len()).filter(counts).collect();
        if rows.len() > MAX_ROWS {
            let test_size = TestSize::Count(rows.len() - MAX_ROWS);
            let options = SplitOptions { seed: 0, test_size, stratify: true };
            let drawn = match self.select_rows(&rows).labels {
                Labels::Classes { class_ids, .. } => train_test_split(&class_ids, &options),
                Labels::Sets(labels) => label_set_split(&labels.to_sets(), &options),
            };
            rows = drawn.map_err(place)?.train.into_iter().map(|i| rows[i]).collect();
            rows.sort_unstable();
        }
        self.select_rows(&rows).check().map_err(place)?;
        Ok(rows)
    }

    /// In words which rows [`rows`](Self::rows) leaves out, where it leaves out any.
    pub(super) fn left_out(&self) -> &'static str {
        let n_counting =
            self.sample_weight.as_ref().map_or(self.len(), |w| w.iter().filter(|&&w| w > 0.0).count());
        match &self.labels {
            _ if n_counting <= MAX_ROWS => "those with a weight above 0",
            Labels::Classes { .. } => "drawn in the shares of their classes",
            Labels::Sets(_) => "drawn in the shares of their labels",
        }
    }

    /// Whether there is something to learn.
    fn check(&self) -> Result<()> {
        let folds = self.folds()?;
        let message = match &self.labels {
            Labels::Classes { class_ids: ids, .. } => {
                if folds.iter().all(|fold| fold.train.iter().any(|&i| ids[i] != ids[fold.train[0]])) {
                    return Ok(());
                }
                "expected at least 2 classes in the training rows of every fold, got only one"
            }
            Labels::Sets(labels) => {
                let n = labels.n_samples();
                if (0..labels.n_labels()).any(|label| (1..n).contains(&labels.count(label))) {
                    return Ok(());
                }
                "expected a label that some of the rows have and others have not, got none"
            }
        };
        Err(Error::new(ErrorKind::InvalidArgument, message))
    }

    fn folds(&self) -> Result<Vec<Split>> {
        let groups = self.groups.as_deref();
        match &self.labels {
            Labels::Classes { class_ids, .. } => class_folds(class_ids, groups, N_SPLITS),
            Labels::Sets(labels) => label_set_folds(labels.n_samples(), groups, FOLDS.n_splits),
        }
    }

    /// Features with mean 0 and deviation 1, by the rows' weights.
    pub(super) fn scaled(&self, x: &Matrix) -> Matrix {
        StandardScaler::fit_weighted(x, self.sample_weight.as_deref()).transform(x)
    }

    /// Out-of-fold logits for each C, close enough to compare.
    pub(super) fn compare_logits(
        &self,
        x: &Matrix,
        c_values: &[f64],
        options: &LogisticRegressionOptions,
    ) -> Result<Vec<Vec<f64>>> {
        match &self.labels {
            Labels::Classes { class_ids, n_classes } => {
                let samples = Samples::new(x, class_ids, *n_classes)
                    .weighted(self.sample_weight.as_deref())
                    .grouped(self.groups.as_deref());
                compare_logits(&samples, c_values, options, N_SPLITS)
            }
            Labels::Sets(labels) => {
                let samples = MultiLabelSamples::new(x, labels).weighted(self.sample_weight.as_deref());
                compare_label_logits(&samples, c_values, options, &self.folds()?)
            }
        }
    }

    /// Out-of-fold logits of fits at their optimum.
    pub(super) fn logits(&self, x: &Matrix, options: &LogisticRegressionOptions) -> Result<Vec<f64>> {
        match &self.labels {
            Labels::Classes { class_ids, n_classes } => {
                let samples = Samples::new(x, class_ids, *n_classes)
                    .weighted(self.sample_weight.as_deref())
                    .grouped(self.groups.as_deref());
                out_of_fold_logits(&samples, options, N_SPLITS)
            }
            Labels::Sets(labels) => {
                let samples = MultiLabelSamples::new(x, labels).weighted(self.sample_weight.as_deref());
                out_of_fold_label_logits(&samples, options, &self.folds()?, &|_| {})
            }
        }
    }

    /// What logits score, row by row.
    pub(super) fn scores(&self, scoring: Scoring, logits: &[f64]) -> RowScores {
        let weights = self.sample_weight.as_deref();
        match &self.labels {
            Labels::Classes { class_ids, n_classes } => {
                RowScores::of_classes(scoring, logits, class_ids, *n_classes, weights)
            }
            Labels::Sets(labels) => RowScores::of_label_sets(scoring, logits, labels, weights),
        }
    }

    /// The 95 % interval of a score: Wilson's for a share of rows, by weight for as many as they are worth; else 1.96 standard
    /// errors to either side.
    pub(super) fn interval(&self, scoring: Scoring, scores: &RowScores) -> Result<[f64; 2]> {
        let is_share = match scoring {
            Scoring::Accuracy => true,
            Scoring::F1Micro => matches!(self.labels, Labels::Classes { .. }),
            Scoring::F1Macro | Scoring::LogLoss => false,
        };
        if is_share {
            // A row of any weight is above the score where it is right, and below where it is wrong.
            let is_right: Vec<bool> = match scores.score {
                0.0 | 1.0 => vec![scores.score == 1.0; scores.rows.len()],
                score => scores.rows.iter().map(|&row| row > score).collect(),
            };
            // Equal weights are none, to the last bit.
            let weights = self.sample_weight.as_deref().filter(|all| all.iter().any(|&w| w != all[0]));
            return match weights {
                None => wilson_ci95(is_right.iter().filter(|&&right| right).count(), is_right.len()),
                Some(weights) => Ok(RatioScore::accuracy(&is_right, Some(weights))?.ci95()),
            };
        }
        let error = 1.96 * scores.standard_error();
        Ok(match scoring {
            Scoring::LogLoss => [-scores.score - error, -scores.score + error],
            _ => [(scores.score - error).max(0.0), (scores.score + error).min(1.0)],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_classes(class_ids: &[usize]) -> SelectionTargets {
        SelectionTargets::classes(class_ids.to_vec(), 2)
    }

    /// Of more rows than take part each class gives its share, and the same rows every time.
    #[test]
    fn of_many_rows_a_stratified_sample_takes_part() {
        let class_ids: Vec<usize> = (0..40_000).map(|i| usize::from(i % 10 == 0)).collect();
        let rows = of_classes(&class_ids).rows().unwrap();
        assert_eq!(rows.len(), MAX_ROWS);
        assert!(rows.is_sorted_by(|a, b| a < b));
        assert_eq!(rows.iter().filter(|&&i| class_ids[i] == 1).count(), MAX_ROWS / 10);
        assert_eq!(rows, of_classes(&class_ids).rows().unwrap());
        assert_eq!(of_classes(&class_ids[..MAX_ROWS]).rows().unwrap().len(), MAX_ROWS);
    }

    #[test]
    fn what_cannot_be_divided_into_folds_is_refused() {
        assert!(of_classes(&[0, 1, 0]).rows().unwrap_err().to_string().contains("folds"));
        assert!(of_classes(&[1; 50]).rows().unwrap_err().to_string().contains("2 classes"));
    }
}
