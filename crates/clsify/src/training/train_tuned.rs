//! Training with a tuned encoder: the frozen encoder and the tuned one are compared on training rows that neither has
//! learned from, and the model gets the tuned one, unless the frozen one is better by more than a standard error.
//!
//! With enough rows, a tenth of the training rows is held out, and the encoder that has learned from the others is kept.
//! With few, folds are held out in turn, and the encoder that is kept has learned from all of them. Either way
//! calibration and decision rules are fitted on logits of rows that the encoder in question has not seen.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::descriptions::Describe;
use super::plan::{Fit, Plan};
use super::selection_rows::{interval, row_scores, shown_score};
use super::train::{self, Trained};
use super::train_options::TrainOptions;
use super::train_selected::{FeatureChoice, default_scoring, train_selected};
use super::train_test_rows::TestRows;
use super::tuned_encoder::{Texts, or_at_half_rate};
use super::tuner::{Tuned, Tuner};
use super::tuning_cost::TuningCost;
use crate::dataset::Dataset;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{RowScores, Scoring};
use crate::files::{TemporaryFolder, remove_leftovers};
use crate::matrix::Matrix;
use crate::model::encoder_options::SentenceEncoderOptions;
use crate::model::model_folder::tuning_state;
use crate::model::sentence_classifier::SentenceClassifier;
use crate::observer::WithoutNotes;
use crate::split::{Split, SplitOptions, TestSize, folds, split_rows};
use crate::targets::Targets;
use crate::tuning::run::Task;
use crate::tuning::{ComparedScore, TuneOptions, TuningReport};

/// From this number of training rows on, some are held out once; below, folds are held out in turn.
const ENOUGH_ROWS: usize = 320;
/// The smallest number of rows that are held out once.
const LEAST_HELD_OUT: usize = 50;
const N_SPLITS: usize = 4;

/// Tunes an encoder and trains a classifier with it, or with the frozen encoder if that is clearly better. `encoder` is the folder of the
/// encoder. The tuned encoder is written beside `beside`, into a folder that goes with the result; a model that is saved with
/// [`SaveOptions::bundle_encoder`](crate::model::SaveOptions::bundle_encoder) has a copy of it.
///
/// Test rows take no part: rows held out of the training rows decide.
///
/// # Errors
/// As for [`train_selected`]; [`ErrorKind::InvalidArgument`] for options out of range; [`ErrorKind::Diverged`] if the loss is
/// not finite, also with half the learning rate.
///
/// ```no_run
/// use clsify::dataset::{Dataset, DatasetOptions};
/// use clsify::model::{SaveOptions, SentenceEncoderOptions};
/// use clsify::training::{TrainOptions, train_tuned};
/// use clsify::tuning::TuneOptions;
/// let dataset = Dataset::load("train.tsv", &DatasetOptions::default())?;
/// let (encoder, options) = (SentenceEncoderOptions::default(), TrainOptions::default());
/// let trained = train_tuned("all-MiniLM-L6-v2", encoder, &dataset, options, &TuneOptions::default(), "model")?;
/// trained.classifier.save_with("model", SaveOptions { bundle_encoder: true })?;
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn train_tuned(
    encoder: impl AsRef<Path>,
    encoder_options: SentenceEncoderOptions,
    dataset: &Dataset,
    options: TrainOptions,
    tune: &TuneOptions,
    beside: impl AsRef<Path>,
) -> Result<Trained> {
    let (started, folder, observer) = (Instant::now(), encoder.as_ref(), encoder_options.observer.clone());
    let plan = Plan::of(dataset, &options, observer.as_ref())?;
    let scoring = default_scoring(dataset);
    let compared = compare((folder, &encoder_options), &plan, (&options, scoring), tune, beside.as_ref())?;
    let state = compared.state.clone();
    let mut trained = if compared.report.is_kept {
        compared.into_trained(plan, &options, &encoder_options)?
    } else {
        observer.note(
            "the frozen encoder is better on held-out rows than the tuned one: the model has the frozen one",
        );
        let report = compared.report;
        let mut trained =
            train_selected(folder, encoder_options, dataset, options, FeatureChoice::default())?;
        trained.report.tuning = Some(report);
        trained
    };
    // Until the model is saved, a run that fails can go on from the state.
    trained.classifier = trained.classifier.after_tuning(state);
    trained.report.seconds.total = started.elapsed().as_secs_f64();
    Ok(trained)
}

/// A tuned encoder, and its scores beside those of the frozen one on training rows that neither has learned from.
pub(crate) struct Compared {
    pub(crate) report: TuningReport,
    pub(crate) frozen_scores: RowScores,
    text: Texts,
    tuned: Tuned,
    /// The tuned encoder.
    folder: TemporaryFolder,
    /// Where its state is kept, if it is.
    state: Option<PathBuf>,
}

/// Tunes the encoder of a folder, and compares it with the frozen one by `scoring`. Files are written beside `beside`.
pub(crate) fn compare(
    (folder, encoder_options): (&Path, &SentenceEncoderOptions),
    plan: &Plan,
    (options, scoring): (&TrainOptions, Scoring),
    tune: &TuneOptions,
    beside: &Path,
) -> Result<Compared> {
    if !matches!(options.describe, Describe::Nothing) {
        let message = "expected no descriptions of labels with a tuned encoder, got some";
        return Err(Error::new(ErrorKind::InvalidArgument, message).with_hint("leave out one of them"));
    }
    let (targets, observer) = (&plan.rows.train, encoder_options.observer.as_ref());
    let train = plan.rows.dataset.select_rows(&plan.rows.split.train);
    let text = Texts::read(folder, encoder_options, &train)?;
    let settings = tune.settings(targets.len(), text.hidden_size)?;
    let splits = tuning_splits(targets, settings.seed)?;
    let frozen_scores = frozen_scores(folder, encoder_options, plan, options, &splits, scoring)?;

    let estimated_seconds = if tune.estimate {
        let classifier = options.classifier;
        let task = Task { folder, encodings: &text.encodings, targets, classifier, settings, observer };
        Some(TuningCost::measure(&task)?.announce(&task, &splits))
    } else {
        None
    };
    let started = Instant::now();
    remove_leftovers(beside);
    let temporary = TemporaryFolder::beside(beside)?;
    let tuner = Tuner {
        folder,
        text: &text,
        targets,
        classifier: options.classifier,
        splits: &splits,
        scoring,
        observer,
        output: beside,
        tune,
    };
    let tuned = or_at_half_rate(settings, observer, |settings| tuner.tune(settings, temporary.path()))?;
    let seconds = started.elapsed().as_secs_f64();
    let held_out = targets.select_rows(&tuned.held_out_rows);
    let compared = |scores: &RowScores| -> Result<ComparedScore> {
        let score = shown_score(scoring, scores);
        Ok(ComparedScore { score, ci95: interval(&held_out, scoring, scores)? })
    };
    // A few held-out rows must not decide by luck against what usually helps.
    let (above, error) = frozen_scores.above(&tuned.scores);
    let report = TuningReport {
        settings: tuned.settings,
        n_rows: tuned.n_rows,
        n_held_out: tuned.held_out_rows.len(),
        n_splits: splits.len(),
        scoring,
        chosen_epoch: tuned.chosen_epoch,
        epochs_done: tuned.epochs.clone(),
        tuned: compared(&tuned.scores)?,
        frozen: compared(&frozen_scores)?,
        is_kept: above <= error,
        seconds,
        estimated_seconds,
    };
    // With folds no state is kept.
    let state = (splits.len() == 1).then(|| tuning_state(beside));
    Ok(Compared { report, frozen_scores, text, tuned, folder: temporary, state })
}

impl Compared {
    /// The scores of the tuned encoder.
    pub(crate) fn tuned_scores(&self) -> &RowScores {
        &self.tuned.scores
    }

    /// The model with the tuned encoder.
    pub(crate) fn into_trained(
        self,
        plan: Plan,
        options: &TrainOptions,
        encoder_options: &SentenceEncoderOptions,
    ) -> Result<Trained> {
        let fit = Fit {
            options: options.classifier,
            search: None,
            classifier: self.tuned.classifier,
            prior: None,
            n_splits: self.report.n_splits,
            held_out_logits: self.tuned.held_out_logits,
            held_out_rows: Some(self.tuned.held_out_rows),
        };
        let encoder = self.text.load_tuned(self.folder, encoder_options)?;
        let mut trained = train::train_fitted(encoder, plan, options, fit)?;
        trained.classifier = trained.classifier.with_tuned_encoder();
        trained.report.tuning = Some(self.report);
        Ok(trained)
    }
}

/// The rows to learn from and those to hold out, as places in the training rows.
pub(crate) fn tuning_splits(rows: &Targets, seed: u32) -> Result<Vec<Split>> {
    if rows.len() < ENOUGH_ROWS {
        return folds(rows, N_SPLITS).map_err(|e| {
            e.at("rows held out for tuning").with_hint("give more rows to each class, or leave out --tune")
        });
    }
    let n_held_out = (rows.len() / 10).max(LEAST_HELD_OUT);
    let options =
        SplitOptions { seed, test_size: TestSize::Count(n_held_out), stratify: rows.groups().is_none() };
    // A class with a single row cannot be divided.
    let split = split_rows(rows, &options)
        .or_else(|_| split_rows(rows, &SplitOptions { stratify: false, ..options }));
    Ok(vec![split?])
}

/// The scores of the frozen encoder on the held-out rows, with features that are chosen without them.
fn frozen_scores(
    folder: &Path,
    encoder_options: &SentenceEncoderOptions,
    plan: &Plan,
    options: &TrainOptions,
    splits: &[Split],
    scoring: Scoring,
) -> Result<RowScores> {
    let (rows, own) = (&plan.rows, &plan.rows.own);
    let (mut logits, mut held_out) = (Vec::new(), Vec::new());
    for split in splits {
        let of = |places: &[usize]| -> Vec<usize> {
            places.iter().map(|&place| rows.split.train[place]).collect()
        };
        let learn = rows.dataset.select_rows(&of(&split.train));
        let test = rows.dataset.select_rows(&of(&split.test));
        let sentences = test.sentences().to_vec();
        let options = TrainOptions {
            test: TestRows::Dataset(test),
            classifier: options.classifier,
            scaling: options.scaling,
            ..TrainOptions::default()
        };
        // Notes about a part of the rows would only confuse.
        let observer = Arc::new(WithoutNotes(encoder_options.observer.clone()));
        let quiet = SentenceEncoderOptions { observer, ..encoder_options.clone() };
        let choice = FeatureChoice { scoring: Some(scoring), required: false };
        let trained = train_selected(folder, quiet, &learn, options, choice)?;
        let features = trained.classifier.encoder().encode(&sentences)?.features;
        logits.extend(named_logits(&trained.classifier, &features, own));
        held_out.extend_from_slice(&split.test);
    }
    Ok(row_scores(&rows.train.select_rows(&held_out), scoring, &logits))
}

/// The logits of a classifier whose classes are some of `names`, in the order of these.
fn named_logits(classifier: &SentenceClassifier, features: &Matrix, names: &[String]) -> Vec<f64> {
    let known = classifier.classes();
    let own = classifier.classifier().logits_of_all(features, known.len());
    let place_of = |name: &String| known.binary_search(name).ok();
    let places: Vec<Option<usize>> = names.iter().map(place_of).collect();
    let rows = own.chunks_exact(known.len());
    rows.flat_map(|row| places.iter().map(|place| place.map_or(f64::NEG_INFINITY, |place| row[place])))
        .collect()
}
