//! Training with a tuned encoder: the frozen encoder and the tuned one are compared on training rows that neither has
//! learned from, and the model gets the tuned one, unless the frozen one is better by more than a standard error.
//!
//! With enough rows, a tenth of the training rows is held out, and the encoder that has learned from the others is kept.
//! With few, folds are held out in turn, and the encoder that is kept has learned from all of them. Either way
//! calibration and decision rules are fitted on logits of rows that the encoder in question has not seen.

use std::path::Path;
use std::time::Instant;

use super::plan::{Fit, Plan};
use super::train::{self, Trained};
use super::train_options::TrainOptions;
use super::train_selected::{FeatureChoice, default_scoring, train_selected};
use super::train_test_rows::TestRows;
use crate::classifier::{LinearClassifier, LogisticRegressionOptions};
use crate::dataset::Dataset;
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{RowScores, Scoring};
use crate::features::Pooling;
use crate::files::TemporaryFolder;
use crate::matrix::Matrix;
use crate::model::encoder_identity::FileHash;
use crate::model::encoder_options::SentenceEncoderOptions;
use crate::model::sentence_classifier::SentenceClassifier;
use crate::model::sentence_encoder::SentenceEncoder;
use crate::observer::Observer;
use crate::split::{Split, SplitOptions, TestSize, folds, split_rows};
use crate::targets::{Labels, Targets};
use crate::tokenizer::Encoding;
use crate::tuning::checkpoint::{Best, TuningCheckpoint};
use crate::tuning::run::{AfterEpoch, Resume, Task};
use crate::tuning::save::save;
use crate::tuning::{ComparedScore, EpochReport, TuneOptions, TuneSettings, TuningReport};

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
    let (folder, observer) = (encoder.as_ref(), encoder_options.observer.clone());
    let plan = Plan::of(dataset, &options, observer.as_ref())?;
    let scoring = default_scoring(dataset);
    let rows = &plan.rows.train;
    let text = read_texts(folder, &encoder_options, &plan)?;
    let settings = tune.settings(rows.len(), text.hidden_size)?;
    let splits = splits(rows, settings.seed)?;
    let frozen_scores = frozen_scores(folder, &encoder_options, &plan, &options, &splits, scoring)?;

    let started = Instant::now();
    let temporary = TemporaryFolder::beside(&beside)?;
    let observer = observer.as_ref();
    let (targets, classifier) = (&plan.rows.train, options.classifier);
    let output = beside.as_ref();
    let tuner =
        Tuner { folder, text: &text, targets, classifier, splits: &splits, scoring, observer, output, tune };
    let tuned = match tuner.tune(settings, temporary.path()) {
        Err(error) if error.kind() == ErrorKind::Diverged => {
            let half = settings.learning_rate / 2.0;
            observer.note(&format!("{error}: tuning starts again with a learning rate of {half:e}"));
            tuner.tune(TuneSettings { learning_rate: half, ..settings }, temporary.path())?
        }
        other => other?,
    };
    let seconds = started.elapsed().as_secs_f64();
    // A few held-out rows must not decide by luck against what usually helps.
    let (above, error) = frozen_scores.above(&tuned.scores);
    let is_kept = above <= error;
    let report = TuningReport {
        settings: tuned.settings,
        n_rows: tuned.n_rows,
        n_held_out: tuned.held_out_rows.len(),
        n_splits: splits.len(),
        scoring,
        chosen_epoch: tuned.chosen_epoch,
        epochs_done: tuned.epochs,
        tuned: ComparedScore::of(&tuned.scores),
        frozen: ComparedScore::of(&frozen_scores),
        is_kept,
        seconds,
    };
    let mut trained = if is_kept {
        let name = Some(format!("{} (tuned)", text.name));
        let tuned_options = SentenceEncoderOptions { name, ..tuned_options(&encoder_options) };
        let encoder = SentenceEncoder::load_with(temporary.path(), tuned_options)?.in_temporary(temporary);
        let fit = Fit {
            options: options.classifier,
            search: None,
            classifier: tuned.classifier,
            prior: None,
            n_splits: splits.len(),
            held_out_logits: tuned.held_out_logits,
            held_out_rows: Some(tuned.held_out_rows),
        };
        train::train_fitted(encoder, plan, &options, fit)?
    } else {
        observer.note(
            "the frozen encoder is better on held-out rows than the tuned one: the model has the frozen one",
        );
        train_selected(folder, encoder_options, dataset, options, FeatureChoice::default())?
    };
    trained.report.tuning = Some(report);
    Ok(trained)
}

/// The mean of the last layer, without a cache: a tuned encoder is new each time.
fn tuned_options(options: &SentenceEncoderOptions) -> SentenceEncoderOptions {
    SentenceEncoderOptions { features: Pooling::Mean.into(), cache: None, ..options.clone() }
}

/// The training rows as token ids, and what else of the encoder is needed.
struct Texts {
    encodings: Vec<Encoding>,
    max_length: usize,
    hidden_size: usize,
    name: String,
    /// The files of the encoder.
    files: Vec<FileHash>,
}

/// Tokenizes the training rows. The encoder's weights are read again to be tuned, and not kept here.
fn read_texts(folder: &Path, options: &SentenceEncoderOptions, plan: &Plan) -> Result<Texts> {
    let encoder = SentenceEncoder::load_with(folder, tuned_options(options))?;
    let train = plan.rows.dataset.select_rows(&plan.rows.split.train);
    let encodings = encoder.tokenizer().encode_batch(train.sentences());
    Ok(Texts {
        encodings: encodings.map_err(|error| error.at_line_of(train.lines()))?,
        max_length: encoder.tokenizer().max_length(),
        hidden_size: encoder.config().hidden_size,
        name: encoder.name().to_string(),
        files: encoder.files().hashes(encoder.hash_memory())?,
    })
}

/// The rows to learn from and those to hold out, as places in the training rows.
fn splits(rows: &Targets, seed: u32) -> Result<Vec<Split>> {
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

/// The scores of rows by their logits of all classes or labels.
fn scores(scoring: Scoring, logits: &[f64], rows: &Targets) -> RowScores {
    let weights = rows.weight_that_counts();
    match rows.labels() {
        Labels::Classes { class_ids, n_classes } => {
            RowScores::of_classes(scoring, logits, class_ids, *n_classes, weights)
        }
        Labels::Sets(sets) => RowScores::of_label_sets(scoring, logits, sets, weights),
    }
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
        let quiet = SentenceEncoderOptions { observer: std::sync::Arc::new(()), ..encoder_options.clone() };
        let trained = train_selected(folder, quiet, &learn, options, FeatureChoice::default())?;
        let features = trained.classifier.encoder().encode(&sentences)?.features;
        logits.extend(named_logits(&trained.classifier, &features, own));
        held_out.extend_from_slice(&split.test);
    }
    Ok(scores(scoring, &logits, &rows.train.select_rows(&held_out)))
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

fn nothing_done() -> Error {
    Error::new(ErrorKind::InvalidArgument, "tuning was stopped before there was an encoder to keep")
}

/// What all attempts of tuning share.
struct Tuner<'a> {
    folder: &'a Path,
    text: &'a Texts,
    targets: &'a Targets,
    classifier: LogisticRegressionOptions,
    splits: &'a [Split],
    scoring: Scoring,
    observer: &'a dyn Observer,
    /// The folder of the model, beside which the state of a run is kept.
    output: &'a Path,
    tune: &'a TuneOptions,
}

/// A tuned encoder, which is in a folder.
struct Tuned {
    settings: TuneSettings,
    n_rows: usize,
    classifier: LinearClassifier,
    /// Places in the training rows, and their logits.
    held_out_rows: Vec<usize>,
    held_out_logits: Vec<f64>,
    scores: RowScores,
    epochs: Vec<EpochReport>,
    chosen_epoch: usize,
}

impl Tuner<'_> {
    fn tune(&self, settings: TuneSettings, target: &Path) -> Result<Tuned> {
        let task = Task {
            folder: self.folder,
            encodings: &self.text.encodings,
            targets: self.targets,
            classifier: self.classifier,
            settings,
            observer: self.observer,
        };
        match self.splits {
            [split] => self.hold_out_once(&task, split, target),
            folds => self.hold_out_in_turn(&task, folds, target),
        }
    }

    /// The epoch is the last one, unless an earlier one is better by more than two standard errors. Its encoder is in
    /// the folder `target`.
    fn hold_out_once(&self, task: &Task, split: &Split, target: &Path) -> Result<Tuned> {
        let held_out = self.targets.select_rows(&split.test);
        let of_logits = |logits: &[f64]| scores(self.scoring, logits, &held_out);
        let checkpoint = self.checkpoint(task)?;
        let state = if self.tune.resume { checkpoint.state()? } else { None };
        let mut best: Option<(Best, RowScores)> = state.as_ref().map(|state| {
            let scores = of_logits(&state.best.logits());
            (state.best.clone(), scores)
        });
        if self.tune.resume {
            let done = state.as_ref().map_or("nothing to resume: starting at epoch 1".to_string(), |state| {
                format!("resuming after epoch {} of {}", state.epochs.len(), task.settings.epochs)
            });
            self.observer.note(&done);
        }
        let resume = state.map(|state| -> Box<Resume> {
            Box::new(|model| checkpoint.restore(model, target).map(|()| state.epochs))
        });
        let (mut saved, mut classifier) = (Instant::now(), None);
        let epochs = task.run(&split.train, &split.test, resume, &mut |after| {
            let found = of_logits(after.held_out_logits);
            let score = found.score;
            self.observer.note(&format!(
                "epoch {} of {}: loss {:.3}, {} on {} held-out rows {:.3}",
                after.epoch,
                task.settings.epochs,
                after.loss,
                self.scoring,
                held_out.len(),
                score
            ));
            let is_better = best.as_ref().is_none_or(|(_, earlier)| {
                let (above, error) = earlier.above(&found);
                above <= 2.0 * error
            });
            if is_better {
                self.save(&after, &task.settings, target)?;
                best = Some((Best::of(&after), found));
            }
            classifier = Some(after.classifier.clone());
            if let Some((best, _)) =
                best.as_ref().filter(|_| saved.elapsed() >= self.tune.checkpoint_every && !after.is_last)
            {
                let this =
                    EpochReport { loss: after.loss, held_out_score: Some(score), seconds: after.seconds };
                let epochs = after.earlier.iter().copied().chain([this]).collect();
                checkpoint.save(after.model, epochs, best.clone(), target)?;
                saved = Instant::now();
            }
            Ok(Some(score))
        })?;
        checkpoint.remove();
        let Some(((best, scores), classifier)) = best.zip(classifier) else { return Err(nothing_done()) };
        Ok(Tuned {
            settings: task.settings,
            n_rows: split.train.len(),
            classifier: classifier.with_weights(&best.coef, &best.intercept),
            held_out_rows: split.test.clone(),
            held_out_logits: best.logits(),
            scores,
            epochs,
            chosen_epoch: best.epoch,
        })
    }

    fn checkpoint(&self, task: &Task) -> Result<TuningCheckpoint> {
        let mut folder = self.output.as_os_str().to_owned();
        folder.push(".tuning");
        let json = |e: serde_json::Error| Error::new(ErrorKind::Model, e.to_string()).caused_by(e);
        let parts = [
            serde_json::to_vec(&task.settings).map_err(json)?,
            serde_json::to_vec(&self.text.files).map_err(json)?,
            format!("{:?} {:?} {:?}", self.classifier, self.targets, self.splits).into_bytes(),
            self.text
                .encodings
                .iter()
                .flat_map(|e| e.input_ids.iter().flat_map(|id| id.to_le_bytes()))
                .collect(),
        ];
        Ok(TuningCheckpoint::new(folder.into(), parts.iter().map(Vec::as_slice)))
    }

    fn save(&self, after: &AfterEpoch, settings: &TuneSettings, target: &Path) -> Result<()> {
        save(target, self.folder, &after.model.encoder, settings.save_dtype, self.text.max_length)
    }

    /// Takes a few minutes at most, so that its state is not kept.
    fn hold_out_in_turn(&self, task: &Task, folds: &[Split], target: &Path) -> Result<Tuned> {
        let rows = self.targets;
        let (mut held_out_rows, mut held_out_logits) = (Vec::new(), Vec::new());
        for (i, fold) in folds.iter().enumerate() {
            task.run(&fold.train, &fold.test, None, &mut |after| {
                if after.is_last {
                    let found = scores(self.scoring, after.held_out_logits, &rows.select_rows(&fold.test));
                    task.observer.note(&format!(
                        "fold {} of {}: loss {:.3}, {} on {} held-out rows {:.3}",
                        i + 1,
                        folds.len(),
                        after.loss,
                        self.scoring,
                        fold.test.len(),
                        found.score
                    ));
                    held_out_logits.extend_from_slice(after.held_out_logits);
                    held_out_rows.extend_from_slice(&fold.test);
                }
                Ok(None)
            })?;
            if self.observer.should_stop() {
                return Err(nothing_done());
            }
        }
        let scores = scores(self.scoring, &held_out_logits, &rows.select_rows(&held_out_rows));
        let all: Vec<usize> = (0..rows.len()).collect();
        let mut classifier = None;
        let epochs = task.run(&all, &[], None, &mut |after| {
            if after.is_last {
                self.save(&after, &task.settings, target)?;
                classifier = Some(after.classifier.clone());
            }
            Ok(None)
        })?;
        let Some(classifier) = classifier else { return Err(nothing_done()) };
        Ok(Tuned {
            settings: task.settings,
            n_rows: all.len(),
            classifier,
            held_out_rows,
            held_out_logits,
            scores,
            chosen_epoch: epochs.len(),
            epochs,
        })
    }
}
