//! What the caller chooses of a training run.

use super::rows::TestRows;
use crate::classifier::{LogisticRegressionOptions, Scaling};
use crate::decision::calibration::Calibration;
use crate::decision::choice::DecisionOptions;

/// Which C to search, and what to do with the best.
#[derive(Debug, Clone, PartialEq)]
pub struct GridSearchOptions {
    /// The values to try: that with the best accuracy over folds of the training rows is the best, of label sets that with the
    /// best micro F1.
    pub c_values: Vec<f64>,
    /// True if the classifier is fitted with the best C instead of its own.
    pub refit: bool,
}

/// What the caller chooses of a training run.
#[derive(Debug, Clone, Default)]
pub struct TrainOptions {
    /// Where the held-out rows come from. The default is a quarter of the data.
    pub test: TestRows,
    /// The scaling of features before a fit. The saved classifier takes unscaled features.
    pub scaling: Scaling,
    /// C and class weights, the same for every label.
    pub classifier: LogisticRegressionOptions,
    /// The search for C. The default is none.
    pub grid_search: Option<GridSearchOptions>,
    /// How probabilities are calibrated after the fit. The default is not at all, as in the article.
    pub calibration: Calibration,
    /// How probabilities become answers. The default is the most probable class, as in the article, and of label sets every label
    /// with a probability above 0.5.
    pub decision: DecisionOptions,
}
