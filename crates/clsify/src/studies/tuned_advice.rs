//! Fine-tuning as one more candidate for an encoder: its score on training rows that it has not learned from, its scores on
//! the held-out rows, and its cost.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::held_out_scores::HeldOutScores;
use super::speed::EncoderSpeed;
use crate::dataset::Dataset;
use crate::error::Result;
use crate::evaluation::{RowScores, Scoring};
use crate::model::encoder_options::SentenceEncoderOptions;
use crate::observer::WithoutNotes;
use crate::training::plan::Plan;
use crate::training::train_options::TrainOptions;
use crate::training::train_tuned::compare;
use crate::tuning::{TuneOptions, TuningReport};

/// An encoder tuned as by [`train_tuned`](crate::training::train_tuned), whatever the comparison with the frozen one says.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct TunedAdvice {
    /// The run, with the scores of the tuned and the frozen encoder on training rows that neither has learned from.
    #[serde(flatten)]
    pub tuning: TuningReport,
    /// The scores on the held-out rows, which took no part.
    #[serde(flatten)]
    pub held_out: HeldOutScores,
    /// The throughput of the tuned encoder.
    pub sentences_per_second: f64,
    /// The memory that its weights take.
    pub weights_bytes: usize,
    /// The scores of the tuned encoder, row by row.
    #[serde(skip)]
    pub(super) scores: RowScores,
    /// Those of the frozen one on the same rows.
    #[serde(skip)]
    pub(super) frozen_scores: RowScores,
}

impl TunedAdvice {
    /// The score minus that of the frozen encoder on the same rows, and the standard error of this difference; for a log loss
    /// both are negated, so that more is better.
    pub fn gain(&self) -> (f64, f64) {
        self.scores.above(&self.frozen_scores)
    }

    /// Tunes the encoder of a folder and measures its speed with sentences of the data. Files are written beside a path, and none is
    /// left.
    pub(super) fn measure(
        (folder, encoder_options): (&Path, SentenceEncoderOptions),
        dataset: &Dataset,
        (options, scoring): (&TrainOptions, Scoring),
        (tune, beside): (&TuneOptions, &Path),
        sample: &[String],
    ) -> Result<Self> {
        let tune = TuneOptions { estimate: true, resume: false, checkpoint_every: Duration::MAX, ..*tune };
        // Notes about the data were made when features were chosen.
        let plan = Plan::of(dataset, options, &())?;
        let encoder = (folder, &encoder_options);
        let compared = compare(encoder, &plan, (options, scoring), &tune, beside)?;
        let (scores, frozen_scores) = (compared.tuned_scores().clone(), compared.frozen_scores.clone());
        let tuning = compared.report.clone();
        let quiet = SentenceEncoderOptions {
            observer: Arc::new(WithoutNotes(encoder_options.observer.clone())),
            ..encoder_options
        };
        let trained = compared.into_trained(plan, options, &quiet)?;
        let speed = EncoderSpeed::measure(trained.classifier.encoder(), sample)?;
        Ok(TunedAdvice {
            tuning,
            held_out: HeldOutScores::of(&trained.report, scoring),
            sentences_per_second: speed.sentences_per_second,
            weights_bytes: speed.weights_bytes,
            scores,
            frozen_scores,
        })
    }
}
