//! What a training run found, as plain structs: the JSON report.

use serde::Serialize;

use crate::classifier::{ClassWeight, LogisticRegression, Scaling};
use crate::dataset::DatasetSummary;
use crate::encoder::Dtype;
use crate::evaluation::{Evaluation, GridPoint, ProbabilityScores};
use crate::features::{Layers, TokenCounts, pooling_names};
use crate::pipeline::cautions;
use crate::pipeline::{CalibrationReport, DecisionReport, Selection, SentenceEncoder, TrainOptions};

/// The report of a training run. Keys are stable; more may be added.
#[derive(Debug, Clone, Serialize)]
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
    /// The most frequent class, for comparison.
    pub baseline: BaselineReport,
    /// The classifier.
    pub classifier: ClassifierReport,
    /// On the rows of the fit.
    pub train: TrainScore,
    /// On the held-out rows.
    pub test: Evaluation,
    /// The accuracy on the held-out rows, each counted by its weight, where rows have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_weighted_accuracy: Option<f64>,
    /// How far the probabilities of the held-out rows can be trusted; rows count by their weights, if they have any.
    pub probabilities: ProbabilityScores,
    /// The search for C, if there was one.
    pub grid_search: Option<GridSearchReport>,
    /// What was done to probabilities, if anything was.
    pub calibration: Option<CalibrationReport>,
    /// How probabilities become answers, if not by the most probable class.
    pub decision: Option<DecisionReport>,
    /// How the features were chosen, if they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<Selection>,
    /// Where the time went.
    pub seconds: Seconds,
}

/// The encoder and what was taken from it.
#[derive(Debug, Clone, Serialize)]
pub struct EncoderReport {
    /// Its name.
    pub name: String,
    /// Its family.
    pub model_type: String,
    /// Numbers a token.
    pub hidden_size: usize,
    /// Transformer layers.
    pub num_hidden_layers: usize,
    /// The hidden states that were pooled.
    pub layers: Layers,
    /// `cls`, `mean`, `max`, or several joined by `+`.
    pub pooling: String,
    /// Whether vectors were divided by their length.
    pub normalize: bool,
    /// The longest sentence in tokens.
    pub max_length: usize,
    /// The text before every sentence, if there is one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prompt: String,
    /// The arithmetic.
    pub dtype: Dtype,
}

impl EncoderReport {
    /// Describes an encoder.
    pub fn of(encoder: &SentenceEncoder) -> Self {
        let config = encoder.config();
        EncoderReport {
            name: encoder.name().to_string(),
            model_type: config.model_type.clone(),
            hidden_size: config.hidden_size,
            num_hidden_layers: config.num_hidden_layers,
            layers: encoder.features().layers,
            pooling: pooling_names(&encoder.features().poolings),
            normalize: encoder.features().normalize,
            max_length: encoder.tokenizer().max_length(),
            prompt: encoder.tokenizer().prompt().to_string(),
            dtype: encoder.dtype(),
        }
    }

    /// In words what is taken from the encoder: `cls of the last layer`, `mean of layer 8`, `cls+mean of layers 7-10`.
    pub fn pooled(&self) -> String {
        let of = match self.layers {
            Layers::Last => "the last layer".to_string(),
            Layers::All => "all layers".to_string(),
            Layers::Range { first, last } if first == last => format!("layer {first}"),
            layers => format!("layers {layers}"),
        };
        format!("{} of {of}", self.pooling)
    }
}

/// A feature matrix.
#[derive(Debug, Clone, Serialize)]
pub struct FeaturesReport {
    /// `[n_samples, n_features]`.
    pub shape: [usize; 2],
    /// How many tokens there were.
    #[serde(flatten)]
    pub counts: TokenCounts,
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
pub struct SplitReport {
    /// Rows of the fit.
    pub n_train: usize,
    /// Held-out rows.
    pub n_test: usize,
    /// Held-out rows whose sentence is that of a training row, but for case and spaces.
    pub n_test_in_training: usize,
    /// The seed of the shuffle.
    pub seed: u32,
    /// Whether the classes kept their shares.
    pub stratified: bool,
    /// The held-out rows of the data file, in scikit-learn's order; none when there was a test file.
    pub test_indices: Vec<usize>,
}

impl SplitReport {
    /// A note about held-out rows that are also in the training rows, where there are any.
    pub fn leakage_note(&self) -> Option<String> {
        let is_split = !self.test_indices.is_empty();
        cautions::seen_in_training((self.n_test_in_training, self.n_test), is_split)
    }
}

/// The most frequent class of the training rows, by weight where they have weights, for comparison.
#[derive(Debug, Clone, Serialize)]
pub struct BaselineReport {
    /// Mean accuracy over folds of the training rows; nothing when there are too few rows for folds. Rows count by their
    /// weights, if they have any: see [`cv_by_weight`](Self::cv_by_weight).
    pub cv_mean: Option<f64>,
    /// Its standard deviation over the folds.
    pub cv_std: Option<f64>,
    /// Whether training rows have weights, by which they count in the folds.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cv_by_weight: bool,
    /// Accuracy on the held-out rows; every row counts once.
    pub test_accuracy: f64,
    /// Accuracy on the held-out rows, each counted by its weight, where they have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_weighted_accuracy: Option<f64>,
}

/// The classifier.
#[derive(Debug, Clone, Serialize)]
pub struct ClassifierReport {
    /// Inverse of the regularisation's strength.
    #[serde(rename = "C")]
    pub c: f64,
    /// How much a row counted.
    pub class_weight: ClassWeight,
    /// What was done to the features before the fit; the numbers below are for features as they are.
    pub scaling: Scaling,
    /// Steps taken.
    pub n_iter: usize,
    /// Whether the optimum was reached.
    pub converged: bool,
    /// A bound of the largest element of the gradient at the end.
    pub gradient_max_norm: f64,
    /// Euclidean length of all weights together.
    pub coef_norm: f64,
    /// `[1 or n_classes]`.
    pub intercept: Vec<f64>,
}

impl ClassifierReport {
    /// Describes a fit.
    pub fn of(classifier: &LogisticRegression, c: f64, options: &TrainOptions) -> Self {
        ClassifierReport {
            c,
            class_weight: options.classifier.class_weight,
            scaling: options.scaling,
            n_iter: classifier.n_iter(),
            converged: classifier.converged(),
            gradient_max_norm: classifier.gradient_max_norm(),
            coef_norm: classifier.coef_norm(),
            intercept: classifier.intercept().to_vec(),
        }
    }
}

/// The score on the rows of the fit.
#[derive(Debug, Clone, Serialize)]
pub struct TrainScore {
    /// The share of rows that are predicted right.
    pub accuracy: f64,
}

/// The search for C.
#[derive(Debug, Clone, Serialize)]
pub struct GridSearchReport {
    /// The best C.
    #[serde(rename = "best_C")]
    pub best_c: f64,
    /// Its mean accuracy over the folds.
    pub best_score: f64,
    /// The accuracy on the held-out rows after a fit on all training rows with the best C.
    pub test_accuracy: f64,
    /// Folds a C.
    pub n_splits: usize,
    /// Fits that did not reach their optimum.
    pub n_not_converged: usize,
    /// All C.
    pub points: Vec<GridPoint>,
}

/// Where the time went, in seconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
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
