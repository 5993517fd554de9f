//! What a training run found, as plain structs: the JSON report.

use serde::Serialize;

use super::class_scores::ClassScores;
use super::label_set_scores::LabelSetScores;
use super::rows::{ConstantLabels, Rows, TestRows};
use super::selection::Selection;
use crate::classifier::{ClassWeight, LinearClassifier, LogisticRegressionOptions, Scaling};
use crate::dataset::DatasetSummary;
use crate::evaluation::{GridPoint, GridSearch, ProbabilityScores};
use crate::model::encoder_report::{EncoderReport, FeaturesReport};
use crate::notes::cautions;

/// The report of a training run. Keys are stable; more may be added.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct TrainingReport {
    /// The labelled sentences.
    pub dataset: DatasetSummary,
    /// The encoder and what was taken from it.
    pub encoder: EncoderReport,
    /// The features of `dataset`.
    pub features: FeaturesReport,
    /// A test file of its own, if there was one.
    pub test_data: Option<TestDataReport>,
    /// Which rows trained and which tested.
    pub split: SplitReport,
    /// The classifier.
    pub classifier: ClassifierReport,
    /// The search for C, if there was one.
    pub grid_search: Option<GridSearchReport>,
    /// Scores, and what was chosen for answers.
    #[serde(flatten)]
    pub scores: TrainingScores,
    /// How far the probabilities of the held-out rows can be trusted; of label sets means of the labels' scores. Rows count by their
    /// weights, if they have any.
    pub probabilities: ProbabilityScores,
    /// How the features were chosen, if they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<Selection>,
    /// Where the time went.
    pub seconds: Seconds,
}

/// What differs with the form of the labels.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum TrainingScores {
    /// One class a sentence.
    Classes(Box<ClassScores>),
    /// A set of labels a sentence.
    LabelSets(Box<LabelSetScores>),
}

impl TrainingReport {
    /// The share of held-out rows that are predicted right; of label sets, right as a whole.
    pub fn test_accuracy(&self) -> f64 {
        match &self.scores {
            TrainingScores::Classes(scores) => scores.test.accuracy,
            TrainingScores::LabelSets(scores) => scores.test.subset_accuracy,
        }
    }

    /// The scores of one class a sentence; `None` where sentences have label sets.
    pub fn class_scores(&self) -> Option<&ClassScores> {
        match &self.scores {
            TrainingScores::Classes(scores) => Some(scores),
            TrainingScores::LabelSets(_) => None,
        }
    }

    /// The scores of label sets; `None` where each sentence has one class.
    pub fn label_set_scores(&self) -> Option<&LabelSetScores> {
        match &self.scores {
            TrainingScores::Classes(_) => None,
            TrainingScores::LabelSets(scores) => Some(scores),
        }
    }
}

/// A test file of its own.
#[derive(Debug, Clone, Serialize)]
pub struct TestDataReport {
    /// Its labelled sentences.
    pub dataset: DatasetSummary,
    /// Their features.
    pub features: FeaturesReport,
}

/// Which rows trained and which tested.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct SplitReport {
    /// Rows of the fit.
    pub n_train: usize,
    /// Held-out rows.
    pub n_test: usize,
    /// Held-out rows whose sentence is that of a training row, but for case and spaces.
    pub n_test_in_training: usize,
    /// The seed of the shuffle; nothing where there was a test file, like the next one.
    pub seed: Option<u32>,
    /// Whether the classes kept their shares.
    pub stratified: Option<bool>,
    /// The held-out rows of the data file, in scikit-learn's order; none when there was a test file.
    pub test_indices: Vec<usize>,
}

impl SplitReport {
    pub(crate) fn of(rows: &Rows, test: &TestRows) -> Self {
        let options = match test {
            TestRows::Split(options) => Some(options),
            TestRows::Dataset(_) => None,
        };
        SplitReport {
            n_train: rows.train.len(),
            n_test: rows.test.len(),
            n_test_in_training: rows.n_seen,
            seed: options.map(|options| options.seed),
            stratified: options.map(|options| options.stratify),
            test_indices: rows.split.test.clone(),
        }
    }

    /// A note about held-out rows that are also in the training rows, where there are any.
    pub fn leakage_note(&self) -> Option<String> {
        let is_split = !self.test_indices.is_empty();
        cautions::seen_in_training(
            cautions::SeenRows { n_seen: self.n_test_in_training, n_rows: self.n_test },
            is_split,
        )
    }
}

/// The classifier: one logistic regression, or one for each label.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ClassifierReport {
    /// Inverse of the regularisation's strength.
    #[serde(rename = "C")]
    pub c: f64,
    /// How much a row counted, for each label by itself.
    pub class_weight: ClassWeight,
    /// What was done to the features before the fit; the numbers below are for features as they are.
    pub scaling: Scaling,
    /// Steps taken; of label sets the most that a label took.
    pub n_iter: usize,
    /// Whether the optimum was reached, by every label.
    pub converged: bool,
    /// Of label sets: labels that did not reach it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_not_converged: Option<usize>,
    /// A bound of the largest element of the gradient at the end.
    pub gradient_max_norm: f64,
    /// Euclidean length of all weights together.
    pub coef_norm: f64,
    /// `[1 or n_classes]`, or `[n_labels]`, sorted by label.
    pub intercept: Vec<f64>,
    /// Of label sets: labels that the training rows leave nothing to learn about.
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
    /// Its mean score over the folds: accuracy, or of label sets what [`scoring`](Self::scoring) says.
    pub best_score: f64,
    /// Of classes: the accuracy on the held-out rows after a fit on all training rows with the best C.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_accuracy: Option<f64>,
    /// Of label sets: `f1_micro`, with the threshold 0.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scoring: Option<&'static str>,
    /// Folds a C.
    pub n_splits: usize,
    /// Fits that did not reach their optimum.
    pub n_not_converged: usize,
    /// All C.
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

/// Where the time went, in seconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[non_exhaustive]
pub struct Seconds {
    /// Reading the encoder.
    pub load: f64,
    /// Sentences to token ids.
    pub tokenize: f64,
    /// Token ids to features.
    pub embed: f64,
    /// The final fit.
    pub fit: f64,
    /// The grid search for C.
    pub grid_search: f64,
    /// The choice of features, with their C, where they were chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<f64>,
    /// From the start of loading the encoder to the report.
    pub total: f64,
}
