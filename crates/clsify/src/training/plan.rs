//! The checks of a training run that come before the expensive encoder runs.

use std::borrow::Cow;

use super::descriptions::{self, Describe, Prior};
use super::fits::learnable_folds;
use super::train_options::TrainOptions;
use super::train_test_rows::{ConstantLabels, Rows};
use super::training_report::TrainingScores;
use crate::classifier::{LinearClassifier, LogisticRegressionOptions};
use crate::dataset::Dataset;
use crate::decision::calibration::{self, Calibration};
use crate::decision::choose_rule::{self, DecisionOptions};
use crate::decision::thresholds::Thresholds;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{GridSearch, LabelPrecisionRecall, ProbabilityScores};
use crate::matrix::Matrix;
use crate::observer::Observer;
use crate::targets::{Labels, Targets};

/// Rows and options that were checked together.
pub(crate) struct Plan<'a> {
    pub(crate) rows: Rows<'a>,
    /// For label sets: labels that are the same for all training rows.
    pub(crate) constant: ConstantLabels,
    /// For label sets: the rule for their thresholds.
    pub(crate) thresholds: Thresholds,
    /// The number of folds for calibration and decision, if these need any.
    pub(crate) n_splits: Option<usize>,
}

/// A fit before calibration.
pub(crate) struct Fit {
    /// The options with the C that was used.
    pub(crate) options: LogisticRegressionOptions,
    pub(crate) search: Option<GridSearch>,
    /// The classifier of unscaled features.
    pub(crate) classifier: LinearClassifier,
    /// The part of it that comes from descriptions of the labels, if there were any.
    pub(crate) prior: Option<Prior>,
    /// The number of folds of the logits; 0 if there are none.
    pub(crate) n_splits: usize,
    /// The out-of-fold logits of the training rows; empty if they are not needed.
    pub(crate) held_out_logits: Vec<f64>,
    /// The training rows that have these logits, in their order; `None`: all of them.
    pub(crate) held_out_rows: Option<Vec<usize>>,
}

impl Fit {
    /// The features and the targets of the rows with out-of-fold logits.
    pub(crate) fn held_out<'a>(
        &self,
        x: &'a Matrix,
        targets: &'a Targets,
    ) -> (Cow<'a, Matrix>, Cow<'a, Targets>) {
        match &self.held_out_rows {
            None => (Cow::Borrowed(x), Cow::Borrowed(targets)),
            Some(rows) => (Cow::Owned(x.select_rows(rows)), Cow::Owned(targets.select_rows(rows))),
        }
    }
}

/// A calibrated classifier and its scores.
pub(crate) struct Outcome {
    pub(crate) classifier: LinearClassifier,
    /// The names of its classes or labels.
    pub(crate) classes: Vec<String>,
    pub(crate) scores: TrainingScores,
    pub(crate) probabilities: ProbabilityScores,
    pub(crate) precision_recall: Vec<LabelPrecisionRecall>,
}

impl<'a> Plan<'a> {
    /// Splits the rows, and fails if the options do not fit them.
    pub(crate) fn of(
        dataset: &'a Dataset,
        options: &'a TrainOptions,
        observer: &dyn Observer,
    ) -> Result<Self> {
        options.classifier.check()?;
        check_c_values(options)?;
        let rows = Rows::of(dataset, &options.test, false)?;
        check_descriptions(&rows, options)?;
        let constant = rows.check(observer)?;
        let (thresholds, n_splits) = check_targets(&rows, options)?;
        Ok(Plan { rows, constant, thresholds, n_splits })
    }
}

/// Checks rows and options, for a choice of features that comes before the [`Plan`].
pub(crate) fn check(dataset: &Dataset, options: &TrainOptions) -> Result<()> {
    options.classifier.check()?;
    check_c_values(options)?;
    let rows = Rows::of(dataset, &options.test, false)?;
    check_descriptions(&rows, options)?;
    check_targets(&rows, options).map(|_| ())
}

/// Checks that descriptions fit the data and the other options.
fn check_descriptions(rows: &Rows, options: &TrainOptions) -> Result<()> {
    let bad = |message: &str| Err(Error::new(ErrorKind::InvalidArgument, message).at("descriptions"));
    if !matches!(options.describe, Describe::Nothing) && rows.dataset.separator().is_some() {
        return bad("expected one label per sentence, got label sets");
    }
    match &options.describe {
        Describe::Nothing => Ok(()),
        Describe::Labels(texts) => descriptions::check(texts, &rows.labels),
        Describe::Only => {
            let needs_rows = options.grid_search.is_some()
                || options.calibration != Calibration::None
                || options.decision != DecisionOptions::default();
            if needs_rows {
                return bad(
                    "expected labelled rows for a grid search, calibration or decision rule, got none",
                );
            }
            descriptions::check_texts(rows.dataset)
        }
    }
}

fn check_c_values(options: &TrainOptions) -> Result<()> {
    let Some(search) = &options.grid_search else { return Ok(()) };
    if search.c_values.is_empty() {
        return Err(Error::new(ErrorKind::InvalidArgument, "expected at least one C").at("grid search"));
    }
    search.c_values.iter().try_for_each(|&c| LogisticRegressionOptions { c, ..options.classifier }.check())
}

/// The rule for thresholds of label sets, and the number of folds for calibration and decision, if these need any.
fn check_targets(rows: &Rows, options: &TrainOptions) -> Result<(Thresholds, Option<usize>)> {
    if let Some(search) = &options.grid_search {
        learnable_folds(&rows.train, search.n_splits)
            .map_err(|e| e.at("grid search").with_hint("give more rows, or leave out the search for C"))?;
    }
    let class_weight = options.classifier.class_weight;
    let thresholds = match rows.train.labels() {
        Labels::Classes { class_ids, .. } => {
            calibration::check(options.calibration, class_ids)?;
            choose_rule::check(&options.decision, &rows.labels, class_ids, class_weight)?;
            Thresholds::Half
        }
        Labels::Sets(_) => {
            let thresholds = Thresholds::of(&options.decision)?;
            thresholds.check(&rows.labels, rows.train.len(), class_weight)?;
            thresholds
        }
    };
    let needs_folds =
        options.decision != DecisionOptions::default() || options.calibration != Calibration::None;
    let n_splits = needs_folds.then(|| calibration::n_splits(&rows.train));
    if let Some(n_splits) = n_splits {
        learnable_folds(&rows.train, n_splits).map_err(|e| {
            e.at("training rows").with_hint("give more rows, or leave out calibration and decision rules")
        })?;
    }
    Ok((thresholds, n_splits))
}
