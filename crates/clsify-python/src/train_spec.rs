//! The options of a training run, as Python passes them.

use std::time::Duration;

use clsify::classifier::{ClassWeight, LogisticRegressionOptions, Scaling};
use clsify::dataset::Dataset;
use clsify::decision::{Abstention, Calibration, CostMatrix, DecisionOptions, LabelCosts, RuleOptions};
use clsify::encoder::Dtype;
use clsify::error::Result;
use clsify::evaluation::Scoring;
use clsify::training::{
    Describe, FeatureChoice, GridSearchOptions, TestRows, TrainOptions, selection_c_values,
};
use clsify::tuning::TuneOptions;
use serde::Deserialize;

/// The options of a fit on rows of features.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FitSpec {
    #[serde(rename = "C")]
    c: f64,
    class_weight: ClassWeight,
    tol: f64,
    max_iter: usize,
}

impl FitSpec {
    pub(crate) fn options(&self) -> LogisticRegressionOptions {
        let &FitSpec { c, class_weight, tol, max_iter } = self;
        LogisticRegressionOptions { c, class_weight, tol, max_iter }
    }
}

/// The options of a training run on all rows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrainSpec {
    fit: FitSpec,
    scaling: Scaling,
    /// How features and C are chosen, if they are.
    pub(crate) choice: Option<ChoiceSpec>,
    search: Option<SearchSpec>,
    calibration: Calibration,
    decision: DecisionSpec,
    /// Texts and the labels that they describe.
    descriptions: Option<Vec<(String, String)>>,
    keep_neighbours: bool,
    pub(crate) tune: Option<TuneSpec>,
}

/// A choice of layers, pooling and C.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChoiceSpec {
    scoring: Option<Scoring>,
    required: bool,
}

impl ChoiceSpec {
    pub(crate) fn options(&self) -> FeatureChoice {
        FeatureChoice { scoring: self.scoring, required: self.required }
    }
}

/// A search for C.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchSpec {
    #[serde(rename = "Cs")]
    c_values: Option<Vec<f64>>,
    n_splits: usize,
}

/// A decision rule; costs are the text of a CSV file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionSpec {
    choose_thresholds: bool,
    costs: Option<String>,
    abstain_below: Option<f64>,
    target_precision: Option<f64>,
}

/// The options of tuning; those that are missing have their defaults.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TuneSpec {
    epochs: Option<usize>,
    learning_rate: Option<f32>,
    batch_size: Option<usize>,
    weight_decay: Option<f32>,
    max_grad_norm: Option<f32>,
    warmup: Option<f32>,
    dropout: Option<bool>,
    embeddings: Option<bool>,
    dtype: Option<Dtype>,
    save_dtype: Option<Dtype>,
    seed: u32,
}

impl TuneSpec {
    pub(crate) fn options(&self) -> TuneOptions {
        let default = TuneOptions::default();
        TuneOptions {
            epochs: self.epochs,
            learning_rate: self.learning_rate,
            batch_size: self.batch_size.unwrap_or(default.batch_size),
            weight_decay: self.weight_decay.unwrap_or(default.weight_decay),
            max_grad_norm: self.max_grad_norm.unwrap_or(default.max_grad_norm),
            warmup: self.warmup.unwrap_or(default.warmup),
            dropout: self.dropout.unwrap_or(default.dropout),
            embeddings: self.embeddings.unwrap_or(default.embeddings),
            dtype: self.dtype.unwrap_or(default.dtype),
            save_dtype: self.save_dtype.unwrap_or(default.save_dtype),
            seed: self.seed,
            // Nobody could go on from a state in a temporary folder.
            checkpoint_every: Duration::MAX,
            ..default
        }
    }
}

impl TrainSpec {
    /// The options for rows of this form.
    pub(crate) fn options(&self, of_label_sets: bool, has_rows: bool) -> Result<TrainOptions> {
        let grid_search = self.search.as_ref().map(|search| {
            let default = || match self.scaling {
                Scaling::None => clsify::evaluation::linspace(0.0001, 100.0, 20),
                Scaling::Standard => selection_c_values(),
            };
            let c_values = search.c_values.clone().unwrap_or_else(default);
            GridSearchOptions { c_values, n_splits: search.n_splits, ..GridSearchOptions::default() }
        });
        Ok(TrainOptions {
            test: TestRows::None,
            scaling: self.scaling,
            classifier: self.fit.options(),
            grid_search,
            calibration: self.calibration,
            decision: self.decision.options(of_label_sets)?,
            describe: match &self.descriptions {
                None => Describe::Nothing,
                Some(_) if !has_rows => Describe::Only,
                Some(texts) => Describe::Labels(Dataset::from_pairs(texts.iter().cloned())?),
            },
            keep_neighbours: self.keep_neighbours,
            reading: None,
        })
    }

    /// The descriptions as rows, for a classifier that has no others.
    pub(crate) fn described(&self) -> Result<Dataset> {
        Dataset::from_pairs(self.descriptions.iter().flatten().cloned())
            .map_err(|error| error.at("descriptions"))
    }
}

impl DecisionSpec {
    fn options(&self, of_label_sets: bool) -> Result<DecisionOptions> {
        let rule = match &self.costs {
            Some(csv) if of_label_sets => RuleOptions::LabelCosts(LabelCosts::parse(csv, "costs")?),
            Some(csv) => RuleOptions::CostMatrix(CostMatrix::parse(csv, "costs")?),
            None if self.choose_thresholds => RuleOptions::F1Macro,
            None => RuleOptions::MostProbable,
        };
        let below = self.abstain_below.map(Abstention::Below);
        Ok(DecisionOptions {
            rule,
            abstention: below.or(self.target_precision.map(Abstention::TargetPrecision)),
        })
    }
}
