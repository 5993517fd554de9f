//! The JSON report of a training run, as plain structs.

use serde::Serialize;

use super::class_scores::ClassScores;
use super::descriptions::DescriptionsReport;
use super::label_set_scores::LabelSetScores;
use super::selection::Selection;
use super::train_test_rows::{ConstantLabels, Rows, TestRows};
use crate::classifier::{ClassWeight, LinearClassifier, LogisticRegressionOptions, Scaling};
use crate::dataset::DatasetSummary;
use crate::evaluation::{GridPoint, GridSearch, LabelPrecisionRecall, ProbabilityScores};
use crate::model::encoder_report::{EncoderReport, FeaturesReport};
use crate::notes::cautions;
use crate::tuning::TuningReport;

/// The report of a training run. Keys are stable; more may be added.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct TrainingReport {
    /// The counts of the labelled sentences.
    pub dataset: DatasetSummary,
    /// The encoder and its features.
    pub encoder: EncoderReport,
    /// The features of `dataset`.
    pub features: FeaturesReport,
    /// The separate test file, if there was one.
    pub test_data: Option<TestDataReport>,
    /// The training and test rows.
    pub split: SplitReport,
    /// The classifier.
    pub classifier: ClassifierReport,
    /// The search for C, if there was one.
    pub grid_search: Option<GridSearchReport>,
    /// The scores, and the chosen calibration and decision rule.
    #[serde(flatten)]
    pub scores: TrainingScores,
    /// The scores of the probabilities of the held-out rows; for label sets means over the labels. Weighted by sample
    /// weight, if there is one.
    pub probabilities: ProbabilityScores,
    /// Precision and recall on the held-out rows over all thresholds, for each label that the classifier knows and a row
    /// has; of two classes for the second.
    pub precision_recall: Vec<LabelPrecisionRecall>,
    /// The choice of features, if they were chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<Selection>,
    /// The tuning of the encoder, if it was tuned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tuning: Option<TuningReport>,
    /// The descriptions of the labels, if there were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub descriptions: Option<DescriptionsReport>,
    /// The time of each step.
    pub seconds: Seconds,
}

/// The scores that depend on the form of the labels.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum TrainingScores {
    /// One class per sentence.
    Classes(Box<ClassScores>),
    /// A set of labels per sentence.
    LabelSets(Box<LabelSetScores>),
}

impl TrainingReport {
    /// The accuracy on the held-out rows; for label sets the subset accuracy.
    pub fn test_accuracy(&self) -> f64 {
        match &self.scores {
            TrainingScores::Classes(scores) => scores.test.accuracy,
            TrainingScores::LabelSets(scores) => scores.test.subset_accuracy,
        }
    }

    /// The scores for one class per sentence; `None` for label sets.
    pub fn class_scores(&self) -> Option<&ClassScores> {
        match &self.scores {
            TrainingScores::Classes(scores) => Some(scores),
            TrainingScores::LabelSets(_) => None,
        }
    }

    /// The scores for label sets; `None` for one class per sentence.
    pub fn label_set_scores(&self) -> Option<&LabelSetScores> {
        match &self.scores {
            TrainingScores::Classes(_) => None,
            TrainingScores::LabelSets(scores) => Some(scores),
        }
    }
}

/// A separate test file.
#[derive(Debug, Clone, Serialize)]
pub struct TestDataReport {
    /// The counts of its labelled sentences.
    pub dataset: DatasetSummary,
    /// Their features.
    pub features: FeaturesReport,
}

/// The training and test rows.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SplitReport {
    /// The number of rows of the fit.
    pub n_train: usize,
    /// The number of held-out rows; 0 if there are none.
    pub n_test: usize,
    /// The number of held-out rows whose sentence is that of a training row, ignoring case and spaces.
    pub n_test_in_training: usize,
    /// The seed of the shuffle; `None` without one.
    pub seed: Option<u32>,
    /// True if the classes kept their shares; `None` without a shuffle.
    pub stratified: Option<bool>,
    /// The held-out rows of the data file, in scikit-learn's order; empty if it has none.
    pub test_indices: Vec<usize>,
}

impl SplitReport {
    pub(crate) fn of(rows: &Rows, test: &TestRows) -> Self {
        let options = match test {
            TestRows::Split(options) => Some(options),
            TestRows::Dataset(_) | TestRows::None => None,
        };
        let (n_test, n_test_in_training) = match test {
            TestRows::None => (0, 0),
            _ => (rows.test.len(), rows.n_seen),
        };
        SplitReport {
            n_train: rows.train.len(),
            n_test,
            n_test_in_training,
            seed: options.map(|options| options.seed),
            stratified: options.map(|options| options.stratify),
            test_indices: rows.split.test.clone(),
        }
    }

    /// A note about held-out rows that are also in the training rows, if there are any.
    pub fn leakage_note(&self) -> Option<String> {
        let is_split = !self.test_indices.is_empty();
        cautions::seen_in_training(
            cautions::SeenRows { n_seen: self.n_test_in_training, n_rows: self.n_test },
            is_split,
        )
    }
}

/// The classifier: one logistic regression, or one per label.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ClassifierReport {
    /// Inverse of the regularisation strength.
    #[serde(rename = "C")]
    pub c: f64,
    /// The weighting of the classes, applied to each label separately.
    pub class_weight: ClassWeight,
    /// The scaling of the features before the fit; the numbers below are for unscaled features.
    pub scaling: Scaling,
    /// The number of steps; for label sets the maximum over labels.
    pub n_iter: usize,
    /// True if the optimum was reached, by every label.
    pub converged: bool,
    /// For label sets: the number of labels that did not reach it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_not_converged: Option<usize>,
    /// An upper bound of the largest element of the gradient at the end.
    pub gradient_max_norm: f64,
    /// The Euclidean norm of all weights together.
    pub coef_norm: f64,
    /// `[1 or n_classes]`, or `[n_labels]`, sorted by label.
    pub intercept: Vec<f64>,
    /// For label sets: labels that are the same for all training rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constant_labels: Option<ConstantLabels>,
}

impl ClassifierReport {
    pub(crate) fn of(
        classifier: &LinearClassifier,
        scaling: Scaling,
        options: &LogisticRegressionOptions,
        constant_labels: ConstantLabels,
    ) -> Self {
        // Known, as the classifier has just been fitted.
        let fit = classifier.convergence().unwrap_or_default();
        let n_not_converged = match classifier {
            LinearClassifier::Classes(_) => None,
            LinearClassifier::LabelSets(_) => Some(fit.n_not_converged),
        };
        ClassifierReport {
            c: options.c,
            class_weight: options.class_weight,
            scaling,
            n_iter: fit.n_iter,
            converged: fit.converged(),
            constant_labels: n_not_converged.map(|_| constant_labels),
            n_not_converged,
            gradient_max_norm: fit.gradient_max_norm,
            coef_norm: classifier.coef_norm(),
            intercept: classifier.intercept().to_vec(),
        }
    }
}

/// The search for C.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GridSearchReport {
    /// The best C.
    #[serde(rename = "best_C")]
    pub best_c: f64,
    /// Its mean score over the folds: accuracy, or for label sets the score in [`scoring`](Self::scoring).
    pub best_score: f64,
    /// For classes: the accuracy on the held-out rows after a fit on all training rows with the best C.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_accuracy: Option<f64>,
    /// For label sets: `f1_micro`, with the threshold 0.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scoring: Option<&'static str>,
    /// The number of folds per C.
    pub n_splits: usize,
    /// The number of fits that did not reach their optimum.
    pub n_not_converged: usize,
    /// All values of C.
    pub points: Vec<GridPoint>,
}

impl GridSearchReport {
    pub(crate) fn of(found: GridSearch, n_splits: usize, test_accuracy: Option<f64>) -> Self {
        GridSearchReport {
            best_c: found.best_c,
            best_score: found.best_score,
            scoring: test_accuracy.is_none().then_some("f1_micro"),
            test_accuracy,
            n_splits,
            n_not_converged: found.n_not_converged,
            points: found.points,
        }
    }
}

/// The time of each step, in seconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[non_exhaustive]
pub struct Seconds {
    /// Reading the encoder.
    pub load: f64,
    /// Turning sentences into token ids.
    pub tokenize: f64,
    /// Turning token ids into features.
    pub embed: f64,
    /// The final fit.
    pub fit: f64,
    /// The grid search for C.
    pub grid_search: f64,
    /// The choice of features and of their C, if they were chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<f64>,
    /// From the start of loading the encoder to the report.
    pub total: f64,
}
