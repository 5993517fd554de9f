//! The encoder, layers, pooling and C that are worth their cost for given sentences.

use std::path::Path;

use serde::Serialize;

use super::held_out_scores::HeldOutScores;
use super::speed::EncoderSpeed;
use super::tuned_advice::TunedAdvice;
use crate::classifier::LogisticRegressionOptions;
use crate::dataset::Dataset;
use crate::encoder::Dtype;
use crate::error::Result;
use crate::evaluation::{RowScores, Scoring};
use crate::model::encoder_options::SentenceEncoderOptions;
use crate::split::SplitOptions;
use crate::training::default_scoring;
use crate::training::selection::{Candidate, Selection};
use crate::training::train_options::TrainOptions;
use crate::training::train_selected::{FeatureChoice, train_selected};
use crate::training::train_test_rows::TestRows;
use crate::training::tuned_encoder::tuned_folder;
use crate::tuning::TuneOptions;

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
    /// The options of fine-tuning, if that is a candidate too; `estimate`, `resume` and `checkpoint_every` have no effect.
    pub tune: Option<TuneOptions>,
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
    /// The time of the choice and the fit, in seconds.
    pub training_seconds: f64,
    /// The tuned encoder, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tuned: Option<TunedAdvice>,
}

/// Chooses layers, pooling and C for one encoder, scores the choice on held-out rows and measures its throughput; also tunes the
/// encoder, if that is asked for.
///
/// `encoder` is the folder of the encoder; `name` is its name in the advice.
///
/// # Errors
/// As for [`train_selected`], [`EncoderSpeed::measure`] and [`train_tuned`](crate::training::train_tuned).
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
    let folder = encoder.as_ref();
    // Options out of range and folders that cannot be written to are found before anything takes time.
    let tuning = match &options.tune {
        Some(tune) => {
            tune.settings(dataset.len(), 1)?;
            Some((tune, tuned_folder()?))
        }
        None => None,
    };
    let mut advice = frozen((folder, encoder_options.clone()), name, dataset, (&training, scoring))?;
    if let Some((tune, beside)) = tuning {
        let (encoder, tune) = ((folder, encoder_options), (tune, beside.as_path()));
        let tuned = TunedAdvice::measure(encoder, dataset, (&training, scoring), tune, sample(dataset))?;
        advice.tuned = Some(tuned);
    }
    Ok(advice)
}

/// The sentences that a speed is measured with.
fn sample(dataset: &Dataset) -> &[String] {
    &dataset.sentences()[..dataset.len().min(N_SENTENCES)]
}

/// The advice without fine-tuning.
fn frozen(
    (folder, encoder_options): (&Path, SentenceEncoderOptions),
    name: &str,
    dataset: &Dataset,
    (training, scoring): (&TrainOptions, Scoring),
) -> Result<Advice> {
    let choice = FeatureChoice { scoring: Some(scoring), required: true };
    let trained = train_selected(folder, encoder_options, dataset, training.clone(), choice)?;
    let (report, encoder) = (trained.report, trained.classifier.encoder());
    report.split.leakage_note().iter().for_each(|note| encoder.observer().warn(note));
    let speed = EncoderSpeed::measure(encoder, sample(dataset))?;
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
        training_seconds: report.seconds.total,
        tuned: None,
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

/// The fastest choice of features that does not trail the best by more than one standard error of the difference, row by row.
/// Tuned encoders are compared by [`advised_tuning`].
pub fn advised(found: &[Advice]) -> Option<&Advice> {
    fastest_near_best(found.iter().map(|advice| Choice {
        of: advice,
        scores: &advice.selection.chosen_scores,
        sentences_per_second: advice.sentences_per_second,
    }))
}

/// The advised tuned encoder, if tuning is advised: the fastest that does not trail the best tuned one by more than one standard
/// error, provided that it is better than the frozen encoder of [`advised`] by more than one. All were compared on the same rows.
pub fn advised_tuning(found: &[Advice]) -> Option<(&Advice, &TunedAdvice)> {
    let frozen = advised(found)?.tuned.as_ref()?;
    let tuned = found.iter().filter_map(|advice| Some((advice, advice.tuned.as_ref()?)));
    let best = fastest_near_best(tuned.map(|(advice, tuned)| Choice {
        of: (advice, tuned),
        scores: &tuned.scores,
        sentences_per_second: tuned.sentences_per_second,
    }))?;
    let (above, error) = best.1.scores.above(&frozen.frozen_scores);
    (above > error).then_some(best)
}

/// One of several choices.
struct Choice<'a, T> {
    of: T,
    scores: &'a RowScores,
    sentences_per_second: f64,
}

/// The fastest choice that does not trail the best by more than one standard error of the difference, row by row.
fn fastest_near_best<'a, T>(choices: impl Iterator<Item = Choice<'a, T>>) -> Option<T> {
    let mut choices: Vec<Choice<T>> = choices.collect();
    choices.sort_by(|a, b| b.scores.score.total_cmp(&a.scores.score));
    let best = choices.first()?.scores;
    let is_near = |choice: &&Choice<T>| {
        let (behind, error) = best.above(choice.scores);
        behind <= error
    };
    let by_speed = |a: &&Choice<T>, b: &&Choice<T>| a.sentences_per_second.total_cmp(&b.sentences_per_second);
    let near = choices.iter().filter(is_near).max_by(by_speed)?;
    // A choice that is at least as good and as fast as this one wins, even if it differs more from the best.
    let (speed, score) = (near.sentences_per_second, near.scores.score);
    let wins = |choice: &Choice<T>| choice.sentences_per_second >= speed && choice.scores.score >= score;
    choices.retain(wins);
    choices.into_iter().max_by(|a, b| by_speed(&a, &b)).map(|choice| choice.of)
}

/// The best of all candidates whose estimated throughput is at least twice `sentences_per_second`.
pub fn faster_candidate(found: &[Advice], sentences_per_second: f64) -> Option<(&Advice, &Candidate)> {
    let all = found.iter().flat_map(|advice| advice.selection.candidates.iter().map(move |c| (advice, c)));
    let fast = all.filter(|(advice, candidate)| advice.speed_of(candidate) >= 2.0 * sentences_per_second);
    fast.max_by(|(_, a), (advice, b)| advice.selection.scoring.compare(a.score, b.score))
}
