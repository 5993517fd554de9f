//! The JSON report of fine-tuning, as plain structs.

use serde::{Deserialize, Serialize};

use super::options::TuneSettings;
use crate::evaluation::Scoring;

/// The report of fine-tuning: the tuned encoder and the frozen one on rows that neither has learned from.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct TuningReport {
    /// The options.
    #[serde(flatten)]
    pub settings: TuneSettings,
    /// The number of rows that the saved encoder learned from.
    pub n_rows: usize,
    /// The number of training rows on which tuned and frozen encoder were compared.
    pub n_held_out: usize,
    /// The number of folds of that comparison; 1 if some rows were held out once.
    pub n_splits: usize,
    /// The score of the comparison.
    pub scoring: Scoring,
    /// Every epoch of the run whose encoder is saved.
    pub epochs_done: Vec<EpochReport>,
    /// The epoch whose encoder is saved, counted from 1.
    pub chosen_epoch: usize,
    /// The tuned encoder.
    pub tuned: ComparedScore,
    /// The frozen encoder, with features chosen as without tuning.
    pub frozen: ComparedScore,
    /// True if the model has the tuned encoder; otherwise it is that of a run without tuning.
    pub is_kept: bool,
    /// The time of tuning, in seconds, without the frozen encoder.
    pub seconds: f64,
    /// The time that was expected before the run, from a few steps on this machine, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_seconds: Option<f64>,
}

/// One epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EpochReport {
    /// The mean loss of its steps, each before the step.
    pub loss: f64,
    /// The score on the held-out rows after it; `None` if all rows are learned from.
    pub held_out_score: Option<f64>,
    /// Its time, in seconds, without the score.
    pub seconds: f64,
    /// The share of the time in which the threads multiply matrices.
    pub product_share: f64,
    /// The share of the time for the norm of the gradients and the update of the parameters.
    pub optimizer_share: f64,
}

/// A score of the comparison with its 95 % confidence interval: Wilson's for a share of rows, otherwise 1.96 standard errors to
/// either side.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct ComparedScore {
    /// The score.
    pub score: f64,
    /// Its interval.
    pub ci95: [f64; 2],
}
