//! The options of a training run.

use super::descriptions::Describe;
use super::fits::N_SPLITS;
use super::train_test_rows::TestRows;
use crate::classifier::{LogisticRegressionOptions, Scaling};
use crate::dataset::DatasetOptions;
use crate::decision::calibration::Calibration;
use crate::decision::choose_rule::DecisionOptions;

/// The values of C to search, and the use of the best one.
///
/// ```
/// use clsify::training::GridSearchOptions;
/// let search = GridSearchOptions { c_values: vec![0.1, 1.0, 10.0], ..GridSearchOptions::default() };
/// assert_eq!((search.n_splits, search.refit), (5, true));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GridSearchOptions {
    /// The values to try. The best one has the highest accuracy over folds of the training rows, or for label sets
    /// the highest micro F1.
    pub c_values: Vec<f64>,
    /// The number of folds. The default is 5.
    pub n_splits: usize,
    /// True if the classifier is fitted with the best C instead of the C of its options. The default is true.
    pub refit: bool,
}

impl Default for GridSearchOptions {
    /// No values yet; the best one is used.
    fn default() -> Self {
        GridSearchOptions { c_values: Vec::new(), n_splits: N_SPLITS, refit: true }
    }
}

/// The options of a training run.
#[derive(Debug, Clone, Default)]
pub struct TrainOptions {
    /// The source of the held-out rows. The default is a quarter of the data.
    pub test: TestRows,
    /// The scaling of features before a fit. The saved classifier takes unscaled features.
    pub scaling: Scaling,
    /// C and class weights, the same for every label.
    pub classifier: LogisticRegressionOptions,
    /// The search for C. The default is none.
    pub grid_search: Option<GridSearchOptions>,
    /// The calibration of probabilities after the fit. The default is none, as in the article.
    pub calibration: Calibration,
    /// The decision rule. The default is the most probable class, as in the article, and for label sets every label
    /// with a probability above 0.5.
    pub decision: DecisionOptions,
    /// Descriptions of the labels, for one label per sentence. The default is none.
    pub describe: Describe,
    /// True if the model keeps its training sentences and their labels, so that it can show those near a text. They can be read from
    /// the model's folder. The default is false.
    pub keep_neighbours: bool,
    /// The options with which the data set was read from its file. The model keeps them, so that a later command reads the same rows
    /// from the file. The default is none: sentences in memory.
    pub reading: Option<DatasetOptions>,
}
