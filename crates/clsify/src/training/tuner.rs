//! Runs of tuning on some training rows, and their scores on the others: the encoder to keep.

use std::path::Path;
use std::time::Instant;

use super::selection_rows::{row_scores, shown_score};
use super::tuned_encoder::{Texts, nothing_done};
use crate::classifier::{LinearClassifier, LogisticRegressionOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{RowScores, Scoring};
use crate::model::model_folder::tuning_state;
use crate::observer::Observer;
use crate::split::Split;
use crate::targets::Targets;
use crate::tuning::checkpoint::{Best, TuningCheckpoint};
use crate::tuning::run::{Resume, Task};
use crate::tuning::{EpochReport, TuneOptions, TuneSettings};

/// What all attempts of tuning share.
pub(super) struct Tuner<'a> {
    pub(super) folder: &'a Path,
    pub(super) text: &'a Texts,
    pub(super) targets: &'a Targets,
    pub(super) classifier: LogisticRegressionOptions,
    pub(super) splits: &'a [Split],
    pub(super) scoring: Scoring,
    pub(super) observer: &'a dyn Observer,
    /// The folder of the model, beside which the state of a run is kept.
    pub(super) output: &'a Path,
    pub(super) tune: &'a TuneOptions,
}

/// A tuned encoder, which is in a folder.
pub(super) struct Tuned {
    pub(super) settings: TuneSettings,
    pub(super) n_rows: usize,
    pub(super) classifier: LinearClassifier,
    /// Places in the training rows, and their logits.
    pub(super) held_out_rows: Vec<usize>,
    pub(super) held_out_logits: Vec<f64>,
    pub(super) scores: RowScores,
    pub(super) epochs: Vec<EpochReport>,
    pub(super) chosen_epoch: usize,
}

impl Tuner<'_> {
    /// Tunes by these settings; the encoder to keep is written to the folder `target`.
    pub(super) fn tune(&self, settings: TuneSettings, target: &Path) -> Result<Tuned> {
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
        let of_logits = |logits: &[f64]| row_scores(&held_out, self.scoring, logits);
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
            let score = shown_score(self.scoring, &found);
            self.observer.note(&format!(
                "epoch {} of {}: loss {:.3}, {} on {} held-out rows {:.3}",
                after.epoch,
                task.settings.epochs,
                after.report.loss,
                self.scoring,
                held_out.len(),
                score
            ));
            let is_better = best.as_ref().is_none_or(|(_, earlier)| {
                let (above, error) = earlier.above(&found);
                above <= 2.0 * error
            });
            if is_better {
                self.text.save(task, &after, target)?;
                best = Some((Best::of(&after), found));
            }
            classifier = Some(after.classifier.clone());
            if let Some((best, _)) =
                best.as_ref().filter(|_| saved.elapsed() >= self.tune.checkpoint_every && !after.is_last)
            {
                let this = EpochReport { held_out_score: Some(score), ..after.report };
                let epochs = after.earlier.iter().copied().chain([this]).collect();
                checkpoint.save(after.model, epochs, best.clone(), target)?;
                saved = Instant::now();
            }
            Ok(Some(score))
        })?;
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
        Ok(TuningCheckpoint::new(tuning_state(self.output), parts.iter().map(Vec::as_slice)))
    }

    /// Takes a few minutes at most, so that its state is not kept.
    fn hold_out_in_turn(&self, task: &Task, folds: &[Split], target: &Path) -> Result<Tuned> {
        let rows = self.targets;
        if self.tune.resume {
            self.observer.note(&format!(
                "nothing to resume: with {} training rows no state is kept, because folds are held out in turn",
                rows.len()
            ));
        }
        let (mut held_out_rows, mut held_out_logits) = (Vec::new(), Vec::new());
        for (i, fold) in folds.iter().enumerate() {
            task.run(&fold.train, &fold.test, None, &mut |after| {
                if after.is_last {
                    let found =
                        row_scores(&rows.select_rows(&fold.test), self.scoring, after.held_out_logits);
                    task.observer.note(&format!(
                        "fold {} of {}: loss {:.3}, {} on {} held-out rows {:.3}",
                        i + 1,
                        folds.len(),
                        after.report.loss,
                        self.scoring,
                        fold.test.len(),
                        shown_score(self.scoring, &found)
                    ));
                    held_out_logits.extend_from_slice(after.held_out_logits);
                    held_out_rows.extend_from_slice(&fold.test);
                }
                Ok(None)
            })?;
            if self.observer.should_stop() {
                let hint = "with so few rows every fold comes before the encoder to keep: let it run to the end, or choose fewer --epochs";
                return Err(nothing_done().with_hint(hint));
            }
        }
        let scores = row_scores(&rows.select_rows(&held_out_rows), self.scoring, &held_out_logits);
        let all: Vec<usize> = (0..rows.len()).collect();
        let (classifier, epochs) = self.text.tune_all(task, &all, target)?;
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
