//! The encoder, layers, pooling and C that are worth their cost for given sentences.

use std::path::Path;

use serde::Serialize;

use super::held_out_scores::HeldOutScores;
use super::speed::EncoderSpeed;
use crate::classifier::LogisticRegressionOptions;
use crate::dataset::Dataset;
use crate::encoder::Dtype;
use crate::error::Result;
use crate::evaluation::Scoring;
use crate::model::encoder_options::SentenceEncoderOptions;
use crate::split::SplitOptions;
use crate::training::default_scoring;
use crate::training::selection::{Candidate, Selection};
use crate::training::train_options::TrainOptions;
use crate::training::train_selected::{FeatureChoice, train_selected};
use crate::training::train_test_rows::TestRows;

/// The number of sentences that a speed is measured with.
const N_SENTENCES: usize = 500;

/// The options of [`advise`].
#[derive(Debug, Clone, Default)]
pub struct AdviceOptions {
    /// The criterion of the choice. The default is accuracy, or micro F1 for label sets.
    pub scoring: Option<Scoring>,
    /// The rows that are held out for the final score.
    pub split: SplitOptions,
    /// Class weights, and the stopping criterion of fits.
    pub classifier: LogisticRegressionOptions,
}

/// The best choice of one encoder, its scores and its cost.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Advice {
    /// The name of the encoder, as given.
    pub encoder: String,
    /// All candidates and the chosen one.
    pub selection: Selection,
    /// The scores of the chosen one on the held-out rows.
    #[serde(flatten)]
    pub held_out: HeldOutScores,
    /// The optimism of the cross-validated score of the choice; `selection.optimism` has more.
    pub optimism: f64,
    /// The throughput of the encoder with the chosen features.
    pub sentences_per_second: f64,
    /// The memory that the weights take.
    pub weights_bytes: usize,
    /// The data type in which the encoder computes.
    pub dtype: Dtype,
}

/// Chooses layers, pooling and C for one encoder, scores the choice on held-out rows and measures its throughput.
///
/// `encoder` is the folder of the encoder; `name` is its name in the advice.
///
/// # Errors
/// As for [`train_selected`] and [`EncoderSpeed::measure`].
///
/// ```no_run
/// use clsify::dataset::{Dataset, DatasetOptions};
/// use clsify::model::SentenceEncoderOptions;
/// use clsify::studies::{AdviceOptions, advise};
/// let dataset = Dataset::load("train.tsv", &DatasetOptions::default())?;
/// let (encoder, options) = (SentenceEncoderOptions::default(), AdviceOptions::default());
/// let advice = advise("MiniLM", "all-MiniLM-L6-v2", encoder, &dataset, &options)?;
/// println!("{}: {:.4}", advice.selection.chosen.features, advice.held_out.test_score());
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn advise(
    name: &str,
    encoder: impl AsRef<Path>,
    encoder_options: SentenceEncoderOptions,
    dataset: &Dataset,
    options: &AdviceOptions,
) -> Result<Advice> {
    let scoring = options.scoring.unwrap_or(default_scoring(dataset));
    let training = TrainOptions {
        test: TestRows::Split(options.split.clone()),
        classifier: options.classifier,
        ..TrainOptions::default()
    };
    let choice = FeatureChoice { scoring: Some(scoring), required: true };
    let trained = train_selected(encoder, encoder_options, dataset, training, choice)?;
    let (report, encoder) = (trained.report, trained.classifier.encoder());
    report.split.leakage_note().iter().for_each(|note| encoder.observer().note(note));
    let sample = &dataset.sentences()[..dataset.len().min(N_SENTENCES)];
    let speed = EncoderSpeed::measure(encoder, sample)?;
    let held_out = HeldOutScores::of(&report, scoring);
    let selection = report.selection.expect("a required choice was made");
    Ok(Advice {
        encoder: name.to_string(),
        held_out,
        optimism: selection.optimism.map_or(0.0, |optimism| optimism.optimism),
        sentences_per_second: speed.sentences_per_second,
        weights_bytes: speed.weights_bytes,
        dtype: encoder.dtype(),
        selection,
    })
}

impl Advice {
    /// The estimated throughput of another candidate of the same encoder: the measured one, scaled by the operations that each needs.
    ///
    /// A candidate counts as at least one hundredth of the most expensive one. The embeddings alone need almost no operations, but
    /// looking them up takes time.
    pub fn speed_of(&self, candidate: &Candidate) -> f64 {
        let most = self.selection.candidates.iter().map(|c| c.operations).fold(1.0, f64::max);
        let cost = |candidate: &Candidate| candidate.operations.max(0.01 * most);
        self.sentences_per_second * cost(&self.selection.chosen) / cost(candidate)
    }
}

/// Sorts advice by the score of the choice, the best first.
pub fn rank_advice(found: &mut [Advice]) {
    found.sort_by(|a, b| b.selection.chosen_scores.score.total_cmp(&a.selection.chosen_scores.score));
}

/// The fastest choice that does not trail the best by more than one standard error of the difference, row by row. `found` is ranked
/// as [`rank_advice`] does.
pub fn advised(found: &[Advice]) -> Option<&Advice> {
    let best = found.first()?;
    let is_near = |advice: &&Advice| {
        let (behind, error) = best.selection.chosen_scores.above(&advice.selection.chosen_scores);
        behind <= error
    };
    let by_speed = |a: &&Advice, b: &&Advice| a.sentences_per_second.total_cmp(&b.sentences_per_second);
    let near = found.iter().filter(is_near).max_by(by_speed)?;
    // A choice that is at least as good and as fast as this one wins, even if it differs more from the best.
    let wins = |advice: &&Advice| {
        advice.sentences_per_second >= near.sentences_per_second
            && advice.selection.chosen_scores.score >= near.selection.chosen_scores.score
    };
    found.iter().filter(wins).max_by(by_speed)
}

/// The best of all candidates whose estimated throughput is at least twice `sentences_per_second`.
pub fn faster_candidate(found: &[Advice], sentences_per_second: f64) -> Option<(&Advice, &Candidate)> {
    let all = found.iter().flat_map(|advice| advice.selection.candidates.iter().map(move |c| (advice, c)));
    let fast = all.filter(|(advice, candidate)| advice.speed_of(candidate) >= 2.0 * sentences_per_second);
    fast.max_by(|(_, a), (advice, b)| advice.selection.scoring.compare(a.score, b.score))
}
