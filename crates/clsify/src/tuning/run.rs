//! A run of fine-tuning: epochs of steps, and the logits of held-out rows after each.

use std::path::Path;
use std::time::{Duration, Instant};

use super::batches::batches;
use super::head::{Head, Loss, outputs};
use super::memory;
use super::model::{PART_TOKENS, TunedModel};
use super::options::TuneSettings;
use super::report::EpochReport;
use super::schedule::Schedule;
use crate::classifier::{ClassWeight, LinearClassifier, LogisticRegressionOptions};
use crate::encoder::EncoderConfig;
use crate::encoder::trainable::{Step, TrainableEncoder};
use crate::error::{Error, ErrorKind, Result};
use crate::features::Pooling;
use crate::matrix::Matrix;
use crate::observer::{GoOn, Observer, Stage, advance, check_cancelled};
use crate::targets::{Labels, Targets};
use crate::tokenizer::{Batch, Encoding};

/// The tokens of a batch of sentences that are only encoded.
const TOKENS: usize = 1024;

/// What a run learns from.
pub(crate) struct Task<'a> {
    /// The folder of the encoder.
    pub(crate) folder: &'a Path,
    /// The token ids of all rows.
    pub(crate) encodings: &'a [Encoding],
    /// Those of all rows.
    pub(crate) targets: &'a Targets,
    /// C of the start, and class weights.
    pub(crate) classifier: LogisticRegressionOptions,
    pub(crate) settings: TuneSettings,
    pub(crate) observer: &'a dyn Observer,
}

/// The state after an epoch.
pub(crate) struct AfterEpoch<'a> {
    pub(crate) model: &'a TunedModel,
    /// The classifier on top of it.
    pub(crate) classifier: &'a LinearClassifier,
    /// The logits of the held-out rows, `[n_held_out, n_classes]` with `-inf` for a class without rows, or `[n_held_out,
    /// n_labels]`.
    pub(crate) held_out_logits: &'a [f64],
    /// Counted from 1.
    pub(crate) epoch: usize,
    /// Without the score.
    pub(crate) report: EpochReport,
    /// True if no epoch follows.
    pub(crate) is_last: bool,
    /// The epochs before this one.
    pub(crate) earlier: &'a [EpochReport],
}

/// Gives a model the weights of an earlier run, and returns the epochs that this run had finished.
pub(crate) type Resume<'a> = dyn FnOnce(&mut TunedModel) -> Result<Vec<EpochReport>> + 'a;

impl Task<'_> {
    /// Learns from the rows `learn`, and calls `after_epoch` with the logits of the rows `held_out` after each epoch, whose
    /// result becomes the epoch's score. If the observer wants it to stop, it does so after the current step, and what was learned so far counts as the last epoch.
    pub(crate) fn run(
        &self,
        learn: &[usize],
        held_out: &[usize],
        resume: Option<Box<Resume>>,
        after_epoch: &mut dyn FnMut(AfterEpoch) -> Result<Option<f64>>,
    ) -> Result<Vec<EpochReport>> {
        let lengths: Vec<usize> = learn.iter().map(|&row| self.encodings[row].input_ids.len()).collect();
        self.check_memory(&lengths)?;
        let (mut model, start) = self.start(learn)?;
        let settings = &self.settings;
        let steps_per_epoch = learn.len().div_ceil(settings.batch_size);
        let n_steps = steps_per_epoch * settings.epochs;
        let schedule = Schedule {
            learning_rate: settings.learning_rate,
            warmup_steps: (settings.warmup * n_steps as f32).ceil() as usize,
            n_steps,
        };
        let targets = outputs(self.targets.labels(), start.classes(), learn);
        let weights = self.weights(learn);
        let width = model.head.n_outputs();
        let largest_loss = 1.5 * loss_of_shares(&targets, width, model.head.loss) + 0.5;

        let mut reports = resume.map_or(Ok(Vec::new()), |resume| resume(&mut model))?;
        let n_tokens = lengths.iter().sum::<usize>();
        let (mut step, mut done) = (reports.len() * steps_per_epoch, reports.len() * n_tokens);
        let mut should_stop = false;
        let go_on: GoOn = &|| check_cancelled(self.observer);
        self.observer.start(Stage::Tune, n_tokens * settings.epochs);
        for epoch in reports.len()..settings.epochs {
            let (started, mut total_loss, mut n_rows) = (Instant::now(), 0.0, 0);
            let (products_before, mut of_optimizer) = (model.encoder.product_time(), Duration::ZERO);
            for places in batches(&lengths, settings.batch_size, settings.seed, epoch) {
                let encodings: Vec<&Encoding> =
                    places.iter().map(|&place| &self.encodings[learn[place]]).collect();
                let of_batch: Vec<f32> =
                    places.iter().flat_map(|&place| &targets[place * width..][..width]).copied().collect();
                let weights: Vec<f32> = places.iter().map(|&place| weights[place]).collect();
                let seed = u64::from(settings.seed) << 32 | step as u64;
                let loss = model.backward(&encodings, &of_batch, &weights, seed, go_on)?;
                let learned = Instant::now();
                let norm = model.gradient_norm();
                if !(loss.is_finite() && norm.is_finite()) {
                    return Err(diverged(epoch, "a finite loss and gradient", loss));
                }
                let scale = clipping_scale(norm, settings.max_grad_norm);
                let rate = schedule.learning_rate_of(step);
                model.update(&Step::new(rate, settings.weight_decay, step + 1, scale));
                of_optimizer += learned.elapsed();
                total_loss += loss * places.len() as f64;
                n_rows += places.len();
                step += 1;
                done += encodings.iter().map(|encoding| encoding.input_ids.len()).sum::<usize>();
                advance(self.observer, Stage::Tune, done)?;
                should_stop = self.observer.should_stop();
                if should_stop {
                    break;
                }
            }
            let (loss, seconds) = (total_loss / n_rows as f64, started.elapsed().as_secs_f64());
            let of_products = model.encoder.product_time() - products_before;
            let thread_seconds = rayon::current_num_threads() as f64 * seconds;
            let report = EpochReport {
                loss,
                held_out_score: None,
                seconds,
                product_share: of_products.as_secs_f64() / thread_seconds,
                optimizer_share: of_optimizer.as_secs_f64() / seconds,
            };
            // A head that begins well has a large loss as soon as numbers are dropped, so the first epoch is allowed more.
            let most = reports.first().map_or(2.0 * largest_loss, |first| {
                (2.0 * first.loss).clamp(largest_loss, 2.0 * largest_loss)
            });
            if loss > most {
                return Err(diverged(epoch, &format!("a loss of at most {most:.3}"), loss));
            }
            let classifier = start.clone().with_weights(&model.head.coef.value, &model.head.intercept.value);
            let held_out_logits = self.logits(&mut model, &classifier, held_out)?;
            let model = &model;
            let after = AfterEpoch {
                model,
                classifier: &classifier,
                held_out_logits: &held_out_logits,
                epoch: epoch + 1,
                report,
                is_last: should_stop || epoch + 1 == settings.epochs,
                earlier: &reports,
            };
            let held_out_score = after_epoch(after)?;
            reports.push(EpochReport { held_out_score, ..report });
            if should_stop {
                break;
            }
        }
        self.observer.finish(Stage::Tune);
        Ok(reports)
    }

    /// Fails if there is not enough memory for the longest part of a batch.
    fn check_memory(&self, lengths: &[usize]) -> Result<()> {
        let longest = lengths.iter().copied().max().unwrap_or_default();
        let n_tokens = (PART_TOKENS + longest).min(longest * self.settings.batch_size);
        memory::check(&EncoderConfig::load(self.folder)?, &self.settings, n_tokens)
    }

    /// The encoder with the logistic regression on its features (LP-FT; Kumar et al., arXiv 2202.10054), and that
    /// regression.
    fn start(&self, learn: &[usize]) -> Result<(TunedModel, LinearClassifier)> {
        let settings = &self.settings;
        let encoder = TrainableEncoder::load(self.folder, settings.dtype, settings.embeddings)?;
        let encoder = if settings.dropout { encoder } else { encoder.without_dropout() };
        let head = Head::new(Vec::new(), Vec::new(), Loss::Sigmoid);
        let mut model = TunedModel { encoder, pooling: Pooling::Mean, head };
        let features = self.features(&mut model, learn)?;
        let targets = self.targets.select_rows(learn);
        let start = LinearClassifier::fit_scaled(&features, &targets, &self.classifier, &|_| {
            check_cancelled(self.observer)
        })?;
        let narrow = |values: &[f64]| values.iter().map(|&v| v as f32).collect();
        let loss = match (&start, start.intercept().len()) {
            (LinearClassifier::Classes(_), 2..) => Loss::Softmax,
            _ => Loss::Sigmoid,
        };
        model.head = Head::new(narrow(start.coef()), narrow(start.intercept()), loss);
        model.head.output_weights = self.output_weights(&targets);
        Ok((model, start))
    }

    /// `[rows.len(), hidden_size]`.
    fn features(&self, model: &mut TunedModel, rows: &[usize]) -> Result<Matrix> {
        let hidden = model.encoder.config().hidden_size;
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let length = |place: usize| self.encodings[rows[place]].input_ids.len();
        order.sort_by_key(|&place| length(place));
        let mut features = Matrix::zeros(rows.len(), hidden);
        let mut first = 0;
        while first < order.len() {
            let mut tokens = 0;
            let count = order[first..].iter().take_while(|&&place| {
                tokens += length(place);
                tokens <= TOKENS
            });
            let places = &order[first..first + count.count().max(1)];
            let batch = Batch::new(places.iter().map(|&place| &self.encodings[rows[place]]));
            let pooled = model.features(&batch, &|| check_cancelled(self.observer))?;
            for (&place, row) in places.iter().zip(pooled.chunks_exact(hidden)) {
                features.row_mut(place).copy_from_slice(row);
            }
            first += places.len();
        }
        Ok(features)
    }

    fn logits(
        &self,
        model: &mut TunedModel,
        classifier: &LinearClassifier,
        rows: &[usize],
    ) -> Result<Vec<f64>> {
        let features = self.features(model, rows)?;
        Ok(classifier.logits_of_all(&features, self.targets.n_labels()))
    }

    /// With balanced weights, rows with and without a label count the same in total, label by label.
    fn output_weights(&self, targets: &Targets) -> Vec<[f64; 2]> {
        let Labels::Sets(sets) = targets.labels() else { return Vec::new() };
        if self.classifier.class_weight == ClassWeight::None {
            return Vec::new();
        }
        let weights = targets.weight_that_counts();
        let of_label = |label: usize| {
            let mut totals = [0.0; 2];
            for (row, has) in sets.column(label).into_iter().enumerate() {
                totals[usize::from(has)] += weights.map_or(1.0, |weights| weights[row]);
            }
            let all = totals[0] + totals[1];
            totals.map(|total| if total > 0.0 { all / (2.0 * total) } else { 1.0 })
        };
        (0..sets.n_labels()).map(of_label).collect()
    }

    /// The weight of each row: its sample weight times that of its class. The mean is 1.
    fn weights(&self, rows: &[usize]) -> Vec<f32> {
        let sample_weight = self.targets.weight_that_counts();
        let mut weights: Vec<f64> = rows.iter().map(|&row| sample_weight.map_or(1.0, |w| w[row])).collect();
        if let (ClassWeight::Balanced, Labels::Classes { class_ids, n_classes }) =
            (self.classifier.class_weight, self.targets.labels())
        {
            let mut totals = vec![0.0; *n_classes];
            rows.iter().zip(&weights).for_each(|(&row, weight)| totals[class_ids[row]] += weight);
            let n_present = totals.iter().filter(|&&total| total > 0.0).count() as f64;
            let all: f64 = totals.iter().sum();
            for (&row, weight) in rows.iter().zip(&mut weights) {
                *weight *= all / (n_present * totals[class_ids[row]].max(f64::MIN_POSITIVE));
            }
        }
        let mean = weights.iter().sum::<f64>() / weights.len() as f64;
        weights.iter().map(|weight| (weight / mean) as f32).collect()
    }
}

/// The number that gradients of this norm are multiplied by, so that their norm is at most `limit`, as in PyTorch's
/// `clip_grad_norm_`; 0 is no limit.
fn clipping_scale(norm: f64, limit: f32) -> f32 {
    if limit > 0.0 { (f64::from(limit) / (norm + 1e-6)).min(1.0) as f32 } else { 1.0 }
}

/// The loss of always answering the shares of the classes or labels: learning that ends far above it has failed.
fn loss_of_shares(targets: &[f32], width: usize, loss: Loss) -> f64 {
    let n_rows = (targets.len() / width) as f64;
    let share = |output: usize| {
        targets.iter().skip(output).step_by(width).map(|&t| f64::from(t)).sum::<f64>() / n_rows
    };
    let term = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    let of_output = |p: f64| match loss {
        Loss::Softmax => term(p),
        Loss::Sigmoid => term(p) + term(1.0 - p),
    };
    (0..width).map(|output| of_output(share(output))).sum()
}

fn diverged(epoch: usize, expected: &str, loss: f64) -> Error {
    let message = format!("epoch {}: expected {expected}, got {loss:.3}", epoch + 1);
    Error::new(ErrorKind::Diverged, message).with_hint("choose a lower --learning-rate")
}
