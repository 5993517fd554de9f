//! A learning curve of the frozen encoder and of tuned ones.
//!
//! For each number of rows the encoder is tuned once, on the rows of the curve's first fit. Nothing is held out of these:
//! the curve's held-out rows compare. The tuned encoder is saved and loaded, as a model would be, before it is scored.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::curve_scores::{answers, scores};
use super::learning_curve::{LearningCurve, LearningCurveOptions, measure};
use super::tuned_curve::{TunedCurve, TunedPoint, pays_from};
use crate::classifier::Scaling;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::evaluation::PairedScores;
use crate::files::TemporaryFolder;
use crate::model::encoder_options::SentenceEncoderOptions;
use crate::model::sentence_encoder::SentenceEncoder;
use crate::observer::WithoutNotes;
use crate::training::train_options::TrainOptions;
use crate::training::train_selected::{FeatureChoice, train_selected};
use crate::training::train_test_rows::Rows;
use crate::training::tuned_encoder::{Texts, or_at_half_rate, tuned_folder};
use crate::training::tuning_cost::{TuningCost, duration, tokens};
use crate::tuning::run::Task;
use crate::tuning::{TuneOptions, TuneSettings};

/// The features of the frozen encoder in a [`tuned_learning_curve`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CurveFeatures {
    /// Those of the encoder's options, with the scaling and C of the curve's options.
    #[default]
    Given,
    /// Layers, pooling and C that [`train_selected`] chooses on all training rows.
    Chosen,
}

/// Draws a learning curve as [`learning_curve`](super::learning_curve()) does, and tunes the encoder for each number of rows, on
/// the rows of the first fit. `encoder` is its folder.
///
/// # Errors
/// As for [`learning_curve`](super::learning_curve()) and [`train_tuned`](crate::training::train_tuned).
///
/// ```no_run
/// use clsify::dataset::{Dataset, DatasetOptions};
/// use clsify::model::SentenceEncoderOptions;
/// use clsify::studies::{CurveFeatures, LearningCurveOptions, tuned_learning_curve};
/// use clsify::tuning::TuneOptions;
/// let dataset = Dataset::load("train.tsv", &DatasetOptions::default())?;
/// let (encoder, options) = (SentenceEncoderOptions::default(), LearningCurveOptions::default());
/// let (features, tune) = (CurveFeatures::Chosen, TuneOptions::default());
/// let curve = tuned_learning_curve("all-MiniLM-L6-v2", encoder, &dataset, options, features, &tune)?;
/// for point in &curve.tuned.unwrap().points {
///     println!("{} rows: frozen {:.3}, tuned {:.3}", point.n_rows, point.frozen_score, point.tuned_score);
/// }
/// # Ok::<(), clsify::error::Error>(())
/// ```
pub fn tuned_learning_curve(
    encoder: impl AsRef<Path>,
    encoder_options: SentenceEncoderOptions,
    dataset: &Dataset,
    mut options: LearningCurveOptions,
    features: CurveFeatures,
    tune: &TuneOptions,
) -> Result<LearningCurve> {
    let (folder, observer) = (encoder.as_ref(), encoder_options.observer.clone());
    let start = options.classifier;
    // Options out of range and folders that cannot be written to are found before anything takes time.
    tune.settings(dataset.len(), 1)?;
    let beside = tuned_folder()?;
    let (frozen, known) = match features {
        CurveFeatures::Given => (SentenceEncoder::load_with(folder, encoder_options.clone())?, None),
        CurveFeatures::Chosen => {
            let training =
                TrainOptions { test: options.test.clone(), classifier: start, ..TrainOptions::default() };
            let choice = FeatureChoice::default();
            let trained = train_selected(folder, encoder_options.clone(), dataset, training, choice)?;
            if let Some(selection) = &trained.report.selection {
                options.scaling = Scaling::Standard;
                options.classifier.c = selection.chosen.c;
            }
            (trained.classifier.encoder().clone(), Some(trained.encoded))
        }
    };
    let (mut curve, first_fits) = measure(&frozen, known, dataset, &options)?;
    drop(frozen);

    let rows = Rows::of(dataset, &options.test, true)?;
    let text = Texts::read(folder, &encoder_options, &dataset.select_rows(&rows.split.train))?;
    let test = match rows.test_dataset {
        Some(test) => test.clone(),
        None => dataset.select_rows(&rows.split.test),
    };
    let settings_for = |n_rows: usize| tune.settings(n_rows, text.hidden_size);
    let task = |settings: TuneSettings| Task {
        folder,
        encodings: &text.encodings,
        targets: &rows.train,
        classifier: start,
        settings,
        observer: observer.as_ref(),
    };
    let cost = TuningCost::measure(&task(settings_for(rows.train.len())?))?;
    let mut estimated_seconds = 0.0;
    for (own, _) in &first_fits {
        let n_tokens = tokens(&text.encodings, own);
        // The held-out rows are about as long as these.
        let n_test_tokens = n_tokens * test.len() / own.len();
        estimated_seconds += cost.seconds(n_tokens, settings_for(own.len())?.epochs, n_test_tokens);
    }
    let n_sizes = first_fits.len();
    let about = duration(estimated_seconds);
    observer
        .note(&format!("tuning for {n_sizes} numbers of rows takes about {about}: measured by a few steps"));

    // Notes about sentences were made when they were encoded first.
    let quiet = Arc::new(WithoutNotes(encoder_options.observer.clone()));
    let quiet = SentenceEncoderOptions { observer: quiet, ..encoder_options.clone() };
    let started = Instant::now();
    let mut points = Vec::with_capacity(n_sizes);
    for (own, frozen_score) in &first_fits {
        let (point_started, settings) = (Instant::now(), settings_for(own.len())?);
        let temporary = TemporaryFolder::beside(&beside)?;
        let tune_at = |settings| {
            let (classifier, _) = text.tune_all(&task(settings), own, temporary.path())?;
            Ok((classifier, settings.learning_rate))
        };
        let (classifier, rate) = or_at_half_rate(settings, observer.as_ref(), tune_at)?;
        let tuned = text.load_tuned(temporary, &quiet)?;
        let of_test = |error: Error| error.at("test rows");
        let x_test = tuned.encode_lines(test.sentences(), test.lines()).map_err(of_test)?.features;
        let (tuned_score, _) = scores(&rows, &answers(&classifier, &x_test))?;
        let paired = PairedScores::of(frozen_score, &tuned_score)?;
        let seconds = point_started.elapsed().as_secs_f64();
        observer.note(&format!(
            "{} rows: frozen {:.3}, tuned {:.3}, {seconds:.0} s",
            own.len(),
            paired.a,
            paired.b
        ));
        points.push(TunedPoint::of(own.len(), (settings.epochs, rate), &paired, seconds));
    }
    let seconds = started.elapsed().as_secs_f64();
    curve.tuned = Some(TunedCurve { pays_from: pays_from(&points), points, estimated_seconds, seconds });
    Ok(curve)
}
